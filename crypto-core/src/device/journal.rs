//! The boot journal (`docs/rotation.md`, "The boot journal"): device key,
//! version and boot number in flash, so that no nonce is used twice whatever
//! happens to the power. Relies on [`Storage`], which the caller's flash driver
//! implements, and keeps nothing in RAM but the page that it found: each call
//! reads the flash anew, so a call that failed may be repeated.

use core::fmt;

use crate::Error;
use crate::device::crc::crc32;
use crate::device::key::DeviceKey;
use crate::device::name::{Boot, DeviceId, Version};
use crate::device::rotation::{self, Applied};
use crate::secret::Secret;
use crate::wipe;

/// Bytes that are written at a time.
pub const WORD_LEN: usize = 8;

const MAGIC: [u8; 4] = *b"ckj1";
const HEADER_LEN: usize = 64;
/// Where the two copies of the header are.
const COPIES: [usize; 2] = [0, HEADER_LEN];
const SLOTS: usize = 2 * HEADER_LEN;
const SLOT_LEN: usize = 16;
const ERASED: u8 = 0xFF;

/// Why a storage did not do what it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// These bytes cannot be read, now or later: an ECC error, for example.
    Unreadable,
    /// The storage does not answer, or could not write or erase.
    Failed,
}

/// Flash, or what behaves like it: words are written once between two erases of
/// their page, and erased bytes read as `0xFF`. A call returns when what it did
/// is durable.
pub trait Storage {
    /// The number of pages, 2 or more.
    fn pages(&self) -> usize;

    /// The bytes of a page: a multiple of 16, at least 144.
    fn page_size(&self) -> usize;

    /// Reads a part of a page.
    ///
    /// # Errors
    /// [`Fault::Unreadable`] only for bytes that are lost for good: they count
    /// as damaged, while [`Fault::Failed`] ends what the journal is doing.
    fn read(&mut self, page: usize, offset: usize, out: &mut [u8]) -> Result<(), Fault>;

    /// Writes a word of a page; `offset` is a multiple of 8.
    ///
    /// # Errors
    /// Any fault, if it is not known to be durable.
    fn write(&mut self, page: usize, offset: usize, word: &[u8; WORD_LEN]) -> Result<(), Fault>;

    /// Erases a page.
    ///
    /// # Errors
    /// Any fault, if it is not known to be durable.
    fn erase(&mut self, page: usize) -> Result<(), Fault>;
}

impl<S: Storage + ?Sized> Storage for &mut S {
    fn pages(&self) -> usize {
        (**self).pages()
    }

    fn page_size(&self) -> usize {
        (**self).page_size()
    }

    fn read(&mut self, page: usize, offset: usize, out: &mut [u8]) -> Result<(), Fault> {
        (**self).read(page, offset, out)
    }

    fn write(&mut self, page: usize, offset: usize, word: &[u8; WORD_LEN]) -> Result<(), Fault> {
        (**self).write(page, offset, word)
    }

    fn erase(&mut self, page: usize) -> Result<(), Fault> {
        (**self).erase(page)
    }
}

/// The journal of one device. Only one may be open on a storage.
pub struct Journal<S> {
    storage: S,
    current: Page,
}

impl<S: Storage> Journal<S> {
    /// Makes the first journal of a storage, in a factory or after
    /// [`Error::StateLost`]. In a storage that has one this is a rotation to a
    /// higher version; the version and key that it has already change nothing.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a version that is not above that of the
    /// storage; [`Error::InvalidLength`] for a storage of one page or of pages
    /// that are too small; [`Error::StorageFailed`].
    pub fn provision(mut storage: S, version: Version, key: &Secret<32>) -> Result<Self, Error> {
        let current = wipe::after(|| match recover(&mut storage) {
            Ok(current) if current.version == version && current.key == *key => Ok(current),
            Ok(current) => rotate(&mut storage, &current, version, key),
            Err(Error::StateLost) => {
                erase_lost(&mut storage)?;
                let first =
                    Page { page: 0, sequence: 1, version, base: Boot::ZERO, key: copy(key) };
                write_page(&mut storage, &first, Boot::ZERO)?;
                Ok(first)
            }
            Err(error) => Err(error),
        })?;
        Ok(Self { storage, current })
    }

