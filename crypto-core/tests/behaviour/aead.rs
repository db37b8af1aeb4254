//! AES-GCM: all entry points agree, everything that differs is refused and
//! leaves zeros, and a call that is wrong writes nothing.

use corekey::Error;
use corekey::aead::{AeadAlgorithm, AeadKey, MAX_MESSAGE_LEN, NONCE_LEN, TAG_LEN, sealed_len};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::{UNTOUCHED, pattern};

const ALGORITHMS: [AeadAlgorithm; 2] = [AeadAlgorithm::Aes128Gcm, AeadAlgorithm::Aes256Gcm];
const NONCE: [u8; NONCE_LEN] = [3; NONCE_LEN];

/// Lengths around the block of AES and around what is worked on at a time.
const LENGTHS: [usize; 12] = [0, 1, 15, 16, 17, 31, 32, 127, 128, 129, 255, 1000];

fn key(algorithm: AeadAlgorithm) -> AeadKey {
    AeadKey::new(algorithm, &pattern(algorithm.key_len())).unwrap()
}

/// All that goes into an open.
#[derive(Clone)]
struct Message {
    nonce: [u8; NONCE_LEN],
    aad: Vec<u8>,
    ciphertext: Vec<u8>,
    tag: [u8; TAG_LEN],
}

impl Message {
    fn seal(key: &AeadKey, aad: &[u8], plaintext: &[u8]) -> Self {
        let mut ciphertext = plaintext.to_vec();
        let tag = key.seal_in_place(&NONCE, aad, &mut ciphertext).unwrap();
        Self { nonce: NONCE, aad: aad.to_vec(), ciphertext, tag }
    }

    fn sealed(&self) -> Vec<u8> {
        [&self.ciphertext[..], &self.tag].concat()
    }

    /// Every message that differs from this one in one bit, and some that
    /// differ in length, with a word on what was changed.
    fn changed(&self) -> Vec<(String, Self)> {
        type Part = fn(&mut Message) -> &mut [u8];
        let parts: [(&str, Part); 4] = [
            ("nonce", |m| &mut m.nonce),
            ("aad", |m| &mut m.aad),
            ("ciphertext", |m| &mut m.ciphertext),
            ("tag", |m| &mut m.tag),
        ];
        let mut all = Vec::new();
        for (name, part) in parts {
            for bit in 0..8 * part(&mut self.clone()).len() {
                let mut changed = self.clone();
                part(&mut changed)[bit / 8] ^= 1 << (bit % 8);
                all.push((format!("{name}, bit {bit}"), changed));
            }
        }
        let mut longer = self.clone();
        longer.aad.push(0);
        all.push(("longer aad".into(), longer));
        let mut longer = self.clone();
        longer.ciphertext.push(0);
        all.push(("longer ciphertext".into(), longer));
        let mut moved = self.clone();
        moved.aad.extend_from_slice(&moved.ciphertext);
        moved.ciphertext.clear();
        if !self.ciphertext.is_empty() {
            all.push(("ciphertext as aad".into(), moved));
        }
        all
    }

    /// What each entry point says and leaves behind.
    fn open_every_way(&self, key: &AeadKey) -> [(Result<(), Error>, Vec<u8>); 3] {
        let (nonce, aad, ciphertext) = (&self.nonce, &self.aad, &self.ciphertext);
        let len = ciphertext.len();
        let mut combined = vec![UNTOUCHED; len];
        let opened = key.open(nonce, aad, &self.sealed(), &mut combined);
        let mut detached = vec![UNTOUCHED; len];
        let opened_detached = key.open_detached(nonce, aad, ciphertext, &self.tag, &mut detached);
        let mut in_place = ciphertext.clone();
        let opened_in_place = key.open_in_place(nonce, aad, &mut in_place, &self.tag);
        [
            (opened.map(|n| assert_eq!(n, len)), combined),
            (opened_detached, detached),
            (opened_in_place, in_place),
        ]
    }
}

