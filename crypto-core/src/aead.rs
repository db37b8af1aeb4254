//! AES-128-GCM and AES-256-GCM (NIST SP 800-38D) with 96-bit nonces and
//! 128-bit tags; in place or from one buffer to another, the tag apart or
//! behind the ciphertext.
//!
//! Verified before released: after an open that fails the output is zeros. A
//! short message is never written before its tag was compared; on x86-64 a long
//! one may be, and is wiped within the call. **A nonce must never be used twice
//! with one key**: that gives away the authentication key. Relies on the kernels.

#![forbid(unsafe_code)]

use core::fmt;

use inout::InOutBuf;
use zeroize::zeroize_stack;

use crate::Error;
use crate::cpu::Cpu;
use crate::kernel::gcm::{self, GcmKey, OnFailure, Secret};

/// Length of a nonce in bytes.
pub const NONCE_LEN: usize = 12;
/// Length of a tag in bytes.
pub const TAG_LEN: usize = 16;
/// The longest message in bytes: 2³⁶ − 32 (SP 800-38D §5.2.1.1).
pub const MAX_MESSAGE_LEN: u64 = (1 << 36) - 32;

/// Which AEAD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AeadAlgorithm {
    /// AES-128-GCM: 16-byte keys.
    Aes128Gcm,
    /// AES-256-GCM: 32-byte keys.
    Aes256Gcm,
}

impl AeadAlgorithm {
    /// The length of a key in bytes.
    #[must_use]
    pub const fn key_len(self) -> usize {
        match self {
            Self::Aes128Gcm => 16,
            Self::Aes256Gcm => 32,
        }
    }
}

/// An AES-GCM key with its expanded schedule. Wiped when dropped.
pub struct AeadKey(GcmKey);

impl AeadKey {
    /// A key from [`AeadAlgorithm::key_len`] bytes.
    ///
    /// # Errors
    /// [`Error::InvalidLength`] if `key` has another length.
    #[inline]
    pub fn new(algorithm: AeadAlgorithm, key: &[u8]) -> Result<Self, Error> {
        Self::new_on(Cpu::detect(), algorithm, key)
    }

    /// [`AeadKey::new`] that uses of this CPU what `cpu` names, for tests and
    /// measurements.
    ///
    /// # Errors
    /// As [`AeadKey::new`].
    #[inline]
    pub fn new_on(cpu: Cpu, algorithm: AeadAlgorithm, key: &[u8]) -> Result<Self, Error> {
        let made = Self::expanded(cpu, secret(algorithm, key)?);
        zeroize_stack::<{ size_of::<Self>() + 128 }>();
        Ok(made)
    }

    /// In a frame of its own: what is returned by value leaves a copy there.
    #[inline(never)]
    fn expanded(cpu: Cpu, secret: Secret<'_>) -> Self {
        let mut key = GcmKey::empty(cpu);
        key.expand(secret);
        Self(key)
    }

    /// Which AEAD the key is for.
    #[must_use]
    pub fn algorithm(&self) -> AeadAlgorithm {
        if self.0.is_aes256() { AeadAlgorithm::Aes256Gcm } else { AeadAlgorithm::Aes128Gcm }
    }

    /// Encrypts `plaintext` and appends the tag: `out` gets
    /// `plaintext.len() + TAG_LEN` bytes, the number that is returned.
    ///
    /// # Errors
    /// [`Error::BufferTooSmall`] with the length that `out` needs;
    /// [`Error::InvalidLength`] over [`MAX_MESSAGE_LEN`].
    pub fn seal(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        plaintext: &[u8],
        out: &mut [u8],
    ) -> Result<usize, Error> {
        let (buffer, tag) = sealed_parts(plaintext, out)?;
        *tag = self.0.seal(nonce, aad, buffer);
        Ok(plaintext.len() + TAG_LEN)
    }

    /// Opens what [`AeadKey::seal`] made: `out` gets
    /// `sealed.len() - TAG_LEN` bytes, the number that is returned.
    ///
    /// # Errors
    /// [`Error::Unverified`] if anything differs from what was sealed, and
    /// those bytes of `out` are zeros. Before that, with nothing written:
    /// [`Error::InvalidLength`] if `sealed` is shorter than a tag or too long,
    /// [`Error::BufferTooSmall`] with the length that `out` needs.
    pub fn open(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        sealed: &[u8],
        out: &mut [u8],
    ) -> Result<usize, Error> {
        let (buffer, tag) = opened_parts(sealed, out)?;
        let len = buffer.len();
        verified(self.0.open(nonce, aad, buffer, tag, OnFailure::Zero))?;
        Ok(len)
    }

