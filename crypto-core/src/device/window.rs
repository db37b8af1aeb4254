//! The replay window of one session: the highest counter seen and which of the
//! 64 up to it were (`docs/message.md`, freshness).

use crate::Error;

/// Counters that a window covers.
const WIDTH: u32 = 64;

/// Bit i of `seen` is set if counter `highest - i` was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    highest: u32,
    seen: u64,
}

impl Window {
    /// The window after a session's first message.
    pub(crate) fn first(counter: u32) -> Self {
        Self { highest: counter, seen: 1 }
    }

    /// A saved window, if it can be one.
    pub(crate) fn restore(highest: u32, seen: u64) -> Option<Self> {
        let possible = if highest < WIDTH - 1 { (1 << (highest + 1)) - 1 } else { u64::MAX };
        (seen & 1 == 1 && seen & !possible == 0).then_some(Self { highest, seen })
    }

    pub(crate) fn highest(&self) -> u32 {
        self.highest
    }

    pub(crate) fn seen(&self) -> u64 {
        self.seen
    }

    /// The window with `counter` marked.
    ///
    /// # Errors
    /// [`Error::Replay`] if it was seen; [`Error::Stale`] if it is below the
    /// window.
    pub(crate) fn mark(&self, counter: u32) -> Result<Self, Error> {
        if counter > self.highest {
            let ahead = counter - self.highest;
            let kept = self.seen.checked_shl(ahead).unwrap_or(0);
            return Ok(Self { highest: counter, seen: kept | 1 });
        }
        let behind = self.highest - counter;
        if behind >= WIDTH {
            return Err(Error::Stale);
        }
        let bit = 1 << behind;
        if self.seen & bit != 0 {
            return Err(Error::Replay);
        }
        Ok(Self { highest: self.highest, seen: self.seen | bit })
    }

    /// The counter nearest to the highest + 1 with this residue mod 2¹⁶, of two
    /// as near the higher (RFC 9000 appendix A.3).
    pub(crate) fn nearest(&self, residue: u16) -> u32 {
        const RANGE: u64 = 1 << 16;
        let expected = u64::from(self.highest) + 1;
        let candidate = (expected & !(RANGE - 1)) | u64::from(residue);
        let nearest = if candidate + RANGE / 2 <= expected {
            candidate + RANGE
        } else if candidate > expected + RANGE / 2 && candidate >= RANGE {
            candidate - RANGE
        } else {
            candidate
        };
        // Beyond the last counter there is none, so the one before is nearest.
        u32::try_from(nearest).unwrap_or_else(|_| (nearest - RANGE) as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The window against a plain set of counters, over every order of a few.
    #[test]
    fn a_counter_is_taken_once_and_never_from_below_the_window() {
        let steps = [0, 1, 2, 5, 62, 63, 64, 65, 66, 128, 129, 200, 1000];
        for first in steps {
            let mut window = Window::first(first);
            let mut seen = std::vec![first];
            for counter in steps.into_iter().chain(steps.into_iter().rev()) {
                let highest = *seen.iter().max().unwrap();
                let expected = if seen.contains(&counter) && highest < counter + WIDTH {
                    Err(Error::Replay)
                } else if counter + WIDTH <= highest {
                    Err(Error::Stale)
                } else {
                    Ok(())
                };
                let marked = window.mark(counter);
                assert_eq!(marked.map(|_| ()), expected, "{first} {counter}");
                if let Ok(next) = marked {
                    window = next;
                    seen.push(counter);
                }
            }
        }
    }

    #[test]
    fn the_nearest_counter_is_the_nearest() {
        let edges = [0, 1, 100, 32766, 32767, 32768, 65534, 65535, 65536, 1 << 20];
        for highest in edges.into_iter().chain([u32::MAX - 40_000, u32::MAX - 1]) {
            let window = Window::first(highest);
            for delta in -32767_i64..=32768 {
                let counter = i64::from(highest) + 1 + delta;
                let Ok(counter) = u32::try_from(counter) else { continue };
                assert_eq!(window.nearest(counter as u16), counter, "{highest} {delta}");
            }
        }
    }

    #[test]
    fn nothing_is_beyond_the_last_counter() {
        let window = Window::first(u32::MAX);
        assert_eq!(window.nearest(0), 0xffff_0000);
        assert_eq!(window.nearest(u16::MAX), u32::MAX);
        assert_eq!(Window::first(u32::MAX - 1).nearest(0), 0xffff_0000);
        assert_eq!(Window::first(u32::MAX - 1).nearest(u16::MAX), u32::MAX);
    }

    #[test]
    fn only_a_window_that_can_be_is_restored() {
        assert!(Window::restore(0, 1).is_some());
        assert!(Window::restore(0, 3).is_none());
        assert!(Window::restore(5, 0b11_1110).is_none());
        assert!(Window::restore(62, u64::MAX >> 1).is_some());
        assert!(Window::restore(62, u64::MAX).is_none());
        assert!(Window::restore(63, u64::MAX).is_some());
    }
}
