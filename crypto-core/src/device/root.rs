//! Root secrets: where the keys of all devices come from (`docs/derivation.md`).
//!
//! A root is a value ([`RootKey`]), or whatever computes an HMAC under a secret
//! that cannot leave it: implement [`Root`] for a PKCS#11 token, a KMS or a
//! secure element. Every step is one HMAC. Not in firmware archives: roots live
//! on hosts and in factories.

use core::fmt;

use crate::cpu::Cpu;
use crate::device::key::DeviceKey;
use crate::device::label::{self, Label, MAX_TAIL};
use crate::device::name::{DeviceId, Version};
use crate::lanes::Lanes;
use crate::mac::Sha256Key;
use crate::secret::Secret;
use crate::wrap::{WrapAlgorithm, WrapKey};
use crate::{Error, ct, wipe};

/// The longest id with which the derivation of a device key is a message that
/// fits in [`Lanes`]; as long as that it costs two compressions.
pub(crate) const MAX_ID_AT_ONCE: usize = Lanes::MAX_LEN - 8 - 8 - 1;

/// Bytes of a wrapped device key in a table row.
pub const WRAPPED_KEY_LEN: usize = 40;

/// A root secret that derives. Only [`Root::hmac`] is to be written.
pub trait Root {
    /// HMAC-SHA-256 of `message`, at most 145 bytes, under the root. Called by
    /// the methods below and by nothing else: no caller's bytes reach it but in
    /// the place of an id.
    ///
    /// # Errors
    /// [`Error::RootFailed`] if the token cannot be used.
    fn hmac(&self, message: &[u8]) -> Result<Secret<32>, Error>;

    /// The public id of the root, which every stored row names.
    ///
    /// # Errors
    /// As [`Root::hmac`].
    fn root_id(&self) -> Result<[u8; 8], Error> {
        let derived = step(self, &label::ROOT_ID, &[], &[])?;
        let [a, b, c, d, e, f, g, h, ..] = *derived.expose();
        Ok([a, b, c, d, e, f, g, h])
    }

    /// The key of one version of a device.
    ///
    /// # Errors
    /// As [`Root::hmac`].
    fn device_key(&self, id: &DeviceId, version: Version) -> Result<DeviceKey, Error> {
        let number = version.get().to_be_bytes();
        let key = step(self, &label::DEVICE, &number, id.as_bytes())?;
        Ok(DeviceKey::new(*id, version, key))
    }

    /// The root of a fleet, whose id is 1 to 128 bytes; a root like any other.
    ///
    /// # Errors
    /// [`Error::InvalidLength`] for another length; as [`Root::hmac`].
    fn fleet_root(&self, fleet_id: &[u8]) -> Result<RootKey, Error> {
        Ok(RootKey::new(&self.fleet_secret(fleet_id)?))
    }

    /// The secret of [`Root::fleet_root`], to install it on a host that serves
    /// this fleet alone.
    ///
    /// # Errors
    /// As [`Root::fleet_root`].
    fn fleet_secret(&self, fleet_id: &[u8]) -> Result<Secret<32>, Error> {
        if fleet_id.is_empty() || fleet_id.len() > MAX_TAIL {
            return Err(Error::InvalidLength);
        }
        step(self, &label::FLEET, &[], fleet_id)
    }

    /// The key that wraps device keys for storage.
    ///
    /// # Errors
    /// As [`Root::hmac`].
    fn table_key(&self) -> Result<TableKey, Error> {
        let key = step(self, &label::TABLE, &[], &[])?;
        Ok(TableKey(Sha256Key::new(Cpu::detect(), key.expose())))
    }

    /// The first key of an audit chain.
    ///
    /// # Errors
    /// As [`Root::hmac`].
    fn audit_key(&self, chain_id: &[u8; 16]) -> Result<AuditKey, Error> {
        Ok(AuditKey(step(self, &label::AUDIT, &[], chain_id)?))
    }
}

/// One step of the derivation.
fn step<R: Root + ?Sized>(
    root: &R,
    label: &Label,
    fixed: &[u8],
    tail: &[u8],
) -> Result<Secret<32>, Error> {
    label::with_step(label, fixed, tail, |message| root.hmac(message))
}

/// A root secret in memory: of a file for development, or of a fleet. Wiped
/// when dropped.
pub struct RootKey(Sha256Key);

impl RootKey {
    /// A root from 32 uniformly random bytes.
    #[must_use]
    pub fn new(secret: &Secret<32>) -> Self {
        Self::new_on(Cpu::detect(), secret)
    }

    /// The same, used with the features of `cpu` and no others.
    #[must_use]
    pub fn new_on(cpu: Cpu, secret: &Secret<32>) -> Self {
        Self(Sha256Key::new(cpu, secret.expose()))
    }