    /// Opens the journal after a start, and finishes what a power cut
    /// interrupted: when this returns, no older key is left in the storage.
    ///
    /// # Errors
    /// [`Error::StateLost`] if the storage is blank or damaged: provision it
    /// with a new version. [`Error::InvalidLength`] for a storage of one page or
    /// of pages that are too small; [`Error::StorageFailed`].
    pub fn open(mut storage: S) -> Result<Self, Error> {
        let current = wipe::after(|| recover(&mut storage))?;
        Ok(Self { storage, current })
    }

    /// The version of the key.
    #[must_use]
    pub fn version(&self) -> Version {
        self.current.version
    }

    /// The key, which is that of the device `id`: the journal does not hold
    /// whose it is.
    #[must_use]
    pub fn device_key(&self, id: &DeviceId) -> DeviceKey {
        DeviceKey::new(*id, self.current.version, copy(&self.current.key))
    }

    /// Counts a boot: at the first seal after a start, and whenever a session is
    /// full. The number was never given out before and is durable.
    ///
    /// # Errors
    /// [`Error::StorageFailed`]: seal nothing, and try again or start again.
    /// [`Error::StateLost`]; [`Error::OutOfRange`] when the numbers are used up.
    pub fn next_boot(&mut self) -> Result<Boot, Error> {
        wipe::after(|| {
            self.current = recover(&mut self.storage)?;
            count(&mut self.storage, &self.current)
        })
    }

    /// Replaces the key by that of a higher version and erases the old one.
    /// Then drop every other copy of the old key, and count a boot.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] if `version` is not above the present one.
    /// [`Error::StorageFailed`], [`Error::StateLost`]: the storage may hold the
    /// old key or the new one; open it anew to see.
    pub fn rotate(&mut self, version: Version, key: &Secret<32>) -> Result<(), Error> {
        wipe::after(|| {
            self.current = recover(&mut self.storage)?;
            self.current = rotate(&mut self.storage, &self.current, version, key)?;
            Ok(())
        })
    }

    /// Takes the offer that the device `id` got: makes the next key durable and
    /// erases the present one. Then drop every other copy of that, and count a
    /// boot; the first message under the next key is the acknowledgement.
    ///
    /// # Errors
    /// [`Error::BadOffer`], and nothing changed; as [`Journal::rotate`].
    pub fn apply(&mut self, id: &DeviceId, offer: &[u8]) -> Result<Applied, Error> {
        wipe::after(|| {
            self.current = recover(&mut self.storage)?;
            let applied = rotation::apply(&self.device_key(id), offer)?;
            if let Applied::Next(next) = &applied {
                let key = copy_bytes(next.expose());
                self.current = rotate(&mut self.storage, &self.current, next.version(), &key)?;
            }
            Ok(applied)
        })
    }
}

impl<S> fmt::Debug for Journal<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal")
            .field("page", &self.current.page)
            .field("version", &self.current.version)
            .finish_non_exhaustive()
    }
}

/// A page with its header.
struct Page {
    page: usize,
    sequence: u32,
    version: Version,
    base: Boot,
    key: Secret<32>,
}

impl Page {
    fn encode(&self) -> Secret<HEADER_LEN> {
        let sequence = self.sequence.to_be_bytes();
        let version = self.version.get().to_be_bytes();
        let base = boot_bytes(self.base);
        let body: [&[u8]; 7] =
            [&MAGIC, &sequence, &version, &base, &[0; 2], self.key.expose(), &[0; 4]];
        let crc = crc32(&body).to_be_bytes();
        let mut header = Secret::zeros();
        let bytes = body.iter().copied().flatten().chain(&crc);
        for (to, from) in header.expose_mut().iter_mut().zip(bytes) {
            *to = *from;
        }
        header
    }

