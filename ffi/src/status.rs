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
/// A version or boot number is outside its range.
pub const COREKEY_E_RANGE: i32 = -8;

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

/// The bytes are no sealed message.
pub const COREKEY_E_MALFORMED: i32 = -80;
/// The message is of another device or version: open it with that key.
pub const COREKEY_E_OTHER_KEY: i32 = -81;
/// A compact message without its session: the next long one brings it.
pub const COREKEY_E_NEED_LONG: i32 = -82;
/// Not authentic: made under another key, or changed.
pub const COREKEY_E_FORGED: i32 = -83;
/// Authentic, but of an earlier boot, a copied sealer, or too old.
pub const COREKEY_E_STALE: i32 = -84;
/// Authentic, but opened before.
pub const COREKEY_E_REPLAY: i32 = -85;
/// The session is used up: start the next boot.
pub const COREKEY_E_SESSION_FULL: i32 = -86;
/// A saved state is damaged or of another format.
pub const COREKEY_E_BAD_STATE: i32 = -87;
/// A rotation offer is damaged or for another key; nothing changed.
pub const COREKEY_E_BAD_OFFER: i32 = -88;

/// The boot journal is blank or damaged: provision the device anew.
pub const COREKEY_E_STATE_LOST: i32 = -100;
/// The storage of the boot journal failed; seal nothing.
pub const COREKEY_E_STORAGE: i32 = -101;

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
        corekey::Error::OutOfRange => COREKEY_E_RANGE,
        corekey::Error::Malformed => COREKEY_E_MALFORMED,
        corekey::Error::OtherKey => COREKEY_E_OTHER_KEY,
        corekey::Error::NeedLong => COREKEY_E_NEED_LONG,
        corekey::Error::Forged => COREKEY_E_FORGED,
        corekey::Error::Stale => COREKEY_E_STALE,
        corekey::Error::Replay => COREKEY_E_REPLAY,
        corekey::Error::SessionFull => COREKEY_E_SESSION_FULL,
        corekey::Error::InvalidState => COREKEY_E_BAD_STATE,
        corekey::Error::BadOffer => COREKEY_E_BAD_OFFER,
        corekey::Error::StateLost => COREKEY_E_STATE_LOST,
        corekey::Error::StorageFailed => COREKEY_E_STORAGE,
        _ => COREKEY_E_INTERNAL,
    }
}