proptest! {
    #[test]
    fn all_entry_points_agree(
        algorithm in proptest::sample::select(&ALGORITHMS[..]),
        secret in any::<[u8; 32]>(),
        nonce in any::<[u8; NONCE_LEN]>(),
        aad in vec(any::<u8>(), 0..100),
        plaintext in vec(any::<u8>(), 0..600),
    ) {
        let key = AeadKey::new(algorithm, &secret[..algorithm.key_len()]).unwrap();
        let len = plaintext.len();

        let mut sealed = vec![0; len + TAG_LEN];
        prop_assert_eq!(key.seal(&nonce, &aad, &plaintext, &mut sealed), Ok(len + TAG_LEN));
        let mut detached = vec![0; len];
        let tag = key.seal_detached(&nonce, &aad, &plaintext, &mut detached).unwrap();
        prop_assert_eq!(&[&detached[..], &tag].concat(), &sealed);
        let mut in_place = plaintext.clone();
        let tag_in_place = key.seal_in_place(&nonce, &aad, &mut in_place).unwrap();
        prop_assert_eq!((&in_place, tag_in_place), (&detached, tag));

        let message = Message { nonce, aad, ciphertext: detached, tag };
        for (opened, out) in message.open_every_way(&key) {
            prop_assert_eq!(opened, Ok(()));
            prop_assert_eq!(&out, &plaintext);
        }
    }
}

#[test]
fn whatever_is_changed_is_refused_and_leaves_zeros() {
    for algorithm in ALGORITHMS {
        let key = key(algorithm);
        for (aad, len) in [(&b""[..], 0), (b"", 5), (b"header", 0), (b"header", 40)] {
            let message = Message::seal(&key, aad, &pattern(len));
            for (what, changed) in message.changed() {
                for (refused, out) in changed.open_every_way(&key) {
                    assert_eq!(refused, Err(Error::Unverified), "{algorithm:?}, {len}: {what}");
                    assert_eq!(out, vec![0; changed.ciphertext.len()], "{what}");
                }
            }
        }
    }
}

#[test]
fn a_changed_byte_anywhere_in_a_message_of_any_length_is_refused() {
    let key = key(AeadAlgorithm::Aes256Gcm);
    for len in LENGTHS {
        let message = Message::seal(&key, b"header", &pattern(len));
        let sealed = message.sealed();
        for byte in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[byte] ^= 0x80;
            let mut out = vec![UNTOUCHED; len];
            let refused = key.open(&NONCE, b"header", &changed, &mut out);
            assert_eq!(refused, Err(Error::Unverified), "byte {byte} of {len}");
            assert_eq!(out, vec![0; len], "byte {byte} of {len}");
        }
    }
}

#[test]
fn every_other_key_is_refused() {
    for algorithm in ALGORITHMS {
        let message = Message::seal(&key(algorithm), b"", b"21.5C");
        for bit in 0..8 * algorithm.key_len() {
            let mut secret = pattern(algorithm.key_len());
            secret[bit / 8] ^= 1 << (bit % 8);
            let other = AeadKey::new(algorithm, &secret).unwrap();
            for (refused, out) in message.open_every_way(&other) {
                assert_eq!(refused, Err(Error::Unverified), "bit {bit}");
                assert_eq!(out, [0; 5]);
            }
        }
    }
}

