//! The boot journal: flash of the caller's that holds a device's key and counts
//! its boots, so that no nonce is used twice whatever happens to the power. Two
//! pages or more. Specified in docs/rotation.md. None of these calls keeps a
//! state: each reads the journal anew, and one at a time may run on a storage.

use core::ffi::c_void;

use corekey::device::journal::{Fault, Journal, Storage, WORD_LEN};
use corekey::device::name::DeviceId;
use corekey::device::rotation::Applied;
use corekey::secret::Secret;

use crate::context;
use crate::device_key::corekey_device_key;
use crate::edge::{
    Input, Outcome, aligned, disjoint, guard_context_copies, guard_copies, region_of,
};
use crate::status::{COREKEY_E_NULL, corekey_status, from_error};

/// Bytes that are written at a time.
pub const COREKEY_STORAGE_WORD_LEN: usize = 8;
const _: () = assert!(COREKEY_STORAGE_WORD_LEN == WORD_LEN);
/// A read function returns it for bytes that are lost for good (ECC error).
pub const COREKEY_STORAGE_UNREADABLE: i32 = 1;

/// Reads len bytes at offset of a page. Returns 0; COREKEY_STORAGE_UNREADABLE,
/// and they count as damaged; or another value if the storage does not answer.
pub type corekey_storage_read_fn = Option<
    unsafe extern "C" fn(
        user: *mut c_void,
        page: u32,
        offset: u32,
        out: *mut u8,
        len: usize,
    ) -> i32,
>;
/// Writes COREKEY_STORAGE_WORD_LEN bytes at offset, a multiple of that, which
/// were erased. Returns 0 when that is durable, or another value.
pub type corekey_storage_write_fn =
    Option<unsafe extern "C" fn(user: *mut c_void, page: u32, offset: u32, word: *const u8) -> i32>;
/// Erases a page: all its bytes read 0xFF. Returns 0 when that is durable, or
/// another value.
pub type corekey_storage_erase_fn =
    Option<unsafe extern "C" fn(user: *mut c_void, page: u32) -> i32>;

/// The caller's flash. Its functions may not call corekey, longjmp or throw.
#[repr(C)]
pub struct corekey_storage {
    /// Handed to each function.
    pub user: *mut c_void,
    /// Number of pages, 2 or more.
    pub pages: u32,
    /// Bytes of a page, a multiple of 16, 144 or more.
    pub page_size: u32,
    /// All three are needed.
    pub read: corekey_storage_read_fn,
    /// As its type says.
    pub write: corekey_storage_write_fn,
    /// As its type says.
    pub erase: corekey_storage_erase_fn,
}

/// Puts a device's first key into a blank or lost storage, in a factory or after
/// COREKEY_E_STATE_LOST; a version under which the device may have sealed is
/// never provisioned again. A storage that has this key already stays as it is;
/// one that has a lower version is rotated.
/// Returns COREKEY_OK; COREKEY_E_RANGE for a version that is not above that of
/// the storage, or if its numbers are used up; COREKEY_E_STORAGE;
/// COREKEY_E_LENGTH for a storage that is too small; COREKEY_E_NULL,
/// COREKEY_E_ALIGNMENT, COREKEY_E_STATE.
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_journal_provision(
    storage: *const corekey_storage,
    key: *const corekey_device_key,
) -> corekey_status {
    guard_copies(|| {
        // SAFETY: the header asks for a valid storage, and a context or zeros.
        let (storage, key) = unsafe { (Callbacks::new(storage)?, context::borrow(key)?) };
        let secret = Secret::take(&mut { *key.expose() });
        Journal::provision(storage, key.version(), &secret).map_err(from_error)?;
        Ok(())
    })
}

/// Takes the device's key out of the journal, and finishes a rotation that a
/// power cut interrupted. To be called first after a start.
/// Call it as corekey_journal_load(key, storage, id, id_len).
/// Returns COREKEY_OK; COREKEY_E_STATE_LOST; COREKEY_E_STORAGE; COREKEY_E_NULL,
/// COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH, COREKEY_E_OVERLAP,
/// COREKEY_E_CONTEXT_SIZE; then key stays as it was.
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_journal_load_sized(
    key: *mut corekey_device_key,
    key_size: usize,
    storage: *const corekey_storage,
    id: *const u8,
    id_len: usize,
) -> corekey_status {
    guard_context_copies(key, || {
        context::check_new(key, key_size)?;
        let id = Input::new(id, id_len)?;
        disjoint(region_of(key), &[id.region(), region_of(storage)])?;
        // SAFETY: the header asks for a valid storage and valid bytes.
        let (storage, id) = unsafe { (Callbacks::new(storage)?, id.slice()) };
        let id = DeviceId::new(id).map_err(from_error)?;
        let journal = Journal::open(storage).map_err(from_error)?;
        // SAFETY: checked; the header asks for a context that nobody else uses.
        unsafe { context::store(key, journal.device_key(&id)) };
        Ok(())
    })
}

