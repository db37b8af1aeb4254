//! Opening of messages (`docs/message.md`): identity from the key that verified,
//! freshness from what was seen before.
//!
//! An opener of uplinks stands for one device key in the cloud, and its state is
//! a plain value to save ([`Opener::save`]). An opener of downlinks stands for
//! one boot in the device, and has nothing to save. Nothing is said of a message
//! beyond its form before its tag verifies, and nothing changes then.

use core::fmt;

use crate::Error;
use crate::aead::AeadKey;
use crate::device::crc::crc32;
use crate::device::key::DeviceKey;
use crate::device::message::{
    Aad, Claim, Direction, Form, Parts, SALT_LEN, Session, inspect, nonce,
};
use crate::device::name::{Boot, Version};
use crate::device::window::Window;

/// Bytes of a saved state.
pub const STATE_LEN: usize = 64;
/// Salts of downlinks that a device follows in one boot.
pub const MAX_DOWN_SESSIONS: usize = 4;
/// Sessions of uplinks that are followed: the current and the previous one.
const MAX_UP_SESSIONS: usize = 2;

/// A message that was opened. What it says is authentic: device id and version
/// are those of the key that verified it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Opened {
    /// Length of the payload in bytes.
    pub len: usize,
    /// Version of the device key.
    pub version: Version,
    /// The sealer's session.
    pub session: Session,
    /// The message's number in its session.
    pub counter: u32,
    /// The form it came in.
    pub form: Form,
}

/// A session that was heard, and which of its messages.
#[derive(Clone, Copy)]
struct Heard {
    session: Session,
    window: Window,
}

/// Opens the messages of one device key in one direction. Wiped when dropped.
pub struct Opener {
    key: DeviceKey,
    direction: Direction,
    /// The device's own boot (down only).
    boot: Boot,
    /// The latest first; up: current and previous.
    heard: [Option<Heard>; MAX_DOWN_SESSIONS],
    /// The message key of the session that verified last.
    ready: Option<(Session, AeadKey)>,
}

impl Opener {
    /// An opener of uplinks with the state that [`Opener::save`] gave.
    ///
    /// # Errors
    /// [`Error::InvalidState`] if `state` is damaged or of another format.
    pub fn resume(key: DeviceKey, state: &[u8; STATE_LEN]) -> Result<Self, Error> {
        let mut opener = Self::first_contact(key);
        opener.heard = load(state).ok_or(Error::InvalidState)?;
        Ok(opener)
    }

    /// An opener of uplinks that has heard nothing yet and takes the first
    /// authentic message for fresh. Only for a key that was never used: whoever
    /// makes a service forget a state could else replay all of it.
    #[must_use]
    pub fn first_contact(key: DeviceKey) -> Self {
        Self::new(key, Direction::Up, Boot::ZERO)
    }

    /// An opener of downlinks for a device in its current boot.
    #[must_use]
    pub fn down(key: DeviceKey, boot: Boot) -> Self {
        Self::new(key, Direction::Down, boot)
    }

    fn new(key: DeviceKey, direction: Direction, boot: Boot) -> Self {
        Self { key, direction, boot, heard: [None; MAX_DOWN_SESSIONS], ready: None }
    }

    /// The key that this opens with.
    #[must_use]
    pub fn key(&self) -> &DeviceKey {
        &self.key
    }

    /// Which way the messages go.
    #[must_use]
    pub fn direction(&self) -> Direction {
        self.direction
    }

    /// The session that was begun last; for uplinks its boot is the device's.
    #[must_use]
    pub fn session(&self) -> Option<&Session> {
        match &self.heard {
            [Some(latest), ..] => Some(&latest.session),
            _ => None,
        }
    }

    /// The state of an opener of uplinks. Save it before you act on what was
    /// opened. It is no secret, but whoever puts an older one back can replay.
    #[must_use]
    pub fn save(&self) -> [u8; STATE_LEN] {
        save(&self.heard)
    }

    /// Opens `message` to `out`.
    ///
    /// # Errors
    /// In this order: [`Error::Malformed`], [`Error::InvalidLength`] (external
    /// AAD over 255 bytes), [`Error::BufferTooSmall`] with the length that `out`
    /// needs, [`Error::OtherKey`], [`Error::NeedLong`]: nothing is written.
    /// [`Error::Forged`]; then [`Error::Stale`], [`Error::Replay`],
    /// [`Error::SessionFull`]: as many bytes of `out` as the payload has are
    /// zeros. The state stays as it was.
    pub fn open(
        &mut self,
        external_aad: &[u8],
        message: &[u8],
        out: &mut [u8],
    ) -> Result<Opened, Error> {
        let parts = inspect(message)?;
        let aad = Aad::new(external_aad)?;
        let needed = parts.ciphertext.len();
        let out = out.get_mut(..needed).ok_or(Error::BufferTooSmall { needed })?;
        let candidates = self.candidates(&parts.claim)?;
        let outcome = self.try_each(candidates, |key, nonce| {
            key.open_detached(nonce, aad.as_bytes(), parts.ciphertext, parts.tag, out)
        });
        let admitted = outcome.and_then(|found| self.admit(found, form(&parts), needed));
        if admitted.is_err() {
            out.fill(0);
        }
        admitted
    }

