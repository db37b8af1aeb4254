//! Sealed messages between devices (up) and cloud (down): long ones are
//! COSE_Encrypt0, compact ones 20 bytes over the payload. A payload has up to
//! 16 MiB, external AAD up to 255 bytes. Boots are 0 to 2^48 - 1. Specified in
//! docs/message.md.

use corekey::device::cose::{COSE_KEY_LEN, cose_key};
use corekey::device::message::{self, Claim, Direction, Form, SALT_LEN, Session};
use corekey::device::name::Boot;
use corekey::device::opener::{Opened, Opener, STATE_LEN};
use corekey::device::sealer::Sealer;

use crate::context::{self, Context};
use crate::device_key::{corekey_device_key, export};
use crate::edge::{
    Input, Outcome, Output, Region, Reported, aligned, disjoint, guard, guard_context,
    guard_context_copies, guard_copies, region_of,
};
use crate::status::{
    COREKEY_E_ALGORITHM, COREKEY_E_LENGTH, COREKEY_E_STATE, corekey_status, from_error,
};

/// Device to cloud.
pub const COREKEY_UP: u32 = 0;
/// Cloud to device.
pub const COREKEY_DOWN: u32 = 1;

/// A COSE_Encrypt0.
pub const COREKEY_LONG: u32 = 80;
/// 20 bytes over the payload, where the opener knows the session.
pub const COREKEY_COMPACT: u32 = 81;
/// A long message with its full IV, for COSE tools without Partial IV.
pub const COREKEY_FULL_IV: u32 = 82;

/// Bytes of a salt.
pub const COREKEY_SALT_LEN: usize = 8;
/// The most bytes of a message over its payload.
pub const COREKEY_MESSAGE_OVERHEAD_MAX: usize = 200;
/// Bytes of the saved state of an opener.
pub const COREKEY_OPENER_STATE_LEN: usize = 64;
/// Bytes of an exported COSE_Key.
pub const COREKEY_COSE_KEY_LEN: usize = 54;
const _: () = assert!(COREKEY_SALT_LEN == SALT_LEN && COREKEY_OPENER_STATE_LEN == STATE_LEN);
const _: () = assert!(COREKEY_COSE_KEY_LEN == COSE_KEY_LEN);
const _: () = assert!(message::MAX_OVERHEAD <= COREKEY_MESSAGE_OVERHEAD_MAX);

/// Words of a corekey_sealer.
pub const COREKEY_SEALER_WORDS: usize = 144;
/// Words of a corekey_opener.
pub const COREKEY_OPENER_WORDS: usize = 208;

/// Seals one session. May NOT be copied or moved: a copy, which would use the
/// same nonces again, answers COREKEY_E_MOVED.
#[repr(C)]
pub struct corekey_sealer {
    opaque: [u64; COREKEY_SEALER_WORDS],
}

/// Opens the messages of one device key. May NOT be copied or moved.
#[repr(C)]
pub struct corekey_opener {
    opaque: [u64; COREKEY_OPENER_WORDS],
}

/// What a message says of itself; authentic only if corekey_open gave it.
#[repr(C)]
pub struct corekey_message {
    /// Version of the device key; compact and inspected: mod 64.
    pub version: u64,
    /// Boot number; compact and inspected: mod 256.
    pub boot: u64,
    /// Number in its session; compact and inspected: mod 65536.
    pub counter: u32,
    /// COREKEY_LONG or COREKEY_COMPACT.
    pub form: u32,
    /// Bytes of the payload.
    pub payload_len: u32,
    /// 0 or COREKEY_SALT_LEN.
    pub salt_len: u32,
    /// Bytes of the id; compact and inspected: 0.
    pub id_len: u32,
    /// 0.
    pub reserved: u32,
    /// The salt.
    pub salt: [u8; 8],
    /// The device id.
    pub id: [u8; 128],
}

// SAFETY: words only; a `Sealer` holds plain numbers.
unsafe impl Context for corekey_sealer {
    type Value = Sealer;
    const MAGIC: u64 = 0x82f6_b40d_3e95_c71a;
    const MAY_BE_COPIED: bool = false;
}
const _: () = assert!(context::fits::<corekey_sealer>());

