//! The vectors of `docs/vectors/`, which an independent implementation made from
//! the specifications, through any front: what each list promises.

use corekey::hash::HashAlgorithm;
use corekey::mac::HmacKey;
use corekey::wrap::{WrapAlgorithm, WrapKey};

use crate::case::{Case, File};
use crate::checks::Check;
use crate::device_front::{
    Answer, DeviceFront, Direction, Form, Key, Name, Opener, Purpose, Root, Session, Told,
};
use crate::flash::Flash;
use crate::tally::Tally;

const DERIVATION: &str = "derivation.json";
const MESSAGES: &str = "messages.json";
const ROTATION: &str = "rotation.json";
const JOURNAL: &str = "journal.json";

/// A name for where a case has none, and its outcome does not depend on it.
const ANY: Name<'static> = Name { version: 1, id: b"any" };

/// Runs every case of a list.
fn each(tally: &mut Tally, file: &str, list: &str, check: impl Fn(&Case<'_>) -> Check) {
    for case in File::read(file).list(list) {
        tally.count(&case.place(), check(&case));
    }
}

fn equal<T: PartialEq + std::fmt::Debug>(what: &str, got: Answer<T>, expected: &T) -> Check {
    match got {
        Ok(got) if got == *expected => Ok(()),
        Ok(got) => Err(format!("{what} is {got:x?}, not {expected:x?}")),
        Err(why) => Err(format!("{what} was refused: {why}")),
    }
}

/// That a front refused, with a status.
fn refused<T>(got: Answer<T>, status: &str) -> Check {
    match got {
        Err(why) if why == status => Ok(()),
        Err(why) => Err(format!("{why}, not {status}")),
        Ok(_) => Err(format!("not refused, and {status} was due")),
    }
}

/// The specification's Expand.
fn expand(key: &[u8], info: &[&[u8]]) -> Vec<u8> {
    let hmac = HmacKey::new(HashAlgorithm::Sha256, key);
    hmac.mac(&[&info.concat(), &[1][..]].concat()).as_ref().to_vec()
}

/// What a case says of a device key, in the shapes that fronts take.
struct Device {
    root: Vec<u8>,
    version: u64,
    id: Vec<u8>,
    key: Vec<u8>,
}

impl Device {
    fn of(case: &Case<'_>) -> Self {
        let root = if case.has("root") { case.bytes("root") } else { vec![] };
        let (version, id) = (case.number("version"), case.bytes("device_id"));
        Self { root, version, id, key: case.bytes("device_key") }
    }

    fn root(&self) -> Root<'_> {
        Root { secret: &self.root, fleet: None }
    }

    fn name(&self) -> Name<'_> {
        Name { version: self.version, id: &self.id }
    }

    fn key(&self) -> Key<'_> {
        Key { name: self.name(), bytes: &self.key }
    }
}

fn direction(case: &Case<'_>) -> Direction {
    match case.text("direction") {
        "up" => Direction::Up,
        "down" => Direction::Down,
        other => panic!("{}: direction {other}", case.place()),
    }
}

fn form(case: &Case<'_>, member: &str) -> Form {
    match case.text(member) {
        "long" => Form::Long,
        "compact" => Form::Compact,
        other => panic!("{}: form {other}", case.place()),
    }
}

/// Root ids and table keys.
pub fn roots(front: &dyn DeviceFront, tally: &mut Tally) {
    each(tally, DERIVATION, "roots", |case| {
        let secret = case.bytes("root");
        let root = Root { secret: &secret, fleet: None };
        equal("root id", front.root_id(root), &case.bytes("root_id"))?;
        // A front keeps its table key: it shows in what it wraps.
        let row = expand(&case.bytes("table_key"), &[b"ck1 row\0", &[0; 7], &[1], b"any"]);
        let mut wrapped = vec![0; 40];
        let wrap_key = WrapKey::new(&row).map_err(|error| error.to_string())?;
        let outcome = wrap_key.wrap(WrapAlgorithm::AesKw, &[7; 32], &mut wrapped);
        outcome.map_err(|error| error.to_string())?;
        equal("a row", front.wrap(root, Key { name: ANY, bytes: &[7; 32] }), &wrapped)
    });
}

