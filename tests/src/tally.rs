//! What a suite counts through one front: cases passed, skipped and failed.
//!
//! A skip has a reason that says what CoreKey does not offer. Cases of other
//! algorithms in other files are not read, so they are not skips either.

use std::collections::BTreeMap;
use std::fmt;

/// The counts of one suite through one front.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    passed: usize,
    skipped: BTreeMap<&'static str, usize>,
    failures: Vec<String>,
}

impl Tally {
    /// Counts a case, named by what it takes to find it again.
    pub fn count(&mut self, case: &dyn fmt::Display, outcome: Result<(), String>) {
        match outcome {
            Ok(()) => self.passed += 1,
            Err(problem) => self.failures.push(format!("{case}: {problem}")),
        }
    }

    /// Counts a case that asks for what CoreKey does not offer.
    pub fn skip(&mut self, reason: &'static str) {
        *self.skipped.entry(reason).or_default() += 1;
    }

    /// The number of cases that passed.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.passed
    }

    /// A line for each case that failed.
    #[must_use]
    pub fn failures(&self) -> &[String] {
        &self.failures
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let skipped: usize = self.skipped.values().sum();
        let (passed, failed) = (self.passed, self.failures.len());
        write!(f, "{passed:>6} passed {skipped:>6} skipped {failed:>4} failed")?;
        for (position, (reason, count)) in self.skipped.iter().enumerate() {
            let before = if position == 0 { "   skipped:" } else { "," };
            write!(f, "{before} {count} {reason}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_names_what_was_skipped() {
        let mut tally = Tally::default();
        tally.count(&"case 1", Ok(()));
        tally.count(&"case 2", Err("wrong tag".into()));
        tally.skip("192-bit key");
        tally.skip("192-bit key");
        assert_eq!(tally.passed(), 1);
        assert_eq!(tally.failures(), ["case 2: wrong tag"]);
        assert!(tally.to_string().ends_with("skipped: 2 192-bit key"), "{tally}");
    }
}
