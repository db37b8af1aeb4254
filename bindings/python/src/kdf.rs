//! HKDF (RFC 5869), in one call and with a ready key.

use corekey::hash::HashAlgorithm;
use corekey::kdf;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::buffer::{Input, Output, or_empty};
use crate::error::raise;
use crate::hash::Algorithm;
use crate::number::Number;
use crate::wipe;

/// HKDF (RFC 5869): extract, then expand.
///
/// key_material: the secret; HKDF does not make a password into a key. length:
/// bytes of the result, 1 to 255 digests. salt: None for the RFC's default.
/// info: tells uses apart. algorithm: "sha256", "sha384" or "sha512". Raises
/// ValueError for another length.
#[pyfunction]
#[pyo3(
    signature = (key_material, length, salt = None, info = None, algorithm = Algorithm::SHA256),
    text_signature = "(key_material, length, salt=None, info=None, algorithm='sha256')"
)]
pub(crate) fn hkdf<'py>(
    py: Python<'py>,
    key_material: Input<'_>,
    length: Number,
    salt: Option<Input<'_>>,
    info: Option<Input<'_>>,
    algorithm: Algorithm,
) -> PyResult<Bound<'py, PyBytes>> {
    let length = length.len();
    check_len(algorithm.0, length)?;
    PyBytes::new_with(py, length, |okm| {
        let (salt, info) = (or_empty(&salt), or_empty(&info));
        kdf::hkdf(algorithm.0, salt, key_material.as_slice(), info, okm).map_err(raise)
    })
}

/// A pseudorandom key of HKDF, ready to be expanded (RFC 5869 section 2.3).
///
/// key: uniformly random, of a digest's length or more, so that extraction is
/// skipped (section 3.3); for other secrets use Prk.extract(). algorithm:
/// "sha256", "sha384" or "sha512". Raises ValueError for a shorter key. An
/// object may be used by several threads at once. It holds a secret: it cannot
/// be copied or pickled, and is wiped when it is freed.
#[pyclass(frozen, module = "corekey")]
pub(crate) struct Prk(kdf::Prk);

#[pymethods]
impl Prk {
    #[new]
    #[pyo3(signature = (key, algorithm = Algorithm::SHA256), text_signature = "(key, algorithm='sha256')")]
    fn new(py: Python<'_>, key: Input<'_>, algorithm: Algorithm) -> PyResult<Py<Self>> {
        let least = algorithm.0.digest_len();
        if key.len() < least {
            return Err(PyValueError::new_err(format!(
                "a pseudorandom key has {least} bytes or more, not {}: use Prk.extract()",
                key.len()
            )));
        }
        wipe::after(|| {
            let prk = kdf::Prk::from_bytes(algorithm.0, key.as_slice()).map_err(raise)?;
            Py::new(py, Self(prk))
        })
    }

    /// HKDF-Extract (RFC 5869 section 2.2).
    ///
    /// key_material: the secret. salt: None for the RFC's default, a digest of
    /// zeros. algorithm: "sha256", "sha384" or "sha512".
    #[staticmethod]
    #[pyo3(
        signature = (key_material, salt = None, algorithm = Algorithm::SHA256),
        text_signature = "(key_material, salt=None, algorithm='sha256')"
    )]
    fn extract(
        py: Python<'_>,
        key_material: Input<'_>,
        salt: Option<Input<'_>>,
        algorithm: Algorithm,
    ) -> PyResult<Py<Self>> {
        wipe::after(|| {
            let salt = or_empty(&salt);
            Py::new(py, Self(kdf::Prk::extract(algorithm.0, salt, key_material.as_slice())))
        })
    }

    /// The name of the hash function.
    #[getter]
    fn algorithm(&self) -> &'static str {
        Algorithm(self.0.algorithm()).name()
    }

    /// HKDF-Expand (RFC 5869 section 2.3).
    ///
    /// info: tells uses apart. length: bytes of the result, 1 to 255 digests.
    /// Raises ValueError for another length.
    #[pyo3(signature = (info, length))]
    fn expand<'py>(
        &self,
        py: Python<'py>,
        info: Input<'_>,
        length: Number,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let length = length.len();
        check_len(self.0.algorithm(), length)?;
        PyBytes::new_with(py, length, |okm| self.0.expand(info.as_slice(), okm).map_err(raise))
    }

    /// expand() into memory of the caller, which can be wiped after use: all of
    /// buf is filled.
    ///
    /// buf: writable, 1 to 255 digests long, shares no byte with info. Raises
    /// ValueError or TypeError if it is not; nothing is written then.
    #[pyo3(signature = (info, buf))]
    fn expand_into(&self, info: Input<'_>, mut buf: Output) -> PyResult<()> {
        check_len(self.0.algorithm(), buf.len())?;
        let okm = buf.apart_from(&[&info])?;
        self.0.expand(info.as_slice(), okm).map_err(raise)
    }
}

fn check_len(algorithm: HashAlgorithm, length: usize) -> PyResult<()> {
    let most = 255 * algorithm.digest_len();
    if (1..=most).contains(&length) {
        return Ok(());
    }
    Err(PyValueError::new_err(format!("HKDF gives 1 to {most} bytes, not {length}")))
}
