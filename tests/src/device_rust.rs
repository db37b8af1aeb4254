//! Device keys, sealed messages, rotation and the boot journal through the Rust
//! API.

use corekey::Error;
use corekey::device::cose::cose_key;
use corekey::device::journal::{Fault, Journal, Storage};
use corekey::device::key::DeviceKey;
use corekey::device::name::{Boot, DeviceId, Version};
use corekey::device::root::{Root as _, RootKey};
use corekey::device::rotation::{self, Applied};
use corekey::device::{message, opener, sealer};
use corekey::secret::Secret;

use crate::device_front::{
    Answer, DeviceFront, Direction, Form, Held, Key, Name, Opener, Purpose, Root, Sealer, Session,
    Told, check_output_of_refused,
};
use crate::flash::{Flash, WORD};
use crate::front::UNWRITTEN;
use crate::rust_front::RustApi;

/// The specification's word for an error, or the crate's own.
fn status(error: Error) -> String {
    match error {
        Error::Malformed => "MALFORMED".into(),
        Error::OtherKey => "OTHER_KEY".into(),
        Error::NeedLong => "NEED_LONG".into(),
        Error::Forged => "FORGED".into(),
        Error::Stale => "STALE".into(),
        Error::Replay => "REPLAY".into(),
        Error::SessionFull => "SESSION_FULL".into(),
        Error::InvalidState => "REFUSED".into(),
        Error::BadOffer => "BAD_OFFER".into(),
        Error::StateLost => "STATE_LOST".into(),
        other => other.to_string(),
    }
}

/// Any result in the words of a front.
fn answer<T>(result: Result<T, Error>) -> Answer<T> {
    result.map_err(status)
}

fn array<const N: usize>(bytes: &[u8]) -> Answer<[u8; N]> {
    bytes.try_into().map_err(|_| format!("{} bytes, not {N}", bytes.len()))
}

fn secret(bytes: &[u8]) -> Answer<Secret<32>> {
    Ok(Secret::take(&mut array(bytes)?))
}

fn root_key(root: Root<'_>) -> Answer<RootKey> {
    let tenant = RootKey::new(&secret(root.secret)?);
    root.fleet
        .map_or(Ok(tenant), |fleet| answer(RootKey::new(&secret(root.secret)?).fleet_root(fleet)))
}

fn names(name: Name<'_>) -> Answer<(DeviceId, Version)> {
    Ok((answer(DeviceId::new(name.id))?, answer(Version::new(name.version))?))
}

fn device_key(key: Key<'_>) -> Answer<DeviceKey> {
    let (id, version) = names(key.name)?;
    Ok(DeviceKey::new(id, version, secret(key.bytes)?))
}

fn held(key: &DeviceKey) -> Held {
    let derived = key.app_auth_key(b"").expect("the empty context is allowed");
    Held {
        version: key.version().get(),
        check_value: key.check_value().to_vec(),
        derived: derived.expose().to_vec(),
    }
}

fn direction(direction: Direction) -> message::Direction {
    match direction {
        Direction::Up => message::Direction::Up,
        Direction::Down => message::Direction::Down,
    }
}

fn session(session: Session<'_>) -> Answer<message::Session> {
    let boot = answer(Boot::new(session.boot))?;
    if session.salt.is_empty() {
        return Ok(message::Session::counted(boot));
    }
    Ok(message::Session::salted(boot, array(session.salt)?))
}

fn form(form: Form) -> Answer<message::Form> {
    match form {
        Form::Long => Ok(message::Form::Long),
        Form::Compact => Ok(message::Form::Compact),
        Form::FullIv => Err("nothing is sealed with its full IV".into()),
    }
}

/// A message with a buffer of the length that it needs, no more.
fn exactly(write: impl Fn(&mut [u8]) -> Result<usize, Error>) -> Answer {
    let needed = match write(&mut []) {
        Err(Error::BufferTooSmall { needed }) => needed,
        other => return answer(other).map(|_| vec![]),
    };
    let mut out = vec![0; needed];
    let len = answer(write(&mut out))?;
    assert_eq!(len, needed, "BufferTooSmall named another length");
    Ok(out)
}

#[derive(Debug)]
struct RustSealer(sealer::Sealer);

