//! Opening of messages (`docs/message.md`).

use corekey::device::message::{Direction, inspect};
use corekey::device::opener;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::key::DeviceKey;
use super::name::{OfBoot, OfDirection, OfForm};
use super::sealer::check_len;
use crate::buffer::{Input, Output, or_empty};
use crate::error::raise;
use crate::wipe;

/// What an opened message says of itself. It is authentic: device id and version
/// are those of the key that verified it.
#[pyclass(frozen, module = "corekey")]
pub(crate) struct Opened {
    opened: opener::Opened,
    device_id: Py<PyBytes>,
}

#[pymethods]
impl Opened {
    /// Whose message it is.
    #[getter]
    fn device_id(&self, py: Python<'_>) -> Py<PyBytes> {
        self.device_id.clone_ref(py)
    }

    /// The version of the device key.
    #[getter]
    fn version(&self) -> u64 {
        self.opened.version.get()
    }

    /// The boot number of the sealer's session.
    #[getter]
    fn boot(&self) -> u64 {
        self.opened.session.boot().get()
    }

    /// The salt of the sealer's session: 8 bytes, or none.
    #[getter]
    fn salt<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.opened.session.salt().map_or(&[], |salt| salt))
    }

    /// The message's number in its session.
    #[getter]
    fn counter(&self) -> u32 {
        self.opened.counter
    }

    /// The form it came in: "long" or "compact".
    #[getter]
    fn form(&self) -> &'static str {
        OfForm(self.opened.form).name()
    }

    /// The length of the payload in bytes.
    #[getter]
    fn payload_length(&self) -> usize {
        self.opened.len
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        format!(
            "<corekey.Opened device_id=b\"{}\" version={} boot={} counter={} form='{}' \
             payload_length={}>",
            self.device_id.as_bytes(py).escape_ascii(),
            self.version(),
            self.boot(),
            self.counter(),
            self.form(),
            self.opened.len
        )
    }
}

/// Opens the messages of one device key in one direction (docs/message.md): made
/// by Opener.first_contact(), Opener.resume() or Opener.down().
///
/// Use it from one thread at a time. It cannot be copied or pickled, and is wiped
/// when it is freed.
#[pyclass(module = "corekey")]
pub(crate) struct Opener(opener::Opener);

#[pymethods]
impl Opener {
    /// An opener of uplinks that has heard nothing yet and takes the first
    /// authentic message for fresh. Only for a key that was never used.
    #[staticmethod]
    #[pyo3(signature = (key))]
    fn first_contact(py: Python<'_>, key: &DeviceKey) -> PyResult<Py<Self>> {
        wipe::after(|| Py::new(py, Self(opener::Opener::first_contact(key.again()))))
    }

    /// An opener of uplinks that goes on from a saved state.
    ///
    /// state: the 64 bytes that save() gave for this key. Raises InvalidState if
    /// it is damaged; ValueError for another length.
    #[staticmethod]
    #[pyo3(signature = (key, state))]
    fn resume(py: Python<'_>, key: &DeviceKey, state: Input<'_>) -> PyResult<Py<Self>> {
        let state = state.array("a saved state")?;
        wipe::after(|| {
            Py::new(py, Self(opener::Opener::resume(key.again(), &state).map_err(raise)?))
        })
    }

    /// An opener of downlinks, in a device in its current boot.
    ///
    /// boot: 0 to 2**48 - 1.
    #[staticmethod]
    #[pyo3(signature = (key, boot))]
    fn down(py: Python<'_>, key: &DeviceKey, boot: OfBoot) -> PyResult<Py<Self>> {
        wipe::after(|| Py::new(py, Self(opener::Opener::down(key.again(), boot.0))))
    }

    /// Which way the messages go: "up" or "down".
    #[getter]
    fn direction(&self) -> &'static str {
        OfDirection(self.0.direction()).name()
    }

    /// The boot number of the session that began last; None before the first
    /// message. For uplinks it is the device's.
    #[getter]
    fn boot(&self) -> Option<u64> {
        self.0.session().map(|session| session.boot().get())
    }

    /// The state, 64 bytes: save it before you act on a message, with the device
    /// that it is of. It is not secret, but whoever puts an older one back can
    /// replay. Raises ValueError for an opener of downlinks, which has none.
    #[pyo3(signature = ())]
    fn save<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        if self.0.direction() == Direction::Down {
            return Err(PyValueError::new_err(
                "an opener of downlinks has no state: each boot starts anew",
            ));
        }
        Ok(PyBytes::new(py, &self.0.save()))
    }

    /// Opens a message: its payload, and what it says of itself.
    ///
    /// external_aad: as the sealer had it. Raises, in this order: Malformed;
    /// OtherKey; NeedLong; Forged; and of authentic messages Stale, Replay,
    /// SessionFull. Nothing of the payload is given out then, and the state stays
    /// as it was.
    #[pyo3(signature = (message, external_aad = None))]
    fn open<'py>(
        &mut self,
        py: Python<'py>,
        message: Input<'_>,
        external_aad: Option<Input<'_>>,
    ) -> PyResult<(Bound<'py, PyBytes>, Opened)> {
        let aad = or_empty(&external_aad);
        let len = inspect(message.as_slice()).map_err(raise)?.ciphertext.len();
        check_len(0, aad.len())?;
        let mut opened = None;
        let payload = PyBytes::new_with(py, len, |out| {
            opened = Some(self.0.open(aad, message.as_slice(), out).map_err(raise)?);
            Ok(())
        })?;
        let opened = opened.ok_or_else(|| raise(corekey::Error::Malformed))?;
        Ok((payload, self.told(py, opened)))
    }

    /// open() into memory of the caller, which can be wiped after use.
    ///
    /// buf: writable, as long as the payload or longer, shares no byte with
    /// another argument. Raises as open() does: after Forged, Stale, Replay and
    /// SessionFull the payload's bytes of buf are zeros; after others, and after
    /// ValueError or TypeError for such a buf, nothing is written.
    #[pyo3(signature = (message, buf, external_aad = None))]
    fn open_into(
        &mut self,
        py: Python<'_>,
        message: Input<'_>,
        mut buf: Output,
        external_aad: Option<Input<'_>>,
    ) -> PyResult<Opened> {
        let aad = or_empty(&external_aad);
        inspect(message.as_slice()).map_err(raise)?;
        check_len(0, aad.len())?;
        let out = match &external_aad {
            Some(aad) => buf.apart_from(&[&message, aad])?,
            None => buf.apart_from(&[&message])?,
        };
        let opened = self.0.open(aad, message.as_slice(), out).map_err(raise)?;
        Ok(self.told(py, opened))
    }

    fn __repr__(&self) -> String {
        let id = self.0.key().id().as_bytes().escape_ascii();
        format!("<corekey.Opener device_id=b\"{id}\" direction='{}'>", self.direction())
    }
}

impl Opener {
    fn told(&self, py: Python<'_>, opened: opener::Opened) -> Opened {
        let device_id = PyBytes::new(py, self.0.key().id().as_bytes()).unbind();
        Opened { opened, device_id }
    }
}
