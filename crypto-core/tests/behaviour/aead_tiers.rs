//! Every implementation of AES-GCM that this CPU can run gives what another
//! library gives, RustCrypto's `aes-gcm`, and refuses whatever was changed.

use aes_gcm::aead::AeadInOut;
use aes_gcm::{Aes128Gcm, Aes256Gcm, KeyInit};
use corekey::Error;
use corekey::aead::{self, AeadAlgorithm, AeadKey, NONCE_LEN, TAG_LEN};
use corekey::cpu::{Cpu, Feature};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::{UNTOUCHED, pattern};

const ALGORITHMS: [AeadAlgorithm; 2] = [AeadAlgorithm::Aes128Gcm, AeadAlgorithm::Aes256Gcm];

/// This CPU as it is, and without what each tier has over the next.
fn tiers() -> [Cpu; 4] {
    let cpu = Cpu::detect();
    let features = [Feature::Avx512, Feature::Vaes, Feature::Aes];
    let [no_avx512, no_vaes, no_aes] = features.map(|feature| cpu.without(feature));
    [cpu, no_avx512, no_vaes, no_aes]
}

fn secret(algorithm: AeadAlgorithm) -> Vec<u8> {
    pattern(algorithm.key_len())
}

/// What the other library seals: ciphertext, then tag.
fn other_seal(
    algorithm: AeadAlgorithm,
    secret: &[u8],
    nonce: &[u8; NONCE_LEN],
    aad: &[u8],
    plaintext: &[u8],
) -> Vec<u8> {
    let mut sealed = plaintext.to_vec();
    let buffer = sealed.as_mut_slice().into();
    let tag = match algorithm {
        AeadAlgorithm::Aes128Gcm => Aes128Gcm::new_from_slice(secret)
            .unwrap()
            .encrypt_inout_detached(nonce.into(), aad, buffer),
        _ => Aes256Gcm::new_from_slice(secret).unwrap().encrypt_inout_detached(
            nonce.into(),
            aad,
            buffer,
        ),
    };
    sealed.extend(tag.unwrap());
    sealed
}

/// Seals and opens with one tier, apart and in place, from an address that is
/// `offset` bytes off, and compares with `expected`.
fn check_message(
    key: &AeadKey,
    nonce: &[u8; NONCE_LEN],
    aad: &[u8],
    plaintext: &[u8],
    expected: &[u8],
    offset: usize,
) {
    let len = plaintext.len();
    let mut sealed = vec![UNTOUCHED; offset + len + TAG_LEN + 1];
    let room = &mut sealed[offset..];
    assert_eq!(key.seal(nonce, aad, plaintext, room), Ok(len + TAG_LEN));
    assert_eq!(&room[..len + TAG_LEN], expected);
    assert_eq!(room[len + TAG_LEN], UNTOUCHED);

    let mut in_place = vec![0; offset];
    in_place.extend(plaintext);
    let tag = key.seal_in_place(nonce, aad, &mut in_place[offset..]).unwrap();
    assert_eq!((&in_place[offset..], &tag[..]), expected.split_at(len));
    assert_eq!(key.open_in_place(nonce, aad, &mut in_place[offset..], &tag), Ok(()));
    assert_eq!(&in_place[offset..], plaintext);

    let mut opened = vec![UNTOUCHED; offset + len + 1];
    assert_eq!(key.open(nonce, aad, expected, &mut opened[offset..]), Ok(len));
    assert_eq!(&opened[offset..offset + len], plaintext);
    assert_eq!(opened[offset + len], UNTOUCHED);
}

#[test]
fn every_length_is_what_another_library_makes() {
    const LONGEST: usize = 4096;
    let (text, associated) = (pattern(LONGEST), pattern(300));
    for algorithm in ALGORITHMS {
        let secret = secret(algorithm);
        let keys = tiers().map(|cpu| AeadKey::new_on(cpu, algorithm, &secret).unwrap());
        for len in 0..=LONGEST {
            let nonce = [len as u8; NONCE_LEN];
            let (aad, plaintext) = (&associated[..len * 7 % 301], &text[..len]);
            let expected = other_seal(algorithm, &secret, &nonce, aad, plaintext);
            for key in &keys {
                check_message(key, &nonce, aad, plaintext, &expected, len % 67);
            }
        }
    }
}

#[test]
fn every_length_of_associated_data_is_what_another_library_makes() {
    let associated = pattern(2000);
    for algorithm in ALGORITHMS {
        let secret = secret(algorithm);
        let keys = tiers().map(|cpu| AeadKey::new_on(cpu, algorithm, &secret).unwrap());
        for aad_len in (0..=300).chain([511, 512, 575, 576, 577, 640, 1151, 1152, 1153, 2000]) {
            for len in [0, 1, 16, 48, 63, 64, 65, 255, 256, 257, 700] {
                let (nonce, aad) = ([aad_len as u8; NONCE_LEN], &associated[..aad_len]);
                let plaintext = pattern(len);
                let expected = other_seal(algorithm, &secret, &nonce, aad, &plaintext);
                for key in &keys {
                    check_message(key, &nonce, aad, &plaintext, &expected, 3);
                }
            }
        }
    }
}

