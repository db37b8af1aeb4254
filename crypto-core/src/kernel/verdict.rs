//! The one place where the outcome of a comparison of secrets becomes public.
//!
//! What is compared, and how two values differ, stays secret; whether they
//! differ at all is the answer that a caller gets. Checkers of constant time
//! know this function by its name.

/// Whether `difference`, in which every difference of what was compared has
/// left at least one bit, is zero.
#[inline(never)]
pub(crate) fn is_zero(difference: u64) -> bool {
    difference == 0
}

#[cfg(test)]
mod tests {
    use super::is_zero;

    #[test]
    fn every_bit_counts() {
        assert!(is_zero(0));
        assert!((0..64).all(|bit| !is_zero(1 << bit)));
    }
}