// SAFETY: words only; an `Opener` holds plain numbers.
unsafe impl Context for corekey_opener {
    type Value = Opener;
    const MAGIC: u64 = 0x6e1b_d927_a45c_03f8;
    const MAY_BE_COPIED: bool = false;
}
const _: () = assert!(context::fits::<corekey_opener>());

/// Starts a session. Up: boot is a number that this key never had before
/// (from corekey_journal_next_boot), and salt is empty or 8 fresh random
/// bytes; a host without a journal takes Unix milliseconds and must have a
/// salt. Down: boot is the device's, from its last opened message, and salt
/// is 8 fresh random bytes.
/// Errors: COREKEY_E_RANGE for a boot outside its range.
///
/// # Rust; Python
/// [`corekey::device::sealer::Sealer::up`], [`corekey::device::sealer::Sealer::down`];
/// `Sealer.up`, `Sealer.down`
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_sealer_init_sized(
    sealer: *mut corekey_sealer,
    sealer_size: usize,
    key: *const corekey_device_key,
    direction: u32,
    boot: u64,
    salt: *const u8,
    salt_len: usize,
) -> corekey_status {
    guard_context_copies(sealer, || {
        context::check_new(sealer, sealer_size)?;
        let salt = Input::new(salt, salt_len)?;
        disjoint(region_of(sealer), &[region_of(key), salt.region()])?;
        // SAFETY: the header asks for a context or zeros, and valid bytes.
        let (key, session) = unsafe { (context::borrow(key)?, session(boot, salt)?) };
        let value = match (self::direction(direction)?, session.salt()) {
            (Direction::Up, _) => Sealer::up(key, session),
            (Direction::Down, Some(salt)) => Sealer::down(key, session.boot(), *salt),
            (Direction::Down, None) => return Err(COREKEY_E_LENGTH),
        };
        // SAFETY: checked; the header asks for a context that nobody else uses.
        unsafe { context::store(sealer, value.map_err(from_error)?) };
        Ok(())
    })
}

/// Seals payload: at most payload_len + COREKEY_MESSAGE_OVERHEAD_MAX bytes,
/// the number stored in *out_len. form is COREKEY_LONG or COREKEY_COMPACT;
/// every 64th message is long all the same. payload may lie anywhere inside
/// out: then it is moved to its place.
/// Errors: COREKEY_E_SESSION_FULL if the next boot is due;
/// COREKEY_E_BUFFER_TOO_SMALL. Then no counter is used.
///
/// # Rust; Python
/// [`corekey::device::sealer::Sealer::seal`], [`corekey::device::sealer::Sealer::seal_in_place`];
/// `Sealer.seal`, `Sealer.seal_into`
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_seal(
    sealer: *mut corekey_sealer,
    form: u32,
    aad: *const u8,
    aad_len: usize,
    payload: *const u8,
    payload_len: usize,
    out: *mut u8,
    out_cap: usize,
    out_len: *mut usize,
) -> corekey_status {
    guard_context(sealer, || {
        let form = match form {
            COREKEY_LONG => Form::Long,
            COREKEY_COMPACT => Form::Compact,
            _ => return Err(COREKEY_E_ALGORITHM),
        };
        let aad = Input::new(aad, aad_len)?;
        let payload = Input::new(payload, payload_len)?;
        let target = Reported::new(out, out_cap, out_len)?;
        let inside = target.disjoint_or_inside(payload, &[aad.region(), region_of(sealer)])?;
        disjoint(region_of(sealer), &[aad.region(), payload.region()])?;
        // SAFETY: the header asks for a context or zeros, and valid buffers;
        // the output overlaps neither AAD nor context.
        let (value, aad, out) =
            unsafe { (context::borrow_mut(sealer)?, aad.slice(), target.out.slice()) };
        let result = match inside {
            Some(at) => value.seal_in_place(form, aad, out, at..at + payload.len()),
            // SAFETY: as above; the output does not overlap the payload.
            None => value.seal(form, aad, unsafe { payload.slice() }, out),
        };
        // SAFETY: the header asks for a valid length pointer.
        unsafe { target.report(result, 0) }
    })
}

