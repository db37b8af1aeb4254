//! Roots: the secret that all device keys of a fleet come from. For hosts and
//! factories; archives for firmware do not hold these calls. Specified in
//! docs/derivation.md.

use core::ffi::c_char;

use corekey::device::name::{DeviceId, Version};
use corekey::device::root::{Root, RootKey, WRAPPED_KEY_LEN};
use corekey::encode::Encoding;
use corekey::secret::Secret;

use crate::context::{self, Context};
use crate::device_key::{corekey_device_key, export};
use crate::edge::{
    Input, Outcome, Output, Reported, disjoint, guard, guard_context_copies, guard_copies,
    region_of,
};
use crate::status::{COREKEY_E_LENGTH, corekey_status, from_error};

/// Bytes of a root's public id.
pub const COREKEY_ROOT_ID_LEN: usize = 8;
/// Bytes of a wrapped device key in a table row.
pub const COREKEY_WRAPPED_KEY_LEN: usize = 40;
const _: () = assert!(COREKEY_WRAPPED_KEY_LEN == WRAPPED_KEY_LEN);

/// Words of a corekey_root.
pub const COREKEY_ROOT_WORDS: usize = 40;

/// A root secret, ready to derive. May be copied.
#[repr(C)]
pub struct corekey_root {
    opaque: [u64; COREKEY_ROOT_WORDS],
}

// SAFETY: words only; a `RootKey` holds plain numbers.
unsafe impl Context for corekey_root {
    type Value = RootKey;
    const MAGIC: u64 = 0xd1c4_8e73_095a_b6f2;
    const MAY_BE_COPIED: bool = true;
}
const _: () = assert!(context::fits::<corekey_root>());

/// Takes a root of COREKEY_KEY_LEN uniformly random bytes.
/// Call it as corekey_root_init(root, secret, secret_len).
/// Returns COREKEY_OK; COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH,
/// COREKEY_E_OVERLAP, COREKEY_E_CONTEXT_SIZE.
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_root_init_sized(
    root: *mut corekey_root,
    root_size: usize,
    secret: *const u8,
    secret_len: usize,
) -> corekey_status {
    guard_context_copies(root, || {
        context::check_new(root, root_size)?;
        let secret = Input::new(secret, secret_len)?;
        disjoint(region_of(root), &[secret.region()])?;
        // SAFETY: the header asks for valid bytes.
        let secret = unsafe { secret.array::<32>()? };
        // SAFETY: checked; the header asks for a context that nobody else uses.
        unsafe { context::store(root, RootKey::new(&Secret::take(&mut { *secret }))) };
        Ok(())
    })
}

/// The root of a fleet, whose id is 1 to 128 bytes; a root like any other.
/// Call it as corekey_root_fleet(fleet, root, fleet_id, fleet_id_len).
/// Returns as corekey_root_init_sized; COREKEY_E_STATE if root is none.
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_root_fleet_sized(
    fleet: *mut corekey_root,
    fleet_size: usize,
    root: *const corekey_root,
    fleet_id: *const u8,
    fleet_id_len: usize,
) -> corekey_status {
    guard_context_copies(fleet, || {
        context::check_new(fleet, fleet_size)?;
        let fleet_id = Input::new(fleet_id, fleet_id_len)?;
        disjoint(region_of(fleet), &[fleet_id.region(), region_of(root)])?;
        // SAFETY: the header asks for a context or zeros, and valid bytes.
        let (root, fleet_id) = unsafe { (context::borrow(root)?, fleet_id.slice()) };
        let value = root.fleet_root(fleet_id).map_err(from_error)?;
        // SAFETY: checked; the header asks for a context that nobody else uses.
        unsafe { context::store(fleet, value) };
        Ok(())
    })
}

/// The public id of a root, which every stored row names. len is
/// COREKEY_ROOT_ID_LEN.
/// Returns COREKEY_OK; COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH,
/// COREKEY_E_OVERLAP, COREKEY_E_STATE.
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_root_id(
    root: *const corekey_root,
    id: *mut u8,
    len: usize,
) -> corekey_status {
    guard(|| {
        let out = Output::new(id, len)?;
        disjoint(out.region(), &[region_of(root)])?;
        if out.len() != COREKEY_ROOT_ID_LEN {
            return Err(COREKEY_E_LENGTH);
        }
        // SAFETY: the header asks for a context or zeros, and a valid buffer;
        // they do not overlap.
        let (root, out) = unsafe { (context::borrow(root)?, out.slice()) };
        out.copy_from_slice(&root.root_id().map_err(from_error)?);
        Ok(())
    })
}

