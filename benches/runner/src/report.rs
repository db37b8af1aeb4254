//! The whole report: each tier in a child process, and what needs several rows.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::Result;
use crate::arguments::Arguments;
use crate::goal::{Goal, Outcome};
use crate::mask::MASKS;
use crate::rows::{UNSEEN, UNSEEN_PARTS};
use crate::tier::rounded;

/// The name under which the parts of several peers stand together.
const BEST_PARTS: &str = "best parts of several";

/// Runs all tiers and prints the report.
pub(crate) fn run(arguments: &Arguments) -> Result {
    let mut tiers = Vec::new();
    for mask in &MASKS {
        match child(arguments, mask.name) {
            Ok(mut tier) => {
                put_together(&mut tier);
                tiers.push(tier);
            }
            // A lower tier can be missing; without the first there is no report.
            Err(why) if !tiers.is_empty() => {
                eprintln!("{}: skipped: {why}", mask.name);
                tiers.push(json!({ "tier": mask.name, "text": mask.text, "skipped": why }));
            }
            Err(why) => return Err(why),
        }
    }
    println!("{}", json!({ "tiers": tiers }));
    Ok(())
}

/// One tier, in a process whose libraries have seen nothing yet.
fn child(arguments: &Arguments, mask: &str) -> Result<Value> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(program);
    command.arg("--part").args(["--mask", mask]).args(["--only", &arguments.only]);
    command.arg("--prefix").arg(&arguments.prefix);
    if arguments.quick {
        command.arg("--quick");
    }
    for peer in &arguments.peers {
        command.arg("--peer").arg(peer);
    }
    let output = command.stderr(Stdio::inherit()).output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("its process ended with {}", output.status));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())
}

/// Several libraries together may be the best chain of peers: the fastest
/// expansion of a ready key, of a new key, and open under a new key.
fn put_together(tier: &mut Value) {
    let best = |id: &str| {
        let row = tier["rows"].as_array()?.iter().find(|row| row["id"] == id)?;
        let outcome = Outcome { medians: medians(row), ..Outcome::default() };
        outcome.best_peer().map(|(_, median)| *median)
    };
    let Some(sum) = UNSEEN_PARTS.iter().map(|id| best(id)).sum::<Option<f64>>() else {
        return;
    };
    let rows = tier["rows"].as_array_mut().into_iter().flatten();
    for row in rows.filter(|row| row["id"] == UNSEEN) {
        if let Some(results) = row["results"].as_array_mut() {
            results.push(json!({ "name": BEST_PARTS, "kind": "peer", "ns": rounded(sum) }));
        }
        let outcome = Outcome { medians: medians(row), ..Outcome::default() };
        let again = Goal::Times(3.0).judge(&outcome);
        if let Some(goals) = row["goals"].as_array_mut() {
            goals.retain(|goal| goal["goal"] != again["goal"]);
            goals.insert(0, again);
        }
    }
}

fn medians(row: &Value) -> Vec<(String, f64)> {
    let results = row["results"].as_array().into_iter().flatten();
    results
        .filter_map(|result| Some((result["name"].as_str()?.to_owned(), result["ns"].as_f64()?)))
        .collect()
}
