//! Sealing of messages (`docs/message.md`): one sealer, one session, one key,
//! a counter that never comes back. A sealer has no `Clone`: two of them would
//! use the same nonces.

use core::fmt;
use core::ops::Range;

use crate::Error;
use crate::aead::{AeadKey, TAG_LEN};
use crate::device::key::DeviceKey;
use crate::device::message::{
    Aad, Direction, Form, Header, MAX_EXTERNAL_AAD_LEN, MAX_PAYLOAD_LEN, SALT_LEN, Session, nonce,
};
use crate::device::name::{Boot, DeviceId, Version};

/// Blocks of AES that one session may use.
const MAX_BLOCKS: u64 = 1 << 36;
/// A message with a counter that is a multiple of this is long.
const LONG_EVERY: u32 = 64;

/// Seals the messages of one session. Its key is wiped when it is dropped.
pub struct Sealer {
    id: DeviceId,
    version: Version,
    session: Session,
    key: AeadKey,
    /// None after the last counter.
    next_counter: Option<u32>,
    blocks_left: u64,
}

impl Sealer {
    /// A device's sealer, for one start of it: the boot of `session` was never
    /// used before (from the boot journal), or it has a fresh random salt.
    ///
    /// # Errors
    /// None for a key that exists; the result is that of making the key.
    pub fn up(key: &DeviceKey, session: Session) -> Result<Self, Error> {
        Self::new(key, Direction::Up, session)
    }

    /// A server's sealer for a device in its current boot, which its last
    /// authenticated message told; `salt` is fresh and random for each sealer.
    ///
    /// # Errors
    /// As [`Sealer::up`].
    pub fn down(key: &DeviceKey, boot: Boot, salt: [u8; SALT_LEN]) -> Result<Self, Error> {
        Self::new(key, Direction::Down, Session::salted(boot, salt))
    }

    fn new(key: &DeviceKey, direction: Direction, session: Session) -> Result<Self, Error> {
        Ok(Self {
            id: *key.id(),
            version: key.version(),
            session,
            key: key.message_key(direction, &session)?,
            next_counter: Some(0),
            blocks_left: MAX_BLOCKS,
        })
    }

    /// The session that this seals.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The number that the next message gets, or none if the session is full.
    #[must_use]
    pub fn next_counter(&self) -> Option<u32> {
        self.next_counter
    }

    /// The length of the next message with a payload of `payload_len` bytes.
    ///
    /// # Errors
    /// [`Error::InvalidLength`] over 16 MiB; [`Error::SessionFull`].
    pub fn sealed_len(&self, form: Form, payload_len: usize) -> Result<usize, Error> {
        let (header, _) = self.prepare(form, &[], payload_len)?;
        Ok(header.as_bytes().len() + payload_len + TAG_LEN)
    }

    /// Seals `payload` into `out` and returns the length of the message. It is
    /// long if its counter is a multiple of 64, else of the form asked for.
    ///
    /// # Errors
    /// [`Error::InvalidLength`] if the payload exceeds 16 MiB or the external
    /// AAD 255 bytes; [`Error::SessionFull`] if the next boot is due;
    /// [`Error::BufferTooSmall`] with the length that `out` needs. Nothing is
    /// written then, and no counter used.
    pub fn seal(
        &mut self,
        form: Form,
        external_aad: &[u8],
        payload: &[u8],
        out: &mut [u8],
    ) -> Result<usize, Error> {
        let (header, counter) = self.prepare(form, external_aad, payload.len())?;
        let aad = Aad::new(external_aad)?;
        let needed = header.as_bytes().len() + payload.len() + TAG_LEN;
        let out = out.get_mut(..needed).ok_or(Error::BufferTooSmall { needed })?;
        let (head, body) = out.split_at_mut(header.as_bytes().len());
        head.copy_from_slice(header.as_bytes());
        self.spend(counter, payload.len());
        self.key.seal(&nonce(counter), aad.as_bytes(), payload, body)?;
        Ok(needed)
    }

    /// Seals the payload that is at `payload` in `buffer`: the message starts
    /// at the buffer's start, and its length is returned. The payload moves as
    /// needed; best is a headroom of [`Sealer::sealed_len`] less payload and
    /// tag.
    ///
    /// # Errors
    /// As [`Sealer::seal`], for a buffer that is too small for the message;
    /// [`Error::InvalidLength`] also if `payload` is not inside it.
    pub fn seal_in_place(
        &mut self,
        form: Form,
        external_aad: &[u8],
        buffer: &mut [u8],
        payload: Range<usize>,
    ) -> Result<usize, Error> {
        let payload_len = buffer.get(payload.clone()).ok_or(Error::InvalidLength)?.len();
        let (header, counter) = self.prepare(form, external_aad, payload_len)?;
        let aad = Aad::new(external_aad)?;
        let head_len = header.as_bytes().len();
        let needed = head_len + payload_len + TAG_LEN;
        if buffer.len() < needed {
            return Err(Error::BufferTooSmall { needed });
        }
        buffer.copy_within(payload, head_len);
        let (head, body) = buffer.split_at_mut(head_len);
        head.copy_from_slice(header.as_bytes());
        let (text, behind) = body.split_at_mut(payload_len);
        self.spend(counter, payload_len);
        let tag = self.key.seal_in_place(&nonce(counter), aad.as_bytes(), text)?;
        if let Some(to) = behind.first_chunk_mut() {
            *to = tag;
        }
        Ok(needed)
    }

    /// Checks what must hold before anything is written; header and counter of
    /// the next message.
    fn prepare(
        &self,
        form: Form,
        external_aad: &[u8],
        payload_len: usize,
    ) -> Result<(Header, u32), Error> {
        if payload_len > MAX_PAYLOAD_LEN || external_aad.len() > MAX_EXTERNAL_AAD_LEN {
            return Err(Error::InvalidLength);
        }
        let counter = self.next_counter.ok_or(Error::SessionFull)?;
        if blocks(payload_len) > self.blocks_left {
            return Err(Error::SessionFull);
        }
        let header = if form == Form::Compact && !counter.is_multiple_of(LONG_EVERY) {
            Header::compact(self.version, &self.session, counter)
        } else {
            Header::long(&self.id, self.version, &self.session, counter, payload_len)
        };
        Ok((header, counter))
    }

    /// Uses up the counter before the nonce is used.
    fn spend(&mut self, counter: u32, payload_len: usize) {
        self.next_counter = counter.checked_add(1);
        self.blocks_left -= blocks(payload_len);
    }

    #[cfg(test)]
    pub(crate) fn skip_to(&mut self, counter: u32, blocks_left: u64) {
        self.next_counter = Some(counter);
        self.blocks_left = blocks_left;
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer")
            .field("id", &self.id)
            .field("version", &self.version)
            .field("session", &self.session)
            .field("next_counter", &self.next_counter)
            .finish_non_exhaustive()
    }
}

/// Blocks that a message counts for.
fn blocks(payload_len: usize) -> u64 {
    payload_len.div_ceil(16) as u64 + 2
}
