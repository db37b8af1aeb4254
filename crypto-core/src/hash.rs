//! SHA-256, SHA-384 and SHA-512 (FIPS 180-4), one-shot and streaming.
//!
//! SHA-256 is a kernel of ours; SHA-384 and SHA-512 rely on `sha2`. What is
//! hashed may be secret: states and digests are wiped when dropped.

#![forbid(unsafe_code)]

use core::fmt;

use subtle::ConstantTimeEq;
use zeroize::optimization_barrier;

use crate::cpu::Cpu;
use crate::kernel::sha256::{self, Joined};
use crate::kernel::wipe::baseline;
#[cfg(feature = "sha512")]
use crate::sha512::Sha512;
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

/// A digest or an HMAC tag: 32, 48 or 64 bytes. Wiped when dropped, compared
/// in constant time.
pub struct Digest {
    bytes: [u8; MAX_DIGEST_LEN],
    len: usize,
}

impl Digest {
    /// Zeros, to be filled.
    #[inline(always)]
    pub(crate) const fn zeros(algorithm: HashAlgorithm) -> Self {
        Self { bytes: [0; MAX_DIGEST_LEN], len: algorithm.digest_len() }
    }

    /// A digest that `fill` fills, to be returned. To return a value moves it,
    /// and what it is moved from is not wiped; so it is copied instead.
    #[inline(always)]
    pub(crate) fn filled(algorithm: HashAlgorithm, fill: impl FnOnce(&mut Self)) -> Self {
        let mut filled = Self::zeros(algorithm);
        fill(&mut filled);
        Self { bytes: filled.bytes, len: filled.len }
    }

    /// The digest's bytes, to be filled.
    #[cfg(feature = "sha512")]
    #[inline(always)]
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        self.bytes.get_mut(..self.len).unwrap_or(&mut [])
    }

    /// The bytes of a SHA-256 digest, to be filled.
    #[inline(always)]
    pub(crate) const fn sha256_mut(&mut self) -> &mut [u8; sha256::DIGEST] {
        const { assert!(sha256::DIGEST <= MAX_DIGEST_LEN) };
        match self.bytes.first_chunk_mut() {
            Some(bytes) => bytes,
            None => unreachable!(),
        }
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
    #[inline]
    fn drop(&mut self) {
        self.bytes = [0; MAX_DIGEST_LEN];
        optimization_barrier(&self.bytes);
        // Digests are copied and compared in vector registers.
        baseline::<0>();
    }
}

/// The start of a block that has not come to its end, and the length of all
/// that came before. Wiped when dropped.
pub(crate) struct Buffer<const BLOCK: usize> {
    bytes: [u8; BLOCK],
    len: u64,
}

impl<const BLOCK: usize> Buffer<BLOCK> {
    /// A message that starts behind `blocks` whole blocks.
    pub(crate) const fn behind(blocks: u64) -> Self {
        Self { bytes: [0; BLOCK], len: blocks * BLOCK as u64 }
    }

    /// Takes `data` in, and gives whole blocks to `compress`.
    pub(crate) fn update(&mut self, data: &[u8], mut compress: impl FnMut(&[[u8; BLOCK]])) {
        let used = self.rest().len();
        self.len = self.len.wrapping_add(data.len() as u64);
        let mut data = data;
        if used > 0 {
            let room = self.bytes.get_mut(used..).unwrap_or(&mut []);
            let fits = data.len().min(room.len());
            let (first, after) = data.split_at(fits);
            room.iter_mut().zip(first).for_each(|(to, from)| *to = *from);
            if used + fits < BLOCK {
                return wipe::registers();
            }
            compress(core::slice::from_ref(&self.bytes));
            data = after;
        }
        let (blocks, rest) = data.as_chunks();
        if !blocks.is_empty() {
            compress(blocks);
        }
        self.bytes.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        wipe::registers();
    }

    /// The bytes that have not filled a block.
    pub(crate) fn rest(&self) -> &[u8] {
        self.bytes.get(..(self.len % BLOCK as u64) as usize).unwrap_or(&[])
    }

