//! What the tests of device keys and sealed messages share: names, keys,
//! messages made byte by byte, and openers that check what they promise.
// Each test program uses its part.
#![allow(dead_code)]

use corekey::Error;
use corekey::aead::{AeadAlgorithm, AeadKey};
use corekey::device::cose::cose_key;
use corekey::device::key::DeviceKey;
use corekey::device::message::{
    Claim, Direction, Form, MAX_OVERHEAD, Parts, Session, inspect, write_compact, write_long,
};
use corekey::device::name::{Boot, DeviceId, Version};
use corekey::device::opener::{Opened, Opener, STATE_LEN};
use corekey::device::sealer::Sealer;
use corekey::secret::Secret;

pub(crate) fn id(bytes: &[u8]) -> DeviceId {
    DeviceId::new(bytes).unwrap()
}

pub(crate) fn version(number: u64) -> Version {
    Version::new(number).unwrap()
}

pub(crate) fn boot(number: u64) -> Boot {
    Boot::new(number).unwrap()
}

pub(crate) fn counted(number: u64) -> Session {
    Session::counted(boot(number))
}

pub(crate) fn salted(number: u64, salt: u8) -> Session {
    Session::salted(boot(number), [salt; 8])
}

/// A session from its parts, the salt being one byte eight times.
pub(crate) fn session(number: u64, salt: Option<u8>) -> Session {
    salt.map_or_else(|| counted(number), |salt| salted(number, salt))
}

pub(crate) fn secret(mut bytes: [u8; 32]) -> Secret<32> {
    Secret::take(&mut bytes)
}

/// The key of most tests.
pub(crate) fn device_key() -> DeviceKey {
    key_of(b"pump-station-7", 1)
}

pub(crate) fn key_of(device: &[u8], number: u64) -> DeviceKey {
    DeviceKey::new(id(device), version(number), secret([0x5e; 32]))
}

pub(crate) fn copy_of(key: &DeviceKey) -> DeviceKey {
    DeviceKey::new(*key.id(), key.version(), secret(*key.expose()))
}

pub(crate) fn sealer(key: &DeviceKey, direction: Direction, session: &Session) -> Sealer {
    match direction {
        Direction::Up => Sealer::up(key, *session).unwrap(),
        Direction::Down => Sealer::down(key, session.boot(), *session.salt().unwrap()).unwrap(),
    }
}

/// The next message of a sealer.
pub(crate) fn seal(sealer: &mut Sealer, form: Form, aad: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut message = vec![0xcc; payload.len() + MAX_OVERHEAD];
    let len = sealer.seal(form, aad, payload, &mut message).unwrap();
    message.truncate(len);
    message
}

/// The message key of a session, out of its COSE_Key.
pub(crate) fn message_key(key: &DeviceKey, direction: Direction, session: &Session) -> [u8; 32] {
    *cose_key(key, direction, session).expose().last_chunk().unwrap()
}

/// One message of any session and counter, made here from the specification.
pub(crate) struct Draft<'a> {
    pub(crate) key: &'a DeviceKey,
    pub(crate) direction: Direction,
    pub(crate) session: Session,
    pub(crate) counter: u32,
    pub(crate) aad: &'a [u8],
    pub(crate) payload: &'a [u8],
}

impl Draft<'_> {
    /// Ciphertext and tag.
    pub(crate) fn sealed(&self) -> Vec<u8> {
        let secret = message_key(self.key, self.direction, &self.session);
        let key = AeadKey::new(AeadAlgorithm::Aes256Gcm, &secret).unwrap();
        let mut nonce = *b"ck1\0\0\0\0\0\0\0\0\0";
        nonce[8..].copy_from_slice(&self.counter.to_be_bytes());
        let mut aad = b"\x83\x68Encrypt0\x43\xa1\x01\x03".to_vec();
        match u8::try_from(self.aad.len()).unwrap() {
            len @ 0..24 => aad.push(0x40 | len),
            len => aad.extend([0x58, len]),
        }
        aad.extend(self.aad);
        let mut sealed = vec![0; self.payload.len() + 16];
        key.seal(&nonce, &aad, self.payload, &mut sealed).unwrap();
        sealed
    }

    pub(crate) fn long(&self) -> Vec<u8> {
        let sealed = self.sealed();
        let claim = Claim::Compact { version: 0, boot: 0, counter: 0 };
        let (ciphertext, tag) = sealed.split_last_chunk().unwrap();
        let mut long = vec![0; sealed.len() + MAX_OVERHEAD];
        let (id, version) = (self.key.id(), self.key.version());
        let parts = Parts { claim, ciphertext, tag };
        let len = write_long(id, version, &self.session, self.counter, &parts, &mut long).unwrap();
        long.truncate(len);
        long
    }

    pub(crate) fn compact(&self) -> Vec<u8> {
        compact(&self.long())
    }

    pub(crate) fn message(&self, form: Form) -> Vec<u8> {
        match form {
            Form::Long => self.long(),
            Form::Compact => self.compact(),
        }
    }
}

