//! What the service does with a message: finds the key that verifies it, judges
//! its freshness, saves what it learned, and moves the device's rotation on.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use corekey::Error;
use corekey::device::head::{Heard, RowStatus};
use corekey::device::key::DeviceKey;
use corekey::device::message::{Claim, Form, MAX_OVERHEAD, SALT_LEN, Session, inspect};
use corekey::device::name::{Boot, DeviceId, Version};
use corekey::device::opener::{Opened, Opener};
use corekey::device::root::{Root, RootKey};
use corekey::device::rotation::{self, OFFER_LEN};
use corekey::device::sealer::Sealer;
use corekey::rng::OsRng;

use crate::reading::Reading;
use crate::records::{Record, Records, Row, device_id};

/// The kind of a downlink that is an offer (`firmware/common/payload.h`).
const DOWN_OFFER: u8 = 1;
/// An offer that got lost is sent again after this time.
const OFFER_AGAIN: Duration = Duration::from_secs(2);

/// The service while it runs.
pub(crate) struct Service {
    root: RootKey,
    folder: PathBuf,
    /// One for each device: in one boot it follows few salts, each of which is a
    /// sealer's.
    sealers: HashMap<String, (Version, Sealer)>,
    /// When, and to which boot, a device was offered which version.
    offered: HashMap<String, (Version, Boot, Instant)>,
}

/// What came of a message.
pub(crate) struct Taken {
    pub(crate) outcome: Result<OpenedReading, Refusal>,
    /// What else there is to tell.
    pub(crate) notes: Vec<String>,
    /// An answer to send.
    pub(crate) downlink: Option<Vec<u8>>,
}

/// A reading and whose it is, by the key that verified it.
pub(crate) struct OpenedReading {
    device: String,
    opened: Opened,
    reading: Reading,
}

/// Why a message was not opened.
pub(crate) struct Refusal {
    error: Error,
    /// The device whose key verified it, if one did.
    device: Option<String>,
    remark: String,
}

/// A message that opened, in the record that it belongs to.
struct Found {
    record: Record,
    opened: Opened,
    payload: Vec<u8>,
}

impl Service {
    pub(crate) fn new(root: RootKey, folder: &Path) -> Self {
        let (sealers, offered) = (HashMap::new(), HashMap::new());
        Self { root, folder: folder.to_path_buf(), sealers, offered }
    }

    /// Opens a message and does what follows from it. An error is one of the
    /// service, which cannot go on.
    pub(crate) fn take(&mut self, message: &[u8]) -> Result<Taken, String> {
        let records = Records::open(&self.folder)?;
        let found = match self.find(&records, message)? {
            Ok(found) => found,
            Err(refusal) => {
                return Ok(Taken { outcome: Err(refusal), notes: Vec::new(), downlink: None });
            }
        };
        let reading = Reading::parse(&found.payload);
        let (device, opened) = (found.record.name.clone(), found.opened);
        let (notes, downlink) = self.follow_up(&records, found)?;
        let outcome = match reading {
            Some(reading) => Ok(OpenedReading { device, opened, reading }),
            None => Err(Refusal::no_reading(&device)),
        };
        Ok(Taken { outcome, notes, downlink })
    }

    /// Stores what was learned from a message and moves the rotation on; what
    /// there is to tell and to send.
    fn follow_up(
        &mut self,
        records: &Records,
        found: Found,
    ) -> Result<(Vec<String>, Option<Vec<u8>>), String> {
        let Found { mut record, opened, .. } = found;
        let heard = record.head.heard(opened.version);
        let mut notes = Vec::new();
        if let Heard::Acknowledged(change) = &heard {
            record.apply(change);
            let (name, version) = (&record.name, opened.version.get());
            notes.push(format!("rotated {name} speaks version {version}, which is active now"));
        }
        // Before anything is done about it: else a crash would let it in again.
        records.store(&record)?;
        let Heard::OfferDue(next) = heard else { return Ok((notes, None)) };
        let offer = self.offer(&record.name, &opened, next)?;
        if offer.is_some() {
            notes.push(format!("offered {} the key of version {}", record.name, next.get()));
        }
        Ok((notes, offer))
    }

