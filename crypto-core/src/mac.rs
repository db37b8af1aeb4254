//! HMAC (RFC 2104, FIPS 198-1) with SHA-256, SHA-384 or SHA-512.
//!
//! A ready [`HmacKey`] holds the state after the two padded key blocks, so a
//! message costs only its own compressions. Relies on `hmac`.

#![forbid(unsafe_code)]

use core::fmt;

use hmac::{Hmac as RawHmac, KeyInit, Mac};

use crate::hash::{Digest, HashAlgorithm, for_each_hash};
use crate::{Error, ct, wipe};

#[derive(Clone)]
enum Inner {
    Sha256(RawHmac<sha2::Sha256>),
    #[cfg(feature = "sha512")]
    Sha384(RawHmac<sha2::Sha384>),
    #[cfg(feature = "sha512")]
    Sha512(RawHmac<sha2::Sha512>),
}

impl Inner {
    fn algorithm(&self) -> HashAlgorithm {
        match self {
            Self::Sha256(_) => HashAlgorithm::Sha256,
            #[cfg(feature = "sha512")]
            Self::Sha384(_) => HashAlgorithm::Sha384,
            #[cfg(feature = "sha512")]
            Self::Sha512(_) => HashAlgorithm::Sha512,
        }
    }

    fn finish(self) -> Digest {
        for_each_hash!(self, mac => Digest::take(&mut mac.finalize().into_bytes()))
    }
}

/// A key for HMAC, ready for use. Wiped when dropped.
pub struct HmacKey(Inner);

impl HmacKey {
    /// A key from `key`, which may have any length; RFC 2104 §3 advises at
    /// least the length of the digest.
    #[must_use]
    pub fn new(algorithm: HashAlgorithm, key: &[u8]) -> Self {
        wipe::after(|| {
            Self(match algorithm {
                HashAlgorithm::Sha256 => Inner::Sha256(ready(key)),
                #[cfg(feature = "sha512")]
                HashAlgorithm::Sha384 => Inner::Sha384(ready(key)),
                #[cfg(feature = "sha512")]
                HashAlgorithm::Sha512 => Inner::Sha512(ready(key)),
            })
        })
    }

    /// Which hash the key is for.
    #[must_use]
    pub fn algorithm(&self) -> HashAlgorithm {
        self.0.algorithm()
    }

    /// The full-length tag of `data`.
    #[must_use]
    pub fn mac(&self, data: &[u8]) -> Digest {
        self.mac_parts(&[data])
    }

    /// The full-length tag of the concatenation of `parts`.
    #[must_use]
    pub fn mac_parts(&self, parts: &[&[u8]]) -> Digest {
        wipe::after(|| {
            let mut mac = self.0.clone();
            for part in parts {
                for_each_hash!(&mut mac, m => m.update(part));
            }
            mac.finish()
        })
    }

    /// Checks `tag`, which is the first half or more of the full tag
    /// (RFC 2104 §5), in constant time.
    ///
    /// # Errors
    /// [`Error::InvalidLength`] if the tag is shorter than half a digest or
    /// longer than one; [`Error::Unverified`] if it is not the tag of `data`.
    pub fn verify(&self, data: &[u8], tag: &[u8]) -> Result<(), Error> {
        check_tag_len(self.algorithm(), tag.len())?;
        compare(&self.mac(data), tag)
    }

    /// Starts a message that comes in pieces.
    #[must_use]
    pub fn start(&self) -> Hmac {
        Hmac(self.0.clone())
    }
}

impl fmt::Debug for HmacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HmacKey").field(&self.algorithm()).finish()
    }
}

/// The tag of a message that comes in pieces. Wiped when dropped.
pub struct Hmac(Inner);

impl Hmac {
    /// Which hash this is.
    #[must_use]
    pub fn algorithm(&self) -> HashAlgorithm {
        self.0.algorithm()
    }

    /// Appends `data` to the message.
    pub fn update(&mut self, data: &[u8]) {
        wipe::after(|| for_each_hash!(&mut self.0, m => m.update(data)));
    }

    /// The full-length tag of all that was appended.
    #[must_use]
    pub fn finish(self) -> Digest {
        wipe::after(|| self.0.finish())
    }

    /// Checks `tag` as [`HmacKey::verify`] does.
    ///
    /// # Errors
    /// As [`HmacKey::verify`].
    pub fn verify(self, tag: &[u8]) -> Result<(), Error> {
        check_tag_len(self.algorithm(), tag.len())?;
        compare(&self.finish(), tag)
    }
}

impl fmt::Debug for Hmac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Hmac").field(&self.algorithm()).finish()
    }
}

fn ready<M: KeyInit>(key: &[u8]) -> M {
    M::new_from_slice(key).expect("HMAC takes keys of every length")
}

/// Truncation to less than half of the digest is refused (RFC 2104 §5).
///
/// # Errors
/// [`Error::InvalidLength`] outside half a digest ..= a digest.
pub fn check_tag_len(algorithm: HashAlgorithm, len: usize) -> Result<(), Error> {
    let full = algorithm.digest_len();
    if len < full / 2 || len > full {
        return Err(Error::InvalidLength);
    }
    Ok(())
}

fn compare(full: &Digest, tag: &[u8]) -> Result<(), Error> {
    let expected = full.as_bytes().get(..tag.len()).ok_or(Error::InvalidLength)?;
    if !ct::equal(expected, tag) {
        return Err(Error::Unverified);
    }
    Ok(())
}
