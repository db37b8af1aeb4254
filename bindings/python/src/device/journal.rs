//! The boot journal (`docs/rotation.md`), in a file or in a storage that is
//! written in Python, such as a model of flash that loses power.

use std::io;
use std::path::PathBuf;

use corekey::Error;
use corekey::device::file;
use corekey::device::journal::{self, Fault, Storage, WORD_LEN};
use corekey::secret::Secret;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::key::DeviceKey;
use super::name::Id;
use crate::buffer::Input;
use crate::call::{Peer, fill};
use crate::error::{already_finalized, is_unreadable};
use crate::fork::Birthplace;
use crate::number::Number;
use crate::wipe;

/// The file of a boot journal: made by FileStorage.create() or
/// FileStorage.open(), for Journal.provision() or Journal.open(). One process at
/// a time may have it open: a child of os.fork() has it open too, lock and all,
/// and giving it to a journal there raises Forked.
#[pyclass(module = "corekey")]
pub(crate) struct FileStorage {
    storage: Option<file::FileStorage>,
    birthplace: Birthplace,
}

#[pymethods]
impl FileStorage {
    /// Makes the file with all pages erased, for a journal to be provisioned; its
    /// owner alone may read and write it.
    ///
    /// pages: 2 or more. page_size: bytes, a multiple of 16, at least 144. Raises
    /// OSError, FileExistsError among it.
    #[staticmethod]
    #[pyo3(
        signature = (path, pages = Number(2), page_size = Number(4096)),
        text_signature = "(path, pages=2, page_size=4096)"
    )]
    fn create(py: Python<'_>, path: PathBuf, pages: Number, page_size: Number) -> PyResult<Self> {
        Self::made(py, || file::FileStorage::create(&path, pages.len(), page_size.len()))
    }

    /// Opens a file that was made with as many pages of the same size. Whose file
    /// it is and who else may read it is not looked at.
    ///
    /// Raises OSError: BlockingIOError if another process has it open; also for
    /// a file of another length.
    #[staticmethod]
    #[pyo3(
        signature = (path, pages = Number(2), page_size = Number(4096)),
        text_signature = "(path, pages=2, page_size=4096)"
    )]
    fn open(py: Python<'_>, path: PathBuf, pages: Number, page_size: Number) -> PyResult<Self> {
        Self::made(py, || file::FileStorage::open(&path, pages.len(), page_size.len()))
    }
}

impl FileStorage {
    /// Other threads run while the disk does.
    fn made(
        py: Python<'_>,
        make: impl FnOnce() -> io::Result<file::FileStorage> + Send,
    ) -> PyResult<Self> {
        let storage = py.detach(make)?;
        Ok(Self { storage: Some(storage), birthplace: Birthplace::here() })
    }
}

/// A storage that is written in Python.
struct InPython {
    peer: Peer,
    pages: usize,
    page_size: usize,
}

impl InPython {
    fn call(&self, then: impl FnOnce(&Bound<'_, PyAny>) -> PyResult<()>) -> Result<(), Fault> {
        self.peer.call(then).ok_or(Fault::Failed)
    }
}

impl Storage for InPython {
    fn pages(&self) -> usize {
        self.pages
    }

    fn page_size(&self) -> usize {
        self.page_size
    }

    fn read(&mut self, page: usize, offset: usize, out: &mut [u8]) -> Result<(), Fault> {
        let read = self.peer.call(|storage| {
            let answer = storage.call_method1("read", (page, offset, out.len()));
            match answer.and_then(|answer| fill(&answer, out)) {
                Err(error) if is_unreadable(storage.py(), &error) => Ok(Err(Fault::Unreadable)),
                other => other.map(Ok),
            }
        });
        read.unwrap_or(Err(Fault::Failed))
    }

    fn write(&mut self, page: usize, offset: usize, word: &[u8; WORD_LEN]) -> Result<(), Fault> {
        self.call(|storage| {
            let word = PyBytes::new(storage.py(), word);
            storage.call_method1("write", (page, offset, word)).map(drop)
        })
    }

