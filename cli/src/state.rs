//! The state of an opener of uplinks in a file: one process at a time has it, and
//! it is replaced as a whole, durable before what it admitted is acted upon. So a
//! crash leaves the state before a message or the one after it, and a message is
//! never opened twice.

use std::fs::{File, Metadata, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use corekey::device::key::DeviceKey;
use corekey::device::opener::{Opener, STATE_LEN};

use crate::exit::{Exit, Failure, Outcome};
use crate::files::{Access, Staged, open_own, patiently, read_all, refuse_existing};
use crate::records;

/// A state file that this process alone uses.
pub(crate) struct StateFile {
    path: PathBuf,
    /// The locked file, once there is one.
    lock: Option<File>,
}

impl StateFile {
    /// A state that is to be made by the first message that opens.
    pub(crate) fn first_contact(path: &Path) -> Outcome<Self> {
        refuse_existing(path).map_err(|refused| {
            let name = path.display();
            let why = format!(
                "{name} exists, so this is not the first contact: leave out --first-contact"
            );
            Failure::new(refused.exit, why)
        })?;
        Ok(Self { path: path.to_path_buf(), lock: None })
    }

    /// The state that a file holds for a key.
    pub(crate) fn load(path: &Path, key: &DeviceKey) -> Outcome<(Self, [u8; STATE_LEN])> {
        let name = path.display().to_string();
        let absent = |error: io::Error| error.kind() == io::ErrorKind::NotFound;
        if path.symlink_metadata().is_err_and(absent) {
            return Err(Failure::new(
                Exit::NeedsMore,
                format!(
                    "{name} does not exist, and without a state old messages look new: name the \
                     right file, or add --first-contact if this key has never opened anything"
                ),
            ));
        }
        let lock = locked(path)?;
        let text = read_all(&lock, &name, records::MAX_LEN)?;
        let state = records::read_state(&name, &text, key)?;
        Ok((Self { path: path.to_path_buf(), lock: Some(lock) }, state))
    }

    /// Makes the opener's state durable.
    pub(crate) fn save(&mut self, opener: &Opener) -> Outcome {
        let staged =
            Staged::write(&self.path, &records::write_state(opener.key(), &opener.save()))?;
        // The new file is locked before it has its name: nobody comes between.
        staged
            .file()
            .try_lock()
            .map_err(|error| Failure::io(self.path.display(), &error.into()))?;
        let lock = match &self.lock {
            // Somebody took the state away, and another opener may have begun a new one.
            Some(lock) if !has_name(lock, &self.path) => {
                let name = self.path.display();
                let why = format!("{name} was moved or replaced meanwhile: find out by whom");
                return Err(Failure::new(Exit::Io, why));
            }
            Some(_) => staged.replace()?,
            None => staged.publish()?,
        };
        self.lock = Some(lock);
        Ok(())
    }
}

/// Opens a state file, which others may read but not write, and locks it. Whoever
/// had it before replaced it by another file, so it is looked at again then.
fn locked(path: &Path) -> Outcome<File> {
    patiently(|| {
        let file = match open_own(path, Access::Read, 0o022) {
            Ok(file) => file,
            Err(failure) => return Ok(Err(failure)),
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(busy()),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        if has_name(&file, path) { Ok(Ok(file)) } else { Err(busy()) }
    })
    .map_err(|error| Failure::io(path.display(), &error))?
}

/// Whether an open file is the one at a path.
fn has_name(file: &File, path: &Path) -> bool {
    let place = |it: Metadata| (it.dev(), it.ino());
    match (file.metadata(), path.symlink_metadata()) {
        (Ok(open), Ok(named)) => place(open) == place(named),
        _ => false,
    }
}

fn busy() -> io::Error {
    io::Error::new(
        io::ErrorKind::WouldBlock,
        "another process uses it: end that one, or give each its own key and state",
    )
}
