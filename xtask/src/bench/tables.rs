//! The tables that readers see, made from the report as it was measured.

use serde_json::{Value, json};

use super::report::{Measured, Report, Table};

/// The rows that speak for the rest, in the first table and in the chart.
pub(super) const HEADLINES: [&str; 11] = [
    "aes256-seal-16",
    "aes256-seal-64",
    "aes256-open-64",
    "aes256-seal-64-dependent",
    "aes256-seal-1024",
    "aes256-seal-16384",
    "aes256-once-64",
    "hkdf-expand",
    "device-keys-16",
    "hmac-64",
    "device-unseen-64",
];

/// CoreKey by its two ways in, as the runner names them.
pub(super) const RUST: &str = "CoreKey (Rust)";
const C: &str = "CoreKey (C)";

/// The tier that the CPU has by itself.
const BEST: &str = "none";

/// All tables; `None` if the report is laid out in another way.
pub(super) fn figures(raw: &Value) -> Option<Report> {
    let mut tables = vec![headlines(raw), goals(raw)];
    for tier in items(&raw["tiers"]) {
        tables.push(tier_table(tier)?);
    }
    tables.extend([stacks(raw), limits(raw), python(raw), libraries(raw)]);
    Some(Report { measured: measured(&raw["measured"])?, tables })
}

/// The goals as plain text, for the terminal.
pub(super) fn as_text(raw: &Value) -> String {
    let mut text = String::new();
    for table in [headlines(raw), goals(raw), limits(raw), missing(raw)] {
        text.push('\n');
        for row in std::iter::once(&table.columns.iter().map(|name| json!(name)).collect())
            .chain(&table.rows)
        {
            let row: &Vec<Value> = row;
            let cells =
                row.iter().map(|cell| cell.as_str().map_or(cell.to_string(), str::to_owned));
            let widths = (0..row.len()).map(|column| width(&table, column));
            let padded = cells.zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
            text.push_str(padded.collect::<Vec<_>>().join("  ").trim_end());
            text.push('\n');
        }
    }
    text
}

fn width(table: &Table, column: usize) -> usize {
    let of = |cell: &Value| cell.as_str().map_or(0, |text| text.chars().count());
    let widest = table.rows.iter().map(|row| of(&row[column])).max();
    widest.unwrap_or(0).max(table.columns[column].chars().count())
}

/// The rows of a tier by its name.
pub(super) fn rows<'a>(raw: &'a Value, tier: &str) -> &'a [Value] {
    let found = items(&raw["tiers"]).iter().find(|found| found["tier"] == tier);
    found.map_or(&[], |tier| items(&tier["rows"]))
}

/// The headline rows that were measured, in their order.
pub(super) fn headline_rows(raw: &Value) -> Vec<&Value> {
    let rows = rows(raw, BEST);
    HEADLINES.iter().filter_map(|id| rows.iter().find(|row| row["id"] == *id)).collect()
}

/// What one library took for a row.
pub(super) fn took(row: &Value, name: &str) -> Option<f64> {
    items(&row["results"]).iter().find(|result| result["name"] == name)?["ns"].as_f64()
}

/// The peers of a row, the fastest first.
pub(super) fn peers(row: &Value) -> Vec<(&str, f64)> {
    let results = items(&row["results"]).iter().filter(|result| result["kind"] == "peer");
    let mut peers: Vec<(&str, f64)> = results
        .filter_map(|result| Some((result["name"].as_str()?, result["ns"].as_f64()?)))
        .collect();
    peers.sort_by(|(_, one), (_, other)| one.total_cmp(other));
    peers
}

/// A time as people write it.
pub(super) fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        ns if ns < 9.95 => format!("{ns:.1} ns"),
        ns if ns < 10_000.0 => format!("{ns:.0} ns"),
        ns => format!("{:.1} µs", ns / 1000.0),
    }
}

fn headlines(raw: &Value) -> Table {
    let columns = ["operation", "CoreKey, Rust", "CoreKey, C", "best peer", "times its speed"];
    let rows = headline_rows(raw).into_iter().map(|row| compared(row).to_vec()).collect();
    Table::new("performance", &columns, rows)
}