/// Derives the key of a device.
/// Call it as corekey_root_device_key(key, root, version, id, id_len).
/// Returns COREKEY_OK; COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH,
/// COREKEY_E_RANGE, COREKEY_E_OVERLAP, COREKEY_E_CONTEXT_SIZE, COREKEY_E_STATE.
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_root_device_key_sized(
    key: *mut corekey_device_key,
    key_size: usize,
    root: *const corekey_root,
    version: u64,
    id: *const u8,
    id_len: usize,
) -> corekey_status {
    guard_context_copies(key, || {
        context::check_new(key, key_size)?;
        disjoint(region_of(key), &[region_of(root)])?;
        let name = Name::new(version, id, id_len)?;
        disjoint(region_of(key), &[name.id.region()])?;
        // SAFETY: the header asks for a context or zeros, and valid bytes.
        let (root, id) = unsafe { (context::borrow(root)?, name.device_id()?) };
        let value = root.device_key(&id, name.version).map_err(from_error)?;
        // SAFETY: checked; the header asks for a context that nobody else uses.
        unsafe { context::store(key, value) };
        Ok(())
    })
}

/// The key of a device as base64 (44 characters and a NUL): what a factory
/// installs. The secure stand-in for base64(SHA-256(device id)), which anyone
/// who knows the id can compute.
/// Returns COREKEY_OK; COREKEY_E_BUFFER_TOO_SMALL with *text_len = bytes needed
/// with the NUL; COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH,
/// COREKEY_E_RANGE, COREKEY_E_OVERLAP, COREKEY_E_STATE.
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_device_key_base64(
    root: *const corekey_root,
    version: u64,
    id: *const u8,
    id_len: usize,
    text: *mut c_char,
    text_cap: usize,
    text_len: *mut usize,
) -> corekey_status {
    guard_copies(|| {
        let name = Name::new(version, id, id_len)?;
        let target = Reported::new(text.cast(), text_cap, text_len)?;
        target.disjoint(&[name.id.region(), region_of(root)])?;
        // SAFETY: the header asks for a context or zeros, and valid buffers;
        // the output overlaps none of them.
        let (root, id, text) =
            unsafe { (context::borrow(root)?, name.device_id()?, target.out.slice()) };
        let result = root
            .device_key(&id, name.version)
            .and_then(|key| crate::encode::encode_with_nul(Encoding::Base64, key.expose(), text));
        // SAFETY: the header asks for a valid length pointer.
        unsafe { target.report(result, 1) }
    })
}

/// Wraps a device key for storage under the root's table key: the encryptedKey
/// of its row. len is COREKEY_WRAPPED_KEY_LEN.
/// Returns COREKEY_OK; COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH,
/// COREKEY_E_OVERLAP, COREKEY_E_STATE.
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_root_wrap(
    root: *const corekey_root,
    key: *const corekey_device_key,
    wrapped: *mut u8,
    len: usize,
) -> corekey_status {
    guard_copies(|| {
        disjoint(Output::new(wrapped, len)?.region(), &[region_of(root)])?;
        // SAFETY: the header asks for a context or zeros.
        let root = unsafe { context::borrow(root)? };
        let wrap = |key: &_| root.table_key().and_then(|t| t.wrap(key)).map_err(from_error);
        // SAFETY: the caller's word.
        unsafe { export(key, (wrapped, len), &[], wrap) }
    })
}

/// Unwraps the device key in a row.
/// Call it as corekey_root_unwrap(key, root, version, id, id_len, wrapped, len).
/// Returns COREKEY_OK; COREKEY_E_UNVERIFIED if it is not that of this id,
/// version and root; COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH,
/// COREKEY_E_RANGE, COREKEY_E_OVERLAP, COREKEY_E_CONTEXT_SIZE, COREKEY_E_STATE;
/// then key stays as it was.
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_root_unwrap_sized(
    key: *mut corekey_device_key,
    key_size: usize,
    root: *const corekey_root,
    version: u64,
    id: *const u8,
    id_len: usize,
    wrapped: *const u8,
    wrapped_len: usize,
) -> corekey_status {
    guard_context_copies(key, || {
        context::check_new(key, key_size)?;
        let name = Name::new(version, id, id_len)?;
        let wrapped = Input::new(wrapped, wrapped_len)?;
        disjoint(region_of(key), &[region_of(root), name.id.region(), wrapped.region()])?;
        // SAFETY: the header asks for a context or zeros, and valid bytes.
        let (root, id, wrapped) =
            unsafe { (context::borrow(root)?, name.device_id()?, wrapped.array()?) };
        let table = root.table_key().map_err(from_error)?;
        let value = table.unwrap(&id, name.version, wrapped).map_err(from_error)?;
        // SAFETY: checked; the header asks for a context that nobody else uses.
        unsafe { context::store(key, value) };
        Ok(())
    })
}

/// An id and a version that arguments give.
struct Name {
    version: Version,
    id: Input,
}

impl Name {
    fn new(version: u64, id: *const u8, id_len: usize) -> Outcome<Self> {
        let version = Version::new(version).map_err(from_error)?;
        Ok(Self { version, id: Input::new(id, id_len)? })
    }

    /// # Safety
    /// The id is valid to read.
    unsafe fn device_id(&self) -> Outcome<DeviceId> {
        // SAFETY: the caller's word.
        DeviceId::new(unsafe { self.id.slice() }).map_err(from_error)
    }
}