    fn erase(&mut self, page: usize) -> Result<(), Fault> {
        self.call(|storage| storage.call_method1("erase", (page,)).map(drop))
    }
}

/// Either storage.
enum Store {
    File(file::FileStorage),
    Python(InPython),
}

impl Store {
    fn storage(&self) -> &dyn Storage {
        match self {
            Self::File(file) => file,
            Self::Python(object) => object,
        }
    }

    fn storage_mut(&mut self) -> &mut dyn Storage {
        match self {
            Self::File(file) => file,
            Self::Python(object) => object,
        }
    }
}

impl Storage for Store {
    fn pages(&self) -> usize {
        self.storage().pages()
    }

    fn page_size(&self) -> usize {
        self.storage().page_size()
    }

    fn read(&mut self, page: usize, offset: usize, out: &mut [u8]) -> Result<(), Fault> {
        self.storage_mut().read(page, offset, out)
    }

    fn write(&mut self, page: usize, offset: usize, word: &[u8; WORD_LEN]) -> Result<(), Fault> {
        self.storage_mut().write(page, offset, word)
    }

    fn erase(&mut self, page: usize) -> Result<(), Fault> {
        self.storage_mut().erase(page)
    }
}

/// The boot journal of one device (docs/rotation.md): its key and its boot
/// numbers, safe against power cuts. Made by Journal.provision() or
/// Journal.open(); a context manager that closes itself.
///
/// A storage is a FileStorage, or an object with the attributes pages and
/// page_size and the methods read(page, offset, length), write(page, offset,
/// word) and erase(page), which return when what they did is durable. A read that
/// raises Unreadable says that these bytes are lost for good, and the journal may
/// erase their page; every other exception, whoever raises it, makes the call
/// raise StorageFailed.
///
/// Use a journal from one thread at a time; others run while the storage works.
/// In a child of os.fork() every call but close() raises Forked: both processes
/// would count the same boots.
#[pyclass(module = "corekey")]
pub(crate) struct Journal {
    journal: Option<journal::Journal<Store>>,
    peer: Peer,
    birthplace: Birthplace,
}

#[pymethods]
impl Journal {
    /// Makes the first journal of a storage, in a factory or after StateLost. In
    /// a storage that has one this is a rotation to a higher version.
    ///
    /// key: the device's. Raises ValueError for a version that is not above that
    /// of the storage, or pages that are too few or too small; StorageFailed.
    #[staticmethod]
    #[pyo3(signature = (storage, key))]
    fn provision(
        py: Python<'_>,
        storage: &Bound<'_, PyAny>,
        key: &DeviceKey,
    ) -> PyResult<Py<Self>> {
        let (storage, peer) = lent(storage)?;
        wipe::after(|| {
            let secret = Secret::take(&mut { *key.0.expose() });
            let version = key.0.version();
            Self::made(py, peer, || journal::Journal::provision(storage, version, &secret))
        })
    }

    /// Opens the journal after a start, and finishes what a power cut
    /// interrupted.
    ///
    /// Raises StateLost if the storage is blank or damaged; StorageFailed;
    /// ValueError for pages that are too few or too small.
    #[staticmethod]
    #[pyo3(signature = (storage))]
    fn open(py: Python<'_>, storage: &Bound<'_, PyAny>) -> PyResult<Py<Self>> {
        let (storage, peer) = lent(storage)?;
        wipe::after(|| Self::made(py, peer, || journal::Journal::open(storage)))
    }

    /// The version of the key.
    #[getter]
    fn version(&self) -> PyResult<u64> {
        Ok(self.usable()?.version().get())
    }

    /// The key, which is that of the device device_id: the journal does not hold
    /// whose it is.
    #[pyo3(signature = (device_id))]
    fn device_key(&self, py: Python<'_>, device_id: Id) -> PyResult<Py<DeviceKey>> {
        let journal = self.usable()?;
        wipe::after(|| Py::new(py, DeviceKey(journal.device_key(&device_id.0))))
    }

