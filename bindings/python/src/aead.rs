//! AES-GCM (NIST SP 800-38D), in the shape of `cryptography`.

use corekey::Error;
use corekey::aead::{AeadAlgorithm, AeadKey, NONCE_LEN, TAG_LEN, sealed_len};
use corekey::rng::OsRng;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::buffer::{Input, Layout, Output, or_empty};
use crate::error::raise;
use crate::number::number;
use crate::{gil, wipe};

/// AES-128-GCM or AES-256-GCM (NIST SP 800-38D) with 12-byte nonces and 16-byte
/// tags, in the shape of cryptography's class of the same name.
///
/// key: 16 or 32 bytes. Raises ValueError for another length; 24 bytes (AES-192)
/// are not offered.
///
/// Never use a nonce twice with one key: that gives away the authentication key.
/// Count, or draw at random for at most 2**32 messages. An object may be used by
/// several threads at once. It holds a secret: it cannot be copied or pickled,
/// and is wiped when it is freed.
#[pyclass(frozen, module = "corekey", name = "AESGCM")]
pub(crate) struct AesGcm(AeadKey);

#[pymethods]
impl AesGcm {
    #[new]
    #[pyo3(signature = (key))]
    fn new(py: Python<'_>, key: Input<'_>) -> PyResult<Py<Self>> {
        let algorithm = match key.len() {
            16 => AeadAlgorithm::Aes128Gcm,
            32 => AeadAlgorithm::Aes256Gcm,
            24 => return Err(no_192_bits()),
            other => {
                return Err(PyValueError::new_err(format!(
                    "an AES-GCM key has 16 or 32 bytes, not {other}"
                )));
            }
        };
        wipe::after(|| {
            let key = AeadKey::new(algorithm, key.as_slice()).map_err(raise)?;
            Py::new(py, Self(key))
        })
    }

    /// A new random key from the operating system.
    ///
    /// bit_length: 128 or 256. Returns 16 or 32 bytes. Raises ValueError for
    /// another length; EntropyFailed if the system has no generator.
    #[staticmethod]
    #[pyo3(signature = (bit_length))]
    fn generate_key<'py>(
        py: Python<'py>,
        bit_length: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let wrong = || PyValueError::new_err("bit_length must be 128 or 256");
        let len = match number(bit_length.as_borrowed(), wrong)? {
            128 => 16,
            256 => 32,
            192 => return Err(no_192_bits()),
            _ => return Err(wrong()),
        };
        PyBytes::new_with(py, len, |key| OsRng.fill(key).map_err(raise))
    }

    /// Encrypts data and authenticates it together with associated_data.
    ///
    /// nonce: 12 bytes, never used before with this key. data: up to 2**36 - 32
    /// bytes. associated_data: bytes that are authenticated and not encrypted,
    /// None for none. Returns len(data) + 16 bytes: the ciphertext with its tag.
    /// Raises ValueError for another nonce length.
    #[pyo3(signature = (nonce, data, associated_data))]
    fn encrypt<'py>(
        &self,
        py: Python<'py>,
        nonce: Input<'_>,
        data: Input<'_>,
        associated_data: Option<Input<'_>>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let nonce = nonce_of(&nonce)?;
        let len = sealed_len(data.len()).map_err(raise)?;
        PyBytes::new_with(py, len, |out| {
            if data.unchanging().is_none() {
                data.copy_to(0, out);
                return self.seal_in_place(&nonce, or_empty(&associated_data), out);
            }
            let sealed = with_aad(py, &data, &associated_data, |data, aad| {
                self.0.seal(&nonce, aad, data, out)
            });
            sealed.map(drop).map_err(raise)
        })
    }

    /// Decrypts what encrypt() made, if it is authentic.
    ///
    /// nonce, associated_data: as they were for encrypt(). data: ciphertext with
    /// tag. Returns len(data) - 16 bytes. Raises InvalidTag if anything differs
    /// or data is shorter than a tag, and nothing of the plaintext is given out;
    /// ValueError for a nonce that is not 12 bytes long.
    #[pyo3(signature = (nonce, data, associated_data))]
    fn decrypt<'py>(
        &self,
        py: Python<'py>,
        nonce: Input<'_>,
        data: Input<'_>,
        associated_data: Option<Input<'_>>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let nonce = nonce_of(&nonce)?;
        let len = opened_len(&data)?;
        PyBytes::new_with(py, len, |out| {
            if data.unchanging().is_none() {
                // Verified and decrypted is one copy, which nobody else knows.
                data.copy_to(0, out);
                let (aad, tag) = (or_empty(&associated_data), data.array_from(len));
                return self.0.open_in_place(&nonce, aad, out, &tag).map_err(raise);
            }
            let opened = with_aad(py, &data, &associated_data, |data, aad| {
                self.0.open(&nonce, aad, data, out)
            });
            opened.map(drop).map_err(raise)
        })
    }

    /// encrypt() into memory of the caller.
    ///
    /// buf: writable, exactly len(data) + 16 bytes. It may start exactly where
    /// data starts (in place: a bytearray of the plaintext and 16 bytes more,
    /// and a memoryview of its front as data); otherwise it shares no byte with
    /// another argument. Returns the number of bytes written. Raises ValueError
    /// for a buf of another length or an overlap, TypeError for one that cannot
    /// be written; nothing is written then.
    #[pyo3(signature = (nonce, data, associated_data, buf))]
    fn encrypt_into(
        &self,
        nonce: Input<'_>,
        data: Input<'_>,
        associated_data: Option<Input<'_>>,
        mut buf: Output,
    ) -> PyResult<usize> {
        let needed = sealed_len(data.len()).map_err(raise)?;
        let nonce_bytes = nonce_of(&nonce)?;
        exactly(&buf, needed)?;
        let aad = or_empty(&associated_data);
        match beside(&mut buf, &data, &nonce, &associated_data)? {
            // From a copy of its own, not through `out`: who may read the
            // ciphertext there need not be one who may read the plaintext.
            Layout::Apart(out) => {
                self.0.seal(&nonce_bytes, aad, data.as_slice(), out).map_err(raise)?;
            }
            Layout::InPlace(out) => self.seal_in_place(&nonce_bytes, aad, out)?,
        }
        Ok(needed)
    }

    /// decrypt() into memory of the caller, which can be wiped after use.
    ///
    /// buf: writable, exactly len(data) - 16 bytes. It may start exactly where
    /// data starts (in place); otherwise it shares no byte with another
    /// argument. Nobody else may write to buf meanwhile, such as recv_into() or
    /// readinto() in another thread: what they write could come out as if it
    /// were plaintext. Returns the number of bytes written. Raises InvalidTag if
    /// the message is not authentic: then buf holds zeros. Raises ValueError for
    /// a buf of another length or an overlap, TypeError for one that cannot be
    /// written; nothing is written then.
    #[pyo3(signature = (nonce, data, associated_data, buf))]
    fn decrypt_into(
        &self,
        nonce: Input<'_>,
        data: Input<'_>,
        associated_data: Option<Input<'_>>,
        mut buf: Output,
    ) -> PyResult<usize> {
        let needed = opened_len(&data)?;
        let nonce_bytes = nonce_of(&nonce)?;
        exactly(&buf, needed)?;
        let aad = or_empty(&associated_data);
        let out = match (beside(&mut buf, &data, &nonce, &associated_data)?, data.unchanging()) {
            (Layout::Apart(out), Some(data)) => {
                return self.0.open(&nonce_bytes, aad, data, out).map_err(raise);
            }
            (Layout::Apart(out), None) => {
                data.copy_to(0, out);
                out
            }
            (Layout::InPlace(out), _) => out,
        };
        let tag = data.array_from(needed);
        self.0.open_in_place(&nonce_bytes, aad, out, &tag).map_err(raise)?;
        Ok(needed)
    }
}

