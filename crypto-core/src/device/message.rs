//! The wire format of sealed messages (`docs/message.md`): the long form, which
//! is a COSE_Encrypt0 (RFC 9052 §5.2) in deterministic CBOR, and the compact
//! form. Pure reading and writing of public bytes; no key is needed here.

use crate::Error;
use crate::aead::{NONCE_LEN, TAG_LEN};
use crate::device::name::{Boot, DeviceId, Version};

/// The longest payload in bytes.
pub const MAX_PAYLOAD_LEN: usize = 16 << 20;
/// The longest external AAD in bytes.
pub const MAX_EXTERNAL_AAD_LEN: usize = 255;
/// Bytes of a compact message over its payload.
pub const COMPACT_OVERHEAD: usize = COMPACT_HEADER_LEN + TAG_LEN;
/// The most bytes of a message over its payload, with the full IV too.
pub const MAX_OVERHEAD: usize = MAX_HEADER_LEN + TAG_LEN;
/// Bytes of a salt.
pub const SALT_LEN: usize = 8;

/// Base IV of every message key; not zeros, since libraries strip those.
pub(crate) const BASE_IV: [u8; NONCE_LEN] = [0x63, 0x6b, 0x31, 0, 0, 0, 0, 0, 0, 0, 0, 0];

const COMPACT_HEADER_LEN: usize = 4;
const COMPACT_MARK: u8 = 0x40;
/// Tag 16, array of 3, protected {1: 3}, map of 3, label 4.
const LONG_START: [u8; 8] = [0xd0, 0x83, 0x43, 0xa1, 0x01, 0x03, 0xa3, 0x04];
const LABEL_IV: u8 = 5;
const LABEL_PARTIAL_IV: u8 = 6;
const LABEL_KID_CONTEXT: u8 = 10;
/// With the longest id and numbers, the full IV, and the longest payload.
const MAX_HEADER_LEN: usize = LONG_START.len() + (2 + 9 + DeviceId::MAX_LEN) + 14 + 16 + 5;

/// Which way a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From device to cloud.
    Up,
    /// From cloud to device.
    Down,
}

impl Direction {
    /// The number that derivations use.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Up => 0,
            Self::Down => 1,
        }
    }
}

/// Which form a message has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// COSE_Encrypt0: says itself whose it is.
    Long,
    /// 20 bytes over the payload; the opener fills in the rest from its state.
    Compact,
}

/// What one sealer seals: a boot number, and a salt where there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    boot: Boot,
    /// Zeros if there is none. Words, which are copied faster than an `Option`.
    salt: [u8; SALT_LEN],
    salt_len: usize,
}

impl Session {
    /// The session of a boot that a journal counted.
    #[must_use]
    pub const fn counted(boot: Boot) -> Self {
        Self { boot, salt: [0; SALT_LEN], salt_len: 0 }
    }

    /// A session that a fresh random salt sets apart.
    #[must_use]
    pub const fn salted(boot: Boot, salt: [u8; SALT_LEN]) -> Self {
        Self { boot, salt, salt_len: SALT_LEN }
    }

    /// The boot number.
    #[must_use]
    pub const fn boot(&self) -> Boot {
        self.boot
    }

    /// The salt, if there is one.
    #[must_use]
    pub const fn salt(&self) -> Option<&[u8; SALT_LEN]> {
        if self.salt_len == 0 { None } else { Some(&self.salt) }
    }

    /// boot:u64be and salt, as derivations use them.
    pub(crate) fn with_bytes<T>(&self, then: impl FnOnce(&[u8]) -> T) -> T {
        let boot = self.boot.get().to_be_bytes();
        let Some(salt) = self.salt() else { return then(&boot) };
        let mut bytes = [0; 8 + SALT_LEN];
        let (first, second) = bytes.split_at_mut(boot.len());
        first.copy_from_slice(&boot);
        second.copy_from_slice(salt);
        then(&bytes)
    }
}

