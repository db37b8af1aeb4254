//! Wrapping of keys under a key: AES-KW (RFC 3394) and AES-KWP (RFC 5649),
//! with AES-128 or AES-256.
//!
//! The two modes are our own, over the block cipher of `aes`: the `aes-kw`
//! crate leaves at the first check that fails and lets the unverified length
//! steer its memory accesses; here all checks of an unwrap are computed in
//! constant time and combined to one verdict.

#![forbid(unsafe_code)]

use core::fmt;

use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use aes::{Aes128, Aes256};
use subtle::{Choice, ConstantTimeEq, ConstantTimeGreater};
use zeroize::Zeroize;

use crate::{Error, wipe};

/// Half a block of AES, the unit of both modes.
const SEMIBLOCK: usize = 8;
/// Initial value of AES-KW (RFC 3394 §2.2.3.1).
const KW_IV: [u8; SEMIBLOCK] = [0xa6; SEMIBLOCK];
/// First half of the alternative initial value of AES-KWP (RFC 5649 §3).
const KWP_IV: [u8; 4] = [0xa6, 0x59, 0x59, 0xa6];

/// Which key wrap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WrapAlgorithm {
    /// AES-KW (RFC 3394): for keys of a multiple of 8 bytes, 16 or more.
    AesKw,
    /// AES-KWP (RFC 5649): for keys of 1 byte or more.
    AesKwp,
}

enum Cipher {
    Aes128(Aes128),
    Aes256(Aes256),
}

impl Cipher {
    fn encrypt(&self, block: &mut [u8; 16]) {
        match self {
            Self::Aes128(aes) => aes.encrypt_block(block.into()),
            Self::Aes256(aes) => aes.encrypt_block(block.into()),
        }
    }

    fn decrypt(&self, block: &mut [u8; 16]) {
        match self {
            Self::Aes128(aes) => aes.decrypt_block(block.into()),
            Self::Aes256(aes) => aes.decrypt_block(block.into()),
        }
    }

    /// The wrapping process W (SP 800-38F §6.1) over `a` and `semiblocks`.
    fn wrap(&self, a: &mut [u8; SEMIBLOCK], semiblocks: &mut [[u8; SEMIBLOCK]]) {
        let mut t = 0_u64;
        for _ in 0..6 {
            for r in semiblocks.iter_mut() {
                t += 1;
                let mut block = join(a, r);
                self.encrypt(&mut block);
                split(&block, a, r);
                xor(a, t);
                block.zeroize();
            }
        }
    }

    /// The inverse of [`Cipher::wrap`].
    fn unwrap(&self, a: &mut [u8; SEMIBLOCK], semiblocks: &mut [[u8; SEMIBLOCK]]) {
        let mut t = 6 * semiblocks.len() as u64;
        for _ in 0..6 {
            for r in semiblocks.iter_mut().rev() {
                xor(a, t);
                let mut block = join(a, r);
                self.decrypt(&mut block);
                split(&block, a, r);
                block.zeroize();
                t -= 1;
            }
        }
    }
}

/// A key that wraps keys (a KEK). Wiped when dropped.
pub struct WrapKey(Cipher);

impl WrapKey {
    /// A key of 16 bytes (AES-128) or 32 bytes (AES-256).
    ///
    /// # Errors
    /// [`Error::InvalidLength`] if `key` has another length.
    pub fn new(key: &[u8]) -> Result<Self, Error> {
        wipe::after(|| {
            if let Ok(aes) = Aes128::new_from_slice(key) {
                return Ok(Self(Cipher::Aes128(aes)));
            }
            let aes = Aes256::new_from_slice(key).map_err(|_| Error::InvalidLength)?;
            Ok(Self(Cipher::Aes256(aes)))
        })
    }

    /// Wraps `key`: `out` gets [`wrapped_len`] bytes, the number that is
    /// returned.
    ///
    /// # Errors
    /// [`Error::InvalidLength`] for a length that the algorithm does not wrap;
    /// [`Error::BufferTooSmall`] with the length that `out` needs.
    pub fn wrap(
        &self,
        algorithm: WrapAlgorithm,
        key: &[u8],
        out: &mut [u8],
    ) -> Result<usize, Error> {
        let needed = wrapped_len(algorithm, key.len())?;
        let (a_out, body) = out
            .get_mut(..needed)
            .and_then(|out| out.split_first_chunk_mut::<SEMIBLOCK>())
            .ok_or(Error::BufferTooSmall { needed })?;
        for (i, to) in body.iter_mut().enumerate() {
            *to = key.get(i).copied().unwrap_or(0);
        }
        let (semiblocks, _) = body.as_chunks_mut::<SEMIBLOCK>();
        wipe::after(|| {
            let mut a = match algorithm {
                WrapAlgorithm::AesKw => KW_IV,
                WrapAlgorithm::AesKwp => kwp_iv(key.len()),
            };
            match (algorithm, &mut *semiblocks) {
                // RFC 5649 §4.1: a single padded semiblock is one AES block.
                (WrapAlgorithm::AesKwp, [only]) => {
                    let mut block = join(&a, only);
                    self.0.encrypt(&mut block);
                    split(&block, &mut a, only);
                }
                (_, all) => self.0.wrap(&mut a, all),
            }
            *a_out = a;
        });
        Ok(needed)
    }

