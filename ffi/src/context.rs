//! How a Rust value lives in a C context: words that the caller owns, with a
//! header of two words in front.
//!
//! The first header word tells the type, so that zeroed, cleared and foreign
//! storage is refused; the second holds the context's own address where copies
//! are not allowed. The value is used where it is. It is never dropped: a
//! context is cleared, as bytes.

use core::ptr;

use zeroize::Zeroize;

use crate::edge::{Outcome, aligned};
use crate::status::{COREKEY_E_CONTEXT_SIZE, COREKEY_E_MOVED, COREKEY_E_STATE};

/// Bytes of the header.
const HEADER: usize = 16;

/// A type of context.
///
/// # Safety
/// The implementer is `#[repr(C)]` and holds `[u64; N]` only, with room for the
/// header and a `Value` (see [`fits`]). `Value` owns nothing outside itself, so
/// that it may be forgotten and, where copies are allowed, be there twice.
pub(crate) unsafe trait Context: Sized {
    /// What the context holds.
    type Value;
    /// A random number that tells this type from all others.
    const MAGIC: u64;
    /// Whether a bytewise copy is a context too.
    const MAY_BE_COPIED: bool;
}

/// Whether a context has room for its value, and aligns it; asserted beside each
/// type.
pub(crate) const fn fits<C: Context>() -> bool {
    size_of::<C>() >= HEADER + size_of::<C::Value>()
        && align_of::<C>() >= align_of::<C::Value>()
        && align_of::<C>() >= align_of::<u64>()
        && align_of::<C>() <= 8
        && HEADER.is_multiple_of(align_of::<C>())
}

/// Checks the storage for a new context.
///
/// # Errors
/// COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_CONTEXT_SIZE.
pub(crate) fn check_new<C: Context>(context: *mut C, size: usize) -> Outcome {
    aligned(context)?;
    if size != size_of::<C>() {
        return Err(COREKEY_E_CONTEXT_SIZE);
    }
    Ok(())
}

/// Puts `value` into the context.
///
/// # Safety
/// `context` passed [`check_new`] or [`borrow`], is valid to write and used by
/// nobody else, and no reference to its value is in use.
pub(crate) unsafe fn store<C: Context>(context: *mut C, value: C::Value) {
    let address = if C::MAY_BE_COPIED { 0 } else { context.addr() as u64 };
    let words = context.cast::<u64>();
    // SAFETY: the context is aligned words with room for header and value, which
    // is aligned behind the header (contract of `Context`, `fits`); valid and
    // unshared by the caller's word. What was there is not dropped, as it owns
    // nothing.
    unsafe {
        words.write(C::MAGIC);
        words.add(1).write(address);
        value_in(context).write(value);
    }
}

/// The value in the context.
///
/// # Errors
/// COREKEY_E_NULL, COREKEY_E_ALIGNMENT; COREKEY_E_STATE if the storage holds no
/// value of this type; COREKEY_E_MOVED for a copy that is not allowed.
///
/// # Safety
/// `context` is NULL, or valid to read and nobody writes to it for `'a`; if its
/// first word is `C::MAGIC`, then [`store`] put it there.
#[inline(always)]
pub(crate) unsafe fn borrow<'a, C: Context>(context: *const C) -> Outcome<&'a C::Value> {
    // SAFETY: the caller's word.
    unsafe { check::<C>(context)? };
    // SAFETY: `store` wrote a value there, as the magic number tells, aligned as
    // there; nobody writes to it by the caller's word.
    Ok(unsafe { &*value_in(context.cast_mut()) })
}

/// The value in the context, to be changed.
///
/// # Errors
/// As [`borrow`].
///
/// # Safety
/// As [`borrow`], and nobody else reads or writes the context for `'a`.
#[inline(always)]
pub(crate) unsafe fn borrow_mut<'a, C: Context>(context: *mut C) -> Outcome<&'a mut C::Value> {
    // SAFETY: the caller's word.
    unsafe { check::<C>(context)? };
    // SAFETY: as in `borrow`; used by nobody else by the caller's word.
    Ok(unsafe { &mut *value_in(context) })
}

/// A copy of the value in the context, which stays as it is.
///
/// # Errors
/// As [`borrow`].
///
/// # Safety
/// As [`borrow`].
#[cfg(feature = "device")]
pub(crate) unsafe fn copy<C: Context>(context: *const C) -> Outcome<C::Value> {
    const { assert!(C::MAY_BE_COPIED) };
    // SAFETY: the caller's word.
    unsafe { check::<C>(context)? };
    // SAFETY: as in `borrow`; it may be there twice (contract of `Context`).
    Ok(unsafe { value_in(context.cast_mut()).read() })
}

/// Checks that the context holds a value.
///
/// # Safety
/// As [`borrow`].
#[inline(always)]
unsafe fn check<C: Context>(context: *const C) -> Outcome {
    aligned(context)?;
    let words = context.cast::<u64>();
    // SAFETY: aligned and not NULL (above), two words at least (contract of
    // `Context`), valid by the caller's word.
    let (magic, address) = unsafe { (words.read(), words.add(1).read()) };
    if magic != C::MAGIC {
        return Err(COREKEY_E_STATE);
    }
    if !C::MAY_BE_COPIED && address != context.addr() as u64 {
        return Err(COREKEY_E_MOVED);
    }
    Ok(())
}

/// Where the value is.
const fn value_in<C: Context>(context: *mut C) -> *mut C::Value {
    context.wrapping_byte_add(HEADER).cast()
}

/// Overwrites the context with zeros.
///
/// # Safety
/// `context` is not NULL, is aligned, valid to write and used by nobody else.
pub(crate) unsafe fn clear<C: Context>(context: *mut C) {
    let words = ptr::slice_from_raw_parts_mut(context.cast::<u64>(), size_of::<C>() / 8);
    // SAFETY: as the caller vouches; every word may hold any bits.
    unsafe { (*words).zeroize() };
}

#[cfg(test)]
mod tests {
    /// The numbers of `ffi/tests/c/test_types.c`.
    #[test]
    fn contexts_have_the_sizes_that_c_asserts() {
        assert_eq!(size_of::<crate::hash::corekey_hash_ctx>(), 32 * 8);
        assert_eq!(size_of::<crate::mac::corekey_hmac_key>(), 40 * 8);
        assert_eq!(size_of::<crate::mac::corekey_hmac_ctx>(), 40 * 8);
        assert_eq!(size_of::<crate::kdf::corekey_prk>(), 40 * 8);
        assert_eq!(size_of::<crate::aead::corekey_aead_key>(), 128 * 8);
        #[cfg(feature = "drbg")]
        assert_eq!(size_of::<crate::drbg::corekey_drbg>(), 24 * 8);
    }
}