/// The compact form of a long message.
pub(crate) fn compact(long: &[u8]) -> Vec<u8> {
    let mut compact = vec![0; long.len()];
    let len = write_compact(long, &mut compact).unwrap();
    compact.truncate(len);
    compact
}

/// Two openers of one key: one opens to another buffer, the other in place, and
/// both must answer alike and leave behind what they promise. The one for
/// uplinks that opens in place is saved and resumed before every message.
pub(crate) struct Openers {
    apart: Opener,
    in_place: Opener,
    direction: Direction,
}

impl Openers {
    pub(crate) fn first_contact(key: &DeviceKey) -> Self {
        let open = || Opener::first_contact(copy_of(key));
        Self { apart: open(), in_place: open(), direction: Direction::Up }
    }

    pub(crate) fn resume(key: &DeviceKey, state: &[u8; STATE_LEN]) -> Self {
        let open = || Opener::resume(copy_of(key), state).unwrap();
        Self { apart: open(), in_place: open(), direction: Direction::Up }
    }

    pub(crate) fn down(key: &DeviceKey, number: u64) -> Self {
        let open = || Opener::down(copy_of(key), boot(number));
        Self { apart: open(), in_place: open(), direction: Direction::Down }
    }

    pub(crate) fn session(&self) -> Option<&Session> {
        assert_eq!(self.apart.session(), self.in_place.session());
        self.apart.session()
    }

    pub(crate) fn save(&self) -> [u8; STATE_LEN] {
        assert_eq!(self.apart.save(), self.in_place.save());
        self.apart.save()
    }

    /// What is opened, and the payload.
    pub(crate) fn open(&mut self, aad: &[u8], message: &[u8]) -> Result<(Opened, Vec<u8>), Error> {
        if self.direction == Direction::Up {
            let key = copy_of(self.in_place.key());
            self.in_place = Opener::resume(key, &self.in_place.save()).unwrap();
        }
        let before = self.save();
        let result = self.open_apart(aad, message);
        let in_place = self.open_in_place(aad, message);
        assert_eq!(result, in_place, "open and open_in_place differ");
        if result.is_err() {
            assert_eq!(self.save(), before, "{result:?} changed the state");
        }
        result
    }

    fn open_apart(&mut self, aad: &[u8], message: &[u8]) -> Result<(Opened, Vec<u8>), Error> {
        const UNTOUCHED: u8 = 0xa5;
        let room = inspect(message).map_or(40, |parts| parts.ciphertext.len());
        let mut out = vec![UNTOUCHED; room + 9];
        let result = self.apart.open(aad, message, &mut out);
        assert!(out[room..].iter().all(|byte| *byte == UNTOUCHED), "more was written");
        let expected = if is_about_a_tag(&result) { 0 } else { UNTOUCHED };
        let opened = result.inspect_err(|why| {
            assert!(out[..room].iter().all(|byte| *byte == expected), "{why:?} left {out:x?}");
        })?;
        assert_eq!(opened.len, room);
        out.truncate(room);
        Ok((opened, out))
    }

    fn open_in_place(&mut self, aad: &[u8], message: &[u8]) -> Result<(Opened, Vec<u8>), Error> {
        let mut buffer = message.to_vec();
        let result = self.in_place.open_in_place(aad, &mut buffer);
        let zeroed = buffer.iter().all(|byte| *byte == 0);
        let opened = result.inspect_err(|why| {
            assert!(if is_about_a_tag(&result) { zeroed } else { buffer == message }, "{why:?}");
        })?;
        assert!(buffer[opened.len..].iter().all(|byte| *byte == 0), "zeros follow the payload");
        buffer.truncate(opened.len);
        Ok((opened, buffer))
    }
}

/// Whether the answer came after a tag was checked, so that the output is zeros.
fn is_about_a_tag(result: &Result<Opened, Error>) -> bool {
    matches!(result, Err(Error::Forged | Error::Stale | Error::Replay | Error::SessionFull))
}

/// CRC-32 of a saved state, made anew.
pub(crate) fn with_crc(mut state: [u8; STATE_LEN]) -> [u8; STATE_LEN] {
    let mut crc = u32::MAX;
    for byte in &state[..60] {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    state[60..].copy_from_slice(&(!crc).to_be_bytes());
    state
}
