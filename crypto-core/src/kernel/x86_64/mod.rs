//! The tiers of x86-64, and what those of AES-GCM share.

pub(super) mod aes;
pub(super) mod gcm_vaes512;
