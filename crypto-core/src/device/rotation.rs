//! Rotation (`docs/rotation.md`): the offer of the next key under the present
//! one, and what a device does with it. The server's side of it is
//! [`head`](crate::device::head); a device with a boot journal applies offers by
//! [`Journal::apply`](crate::device::journal::Journal::apply).

use crate::Error;
use crate::device::key::DeviceKey;
use crate::device::name::Version;
use crate::secret::Secret;
use crate::wrap::{WrapAlgorithm, WrapKey};

/// Bytes of an offer.
pub const OFFER_LEN: usize = 48;

/// What an offer came to.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is no heap to put the key on")]
pub enum Applied {
    /// The offer is of the device's version or an earlier one: a repetition.
    Ignored,
    /// The key to use from now on. Make it durable, drop every copy of the old
    /// one, and start the next boot.
    Next(DeviceKey),
}

/// The offer of `next`, a key of a higher version of the same device, under
/// `current`. Deterministic: offers that race are the same bytes.
///
/// # Errors
/// [`Error::BadOffer`] if `next` is of another device or of no higher version.
pub fn offer(current: &DeviceKey, next: &DeviceKey) -> Result<[u8; OFFER_LEN], Error> {
    if next.id() != current.id() || next.version() <= current.version() {
        return Err(Error::BadOffer);
    }
    let mut offer = [0; OFFER_LEN];
    let (version, wrapped) = offer.split_first_chunk_mut::<8>().ok_or(Error::BadOffer)?;
    *version = next.version().get().to_be_bytes();
    wrap_key(current, next.version())?.wrap(WrapAlgorithm::AesKw, next.expose(), wrapped)?;
    Ok(offer)
}

/// Takes an offer, without storage, in a device that has `current`: the caller
/// stores the key. A device with a boot journal calls
/// [`Journal::apply`](crate::device::journal::Journal::apply).
///
/// # Errors
/// [`Error::BadOffer`] if the offer is not [`OFFER_LEN`] bytes long, was not made
/// under `current`, or was changed.
pub fn apply(current: &DeviceKey, offer: &[u8]) -> Result<Applied, Error> {
    let offer: &[u8; OFFER_LEN] = offer.try_into().map_err(|_| Error::BadOffer)?;
    let (version, wrapped) = offer.split_first_chunk::<8>().ok_or(Error::BadOffer)?;
    let version = u64::from_be_bytes(*version);
    if version <= current.version().get() {
        return Ok(Applied::Ignored);
    }
    let version = Version::new(version).map_err(|_| Error::BadOffer)?;
    let mut key = Secret::zeros();
    wrap_key(current, version)?
        .unwrap(WrapAlgorithm::AesKw, wrapped, key.expose_mut())
        .map_err(|_| Error::BadOffer)?;
    Ok(Applied::Next(DeviceKey::new(*current.id(), version, key)))
}

fn wrap_key(current: &DeviceKey, to: Version) -> Result<WrapKey, Error> {
    WrapKey::new(current.rotation_key(to).expose())
}
