//! HMAC-DRBG with SHA-256 (NIST SP 800-90A Rev. 1 section 10.1.2) over an
//! entropy source in Python.

use corekey::Error;
use corekey::drbg::{self, Entropy, MAX_REQUEST_LEN};
use pyo3::exceptions::PyValueError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::buffer::{Input, or_empty};
use crate::call::{Callable, Peer};
use crate::fork::Birthplace;
use crate::number::Number;
use crate::wipe;

impl Entropy for Callable {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), Error> {
        self.ask(out.len(), out).ok_or(Error::EntropyFailed)
    }
}

/// HMAC-DRBG with SHA-256 (NIST SP 800-90A Rev. 1 section 10.1.2), to try what a
/// device without an operating system does. Where there is one, use os.urandom()
/// or the module secrets.
///
/// entropy: called with a number of bytes, 48, at the start and at every reseed;
/// returns that many bytes that hold 256 bits of min-entropy or more, another
/// block each time. personalization: sets this generator apart from others on
/// the same source. Raises EntropyFailed if the source raises, or gives another
/// length, the same block again or parts that repeat.
///
/// In a child of os.fork() every call raises Forked. It holds a secret: it cannot
/// be copied or pickled, and is wiped when it is freed.
#[pyclass(module = "corekey")]
pub(crate) struct HmacDrbg {
    generator: drbg::HmacDrbg<Callable>,
    peer: Peer,
    birthplace: Birthplace,
}

#[pymethods]
impl HmacDrbg {
    #[new]
    #[pyo3(signature = (entropy, personalization = None))]
    fn new(
        py: Python<'_>,
        entropy: Py<PyAny>,
        personalization: Option<Input<'_>>,
    ) -> PyResult<Py<Self>> {
        let peer = Peer::new(entropy);
        wipe::after(|| {
            let generator = drbg::HmacDrbg::new(Callable(peer.clone()), or_empty(&personalization))
                .map_err(|error| peer.explain(py, error))?;
            Py::new(py, Self { generator, peer, birthplace: Birthplace::here() })
        })
    }

    /// Mixes new entropy and additional into the state. Raises EntropyFailed as
    /// HmacDrbg() does; the generator stays as it was.
    #[pyo3(signature = (additional = None))]
    fn reseed(&mut self, py: Python<'_>, additional: Option<Input<'_>>) -> PyResult<()> {
        self.birthplace.check()?;
        self.generator.reseed(or_empty(&additional)).map_err(|error| self.peer.explain(py, error))
    }

    /// length random bytes, up to 65536.
    ///
    /// additional: mixed into the state before. Reseeds by itself after 65536
    /// requests. Raises ValueError for a longer request; EntropyFailed if a
    /// reseed was due and failed.
    #[pyo3(signature = (length, additional = None))]
    fn generate<'py>(
        &mut self,
        py: Python<'py>,
        length: Number,
        additional: Option<Input<'_>>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        self.birthplace.check()?;
        let length = length.len();
        if length > MAX_REQUEST_LEN {
            return Err(PyValueError::new_err(format!(
                "a request is for up to {MAX_REQUEST_LEN} bytes, not {length}: ask more than once"
            )));
        }
        PyBytes::new_with(py, length, |out| {
            let generated = self.generator.generate(or_empty(&additional), out);
            generated.map_err(|error| self.peer.explain(py, error))
        })
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.peer.traverse(&visit)
    }

    fn __clear__(&self) {
        self.peer.clear();
    }
}
