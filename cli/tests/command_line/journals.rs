//! The boot journal of a device: its numbers never come twice.

use std::collections::HashSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};

use crate::support::{Scratch, feed, spawn};

fn boot(scratch: &Scratch) -> u64 {
    let message = scratch.run_with("seal --journal pump.journal --id pump-7", "x").ok().stdout;
    scratch.run_with("inspect --json", message).ok().json()["boot"].as_u64().unwrap()
}

#[test]
fn a_journal_holds_the_key_it_was_made_with() {
    let scratch = Scratch::with_journal();
    let shown = scratch.run("journal show --journal pump.journal --json").ok().json();
    let check = scratch.run("key check --key pump.key").ok();
    assert_eq!(shown["check_value"], check.text().trim());
    assert_eq!(shown["version"], 1);
    assert_eq!(scratch.mode("pump.journal"), 0o600);
    let made = "journal new --root root.key --id a --version 9 --out other.journal --json";
    assert_eq!(scratch.run(made).ok().json()["version"], 9);
}

#[test]
fn a_sealer_that_is_killed_never_repeats_a_boot() {
    let scratch = Scratch::with_journal();
    let mut seen = HashSet::new();
    for _ in 0..20 {
        let mut command = scratch.command("seal --journal pump.journal --id pump-7 --lines");
        let mut sealer = spawn(&mut command);
        writeln!(sealer.stdin.take().unwrap(), "x").unwrap();
        let mut line = String::new();
        BufReader::new(sealer.stdout.take().unwrap()).read_line(&mut line).unwrap();
        sealer.kill().unwrap();
        sealer.wait().unwrap();
        let told = scratch.run_with("inspect --json --encoding base64", line).ok().json();
        assert!(seen.insert(told["boot"].as_u64().unwrap()), "{told}");
    }
}

#[test]
fn one_process_at_a_time_uses_a_journal() {
    let scratch = Scratch::with_journal();
    let mut command = scratch.command("seal --journal pump.journal --id pump-7 --lines");
    let mut holder = spawn(&mut command);
    let mut payloads = holder.stdin.take().unwrap();
    writeln!(payloads, "x").unwrap();
    let mut line = String::new();
    BufReader::new(holder.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let refused = scratch.run_with("seal --journal pump.journal --id pump-7", "x");
    refused.refused(10, "another process has the boot journal's file open");
    drop(payloads);
    holder.wait().unwrap();
    assert_eq!(boot(&scratch), 2);
}

#[test]
fn sealers_that_wait_for_payloads_leave_the_journal_to_others() {
    let scratch = Scratch::with_journal();
    // The last to start gets its payload first.
    let mut sealers: Vec<_> = (0..4)
        .map(|_| spawn(&mut scratch.command("seal --journal pump.journal --id pump-7")))
        .collect();
    let mut boots = HashSet::new();
    while let Some(sealer) = sealers.pop() {
        let output = feed(sealer, b"x");
        assert!(output.status.success(), "{output:?}");
        let told = scratch.run_with("inspect --json", output.stdout).ok().json();
        assert!(boots.insert(told["boot"].as_u64().unwrap()));
    }
}

#[test]
fn a_lost_journal_seals_nothing() {
    let scratch = Scratch::with_journal();
    let len = fs::metadata(scratch.path("pump.journal")).unwrap().len() as usize;
    scratch.write_secret("pump.journal", vec![0xff; len]);
    let refused = scratch.run_with("seal --journal pump.journal --id pump-7", "x");
    refused.refused(6, "blank or damaged: provision the device anew");
    scratch.run("journal show --journal pump.journal").exits(6);
    scratch.write_secret("pump.journal", vec![0xff; len - 1]);
    scratch.run("journal show --journal pump.journal").refused(7, "cut off");
}
