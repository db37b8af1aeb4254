//! Wrapping keys under a key (a KEK) of 16 or 32 bytes: AES-KW (RFC 3394) for
//! keys of a multiple of 8 bytes from 16; AES-KWP (RFC 5649) for keys from 1.

use corekey::wrap::{WrapAlgorithm, WrapKey};

use crate::edge::{Input, Outcome, Reported, guard_copies};
use crate::status::{COREKEY_E_ALGORITHM, corekey_status, from_error};

/// AES-KW.
pub const COREKEY_AES_KW: u32 = 32;
/// AES-KWP.
pub const COREKEY_AES_KWP: u32 = 33;

/// Wraps key: its length, rounded up to 8, and 8 bytes more, the number stored
/// in *out_len. out may not overlap the inputs.
/// Returns COREKEY_OK; COREKEY_E_BUFFER_TOO_SMALL with *out_len = bytes needed;
/// COREKEY_E_ALGORITHM, COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH,
/// COREKEY_E_OVERLAP.
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_key_wrap(
    alg: u32,
    kek: *const u8,
    kek_len: usize,
    key: *const u8,
    key_len: usize,
    out: *mut u8,
    out_cap: usize,
    out_len: *mut usize,
) -> corekey_status {
    guard_copies(|| {
        let algorithm = algorithm(alg)?;
        let kek = Input::new(kek, kek_len)?;
        let key = Input::new(key, key_len)?;
        let target = Reported::new(out, out_cap, out_len)?;
        target.disjoint(&[kek.region(), key.region()])?;
        // SAFETY: the header asks for valid buffers; the output overlaps none.
        let (kek, key, out) = unsafe { (kek.slice(), key.slice(), target.out.slice()) };
        let result = WrapKey::new(kek).map_err(from_error)?.wrap(algorithm, key, out);
        // SAFETY: the header asks for a valid length pointer.
        unsafe { target.report(result, 0) }
    })
}

/// Unwraps a key; its length is stored in *out_len. out needs wrapped_len - 8
/// bytes, and what AES-KWP leaves of them behind the key is zeros. out may not
/// overlap the inputs.
/// Returns COREKEY_OK; COREKEY_E_UNVERIFIED with *out_len = 0 and those bytes
/// zeroed; COREKEY_E_BUFFER_TOO_SMALL with *out_len = bytes needed;
/// COREKEY_E_ALGORITHM, COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH,
/// COREKEY_E_OVERLAP.
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_key_unwrap(
    alg: u32,
    kek: *const u8,
    kek_len: usize,
    wrapped: *const u8,
    wrapped_len: usize,
    out: *mut u8,
    out_cap: usize,
    out_len: *mut usize,
) -> corekey_status {
    guard_copies(|| {
        let algorithm = algorithm(alg)?;
        let kek = Input::new(kek, kek_len)?;
        let wrapped = Input::new(wrapped, wrapped_len)?;
        let target = Reported::new(out, out_cap, out_len)?;
        target.disjoint(&[kek.region(), wrapped.region()])?;
        // SAFETY: the header asks for valid buffers; the output overlaps none.
        let (kek, wrapped, out) = unsafe { (kek.slice(), wrapped.slice(), target.out.slice()) };
        let result = WrapKey::new(kek).map_err(from_error)?.unwrap(algorithm, wrapped, out);
        // SAFETY: the header asks for a valid length pointer.
        unsafe { target.report(result, 0) }
    })
}

fn algorithm(alg: u32) -> Outcome<WrapAlgorithm> {
    match alg {
        COREKEY_AES_KW => Ok(WrapAlgorithm::AesKw),
        COREKEY_AES_KWP => Ok(WrapAlgorithm::AesKwp),
        _ => Err(COREKEY_E_ALGORITHM),
    }
}
