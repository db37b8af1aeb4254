//! The tier for every CPU: no instruction for AES, SHA or carry-less products,
//! no table, no multiplication but in GHASH.

mod aes;
pub(super) mod gcm;
mod ghash;
pub(super) mod sha256;
#[cfg(any(
    all(target_arch = "x86_64", target_feature = "sse2"),
    all(target_arch = "aarch64", target_feature = "neon")
))]
#[path = "word_vector.rs"]
mod word;
#[cfg(not(any(
    all(target_arch = "x86_64", target_feature = "sse2"),
    all(target_arch = "aarch64", target_feature = "neon")
)))]
mod word;

#[cfg(not(target_pointer_width = "64"))]
use {u32 as Register, u64 as Product};
/// A general register, and what holds the product of two.
#[cfg(target_pointer_width = "64")]
use {u64 as Register, u128 as Product};

/// The same with registers of 64 bits, whatever the CPU: for the tests.
#[cfg(test)]
#[allow(clippy::duplicate_mod, reason = "the same files with another width")]
#[path = "."]
mod in_64_bits {
    use {u64 as Register, u128 as Product};

    mod aes;
    mod ghash;
    mod word;
}

/// The same with registers of 32 bits.
#[cfg(test)]
#[allow(clippy::duplicate_mod, reason = "the same files with another width")]
#[path = "."]
mod in_32_bits {
    use {u32 as Register, u64 as Product};

    mod aes;
    mod ghash;
    mod word;
}
