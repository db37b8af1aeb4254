//! The root secret: a file of 32 random bytes that nobody but its owner may
//! read.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use corekey::device::root::RootKey;
use corekey::secret::Secret;

const ROOT_LEN: usize = 32;

/// Reads the root and makes it ready; the bytes are wiped on return.
pub(crate) fn read(path: &Path) -> Result<RootKey, String> {
    let shown = path.display();
    let cannot = |error: io::Error| format!("cannot read the root secret {shown}: {error}");
    let mut file = File::open(path).map_err(cannot)?;
    let facts = file.metadata().map_err(cannot)?;
    if !facts.is_file() || facts.len() != ROOT_LEN as u64 {
        return Err(format!(
            "{shown} is not a file of {ROOT_LEN} bytes: make one with \
             (umask 077; head -c {ROOT_LEN} /dev/urandom > FILE)"
        ));
    }
    if facts.mode() & 0o077 != 0 {
        return Err(format!("{shown} is open to other users: chmod 600 it, or make a new one"));
    }
    let mut bytes = [0; ROOT_LEN];
    let read = file.read_exact(&mut bytes).map_err(cannot);
    let secret = Secret::take(&mut bytes);
    read.map(|()| RootKey::new(&secret))
}
