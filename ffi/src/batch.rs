//! Many devices at once, for services that hold their root: the same results as
//! one by one, sooner.

use core::array;

use corekey::device::batch::{Identified, Item, Known};
use corekey::device::message::Claim;
use corekey::device::name::{DeviceId, Version};
use corekey::device::opener::STATE_LEN;
use corekey::secret::Secret;

use crate::context;
use crate::device_key::COREKEY_KEY_LEN;
use crate::edge::{Input, Outcome, Output, Region, aligned, disjoint, guard, region_of};
use crate::message::{corekey_message, describe, form_number};
use crate::root::corekey_root;
use crate::status::{
    COREKEY_E_BUFFER_TOO_SMALL, COREKEY_E_LENGTH, COREKEY_E_NULL, COREKEY_E_OVERLAP, COREKEY_OK,
    corekey_status, from_error,
};

/// A device and the version of its key.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct corekey_device {
    /// The id.
    pub id: *const u8,
    /// Bytes of the id.
    pub id_len: usize,
    /// Version.
    pub version: u64,
}

/// A message for corekey_root_open_batch, and what became of it.
#[repr(C)]
pub struct corekey_item {
    /// The message.
    pub message: *const u8,
    /// Bytes of it.
    pub message_len: usize,
    /// External AAD.
    pub aad: *const u8,
    /// Bytes of it.
    pub aad_len: usize,
    /// The sender, if state is not NULL.
    pub known: corekey_device,
    /// NULL, or the sender's COREKEY_OPENER_STATE_LEN bytes.
    pub state: *mut u8,
    /// Where the payload goes.
    pub out: *mut u8,
    /// Room there.
    pub out_cap: usize,
    /// Stored: as by corekey_open.
    pub out_len: usize,
    /// Stored: as by corekey_open.
    pub status: i32,
    /// 0.
    pub reserved: u32,
    /// Stored if status is COREKEY_OK.
    pub info: corekey_message,
}

/// Derives the keys of count devices, COREKEY_KEY_LEN bytes each, one behind the
/// other to secrets.
/// Errors: COREKEY_E_RANGE.
///
/// # Rust; Python
/// [`corekey::device::root::RootKey::device_keys`]
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_root_device_secrets(
    root: *const corekey_root,
    devices: *const corekey_device,
    count: usize,
    secrets: *mut u8,
    secrets_len: usize,
) -> corekey_status {
    guard(|| {
        let listed = list(devices, count)?;
        let out = Output::new(secrets, secrets_len)?;
        disjoint(out.region(), &[listed, region_of(root)])?;
        if count.checked_mul(COREKEY_KEY_LEN) != Some(out.len()) {
            return Err(COREKEY_E_LENGTH);
        }
        // SAFETY: the header asks for a context or zeros.
        let root = unsafe { context::borrow(root)? };
        for i in 0..count {
            // SAFETY: the header asks for `count` devices; aligned by `list`.
            let device = unsafe { &*devices.add(i) };
            let (id, _) = device.check()?;
            disjoint(out.region(), &[id.region()])?;
        }
        // SAFETY: the header asks for a valid buffer; it overlaps no input. A
        // `Secret` is its bytes.
        let keys = unsafe { out.elements::<Secret<COREKEY_KEY_LEN>>(count) };
        for (at, keys) in keys.chunks_mut(AT_ONCE).enumerate() {
            let mut names = [(&[][..], Version::FIRST); AT_ONCE];
            for (i, name) in names.iter_mut().take(keys.len()).enumerate() {
                // SAFETY: as above.
                let device = unsafe { &*devices.add(at * AT_ONCE + i) };
                // SAFETY: the header asks for valid bytes.
                *name = unsafe { device.name()? };
            }
            let names = names.get(..keys.len()).unwrap_or(&[]);
            root.device_keys(names, keys).map_err(from_error)?;
        }
        Ok(())
    })
}

/// Opens count uplinks, each of the device that it names and that its tag then
/// proves. With a state, an item must be of the device known, may be compact and
/// must be fresh; state is replaced then (the first comes from corekey_opener_save
/// of a new opener). Without, YOU must look for replays: info has session and
/// counter. out and state may overlap nothing of this and other items.
/// Returns COREKEY_OK when every item has its status, which is that of
/// corekey_open, COREKEY_E_RANGE or COREKEY_E_BAD_STATE; else no item was touched.
///
/// # Rust; Python
/// [`corekey::device::root::RootKey::open_batch`]
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_root_open_batch(
    root: *const corekey_root,
    items: *mut corekey_item,
    count: usize,
) -> corekey_status {
    guard(|| {
        let listed = list(items.cast_const(), count)?;
        disjoint(listed, &[region_of(root)])?;
        // SAFETY: the header asks for a context or zeros.
        let value = unsafe { context::borrow(root)? };
        let fixed = [listed, region_of(root)];
        let mut done = 0;
        while done < count {
            let len = (count - done).min(GROUP);
            // SAFETY: the header asks for `count` items that nobody else uses;
            // aligned by `list`.
            let group = unsafe { core::slice::from_raw_parts_mut(items.add(done), len) };
            // SAFETY: the header asks for valid buffers.
            unsafe { open_group(value, group, &fixed) };
            done += len;
        }
        Ok(())
    })
}

/// Devices whose keys are derived by one call of the core.
const AT_ONCE: usize = 64;
/// Items that are opened by one call of the core.
const GROUP: usize = 16;

