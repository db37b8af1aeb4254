//! The conformance suite in `tests/`: vectors through the Rust API and through the
//! installed shared library: Wycheproof, CAVP, and those of the device layer. The
//! third front, the Python package, is in the group `python`.

use std::path::PathBuf;

use super::independent;
use super::report::Group;
use super::rust::cargo_test;
use crate::{Result, dist, tools};

/// The Python package that carries NIST's CAVP files. Only its data is used.
const CAVP: (&str, &str) = ("cryptography_vectors", "50.0.2");

pub(super) fn run(group: &mut Group) {
    if !group.has(&[tools::PYTHON, tools::GCC, tools::LIBC, tools::BINUTILS]) {
        return;
    }
    let ready = published().and_then(|vectors| Ok((vectors, library()?, independent::python()?)));
    let (vectors, library, python) = match ready {
        Ok(ready) => ready,
        Err(why) => return group.fail(&why),
    };
    let mut command = cargo_test();
    command
        .args(["--package=corekey-conformance", "--release"])
        .env("COREKEY_CRYPTOGRAPHY_VECTORS", vectors)
        .env("COREKEY_LIBRARY", library)
        .env("COREKEY_PYTHON", python)
        // The counts of every suite are for the reader of a run that passes.
        .args(["--", "--nocapture"])
        // The third front, which needs the wheel: it has a group of its own.
        .args(["--skip", "python_wheel::"]);
    group.suite("vectors", &mut command);
}

/// The folder of the published vectors.
pub(super) fn published() -> Result<PathBuf> {
    Ok(tools::python_package(CAVP.0, CAVP.1)?.join(CAVP.0))
}

fn library() -> Result<PathBuf> {
    Ok(dist::stage()?.join("lib").join(dist::soname()?))
}
