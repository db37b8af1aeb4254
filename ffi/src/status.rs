//! Status codes. Every call that can fail returns one; 0 is success, errors
//! are negative, and a code never changes its meaning.

/// 0, or one of the negative COREKEY_E_ codes.
pub type corekey_status = i32;

/// Success.
pub const COREKEY_OK: i32 = 0;

/// A pointer is NULL where that is not allowed.
pub const COREKEY_E_NULL: i32 = -1;
/// A context or a length pointer is not aligned for its type.
pub const COREKEY_E_ALIGNMENT: i32 = -2;
/// A length is outside what the call takes, or exceeds PTRDIFF_MAX.
pub const COREKEY_E_LENGTH: i32 = -3;
/// The algorithm is unknown, of another kind, or not in this build.
pub const COREKEY_E_ALGORITHM: i32 = -4;
/// An output overlaps another argument.
pub const COREKEY_E_OVERLAP: i32 = -5;
/// The output buffer is too small; the length needed was stored.
pub const COREKEY_E_BUFFER_TOO_SMALL: i32 = -6;
/// A text is not valid in its encoding.
pub const COREKEY_E_ENCODING: i32 = -7;

/// A context is not initialised, was cleared, or is of another type.
pub const COREKEY_E_STATE: i32 = -20;
/// A context that may not be copied is not where it was initialised.
pub const COREKEY_E_MOVED: i32 = -21;
/// Header and library differ: a context has another size.
pub const COREKEY_E_CONTEXT_SIZE: i32 = -22;

/// A tag, wrapped key or comparison did not verify. Why is not told.
pub const COREKEY_E_UNVERIFIED: i32 = -40;

/// The entropy source failed, or gave a constant or repeated block.
pub const COREKEY_E_ENTROPY_FAILED: i32 = -60;

/// A known answer was wrong: do not use this build on this machine.
pub const COREKEY_E_SELFTEST: i32 = -120;
/// A defect in the library. The context of the call was cleared.
pub const COREKEY_E_INTERNAL: i32 = -121;

/// The status for an error of the core.
pub(crate) fn from_error(error: corekey::Error) -> corekey_status {
    match error {
        corekey::Error::InvalidLength => COREKEY_E_LENGTH,
        corekey::Error::BufferTooSmall { .. } => COREKEY_E_BUFFER_TOO_SMALL,
        corekey::Error::Unverified => COREKEY_E_UNVERIFIED,
        corekey::Error::InvalidEncoding => COREKEY_E_ENCODING,
        corekey::Error::EntropyFailed => COREKEY_E_ENTROPY_FAILED,
        corekey::Error::SelfTestFailed => COREKEY_E_SELFTEST,
        _ => COREKEY_E_INTERNAL,
    }
}
