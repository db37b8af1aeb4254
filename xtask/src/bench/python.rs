//! Python beside `cryptography`: `bindings/python/benches/overhead.py` measures,
//! in an environment of its own with the wheel of this tree. With `--json` it
//! prints a name, our time, theirs (both in nanoseconds) and their ratio a row:
//!
//! ```json
//! {"rows": [["seal 64 bytes", 110.0, 705.0, 6.4]]}
//! ```

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::folder;
use crate::{Result, process, tools, workspace};

/// How many times the speed of `cryptography` each row shall have.
const GOALS: [(&str, f64); 3] =
    [("seal 64 bytes", 4.0), ("new key and seal 64 bytes", 8.0), ("HKDF, 32 bytes", 15.0)];

/// The rows; one that says why, if there are none.
pub(super) fn rows() -> Value {
    match measured() {
        Ok(rows) => json!(rows),
        Err(why) => {
            println!("Python was not measured: {why}");
            json!([{ "title": "not measured", "verdict": why }])
        }
    }
}

fn measured() -> Result<Vec<Value>> {
    let bindings = workspace::root().join("bindings/python");
    let script = bindings.join("benches/overhead.py");
    if !script.exists() {
        return Err("there is no bindings/python/benches/overhead.py".into());
    }
    let python = environment(&bindings.join("tests/requirements.txt"))?;
    let printed = process::capture(Command::new(python).arg(&script).arg("--json"))?;
    let found = serde_json::from_str(&printed).ok().and_then(|printed| rows_of(&printed));
    found.ok_or(format!("overhead.py prints {printed:?}"))
}

/// A Python with `cryptography` and the wheel of this tree.
fn environment(requirements: &Path) -> Result<PathBuf> {
    tools::require(&[tools::PYTHON])?;
    let wheels = folder().join("wheels");
    process::run(workspace::cargo().args(["xtask", "wheel", "--out"]).arg(&wheels))?;
    let venv = folder().join("python");
    let python = venv.join("bin/python");
    process::run(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
    let pip = || {
        let mut pip = Command::new(&python);
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        pip
    };
    process::run(pip().arg("--requirement").arg(requirements))?;
    let newest = ["--force-reinstall", "--no-index", "--no-deps", "--find-links"];
    process::run(pip().args(newest).arg(&wheels).arg("corekey"))?;
    Ok(python)
}

/// What the script printed, as rows of the report.
fn rows_of(printed: &Value) -> Option<Vec<Value>> {
    printed["rows"].as_array()?.iter().map(row).collect()
}

fn row(printed: &Value) -> Option<Value> {
    let title = printed[0].as_str()?;
    let (ours, theirs, times) = (printed[1].as_f64()?, printed[2].as_f64()?, printed[3].as_f64()?);
    let wanted = GOALS.iter().find(|(known, _)| *known == title).map(|(_, wanted)| *wanted);
    let verdict = wanted.map(|wanted| if times >= wanted { "reached" } else { "**missed**" });
    Some(json!({
        "title": title,
        "corekey": ours,
        "cryptography": theirs,
        "times": times,
        "wanted": wanted.map_or(json!("–"), |wanted| json!(wanted)),
        "verdict": verdict.unwrap_or("–"),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_judged_by_its_goal_if_it_has_one() {
        let printed = json!({ "rows": [
            ["seal 64 bytes", 100.0, 500.0, 5.0],
            ["new key and seal 64 bytes", 100.0, 500.0, 5.0],
            ["seal 16 KiB", 100.0, 500.0, 5.0]
        ] });
        let rows = rows_of(&printed).unwrap();
        let verdicts: Vec<_> = rows.iter().map(|row| row["verdict"].as_str().unwrap()).collect();
        assert_eq!(verdicts, ["reached", "**missed**", "–"]);
    }

    #[test]
    fn another_shape_is_no_row() {
        assert!(rows_of(&json!([])).is_none() && rows_of(&json!({ "rows": [["a", 1]] })).is_none());
    }
}
