//! Files: secrets are read only from files that are their owner's alone, and
//! what is written appears whole, durable, with mode 0600 and never over
//! something else.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use clap::builder::{OsStringValueParser, TypedValueParser};
use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::process::geteuid;
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use crate::exit::{Exit, Failure, Outcome};
use crate::stream;

/// How long another process may hold what this one needs.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(20);
/// What is read from a stream before more room is made.
const PIECE: usize = 4096;

/// A file, or `-` for the standard stream.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    Standard,
    File(PathBuf),
}

impl Place {
    pub(crate) fn parser() -> impl TypedValueParser<Value = Self> {
        OsStringValueParser::new().try_map(|text: OsString| match text.to_str() {
            Some("") => Err("a file has a name".to_owned()),
            Some("-") => Ok(Self::Standard),
            _ => Ok(Self::File(text.into())),
        })
    }

    /// For messages about what is read from it.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Standard => "standard input".to_owned(),
            Self::File(path) => path.display().to_string(),
        }
    }

    /// Opens it for reading, whoever may read it.
    pub(crate) fn open(&self) -> Outcome<File> {
        match self {
            Self::Standard => stream::take_input(),
            Self::File(path) => File::open(path).map_err(|error| Failure::io(self.name(), &error)),
        }
    }

    /// All of it, whoever may read it.
    pub(crate) fn read(&self, limit: usize) -> Outcome<Zeroizing<Vec<u8>>> {
        read_all(&self.open()?, &self.name(), limit)
    }

    /// All of it, if nobody else may read it. Standard input is up to the user.
    pub(crate) fn read_secret(&self, limit: usize) -> Outcome<Zeroizing<Vec<u8>>> {
        let file = match self {
            Self::Standard => stream::take_input()?,
            Self::File(path) => open_own(path, Access::Read, 0o077)?,
        };
        read_all(&file, &self.name(), limit)
    }
}

/// What a file is opened for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    ReadAndWrite,
}

/// Opens a regular file of the caller's that gives others none of the rights in
/// `forbidden`. What is looked at is what was opened, whatever has its name.
pub(crate) fn open_own(path: &Path, access: Access, forbidden: u32) -> Outcome<File> {
    let name = path.display();
    // A FIFO must not block before it is refused.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = OpenOptions::new()
        .read(true)
        .write(access == Access::ReadAndWrite)
        .custom_flags(flags.bits() as i32)
        .open(path);
    let refused = |why: String| Failure::new(Exit::Permission, format!("{name} {why}"));
    let irregular = || refused("is no regular file: to read from a pipe use `-`".into());
    let file = match file {
        Err(error) if Errno::from_io_error(&error) == Some(Errno::LOOP) => {
            return Err(refused("is a symbolic link: name the file itself".into()));
        }
        Err(error) if error.kind() == io::ErrorKind::IsADirectory => return Err(irregular()),
        file => file.map_err(|error| Failure::io(&name, &error))?,
    };
    let metadata = file.metadata().map_err(|error| Failure::io(&name, &error))?;
    if !metadata.is_file() {
        return Err(irregular());
    }
    let user = geteuid().as_raw();
    if metadata.uid() != user {
        return Err(refused(format!(
            "belongs to user {}, and you are user {user}: keep secrets in files of your own",
            metadata.uid()
        )));
    }
    let mode = metadata.mode() & 0o7777;
    if mode & forbidden != 0 {
        return Err(refused(format!(
            "has mode {mode:04o}, which lets others at it: chmod 600 {name} \
             (and make a new one if others may have used it)"
        )));
    }
    Ok(file)
}

/// All of a file, or a complaint if that is over `limit` bytes. Buffers that
/// were outgrown are wiped.
pub(crate) fn read_all(mut file: &File, name: &str, limit: usize) -> Outcome<Zeroizing<Vec<u8>>> {
    // One byte more shows the end of the file without another buffer.
    let known = file.metadata().map_or(0, |metadata| metadata.len().saturating_add(1));
    let mut capacity = usize::try_from(known).unwrap_or(0).max(PIECE).min(limit + 1);
    let mut bytes = Zeroizing::new(vec![0; capacity]);
    let mut len = 0;
    loop {
        match file.read(bytes.get_mut(len..).unwrap_or(&mut [])) {
            Ok(0) => break,
            Ok(read) => len += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Failure::io(name, &error)),
        }
        if len > limit {
            return Err(Failure::bad_input(format!("{name} is longer than {limit} bytes")));
        }
        if len == capacity {
            capacity = (2 * capacity).min(limit + 1);
            let mut larger = Zeroizing::new(vec![0; capacity]);
            larger.split_at_mut(len).0.copy_from_slice(&bytes);
            bytes = larger;
        }
    }
    bytes.truncate(len);
    Ok(bytes)
}

