//! The one error type of the crate. It holds no secret and no detail that
//! would tell an attacker where a verification failed.

#![forbid(unsafe_code)]

use core::fmt;

/// What went wrong. Nothing was written to an output, except zeros where the
/// call says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A length is outside what the call documents.
    InvalidLength,
    /// The output buffer is shorter than `needed` bytes.
    BufferTooSmall {
        /// The length in bytes that the call needs.
        needed: usize,
    },
    /// A tag, a wrapped key or a compared value did not verify: wrong key,
    /// wrong nonce or associated data, or changed bytes. Which one is not told.
    Unverified,
    /// A text is not valid in the encoding that was named.
    InvalidEncoding,
    /// The entropy source failed, or gave a constant or repeated block.
    EntropyFailed,
    /// A known answer was wrong: do not use this build on this machine.
    SelfTestFailed,
    /// A version or boot number is outside its range.
    OutOfRange,
    /// The token or service that holds a root could not compute an HMAC.
    RootFailed,
    /// The bytes are no sealed message.
    Malformed,
    /// The message is of another device or version: open it with that key.
    OtherKey,
    /// A compact message without its session: the next long message brings it.
    NeedLong,
    /// Not authentic: made under another key, or changed.
    Forged,
    /// Authentic, but of an earlier boot, of a copied sealer (the same boot under
    /// another salt), or older than the replay window.
    Stale,
    /// Authentic, but opened before.
    Replay,
    /// The session is used up: start the next boot.
    SessionFull,
    /// A saved state of an opener is damaged or of another format.
    InvalidState,
    /// A rotation offer is damaged or for another key; nothing changed.
    BadOffer,
    /// The boot journal is blank or damaged: provision the device anew.
    StateLost,
    /// The storage of the boot journal failed; seal nothing.
    StorageFailed,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidLength => f.write_str("a length is outside what this call takes"),
            Self::BufferTooSmall { needed } => {
                write!(f, "the output buffer is too small: {needed} bytes are needed")
            }
            Self::Unverified => f.write_str("verification failed: wrong key or changed data"),
            Self::InvalidEncoding => f.write_str("the text is not valid in this encoding"),
            Self::EntropyFailed => {
                f.write_str("the entropy source failed or gave a repeated block: check the source")
            }
            Self::SelfTestFailed => {
                f.write_str("a known-answer test failed: do not use this build on this machine")
            }
            Self::OutOfRange => f.write_str("a version or boot number is outside its range"),
            Self::RootFailed => f.write_str("the root of trust failed: check the token or service"),
            Self::Malformed => f.write_str("the bytes are no sealed message"),
            Self::OtherKey => {
                f.write_str("the message is of another device or version: open it with that key")
            }
            Self::NeedLong => {
                f.write_str("a compact message without its session: wait for a long one")
            }
            Self::Forged => {
                f.write_str("the message is not authentic: another key, or changed bytes")
            }
            Self::Stale => {
                f.write_str("the message is authentic but old: a replay, or a copy of the device")
            }
            Self::Replay => f.write_str("the message is authentic but was opened before"),
            Self::SessionFull => f.write_str("the session is used up: start the next boot"),
            Self::InvalidState => f.write_str("the saved state of the opener is damaged"),
            Self::BadOffer => f.write_str("the rotation offer is damaged or for another key"),
            Self::StateLost => {
                f.write_str("the boot journal is blank or damaged: provision the device anew")
            }
            Self::StorageFailed => {
                f.write_str("the storage of the boot journal failed: nothing may be sealed")
            }
        }
    }
}

impl core::error::Error for Error {}
