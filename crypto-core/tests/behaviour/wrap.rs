//! AES key wrap: every length comes back, everything that differs is refused
//! and leaves zeros, and a call that is wrong writes nothing.

use aes::cipher::{BlockCipherEncrypt, KeyInit};
use corekey::Error;
use corekey::wrap::{WrapAlgorithm, WrapKey, wrapped_len};

use crate::{UNTOUCHED, pattern};

const ALGORITHMS: [WrapAlgorithm; 2] = [WrapAlgorithm::AesKw, WrapAlgorithm::AesKwp];
const KEK_LENGTHS: [usize; 2] = [16, 32];

fn wrapping_key(len: usize) -> WrapKey {
    WrapKey::new(&pattern(len)).unwrap()
}

fn takes(algorithm: WrapAlgorithm, len: usize) -> bool {
    match algorithm {
        WrapAlgorithm::AesKw => len >= 16 && len.is_multiple_of(8),
        _ => len >= 1,
    }
}

fn wrapped(kek: &WrapKey, algorithm: WrapAlgorithm, key: &[u8]) -> Vec<u8> {
    let mut out = vec![UNTOUCHED; wrapped_len(algorithm, key.len()).unwrap()];
    assert_eq!(kek.wrap(algorithm, key, &mut out), Ok(out.len()));
    out
}

/// An unwrap that must be refused.
fn assert_refused(kek: &WrapKey, algorithm: WrapAlgorithm, wrapped: &[u8], what: &str) {
    let padded = wrapped.len() - 8;
    let mut out = vec![UNTOUCHED; padded + 5];
    let refused = kek.unwrap(algorithm, wrapped, &mut out);
    assert_eq!(refused, Err(Error::Unverified), "{algorithm:?}: {what}");
    assert_eq!(out[..padded], vec![0; padded], "{algorithm:?}: {what}");
    assert_eq!(out[padded..], [UNTOUCHED; 5], "{algorithm:?}: {what}");
}

#[test]
fn keys_of_every_length_come_back_or_are_refused() {
    for kek_len in KEK_LENGTHS {
        let kek = wrapping_key(kek_len);
        for algorithm in ALGORITHMS {
            for len in 0..=300 {
                let key = pattern(len);
                if !takes(algorithm, len) {
                    let mut out = [UNTOUCHED; 320];
                    let refused = kek.wrap(algorithm, &key, &mut out);
                    assert_eq!(refused, Err(Error::InvalidLength), "{algorithm:?}, {len}");
                    assert_eq!(wrapped_len(algorithm, len), Err(Error::InvalidLength));
                    assert_eq!(out, [UNTOUCHED; 320]);
                    continue;
                }
                let wrapped = wrapped(&kek, algorithm, &key);
                let padded = len.next_multiple_of(8);
                assert_eq!(wrapped.len(), padded + 8);
                let mut out = vec![UNTOUCHED; padded + 5];
                assert_eq!(kek.unwrap(algorithm, &wrapped, &mut out), Ok(len));
                assert_eq!(out[..len], key);
                assert_eq!(out[len..padded], vec![0; padded - len], "padding is zeros");
                assert_eq!(out[padded..], [UNTOUCHED; 5]);
            }
        }
    }
}

#[test]
fn every_changed_bit_is_refused_and_leaves_zeros() {
    let kek = wrapping_key(32);
    for algorithm in ALGORITHMS {
        for len in [1, 7, 8, 9, 16, 17, 24, 32, 33, 64] {
            if !takes(algorithm, len) {
                continue;
            }
            let good = wrapped(&kek, algorithm, &pattern(len));
            for bit in 0..8 * good.len() {
                let mut changed = good.clone();
                changed[bit / 8] ^= 1 << (bit % 8);
                assert_refused(&kek, algorithm, &changed, &format!("{len} bytes, bit {bit}"));
            }
        }
    }
}

#[test]
fn every_other_wrapping_key_is_refused() {
    for kek_len in KEK_LENGTHS {
        for algorithm in ALGORITHMS {
            let good = wrapped(&wrapping_key(kek_len), algorithm, &pattern(32));
            for bit in 0..8 * kek_len {
                let mut secret = pattern(kek_len);
                secret[bit / 8] ^= 1 << (bit % 8);
                let other = WrapKey::new(&secret).unwrap();
                assert_refused(&other, algorithm, &good, &format!("bit {bit} of the KEK"));
            }
        }
    }
}

#[test]
fn one_algorithm_does_not_unwrap_what_the_other_wrapped() {
    let kek = wrapping_key(16);
    let kw = wrapped(&kek, WrapAlgorithm::AesKw, &pattern(32));
    let kwp = wrapped(&kek, WrapAlgorithm::AesKwp, &pattern(32));
    assert_refused(&kek, WrapAlgorithm::AesKwp, &kw, "made by AES-KW");
    assert_refused(&kek, WrapAlgorithm::AesKw, &kwp, "made by AES-KWP");
}

