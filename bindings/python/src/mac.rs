//! HMAC (RFC 2104, FIPS 198-1) with a ready key, and comparison in constant
//! time.

use corekey::{ct, mac};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::buffer::Input;
use crate::error::{already_finalized, raise};
use crate::hash::Algorithm;
use crate::{gil, wipe};

/// Whether a and b hold the same bytes, in a time that depends on their lengths
/// alone. Different lengths are not equal.
#[pyfunction]
#[pyo3(signature = (a, b))]
pub(crate) fn equal(a: Input<'_>, b: Input<'_>) -> bool {
    ct::equal(a.as_slice(), b.as_slice())
}

/// A key for HMAC, ready for use (RFC 2104, FIPS 198-1).
///
/// key: any length; RFC 2104 section 3 advises at least that of the digest.
/// algorithm: "sha256", "sha384" or "sha512". An object may be used by several
/// threads at once. It holds a secret: it cannot be copied or pickled, and is
/// wiped when it is freed.
#[pyclass(frozen, module = "corekey")]
pub(crate) struct HmacKey(mac::HmacKey);

#[pymethods]
impl HmacKey {
    #[new]
    #[pyo3(signature = (key, algorithm = Algorithm::SHA256), text_signature = "(key, algorithm='sha256')")]
    fn new(py: Python<'_>, key: Input<'_>, algorithm: Algorithm) -> PyResult<Py<Self>> {
        wipe::after(|| Py::new(py, Self(mac::HmacKey::new(algorithm.0, key.as_slice()))))
    }

    /// The name of the hash function.
    #[getter]
    fn algorithm(&self) -> &'static str {
        Algorithm(self.0.algorithm()).name()
    }

    /// The whole tag of data: 32, 48 or 64 bytes.
    #[pyo3(signature = (data))]
    fn sign<'py>(&self, py: Python<'py>, data: Input<'_>) -> Bound<'py, PyBytes> {
        let tag = if data.unchanging().is_some() {
            gil::run(py, [&data], |[data]| self.0.mac(data))
        } else {
            self.in_pieces(&data).finish()
        };
        PyBytes::new(py, tag.as_bytes())
    }

    /// Checks a tag of data in constant time.
    ///
    /// tag: the first half or more of the whole tag (RFC 2104 section 5). Raises
    /// InvalidTag if it is not the tag of data; ValueError for a length below
    /// half a digest or above one.
    #[pyo3(signature = (data, tag))]
    fn verify(&self, py: Python<'_>, data: Input<'_>, tag: Input<'_>) -> PyResult<()> {
        check_tag_len(self.0.algorithm(), &tag)?;
        let verified = if data.unchanging().is_some() {
            gil::run(py, [&data, &tag], |[data, tag]| self.0.verify(data, tag))
        } else {
            self.in_pieces(&data).verify(tag.as_slice())
        };
        verified.map_err(raise)
    }

    /// Starts a message that comes in pieces.
    #[pyo3(signature = ())]
    fn start(&self) -> Hmac {
        Hmac { algorithm: Algorithm(self.0.algorithm()), state: Some(self.0.start()) }
    }
}

impl HmacKey {
    fn in_pieces(&self, data: &Input<'_>) -> mac::Hmac {
        let mut state = self.0.start();
        data.pieces(|piece| state.update(piece));
        state
    }
}

/// The tag of a message that comes in pieces: made by HmacKey.start(). Cannot
/// be copied or pickled, and is wiped when it is freed.
#[pyclass(module = "corekey")]
pub(crate) struct Hmac {
    algorithm: Algorithm,
    state: Option<mac::Hmac>,
}

#[pymethods]
impl Hmac {
    /// The name of the hash function.
    #[getter]
    fn algorithm(&self) -> &'static str {
        self.algorithm.name()
    }

    /// Appends data to the message. Raises AlreadyFinalized after finalize() or
    /// verify().
    #[pyo3(signature = (data))]
    fn update(&mut self, data: Input<'_>) -> PyResult<()> {
        let state = self.state.as_mut().ok_or_else(already_finalized)?;
        data.pieces(|piece| state.update(piece));
        Ok(())
    }

    /// The whole tag of all that was appended: 32, 48 or 64 bytes. Raises
    /// AlreadyFinalized when called again.
    #[pyo3(signature = ())]
    fn finalize<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let tag = self.state.take().ok_or_else(already_finalized)?.finish();
        Ok(PyBytes::new(py, tag.as_bytes()))
    }

    /// Checks the tag of all that was appended, as HmacKey.verify() does, and
    /// finishes, whether or not it is right. A tag of a length that is refused
    /// leaves it unfinished.
    #[pyo3(signature = (tag))]
    fn verify(&mut self, tag: Input<'_>) -> PyResult<()> {
        check_tag_len(self.algorithm.0, &tag)?;
        let state = self.state.take().ok_or_else(already_finalized)?;
        state.verify(tag.as_slice()).map_err(raise)
    }
}

fn check_tag_len(algorithm: corekey::hash::HashAlgorithm, tag: &Input<'_>) -> PyResult<()> {
    mac::check_tag_len(algorithm, tag.len()).map_err(|_| {
        let full = algorithm.digest_len();
        PyValueError::new_err(format!(
            "a tag has {} to {full} bytes, not {} (RFC 2104 section 5)",
            full / 2,
            tag.len()
        ))
    })
}
