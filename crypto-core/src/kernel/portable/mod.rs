//! The tier for every CPU: no instruction for AES or carry-less products, no
//! table, no multiplication but in GHASH.

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