    /// Opens `message` where it is: the payload is moved to its start, and zeros
    /// follow.
    ///
    /// # Errors
    /// As [`Opener::open`], without a buffer that could be too small; all of
    /// `message` is zeros where the payload would be zeros.
    pub fn open_in_place(
        &mut self,
        external_aad: &[u8],
        message: &mut [u8],
    ) -> Result<Opened, Error> {
        let parts = inspect(message)?;
        let aad = Aad::new(external_aad)?;
        let (form, tag, needed) = (form(&parts), *parts.tag, parts.ciphertext.len());
        let start = message.len() - needed - tag.len();
        let candidates = self.candidates(&parts.claim)?;
        let text = message.get_mut(start..start + needed).ok_or(Error::Malformed)?;
        let outcome = self.try_each(candidates, |key, nonce| {
            key.try_open_in_place(nonce, aad.as_bytes(), text, &tag)
        });
        let admitted = outcome.and_then(|found| self.admit(found, form, needed));
        if admitted.is_err() {
            message.fill(0);
            return admitted;
        }
        message.copy_within(start..start + needed, 0);
        message.get_mut(needed..).unwrap_or(&mut []).fill(0);
        admitted
    }

    /// The sessions and counters that a message may be of, the likeliest first.
    fn candidates(&self, claim: &Claim<'_>) -> Result<Candidates, Error> {
        match *claim {
            Claim::Long { version, id, session, counter } => {
                if version != self.key.version() || id != self.key.id().as_bytes() {
                    return Err(Error::OtherKey);
                }
                Ok([Some((session, counter)), None, None, None])
            }
            Claim::Compact { version, boot, counter } => {
                if u64::from(version) != self.key.version().get() % 64 {
                    return Err(Error::OtherKey);
                }
                match self.direction {
                    Direction::Up => self.candidates_up(boot, counter),
                    Direction::Down => self.candidates_down(boot, counter),
                }
            }
        }
    }

    fn candidates_up(&self, boot: u8, counter: u16) -> Result<Candidates, Error> {
        let heard = self.heard.iter().flatten().find(|heard| heard.session.has_residue(boot));
        if let Some(heard) = heard {
            return Ok([Some(heard.candidate(counter)), None, None, None]);
        }
        let current = self.session().ok_or(Error::NeedLong)?;
        if current.salt().is_some() {
            return Err(Error::NeedLong);
        }
        let ahead = boot.wrapping_sub(current.boot().get() as u8);
        let next = Boot::new(current.boot().get() + u64::from(ahead));
        let session = Session::counted(next.map_err(|_| Error::NeedLong)?);
        Ok([Some((session, u32::from(counter))), None, None, None])
    }

    fn candidates_down(&self, boot: u8, counter: u16) -> Result<Candidates, Error> {
        let known = |heard: &Option<Heard>| {
            let heard = heard.as_ref().filter(|heard| heard.session.has_residue(boot))?;
            Some(heard.candidate(counter))
        };
        let candidates = self.heard.each_ref().map(known);
        if candidates.iter().all(Option::is_none) {
            return Err(Error::NeedLong);
        }
        Ok(candidates)
    }

    /// The first candidate under whose key the message verifies.
    fn try_each(
        &mut self,
        candidates: Candidates,
        mut open: impl FnMut(&AeadKey, &[u8; 12]) -> Result<(), Error>,
    ) -> Result<(Session, u32), Error> {
        for (session, counter) in candidates.into_iter().flatten() {
            let nonce = nonce(counter);
            if let Some((ready, key)) = &self.ready
                && *ready == session
            {
                if open(key, &nonce).is_ok() {
                    return Ok((session, counter));
                }
                continue;
            }
            let key = self.key.message_key(self.direction, &session)?;
            if open(&key, &nonce).is_ok() {
                self.ready = Some((session, key));
                return Ok((session, counter));
            }
        }
        Err(Error::Forged)
    }

    /// Judges the freshness of an authentic message and takes note of it.
    fn admit(
        &mut self,
        (session, counter): (Session, u32),
        form: Form,
        len: usize,
    ) -> Result<Opened, Error> {
        if self.direction == Direction::Down && session.boot() != self.boot {
            return Err(Error::Stale);
        }
        match self.heard.iter_mut().flatten().find(|heard| heard.session == session) {
            Some(heard) => heard.window = heard.window.mark(counter)?,
            None => self.begin(session, counter)?,
        }
        Ok(Opened { len, version: self.key.version(), session, counter, form })
    }

