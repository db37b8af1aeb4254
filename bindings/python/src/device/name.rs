//! The public names of the device layer as arguments: ids, versions, boots,
//! sessions, forms and directions.

use corekey::device::message::{Direction, Form, SALT_LEN, Session};
use corekey::device::name::{Boot, DeviceId, Version};
use corekey::rng::OsRng;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::buffer::Input;
use crate::error::raise;
use crate::number::number;

/// A device id of 1 to 128 bytes.
pub(crate) struct Id(pub(crate) DeviceId);

impl<'a, 'py> FromPyObject<'a, 'py> for Id {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let id = object.extract::<Input<'a>>()?;
        DeviceId::new(id.as_slice()).map(Self).map_err(|_| {
            PyValueError::new_err(format!("a device id has 1 to 128 bytes, not {}", id.len()))
        })
    }
}

/// A version, 1 to 2⁵³ − 1.
pub(crate) struct OfVersion(pub(crate) Version);

impl<'a, 'py> FromPyObject<'a, 'py> for OfVersion {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let wrong = || PyValueError::new_err("a version is 1 to 2**53 - 1");
        Version::new(number(object, wrong)?).map(Self).map_err(|_| wrong())
    }
}

/// A boot number, 0 to 2⁴⁸ − 1.
pub(crate) struct OfBoot(pub(crate) Boot);

impl<'a, 'py> FromPyObject<'a, 'py> for OfBoot {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let wrong = || PyValueError::new_err("a boot number is 0 to 2**48 - 1");
        Boot::new(number(object, wrong)?).map(Self).map_err(|_| wrong())
    }
}

/// The form of a message, by its name.
#[derive(Clone, Copy)]
pub(crate) struct OfForm(pub(crate) Form);

impl OfForm {
    pub(crate) const LONG: Self = Self(Form::Long);

    pub(crate) fn name(self) -> &'static str {
        match self.0 {
            Form::Long => "long",
            Form::Compact => "compact",
        }
    }
}

impl<'a, 'py> FromPyObject<'a, 'py> for OfForm {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        match object.extract::<&'a str>()? {
            "long" => Ok(Self::LONG),
            "compact" => Ok(Self(Form::Compact)),
            other => Err(PyValueError::new_err(format!(
                "form must be 'long' or 'compact', not {other:?}"
            ))),
        }
    }
}

/// The direction of messages, by its name.
#[derive(Clone, Copy)]
pub(crate) struct OfDirection(pub(crate) Direction);

impl OfDirection {
    pub(crate) fn name(self) -> &'static str {
        match self.0 {
            Direction::Up => "up",
            Direction::Down => "down",
        }
    }
}

impl<'a, 'py> FromPyObject<'a, 'py> for OfDirection {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        match object.extract::<&'a str>()? {
            "up" => Ok(Self(Direction::Up)),
            "down" => Ok(Self(Direction::Down)),
            other => Err(PyValueError::new_err(format!(
                "direction must be 'up' or 'down', not {other:?}"
            ))),
        }
    }
}

/// A given salt: none for 0 bytes.
pub(crate) fn salt_of(salt: &Input<'_>) -> PyResult<Option<[u8; SALT_LEN]>> {
    if salt.len() == 0 {
        return Ok(None);
    }
    salt.array("a salt").map(Some)
}

/// A fresh salt from the operating system.
pub(crate) fn fresh_salt() -> PyResult<[u8; SALT_LEN]> {
    let mut salt = [0; SALT_LEN];
    OsRng.fill(&mut salt).map_err(raise)?;
    Ok(salt)
}

pub(crate) fn session(boot: OfBoot, salt: Option<[u8; SALT_LEN]>) -> Session {
    salt.map_or(Session::counted(boot.0), |salt| Session::salted(boot.0, salt))
}
