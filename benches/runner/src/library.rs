//! Shared objects, opened so that their symbols stay their own.

use std::ffi::{CStr, CString, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::Result;

/// An open shared object. It stays open until the process ends.
#[derive(Clone, Copy)]
pub(crate) struct Library(*mut c_void);

impl Library {
    /// Opens a shared object by its path, with symbols local to it.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let name = CString::new(path.as_os_str().as_bytes()).map_err(|error| error.to_string())?;
        // SAFETY: a C string; what constructors of the object do is trusted as
        // any code that is linked.
        let handle = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        if handle.is_null() {
            return Err(format!("cannot open {}: {}", path.display(), last_error()));
        }
        Ok(Self(handle))
    }

    /// The address of a symbol; `name` ends in a NUL.
    pub(crate) fn symbol(self, name: &[u8]) -> Result<*mut c_void> {
        let name = CStr::from_bytes_with_nul(name).map_err(|error| error.to_string())?;
        // SAFETY: the handle came from dlopen and is never closed.
        let address = unsafe { libc::dlsym(self.0, name.as_ptr()) };
        if address.is_null() {
            return Err(format!("there is no {}", name.to_string_lossy()));
        }
        Ok(address)
    }
}

fn last_error() -> String {
    // SAFETY: dlerror returns NULL or a C string that lives until the next call.
    unsafe {
        let text = libc::dlerror();
        if text.is_null() {
            return String::new();
        }
        CStr::from_ptr(text).to_string_lossy().into_owned()
    }
}