    /// Encrypts `plaintext` to `ciphertext`, which has the same length, and
    /// returns the tag.
    ///
    /// # Errors
    /// [`Error::InvalidLength`] if the lengths differ or exceed
    /// [`MAX_MESSAGE_LEN`].
    pub fn seal_detached(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        plaintext: &[u8],
        ciphertext: &mut [u8],
    ) -> Result<[u8; TAG_LEN], Error> {
        let buffer = InOutBuf::new(plaintext, ciphertext).map_err(|_| Error::InvalidLength)?;
        self.encrypt(nonce, aad, buffer)
    }

    /// Opens `ciphertext` to `plaintext`, which has the same length.
    ///
    /// # Errors
    /// [`Error::Unverified`] if anything differs from what was sealed, and
    /// `plaintext` is zeros; [`Error::InvalidLength`], with nothing written, if
    /// the lengths differ or exceed [`MAX_MESSAGE_LEN`].
    pub fn open_detached(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        ciphertext: &[u8],
        tag: &[u8; TAG_LEN],
        plaintext: &mut [u8],
    ) -> Result<(), Error> {
        let buffer = InOutBuf::new(ciphertext, plaintext).map_err(|_| Error::InvalidLength)?;
        self.decrypt(nonce, aad, buffer, tag, OnFailure::Zero)
    }

    /// Encrypts `buffer` where it is and returns the tag.
    ///
    /// # Errors
    /// [`Error::InvalidLength`] over [`MAX_MESSAGE_LEN`].
    pub fn seal_in_place(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        buffer: &mut [u8],
    ) -> Result<[u8; TAG_LEN], Error> {
        self.encrypt(nonce, aad, buffer.into())
    }

    /// Opens `buffer` where it is.
    ///
    /// # Errors
    /// [`Error::Unverified`] if anything differs from what was sealed: then
    /// `buffer` is zeros and the ciphertext is gone. [`Error::InvalidLength`]
    /// over [`MAX_MESSAGE_LEN`], with nothing written.
    pub fn open_in_place(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        buffer: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), Error> {
        self.decrypt(nonce, aad, buffer.into(), tag, OnFailure::Zero)
    }

    /// [`AeadKey::open_in_place`] that leaves `buffer` as it is if it does not
    /// verify, for a message that may be of one of several keys.
    #[cfg(feature = "device")]
    pub(crate) fn try_open_in_place(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        buffer: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), Error> {
        self.decrypt(nonce, aad, buffer.into(), tag, OnFailure::Keep)
    }

    #[inline]
    fn encrypt(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        buffer: InOutBuf<'_, '_, u8>,
    ) -> Result<[u8; TAG_LEN], Error> {
        sealed_len(buffer.len())?;
        Ok(self.0.seal(nonce, aad, buffer))
    }

    #[inline]
    fn decrypt(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        buffer: InOutBuf<'_, '_, u8>,
        tag: &[u8; TAG_LEN],
        on_failure: OnFailure,
    ) -> Result<(), Error> {
        sealed_len(buffer.len())?;
        verified(self.0.open(nonce, aad, buffer, tag, on_failure))
    }
}

fn secret(algorithm: AeadAlgorithm, key: &[u8]) -> Result<Secret<'_>, Error> {
    let secret = match algorithm {
        AeadAlgorithm::Aes128Gcm => key.try_into().map(Secret::Aes128),
        AeadAlgorithm::Aes256Gcm => key.try_into().map(Secret::Aes256),
    };
    secret.map_err(|_| Error::InvalidLength)
}

/// [`AeadKey::seal`] with a key for one message, which is quicker than making an
/// [`AeadKey`]: the sender of a message key that is never used again.
///
/// # Errors
/// As [`AeadKey::new`] and [`AeadKey::seal`].
pub fn seal_once(
    algorithm: AeadAlgorithm,
    key: &[u8],
    nonce: &[u8; NONCE_LEN],
    aad: &[u8],
    plaintext: &[u8],
    out: &mut [u8],
) -> Result<usize, Error> {
    seal_once_on(Cpu::detect(), algorithm, key, nonce, aad, plaintext, out)
}

