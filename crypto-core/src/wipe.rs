//! Wiping of the stack that a computation on secrets has used, and of vector
//! registers. What lives in a
//! type of ours is wiped by its `Drop`; this is for what the compiler and the
//! primitives below us spilled, moved or left in a returned frame.
//!
//! Relies on `zeroize::zeroize_stack`. The depth is an upper estimate of the
//! frames below one call; it is checked by the residue test of the C ABI.

#![forbid(unsafe_code)]

use crate::cpu::Cpu;
use crate::kernel;

/// Bytes of dead stack that are overwritten after a call of another crate.
#[cfg(any(feature = "sha512", feature = "wrap"))]
const DEPTH: usize = if cfg!(target_pointer_width = "64") { 8 * 1024 } else { 2 * 1024 };

/// Runs `work` in a frame of its own, then overwrites the stack that it used.
#[cfg(any(feature = "sha512", feature = "wrap"))]
#[inline(always)]
pub(crate) fn after<R>(work: impl FnOnce() -> R) -> R {
    after_shallow::<DEPTH, R>(work)
}

/// The same with the depth given, for work that calls no other crate.
#[inline(always)]
pub(crate) fn after_shallow<const DEPTH: usize, R>(work: impl FnOnce() -> R) -> R {
    let result = own_frame(work);
    zeroize::zeroize_stack::<DEPTH>();
    registers();
    result
}

/// Clears the vector registers, through which the compiler and the system's
/// library copy.
#[inline]
pub(crate) fn registers() {
    kernel::wipe::registers(Cpu::detect());
}

#[inline(never)]
fn own_frame<R>(work: impl FnOnce() -> R) -> R {
    work()
}
