//! Message authentication: HMAC (RFC 2104, FIPS 198-1) with COREKEY_SHA256,
//! COREKEY_SHA384 or COREKEY_SHA512. A tag may be cut to its first half or
//! more: tag_len is from half the digest's length up to all of it.

use corekey::mac::{self, Hmac, HmacKey};

use crate::context::{self, Context};
use crate::edge::{Input, Output, disjoint, guard, guard_context, guard_context_copies, region_of};
use crate::hash::{algorithm, write_start};
use crate::status::{corekey_status, from_error};

/// Words of a corekey_hmac_key.
pub const COREKEY_HMAC_KEY_WORDS: usize = 40;
/// Words of a corekey_hmac_ctx.
pub const COREKEY_HMAC_CTX_WORDS: usize = 40;

/// A key, ready for use. May be copied.
#[repr(C)]
pub struct corekey_hmac_key {
    opaque: [u64; COREKEY_HMAC_KEY_WORDS],
}

/// A message that comes in pieces. May be copied.
#[repr(C)]
pub struct corekey_hmac_ctx {
    opaque: [u64; COREKEY_HMAC_CTX_WORDS],
}

// SAFETY: words only; an `HmacKey` holds plain numbers.
unsafe impl Context for corekey_hmac_key {
    type Value = HmacKey;
    const MAGIC: u64 = 0x5c70_e91d_b8a3_4f26;
    const MAY_BE_COPIED: bool = true;
}
const _: () = assert!(context::fits::<corekey_hmac_key>());

// SAFETY: words only; an `Hmac` holds plain numbers.
unsafe impl Context for corekey_hmac_ctx {
    type Value = Hmac;
    const MAGIC: u64 = 0xe38f_047a_2dc1_965b;
    const MAY_BE_COPIED: bool = true;
}
const _: () = assert!(context::fits::<corekey_hmac_ctx>());

/// Makes a key from secret, which may have any length; RFC 2104 advises at
/// least the digest's. Call it as corekey_hmac_key_init(key, alg, secret, len).
/// Returns COREKEY_OK; COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH,
/// COREKEY_E_OVERLAP, COREKEY_E_CONTEXT_SIZE, COREKEY_E_ALGORITHM.
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_hmac_key_init_sized(
    key: *mut corekey_hmac_key,
    key_size: usize,
    alg: u32,
    secret: *const u8,
    secret_len: usize,
) -> corekey_status {
    guard_context_copies(key, || {
        context::check_new(key, key_size)?;
        let algorithm = algorithm(alg)?;
        let secret = Input::new(secret, secret_len)?;
        disjoint(region_of(key), &[secret.region()])?;
        // SAFETY: checked; the header asks for a context that nobody else uses
        // and for valid bytes.
        unsafe { context::store(key, HmacKey::new(algorithm, secret.slice())) };
        Ok(())
    })
}

/// The tag of data.
/// Returns COREKEY_OK; COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH,
/// COREKEY_E_OVERLAP, COREKEY_E_STATE.
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_hmac(
    key: *const corekey_hmac_key,
    data: *const u8,
    data_len: usize,
    tag: *mut u8,
    tag_len: usize,
) -> corekey_status {
    guard(|| {
        let data = Input::new(data, data_len)?;
        let tag = Output::new(tag, tag_len)?;
        disjoint(tag.region(), &[data.region(), region_of(key)])?;
        // SAFETY: the header asks for a context or zeros.
        let key = unsafe { context::borrow(key)? };
        mac::check_tag_len(key.algorithm(), tag.len()).map_err(from_error)?;
        // SAFETY: the header asks for valid buffers; they do not overlap.
        let (data, tag) = unsafe { (data.slice(), tag.slice()) };
        write_start(&key.mac(data), tag)
    })
}

/// Checks the tag of data in constant time.
/// Returns COREKEY_OK, or COREKEY_E_UNVERIFIED if it is not the tag;
/// COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH, COREKEY_E_STATE.
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_hmac_verify(
    key: *const corekey_hmac_key,
    data: *const u8,
    data_len: usize,
    tag: *const u8,
    tag_len: usize,
) -> corekey_status {
    guard(|| {
        let data = Input::new(data, data_len)?;
        let tag = Input::new(tag, tag_len)?;
        // SAFETY: the header asks for a context or zeros, and valid bytes.
        let (key, data, tag) = unsafe { (context::borrow(key)?, data.slice(), tag.slice()) };
        key.verify(data, tag).map_err(from_error)
    })
}

/// Starts a message under a key. Call it as corekey_hmac_init(ctx, key).
/// Returns COREKEY_OK; COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_OVERLAP,
/// COREKEY_E_CONTEXT_SIZE, COREKEY_E_STATE.
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_hmac_init_sized(
    ctx: *mut corekey_hmac_ctx,
    ctx_size: usize,
    key: *const corekey_hmac_key,
) -> corekey_status {
    guard_context_copies(ctx, || {
        context::check_new(ctx, ctx_size)?;
        disjoint(region_of(ctx), &[region_of(key)])?;
        // SAFETY: checked; the header asks for a context that nobody else uses,
        // and for a key or zeros.
        unsafe { context::store(ctx, context::borrow(key)?.start()) };
        Ok(())
    })
}

/// Appends data. data may not overlap ctx.
/// Returns COREKEY_OK; COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH,
/// COREKEY_E_OVERLAP, COREKEY_E_STATE.
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_hmac_update(
    ctx: *mut corekey_hmac_ctx,
    data: *const u8,
    data_len: usize,
) -> corekey_status {
    guard_context(ctx, || {
        let data = Input::new(data, data_len)?;
        disjoint(region_of(ctx), &[data.region()])?;
        // SAFETY: the header asks for a context or zeros, and valid data.
        let (hmac, data) = unsafe { (context::borrow_mut(ctx)?, data.slice()) };
        hmac.update(data);
        Ok(())
    })
}

/// Writes the tag of all that was appended, and clears ctx. To check a tag,
/// pass both to corekey_equal.
/// Returns COREKEY_OK; COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH,
/// COREKEY_E_OVERLAP, COREKEY_E_STATE; then ctx stays as it was.
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_hmac_final(
    ctx: *mut corekey_hmac_ctx,
    tag: *mut u8,
    tag_len: usize,
) -> corekey_status {
    guard_context(ctx, || {
        let tag = Output::new(tag, tag_len)?;
        disjoint(tag.region(), &[region_of(ctx)])?;
        // SAFETY: the header asks for a context or zeros.
        let hmac = unsafe { context::borrow(ctx)? };
        mac::check_tag_len(hmac.algorithm(), tag.len()).map_err(from_error)?;
        // SAFETY: the header asks for a valid buffer; it does not overlap the
        // context.
        write_start(&hmac.finish_so_far(), unsafe { tag.slice() })?;
        // SAFETY: `borrow` checked it; the reference is not used any more.
        unsafe { context::clear(ctx) };
        Ok(())
    })
}
