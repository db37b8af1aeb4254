//! The tiers of x86-64, and what those of AES-GCM share.

mod aes;
mod gcm;
pub(super) mod gcm_aesni;
pub(super) mod gcm_vaes256;
pub(super) mod gcm_vaes512;
mod partial;
#[cfg(feature = "root")]
pub(super) mod sha256_lanes;
pub(super) mod sha256_ni;
