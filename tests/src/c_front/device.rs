//! Device keys, sealed messages, rotation and the boot journal through the
//! shared library.

use std::ffi::{c_char, c_void};
use std::{fmt, ptr, slice};

use data_encoding::BASE64;
use libloading::Library;

use super::{Context, SharedLibrary, Status, input, output};
use crate::device_front::{
    Answer, DeviceFront, Direction, Form, Held, Key, Name, Opener, Purpose, Root, Sealer, Session,
    Told,
};
use crate::flash::{Flash, WORD};
use crate::front::{Front, UNWRITTEN};

/// `corekey_message`.
#[repr(C)]
struct Message {
    version: u64,
    boot: u64,
    counter: u32,
    form: u32,
    payload_len: u32,
    salt_len: u32,
    id_len: u32,
    reserved: u32,
    salt: [u8; 8],
    id: [u8; 128],
}

/// `corekey_storage`.
#[repr(C)]
struct Storage {
    user: *mut c_void,
    pages: u32,
    page_size: u32,
    read: unsafe extern "C" fn(*mut c_void, u32, u32, *mut u8, usize) -> i32,
    write: unsafe extern "C" fn(*mut c_void, u32, u32, *const u8) -> i32,
    erase: unsafe extern "C" fn(*mut c_void, u32) -> i32,
}

functions! {
    corekey_device_key_init_sized(Context, usize, u64, *const u8, usize, *const u8, usize);
    corekey_device_key_import_sized(Context, usize, u64, *const u8, usize, *const u8, usize);
    corekey_device_key_check_value(Context, *mut u8, usize);
    corekey_device_key_derive(Context, u32, *const u8, usize, *mut u8, usize);
    corekey_device_key_personalization(Context, u64, *mut u8, usize);
    corekey_root_init_sized(Context, usize, *const u8, usize);
    corekey_root_fleet_sized(Context, usize, Context, *const u8, usize);
    corekey_root_id(Context, *mut u8, usize);
    corekey_root_device_key_sized(Context, usize, Context, u64, *const u8, usize);
    corekey_device_key_base64(
        Context, u64, *const u8, usize, *mut c_char, usize, *mut usize
    );
    corekey_root_wrap(Context, Context, *mut u8, usize);
    corekey_root_unwrap_sized(
        Context, usize, Context, u64, *const u8, usize, *const u8, usize
    );
    corekey_sealer_init_sized(Context, usize, Context, u32, u64, *const u8, usize);
    corekey_seal(
        Context, u32, *const u8, usize, *const u8, usize, *mut u8, usize, *mut usize
    );
    corekey_opener_init_up_sized(Context, usize, Context, *const u8, usize);
    corekey_opener_init_down_sized(Context, usize, Context, u64);
    corekey_open(
        Context, *const u8, usize, *const u8, usize, *mut u8, usize, *mut usize, *mut Message
    );
    corekey_opener_save(Context, *mut u8, usize);
    corekey_inspect(*const u8, usize, *mut Message);
    corekey_rewrite(u32, *const u8, usize, *mut u8, usize, *mut usize);
    corekey_cose_key(Context, u32, u64, *const u8, usize, *mut u8, usize);
    corekey_rotation_offer(Context, Context, *mut u8, usize);
    corekey_rotation_apply_sized(Context, usize, Context, *const u8, usize);
    corekey_journal_provision(*const Storage, Context);
    corekey_journal_load_sized(Context, usize, *const Storage, *const u8, usize);
    corekey_journal_next_boot(*const Storage, *mut u64);
    corekey_journal_apply(*const Storage, Context, *const u8, usize, *mut u32);
}

impl SharedLibrary {
    /// The specification's word for a status, or the header's own.
    fn answered(&self, status: Status) -> Answer<()> {
        if status == self.header.constant::<Status>("COREKEY_OK") {
            return Ok(());
        }
        Err(match self.header.status(status).trim_start_matches("COREKEY_E_") {
            "BAD_STATE" => "REFUSED".into(),
            word => word.to_owned(),
        })
    }

    /// A new context, by a call that gets its pointer and size.
    fn made(&self, words: &str, make: impl FnOnce(Context, usize) -> Status) -> Answer<Vec<u64>> {
        let mut context = self.context(words);
        let size = size_of_val(&context[..]);
        self.answered(make(context.as_mut_ptr(), size)).map(|()| context)
    }

