//! RustCrypto: crates `aes-gcm`, `hkdf`, `hmac`, `sha2`. What CPU features they
//! use they find out themselves; without them they are the portable code.

use aes_gcm::aead::AeadInOut;
use aes_gcm::{Aes128Gcm, Aes256Gcm, KeyInit};
use hmac::Mac as _;
use peer::{Aead, Chain, Key32, Library, Mac, Nonce, Prk, Tag};
use sha2::Sha256;

peer::export!(
    RustCrypto,
    c"RustCrypto",
    || format!(
        "aes-gcm {}, hkdf {}, hmac {}, sha2 {}",
        peer::locked("aes-gcm"),
        peer::locked("hkdf"),
        peer::locked("hmac"),
        peer::locked("sha2")
    ),
    c"encrypt_inout_detached and decrypt_inout_detached in place; Hkdf::from_prk once, expand; a ready Hmac cloned for each message"
);

/// The crates of RustCrypto.
#[derive(Clone, Copy, Default)]
pub struct RustCrypto;

impl Library for RustCrypto {
    type Aes128 = AesGcm<Aes128Gcm>;
    type Aes256 = AesGcm<Aes256Gcm>;
    type Prk = Hkdf;
    type Mac = Hmac;
    type Fleet = Chain<Self>;
}

/// An AES-GCM key.
pub struct AesGcm<A>(A);

impl<A> Aead<RustCrypto> for AesGcm<A>
where
    A: KeyInit
        + AeadInOut<NonceSize = aes_gcm::aead::consts::U12, TagSize = aes_gcm::aead::consts::U16>,
{
    fn new(_: RustCrypto, key: &[u8]) -> Option<Self> {
        A::new_from_slice(key).ok().map(Self)
    }

    fn seal(&mut self, nonce: &Nonce, aad: &[u8], text: &mut [u8], tag: &mut Tag) {
        if let Ok(made) = self.0.encrypt_inout_detached(nonce.into(), aad, text.into()) {
            *tag = made.into();
        }
    }

    fn open(&mut self, nonce: &Nonce, aad: &[u8], text: &mut [u8], tag: &Tag) -> bool {
        self.0.decrypt_inout_detached(nonce.into(), aad, text.into(), tag.into()).is_ok()
    }
}

/// A ready pseudorandom key.
pub struct Hkdf(hkdf::Hkdf<Sha256>);

impl Prk<RustCrypto> for Hkdf {
    fn new(_: RustCrypto, prk: &Key32) -> Option<Self> {
        hkdf::Hkdf::from_prk(prk).ok().map(Self)
    }

    fn expand(&mut self, info: &[u8], okm: &mut Key32) {
        self.0.expand(info, okm).expect("32 bytes are a legal length");
    }
}

/// A ready HMAC key.
pub struct Hmac(hmac::Hmac<Sha256>);

impl Mac<RustCrypto> for Hmac {
    fn new(_: RustCrypto, key: &Key32) -> Option<Self> {
        hmac::Hmac::new_from_slice(key).ok().map(Self)
    }

    fn mac(&mut self, data: &[u8], tag: &mut Key32) {
        let mut mac = self.0.clone();
        mac.update(data);
        *tag = mac.finalize().into_bytes().into();
    }
}