#[test]
fn each_check_of_rfc_5649_refuses_by_itself() {
    let secret = pattern(16);
    let kek = WrapKey::new(&secret).unwrap();
    let aes = aes::Aes128::new_from_slice(&secret).unwrap();
    // What a key of up to 8 bytes is before it becomes one block of AES.
    let encrypted = |constant: [u8; 4], len: u32, padded: [u8; 8]| {
        let mut block = [&constant[..], &len.to_be_bytes(), &padded].concat();
        aes.encrypt_block(block.as_mut_slice().try_into().unwrap());
        block
    };
    const CONSTANT: [u8; 4] = [0xa6, 0x59, 0x59, 0xa6];
    let key = [9, 8, 7, 0, 0, 0, 0, 0];
    assert_eq!(encrypted(CONSTANT, 3, key), wrapped(&kek, WrapAlgorithm::AesKwp, &key[..3]));

    let cases = [
        ("another constant, byte 0", encrypted([0xa7, 0x59, 0x59, 0xa6], 3, key)),
        ("another constant, byte 1", encrypted([0xa6, 0x58, 0x59, 0xa6], 3, key)),
        ("another constant, byte 2", encrypted([0xa6, 0x59, 0x58, 0xa6], 3, key)),
        ("another constant, byte 3", encrypted([0xa6, 0x59, 0x59, 0xa7], 3, key)),
        ("no key", encrypted(CONSTANT, 0, [0; 8])),
        ("a key longer than the text", encrypted(CONSTANT, 9, key)),
        ("the longest length", encrypted(CONSTANT, u32::MAX, key)),
        ("padding that is not zeros", encrypted(CONSTANT, 2, key)),
        ("a last byte that is not zero", encrypted(CONSTANT, 3, [9, 8, 7, 0, 0, 0, 0, 1])),
    ];
    for (what, wrapped) in cases {
        assert_refused(&kek, WrapAlgorithm::AesKwp, &wrapped, what);
    }
}

#[test]
fn a_wrapped_key_of_a_length_that_cannot_be_is_refused_and_nothing_written() {
    let kek = wrapping_key(16);
    for algorithm in ALGORITHMS {
        let least = if algorithm == WrapAlgorithm::AesKw { 24 } else { 16 };
        for len in (0..=64_usize).filter(|len| *len < least || !len.is_multiple_of(8)) {
            let mut out = [UNTOUCHED; 64];
            let refused = kek.unwrap(algorithm, &pattern(len), &mut out);
            assert_eq!(refused, Err(Error::InvalidLength), "{algorithm:?}, {len} bytes");
            assert_eq!(out, [UNTOUCHED; 64]);
        }
    }
}

#[test]
fn a_short_buffer_is_told_its_length_and_not_written_to() {
    let kek = wrapping_key(32);
    for (algorithm, len) in [(WrapAlgorithm::AesKw, 24), (WrapAlgorithm::AesKwp, 21)] {
        let key = pattern(len);
        let good = wrapped(&kek, algorithm, &key);
        for len in 0..32 {
            let mut out = vec![UNTOUCHED; len];
            let short = kek.wrap(algorithm, &key, &mut out);
            assert_eq!(short, Err(Error::BufferTooSmall { needed: 32 }));
            assert_eq!(out, vec![UNTOUCHED; len]);
        }
        // AES-KWP needs room for the padded key.
        for len in 0..24 {
            let mut out = vec![UNTOUCHED; len];
            let short = kek.unwrap(algorithm, &good, &mut out);
            assert_eq!(short, Err(Error::BufferTooSmall { needed: 24 }));
            assert_eq!(out, vec![UNTOUCHED; len]);
        }
    }
}

#[test]
fn a_wrapping_key_of_any_other_length_is_refused() {
    for len in (0..=64).filter(|len| !KEK_LENGTHS.contains(len)) {
        let refused = WrapKey::new(&pattern(len)).err();
        assert_eq!(refused, Some(Error::InvalidLength), "{len} bytes");
    }
}

#[test]
fn keys_too_long_for_a_32_bit_length_have_no_wrapped_length() {
    for algorithm in ALGORITHMS {
        assert_eq!(wrapped_len(algorithm, usize::MAX & !7), Err(Error::InvalidLength));
        // Such lengths exist on 64-bit machines only.
        if let Ok(limit) = usize::try_from((1_u64 << 32) - 8) {
            assert_eq!(wrapped_len(algorithm, limit), Err(Error::InvalidLength));
            assert_eq!(wrapped_len(algorithm, limit - 8), Ok(limit));
        }
    }
}
