//! Hashing: SHA-256, SHA-384, SHA-512 (FIPS 180-4).

use corekey::hash::{self, Digest, Hash, HashAlgorithm};

use crate::context::{self, Context};
use crate::edge::{
    Input, Outcome, Output, disjoint, guard, guard_context, guard_context_copies, region_of,
};
use crate::status::{COREKEY_E_ALGORITHM, COREKEY_E_INTERNAL, COREKEY_E_LENGTH, corekey_status};

/// SHA-256.
pub const COREKEY_SHA256: u32 = 1;
/// SHA-384.
pub const COREKEY_SHA384: u32 = 2;
/// SHA-512.
pub const COREKEY_SHA512: u32 = 3;

/// Bytes of a SHA-256 digest.
pub const COREKEY_SHA256_LEN: usize = 32;
/// Bytes of a SHA-384 digest.
pub const COREKEY_SHA384_LEN: usize = 48;
/// Bytes of a SHA-512 digest, the longest.
pub const COREKEY_SHA512_LEN: usize = 64;

/// Words of a corekey_hash_ctx.
pub const COREKEY_HASH_CTX_WORDS: usize = 32;

/// A message that comes in pieces. May be copied.
#[repr(C)]
pub struct corekey_hash_ctx {
    opaque: [u64; COREKEY_HASH_CTX_WORDS],
}

// SAFETY: words only; a `Hash` holds plain numbers.
unsafe impl Context for corekey_hash_ctx {
    type Value = Hash;
    const MAGIC: u64 = 0x9d2b_31c4_6ef0_a857;
    const MAY_BE_COPIED: bool = true;
}
const _: () = assert!(context::fits::<corekey_hash_ctx>());

/// The digest of data.
/// digest_len is exactly the digest's length. digest may not overlap data.
/// Returns COREKEY_OK; COREKEY_E_ALGORITHM, COREKEY_E_NULL, COREKEY_E_LENGTH,
/// COREKEY_E_OVERLAP.
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_hash(
    alg: u32,
    data: *const u8,
    data_len: usize,
    digest: *mut u8,
    digest_len: usize,
) -> corekey_status {
    guard(|| {
        let algorithm = algorithm(alg)?;
        let data = Input::new(data, data_len)?;
        let digest = Output::new(digest, digest_len)?;
        if digest.len() != algorithm.digest_len() {
            return Err(COREKEY_E_LENGTH);
        }
        disjoint(digest.region(), &[data.region()])?;
        // SAFETY: the header asks for valid buffers; they do not overlap.
        let (data, digest) = unsafe { (data.slice(), digest.slice()) };
        write_start(&hash::digest(algorithm, data), digest)
    })
}

/// Starts a message. Call it as corekey_hash_init(ctx, alg).
/// Returns COREKEY_OK; COREKEY_E_NULL, COREKEY_E_ALIGNMENT,
/// COREKEY_E_CONTEXT_SIZE, COREKEY_E_ALGORITHM.
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_hash_init_sized(
    ctx: *mut corekey_hash_ctx,
    ctx_size: usize,
    alg: u32,
) -> corekey_status {
    guard_context_copies(ctx, || {
        context::check_new(ctx, ctx_size)?;
        let hash = Hash::new(algorithm(alg)?);
        // SAFETY: checked; the header asks for a context that nobody else uses.
        unsafe { context::store(ctx, hash) };
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
pub unsafe extern "C" fn corekey_hash_update(
    ctx: *mut corekey_hash_ctx,
    data: *const u8,
    data_len: usize,
) -> corekey_status {
    guard_context(ctx, || {
        let data = Input::new(data, data_len)?;
        disjoint(region_of(ctx), &[data.region()])?;
        // SAFETY: the header asks for a context or zeros, and valid data.
        let (hash, data) = unsafe { (context::borrow_mut(ctx)?, data.slice()) };
        hash.update(data);
        Ok(())
    })
}

/// Writes the digest of all that was appended, and clears ctx.
/// digest_len is exactly the digest's length.
/// Returns COREKEY_OK; COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH,
/// COREKEY_E_OVERLAP, COREKEY_E_STATE; then ctx stays as it was.
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_hash_final(
    ctx: *mut corekey_hash_ctx,
    digest: *mut u8,
    digest_len: usize,
) -> corekey_status {
    guard_context(ctx, || {
        let digest = Output::new(digest, digest_len)?;
        disjoint(digest.region(), &[region_of(ctx)])?;
        // SAFETY: the header asks for a context or zeros.
        let hash = unsafe { context::borrow(ctx)? };
        if digest.len() != hash.algorithm().digest_len() {
            return Err(COREKEY_E_LENGTH);
        }
        // SAFETY: the header asks for a valid buffer; it does not overlap the
        // context.
        write_start(&hash.finish_so_far(), unsafe { digest.slice() })?;
        // SAFETY: `borrow` checked it; the reference is not used any more.
        unsafe { context::clear(ctx) };
        Ok(())
    })
}

/// The hash that `alg` names.
pub(crate) fn algorithm(alg: u32) -> Outcome<HashAlgorithm> {
    match alg {
        COREKEY_SHA256 => Ok(HashAlgorithm::Sha256),
        #[cfg(feature = "sha512")]
        COREKEY_SHA384 => Ok(HashAlgorithm::Sha384),
        #[cfg(feature = "sha512")]
        COREKEY_SHA512 => Ok(HashAlgorithm::Sha512),
        _ => Err(COREKEY_E_ALGORITHM),
    }
}

/// Writes as much of a digest as `out` takes: all of it, or less for a tag.
pub(crate) fn write_start(full: &Digest, out: &mut [u8]) -> Outcome {
    let start = full.as_bytes().get(..out.len()).ok_or(COREKEY_E_INTERNAL)?;
    out.copy_from_slice(start);
    Ok(())
}