/// Opens the items of a group.
///
/// # Safety
/// The buffers of the items are valid, those to write used by nobody else.
unsafe fn open_group(
    root: &corekey::device::root::RootKey,
    group: &mut [corekey_item],
    fixed: &[Region],
) {
    let mut checked: [Outcome<Checked>; GROUP] = array::from_fn(|_| Err(COREKEY_OK));
    for (i, item) in group.iter().enumerate() {
        let Some((before, [first, ..])) = checked.split_at_mut_checked(i) else { continue };
        *first = Checked::new(item, fixed).and_then(|new| {
            let overlaps = before.iter().flatten().any(|other| new.overlaps(other));
            if overlaps { Err(COREKEY_E_OVERLAP) } else { Ok(new) }
        });
    }
    let mut items: [Item<'_>; GROUP] = array::from_fn(|i| match checked.get(i) {
        // SAFETY: valid by the caller's word, and no buffer that is written
        // overlaps another one of the group.
        Some(Ok(checked)) => unsafe { checked.item() },
        _ => Item::new(&[], &mut []),
    });
    root.open_batch(items.get_mut(..group.len()).unwrap_or(&mut []));
    for ((to, item), checked) in group.iter_mut().zip(&items).zip(&checked) {
        (to.out_len, to.status, to.reserved) = (0, COREKEY_OK, 0);
        match (checked, item.result()) {
            (Err(status), _) => to.status = *status,
            (Ok(_), Ok(identified)) => {
                to.out_len = identified.opened.len;
                to.info = describe_identified(&identified);
            }
            (Ok(_), Err(corekey::Error::BufferTooSmall { needed })) => {
                (to.out_len, to.status) = (needed, COREKEY_E_BUFFER_TOO_SMALL);
            }
            (Ok(_), Err(other)) => to.status = from_error(other),
        }
    }
}

/// The arguments of an item that can be used.
struct Checked {
    message: Input,
    aad: Input,
    known: Option<(Input, Version, Output)>,
    out: Output,
}

impl Checked {
    fn new(item: &corekey_item, fixed: &[Region]) -> Outcome<Self> {
        let message = Input::new(item.message, item.message_len)?;
        let aad = Input::new(item.aad, item.aad_len)?;
        let out = Output::new(item.out, item.out_cap)?;
        let known = if item.state.is_null() {
            None
        } else {
            let (id, version) = item.known.check()?;
            Some((id, version, Output::new(item.state, STATE_LEN)?))
        };
        let new = Self { message, aad, known, out };
        let [out, state] = new.written();
        let [message, aad, id] = new.read();
        disjoint(out, &[message, aad, id, state])?;
        disjoint(state, &[message, aad, id])?;
        disjoint(out, fixed)?;
        disjoint(state, fixed)?;
        Ok(new)
    }

    /// Whether one writes where the other reads or writes.
    fn overlaps(&self, other: &Self) -> bool {
        let clash = |one: &Self, two: &Self| {
            one.written().into_iter().any(|written| {
                disjoint(written, &two.written()).is_err()
                    || disjoint(written, &two.read()).is_err()
            })
        };
        clash(self, other) || clash(other, self)
    }

    fn written(&self) -> [Region; 2] {
        let state = self.known.as_ref().map_or(Region::NOWHERE, |(_, _, state)| state.region());
        [self.out.region(), state]
    }

    fn read(&self) -> [Region; 3] {
        let id = self.known.as_ref().map_or(Region::NOWHERE, |(id, _, _)| id.region());
        [self.message.region(), self.aad.region(), id]
    }

    /// # Safety
    /// The buffers are valid for `'a`, and what is written is used by nobody else.
    unsafe fn item<'a>(&self) -> Item<'a> {
        // SAFETY: the caller's word.
        let (message, aad, out) =
            unsafe { (self.message.slice(), self.aad.slice(), self.out.slice()) };
        let item = Item::new(message, out).with_external_aad(aad);
        let Some((id, version, state)) = self.known else { return item };
        // SAFETY: the caller's word.
        let (id, state) = unsafe { (id.slice(), state.slice()) };
        match state.try_into() {
            Ok(state) => item.from_known(Known { id, version, state }),
            Err(_) => item,
        }
    }
}

impl corekey_device {
    /// The id and the version, if they can be.
    fn check(&self) -> Outcome<(Input, Version)> {
        let id = Input::new(self.id, self.id_len)?;
        if id.len() == 0 || id.len() > DeviceId::MAX_LEN {
            return Err(COREKEY_E_LENGTH);
        }
        Ok((id, Version::new(self.version).map_err(from_error)?))
    }

    /// # Safety
    /// The id is valid to read for `'a`.
    unsafe fn name<'a>(&self) -> Outcome<(&'a [u8], Version)> {
        let (id, version) = self.check()?;
        // SAFETY: the caller's word.
        Ok((unsafe { id.slice() }, version))
    }
}

/// Checks an array of `count` structs and gives its addresses.
///
/// # Errors
/// COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH.
fn list<T>(first: *const T, count: usize) -> Outcome<Region> {
    let bytes = count.checked_mul(size_of::<T>()).ok_or(COREKEY_E_LENGTH)?;
    let listed = Input::new(first.cast(), bytes)?;
    match aligned(first) {
        Err(COREKEY_E_NULL) if count == 0 => {}
        outcome => outcome?,
    }
    Ok(listed.region())
}

fn describe_identified(identified: &Identified<'_>) -> corekey_message {
    let opened = identified.opened;
    let claim = Claim::Long {
        version: opened.version,
        id: identified.id,
        session: opened.session,
        counter: opened.counter,
    };
    corekey_message { form: form_number(opened.form), ..describe(&claim, opened.len) }
}