/// Device keys, their check values and rows.
pub fn device_keys(front: &dyn DeviceFront, tally: &mut Tally) {
    each(tally, DERIVATION, "device_keys", |case| {
        let device = Device::of(case);
        equal("key", front.device_key(device.root(), device.name()), &device.key)?;
        let held = front.hold(device.key())?;
        equal("check value", Ok(held.check_value.clone()), &case.bytes("key_check_value"))?;
        let wrapped = case.bytes("encrypted_key");
        equal("row", front.wrap(device.root(), device.key()), &wrapped)?;
        equal("unwrapped", front.unwrap(device.root(), device.name(), &wrapped), &held)
    });
}

/// Fleet roots.
pub fn fleets(front: &dyn DeviceFront, tally: &mut Tally) {
    each(tally, DERIVATION, "fleets", |case| {
        let device = Device::of(case);
        let (fleet_id, fleet_root) = (case.bytes("fleet_id"), case.bytes("fleet_root"));
        let under_tenant = Root { secret: &device.root, fleet: Some(&fleet_id) };
        let by_itself = Root { secret: &fleet_root, fleet: None };
        for root in [under_tenant, by_itself] {
            equal("root id", front.root_id(root), &case.bytes("fleet_root_id"))?;
            equal("key", front.device_key(root, device.name()), &device.key)?;
        }
        Ok(())
    });
}

/// Keys of audit chains, by the tags that they make.
pub fn audit_chains(front: &dyn DeviceFront, tally: &mut Tally) {
    let entries: [&[u8]; 3] = [b"one", b"", b"three"];
    for case in File::read(DERIVATION).list("audit_chains") {
        let secret = case.bytes("root");
        let root = Root { secret: &secret, fleet: None };
        let Some(tags) = front.audit(root, &case.bytes("chain_id"), &entries) else {
            tally.skip("no audit chains");
            continue;
        };
        let mut expected = vec![];
        let mut previous = vec![0; 32];
        for (index, (key, entry)) in
            ["first", "second", "third"].into_iter().zip(entries).enumerate()
        {
            let index = (index as u64).to_be_bytes();
            let hmac = HmacKey::new(HashAlgorithm::Sha256, &case.bytes(key));
            previous = hmac.mac(&[&previous, &index[..], entry].concat()).as_ref().to_vec();
            expected.push(previous.clone());
        }
        tally.count(&case.place(), equal("tags", tags, &expected));
    }
}

/// Imported keys.
pub fn imports(front: &dyn DeviceFront, tally: &mut Tally) {
    each(tally, DERIVATION, "imports", |case| {
        let (bytes, id) = (case.bytes("device_key"), case.bytes("device_id"));
        let name = Name { version: case.number("version"), id: &id };
        let expected = front.hold(Key { name, bytes: &bytes })?;
        equal("check value", Ok(expected.check_value.clone()), &case.bytes("key_check_value"))?;
        equal("key", front.import(name, &case.bytes("imported")), &expected)
    });
}

/// Message keys, out of COSE_Keys.
pub fn message_keys(front: &dyn DeviceFront, tally: &mut Tally) {
    each(tally, DERIVATION, "messages", |case| {
        let (bytes, salt) = (case.bytes("device_key"), case.bytes("salt"));
        let session =
            Session { direction: direction(case), boot: case.number("boot"), salt: &salt };
        let cose = front.cose_key(Key { name: ANY, bytes: &bytes }, session);
        let key = cose.map(|cose| cose[cose.len().saturating_sub(32)..].to_vec());
        equal("message key", key, &case.bytes("message_key"))
    });
}

/// Rotation keys, by what they wrap.
pub fn rotation_keys(front: &dyn DeviceFront, tally: &mut Tally) {
    each(tally, DERIVATION, "rotations", |case| {
        let bytes = case.bytes("device_key");
        let next = Name { version: case.number("to_version"), id: ANY.id };
        let (current, next) =
            (Key { name: ANY, bytes: &bytes }, Key { name: next, bytes: &[7; 32] });
        let wrap_key = WrapKey::new(&case.bytes("rotation_key"));
        let mut expected = [&case.number("to_version").to_be_bytes()[..], &[0; 40]].concat();
        let outcome =
            wrap_key.and_then(|key| key.wrap(WrapAlgorithm::AesKw, &[7; 32], &mut expected[8..]));
        outcome.map_err(|error| error.to_string())?;
        equal("offer", front.offer(current, next), &expected)
    });
}

/// Personalizations of DRBGs.
pub fn personalizations(front: &dyn DeviceFront, tally: &mut Tally) {
    each(tally, DERIVATION, "personalizations", |case| {
        let bytes = case.bytes("device_key");
        let got = front.personalization(Key { name: ANY, bytes: &bytes }, case.number("boot"));
        equal("personalization", got, &case.bytes("personalization"))
    });
}

