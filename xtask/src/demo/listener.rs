//! The same stream in Python: what the receiver opened is recorded, and a
//! listener with the Python package, installed from the wheel as a user installs
//! it, must print the same lines.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Demo;
use super::radio::frame;
use crate::{Result, process, tools, wheel, workspace};

/// Lines of the listener that are shown.
const SHOWN: usize = 3;

/// Builds the wheel and installs it in a virtual environment of its own; the
/// interpreter.
pub(super) fn install(folder: &Path) -> Result<PathBuf> {
    tools::require(&[tools::PYTHON])?;
    let built = wheel::build(&workspace::target_dir().join("wheel"), &folder.join("wheel"))?;
    let venv = folder.join("venv");
    let python = wheel::install(&venv, &built)?;
    println!("installed {} in {}", built.display(), venv.display());
    Ok(python)
}

/// Has the listener open all that was opened before, and compares.
pub(super) fn compare(demo: &mut Demo) -> Result {
    let stream: Vec<u8> =
        demo.cloud.record.iter().flat_map(|(message, _)| frame(message)).collect();
    let file = demo.folder.join("stream");
    fs::write(&file, stream)
        .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    let mut command = Command::new(&demo.programs.python);
    command
        .arg(wheel::folder().join("examples/listen.py"))
        .arg(demo.fleet.root.path())
        .arg(&file)
        .args(["gate-1", "pump-7", "meter-17"]);
    println!("$ {}", process::shown(&command));

    let (held, came) = match process::capture(&mut command) {
        Ok(lines) => {
            for line in lines.lines().take(SHOWN) {
                println!("{line}");
            }
            println!("...");
            let expected = demo.cloud.record.iter().map(|(_, line)| line.as_str());
            let same = lines.lines().eq(expected);
            let count = lines.lines().count();
            let came = if same { "the same readings as in Rust" } else { "not as in Rust" };
            (same && count > 0, format!("{count} opened, {came}"))
        }
        Err(why) => (false, why),
    };
    demo.table.note("Python opens the stream", held, came);
    Ok(())
}
