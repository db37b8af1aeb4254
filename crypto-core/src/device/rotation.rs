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

/// The offer of `next` to a device that has `current`. The same two keys give
/// the same bytes, so it does not matter how many servers make it.
///
/// # Errors
/// [`Error::BadOffer`] if `next` is of another device, or of a version that is
/// not above that of `current`.
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

/// Takes an offer in a device that has `current`. Changes nothing but its
/// result: the caller stores the key.
///
/// # Errors
/// [`Error::BadOffer`] if the offer was not made under `current`, or was
/// changed.
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
