//! `cargo xtask bench`: CoreKey beside named peers, in one run.
//!
//! Builds the peers (in `benches/`, a workspace of its own), runs `corekey-bench`
//! there, keeps its report as `docs/performance.json` and renders what readers
//! see from it: a report of figures, the tables of `docs/performance.md`, and
//! the chart. `--against` compares two builds of libcorekey.so instead.

mod against;
mod chart;
mod peers;
mod python;
mod raw;
mod render;
mod tables;

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::figures::machine;
use crate::{Result, dist, process, tools, workspace};

pub(crate) const HELP: &str = "[--quick] [--only ROW] [--render] [--against [REV]]
    Times CoreKey and its peers in turn, about ten minutes after the peers were
    built (the first time that takes many more). Keeps the report in
    docs/performance.json and renders docs/performance.md and its chart.
      --quick         a short run: shows its tables, keeps nothing
      --only ROW      only rows whose id has ROW in it; keeps nothing
      --render        measure nothing, render the report that was kept
      --against REV   time this tree's libcorekey.so beside that of a revision,
                      by default the one of the report that was kept; fails if
                      a row has become slower
      --tolerance P   by how many percent it may; by default 5";

/// What was asked for.
#[derive(Default)]
struct Wanted {
    quick: bool,
    only: String,
    render: bool,
    against: Option<String>,
    tolerance: Option<String>,
}

pub(crate) fn run(arguments: &[String]) -> Result {
    let wanted = parse(arguments)?;
    if wanted.render {
        return render::write();
    }
    tools::require(&[tools::GCC, tools::GXX, tools::LIBC, tools::BINUTILS])?;
    if let Some(revision) = &wanted.against {
        return against::run(&wanted, revision);
    }
    tools::require(&[tools::CMAKE, tools::MAKE, tools::PERL])?;
    let raw = measure(&wanted)?;
    if wanted.quick || !wanted.only.is_empty() {
        print!("{}", tables::as_text(&raw));
        return Ok(());
    }
    raw::write(&raw)?;
    render::write()?;
    print!("{}", tables::as_text(&raw));
    Ok(())
}

/// What readers see is what the report holds.
pub(crate) fn check_rendered() -> Result {
    render::check()
}

fn parse(arguments: &[String]) -> Result<Wanted> {
    let mut wanted = Wanted::default();
    let mut arguments = arguments.iter().peekable();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next_if(|next| !next.starts_with("--")).cloned();
        match argument.as_str() {
            "--quick" => wanted.quick = true,
            "--render" => wanted.render = true,
            "--only" => wanted.only = value().ok_or("--only needs a part of a row's id")?,
            "--against" => wanted.against = Some(value().unwrap_or_default()),
            "--tolerance" => {
                wanted.tolerance = Some(value().ok_or("--tolerance needs a number of percent")?);
            }
            other => return Err(format!("bench does not know {other:?}")),
        }
    }
    Ok(wanted)
}

/// Builds all, runs all, and puts the report together.
fn measure(wanted: &Wanted) -> Result<Value> {
    let prefix = dist::stage()?;
    let runner = peers::runner()?;
    let (peers, missing) = peers::build()?;
    let mut command = Command::new(runner);
    command.arg("--prefix").arg(&prefix).args(["--only", &wanted.only]);
    for peer in &peers {
        command.arg("--peer").arg(peer);
    }
    if wanted.quick {
        command.arg("--quick");
    }
    let ran: Value = serde_json::from_str(&output_of(&mut command)?)
        .map_err(|error| format!("the runner's report: {error}"))?;
    let python = if wanted.only.is_empty() { python::rows() } else { json!([]) };
    Ok(json!({
        "measured": raw::measured(&machine::here("cargo xtask bench")?),
        "missing": missing,
        "python": python,
        "tiers": ran["tiers"],
    }))
}

/// What a program prints, with its progress shown.
fn output_of(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cannot run {}: {error}", process::shown(command)))?;
    if !output.status.success() {
        return Err(format!("{} ended with {}", process::shown(command), output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Where this command keeps what it builds but for the peers.
fn folder() -> PathBuf {
    workspace::root().join("target/bench")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Wanted> {
        parse(&arguments.iter().map(|&argument| argument.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn a_revision_may_follow_against_or_not() {
        let wanted = parsed(&["--against", "main", "--quick"]).unwrap();
        assert_eq!((wanted.against.as_deref(), wanted.quick), (Some("main"), true));
        let wanted = parsed(&["--against", "--tolerance", "8"]).unwrap();
        assert_eq!(wanted.against.as_deref(), Some(""));
        assert_eq!(wanted.tolerance.as_deref(), Some("8"));
    }

    #[test]
    fn what_is_unknown_or_incomplete_is_refused() {
        assert!(parsed(&["--only"]).is_err());
        assert!(parsed(&["--tolerance", "--quick"]).is_err());
        assert!(parsed(&["fast"]).is_err());
    }
}
