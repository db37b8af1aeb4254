//! AES-GCM (NIST SP 800-38D) with 96-bit nonces and 128-bit tags: the key as
//! its tier wants it, and the choice of the tier.
//!
//! Lengths are checked by the caller: a key has 16 or 32 bytes, a message at
//! most 2³⁶ − 32.

use inout::InOutBuf;

/// Bytes of a block of AES.
pub(crate) const BLOCK: usize = 16;

/// Which AES.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aes {
    /// AES-128: 16-byte keys, 10 rounds.
    Aes128,
    /// AES-256: 32-byte keys, 14 rounds.
    Aes256,
}

/// What becomes of the output when a message does not verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnFailure {
    /// It is filled with zeros; in place, the message is gone.
    Zero,
    /// It stays as it is.
    Keep,
}

/// Powers of the hash key that a key holds: as many as the best tier of the
/// architecture uses.
const POWERS: usize = if cfg!(target_arch = "x86_64") {
    32
} else if cfg!(target_arch = "aarch64") {
    8
} else {
    1
};

/// A key with its round keys and powers of the hash key, in the form that its
/// tier wants. Bytes only, so that it may lie at any address.
pub(crate) struct GcmKey {
    round_keys: [[u8; BLOCK]; 15],
    powers: [[u8; BLOCK]; POWERS],
}
