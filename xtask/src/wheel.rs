//! `cargo xtask wheel`: builds the Python wheel, the same bytes wherever it is
//! built, with the licences of all that is linked in.
//!
//! Relies on maturin, of one exact version from Python's registry.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::dist::build::Build;
use crate::dist::licences;
use crate::{Result, process, tools, workspace};

pub(crate) const HELP: &str = "[--out DIR]
    Builds the Python wheel in DIR, by default target/wheels: install it with
    pip. Needs Python 3.11 or later with its module venv.";

/// The wheel's own licence files, in the bindings' folder: made here, and not
/// committed.
const LICENCES: &str = "licences";

pub(crate) fn run(arguments: &[String]) -> Result {
    let out = match arguments {
        [] => workspace::target_dir().join("wheels"),
        [option, folder] if option == "--out" => PathBuf::from(folder),
        _ => return Err("wheel takes --out DIR and nothing else".into()),
    };
    tools::require(&[tools::PYTHON, tools::GCC, tools::LIBC])?;
    let wheel = build(&workspace::target_dir().join("wheel"), &out)?;
    println!("{}", wheel.display());
    Ok(())
}

/// Builds the wheel in a target folder, and leaves it alone in another.
pub(crate) fn build(target_dir: &Path, out: &Path) -> Result<PathBuf> {
    let python = python()?;
    if out.exists() {
        remove_wheels(out)?;
    }
    write_licences()?;
    let build = Build::prepare_in(target_dir.to_path_buf())?;
    let mut maturin = Command::new(python.with_file_name("maturin"));
    maturin
        .args(["build", "--quiet", "--locked", "--release", "--manifest-path"])
        .arg(folder().join("Cargo.toml"))
        .arg("--interpreter")
        .arg(&python)
        .arg("--target-dir")
        .arg(target_dir)
        .arg("--out")
        .arg(out)
        .current_dir(workspace::root());
    build.settle(&mut maturin);
    process::run(&mut maturin)?;
    match &wheels(out)?[..] {
        [wheel] => Ok(wheel.clone()),
        other => Err(format!("maturin made {} wheels, not one", other.len())),
    }
}

/// A new virtual environment with the wheel and nothing else; the interpreter.
pub(crate) fn install(venv: &Path, wheel: &Path) -> Result<PathBuf> {
    process::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(venv))?;
    let python = venv.join("bin/python");
    tools::pip_install(&python, &[Path::new("--no-index"), wheel])?;
    Ok(python)
}

/// The interpreter beside maturin.
pub(crate) fn python() -> Result<PathBuf> {
    tools::python_with("wheel", &folder().join("requirements.txt"))
}

/// Where the bindings are.
pub(crate) fn folder() -> PathBuf {
    workspace::root().join("bindings/python")
}

fn write_licences() -> Result {
    let folder = folder().join(LICENCES);
    if folder.exists() {
        fs::remove_dir_all(&folder)
            .map_err(|error| format!("cannot empty {}: {error}", folder.display()))?;
    }
    for (path, text) in licences::of_dependencies("corekey-py")? {
        let file = folder.join(path);
        file.parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::write(&file, text))
            .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    }
    Ok(())
}

fn wheels(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let files = entries.flatten().map(|entry| entry.path());
    Ok(files.filter(|file| file.extension().is_some_and(|kind| kind == "whl")).collect())
}

fn remove_wheels(folder: &Path) -> Result {
    for wheel in wheels(folder)? {
        fs::remove_file(&wheel).map_err(|error| format!("{}: {error}", wheel.display()))?;
    }
    Ok(())
}
