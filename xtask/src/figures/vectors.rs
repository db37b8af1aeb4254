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

/// From a run of the tests.
pub(super) fn counted() -> Result<Vec<Table>> {
    let mut command: Command = workspace::cargo();
    let (status, output) = process::stream(command.args(["xtask", "test", "vectors"]))?;
    if !status.success() {
        return Err("the vectors do not all pass".into());
    }
    tables(&counts_in(&output))
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
fn counts_in(output: &str) -> Suites {
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
            let counts = suites.entry(title).or_default();
            counts.resize(counts.len().max(position + 1), 0);
            counts[position] = passed;
        }
    }
    suites.into_iter().collect()
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
