//! Format, lints and tests of our Rust packages.
//!
//! Every package is built by itself: in a build of the whole workspace cargo
//! unifies features and hands the standard library to code that must do
//! without.

use std::process::Command;

use super::report::Group;
use crate::{process, tools, workspace};

/// What each package is linted with.
const LINTED: &[&[&str]] = &[
    &["--package=corekey", "--all-targets"],
    &["--package=corekey", "--all-targets", "--no-default-features"],
    &["--package=corekey-ffi", "--all-targets"],
    // Without the standard library it has a panic handler of its own, which no
    // test program can link.
    &["--package=corekey-ffi", "--lib", "--no-default-features", "--profile=firmware"],
    &["--package=corekey-conformance", "--all-targets"],
    &["--package=xtask", "--all-targets"],
];

/// Families of algorithms that firmware picks one by one, so each must also
/// build alone.
const FEATURES: &[&str] = &["device", "root", "sha512", "wrap", "drbg", "encode", "os-rng"];

/// What each package is tested with; `corekey-conformance` has its own group,
/// and so have the packaging tests of xtask.
const TESTED: &[&[&str]] = &[
    &["--package=corekey"],
    &["--package=corekey", "--no-default-features"],
    // As users build it: what kernels leave on the stack is searched here only.
    &["--package=corekey", "--release", "--lib"],
    &["--package=corekey-ffi"],
    &["--package=xtask", "--bins"],
];

pub(super) fn format(group: &mut Group) {
    group.check("the code is formatted", || {
        process::run(workspace::cargo().args(["fmt", "--all", "--check"]))
    });
    for other in ["benches", "fuzz"] {
        group.check(&format!("the code in {other} is formatted"), || {
            let folder = workspace::root().join(other);
            process::run(workspace::cargo().args(["fmt", "--all", "--check"]).current_dir(folder))
        });
    }
}

pub(super) fn clippy(group: &mut Group) {
    for arguments in LINTED {
        lint(group, arguments);
    }
    for feature in FEATURES {
        let feature = format!("--features={feature}");
        for package in ["--package=corekey", "--package=corekey-ffi"] {
            let alone = ["--lib", "--no-default-features", "--profile=firmware"];
            lint(group, &[&[package, &feature], &alone[..]].concat());
        }
    }
}

fn lint(group: &mut Group, arguments: &[&str]) {
    group.check(&format!("clippy {}", arguments.join(" ")), || {
        process::run(
            workspace::cargo()
                .args(["clippy", "--quiet", "--locked"])
                .args(arguments)
                .args(["--", "-D", "warnings"]),
        )
    });
}

pub(super) fn tests(group: &mut Group) {
    for arguments in TESTED {
        group.suite(&arguments.join(" "), cargo_test().args(*arguments));
    }
}

/// Installs in temporary folders and what C programs make of them.
pub(super) fn packaging(group: &mut Group) {
    let needed = [
        tools::GCC,
        tools::GXX,
        tools::LIBC,
        tools::BINUTILS,
        tools::PKG_CONFIG,
        tools::CMAKE,
        tools::MAKE,
    ];
    if group.has(&needed) {
        let mut command = cargo_test();
        command.args(["--package=xtask", "--test=packaging"]);
        group.suite("installs", &mut command);
    }
}

pub(super) fn cargo_test() -> Command {
    let mut command = workspace::cargo();
    command.args(["test", "--quiet", "--locked", "--no-fail-fast"]);
    command
}
