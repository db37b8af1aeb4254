//! A device key and what it derives (`docs/derivation.md`): message keys,
//! rotation keys, the key check value, keys for the application.

use core::fmt;

use crate::Error;
use crate::aead::{AeadAlgorithm, AeadKey};
use crate::cpu::Cpu;
use crate::device::label::{self, MAX_TAIL};
use crate::device::message::{Direction, Session};
use crate::device::name::{Boot, DeviceId, Version};
use crate::mac::Sha256Key;
use crate::secret::Secret;

/// COSE algorithm number of AES-256-GCM (RFC 9053 §4.1).
pub(crate) const COSE_A256GCM: u8 = 3;

/// The key of one version of one device. Wiped when dropped.
pub struct DeviceKey {
    id: DeviceId,
    version: Version,
    key: Secret<32>,
    hmac: Sha256Key,
}

impl DeviceKey {
    /// The key of 32 bytes that a factory, a journal or a root gave.
    #[must_use]
    pub fn new(id: DeviceId, version: Version, key: Secret<32>) -> Self {
        let hmac = Sha256Key::new(Cpu::detect(), key.expose());
        // Copied, so that what was given is wiped.
        Self { id, version, key: key.copy(), hmac }
    }

    /// A key made elsewhere, of 16 to 64 bytes with at least 128 bits of
    /// entropy. Both sides import it alike.
    ///
    /// # Errors
    /// [`Error::InvalidLength`] outside 16 to 64 bytes.
    pub fn import(id: DeviceId, version: Version, imported: &[u8]) -> Result<Self, Error> {
        if !(16..=64).contains(&imported.len()) {
            return Err(Error::InvalidLength);
        }
        // HKDF-Extract: the salt is the HMAC key (RFC 5869 §2.2).
        let extract = Sha256Key::new(Cpu::detect(), &label::IMPORT);
        let extracted = label::mac(&extract, &[imported]);
        let prk = Sha256Key::new(Cpu::detect(), extracted.expose());
        let number = version.get().to_be_bytes();
        let key = label::expand(&prk, &label::DEVICE, &number, id.as_bytes());
        Ok(Self::new(id, version, key))
    }

    /// Whose key it is.
    #[must_use]
    pub fn id(&self) -> &DeviceId {
        &self.id
    }

    /// Which of its keys.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// The key itself, to install it in a device or to store it wrapped.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        self.key.expose()
    }

    /// The key check value: public, for telling a mistyped key from a right one.
    #[must_use]
    pub fn check_value(&self) -> [u8; 4] {
        let derived = label::expand(&self.hmac, &label::CHECK_VALUE, &[], &[]);
        let [a, b, c, d, ..] = *derived.expose();
        [a, b, c, d]
    }

    /// A key for an application to wrap with. `context` tells uses apart.
    ///
    /// # Errors
    /// [`Error::InvalidLength`] if `context` is longer than 128 bytes.
    pub fn app_wrap_key(&self, context: &[u8]) -> Result<Secret<32>, Error> {
        self.app_key(&label::APP_WRAP, context)
    }

    /// A key for an application to authenticate with. `context` tells uses
    /// apart.
    ///
    /// # Errors
    /// [`Error::InvalidLength`] if `context` is longer than 128 bytes.
    pub fn app_auth_key(&self, context: &[u8]) -> Result<Secret<32>, Error> {
        self.app_key(&label::APP_AUTH, context)
    }

    /// The secret personalization of the device's DRBG in one boot.
    #[must_use]
    pub fn drbg_personalization(&self, boot: Boot) -> Secret<32> {
        label::expand(&self.hmac, &label::DRBG, &boot.get().to_be_bytes(), &[])
    }

    /// The key that wraps version `to` in a rotation offer.
    pub(crate) fn rotation_key(&self, to: Version) -> Secret<32> {
        label::expand(&self.hmac, &label::ROTATION, &to.get().to_be_bytes(), &[])
    }

    /// The bytes of the message key of a session.
    pub(crate) fn message_secret(&self, direction: Direction, session: &Session) -> Secret<32> {
        with_message_step(direction, session, |pieces| label::mac(&self.hmac, pieces))
    }

    /// The message key of a session, ready to seal and open.
    pub(crate) fn message_key(
        &self,
        direction: Direction,
        session: &Session,
    ) -> Result<AeadKey, Error> {
        let secret = self.message_secret(direction, session);
        AeadKey::new(AeadAlgorithm::Aes256Gcm, secret.expose())
    }

    fn app_key(&self, label: &label::Label, context: &[u8]) -> Result<Secret<32>, Error> {
        if context.len() > MAX_TAIL {
            return Err(Error::InvalidLength);
        }
        Ok(label::expand(&self.hmac, label, &[], context))
    }
}

/// What the message key of a session is the HMAC of.
#[inline]
pub(crate) fn with_message_step<T>(
    direction: Direction,
    session: &Session,
    then: impl FnOnce(&[&[u8]]) -> T,
) -> T {
    let fixed = [COSE_A256GCM, direction.number()];
    session.with_bytes(|tail| then(&label::pieces(&label::MESSAGE, &fixed, tail)))
}

impl fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceKey")
            .field("id", &self.id)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}