    /// Finds the key under which a message opens. A long message says whose it
    /// is. A compact one does not, and on a radio that all share nothing else
    /// does: each device that it may be of is tried. (A service that knows whose
    /// connection it came by need not.)
    fn find(&self, records: &Records, message: &[u8]) -> Result<Result<Found, Refusal>, String> {
        let claim = match inspect(message) {
            Ok(parts) => parts.claim,
            Err(error) => return Ok(Err(Refusal::of(error))),
        };
        let names = match claim {
            Claim::Long { id, .. } => std::str::from_utf8(id).map_or(vec![], |id| vec![id.into()]),
            Claim::Compact { .. } => records.names()?,
        };
        let mut refusal = Refusal::of(Error::OtherKey);
        for name in names {
            // An id that cannot be the name of a record is nobody's.
            let Ok(id) = device_id(&name) else { continue };
            let Some(mut record) = records.load(&name)? else { continue };
            for row in record.rows.iter_mut().filter(|row| is_of(&claim, row.version)) {
                if !row.status.opens() {
                    refusal.prefer(Refusal::closed(&name, row));
                    continue;
                }
                let mut opener = self.opener(&id, row)?;
                let mut payload = vec![0; message.len()];
                match opener.open(&[], message, &mut payload) {
                    Ok(opened) => {
                        payload.truncate(opened.len);
                        row.state = Some(opener.save());
                        return Ok(Ok(Found { record, opened, payload }));
                    }
                    Err(error) => {
                        refusal.prefer(Refusal::by(&name, error, &claim, opener.session()));
                    }
                }
            }
        }
        Ok(Err(refusal))
    }

    /// The opener of one version of a device, as it was when it was saved.
    fn opener(&self, id: &DeviceId, row: &Row) -> Result<Opener, String> {
        let key = self.root.device_key(id, row.version).map_err(text)?;
        match &row.state {
            Some(state) => Opener::resume(key, state).map_err(text),
            None => Ok(Opener::first_contact(key)),
        }
    }

    /// The offer of the next key, sealed for the device in its present boot; or
    /// nothing, if it was sent a moment ago.
    fn offer(
        &mut self,
        name: &str,
        heard: &Opened,
        next: Version,
    ) -> Result<Option<Vec<u8>>, String> {
        let boot = heard.session.boot();
        let is_recent = |(version, to, at): &(Version, Boot, Instant)| {
            (*version, *to) == (next, boot) && at.elapsed() < OFFER_AGAIN
        };
        if self.offered.get(name).is_some_and(is_recent) {
            return Ok(None);
        }
        let id = device_id(name)?;
        let current = self.root.device_key(&id, heard.version).map_err(text)?;
        let next_key = self.root.device_key(&id, next).map_err(text)?;
        let offer = rotation::offer(&current, &next_key).map_err(text)?;

        let sealer = self.sealer(name, &current, boot)?;
        let payload = [&[DOWN_OFFER], &offer[..]].concat();
        let mut message = vec![0; 1 + OFFER_LEN + MAX_OVERHEAD];
        let len = sealer.seal(Form::Long, &[], &payload, &mut message).map_err(text)?;
        message.truncate(len);
        self.offered.insert(name.to_owned(), (next, boot, Instant::now()));
        Ok(Some(message))
    }

    /// The sealer for a device in a boot: a new one, with a salt of its own, if
    /// it was for another boot or version.
    fn sealer(&mut self, name: &str, key: &DeviceKey, boot: Boot) -> Result<&mut Sealer, String> {
        let fits = |(version, sealer): &(Version, Sealer)| {
            *version == key.version() && sealer.session().boot() == boot
        };
        let sealer = match self.sealers.remove(name).filter(fits) {
            Some(sealer) => sealer,
            None => {
                let mut salt = [0; SALT_LEN];
                OsRng.fill(&mut salt).map_err(text)?;
                (key.version(), Sealer::down(key, boot, salt).map_err(text)?)
            }
        };
        let (_, sealer) = self.sealers.entry(name.to_owned()).insert_entry(sealer).into_mut();
        Ok(sealer)
    }
}

