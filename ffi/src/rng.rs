//! Random bytes where there is an operating system. Needs no set-up, and is
//! right after fork() and in a restored snapshot.

use corekey::rng::OsRng;

use crate::edge::{Output, guard};
use crate::status::{corekey_status, from_error};

/// Fills out with random bytes of the operating system's generator.
/// Errors: COREKEY_E_ENTROPY_FAILED if the system has no generator or refuses,
/// with out zeroed.
///
/// # Rust; Python
/// [`corekey::rng::OsRng::fill`]
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_random(out: *mut u8, out_len: usize) -> corekey_status {
    guard(|| {
        let out = Output::new(out, out_len)?;
        // SAFETY: the header asks for bytes that may be written.
        OsRng.fill(unsafe { out.slice() }).map_err(from_error)
    })
}
