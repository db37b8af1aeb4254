//! Roots: where the keys of all devices come from; keys of tables and of audit
//! chains.

use corekey::Error;
use corekey::device::root::{self, Root as _, RootKey};
use corekey::secret::Secret;
use pyo3::exceptions::PyValueError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::key::{DeviceKey, secret};
use super::name::{Id, OfVersion};
use crate::buffer::Input;
use crate::call::{Callable, Peer};
use crate::error::{raise, raise_unwrap};
use crate::number::Number;
use crate::wipe;

/// Where the secret is.
enum Place {
    Memory(RootKey),
    Token(Callable),
}

impl root::Root for Place {
    fn hmac(&self, message: &[u8]) -> Result<Secret<32>, Error> {
        match self {
            Self::Memory(key) => key.hmac(message),
            Self::Token(token) => {
                let mut tag = [0; 32];
                token.ask(message, &mut tag).ok_or(Error::RootFailed)?;
                Ok(Secret::take(&mut tag))
            }
        }
    }
}

impl Place {
    fn explain(&self, py: Python<'_>, error: Error) -> PyErr {
        match self {
            Self::Memory(_) => raise(error),
            Self::Token(token) => token.0.explain(py, error),
        }
    }
}

/// A root secret, of a tenant or a fleet (docs/derivation.md). For hosts and
/// factories only.
///
/// secret: 32 uniformly random bytes. Raises ValueError for another length. An
/// object may be used by several threads at once. It holds a secret: it cannot
/// be copied or pickled, and is wiped when it is freed.
#[pyclass(frozen, module = "corekey")]
pub(crate) struct Root(Place);

#[pymethods]
impl Root {
    #[new]
    #[pyo3(signature = (secret))]
    fn new(py: Python<'_>, secret: Input<'_>) -> PyResult<Py<Self>> {
        wipe::after(|| {
            let key = RootKey::new(&self::secret(&secret, "a root secret")?);
            Py::new(py, Self(Place::Memory(key)))
        })
    }

    /// A root inside a token, a key service or a secure element.
    ///
    /// hmac: called with a message of up to 145 bytes, returns the 32 bytes of
    /// its HMAC-SHA-256 under the root. If it raises, or returns something else,
    /// the calls of this root raise RootFailed with that as the cause.
    #[staticmethod]
    #[pyo3(signature = (hmac))]
    fn from_hmac(hmac: Py<PyAny>) -> Self {
        Self(Place::Token(Callable(Peer::new(hmac))))
    }

    /// The public name of the root, 8 bytes: every stored row carries it.
    #[pyo3(signature = ())]
    fn root_id<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let id = self.0.root_id().map_err(|error| self.0.explain(py, error))?;
        Ok(PyBytes::new(py, &id))
    }

    /// The key of a device.
    ///
    /// device_id: 1 to 128 bytes. version: 1 to 2**53 - 1, never used twice for
    /// a device.
    #[pyo3(signature = (device_id, version))]
    fn device_key(
        &self,
        py: Python<'_>,
        device_id: Id,
        version: OfVersion,
    ) -> PyResult<Py<DeviceKey>> {
        wipe::after(|| {
            let key = self.0.device_key(&device_id.0, version.0);
            Py::new(py, DeviceKey(key.map_err(|error| self.0.explain(py, error))?))
        })
    }

    /// The root of a fleet.
    ///
    /// fleet_id: 1 to 128 bytes. Raises ValueError for another length.
    #[pyo3(signature = (fleet_id))]
    fn fleet_root(&self, py: Python<'_>, fleet_id: Input<'_>) -> PyResult<Py<Self>> {
        wipe::after(|| {
            let fleet = self.0.fleet_root(fleet_id.as_slice()).map_err(|error| match error {
                Error::InvalidLength => PyValueError::new_err(format!(
                    "a fleet id has 1 to 128 bytes, not {}",
                    fleet_id.len()
                )),
                other => self.0.explain(py, other),
            })?;
            Py::new(py, Self(Place::Memory(fleet)))
        })
    }

    /// The key under which device keys are stored.
    #[pyo3(signature = ())]
    fn table_key(&self, py: Python<'_>) -> PyResult<Py<TableKey>> {
        wipe::after(|| {
            let key = self.0.table_key().map_err(|error| self.0.explain(py, error))?;
            Py::new(py, TableKey(key))
        })
    }

    /// The first key of an audit chain.
    ///
    /// chain_id: 16 random bytes, new for each chain.
    #[pyo3(signature = (chain_id))]
    fn audit_key(&self, py: Python<'_>, chain_id: Input<'_>) -> PyResult<Py<AuditKey>> {
        let chain_id = chain_id.array("a chain id")?;
        wipe::after(|| {
            let key = self.0.audit_key(&chain_id).map_err(|error| self.0.explain(py, error))?;
            Py::new(py, AuditKey(Some(key)))
        })
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        match &self.0 {
            Place::Memory(_) => Ok(()),
            Place::Token(token) => token.0.traverse(&visit),
        }
    }

    fn __clear__(&self) {
        if let Place::Token(token) = &self.0 {
            token.0.clear();
        }
    }
}