/// Keys for applications.
pub fn applications(front: &dyn DeviceFront, tally: &mut Tally) {
    each(tally, DERIVATION, "applications", |case| {
        let (bytes, context) = (case.bytes("device_key"), case.bytes("context"));
        let key = Key { name: ANY, bytes: &bytes };
        let wrapping = front.application_key(key, Purpose::Wrap, &context);
        equal("wrapping key", wrapping, &case.bytes("wrapping_key"))?;
        let authentication = front.application_key(key, Purpose::Authenticate, &context);
        equal("authentication key", authentication, &case.bytes("authentication_key"))
    });
}

/// Inputs of derivations that are out of range.
pub fn refused_derivations(front: &dyn DeviceFront, tally: &mut Tally) {
    each(tally, DERIVATION, "refused", |case| {
        let root = Root { secret: &[7; 32], fleet: None };
        let key = Key { name: ANY, bytes: &[7; 32] };
        let got: Answer<()> = match case.text("what") {
            "device_key" => {
                let id = case.bytes("device_id");
                let name = Name { version: case.number("version"), id: &id };
                front.device_key(root, name).map(drop)
            }
            "fleet_root" => {
                let fleet_id = case.bytes("fleet_id");
                front.root_id(Root { fleet: Some(&fleet_id), ..root }).map(drop)
            }
            "import" => front.import(ANY, &case.bytes("imported")).map(drop),
            "rotation_key" => {
                let name = Name { version: case.number("to_version"), ..ANY };
                front.offer(key, Key { name, ..key }).map(drop)
            }
            "personalization" => front.personalization(key, case.number("boot")).map(drop),
            "application_key" => {
                front.application_key(key, Purpose::Wrap, &case.bytes("context")).map(drop)
            }
            other => return Err(format!("what is {other}?")),
        };
        if got.is_ok() { Err("not refused".into()) } else { Ok(()) }
    });
}

/// Every message in all its shapes.
pub fn messages(front: &dyn DeviceFront, tally: &mut Tally) {
    each(tally, MESSAGES, "messages", |case| {
        let device = Device::of(case);
        let (salt, aad, payload) =
            (case.bytes("salt"), case.bytes("external_aad"), case.bytes("payload"));
        let session =
            Session { direction: direction(case), boot: case.number("boot"), salt: &salt };
        let (long, compact) = (case.bytes("long"), case.bytes("compact"));
        equal("device key", front.device_key(device.root(), device.name()), &device.key)?;
        equal("COSE_Key", front.cose_key(device.key(), session), &case.bytes("cose_key"))?;
        equal("compact form", front.rewrite(Form::Compact, &long), &compact)?;
        equal("full IV", front.rewrite(Form::FullIv, &long), &case.bytes("full_iv"))?;

        let (version, counter) = (device.version, case.number("counter"));
        let (id, boot) = (device.id.clone(), session.boot);
        let payload_len = payload.len();
        let told =
            Told { form: Form::Long, version, id, boot, salt: salt.clone(), counter, payload_len };
        equal("inspected, long", front.inspect(&long), &told)?;
        let residues = Told {
            form: Form::Compact,
            version: version % 64,
            id: vec![],
            boot: boot % 256,
            salt: vec![],
            counter: counter % 65_536,
            payload_len,
        };
        equal("inspected, compact", front.inspect(&compact), &residues)?;

        let mut opener = match session.direction {
            Direction::Up => front.opener_up(device.key(), None)?,
            Direction::Down => front.opener_down(device.key(), boot)?,
        };
        refused(opener.open(&aad, &compact), "NEED_LONG")?;
        equal("opened", opener.open(&aad, &long), &(told, payload))?;
        refused(opener.open(&aad, &compact), "REPLAY")
    });
}

/// What is no message.
pub fn malformed(front: &dyn DeviceFront, tally: &mut Tally) {
    each(tally, MESSAGES, "malformed", |case| {
        let message = case.bytes("message");
        let key = Key { name: ANY, bytes: &[7; 32] };
        refused(front.inspect(&message), "MALFORMED")?;
        refused(front.rewrite(Form::Compact, &message), "MALFORMED")?;
        refused(front.rewrite(Form::FullIv, &message), "MALFORMED")?;
        refused(front.opener_up(key, None)?.open(b"", &message), "MALFORMED")?;
        refused(front.opener_down(key, 7)?.open(b"", &message), "MALFORMED")
    });
}

