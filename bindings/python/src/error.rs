//! Errors of the core as exceptions. The classes are in Python, in
//! `corekey/errors.py`; here is which error raises which, and what to do.

use corekey::Error;
use pyo3::exceptions::PyValueError;
use pyo3::{PyErr, Python};

mod class {
    use pyo3::import_exception;

    import_exception!(corekey.errors, AlreadyFinalized);
    import_exception!(corekey.errors, BadOffer);
    import_exception!(corekey.errors, CoreKeyError);
    import_exception!(corekey.errors, EntropyFailed);
    import_exception!(corekey.errors, Forged);
    import_exception!(corekey.errors, Forked);
    import_exception!(corekey.errors, InvalidState);
    import_exception!(corekey.errors, InvalidTag);
    import_exception!(corekey.errors, InvalidUnwrap);
    import_exception!(corekey.errors, Malformed);
    import_exception!(corekey.errors, NeedLong);
    import_exception!(corekey.errors, OtherKey);
    import_exception!(corekey.errors, Replay);
    import_exception!(corekey.errors, RootFailed);
    import_exception!(corekey.errors, SelfTestFailed);
    import_exception!(corekey.errors, SessionFull);
    import_exception!(corekey.errors, Stale);
    import_exception!(corekey.errors, StateLost);
    import_exception!(corekey.errors, StorageFailed);
    import_exception!(corekey.errors, Unreadable);
}

/// The exception for an error of the core.
pub(crate) fn raise(error: Error) -> PyErr {
    let message = error.to_string();
    match error {
        Error::InvalidLength
        | Error::BufferTooSmall { .. }
        | Error::InvalidEncoding
        | Error::OutOfRange => PyValueError::new_err(message),
        Error::Unverified => class::InvalidTag::new_err(
            "the tag does not verify: another key, nonce or associated data, or changed bytes",
        ),
        Error::EntropyFailed => class::EntropyFailed::new_err(message),
        Error::SelfTestFailed => class::SelfTestFailed::new_err(message),
        Error::RootFailed => class::RootFailed::new_err(message),
        Error::Malformed => class::Malformed::new_err(message),
        Error::OtherKey => class::OtherKey::new_err(message),
        Error::NeedLong => class::NeedLong::new_err(message),
        Error::Forged => class::Forged::new_err(message),
        Error::Stale => class::Stale::new_err(message),
        Error::Replay => class::Replay::new_err(message),
        Error::SessionFull => class::SessionFull::new_err(message),
        Error::InvalidState => class::InvalidState::new_err(
            "the saved state is damaged or of another format: restore the one saved last",
        ),
        Error::BadOffer => class::BadOffer::new_err(message),
        Error::StateLost => class::StateLost::new_err(message),
        Error::StorageFailed => class::StorageFailed::new_err(message),
        // The core may learn new errors before the bindings do.
        _ => class::CoreKeyError::new_err(message),
    }
}

/// A wrapped key that does not unwrap.
pub(crate) fn raise_unwrap(error: Error) -> PyErr {
    match error {
        Error::Unverified => class::InvalidUnwrap::new_err(
            "the wrapped key does not verify: another wrapping key, or changed bytes",
        ),
        other => raise(other),
    }
}

/// Whether a storage says that what it was to read is lost for good.
pub(crate) fn is_unreadable(py: Python<'_>, error: &PyErr) -> bool {
    error.is_instance_of::<class::Unreadable>(py)
}

pub(crate) fn already_finalized() -> PyErr {
    class::AlreadyFinalized::new_err("it was finished, closed or used up before: make a new one")
}

pub(crate) fn forked() -> PyErr {
    class::Forked::new_err(
        "made before os.fork(), and the parent has it too: make a new one in the child",
    )
}
