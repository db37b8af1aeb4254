//! What the crate promises beyond known answers: that all ways to one result
//! agree, that every changed byte is refused, that an error writes nothing it
//! should not, and that secrets stay secret. Published vectors are run by
//! `tests/` at the top of the workspace.
//!
//! One module per module of the crate, each built with the feature it is about.

mod aead;
mod aead_tiers;
mod ct;
#[cfg(feature = "drbg")]
mod drbg;
#[cfg(feature = "encode")]
mod encode;
mod error;
mod hash;
mod kdf;
mod mac;
#[cfg(feature = "os-rng")]
mod rng;
mod secrets;
mod tiers;
#[cfg(feature = "wrap")]
mod wrap;

use corekey::hash::HashAlgorithm;

/// The hash functions of this build.
const HASHES: &[HashAlgorithm] = &[
    HashAlgorithm::Sha256,
    #[cfg(feature = "sha512")]
    HashAlgorithm::Sha384,
    #[cfg(feature = "sha512")]
    HashAlgorithm::Sha512,
];

/// What buffers hold before a call that may not write to them.
const UNTOUCHED: u8 = 0x5a;

/// `len` bytes, each unlike its neighbours.
fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 7 + i / 256 + 1) as u8).collect()
}

fn any_hash() -> impl proptest::strategy::Strategy<Value = HashAlgorithm> {
    proptest::sample::select(HASHES)
}

/// A message in up to six pieces of up to `longest` bytes, some of them empty.
fn pieces(longest: usize) -> impl proptest::strategy::Strategy<Value = Vec<Vec<u8>>> {
    use proptest::collection::vec;
    use proptest::prelude::any;
    vec(vec(any::<u8>(), 0..=longest), 0..=6)
}