impl AesGcm {
    /// Seals the plaintext at the start of `out`, which has room for the tag.
    fn seal_in_place(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], out: &mut [u8]) -> PyResult<()> {
        let (text, tag) = out.split_last_chunk_mut::<TAG_LEN>().ok_or_else(too_short)?;
        *tag = self.0.seal_in_place(nonce, aad, text).map_err(raise)?;
        Ok(())
    }
}

/// Runs one call of the core on data and associated data.
fn with_aad<R: Send>(
    py: Python<'_>,
    data: &Input<'_>,
    associated_data: &Option<Input<'_>>,
    call: impl FnOnce(&[u8], &[u8]) -> R + Send,
) -> R {
    match associated_data {
        Some(aad) => gil::run(py, [data, aad], |[data, aad]| call(data, aad)),
        None => gil::run(py, [data], |[data]| call(data, &[])),
    }
}

fn beside<'a>(
    buf: &'a mut Output,
    data: &Input<'_>,
    nonce: &Input<'_>,
    associated_data: &Option<Input<'_>>,
) -> PyResult<Layout<'a>> {
    match associated_data {
        Some(aad) => buf.beside(data, &[nonce, aad]),
        None => buf.beside(data, &[nonce]),
    }
}

fn nonce_of(nonce: &Input<'_>) -> PyResult<[u8; NONCE_LEN]> {
    if nonce.len() != NONCE_LEN {
        return Err(PyValueError::new_err(format!(
            "a nonce has 12 bytes, not {}: other lengths make GCM weaker and are not offered",
            nonce.len()
        )));
    }
    Ok(nonce.array_from(0))
}

/// What is shorter than a tag cannot be authentic.
fn opened_len(data: &Input<'_>) -> PyResult<usize> {
    data.len().checked_sub(TAG_LEN).ok_or_else(too_short)
}

fn too_short() -> PyErr {
    raise(Error::Unverified)
}

fn exactly(buf: &Output, needed: usize) -> PyResult<()> {
    if buf.len() == needed {
        return Ok(());
    }
    Err(PyValueError::new_err(format!("buf must be {needed} bytes long, not {}", buf.len())))
}

fn no_192_bits() -> PyErr {
    PyValueError::new_err("AES-192 is not offered: use a 128- or 256-bit key")
}
