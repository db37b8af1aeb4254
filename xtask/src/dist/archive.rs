//! The static archive: one object that holds what the exports reach and shows
//! the linker no other name, so that it links beside any other library, Rust
//! ones included. It is `no_std` and aborts on panic on every target.

use super::{build, read, symbols};
use crate::{Result, process};

/// All algorithms and the system's generator, but not the standard library.
const FEATURES: &str = "device,root,sha512,wrap,drbg,encode,os-rng";

pub(super) fn build(build: &build::Build) -> Result<Vec<u8>> {
    let built = build.library(
        "staticlib",
        "firmware",
        &["--no-default-features", "--features", FEATURES],
        &[],
    )?;
    let exports: Vec<String> =
        symbols::defined(&built)?.into_iter().filter(|name| symbols::is_ours(name)).collect();
    if exports.is_empty() {
        return Err(format!("{} exports no function", built.display()));
    }

    let scratch = build.scratch("archive")?;
    let mut link = scratch.command("ld");
    link.args(["-r", "--gc-sections", "-o", "linked.o"]);
    for name in &exports {
        link.args(["-u", name]);
    }
    process::capture(link.arg(&built))?;
    process::capture(scratch.command("objcopy").args([
        "--wildcard",
        "--keep-global-symbol=corekey_*",
        "--strip-debug",
        "linked.o",
        "corekey.o",
    ]))?;
    process::capture(scratch.command("ar").args(["rcsD", "libcorekey.a", "corekey.o"]))?;
    read(&scratch.path("libcorekey.a"))
}
