//! Tests of the core for AArch64, built by Debian's Rust and run by qemu.
//!
//! Debian packs a standard library for AArch64 with its own compiler, in a
//! version of its own: hence another compiler and another target folder than
//! for all else. Programs are static, so that no AArch64 system is needed.

use std::process::Command;

use super::report::Group;
use crate::{tools, workspace};

const TARGET: &str = "aarch64-unknown-linux-gnu";

/// Unit tests, where the kernels are compared tier by tier, and what stands
/// close above them; what is the same for all CPUs is left to the other groups.
const TESTED: &[&str] = &["--lib", "--test=behaviour"];

/// With `std` the CPU is asked what it can do, and the emulated one can do all;
/// without, only what every AArch64 can do is used.
const FEATURES: &[&[&str]] = &[&[], &["--no-default-features"]];

pub(super) fn run(group: &mut Group) {
    let needed = [
        tools::DEBIAN_RUSTC,
        tools::DEBIAN_CARGO,
        tools::ARM64_STD,
        tools::ARM64_GCC,
        tools::ARM64_LIBC,
        tools::QEMU_USER,
    ];
    if !group.has(&needed) {
        return;
    }
    for features in FEATURES {
        let what = format!("on AArch64 {}", features.join(" "));
        group.suite(what.trim(), cargo_test().args(*features));
    }
}

fn cargo_test() -> Command {
    let mut command = Command::new("/usr/bin/cargo");
    command
        .current_dir(workspace::root())
        .args(["test", "--quiet", "--locked", "--no-fail-fast", "--package=corekey"])
        .args(TESTED)
        .args(["--target", TARGET])
        .arg("--target-dir")
        .arg(workspace::target_dir().join("aarch64"))
        .env("RUSTC", "/usr/bin/rustc")
        .env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", "aarch64-linux-gnu-gcc")
        .env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER", "qemu-aarch64")
        .env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUSTFLAGS", "-Ctarget-feature=+crt-static")
        // Unoptimised code is slow enough without an emulator.
        .env("CARGO_PROFILE_TEST_OPT_LEVEL", "1");
    command
}
