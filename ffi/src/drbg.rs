//! Random bytes where there is none: HMAC-DRBG with SHA-256 (NIST SP 800-90A)
//! over an entropy source of the caller's. After fork(), or in a restored
//! snapshot, initialise anew: two copies of the state give the same bytes.

use core::ffi::c_void;

use corekey::Error;
use corekey::drbg::{ENTROPY_LEN, Entropy, HmacDrbg, MAX_REQUEST_LEN};
use zeroize::Zeroize;

use crate::context::{self, Context};
use crate::edge::{Input, Output, disjoint, guard_context_copies, region_of};
use crate::status::{COREKEY_E_NULL, corekey_status, from_error};

/// Bytes that the entropy source is asked for at a time.
pub const COREKEY_ENTROPY_LEN: usize = 48;
/// The longest output of one corekey_drbg_generate in bytes.
pub const COREKEY_DRBG_MAX_LEN: usize = 65536;
const _: () =
    assert!(COREKEY_ENTROPY_LEN == ENTROPY_LEN && COREKEY_DRBG_MAX_LEN == MAX_REQUEST_LEN);

/// Words of a corekey_drbg.
pub const COREKEY_DRBG_WORDS: usize = 24;

/// An entropy source: fills out with len bytes (COREKEY_ENTROPY_LEN) that hold
/// 256 bits of min-entropy or more, and returns 0; or returns another value,
/// and nothing is generated. A constant block, or the one before again, counts
/// as failed. user is what corekey_drbg_init was given. It may not call
/// corekey on the same generator, longjmp or throw.
pub type corekey_entropy_fn =
    Option<unsafe extern "C" fn(user: *mut c_void, out: *mut u8, len: usize) -> i32>;

/// A generator. May NOT be copied or moved: a copy answers COREKEY_E_MOVED.
#[repr(C)]
pub struct corekey_drbg {
    opaque: [u64; COREKEY_DRBG_WORDS],
}

/// The caller's entropy source.
pub(crate) struct Callback {
    function: unsafe extern "C" fn(*mut c_void, *mut u8, usize) -> i32,
    user: *mut c_void,
}

impl Entropy for Callback {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), Error> {
        // SAFETY: the caller gave this function and this pointer for each
        // other; `out` is valid for its length.
        let status = unsafe { (self.function)(self.user, out.as_mut_ptr(), out.len()) };
        if status != 0 {
            out.zeroize();
            return Err(Error::EntropyFailed);
        }
        Ok(())
    }
}

// SAFETY: words only; the generator holds plain numbers and the caller's two
// pointers, which it does not own.
unsafe impl Context for corekey_drbg {
    type Value = HmacDrbg<Callback>;
    const MAGIC: u64 = 0x4be5_196c_07fd_d238;
    const MAY_BE_COPIED: bool = false;
}
const _: () = assert!(context::fits::<corekey_drbg>());

/// Seeds a generator. The personalization may be empty; if it is secret, the
/// output stays unpredictable even if the source is broken. Call it as
/// corekey_drbg_init(drbg, entropy, user, personalization, len).
/// Returns COREKEY_OK; COREKEY_E_ENTROPY_FAILED; COREKEY_E_NULL (also for
/// entropy), COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH, COREKEY_E_OVERLAP,
/// COREKEY_E_CONTEXT_SIZE.
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_drbg_init_sized(
    drbg: *mut corekey_drbg,
    drbg_size: usize,
    entropy: corekey_entropy_fn,
    user: *mut c_void,
    personalization: *const u8,
    personalization_len: usize,
) -> corekey_status {
    guard_context_copies(drbg, || {
        context::check_new(drbg, drbg_size)?;
        let source = Callback { function: entropy.ok_or(COREKEY_E_NULL)?, user };
        let personalization = Input::new(personalization, personalization_len)?;
        disjoint(region_of(drbg), &[personalization.region()])?;
        // SAFETY: the header asks for valid bytes.
        let value = HmacDrbg::new(source, unsafe { personalization.slice() });
        // SAFETY: checked; the header asks for a context that nobody else uses.
        unsafe { context::store(drbg, value.map_err(from_error)?) };
        Ok(())
    })
}

/// Mixes a new block of entropy and additional, which may be empty, into the
/// state; on an error the generator stays as it was.
/// Returns COREKEY_OK; COREKEY_E_ENTROPY_FAILED; COREKEY_E_NULL,
/// COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH, COREKEY_E_OVERLAP, COREKEY_E_STATE,
/// COREKEY_E_MOVED.
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_drbg_reseed(
    drbg: *mut corekey_drbg,
    additional: *const u8,
    additional_len: usize,
) -> corekey_status {
    guard_context_copies(drbg, || {
        let additional = Input::new(additional, additional_len)?;
        disjoint(region_of(drbg), &[additional.region()])?;
        // SAFETY: the header asks for a context or zeros, and valid bytes.
        let (value, additional) = unsafe { (context::borrow_mut(drbg)?, additional.slice()) };
        value.reseed(additional).map_err(from_error)
    })
}

/// Fills out with up to COREKEY_DRBG_MAX_LEN random bytes. additional may be
/// empty. Reseeds by itself after 65536 calls.
/// Returns COREKEY_OK; COREKEY_E_ENTROPY_FAILED if a reseed was due and failed;
/// COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH, COREKEY_E_OVERLAP,
/// COREKEY_E_STATE, COREKEY_E_MOVED.
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_drbg_generate(
    drbg: *mut corekey_drbg,
    additional: *const u8,
    additional_len: usize,
    out: *mut u8,
    out_len: usize,
) -> corekey_status {
    guard_context_copies(drbg, || {
        let additional = Input::new(additional, additional_len)?;
        let out = Output::new(out, out_len)?;
        disjoint(out.region(), &[additional.region(), region_of(drbg)])?;
        disjoint(region_of(drbg), &[additional.region()])?;
        // SAFETY: the header asks for a context or zeros, and valid buffers;
        // the output overlaps none of them.
        let (value, additional, out) =
            unsafe { (context::borrow_mut(drbg)?, additional.slice(), out.slice()) };
        value.generate(additional, out).map_err(from_error)
    })
}
