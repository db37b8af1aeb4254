//! SHA-256, SHA-384 and SHA-512 (FIPS 180-4), one-shot and streaming.
//!
//! Relies on `sha2`. What is hashed may be secret: states and digests are
//! wiped when dropped.

#![forbid(unsafe_code)]

use core::fmt;

use sha2::Digest as _;
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

use crate::wipe;

/// The longest digest of the hashes in this build, in bytes.
pub const MAX_DIGEST_LEN: usize = if cfg!(feature = "sha512") { 64 } else { 32 };

/// Which hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HashAlgorithm {
    /// SHA-256: 32-byte digests.
    Sha256,
    /// SHA-384: 48-byte digests.
    #[cfg(feature = "sha512")]
    Sha384,
    /// SHA-512: 64-byte digests.
    #[cfg(feature = "sha512")]
    Sha512,
}

impl HashAlgorithm {
    /// The length of a digest in bytes.
    #[must_use]
    pub const fn digest_len(self) -> usize {
        match self {
            Self::Sha256 => 32,
            #[cfg(feature = "sha512")]
            Self::Sha384 => 48,
            #[cfg(feature = "sha512")]
            Self::Sha512 => 64,
        }
    }
}

/// One expression for whichever hash an `Inner` of the calling module holds.
macro_rules! for_each_hash {
    ($value:expr, $name:pat => $body:expr) => {
        match $value {
            Inner::Sha256($name) => $body,
            #[cfg(feature = "sha512")]
            Inner::Sha384($name) => $body,
            #[cfg(feature = "sha512")]
            Inner::Sha512($name) => $body,
        }
    };
}
pub(crate) use for_each_hash;

/// A digest or an HMAC tag: 32, 48 or 64 bytes. Wiped when dropped, compared
/// in constant time.
pub struct Digest {
    bytes: [u8; MAX_DIGEST_LEN],
    len: usize,
}

impl Digest {
    /// Takes the bytes over and wipes them where they were.
    pub(crate) fn take(source: &mut [u8]) -> Self {
        let mut digest = Self { bytes: [0; MAX_DIGEST_LEN], len: source.len().min(MAX_DIGEST_LEN) };
        for (to, from) in digest.bytes.iter_mut().zip(source.iter()) {
            *to = *from;
        }
        source.zeroize();
        digest
    }

    /// The digest's bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(&self.bytes)
    }
}

impl AsRef<[u8]> for Digest {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes().ct_eq(other.as_bytes()).into()
    }
}

impl Eq for Digest {}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Digest").field("len", &self.len).finish_non_exhaustive()
    }
}

impl Drop for Digest {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

enum Inner {
    Sha256(sha2::Sha256),
    #[cfg(feature = "sha512")]
    Sha384(sha2::Sha384),
    #[cfg(feature = "sha512")]
    Sha512(sha2::Sha512),
}

/// A hash of data that comes in pieces.
pub struct Hash(Inner);

impl Hash {
    /// An empty message.
    #[must_use]
    pub fn new(algorithm: HashAlgorithm) -> Self {
        Self(match algorithm {
            HashAlgorithm::Sha256 => Inner::Sha256(sha2::Sha256::new()),
            #[cfg(feature = "sha512")]
            HashAlgorithm::Sha384 => Inner::Sha384(sha2::Sha384::new()),
            #[cfg(feature = "sha512")]
            HashAlgorithm::Sha512 => Inner::Sha512(sha2::Sha512::new()),
        })
    }

    /// Appends `data` to the message.
    pub fn update(&mut self, data: &[u8]) {
        wipe::after(|| for_each_hash!(&mut self.0, h => h.update(data)));
    }

    /// The digest of all that was appended.
    #[must_use]
    pub fn finish(self) -> Digest {
        wipe::after(|| for_each_hash!(self.0, h => Digest::take(&mut h.finalize())))
    }

    /// Which hash this is.
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
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Hash").field(&self.algorithm()).finish()
    }
}

/// The digest of `data`.
#[must_use]
pub fn digest(algorithm: HashAlgorithm, data: &[u8]) -> Digest {
    wipe::after(|| {
        let mut hash = Hash::new(algorithm);
        for_each_hash!(&mut hash.0, h => h.update(data));
        for_each_hash!(hash.0, h => Digest::take(&mut h.finalize()))
    })
}
