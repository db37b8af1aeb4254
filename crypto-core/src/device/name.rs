//! The public names that derivations take: device ids, versions and boot
//! numbers, each with its range (`docs/derivation.md`).

use core::fmt;

use crate::Error;
use crate::device::label::MAX_TAIL;

/// A device id: 1 to 128 bytes, compared byte for byte.
#[derive(Clone, Copy)]
pub struct DeviceId {
    bytes: [u8; MAX_TAIL],
    len: u8,
}

impl DeviceId {
    /// The longest id in bytes.
    pub const MAX_LEN: usize = MAX_TAIL;

    /// An id from its bytes.
    ///
    /// # Errors
    /// [`Error::InvalidLength`] outside 1 to 128 bytes.
    pub fn new(id: &[u8]) -> Result<Self, Error> {
        if id.is_empty() {
            return Err(Error::InvalidLength);
        }
        let mut bytes = [0; MAX_TAIL];
        let room = bytes.get_mut(..id.len()).ok_or(Error::InvalidLength)?;
        room.copy_from_slice(id);
        Ok(Self { bytes, len: id.len() as u8 })
    }

    /// Whether these bytes can be an id.
    #[cfg(feature = "root")]
    pub(crate) const fn is_valid(id: &[u8]) -> bool {
        !id.is_empty() && id.len() <= Self::MAX_LEN
    }

    /// The bytes of the id.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or(&self.bytes)
    }
}

impl PartialEq for DeviceId {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for DeviceId {}

impl fmt::Debug for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceId({})", self.as_bytes().escape_ascii())
    }
}

/// The version of a device key: 1 to 2⁵³ − 1. Never used twice for a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(u64);

impl Version {
    /// The highest version, which JSON and DynamoDB hold exactly.
    pub const MAX: u64 = (1 << 53) - 1;
    /// The first version.
    pub const FIRST: Self = Self(1);

    /// A version from its number.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] outside 1 to 2⁵³ − 1.
    pub const fn new(version: u64) -> Result<Self, Error> {
        if version == 0 || version > Self::MAX {
            return Err(Error::OutOfRange);
        }
        Ok(Self(version))
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The version after this one.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] if there is none.
    pub const fn next(self) -> Result<Self, Error> {
        Self::new(self.0 + 1)
    }
}

/// A boot number: 0 to 2⁴⁸ − 1, increasing for the life of a device key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Boot(u64);

impl Boot {
    pub(crate) const ZERO: Self = Self(0);
    /// The highest boot number.
    pub const MAX: u64 = (1 << 48) - 1;

    /// A boot number.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] above 2⁴⁸ − 1.
    pub const fn new(boot: u64) -> Result<Self, Error> {
        if boot > Self::MAX {
            return Err(Error::OutOfRange);
        }
        Ok(Self(boot))
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}
