//! Every implementation that this CPU can run gives what another library gives:
//! SHA-256, HMAC and HKDF against RustCrypto's.

use corekey::cpu::{Cpu, Feature};
use corekey::hash::{Hash, HashAlgorithm};
use corekey::kdf::Prk;
use corekey::mac::HmacKey;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::pattern;

const SHA256: HashAlgorithm = HashAlgorithm::Sha256;

/// With the SHA instructions of this CPU, where it has any, and without.
fn tiers() -> [Cpu; 2] {
    [Cpu::detect(), Cpu::detect().without(Feature::Sha)]
}

/// Lengths of pieces that fall on all places of a block, 0 to 130.
fn piece_lens() -> impl Iterator<Item = usize> {
    (0_usize..).map(|i| i * 89 % 131)
}

/// `data` in pieces.
fn pieces(mut data: &[u8]) -> Vec<&[u8]> {
    let mut pieces = vec![];
    for len in piece_lens() {
        let (piece, rest) = data.split_at(len.min(data.len()));
        pieces.push(piece);
        data = rest;
        if data.is_empty() {
            return pieces;
        }
    }
    unreachable!("pieces have no end")
}

#[test]
fn every_length_has_the_same_digest_in_pieces() {
    let data = pattern(4096);
    for len in 0..=data.len() {
        let (skipped, message) = data.split_at(data.len() - len);
        let expected = Sha256::digest(message);
        // Another place to start, so that pieces fall elsewhere for each length.
        let first = skipped.len() % 70;
        for cpu in tiers() {
            let mut hash = Hash::new_on(cpu, SHA256);
            let (start, rest) = message.split_at(first.min(len));
            hash.update(start);
            pieces(rest).into_iter().for_each(|piece| hash.update(piece));
            assert_eq!(hash.finish().as_bytes(), expected.as_slice(), "{len} bytes, {cpu:?}");
        }
    }
}

#[test]
fn every_length_of_key_and_message_has_the_same_tag() {
    let data = pattern(700);
    for key_len in 0..=200 {
        let key = &data[..key_len];
        // All ends of a block with each key; more blocks with some.
        let lens = (0..=130).chain([191, 192, 256, 500 + key_len]);
        for len in lens.filter(|len| key_len % 8 == 0 || len % 8 == key_len % 8) {
            let message = &data[data.len() - len..];
            let expected = Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(message);
            let expected = expected.finalize().into_bytes();
            for cpu in tiers() {
                let key = HmacKey::new_on(cpu, SHA256, key);
                let context = format!("key of {key_len}, message of {len} bytes, {cpu:?}");
                assert_eq!(key.mac(message).as_bytes(), expected.as_slice(), "{context}");
                let tag = key.mac_parts(&pieces(message));
                assert_eq!(tag.as_bytes(), expected.as_slice(), "{context}, parts");
                let mut started = key.start();
                pieces(message).into_iter().for_each(|piece| started.update(piece));
                assert_eq!(started.finish().as_bytes(), expected.as_slice(), "{context}, pieces");
            }
        }
    }
}

#[test]
fn every_length_of_info_and_output_has_the_same_key() {
    let data = pattern(400);
    let (salt, ikm) = (&data[300..340], &data[340..]);
    let (_, theirs) = Hkdf::<Sha256>::extract(Some(salt), ikm);
    let ours = tiers().map(|cpu| (cpu, Prk::extract_on(cpu, SHA256, salt, ikm)));
    for info_len in 0..=300 {
        let info = &data[..info_len];
        for len in [1, 31, 32, 33, 63, 64, 65, 96, 100 + info_len] {
            let mut expected = vec![0; len];
            theirs.expand(info, &mut expected).unwrap();
            for (cpu, prk) in &ours {
                let mut okm = vec![0; len];
                prk.expand(info, &mut okm).unwrap();
                assert_eq!(okm, expected, "info of {info_len}, {len} bytes, {cpu:?}");
                let mut okm = vec![0; len];
                prk.expand_parts(&pieces(info), &mut okm).unwrap();
                assert_eq!(okm, expected, "info of {info_len} in pieces, {len} bytes, {cpu:?}");
            }
        }
    }
    for len in (1..=255 * 32).step_by(97).chain([255 * 32]) {
        let mut expected = vec![0; len];
        theirs.expand(b"info", &mut expected).unwrap();
        for (cpu, prk) in &ours {
            let mut okm = vec![0; len];
            prk.expand(b"info", &mut okm).unwrap();
            assert_eq!(okm, expected, "{len} bytes, {cpu:?}");
        }
    }
}

#[test]
fn every_length_of_salt_and_secret_has_the_same_pseudorandom_key() {
    let data = pattern(200);
    for salt_len in 0..=data.len() {
        for ikm_len in [0, 1, 16, 32, 55, 56, 63, 64, 65, 119, 120, 200 - salt_len] {
            let (salt, ikm) = (&data[..salt_len], &data[200 - ikm_len..]);
            let (_, theirs) = Hkdf::<Sha256>::extract(Some(salt), ikm);
            let mut expected = [0; 32];
            theirs.expand(b"", &mut expected).unwrap();
            for cpu in tiers() {
                let mut okm = [0; 32];
                Prk::extract_on(cpu, SHA256, salt, ikm).expand(b"", &mut okm).unwrap();
                assert_eq!(okm, expected, "salt of {salt_len}, {ikm_len} bytes, {cpu:?}");
            }
        }
    }
}

/// The other hashes have one implementation, on blocks of another library.
#[cfg(feature = "sha512")]
#[test]
fn sha_384_and_sha_512_give_the_same() {
    fn check<H>(algorithm: HashAlgorithm)
    where
        H: Digest,
        Hmac<H>: KeyInit + Mac,
        H: hmac::EagerHash,
    {
        let data = pattern(1200);
        for len in 0..=600 {
            let message = &data[..len];
            let mut hash = Hash::new(algorithm);
            pieces(message).into_iter().for_each(|piece| hash.update(piece));
            let expected = H::digest(message);
            assert_eq!(hash.finish().as_bytes(), expected.as_slice(), "{len} bytes");
            let key = &data[len..len * 2];
            let expected = <Hmac<H> as KeyInit>::new_from_slice(key).unwrap().chain_update(message);
            let tag = HmacKey::new(algorithm, key).mac_parts(&pieces(message));
            assert_eq!(tag.as_bytes(), expected.finalize().into_bytes().as_slice(), "{len} bytes");
            let mut expected = vec![0; len + 1];
            Hkdf::<H>::new(Some(key), message).expand(message, &mut expected).unwrap();
            let mut okm = vec![0; len + 1];
            Prk::extract(algorithm, key, message).expand(message, &mut okm).unwrap();
            assert_eq!(okm, expected, "{len} bytes");
        }
    }
    check::<sha2::Sha384>(HashAlgorithm::Sha384);
    check::<sha2::Sha512>(HashAlgorithm::Sha512);
}
