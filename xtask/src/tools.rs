//! The tools that tests need and cargo does not bring: found, or installed.
//!
//! Debian packages are installed where the user is root and otherwise named in
//! one line to type. Python packages go into `target/tools/venv`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::{Result, process, workspace};

/// How the presence of a tool shows.
enum Sign {
    /// A program on the PATH.
    Program(&'static str),
    /// A header the C compiler finds.
    Header(&'static str),
}

/// One tool and the Debian package that holds it.
pub(crate) struct Tool {
    sign: Sign,
    package: &'static str,
}

pub(crate) const GCC: Tool = program("gcc", "gcc");
pub(crate) const GXX: Tool = program("g++", "g++");
pub(crate) const LIBC: Tool = Tool { sign: Sign::Header("stdio.h"), package: "libc6-dev" };
pub(crate) const BINUTILS: Tool = program("objcopy", "binutils");
pub(crate) const CMAKE: Tool = program("cmake", "cmake");
pub(crate) const MAKE: Tool = program("make", "make");
pub(crate) const PKG_CONFIG: Tool = program("pkg-config", "pkg-config");
pub(crate) const VALGRIND: Tool = program("valgrind", "valgrind");
pub(crate) const CMOCKA: Tool = Tool { sign: Sign::Header("cmocka.h"), package: "libcmocka-dev" };
pub(crate) const PYTHON: Tool = program("python3", "python3-venv");

const fn program(name: &'static str, package: &'static str) -> Tool {
    Tool { sign: Sign::Program(name), package }
}

impl Tool {
    fn is_present(&self) -> bool {
        match self.sign {
            Sign::Program(name) => on_path(name).is_some(),
            Sign::Header(name) => Command::new("gcc")
                .args(["-E", "-x", "c", "-include", name, "/dev/null"])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|status| status.success()),
        }
    }
}

/// Makes sure that all of `tools` are there; otherwise the line to type.
pub(crate) fn require(tools: &[Tool]) -> Result {
    let missing: Vec<&str> =
        tools.iter().filter(|tool| !tool.is_present()).map(|tool| tool.package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let line = format!("apt-get install {}", missing.join(" "));
    if !is_root() {
        return Err(format!("missing: {line}"));
    }
    apt_install(&missing).map_err(|why| format!("{line} failed: {why}"))?;
    match tools.iter().find(|tool| !tool.is_present()) {
        None => Ok(()),
        Some(tool) => Err(format!("still missing after {line}: {}", tool.package)),
    }
}

/// Installs a Python package of one exact version into `target/tools/venv`
/// unless it is there, and returns the folder that Python imports from.
pub(crate) fn python_package(name: &str, version: &str) -> Result<PathBuf> {
    let venv = workspace::tools_dir().join("venv");
    let python = venv.join("bin/python");
    if !python.exists() {
        process::run(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
    }
    let found = process::capture(
        Command::new(&python)
            .args(["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]),
    )?;
    let folder = PathBuf::from(found.trim());
    if !folder.join(format!("{name}-{version}.dist-info")).is_dir() {
        process::run(
            Command::new(&python)
                .args(["-m", "pip", "install", "--quiet"])
                .args(["--disable-pip-version-check", "--no-deps"])
                .arg(format!("{name}=={version}")),
        )?;
    }
    Ok(folder)
}

/// The file that a program name stands for.
fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Root owns this process's own entry under /proc exactly when it runs it.
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    Path::new("/proc/self").metadata().is_ok_and(|entry| entry.uid() == 0)
}

fn apt_install(packages: &[&str]) -> Result {
    static UPDATED: OnceLock<Result> = OnceLock::new();
    UPDATED.get_or_init(|| process::capture(&mut apt(&["update"])).map(drop)).clone()?;
    let mut install = apt(&["install", "--yes", "--no-install-recommends"]);
    process::capture(install.args(packages)).map(drop)
}

fn apt(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command.arg("--quiet").args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    command
}