    /// Bytes of a length that the header names.
    fn filled(&self, len: &str, fill: impl FnOnce(*mut u8, usize) -> Status) -> Answer {
        let mut out = vec![UNWRITTEN; self.header.constant(len)];
        let status = fill(output(&mut out), out.len());
        if status != 0 {
            assert!(out.iter().all(|byte| *byte == UNWRITTEN), "written, and yet refused");
        }
        self.answered(status).map(|()| out)
    }

    /// Bytes of the length that a first call, without a buffer, asks for.
    fn measured(&self, write: impl Fn(*mut u8, usize, *mut usize) -> Status) -> Answer {
        let mut needed = usize::MAX;
        match self.answered(write(ptr::null_mut(), 0, &raw mut needed)) {
            Err(word) if word == "BUFFER_TOO_SMALL" => {}
            other => return other.map(|()| vec![]),
        }
        let mut out = vec![UNWRITTEN; needed];
        let mut len = usize::MAX;
        self.answered(write(output(&mut out), out.len(), &raw mut len))?;
        assert_eq!(len, needed, "BUFFER_TOO_SMALL named another length");
        Ok(out)
    }

    fn root(&self, root: Root<'_>) -> Answer<Vec<u64>> {
        // SAFETY: pointers go with the lengths of their slices.
        let mut tenant = self.made("COREKEY_ROOT_WORDS", |at, size| unsafe {
            (self.device.corekey_root_init_sized)(at, size, input(root.secret), root.secret.len())
        })?;
        let Some(fleet) = root.fleet else { return Ok(tenant) };
        let tenant = tenant.as_mut_ptr();
        // SAFETY: as above; the contexts are two.
        self.made("COREKEY_ROOT_WORDS", |at, size| unsafe {
            (self.device.corekey_root_fleet_sized)(at, size, tenant, input(fleet), fleet.len())
        })
    }

    fn key(&self, key: Key<'_>) -> Answer<Vec<u64>> {
        let Name { version, id } = key.name;
        // SAFETY: pointers go with the lengths of their slices.
        self.made("COREKEY_DEVICE_KEY_WORDS", |at, size| unsafe {
            (self.device.corekey_device_key_init_sized)(
                at,
                size,
                version,
                input(id),
                id.len(),
                input(key.bytes),
                key.bytes.len(),
            )
        })
    }

    /// What is known of a key. The ABI does not tell its version: `version` asks
    /// for it in another way.
    fn held(&self, key: &mut [u64], version: u64) -> Answer<Held> {
        let key = key.as_mut_ptr();
        let purpose = self.header.constant("COREKEY_FOR_AUTHENTICATION");
        // SAFETY: pointers go with the lengths of their slices.
        let check_value = self.filled("COREKEY_CHECK_VALUE_LEN", |out, len| unsafe {
            (self.device.corekey_device_key_check_value)(key, out, len)
        })?;
        // SAFETY: as above.
        let derived = self.filled("COREKEY_KEY_LEN", |out, len| unsafe {
            (self.device.corekey_device_key_derive)(key, purpose, ptr::null(), 0, out, len)
        })?;
        Ok(Held { version, check_value, derived })
    }

    /// The version of a key: that of a message which it seals.
    fn version(&self, key: &mut [u64]) -> Answer<u64> {
        let up = Session { direction: Direction::Up, boot: 0, salt: &[] };
        let mut sealer = self.start_sealer(key, up)?;
        let message = self.sealed(&mut sealer, Form::Long, b"", b"")?;
        self.inspect(&message).map(|told| told.version)
    }

    fn start_sealer(&self, key: &mut [u64], session: Session<'_>) -> Answer<Vec<u64>> {
        let (key, direction) = (key.as_mut_ptr(), self.direction(session.direction));
        // SAFETY: pointers go with the lengths of their slices.
        self.made("COREKEY_SEALER_WORDS", |at, size| unsafe {
            (self.device.corekey_sealer_init_sized)(
                at,
                size,
                key,
                direction,
                session.boot,
                input(session.salt),
                session.salt.len(),
            )
        })
    }

