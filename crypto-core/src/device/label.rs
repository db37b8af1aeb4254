//! The label registry of `docs/derivation.md` and the one derivation step. A
//! label that is not here is not used anywhere; a test greps for others.

#[cfg(feature = "root")]
use zeroize::Zeroize;

#[cfg(feature = "root")]
use crate::Error;
use crate::mac::Sha256Key;
use crate::secret::Secret;

/// A label: 8 bytes that end in a NUL.
pub(crate) type Label = [u8; 8];

pub(crate) const DEVICE: Label = *b"ck1 dev\0";
#[cfg(feature = "root")]
pub(crate) const ROOT_ID: Label = *b"ck1 rid\0";
#[cfg(feature = "root")]
pub(crate) const TABLE: Label = *b"ck1 tab\0";
#[cfg(feature = "root")]
pub(crate) const AUDIT: Label = *b"ck1 adt\0";
#[cfg(feature = "root")]
pub(crate) const NEXT_AUDIT: Label = *b"ck1 nxt\0";
#[cfg(feature = "root")]
pub(crate) const FLEET: Label = *b"ck1 flt\0";
#[cfg(feature = "root")]
pub(crate) const ROW: Label = *b"ck1 row\0";
pub(crate) const MESSAGE: Label = *b"ck1 msg\0";
pub(crate) const ROTATION: Label = *b"ck1 rot\0";
pub(crate) const DRBG: Label = *b"ck1 rng\0";
pub(crate) const CHECK_VALUE: Label = *b"ck1 kcv\0";
pub(crate) const APP_WRAP: Label = *b"ck1 wrp\0";
pub(crate) const APP_AUTH: Label = *b"ck1 aut\0";
pub(crate) const IMPORT: Label = *b"ck1 imp\0";

/// The longest part of variable length.
pub(crate) const MAX_TAIL: usize = 128;
/// The longest message of one step: label, one number, tail, 0x01.
#[cfg(feature = "root")]
pub(crate) const MAX_STEP: usize = 8 + 8 + MAX_TAIL + 1;

/// Expand(key, label || fixed || tail) of `docs/derivation.md`, where `key` is
/// ready: one HMAC, two compressions for short ids.
#[inline]
pub(crate) fn expand(key: &Sha256Key, label: &Label, fixed: &[u8], tail: &[u8]) -> Secret<32> {
    mac(key, &pieces(label, fixed, tail))
}

/// What one step takes the HMAC of.
#[inline]
pub(crate) fn pieces<'a>(label: &'a Label, fixed: &'a [u8], tail: &'a [u8]) -> [&'a [u8]; 4] {
    [label, fixed, tail, &[1]]
}

/// The HMAC-SHA-256 of the concatenation of `parts`, as a secret.
#[inline]
pub(crate) fn mac(key: &Sha256Key, parts: &[&[u8]]) -> Secret<32> {
    Secret::filled(|secret| key.mac_pieces(parts.iter().copied(), secret))
}

/// The message of one step, label || fixed || tail || 0x01, for keys that
/// compute their HMAC elsewhere.
#[cfg(feature = "root")]
pub(crate) fn with_step<T>(
    label: &Label,
    fixed: &[u8],
    tail: &[u8],
    hmac: impl FnOnce(&[u8]) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut buffer = [0; MAX_STEP];
    let mut len = 0;
    for part in pieces(label, fixed, tail) {
        let room = buffer.get_mut(len..len + part.len()).ok_or(Error::InvalidLength)?;
        room.copy_from_slice(part);
        len += part.len();
    }
    let message = buffer.get(..len).ok_or(Error::InvalidLength)?;
    let result = hmac(message);
    buffer.zeroize();
    result
}