/// Whether a message says it is of a version, as far as it says.
fn is_of(claim: &Claim<'_>, version: Version) -> bool {
    match claim {
        Claim::Long { version: claimed, .. } => *claimed == version,
        Claim::Compact { version: residue, .. } => u64::from(*residue) == version.get() % 64,
    }
}

impl Refusal {
    fn of(error: Error) -> Self {
        let remark = match error {
            Error::OtherKey => "no device of ours has this id and version".into(),
            _ => error.to_string(),
        };
        Self { error, device: None, remark }
    }

    /// A message that verified and holds something else.
    fn no_reading(name: &str) -> Self {
        let remark = "it is authentic, but no reading: update the receiver".into();
        Self { error: Error::Malformed, device: Some(name.to_owned()), remark }
    }

    /// The device is known, but nothing is opened under this version.
    fn closed(name: &str, row: &Row) -> Self {
        let version = row.version.get();
        let why = match row.status {
            RowStatus::Revoked => "revoked",
            _ => "archived: its grace time is over",
        };
        Self {
            remark: format!("version {version} of {name} is {why}"),
            ..Self::of(Error::OtherKey)
        }
    }

    /// What a device's opener said.
    fn by(name: &str, error: Error, claim: &Claim<'_>, current: Option<&Session>) -> Self {
        if !is_authentic(error) {
            return Self::of(error);
        }
        let (Claim::Long { session, .. }, Some(current)) = (claim, current) else {
            return Self { device: Some(name.to_owned()), ..Self::of(error) };
        };
        let remark =
            if error == Error::Stale && session.boot() == current.boot() && session != current {
                "CLONE ALARM: boot number as of the device, salt of somebody else: two have its key"
                    .into()
            } else if error == Error::Stale && session.boot() < current.boot() {
                format!(
                    "boot {} is over, boot {} was heard: a replay, or a clone that lags behind",
                    session.boot().get(),
                    current.boot().get()
                )
            } else {
                error.to_string()
            };
        Self { error, device: Some(name.to_owned()), remark }
    }

    /// Of all keys that were tried, the answer of the one that verified counts;
    /// else what comes nearest to it.
    fn prefer(&mut self, other: Self) {
        let rank = |refusal: &Self| match refusal.error {
            error if is_authentic(error) => 3,
            Error::Forged => 2,
            Error::NeedLong => 1,
            _ => 0,
        };
        if rank(&other) >= rank(self) {
            *self = other;
        }
    }
}

/// Whether an opener says this of messages that verified, and of no others.
fn is_authentic(error: Error) -> bool {
    matches!(error, Error::Stale | Error::Replay | Error::SessionFull)
}

/// The name of the error, as in `corekey.h` without its prefix.
fn status(error: Error) -> &'static str {
    match error {
        Error::Malformed => "MALFORMED",
        Error::OtherKey => "OTHER_KEY",
        Error::NeedLong => "NEED_LONG",
        Error::Forged => "FORGED",
        Error::Stale => "STALE",
        Error::Replay => "REPLAY",
        _ => "ERROR",
    }
}

impl fmt::Display for OpenedReading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Opened { version, session, counter, form, .. } = self.opened;
        let (version, boot) = (version.get(), session.boot().get());
        let form = if form == Form::Long { "long" } else { "compact" };
        let device = &self.device;
        let line = format!(
            "opened  {device:<10} v{version} boot {boot} #{counter:<3} {form:<7}  {}",
            self.reading
        );
        f.write_str(line.trim_end())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whose = self.device.as_deref().unwrap_or("-");
        write!(f, "refused {:<9} {whose:<10} {}", status(self.error), self.remark)
    }
}

fn text(error: Error) -> String {
    error.to_string()
}