    /// Begins to follow a session that was not heard before.
    fn begin(&mut self, session: Session, counter: u32) -> Result<(), Error> {
        let room = match self.direction {
            Direction::Up => {
                if self.session().is_some_and(|current| session.boot() <= current.boot()) {
                    return Err(Error::Stale);
                }
                // The previous session makes room for the current one.
                MAX_UP_SESSIONS
            }
            Direction::Down => {
                if self.heard.iter().all(Option::is_some) {
                    return Err(Error::SessionFull);
                }
                MAX_DOWN_SESSIONS
            }
        };
        let followed = self.heard.get_mut(..room).unwrap_or(&mut []);
        followed.rotate_right(1);
        if let [latest, ..] = followed {
            *latest = Some(Heard { session, window: Window::first(counter) });
        }
        Ok(())
    }
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opener")
            .field("key", &self.key)
            .field("direction", &self.direction)
            .finish_non_exhaustive()
    }
}

type Candidates = [Option<(Session, u32)>; MAX_DOWN_SESSIONS];

impl Heard {
    /// This session with the counter that a residue stands for.
    fn candidate(&self, residue: u16) -> (Session, u32) {
        (self.session, self.window.nearest(residue))
    }
}

impl Session {
    fn has_residue(&self, boot: u8) -> bool {
        self.boot().get() as u8 == boot
    }
}

fn form(parts: &Parts<'_>) -> Form {
    match parts.claim {
        Claim::Long { .. } => Form::Long,
        Claim::Compact { .. } => Form::Compact,
    }
}

/// Format number of a saved state.
const STATE_FORMAT: u8 = 1;
/// Bytes of a saved state before its sessions, of one session, and before the
/// checksum.
const STATE_HEAD: usize = 4;
const STATE_SESSION: usize = 28;
const STATE_BODY: usize = 60;

fn save(heard: &[Option<Heard>; MAX_DOWN_SESSIONS]) -> [u8; STATE_LEN] {
    let followed = heard.iter().take(MAX_UP_SESSIONS).flatten();
    let mut state = [0; STATE_LEN];
    let sessions = state.get_mut(STATE_HEAD..STATE_BODY).unwrap_or(&mut []);
    let mut count = 0;
    for (heard, room) in followed.zip(sessions.chunks_exact_mut(STATE_SESSION)) {
        let [_, _, boot @ ..] = heard.session.boot().get().to_be_bytes();
        let salt = heard.session.salt();
        let salt_len = if salt.is_some() { SALT_LEN as u8 } else { 0 };
        let fields = boot
            .into_iter()
            .chain([salt_len, 0])
            .chain(salt.copied().unwrap_or_default())
            .chain(heard.window.highest().to_be_bytes())
            .chain(heard.window.seen().to_be_bytes());
        for (to, from) in room.iter_mut().zip(fields) {
            *to = from;
        }
        count += 1;
    }
    let [format, known, ..] = &mut state;
    (*format, *known) = (STATE_FORMAT, count);
    let crc = crc32(&[state.get(..STATE_BODY).unwrap_or(&[])]).to_be_bytes();
    if let Some(to) = state.last_chunk_mut() {
        *to = crc;
    }
    state
}

fn load(state: &[u8; STATE_LEN]) -> Option<[Option<Heard>; MAX_DOWN_SESSIONS]> {
    let (body, crc) = state.split_last_chunk::<4>()?;
    let ([STATE_FORMAT, count, 0, 0], sessions) = body.split_first_chunk::<STATE_HEAD>()? else {
        return None;
    };
    if crc32(&[body]) != u32::from_be_bytes(*crc) || usize::from(*count) > MAX_UP_SESSIONS {
        return None;
    }
    let mut heard = [None; MAX_DOWN_SESSIONS];
    for (i, (bytes, slot)) in sessions.chunks_exact(STATE_SESSION).zip(&mut heard).enumerate() {
        if i < usize::from(*count) {
            *slot = Some(load_session(bytes)?);
        } else if bytes.iter().any(|byte| *byte != 0) {
            return None;
        }
    }
    if let [Some(current), Some(previous), ..] = &heard
        && previous.session.boot() >= current.session.boot()
    {
        return None;
    }
    Some(heard)
}

fn load_session(bytes: &[u8]) -> Option<Heard> {
    let (boot, rest) = bytes.split_first_chunk::<6>()?;
    let ([salt_len, 0], rest) = rest.split_first_chunk::<2>()? else { return None };
    let (salt, rest) = rest.split_first_chunk::<SALT_LEN>()?;
    let (highest, seen) = rest.split_first_chunk::<4>()?;
    let [a, b, c, d, e, f] = *boot;
    let boot = Boot::new(u64::from_be_bytes([0, 0, a, b, c, d, e, f])).ok()?;
    let session = match (salt_len, salt) {
        (8, salt) => Session::salted(boot, *salt),
        (0, [0, 0, 0, 0, 0, 0, 0, 0]) => Session::counted(boot),
        _ => return None,
    };
    let seen = u64::from_be_bytes(seen.try_into().ok()?);
    Some(Heard { session, window: Window::restore(u32::from_be_bytes(*highest), seen)? })
}