/// Messages to openers that have seen none.
pub fn refused_messages(front: &dyn DeviceFront, tally: &mut Tally) {
    each(tally, MESSAGES, "refused", |case| {
        let device = Device::of(case);
        let mut opener = match direction(case) {
            Direction::Up => front.opener_up(device.key(), None)?,
            Direction::Down => front.opener_down(device.key(), case.number("opener_boot"))?,
        };
        let got = opener.open(&case.bytes("external_aad"), &case.bytes("message"));
        match case.text("status") {
            "OPENED" => got.map(drop),
            status => refused(got, status),
        }
    });
}

/// Sequences of messages to one opener.
pub fn steps(front: &dyn DeviceFront, tally: &mut Tally) {
    let file = File::read(MESSAGES);
    let mut opener: Option<Box<dyn Opener>> = None;
    let mut device: Option<(String, Device)> = None;
    for case in file.list("steps") {
        let started = step(front, &case, &mut opener, &mut device);
        tally.count(&case.place(), started);
    }
}

fn step(
    front: &dyn DeviceFront,
    case: &Case<'_>,
    opener: &mut Option<Box<dyn Opener>>,
    device: &mut Option<(String, Device)>,
) -> Check {
    let sequence = case.text("sequence").to_owned();
    match case.text("do") {
        what @ ("first_contact" | "device_start") => {
            let this = Device::of(case);
            let started = if what == "first_contact" {
                front.opener_up(this.key(), None)?
            } else {
                front.opener_down(this.key(), case.number("boot"))?
            };
            (*opener, *device) = (Some(started), Some((sequence, this)));
        }
        "resume" => {
            let (_, this) = device.as_ref().filter(|(of, _)| *of == sequence).ok_or("no start")?;
            *opener = Some(front.opener_up(this.key(), Some(&case.bytes("state")))?);
        }
        "open" => {
            device.as_ref().filter(|(of, _)| *of == sequence).ok_or("no start")?;
            let opener = opener.as_mut().ok_or("no start")?;
            let got = opener.open(&case.bytes("external_aad"), &case.bytes("message"));
            match case.text("status") {
                "OPENED" => opened(case, got)?,
                status => refused(got, status)?,
            }
        }
        other => return Err(format!("do {other}?")),
    }
    if case.has("state") {
        let opener = opener.as_ref().ok_or("no start")?;
        equal("state", opener.save(), &case.bytes("state"))?;
    }
    Ok(())
}

fn opened(case: &Case<'_>, got: Answer<(Told, Vec<u8>)>) -> Check {
    let (told, payload) = got?;
    equal("payload", Ok(payload), &case.bytes("payload"))?;
    let numbers = (told.boot, told.counter);
    equal("boot, counter", Ok(numbers), &(case.number("boot"), case.number("counter")))?;
    equal("salt", Ok(told.salt), &case.bytes("salt"))
}

/// Saved states, whole and damaged.
pub fn states(front: &dyn DeviceFront, tally: &mut Tally) {
    each(tally, MESSAGES, "states", |case| {
        let state = case.bytes("state");
        let opener = front.opener_up(Key { name: ANY, bytes: &[7; 32] }, Some(&state));
        match case.text("status") {
            "OK" => equal("saved again", opener?.save(), &state),
            // A state of another length is refused in a front's own words.
            "REFUSED" if state.len() != 64 && opener.is_err() => Ok(()),
            status => refused(opener, status),
        }
    });
}

/// Messages of a sealer by their number.
pub fn seals(front: &dyn DeviceFront, tally: &mut Tally) {
    each(tally, MESSAGES, "seals", |case| {
        let device = Device::of(case);
        let salt = case.bytes("salt");
        let session =
            Session { direction: direction(case), boot: case.number("boot"), salt: &salt };
        let mut sealer = front.sealer(device.key(), session)?;
        for _ in 0..case.number("counter") {
            sealer.seal(Form::Compact, b"", b"")?;
        }
        let asked = form(case, "asked");
        let message = sealer.seal(asked, &case.bytes("external_aad"), &case.bytes("payload"));
        equal("message", message.clone(), &case.bytes("message"))?;
        equal("form", front.inspect(&message?).map(|told| told.form), &form(case, "form"))
    });
}

/// Sealers near their limits.
pub fn limits(_: &dyn DeviceFront, tally: &mut Tally) {
    for _ in File::read(MESSAGES).list("limits") {
        tally.skip("a sealer starts at counter 0: see sealer.rs");
    }
}