/// A file that is written beside its place and put there when all is well.
pub(crate) struct Staged<F = File> {
    file: NamedTempFile<F>,
    path: PathBuf,
}

impl Staged {
    /// Writes a file that is to become a new one, and makes its bytes durable.
    pub(crate) fn new(path: &Path, bytes: &[u8]) -> Outcome<Self> {
        refuse_existing(path)?;
        Self::write(path, bytes)
    }

    /// Writes a file that is to take the place of another one.
    pub(crate) fn write(path: &Path, bytes: &[u8]) -> Outcome<Self> {
        let stage = || {
            // Made with O_EXCL and mode 0600.
            let mut file = NamedTempFile::new_in(folder(path))?;
            file.write_all(bytes)?;
            file.as_file().sync_all()?;
            Ok(file)
        };
        let file = stage().map_err(|error| Failure::io(path.display(), &error))?;
        Ok(Self { file, path: path.to_path_buf() })
    }
}

impl<F> Staged<F> {
    /// Has `make` make a file that is to become a new one. It gets a path where
    /// nothing is, and makes the bytes durable.
    pub(crate) fn made_by(path: &Path, make: impl FnMut(&Path) -> io::Result<F>) -> Outcome<Self> {
        refuse_existing(path)?;
        let file = tempfile::Builder::new()
            .make_in(folder(path), make)
            .map_err(|error| Failure::io(path.display(), &error))?;
        Ok(Self { file, path: path.to_path_buf() })
    }

    pub(crate) fn file(&self) -> &F {
        self.file.as_file()
    }

    pub(crate) fn file_mut(&mut self) -> &mut F {
        self.file.as_file_mut()
    }

    /// Gives it its name, unless something has that name by now.
    pub(crate) fn publish(self) -> Outcome<F> {
        let file = self.file.persist_noclobber(&self.path).map_err(|refused| {
            if refused.error.kind() == io::ErrorKind::AlreadyExists {
                return exists(&self.path);
            }
            Failure::io(self.path.display(), &refused.error)
        })?;
        sync_folder(&self.path)?;
        Ok(file)
    }

    /// As [`Self::publish`], of what cannot be made again: if something has the
    /// name by now it stays under the one that it has, and that is told.
    pub(crate) fn publish_or_keep(self) -> Outcome {
        let Self { file, path } = self;
        let refused = match file.persist_noclobber(&path) {
            Ok(_) => return sync_folder(&path),
            Err(refused) => refused,
        };
        let (_, kept) =
            refused.file.keep().map_err(|error| Failure::io(path.display(), &error.error))?;
        let why = format!("{}: {}; it is in {}", path.display(), refused.error, kept.display());
        Err(Failure::new(Exit::Exists, why))
    }

    /// Gives it the name of the file that it replaces.
    pub(crate) fn replace(self) -> Outcome<F> {
        let file = self
            .file
            .persist(&self.path)
            .map_err(|refused| Failure::io(self.path.display(), &refused.error))?;
        sync_folder(&self.path)?;
        Ok(file)
    }
}

/// Makes a new file of mode 0600, durable when this returns.
pub(crate) fn create(path: &Path, bytes: &[u8]) -> Outcome {
    Staged::new(path, bytes)?.publish().map(drop)
}

/// To be asked before work whose result could not be written.
pub(crate) fn refuse_existing(path: &Path) -> Outcome {
    match path.symlink_metadata() {
        Ok(_) => Err(exists(path)),
        Err(_) => Ok(()),
    }
}

fn exists(path: &Path) -> Failure {
    let name = path.display();
    Failure::new(Exit::Exists, format!("{name} exists and is left alone: name another file"))
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn sync_folder(path: &Path) -> Outcome {
    File::open(folder(path))
        .and_then(|folder| folder.sync_all())
        .map_err(|error| Failure::io(path.display(), &error))
}

/// Tries until something that another process holds is free.
pub(crate) fn patiently<T>(mut attempt: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let start = Instant::now();
    loop {
        match attempt() {
            Err(error)
                if error.kind() == io::ErrorKind::WouldBlock && start.elapsed() < PATIENCE =>
            {
                thread::sleep(PAUSE);
            }
            outcome => return outcome,
        }
    }
}
