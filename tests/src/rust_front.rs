//! The Rust API: the crate `corekey`, linked into this test.

use corekey::Error;
use corekey::aead::{AeadAlgorithm, AeadKey, TAG_LEN};
use corekey::drbg::{Entropy, HmacDrbg};
use corekey::hash::{self, HashAlgorithm};
use corekey::kdf::{self, Prk};
use corekey::mac::HmacKey;
use corekey::wrap::{WrapAlgorithm, WrapKey};

use crate::front::{Aead, DrbgCall, Front, Hash, Opened, Refusal, Shape, UNWRITTEN, Wrap};

/// The front.
#[derive(Clone, Copy, Debug)]
pub struct RustApi;

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error {
            Error::InvalidLength => Self::Length,
            Error::Unverified => Self::Unverified,
            other => Self::Other(other.to_string()),
        }
    }
}

impl Front for RustApi {
    fn name(&self) -> &'static str {
        "Rust API"
    }

    fn describe(&self) -> String {
        "the crate corekey, linked into this test".into()
    }

    fn hash(&self, hash: Hash, data: &[u8]) -> Result<Vec<u8>, Refusal> {
        Ok(hash::digest(algorithm(hash), data).as_ref().to_vec())
    }

    fn hash_parts(&self, hash: Hash, parts: &[&[u8]]) -> Result<Vec<u8>, Refusal> {
        let mut state = hash::Hash::new(algorithm(hash));
        for part in parts {
            state.update(part);
        }
        Ok(state.finish().as_ref().to_vec())
    }

    fn hmac(&self, hash: Hash, key: &[u8], data: &[u8], len: usize) -> Result<Vec<u8>, Refusal> {
        let tag = HmacKey::new(algorithm(hash), key).mac(data);
        Ok(tag.as_ref()[..len].to_vec())
    }

    fn hmac_parts(
        &self,
        hash: Hash,
        key: &[u8],
        parts: &[&[u8]],
        len: usize,
    ) -> Result<Vec<u8>, Refusal> {
        let mut state = HmacKey::new(algorithm(hash), key).start();
        for part in parts {
            state.update(part);
        }
        Ok(state.finish().as_ref()[..len].to_vec())
    }

    fn hmac_verify(&self, hash: Hash, key: &[u8], data: &[u8], tag: &[u8]) -> Result<(), Refusal> {
        Ok(HmacKey::new(algorithm(hash), key).verify(data, tag)?)
    }

    fn hkdf(
        &self,
        hash: Hash,
        salt: &[u8],
        ikm: &[u8],
        info: &[u8],
        okm: &mut [u8],
    ) -> Result<(), Refusal> {
        Ok(kdf::hkdf(algorithm(hash), salt, ikm, info, okm)?)
    }

    fn hkdf_extract_expand(
        &self,
        hash: Hash,
        salt: &[u8],
        ikm: &[u8],
        info: &[u8],
        okm: &mut [u8],
    ) -> Result<(), Refusal> {
        Ok(Prk::extract(algorithm(hash), salt, ikm).expand(info, okm)?)
    }

    fn hkdf_expand(
        &self,
        hash: Hash,
        prk: &[u8],
        info: &[u8],
        okm: &mut [u8],
    ) -> Result<(), Refusal> {
        Ok(Prk::from_bytes(algorithm(hash), prk)?.expand(info, okm)?)
    }

    fn shapes(&self) -> &'static [Shape] {
        &[Shape::Combined, Shape::Detached, Shape::InPlace]
    }

    fn seal(&self, shape: Shape, aead: Aead<'_>, plaintext: &[u8]) -> Result<Vec<u8>, Refusal> {
        let Aead { nonce, aad, .. } = aead;
        let key = aead_key(aead)?;
        if let Shape::Combined = shape {
            let mut sealed = vec![UNWRITTEN; plaintext.len() + TAG_LEN];
            let len = key.seal(&nonce, aad, plaintext, &mut sealed)?;
            sealed.truncate(len);
            return Ok(sealed);
        }
        let (ciphertext, tag) = match shape {
            Shape::InPlace => {
                let mut buffer = plaintext.to_vec();
                let tag = key.seal_in_place(&nonce, aad, &mut buffer)?;
                (buffer, tag)
            }
            _ => {
                let mut ciphertext = vec![UNWRITTEN; plaintext.len()];
                let tag = key.seal_detached(&nonce, aad, plaintext, &mut ciphertext)?;
                (ciphertext, tag)
            }
        };
        Ok([&ciphertext[..], &tag].concat())
    }

    fn open(&self, shape: Shape, aead: Aead<'_>, sealed: &[u8]) -> Opened {
        let Aead { nonce, aad, .. } = aead;
        let (ciphertext, tag) = sealed.split_last_chunk::<TAG_LEN>().expect("every case has a tag");
        let mut buffer = match shape {
            Shape::InPlace => ciphertext.to_vec(),
            _ => vec![UNWRITTEN; ciphertext.len()],
        };
        let verdict = aead_key(aead).and_then(|key| {
            let len = match shape {
                Shape::Combined => return key.open(&nonce, aad, sealed, &mut buffer),
                Shape::InPlace => key.open_in_place(&nonce, aad, &mut buffer, tag),
                _ => key.open_detached(&nonce, aad, ciphertext, tag, &mut buffer),
            };
            len.map(|()| ciphertext.len())
        });
        Opened { verdict: verdict.map_err(Refusal::from), buffer }
    }

    fn wrap(&self, wrap: Wrap, kek: &[u8], key: &[u8]) -> Result<Vec<u8>, Refusal> {
        let mut wrapped = vec![UNWRITTEN; key.len() + 16];
        let len = WrapKey::new(kek)?.wrap(wrap_algorithm(wrap), key, &mut wrapped)?;
        wrapped.truncate(len);
        Ok(wrapped)
    }

    fn unwrap(&self, wrap: Wrap, kek: &[u8], wrapped: &[u8]) -> Opened {
        let mut buffer = vec![UNWRITTEN; wrapped.len()];
        let verdict = WrapKey::new(kek)
            .and_then(|kek| kek.unwrap(wrap_algorithm(wrap), wrapped, &mut buffer));
        Opened { verdict: verdict.map_err(Refusal::from), buffer }
    }

    fn drbg(
        &self,
        entropy: &[u8],
        personalization: &[u8],
        calls: &[DrbgCall],
    ) -> Result<Vec<Vec<u8>>, Refusal> {
        let mut drbg = HmacDrbg::new(Script(entropy), personalization)?;
        let mut outputs = Vec::new();
        for call in calls {
            match call {
                DrbgCall::Reseed { additional } => drbg.reseed(additional)?,
                DrbgCall::Generate { additional, len } => {
                    let mut out = vec![UNWRITTEN; *len];
                    drbg.generate(additional, &mut out)?;
                    outputs.push(out);
                }
            }
        }
        Ok(outputs)
    }
}

/// Entropy that is known beforehand.
struct Script<'a>(&'a [u8]);

impl Entropy for Script<'_> {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), Error> {
        let (now, later) = self.0.split_at_checked(out.len()).ok_or(Error::EntropyFailed)?;
        out.copy_from_slice(now);
        self.0 = later;
        Ok(())
    }
}

fn algorithm(hash: Hash) -> HashAlgorithm {
    match hash {
        Hash::Sha256 => HashAlgorithm::Sha256,
        Hash::Sha384 => HashAlgorithm::Sha384,
        Hash::Sha512 => HashAlgorithm::Sha512,
    }
}

fn wrap_algorithm(wrap: Wrap) -> WrapAlgorithm {
    match wrap {
        Wrap::Kw => WrapAlgorithm::AesKw,
        Wrap::Kwp => WrapAlgorithm::AesKwp,
    }
}

fn aead_key(aead: Aead<'_>) -> Result<AeadKey, Error> {
    let algorithm = match aead.key.len() {
        16 => AeadAlgorithm::Aes128Gcm,
        _ => AeadAlgorithm::Aes256Gcm,
    };
    AeadKey::new(algorithm, aead.key)
}
