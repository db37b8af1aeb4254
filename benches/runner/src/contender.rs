//! Who is measured: CoreKey by its two ways in, and the peers.

use std::ffi::{CStr, c_char, c_void};
use std::path::Path;

use peer::{ENTRY, Job, Table, Work};

use crate::c_abi::CAbi;
use crate::library::Library;
use crate::mask::Mask;
use crate::{Result, limits};

/// CoreKey through the Rust API, as its peer object names itself.
pub(crate) const RUST: &str = "CoreKey (Rust)";
/// CoreKey through libcorekey.so.
pub(crate) const C: &str = "CoreKey (C)";
/// The instructions that a job cannot do without, and nothing else.
pub(crate) const LIMIT: &str = "the CPU's limit";

/// One of those that run in turn.
pub(crate) struct Contender {
    pub(crate) name: String,
    pub(crate) release: String,
    pub(crate) how: String,
    kind: Kind,
}

enum Kind {
    Plugin(&'static Table),
    CAbi(CAbi),
    Limit,
}

impl Contender {
    /// A peer's shared object.
    pub(crate) fn peer(path: &Path, mask: &Mask) -> Result<Self> {
        let library = Library::open(&mask.apply(path)?)?;
        // SAFETY: the object was built from a crate that exports itself with
        // `peer::export!`, so the symbol is this function, and what it returns
        // is valid for ever.
        let table = unsafe {
            let entry: extern "C" fn() -> *const Table =
                std::mem::transmute(library.symbol(ENTRY)?);
            &*entry()
        };
        Ok(Self {
            name: text(table.name),
            release: text(table.release),
            how: text(table.how),
            kind: Kind::Plugin(table),
        })
    }

    /// The C ABI of an installed CoreKey.
    pub(crate) fn c_abi(name: &str, prefix: &Path, mask: &Mask) -> Result<Self> {
        let header = prefix.join("include/corekey.h");
        let header = std::fs::read_to_string(&header)
            .map_err(|error| format!("{}: {error}", header.display()))?;
        let api = CAbi::open(&mask.apply(&prefix.join("lib/libcorekey.so"))?, header)?;
        Ok(Self {
            name: name.to_owned(),
            release: api.version(),
            how: "corekey_aead_seal_detached and _open_detached in place, corekey_hkdf_expand, \
                  corekey_hmac; device: corekey_root_device_key, corekey_opener_init_up, \
                  corekey_open; contexts cleared"
                .to_owned(),
            kind: Kind::CAbi(api),
        })
    }

    /// The limit of this CPU, where a job has one that is known.
    pub(crate) fn limit() -> Self {
        Self {
            name: LIMIT.to_owned(),
            release: String::new(),
            how: "VAESENC on 512-bit registers, eight in flight, as many as the text has rounds \
                  of blocks; no memory, no counter, no GHASH"
                .to_owned(),
            kind: Kind::Limit,
        }
    }

    /// Whether it is neither CoreKey nor the limit.
    pub(crate) fn is_peer(&self) -> bool {
        is_peer(&self.name)
    }

    /// A job made ready; `None` if this one cannot do it.
    pub(crate) fn prepare(&self, job: Job, len: usize) -> Option<Box<dyn Work>> {
        match self.kind {
            Kind::CAbi(api) => peer::prepare(api, job, len),
            Kind::Limit => limits::prepare(job, len),
            Kind::Plugin(table) => {
                let work = (table.prepare)(job as u32, len);
                (!work.is_null()).then(|| Box::new(Foreign { table, work }) as Box<dyn Work>)
            }
        }
    }
}

/// What a contender is, for who reads the report.
pub(crate) fn kind(name: &str) -> &'static str {
    match name {
        RUST | C => "ours",
        LIMIT => "limit",
        _ => "peer",
    }
}

/// Whether a contender of this name is neither CoreKey nor the limit.
pub(crate) fn is_peer(name: &str) -> bool {
    kind(name) == "peer"
}

/// A job inside a peer's shared object.
struct Foreign {
    table: &'static Table,
    work: *mut c_void,
}

impl Work for Foreign {
    fn run(&mut self, turns: u64) {
        (self.table.run)(self.work, turns);
    }

    fn output(&self) -> Vec<u8> {
        let len = (self.table.output)(self.work, [].as_mut_ptr(), 0);
        let mut bytes = vec![0; len];
        (self.table.output)(self.work, bytes.as_mut_ptr(), len);
        bytes
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        (self.table.free)(self.work);
    }
}

fn text(string: *const c_char) -> String {
    // SAFETY: the strings of a peer's table are C strings that are never freed.
    unsafe { CStr::from_ptr(string) }.to_string_lossy().into_owned()
}