    /// The sealer must lie where it was made.
    fn sealed(&self, sealer: &mut [u64], form: Form, aad: &[u8], payload: &[u8]) -> Answer {
        let (sealer, form) = (sealer.as_mut_ptr(), self.form(form));
        // SAFETY: pointers go with the lengths of their slices.
        self.measured(|out, cap, len| unsafe {
            (self.device.corekey_seal)(
                sealer,
                form,
                input(aad),
                aad.len(),
                input(payload),
                payload.len(),
                out,
                cap,
                len,
            )
        })
    }

    fn direction(&self, direction: Direction) -> u32 {
        self.header.constant(match direction {
            Direction::Up => "COREKEY_UP",
            Direction::Down => "COREKEY_DOWN",
        })
    }

    fn form(&self, form: Form) -> u32 {
        self.header.constant(match form {
            Form::Long => "COREKEY_LONG",
            Form::Compact => "COREKEY_COMPACT",
            Form::FullIv => "COREKEY_FULL_IV",
        })
    }

    fn told(&self, message: &Message) -> Told {
        assert_eq!(message.reserved, 0, "reserved");
        let (salt, beyond) = message.salt.split_at(message.salt_len as usize);
        let (id, behind) = message.id.split_at(message.id_len as usize);
        assert!(beyond.iter().chain(behind).all(|byte| *byte == 0), "no zeros behind id or salt");
        let form = if message.form == self.form(Form::Long) { Form::Long } else { Form::Compact };
        assert_eq!(message.form, self.form(form), "form");
        Told {
            form,
            version: message.version,
            id: id.to_vec(),
            boot: message.boot,
            salt: salt.to_vec(),
            counter: message.counter.into(),
            payload_len: message.payload_len as usize,
        }
    }
}

/// A message that is all of one byte, to see whether it was written.
fn unwritten() -> Message {
    let number = u32::from_ne_bytes([UNWRITTEN; 4]);
    Message {
        version: u64::from_ne_bytes([UNWRITTEN; 8]),
        boot: u64::from_ne_bytes([UNWRITTEN; 8]),
        counter: number,
        form: number,
        payload_len: number,
        salt_len: number,
        id_len: number,
        reserved: number,
        salt: [UNWRITTEN; 8],
        id: [UNWRITTEN; 128],
    }
}

/// A sealer or an opener, which stays where it is on the heap.
struct Placed(Vec<u64>);

impl fmt::Debug for Placed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Placed")
    }
}

impl Sealer for Placed {
    fn seal(&mut self, form: Form, external_aad: &[u8], payload: &[u8]) -> Answer {
        SharedLibrary::get().sealed(&mut self.0, form, external_aad, payload)
    }
}

impl Opener for Placed {
    fn open(&mut self, external_aad: &[u8], message: &[u8]) -> Answer<(Told, Vec<u8>)> {
        let library = SharedLibrary::get();
        let mut out = vec![UNWRITTEN; message.len()];
        let mut len = usize::MAX;
        let mut info = unwritten();
        // SAFETY: pointers go with the lengths of their slices.
        let status = unsafe {
            (library.device.corekey_open)(
                self.0.as_mut_ptr(),
                input(external_aad),
                external_aad.len(),
                input(message),
                message.len(),
                output(&mut out),
                out.len(),
                &raw mut len,
                &raw mut info,
            )
        };
        if let Err(word) = library.answered(status) {
            let verified = ["FORGED", "STALE", "REPLAY", "SESSION_FULL"].contains(&word.as_str());
            let payload_len = library.inspect(message).map_or(0, |told| told.payload_len);
            let (zeros, rest) = out.split_at(if verified { payload_len } else { 0 });
            assert!(zeros.iter().all(|byte| *byte == 0), "{word} left {zeros:x?}");
            assert!(rest.iter().all(|byte| *byte == UNWRITTEN), "{word} wrote {rest:x?}");
            assert_eq!(len, if verified { 0 } else { usize::MAX }, "{word} stored a length");
            assert_eq!(info.id, [UNWRITTEN; 128], "{word} wrote what the message says");
            return Err(word);
        }
        let told = library.told(&info);
        assert_eq!(told.payload_len, len, "payload_len");
        assert!(out[len..].iter().all(|byte| *byte == UNWRITTEN), "written behind the payload");
        out.truncate(len);
        Ok((told, out))
    }

