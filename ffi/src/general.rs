//! The library itself: version, self-test, wiping, comparing.

use core::ffi::{c_char, c_void};

use zeroize::Zeroize;

use crate::edge::{Input, Output, guard};
use crate::status::{self, COREKEY_E_UNVERIFIED, corekey_status, from_error};

/// Counts breaks of the ABI; the shared library's SONAME ends in it.
pub const COREKEY_ABI_VERSION: u32 = 0;

/// The version as text, such as "0.1.0". Never NULL, never freed.
///
/// # Rust; Python
/// Theirs is that of the package.
#[unsafe(no_mangle)]
pub extern "C" fn corekey_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// COREKEY_ABI_VERSION of the library; a program compares it with its header's.
///
/// # Rust; Python
/// They have no ABI.
#[unsafe(no_mangle)]
pub extern "C" fn corekey_abi_version() -> u32 {
    COREKEY_ABI_VERSION
}

/// A sentence for a status, such as a log wants. Never NULL, never freed.
///
/// # Rust; Python
/// [`corekey::Error`]
#[unsafe(no_mangle)]
pub extern "C" fn corekey_status_str(status: corekey_status) -> *const c_char {
    let text = match status {
        status::COREKEY_OK => c"success",
        status::COREKEY_E_NULL => c"a pointer is NULL where that is not allowed",
        status::COREKEY_E_ALIGNMENT => c"a context or length pointer is misaligned",
        status::COREKEY_E_LENGTH => c"a length is outside what the call takes",
        status::COREKEY_E_ALGORITHM => c"the algorithm is unknown or not in this build",
        status::COREKEY_E_OVERLAP => c"an output overlaps another argument",
        status::COREKEY_E_BUFFER_TOO_SMALL => {
            c"the output buffer is too small; the length needed was stored"
        }
        status::COREKEY_E_ENCODING => c"the text is not valid in its encoding",
        status::COREKEY_E_STATE => c"the context is not initialised, or was cleared or finished",
        status::COREKEY_E_MOVED => c"the context was copied or moved; initialise one in place",
        status::COREKEY_E_CONTEXT_SIZE => {
            c"corekey.h and the library differ; build against the installed header"
        }
        COREKEY_E_UNVERIFIED => c"verification failed: wrong key or changed data",
        status::COREKEY_E_ENTROPY_FAILED => {
            c"the entropy source failed or gave a constant or repeated block"
        }
        status::COREKEY_E_RANGE => c"a version or boot number is outside its range",
        status::COREKEY_E_MALFORMED => c"the bytes are no sealed message",
        status::COREKEY_E_OTHER_KEY => {
            c"the message is of another device or version; open it with that key"
        }
        status::COREKEY_E_NEED_LONG => {
            c"a compact message without its session; wait for a long one"
        }
        status::COREKEY_E_FORGED => c"the message is not authentic: another key, or changed bytes",
        status::COREKEY_E_STALE => {
            c"the message is authentic but old: a replay, or a copy of the device"
        }
        status::COREKEY_E_REPLAY => c"the message is authentic but was opened before",
        status::COREKEY_E_SESSION_FULL => c"the session is used up; start the next boot",
        status::COREKEY_E_BAD_STATE => c"the saved state is damaged or of another format",
        status::COREKEY_E_BAD_OFFER => c"the rotation offer is damaged or for another key",
        status::COREKEY_E_STATE_LOST => {
            c"the boot journal is blank or damaged; provision the device anew"
        }
        status::COREKEY_E_STORAGE => {
            c"the storage of the boot journal failed; nothing may be sealed"
        }
        status::COREKEY_E_SELFTEST => c"a known-answer test failed; do not use this build here",
        status::COREKEY_E_INTERNAL => c"a defect in the library; please report it",
        _ => c"unknown status",
    };
    text.as_ptr()
}

/// Runs the known-answer tests of every algorithm in the build. Call it when the
/// program starts, and stop if it fails.
/// Errors: COREKEY_E_SELFTEST.
///
/// # Rust; Python
/// [`corekey::selftest::run`]; `selftest`
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn corekey_selftest() -> corekey_status {
    guard(|| corekey::selftest::run().map_err(from_error))
}

/// Compares two byte strings in a time that depends on their lengths only.
/// Errors: COREKEY_E_UNVERIFIED if they differ, also in their lengths.
///
/// # Rust; Python
/// [`corekey::ct::equal`]; `equal`
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_equal(
    a: *const c_void,
    a_len: usize,
    b: *const c_void,
    b_len: usize,
) -> corekey_status {
    guard(|| {
        let a = Input::new(a.cast(), a_len)?;
        let b = Input::new(b.cast(), b_len)?;
        // SAFETY: the header asks for bytes that may be read.
        let (a, b) = unsafe { (a.slice(), b.slice()) };
        if !corekey::ct::equal(a, b) {
            return Err(COREKEY_E_UNVERIFIED);
        }
        Ok(())
    })
}

/// Overwrites memory with zeros, which no compiler removes.
///
/// # Rust; Python
/// Types wipe themselves.
///
/// # Safety
/// See the conventions of the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_wipe(memory: *mut c_void, len: usize) -> corekey_status {
    guard(|| {
        let memory = Output::new(memory.cast(), len)?;
        // SAFETY: the header asks for bytes that may be written.
        unsafe { memory.slice() }.zeroize();
        Ok(())
    })
}