/// [`seal_once`] that uses of this CPU what `cpu` names, for tests and
/// measurements.
///
/// # Errors
/// As [`seal_once`].
pub fn seal_once_on(
    cpu: Cpu,
    algorithm: AeadAlgorithm,
    key: &[u8],
    nonce: &[u8; NONCE_LEN],
    aad: &[u8],
    plaintext: &[u8],
    out: &mut [u8],
) -> Result<usize, Error> {
    let secret = secret(algorithm, key)?;
    let (buffer, tag) = sealed_parts(plaintext, out)?;
    *tag = gcm::seal_once(cpu, secret, nonce, aad, buffer);
    Ok(plaintext.len() + TAG_LEN)
}

/// [`AeadKey::open`] with a key for one message.
///
/// # Errors
/// As [`AeadKey::new`] and [`AeadKey::open`].
pub fn open_once(
    algorithm: AeadAlgorithm,
    key: &[u8],
    nonce: &[u8; NONCE_LEN],
    aad: &[u8],
    sealed: &[u8],
    out: &mut [u8],
) -> Result<usize, Error> {
    open_once_on(Cpu::detect(), algorithm, key, nonce, aad, sealed, out)
}

/// [`open_once`] that uses of this CPU what `cpu` names, for tests and
/// measurements.
///
/// # Errors
/// As [`open_once`].
pub fn open_once_on(
    cpu: Cpu,
    algorithm: AeadAlgorithm,
    key: &[u8],
    nonce: &[u8; NONCE_LEN],
    aad: &[u8],
    sealed: &[u8],
    out: &mut [u8],
) -> Result<usize, Error> {
    let secret = secret(algorithm, key)?;
    let (buffer, tag) = opened_parts(sealed, out)?;
    let len = buffer.len();
    verified(gcm::open_once(cpu, secret, nonce, aad, buffer, tag, OnFailure::Zero))?;
    Ok(len)
}

/// Splits `out` into the room for the ciphertext of `plaintext` and for the tag.
#[inline]
fn sealed_parts<'a, 'b>(
    plaintext: &'a [u8],
    out: &'b mut [u8],
) -> Result<(InOutBuf<'a, 'b, u8>, &'b mut [u8; TAG_LEN]), Error> {
    let needed = sealed_len(plaintext.len())?;
    let (ciphertext, tag) = out
        .get_mut(..needed)
        .and_then(|out| out.split_last_chunk_mut::<TAG_LEN>())
        .ok_or(Error::BufferTooSmall { needed })?;
    let buffer = InOutBuf::new(plaintext, ciphertext).map_err(|_| Error::InvalidLength)?;
    Ok((buffer, tag))
}

/// Splits `sealed` into the ciphertext, with its place in `out`, and the tag.
#[inline]
fn opened_parts<'a, 'b>(
    sealed: &'a [u8],
    out: &'b mut [u8],
) -> Result<(InOutBuf<'a, 'b, u8>, &'a [u8; TAG_LEN]), Error> {
    let (ciphertext, tag) = sealed.split_last_chunk::<TAG_LEN>().ok_or(Error::InvalidLength)?;
    let needed = ciphertext.len();
    sealed_len(needed)?;
    let out = out.get_mut(..needed).ok_or(Error::BufferTooSmall { needed })?;
    let buffer = InOutBuf::new(ciphertext, out).map_err(|_| Error::InvalidLength)?;
    Ok((buffer, tag))
}

#[inline]
fn verified(is_verified: bool) -> Result<(), Error> {
    if is_verified { Ok(()) } else { Err(Error::Unverified) }
}

impl fmt::Debug for AeadKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AeadKey").field(&self.algorithm()).finish()
    }
}

/// The length of a message of `len` bytes with its tag.
///
/// # Errors
/// [`Error::InvalidLength`] over [`MAX_MESSAGE_LEN`] or the address space.
pub fn sealed_len(len: usize) -> Result<usize, Error> {
    if len as u64 > MAX_MESSAGE_LEN {
        return Err(Error::InvalidLength);
    }
    len.checked_add(TAG_LEN).ok_or(Error::InvalidLength)
}
