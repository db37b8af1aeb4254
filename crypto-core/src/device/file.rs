//! The storage of a [`journal`](crate::device::journal) on a host: one file of
//! pages. Its owner alone may read it and one process at a time may use it.
//!
//! A child that is forked while this is open has it open too, lock and all: use
//! it in one of the two.
//!
//! A copy of the file is a clone of the device, and a restored one repeats boot
//! numbers: sealers on hosts have a salt. Erasing overwrites bytes in the file;
//! what a file system or a disk keeps of them is beyond it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::vec;

use crate::device::journal::{Fault, Storage, WORD_LEN};

/// A file of pages, locked while this lives.
#[derive(Debug)]
pub struct FileStorage {
    file: File,
    pages: usize,
    page_size: usize,
}

impl FileStorage {
    /// Makes the file, with all pages erased, for a journal to be provisioned.
    ///
    /// # Errors
    /// Those of the file system; that the file exists is one. A file that could
    /// not be filled is removed.
    pub fn create(path: &Path, pages: usize, page_size: usize) -> io::Result<Self> {
        let len = file_len(pages, page_size)?;
        let mut file = open_options().create_new(true).open(path)?;
        let made = lock(&file)
            .and_then(|()| file.write_all(&vec![0xFF; len]))
            .and_then(|()| file.sync_all())
            .and_then(|()| sync_folder(path));
        if let Err(error) = made {
            // Left behind it would be in the way of the next attempt.
            let _ = fs::remove_file(path);
            return Err(error);
        }
        Ok(Self { file, pages, page_size })
    }

    /// Opens a file that was made with as many pages of the same size.
    ///
    /// # Errors
    /// Those of the file system: of kind `WouldBlock` if another process has the
    /// file open, of kind `InvalidData` if the file has another length.
    pub fn open(path: &Path, pages: usize, page_size: usize) -> io::Result<Self> {
        Self::of_file(open_options().open(path)?, pages, page_size)
    }

    /// As [`FileStorage::open`], of a file that the caller opened for reading and
    /// writing, and may have looked at whose it is.
    ///
    /// # Errors
    /// As [`FileStorage::open`].
    pub fn of_file(file: File, pages: usize, page_size: usize) -> io::Result<Self> {
        let len = file_len(pages, page_size)?;
        lock(&file)?;
        // A file that was cut off lacks the newest page as likely as any other.
        if file.metadata()?.len() != len as u64 {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the boot journal's file has another length than its pages",
            ));
        }
        Ok(Self { file, pages, page_size })
    }

    fn seek(&mut self, page: usize, offset: usize, len: usize) -> Result<(), Fault> {
        let end = offset.checked_add(len).ok_or(Fault::Failed)?;
        if page >= self.pages || end > self.page_size {
            return Err(Fault::Failed);
        }
        let position = (page * self.page_size + offset) as u64;
        self.file.seek(SeekFrom::Start(position)).map_err(|_| Fault::Failed)?;
        Ok(())
    }

    fn put(&mut self, page: usize, offset: usize, bytes: &[u8]) -> Result<(), Fault> {
        self.seek(page, offset, bytes.len())?;
        self.file.write_all(bytes).map_err(|_| Fault::Failed)?;
        self.file.sync_data().map_err(|_| Fault::Failed)
    }
}

impl Storage for FileStorage {
    fn pages(&self) -> usize {
        self.pages
    }

    fn page_size(&self) -> usize {
        self.page_size
    }

    fn read(&mut self, page: usize, offset: usize, out: &mut [u8]) -> Result<(), Fault> {
        self.seek(page, offset, out.len())?;
        self.file.read_exact(out).map_err(|_| Fault::Failed)
    }

    fn write(&mut self, page: usize, offset: usize, word: &[u8; WORD_LEN]) -> Result<(), Fault> {
        self.put(page, offset, word)
    }

    fn erase(&mut self, page: usize) -> Result<(), Fault> {
        self.put(page, 0, &vec![0xFF; self.page_size])
    }
}

fn file_len(pages: usize, page_size: usize) -> io::Result<usize> {
    pages.checked_mul(page_size).ok_or_else(|| io::ErrorKind::InvalidInput.into())
}

fn open_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn lock(file: &File) -> io::Result<()> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(io::Error::new(
            io::ErrorKind::WouldBlock,
            "another process has the boot journal's file open",
        )),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Makes the name of a new file durable, where folders can be opened.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(not(unix)) {
        return Ok(());
    }
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}
