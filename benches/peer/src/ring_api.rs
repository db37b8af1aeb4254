//! The API of ring, which AWS-LC's Rust crate has as well.

/// Exports a crate with ring's API:
/// `peer::export_ring_api!(crate, c"name", "name", |key, nonce, aad, text, tag| …)`,
/// where the last opens `text` in place with a tag that is apart, the one call
/// that differs.
#[macro_export]
macro_rules! export_ring_api {
    (
        $krate:ident,
        $name:expr,
        $package:expr,
        |$key:ident, $nonce:ident, $aad:ident, $text:ident, $tag:ident| $open:expr
    ) => {
        use $crate::{Aead, Chain, Key32, Library, Mac, Nonce, Prk, Tag};
        use $krate::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, UnboundKey};
        use $krate::{aead, hkdf, hmac};

        $crate::export!(
            Ring,
            $name,
            || $crate::locked($package),
            c"LessSafeKey::seal_in_place_separate_tag and open_in_place_separate_tag; Prk::new_less_safe once, expand and fill; hmac::sign with a ready key"
        );

        /// The crate.
        #[derive(Clone, Copy, Default)]
        pub struct Ring;

        impl Library for Ring {
            type Aes128 = AesGcm;
            type Aes256 = AesGcm;
            type Prk = Hkdf;
            type Mac = Hmac;
            type Fleet = Chain<Self>;
        }

        /// An AES-GCM key.
        pub struct AesGcm(LessSafeKey);

        impl Aead<Ring> for AesGcm {
            fn new(_: Ring, key: &[u8]) -> Option<Self> {
                let algorithm = if key.len() == 16 { &AES_128_GCM } else { &AES_256_GCM };
                Some(Self(LessSafeKey::new(UnboundKey::new(algorithm, key).ok()?)))
            }

            fn seal(&mut self, nonce: &Nonce, aad: &[u8], text: &mut [u8], tag: &mut Tag) {
                let nonce = aead::Nonce::assume_unique_for_key(*nonce);
                let made = self.0.seal_in_place_separate_tag(nonce, Aad::from(aad), text);
                if let Ok(made) = made {
                    tag.copy_from_slice(made.as_ref());
                }
            }

            fn open(&mut self, nonce: &Nonce, aad: &[u8], $text: &mut [u8], $tag: &Tag) -> bool {
                let $nonce = aead::Nonce::assume_unique_for_key(*nonce);
                let ($key, $aad) = (&self.0, Aad::from(aad));
                $open
            }
        }

        /// A ready pseudorandom key.
        pub struct Hkdf(hkdf::Prk);

        impl Prk<Ring> for Hkdf {
            fn new(_: Ring, prk: &Key32) -> Option<Self> {
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

        impl Mac<Ring> for Hmac {
            fn new(_: Ring, key: &Key32) -> Option<Self> {
                Some(Self(hmac::Key::new(hmac::HMAC_SHA256, key)))
            }

            fn mac(&mut self, data: &[u8], tag: &mut Key32) {
                tag.copy_from_slice(hmac::sign(&self.0, data).as_ref());
            }
        }
    };
}