impl Sealer for RustSealer {
    /// Sealed in place: the payload lies where it will be in the message.
    fn seal(&mut self, asked: Form, external_aad: &[u8], payload: &[u8]) -> Answer {
        let asked = form(asked)?;
        let len = answer(self.0.sealed_len(asked, payload.len()))?;
        let start = len - payload.len() - 16;
        let mut buffer = vec![UNWRITTEN; len];
        buffer[start..start + payload.len()].copy_from_slice(payload);
        let place = start..start + payload.len();
        let sealed = answer(self.0.seal_in_place(asked, external_aad, &mut buffer, place))?;
        assert_eq!(sealed, len, "sealed_len named another length");
        Ok(buffer)
    }
}

#[derive(Debug)]
struct RustOpener(opener::Opener);

impl Opener for RustOpener {
    fn open(&mut self, external_aad: &[u8], message: &[u8]) -> Answer<(Told, Vec<u8>)> {
        let mut out = vec![UNWRITTEN; message.len()];
        let opened = match self.0.open(external_aad, message, &mut out) {
            Ok(opened) => opened,
            Err(error) => {
                check_output_of_refused(&status(error), message, &out);
                return Err(status(error));
            }
        };
        out.truncate(opened.len);
        let claim = message::Claim::Long {
            version: opened.version,
            id: self.0.key().id().as_bytes(),
            session: opened.session,
            counter: opened.counter,
        };
        let form = match opened.form {
            message::Form::Long => Form::Long,
            message::Form::Compact => Form::Compact,
        };
        Ok((Told { form, ..told(&claim, opened.len) }, out))
    }

    fn save(&self) -> Answer {
        Ok(self.0.save().to_vec())
    }
}

fn told(claim: &message::Claim<'_>, payload_len: usize) -> Told {
    match *claim {
        message::Claim::Long { version, id, session, counter } => Told {
            form: Form::Long,
            version: version.get(),
            id: id.to_vec(),
            boot: session.boot().get(),
            salt: session.salt().map_or(vec![], |salt| salt.to_vec()),
            counter: counter.into(),
            payload_len,
        },
        message::Claim::Compact { version, boot, counter } => Told {
            form: Form::Compact,
            version: version.into(),
            id: vec![],
            boot: boot.into(),
            salt: vec![],
            counter: counter.into(),
            payload_len,
        },
    }
}

/// The flash as the journal sees it.
struct Driver<'a>(&'a mut Flash);

impl Storage for Driver<'_> {
    fn pages(&self) -> usize {
        self.0.page_count()
    }

    fn page_size(&self) -> usize {
        self.0.page_size()
    }

    fn read(&mut self, page: usize, offset: usize, out: &mut [u8]) -> Result<(), Fault> {
        if self.0.read(page, offset, out) { Ok(()) } else { Err(Fault::Unreadable) }
    }

    fn write(&mut self, page: usize, offset: usize, word: &[u8; WORD]) -> Result<(), Fault> {
        self.0.write(page, offset, word);
        Ok(())
    }

    fn erase(&mut self, page: usize) -> Result<(), Fault> {
        self.0.erase(page);
        Ok(())
    }
}

