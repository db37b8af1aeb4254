//! `cargo xtask bench --against REV`: another revision's libcorekey.so beside
//! this one's, interleaved in one run. The baseline is a revision, not a number:
//! numbers of another day or machine would tell nothing.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Wanted, folder, peers, raw};
use crate::{Result, dist, process, workspace};

pub(super) fn run(wanted: &Wanted, revision: &str) -> Result {
    let revision = match revision {
        "" => baseline()?,
        named => named.to_owned(),
    };
    let commit = commit(&revision)?;
    let before = installed(&commit)?;
    let now = dist::stage()?;
    println!("before: {revision} ({commit}); now: this tree");
    let mut command = Command::new(peers::runner()?);
    command.arg("--prefix").arg(now).arg("--against").arg(before);
    command.args(["--only", &wanted.only]);
    if wanted.quick {
        command.arg("--quick");
    }
    if let Some(tolerance) = &wanted.tolerance {
        command.args(["--tolerance", tolerance]);
    }
    process::run(&mut command)
}

/// The commit of the report that was kept.
fn baseline() -> Result<String> {
    let report = raw::read()?;
    let commit = report["measured"]["commit"].as_str().and_then(|text| text.split(' ').next());
    commit.map(str::to_owned).ok_or("docs/performance.json names no commit".into())
}

fn commit(revision: &str) -> Result<String> {
    let name = format!("{revision}^{{commit}}");
    let commit = process::capture(git().args(["rev-parse", "--verify", "--short=10", &name]))?;
    Ok(commit.trim().to_owned())
}

/// CoreKey of a commit, installed; built in a worktree of its own unless it is
/// there from an earlier run.
fn installed(commit: &str) -> Result<PathBuf> {
    let prefix = folder().join(commit);
    if prefix.join("lib/libcorekey.so").exists() {
        return Ok(prefix);
    }
    let tree = folder().join(format!("{commit}-tree"));
    if !tree.exists() {
        process::capture(git().args(["worktree", "add", "--detach"]).arg(&tree).arg(commit))?;
    }
    let outcome = dist_in(&tree, &prefix);
    process::capture(git().args(["worktree", "remove", "--force"]).arg(&tree))?;
    outcome?;
    Ok(prefix)
}

/// That tree's own `cargo xtask dist`.
fn dist_in(tree: &Path, prefix: &Path) -> Result {
    let mut command = workspace::cargo();
    command.current_dir(tree).env("CARGO_TARGET_DIR", folder().join("target"));
    process::run(command.args(["xtask", "dist", "--prefix"]).arg(prefix))
}

fn git() -> Command {
    let mut git = Command::new("git");
    git.current_dir(workspace::root());
    git
}