    fn parse(page: usize, header: &Secret<HEADER_LEN>) -> Option<Self> {
        let (body, crc) = header.expose().split_last_chunk::<4>()?;
        let (magic, rest) = body.split_first_chunk::<4>()?;
        let (sequence, rest) = rest.split_first_chunk::<4>()?;
        let (version, rest) = rest.split_first_chunk::<8>()?;
        let (base, rest) = rest.split_first_chunk::<6>()?;
        let (zeros, rest) = rest.split_first_chunk::<2>()?;
        let (key, more_zeros) = rest.split_first_chunk::<32>()?;
        let sequence = u32::from_be_bytes(*sequence);
        let sound = *magic == MAGIC
            && sequence > 0
            && *zeros == [0; 2]
            && *more_zeros == [0; 4]
            && crc32(&[body]).to_be_bytes() == *crc;
        if !sound {
            return None;
        }
        Some(Self {
            page,
            sequence,
            version: Version::new(u64::from_be_bytes(*version)).ok()?,
            base: boot_from(base)?,
            key: copy_bytes(key),
        })
    }
}

/// 16 bytes in the place of an entry.
enum Slot {
    Erased,
    /// Whole; but of the page it is in only if this is its sequence number.
    Entry {
        boot: Boot,
        sequence: u32,
    },
    Torn,
}

/// What the slots of a page tell.
struct Log {
    /// The highest boot number that may have been used.
    reach: u64,
    /// The first slot behind which, and itself, nothing is written; the number
    /// of slots if there is none.
    next: usize,
}

/// Rule 1: finds the current page, and finishes what was interrupted.
fn recover<S: Storage>(storage: &mut S) -> Result<Page, Error> {
    let current = find_current(storage)?;
    if read_log(storage, &current)?.next == 0 {
        // Nothing may depend on this page while two copies of its header are
        // all there is of it.
        write_entry(storage, &current, 0, current.base)?;
    }
    for page in 0..storage.pages() {
        if page == current.page {
            continue;
        }
        let same_key = standing(storage, page)?.is_some_and(|it| it.version == current.version);
        if !same_key && !is_blank(storage, page)? {
            erase(storage, page)?;
        }
    }
    Ok(current)
}

fn find_current<S: Storage>(storage: &mut S) -> Result<Page, Error> {
    let fits = storage.pages() >= 2
        && storage.page_size() >= SLOTS + SLOT_LEN
        && storage.page_size().is_multiple_of(SLOT_LEN);
    if !fits {
        return Err(Error::InvalidLength);
    }
    let mut current: Option<Page> = None;
    for page in 0..storage.pages() {
        let Some(found) = standing(storage, page)? else { continue };
        if current.as_ref().is_none_or(|it| it.sequence < found.sequence) {
            current = Some(found);
        }
    }
    let current = current.ok_or(Error::StateLost)?;
    for page in (0..storage.pages()).filter(|page| *page != current.page) {
        for slot in 0..slots(storage) {
            if let Slot::Entry { sequence, .. } = read_slot(storage, page, slot)?
                && sequence > current.sequence
            {
                return Err(Error::StateLost);
            }
        }
    }
    Ok(current)
}

/// The page, if two of three are there: either copy of the header, and a slot
/// that is not erased.
fn standing<S: Storage>(storage: &mut S, page: usize) -> Result<Option<Page>, Error> {
    let [first, second] = COPIES;
    let first = read_header(storage, page, first)?;
    let second = read_header(storage, page, second)?;
    let parse = |header: &Option<_>| header.as_ref().and_then(|it| Page::parse(page, it));
    let Some(found) = parse(&first).or_else(|| parse(&second)) else { return Ok(None) };
    if first == second || read_log(storage, &found)?.next > 0 {
        return Ok(Some(found));
    }
    Ok(None)
}

/// The bytes in the place of a header, if they can be read.
fn read_header<S: Storage>(
    storage: &mut S,
    page: usize,
    offset: usize,
) -> Result<Option<Secret<HEADER_LEN>>, Error> {
    let mut header = Secret::zeros();
    match storage.read(page, offset, header.expose_mut()) {
        Ok(()) => Ok(Some(header)),
        Err(Fault::Unreadable) => Ok(None),
        Err(Fault::Failed) => Err(Error::StorageFailed),
    }
}