/// Starts an opener of uplinks with a state that corekey_opener_save gave
/// (state_len is COREKEY_OPENER_STATE_LEN); or, with (NULL, 0), at the first
/// contact with a key that was never used: it then takes the first authentic
/// message for fresh, so never do that after a loss of state.
/// Errors: COREKEY_E_BAD_STATE if state is damaged or of another format.
///
/// # Rust; Python
/// [`corekey::device::opener::Opener::resume`], [`corekey::device::opener::Opener::first_contact`];
/// `Opener.resume`, `Opener.first_contact`
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_opener_init_up_sized(
    opener: *mut corekey_opener,
    opener_size: usize,
    key: *const corekey_device_key,
    state: *const u8,
    state_len: usize,
) -> corekey_status {
    guard_context_copies(opener, || {
        context::check_new(opener, opener_size)?;
        let state = Input::new(state, state_len)?;
        disjoint(region_of(opener), &[region_of(key), state.region()])?;
        // SAFETY: the header asks for a context or zeros.
        let key = unsafe { context::copy(key)? };
        let value = if state.len() == 0 {
            Opener::first_contact(key)
        } else {
            // SAFETY: the header asks for valid bytes.
            Opener::resume(key, unsafe { state.array()? }).map_err(from_error)?
        };
        // SAFETY: checked; the header asks for a context that nobody else uses.
        unsafe { context::store(opener, value) };
        Ok(())
    })
}

/// Starts an opener of downlinks for a device in its current boot.
/// Errors: COREKEY_E_RANGE for a boot outside its range.
///
/// # Rust; Python
/// [`corekey::device::opener::Opener::down`]; `Opener.down`
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_opener_init_down_sized(
    opener: *mut corekey_opener,
    opener_size: usize,
    key: *const corekey_device_key,
    boot: u64,
) -> corekey_status {
    guard_context_copies(opener, || {
        context::check_new(opener, opener_size)?;
        disjoint(region_of(opener), &[region_of(key)])?;
        let boot = Boot::new(boot).map_err(from_error)?;
        // SAFETY: the header asks for a context or zeros; checked.
        unsafe { context::store(opener, Opener::down(context::copy(key)?, boot)) };
        Ok(())
    })
}

/// Opens message to out; the payload's length is stored in *out_len, and what
/// the message says in *info, which may be NULL. out may start where message
/// does: then zeros follow the payload up to the message's end.
/// Errors, in this order: COREKEY_E_MALFORMED; COREKEY_E_BUFFER_TOO_SMALL;
/// COREKEY_E_OTHER_KEY; COREKEY_E_NEED_LONG; then, with *out_len = 0 and as many
/// bytes of out as the payload has zeroed (in place: all of message),
/// COREKEY_E_FORGED; COREKEY_E_STALE, COREKEY_E_REPLAY, COREKEY_E_SESSION_FULL
/// (down: a fifth salt; start the next boot). The opener stays as it was.
///
/// # Rust; Python
/// [`corekey::device::opener::Opener::open`], [`corekey::device::opener::Opener::open_in_place`];
/// `Opener.open`, `Opener.open_into`
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_open(
    opener: *mut corekey_opener,
    aad: *const u8,
    aad_len: usize,
    message: *const u8,
    message_len: usize,
    out: *mut u8,
    out_cap: usize,
    out_len: *mut usize,
    info: *mut corekey_message,
) -> corekey_status {
    guard_context(opener, || {
        let aad = Input::new(aad, aad_len)?;
        let message = Input::new(message, message_len)?;
        let target = Reported::new(out, out_cap, out_len)?;
        let others = [aad.region(), region_of(opener)];
        let in_place = target.disjoint_or_in_place(message, &others)?;
        disjoint(region_of(opener), &[aad.region(), message.region()])?;
        let info_region = check_info(info)?;
        disjoint(info_region, &[aad.region(), message.region(), region_of(opener)])?;
        target.disjoint(&[info_region])?;
        if in_place {
            // All of the message is written then, beyond `out_cap` too.
            disjoint(message.region(), &[aad.region()])?;
        }
        // SAFETY: the header asks for a context or zeros, and valid buffers.
        let (value, aad) = unsafe { (context::borrow_mut(opener)?, aad.slice()) };
        let result = if in_place {
            // SAFETY: as above; where the output starts at the message, the
            // header asks for all of the message to be writable.
            let text = unsafe { Output::new(out, message.len())?.slice() };
            match message::inspect(text).map(|parts| parts.ciphertext.len()) {
                Ok(needed) if needed > target.out.len() => {
                    Err(corekey::Error::BufferTooSmall { needed })
                }
                _ => value.open_in_place(aad, text),
            }
        } else {
            // SAFETY: as above; the output does not overlap the message.
            let (message, out) = unsafe { (message.slice(), target.out.slice()) };
            value.open(aad, message, out)
        };
        // SAFETY: the header asks for a valid length pointer, and for a valid
        // `info` if it is not NULL.
        unsafe {
            if let Ok(opened) = &result
                && !info.is_null()
            {
                info.write(describe_opened(value, opened));
            }
            report_opened(&target, result.map(|opened| opened.len))
        }
    })
}

