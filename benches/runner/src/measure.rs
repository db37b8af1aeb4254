//! Interleaved rounds: in each, every contender runs once for a slice of time,
//! and the one that begins moves on. What disturbs the machine then disturbs
//! all alike, and medians over the rounds drop it.

use std::time::{Duration, Instant};

use peer::Work;

/// How long one contender runs at a time.
const SLICE: Duration = Duration::from_micros(250);
/// Fewer rounds than this have no median worth the name.
const MIN_ROUNDS: usize = 11;
const MAX_ROUNDS: usize = 1001;

/// How often a slice is run again in which the core went to another program.
const TRIES: usize = 5;

/// A contender's job and how it went.
pub(crate) struct Timed {
    pub(crate) name: String,
    work: Box<dyn Work>,
    operations: u64,
    turns: u64,
    /// Nanoseconds for each operation, round by round.
    pub(crate) rounds: Vec<f64>,
}

impl Timed {
    pub(crate) fn new(name: String, work: Box<dyn Work>, operations: u64) -> Self {
        Self { name, work, operations, turns: 1, rounds: Vec::new() }
    }

    /// Finds how many turns fill a slice; this also warms caches up.
    fn calibrate(&mut self) -> Duration {
        let mut turns = 1;
        loop {
            let start = Instant::now();
            self.work.run(turns);
            let taken = start.elapsed();
            if taken * 4 >= SLICE {
                let fit = SLICE.as_secs_f64() / taken.as_secs_f64();
                self.turns = ((turns as f64 * fit) as u64).max(1);
                return taken.div_f64(turns as f64) * self.turns as u32;
            }
            turns *= 2;
        }
    }

    fn round(&mut self) {
        let mut nanoseconds = 0.0;
        for _ in 0..TRIES {
            // What the one before left in caches and predictors is not ours to
            // pay.
            self.work.run(self.turns.div_ceil(8));
            let before = switches();
            let start = Instant::now();
            self.work.run(self.turns);
            nanoseconds = start.elapsed().as_nanos() as f64;
            if switches() == before {
                break;
            }
        }
        self.rounds.push(nanoseconds / (self.turns * self.operations) as f64);
    }

    pub(crate) fn median(&self) -> f64 {
        quantile(&self.rounds, 0.5)
    }
}

/// Runs all in interleaved rounds for about `time`.
pub(crate) fn interleaved(all: &mut [Timed], time: Duration) {
    let round: Duration = all.iter_mut().map(Timed::calibrate).sum();
    let fit = time.as_secs_f64() / (round.as_secs_f64() * 1.125);
    let rounds = (fit as usize).clamp(MIN_ROUNDS, MAX_ROUNDS);
    for first in 0..rounds {
        let count = all.len();
        for place in 0..count {
            all[(first + place) % count].round();
        }
    }
}

/// How often the system has taken the core from this thread.
fn switches() -> i64 {
    // SAFETY: the system fills a struct of ours.
    unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_THREAD, &raw mut usage);
        usage.ru_nivcsw
    }
}

/// A quantile of some numbers; not a number if there are none.
pub(crate) fn quantile(numbers: &[f64], share: f64) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = (sorted.len().saturating_sub(1)) as f64 * share;
    sorted.get(place.round() as usize).copied().unwrap_or(f64::NAN)
}

/// The median of the differences of two, round by round.
pub(crate) fn median_difference(one: &Timed, other: &Timed) -> f64 {
    let pairs = one.rounds.iter().zip(&other.rounds);
    quantile(&pairs.map(|(one, other)| one - other).collect::<Vec<_>>(), 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_the_sorted_numbers() {
        let numbers = [5.0, 1.0, 4.0, 2.0, 3.0];
        assert_eq!([0.0, 0.5, 1.0].map(|share| quantile(&numbers, share)), [1.0, 3.0, 5.0]);
        assert!(quantile(&[], 0.5).is_nan());
    }
}
