//! Python beside `cryptography`: `bindings/python/benches/overhead.py` measures,
//! in an environment of its own with the wheel of this tree. With `--json` it
//! prints a name, our time, theirs (both in nanoseconds) and their ratio a row:
//!
//! ```json
//! {"rows": [["seal 64 bytes", 110.0, 705.0, 6.4]]}
//! ```

use std::process::Command;

use serde_json::{Value, json};

use crate::{Result, figures, process, tools, wheel};

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
    tools::require(&[tools::PYTHON])?;
    let (_, python) = figures::python::environment()?;
    let script = wheel::folder().join("benches/overhead.py");
    let printed = process::capture(Command::new(python).arg(script).arg("--json"))?;
    let found = serde_json::from_str(&printed).ok().and_then(|printed| rows_of(&printed));
    found.ok_or(format!("overhead.py prints {printed:?}"))
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
