//! What the service does with a message: finds the key that verifies it, judges
//! its freshness, saves what it learned, and moves the device's rotation on.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use corekey::Error;
use corekey::device::head::{Heard, RowStatus};
use corekey::device::message::{Claim, Form, MAX_OVERHEAD, Session, inspect};
use corekey::device::name::{Boot, Version};
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
        // One transaction: what was learned is stored before it is acted upon.
        let records = Records::open(&self.folder)?;
        let mut taken = Taken {
            outcome: Err(Refusal::of(Error::Malformed)),
            notes: Vec::new(),
            downlink: None,
        };
        let mut found = match self.find(&records, message)? {
            Ok(found) => found,
            Err(refusal) => return Ok(Taken { outcome: Err(refusal), ..taken }),
        };
        let (name, heard) =
            (found.record.name.clone(), found.record.head.heard(found.opened.version));
        if let Heard::Acknowledged(change) = &heard {
            found.record.apply(change);
            let version = found.opened.version.get();
            taken
                .notes
                .push(format!("rotated {name} speaks version {version}, which is active now"));
        }
        records.store(&found.record)?;
        if let Heard::OfferDue(next) = heard {
            taken.downlink = self.offer(&name, &found.opened, next)?;
            if taken.downlink.is_some() {
                taken.notes.push(format!("offered {name} the key of version {}", next.get()));
            }
        }
        taken.outcome = match Reading::parse(&found.payload) {
            Some(reading) => Ok(OpenedReading { device: name, opened: found.opened, reading }),
            None => Err(Refusal {
                device: Some(name),
                remark: "it is authentic, but no reading: update the receiver".into(),
                ..Refusal::of(Error::Malformed)
            }),
        };
        Ok(taken)
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
            for at in 0..record.rows.len() {
                let row = &record.rows[at];
                if !is_of(&claim, row.version) {
                    continue;
                }
                if !row.status.opens() {
                    refusal.prefer(Refusal::closed(&name, row));
                    continue;
                }
                let key = self.root.device_key(&id, row.version).map_err(text)?;
                let mut opener = match &row.state {
                    Some(state) => Opener::resume(key, state).map_err(text)?,
                    None => Opener::first_contact(key),
                };
                let mut payload = vec![0; message.len()];
                match opener.open(&[], message, &mut payload) {
                    Ok(opened) => {
                        payload.truncate(opened.len);
                        record.rows[at].state = Some(opener.save());
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

        let fits = |(version, sealer): &(Version, Sealer)| {
            *version == heard.version && sealer.session().boot() == boot
        };
        if !self.sealers.get(name).is_some_and(fits) {
            let mut salt = [0; 8];
            OsRng.fill(&mut salt).map_err(text)?;
            let sealer = Sealer::down(&current, boot, salt).map_err(text)?;
            self.sealers.insert(name.to_owned(), (heard.version, sealer));
        }
        let Some((_, sealer)) = self.sealers.get_mut(name) else { return Ok(None) };
        let payload = [&[DOWN_OFFER], &offer[..]].concat();
        let mut message = vec![0; 1 + OFFER_LEN + MAX_OVERHEAD];
        let len = sealer.seal(Form::Long, &[], &payload, &mut message).map_err(text)?;
        message.truncate(len);
        self.offered.insert(name.to_owned(), (next, boot, Instant::now()));
        Ok(Some(message))
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
