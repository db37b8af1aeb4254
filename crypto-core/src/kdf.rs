//! HKDF (RFC 5869) with SHA-256, SHA-384 or SHA-512.
//!
//! A ready [`Prk`] holds the HMAC state after its key blocks: 32 bytes of
//! output from SHA-256 cost two compressions for an `info` of up to 54 bytes.
//! Relies on `hkdf`.

#![forbid(unsafe_code)]

use core::fmt;

use hkdf::Hkdf;
use zeroize::Zeroize;

use crate::hash::{HashAlgorithm, for_each_hash};
use crate::{Error, wipe};

enum Inner {
    Sha256(Hkdf<sha2::Sha256>),
    #[cfg(feature = "sha512")]
    Sha384(Hkdf<sha2::Sha384>),
    #[cfg(feature = "sha512")]
    Sha512(Hkdf<sha2::Sha512>),
}

/// Extraction with one hash; the pseudorandom key itself is wiped at once.
macro_rules! extract {
    ($hash:ty, $salt:expr, $ikm:expr) => {{
        let (mut prk, ready) = Hkdf::<$hash>::extract(Some($salt), $ikm);
        prk.zeroize();
        ready
    }};
}

/// A pseudorandom key, ready to be expanded. Wiped when dropped.
pub struct Prk(Inner);

impl Prk {
    /// HKDF-Extract (RFC 5869 §2.2). An empty `salt` is the RFC's default, a
    /// digest of zeros.
    #[must_use]
    pub fn extract(algorithm: HashAlgorithm, salt: &[u8], ikm: &[u8]) -> Self {
        wipe::after(|| {
            Self(match algorithm {
                HashAlgorithm::Sha256 => Inner::Sha256(extract!(sha2::Sha256, salt, ikm)),
                #[cfg(feature = "sha512")]
                HashAlgorithm::Sha384 => Inner::Sha384(extract!(sha2::Sha384, salt, ikm)),
                #[cfg(feature = "sha512")]
                HashAlgorithm::Sha512 => Inner::Sha512(extract!(sha2::Sha512, salt, ikm)),
            })
        })
    }

    /// A pseudorandom key that is already uniformly random, so that extraction
    /// is skipped (RFC 5869 §3.3).
    ///
    /// # Errors
    /// [`Error::InvalidLength`] if it is shorter than the digest (§2.3).
    pub fn from_bytes(algorithm: HashAlgorithm, prk: &[u8]) -> Result<Self, Error> {
        wipe::after(|| {
            let short = |_| Error::InvalidLength;
            Ok(Self(match algorithm {
                HashAlgorithm::Sha256 => Inner::Sha256(Hkdf::from_prk(prk).map_err(short)?),
                #[cfg(feature = "sha512")]
                HashAlgorithm::Sha384 => Inner::Sha384(Hkdf::from_prk(prk).map_err(short)?),
                #[cfg(feature = "sha512")]
                HashAlgorithm::Sha512 => Inner::Sha512(Hkdf::from_prk(prk).map_err(short)?),
            }))
        })
    }

    /// Which hash the key is for.
    #[must_use]
    pub fn algorithm(&self) -> HashAlgorithm {
        match self.0 {
            Inner::Sha256(_) => HashAlgorithm::Sha256,
            #[cfg(feature = "sha512")]
            Inner::Sha384(_) => HashAlgorithm::Sha384,
            #[cfg(feature = "sha512")]
            Inner::Sha512(_) => HashAlgorithm::Sha512,
        }
    }

    /// HKDF-Expand (RFC 5869 §2.3): fills `okm`, 1 to 255 digests long.
    ///
    /// # Errors
    /// [`Error::InvalidLength`] if `okm` is empty or longer than 255 digests.
    pub fn expand(&self, info: &[u8], okm: &mut [u8]) -> Result<(), Error> {
        self.expand_parts(&[info], okm)
    }

    /// [`Prk::expand`] with an `info` that is the concatenation of `info_parts`.
    ///
    /// # Errors
    /// As [`Prk::expand`].
    pub fn expand_parts(&self, info_parts: &[&[u8]], okm: &mut [u8]) -> Result<(), Error> {
        check_okm_len(self.algorithm(), okm.len())?;
        wipe::after(|| for_each_hash!(&self.0, hkdf => hkdf.expand_multi_info(info_parts, okm)))
            .map_err(|_| Error::InvalidLength)
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
    Prk::extract(algorithm, salt, ikm).expand(info, okm)
}

fn check_okm_len(algorithm: HashAlgorithm, len: usize) -> Result<(), Error> {
    if len == 0 || len > 255 * algorithm.digest_len() {
        return Err(Error::InvalidLength);
    }
    Ok(())
}
