//! Hex and base64 (RFC 4648) of secrets, in constant time.

use corekey::encode;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};
use zeroize::Zeroizing;

use crate::buffer::Input;
use crate::error::raise;

/// An encoding by its name, as an argument.
pub(crate) struct Encoding(encode::Encoding);

impl<'a, 'py> FromPyObject<'a, 'py> for Encoding {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        match object.extract::<&'a str>()? {
            "hex" => Ok(Self(encode::Encoding::Hex)),
            "base64" => Ok(Self(encode::Encoding::Base64)),
            "base64url" => Ok(Self(encode::Encoding::Base64Url)),
            other => Err(PyValueError::new_err(format!(
                "encoding must be 'hex', 'base64' or 'base64url', not {other:?}"
            ))),
        }
    }
}

/// A text to decode: `str`, or any bytes.
pub(crate) enum Text<'a> {
    Str(&'a str),
    Bytes(Input<'a>),
}

impl<'a, 'py> FromPyObject<'a, 'py> for Text<'a> {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        match object.cast::<PyString>() {
            Ok(_) => object.extract().map(Self::Str),
            Err(_) => object.extract().map(Self::Bytes),
        }
    }
}

impl Text<'_> {
    fn as_slice(&self) -> &[u8] {
        match self {
            Self::Str(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes.as_slice(),
        }
    }
}

/// data as text, in a time that depends on its length alone (RFC 4648).
///
/// encoding: "hex" (lower case), "base64" (with padding) or "base64url"
/// (without).
#[pyfunction(name = "encode")]
#[pyo3(signature = (data, encoding))]
pub(crate) fn to_text<'py>(
    py: Python<'py>,
    data: Input<'_>,
    encoding: Encoding,
) -> PyResult<Bound<'py, PyString>> {
    let len = encode::encoded_len(encoding.0, data.len()).map_err(raise)?;
    let mut text = Zeroizing::new(vec![0; len]);
    encode::encode(encoding.0, data.as_slice(), &mut text).map_err(raise)?;
    PyString::from_bytes(py, &text)
}

/// The data of a text, in a time that depends on its length alone (RFC 4648).
///
/// encoding: "hex" (either case), "base64" (with padding) or "base64url"
/// (without). Raises ValueError for a text that is not exactly what encode()
/// gives, such as one with white space, other padding or stray bits.
#[pyfunction(name = "decode")]
#[pyo3(signature = (text, encoding))]
pub(crate) fn from_text<'py>(
    py: Python<'py>,
    text: Text<'_>,
    encoding: Encoding,
) -> PyResult<Bound<'py, PyBytes>> {
    let len = encode::decoded_len(encoding.0, text.as_slice()).map_err(raise)?;
    PyBytes::new_with(py, len, |data| {
        encode::decode(encoding.0, text.as_slice(), data).map(drop).map_err(raise)
    })
}