#[test]
fn only_the_bytes_of_the_message_are_written() {
    for algorithm in ALGORITHMS {
        let key = key(algorithm);
        for len in LENGTHS {
            let plaintext = pattern(len);
            let mut sealed = vec![UNTOUCHED; len + TAG_LEN + 9];
            let n = key.seal(&NONCE, b"", &plaintext, &mut sealed).unwrap();
            assert_eq!(n, len + TAG_LEN);
            assert_eq!(sealed[n..], [UNTOUCHED; 9]);

            let mut opened = vec![UNTOUCHED; len + 9];
            assert_eq!(key.open(&NONCE, b"", &sealed[..n], &mut opened), Ok(len));
            assert_eq!(opened[..len], plaintext);
            assert_eq!(opened[len..], [UNTOUCHED; 9]);

            let mut refused = vec![UNTOUCHED; len + 9];
            let other_aad = key.open(&NONCE, b"x", &sealed[..n], &mut refused);
            assert_eq!(other_aad, Err(Error::Unverified));
            assert_eq!(refused[..len], vec![0; len]);
            assert_eq!(refused[len..], [UNTOUCHED; 9]);
        }
    }
}

#[test]
fn a_short_buffer_is_told_its_length_and_not_written_to() {
    let key = key(AeadAlgorithm::Aes128Gcm);
    let plaintext = pattern(20);
    let sealed = Message::seal(&key, b"", &plaintext).sealed();
    for len in 0..sealed.len() {
        let mut out = vec![UNTOUCHED; len];
        let short = key.seal(&NONCE, b"", &plaintext, &mut out);
        assert_eq!(short, Err(Error::BufferTooSmall { needed: sealed.len() }));
        assert_eq!(out, vec![UNTOUCHED; len]);
    }
    for len in 0..plaintext.len() {
        let mut out = vec![UNTOUCHED; len];
        let short = key.open(&NONCE, b"", &sealed, &mut out);
        assert_eq!(short, Err(Error::BufferTooSmall { needed: plaintext.len() }));
        assert_eq!(out, vec![UNTOUCHED; len]);
    }
}

#[test]
fn what_is_shorter_than_a_tag_is_no_sealed_message() {
    let key = key(AeadAlgorithm::Aes128Gcm);
    for len in 0..TAG_LEN {
        let mut out = [UNTOUCHED; 8];
        let refused = key.open(&NONCE, b"", &vec![0; len], &mut out);
        assert_eq!(refused, Err(Error::InvalidLength), "{len} bytes");
        assert_eq!(out, [UNTOUCHED; 8]);
    }
}

#[test]
fn detached_buffers_of_different_lengths_are_refused_and_not_written_to() {
    let key = key(AeadAlgorithm::Aes256Gcm);
    let message = Message::seal(&key, b"", &pattern(20));
    for len in [0, 19, 21] {
        let mut out = vec![UNTOUCHED; len];
        let refused = key.seal_detached(&NONCE, b"", &pattern(20), &mut out);
        assert_eq!(refused, Err(Error::InvalidLength));
        let refused = key.open_detached(&NONCE, b"", &message.ciphertext, &message.tag, &mut out);
        assert_eq!(refused, Err(Error::InvalidLength));
        assert_eq!(out, vec![UNTOUCHED; len]);
    }
}

#[test]
fn a_key_of_any_other_length_is_refused() {
    for algorithm in ALGORITHMS {
        for len in 0..=64 {
            let key = AeadKey::new(algorithm, &pattern(len));
            if len == algorithm.key_len() {
                assert_eq!(key.map(|key| key.algorithm()), Ok(algorithm));
            } else {
                assert_eq!(key.err(), Some(Error::InvalidLength), "{algorithm:?}, {len} bytes");
            }
        }
    }
}

#[test]
fn messages_over_the_limit_of_gcm_have_no_sealed_length() {
    assert_eq!(sealed_len(0), Ok(16));
    assert_eq!(sealed_len(100), Ok(116));
    assert_eq!(sealed_len(usize::MAX), Err(Error::InvalidLength));
    // SP 800-38D §5.2.1.1; such a length exists on 64-bit machines only.
    if let Ok(most) = usize::try_from(MAX_MESSAGE_LEN) {
        assert_eq!(most, 68_719_476_704);
        assert_eq!(sealed_len(most), Ok(most + TAG_LEN));
        assert_eq!(sealed_len(most + 1), Err(Error::InvalidLength));
    }
}
