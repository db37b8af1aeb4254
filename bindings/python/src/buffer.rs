//! The memory of Python objects, lent without a copy: what a call reads
//! ([`Input`]) and what it writes ([`Output`]). Relies on the buffer protocol
//! (PEP 3118). The only `unsafe` of the bindings is here.
//!
//! Why a slice of a Python object is sound here. Memory that is lent does not
//! move and is not freed until it is given back. Other threads of Python cannot
//! write to it: nothing runs between the lending and the end of the call but
//! code of this crate with the interpreter's lock held, and without the lock
//! only on `bytes`, which never change (see [`crate::gil`]). No slice is kept
//! over a call into Python. Memory that is read and written at once is told
//! apart by [`Output::beside`]. What remains is memory that somebody writes
//! without the lock, such as a shared `mmap` in another process: that is as
//! racy for every other reader in Python, and the README says so.

use std::ffi::c_int;
use std::ops::Range;
use std::slice;

use pyo3::exceptions::{PyBufferError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use zeroize::Zeroizing;

/// A buffer that an object lends, until this is dropped. Not `Send`, so that it
/// is given back by a thread that holds the interpreter's lock.
struct View(Box<ffi::Py_buffer>);

impl View {
    fn of(object: Borrowed<'_, '_, PyAny>, flags: c_int) -> PyResult<Self> {
        let mut view = Box::new(ffi::Py_buffer::new());
        // SAFETY: the object is alive and its interpreter attached; the view is
        // valid memory that stays in its place until it is released.
        let status = unsafe { ffi::PyObject_GetBuffer(object.as_ptr(), &raw mut *view, flags) };
        if status != 0 {
            return Err(PyErr::fetch(object.py()));
        }
        Ok(Self(view))
    }

    fn len(&self) -> usize {
        self.0.len.unsigned_abs()
    }

    fn addresses(&self) -> Range<usize> {
        let start = self.0.buf.addr();
        start..start + self.len()
    }
}

impl Drop for View {
    fn drop(&mut self) {
        // SAFETY: it was filled by PyObject_GetBuffer and is released once.
        unsafe { ffi::PyBuffer_Release(&raw mut *self.0) };
    }
}

enum Source<'a> {
    /// Of a `bytes` object, which never changes.
    Bytes(&'a [u8]),
    View(View),
}

/// An argument that is read: any object that lends contiguous memory.
pub(crate) struct Input<'a>(Source<'a>);

impl Input<'_> {
    pub(crate) fn len(&self) -> usize {
        match &self.0 {
            Source::Bytes(bytes) => bytes.len(),
            Source::View(view) => view.len(),
        }
    }

    /// The bytes, for as long as no Python code runs.
    pub(crate) fn as_slice(&self) -> &[u8] {
        match &self.0 {
            Source::Bytes(bytes) => bytes,
            Source::View(view) if view.len() == 0 => &[],
            // SAFETY: `len` bytes from `buf` are lent, contiguous and
            // initialized; the module's text says why nobody writes to them.
            Source::View(view) => unsafe {
                slice::from_raw_parts(view.0.buf.cast::<u8>(), view.len())
            },
        }
    }

    /// Whether the bytes can never change, whoever runs meanwhile.
    pub(crate) fn never_changes(&self) -> bool {
        matches!(self.0, Source::Bytes(_))
    }

    /// A copy, wiped when dropped, for calls that run Python code.
    pub(crate) fn to_vec(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.as_slice().to_vec())
    }

    /// The bytes as an array.
    pub(crate) fn array<const N: usize>(&self, name: &str) -> PyResult<[u8; N]> {
        self.as_slice().try_into().map_err(|_| {
            PyValueError::new_err(format!("{name} must be {N} bytes long, not {}", self.len()))
        })
    }

    fn addresses(&self) -> Range<usize> {
        match &self.0 {
            Source::Bytes(bytes) => {
                let start = bytes.as_ptr().addr();
                start..start + bytes.len()
            }
            Source::View(view) => view.addresses(),
        }
    }
}

impl<'a, 'py> FromPyObject<'a, 'py> for Input<'a> {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(bytes) = object.extract::<&'a [u8]>() {
            return Ok(Self(Source::Bytes(bytes)));
        }
        match View::of(object, ffi::PyBUF_SIMPLE) {
            Ok(view) => Ok(Self(Source::View(view))),
            Err(error) => Err(explain(object, error)),
        }
    }
}

