//! Device keys: the key of one version of one device, 32 bytes that a factory
//! installed or a root derived. Ids are 1 to COREKEY_DEVICE_ID_MAX bytes,
//! compared byte for byte; versions are 1 to 2^53 - 1, and none is ever used
//! twice for a device. Specified in docs/derivation.md.

use corekey::device::key::DeviceKey;
use corekey::device::name::{Boot, DeviceId, Version};
use corekey::secret::Secret;

use crate::context::{self, Context};
use crate::edge::{
    Input, Outcome, Output, disjoint, guard_context_copies, guard_copies, region_of,
};
use crate::status::{COREKEY_E_ALGORITHM, COREKEY_E_LENGTH, corekey_status, from_error};

/// Bytes of a device key, and of what it derives.
pub const COREKEY_KEY_LEN: usize = 32;
/// The longest device id in bytes.
pub const COREKEY_DEVICE_ID_MAX: usize = 128;
/// Bytes of a key check value.
pub const COREKEY_CHECK_VALUE_LEN: usize = 4;

/// An application wraps keys with it.
pub const COREKEY_FOR_WRAPPING: u32 = 64;
/// An application authenticates with it.
pub const COREKEY_FOR_AUTHENTICATION: u32 = 65;

/// Words of a corekey_device_key.
pub const COREKEY_DEVICE_KEY_WORDS: usize = 64;

/// A device key with its id and version. May be copied.
#[repr(C)]
pub struct corekey_device_key {
    opaque: [u64; COREKEY_DEVICE_KEY_WORDS],
}

// SAFETY: words only; a `DeviceKey` holds plain numbers.
unsafe impl Context for corekey_device_key {
    type Value = DeviceKey;
    const MAGIC: u64 = 0x30b9_6d5e_c8f7_1a42;
    const MAY_BE_COPIED: bool = true;
}
const _: () = assert!(context::fits::<corekey_device_key>());

/// Takes a key of COREKEY_KEY_LEN bytes.
/// Call it as corekey_device_key_init(key, version, id, id_len, secret, len).
/// Returns COREKEY_OK; COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH,
/// COREKEY_E_RANGE, COREKEY_E_OVERLAP, COREKEY_E_CONTEXT_SIZE.
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_device_key_init_sized(
    key: *mut corekey_device_key,
    key_size: usize,
    version: u64,
    id: *const u8,
    id_len: usize,
    secret: *const u8,
    secret_len: usize,
) -> corekey_status {
    guard_context_copies(key, || {
        // SAFETY: the caller's word.
        let (id, version, secret) =
            unsafe { new_key(key, key_size, version, (id, id_len), (secret, secret_len))? };
        let secret: &[u8; COREKEY_KEY_LEN] = secret.try_into().map_err(|_| COREKEY_E_LENGTH)?;
        let value = DeviceKey::new(id, version, Secret::take(&mut { *secret }));
        // SAFETY: checked; the header asks for a context that nobody else uses.
        unsafe { context::store(key, value) };
        Ok(())
    })
}

/// Takes a key made elsewhere, of 16 to 64 bytes; both sides import it alike,
/// for this id and version.
/// Call it as corekey_device_key_import(key, version, id, id_len, imported, len).
/// Returns as corekey_device_key_init_sized.
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_device_key_import_sized(
    key: *mut corekey_device_key,
    key_size: usize,
    version: u64,
    id: *const u8,
    id_len: usize,
    imported: *const u8,
    imported_len: usize,
) -> corekey_status {
    guard_context_copies(key, || {
        // SAFETY: the caller's word.
        let (id, version, imported) =
            unsafe { new_key(key, key_size, version, (id, id_len), (imported, imported_len))? };
        let value = DeviceKey::import(id, version, imported).map_err(from_error)?;
        // SAFETY: checked; the header asks for a context that nobody else uses.
        unsafe { context::store(key, value) };
        Ok(())
    })
}

/// The key check value: public, tells a mistyped key from a right one.
/// len is COREKEY_CHECK_VALUE_LEN.
/// Returns COREKEY_OK; COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH,
/// COREKEY_E_OVERLAP, COREKEY_E_STATE.
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_device_key_check_value(
    key: *const corekey_device_key,
    value: *mut u8,
    len: usize,
) -> corekey_status {
    // SAFETY: the caller's word.
    guard_copies(|| unsafe { export(key, (value, len), &[], |key| Ok(key.check_value())) })
}

