//! The report as it was measured, `docs/performance.json`.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::figures::report::Measured;
use crate::{Result, workspace};

/// Values below this depth stand on one line, so that a commit shows which row
/// has changed.
const DEPTH: usize = 4;

pub(super) fn path() -> PathBuf {
    workspace::root().join("docs/performance.json")
}

pub(super) fn read() -> Result<Value> {
    let at = |why: &str| format!("{}: {why}", path().display());
    let text = std::fs::read_to_string(path()).map_err(|error| at(&error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| at(&error.to_string()))
}

pub(super) fn write(report: &Value) -> Result {
    let mut text = String::new();
    lay_out(report, 0, &mut text);
    text.push('\n');
    std::fs::write(path(), text)
        .map_err(|error| format!("cannot write {}: {error}", path().display()))
}

/// What it was measured with.
pub(super) fn measured(with: &Measured) -> Value {
    json!({
        "command": with.command,
        "commit": with.commit,
        "date": with.date,
        "cpu": with.cpu,
        "system": with.system,
        "tools": with.tools,
    })
}

fn lay_out(value: &Value, depth: usize, text: &mut String) {
    let items: Vec<(String, &Value)> = match value {
        Value::Object(fields) if depth < DEPTH => fields
            .iter()
            .map(|(name, value)| (format!("{}: ", Value::from(name.as_str())), value))
            .collect(),
        Value::Array(items) if depth < DEPTH => {
            items.iter().map(|value| (String::new(), value)).collect()
        }
        _ => return text.push_str(&value.to_string()),
    };
    let [open, close] = if value.is_object() { ['{', '}'] } else { ['[', ']'] };
    text.push(open);
    let last = items.len().saturating_sub(1);
    for (place, (name, value)) in items.iter().enumerate() {
        text.push_str(&format!("\n{}{name}", "  ".repeat(depth + 1)));
        lay_out(value, depth + 1, text);
        text.push_str(if place == last { "" } else { "," });
    }
    if !items.is_empty() {
        text.push_str(&format!("\n{}", "  ".repeat(depth)));
    }
    text.push(close);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_laid_out_with_a_row_a_line_and_reads_back() {
        let report = json!({ "tiers": [{ "rows": [{ "id": "a", "r": [1, 2] }], "none": [] }] });
        let mut text = String::new();
        lay_out(&report, 0, &mut text);
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), report);
        assert!(text.contains("\n        {\"id\":\"a\",\"r\":[1,2]}\n"), "{text}");
        assert!(text.contains("\"none\": []"), "{text}");
    }
}
