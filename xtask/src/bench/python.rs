//! Python beside `cryptography`: `bindings/python/benches/overhead.py` measures,
//! in an environment of its own with the wheel of this tree. It prints one JSON
//! object a line:
//!
//! ```json
//! {"id": "seal-64", "title": "seal, 64 B", "corekey_ns": 110.0, "cryptography_ns": 705.0}
//! ```

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::folder;
use crate::{Result, process, tools, workspace};

/// How many times the speed of `cryptography` each row shall have.
const GOALS: [(&str, f64); 3] = [("seal-64", 4.0), ("once-64", 8.0), ("hkdf-32", 15.0)];

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
    let benches = workspace::root().join("bindings/python/benches");
    let script = benches.join("overhead.py");
    if !script.exists() {
        return Err("there is no bindings/python/benches/overhead.py".into());
    }
    let python = environment(&benches.join("requirements.txt"))?;
    let printed = process::capture(Command::new(python).arg(&script).arg("--json"))?;
    printed.lines().map(|line| row(line).ok_or(format!("overhead.py prints {line:?}"))).collect()
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

/// One line as a row of the report.
fn row(line: &str) -> Option<Value> {
    let line: Value = serde_json::from_str(line).ok()?;
    let (ours, theirs) = (line["corekey_ns"].as_f64()?, line["cryptography_ns"].as_f64()?);
    let id = line["id"].as_str()?;
    let wanted = GOALS.iter().find(|(known, _)| *known == id).map(|(_, wanted)| *wanted);
    let times = theirs / ours;
    let verdict = wanted.map(|wanted| if times >= wanted { "reached" } else { "**missed**" });
    Some(json!({
        "id": id,
        "title": line["title"],
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
        let verdict = |id: &str| {
            let line = json!({ "id": id, "title": id, "corekey_ns": 100, "cryptography_ns": 500 });
            row(&line.to_string()).map(|row| row["verdict"].clone())
        };
        assert_eq!(verdict("seal-64"), Some(json!("reached")));
        assert_eq!(verdict("once-64"), Some(json!("**missed**")));
        assert_eq!(verdict("other"), Some(json!("–")));
        assert_eq!(row("no JSON"), None);
    }
}
