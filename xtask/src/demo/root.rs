//! The demo's root secrets: files of 32 random bytes that nobody else may read.

use std::fs::{self, OpenOptions, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Result, process};

/// A root secret for one run of the demo; the file goes with this value.
pub(super) struct RootFile(PathBuf);

impl RootFile {
    /// Makes a new one in place of one that an interrupted run left behind.
    pub(super) fn new(path: &Path) -> Result<Self> {
        Self::with_mode(path, 0o600)
    }

    pub(super) fn with_mode(path: &Path, mode: u32) -> Result<Self> {
        let cannot = |error| format!("cannot make {}: {error}", path.display());
        match fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(cannot(error)),
            _ => (),
        }
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(cannot)?;
        let root = Self(path.to_path_buf());
        // The mode that a file is made with a umask may narrow, not this one.
        file.set_permissions(Permissions::from_mode(mode)).map_err(cannot)?;
        // The system's generator writes to the file by way of `head`: the
        // secret never is in this process, which could not wipe it.
        process::run(Command::new("head").args(["-c", "32", "/dev/urandom"]).stdout(file))?;
        Ok(root)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for RootFile {
    fn drop(&mut self) {
        // It has protected nothing but this demo's readings.
        let _ = fs::remove_file(&self.0);
    }
}
