//! HKDF: extract, expand and both in one agree, and lengths are those of
//! RFC 5869.

use corekey::Error;
use corekey::kdf::{self, Prk};
use corekey::mac::HmacKey;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::{HASHES, UNTOUCHED, any_hash, pattern, pieces};

proptest! {
    #[test]
    fn all_ways_to_a_derived_key_agree(
        algorithm in any_hash(),
        salt in vec(any::<u8>(), 0..150),
        ikm in vec(any::<u8>(), 0..150),
        info in pieces(60),
        len in 1..300_usize,
    ) {
        let whole = info.concat();
        let mut expected = vec![0; len];
        kdf::hkdf(algorithm, &salt, &ikm, &whole, &mut expected).unwrap();

        let prk = Prk::extract(algorithm, &salt, &ikm);
        let mut okm = vec![0; len];
        prk.expand(&whole, &mut okm).unwrap();
        prop_assert_eq!(&okm, &expected);

        let parts: Vec<_> = info.iter().map(Vec::as_slice).collect();
        let mut okm = vec![0; len];
        prk.expand_parts(&parts, &mut okm).unwrap();
        prop_assert_eq!(&okm, &expected);

        // RFC 5869 §2.2: the pseudorandom key is HMAC(salt, ikm).
        let bytes = HmacKey::new(algorithm, &salt).mac(&ikm);
        let mut okm = vec![0; len];
        Prk::from_bytes(algorithm, bytes.as_bytes()).unwrap().expand(&whole, &mut okm).unwrap();
        prop_assert_eq!(&okm, &expected);
    }
}

#[test]
fn outputs_from_one_byte_to_255_digests_are_made_and_no_others() {
    for &algorithm in HASHES {
        let prk = Prk::extract(algorithm, b"salt", b"secret");
        let most = 255 * algorithm.digest_len();
        let mut longest = vec![0; most];
        prk.expand(b"info", &mut longest).unwrap();
        for len in [0, 1, 31, 32, 33, 64, 65, most - 1, most, most + 1] {
            let mut okm = vec![UNTOUCHED; len];
            let outcome = prk.expand(b"info", &mut okm);
            let mut in_one = vec![UNTOUCHED; len];
            let outcome_in_one = kdf::hkdf(algorithm, b"salt", b"secret", b"info", &mut in_one);
            if len == 0 || len > most {
                assert_eq!(outcome, Err(Error::InvalidLength), "{algorithm:?}, {len} bytes");
                assert_eq!(outcome_in_one, Err(Error::InvalidLength));
                assert_eq!(okm, vec![UNTOUCHED; len], "nothing may be written");
                assert_eq!(in_one, okm);
            } else {
                assert_eq!((outcome, outcome_in_one), (Ok(()), Ok(())));
                assert_eq!(okm, longest[..len], "a shorter output is the start of a longer one");
                assert_eq!(in_one, okm);
            }
        }
    }
}

#[test]
fn an_empty_salt_is_a_digest_of_zeros() {
    for &algorithm in HASHES {
        let zeros = vec![0; algorithm.digest_len()];
        let (mut empty, mut zeroed) = ([0; 32], [0; 32]);
        Prk::extract(algorithm, b"", b"secret").expand(b"", &mut empty).unwrap();
        Prk::extract(algorithm, &zeros, b"secret").expand(b"", &mut zeroed).unwrap();
        assert_eq!(empty, zeroed);
    }
}

#[test]
fn a_pseudorandom_key_shorter_than_a_digest_is_refused() {
    for &algorithm in HASHES {
        let bytes = pattern(algorithm.digest_len() + 1);
        for len in 0..=bytes.len() {
            let prk = Prk::from_bytes(algorithm, &bytes[..len]);
            if len < algorithm.digest_len() {
                assert_eq!(prk.err(), Some(Error::InvalidLength), "{algorithm:?}, {len} bytes");
            } else {
                assert_eq!(prk.map(|prk| prk.algorithm()), Ok(algorithm));
            }
        }
    }
}

#[test]
fn every_changed_byte_of_any_input_gives_another_key() {
    let inputs = [pattern(20), pattern(32), pattern(9)];
    let derive = |[salt, ikm, info]: &[Vec<u8>; 3]| {
        let mut okm = [0; 32];
        kdf::hkdf(HASHES[0], salt, ikm, info, &mut okm).unwrap();
        okm
    };
    let mut seen = vec![derive(&inputs)];
    for which in 0..inputs.len() {
        for byte in 0..inputs[which].len() {
            let mut changed = inputs.clone();
            changed[which][byte] ^= 1;
            let okm = derive(&changed);
            assert!(!seen.contains(&okm), "input {which}, byte {byte}");
            seen.push(okm);
        }
    }
}