/// Rule 2.
fn read_log<S: Storage>(storage: &mut S, page: &Page) -> Result<Log, Error> {
    let mut highest = page.base;
    let mut torn = 0;
    let mut next = 0;
    for slot in 0..slots(storage) {
        match read_slot(storage, page.page, slot)? {
            Slot::Erased => continue,
            Slot::Entry { boot, sequence } if sequence == page.sequence => {
                highest = highest.max(boot);
                torn = 0;
            }
            Slot::Entry { .. } | Slot::Torn => torn += 1,
        }
        next = slot + 1;
    }
    Ok(Log { reach: highest.get() + torn, next })
}

fn read_slot<S: Storage>(storage: &mut S, page: usize, slot: usize) -> Result<Slot, Error> {
    let mut bytes = [0; SLOT_LEN];
    match storage.read(page, slot_offset(slot), &mut bytes) {
        Ok(()) => Ok(parse_slot(&bytes)),
        Err(Fault::Unreadable) => Ok(Slot::Torn),
        Err(Fault::Failed) => Err(Error::StorageFailed),
    }
}

fn parse_slot(bytes: &[u8; SLOT_LEN]) -> Slot {
    if *bytes == [ERASED; SLOT_LEN] {
        return Slot::Erased;
    }
    let [b0, b1, b2, b3, b4, b5, s0, s1, s2, s3, ..] = *bytes;
    let Some(boot) = boot_from(&[b0, b1, b2, b3, b4, b5]) else { return Slot::Torn };
    let sequence = u32::from_be_bytes([s0, s1, s2, s3]);
    if entry_bytes(boot, sequence) != *bytes {
        return Slot::Torn;
    }
    Slot::Entry { boot, sequence }
}

fn entry_bytes(boot: Boot, sequence: u32) -> [u8; SLOT_LEN] {
    let [b0, b1, b2, b3, b4, b5] = boot_bytes(boot);
    let [s0, s1, s2, s3] = sequence.to_be_bytes();
    let crc = crc32(&[&[b0, b1, b2, b3, b4, b5, s0, s1, s2, s3, 0, 0]]);
    let [c0, c1, c2, c3] = crc.to_be_bytes();
    [b0, b1, b2, b3, b4, b5, s0, s1, s2, s3, 0, 0, c0, c1, c2, c3]
}

/// Rule 3. `current` is what recovery found.
fn count<S: Storage>(storage: &mut S, current: &Page) -> Result<Boot, Error> {
    let log = read_log(storage, current)?;
    let boot = Boot::new(log.reach + 1)?;
    if log.next < slots(storage) {
        write_entry(storage, current, log.next, boot)?;
        return Ok(boot);
    }
    let next = Page {
        page: next_page(storage, current),
        sequence: next_sequence(current)?,
        version: current.version,
        base: Boot::new(log.reach)?,
        key: copy(&current.key),
    };
    write_page(storage, &next, boot)?;
    Ok(boot)
}

/// Rule 4. `current` is what recovery found.
fn rotate<S: Storage>(
    storage: &mut S,
    current: &Page,
    version: Version,
    key: &Secret<32>,
) -> Result<Page, Error> {
    if version <= current.version {
        return Err(Error::OutOfRange);
    }
    let base = Boot::new(read_log(storage, current)?.reach)?;
    let next = Page {
        page: next_page(storage, current),
        sequence: next_sequence(current)?,
        version,
        base,
        key: copy(key),
    };
    write_page(storage, &next, base)?;
    recover(storage)
}

/// The erasing of rule 5: what proves a loss goes last.
fn erase_lost<S: Storage>(storage: &mut S) -> Result<(), Error> {
    for page in 0..storage.pages() {
        for offset in COPIES {
            let header = read_header(storage, page, offset)?;
            if header.is_some_and(|it| Page::parse(page, &it).is_some()) {
                erase(storage, page)?;
            }
        }
    }
    for page in 0..storage.pages() {
        erase(storage, page)?;
    }
    Ok(())
}

