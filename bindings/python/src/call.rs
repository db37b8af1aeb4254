//! Callables of Python that the core calls through its traits: what one raised
//! becomes the cause of the exception that the core's error raises.

use std::sync::{Arc, Mutex, PoisonError};

use corekey::Error;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::buffer::Input;
use crate::error::raise;

/// What a callable raised last, shared with who handles the core's error.
#[derive(Clone, Default)]
pub(crate) struct Raised(Arc<Mutex<Option<PyErr>>>);

impl Raised {
    pub(crate) fn put(&self, error: Option<PyErr>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = error;
    }

    pub(crate) fn take(&self) -> Option<PyErr> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The exception for an error of the core, with its cause if a callable
    /// raised one. What is no failure of the callable, such as an interrupt from
    /// the keyboard, is raised as it is.
    pub(crate) fn explain(&self, py: Python<'_>, error: Error) -> PyErr {
        let Some(cause) = self.take() else {
            return raise(error);
        };
        if !cause.is_instance_of::<pyo3::exceptions::PyException>(py) {
            return cause;
        }
        let explained = raise(error);
        explained.set_cause(py, Some(cause));
        explained
    }
}

/// A callable that gives bytes.
pub(crate) struct Callable {
    callable: Py<PyAny>,
    raised: Raised,
}

impl Callable {
    pub(crate) fn new(callable: Py<PyAny>) -> (Self, Raised) {
        let raised = Raised::default();
        (Self { callable, raised: raised.clone() }, raised)
    }

    /// Calls it with one argument for exactly as many bytes as `out` has.
    ///
    /// # Errors
    /// That it did not give them; why is in [`Raised`].
    pub(crate) fn ask(
        &self,
        argument: impl for<'py> IntoPyObject<'py>,
        out: &mut [u8],
    ) -> Result<(), Failed> {
        Python::attach(|py| {
            self.raised.put(None);
            let answer = self.callable.bind(py).call1((argument,));
            answer.and_then(|answer| fill(&answer, out)).map_err(|error| {
                self.raised.put(Some(error));
                Failed
            })
        })
    }
}

/// A callable failed.
#[derive(Debug)]
pub(crate) struct Failed;

/// Copies what Python code answered, if it has the right length.
pub(crate) fn fill(answer: &Bound<'_, PyAny>, out: &mut [u8]) -> PyResult<()> {
    let bytes = answer.extract::<Input<'_>>()?;
    if bytes.len() != out.len() {
        return Err(PyValueError::new_err(format!(
            "{} bytes were asked for and {} were given",
            out.len(),
            bytes.len()
        )));
    }
    bytes.copy_to(0, out);
    Ok(())
}
