//! The tiers of x86-64, and what those of AES-GCM share.

pub(super) mod aes;
pub(super) mod gcm_vaes512;
pub(super) mod sha256_lanes;
pub(super) mod sha256_ni;
