//! Wiping of the stack that a call on secrets has used: the core wipes what is
//! below it, this what the bindings put on top, such as a key on its way into
//! its Python object; and of the vector registers that moved it. Those would be
//! written to the stack by the dynamic linker, which saves them when the
//! interpreter calls a function of the C library for the first time.

/// More than the largest of our objects takes, twice moved.
const DEPTH: usize = 4 * 1024;

/// Runs `work` in a frame of its own, then overwrites the stack that it used and
/// the vector registers.
#[inline(always)]
pub(crate) fn after<R>(work: impl FnOnce() -> R) -> R {
    let result = own_frame(work);
    zeroize::zeroize_stack::<DEPTH>();
    corekey::cpu::clear_registers();
    result
}

#[inline(never)]
fn own_frame<R>(work: impl FnOnce() -> R) -> R {
    work()
}