/// A key of COREKEY_KEY_LEN bytes for the application: purpose is
/// COREKEY_FOR_WRAPPING or COREKEY_FOR_AUTHENTICATION, and context (at most 128
/// bytes) tells its uses apart.
/// Returns COREKEY_OK; COREKEY_E_ALGORITHM for another purpose; COREKEY_E_NULL,
/// COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH, COREKEY_E_OVERLAP, COREKEY_E_STATE.
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_device_key_derive(
    key: *const corekey_device_key,
    purpose: u32,
    context: *const u8,
    context_len: usize,
    out: *mut u8,
    out_len: usize,
) -> corekey_status {
    guard_copies(|| {
        let context = Input::new(context, context_len)?;
        let derive = |key: &DeviceKey| {
            // SAFETY: the header asks for valid bytes; `export` writes after.
            let context = unsafe { context.slice() };
            let derived = match purpose {
                COREKEY_FOR_WRAPPING => key.app_wrap_key(context),
                COREKEY_FOR_AUTHENTICATION => key.app_auth_key(context),
                _ => return Err(COREKEY_E_ALGORITHM),
            };
            derived.map(|secret| *secret.expose()).map_err(from_error)
        };
        // SAFETY: the caller's word.
        unsafe { export(key, (out, out_len), &[context], derive) }
    })
}

/// The secret personalization (COREKEY_KEY_LEN bytes) for the device's
/// corekey_drbg in one boot.
/// Returns COREKEY_OK; COREKEY_E_RANGE, COREKEY_E_NULL, COREKEY_E_ALIGNMENT,
/// COREKEY_E_LENGTH, COREKEY_E_OVERLAP, COREKEY_E_STATE.
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_device_key_personalization(
    key: *const corekey_device_key,
    boot: u64,
    out: *mut u8,
    out_len: usize,
) -> corekey_status {
    guard_copies(|| {
        let boot = Boot::new(boot).map_err(from_error)?;
        let derive = |key: &DeviceKey| Ok(*key.drbg_personalization(boot).expose());
        // SAFETY: the caller's word.
        unsafe { export(key, (out, out_len), &[], derive) }
    })
}

/// Checks the arguments of a new device key.
///
/// # Safety
/// The buffers are valid to read.
pub(crate) unsafe fn new_key<'a>(
    key: *mut corekey_device_key,
    key_size: usize,
    version: u64,
    (id, id_len): (*const u8, usize),
    (secret, secret_len): (*const u8, usize),
) -> Outcome<(DeviceId, Version, &'a [u8])> {
    context::check_new(key, key_size)?;
    let version = Version::new(version).map_err(from_error)?;
    let id = Input::new(id, id_len)?;
    let secret = Input::new(secret, secret_len)?;
    disjoint(region_of(key), &[id.region(), secret.region()])?;
    // SAFETY: the caller's word.
    let (id, secret) = unsafe { (id.slice(), secret.slice()) };
    Ok((DeviceId::new(id).map_err(from_error)?, version, secret))
}

/// Writes `N` bytes that `derive` makes of a device key to `out`.
///
/// # Safety
/// The context is one or zeros; the buffer is valid to write.
pub(crate) unsafe fn export<const N: usize>(
    key: *const corekey_device_key,
    (out, out_len): (*mut u8, usize),
    inputs: &[Input],
    derive: impl FnOnce(&DeviceKey) -> Outcome<[u8; N]>,
) -> Outcome {
    let out = Output::new(out, out_len)?;
    disjoint(out.region(), &[region_of(key)])?;
    for input in inputs {
        disjoint(out.region(), &[input.region()])?;
    }
    if out.len() != N {
        return Err(COREKEY_E_LENGTH);
    }
    // SAFETY: the caller's word; the output overlaps no input.
    let (key, out) = unsafe { (context::borrow(key)?, out.slice()) };
    out.copy_from_slice(&derive(key)?);
    Ok(())
}
