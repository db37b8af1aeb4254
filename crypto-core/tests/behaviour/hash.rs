//! Hashing: pieces and one shot agree.

use corekey::hash::{self, Hash};
use proptest::prelude::*;

use crate::{HASHES, any_hash, pattern, pieces};

proptest! {
    #[test]
    fn a_message_in_pieces_has_the_digest_of_the_whole(
        algorithm in any_hash(),
        pieces in pieces(700),
    ) {
        let mut hash = Hash::new(algorithm);
        for piece in &pieces {
            hash.update(piece);
        }
        prop_assert_eq!(hash.finish(), hash::digest(algorithm, &pieces.concat()));
    }
}

#[test]
fn every_split_around_the_block_boundaries_has_the_same_digest() {
    for &algorithm in HASHES {
        let message = pattern(260);
        let whole = hash::digest(algorithm, &message);
        for at in 0..=message.len() {
            let (first, second) = message.split_at(at);
            let mut hash = Hash::new(algorithm);
            hash.update(first);
            hash.update(second);
            assert_eq!(hash.finish(), whole, "{algorithm:?} split at {at}");
        }
    }
}

#[test]
fn digests_have_the_length_and_the_hash_that_were_asked_for() {
    for &algorithm in HASHES {
        let hash = Hash::new(algorithm);
        assert_eq!(hash.algorithm(), algorithm);
        let digest = hash.finish();
        assert_eq!(digest.as_bytes().len(), algorithm.digest_len());
        assert_eq!(digest.as_ref(), digest.as_bytes());
    }
}

#[test]
fn digests_of_different_messages_or_hashes_are_not_equal() {
    let digests: Vec<_> = HASHES
        .iter()
        .flat_map(|&algorithm| [b"a", b"b"].map(|message| hash::digest(algorithm, message)))
        .collect();
    for (i, a) in digests.iter().enumerate() {
        for (j, b) in digests.iter().enumerate() {
            assert_eq!(a == b, i == j, "{i} and {j}");
        }
    }
}