/// An operation, our times, the best peer's, and the ratio.
fn compared(row: &Value) -> [Value; 5] {
    let shown = |name| took(row, name).map_or(json!("–"), |ns| json!(time(ns)));
    let best = peers(row).first().copied();
    let ratio = best.zip(took(row, RUST)).map(|((_, best), ours)| best / ours);
    [
        row["title"].clone(),
        shown(RUST),
        shown(C),
        best.map_or(json!("–"), |(name, ns)| json!(format!("{name} {}", time(ns)))),
        ratio.map_or(json!("–"), |ratio| json!(format!("{ratio:.2}"))),
    ]
}

/// Each goal of each row, and whether it was reached.
fn goals(raw: &Value) -> Table {
    let mut rows = Vec::new();
    for tier in items(&raw["tiers"]) {
        for row in items(&tier["rows"]) {
            for goal in items(&row["goals"]) {
                let number = |value: &Value| {
                    let found = value.as_f64();
                    found.map_or(json!("–"), |number| json!(format!("{number:.2}")))
                };
                let verdict = match goal["reached"].as_bool() {
                    Some(true) => "reached",
                    Some(false) => "**missed**",
                    None => "not measured",
                };
                rows.push(vec![
                    json!(tier_name(tier)),
                    row["title"].clone(),
                    goal["goal"].clone(),
                    number(&goal["wanted"]),
                    number(&goal["found"]),
                    json!(verdict),
                ]);
            }
        }
    }
    let columns = ["tier", "operation", "goal", "wanted", "found", "verdict"];
    Table::new("performance-goals", &columns, rows)
}

