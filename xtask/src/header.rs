//! `cargo xtask header`: writes `include/corekey.h` from the sources in `ffi`, and
//! `docs/api.md` from both.
//!
//! The generator is a test of `corekey-ffi`, since cbindgen is a dependency of
//! its tests only; the same test finds a header that is out of date.

use crate::{Result, process, workspace};

pub(crate) const HELP: &str = "
    Writes include/corekey.h anew from the exports in ffi/src, and docs/api.md.";

pub(crate) fn run(arguments: &[String]) -> Result {
    if let Some(argument) = arguments.first() {
        return Err(format!("header does not know {argument:?}"));
    }
    process::run(
        workspace::cargo()
            .args(["test", "--quiet", "--package=corekey-ffi", "--test=header"])
            .env("COREKEY_BLESS", "1"),
    )?;
    crate::api::write()
}
