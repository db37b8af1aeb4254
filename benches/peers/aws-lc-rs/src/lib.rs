//! AWS-LC through its Rust crate, whose API is that of ring.

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, UnboundKey};
use aws_lc_rs::{aead, hkdf, hmac};
use peer::{Aead, Chain, Key32, Library, Mac, Nonce, Prk, Tag};

peer::export!(
    AwsLcRs,
    c"aws-lc-rs",
    || peer::locked("aws-lc-rs"),
    c"LessSafeKey::seal_in_place_separate_tag and open_in_place_separate_tag in place; Prk::new_less_safe once, expand and fill; hmac::sign with a ready key"
);

/// The crate `aws-lc-rs`.
#[derive(Clone, Copy, Default)]
pub struct AwsLcRs;

impl Library for AwsLcRs {
    type Aes128 = AesGcm;
    type Aes256 = AesGcm;
    type Prk = Hkdf;
    type Mac = Hmac;
    type Fleet = Chain<Self>;
}

/// An AES-GCM key.
pub struct AesGcm(LessSafeKey);

impl Aead<AwsLcRs> for AesGcm {
    fn new(_: AwsLcRs, key: &[u8]) -> Option<Self> {
        let algorithm = if key.len() == 16 { &AES_128_GCM } else { &AES_256_GCM };
        Some(Self(LessSafeKey::new(UnboundKey::new(algorithm, key).ok()?)))
    }

    fn seal(&mut self, nonce: &Nonce, aad: &[u8], text: &mut [u8], tag: &mut Tag) {
        let nonce = aead::Nonce::assume_unique_for_key(*nonce);
        if let Ok(made) = self.0.seal_in_place_separate_tag(nonce, Aad::from(aad), text) {
            tag.copy_from_slice(made.as_ref());
        }
    }

    fn open(&mut self, nonce: &Nonce, aad: &[u8], text: &mut [u8], tag: &Tag) -> bool {
        let nonce = aead::Nonce::assume_unique_for_key(*nonce);
        self.0.open_in_place_separate_tag(nonce, Aad::from(aad), tag, text).is_ok()
    }
}

/// A ready pseudorandom key.
pub struct Hkdf(hkdf::Prk);

impl Prk<AwsLcRs> for Hkdf {
    fn new(_: AwsLcRs, prk: &Key32) -> Option<Self> {
        Some(Self(hkdf::Prk::new_less_safe(hkdf::HKDF_SHA256, prk)))
    }

    fn expand(&mut self, info: &[u8], okm: &mut Key32) {
        let info = [info];
        let ready = self.0.expand(&info, hkdf::HKDF_SHA256);
        ready.and_then(|ready| ready.fill(okm)).expect("32 bytes are a legal length");
    }
}

/// A ready HMAC key.
pub struct Hmac(hmac::Key);

impl Mac<AwsLcRs> for Hmac {
    fn new(_: AwsLcRs, key: &Key32) -> Option<Self> {
        Some(Self(hmac::Key::new(hmac::HMAC_SHA256, key)))
    }

    fn mac(&mut self, data: &[u8], tag: &mut Key32) {
        tag.copy_from_slice(hmac::sign(&self.0, data).as_ref());
    }
}
