//! The memory of Python objects: what a call reads ([`Input`]) and what it writes
//! ([`Output`]). Relies on the buffer protocol (PEP 3118).
//!
//! Memory that is lent does not move and is not freed until it is given back, but
//! it may change at any time, whoever holds the interpreter's lock:
//! `readinto()`, `recv_into()` and `os.readv()` of another thread, numpy, native
//! code and another process that shares an `mmap` write without it. So:
//!
//! - `bytes` never change. They are read where they are.
//! - Everything else is read once, byte by byte in order, into memory that only
//!   the call knows, and no slice of it is ever made. What is verified is what is
//!   used. A writer meanwhile changes which bytes are read, and nothing else.
//! - An output is written where it is. Who writes there during a call destroys
//!   the result, as they would after it. The core reads from it what it has
//!   written itself, and what is transformed in place; lengths and addresses come
//!   from nowhere in it, so that is as far as it goes.

use std::cell::OnceCell;
use std::ffi::c_int;
use std::ops::Range;
use std::sync::atomic::{Ordering, compiler_fence};
use std::{ptr, slice};

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
    /// Of another object, and the copy of it as soon as one was needed.
    View(View, OnceCell<Zeroizing<Vec<u8>>>),
}

/// An argument that is read: any object that lends contiguous memory. A call uses
/// one of [`Input::as_slice`], [`Input::pieces`] and [`Input::copy_to`], since
/// each of them reads the memory anew.
pub(crate) struct Input<'a>(Source<'a>);

/// Bytes that [`Input::pieces`] copies at a time.
const PIECE: usize = 4 * 1024;

/// Up to here bytes are copied one by one, since they may be a key: the C
/// library's copy leaves it in vector registers, from where it gets to the stack.
const SHORT: usize = 128;

impl Input<'_> {
    pub(crate) fn len(&self) -> usize {
        match &self.0 {
            Source::Bytes(bytes) => bytes.len(),
            Source::View(view, _) => view.len(),
        }
    }

    /// The bytes: those of a `bytes` object where they are, others as a copy that
    /// is made by the first call and wiped when this is dropped.
    pub(crate) fn as_slice(&self) -> &[u8] {
        match &self.0 {
            Source::Bytes(bytes) => bytes,
            Source::View(view, copy) => copy.get_or_init(|| {
                let mut bytes = Zeroizing::new(vec![0; view.len()]);
                self.copy_to(0, &mut bytes);
                bytes
            }),
        }
    }

    /// The bytes where they are, if they can never change, whoever runs meanwhile.
    pub(crate) fn unchanging(&self) -> Option<&[u8]> {
        match &self.0 {
            Source::Bytes(bytes) => Some(bytes),
            Source::View(..) => None,
        }
    }

    /// Gives `take` all bytes in order, without a copy of the whole.
    pub(crate) fn pieces(&self, mut take: impl FnMut(&[u8])) {
        if let Some(bytes) = self.unchanging() {
            return take(bytes);
        }
        let mut memory = Zeroizing::new([0; PIECE]);
        for start in (0..self.len()).step_by(PIECE) {
            let piece = memory.get_mut(..PIECE.min(self.len() - start)).unwrap_or(&mut []);
            self.copy_to(start, piece);
            take(piece);
        }
    }

    /// Copies as many bytes from `start` on as `out` has; no more than there are.
    pub(crate) fn copy_to(&self, start: usize, out: &mut [u8]) {
        let len = out.len().min(self.len().saturating_sub(start));
        if len == 0 {
            return;
        }
        let from = match &self.0 {
            Source::Bytes(bytes) => bytes.as_ptr(),
            Source::View(view, _) => view.0.buf.cast::<u8>().cast_const(),
        };
        if len <= SHORT {
            for (i, to) in out.iter_mut().take(len).enumerate() {
                // SAFETY: `start + len` bytes from `from` are lent, contiguous and
                // initialized. Whoever writes to them meanwhile does so as for
                // `bytes(object)` in CPython: no reference to them is made, and any
                // value is good for a byte.
                *to = unsafe { from.add(start + i).read_volatile() };
            }
            return;
        }
        // SAFETY: as above; and `out` has `len` bytes of which none is lent: it is
        // memory of this call, or an output that was told apart from this input.
        unsafe { ptr::copy_nonoverlapping(from.add(start), out.as_mut_ptr(), len) };
        // What is read of `out` from here on is not read of the source again.
        compiler_fence(Ordering::SeqCst);
    }

    /// The bytes as an array.
    pub(crate) fn array<const N: usize>(&self, name: &str) -> PyResult<[u8; N]> {
        if self.len() != N {
            return Err(PyValueError::new_err(format!(
                "{name} must be {N} bytes long, not {}",
                self.len()
            )));
        }
        Ok(self.array_from(0))
    }

    /// `N` bytes from `start` on; zeros where there are none.
    pub(crate) fn array_from<const N: usize>(&self, start: usize) -> [u8; N] {
        let mut array = [0; N];
        self.copy_to(start, &mut array);
        array
    }

    fn addresses(&self) -> Range<usize> {
        match &self.0 {
            Source::Bytes(bytes) => {
                let start = bytes.as_ptr().addr();
                start..start + bytes.len()
            }
            Source::View(view, _) => view.addresses(),
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
            Ok(view) => Ok(Self(Source::View(view, OnceCell::new()))),
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
    Apart(&'a mut [u8]),
    /// Input and output start at the same byte.
    InPlace(&'a mut [u8]),
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
    pub(crate) fn beside(
        &mut self,
        data: &Input<'_>,
        others: &[&Input<'_>],
    ) -> PyResult<Layout<'_>> {
        self.refuse_overlaps(others)?;
        let (from, to) = (data.addresses(), self.0.addresses());
        if !overlap(&from, &to) {
            return Ok(Layout::Apart(self.as_mut_slice()));
        }
        if from.start != to.start {
            return Err(PyValueError::new_err(
                "buf overlaps data: let it start exactly where data starts, or keep them apart",
            ));
        }
        Ok(Layout::InPlace(self.as_mut_slice()))
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
        // initialized. No slice of an input shares them: an input is a slice of
        // `bytes`, which lend nothing for writing, or of the call's own copy. The
        // module's text says what a writer without the lock can do.
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
