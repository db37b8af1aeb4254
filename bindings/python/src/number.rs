//! Numbers as arguments. One that does not fit is a `ValueError`, as for every
//! other value outside its range; Python's own conversion says `OverflowError`.

use pyo3::exceptions::{PyOverflowError, PyValueError};
use pyo3::prelude::*;

/// A length, a count or an index: 0 to 2⁶⁴ − 1.
#[derive(Clone, Copy)]
pub(crate) struct Number(pub(crate) u64);

impl Number {
    /// As a length; what exceeds the address space is its largest, which every
    /// call refuses.
    pub(crate) fn len(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl<'a, 'py> FromPyObject<'a, 'py> for Number {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let wrong = || PyValueError::new_err("a length, count or index is 0 to 2**64 - 1");
        number(object, wrong).map(Self)
    }
}

/// A number that is not negative; one that is, or is too large, has `wrong` to
/// say.
pub(crate) fn number(
    object: Borrowed<'_, '_, PyAny>,
    wrong: impl FnOnce() -> PyErr,
) -> PyResult<u64> {
    object.extract::<u64>().map_err(|error| {
        if error.is_instance_of::<PyOverflowError>(object.py()) { wrong() } else { error }
    })
}
