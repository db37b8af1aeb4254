//! Layers point one way, from kernels up to services: what stands lower never
//! names what stands higher. Checked between packages by their dependencies,
//! inside the core by the modules that a module names.

use std::process::Command;

use corekey_conformance::workspace;
use serde_json::Value;

/// The layers of packages, by the folder that they stand in. Packages in no
/// layer (tests, tools) may name all, and no layer may name them.
const PACKAGE_LAYERS: [&[&str]; 3] = [&["crypto-core"], &["ffi"], &["bindings", "cli", "services"]];

/// Where the core's modules lie.
const CORE: &str = "crypto-core/src/";

/// The layers of the core's modules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum CoreLayer {
    Kernel,
    Primitives,
    Device,
}

fn core_layer(module: &str) -> CoreLayer {
    match module {
        "kernel" => CoreLayer::Kernel,
        "device" => CoreLayer::Device,
        _ => CoreLayer::Primitives,
    }
}

fn package_layer(folder: &str) -> Option<usize> {
    let top = folder.split('/').next();
    PACKAGE_LAYERS.iter().position(|layer| top.is_some_and(|top| layer.contains(&top)))
}

/// Whether a package in one folder may depend on a package in another.
fn may_depend(from: &str, to: &str) -> bool {
    match (package_layer(from), package_layer(to)) {
        (Some(from), Some(to)) => to <= from,
        (Some(_), None) => false,
        (None, _) => true,
    }
}

#[test]
fn no_package_depends_on_a_higher_layer() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(workspace::root())
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    let root = workspace::root();
    let folder = |path: &Value| {
        let path = path.as_str()?.strip_prefix(root.to_str()?)?;
        Some(path.trim_start_matches('/').trim_end_matches("/Cargo.toml").to_owned())
    };

    let mut seen = 0;
    for package in metadata["packages"].as_array().expect("a list of packages") {
        let from = folder(&package["manifest_path"]).expect("a package of this workspace");
        for dependency in package["dependencies"].as_array().expect("a list of dependencies") {
            let Some(to) = folder(&dependency["path"]) else { continue };
            assert!(may_depend(&from, &to), "{from} depends on {to}, which stands higher");
            seen += 1;
        }
    }
    assert!(seen > 0, "no dependency between our packages was seen");
}

/// The names that follow the root of the core in a file that lies `depth`
/// modules below it: after `crate::`, after `super::` repeated, in braces.
fn names_from_root(code: &str, depth: usize) -> Vec<&str> {
    let supers = "super::".repeat(depth);
    let after_supers = code
        .match_indices(&supers)
        .filter(|(start, _)| !code[..*start].ends_with("super::"))
        .map(|(start, supers)| &code[start + supers.len()..]);
    let after_crate =
        code.match_indices("crate::").map(|(start, found)| &code[start + found.len()..]);

    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let mut names = Vec::new();
    for rest in after_supers.chain(after_crate) {
        match rest.strip_prefix('{') {
            // Names from inner braces come along: that only makes it stricter.
            Some(group) => {
                let group = group.split(';').next().unwrap_or_default();
                names.extend(group.split(|c| !is_name(c)));
            }
            None => names.extend(rest.split(|c| !is_name(c)).next()),
        }
    }
    names
}

/// The modules from the root of the core to the one in a file; none for the
/// root itself.
fn module_path(file: &str) -> Vec<&str> {
    let path = file.trim_start_matches(CORE).trim_end_matches(".rs");
    path.split('/').filter(|part| !["lib", "mod"].contains(part)).collect()
}

/// The first of `modules` that a file names though it stands higher.
fn names_higher<'a>(file: &str, code: &'a str, modules: &[&str]) -> Option<&'a str> {
    let path = module_path(file);
    let layer = core_layer(path.first()?);
    names_from_root(code, path.len())
        .into_iter()
        .find(|name| modules.contains(name) && core_layer(name) > layer)
}

#[test]
fn no_module_of_the_core_names_a_higher_layer() {
    let sources = workspace::sources(CORE);
    let modules: Vec<&str> =
        sources.iter().filter_map(|source| module_path(&source.path).first().copied()).collect();
    assert!(modules.contains(&"aead"), "the modules of the core were not found");
    for source in &sources {
        let higher = names_higher(&source.path, &source.code, &modules);
        assert_eq!(higher, None, "{} names a module that stands higher", source.path);
    }
}

#[test]
fn what_points_upward_is_found() {
    assert!(!may_depend("crypto-core", "ffi"));
    assert!(!may_depend("ffi", "bindings/python"));
    assert!(!may_depend("ffi", "tests"));
    assert!(may_depend("services/keyd", "crypto-core"));
    assert!(may_depend("tests", "ffi"));

    let found = |file: &str, code: &'static str| {
        names_higher(&format!("{CORE}{file}"), code, &["aead", "device", "hash", "kernel"])
    };
    assert_eq!(found("kdf.rs", "use crate::device::Root;"), Some("device"));
    assert_eq!(found("kdf.rs", "use super::device::Root;"), Some("device"));
    assert_eq!(found("kdf.rs", "use crate::{hash, device::Root};"), Some("device"));
    assert_eq!(found("kernel/mod.rs", "super::aead::seal()"), Some("aead"));
    assert_eq!(found("kernel/x86_64/gcm.rs", "super::super::super::aead::seal()"), Some("aead"));
    assert_eq!(found("kernel/x86_64/gcm.rs", "use super::super::hash;"), None);
    assert_eq!(found("device/seal.rs", "use crate::{aead, kernel};"), None);
    assert_eq!(found("kdf.rs", "use crate::hash; device()"), None);
    assert_eq!(found("lib.rs", "pub use crate::device::Root;"), None);
}