/// Counts a boot: to be called once after a start, before the first seal, and
/// again when a session is full. *boot goes to corekey_sealer_init and
/// corekey_opener_init_down. On an error seal nothing.
/// Returns COREKEY_OK; COREKEY_E_STATE_LOST; COREKEY_E_STORAGE; COREKEY_E_RANGE
/// when the numbers are used up; COREKEY_E_NULL, COREKEY_E_ALIGNMENT,
/// COREKEY_E_LENGTH, COREKEY_E_OVERLAP.
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_journal_next_boot(
    storage: *const corekey_storage,
    boot: *mut u64,
) -> corekey_status {
    guard_copies(|| {
        aligned(boot)?;
        disjoint(region_of(boot), &[region_of(storage)])?;
        // SAFETY: the header asks for a valid storage.
        let storage = unsafe { Callbacks::new(storage)? };
        let mut journal = Journal::open(storage).map_err(from_error)?;
        let next = journal.next_boot().map_err(from_error)?;
        // SAFETY: checked; the header asks for a valid pointer.
        unsafe { boot.write(next.get()) };
        Ok(())
    })
}

/// Takes an offer for the device whose key is in the journal: makes the new key
/// durable, erases the old one there, and puts the new one into key, which holds
/// the old one. Then clear every other copy of that, count a boot and start a
/// new sealer. An old offer changes nothing; *rotated tells: 1 or 0.
/// Returns COREKEY_OK; COREKEY_E_BAD_OFFER; COREKEY_E_STATE_LOST;
/// COREKEY_E_STORAGE; COREKEY_E_RANGE (numbers used up); COREKEY_E_NULL,
/// COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH, COREKEY_E_OVERLAP, COREKEY_E_STATE.
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_journal_apply(
    storage: *const corekey_storage,
    key: *mut corekey_device_key,
    offer: *const u8,
    len: usize,
    rotated: *mut u32,
) -> corekey_status {
    guard_context_copies(key, || {
        let offer = Input::new(offer, len)?;
        aligned(rotated)?;
        disjoint(region_of(key), &[offer.region(), region_of(storage)])?;
        let others = [offer.region(), region_of(storage), region_of(key)];
        disjoint(region_of(rotated), &others)?;
        // SAFETY: the header asks for a valid storage, a context or zeros, and
        // valid bytes.
        let (storage, current, offer) =
            unsafe { (Callbacks::new(storage)?, context::borrow(key)?, offer.slice()) };
        let mut journal = Journal::open(storage).map_err(from_error)?;
        let applied = journal.apply(current.id(), offer).map_err(from_error)?;
        // SAFETY: `borrow` checked the context, and the reference is not used
        // any more; the header asks for a valid
        // pointer, which was checked.
        unsafe {
            rotated.write(u32::from(matches!(applied, Applied::Next(_))));
            if let Applied::Next(next) = applied {
                context::store(key, next);
            }
        }
        Ok(())
    })
}

/// The caller's storage, all of whose functions are there.
struct Callbacks {
    user: *mut c_void,
    pages: u32,
    page_size: u32,
    read: unsafe extern "C" fn(*mut c_void, u32, u32, *mut u8, usize) -> i32,
    write: unsafe extern "C" fn(*mut c_void, u32, u32, *const u8) -> i32,
    erase: unsafe extern "C" fn(*mut c_void, u32) -> i32,
}

impl Callbacks {
    /// # Errors
    /// COREKEY_E_NULL, COREKEY_E_ALIGNMENT.
    ///
    /// # Safety
    /// `storage` is NULL or valid to read.
    unsafe fn new(storage: *const corekey_storage) -> Outcome<Self> {
        aligned(storage)?;
        // SAFETY: checked; valid by the caller's word.
        let storage = unsafe { &*storage };
        Ok(Self {
            user: storage.user,
            pages: storage.pages,
            page_size: storage.page_size,
            read: storage.read.ok_or(COREKEY_E_NULL)?,
            write: storage.write.ok_or(COREKEY_E_NULL)?,
            erase: storage.erase.ok_or(COREKEY_E_NULL)?,
        })
    }
}

/// The journal keeps to `pages` and `page_size`, which are of 32 bits.
impl Storage for Callbacks {
    fn pages(&self) -> usize {
        self.pages as usize
    }

    fn page_size(&self) -> usize {
        self.page_size as usize
    }

    fn read(&mut self, page: usize, offset: usize, out: &mut [u8]) -> Result<(), Fault> {
        // SAFETY: the caller gave these functions and this pointer for each
        // other; `out` is valid for its length.
        let status = unsafe {
            (self.read)(self.user, page as u32, offset as u32, out.as_mut_ptr(), out.len())
        };
        match status {
            0 => Ok(()),
            COREKEY_STORAGE_UNREADABLE => Err(Fault::Unreadable),
            _ => Err(Fault::Failed),
        }
    }

    fn write(&mut self, page: usize, offset: usize, word: &[u8; WORD_LEN]) -> Result<(), Fault> {
        // SAFETY: as above; a word is valid for COREKEY_STORAGE_WORD_LEN bytes.
        let status = unsafe { (self.write)(self.user, page as u32, offset as u32, word.as_ptr()) };
        done(status)
    }

    fn erase(&mut self, page: usize) -> Result<(), Fault> {
        // SAFETY: as above.
        done(unsafe { (self.erase)(self.user, page as u32) })
    }
}

fn done(status: i32) -> Result<(), Fault> {
    if status != 0 {
        return Err(Fault::Failed);
    }
    Ok(())
}
