//! The shared library: SONAME, only `corekey_*` exported, its debug
//! information in a file of its own.

use std::fs;

use super::{build, read, symbols};
use crate::{Result, process, workspace};

/// The library as installed and what a debugger wants with it.
pub(super) struct Shared {
    pub(super) stripped: Vec<u8>,
    pub(super) debug: Vec<u8>,
}

pub(super) fn build(build: &build::Build, soname: &str) -> Result<Shared> {
    let built = build.library(
        "cdylib",
        "release",
        &[
            "--config",
            "profile.release.debug='line-tables-only'",
            "--config",
            "profile.release.strip='none'",
        ],
        &[format!("-Clink-arg=-Wl,-soname,{soname}")],
    )?;
    let exports = symbols::exported(&built)?;
    symbols::only_ours(&exports)?;

    let scratch = build.scratch("shared")?;
    let library = format!("libcorekey.so.{}", workspace::VERSION);
    let debug = format!("{library}.debug");
    fs::copy(&built, scratch.path(&library))
        .map_err(|error| format!("cannot copy {}: {error}", built.display()))?;
    process::capture(scratch.command("objcopy").args(["--only-keep-debug", &library, &debug]))?;
    process::capture(
        scratch
            .command("objcopy")
            .arg("--strip-unneeded")
            .arg(format!("--add-gnu-debuglink={debug}"))
            .arg(&library),
    )?;
    Ok(Shared { stripped: read(&scratch.path(&library))?, debug: read(&scratch.path(&debug))? })
}