/// Writes the state of an opener of uplinks to state (state_len is
/// COREKEY_OPENER_STATE_LEN). Save it before you act on what was opened. It
/// is no secret, but whoever puts an older one back can replay.
/// Errors: COREKEY_E_STATE for an opener of downlinks, which has none.
///
/// # Rust; Python
/// [`corekey::device::opener::Opener::save`]; `Opener.save`
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_opener_save(
    opener: *const corekey_opener,
    state: *mut u8,
    state_len: usize,
) -> corekey_status {
    guard(|| {
        let state = Output::new(state, state_len)?;
        disjoint(state.region(), &[region_of(opener)])?;
        if state.len() != STATE_LEN {
            return Err(COREKEY_E_LENGTH);
        }
        // SAFETY: the header asks for a context or zeros, and a valid buffer;
        // they do not overlap.
        let (opener, state) = unsafe { (context::borrow(opener)?, state.slice()) };
        if opener.direction() == Direction::Down {
            return Err(COREKEY_E_STATE);
        }
        state.copy_from_slice(&opener.save());
        Ok(())
    })
}

/// Tells what a message says of itself, without a key; nothing of it is
/// authentic.
/// Errors: COREKEY_E_MALFORMED for all that is not exactly one message.
///
/// # Rust; Python
/// [`corekey::device::message::inspect`]; `inspect`
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_inspect(
    message: *const u8,
    message_len: usize,
    info: *mut corekey_message,
) -> corekey_status {
    guard(|| {
        let message = Input::new(message, message_len)?;
        aligned(info)?;
        disjoint(region_of(info), &[message.region()])?;
        // SAFETY: the header asks for valid bytes.
        let parts = message::inspect(unsafe { message.slice() }).map_err(from_error)?;
        // SAFETY: checked; the header asks for a valid pointer.
        unsafe { info.write(describe(&parts.claim, parts.ciphertext.len())) };
        Ok(())
    })
}

/// Writes a long message in another form: COREKEY_COMPACT, or COREKEY_FULL_IV
/// (label 5, the full IV, in place of label 6), without a key.
/// Errors: COREKEY_E_MALFORMED if message is not a long one;
/// COREKEY_E_BUFFER_TOO_SMALL.
///
/// # Rust; Python
/// [`corekey::device::message::write_compact`], [`corekey::device::message::write_full_iv`];
/// `to_compact`, `to_full_iv`
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_rewrite(
    form: u32,
    message: *const u8,
    message_len: usize,
    out: *mut u8,
    out_cap: usize,
    out_len: *mut usize,
) -> corekey_status {
    guard(|| {
        let message = Input::new(message, message_len)?;
        let target = Reported::new(out, out_cap, out_len)?;
        target.disjoint(&[message.region()])?;
        // SAFETY: the header asks for valid buffers; they do not overlap.
        let (message, out) = unsafe { (message.slice(), target.out.slice()) };
        let result = match form {
            COREKEY_COMPACT => message::write_compact(message, out),
            COREKEY_FULL_IV => message::write_full_iv(message, out),
            _ => return Err(COREKEY_E_ALGORITHM),
        };
        // SAFETY: the header asks for a valid length pointer.
        unsafe { target.report(result, 0) }
    })
}

