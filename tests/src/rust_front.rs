//! The Rust API: the crate `corekey`, linked into this test, with each of its
//! implementations that this CPU has.

use corekey::Error;
use corekey::aead::{self, AeadAlgorithm, AeadKey, TAG_LEN};
use corekey::cpu::{Cpu, Feature};
use corekey::drbg::{Entropy, HmacDrbg};
use corekey::hash::{self, HashAlgorithm};
use corekey::kdf::{self, Prk};
use corekey::mac::HmacKey;
use corekey::wrap::{WrapAlgorithm, WrapKey};

use crate::front::{Aead, DrbgCall, Front, Hash, Opened, Refusal, Shape, UNWRITTEN, Wrap};

/// The front, with the CPU as it is or without some features, so that slower
/// implementations are used.
#[derive(Clone, Copy, Debug)]
pub struct RustApi {
    name: &'static str,
    without: &'static [Feature],
}

/// What every program gets on this CPU.
pub const BEST: RustApi = RustApi { name: "Rust API", without: &[] };
/// As on a CPU without AVX-512, for one.
pub const NO_AVX512: RustApi = RustApi { name: "no AVX-512", without: &[Feature::Avx512] };
/// As on a CPU without VAES, for one.
pub const NO_VAES: RustApi = RustApi { name: "no VAES", without: &[Feature::Vaes] };
/// As on a CPU without any instructions for cryptography.
pub const PORTABLE: RustApi = RustApi {
    name: "portable",
    without: &[Feature::Avx512, Feature::Vaes, Feature::Aes, Feature::Sha],
};

impl RustApi {
    fn cpu(self) -> Cpu {
        self.without.iter().fold(Cpu::detect(), |cpu, feature| cpu.without(*feature))
    }

    fn aead_key(self, aead: Aead<'_>) -> Result<AeadKey, Error> {
        AeadKey::new_on(self.cpu(), aead_algorithm(aead), aead.key)
    }
}

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
        self.name
    }

    fn describe(&self) -> String {
        let (gcm, sha256) = (self.cpu().gcm_tier(), self.cpu().sha256_tier());
        format!("the crate corekey: AES-GCM by {gcm}, SHA-256 by {sha256}")
    }

    fn hash(&self, hash: Hash, data: &[u8]) -> Result<Vec<u8>, Refusal> {
        if self.without.is_empty() {
            return Ok(hash::digest(algorithm(hash), data).as_ref().to_vec());
        }
        self.hash_parts(hash, &[data])
    }

    fn hash_parts(&self, hash: Hash, parts: &[&[u8]]) -> Result<Vec<u8>, Refusal> {
        let mut state = hash::Hash::new_on(self.cpu(), algorithm(hash));
        for part in parts {
            state.update(part);
        }
        Ok(state.finish().as_ref().to_vec())
    }

    fn hmac(&self, hash: Hash, key: &[u8], data: &[u8], len: usize) -> Result<Vec<u8>, Refusal> {
        let tag = HmacKey::new_on(self.cpu(), algorithm(hash), key).mac(data);
        Ok(tag.as_ref()[..len].to_vec())
    }

    fn hmac_parts(
        &self,
        hash: Hash,
        key: &[u8],
        parts: &[&[u8]],
        len: usize,
    ) -> Result<Vec<u8>, Refusal> {
        let mut state = HmacKey::new_on(self.cpu(), algorithm(hash), key).start();
        for part in parts {
            state.update(part);
        }
        Ok(state.finish().as_ref()[..len].to_vec())
    }

    fn hmac_verify(&self, hash: Hash, key: &[u8], data: &[u8], tag: &[u8]) -> Result<(), Refusal> {
        Ok(HmacKey::new_on(self.cpu(), algorithm(hash), key).verify(data, tag)?)
    }

    fn hkdf(
        &self,
        hash: Hash,
        salt: &[u8],
        ikm: &[u8],
        info: &[u8],
        okm: &mut [u8],
    ) -> Result<(), Refusal> {
        if self.without.is_empty() {
            return Ok(kdf::hkdf(algorithm(hash), salt, ikm, info, okm)?);
        }
        self.hkdf_extract_expand(hash, salt, ikm, info, okm)
    }

    fn hkdf_extract_expand(
        &self,
        hash: Hash,
        salt: &[u8],
        ikm: &[u8],
        info: &[u8],
        okm: &mut [u8],
    ) -> Result<(), Refusal> {
        Ok(Prk::extract_on(self.cpu(), algorithm(hash), salt, ikm).expand(info, okm)?)
    }

    fn hkdf_expand(
        &self,
        hash: Hash,
        prk: &[u8],
        info: &[u8],
        okm: &mut [u8],
    ) -> Result<(), Refusal> {
        Ok(Prk::from_bytes_on(self.cpu(), algorithm(hash), prk)?.expand(info, okm)?)
    }

    fn shapes(&self) -> &'static [Shape] {
        &[Shape::Combined, Shape::Detached, Shape::InPlace, Shape::Once]
    }

    fn seal(&self, shape: Shape, aead: Aead<'_>, plaintext: &[u8]) -> Result<Vec<u8>, Refusal> {
        let Aead { key, nonce, aad } = aead;
        if let Shape::Once = shape {
            let (cpu, algorithm) = (self.cpu(), aead_algorithm(aead));
            let mut sealed = vec![UNWRITTEN; plaintext.len() + TAG_LEN];
            aead::seal_once_on(cpu, algorithm, key, &nonce, aad, plaintext, &mut sealed)?;
            return Ok(sealed);
        }
        let key = self.aead_key(aead)?;
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
        let Aead { key, nonce, aad } = aead;
        let (ciphertext, tag) = sealed.split_last_chunk::<TAG_LEN>().expect("every case has a tag");
        let mut buffer = match shape {
            Shape::InPlace => ciphertext.to_vec(),
            _ => vec![UNWRITTEN; ciphertext.len()],
        };
        if let Shape::Once = shape {
            let (cpu, algorithm) = (self.cpu(), aead_algorithm(aead));
            let verdict = aead::open_once_on(cpu, algorithm, key, &nonce, aad, sealed, &mut buffer);
            return Opened { verdict: verdict.map_err(Refusal::from), buffer };
        }
        let verdict = self.aead_key(aead).and_then(|key| {
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

fn aead_algorithm(aead: Aead<'_>) -> AeadAlgorithm {
    match aead.key.len() {
        16 => AeadAlgorithm::Aes128Gcm,
        _ => AeadAlgorithm::Aes256Gcm,
    }
}
