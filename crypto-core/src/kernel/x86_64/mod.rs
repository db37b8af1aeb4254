//! The tiers of x86-64.

pub(super) mod sha256_lanes;
pub(super) mod sha256_ni;
