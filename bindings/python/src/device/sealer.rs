//! Sealing of messages (`docs/message.md`).

use corekey::aead::TAG_LEN;
use corekey::device::message::{MAX_EXTERNAL_AAD_LEN, MAX_PAYLOAD_LEN};
use corekey::device::sealer;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::key::DeviceKey;
use super::name::{OfBoot, OfForm, fresh_salt, salt_of, session};
use crate::buffer::{Input, Output, or_empty};
use crate::error::raise;
use crate::fork::Birthplace;
use crate::number::Number;
use crate::wipe;

/// Seals the messages of one session (docs/message.md): made by Sealer.up() or
/// Sealer.down().
///
/// Use it from one thread at a time. It cannot be copied or pickled, and in a
/// child of os.fork() every call raises Forked: two sealers of one session would
/// use the same nonces. Its key is wiped when it is freed.
#[pyclass(module = "corekey")]
pub(crate) struct Sealer {
    sealer: sealer::Sealer,
    birthplace: Birthplace,
}

#[pymethods]
impl Sealer {
    /// A device's sealer for one start of it.
    ///
    /// boot: 0 to 2**48 - 1, higher at every start; without a journal, for
    /// example the milliseconds since 1970. salt: None draws 8 random bytes, right
    /// for every host; b"" is for a boot number that a journal counted and that
    /// was never used before; or 8 fresh random bytes.
    #[staticmethod]
    #[pyo3(signature = (key, boot, salt = None))]
    fn up(
        py: Python<'_>,
        key: &DeviceKey,
        boot: OfBoot,
        salt: Option<Input<'_>>,
    ) -> PyResult<Py<Self>> {
        let salt = match &salt {
            Some(salt) => salt_of(salt)?,
            None => Some(fresh_salt()?),
        };
        Self::made(py, || sealer::Sealer::up(&key.0, session(boot, salt)))
    }

    /// A server's sealer for a device in its current boot.
    ///
    /// boot: what the device's last opened message told. salt: None draws 8
    /// random bytes; or 8 fresh random bytes.
    #[staticmethod]
    #[pyo3(signature = (key, boot, salt = None))]
    fn down(
        py: Python<'_>,
        key: &DeviceKey,
        boot: OfBoot,
        salt: Option<Input<'_>>,
    ) -> PyResult<Py<Self>> {
        let salt = match &salt {
            Some(salt) => salt.array("a salt")?,
            None => fresh_salt()?,
        };
        Self::made(py, || sealer::Sealer::down(&key.0, boot.0, salt))
    }

    /// The boot number of the session.
    #[getter]
    fn boot(&self) -> u64 {
        self.sealer.session().boot().get()
    }

    /// The salt of the session: 8 bytes, or none.
    #[getter]
    fn salt<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.sealer.session().salt().map_or(&[], |salt| salt))
    }

    /// The number of the next message, from 0; None if the session is full.
    #[getter]
    fn next_counter(&self) -> Option<u32> {
        self.sealer.next_counter()
    }

    /// The length in bytes of the next message, with a payload of payload_length
    /// bytes.
    #[pyo3(signature = (payload_length, form = OfForm::LONG), text_signature = "($self, payload_length, form='long')")]
    fn sealed_length(&self, payload_length: Number, form: OfForm) -> PyResult<usize> {
        let payload_length = payload_length.len();
        check_len(payload_length, 0)?;
        self.sealer.sealed_len(form.0, payload_length).map_err(raise)
    }

    /// Seals a payload.
    ///
    /// payload: up to 16 MiB. form: "long" says whose it is and opens without
    /// state; "compact" has 20 bytes over the payload. Every 64th message is long
    /// whatever was asked for. external_aad: up to 255 bytes that both sides know
    /// and that are authenticated; rarely needed, since identity and session are.
    /// Raises ValueError for longer ones; SessionFull if the next boot is due.
    #[pyo3(
        signature = (payload, form = OfForm::LONG, external_aad = None),
        text_signature = "($self, payload, form='long', external_aad=None)"
    )]
    fn seal<'py>(
        &mut self,
        py: Python<'py>,
        payload: Input<'_>,
        form: OfForm,
        external_aad: Option<Input<'_>>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let len = self.prepare(&payload, form, &external_aad)?;
        let external_aad = or_empty(&external_aad);
        PyBytes::new_with(py, len, |out| {
            let sealed = match payload.unchanging() {
                Some(payload) => self.sealer.seal(form.0, external_aad, payload, out),
                None => {
                    let start = len - payload.len() - TAG_LEN;
                    let text = start..start + payload.len();
                    payload.copy_to(0, out.get_mut(text.clone()).unwrap_or(&mut []));
                    self.sealer.seal_in_place(form.0, external_aad, out, text)
                }
            };
            sealed.map(drop).map_err(raise)
        })
    }

    /// seal() into memory of the caller.
    ///
    /// buf: writable, sealed_length() bytes or more, shares no byte with another
    /// argument. Returns the number of bytes written. Raises as seal() does, and
    /// ValueError or TypeError for such a buf: then nothing is written and no
    /// counter used.
    #[pyo3(
        signature = (payload, buf, form = OfForm::LONG, external_aad = None),
        text_signature = "($self, payload, buf, form='long', external_aad=None)"
    )]
    fn seal_into(
        &mut self,
        payload: Input<'_>,
        mut buf: Output,
        form: OfForm,
        external_aad: Option<Input<'_>>,
    ) -> PyResult<usize> {
        self.prepare(&payload, form, &external_aad)?;
        let out = match &external_aad {
            Some(aad) => buf.apart_from(&[&payload, aad])?,
            None => buf.apart_from(&[&payload])?,
        };
        let external_aad = or_empty(&external_aad);
        self.sealer.seal(form.0, external_aad, payload.as_slice(), out).map_err(raise)
    }

    fn __repr__(&self) -> String {
        let next = self.sealer.next_counter();
        let next = next.map_or_else(|| "None".into(), |counter| counter.to_string());
        format!("<corekey.Sealer boot={} next_counter={next}>", self.boot())
    }
}

impl Sealer {
    fn made(
        py: Python<'_>,
        make: impl FnOnce() -> Result<sealer::Sealer, corekey::Error>,
    ) -> PyResult<Py<Self>> {
        wipe::after(|| {
            let sealer = make().map_err(raise)?;
            Py::new(py, Self { sealer, birthplace: Birthplace::here() })
        })
    }

    /// The checks of a seal; the length of the message.
    fn prepare(
        &self,
        payload: &Input<'_>,
        form: OfForm,
        external_aad: &Option<Input<'_>>,
    ) -> PyResult<usize> {
        self.birthplace.check()?;
        check_len(payload.len(), or_empty(external_aad).len())?;
        self.sealer.sealed_len(form.0, payload.len()).map_err(raise)
    }
}

/// What the core refuses with the same error for both.
pub(super) fn check_len(payload: usize, external_aad: usize) -> PyResult<()> {
    if payload > MAX_PAYLOAD_LEN {
        return Err(PyValueError::new_err(format!(
            "a payload has up to {MAX_PAYLOAD_LEN} bytes, not {payload}"
        )));
    }
    if external_aad > MAX_EXTERNAL_AAD_LEN {
        return Err(PyValueError::new_err(format!(
            "an external AAD has up to {MAX_EXTERNAL_AAD_LEN} bytes, not {external_aad}"
        )));
    }
    Ok(())
}