impl DeviceFront for RustApi {
    fn name(&self) -> &'static str {
        "Rust API"
    }

    fn root_id(&self, root: Root<'_>) -> Answer {
        answer(root_key(root)?.root_id()).map(|id| id.to_vec())
    }

    fn device_key(&self, root: Root<'_>, name: Name<'_>) -> Answer {
        let (id, version) = names(name)?;
        answer(root_key(root)?.device_key(&id, version)).map(|key| key.expose().to_vec())
    }

    fn import(&self, name: Name<'_>, imported: &[u8]) -> Answer<Held> {
        let (id, version) = names(name)?;
        answer(DeviceKey::import(id, version, imported)).map(|key| held(&key))
    }

    fn hold(&self, key: Key<'_>) -> Answer<Held> {
        device_key(key).map(|key| held(&key))
    }

    fn wrap(&self, root: Root<'_>, key: Key<'_>) -> Answer {
        let table = answer(root_key(root)?.table_key())?;
        answer(table.wrap(&device_key(key)?)).map(|wrapped| wrapped.to_vec())
    }

    fn unwrap(&self, root: Root<'_>, name: Name<'_>, wrapped: &[u8]) -> Answer<Held> {
        let (id, version) = names(name)?;
        let table = answer(root_key(root)?.table_key())?;
        answer(table.unwrap(&id, version, &array(wrapped)?)).map(|key| held(&key))
    }

    fn audit(
        &self,
        root: Root<'_>,
        chain_id: &[u8],
        entries: &[&[u8]],
    ) -> Option<Answer<Vec<Vec<u8>>>> {
        Some(audit(root, chain_id, entries))
    }

    fn application_key(&self, key: Key<'_>, purpose: Purpose, context: &[u8]) -> Answer {
        let key = device_key(key)?;
        let derived = match purpose {
            Purpose::Wrap => key.app_wrap_key(context),
            Purpose::Authenticate => key.app_auth_key(context),
        };
        answer(derived).map(|key| key.expose().to_vec())
    }

    fn personalization(&self, key: Key<'_>, boot: u64) -> Answer {
        let boot = answer(Boot::new(boot))?;
        Ok(device_key(key)?.drbg_personalization(boot).expose().to_vec())
    }

    fn cose_key(&self, key: Key<'_>, of: Session<'_>) -> Answer {
        let key = device_key(key)?;
        Ok(cose_key(&key, direction(of.direction), &session(of)?).expose().to_vec())
    }

    fn inspect(&self, message: &[u8]) -> Answer<Told> {
        let parts = answer(message::inspect(message))?;
        Ok(told(&parts.claim, parts.ciphertext.len()))
    }

    fn rewrite(&self, form: Form, message: &[u8]) -> Answer {
        match form {
            Form::Long => Err("a long message is long".into()),
            Form::Compact => exactly(|out| message::write_compact(message, out)),
            Form::FullIv => exactly(|out| message::write_full_iv(message, out)),
        }
    }

    fn sealer(&self, key: Key<'_>, of: Session<'_>) -> Answer<Box<dyn Sealer>> {
        let (key, session) = (device_key(key)?, session(of)?);
        let sealer = match (of.direction, session.salt()) {
            (Direction::Up, _) => sealer::Sealer::up(&key, session),
            (Direction::Down, Some(salt)) => sealer::Sealer::down(&key, session.boot(), *salt),
            (Direction::Down, None) => return Err("a downlink session has a salt".into()),
        };
        Ok(Box::new(RustSealer(answer(sealer)?)))
    }

    fn opener_up(&self, key: Key<'_>, state: Option<&[u8]>) -> Answer<Box<dyn Opener>> {
        let key = device_key(key)?;
        let opener = match state {
            None => opener::Opener::first_contact(key),
            Some(state) => answer(opener::Opener::resume(key, &array(state)?))?,
        };
        Ok(Box::new(RustOpener(opener)))
    }

    fn opener_down(&self, key: Key<'_>, boot: u64) -> Answer<Box<dyn Opener>> {
        let boot = answer(Boot::new(boot))?;
        Ok(Box::new(RustOpener(opener::Opener::down(device_key(key)?, boot))))
    }

    fn offer(&self, current: Key<'_>, next: Key<'_>) -> Answer {
        answer(rotation::offer(&device_key(current)?, &device_key(next)?)).map(|it| it.to_vec())
    }

    fn apply(&self, current: Key<'_>, offer: &[u8]) -> Answer<Option<Held>> {
        Ok(match answer(rotation::apply(&device_key(current)?, offer))? {
            Applied::Ignored => None,
            Applied::Next(next) => Some(held(&next)),
        })
    }

    fn recover(&self, flash: &mut Flash, id: &[u8]) -> Answer<Held> {
        let id = answer(DeviceId::new(id))?;
        let journal = answer(Journal::open(Driver(flash)))?;
        Ok(held(&journal.device_key(&id)))
    }

    fn next_boot(&self, flash: &mut Flash) -> Answer<u64> {
        let mut journal = answer(Journal::open(Driver(flash)))?;
        answer(journal.next_boot()).map(Boot::get)
    }

    fn rotate(&self, flash: &mut Flash, current: Key<'_>, next: Key<'_>) -> Answer<()> {
        let offer = self.offer(current, next)?;
        let mut journal = answer(Journal::open(Driver(flash)))?;
        match answer(journal.apply(device_key(current)?.id(), &offer))? {
            Applied::Next(applied) if held(&applied) == self.hold(next)? => Ok(()),
            other => Err(format!("the offer came to {other:?}")),
        }
    }

    fn provision(&self, flash: &mut Flash, key: Key<'_>) -> Answer<()> {
        let version = answer(Version::new(key.name.version))?;
        answer(Journal::provision(Driver(flash), version, &secret(key.bytes)?)).map(drop)
    }
}

fn audit(root: Root<'_>, chain_id: &[u8], entries: &[&[u8]]) -> Answer<Vec<Vec<u8>>> {
    let mut key = answer(root_key(root)?.audit_key(&array(chain_id)?))?;
    let mut previous = [0; 32];
    let mut tags = vec![];
    for (index, entry) in (0..).zip(entries) {
        (previous, key) = key.seal(&previous, index, entry);
        tags.push(previous.to_vec());
    }
    Ok(tags)
}
