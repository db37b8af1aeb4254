//! Objects of Python that the core calls through its traits: what one raised
//! becomes the cause of the exception that the core's error raises.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use corekey::Error;
use pyo3::exceptions::PyValueError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use crate::buffer::Input;
use crate::error::raise;

/// An object of Python that the core calls, and what it raised last: shared by
/// whoever calls it and the class that owns it. That class shows it to Python's
/// garbage collector, or else an object that has its own generator, say, would
/// never be freed, and the generator never wiped.
#[derive(Clone, Default)]
pub(crate) struct Peer(Arc<Mutex<Held>>);

#[derive(Default)]
struct Held {
    object: Option<Py<PyAny>>,
    raised: Option<PyErr>,
}

impl Peer {
    pub(crate) fn new(object: Py<PyAny>) -> Self {
        Self(Arc::new(Mutex::new(Held { object: Some(object), raised: None })))
    }

    /// Nothing of Python is run while this is held: what is taken out is dropped
    /// later, since that may run anything.
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `then` on the object; none if it raised, which is kept for
    /// [`Peer::explain`], or if the object is gone.
    pub(crate) fn call<R>(&self, then: impl FnOnce(&Bound<'_, PyAny>) -> PyResult<R>) -> Option<R> {
        Python::attach(|py| {
            let object = self.held().object.as_ref().map(|object| object.clone_ref(py))?;
            match then(object.bind(py)) {
                Ok(result) => Some(result),
                Err(error) => {
                    let before = self.held().raised.replace(error);
                    drop(before);
                    None
                }
            }
        })
    }

    /// The exception for an error of the core, with its cause if the object
    /// raised one. What is no failure of the object, such as an interrupt from
    /// the keyboard, is raised as it is.
    pub(crate) fn explain(&self, py: Python<'_>, error: Error) -> PyErr {
        let raised = self.held().raised.take();
        let Some(cause) = raised else {
            return raise(error);
        };
        if !cause.is_instance_of::<pyo3::exceptions::PyException>(py) {
            return cause;
        }
        let explained = raise(error);
        explained.set_cause(py, Some(cause));
        explained
    }

    /// For `__traverse__`. Where another thread has it just now the object is
    /// not shown, and so not collected this time.
    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.0.try_lock().map_or(Ok(()), |held| visit.call(&held.object))
    }

    /// For `__clear__`: lets the object go; calls of it fail from here on.
    pub(crate) fn clear(&self) {
        let object = self.held().object.take();
        drop(object);
    }
}

/// A callable that gives bytes.
pub(crate) struct Callable(pub(crate) Peer);

impl Callable {
    /// Calls it with one argument for exactly as many bytes as `out` has; none if
    /// it did not give them.
    pub(crate) fn ask(
        &self,
        argument: impl for<'py> IntoPyObject<'py>,
        out: &mut [u8],
    ) -> Option<()> {
        self.0.call(|callable| fill(&callable.call1((argument,))?, out))
    }
}

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
