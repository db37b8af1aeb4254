//! For the build scripts of C peers: where the sources of their library lie, and
//! how `shim.c` is compiled.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The folder of a crate that cargo has fetched but does not build.
#[must_use]
pub fn of(package: &str) -> PathBuf {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version=1", "--offline"])
        .output()
        .expect("cargo runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo fetch comes first: {errors}");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let manifest = packages
        .filter(|found| found["name"] == package)
        .find_map(|found| found["manifest_path"].as_str());
    let manifest = manifest.unwrap_or_else(|| panic!("{package} is not in Cargo.lock"));
    Path::new(manifest).parent().expect("a manifest is in a folder").to_owned()
}

/// Compiles the peer's `shim.c`; libraries it needs are linked after it.
pub fn shim(include: &[&Path], defines: &[(&str, Option<&str>)]) {
    let peer = Path::new(env!("CARGO_MANIFEST_DIR")).join("../peer");
    let mut build = cc::Build::new();
    build.file("shim.c").include(&peer).includes(include);
    for (name, value) in defines {
        build.define(name, *value);
    }
    // Nothing but the runner's one entry leaves the shared object.
    build.flag("-fvisibility=hidden").compile("shim");
    println!("cargo:rerun-if-changed=shim.c");
    println!("cargo:rerun-if-changed={}", peer.join("peer.h").display());
}
