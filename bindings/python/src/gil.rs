//! When the interpreter's lock is released: for long work, and only where no
//! other thread of Python could write to what is read or written. So every input
//! must be a `bytes` object, and the output memory that only this call knows.
//! Who writes without the lock is the matter of [`crate::buffer`].

use pyo3::Python;

use crate::buffer::Input;

/// Inputs of that many bytes together are long: some microseconds of work.
/// Below, taking the lock again costs more than it gives.
const LONG: usize = 16 * 1024;

/// Runs `work` on the bytes of `inputs`, without the lock if that is safe and
/// worth it. What `work` captures must be known to this call alone, or never
/// change.
pub(crate) fn run<const N: usize, R: Send>(
    py: Python<'_>,
    inputs: [&Input<'_>; N],
    work: impl FnOnce([&[u8]; N]) -> R + Send,
) -> R {
    let long = inputs.iter().map(|input| input.len()).sum::<usize>() >= LONG;
    let unchanging = inputs.iter().all(|input| input.unchanging().is_some());
    let slices = inputs.map(Input::as_slice);
    if long && unchanging {
        return py.detach(|| work(slices));
    }
    work(slices)
}
