//! Opening of uplinks of many devices at once, by a service that holds their
//! root (`docs/message.md`): derive, set up and open, each message with its own
//! result. Keys are made for one message and wiped, nothing is kept between
//! calls, and nothing is allocated.
//!
//! A message is taken for that of the device and version that it names itself,
//! and that is proved by its tag. What the service knows beforehand of the
//! sender ([`Known`]) makes compact messages readable and freshness checked;
//! without it **whoever calls must look for replays**: session and counter of
//! each message are in its result.
//!
//! Some ten messages and more are derived in the lanes of a CPU that has any.

use core::fmt;

use crate::aead::{AeadAlgorithm, TAG_LEN, open_once};
use crate::device::freshness::Freshness;
use crate::device::key::with_message_step;
use crate::device::label;
use crate::device::message::{
    Aad, Claim, Direction, Form, MAX_EXTERNAL_AAD_LEN, Session, inspect, nonce,
};
use crate::device::name::{Boot, DeviceId, Version};
use crate::device::opener::{Opened, STATE_LEN};
use crate::device::root::{MAX_ID_AT_ONCE, RootKey};
use crate::lanes::Lanes;
use crate::mac::Sha256Key;
use crate::secret::Secret;
use crate::{Error, wipe};

/// What a service knows of the sender before it opens a message.
pub struct Known<'a> {
    /// The device id.
    pub id: &'a [u8],
    /// The version of the device key.
    pub version: Version,
    /// What was heard of it: a state as [`Opener::save`] gives it, and as
    /// [`FIRST_CONTACT`] is. It is replaced when the message is fresh.
    ///
    /// [`Opener::save`]: crate::device::opener::Opener::save
    /// [`FIRST_CONTACT`]: crate::device::opener::FIRST_CONTACT
    pub state: &'a mut [u8; STATE_LEN],
}

/// A message to open.
pub struct Item<'a> {
    message: &'a [u8],
    external_aad: &'a [u8],
    known: Option<Known<'a>>,
    out: &'a mut [u8],
    result: Result<Identified<'a>, Error>,
}

/// A message that was opened, and whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Identified<'a> {
    /// The id of the device whose key has verified it.
    pub id: &'a [u8],
    /// What else it says.
    pub opened: Opened,
}

impl<'a> Item<'a> {
    /// A message whose payload goes to `out`.
    #[must_use]
    pub const fn new(message: &'a [u8], out: &'a mut [u8]) -> Self {
        Self { message, external_aad: &[], known: None, out, result: Err(Error::Malformed) }
    }

    /// The same with external AAD.
    #[must_use]
    pub const fn with_external_aad(mut self, external_aad: &'a [u8]) -> Self {
        self.external_aad = external_aad;
        self
    }

    /// The same from a known sender.
    #[must_use]
    pub fn from_known(mut self, known: Known<'a>) -> Self {
        self.known = Some(known);
        self
    }

    /// What became of it in [`RootKey::open_batch`].
    ///
    /// # Errors
    /// In this order: [`Error::Malformed`], also before it was opened;
    /// [`Error::InvalidLength`] (external AAD over 255 bytes, a known id that is
    /// none), [`Error::BufferTooSmall`] with the length that `out` needs;
    /// [`Error::OtherKey`] if it is not of the known sender;
    /// [`Error::InvalidState`]; [`Error::NeedLong`], which compact messages
    /// without a known sender always give: nothing is written. [`Error::Forged`]; then
    /// [`Error::Stale`], [`Error::Replay`]: as many bytes of `out` as the payload
    /// has are zeros. The state stays as it was.
    pub const fn result(&self) -> Result<Identified<'a>, Error> {
        self.result
    }

    /// The payload, if it was opened.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        let len = self.result.map_or(0, |identified| identified.opened.len);
        self.out.get(..len).unwrap_or(&[])
    }
}

