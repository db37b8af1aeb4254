//! Device keys and what they derive, rotation offers among it.

use corekey::device::cose::cose_key;
use corekey::device::key;
use corekey::device::rotation::{self, Applied};
use corekey::secret::Secret;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::name::{Id, OfBoot, OfDirection, OfVersion, salt_of, session};
use crate::buffer::Input;
use crate::error::raise;
use crate::wipe;

/// The key of one version of one device (docs/derivation.md).
///
/// device_id: 1 to 128 bytes. version: 1 to 2**53 - 1, never used twice for a
/// device. key: the 32 bytes that a factory, a journal or a root gave. Raises
/// ValueError for another length or range. An object may be used by several
/// threads at once. It holds a secret: it cannot be copied or pickled, and is
/// wiped when it is freed.
#[pyclass(frozen, module = "corekey")]
pub(crate) struct DeviceKey(pub(crate) key::DeviceKey);

#[pymethods]
impl DeviceKey {
    #[new]
    #[pyo3(signature = (device_id, version, key))]
    fn new(
        py: Python<'_>,
        device_id: Id,
        version: OfVersion,
        key: Input<'_>,
    ) -> PyResult<Py<Self>> {
        wipe::after(|| {
            let secret = secret(&key, "a device key")?;
            Py::new(py, Self(key::DeviceKey::new(device_id.0, version.0, secret)))
        })
    }

    /// The key for a secret made elsewhere; both sides import it alike.
    ///
    /// imported: 16 to 64 bytes with at least 128 bits of entropy. Raises
    /// ValueError for another length.
    #[staticmethod]
    #[pyo3(signature = (device_id, version, imported))]
    fn from_imported(
        py: Python<'_>,
        device_id: Id,
        version: OfVersion,
        imported: Input<'_>,
    ) -> PyResult<Py<Self>> {
        wipe::after(|| {
            let key = key::DeviceKey::import(device_id.0, version.0, imported.as_slice());
            let key = key.map_err(|_| {
                PyValueError::new_err(format!(
                    "an imported key has 16 to 64 bytes, not {}",
                    imported.len()
                ))
            })?;
            Py::new(py, Self(key))
        })
    }

    /// Whose key it is.
    #[getter]
    fn device_id<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.id().as_bytes())
    }

    /// Which of the device's keys.
    #[getter]
    fn version(&self) -> u64 {
        self.0.version().get()
    }

    /// The key check value, 4 bytes: public, tells a mistyped key from a right
    /// one.
    #[getter]
    fn check_value<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.check_value())
    }

    /// The 32 bytes of the key itself, to install it in a device.
    #[pyo3(signature = ())]
    fn expose<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.expose())
    }

    /// A key of 32 bytes for an application to wrap with.
    ///
    /// context: tells uses apart, up to 128 bytes; ValueError if it is longer.
    #[pyo3(signature = (context))]
    fn app_wrap_key<'py>(
        &self,
        py: Python<'py>,
        context: Input<'_>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let derived = self.0.app_wrap_key(context.as_slice()).map_err(|_| too_long(&context))?;
        Ok(PyBytes::new(py, derived.expose()))
    }

    /// A key of 32 bytes for an application to authenticate with.
    ///
    /// context: tells uses apart, up to 128 bytes; ValueError if it is longer.
    #[pyo3(signature = (context))]
    fn app_auth_key<'py>(
        &self,
        py: Python<'py>,
        context: Input<'_>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let derived = self.0.app_auth_key(context.as_slice()).map_err(|_| too_long(&context))?;
        Ok(PyBytes::new(py, derived.expose()))
    }

    /// The secret personalization of the device's generator in one boot, 32
    /// bytes.
    ///
    /// boot: 0 to 2**48 - 1.
    #[pyo3(signature = (boot))]
    fn drbg_personalization<'py>(&self, py: Python<'py>, boot: OfBoot) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.drbg_personalization(boot.0).expose())
    }

    /// The message key of a session as a COSE_Key (RFC 9052 section 7), 54
    /// bytes: for tests and diagnosis with other COSE libraries only, since it
    /// opens and seals all messages of the session.
    ///
    /// direction: "up" or "down". boot: 0 to 2**48 - 1. salt: 8 bytes, or none.
    #[pyo3(signature = (direction, boot, salt))]
    fn cose_key<'py>(
        &self,
        py: Python<'py>,
        direction: OfDirection,
        boot: OfBoot,
        salt: Input<'_>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let session = session(boot, salt_of(&salt)?);
        Ok(PyBytes::new(py, cose_key(&self.0, direction.0, &session).expose()))
    }

    /// The rotation offer of next to the device that has this key
    /// (docs/rotation.md), 48 bytes. The same two keys give the same bytes.
    ///
    /// Raises BadOffer if next is of another device, or its version is not
    /// higher.
    #[pyo3(signature = (next))]
    fn offer<'py>(&self, py: Python<'py>, next: &DeviceKey) -> PyResult<Bound<'py, PyBytes>> {
        let offer = rotation::offer(&self.0, &next.0).map_err(raise)?;
        Ok(PyBytes::new(py, &offer))
    }

    /// Takes a rotation offer in the device that has this key: the next key, or
    /// None if the offer is of this version or an earlier one.
    ///
    /// Make the next key durable, drop every copy of this one, and start the next
    /// boot. Raises BadOffer if the offer was not made under this key, or was
    /// changed.
    #[pyo3(signature = (offer))]
    fn accept(&self, py: Python<'_>, offer: Input<'_>) -> PyResult<Option<Py<Self>>> {
        wipe::after(|| {
            let applied = rotation::apply(&self.0, offer.as_slice()).map_err(raise)?;
            Self::of_applied(py, applied)
        })
    }

    fn __repr__(&self) -> String {
        let id = self.0.id().as_bytes().escape_ascii();
        format!("<corekey.DeviceKey device_id=b\"{id}\" version={}>", self.0.version().get())
    }
}

impl DeviceKey {
    /// The key that an offer came to, or none.
    pub(super) fn of_applied(py: Python<'_>, applied: Applied) -> PyResult<Option<Py<Self>>> {
        match applied {
            Applied::Ignored => Ok(None),
            Applied::Next(next) => Py::new(py, Self(next)).map(Some),
        }
    }

    /// The same key once more, for an object that owns its key.
    pub(super) fn again(&self) -> key::DeviceKey {
        let mut bytes = *self.0.expose();
        key::DeviceKey::new(*self.0.id(), self.0.version(), Secret::take(&mut bytes))
    }
}

/// 32 secret bytes of an argument.
pub(super) fn secret(bytes: &Input<'_>, what: &str) -> PyResult<Secret<32>> {
    Ok(Secret::take(&mut bytes.array(what)?))
}

fn too_long(context: &Input<'_>) -> PyErr {
    PyValueError::new_err(format!("a context has up to 128 bytes, not {}", context.len()))
}
