//! What a row shall reach, and whether it did.

use serde_json::{Value, json};

use crate::contender::{C, LIMIT, RUST, is_peer};
use crate::tier::rounded;

/// One goal of a row. All are for CoreKey through its Rust API, but
/// [`Goal::OverRust`].
#[derive(Clone, Copy)]
pub(crate) enum Goal {
    /// So many times as fast as the best peer.
    Times(f64),
    /// Not behind a peer by name.
    Behind(&'static str),
    /// At least this share of what the CPU can do.
    OfLimit(f64),
    /// So many nanoseconds at most.
    AtMostNs(f64),
    /// The C ABI takes so many nanoseconds more than Rust at most.
    OverRust(f64),
    /// At most one part in so many of the stack of a peer by name.
    SmallStack(&'static str, f64),
}

/// A row's medians in nanoseconds, its stack, and what the C ABI adds.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) medians: Vec<(String, f64)>,
    pub(crate) stacks: Vec<(String, usize)>,
    pub(crate) c_over_rust: Option<f64>,
}

impl Outcome {
    pub(crate) fn median(&self, name: &str) -> Option<f64> {
        self.medians.iter().find(|(known, _)| known == name).map(|(_, median)| *median)
    }

    fn stack(&self, name: &str) -> Option<f64> {
        self.stacks.iter().find(|(known, _)| known == name).map(|(_, bytes)| *bytes as f64)
    }

    /// The fastest that is not ours.
    pub(crate) fn best_peer(&self) -> Option<&(String, f64)> {
        let peers = self.medians.iter().filter(|(name, _)| is_peer(name));
        peers.min_by(|(_, one), (_, other)| one.total_cmp(other))
    }
}

impl Goal {
    /// The goal beside what was measured; `reached` is null if it could not be.
    pub(crate) fn judge(self, outcome: &Outcome) -> Value {
        let (text, wanted, found, reached) = self.compare(outcome);
        json!({ "goal": text, "wanted": wanted, "found": found.map(rounded), "reached": reached })
    }

    /// Whether it is about the stack.
    pub(crate) fn needs_stack(self) -> bool {
        matches!(self, Self::SmallStack(..))
    }

    fn compare(self, outcome: &Outcome) -> (String, f64, Option<f64>, Option<bool>) {
        let ours = outcome.median(RUST);
        // Ratios are judged as they are printed.
        let at_least = |wanted: f64, found: Option<f64>| {
            (wanted, found, found.map(|found| (found * 100.0).round() >= wanted * 100.0))
        };
        let at_most = |wanted: f64, found: Option<f64>| {
            (wanted, found, found.map(|found| (found * 10.0).round() <= wanted * 10.0))
        };
        let over = |other: Option<f64>| Some(other? / ours?);
        let (text, (wanted, found, reached)) = match self {
            Self::Times(wanted) => {
                let best = outcome.best_peer().map(|(_, median)| *median);
                ("times the best peer's speed".to_owned(), at_least(wanted, over(best)))
            }
            Self::Behind(peer) => {
                (format!("times {peer}'s speed"), at_least(1.0, over(outcome.median(peer))))
            }
            Self::OfLimit(wanted) => {
                (format!("of {LIMIT}"), at_least(wanted, over(outcome.median(LIMIT))))
            }
            Self::AtMostNs(wanted) => ("ns at most".to_owned(), at_most(wanted, ours)),
            Self::OverRust(wanted) => {
                (format!("ns of {C} over {RUST} at most"), at_most(wanted, outcome.c_over_rust))
            }
            Self::SmallStack(peer, wanted) => {
                let share = || Some(outcome.stack(peer)? / outcome.stack(RUST)?.max(1.0));
                (format!("times less stack than {peer}"), at_least(wanted, share()))
            }
        };
        (text, wanted, found, reached)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome() -> Outcome {
        Outcome {
            medians: [
                (RUST, 20.0),
                (C, 22.0),
                ("ring", 100.0),
                ("RustCrypto", 50.0),
                (LIMIT, 19.0),
            ]
            .map(|(name, median)| (name.to_owned(), median))
            .to_vec(),
            stacks: [(RUST, 1000), ("RustCrypto", 3000)]
                .map(|(name, bytes)| (name.to_owned(), bytes))
                .to_vec(),
            c_over_rust: Some(2.0),
        }
    }

    fn reached(goal: Goal) -> Option<bool> {
        goal.compare(&outcome()).3
    }

    #[test]
    fn the_best_peer_is_neither_ours_nor_the_limit() {
        assert_eq!(outcome().best_peer().map(|(name, _)| name.as_str()), Some("RustCrypto"));
    }

    #[test]
    fn each_goal_is_reached_at_its_bound_and_missed_below() {
        for (met, missed) in [
            (Goal::Times(2.5), Goal::Times(2.51)),
            (Goal::OfLimit(0.95), Goal::OfLimit(0.96)),
            (Goal::AtMostNs(20.0), Goal::AtMostNs(19.9)),
            (Goal::OverRust(2.0), Goal::OverRust(1.9)),
            (Goal::SmallStack("RustCrypto", 3.0), Goal::SmallStack("RustCrypto", 3.1)),
        ] {
            assert_eq!((reached(met), reached(missed)), (Some(true), Some(false)));
        }
        assert_eq!(reached(Goal::Behind("ring")), Some(true));
    }

    #[test]
    fn what_was_not_measured_is_neither_reached_nor_missed() {
        assert_eq!(reached(Goal::Behind("wolfSSL")), None);
        assert_eq!(Goal::Times(2.0).compare(&Outcome::default()).3, None);
    }
}
