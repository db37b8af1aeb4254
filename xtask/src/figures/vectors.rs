//! How many published vectors pass through each front.
//!
//! The floors in `tests/` are the numbers that passed when they were set; a run
//! of the tests prints the numbers that pass now. Both give the same tables, so
//! that a page cannot promise more than the tests hold.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::json;

use super::report::Table;
use crate::{Result, markdown, process, workspace};

/// The tests that have a table of suites.
const FILES: &[&str] = &["tests/vectors.rs", "tests/device.rs"];

/// In the order of the floors.
const FRONTS: &[&str] = &["Rust API", "shared library", "Python"];

/// Cases that pass, by suite; one number a front.
type Suites = Vec<(String, Vec<u64>)>;

/// From the floors in the tests.
pub(super) fn floors() -> Result<Vec<Table>> {
    let mut all = Vec::new();
    for file in FILES {
        all.extend(floors_in(&markdown::read(&workspace::root().join(file))?));
    }
    tables(&all)
}

/// From a run of the tests. What else these groups test does not matter here.
pub(super) fn counted() -> Result<Vec<Table>> {
    let mut command: Command = workspace::cargo();
    let (_, output) = process::stream(command.args(["xtask", "test", "vectors", "python"]))?;
    let (counted, floors) = (tables(&counts_in(&output)?)?, floors()?);
    if counted == floors {
        return Ok(counted);
    }
    Err("a front did not run, or a floor in tests/ is not what passes now".into())
}

/// `name, "Title", path, 133, 133;` between `suites! {` and `}`.
fn floors_in(source: &str) -> Suites {
    let table = source.split("\nsuites! {").nth(1).and_then(|rest| rest.split("\n}").next());
    let suite = |line: &str| {
        let (_, rest) = line.split_once('"')?;
        let (title, rest) = rest.split_once('"')?;
        let floors = rest.trim_end_matches(';').split(", ").filter_map(|word| word.parse().ok());
        Some((title.to_owned(), floors.collect()))
    };
    table.unwrap_or_default().lines().filter_map(suite).collect()
}

/// `FRONT   TITLE   133 passed   0 skipped ...`, a line each.
fn counts_in(output: &str) -> Result<Suites> {
    let mut suites: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for line in output.lines() {
        // The test runner's dots may stand before it.
        let line = line.trim_start_matches(['.', ' ']);
        let found = FRONTS.iter().enumerate().find_map(|(position, front)| {
            let (counts, _) = line.strip_prefix(front)?.split_once(" passed ")?;
            let (title, passed) = counts.trim().rsplit_once(' ')?;
            Some((position, title.trim().to_owned(), passed.parse::<u64>().ok()?))
        });
        if let Some((position, title, passed)) = found {
            if !line.contains(" 0 failed") {
                return Err(format!("not all vectors pass: {line}"));
            }
            let counts = suites.entry(title).or_default();
            counts.resize(counts.len().max(position + 1), 0);
            counts[position] = passed;
        }
    }
    Ok(suites.into_iter().collect())
}

/// A table of every suite, sorted, and one that sums them up by where they are
/// from, which is the first word of a title.
fn tables(suites: &[(String, Vec<u64>)]) -> Result<Vec<Table>> {
    let fronts = suites.first().map_or(0, |(_, counts)| counts.len());
    if fronts == 0 || suites.iter().any(|(_, counts)| counts.len() != fronts) {
        return Err("every suite needs one number for each front".into());
    }
    let mut sums: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    let mut all: Vec<_> = suites.iter().collect();
    all.sort();
    for (title, counts) in &all {
        let sum = sums.entry(source(title)).or_insert_with(|| vec![0; fronts]);
        for (sum, count) in sum.iter_mut().zip(counts) {
            *sum += count;
        }
    }
    let row = |name: &str, counts: &[u64]| {
        [json!(name)].into_iter().chain(counts.iter().map(|count| json!(count))).collect()
    };
    let columns = [&["suite"], &FRONTS[..fronts]].concat();
    let rows = all.iter().map(|(title, counts)| row(title, counts)).collect();
    let summary = sums.iter().map(|(source, counts)| row(source, counts)).collect();
    Ok(vec![
        Table::new("vectors", &columns, rows),
        Table::new("vectors-summary", &[&["from"], &FRONTS[..fronts]].concat(), summary),
    ])
}

fn source(title: &str) -> &str {
    match title.split(' ').next().unwrap_or_default() {
        "RFC" => "RFCs",
        published @ ("Wycheproof" | "CAVP") => published,
        _ => "our own, of the device layer",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "suites\nsuites! {\n    // Rust API, shared library.\n    \
                          a, \"CAVP A\", path::a, 1500, 1499;\n    b, \"messages: b\", 3, 0;\n}\nfn x() {}\n";
    const OUTPUT: &str = "..Rust API        CAVP A       1500 passed      2 skipped    0 failed\n\
                          Rust API        messages: b     3 passed      0 skipped    0 failed\n\
                          shared library  CAVP A       1499 passed      0 skipped    0 failed\n\
                          shared library  messages: b     0 passed      3 skipped    0 failed\n\
                          test result: ok. 3 passed; 0 failed; 0 ignored\n";

    #[test]
    fn floors_and_counts_give_the_same_tables() {
        let floors = tables(&floors_in(SOURCE)).unwrap();
        assert_eq!(tables(&counts_in(OUTPUT).unwrap()).unwrap(), floors);
        assert_eq!(floors[0].rows[0], [json!("CAVP A"), json!(1500), json!(1499)]);
        assert_eq!(floors[1].rows[1], [json!("our own, of the device layer"), json!(3), json!(0)]);
    }

    #[test]
    fn a_vector_that_fails_is_an_error() {
        assert!(
            counts_in(&OUTPUT.replace("3 skipped    0 failed", "2 skipped    1 failed")).is_err()
        );
    }

    #[test]
    fn a_front_that_did_not_run_is_an_error() {
        let output = OUTPUT.replace("shared library  messages", "other           messages");
        assert!(tables(&counts_in(&output).unwrap()).is_err());
    }
}