    fn save(&self) -> Answer {
        let library = SharedLibrary::get();
        // SAFETY: pointers go with the lengths of their slices; the call does
        // not write to the opener.
        library.filled("COREKEY_OPENER_STATE_LEN", |out, len| unsafe {
            (library.device.corekey_opener_save)(self.0.as_ptr().cast_mut(), out, len)
        })
    }
}

/// The flash as C drives it. Only while the flash stays where it is.
fn storage(flash: &mut Flash) -> Storage {
    Storage {
        pages: flash.page_count() as u32,
        page_size: flash.page_size() as u32,
        user: ptr::from_mut(flash).cast(),
        read,
        write,
        erase,
    }
}

/// # Safety
/// `user` points to a [`Flash`] that nothing else uses, `out` to `len` bytes.
unsafe extern "C" fn read(
    user: *mut c_void,
    page: u32,
    offset: u32,
    out: *mut u8,
    len: usize,
) -> i32 {
    // SAFETY: the caller's word.
    let (flash, out) = unsafe { (&mut *user.cast::<Flash>(), slice::from_raw_parts_mut(out, len)) };
    // 1 is COREKEY_STORAGE_UNREADABLE.
    i32::from(!flash.read(page as usize, offset as usize, out))
}

/// # Safety
/// `user` points to a [`Flash`] that nothing else uses, `word` to a word.
unsafe extern "C" fn write(user: *mut c_void, page: u32, offset: u32, word: *const u8) -> i32 {
    // SAFETY: the caller's word.
    let (flash, word) = unsafe { (&mut *user.cast::<Flash>(), &*word.cast::<[u8; WORD]>()) };
    flash.write(page as usize, offset as usize, word);
    0
}

/// # Safety
/// `user` points to a [`Flash`] that nothing else uses.
unsafe extern "C" fn erase(user: *mut c_void, page: u32) -> i32 {
    // SAFETY: the caller's word.
    unsafe { &mut *user.cast::<Flash>() }.erase(page as usize);
    0
}

