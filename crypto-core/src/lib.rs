//! Package `corekey`, in folder `crypto-core`: the constant-time crypto core
//! that IoT fleets stand on. No `std` and no heap (but for a journal in a file,
//! with feature `std`), no C; `unsafe` in the CPU kernels only.
//!
//! | for | look in | feature |
//! |---|---|---|
//! | device keys, sealed messages, rotation | [`device`] | `device`, roots `root` |
//! | sealing and opening with AES-128/256-GCM | [`aead`] | |
//! | deriving keys with HKDF | [`kdf`] | |
//! | message authentication with HMAC | [`mac`] | |
//! | SHA-256; SHA-384, SHA-512 | [`hash`] | the latter `sha512` |
//! | wrapping keys with AES-KW and AES-KWP | [`wrap`] | `wrap` |
//! | random bytes without an operating system | [`drbg`] | `drbg` |
//! | random bytes of the operating system | [`rng`] | `os-rng` |
//! | hex and base64 of secrets | [`encode`] | `encode` |
//! | comparing secrets | [`ct`] | |
//! | which implementations this CPU gets | [`cpu`] | |
//! | known-answer tests at start-up | [`selftest`] | |
//!
//! All features are on by default; firmware picks its own.
//!
//! Lengths and algorithm names are public; keys, plaintext and everything
//! computed from them are not, and the code is written so that no branch and no
//! address depends on them.
//! Every type that holds a secret is wiped when it is dropped, has no `Clone`,
//! prints nothing of its contents and compares in constant time or not at all.
//!
//! ```
//! use corekey::aead::{AeadAlgorithm, AeadKey};
//! use corekey::hash::HashAlgorithm;
//! use corekey::kdf::Prk;
//!
//! # fn main() -> Result<(), corekey::Error> {
//! let root = Prk::extract(HashAlgorithm::Sha256, b"salt", b"a root secret of 32 random bytes");
//! let mut device_key = [0; 32];
//! root.expand(b"device pump-7", &mut device_key)?;
//!
//! let key = AeadKey::new(AeadAlgorithm::Aes256Gcm, &device_key)?;
//! let nonce = [0; 12]; // the first of a counter: never twice with one key
//! let mut sealed = [0; 5 + 16];
//! key.seal(&nonce, b"header", b"21.5C", &mut sealed)?;
//!
//! let mut opened = [0; 5];
//! key.open(&nonce, b"header", &sealed, &mut opened)?;
//! assert_eq!(&opened, b"21.5C");
//! # Ok(())
//! # }
//! ```
#![no_std]

#[cfg(any(feature = "std", test))]
extern crate std;

pub mod aead;
pub mod cpu;
pub mod ct;
#[cfg(feature = "device")]
pub mod device;
#[cfg(feature = "drbg")]
pub mod drbg;
#[cfg(feature = "encode")]
pub mod encode;
mod error;
pub mod hash;
pub mod kdf;
#[allow(unsafe_code, reason = "instructions of the CPU; all else forbids it")]
mod kernel;
#[cfg(feature = "root")]
mod lanes;
pub mod mac;
#[cfg(feature = "os-rng")]
pub mod rng;
#[cfg(feature = "device")]
pub mod secret;
pub mod selftest;
#[cfg(feature = "sha512")]
mod sha512;
mod wipe;
#[cfg(feature = "wrap")]
pub mod wrap;

pub use error::Error;

/// The Rust examples of the READMEs, compiled and run.
#[cfg(all(doctest, feature = "os-rng"))]
mod readmes {
    #[doc = include_str!("../../README.md")]
    struct OfTheWorkspace;
    #[doc = include_str!("../README.md")]
    struct OfThePackage;
}
