//! What was heard before, by which messages are told fresh, replayed or stale
//! (`docs/message.md`, freshness). Nothing is said of a message here before its
//! tag has verified, but which sessions and counters it may be of.

use crate::Error;
use crate::device::crc::crc32;
use crate::device::message::{Direction, SALT_LEN, Session};
use crate::device::name::Boot;
use crate::device::window::Window;

/// Bytes of a saved state.
pub const STATE_LEN: usize = 64;
/// The state of an opener of uplinks that has heard nothing yet and takes the
/// first authentic message for fresh. Only for a key that was never used.
pub const FIRST_CONTACT: [u8; STATE_LEN] = {
    let mut state = [0; STATE_LEN];
    state[0] = STATE_FORMAT;
    let crc: [u8; 4] = [0xce, 0xc1, 0x07, 0x87];
    [state[60], state[61], state[62], state[63]] = crc;
    state
};
/// Salts of downlinks that a device follows in one boot.
pub const MAX_DOWN_SESSIONS: usize = 4;
/// Sessions of uplinks that are followed: the current and the previous one.
const MAX_UP_SESSIONS: usize = 2;

/// A session that was heard, and which of its messages.
#[derive(Clone, Copy)]
struct Heard {
    session: Session,
    window: Window,
}

/// The sessions of one device key that were heard in one direction.
pub(crate) struct Freshness {
    direction: Direction,
    /// The device's own boot (down only).
    boot: Boot,
    /// The latest first; up: current and previous.
    heard: [Option<Heard>; MAX_DOWN_SESSIONS],
}

impl Freshness {
    /// Nothing heard yet; `boot` is the device's own and counts for downlinks.
    pub(crate) const fn new(direction: Direction, boot: Boot) -> Self {
        Self { direction, boot, heard: [None; MAX_DOWN_SESSIONS] }
    }

    /// What was saved of uplinks, unless it is damaged.
    pub(crate) fn load(state: &[u8; STATE_LEN]) -> Result<Self, Error> {
        let heard = load(state).ok_or(Error::InvalidState)?;
        Ok(Self { direction: Direction::Up, boot: Boot::ZERO, heard })
    }

    pub(crate) fn save(&self) -> [u8; STATE_LEN] {
        save(&self.heard)
    }

    pub(crate) const fn direction(&self) -> Direction {
        self.direction
    }

    /// The session that was begun last.
    pub(crate) const fn session(&self) -> Option<&Session> {
        match &self.heard {
            [Some(latest), ..] => Some(&latest.session),
            _ => None,
        }
    }

    /// The sessions and counters that a compact message with these residues may
    /// be of, the likeliest first.
    pub(crate) fn candidates(&self, boot: u8, counter: u16) -> Result<Candidates, Error> {
        match self.direction {
            Direction::Up => self.candidates_up(boot, counter),
            Direction::Down => self.candidates_down(boot, counter),
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

    /// Judges the freshness of an authentic message and takes note of it.
    pub(crate) fn admit(&mut self, session: Session, counter: u32) -> Result<(), Error> {
        if self.direction == Direction::Down && session.boot() != self.boot {
            return Err(Error::Stale);
        }
        match self.heard.iter_mut().flatten().find(|heard| heard.session == session) {
            Some(heard) => {
                heard.window = heard.window.mark(counter)?;
                Ok(())
            }
            None => self.begin(session, counter),
        }
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

/// Sessions and counters.
pub(crate) type Candidates = [Option<(Session, u32)>; MAX_DOWN_SESSIONS];

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
