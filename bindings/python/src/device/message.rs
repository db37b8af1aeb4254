//! The bytes of messages (`docs/message.md`): what they claim, and their other
//! forms. No key is needed here.

use corekey::Error;
use corekey::device::message::{self, MAX_OVERHEAD};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::name::OfForm;
use crate::buffer::Input;
use crate::error::raise;

/// What a message says of itself before it is opened: nothing of it is
/// authentic. Of a compact message only residues are there.
#[pyclass(frozen, module = "corekey", get_all)]
pub(crate) struct Claim {
    /// "long" or "compact".
    form: &'static str,
    /// The device id; None in a compact message.
    device_id: Option<Py<PyBytes>>,
    /// The version of the device key; of a compact message mod 64.
    version: u64,
    /// The boot number; of a compact message mod 256.
    boot: u64,
    /// The salt, 8 bytes or none; None in a compact message.
    salt: Option<Py<PyBytes>>,
    /// The message's number; of a compact message mod 65536.
    counter: u32,
    /// The length of the payload in bytes.
    payload_length: usize,
}

#[pymethods]
impl Claim {
    fn __repr__(&self, py: Python<'_>) -> String {
        let id = self
            .device_id
            .as_ref()
            .map_or_else(|| "None".into(), |id| format!("b\"{}\"", id.as_bytes(py).escape_ascii()));
        format!(
            "<corekey.Claim form='{}' device_id={id} version={} boot={} counter={} \
             payload_length={}>",
            self.form, self.version, self.boot, self.counter, self.payload_length
        )
    }
}

/// What a sealed message says of itself, without any key: whose key to look for.
/// Raises Malformed if it is none.
#[pyfunction]
#[pyo3(signature = (message))]
pub(crate) fn inspect(py: Python<'_>, message: Input<'_>) -> PyResult<Claim> {
    let parts = message::inspect(message.as_slice()).map_err(raise)?;
    let payload_length = parts.ciphertext.len();
    let bytes = |bytes: &[u8]| Some(PyBytes::new(py, bytes).unbind());
    Ok(match parts.claim {
        message::Claim::Long { version, id, session, counter } => Claim {
            form: OfForm(message::Form::Long).name(),
            device_id: bytes(id),
            version: version.get(),
            boot: session.boot().get(),
            salt: bytes(session.salt().map_or(&[], |salt| salt)),
            counter,
            payload_length,
        },
        message::Claim::Compact { version, boot, counter } => Claim {
            form: OfForm(message::Form::Compact).name(),
            device_id: None,
            version: version.into(),
            boot: boot.into(),
            salt: None,
            counter: counter.into(),
            payload_length,
        },
    })
}

/// The compact form of a long message; it opens as the same message. Raises
/// Malformed if message is not long.
#[pyfunction]
#[pyo3(signature = (message))]
pub(crate) fn to_compact<'py>(
    py: Python<'py>,
    message: Input<'_>,
) -> PyResult<Bound<'py, PyBytes>> {
    rewritten(py, &message, message::write_compact)
}

/// A long message with its full IV in place of the Partial IV (RFC 9052 section
/// 3.1), for COSE libraries that know only the former. Raises Malformed if
/// message is not long.
#[pyfunction]
#[pyo3(signature = (message))]
pub(crate) fn to_full_iv<'py>(
    py: Python<'py>,
    message: Input<'_>,
) -> PyResult<Bound<'py, PyBytes>> {
    rewritten(py, &message, message::write_full_iv)
}

fn rewritten<'py>(
    py: Python<'py>,
    message: &Input<'_>,
    write: fn(&[u8], &mut [u8]) -> Result<usize, Error>,
) -> PyResult<Bound<'py, PyBytes>> {
    let mut out = vec![0; message.len() + MAX_OVERHEAD];
    let len = write(message.as_slice(), &mut out).map_err(raise)?;
    Ok(PyBytes::new(py, out.get(..len).unwrap_or(&out)))
}
