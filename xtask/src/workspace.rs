//! Where things are: the workspace, its target folder, the version.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Result, process};

/// The version every package of the workspace shares.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The workspace's top folder. Cargo says at run time which one it runs in, so
/// a binary built in one clone also serves a copy of it.
pub(crate) fn root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    package.parent().map(Path::to_path_buf).unwrap_or(package)
}

/// Where cargo builds.
pub(crate) fn target_dir() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => std::path::absolute(&folder).unwrap_or_else(|_| folder.into()),
        None => root().join("target"),
    }
}

/// Where tools from Python's registry are installed.
pub(crate) fn tools_dir() -> PathBuf {
    root().join("target/tools")
}

/// Cargo, started in the workspace.
pub(crate) fn cargo() -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}

/// One fact that rustc prints, such as its sysroot or host triple.
pub(crate) fn rustc_prints(what: &str) -> Result<String> {
    let program = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let printed =
        process::capture(Command::new(program).current_dir(root()).args(["--print", what]))?;
    Ok(printed.trim().to_owned())
}
