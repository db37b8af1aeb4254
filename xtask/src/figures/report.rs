//! A report: tables of what was measured, and with what. As JSON it is
//!
//! ```json
//! {
//!   "measured": {
//!     "command": "cargo xtask figures sizes", "commit": "0123456789",
//!     "date": "2026-01-31", "cpu": "AMD EPYC", "system": "Linux x86_64",
//!     "tools": ["rustc 1.95.0 (...)"]
//!   },
//!   "tables": [
//!     { "name": "sizes", "columns": ["what", "bytes"], "rows": [["libcorekey.so", 640112]] }
//!   ]
//! }
//! ```
//!
//! so that any program can write one. A page shows a table with
//! `<!-- figures: sizes -->`; table names are unique among all reports.

use std::path::Path;

use serde_json::{Value, json};

use crate::Result;

/// What a measurement was made with.
#[derive(Debug, PartialEq)]
pub(crate) struct Measured {
    /// What to type to measure again.
    pub(crate) command: String,
    pub(crate) commit: String,
    pub(crate) date: String,
    pub(crate) cpu: String,
    pub(crate) system: String,
    pub(crate) tools: Vec<String>,
}

/// Texts and whole numbers in rows.
#[derive(Debug, PartialEq)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Vec<Value>>,
}

impl Table {
    pub(crate) fn new(name: &str, columns: &[&str], rows: Vec<Vec<Value>>) -> Self {
        let columns = columns.iter().map(|&column| column.to_owned()).collect();
        Self { name: name.to_owned(), columns, rows }
    }
}

#[derive(Debug, PartialEq)]
pub(crate) struct Report {
    pub(crate) measured: Measured,
    pub(crate) tables: Vec<Table>,
}

impl Report {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let at = |why: &str| format!("{}: {why}", path.display());
        let text = std::fs::read_to_string(path).map_err(|error| at(&error.to_string()))?;
        let value = serde_json::from_str(&text).map_err(|error| at(&error.to_string()))?;
        Self::from_json(&value).ok_or_else(|| at("it is not laid out as a report of figures"))
    }

    pub(crate) fn write(&self, path: &Path) -> Result {
        std::fs::write(path, self.to_json())
            .map_err(|error| format!("cannot write {}: {error}", path.display()))
    }

    /// The table of that name as Markdown, and under it where it is from.
    pub(crate) fn rendered(&self, name: &str) -> Option<String> {
        let table = self.tables.iter().find(|table| table.name == name)?;
        Some(format!("{}\n{}\n", table.markdown(), self.measured.sentence()))
    }

    fn from_json(value: &Value) -> Option<Self> {
        let measured = &value["measured"];
        let text = |field: &str| Some(measured[field].as_str()?.to_owned());
        let measured = Measured {
            command: text("command")?,
            commit: text("commit")?,
            date: text("date")?,
            cpu: text("cpu")?,
            system: text("system")?,
            tools: texts(&measured["tools"])?,
        };
        let tables = value["tables"].as_array()?.iter().map(Table::from_json).collect();
        Some(Self { measured, tables: Option::from_iter::<Vec<_>>(tables)? })
    }

    /// One row a line, so that a commit shows which changed.
    fn to_json(&self) -> String {
        let Measured { command, commit, date, cpu, system, tools } = &self.measured;
        let fields = [
            ("command", json!(command)),
            ("commit", json!(commit)),
            ("date", json!(date)),
            ("cpu", json!(cpu)),
            ("system", json!(system)),
            ("tools", json!(tools)),
        ];
        let measured = fields.map(|(name, value)| format!("    \"{name}\": {value}"));
        let tables: Vec<String> = self.tables.iter().map(Table::to_json).collect();
        format!(
            "{{\n  \"measured\": {{\n{}\n  }},\n  \"tables\": [\n{}\n  ]\n}}\n",
            measured.join(",\n"),
            tables.join(",\n")
        )
    }
}

impl Measured {
    fn sentence(&self) -> String {
        let Self { command, commit, date, cpu, system, tools } = self;
        format!("{cpu}, {system}, {}; commit {commit}, {date}: `{command}`", tools.join(", "))
    }
}

impl Table {
    fn from_json(value: &Value) -> Option<Self> {
        let columns = texts(&value["columns"])?;
        let rows: Vec<Vec<Value>> = value["rows"]
            .as_array()?
            .iter()
            .map(|row| row.as_array().cloned())
            .collect::<Option<_>>()?;
        let name = value["name"].as_str()?.to_owned();
        rows.iter().all(|row| row.len() == columns.len()).then_some(Self { name, columns, rows })
    }

    fn to_json(&self) -> String {
        let rows: Vec<String> =
            self.rows.iter().map(|row| format!("        {}", json!(row))).collect();
        format!(
            "    {{\n      \"name\": {},\n      \"columns\": {},\n      \"rows\": [\n{}\n      ]\n    }}",
            json!(self.name),
            json!(self.columns),
            rows.join(",\n")
        )
    }

    fn markdown(&self) -> String {
        let is_number = |column| self.rows.iter().all(|row| Value::is_number(&row[column]));
        let rule =
            (0..self.columns.len()).map(|column| if is_number(column) { "--:" } else { "---" });
        let mut text =
            format!("| {} |\n|{}|\n", self.columns.join(" | "), rule.collect::<Vec<_>>().join("|"));
        for row in &self.rows {
            let cells: Vec<String> = row.iter().map(cell).collect();
            text.push_str(&format!("| {} |\n", cells.join(" | ")));
        }
        text
    }
}

/// Whole numbers with a comma between thousands; the rest as it is.
fn cell(value: &Value) -> String {
    let Some(number) = value.as_u64() else {
        return value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    };
    let digits = number.to_string();
    let mut grouped = String::new();
    for (position, digit) in digits.char_indices() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

fn texts(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|item| Some(item.as_str()?.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let measured = Measured {
            command: "measure".into(),
            commit: "0123".into(),
            date: "2026-01-31".into(),
            cpu: "a \"CPU\"".into(),
            system: "Linux".into(),
            tools: vec!["rustc 1".into(), "gcc 2".into()],
        };
        let rows = vec![vec![json!("a"), json!(1_234_567)], vec![json!("b"), json!(12)]];
        Report { measured, tables: vec![Table::new("sizes", &["what", "bytes"], rows)] }
    }

    #[test]
    fn a_report_is_read_as_it_was_written() {
        let value = serde_json::from_str(&report().to_json()).unwrap();
        assert_eq!(Report::from_json(&value), Some(report()));
    }

    #[test]
    fn a_row_of_another_length_is_refused() {
        let mut report = report();
        report.tables[0].rows[1].pop();
        assert_eq!(Report::from_json(&serde_json::from_str(&report.to_json()).unwrap()), None);
    }

    #[test]
    fn a_table_shows_its_numbers_and_their_source() {
        let shown = report().rendered("sizes").unwrap();
        assert_eq!(
            shown,
            "| what | bytes |\n|---|--:|\n| a | 1,234,567 |\n| b | 12 |\n\n\
             a \"CPU\", Linux, rustc 1, gcc 2; commit 0123, 2026-01-31: `measure`\n"
        );
        assert_eq!(report().rendered("other"), None);
    }
}