    /// The bytes before those.
    pub(crate) fn before(&self) -> u64 {
        self.len - self.len % BLOCK as u64
    }
}

impl<const BLOCK: usize> Drop for Buffer<BLOCK> {
    fn drop(&mut self) {
        self.bytes = [0; BLOCK];
        optimization_barrier(&self.bytes);
    }
}

/// SHA-256 of a message that comes in pieces.
struct Sha256 {
    state: sha256::Words,
    buffer: Buffer<{ sha256::BLOCK }>,
    cpu: Cpu,
}

impl Sha256 {
    const fn new(cpu: Cpu) -> Self {
        Self { state: sha256::INITIAL, buffer: Buffer::behind(0), cpu }
    }

    fn finish(&self, digest: &mut [u8; sha256::DIGEST]) {
        let mut last = Joined::<2>::new();
        let last = last.pad(self.buffer.before(), [self.buffer.rest()]);
        sha256::finish(self.cpu, &self.state, &[], last, digest);
    }
}

impl Drop for Sha256 {
    fn drop(&mut self) {
        self.state = [0; 8];
        optimization_barrier(&self.state);
    }
}

enum Inner {
    Sha256(Sha256),
    #[cfg(feature = "sha512")]
    Sha384(Sha512),
    #[cfg(feature = "sha512")]
    Sha512(Sha512),
}

/// A message that comes in pieces. Wiped when dropped.
pub struct Hash(Inner);

impl Hash {
    /// An empty message.
    #[must_use]
    pub fn new(algorithm: HashAlgorithm) -> Self {
        Self::new_on(Cpu::detect(), algorithm)
    }

    /// An empty message, hashed with the features of `cpu` and no others.
    #[must_use]
    pub fn new_on(cpu: Cpu, algorithm: HashAlgorithm) -> Self {
        Self(match algorithm {
            HashAlgorithm::Sha256 => Inner::Sha256(Sha256::new(cpu)),
            #[cfg(feature = "sha512")]
            HashAlgorithm::Sha384 => Inner::Sha384(Sha512::new(algorithm)),
            #[cfg(feature = "sha512")]
            HashAlgorithm::Sha512 => Inner::Sha512(Sha512::new(algorithm)),
        })
    }

    /// Appends `data` to the message.
    pub fn update(&mut self, data: &[u8]) {
        match &mut self.0 {
            Inner::Sha256(Sha256 { state, buffer, cpu }) => {
                buffer.update(data, |blocks| sha256::compress(*cpu, state, blocks, &[]));
            }
            #[cfg(feature = "sha512")]
            Inner::Sha384(hash) | Inner::Sha512(hash) => hash.update(data),
        }
    }

    /// The digest of all that was appended.
    #[must_use]
    pub fn finish(self) -> Digest {
        self.finish_so_far()
    }

    /// The digest of what was appended so far; more may follow.
    #[must_use]
    pub fn finish_so_far(&self) -> Digest {
        Digest::filled(self.algorithm(), |digest| match &self.0 {
            Inner::Sha256(hash) => hash.finish(digest.sha256_mut()),
            #[cfg(feature = "sha512")]
            Inner::Sha384(hash) | Inner::Sha512(hash) => hash.finish(digest),
        })
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
    Digest::filled(algorithm, |digest| match algorithm {
        HashAlgorithm::Sha256 => {
            let (blocks, rest) = data.as_chunks();
            let mut last = Joined::<2>::new();
            let last = last.pad((data.len() - rest.len()) as u64, [rest]);
            let initial = &sha256::INITIAL;
            sha256::finish(Cpu::detect(), initial, blocks, last, digest.sha256_mut());
        }
        #[cfg(feature = "sha512")]
        HashAlgorithm::Sha384 | HashAlgorithm::Sha512 => {
            let mut hash = Sha512::new(algorithm);
            hash.update(data);
            hash.finish(digest);
        }
    })
}
