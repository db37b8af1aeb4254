//! The wheel, and what calls from Python cost beside those of `cryptography`.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::report::Table;
use crate::{Result, process, tools, wheel, workspace};

pub(super) fn tables() -> Result<Vec<Table>> {
    let (wheel, python) = environment()?;
    Ok(vec![of_wheel(&wheel, &python)?, of_calls(&python)?])
}

/// The wheel of this tree, and a Python with it and with what it is measured
/// beside.
pub(crate) fn environment() -> Result<(PathBuf, PathBuf)> {
    let folder = workspace::target_dir().join("python");
    let file = wheel::build(&workspace::target_dir().join("wheel"), &folder.join("wheel"))?;
    let python = wheel::install(&folder.join("figures"), &file)?;
    let requirements = wheel::folder().join("tests/requirements.txt");
    tools::pip_install(&python, &[Path::new("--requirement"), &requirements])?;
    Ok((file, python))
}

fn of_wheel(file: &Path, python: &Path) -> Result<Table> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let tag = name.trim_end_matches(".whl").rsplit('-').next().unwrap_or_default().to_owned();
    let module = process::capture(std::process::Command::new(python).args([
        "-c",
        "import os; from corekey import _native; print(os.path.getsize(_native.__file__))",
    ]))?;
    let module: u64 = module.trim().parse().map_err(|_| format!("{module:?} is no size"))?;
    let size = file.metadata().map_err(|error| format!("{}: {error}", file.display()))?.len();
    let rows = vec![
        vec![json!("the wheel, bytes"), json!(size)],
        vec![json!("the module in it, bytes"), json!(module)],
        vec![json!("tag"), json!(tag)],
    ];
    Ok(Table::new("python-wheel", &["what", "figure"], rows))
}

fn of_calls(python: &Path) -> Result<Table> {
    let script = wheel::folder().join("benches/overhead.py");
    let output = process::capture(std::process::Command::new(python).arg(script).args(["--json"]))?;
    let measured: Value =
        serde_json::from_str(&output).map_err(|error| format!("overhead.py: {error}"))?;
    let row = |row: &Value| -> Option<Vec<Value>> {
        let nanoseconds = |at: usize| Some(json!(row[at].as_f64()?.round() as u64));
        let ratio = format!("{:.2}", row[3].as_f64()?);
        Some(vec![row[0].clone(), nanoseconds(1)?, nanoseconds(2)?, json!(ratio)])
    };
    let rows = measured["rows"].as_array().into_iter().flatten().map(row);
    let rows: Option<Vec<_>> = rows.collect();
    let rows = rows.filter(|rows| !rows.is_empty()).ok_or("overhead.py gave no rows")?;
    let columns = ["call", "corekey, ns", "cryptography, ns", "ratio"];
    Ok(Table::new("python-calls", &columns, rows))
}