/// The bytes of an argument that may be left out, `None` for none.
pub(crate) fn or_empty<'a>(input: &'a Option<Input<'_>>) -> &'a [u8] {
    input.as_ref().map_or(&[], Input::as_slice)
}

/// How an output lies to the input that is transformed into it.
pub(crate) enum Layout<'a> {
    /// In memory of its own.
    Apart { data: &'a [u8], out: &'a mut [u8] },
    /// Input and output start at the same byte: `out` is all of the output,
    /// `behind` what the input has behind that.
    InPlace { out: &'a mut [u8], behind: &'a [u8] },
}

/// An argument that is written: any object that lends writable memory.
pub(crate) struct Output(View);

impl Output {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The memory to write to, told apart from everything that is read
    /// meanwhile: `data` may start where it starts, nothing else may share a
    /// byte with it.
    ///
    /// `data` and `others` are all inputs of the call.
    pub(crate) fn beside<'a>(
        &'a mut self,
        data: &'a Input<'_>,
        others: &[&Input<'_>],
    ) -> PyResult<Layout<'a>> {
        self.refuse_overlaps(others)?;
        let (from, to) = (data.addresses(), self.0.addresses());
        if !overlap(&from, &to) {
            return Ok(Layout::Apart { data: data.as_slice(), out: self.as_mut_slice() });
        }
        if from.start != to.start {
            return Err(PyValueError::new_err(
                "buf overlaps data: let it start exactly where data starts, or keep them apart",
            ));
        }
        // Read through `out` alone up to its end, through `data` behind it.
        let behind = match &data.0 {
            Source::View(view) if view.len() > self.len() => {
                let (start, len) = (self.len(), view.len() - self.len());
                // SAFETY: a part of what `data` lends, behind all of `out`.
                unsafe { slice::from_raw_parts(view.0.buf.cast::<u8>().add(start), len) }
            }
            _ => &[],
        };
        Ok(Layout::InPlace { out: self.as_mut_slice(), behind })
    }

    /// The memory to write to, of which no input may have a byte.
    ///
    /// `inputs` are all inputs of the call.
    pub(crate) fn apart_from(&mut self, inputs: &[&Input<'_>]) -> PyResult<&mut [u8]> {
        self.refuse_overlaps(inputs)?;
        Ok(self.as_mut_slice())
    }

    fn refuse_overlaps(&self, inputs: &[&Input<'_>]) -> PyResult<()> {
        let to = self.0.addresses();
        if inputs.iter().any(|input| overlap(&input.addresses(), &to)) {
            return Err(PyValueError::new_err(
                "buf overlaps another argument: give it memory of its own",
            ));
        }
        Ok(())
    }

    fn as_mut_slice(&mut self) -> &mut [u8] {
        if self.len() == 0 {
            return &mut [];
        }
        // SAFETY: `len` bytes from `buf` are lent for writing, contiguous and
        // initialized; the callers above have seen that no input shares them.
        unsafe { slice::from_raw_parts_mut(self.0.0.buf.cast::<u8>(), self.len()) }
    }
}

impl<'a, 'py> FromPyObject<'a, 'py> for Output {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        View::of(object, ffi::PyBUF_WRITABLE).map(Self).map_err(|error| {
            if View::of(object, ffi::PyBUF_SIMPLE).is_ok() {
                return PyTypeError::new_err(format!(
                    "{} cannot be written to: give a bytearray, or a view of one",
                    type_name(object)
                ));
            }
            explain(object, error)
        })
    }
}

fn overlap(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end && !a.is_empty() && !b.is_empty()
}

/// Why an object lends no memory, in words that help.
fn explain(object: Borrowed<'_, '_, PyAny>, error: PyErr) -> PyErr {
    if View::of(object, ffi::PyBUF_FULL_RO).is_ok() {
        return PyBufferError::new_err(format!(
            "{} is not contiguous in memory: pass bytes(…) of it",
            type_name(object)
        ));
    }
    if !error.is_instance_of::<PyTypeError>(object.py()) {
        return error;
    }
    PyTypeError::new_err(format!(
        "a bytes-like object is needed, not {}: encode text first, as in text.encode()",
        type_name(object)
    ))
}

fn type_name(object: Borrowed<'_, '_, PyAny>) -> String {
    object.get_type().name().map_or_else(|_| "this object".into(), |name| name.to_string())
}
