//! The conformance suite: one set of published test vectors, run through
//! every front of CoreKey, with what passed, what was skipped and why counted.
//!
//! | for | look in |
//! |---|---|
//! | what a front is | [`front`] |
//! | the crate `corekey` | [`rust_front`] |
//! | the C ABI, through the shared library | [`c_front`] |
//! | the Python package, from its wheel | [`python_front`] |
//! | what a case checks | [`checks`] |
//! | which vectors there are | [`wycheproof_suites`], [`cavp_suites`] |
//! | device keys, messages, rotation, journal | [`device_front`], [`device_rust`] |
//! | what their vectors promise | [`device_suites`], [`case`], [`flash`] |
//! | what is counted and printed | [`tally`] |

pub mod c_front;
pub mod case;
pub mod cavp_suites;
pub mod checks;
pub mod device_front;
pub mod device_rust;
pub mod device_suites;
pub mod flash;
pub mod front;
mod header;
pub mod python_front;
pub mod rsp;
pub mod rust_front;
pub mod tally;
pub mod workspace;
pub mod wycheproof_suites;

/// The fronts that are there whenever Rust is: without the Python package, which
/// is compared with others by its own tests.
#[must_use]
pub fn fronts() -> [&'static dyn front::Front; 5] {
    use rust_front::{BEST, NO_AVX512, NO_VAES, PORTABLE};

    [&BEST, &NO_AVX512, &NO_VAES, &PORTABLE, c_front::SharedLibrary::get()]
}