    /// Unwraps `wrapped` and returns the length of the key in `out`. AES-KWP
    /// needs room in `out` for the padded key, `wrapped.len() - 8` bytes, and
    /// what is behind the key is then zeros.
    ///
    /// # Errors
    /// [`Error::Unverified`] if the wrapped key is not intact or the wrapping
    /// key is another, and `wrapped.len() - 8` bytes of `out` are zeros. Before
    /// that, with nothing written: [`Error::InvalidLength`] for a length that
    /// the algorithm does not give, [`Error::BufferTooSmall`] with the length
    /// that `out` needs.
    pub fn unwrap(
        &self,
        algorithm: WrapAlgorithm,
        wrapped: &[u8],
        out: &mut [u8],
    ) -> Result<usize, Error> {
        let least = match algorithm {
            WrapAlgorithm::AesKw => 3 * SEMIBLOCK,
            WrapAlgorithm::AesKwp => 2 * SEMIBLOCK,
        };
        if wrapped.len() < least || !wrapped.len().is_multiple_of(SEMIBLOCK) {
            return Err(Error::InvalidLength);
        }
        let (a, body) = wrapped.split_first_chunk::<SEMIBLOCK>().ok_or(Error::InvalidLength)?;
        let needed = body.len();
        let padded_len = u32::try_from(needed).map_err(|_| Error::InvalidLength)?;
        let out = out.get_mut(..needed).ok_or(Error::BufferTooSmall { needed })?;
        out.copy_from_slice(body);
        let (semiblocks, _) = out.as_chunks_mut::<SEMIBLOCK>();
        let (verified, key_len) = wipe::after(|| {
            let mut a = *a;
            match (algorithm, &mut *semiblocks) {
                (WrapAlgorithm::AesKwp, [only]) => {
                    let mut block = join(&a, only);
                    self.0.decrypt(&mut block);
                    split(&block, &mut a, only);
                }
                (_, all) => self.0.unwrap(&mut a, all),
            }
            match algorithm {
                WrapAlgorithm::AesKw => (a.ct_eq(&KW_IV), padded_len),
                WrapAlgorithm::AesKwp => kwp_check(&a, semiblocks, padded_len),
            }
        });
        if !bool::from(verified) {
            out.fill(0);
            return Err(Error::Unverified);
        }
        Ok(key_len as usize)
    }
}

impl fmt::Debug for WrapKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WrapKey")
    }
}

/// The length of a wrapped key of `key_len` bytes.
///
/// # Errors
/// [`Error::InvalidLength`] for a length that the algorithm does not wrap:
/// AES-KW takes a multiple of 8 from 16, AES-KWP from 1, both below 2³² − 8.
pub fn wrapped_len(algorithm: WrapAlgorithm, key_len: usize) -> Result<usize, Error> {
    let fits = match algorithm {
        WrapAlgorithm::AesKw => key_len >= 2 * SEMIBLOCK && key_len.is_multiple_of(SEMIBLOCK),
        WrapAlgorithm::AesKwp => key_len > 0,
    };
    if !fits || u64::try_from(key_len).is_ok_and(|len| len >= (1 << 32) - 8) {
        return Err(Error::InvalidLength);
    }
    let padded = key_len.checked_next_multiple_of(SEMIBLOCK).ok_or(Error::InvalidLength)?;
    padded.checked_add(SEMIBLOCK).ok_or(Error::InvalidLength)
}

/// The alternative initial value of AES-KWP: constant and length.
fn kwp_iv(key_len: usize) -> [u8; SEMIBLOCK] {
    let [a, b, c, d] = KWP_IV;
    let [e, f, g, h] = (key_len as u32).to_be_bytes();
    [a, b, c, d, e, f, g, h]
}

/// The three checks of RFC 5649 §3 as one verdict, and the length that it
/// vouches for.
fn kwp_check(
    a: &[u8; SEMIBLOCK],
    semiblocks: &[[u8; SEMIBLOCK]],
    padded_len: u32,
) -> (Choice, u32) {
    let [c0, c1, c2, c3, l0, l1, l2, l3] = *a;
    let key_len = u32::from_be_bytes([l0, l1, l2, l3]);
    // padded_len - 8 < key_len <= padded_len
    let mut verified = [c0, c1, c2, c3].ct_eq(&KWP_IV)
        & key_len.ct_gt(&(padded_len - SEMIBLOCK as u32))
        & !key_len.ct_gt(&padded_len);
    let last = semiblocks.last().copied().unwrap_or_default();
    for (position, byte) in (padded_len - SEMIBLOCK as u32..).zip(last) {
        let is_key = key_len.ct_gt(&position);
        verified &= is_key | byte.ct_eq(&0);
    }
    (verified, key_len)
}

fn join(a: &[u8; SEMIBLOCK], r: &[u8; SEMIBLOCK]) -> [u8; 16] {
    let mut block = [0; 16];
    let (halves, _) = block.as_chunks_mut::<SEMIBLOCK>();
    if let [left, right] = halves {
        *left = *a;
        *right = *r;
    }
    block
}

fn split(block: &[u8; 16], a: &mut [u8; SEMIBLOCK], r: &mut [u8; SEMIBLOCK]) {
    let (halves, _) = block.as_chunks::<SEMIBLOCK>();
    if let [left, right] = halves {
        *a = *left;
        *r = *right;
    }
}

fn xor(a: &mut [u8; SEMIBLOCK], t: u64) {
    *a = (u64::from_be_bytes(*a) ^ t).to_be_bytes();
}
