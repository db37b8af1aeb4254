//! The tiers for AArch64 CPUs with cryptographic instructions.

pub(super) mod gcm;
pub(super) mod sha256;
