//! Every tier of AES-GCM against RustCrypto: sealed and opened, in place and
//! not, with a key that stays and with one for a single message; one changed bit
//! is refused and leaves zeros.

#![no_main]

use aes_gcm::aead::AeadInOut;
use aes_gcm::{Aes128Gcm, Aes256Gcm, KeyInit};
use corekey::Error;
use corekey::aead::{AeadAlgorithm, AeadKey, TAG_LEN, open_once_on, seal_once_on};
use corekey_fuzz::{Shifted, cpus, stretched};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Case {
    key: [u8; 32],
    is_aes256: bool,
    nonce: [u8; 12],
    aad_len: u16,
    text_len: u16,
    shifts: [u8; 3],
    /// The place of the bit that is changed.
    change: u32,
    seed: Vec<u8>,
}

fuzz_target!(|case: Case| {
    let aad = stretched(&case.seed, usize::from(case.aad_len) % 700);
    let text = stretched(&case.seed, usize::from(case.text_len) % 5000);
    let [aad_shift, text_shift, out_shift] = case.shifts;
    let aad = Shifted::new(&aad, aad_shift);
    let text = Shifted::new(&text, text_shift);
    let key = if case.is_aes256 { &case.key[..] } else { &case.key[..16] };
    let (algorithm, expected) = if case.is_aes256 {
        (
            AeadAlgorithm::Aes256Gcm,
            independent::<Aes256Gcm>(key, &case.nonce, aad.get(), text.get()),
        )
    } else {
        (
            AeadAlgorithm::Aes128Gcm,
            independent::<Aes128Gcm>(key, &case.nonce, aad.get(), text.get()),
        )
    };
    let (ciphertext, tag) = expected.split_last_chunk::<TAG_LEN>().unwrap();

    let mut tampered =
        Tampered { nonce: case.nonce, aad: aad.get().to_vec(), sealed: expected.clone() };
    tampered.change(case.change as usize);

    for cpu in cpus() {
        let ready = AeadKey::new_on(cpu, algorithm, key).unwrap();

        let mut out = Shifted::new(&vec![0xa5; expected.len()], out_shift);
        ready.seal(&case.nonce, aad.get(), text.get(), out.get_mut()).unwrap();
        assert_eq!(out.get(), expected, "seal on {cpu:?}");
        out.get_mut().fill(0xa5);
        seal_once_on(cpu, algorithm, key, &case.nonce, aad.get(), text.get(), out.get_mut())
            .unwrap();
        assert_eq!(out.get(), expected, "seal once on {cpu:?}");

        let mut in_place = Shifted::new(text.get(), out_shift);
        let made = ready.seal_in_place(&case.nonce, aad.get(), in_place.get_mut()).unwrap();
        assert_eq!((in_place.get(), &made), (ciphertext, tag), "seal in place on {cpu:?}");
        ready.open_in_place(&case.nonce, aad.get(), in_place.get_mut(), tag).unwrap();
        assert_eq!(in_place.get(), text.get(), "open in place on {cpu:?}");

        let sealed = Shifted::new(&expected, text_shift);
        let mut out = Shifted::new(&vec![0xa5; text.get().len()], out_shift);
        ready.open(&case.nonce, aad.get(), sealed.get(), out.get_mut()).unwrap();
        assert_eq!(out.get(), text.get(), "open on {cpu:?}");
        out.get_mut().fill(0xa5);
        open_once_on(cpu, algorithm, key, &case.nonce, aad.get(), sealed.get(), out.get_mut())
            .unwrap();
        assert_eq!(out.get(), text.get(), "open once on {cpu:?}");

        let Tampered { nonce, aad, sealed } = &tampered;
        out.get_mut().fill(0xa5);
        let outcome = ready.open(nonce, aad, sealed, out.get_mut());
        assert_eq!(outcome, Err(Error::Unverified), "open on {cpu:?}");
        assert!(out.get().iter().all(|byte| *byte == 0), "open on {cpu:?}");
        out.get_mut().fill(0xa5);
        let outcome = open_once_on(cpu, algorithm, key, nonce, aad, sealed, out.get_mut());
        assert_eq!(outcome, Err(Error::Unverified), "open once on {cpu:?}");
        assert!(out.get().iter().all(|byte| *byte == 0), "open once on {cpu:?}");
    }
});

/// All that an open authenticates.
struct Tampered {
    nonce: [u8; 12],
    aad: Vec<u8>,
    sealed: Vec<u8>,
}

impl Tampered {
    fn change(&mut self, place: usize) {
        let bytes = self.nonce.len() + self.aad.len() + self.sealed.len();
        let mut all = self.nonce.iter_mut().chain(&mut self.aad).chain(&mut self.sealed);
        if let Some(byte) = all.nth(place / 8 % bytes) {
            *byte ^= 1 << (place % 8);
        }
    }
}

fn independent<A: KeyInit + AeadInOut>(
    key: &[u8],
    nonce: &[u8],
    aad: &[u8],
    text: &[u8],
) -> Vec<u8> {
    let mut sealed = text.to_vec();
    let cipher = A::new_from_slice(key).unwrap();
    let nonce = nonce.try_into().unwrap();
    let tag = cipher.encrypt_inout_detached(nonce, aad, sealed.as_mut_slice().into()).unwrap();
    sealed.extend_from_slice(&tag);
    sealed
}