    /// Counts a boot: at the first seal after a start, and whenever a session is
    /// full. The number was never given out before, and is durable.
    ///
    /// Raises StorageFailed: seal nothing, and try again or start again;
    /// StateLost; ValueError when the numbers are used up.
    #[pyo3(signature = ())]
    fn next_boot(&mut self, py: Python<'_>) -> PyResult<u64> {
        let journal = self.usable_mut()?;
        let boot = wipe::after(|| py.detach(|| journal.next_boot()));
        Ok(boot.map_err(|error| self.peer.explain(py, error))?.get())
    }

    /// Takes the rotation offer that the device got: makes the next key durable,
    /// erases the present one, and returns the next; None if the offer is of this
    /// version or an earlier one. Then drop every other copy of the old key, and
    /// count a boot.
    ///
    /// Raises BadOffer, and nothing changed; StorageFailed and StateLost: the
    /// storage may hold either key, open it anew.
    #[pyo3(signature = (device_id, offer))]
    fn accept(
        &mut self,
        py: Python<'_>,
        device_id: Id,
        offer: Input<'_>,
    ) -> PyResult<Option<Py<DeviceKey>>> {
        let offer = offer.as_slice();
        wipe::after(|| {
            let journal = self.usable_mut()?;
            let applied = py.detach(|| journal.apply(&device_id.0, offer));
            DeviceKey::of_applied(py, applied.map_err(|error| self.peer.explain(py, error))?)
        })
    }

    /// Closes the journal and its storage; its key is wiped. What is called later
    /// raises AlreadyFinalized.
    #[pyo3(signature = ())]
    fn close(&mut self) {
        self.journal = None;
    }

    fn __enter__(this: Bound<'_, Self>) -> Bound<'_, Self> {
        this
    }

    #[pyo3(signature = (_kind = None, _error = None, _traceback = None, /))]
    fn __exit__(
        &mut self,
        _kind: Option<&Bound<'_, PyAny>>,
        _error: Option<&Bound<'_, PyAny>>,
        _traceback: Option<&Bound<'_, PyAny>>,
    ) {
        self.close();
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.peer.traverse(&visit)
    }

    fn __clear__(&self) {
        self.peer.clear();
    }
}

impl Journal {
    fn made(
        py: Python<'_>,
        peer: Peer,
        make: impl FnOnce() -> Result<journal::Journal<Store>, Error> + Send,
    ) -> PyResult<Py<Self>> {
        let journal = py.detach(make).map_err(|error| peer.explain(py, error))?;
        Py::new(py, Self { journal: Some(journal), peer, birthplace: Birthplace::here() })
    }

    /// The journal, in the process that opened it and until it is closed.
    fn usable(&self) -> PyResult<&journal::Journal<Store>> {
        self.birthplace.check()?;
        self.journal.as_ref().ok_or_else(already_finalized)
    }

    /// As [`Journal::usable`], to change it.
    fn usable_mut(&mut self) -> PyResult<&mut journal::Journal<Store>> {
        self.birthplace.check()?;
        self.journal.as_mut().ok_or_else(already_finalized)
    }
}

/// The storage of an argument; a file's goes over to the journal.
fn lent(storage: &Bound<'_, PyAny>) -> PyResult<(Store, Peer)> {
    if let Ok(file) = storage.cast::<FileStorage>() {
        let mut file = file.try_borrow_mut()?;
        file.birthplace.check()?;
        let file = file.storage.take().ok_or_else(already_finalized)?;
        return Ok((Store::File(file), Peer::default()));
    }
    let pages = storage.getattr("pages")?.extract::<Number>()?.len();
    let page_size = storage.getattr("page_size")?.extract::<Number>()?.len();
    let peer = Peer::new(storage.clone().unbind());
    Ok((Store::Python(InPython { peer: peer.clone(), pages, page_size }), peer))
}
