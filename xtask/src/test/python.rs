//! The Python package as a user gets it: the wheel is built, checked, installed in
//! a fresh virtual environment and tested there: pytest, types, stubs, the README,
//! and all vectors as the third front of the conformance suite.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::report::Group;
use super::rust::cargo_test;
use super::vectors;
use crate::{Result, process, tools, wheel, workspace};

pub(super) fn run(group: &mut Group) {
    if !group.has(&[tools::PYTHON, tools::GCC, tools::LIBC]) {
        return;
    }
    let folder = workspace::target_dir().join("python");
    let built = wheel::build(&workspace::target_dir().join("wheel"), &folder.join("wheel"));
    let wheel = match built {
        Ok(wheel) => wheel,
        Err(why) => return group.fail(&why),
    };
    group.check("the wheel's tag is what its binary needs", || tag(&wheel));
    group.check("another folder builds the same bytes", || same_bytes(&folder, &wheel));
    group.check("no folder of this machine is in the wheel", || no_paths(&wheel));
    let python = match wheel::install(&folder.join("venv"), &wheel) {
        Ok(python) => python,
        Err(why) => return group.fail(&why),
    };
    group.check("the wheel alone imports and passes its self-test", || {
        process::run(started(&python).args(["-c", "import corekey; corekey.selftest()"]))
    });
    let requirements = wheel::folder().join("tests/requirements.txt");
    if let Err(why) = tools::pip_install(&python, &[Path::new("--requirement"), &requirements]) {
        return group.fail(&why);
    }
    group.suite(
        "pytest",
        started(&python).args(["-m", "pytest", "--quiet", "-p", "no:cacheprovider"]),
    );
    group.check("mypy --strict accepts tests, benches and examples", || {
        process::run(mypy(&python).args(["--strict", "tests", "benches", "examples"]))
    });
    group.check("mypy --strict accepts the package as it is installed", || {
        process::run(mypy(&python).args(["--strict", "--package", "corekey"]))
    });
    group.check("the stubs are those of the module", || {
        process::run(started(&python).args(["-m", "mypy.stubtest", "corekey"]))
    });
    match vectors::published() {
        Ok(published) => group.suite(
            "vectors",
            cargo_test()
                .args(["--package=corekey-conformance", "--release"])
                .args(["--test=vectors", "--test=device"])
                .env("COREKEY_CRYPTOGRAPHY_VECTORS", published)
                .env("COREKEY_WHEEL_PYTHON", &python)
                .args(["--", "--nocapture", "python_wheel::"]),
        ),
        Err(why) => group.fail(&why),
    }
}

/// An interpreter, started in the bindings' folder. What the user's environment
/// says of Python does not reach it.
fn started(python: &Path) -> Command {
    let mut command = Command::new(python);
    command
        .current_dir(wheel::folder())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env_remove("PYTHONPATH")
        .env_remove("PYTHONHOME");
    command
}

fn mypy(python: &Path) -> Command {
    let mut command = started(python);
    command.args(["-m", "mypy", "--cache-dir"]).arg(workspace::target_dir().join("python/mypy"));
    command
}

/// The tag must say which C library the binary needs, and auditwheel, which reads
/// the binary's symbols, must say the same.
fn tag(wheel: &Path) -> Result {
    let name = wheel.file_name().unwrap_or_default().to_string_lossy();
    let tags = name.strip_suffix(".whl").and_then(|name| name.rsplit('-').next());
    let tags: BTreeSet<&str> = tags.unwrap_or_default().split('.').collect();
    if !name.contains("-cp311-abi3-") {
        return Err(format!("{name} is not for all Pythons from 3.11 on"));
    }
    let auditwheel = wheel::python()?.with_file_name("auditwheel");
    let said = process::capture(Command::new(auditwheel).arg("show").arg(wheel))?;
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let needed = said
        .split_once("consistent with the following platform tag: \"")
        .and_then(|(_, rest)| rest.split('"').next())
        .ok_or_else(|| format!("auditwheel names no tag: {said}"))?;
    if needed.starts_with("linux_") || !tags.contains(needed) {
        return Err(format!("{name} needs the tag {needed}"));
    }
    println!("{name}: {} bytes, {needed}", file(wheel)?.len());
    Ok(())
}

/// Builds the wheel once more, in another target folder.
fn same_bytes(folder: &Path, wheel: &Path) -> Result {
    let again = wheel::build(&folder.join("again/target"), &folder.join("again/wheel"))?;
    if file(wheel)? == file(&again)? {
        return Ok(());
    }
    Err(format!("{} and {} differ", wheel.display(), again.display()))
}

/// Looks for the folders of the build in all that the wheel holds.
fn no_paths(wheel: &Path) -> Result {
    const SEARCH: &str = "import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel:
    for name in wheel.namelist():
        for folder in sys.argv[2:]:
            if folder.encode() in wheel.read(name):
                sys.exit(f'{name} holds {folder}')";
    let home = std::env::home_dir().ok_or("HOME is not set")?;
    let mut search = Command::new("python3");
    search.args(["-c", SEARCH]).arg(wheel);
    process::run(search.arg(workspace::root()).arg(workspace::target_dir()).arg(home.join(".")))
}

fn file(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}
