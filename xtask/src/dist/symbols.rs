//! What a linker sees in a library, as `nm` tells it.

use std::path::Path;
use std::process::Command;

use crate::{Result, process};

/// The names a shared library exports, sorted.
pub(super) fn exported(library: &Path) -> Result<Vec<String>> {
    names(library, &["--dynamic", "--defined-only"])
}

/// The global names an archive defines, sorted.
pub(super) fn defined(archive: &Path) -> Result<Vec<String>> {
    names(archive, &["--extern-only", "--defined-only"])
}

pub(super) fn is_ours(name: &str) -> bool {
    name.starts_with("corekey_")
}

/// An error that lists the names which users should not see.
pub(super) fn only_ours(names: &[String]) -> Result {
    let foreign: Vec<&str> =
        names.iter().map(String::as_str).filter(|name| !is_ours(name)).collect();
    if foreign.is_empty() {
        return Ok(());
    }
    Err(format!(
        "the library exports names that do not start with corekey_: {}",
        foreign.join(", ")
    ))
}

fn names(file: &Path, arguments: &[&str]) -> Result<Vec<String>> {
    let listed = process::capture(
        Command::new("nm").args(["--format=just-symbols", "--quiet"]).args(arguments).arg(file),
    )?;
    let mut names: Vec<String> = listed
        .lines()
        // Members of an archive are announced by a line `member.o:`.
        .filter(|line| !line.is_empty() && !line.ends_with(':'))
        .map(str::to_owned)
        .collect();
    names.sort();
    names.dedup();
    Ok(names)
}
