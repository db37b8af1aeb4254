//! `cargo xtask test`: everything that must hold, in groups.
//!
//! A group that fails does not stop the others. Minutes are printed per group
//! and the last line counts single tests. Relies on cargo; what else a group
//! needs it installs or names.

mod c_tests;
mod cli;
mod demo;
mod dialects;
mod docs;
mod independent;
mod python;
mod report;
mod rust;
mod vectors;

use std::time::Instant;

use crate::Result;
use report::{Group, Report};

pub(crate) const HELP: &str = "[GROUP...]
    Runs all tests, or only the groups named:
      format     the code is formatted
      clippy     no warning, with and without default features
      rust       tests and doc tests of the Rust packages
      drift      the C ABI is as recorded
      docs       API documentation, links, figures, what pages for newcomers promise
      dialects   the header compiles as every C and C++ it promises, the device
                 program as C99
      c          C tests, of the ABI and of the device program: plain, with the
                 archive, valgrind, sanitizers
      vectors    Wycheproof, CAVP and ours through the Rust API and the C ABI
      python     the wheel: its tag, tests, types, README, and all vectors
      second     the specifications, implemented a second time in Python
      cli        the command line, and its exchange with that and COSE libraries
      packaging  what is installed, and programs built with it
      demo       all of the demo's table holds, and it fails when it should
    A missing Debian package is installed where the user is root; otherwise the
    line to type is printed and the group counts as skipped (with CI=true as
    failed).";

type Run = fn(&mut Group);

/// The groups in the order they run: what fails soonest comes first.
const GROUPS: &[(&str, Run)] = &[
    ("format", rust::format),
    ("clippy", rust::clippy),
    ("rust", rust::tests),
    ("drift", drift),
    ("docs", docs::run),
    ("dialects", dialects::run),
    ("c", c_tests::run),
    ("vectors", vectors::run),
    ("python", python::run),
    ("second", independent::run),
    ("cli", cli::run),
    ("packaging", rust::packaging),
    ("demo", demo::run),
];

pub(crate) fn run(arguments: &[String]) -> Result {
    for name in arguments {
        if !GROUPS.iter().any(|(known, _)| known == name) {
            let known: Vec<&str> = GROUPS.iter().map(|(name, _)| *name).collect();
            return Err(format!("no group {name:?}; there are {}", known.join(", ")));
        }
    }
    let mut report = Report::default();
    for (name, run) in GROUPS {
        if !arguments.is_empty() && !arguments.iter().any(|wanted| wanted == name) {
            continue;
        }
        println!("\n=== {name}");
        let start = Instant::now();
        let mut group = Group::new(name);
        run(&mut group);
        report.add(group, start.elapsed());
    }
    report.print();
    if report.has_failed() {
        return Err("some tests failed".into());
    }
    Ok(())
}

/// Files that are made from others and committed must be up to date.
fn drift(group: &mut Group) {
    group.check("the C ABI is as recorded", || crate::abi::run(&[]));
}