/// Exports the message key of a session as a COSE_Key with Base IV, for tests
/// with generic tools: whoever has it opens and seals that session. out_len
/// is COREKEY_COSE_KEY_LEN.
/// Errors: COREKEY_E_RANGE for a boot outside its range.
///
/// # Rust; Python
/// [`corekey::device::cose::cose_key`]; `DeviceKey.cose_key`
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_cose_key(
    key: *const corekey_device_key,
    direction: u32,
    boot: u64,
    salt: *const u8,
    salt_len: usize,
    out: *mut u8,
    out_len: usize,
) -> corekey_status {
    guard_copies(|| {
        let direction = self::direction(direction)?;
        let salt = Input::new(salt, salt_len)?;
        // SAFETY: the header asks for valid bytes.
        let session = unsafe { session(boot, salt)? };
        let cose = |key: &_| Ok(*cose_key(key, direction, &session).expose());
        // SAFETY: the caller's word.
        unsafe { export(key, (out, out_len), &[salt], cose) }
    })
}

fn direction(direction: u32) -> Outcome<Direction> {
    match direction {
        COREKEY_UP => Ok(Direction::Up),
        COREKEY_DOWN => Ok(Direction::Down),
        _ => Err(COREKEY_E_ALGORITHM),
    }
}

/// # Safety
/// The salt is valid to read.
unsafe fn session(boot: u64, salt: Input) -> Outcome<Session> {
    let boot = Boot::new(boot).map_err(from_error)?;
    if salt.len() == 0 {
        return Ok(Session::counted(boot));
    }
    // SAFETY: the caller's word.
    Ok(Session::salted(boot, *unsafe { salt.array()? }))
}

fn check_info(info: *mut corekey_message) -> Outcome<Region> {
    if info.is_null() {
        return Ok(Input::new(core::ptr::null(), 0)?.region());
    }
    aligned(info)?;
    Ok(region_of(info))
}

/// # Safety
/// The length pointer is valid to write.
unsafe fn report_opened(target: &Reported, result: Result<usize, corekey::Error>) -> Outcome {
    use corekey::Error::{Forged, Replay, SessionFull, Stale};
    match result {
        Err(refused @ (Forged | Stale | Replay | SessionFull)) => {
            // SAFETY: the caller's word.
            let stored = unsafe { target.report(Ok(0), 0) };
            stored.and(Err(from_error(refused)))
        }
        // SAFETY: the caller's word.
        other => unsafe { target.report(other, 0) },
    }
}

/// What an opener says of a message that it has opened.
fn describe_opened(opener: &Opener, opened: &Opened) -> corekey_message {
    let claim = Claim::Long {
        version: opened.version,
        id: opener.key().id().as_bytes(),
        session: opened.session,
        counter: opened.counter,
    };
    corekey_message { form: form_number(opened.form), ..describe(&claim, opened.len) }
}

pub(crate) fn form_number(form: Form) -> u32 {
    match form {
        Form::Long => COREKEY_LONG,
        Form::Compact => COREKEY_COMPACT,
    }
}

pub(crate) fn describe(claim: &Claim<'_>, payload_len: usize) -> corekey_message {
    let mut text = corekey_message {
        version: 0,
        boot: 0,
        counter: 0,
        form: COREKEY_COMPACT,
        payload_len: payload_len as u32,
        salt_len: 0,
        id_len: 0,
        reserved: 0,
        salt: [0; 8],
        id: [0; 128],
    };
    match *claim {
        Claim::Long { version, id, session, counter } => {
            text.form = COREKEY_LONG;
            text.version = version.get();
            text.boot = session.boot().get();
            text.counter = counter;
            if let Some(salt) = session.salt() {
                text.salt_len = SALT_LEN as u32;
                text.salt = *salt;
            }
            text.id_len = id.len() as u32;
            for (to, from) in text.id.iter_mut().zip(id) {
                *to = *from;
            }
        }
        Claim::Compact { version, boot, counter } => {
            text.version = u64::from(version);
            text.boot = u64::from(boot);
            text.counter = u32::from(counter);
        }
    }
    text
}
