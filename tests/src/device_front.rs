//! What a front of device keys, sealed messages, rotation and the boot journal
//! is: the counterpart of [`front`](crate::front) for `corekey::device`.
//!
//! A front hands back bytes, numbers and the words of the specifications. It
//! judges nothing: that is [`device_suites`](crate::device_suites).

use std::fmt;

use corekey::device::message;

use crate::flash::Flash;
use crate::front::UNWRITTEN;

/// What was asked for, or why not: a status by its word in `docs/`, or in the
/// front's own words what has none there.
pub type Answer<T = Vec<u8>> = Result<T, String>;

/// A root secret, or a fleet's under it.
#[derive(Clone, Copy, Debug)]
pub struct Root<'a> {
    /// 32 bytes.
    pub secret: &'a [u8],
    /// The fleet, if it is the root of one.
    pub fleet: Option<&'a [u8]>,
}

/// Whose key, and which.
#[derive(Clone, Copy, Debug)]
pub struct Name<'a> {
    /// The version.
    pub version: u64,
    /// The device id.
    pub id: &'a [u8],
}

/// A device key.
#[derive(Clone, Copy, Debug)]
pub struct Key<'a> {
    /// Its name.
    pub name: Name<'a>,
    /// 32 bytes.
    pub bytes: &'a [u8],
}

/// A device key that a front holds and does not give out: known by what it
/// derives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The version.
    pub version: u64,
    /// The key check value.
    pub check_value: Vec<u8>,
    /// The authentication key of the empty context.
    pub derived: Vec<u8>,
}

/// Which way a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From device to cloud.
    Up,
    /// From cloud to device.
    Down,
}

/// A session in one direction.
#[derive(Clone, Copy, Debug)]
pub struct Session<'a> {
    /// The direction.
    pub direction: Direction,
    /// The boot number.
    pub boot: u64,
    /// 0 or 8 bytes.
    pub salt: &'a [u8],
}

/// Which form a message has or is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// COSE_Encrypt0.
    Long,
    /// 20 bytes over the payload.
    Compact,
    /// A long message with its full IV.
    FullIv,
}

/// What a front tells of a message; of a compact one that was not opened,
/// residues and no id or salt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The form.
    pub form: Form,
    /// The version.
    pub version: u64,
    /// The device id.
    pub id: Vec<u8>,
    /// The boot number.
    pub boot: u64,
    /// The salt.
    pub salt: Vec<u8>,
    /// The counter.
    pub counter: u64,
    /// The payload's length.
    pub payload_len: usize,
}

/// A purpose of an application's key.
#[derive(Clone, Copy, Debug)]
pub enum Purpose {
    /// Wrapping.
    Wrap,
    /// Authentication.
    Authenticate,
}

/// A sealer of one session.
pub trait Sealer: fmt::Debug {
    /// The next message.
    fn seal(&mut self, form: Form, external_aad: &[u8], payload: &[u8]) -> Answer;
}

/// An opener of one device key in one direction.
pub trait Opener: fmt::Debug {
    /// What the message told, and its payload. A front checks by itself that a
    /// refused message leaves in the output what was promised.
    fn open(&mut self, external_aad: &[u8], message: &[u8]) -> Answer<(Told, Vec<u8>)>;

    /// The saved state.
    fn save(&self) -> Answer;
}

/// One way into CoreKey. Errors are the front's statuses.
pub trait DeviceFront: Sync {
    /// What the tables call it.
    fn name(&self) -> &'static str;

    /// The root id.
    fn root_id(&self, root: Root<'_>) -> Answer;

    /// The bytes of a device key.
    fn device_key(&self, root: Root<'_>, name: Name<'_>) -> Answer;

    /// An imported key.
    fn import(&self, name: Name<'_>, imported: &[u8]) -> Answer<Held>;

    /// A key of which the bytes are known.
    fn hold(&self, key: Key<'_>) -> Answer<Held>;

    /// The `encryptedKey` of a row.
    fn wrap(&self, root: Root<'_>, key: Key<'_>) -> Answer;

    /// The key in a row.
    fn unwrap(&self, root: Root<'_>, name: Name<'_>, wrapped: &[u8]) -> Answer<Held>;

    /// The tags of audit entries from the first on; none where a front has no
    /// audit chains.
    fn audit(
        &self,
        root: Root<'_>,
        chain_id: &[u8],
        entries: &[&[u8]],
    ) -> Option<Answer<Vec<Vec<u8>>>>;

    /// A key for an application.
    fn application_key(&self, key: Key<'_>, purpose: Purpose, context: &[u8]) -> Answer;

    /// The personalization of a DRBG.
    fn personalization(&self, key: Key<'_>, boot: u64) -> Answer;

    /// The COSE_Key of a session.
    fn cose_key(&self, key: Key<'_>, session: Session<'_>) -> Answer;

    /// What a message says of itself.
    fn inspect(&self, message: &[u8]) -> Answer<Told>;

    /// A long message in another form.
    fn rewrite(&self, form: Form, message: &[u8]) -> Answer;

    /// A sealer.
    fn sealer(&self, key: Key<'_>, session: Session<'_>) -> Answer<Box<dyn Sealer>>;

    /// An opener of uplinks that resumes from a state, or starts with
    /// FIRST_CONTACT.
    fn opener_up(&self, key: Key<'_>, state: Option<&[u8]>) -> Answer<Box<dyn Opener>>;

    /// The opener of downlinks of a device in a boot.
    fn opener_down(&self, key: Key<'_>, boot: u64) -> Answer<Box<dyn Opener>>;

    /// The offer of the next key.
    fn offer(&self, current: Key<'_>, next: Key<'_>) -> Answer;

    /// The next key out of an offer, or none if it is ignored.
    fn apply(&self, current: Key<'_>, offer: &[u8]) -> Answer<Option<Held>>;

    /// Recovers the journal of a flash and gives its key.
    fn recover(&self, flash: &mut Flash, id: &[u8]) -> Answer<Held>;

    /// Counts a boot.
    fn next_boot(&self, flash: &mut Flash) -> Answer<u64>;

    /// Moves the journal to the next key, by its offer.
    fn rotate(&self, flash: &mut Flash, current: Key<'_>, next: Key<'_>) -> Answer<()>;

    /// Provisions a flash.
    fn provision(&self, flash: &mut Flash, key: Key<'_>) -> Answer<()>;
}

/// Checks what a refused message left in an output that was all
/// [`UNWRITTEN`]: zeros for the payload if the refusal came after the tag was
/// checked, else nothing.
///
/// # Panics
/// If it left anything else.
pub fn check_output_of_refused(status: &str, message: &[u8], out: &[u8]) {
    let after_the_tag = ["FORGED", "STALE", "REPLAY", "SESSION_FULL"].contains(&status);
    let len = message::inspect(message).map_or(0, |parts| parts.ciphertext.len());
    let (zeros, rest) = out.split_at(if after_the_tag { len } else { 0 });
    assert!(zeros.iter().all(|byte| *byte == 0), "{status} left {zeros:x?}");
    assert!(rest.iter().all(|byte| *byte == UNWRITTEN), "{status} wrote {rest:x?}");
}
