//! What a measurement was made with: processor, system, tools, commit, day.

use std::process::Command;

use super::report::Measured;
use crate::{Result, process, workspace};

/// Programs whose version may change a figure, if they are there, and what
/// prints it.
const TOOLS: &[&[&str]] =
    &[&["rustc", "--version"], &["gcc", "--version"], &["python3", "--version"]];

/// This machine and this state of the sources.
pub(crate) fn here(command: &str) -> Result<Measured> {
    Ok(Measured {
        command: command.into(),
        commit: commit()?,
        date: first_line(&["date", "--utc", "+%Y-%m-%d"])?,
        cpu: cpu()?,
        system: first_line(&["uname", "-sm"])?,
        tools: TOOLS.iter().filter_map(|tool| version(tool).ok()).collect(),
    })
}

/// The commit, and whether there are changes to what is measured on top of it.
fn commit() -> Result<String> {
    let commit = first_line(&["git", "rev-parse", "--short=10", "HEAD"])?;
    let pages = [":!docs", ":!*.md"];
    let mut status = git();
    status.args(["status", "--porcelain", "--untracked-files=no", "--", "."]).args(pages);
    if process::capture(&mut status)?.is_empty() {
        return Ok(commit);
    }
    Ok(format!("{commit} with changes"))
}

fn git() -> Command {
    let mut git = Command::new("git");
    git.current_dir(workspace::root());
    git
}

/// The model as the kernel names it; some architectures have no such line.
fn cpu() -> Result<String> {
    let about = std::fs::read_to_string("/proc/cpuinfo")
        .map_err(|error| format!("cannot read /proc/cpuinfo: {error}"))?;
    let model = about.lines().find_map(|line| line.strip_prefix("model name"));
    let named = model.and_then(|rest| rest.split_once(':')).map(|(_, model)| model.trim().into());
    Ok(named.unwrap_or_else(|| "an unnamed CPU".into()))
}

/// Name and version: the last word that is a number, since makers of packages
/// put theirs before it in brackets.
fn version(words: &[&str]) -> Result<String> {
    let line = first_line(words)?;
    let is_version = |word: &&str| word.chars().all(|c| c.is_ascii_digit() || c == '.');
    let version = line.split(' ').rfind(is_version).unwrap_or("of unknown version");
    Ok(format!("{} {version}", words.first().unwrap_or(&"")))
}

fn first_line(words: &[&str]) -> Result<String> {
    let (program, arguments) = words.split_first().ok_or("a command has a name")?;
    let mut command = Command::new(program);
    let output = process::capture(command.current_dir(workspace::root()).args(arguments))?;
    Ok(output.lines().next().unwrap_or_default().trim().to_owned())
}