    /// The keys of many devices, each named by its id and a version, to
    /// `keys`; sooner than one by one where the CPU can do many at once.
    ///
    /// # Errors
    /// [`Error::InvalidLength`] if there are more or fewer keys than devices, or
    /// an id has not 1 to 128 bytes; nothing is written then.
    pub fn device_keys(
        &self,
        devices: &[(&[u8], Version)],
        keys: &mut [Secret<32>],
    ) -> Result<(), Error> {
        let valid = |(id, _): &(&[u8], _)| DeviceId::is_valid(id);
        if devices.len() != keys.len() || !devices.iter().all(valid) {
            return Err(Error::InvalidLength);
        }
        let mut lanes = None;
        for (devices, keys) in devices.chunks(Lanes::COUNT).zip(keys.chunks_mut(Lanes::COUNT)) {
            let short = |id: &[u8]| id.len() <= MAX_ID_AT_ONCE;
            let at_once =
                Lanes::pay(self.cpu(), devices.iter().filter(|(id, _)| short(id)).count());
            if at_once {
                let lanes = lanes.get_or_insert_with(|| Lanes::new(self.cpu()));
                lanes.clear();
                devices.iter().for_each(|device| self.push_device(lanes, *device));
                self.mac_devices(lanes);
                for (key, tag) in keys.iter_mut().zip(lanes.tags()) {
                    *key.expose_mut() = *tag;
                }
            }
            for ((id, version), key) in devices.iter().zip(keys) {
                if !(at_once && short(id)) {
                    self.derive(id, *version, key.expose_mut());
                }
            }
        }
        wipe::registers();
        Ok(())
    }

    /// The key of a device, put where it is to stay.
    #[inline]
    pub(crate) fn derive(&self, id: &[u8], version: Version, key: &mut [u8; 32]) {
        let number = version.get().to_be_bytes();
        let pieces = label::pieces(&label::DEVICE, &number, id);
        self.0.mac_pieces(pieces.into_iter(), key);
    }

    /// Adds a device to those whose keys are derived at once. The key of one
    /// with an id above [`MAX_ID_AT_ONCE`] will have no meaning.
    pub(crate) fn push_device(&self, lanes: &mut Lanes, (id, version): (&[u8], Version)) {
        let number = version.get().to_be_bytes();
        lanes.push(&label::pieces(&label::DEVICE, &number, id));
    }

    /// Makes the tags of `lanes` the keys of the devices.
    pub(crate) fn mac_devices(&self, lanes: &mut Lanes) {
        lanes.mac(&self.0);
    }

    /// Which features of the CPU it uses.
    pub(crate) const fn cpu(&self) -> Cpu {
        self.0.cpu()
    }
}

impl Root for RootKey {
    fn hmac(&self, message: &[u8]) -> Result<Secret<32>, Error> {
        Ok(label::mac(&self.0, &[message]))
    }

    fn device_key(&self, id: &DeviceId, version: Version) -> Result<DeviceKey, Error> {
        let mut key = Secret::zeros();
        self.derive(id.as_bytes(), version, key.expose_mut());
        Ok(DeviceKey::new(*id, version, key))
    }
}

impl fmt::Debug for RootKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RootKey")
    }
}

/// The key under which a table's device keys are stored. Wiped when dropped.
pub struct TableKey(Sha256Key);

impl TableKey {
    /// Wraps a device key for storage (AES-KW, RFC 3394): the `encryptedKey` of
    /// its row.
    ///
    /// # Errors
    /// None for a key that exists; the result is that of the key wrap.
    pub fn wrap(&self, key: &DeviceKey) -> Result<[u8; WRAPPED_KEY_LEN], Error> {
        let mut wrapped = [0; WRAPPED_KEY_LEN];
        let row = self.row_key(key.id(), key.version())?;
        row.wrap(WrapAlgorithm::AesKw, key.expose(), &mut wrapped)?;
        Ok(wrapped)
    }

    /// Unwraps the device key in a row's `encryptedKey`.
    ///
    /// # Errors
    /// [`Error::Unverified`] if it is not that of this id and version, or was
    /// made under another root.
    pub fn unwrap(
        &self,
        id: &DeviceId,
        version: Version,
        wrapped: &[u8; WRAPPED_KEY_LEN],
    ) -> Result<DeviceKey, Error> {
        let mut key = Secret::zeros();
        self.row_key(id, version)?.unwrap(WrapAlgorithm::AesKw, wrapped, key.expose_mut())?;
        Ok(DeviceKey::new(*id, version, key))
    }

    fn row_key(&self, id: &DeviceId, version: Version) -> Result<WrapKey, Error> {
        let number = version.get().to_be_bytes();
        let key = label::expand(&self.0, &label::ROW, &number, id.as_bytes());
        WrapKey::new(key.expose())
    }
}

impl fmt::Debug for TableKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TableKey")
    }
}

/// The key of one entry of an audit chain. Going on consumes it, so that a
/// later break-in cannot rewrite what came before. Wiped when dropped.
pub struct AuditKey(Secret<32>);

impl AuditKey {
    /// The tag of entry number `index`, and the key of the next one.
    ///
    /// `previous` is the tag of the entry before, zeros for the first.
    #[must_use]
    pub fn seal(self, previous: &[u8; 32], index: u64, entry: &[u8]) -> ([u8; 32], Self) {
        let key = Sha256Key::new(Cpu::detect(), self.0.expose());
        let tag = label::mac(&key, &[previous, &index.to_be_bytes(), entry]);
        let next = Self(label::expand(&key, &label::NEXT_AUDIT, &[], &[]));
        (*tag.expose(), next)
    }

    /// Checks an entry's tag; the key of the next one.
    ///
    /// # Errors
    /// [`Error::Unverified`] if the entry is not the one that was sealed.
    pub fn verify(
        self,
        previous: &[u8; 32],
        index: u64,
        entry: &[u8],
        tag: &[u8; 32],
    ) -> Result<Self, Error> {
        let (expected, next) = self.seal(previous, index, entry);
        if !ct::equal(&expected, tag) {
            return Err(Error::Unverified);
        }
        Ok(next)
    }
}

impl fmt::Debug for AuditKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuditKey")
    }
}
