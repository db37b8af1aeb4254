//! Objects that must not exist twice, and `os.fork()`, which makes a second of
//! each: two sealers use the same nonces, two generators give the same bytes, two
//! journals count the same boots.
//! Such an object remembers in which process it was made; the count of forks
//! behind this process tells them apart without a system call.

use std::sync::atomic::{AtomicU32, Ordering};

use pyo3::prelude::*;

use crate::error::forked;

/// Forks between the process that imported the module and this one.
static FORKS: AtomicU32 = AtomicU32::new(0);

/// Where an object was made.
pub(crate) struct Birthplace(u32);

impl Birthplace {
    pub(crate) fn here() -> Self {
        Self(FORKS.load(Ordering::Relaxed))
    }

    /// Refuses in a child of the process that made the object.
    pub(crate) fn check(&self) -> PyResult<()> {
        if self.0 == FORKS.load(Ordering::Relaxed) { Ok(()) } else { Err(forked()) }
    }
}

#[pyfunction]
fn after_in_child() {
    FORKS.fetch_add(1, Ordering::Relaxed);
}

/// Has the count go up in every child that Python forks.
pub(crate) fn watch(py: Python<'_>) -> PyResult<()> {
    let os = py.import("os")?;
    if !os.hasattr("register_at_fork")? {
        return Ok(());
    }
    let hook = wrap_pyfunction!(after_in_child, py)?;
    let arguments = pyo3::types::PyDict::new(py);
    arguments.set_item("after_in_child", hook)?;
    os.call_method("register_at_fork", (), Some(&arguments)).map(drop)
}
