//! The tools that tests need and cargo does not bring: found, or installed.
//!
//! Debian packages are installed where the user is root and otherwise named in
//! one line to type. Python packages go into `target/tools/venv`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::{Result, process, workspace};

/// One tool and the Debian package that holds it.
pub(crate) struct Tool {
    /// A command that succeeds exactly when the tool is there.
    probe: &'static [&'static str],
    package: &'static str,
}

pub(crate) const GCC: Tool = Tool { probe: &["gcc", "--version"], package: "gcc" };
pub(crate) const GXX: Tool = Tool { probe: &["g++", "--version"], package: "g++" };
pub(crate) const LIBC: Tool =
    Tool { probe: &["gcc", "-E", "-include", "stdio.h", "-xc", "/dev/null"], package: "libc6-dev" };
pub(crate) const CMOCKA: Tool = Tool {
    probe: &["gcc", "-E", "-include", "cmocka.h", "-xc", "/dev/null"],
    package: "libcmocka-dev",
};
pub(crate) const BINUTILS: Tool = Tool { probe: &["objcopy", "--version"], package: "binutils" };
pub(crate) const CMAKE: Tool = Tool { probe: &["cmake", "--version"], package: "cmake" };
pub(crate) const MAKE: Tool = Tool { probe: &["make", "--version"], package: "make" };
pub(crate) const PERL: Tool = Tool { probe: &["perl", "--version"], package: "perl" };
pub(crate) const PKG_CONFIG: Tool =
    Tool { probe: &["pkg-config", "--version"], package: "pkg-config" };
pub(crate) const VALGRIND: Tool = Tool { probe: &["valgrind", "--version"], package: "valgrind" };
pub(crate) const PYTHON: Tool =
    Tool { probe: &["python3", "-c", "import ensurepip, venv"], package: "python3-venv" };
/// Debian's own Rust, beside the one that builds all else: it has a standard
/// library for AArch64 in a package.
pub(crate) const DEBIAN_RUSTC: Tool =
    Tool { probe: &["/usr/bin/rustc", "--version"], package: "rustc-web" };
pub(crate) const DEBIAN_CARGO: Tool =
    Tool { probe: &["/usr/bin/cargo", "--version"], package: "cargo-web" };
pub(crate) const ARM64_STD: Tool = Tool {
    probe: &["test", "-d", "/usr/lib/rustlib/aarch64-unknown-linux-gnu/lib"],
    package: "libstd-rust-web-dev:arm64",
};
pub(crate) const ARM64_GCC: Tool =
    Tool { probe: &["aarch64-linux-gnu-gcc", "--version"], package: "gcc-aarch64-linux-gnu" };
pub(crate) const ARM64_LIBC: Tool = Tool {
    probe: &["aarch64-linux-gnu-gcc", "-E", "-include", "stdio.h", "-xc", "/dev/null"],
    package: "libc6-dev-arm64-cross",
};
pub(crate) const QEMU_USER: Tool =
    Tool { probe: &["qemu-aarch64", "--version"], package: "qemu-user" };

impl Tool {
    fn is_present(&self) -> bool {
        let Some((program, arguments)) = self.probe.split_first() else {
            return false;
        };
        process::capture(Command::new(program).args(arguments)).is_ok()
    }
}

/// Makes sure that all of `tools` are there; otherwise the line to type.
pub(crate) fn require(tools: &[Tool]) -> Result {
    let missing: Vec<&str> =
        tools.iter().filter(|tool| !tool.is_present()).map(|tool| tool.package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let line = format!("{}apt-get install {}", foreign(&missing), missing.join(" "));
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
    let installed = || {
        let folder = process::capture(
            Command::new(&python)
                .args(["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]),
        )?;
        let folder = PathBuf::from(folder.trim());
        if folder.join(format!("{name}-{version}.dist-info")).is_dir() {
            return Ok(folder);
        }
        Err(format!("{} has no {name} {version}", venv.display()))
    };
    if let Ok(folder) = installed() {
        return Ok(folder);
    }
    process::run(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
    process::run(
        Command::new(&python)
            .args(["-m", "pip", "install", "--quiet"])
            .args(["--disable-pip-version-check", "--no-deps"])
            .arg(format!("{name}=={version}")),
    )?;
    installed()
}

/// A Python that has exactly the packages of a requirements file, in a virtual
/// environment of its own; the interpreter.
pub(crate) fn python_with(requirements: &Path) -> Result<PathBuf> {
    let venv = workspace::tools_dir().join("independent");
    let python = venv.join("bin/python");
    let installed = venv.join("requirements.txt");
    let read = |file: &Path| {
        fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
    };
    let wanted = read(requirements)?;
    if read(&installed).is_ok_and(|present| present == wanted) {
        return Ok(python);
    }
    process::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv))?;
    process::run(
        Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
            .args(["--no-deps", "--requirement"])
            .arg(requirements),
    )?;
    fs::write(&installed, wanted).map_err(|error| format!("{}: {error}", installed.display()))?;
    Ok(python)
}

/// Root owns this process's own entry under /proc exactly when it runs it.
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    Path::new("/proc/self").metadata().is_ok_and(|entry| entry.uid() == 0)
}

/// What makes packages of another architecture known, as a line to type.
fn foreign(packages: &[&str]) -> &'static str {
    if has_foreign(packages) { "dpkg --add-architecture arm64 && apt-get update && " } else { "" }
}

fn has_foreign(packages: &[&str]) -> bool {
    packages.iter().any(|package| package.ends_with(":arm64"))
}

fn apt_install(packages: &[&str]) -> Result {
    static UPDATED: OnceLock<Result> = OnceLock::new();
    let update = || process::capture(&mut apt(&["update"])).map(drop);
    if has_foreign(packages) {
        process::run(Command::new("dpkg").args(["--add-architecture", "arm64"]))?;
        update()?;
    }
    UPDATED.get_or_init(update).clone()?;
    let mut install = apt(&["install", "--yes", "--no-install-recommends"]);
    process::capture(install.args(packages)).map(drop)
}

fn apt(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command
        .args(["--quiet", "--option=DPkg::Lock::Timeout=300"])
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive");
    command
}
