//! The runner behind `cargo xtask bench`: opens CoreKey and its peers, runs
//! them interleaved, row by row, and prints one JSON report.
//!
//! `--mask NAME` runs the rows of a lower tier in a process whose libraries do
//! not see some of the CPU's features ([`mask`]). `--against` compares two
//! builds of libcorekey.so instead ([`against`]).

mod against;
mod arguments;
mod c_abi;
mod contender;
mod goal;
mod library;
mod limits;
mod mask;
mod measure;
mod report;
mod rows;
mod stack;
mod tier;

use std::process::ExitCode;

/// An error is a sentence for the developer to read.
type Result<T = ()> = std::result::Result<T, String>;

fn main() -> ExitCode {
    let outcome = arguments::parse().and_then(|arguments| match &arguments.against {
        Some(_) => against::run(&arguments),
        None if arguments.part => tier::run_part(&arguments),
        None => report::run(&arguments),
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("corekey-bench: {message}");
            ExitCode::FAILURE
        }
    }
}
