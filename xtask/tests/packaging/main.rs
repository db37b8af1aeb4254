//! What `cargo xtask dist` installs, as its users meet it: programs built
//! outside the tree, what linkers and package builders look at, what is left
//! after uninstalling. Relies on gcc, binutils, pkg-config and CMake.

mod folder;
mod libraries;
mod programs;
mod tree;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use folder::Folder;

/// One installation for all tests. They work on copies of it elsewhere, so
/// that nothing can depend on the folder it was installed in.
static INSTALLED: LazyLock<PathBuf> = LazyLock::new(|| {
    let prefix = Path::new(env!("CARGO_TARGET_TMPDIR")).join("installed");
    if prefix.exists() {
        std::fs::remove_dir_all(&prefix).unwrap();
    }
    dist(&["--prefix", prefix.to_str().unwrap()]);
    prefix
});

/// A moved copy of the installation, outside the tree.
fn installed() -> Folder {
    let folder = Folder::new();
    run(Command::new("cp").arg("-a").arg(INSTALLED.as_path()).arg(folder.path("prefix")));
    folder
}

fn dist(arguments: &[&str]) -> String {
    run(xtask().arg("dist").args(arguments))
}

fn xtask() -> Command {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
}

/// The top of the workspace.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// What `command` prints; it must succeed.
fn run(command: &mut Command) -> String {
    let output = outcome(command);
    assert!(
        output.status.success(),
        "{command:?} ended with {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn outcome(command: &mut Command) -> Output {
    command
        .env("LC_ALL", "C")
        .output()
        .unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"))
}
