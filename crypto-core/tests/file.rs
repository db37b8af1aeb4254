//! The boot journal of a host, in a file.
#![cfg(feature = "std")]

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use corekey::Error;
use corekey::device::file::FileStorage;
use corekey::device::journal::Journal;
use corekey::device::name::Version;
use corekey::secret::Secret;

const PAGES: usize = 2;
const PAGE_SIZE: usize = 192;

/// A folder of its own for a test, removed when it is over.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("corekey-{}-{test}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn journal(&self) -> PathBuf {
        self.0.join("journal")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn version(number: u64) -> Version {
    Version::new(number).unwrap()
}

fn secret(byte: u8) -> Secret<32> {
    Secret::take(&mut [byte; 32])
}

#[test]
fn boots_count_on_over_processes_and_rotations() {
    let folder = Folder::new("boots");
    let path = folder.journal();
    let storage = FileStorage::create(&path, PAGES, PAGE_SIZE).unwrap();
    let mut journal = Journal::provision(storage, version(1), &secret(0x51)).unwrap();
    assert_eq!(journal.next_boot().unwrap().get(), 1);
    drop(journal);
    for boot in 2..=12 {
        let storage = FileStorage::open(&path, PAGES, PAGE_SIZE).unwrap();
        let mut journal = Journal::open(storage).unwrap();
        assert_eq!(journal.next_boot().unwrap().get(), boot);
    }

    let storage = FileStorage::open(&path, PAGES, PAGE_SIZE).unwrap();
    Journal::open(storage).unwrap().rotate(version(2), &secret(0x52)).unwrap();
    let bytes = fs::read(&path).unwrap();
    assert!(!bytes.contains(&0x51), "the old key is gone");
    let storage = FileStorage::open(&path, PAGES, PAGE_SIZE).unwrap();
    assert_eq!(Journal::open(storage).unwrap().next_boot().unwrap().get(), 13);
}

#[test]
fn a_new_file_is_no_journal_yet() {
    let folder = Folder::new("new");
    let storage = FileStorage::create(&folder.journal(), PAGES, PAGE_SIZE).unwrap();
    assert_eq!(Journal::open(storage).unwrap_err(), Error::StateLost);
    assert_eq!(fs::read(folder.journal()).unwrap(), [0xFF; PAGES * PAGE_SIZE]);
}

#[test]
fn an_existing_file_is_not_made_anew() {
    let folder = Folder::new("existing");
    fs::write(folder.journal(), "mine").unwrap();
    let refused = FileStorage::create(&folder.journal(), PAGES, PAGE_SIZE).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::AlreadyExists);
    assert_eq!(fs::read(folder.journal()).unwrap(), b"mine");
}

#[test]
fn a_file_of_another_length_is_refused() {
    let folder = Folder::new("length");
    let path = folder.journal();
    drop(FileStorage::create(&path, PAGES, PAGE_SIZE).unwrap());
    for (pages, page_size) in [(3, PAGE_SIZE), (1, PAGE_SIZE), (PAGES, 208)] {
        let refused = FileStorage::open(&path, pages, page_size).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidData);
    }
    let refused = FileStorage::open(&path, usize::MAX, 2).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidInput);
    assert_eq!(
        FileStorage::open(&folder.0.join("none"), 2, 192).unwrap_err().kind(),
        ErrorKind::NotFound
    );
}

#[test]
fn a_file_has_one_user_at_a_time() {
    let folder = Folder::new("lock");
    let path = folder.journal();
    let first = FileStorage::create(&path, PAGES, PAGE_SIZE).unwrap();
    let refused = FileStorage::open(&path, PAGES, PAGE_SIZE).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::WouldBlock);
    drop(first);
    FileStorage::open(&path, PAGES, PAGE_SIZE).unwrap();
}

#[cfg(unix)]
#[test]
fn only_its_owner_reads_the_file() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new("mode");
    FileStorage::create(&folder.journal(), PAGES, PAGE_SIZE).unwrap();
    let mode = fs::metadata(folder.journal()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
