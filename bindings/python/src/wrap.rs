//! Key wrap: AES-KW (RFC 3394) and AES-KWP (RFC 5649).

use corekey::Error;
use corekey::wrap::{self, WrapAlgorithm, wrapped_len};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use zeroize::Zeroizing;

use crate::buffer::{Input, Output};
use crate::error::raise_unwrap;
use crate::wipe;

/// A key that wraps keys (a KEK) by AES-KW (RFC 3394) or AES-KWP (RFC 5649).
///
/// key: 16 or 32 bytes. Raises ValueError for another length. Wrapping needs no
/// nonce, and so shows whether the same key was wrapped twice. An object may be
/// used by several threads at once. It holds a secret: it cannot be copied or
/// pickled, and is wiped when it is freed.
#[pyclass(frozen, module = "corekey")]
pub(crate) struct WrapKey(wrap::WrapKey);

#[pymethods]
impl WrapKey {
    #[new]
    #[pyo3(signature = (key))]
    fn new(py: Python<'_>, key: Input<'_>) -> PyResult<Py<Self>> {
        wipe::after(|| {
            let wrapping = wrap::WrapKey::new(key.as_slice()).map_err(|_| {
                PyValueError::new_err(format!(
                    "a wrapping key has 16 or 32 bytes, not {}",
                    key.len()
                ))
            })?;
            Py::new(py, Self(wrapping))
        })
    }

    /// Wraps a key by AES-KW (RFC 3394).
    ///
    /// key: a multiple of 8 bytes, 16 or more. Returns len(key) + 8 bytes.
    /// Raises ValueError for another length: wrap_with_padding() takes any.
    #[pyo3(signature = (key))]
    fn wrap<'py>(&self, py: Python<'py>, key: Input<'_>) -> PyResult<Bound<'py, PyBytes>> {
        self.wrap_as(py, WrapAlgorithm::AesKw, &key)
    }

    /// The key that wrap() wrapped.
    ///
    /// wrapped: a multiple of 8 bytes, 24 or more. Returns len(wrapped) - 8
    /// bytes. Raises InvalidUnwrap if it is not intact or was wrapped under
    /// another key; ValueError for another length.
    #[pyo3(signature = (wrapped))]
    fn unwrap<'py>(&self, py: Python<'py>, wrapped: Input<'_>) -> PyResult<Bound<'py, PyBytes>> {
        self.unwrap_as(py, WrapAlgorithm::AesKw, &wrapped)
    }

    /// unwrap() into memory of the caller, which can be wiped after use.
    ///
    /// buf: writable, len(wrapped) - 8 bytes or more, shares no byte with
    /// wrapped. Returns the number of bytes written. Raises as unwrap() does:
    /// after InvalidUnwrap that many bytes are zeros, after others nothing is
    /// written.
    #[pyo3(signature = (wrapped, buf))]
    fn unwrap_into(&self, wrapped: Input<'_>, buf: Output) -> PyResult<usize> {
        self.unwrap_into_as(WrapAlgorithm::AesKw, &wrapped, buf)
    }

    /// Wraps a key of any length from 1 byte by AES-KWP (RFC 5649).
    ///
    /// Returns len(key), rounded up to a multiple of 8, and 8 bytes more. Raises
    /// ValueError for an empty key.
    #[pyo3(signature = (key))]
    fn wrap_with_padding<'py>(
        &self,
        py: Python<'py>,
        key: Input<'_>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        self.wrap_as(py, WrapAlgorithm::AesKwp, &key)
    }

    /// The key that wrap_with_padding() wrapped.
    ///
    /// wrapped: a multiple of 8 bytes, 16 or more. Raises InvalidUnwrap if it is
    /// not intact or was wrapped under another key; ValueError for another
    /// length.
    #[pyo3(signature = (wrapped))]
    fn unwrap_with_padding<'py>(
        &self,
        py: Python<'py>,
        wrapped: Input<'_>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        self.unwrap_as(py, WrapAlgorithm::AesKwp, &wrapped)
    }

    /// unwrap_with_padding() into memory of the caller, as unwrap_into(): behind
    /// the key, up to len(wrapped) - 8 bytes, are zeros. Returns the length of
    /// the key in bytes.
    #[pyo3(signature = (wrapped, buf))]
    fn unwrap_with_padding_into(&self, wrapped: Input<'_>, buf: Output) -> PyResult<usize> {
        self.unwrap_into_as(WrapAlgorithm::AesKwp, &wrapped, buf)
    }
}

impl WrapKey {
    fn wrap_as<'py>(
        &self,
        py: Python<'py>,
        algorithm: WrapAlgorithm,
        key: &Input<'_>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let len = wrapped_len(algorithm, key.len()).map_err(|_| {
            PyValueError::new_err(match algorithm {
                WrapAlgorithm::AesKw => format!(
                    "AES-KW wraps a multiple of 8 bytes, 16 or more, not {}: \
                     wrap_with_padding() takes any length",
                    key.len()
                ),
                _ => format!("AES-KWP wraps 1 to 2**32 - 9 bytes, not {}", key.len()),
            })
        })?;
        PyBytes::new_with(py, len, |out| {
            self.0.wrap(algorithm, key.as_slice(), out).map(drop).map_err(raise_unwrap)
        })
    }

    /// The result's length is known only after unwrapping, so AES-KWP goes
    /// through memory that is wiped.
    fn unwrap_as<'py>(
        &self,
        py: Python<'py>,
        algorithm: WrapAlgorithm,
        wrapped: &Input<'_>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let mut key = Zeroizing::new(vec![0; wrapped.len()]);
        let len = self.unwrapped(algorithm, wrapped, &mut key)?;
        Ok(PyBytes::new(py, key.get(..len).unwrap_or(&key)))
    }

    fn unwrap_into_as(
        &self,
        algorithm: WrapAlgorithm,
        wrapped: &Input<'_>,
        mut buf: Output,
    ) -> PyResult<usize> {
        self.unwrapped(algorithm, wrapped, buf.apart_from(&[wrapped])?)
    }

    fn unwrapped(
        &self,
        algorithm: WrapAlgorithm,
        wrapped: &Input<'_>,
        out: &mut [u8],
    ) -> PyResult<usize> {
        self.0.unwrap(algorithm, wrapped.as_slice(), out).map_err(|error| match error {
            Error::InvalidLength => PyValueError::new_err(format!(
                "a wrapped key has a multiple of 8 bytes, {} or more, not {}",
                if matches!(algorithm, WrapAlgorithm::AesKw) { 24 } else { 16 },
                wrapped.len()
            )),
            other => raise_unwrap(other),
        })
    }
}
