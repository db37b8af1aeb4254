//! HMAC-DRBG with SHA-256 (NIST SP 800-90A Rev. 1 §10.1.2) over an entropy
//! source that the caller brings: for devices without an operating system.
//! Where there is one, use [`crate::rng::OsRng`].
//!
//! The source is asked for [`ENTROPY_LEN`] bytes at the start (256 bits of
//! entropy and the 128-bit nonce of §8.6.7) and again at every reseed. A block
//! whose 16-byte parts repeat, or that is the block before, is a broken source
//! (the health checks of SP 800-90B §4.4 in the form a block allows).

#![forbid(unsafe_code)]

use core::fmt;

use rand_core::{TryCryptoRng, TryRng};
use zeroize::{Zeroize, Zeroizing};

use crate::hash::{self, HashAlgorithm};
use crate::mac::HmacKey;
use crate::{Error, ct};

/// Bytes drawn from the source for one seed.
pub const ENTROPY_LEN: usize = 48;
/// The longest output of one request in bytes (SP 800-90A table 2).
pub const MAX_REQUEST_LEN: usize = 1 << 16;
/// Requests between two reseeds; SP 800-90A table 2 allows up to 2⁴⁸.
pub const RESEED_INTERVAL: u64 = 1 << 16;

const OUT_LEN: usize = 32;

/// A source of entropy: a hardware generator, or the operating system's.
pub trait Entropy {
    /// Fills `out`, [`ENTROPY_LEN`] bytes that hold 256 bits of min-entropy or
    /// more.
    ///
    /// # Errors
    /// [`Error::EntropyFailed`] if it cannot; nothing is generated then. Any
    /// other error is taken for that one.
    fn fill(&mut self, out: &mut [u8]) -> Result<(), Error>;
}

/// The generator. Wiped when dropped. After a `fork`, or in a restored
/// snapshot, make a new one: two copies give the same bytes.
pub struct HmacDrbg<E> {
    entropy: E,
    state: State,
}

impl<E: Entropy> HmacDrbg<E> {
    /// Seeds a generator. `personalization` sets it apart from others on the
    /// same source, and keeps its output unpredictable if it is secret and the
    /// source turns out to be broken; it may be empty.
    ///
    /// # Errors
    /// [`Error::EntropyFailed`] if the source fails or its block is broken.
    pub fn new(mut entropy: E, personalization: &[u8]) -> Result<Self, Error> {
        let mut state = State::unseeded();
        let seed = state.draw(&mut entropy)?;
        state.update(&[&seed[..], personalization]);
        Ok(Self { entropy, state })
    }

    /// Mixes a new block of entropy and `additional`, which may be empty, into
    /// the state.
    ///
    /// # Errors
    /// [`Error::EntropyFailed`] as [`HmacDrbg::new`]; the generator stays as it
    /// was.
    pub fn reseed(&mut self, additional: &[u8]) -> Result<(), Error> {
        let seed = self.state.draw(&mut self.entropy)?;
        self.state.update(&[&seed[..], additional]);
        self.state.requests = 0;
        Ok(())
    }

    /// Fills `out`, up to [`MAX_REQUEST_LEN`] bytes. Reseeds by itself after
    /// [`RESEED_INTERVAL`] requests.
    ///
    /// # Errors
    /// [`Error::InvalidLength`] for a longer `out`; [`Error::EntropyFailed`] if
    /// a reseed was due and failed. Nothing is written then.
    pub fn generate(&mut self, additional: &[u8], out: &mut [u8]) -> Result<(), Error> {
        if out.len() > MAX_REQUEST_LEN {
            return Err(Error::InvalidLength);
        }
        let mut additional = additional;
        if self.state.requests >= RESEED_INTERVAL {
            self.reseed(additional)?;
            additional = &[];
        }
        self.state.generate(additional, out);
        Ok(())
    }
}

/// Key and V of SP 800-90A §10.1.2.1, the request counter, and the digest of
/// the last entropy block for the health check.
struct State {
    key: [u8; OUT_LEN],
    v: [u8; OUT_LEN],
    requests: u64,
    last_block: [u8; OUT_LEN],
}

impl State {
    fn unseeded() -> Self {
        Self { key: [0; OUT_LEN], v: [1; OUT_LEN], requests: 0, last_block: [0; OUT_LEN] }
    }

    /// One block from the source that passed the health checks.
    fn draw(&mut self, entropy: &mut impl Entropy) -> Result<Zeroizing<[u8; ENTROPY_LEN]>, Error> {
        let mut block = Zeroizing::new([0; ENTROPY_LEN]);
        entropy.fill(&mut block[..]).map_err(|_| Error::EntropyFailed)?;
        let (parts, _) = block.as_chunks::<16>();
        let digest = hash::digest(HashAlgorithm::Sha256, &block[..]);
        let broken = match parts {
            [a, b, c] => ct::equal(a, b) | ct::equal(b, c) | ct::equal(a, c),
            _ => true,
        };
        if broken | ct::equal(digest.as_bytes(), &self.last_block) {
            return Err(Error::EntropyFailed);
        }
        copy(&mut self.last_block, digest.as_bytes());
        Ok(block)
    }

    /// HMAC_DRBG_Update (§10.1.2.2); `provided` is the concatenation.
    fn update(&mut self, provided: &[&[u8]; 2]) {
        let [first, second] = *provided;
        for round in [0_u8, 1] {
            let key = self.hmac_key();
            let new_key = key.mac_parts(&[&self.v, &[round], first, second]);
            copy(&mut self.key, new_key.as_bytes());
            self.next_v(&self.hmac_key());
            if first.is_empty() && second.is_empty() {
                return;
            }
        }
    }

    /// HMAC_DRBG_Generate (§10.1.2.5).
    fn generate(&mut self, additional: &[u8], out: &mut [u8]) {
        if !additional.is_empty() {
            self.update(&[additional, &[]]);
        }
        let key = self.hmac_key();
        for piece in out.chunks_mut(OUT_LEN) {
            self.next_v(&key);
            copy(piece, &self.v);
        }
        self.update(&[additional, &[]]);
        self.requests += 1;
    }

    /// V = HMAC(Key, V).
    fn next_v(&mut self, key: &HmacKey) {
        let next = key.mac(&self.v);
        copy(&mut self.v, next.as_bytes());
    }

    fn hmac_key(&self) -> HmacKey {
        HmacKey::new(HashAlgorithm::Sha256, &self.key)
    }
}

impl Drop for State {
    fn drop(&mut self) {
        self.key.zeroize();
        self.v.zeroize();
        self.last_block.zeroize();
    }
}

impl<E> fmt::Debug for HmacDrbg<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HmacDrbg")
    }
}

impl<E: Entropy> TryRng for HmacDrbg<E> {
    type Error = Error;

    fn try_next_u32(&mut self) -> Result<u32, Error> {
        let mut bytes = Zeroizing::new([0; 4]);
        self.generate(&[], &mut bytes[..])?;
        Ok(u32::from_le_bytes(*bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Error> {
        let mut bytes = Zeroizing::new([0; 8]);
        self.generate(&[], &mut bytes[..])?;
        Ok(u64::from_le_bytes(*bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Error> {
        let all = out.chunks_mut(MAX_REQUEST_LEN).try_for_each(|piece| self.generate(&[], piece));
        if all.is_err() {
            out.zeroize();
        }
        all
    }
}

impl<E: Entropy> TryCryptoRng for HmacDrbg<E> {}

/// Copies as much of `from` as `to` holds.
fn copy(to: &mut [u8], from: &[u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}
