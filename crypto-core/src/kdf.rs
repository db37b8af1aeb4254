//! HKDF (RFC 5869) with SHA-256, SHA-384 or SHA-512.
//!
//! A ready [`Prk`] is a ready HMAC key: 32 bytes of output from SHA-256 cost two
//! compressions for an `info` of up to 54 bytes. Relies on `mac`.

#![forbid(unsafe_code)]

use core::fmt;
use core::iter::once;

use crate::cpu::Cpu;
use crate::hash::{Digest, HashAlgorithm};
use crate::mac::HmacKey;
use crate::{Error, wipe};

/// A pseudorandom key, ready to be expanded. Wiped when dropped.
pub struct Prk(HmacKey);

impl Prk {
    /// HKDF-Extract (RFC 5869 §2.2). An empty `salt` is the RFC's default, a
    /// digest of zeros; `ikm` is the input keying material, of any length.
    #[must_use]
    pub fn extract(algorithm: HashAlgorithm, salt: &[u8], ikm: &[u8]) -> Self {
        Self::extract_on(Cpu::detect(), algorithm, salt, ikm)
    }

    /// The same, used with the features of `cpu` and no others.
    #[must_use]
    pub fn extract_on(cpu: Cpu, algorithm: HashAlgorithm, salt: &[u8], ikm: &[u8]) -> Self {
        // HMAC fills its key up with zeros, so that an empty salt is zeros.
        wipe::after_shallow::<1024, _>(|| {
            let mut prk = Digest::zeros(algorithm);
            HmacKey::new_on(cpu, algorithm, salt).mac_to(ikm, &mut prk);
            Self(HmacKey::new_on(cpu, algorithm, prk.as_bytes()))
        })
    }

    /// A pseudorandom key that is already uniformly random, so that extraction
    /// is skipped (RFC 5869 §3.3).
    ///
    /// # Errors
    /// [`Error::InvalidLength`] if it is shorter than the digest (§2.3).
    pub fn from_bytes(algorithm: HashAlgorithm, prk: &[u8]) -> Result<Self, Error> {
        Self::from_bytes_on(Cpu::detect(), algorithm, prk)
    }

    /// The same, used with the features of `cpu` and no others.
    ///
    /// # Errors
    /// As [`Prk::from_bytes`].
    pub fn from_bytes_on(cpu: Cpu, algorithm: HashAlgorithm, prk: &[u8]) -> Result<Self, Error> {
        if prk.len() < algorithm.digest_len() {
            return Err(Error::InvalidLength);
        }
        Ok(Self(HmacKey::new_on(cpu, algorithm, prk)))
    }

    /// Which hash the key is for.
    #[must_use]
    pub fn algorithm(&self) -> HashAlgorithm {
        self.0.algorithm()
    }

    /// HKDF-Expand (RFC 5869 §2.3): fills `okm`, 1 to 255 digests long.
    ///
    /// # Errors
    /// [`Error::InvalidLength`] if `okm` is empty or longer than 255 digests.
    pub fn expand(&self, info: &[u8], okm: &mut [u8]) -> Result<(), Error> {
        if let Ok(okm) = okm.try_into() {
            self.0.mac_32([info, &[1]].into_iter(), okm);
            return Ok(());
        }
        self.expand_parts(&[info], okm)
    }

    /// [`Prk::expand`] with an `info` that is the concatenation of `info_parts`.
    ///
    /// # Errors
    /// As [`Prk::expand`].
    pub fn expand_parts(&self, info_parts: &[&[u8]], okm: &mut [u8]) -> Result<(), Error> {
        check_okm_len(self.algorithm(), okm.len())?;
        let mut block = Digest::zeros(self.algorithm());
        let len = self.algorithm().digest_len();
        let mut done = 0;
        for number in 1..=u8::MAX {
            let Some((before, rest)) = okm.split_at_mut_checked(done) else { break };
            if rest.is_empty() {
                break;
            }
            // T(i) = HMAC(T(i - 1) || info || i), and T(0) is empty.
            let previous = before.get(done.saturating_sub(len)..).unwrap_or(&[]);
            let number = [number];
            let pieces = once(previous).chain(info_parts.iter().copied()).chain(once(&number[..]));
            self.0.mac_pieces(pieces, &mut block);
            rest.iter_mut().zip(block.as_bytes()).for_each(|(to, from)| *to = *from);
            done += len.min(rest.len());
        }
        wipe::registers();
        Ok(())
    }
}

impl fmt::Debug for Prk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Prk").field(&self.algorithm()).finish()
    }
}

/// Extract, then expand (RFC 5869 §2): fills `okm`, 1 to 255 digests long.
///
/// # Errors
/// [`Error::InvalidLength`] if `okm` is empty or longer than 255 digests.
pub fn hkdf(
    algorithm: HashAlgorithm,
    salt: &[u8],
    ikm: &[u8],
    info: &[u8],
    okm: &mut [u8],
) -> Result<(), Error> {
    check_okm_len(algorithm, okm.len())?;
    wipe::after_shallow::<2048, _>(|| Prk::extract(algorithm, salt, ikm).expand(info, okm))
}

fn check_okm_len(algorithm: HashAlgorithm, len: usize) -> Result<(), Error> {
    if len == 0 || len > 255 * algorithm.digest_len() {
        return Err(Error::InvalidLength);
    }
    Ok(())
}
