//! Every tier of SHA-256, HMAC and HKDF with it against RustCrypto: at once, in
//! pieces, and HKDF to every length.

#![no_main]

use corekey::cpu::Cpu;
use corekey::hash::{Hash, HashAlgorithm};
use corekey::kdf::Prk;
use corekey::mac::HmacKey;
use corekey_fuzz::{Shifted, cpus, stretched};
use hmac::{KeyInit, Mac};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};

const SHA256: HashAlgorithm = HashAlgorithm::Sha256;

#[derive(Arbitrary, Debug)]
struct Case {
    key_len: u16,
    data_len: u16,
    okm_len: u16,
    shift: u8,
    /// How much each update takes, over and over.
    pieces: [u16; 3],
    seed: Vec<u8>,
}

fuzz_target!(|case: Case| {
    let key = stretched(&case.seed, usize::from(case.key_len) % 200);
    let data = stretched(&case.seed, usize::from(case.data_len) % 3000);
    let data = Shifted::new(&data, case.shift);
    let data = data.get();
    // HKDF gives at least one byte.
    let okm_len = 1 + usize::from(case.okm_len) % 600;
    let digest = Sha256::digest(data);
    let mac = {
        let mut mac = hmac::Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(data);
        mac.finalize().into_bytes()
    };
    let mut okm = vec![0; okm_len];
    hkdf::Hkdf::<Sha256>::new(Some(&key), data).expand(data, &mut okm).unwrap();

    for cpu in cpus() {
        let mut hash = Hash::new_on(cpu, SHA256);
        in_pieces(data, &case.pieces, |piece| hash.update(piece));
        assert_eq!(hash.finish().as_bytes(), &digest[..], "hash on {cpu:?}");

        let ready = HmacKey::new_on(cpu, SHA256, &key);
        assert_eq!(ready.mac(data).as_bytes(), &mac[..], "mac on {cpu:?}");
        let mut started = ready.start();
        in_pieces(data, &case.pieces, |piece| started.update(piece));
        assert_eq!(started.finish().as_bytes(), &mac[..], "mac in pieces on {cpu:?}");
        let (first, second) = data.split_at(usize::from(case.pieces[0]) % (data.len() + 1));
        assert_eq!(ready.mac_parts(&[first, second]).as_bytes(), &mac[..], "parts on {cpu:?}");

        assert_eq!(expanded(cpu, &key, data, okm_len), okm, "hkdf on {cpu:?}");
    }
});

fn in_pieces(mut data: &[u8], pieces: &[u16; 3], mut take: impl FnMut(&[u8])) {
    for len in pieces.iter().cycle() {
        // At least one byte, or it would never end.
        let len = (usize::from(*len) % 300 + 1).min(data.len());
        let (piece, rest) = data.split_at(len);
        take(piece);
        data = rest;
        if data.is_empty() {
            break;
        }
    }
}

fn expanded(cpu: Cpu, salt: &[u8], data: &[u8], len: usize) -> Vec<u8> {
    let mut okm = vec![0xa5; len];
    Prk::extract_on(cpu, SHA256, salt, data).expand(data, &mut okm).unwrap();
    okm
}