impl RootKey {
    /// Opens each item by itself: what becomes of it is in its result, and one
    /// that is refused does not touch the others.
    pub fn open_batch(&self, items: &mut [Item<'_>]) {
        let cpu = self.cpu();
        let mut lanes = None;
        for items in items.chunks_mut(Lanes::COUNT) {
            let mut plans = [None; Lanes::COUNT];
            for (item, plan) in items.iter_mut().zip(&mut plans) {
                match Plan::of(item) {
                    Ok(found) => *plan = Some(found),
                    Err(refused) => item.result = Err(refused),
                }
            }
            let short = |plan: &&Plan<'_>| plan.id.len() <= MAX_ID_AT_ONCE;
            let at_once = plans.iter().flatten().filter(short).count();
            if Lanes::pay(cpu, at_once) {
                let lanes = lanes.get_or_insert_with(|| Lanes::new(cpu));
                self.derive_message_keys(lanes, &plans);
                for ((item, plan), key) in items.iter_mut().zip(&plans).zip(lanes.tags()) {
                    if let Some(plan) = plan {
                        item.result = plan.open(item, key);
                    }
                }
            } else {
                for (item, plan) in items.iter_mut().zip(&plans) {
                    if let Some(plan) = plan {
                        let key = self.derive_message_key(plan);
                        item.result = plan.open(item, key.expose());
                    }
                }
            }
        }
        wipe::registers();
    }

    /// Makes the tags of `lanes` the message keys of `plans`.
    fn derive_message_keys(&self, lanes: &mut Lanes, plans: &[Option<Plan<'_>>]) {
        lanes.clear();
        for plan in plans {
            let device = plan.as_ref().map_or((&[][..], Version::FIRST), Plan::device);
            self.push_device(lanes, device);
        }
        self.mac_devices(lanes);
        // Longer ids have no lane.
        for (plan, key) in plans.iter().zip(lanes.tags()) {
            if let Some(plan) = plan.as_ref().filter(|plan| plan.id.len() > MAX_ID_AT_ONCE) {
                self.derive(plan.id, plan.version, key);
            }
        }
        lanes.rekey();
        for plan in plans {
            let session = plan.map_or(Session::counted(Boot::ZERO), |plan| plan.session);
            with_message_step(Direction::Up, &session, |pieces| lanes.push(pieces));
        }
        lanes.mac_each();
    }

    /// The message key of one plan.
    fn derive_message_key(&self, plan: &Plan<'_>) -> Secret<32> {
        let mut device_key = Secret::zeros();
        self.derive(plan.id, plan.version, device_key.expose_mut());
        let device_key = Sha256Key::new(self.cpu(), device_key.expose());
        with_message_step(Direction::Up, &plan.session, |pieces| label::mac(&device_key, pieces))
    }
}

/// A message that can be opened, if the key of what it claims verifies it.
#[derive(Clone, Copy)]
struct Plan<'a> {
    id: &'a [u8],
    version: Version,
    session: Session,
    counter: u32,
    form: Form,
    /// Ciphertext and tag.
    sealed: &'a [u8],
}

impl<'a> Plan<'a> {
    /// Takes a message apart and checks all that can be checked without a key.
    #[inline(always)]
    fn of(item: &Item<'a>) -> Result<Self, Error> {
        let parts = inspect(item.message)?;
        if item.external_aad.len() > MAX_EXTERNAL_AAD_LEN {
            return Err(Error::InvalidLength);
        }
        let needed = parts.ciphertext.len();
        if item.out.len() < needed {
            return Err(Error::BufferTooSmall { needed });
        }
        let form = parts.claim.form();
        let start = item.message.len() - needed - TAG_LEN;
        let sealed = item.message.get(start..).ok_or(Error::Malformed)?;
        let known = item.known.as_ref();
        match parts.claim {
            Claim::Long { version, id, session, counter } => {
                if known.is_some_and(|known| known.id != id || known.version != version) {
                    return Err(Error::OtherKey);
                }
                Ok(Self { id, version, session, counter, form, sealed })
            }
            Claim::Compact { version: residue, boot, counter } => {
                let Known { id, version, state } = known.ok_or(Error::NeedLong)?;
                if !DeviceId::is_valid(id) {
                    return Err(Error::InvalidLength);
                }
                if u64::from(residue) != version.get() % 64 {
                    return Err(Error::OtherKey);
                }
                // Uplinks have one candidate.
                let candidates = Freshness::load(state)?.candidates(boot, counter)?;
                let [Some((session, counter)), ..] = candidates else {
                    return Err(Error::NeedLong);
                };
                Ok(Self { id, version: *version, session, counter, form, sealed })
            }
        }
    }

    fn device(&self) -> (&'a [u8], Version) {
        (self.id, self.version)
    }

    /// Opens the message of `item` with its message key.
    fn open(&self, item: &mut Item<'a>, key: &[u8; 32]) -> Result<Identified<'a>, Error> {
        let mut known = match &mut item.known {
            Some(known) => Some((Freshness::load(known.state)?, &mut *known.state)),
            None => None,
        };
        let aad = Aad::new(item.external_aad)?;
        let nonce = nonce(self.counter);
        let algorithm = AeadAlgorithm::Aes256Gcm;
        let len = open_once(algorithm, key, &nonce, aad.as_bytes(), self.sealed, item.out)
            .map_err(|_| Error::Forged)?;
        if let Some((freshness, state)) = &mut known {
            if let Err(refused) = freshness.admit(self.session, self.counter) {
                item.out.iter_mut().take(len).for_each(|byte| *byte = 0);
                return Err(refused);
            }
            **state = freshness.save();
        }
        let Self { id, version, session, counter, form, .. } = *self;
        Ok(Identified { id, opened: Opened { len, version, session, counter, form } })
    }
}

impl fmt::Debug for Item<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Item").field("result", &self.result).finish_non_exhaustive()
    }
}

impl fmt::Debug for Known<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Known")
            .field("version", &self.version)
            .field("id", &format_args!("{}", self.id.escape_ascii()))
            .finish_non_exhaustive()
    }
}
