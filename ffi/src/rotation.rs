//! Rotation: a device moves to its next key, and the old one is erased. An
//! offer is COREKEY_OFFER_LEN bytes, made under the key that the device has; it
//! may be sent, lost and repeated in any way. Specified in docs/rotation.md.

use corekey::device::rotation::{self, Applied, OFFER_LEN};

use crate::context;
use crate::device_key::corekey_device_key;
use crate::edge::{Input, Output, disjoint, guard_context_copies, guard_copies, region_of};
use crate::status::{COREKEY_E_LENGTH, corekey_status, from_error};

/// Bytes of an offer.
pub const COREKEY_OFFER_LEN: usize = 48;
const _: () = assert!(COREKEY_OFFER_LEN == OFFER_LEN);

/// The offer of next, a key of a higher version of the same device, under
/// current. Deterministic: offers that race are the same bytes. len is
/// COREKEY_OFFER_LEN.
/// Returns COREKEY_OK; COREKEY_E_BAD_OFFER if next is of another device or of
/// no higher version; COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH,
/// COREKEY_E_OVERLAP, COREKEY_E_STATE.
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_rotation_offer(
    current: *const corekey_device_key,
    next: *const corekey_device_key,
    offer: *mut u8,
    len: usize,
) -> corekey_status {
    guard_copies(|| {
        let offer = Output::new(offer, len)?;
        disjoint(offer.region(), &[region_of(current), region_of(next)])?;
        if offer.len() != OFFER_LEN {
            return Err(COREKEY_E_LENGTH);
        }
        // SAFETY: the header asks for contexts or zeros, and a valid buffer; it
        // does not overlap them.
        let (current, next, offer) =
            unsafe { (context::borrow(current)?, context::borrow(next)?, offer.slice()) };
        offer.copy_from_slice(&rotation::offer(current, next).map_err(from_error)?);
        Ok(())
    })
}

/// Takes an offer, without storage: next becomes the key to use from now on,
/// which is a copy of current if the offer is an old one. A device with a boot
/// journal calls corekey_journal_apply. next and current may not overlap.
/// Call it as corekey_rotation_apply(next, current, offer, len).
/// Returns COREKEY_OK; COREKEY_E_BAD_OFFER; COREKEY_E_NULL,
/// COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH, COREKEY_E_OVERLAP,
/// COREKEY_E_CONTEXT_SIZE, COREKEY_E_STATE; then next stays as it was.
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_rotation_apply_sized(
    next: *mut corekey_device_key,
    next_size: usize,
    current: *const corekey_device_key,
    offer: *const u8,
    len: usize,
) -> corekey_status {
    guard_context_copies(next, || {
        context::check_new(next, next_size)?;
        let offer = Input::new(offer, len)?;
        disjoint(region_of(next), &[region_of(current), offer.region()])?;
        // SAFETY: the header asks for a context or zeros, and valid bytes.
        let (key, offer) = unsafe { (context::borrow(current)?, offer.slice()) };
        let value = match rotation::apply(key, offer).map_err(from_error)? {
            Applied::Next(value) => value,
            // SAFETY: as above.
            Applied::Ignored => unsafe { context::copy(current)? },
        };
        // SAFETY: checked; the header asks for a context that nobody else uses.
        unsafe { context::store(next, value) };
        Ok(())
    })
}
