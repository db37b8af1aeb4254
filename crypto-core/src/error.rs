//! The one error type of the crate. It holds no secret and no detail that
//! would tell an attacker where a verification failed.

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
    /// A known-answer test gave a wrong answer: do not use the library.
    SelfTestFailed,
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
        }
    }
}

impl core::error::Error for Error {}
