//! The service's database: a folder with a text file a device, which holds its
//! head record, its rows and the state of each row's opener (`docs/rotation.md`,
//! "Server"). No secret is in it, but whoever puts an older file back can replay.
//!
//! ```text
//! head ACTIVE PENDING MAX_VERSION STATUS REV     a version that is not there is -
//! row VERSION STATUS STATE                       no message yet is -
//! ```
//!
//! A lock on the folder makes transactions of what is done with an open
//! [`Records`]; a file is replaced as a whole.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use corekey::device::head::{self, Change, Head, HeadStatus, RowChange, RowStatus};
use corekey::device::name::{DeviceId, Version};
use corekey::device::opener::STATE_LEN;
use corekey::encode::{self, Encoding};

use crate::reading::plain_text;

const EXTENSION: &str = "device";

const ROW_STATUSES: [(&str, RowStatus); 5] = [
    ("pending", RowStatus::Pending),
    ("active", RowStatus::Active),
    ("retiring", RowStatus::Retiring),
    ("archived", RowStatus::Archived),
    ("revoked", RowStatus::Revoked),
];

/// One version of a device's key.
pub(crate) struct Row {
    pub(crate) version: Version,
    pub(crate) status: RowStatus,
    /// None as long as no message was opened under this version.
    pub(crate) state: Option<[u8; STATE_LEN]>,
}

/// One device.
pub(crate) struct Record {
    pub(crate) name: String,
    pub(crate) head: Head,
    /// The newest version first.
    pub(crate) rows: Vec<Row>,
}

/// The locked folder.
pub(crate) struct Records {
    folder: PathBuf,
    _lock: File,
}

/// A device id that is also the name of a file.
pub(crate) fn device_id(name: &str) -> Result<DeviceId, String> {
    let plain = plain_text(name.as_bytes()).filter(|id| !id.contains('/') && !id.starts_with('.'));
    plain.and_then(|id| DeviceId::new(id.as_bytes()).ok()).ok_or_else(|| {
        format!("{name:?} is no device id here: 1 to 128 printable characters, no space or slash")
    })
}

impl Records {
    pub(crate) fn open(folder: &Path) -> Result<Self, String> {
        let lock = fs::create_dir_all(folder)
            .and_then(|()| File::create(folder.join("lock")))
            .and_then(|lock| lock.lock().map(|()| lock));
        match lock {
            Ok(lock) => Ok(Self { folder: folder.to_path_buf(), _lock: lock }),
            Err(error) => Err(format!("cannot open the folder {}: {error}", folder.display())),
        }
    }

    /// The names of all devices.
    pub(crate) fn names(&self) -> Result<Vec<String>, String> {
        let entries = fs::read_dir(&self.folder)
            .map_err(|error| format!("cannot read {}: {error}", self.folder.display()))?;
        let names = entries.flatten().filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            name.strip_suffix(EXTENSION)?.strip_suffix('.').map(str::to_owned)
        });
        let mut names: Vec<String> = names.collect();
        names.sort();
        Ok(names)
    }

    pub(crate) fn load(&self, name: &str) -> Result<Option<Record>, String> {
        device_id(name)?;
        let path = self.path(name);
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(format!("cannot read {}: {error}", path.display())),
            Ok(text) => text,
        };
        let record = parse(name, &text).ok_or_else(|| format!("{} is damaged", path.display()))?;
        Ok(Some(record))
    }

    /// The record of a device that must be there.
    pub(crate) fn known(&self, name: &str) -> Result<Record, String> {
        self.load(name)?.ok_or_else(|| format!("no device {name} is enrolled"))
    }

    pub(crate) fn store(&self, record: &Record) -> Result<(), String> {
        let path = self.path(&record.name);
        self.replace(&path, &print(record))
            .map_err(|error| format!("cannot write {}: {error}", path.display()))
    }

    fn replace(&self, path: &Path, text: &str) -> io::Result<()> {
        let new = path.with_extension("new");
        let mut file = File::create(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, path)?;
        File::open(&self.folder)?.sync_all()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.{EXTENSION}"))
    }
}

