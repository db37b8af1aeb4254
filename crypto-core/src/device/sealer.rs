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
    /// used before (from the boot journal), or it has a fresh random salt. A
    /// host without a journal takes Unix milliseconds and must have a salt.
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
    /// tag. What of the payload lay behind the message is zeros.
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
        // This and the splits below are said so that no panic is left in them.
        if buffer.len() - payload_len < head_len + TAG_LEN {
            return Err(Error::BufferTooSmall { needed });
        }
        buffer.copy_within(payload.clone(), head_len);
        buffer.get_mut(needed.max(payload.start)..payload.end).unwrap_or(&mut []).fill(0);
        let (head, body) = buffer.split_at_mut_checked(head_len).ok_or(Error::InvalidLength)?;
        head.copy_from_slice(header.as_bytes());
        let (text, behind) = body.split_at_mut_checked(payload_len).ok_or(Error::InvalidLength)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn sealer_at(counter: u32, blocks_left: u64) -> Sealer {
        let id = DeviceId::new(b"pump-station-7").unwrap();
        let key = DeviceKey::new(id, Version::FIRST, Secret::take(&mut [1; 32]));
        let mut sealer = Sealer::up(&key, Session::counted(Boot::ZERO)).unwrap();
        sealer.skip_to(counter, blocks_left);
        sealer
    }

    /// Either way of sealing, of a payload of `payload_len` zeros, is refused
    /// and leaves buffer and sealer as they were.
    fn assert_full(sealer: &mut Sealer, payload_len: usize) {
        let before = (sealer.next_counter, sealer.blocks_left);
        let mut out = [0xcc; 200];
        let payload = [0; 100];
        for form in [Form::Long, Form::Compact] {
            assert_eq!(sealer.sealed_len(form, payload_len), Err(Error::SessionFull));
            let sealed = sealer.seal(form, b"", &payload[..payload_len], &mut out);
            assert_eq!(sealed, Err(Error::SessionFull));
            let sealed = sealer.seal_in_place(form, b"", &mut out, 0..payload_len);
            assert_eq!(sealed, Err(Error::SessionFull));
        }
        assert_eq!(out, [0xcc; 200]);
        assert_eq!((sealer.next_counter, sealer.blocks_left), before);
    }

    #[test]
    fn a_session_ends_after_the_last_counter() {
        let mut sealer = sealer_at(u32::MAX - 1, MAX_BLOCKS);
        for counter in [u32::MAX - 1, u32::MAX] {
            assert_eq!(sealer.next_counter(), Some(counter));
            let mut out = [0; 100];
            let len = sealer.seal(Form::Compact, b"", b"payload", &mut out).unwrap();
            assert_eq!(out[..4], [0x41, 0, 0xff, counter as u8], "compact, from counter {counter}");
            assert_eq!(len, 7 + 20);
        }
        assert_eq!(sealer.next_counter(), None);
        assert_full(&mut sealer, 0);
        assert_full(&mut sealer, 100);
    }

    #[test]
    fn a_session_ends_when_a_message_would_exceed_its_blocks() {
        // Two blocks a message, and one for each 16 bytes begun.
        for (payload_len, cost) in [(0, 2), (1, 3), (16, 3), (17, 4), (32, 4), (100, 9)] {
            assert_full(&mut sealer_at(1, cost - 1), payload_len);
            let mut sealer = sealer_at(1, cost);
            let mut out = [0; 200];
            sealer.seal(Form::Long, b"", &[0; 100][..payload_len], &mut out).unwrap();
            assert_eq!(sealer.blocks_left, 0, "{payload_len} bytes");
            assert_full(&mut sealer, 0);

            let mut sealer = sealer_at(1, cost);
            sealer.seal_in_place(Form::Long, b"", &mut out, 0..payload_len).unwrap();
            assert_eq!(sealer.blocks_left, 0, "{payload_len} bytes in place");
        }
    }

    #[test]
    fn a_shorter_message_still_fits_a_session_that_is_nearly_full() {
        let mut sealer = sealer_at(7, 3);
        assert_full(&mut sealer, 17);
        assert!(sealer.seal(Form::Long, b"", &[0; 16], &mut [0; 100]).is_ok());
        assert_eq!(sealer.next_counter(), Some(8));
    }

    #[test]
    fn a_new_session_has_all_counters_and_blocks() {
        let id = DeviceId::new(b"pump-station-7").unwrap();
        let key = DeviceKey::new(id, Version::FIRST, Secret::take(&mut [1; 32]));
        let sealer = Sealer::down(&key, Boot::ZERO, [0; SALT_LEN]).unwrap();
        assert_eq!((sealer.next_counter, sealer.blocks_left), (Some(0), 1 << 36));
    }

    #[test]
    fn every_64th_message_is_long() {
        for counter in [0, 64, 128, 65_536, u32::MAX - 63] {
            let mut out = [0; 100];
            let mut sealer = sealer_at(counter, MAX_BLOCKS);
            let header_len = |sealer: &Sealer| sealer.sealed_len(Form::Compact, 0).unwrap() - 16;
            assert!(header_len(&sealer) > 4, "{counter}");
            sealer.seal(Form::Compact, b"", b"", &mut out).unwrap();
            assert_eq!(out[0], 0xd0, "{counter}");
            assert_eq!(header_len(&sealer), 4, "{counter} + 1");
            sealer.seal(Form::Compact, b"", b"", &mut out).unwrap();
            assert_eq!(out[0], 0x41, "{counter} + 1");
        }
    }

    /// The nonce is an injective function of the counter: XOR of all its bits.
    #[test]
    fn different_counters_have_different_nonces() {
        let of_zero = nonce(0);
        for counter in (0..32).map(|bit| 1 << bit).chain([u32::MAX, 0x0102_0304]) {
            let [.., a, b, c, d] = nonce(counter);
            let [.., e, f, g, h] = of_zero;
            assert_eq!([a ^ e, b ^ f, c ^ g, d ^ h], counter.to_be_bytes());
            assert_eq!(nonce(counter)[..8], of_zero[..8]);
        }
    }
}
