//! One tier: all its rows, in a process of its own, so that libraries that died
//! or were masked do not touch the others.

use serde_json::{Value, json};

use crate::arguments::Arguments;
use crate::contender::{C, Contender, LIMIT, RUST, kind};
use crate::goal::Outcome;
use crate::mask::{self, Mask};
use crate::measure::{self, Timed};
use crate::rows::{self, Row};
use crate::{Result, limits, stack};

/// Runs the rows of one tier and prints its part of the report.
pub(crate) fn run_part(arguments: &Arguments) -> Result {
    let mask = mask::find(&arguments.mask)?;
    let outcome = part(arguments, mask);
    mask::clean_up();
    println!("{}", outcome?);
    Ok(())
}

fn part(arguments: &Arguments, mask: &Mask) -> Result<Value> {
    let (contenders, mut missing) = contenders(arguments, mask)?;
    let mut rows = Vec::new();
    for row in rows::of(mask.name).iter().filter(|row| row.id.contains(&arguments.only)) {
        eprintln!("  {}: {}", mask.name, row.title);
        rows.push(measure_row(arguments, row, &contenders)?);
    }
    let rates = match mask.name {
        mask::NONE if arguments.only.is_empty() => limits::rates(arguments.row_time()),
        _ => Vec::new(),
    };
    missing.sort_by_key(|value| value["name"].as_str().map(str::to_owned));
    Ok(json!({
        "tier": mask.name,
        "text": mask.text,
        "rows": rows,
        "missing": missing,
        "libraries": contenders.iter().filter(|contender| contender.name != LIMIT).map(|contender| {
            json!({ "name": contender.name, "release": contender.release, "how": contender.how })
        }).collect::<Vec<_>>(),
        "limits": rates.iter().map(|rate| {
            json!({ "name": rate.name, "unit": rate.unit, "value": rounded(rate.value) })
        }).collect::<Vec<_>>(),
    }))
}

/// All that can be opened, ours first; and what cannot, with the reason.
fn contenders(arguments: &Arguments, mask: &Mask) -> Result<(Vec<Contender>, Vec<Value>)> {
    let mut found = vec![Contender::c_abi(C, &arguments.prefix, mask)?];
    let mut missing = Vec::new();
    for path in &arguments.peers {
        match Contender::peer(path, mask) {
            Ok(contender) => found.push(contender),
            Err(why) => missing.push(json!({ "name": path.display().to_string(), "why": why })),
        }
    }
    found.sort_by_key(|contender| contender.is_peer());
    if !found.iter().any(|contender| contender.name == RUST) {
        return Err(format!("{RUST} could not be opened: {missing:?}"));
    }
    found.push(Contender::limit());
    Ok((found, missing))
}

fn measure_row(arguments: &Arguments, row: &Row, contenders: &[Contender]) -> Result<Value> {
    agree(row, contenders)?;
    let mut timed: Vec<Timed> = contenders
        .iter()
        .filter_map(|contender| {
            let work = contender.prepare(row.job, row.len)?;
            Some(Timed::new(contender.name.clone(), work, row.job.operations()))
        })
        .collect();
    measure::interleaved(&mut timed, arguments.row_time());
    let mut outcome = Outcome {
        medians: timed.iter().map(|one| (one.name.clone(), one.median())).collect(),
        ..Outcome::default()
    };
    let find = |name| timed.iter().find(|one| one.name == name);
    if let (Some(c), Some(rust)) = (find(C), find(RUST)) {
        outcome.c_over_rust = Some(measure::median_difference(c, rust));
    }
    outcome.stacks = stacks(row, contenders);
    Ok(json!({
        "id": row.id,
        "title": row.title,
        "len": row.len,
        "rounds": timed.first().map(|one| one.rounds.len()),
        "results": timed.iter().map(|one| json!({
            "name": one.name,
            "kind": kind(&one.name),
            "ns": rounded(one.median()),
            "low": rounded(measure::quantile(&one.rounds, 0.25)),
            "high": rounded(measure::quantile(&one.rounds, 0.75)),
        })).collect::<Vec<_>>(),
        "stacks": outcome.stacks.iter().map(|(name, bytes)| {
            json!({ "name": name, "bytes": bytes })
        }).collect::<Vec<_>>(),
        "c_over_rust": outcome.c_over_rust.map(rounded),
        "goals": row.goals.iter().map(|goal| goal.judge(&outcome)).collect::<Vec<_>>(),
    }))
}

/// All that do a job must compute the same; nothing else is worth timing.
fn agree(row: &Row, contenders: &[Contender]) -> Result {
    // Each of the messages once: whether one works in place or from buffer to
    // buffer shows from the second time on.
    const TURNS: u64 = 16;
    let mut first: Option<(&str, Vec<u8>)> = None;
    for contender in contenders.iter().filter(|contender| contender.name != LIMIT) {
        let Some(mut work) = contender.prepare(row.job, row.len) else {
            continue;
        };
        work.run(TURNS);
        let output = work.output();
        match &first {
            None => first = Some((&contender.name, output)),
            Some((_, wanted)) if *wanted == output => {}
            Some((name, _)) => {
                return Err(format!("{}: {} and {name} differ", row.title, contender.name));
            }
        }
    }
    Ok(())
}

/// The stack that each takes, where a goal asks for it.
fn stacks(row: &Row, contenders: &[Contender]) -> Vec<(String, usize)> {
    if !row.goals.iter().any(|goal| goal.needs_stack()) {
        return Vec::new();
    }
    let used = |contender: &Contender| {
        let mut work = contender.prepare(row.job, row.len)?;
        // The first turn may detect and initialise.
        work.run(1);
        Some((contender.name.clone(), stack::used(&mut *work)?))
    };
    contenders.iter().filter(|contender| contender.name != LIMIT).filter_map(used).collect()
}

/// Four digits are more than a measurement is worth.
pub(crate) fn rounded(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let scale = 10_f64.powi(3 - value.abs().log10().floor() as i32);
    (value * scale).round() / scale
}
