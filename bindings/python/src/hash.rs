//! SHA-256, SHA-384 and SHA-512 (FIPS 180-4).

use corekey::hash::{self, HashAlgorithm};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::buffer::Input;
use crate::error::already_finalized;
use crate::gil;

/// A hash function by its name, as an argument.
#[derive(Clone, Copy)]
pub(crate) struct Algorithm(pub(crate) HashAlgorithm);

impl Algorithm {
    pub(crate) const SHA256: Self = Self(HashAlgorithm::Sha256);

    pub(crate) fn name(self) -> &'static str {
        match self.0 {
            HashAlgorithm::Sha384 => "sha384",
            HashAlgorithm::Sha512 => "sha512",
            _ => "sha256",
        }
    }
}

impl<'a, 'py> FromPyObject<'a, 'py> for Algorithm {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        match object.extract::<&'a str>()? {
            "sha256" => Ok(Self::SHA256),
            "sha384" => Ok(Self(HashAlgorithm::Sha384)),
            "sha512" => Ok(Self(HashAlgorithm::Sha512)),
            other => Err(PyValueError::new_err(format!(
                "algorithm must be 'sha256', 'sha384' or 'sha512', not {other:?}"
            ))),
        }
    }
}

/// The digest of data (FIPS 180-4).
///
/// algorithm: "sha256", "sha384" or "sha512". Returns 32, 48 or 64 bytes.
#[pyfunction]
#[pyo3(signature = (data, algorithm = Algorithm::SHA256), text_signature = "(data, algorithm='sha256')")]
pub(crate) fn digest<'py>(
    py: Python<'py>,
    data: Input<'_>,
    algorithm: Algorithm,
) -> Bound<'py, PyBytes> {
    let digest = if data.unchanging().is_some() {
        gil::run(py, [&data], |[data]| hash::digest(algorithm.0, data))
    } else {
        let mut state = hash::Hash::new(algorithm.0);
        data.pieces(|piece| state.update(piece));
        state.finish()
    };
    PyBytes::new(py, digest.as_bytes())
}

/// A hash of data that comes in pieces (FIPS 180-4).
///
/// algorithm: "sha256", "sha384" or "sha512". What is hashed may be secret: an
/// object cannot be copied or pickled, and is wiped when it is freed.
#[pyclass(module = "corekey")]
pub(crate) struct Hash {
    algorithm: Algorithm,
    state: Option<hash::Hash>,
}

#[pymethods]
impl Hash {
    #[new]
    #[pyo3(signature = (algorithm = Algorithm::SHA256), text_signature = "(algorithm='sha256')")]
    fn new(algorithm: Algorithm) -> Self {
        Self { algorithm, state: Some(hash::Hash::new(algorithm.0)) }
    }

    /// The name of the hash function.
    #[getter]
    fn algorithm(&self) -> &'static str {
        self.algorithm.name()
    }

    /// Appends data to the message. Raises AlreadyFinalized after finalize().
    #[pyo3(signature = (data))]
    fn update(&mut self, data: Input<'_>) -> PyResult<()> {
        let state = self.state.as_mut().ok_or_else(already_finalized)?;
        data.pieces(|piece| state.update(piece));
        Ok(())
    }

    /// The digest of all that was appended: 32, 48 or 64 bytes. Raises
    /// AlreadyFinalized when called again.
    #[pyo3(signature = ())]
    fn finalize<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let digest = self.state.take().ok_or_else(already_finalized)?.finish();
        Ok(PyBytes::new(py, digest.as_bytes()))
    }
}
