//! The C ABI of `corekey`: nothing but translation. Each module is a section
//! of `include/corekey.h`, in the order of `tests/header.rs`, and its comments
//! are that header's text.
//!
//! Every export has the same shape: `edge::guard` around checks of all
//! arguments, then one call of the core, then the outputs. All of the `unsafe`
//! is about what the header asks of the caller: pointers that are valid for the
//! lengths beside them, and no writer beside a reader.
#![cfg_attr(not(feature = "std"), no_std)]
#![allow(unsafe_code, reason = "this crate is the ABI edge")]
#![allow(non_camel_case_types, reason = "the names are C's")]

mod edge;

pub mod aead;
#[cfg(feature = "root")]
pub mod batch;
mod context;
#[cfg(feature = "device")]
pub mod device_key;
#[cfg(feature = "drbg")]
pub mod drbg;
#[cfg(feature = "encode")]
pub mod encode;
pub mod general;
pub mod hash;
#[cfg(feature = "device")]
pub mod journal;
pub mod kdf;
pub mod mac;
#[cfg(feature = "device")]
pub mod message;
#[cfg(feature = "os-rng")]
pub mod rng;
#[cfg(feature = "root")]
pub mod root;
#[cfg(feature = "device")]
pub mod rotation;
pub mod status;
#[cfg(feature = "wrap")]
pub mod wrap;

/// An archive has no unwinder; a panic, which no test has been able to reach,
/// ends the process.
#[cfg(not(feature = "std"))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    unsafe extern "C" {
        safe fn abort() -> !;
    }
    abort()
}
