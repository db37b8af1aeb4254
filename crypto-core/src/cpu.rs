//! What this CPU can do, and which implementations are used for it. Nobody has
//! to ask: keys find out by themselves. It is here to be shown, and to choose a
//! slower implementation on purpose, in tests and measurements.

#![forbid(unsafe_code)]

pub use crate::kernel::cpu::{Cpu, Feature};
use crate::kernel::{gcm, sha256};
use crate::wipe;

impl Cpu {
    /// The name of the implementation of AES-GCM for it.
    #[must_use]
    pub fn gcm_tier(self) -> &'static str {
        gcm::tier_name(self)
    }

    /// The name of the implementation of SHA-256 for it.
    #[must_use]
    pub fn sha256_tier(self) -> &'static str {
        sha256::tier_name(self)
    }
}

/// Clears the vector registers, for code that moves secrets about: the compiler
/// and the system's library copy through them. Calls that only use a key clear
/// what they have used by themselves.
#[inline]
pub fn clear_registers() {
    wipe::registers();
}
