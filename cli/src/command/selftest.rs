//! `corekey selftest`: does this build give the published answers here?

use crate::command::speed::tiers;
use crate::exit::{Outcome, of};
use crate::report::Report;

/// Check every algorithm against its published answers.
///
/// Every command that uses a key does so first. A wrong answer is exit code 11.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "Examples:
  $ corekey selftest
  $ corekey selftest --json")]
pub(crate) struct Args {
    /// Report as JSON: selftest, version, implementation.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Outcome {
    corekey::selftest::run().map_err(of("self-test"))?;
    Report::new()
        .with("selftest", "passed")
        .with("version", env!("CARGO_PKG_VERSION"))
        .with("implementation", tiers())
        .print(args.json)
}
