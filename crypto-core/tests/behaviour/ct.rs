//! Comparison in constant time says what `==` says.

use corekey::ct;
use proptest::collection::vec;
use proptest::prelude::*;

proptest! {
    #[test]
    fn equal_means_the_same_bytes(a in vec(0..2_u8, 0..6), b in vec(0..2_u8, 0..6)) {
        prop_assert_eq!(ct::equal(&a, &b), a == b);
    }
}
