//! The command line of the runner; `cargo xtask bench` writes it.

use std::path::PathBuf;
use std::time::Duration;

use crate::Result;

/// What was asked for.
pub(crate) struct Arguments {
    /// Where CoreKey is installed: `lib/libcorekey.so`, `include/corekey.h`.
    pub(crate) prefix: PathBuf,
    /// Another installed build, to compare with.
    pub(crate) against: Option<PathBuf>,
    /// Shared objects of the peers.
    pub(crate) peers: Vec<PathBuf>,
    /// A few rounds only.
    pub(crate) quick: bool,
    /// Rows whose id has this in it.
    pub(crate) only: String,
    /// The tier whose rows are run.
    pub(crate) mask: String,
    /// Run one tier in this process and print its part of the report.
    pub(crate) part: bool,
    /// The largest slowdown that `--against` lets pass.
    pub(crate) tolerance: f64,
}

impl Arguments {
    /// How long all rounds of one row may take.
    pub(crate) fn row_time(&self) -> Duration {
        Duration::from_millis(if self.quick { 300 } else { 2500 })
    }
}

pub(crate) fn parse() -> Result<Arguments> {
    let mut arguments = Arguments {
        prefix: PathBuf::new(),
        against: None,
        peers: Vec::new(),
        quick: false,
        only: String::new(),
        mask: crate::mask::NONE.to_owned(),
        part: false,
        tolerance: 0.05,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--prefix" => arguments.prefix = value()?.into(),
            "--against" => arguments.against = Some(value()?.into()),
            "--peer" => arguments.peers.push(value()?.into()),
            "--only" => arguments.only = value()?,
            "--mask" => arguments.mask = value()?,
            "--part" => arguments.part = true,
            "--quick" => arguments.quick = true,
            "--tolerance" => arguments.tolerance = share(&value()?)?,
            other => return Err(format!("{other:?} is no argument of the runner")),
        }
    }
    if arguments.prefix.as_os_str().is_empty() {
        return Err("--prefix DIR is missing: where CoreKey is installed".into());
    }
    Ok(arguments)
}

/// A tolerance in percent, as a share.
fn share(text: &str) -> Result<f64> {
    match text.trim_end_matches('%').parse::<f64>() {
        Ok(percent) if (0.0..=1000.0).contains(&percent) => Ok(percent / 100.0),
        _ => Err(format!("{text:?} is no tolerance in percent")),
    }
}