/// What a message says of itself. Nothing of it is authentic before the message
/// is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim<'a> {
    /// A long message.
    Long {
        /// Version of the device key.
        version: Version,
        /// The device id.
        id: &'a [u8],
        /// The sealer's session.
        session: Session,
        /// The message's number in the session.
        counter: u32,
    },
    /// A compact message: residues only.
    Compact {
        /// Version of the device key, mod 64.
        version: u8,
        /// Boot number, mod 256.
        boot: u8,
        /// Counter, mod 65536.
        counter: u16,
    },
}

impl Claim<'_> {
    /// The form that the message has.
    #[must_use]
    pub const fn form(&self) -> Form {
        match self {
            Self::Long { .. } => Form::Long,
            Self::Compact { .. } => Form::Compact,
        }
    }
}

/// A message taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts<'a> {
    /// What it says of itself.
    pub claim: Claim<'a>,
    /// The encrypted payload.
    pub ciphertext: &'a [u8],
    /// The tag.
    pub tag: &'a [u8; TAG_LEN],
}

/// Tells what a message says of itself, without a key; nothing of it is
/// authentic.
///
/// # Errors
/// [`Error::Malformed`] for all that is not exactly one message.
pub fn inspect(message: &[u8]) -> Result<Parts<'_>, Error> {
    parse(message).ok_or(Error::Malformed)
}

fn parse(message: &[u8]) -> Option<Parts<'_>> {
    let (claim, sealed) = match message {
        [first @ 0x40..=0x7f, boot, c1, c0, sealed @ ..] => {
            let counter = u16::from_be_bytes([*c1, *c0]);
            (Claim::Compact { version: first - COMPACT_MARK, boot: *boot, counter }, sealed)
        }
        _ => parse_long(message)?,
    };
    let (ciphertext, tag) = sealed.split_last_chunk::<TAG_LEN>()?;
    if ciphertext.len() > MAX_PAYLOAD_LEN {
        return None;
    }
    Some(Parts { claim, ciphertext, tag })
}

fn parse_long(message: &[u8]) -> Option<(Claim<'_>, &[u8])> {
    let mut reader = Reader(message.strip_prefix(&LONG_START)?);
    let mut kid = Reader(reader.byte_string()?);
    let version = Version::new(kid.uint(0)?).ok()?;
    let id = kid.0;
    if id.is_empty() || id.len() > DeviceId::MAX_LEN {
        return None;
    }
    reader.expect(LABEL_PARTIAL_IV)?;
    let counter = u32::try_from(minimal(reader.byte_string()?, 4)?).ok()?;
    reader.expect(LABEL_KID_CONTEXT)?;
    let session = parse_session(reader.byte_string()?)?;
    let sealed = reader.byte_string()?;
    if !reader.0.is_empty() {
        return None;
    }
    Some((Claim::Long { version, id, session, counter }, sealed))
}

/// Up to 6 bytes are a boot number, 9 to 14 one with a salt behind it.
fn parse_session(context: &[u8]) -> Option<Session> {
    let (boot, salt) = match context.len() {
        0..=6 => (context, None),
        _ => context.split_last_chunk::<SALT_LEN>().map(|(boot, salt)| (boot, Some(*salt)))?,
    };
    let boot = Boot::new(minimal(boot, 6)?).ok()?;
    Some(salt.map_or(Session::counted(boot), |salt| Session::salted(boot, salt)))
}

/// A big-endian number of 1 to `most` bytes without leading zeros.
fn minimal(bytes: &[u8], most: usize) -> Option<u64> {
    if bytes.is_empty() || bytes.len() > most || (bytes.len() > 1 && bytes.first() == Some(&0)) {
        return None;
    }
    Some(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// Reads deterministic CBOR (RFC 8949 §4.2.1).
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.take(1)? == [byte]).then_some(())
    }

    /// The argument of an item of the major type in its shortest encoding.
    fn uint(&mut self, major: u8) -> Option<u64> {
        let [first] = *self.take(1)? else { return None };
        if first >> 5 != major {
            return None;
        }
        let info = first & 0x1f;
        let (bytes, least) = match info {
            0..=23 => return Some(u64::from(info)),
            24 => (1, 24),
            25 => (2, 1 << 8),
            26 => (4, 1 << 16),
            27 => (8, 1 << 32),
            _ => return None,
        };
        let number = self.take(bytes)?.iter().fold(0, |n, byte| n << 8 | u64::from(*byte));
        (number >= least).then_some(number)
    }

    fn byte_string(&mut self) -> Option<&'a [u8]> {
        let len = self.uint(2)?;
        self.take(usize::try_from(len).ok()?)
    }
}

