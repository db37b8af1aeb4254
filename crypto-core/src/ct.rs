//! Comparison of secrets in constant time. Relies on `subtle`.

#![forbid(unsafe_code)]

use subtle::ConstantTimeEq;

/// Whether `a` and `b` hold the same bytes. The lengths are public; the time
/// taken depends on them and on nothing else. Slices of different lengths are
/// not equal.
#[must_use]
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

#[cfg(test)]
mod tests {
    use super::equal;

    #[test]
    fn equal_slices_are_equal_and_any_changed_byte_is_seen() {
        let a = [0xa5_u8; 67];
        assert!(equal(&a, &a));
        for i in 0..a.len() {
            for bit in 0..8 {
                let mut b = a;
                b[i] ^= 1 << bit;
                assert!(!equal(&a, &b), "byte {i}, bit {bit}");
            }
        }
    }

    #[test]
    fn lengths_that_differ_are_not_equal() {
        assert!(!equal(b"", b"a"));
        assert!(!equal(b"ab", b"a"));
        assert!(equal(b"", b""));
    }
}
