//! graviola. It refuses CPUs without AES-NI, PCLMULQDQ and AVX2.

use graviola::aead::AesGcm as RawAesGcm;
use graviola::hashing::Sha256;
use graviola::hashing::hmac::Hmac as RawHmac;
use peer::{Aead, Chain, Key32, Library, Mac, Nonce, Prk, Tag};

peer::export!(
    Graviola,
    c"graviola",
    || peer::locked("graviola"),
    c"AesGcm::encrypt and decrypt in place; HKDF by its HMAC over info and 1; a ready Hmac cloned for each message"
);

/// The crate `graviola`.
#[derive(Clone, Copy, Default)]
pub struct Graviola;

impl Library for Graviola {
    type Aes128 = AesGcm;
    type Aes256 = AesGcm;
    type Prk = Hmac;
    type Mac = Hmac;
    type Fleet = Chain<Self>;
}

/// An AES-GCM key.
pub struct AesGcm(RawAesGcm);

impl Aead<Graviola> for AesGcm {
    fn new(_: Graviola, key: &[u8]) -> Option<Self> {
        graviola::util::is_cpu_supported().then(|| Self(RawAesGcm::new(key)))
    }

    fn seal(&mut self, nonce: &Nonce, aad: &[u8], text: &mut [u8], tag: &mut Tag) {
        self.0.encrypt(nonce, aad, text, tag);
    }

    fn open(&mut self, nonce: &Nonce, aad: &[u8], text: &mut [u8], tag: &Tag) -> bool {
        self.0.decrypt(nonce, aad, text, tag).is_ok()
    }
}

/// A ready HMAC key.
pub struct Hmac(RawHmac<Sha256>);

impl Prk<Graviola> for Hmac {
    fn new(_: Graviola, prk: &Key32) -> Option<Self> {
        graviola::util::is_cpu_supported().then(|| Self(RawHmac::new(prk)))
    }

    fn expand(&mut self, info: &[u8], okm: &mut Key32) {
        let mut mac = self.0.clone();
        mac.update(info);
        mac.update([1]);
        okm.copy_from_slice(mac.finish().as_ref());
    }
}

impl Mac<Graviola> for Hmac {
    fn new(library: Graviola, key: &Key32) -> Option<Self> {
        <Self as Prk<Graviola>>::new(library, key)
    }

    fn mac(&mut self, data: &[u8], tag: &mut Key32) {
        let mut mac = self.0.clone();
        mac.update(data);
        tag.copy_from_slice(mac.finish().as_ref());
    }
}
