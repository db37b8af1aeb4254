//! Key derivation: HKDF (RFC 5869) with COREKEY_SHA256, COREKEY_SHA384 or
//! COREKEY_SHA512. Keep a ready corekey_prk where many keys are derived.

use corekey::kdf::{self, Prk};

use crate::context::{self, Context};
use crate::edge::{Input, Output, disjoint, guard, guard_context_copies, region_of};
use crate::hash::algorithm;
use crate::status::{corekey_status, from_error};

/// Words of a corekey_prk.
pub const COREKEY_PRK_WORDS: usize = 40;

/// A pseudorandom key, ready to be expanded. May be copied.
#[repr(C)]
pub struct corekey_prk {
    opaque: [u64; COREKEY_PRK_WORDS],
}

// SAFETY: words only; a `Prk` holds plain numbers.
unsafe impl Context for corekey_prk {
    type Value = Prk;
    const MAGIC: u64 = 0x17ad_c65e_f042_8b93;
    const MAY_BE_COPIED: bool = true;
}
const _: () = assert!(context::fits::<corekey_prk>());

/// HKDF-Extract (RFC 5869 2.2). An empty salt is a digest of zeros.
/// Call it as corekey_hkdf_extract(prk, alg, salt, salt_len, ikm, ikm_len).
/// Returns COREKEY_OK; COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH,
/// COREKEY_E_OVERLAP, COREKEY_E_CONTEXT_SIZE, COREKEY_E_ALGORITHM.
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_hkdf_extract_sized(
    prk: *mut corekey_prk,
    prk_size: usize,
    alg: u32,
    salt: *const u8,
    salt_len: usize,
    ikm: *const u8,
    ikm_len: usize,
) -> corekey_status {
    guard_context_copies(prk, || {
        context::check_new(prk, prk_size)?;
        let algorithm = algorithm(alg)?;
        let salt = Input::new(salt, salt_len)?;
        let ikm = Input::new(ikm, ikm_len)?;
        disjoint(region_of(prk), &[salt.region(), ikm.region()])?;
        // SAFETY: checked; the header asks for a context that nobody else uses
        // and for valid bytes.
        unsafe { context::store(prk, Prk::extract(algorithm, salt.slice(), ikm.slice())) };
        Ok(())
    })
}

/// Takes a key that is uniformly random already, so that extraction is skipped
/// (RFC 5869 3.3). secret_len is the digest's length or more.
/// Call it as corekey_prk_init(prk, alg, secret, secret_len).
/// Returns as corekey_hkdf_extract_sized.
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_prk_init_sized(
    prk: *mut corekey_prk,
    prk_size: usize,
    alg: u32,
    secret: *const u8,
    secret_len: usize,
) -> corekey_status {
    guard_context_copies(prk, || {
        context::check_new(prk, prk_size)?;
        let algorithm = algorithm(alg)?;
        let secret = Input::new(secret, secret_len)?;
        disjoint(region_of(prk), &[secret.region()])?;
        // SAFETY: the header asks for valid bytes.
        let secret = unsafe { secret.slice() };
        let value = Prk::from_bytes(algorithm, secret).map_err(from_error)?;
        // SAFETY: checked; the header asks for a context that nobody else uses.
        unsafe { context::store(prk, value) };
        Ok(())
    })
}

/// HKDF-Expand (RFC 5869 2.3). okm_len is 1 to 255 digests. okm may not
/// overlap info or prk.
/// Returns COREKEY_OK; COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH,
/// COREKEY_E_OVERLAP, COREKEY_E_STATE.
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_hkdf_expand(
    prk: *const corekey_prk,
    info: *const u8,
    info_len: usize,
    okm: *mut u8,
    okm_len: usize,
) -> corekey_status {
    guard(|| {
        let info = Input::new(info, info_len)?;
        let okm = Output::new(okm, okm_len)?;
        disjoint(okm.region(), &[info.region(), region_of(prk)])?;
        // SAFETY: the header asks for a context or zeros, and valid buffers;
        // they do not overlap.
        let (prk, info, okm) = unsafe { (context::borrow(prk)?, info.slice(), okm.slice()) };
        prk.expand(info, okm).map_err(from_error)
    })
}

/// Extract and expand in one call (RFC 5869 2). okm_len is 1 to 255 digests.
/// okm may not overlap the inputs.
/// Returns COREKEY_OK; COREKEY_E_ALGORITHM, COREKEY_E_NULL, COREKEY_E_LENGTH,
/// COREKEY_E_OVERLAP.
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_hkdf(
    alg: u32,
    salt: *const u8,
    salt_len: usize,
    ikm: *const u8,
    ikm_len: usize,
    info: *const u8,
    info_len: usize,
    okm: *mut u8,
    okm_len: usize,
) -> corekey_status {
    guard(|| {
        let algorithm = algorithm(alg)?;
        let salt = Input::new(salt, salt_len)?;
        let ikm = Input::new(ikm, ikm_len)?;
        let info = Input::new(info, info_len)?;
        let okm = Output::new(okm, okm_len)?;
        disjoint(okm.region(), &[salt.region(), ikm.region(), info.region()])?;
        // SAFETY: the header asks for valid buffers; the output overlaps none.
        let (salt, ikm, info, okm) =
            unsafe { (salt.slice(), ikm.slice(), info.slice(), okm.slice()) };
        kdf::hkdf(algorithm, salt, ikm, info, okm).map_err(from_error)
    })
}