/// A header being written.
pub(crate) struct Header {
    bytes: [u8; MAX_HEADER_LEN],
    len: usize,
}

impl Header {
    fn new() -> Self {
        Self { bytes: [0; MAX_HEADER_LEN], len: 0 }
    }

    /// The header of a long message.
    pub(crate) fn long(
        id: &DeviceId,
        version: Version,
        session: &Session,
        counter: u32,
        payload_len: usize,
    ) -> Self {
        Self::cose(id, version, session, payload_len, |header| {
            header.push(&[LABEL_PARTIAL_IV]);
            let bytes = counter.to_be_bytes();
            header.push_byte_string(&[without_leading_zeros(&bytes)]);
        })
    }

    /// The same with the whole IV in place of the Partial IV.
    pub(crate) fn full_iv(
        id: &DeviceId,
        version: Version,
        session: &Session,
        counter: u32,
        payload_len: usize,
    ) -> Self {
        Self::cose(id, version, session, payload_len, |header| {
            header.push(&[LABEL_IV]);
            header.push_byte_string(&[&nonce(counter)]);
        })
    }

    /// The header of a compact message.
    pub(crate) fn compact(version: Version, session: &Session, counter: u32) -> Self {
        let mut header = Self::new();
        let [.., c1, c0] = counter.to_be_bytes();
        let version = (version.get() % 64) as u8;
        header.push(&[COMPACT_MARK | version, session.boot.get() as u8, c1, c0]);
        header
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(&[])
    }

    fn cose(
        id: &DeviceId,
        version: Version,
        session: &Session,
        payload_len: usize,
        push_iv: impl FnOnce(&mut Self),
    ) -> Self {
        let mut header = Self::new();
        header.push(&LONG_START);
        let mut kid = Self::new();
        kid.push_uint(0, version.get());
        header.push_byte_string(&[kid.as_bytes(), id.as_bytes()]);
        push_iv(&mut header);
        header.push(&[LABEL_KID_CONTEXT]);
        let boot = session.boot.get().to_be_bytes();
        let salt: &[u8] = session.salt().map_or(&[], |salt| salt);
        header.push_byte_string(&[without_leading_zeros(&boot), salt]);
        header.push_uint(2, payload_len as u64 + TAG_LEN as u64);
        header
    }

    fn push(&mut self, bytes: &[u8]) {
        for (to, from) in self.bytes.iter_mut().skip(self.len).zip(bytes) {
            *to = *from;
        }
        self.len += bytes.len();
    }

    fn push_uint(&mut self, major: u8, number: u64) {
        let bytes = number.to_be_bytes();
        let (info, len) = match number {
            0..24 => (number as u8, 0),
            24..0x100 => (24, 1),
            0x100..0x1_0000 => (25, 2),
            0x1_0000..0x1_0000_0000 => (26, 4),
            _ => (27, 8),
        };
        self.push(&[major << 5 | info]);
        self.push(bytes.get(8 - len..).unwrap_or(&[]));
    }

    fn push_byte_string(&mut self, parts: &[&[u8]]) {
        let len: usize = parts.iter().map(|part| part.len()).sum();
        self.push_uint(2, len as u64);
        for part in parts {
            self.push(part);
        }
    }
}

/// The number without its leading zero bytes; zero keeps one.
fn without_leading_zeros(bytes: &[u8]) -> &[u8] {
    match bytes {
        [0, rest @ ..] if !rest.is_empty() => without_leading_zeros(rest),
        _ => bytes,
    }
}