#[test]
fn a_key_for_one_message_is_a_key() {
    for algorithm in ALGORITHMS {
        let secret = secret(algorithm);
        for len in (0..=140).chain([255, 256, 257, 300, 1024]) {
            for aad_len in [0, 1, 15, 16, 32, 47, 48, 49, 128, 129, 256, 257, 300] {
                let nonce = [(len + aad_len) as u8; NONCE_LEN];
                let (aad, plaintext) = (pattern(aad_len), pattern(len));
                let sealed = other_seal(algorithm, &secret, &nonce, &aad, &plaintext);
                for cpu in tiers() {
                    check_once(cpu, algorithm, &secret, &nonce, &aad, &plaintext, &sealed);
                }
            }
        }
    }
}

fn check_once(
    cpu: Cpu,
    algorithm: AeadAlgorithm,
    secret: &[u8],
    nonce: &[u8; NONCE_LEN],
    aad: &[u8],
    plaintext: &[u8],
    sealed: &[u8],
) {
    let len = plaintext.len();
    let mut out = vec![UNTOUCHED; sealed.len() + 1];
    let made = aead::seal_once_on(cpu, algorithm, secret, nonce, aad, plaintext, &mut out);
    assert_eq!(made, Ok(sealed.len()), "{cpu:?}, {len}");
    assert_eq!(out.split_last(), Some((&UNTOUCHED, sealed)), "{cpu:?}, {len}");

    let mut out = vec![UNTOUCHED; len + 1];
    let opened = aead::open_once_on(cpu, algorithm, secret, nonce, aad, sealed, &mut out);
    assert_eq!(opened, Ok(len), "{cpu:?}, {len}");
    assert_eq!(out.split_last(), Some((&UNTOUCHED, plaintext)), "{cpu:?}, {len}");

    let mut changed = sealed.to_vec();
    changed[len] ^= 0x10;
    let refused = aead::open_once_on(cpu, algorithm, secret, nonce, aad, &changed, &mut out);
    assert_eq!(refused, Err(Error::Unverified), "{cpu:?}, {len}");
    assert_eq!(out[..len], vec![0; len], "{cpu:?}, {len}");
}

/// Lengths around every switch of the tiers: lanes, registers, chunks, pairs of
/// chunks.
const LENGTHS: [usize; 24] = [
    0, 1, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65, 127, 128, 129, 255, 256, 257, 384, 513,
    768, 1025,
];

#[test]
fn a_changed_byte_of_message_associated_data_nonce_or_tag_is_refused_by_every_tier() {
    for algorithm in ALGORITHMS {
        let secret = secret(algorithm);
        for (i, len) in LENGTHS.into_iter().enumerate() {
            let (nonce, mut aad) = ([7; NONCE_LEN], pattern([0, 1, 15, 16, 40, 70, 300][i % 7]));
            let sealed = other_seal(algorithm, &secret, &nonce, &aad, &pattern(len));
            for cpu in tiers() {
                let key = AeadKey::new_on(cpu, algorithm, &secret).unwrap();
                let refuses = |nonce: &[u8; NONCE_LEN], aad: &[u8], sealed: &[u8]| {
                    let mut out = vec![UNTOUCHED; len];
                    let refused = key.open(nonce, aad, sealed, &mut out);
                    assert_eq!(refused, Err(Error::Unverified), "{cpu:?}, {len} bytes");
                    assert_eq!(out, vec![0; len], "{cpu:?}, {len} bytes");
                };
                for byte in 0..sealed.len() {
                    let mut changed = sealed.clone();
                    changed[byte] ^= 1 << (byte % 8);
                    refuses(&nonce, &aad, &changed);
                }
                for byte in 0..aad.len() {
                    aad[byte] ^= 0x80;
                    refuses(&nonce, &aad, &sealed);
                    aad[byte] ^= 0x80;
                }
                for byte in 0..NONCE_LEN {
                    let mut changed = nonce;
                    changed[byte] ^= 1;
                    refuses(&changed, &aad, &sealed);
                }
            }
        }
    }
}

/// The counter is a big-endian number, so the second byte from its end changes
/// with block 255 and the third with block 65,535.
#[test]
fn the_counter_carries_from_byte_to_byte() {
    let plaintext = pattern(65_600 * 16);
    for algorithm in ALGORITHMS {
        let secret = secret(algorithm);
        for len in [253 * 16, 254 * 16, 255 * 16 + 1, 260 * 16, plaintext.len()] {
            let plaintext = &plaintext[..len];
            let expected = other_seal(algorithm, &secret, &[9; NONCE_LEN], b"", plaintext);
            for cpu in tiers() {
                let key = AeadKey::new_on(cpu, algorithm, &secret).unwrap();
                check_message(&key, &[9; NONCE_LEN], b"", plaintext, &expected, 0);
            }
        }
    }
}

proptest! {
    #[test]
    fn any_message_is_what_another_library_makes(
        algorithm in proptest::sample::select(&ALGORITHMS[..]),
        secret in any::<[u8; 32]>(),
        nonce in any::<[u8; NONCE_LEN]>(),
        aad in vec(any::<u8>(), 0..700),
        plaintext in vec(any::<u8>(), 0..3000),
        offset in 0_usize..64,
    ) {
        let secret = &secret[..algorithm.key_len()];
        let expected = other_seal(algorithm, secret, &nonce, &aad, &plaintext);
        for cpu in tiers() {
            let key = AeadKey::new_on(cpu, algorithm, secret).unwrap();
            check_message(&key, &nonce, &aad, &plaintext, &expected, offset);
        }
    }
}