impl Record {
    /// A device that was never enrolled before: the change that enrols it makes
    /// its first row.
    pub(crate) fn new(name: &str, head: Head) -> Self {
        Self { name: name.to_owned(), head, rows: Vec::new() }
    }

    /// Makes a change. The lock has kept others away since the head was read, so
    /// its revision and the rows are what the change was made for.
    pub(crate) fn apply(&mut self, change: &Change) {
        self.head = change.head;
        for row in change.rows.iter().flatten() {
            self.apply_to_row(row);
        }
        if change.revoke_retiring {
            for row in self.rows.iter_mut().filter(|row| row.status == RowStatus::Retiring) {
                row.status = RowStatus::Revoked;
            }
        }
    }

    fn apply_to_row(&mut self, change: &RowChange) {
        match self.rows.iter_mut().find(|row| row.version == change.version) {
            Some(row) => row.status = change.to,
            None => {
                let row = Row { version: change.version, status: change.to, state: None };
                self.rows.insert(0, row);
            }
        }
    }

    /// Ends the grace time of what is retiring; the versions.
    pub(crate) fn retire(&mut self) -> Vec<Version> {
        let over = self.rows.iter().filter_map(|row| head::grace_over(row.version, row.status));
        let over: Vec<RowChange> = over.collect();
        for change in &over {
            self.apply_to_row(change);
        }
        over.iter().map(|change| change.version).collect()
    }
}

/// What stands in a device's file.
fn print(record: &Record) -> String {
    let Head { active, pending, max_version, status, rev } = &record.head;
    let number = |version: &Option<Version>| version.map_or("-".into(), |it| it.get().to_string());
    let status = if *status == HeadStatus::Live { "live" } else { "revoked" };
    let (active, pending, max) = (number(active), number(pending), max_version.get());
    let mut text = format!("head {active} {pending} {max} {status} {rev}\n");
    for row in &record.rows {
        let status = ROW_STATUSES.iter().find(|(_, status)| *status == row.status);
        let state = row.state.as_ref().map_or("-".into(), hex);
        let (version, status) = (row.version.get(), status.map_or("", |(name, _)| name));
        // Writing to a string cannot fail.
        let _ = writeln!(text, "row {version} {status} {state}");
    }
    text
}

fn parse(name: &str, text: &str) -> Option<Record> {
    let mut lines = text.lines();
    let mut words = lines.next()?.strip_prefix("head ")?.split(' ');
    let head = Head {
        active: optional(words.next()?, version)?,
        pending: optional(words.next()?, version)?,
        max_version: version(words.next()?)?,
        status: match words.next()? {
            "live" => HeadStatus::Live,
            "revoked" => HeadStatus::Revoked,
            _ => return None,
        },
        rev: words.next()?.parse().ok()?,
    };
    let rows = lines.map(parse_row).collect::<Option<_>>()?;
    Some(Record { name: name.to_owned(), head, rows })
}

fn parse_row(line: &str) -> Option<Row> {
    let mut words = line.strip_prefix("row ")?.split(' ');
    let version = version(words.next()?)?;
    let status = words.next()?;
    let (_, status) = ROW_STATUSES.iter().find(|(name, _)| *name == status)?;
    Some(Row { version, status: *status, state: optional(words.next()?, unhex)? })
}

/// `-` stands for nothing.
fn optional<T>(word: &str, parse: impl Fn(&str) -> Option<T>) -> Option<Option<T>> {
    if word == "-" { Some(None) } else { parse(word).map(Some) }
}

fn version(word: &str) -> Option<Version> {
    Version::new(word.parse().ok()?).ok()
}

fn hex(state: &[u8; STATE_LEN]) -> String {
    state.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(word: &str) -> Option<[u8; STATE_LEN]> {
    let mut state = [0; STATE_LEN];
    let len = encode::decode(Encoding::Hex, word.as_bytes(), &mut state).ok()?;
    (len == STATE_LEN).then_some(state)
}
