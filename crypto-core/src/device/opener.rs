//! Opening of messages (`docs/message.md`): identity from the key that verified,
//! freshness from what was seen before.
//!
//! An opener of uplinks stands for one device key in the cloud, and its state is
//! a plain value to save ([`Opener::save`]). An opener of downlinks stands for
//! one boot in the device, and has nothing to save. Nothing is said of a message
//! beyond its form before its tag verifies, and nothing changes then.

use core::fmt;

use crate::aead::AeadKey;
use crate::device::freshness::{Candidates, Freshness};
use crate::device::key::DeviceKey;
use crate::device::message::{Aad, Claim, Direction, Form, Session, inspect, nonce};
use crate::device::name::{Boot, Version};
use crate::{Error, wipe};

pub use crate::device::freshness::{FIRST_CONTACT, MAX_DOWN_SESSIONS, STATE_LEN};

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

/// Opens the messages of one device key in one direction. Wiped when dropped.
pub struct Opener {
    key: DeviceKey,
    freshness: Freshness,
    /// The message key of the session that verified last.
    ready: Option<(Session, AeadKey)>,
}

impl Opener {
    /// An opener of uplinks with the state that [`Opener::save`] gave.
    ///
    /// # Errors
    /// [`Error::InvalidState`] if `state` is damaged or of another format.
    pub fn resume(key: DeviceKey, state: &[u8; STATE_LEN]) -> Result<Self, Error> {
        Ok(Self { key, freshness: Freshness::load(state)?, ready: None })
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
        Self { key, freshness: Freshness::new(direction, boot), ready: None }
    }

    /// The key that this opens with.
    #[must_use]
    pub fn key(&self) -> &DeviceKey {
        &self.key
    }

    /// Which way the messages go.
    #[must_use]
    pub fn direction(&self) -> Direction {
        self.freshness.direction()
    }

    /// The session that was begun last; for uplinks its boot is the device's.
    #[must_use]
    pub fn session(&self) -> Option<&Session> {
        self.freshness.session()
    }

    /// The state of an opener of uplinks, to be saved before its answer is acted
    /// upon. It is not secret, but whoever rolls it back can replay.
    #[must_use]
    pub fn save(&self) -> [u8; STATE_LEN] {
        self.freshness.save()
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
        let admitted = outcome.and_then(|found| self.admit(found, parts.claim.form(), needed));
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
        let (form, tag, needed) = (parts.claim.form(), *parts.tag, parts.ciphertext.len());
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
        wipe::registers();
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
                self.freshness.candidates(boot, counter)
            }
        }
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
            // The key is moved to where it stays.
            let opened: Result<_, Error> = wipe::after(|| {
                let key = self.key.message_key(self.direction(), &session)?;
                let opened = open(&key, &nonce).is_ok();
                if opened {
                    self.ready = Some((session, key));
                }
                Ok(opened)
            });
            if opened? {
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
        self.freshness.admit(session, counter)?;
        Ok(Opened { len, version: self.key.version(), session, counter, form })
    }
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opener")
            .field("key", &self.key)
            .field("direction", &self.direction())
            .finish_non_exhaustive()
    }
}
