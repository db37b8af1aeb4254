//! `cargo xtask test`: everything that must hold, in groups.
//!
//! A group that fails does not stop the others. Minutes are printed per group
//! and the last line counts single tests. Relies on cargo; what else a group
//! needs it installs or names.

mod aarch64;
mod c_tests;
mod dialects;
mod docs;
mod independent;
mod report;
mod rust;
mod vectors;

use std::time::Instant;

use crate::{Result, process, workspace};
use report::{Group, Report};

pub(crate) const HELP: &str = "[GROUP...]
    Runs all tests, or only the groups named:
      format     the code is formatted
      clippy     no warning, with and without default features
      rust       tests and doc tests of the Rust packages
      aarch64    tests of the core on an emulated AArch64, with and without its
                 instructions for AES and SHA-256
      drift      the C ABI is as recorded
      docs       API documentation, links, the README's programs
      dialects   the header compiles as every C and C++ it promises
      c          C tests: plain, with the archive, valgrind, sanitizers
      vectors    Wycheproof, CAVP and ours through the Rust API and the C ABI
      second     the specifications, implemented a second time in Python
      packaging  what is installed, and programs built with it
      demo       the demo runs
    A missing Debian package is installed where the user is root; otherwise the
    line to type is printed and the group counts as skipped (with CI=true as
    failed).";

type Run = fn(&mut Group);

/// The groups in the order they run: what fails soonest comes first.
const GROUPS: &[(&str, Run)] = &[
    ("format", rust::format),
    ("clippy", rust::clippy),
    ("rust", rust::tests),
    ("aarch64", aarch64::run),
    ("drift", drift),
    ("docs", docs::run),
    ("dialects", dialects::run),
    ("c", c_tests::run),
    ("vectors", vectors::run),
    ("second", independent::run),
    ("packaging", rust::packaging),
    ("demo", demo),
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

/// The demo as a newcomer runs it.
fn demo(group: &mut Group) {
    group.check("the demo runs to its end", || {
        process::run(workspace::cargo().args(["xtask", "demo"]))
    });
}