/// The nonce of a counter: Base IV XOR Partial IV.
pub(crate) fn nonce(counter: u32) -> [u8; NONCE_LEN] {
    let mut nonce = BASE_IV;
    for (byte, part) in nonce.iter_mut().rev().zip(counter.to_le_bytes()) {
        *byte ^= part;
    }
    nonce
}

/// The Enc_structure with its external AAD (RFC 9052 §5.3).
pub(crate) struct Aad {
    bytes: [u8; Self::START.len() + 2 + MAX_EXTERNAL_AAD_LEN],
    len: usize,
}

impl Aad {
    /// Array of 3, "Encrypt0", the protected header.
    const START: [u8; 14] = *b"\x83\x68Encrypt0\x43\xa1\x01\x03";

    /// # Errors
    /// [`Error::InvalidLength`] if the external AAD is too long.
    pub(crate) fn new(external: &[u8]) -> Result<Self, Error> {
        let Ok(external_len) = u8::try_from(external.len()) else {
            return Err(Error::InvalidLength);
        };
        let head: &[u8] = match external_len {
            0..24 => &[0x40 | external_len],
            _ => &[0x58, external_len],
        };
        let mut aad = Self { bytes: [0; Self::START.len() + 2 + MAX_EXTERNAL_AAD_LEN], len: 0 };
        for part in [&Self::START, head, external] {
            let end = aad.len + part.len();
            aad.bytes.get_mut(aad.len..end).ok_or(Error::InvalidLength)?.copy_from_slice(part);
            aad.len = end;
        }
        Ok(aad)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(&[])
    }
}

/// Writes a long message from its parts: a compact one that was opened, for a
/// tool that knows COSE only.
///
/// # Errors
/// [`Error::BufferTooSmall`] with the length that `out` needs;
/// [`Error::InvalidLength`] if the payload is too long.
pub fn write_long(
    id: &DeviceId,
    version: Version,
    session: &Session,
    counter: u32,
    parts: &Parts<'_>,
    out: &mut [u8],
) -> Result<usize, Error> {
    let header = Header::long(id, version, session, counter, parts.ciphertext.len());
    join(&header, parts, out)
}

/// Writes the compact form of a long message.
///
/// # Errors
/// [`Error::Malformed`] if `message` is not a long message;
/// [`Error::BufferTooSmall`] with the length that `out` needs.
pub fn write_compact(message: &[u8], out: &mut [u8]) -> Result<usize, Error> {
    let parts = inspect(message)?;
    let Claim::Long { version, session, counter, .. } = parts.claim else {
        return Err(Error::Malformed);
    };
    join(&Header::compact(version, &session, counter), &parts, out)
}

/// Writes a long message with the full IV (label 5) in place of the Partial IV
/// (label 6), for COSE libraries that do not know the latter.
///
/// # Errors
/// [`Error::Malformed`] if `message` is not a long message;
/// [`Error::BufferTooSmall`] with the length that `out` needs.
pub fn write_full_iv(message: &[u8], out: &mut [u8]) -> Result<usize, Error> {
    let parts = inspect(message)?;
    let Claim::Long { version, id, session, counter } = parts.claim else {
        return Err(Error::Malformed);
    };
    let id = DeviceId::new(id)?;
    let header = Header::full_iv(&id, version, &session, counter, parts.ciphertext.len());
    join(&header, &parts, out)
}

fn join(header: &Header, parts: &Parts<'_>, out: &mut [u8]) -> Result<usize, Error> {
    if parts.ciphertext.len() > MAX_PAYLOAD_LEN {
        return Err(Error::InvalidLength);
    }
    let pieces = [header.as_bytes(), parts.ciphertext, parts.tag];
    let needed = pieces.iter().map(|piece| piece.len()).sum();
    let mut rest = out.get_mut(..needed).ok_or(Error::BufferTooSmall { needed })?;
    for piece in pieces {
        let (to, behind) = rest.split_at_mut(piece.len());
        to.copy_from_slice(piece);
        rest = behind;
    }
    Ok(needed)
}