/// All times of a tier, a column for each library.
fn tier_table(tier: &Value) -> Option<Table> {
    let name = format!("performance-{}", tier_name(tier));
    if let Some(why) = tier["skipped"].as_str() {
        return Some(Table::new(&name, &["skipped because"], vec![vec![json!(why)]]));
    }
    let rows = tier["rows"].as_array()?;
    let mut names: Vec<&str> = Vec::new();
    for result in rows.iter().flat_map(|row| items(&row["results"])) {
        let name = result["name"].as_str()?;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let cells = |row: &Value| {
        let shown = |name| took(row, name).map_or(json!("–"), |ns| json!(time(ns)));
        let mut cells = vec![row["title"].clone()];
        cells.extend(names.iter().map(|&name| shown(name)));
        cells
    };
    let columns: Vec<&str> = [&["operation"][..], &names].concat();
    Some(Table::new(&name, &columns, rows.iter().map(cells).collect()))
}

fn tier_name(tier: &Value) -> &str {
    match tier["tier"].as_str() {
        Some(BEST) | None => "best",
        Some(name) => name,
    }
}

/// Bytes of stack, where they were measured.
fn stacks(raw: &Value) -> Table {
    let mut rows = Vec::new();
    for row in items(&raw["tiers"]).iter().flat_map(|tier| items(&tier["rows"])) {
        for stack in items(&row["stacks"]) {
            rows.push(vec![row["title"].clone(), stack["name"].clone(), stack["bytes"].clone()]);
        }
    }
    Table::new("performance-stack", &["operation", "library", "bytes of stack"], rows)
}

fn limits(raw: &Value) -> Table {
    let limits = items(&raw["tiers"]).iter().flat_map(|tier| items(&tier["limits"]));
    let rows = limits.map(|limit| {
        let value = limit["value"].as_f64().unwrap_or(f64::NAN);
        let unit = limit["unit"].as_str().unwrap_or("");
        vec![limit["name"].clone(), json!(format!("{value:.2} {unit}"))]
    });
    Table::new("performance-limits", &["limit of this CPU", "measured"], rows.collect())
}

fn python(raw: &Value) -> Table {
    let rows = items(&raw["python"]).iter().map(|row| {
        let cell = |name: &str| match row[name].as_f64() {
            Some(number) => json!(format!("{number:.1}")),
            None => row[name].clone(),
        };
        let columns = ["title", "corekey", "cryptography", "times", "wanted", "verdict"];
        columns.map(cell).to_vec()
    });
    let columns =
        ["from Python", "corekey, ns", "cryptography, ns", "times its speed", "wanted", "verdict"];
    Table::new("performance-python", &columns, rows.collect())
}

/// Each library: its version and how it was called, or why it is missing.
fn libraries(raw: &Value) -> Table {
    let best = items(&raw["tiers"]).iter().find(|tier| tier["tier"] == BEST);
    let measured = best.map_or(&[][..], |tier| items(&tier["libraries"]));
    let mut rows: Vec<Vec<Value>> = measured
        .iter()
        .map(|library| ["name", "release", "how"].map(|field| library[field].clone()).to_vec())
        .collect();
    rows.extend(missing(raw).rows);
    Table::new("performance-libraries", &["library", "version", "how it was called"], rows)
}

fn missing(raw: &Value) -> Table {
    let of_tiers = items(&raw["tiers"]).iter().flat_map(|tier| items(&tier["missing"]));
    let rows = items(&raw["missing"]).iter().chain(of_tiers);
    let rows = rows.map(|one| vec![one["name"].clone(), json!("missing"), one["why"].clone()]);
    Table::new("performance-missing", &["library", "", "why"], rows.collect())
}

fn measured(value: &Value) -> Option<Measured> {
    let text = |field: &str| Some(value[field].as_str()?.to_owned());
    Some(Measured {
        command: text("command")?,
        commit: text("commit")?,
        date: text("date")?,
        cpu: text("cpu")?,
        system: text("system")?,
        tools: items(&value["tools"])
            .iter()
            .filter_map(|tool| Some(tool.as_str()?.to_owned()))
            .collect(),
    })
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A report of one row.
    pub(in crate::bench) fn raw() -> Value {
        let result =
            |name: &str, kind: &str, ns: f64| json!({ "name": name, "kind": kind, "ns": ns });
        json!({
            "measured": {
                "command": "cargo xtask bench", "commit": "0123", "date": "2026-01-31",
                "cpu": "CPU", "system": "Linux", "tools": ["rustc 1"]
            },
            "missing": [{ "name": "wolfSSL", "why": "no compiler" }],
            "python": [],
            "tiers": [{
                "tier": BEST,
                "rows": [{
                    "id": "aes256-seal-64", "title": "AES-256-GCM seal, 64 B",
                    "results": [
                        result(C, "ours", 22.0), result(RUST, "ours", 20.0),
                        result("ring", "peer", 100.0), result("graviola", "peer", 80.0),
                        result("the CPU's limit", "limit", 1.0)
                    ],
                    "goals": [
                        { "goal": "times", "wanted": 5.0, "found": 4.0, "reached": false },
                        { "goal": "ns", "wanted": 3.0, "found": null, "reached": null }
                    ]
                }],
                "limits": [], "libraries": [], "missing": []
            }, { "tier": "vaes256", "skipped": "the CPU has no VAES" }]
        })
    }

    #[test]
    fn the_best_peer_is_neither_ours_nor_the_limit() {
        let raw = raw();
        let [row] = &headline_rows(&raw)[..] else { panic!("one headline row") };
        assert_eq!(peers(row), [("graviola", 80.0), ("ring", 100.0)]);
        let cells = compared(row).map(|cell| cell.as_str().unwrap_or("").to_owned());
        assert_eq!(cells[1..], ["20 ns", "22 ns", "graviola 80 ns", "4.00"]);
    }

    #[test]
    fn goals_that_were_missed_or_not_measured_are_named_so() {
        let table = goals(&raw());
        let verdicts: Vec<_> = table.rows.iter().map(|row| row[5].as_str().unwrap()).collect();
        assert_eq!(verdicts, ["**missed**", "not measured"]);
    }

    #[test]
    fn a_missing_library_and_a_skipped_tier_are_in_the_tables_with_the_reason() {
        let report = figures(&raw()).unwrap();
        let shown = |name: &str| report.rendered(name).unwrap();
        assert!(shown("performance-libraries").contains("| wolfSSL | missing | no compiler |"));
        assert!(shown("performance-vaes256").contains("the CPU has no VAES"));
    }

    #[test]
    fn times_have_the_digits_that_they_are_worth() {
        let shown = [2.34, 16.2, 1234.0, 87_654.0].map(time);
        assert_eq!(shown, ["2.3 ns", "16 ns", "1234 ns", "87.7 µs"]);
    }
}
