//! The other end of the device program in `firmware/`: a small service that
//! holds the root secret, enrols devices, opens and prints their readings and
//! moves them to their next keys.
//!
//! ```text
//! receiver enrol  ROOT_FILE FOLDER DEVICE_ID KEY_FILE   a new device, and its key for the factory
//! receiver run    ROOT_FILE FOLDER                      opens what comes in
//! receiver rotate FOLDER DEVICE_ID                      the device is to get its next key
//! receiver retire FOLDER DEVICE_ID                      the grace time of its last key is over
//! receiver revoke FOLDER DEVICE_ID                      the device is no longer trusted
//! ```
//!
//! FOLDER is the service's database: a file a device. The other commands may be
//! given while `run` is running.
//!
//! `run` has the radio on standard input and output (`firmware/common/link.h`):
//! messages of any number of devices come in, downlinks for them go out. On
//! standard error each message gives one line, `opened …` with the reading or
//! `refused …` with the reason, after lines for what followed from it. It ends
//! when its input does: with 0 if every message was opened, 2 if one was
//! refused, 1 if it could not work.

mod link;
mod reading;
mod records;
mod root_file;
mod service;

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::ExitCode;

use corekey::device::head::{self, Rotation};
use corekey::device::key::DeviceKey;
use corekey::device::root::Root;

use records::{Record, Records};
use service::Service;

const USAGE: &str = "usage:
  receiver enrol  ROOT_FILE FOLDER DEVICE_ID KEY_FILE
  receiver run    ROOT_FILE FOLDER
  receiver rotate FOLDER DEVICE_ID
  receiver retire FOLDER DEVICE_ID
  receiver revoke FOLDER DEVICE_ID";

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    match dispatch(&arguments) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(2),
        Err(message) => {
            eprintln!("receiver: {message}");
            ExitCode::from(1)
        }
    }
}

/// Runs a command; returns how many messages were refused.
fn dispatch(arguments: &[OsString]) -> Result<u32, String> {
    let words: Option<Vec<&str>> = arguments.iter().map(|word| word.to_str()).collect();
    corekey::selftest::run().map_err(|error| error.to_string())?;
    match words.as_deref() {
        Some(["run", root, folder]) => return run(Path::new(root), Path::new(folder)),
        Some(["enrol", root, folder, id, key_file]) => {
            enrol(Path::new(root), Path::new(folder), id, Path::new(key_file))?;
        }
        Some(["rotate", folder, id]) => rotate(Path::new(folder), id)?,
        Some(["retire", folder, id]) => retire(Path::new(folder), id)?,
        Some(["revoke", folder, id]) => revoke(Path::new(folder), id)?,
        _ => return Err(USAGE.into()),
    }
    Ok(0)
}

/// Opens every message of standard input.
fn run(root: &Path, folder: &Path) -> Result<u32, String> {
    let mut service = Service::new(root_file::read(root)?, folder);
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    let mut refused = 0;
    while let Some(message) =
        link::read(&mut input).map_err(|error| format!("cannot read messages: {error}"))?
    {
        let taken = service.take(&message)?;
        if let Some(downlink) = taken.downlink {
            link::write(&mut output, &downlink)
                .map_err(|error| format!("cannot send a message: {error}"))?;
        }
        for note in taken.notes {
            eprintln!("{note}");
        }
        match taken.outcome {
            Ok(opened) => eprintln!("{opened}"),
            Err(refusal) => {
                refused += 1;
                eprintln!("{refusal}");
            }
        }
    }
    Ok(refused)
}

/// Enrols a device and writes its key for the factory: version (8 bytes) and
/// key (32), as `firmware/posix/factory.h` reads them.
fn enrol(root: &Path, folder: &Path, name: &str, key_file: &Path) -> Result<(), String> {
    let root = root_file::read(root)?;
    let records = Records::open(folder)?;
    let known = records.load(name)?;
    let change = head::enrol(known.as_ref().map(|record| &record.head))
        .map_err(|why| format!("{name} cannot be enrolled: {why:?}"))?;
    // The highest version so far, which is the one that enrolment takes.
    let version = change.head.max_version;
    let key = root.device_key(&records::device_id(name)?, version).map_err(text)?;
    let mut record = known.unwrap_or_else(|| Record::new(name, change.head));
    record.apply(&change);
    // The version is taken before its key leaves: it can never leave twice.
    records.store(&record)?;
    write_key(key_file, &key).map_err(|error| {
        format!("cannot write {}: {error}; revoke {name}, then enrol it again", key_file.display())
    })?;
    println!("{name}: enrolled with version {}, check value {}", version.get(), check_value(&key));
    Ok(())
}

fn write_key(path: &Path, key: &DeviceKey) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(&key.version().get().to_be_bytes())?;
    file.write_all(key.expose())?;
    file.sync_all()
}

fn check_value(key: &DeviceKey) -> String {
    key.check_value().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn rotate(folder: &Path, name: &str) -> Result<(), String> {
    let records = Records::open(folder)?;
    let mut record = records.known(name)?;
    let rotation =
        record.head.rotate().map_err(|why| format!("{name} cannot be rotated: {why:?}"))?;
    let version = match rotation {
        Rotation::Pending(version) => version,
        Rotation::Begin(change) => {
            record.apply(&change);
            records.store(&record)?;
            change.head.max_version
        }
    };
    println!("{name}: version {} is pending", version.get());
    Ok(())
}

fn retire(folder: &Path, name: &str) -> Result<(), String> {
    let records = Records::open(folder)?;
    let mut record = records.known(name)?;
    for version in record.retire() {
        println!("{name}: version {} is archived", version.get());
    }
    records.store(&record)
}

fn revoke(folder: &Path, name: &str) -> Result<(), String> {
    let records = Records::open(folder)?;
    let mut record = records.known(name)?;
    let change =
        record.head.revoke().map_err(|why| format!("{name} cannot be revoked: {why:?}"))?;
    record.apply(&change);
    records.store(&record)?;
    println!("{name}: revoked");
    Ok(())
}

fn text(error: corekey::Error) -> String {
    error.to_string()
}
