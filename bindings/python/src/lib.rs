//! Package `corekey-py`: the module `corekey._native` of the Python package
//! `corekey`. Nothing but translation: arguments of Python to slices, results
//! to new objects, errors to exceptions. What users see is typed in
//! `python/corekey/_native.pyi` and documented here, in the comments of classes
//! and functions, which are their docstrings.
//!
//! Calls write straight into the object that they return, read `bytes` where
//! they are, and any other buffer once (`buffer`). The interpreter's lock is
//! released for long work on immutable inputs only (`gil`).

mod aead;
#[allow(unsafe_code, reason = "the buffer protocol lends pointers and lengths")]
mod buffer;
mod call;
mod device;
mod drbg;
mod encode;
mod error;
mod fork;
mod gil;
mod hash;
mod kdf;
mod mac;
mod number;
mod wipe;
mod wrap;

/// Native code of the package corekey: import that instead.
#[pyo3::pymodule(gil_used = true)]
mod _native {
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::aead::AesGcm;
    #[pymodule_export]
    use super::device::journal::{FileStorage, Journal};
    #[pymodule_export]
    use super::device::key::DeviceKey;
    #[pymodule_export]
    use super::device::message::{Claim, inspect, to_compact, to_full_iv};
    #[pymodule_export]
    use super::device::opener::{Opened, Opener};
    #[pymodule_export]
    use super::device::root::{AuditKey, Root, TableKey};
    #[pymodule_export]
    use super::device::sealer::Sealer;
    #[pymodule_export]
    use super::drbg::HmacDrbg;
    #[pymodule_export]
    use super::encode::{from_text, to_text};
    #[pymodule_export]
    use super::hash::{Hash, digest};
    #[pymodule_export]
    use super::kdf::{Prk, hkdf};
    #[pymodule_export]
    use super::mac::{Hmac, HmacKey, equal};
    #[pymodule_export]
    use super::wrap::WrapKey;

    /// Runs the known-answer tests of all algorithms, in well under a
    /// millisecond: when the program starts. Raises SelfTestFailed: then stop.
    #[pyfunction]
    #[pyo3(signature = ())]
    fn selftest() -> PyResult<()> {
        corekey::selftest::run().map_err(super::error::raise)
    }

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        super::fork::watch(module.py())
    }
}