impl DeviceFront for SharedLibrary {
    fn name(&self) -> &'static str {
        Front::name(self)
    }

    fn root_id(&self, root: Root<'_>) -> Answer {
        let mut root = self.root(root)?;
        // SAFETY: pointers go with the lengths of their slices.
        self.filled("COREKEY_ROOT_ID_LEN", |out, len| unsafe {
            (self.device.corekey_root_id)(root.as_mut_ptr(), out, len)
        })
    }

    /// Out of its base64, which is the only way to see it. The key that is not
    /// seen must be the same.
    fn device_key(&self, root: Root<'_>, name: Name<'_>) -> Answer {
        let mut root = self.root(root)?;
        let root = root.as_mut_ptr();
        let Name { version, id } = name;
        // SAFETY: pointers go with the lengths of their slices.
        let derived = self.made("COREKEY_DEVICE_KEY_WORDS", |at, size| unsafe {
            (self.device.corekey_root_device_key_sized)(
                at,
                size,
                root,
                version,
                input(id),
                id.len(),
            )
        });
        let mut text = vec![UNWRITTEN; 45];
        let mut len = usize::MAX;
        // SAFETY: as above.
        let status = unsafe {
            (self.device.corekey_device_key_base64)(
                root,
                version,
                input(id),
                id.len(),
                output(&mut text).cast(),
                text.len(),
                &raw mut len,
            )
        };
        let base64 = self.answered(status);
        assert_eq!(base64.is_ok(), derived.is_ok(), "base64 and key differ in what they refuse");
        let (mut derived, ()) = (derived?, base64?);
        assert_eq!((len, text.pop()), (44, Some(0)), "44 characters and a NUL");
        let bytes = BASE64.decode(&text).map_err(|error| error.to_string())?;
        let held = self.held(&mut derived, version)?;
        assert_eq!(held, self.hold(Key { name, bytes: &bytes })?, "base64 is of another key");
        Ok(bytes)
    }

    fn import(&self, name: Name<'_>, imported: &[u8]) -> Answer<Held> {
        let Name { version, id } = name;
        // SAFETY: pointers go with the lengths of their slices.
        let mut key = self.made("COREKEY_DEVICE_KEY_WORDS", |at, size| unsafe {
            (self.device.corekey_device_key_import_sized)(
                at,
                size,
                version,
                input(id),
                id.len(),
                input(imported),
                imported.len(),
            )
        })?;
        self.held(&mut key, version)
    }

    fn hold(&self, key: Key<'_>) -> Answer<Held> {
        self.held(&mut self.key(key)?, key.name.version)
    }

    fn wrap(&self, root: Root<'_>, key: Key<'_>) -> Answer {
        let (mut root, mut key) = (self.root(root)?, self.key(key)?);
        // SAFETY: pointers go with the lengths of their slices.
        self.filled("COREKEY_WRAPPED_KEY_LEN", |out, len| unsafe {
            (self.device.corekey_root_wrap)(root.as_mut_ptr(), key.as_mut_ptr(), out, len)
        })
    }

    fn unwrap(&self, root: Root<'_>, name: Name<'_>, wrapped: &[u8]) -> Answer<Held> {
        let mut root = self.root(root)?;
        let Name { version, id } = name;
        // SAFETY: pointers go with the lengths of their slices.
        let mut key = self.made("COREKEY_DEVICE_KEY_WORDS", |at, size| unsafe {
            (self.device.corekey_root_unwrap_sized)(
                at,
                size,
                root.as_mut_ptr(),
                version,
                input(id),
                id.len(),
                input(wrapped),
                wrapped.len(),
            )
        })?;
        let version = self.version(&mut key)?;
        self.held(&mut key, version)
    }

    fn audit(&self, _: Root<'_>, _: &[u8], _: &[&[u8]]) -> Option<Answer<Vec<Vec<u8>>>> {
        None
    }

    fn application_key(&self, key: Key<'_>, purpose: Purpose, context: &[u8]) -> Answer {
        let mut key = self.key(key)?;
        let purpose = self.header.constant(match purpose {
            Purpose::Wrap => "COREKEY_FOR_WRAPPING",
            Purpose::Authenticate => "COREKEY_FOR_AUTHENTICATION",
        });
        // SAFETY: pointers go with the lengths of their slices.
        self.filled("COREKEY_KEY_LEN", |out, len| unsafe {
            (self.device.corekey_device_key_derive)(
                key.as_mut_ptr(),
                purpose,
                input(context),
                context.len(),
                out,
                len,
            )
        })
    }

    fn personalization(&self, key: Key<'_>, boot: u64) -> Answer {
        let mut key = self.key(key)?;
        // SAFETY: pointers go with the lengths of their slices.
        self.filled("COREKEY_KEY_LEN", |out, len| unsafe {
            (self.device.corekey_device_key_personalization)(key.as_mut_ptr(), boot, out, len)
        })
    }

    fn cose_key(&self, key: Key<'_>, session: Session<'_>) -> Answer {
        let mut key = self.key(key)?;
        let direction = self.direction(session.direction);
        // SAFETY: pointers go with the lengths of their slices.
        self.filled("COREKEY_COSE_KEY_LEN", |out, len| unsafe {
            (self.device.corekey_cose_key)(
                key.as_mut_ptr(),
                direction,
                session.boot,
                input(session.salt),
                session.salt.len(),
                out,
                len,
            )
        })
    }

    fn inspect(&self, message: &[u8]) -> Answer<Told> {
        let mut info = unwritten();
        // SAFETY: the pointer goes with the length of its slice.
        let status =
            unsafe { (self.device.corekey_inspect)(input(message), message.len(), &raw mut info) };
        self.answered(status).map(|()| self.told(&info))
    }

    fn rewrite(&self, form: Form, message: &[u8]) -> Answer {
        let form = self.form(form);
        // SAFETY: pointers go with the lengths of their slices.
        self.measured(|out, cap, len| unsafe {
            (self.device.corekey_rewrite)(form, input(message), message.len(), out, cap, len)
        })
    }

    fn sealer(&self, key: Key<'_>, session: Session<'_>) -> Answer<Box<dyn Sealer>> {
        let sealer = self.start_sealer(&mut self.key(key)?, session)?;
        Ok(Box::new(Placed(sealer)))
    }

    fn opener_up(&self, key: Key<'_>, state: Option<&[u8]>) -> Answer<Box<dyn Opener>> {
        if state.is_some_and(<[u8]>::is_empty) {
            return Err("no state at all means first contact in C".into());
        }
        let mut key = self.key(key)?;
        let state = state.unwrap_or_default();
        // SAFETY: pointers go with the lengths of their slices.
        let opener = self.made("COREKEY_OPENER_WORDS", |at, size| unsafe {
            (self.device.corekey_opener_init_up_sized)(
                at,
                size,
                key.as_mut_ptr(),
                input(state),
                state.len(),
            )
        })?;
        Ok(Box::new(Placed(opener)))
    }

    fn opener_down(&self, key: Key<'_>, boot: u64) -> Answer<Box<dyn Opener>> {
        let mut key = self.key(key)?;
        // SAFETY: the pointers go with the sizes of the contexts.
        let opener = self.made("COREKEY_OPENER_WORDS", |at, size| unsafe {
            (self.device.corekey_opener_init_down_sized)(at, size, key.as_mut_ptr(), boot)
        })?;
        Ok(Box::new(Placed(opener)))
    }

    fn offer(&self, current: Key<'_>, next: Key<'_>) -> Answer {
        let (mut current, mut next) = (self.key(current)?, self.key(next)?);
        // SAFETY: pointers go with the lengths of their slices.
        self.filled("COREKEY_OFFER_LEN", |out, len| unsafe {
            (self.device.corekey_rotation_offer)(current.as_mut_ptr(), next.as_mut_ptr(), out, len)
        })
    }

    /// An ignored offer gives the present key again.
    fn apply(&self, current: Key<'_>, offer: &[u8]) -> Answer<Option<Held>> {
        let mut key = self.key(current)?;
        // SAFETY: pointers go with the lengths of their slices.
        let mut next = self.made("COREKEY_DEVICE_KEY_WORDS", |at, size| unsafe {
            (self.device.corekey_rotation_apply_sized)(
                at,
                size,
                key.as_mut_ptr(),
                input(offer),
                offer.len(),
            )
        })?;
        let version = self.version(&mut next)?;
        let held = self.held(&mut next, version)?;
        Ok(Some(held).filter(|held| self.hold(current).as_ref() != Ok(held)))
    }

    fn recover(&self, flash: &mut Flash, id: &[u8]) -> Answer<Held> {
        let storage = storage(flash);
        // SAFETY: pointers go with the lengths of their slices; the flash is
        // there for the call, and its functions are for it.
        let mut key = self.made("COREKEY_DEVICE_KEY_WORDS", |at, size| unsafe {
            (self.device.corekey_journal_load_sized)(
                at,
                size,
                &raw const storage,
                input(id),
                id.len(),
            )
        })?;
        let version = self.version(&mut key)?;
        self.held(&mut key, version)
    }

    fn next_boot(&self, flash: &mut Flash) -> Answer<u64> {
        let storage = storage(flash);
        let mut boot = 0;
        // SAFETY: the flash is there for the call, and its functions are for it.
        let status =
            unsafe { (self.device.corekey_journal_next_boot)(&raw const storage, &raw mut boot) };
        self.answered(status).map(|()| boot)
    }

    fn rotate(&self, flash: &mut Flash, current: Key<'_>, next: Key<'_>) -> Answer<()> {
        let offer = self.offer(current, next)?;
        let mut key = self.key(current)?;
        let storage = storage(flash);
        let mut rotated = u32::MAX;
        // SAFETY: pointers go with the lengths of their slices; the flash is
        // there for the call, and its functions are for it.
        self.answered(unsafe {
            (self.device.corekey_journal_apply)(
                &raw const storage,
                key.as_mut_ptr(),
                input(&offer),
                offer.len(),
                &raw mut rotated,
            )
        })?;
        let held = self.held(&mut key, next.name.version)?;
        if rotated != 1 || held != self.hold(next)? {
            return Err(format!("the offer came to {rotated} and {held:?}"));
        }
        Ok(())
    }

    fn provision(&self, flash: &mut Flash, key: Key<'_>) -> Answer<()> {
        let mut key = self.key(key)?;
        let storage = storage(flash);
        // SAFETY: the flash is there for the call, and its functions are for it.
        self.answered(unsafe {
            (self.device.corekey_journal_provision)(&raw const storage, key.as_mut_ptr())
        })
    }
}
