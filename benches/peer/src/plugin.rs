//! How a peer crosses the border of its shared object: one exported function
//! that returns a table of C functions.

use std::ffi::{c_char, c_void};

use crate::{Job, Library, Work, prepare};

/// The exported function's name, with its NUL.
pub const ENTRY: &[u8] = b"corekey_bench_peer\0";

/// A peer as its shared object hands it out.
#[repr(C)]
pub struct Table {
    /// A C string: the library's name.
    pub name: *const c_char,
    /// A C string: its version.
    pub release: *const c_char,
    /// A C string: how it is called.
    pub how: *const c_char,
    /// Makes a job ready; NULL if the library cannot do it.
    pub prepare: extern "C" fn(job: u32, len: usize) -> *mut c_void,
    /// Does a job so many times.
    pub run: extern "C" fn(work: *mut c_void, turns: u64),
    /// Copies the output to a buffer, as much as fits; returns its whole length.
    pub output: extern "C" fn(work: *const c_void, to: *mut u8, room: usize) -> usize,
    /// Ends a job.
    pub free: extern "C" fn(work: *mut c_void),
}

// SAFETY: the table holds functions and strings that are never written.
unsafe impl Sync for Table {}

/// What a peer says of itself, as C strings.
pub struct Plugin {
    /// The library's name.
    pub name: &'static core::ffi::CStr,
    /// Its version.
    pub release: fn() -> String,
    /// How it is called, in one sentence.
    pub how: &'static core::ffi::CStr,
}

/// The table of a library; for [`export!`].
pub fn export_table<L: Library + Default>(plugin: &Plugin) -> *const Table {
    let release = std::ffi::CString::new((plugin.release)()).unwrap_or_default();
    Box::leak(Box::new(Table {
        name: plugin.name.as_ptr(),
        release: release.into_raw(),
        how: plugin.how.as_ptr(),
        prepare: prepare_job::<L>,
        run,
        output,
        free,
    }))
}

extern "C" fn prepare_job<L: Library + Default>(job: u32, len: usize) -> *mut c_void {
    let work = Job::from_number(job).and_then(|job| prepare(L::default(), job, len));
    work.map_or(std::ptr::null_mut(), |work| Box::into_raw(Box::new(work)).cast())
}

extern "C" fn run(work: *mut c_void, turns: u64) {
    // SAFETY: `prepare_job` made the pointer, and its one holder lends it here.
    unsafe { &mut *work.cast::<Box<dyn Work>>() }.run(turns);
}

extern "C" fn output(work: *const c_void, to: *mut u8, room: usize) -> usize {
    // SAFETY: as in `run`; the caller gives a buffer of `room` bytes.
    let (work, to) =
        unsafe { (&*work.cast::<Box<dyn Work>>(), std::slice::from_raw_parts_mut(to, room)) };
    let bytes = work.output();
    let copied = bytes.len().min(room);
    to[..copied].copy_from_slice(&bytes[..copied]);
    bytes.len()
}

extern "C" fn free(work: *mut c_void) {
    // SAFETY: `prepare_job` made the pointer, and its holder gives it up here.
    drop(unsafe { Box::from_raw(work.cast::<Box<dyn Work>>()) });
}

/// Exports a [`Library`] with `Default` from a shared object:
/// `peer::export!(Type, c"name", || "1.0".into(), c"how it is called")`.
#[macro_export]
macro_rules! export {
    ($library:ty, $name:expr, $release:expr, $how:expr) => {
        /// The one function that the runner looks up.
        #[unsafe(no_mangle)]
        pub extern "C" fn corekey_bench_peer() -> *const $crate::Table {
            $crate::export_table::<$library>(&$crate::Plugin {
                name: $name,
                release: $release,
                how: $how,
            })
        }
    };
}