/// The key under which a table's device keys are stored: made by
/// Root.table_key(). It cannot be copied or pickled, and is wiped when it is
/// freed.
#[pyclass(frozen, module = "corekey")]
pub(crate) struct TableKey(root::TableKey);

#[pymethods]
impl TableKey {
    /// The encryptedKey of a row: the device key, wrapped, 40 bytes.
    #[pyo3(signature = (key))]
    fn wrap<'py>(&self, py: Python<'py>, key: &DeviceKey) -> PyResult<Bound<'py, PyBytes>> {
        let wrapped = self.0.wrap(&key.0).map_err(raise)?;
        Ok(PyBytes::new(py, &wrapped))
    }

    /// The device key in a row.
    ///
    /// device_id, version: the row's. wrapped: its encryptedKey, 40 bytes.
    /// Raises InvalidUnwrap if it is not that of this id and version, or was made
    /// under another root.
    #[pyo3(signature = (device_id, version, wrapped))]
    fn unwrap(
        &self,
        py: Python<'_>,
        device_id: Id,
        version: OfVersion,
        wrapped: Input<'_>,
    ) -> PyResult<Py<DeviceKey>> {
        let wrapped = wrapped.array("a wrapped device key")?;
        wipe::after(|| {
            let key = self.0.unwrap(&device_id.0, version.0, &wrapped).map_err(raise_unwrap)?;
            Py::new(py, DeviceKey(key))
        })
    }
}

/// The key of the next entry of an audit chain: made by Root.audit_key(). Each
/// call goes on to the key after it and wipes its own, so a later break-in cannot
/// rewrite what came before. It cannot be copied or pickled.
#[pyclass(module = "corekey")]
pub(crate) struct AuditKey(Option<root::AuditKey>);

#[pymethods]
impl AuditKey {
    /// The tag of an entry, 32 bytes.
    ///
    /// previous: the tag of the entry before, 32 zeros for the first. index: the
    /// entry's number, from 0. entry: any bytes.
    #[pyo3(signature = (previous, index, entry))]
    fn seal<'py>(
        &mut self,
        py: Python<'py>,
        previous: Input<'_>,
        index: Number,
        entry: Input<'_>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let previous = previous.array("a tag")?;
        let (tag, next) = self.take()?.seal(&previous, index.0, entry.as_slice());
        self.0 = Some(next);
        Ok(PyBytes::new(py, &tag))
    }

    /// Checks the tag of an entry, as seal() gave it. Raises InvalidTag if it is
    /// not: then the chain is broken here, and this key has ended.
    #[pyo3(signature = (previous, index, entry, tag))]
    fn verify(
        &mut self,
        previous: Input<'_>,
        index: Number,
        entry: Input<'_>,
        tag: Input<'_>,
    ) -> PyResult<()> {
        let (previous, tag) = (previous.array("a tag")?, tag.array("a tag")?);
        let next = self.take()?.verify(&previous, index.0, entry.as_slice(), &tag);
        self.0 = Some(next.map_err(raise)?);
        Ok(())
    }
}

impl AuditKey {
    fn take(&mut self) -> PyResult<root::AuditKey> {
        self.0.take().ok_or_else(crate::error::already_finalized)
    }
}
