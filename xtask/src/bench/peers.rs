//! Builds the runner and each peer, one by one: a peer that cannot be built is
//! named as missing, and does not stop the others. Cargo continues where an
//! earlier build ended. (Not `--locked`: CoreKey is in the benches' Cargo.lock
//! too, and its dependencies change; peers stay as they are locked.)

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use serde_json::{Value, json};

use crate::{Result, process, workspace};

/// CoreKey's own Rust API, without which there is nothing to compare.
const OURS: &str = "corekey-rust";

/// The runner's program.
pub(super) fn runner() -> Result<PathBuf> {
    process::run(cargo().args(["fetch", "--quiet"]))?;
    build_one("corekey-bench")?;
    Ok(target_dir().join("release/corekey-bench"))
}

/// The shared objects of all peers that can be built, and what is missing.
pub(super) fn build() -> Result<(Vec<PathBuf>, Vec<Value>)> {
    let (mut built, mut missing) = (Vec::new(), Vec::new());
    for name in names()? {
        let start = Instant::now();
        match build_one(&format!("peer-{name}")) {
            Ok(()) => {
                println!("built {name} in {} s", start.elapsed().as_secs());
                let file = format!("release/libpeer_{}.so", name.replace('-', "_"));
                built.push(target_dir().join(file));
            }
            Err(why) if name == OURS => return Err(why),
            Err(why) => {
                let why = reason(&why);
                println!("{name} cannot be built: {why}");
                missing.push(json!({ "name": name, "why": why }));
            }
        }
    }
    Ok((built, missing))
}

/// The peers: the folders of `benches/peers`.
fn names() -> Result<Vec<String>> {
    let folder = folder().join("peers");
    let entries = std::fs::read_dir(&folder)
        .map_err(|error| format!("cannot list {}: {error}", folder.display()))?;
    let mut names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Ok(names)
}

fn build_one(package: &str) -> Result {
    let mut command = cargo();
    command.args(["build", "--release", "--quiet", "--package", package]);
    process::capture(command.arg("--target-dir").arg(target_dir())).map(drop)
}

/// What a build complains of, in a line.
fn reason(complaint: &str) -> String {
    let lines = || complaint.lines().map(str::trim);
    let found = lines().find(|line| line.starts_with("error")).or_else(|| lines().next());
    found.unwrap_or("it does not say why").chars().take(200).collect()
}

/// Cargo in the workspace of the benches.
fn cargo() -> Command {
    let mut cargo = workspace::cargo();
    cargo.current_dir(folder());
    cargo
}

fn folder() -> PathBuf {
    workspace::root().join("benches")
}

fn target_dir() -> PathBuf {
    folder().join("target")
}

#[cfg(test)]
mod tests {
    use super::reason;

    #[test]
    fn the_reason_is_the_first_error() {
        let complaint = "cargo build ended with 101\nwarning: a\nerror: no cmake\nerror: b\n";
        assert_eq!(reason(complaint), "error: no cmake");
        assert_eq!(reason("killed\n"), "killed");
    }
}