/// Offers of next keys.
pub fn offers(front: &dyn DeviceFront, tally: &mut Tally) {
    each(tally, ROTATION, "offers", |case| {
        let device = Device::of(case);
        let next_bytes = case.bytes("next_device_key");
        let name = Name { version: case.number("next_version"), id: &device.id };
        let next = Key { name, bytes: &next_bytes };
        let offer = case.bytes("offer");
        equal("offer", front.offer(device.key(), next), &offer)?;
        equal("applied", front.apply(device.key(), &offer), &Some(front.hold(next)?))
    });
}

/// Offers at devices.
pub fn applies(front: &dyn DeviceFront, tally: &mut Tally) {
    each(tally, ROTATION, "applies", |case| {
        let device = Device::of(case);
        let applied = front.apply(device.key(), &case.bytes("offer"));
        match case.text("status") {
            "IGNORED" => equal("applied", applied, &None),
            "APPLIED" => {
                let bytes = case.bytes("next_device_key");
                let name = Name { version: case.number("next_version"), id: &device.id };
                equal("applied", applied, &Some(front.hold(Key { name, bytes: &bytes })?))
            }
            status => refused(applied, status),
        }
    });
}

fn flash(case: &Case<'_>) -> Flash {
    let unreadable = if case.has("unreadable") { case.pairs("unreadable") } else { vec![] };
    let pages = case.list_of_bytes("pages");
    let size = case.number("page_size") as usize;
    assert!(pages.iter().all(|page| page.len() == size), "{}: page_size", case.place());
    Flash::new(pages, &unreadable)
}

/// That a flash has these pages, and was driven as flash must be.
fn holds(flash: &Flash, pages: &[Vec<u8>]) -> Check {
    if let Some(misuse) = flash.misused() {
        return Err(misuse.to_owned());
    }
    equal("flash", Ok(flash.pages().to_vec()), &pages.to_vec())
}

/// Images of flash, recovered and booted.
pub fn images(front: &dyn DeviceFront, tally: &mut Tally) {
    each(tally, JOURNAL, "images", |case| {
        let mut flash = flash(case);
        let before = flash.pages().to_vec();
        let recovered = front.recover(&mut flash, ANY.id);
        if case.text("status") == "STATE_LOST" {
            refused(recovered, "STATE_LOST")?;
            refused(front.next_boot(&mut flash), "STATE_LOST")?;
            return holds(&flash, &before);
        }
        let bytes = case.bytes("device_key");
        let name = Name { version: case.number("version"), ..ANY };
        equal("key", recovered, &front.hold(Key { name, bytes: &bytes })?)?;
        holds(&flash, &case.list_of_bytes("pages_after_recovery"))?;
        equal("boot", front.next_boot(&mut flash), &case.number("next_boot"))?;
        holds(&flash, &case.list_of_bytes("pages_after_boot"))
    });
}

/// Rotations of journals.
pub fn journal_rotations(front: &dyn DeviceFront, tally: &mut Tally) {
    each(tally, JOURNAL, "rotations", |case| {
        let mut flash = flash(case);
        let held = front.recover(&mut flash, ANY.id)?;
        let current_bytes = current_key(&flash);
        let current = Name { version: held.version, ..ANY };
        let current = Key { name: current, bytes: &current_bytes };
        let bytes = case.bytes("device_key");
        let next = Key { name: Name { version: case.number("version"), ..ANY }, bytes: &bytes };
        front.rotate(&mut flash, current, next)?;
        holds(&flash, &case.list_of_bytes("pages_after"))?;
        equal("key", front.recover(&mut flash, ANY.id), &front.hold(next)?)?;
        equal("boot", front.next_boot(&mut flash), &case.number("next_boot"))
    });
}

/// The key in a recovered flash: that of the header with the highest sequence
/// number.
fn current_key(flash: &Flash) -> Vec<u8> {
    let headers = flash.pages().iter().filter(|page| page.starts_with(b"ckj1"));
    let current = headers.max_by_key(|page| page[4..8].to_vec());
    current.map_or(vec![], |page| page[24..56].to_vec())
}

/// Provisioning of flashes.
pub fn provisions(front: &dyn DeviceFront, tally: &mut Tally) {
    each(tally, JOURNAL, "provisions", |case| {
        let mut flash = flash(case);
        let bytes = case.bytes("device_key");
        let name = Name { version: case.number("version"), ..ANY };
        let got = front.provision(&mut flash, Key { name, bytes: &bytes });
        match case.text("status") {
            "OK" => got?,
            _ if got.is_ok() => return Err("not refused".into()),
            _ => {}
        }
        holds(&flash, &case.list_of_bytes("pages_after"))
    });
}