/// Writes a page: header, header again, first entry.
fn write_page<S: Storage>(storage: &mut S, page: &Page, boot: Boot) -> Result<(), Error> {
    erase(storage, page.page)?;
    let header = page.encode();
    for offset in COPIES {
        write_words(storage, page.page, offset, header.expose())?;
        let mut written = Secret::zeros();
        read_back(storage, page.page, offset, written.expose_mut())?;
        if written != header {
            return Err(Error::StorageFailed);
        }
    }
    write_entry(storage, page, 0, boot)
}

fn write_entry<S: Storage>(
    storage: &mut S,
    page: &Page,
    slot: usize,
    boot: Boot,
) -> Result<(), Error> {
    let entry = entry_bytes(boot, page.sequence);
    write_words(storage, page.page, slot_offset(slot), &entry)?;
    let mut written = [0; SLOT_LEN];
    read_back(storage, page.page, slot_offset(slot), &mut written)?;
    if written != entry {
        return Err(Error::StorageFailed);
    }
    Ok(())
}

fn write_words<S: Storage>(
    storage: &mut S,
    page: usize,
    offset: usize,
    bytes: &[u8],
) -> Result<(), Error> {
    let (words, _) = bytes.as_chunks::<WORD_LEN>();
    for (word, offset) in words.iter().zip((offset..).step_by(WORD_LEN)) {
        storage.write(page, offset, word).map_err(|_| Error::StorageFailed)?;
    }
    Ok(())
}

fn read_back<S: Storage>(
    storage: &mut S,
    page: usize,
    offset: usize,
    out: &mut [u8],
) -> Result<(), Error> {
    storage.read(page, offset, out).map_err(|_| Error::StorageFailed)
}

fn erase<S: Storage>(storage: &mut S, page: usize) -> Result<(), Error> {
    storage.erase(page).map_err(|_| Error::StorageFailed)?;
    if !is_blank(storage, page)? {
        return Err(Error::StorageFailed);
    }
    Ok(())
}

/// Whether all of a page reads as erased. Looks at keys, so it has no branch on
/// their bytes.
fn is_blank<S: Storage>(storage: &mut S, page: usize) -> Result<bool, Error> {
    let mut blank = ERASED;
    for offset in (0..storage.page_size()).step_by(SLOT_LEN) {
        let mut part = Secret::<SLOT_LEN>::zeros();
        match storage.read(page, offset, part.expose_mut()) {
            Ok(()) => blank = part.expose().iter().fold(blank, |all, byte| all & byte),
            Err(Fault::Unreadable) => return Ok(false),
            Err(Fault::Failed) => return Err(Error::StorageFailed),
        }
    }
    Ok(blank == ERASED)
}

fn slots<S: Storage>(storage: &S) -> usize {
    storage.page_size().saturating_sub(SLOTS) / SLOT_LEN
}

/// The offset of a slot in its page.
fn slot_offset(slot: usize) -> usize {
    SLOTS + slot * SLOT_LEN
}

fn next_page<S: Storage>(storage: &S, current: &Page) -> usize {
    let next = current.page + 1;
    if next < storage.pages() { next } else { 0 }
}

fn next_sequence(current: &Page) -> Result<u32, Error> {
    current.sequence.checked_add(1).ok_or(Error::OutOfRange)
}

fn boot_bytes(boot: Boot) -> [u8; 6] {
    let [_, _, bytes @ ..] = boot.get().to_be_bytes();
    bytes
}

fn boot_from(bytes: &[u8; 6]) -> Option<Boot> {
    let [a, b, c, d, e, f] = *bytes;
    Boot::new(u64::from_be_bytes([0, 0, a, b, c, d, e, f])).ok()
}

fn copy(key: &Secret<32>) -> Secret<32> {
    copy_bytes(key.expose())
}

fn copy_bytes(key: &[u8; 32]) -> Secret<32> {
    let mut copy = Secret::zeros();
    *copy.expose_mut() = *key;
    copy
}
