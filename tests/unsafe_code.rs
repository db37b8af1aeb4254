//! Where `unsafe` is allowed: nowhere but in the files below, each for a
//! reason. The workspace denies it, and the core forbids it.

use std::fs;

use corekey_conformance::workspace;

/// File, number of attributes that allow unsafe code, and why.
const ALLOWED: [(&str, usize, &str); 4] = [
    ("bindings/python/src/lib.rs", 1, "the buffer protocol of Python lends pointers and lengths"),
    ("ffi/src/lib.rs", 1, "the C ABI takes pointers and lengths from C"),
    ("ffi/tests/overlap.rs", 1, "the test calls the C ABI on layouts that overlap"),
    ("tests/src/c_front.rs", 1, "the C front calls the C ABI"),
];

/// The attributes of a file that contain `lint(…unsafe_code…)`.
fn attributes(code: &str, lint: &str) -> usize {
    let starts = code.match_indices("#[").chain(code.match_indices("#!["));
    let attributes = starts.filter_map(|(start, _)| code[start..].split(']').next());
    attributes.filter(|text| text.contains(lint) && text.contains("unsafe_code")).count()
}

fn allowing(code: &str) -> usize {
    ["allow(", "expect(", "warn("].into_iter().map(|lint| attributes(code, lint)).sum()
}

#[test]
fn unsafe_code_is_allowed_in_the_listed_files_only() {
    let found: Vec<(String, usize)> = workspace::sources(".")
        .into_iter()
        .map(|source| (source.path, allowing(&source.code)))
        .filter(|(_, count)| *count > 0)
        .collect();
    let listed = ALLOWED.map(|(file, count, _)| (file.to_owned(), count));
    assert_eq!(found, listed, "left: what there is; right: what is listed, sorted by file");
}

#[test]
fn the_core_forbids_unsafe_code() {
    let sources = workspace::sources("crypto-core/src");
    let root = sources.iter().find(|source| source.path == "crypto-core/src/lib.rs");
    let root = root.expect("the core has a root");
    assert_eq!(attributes(&root.code, "forbid("), 1, "crypto-core/src/lib.rs");
}

#[test]
fn every_package_has_the_workspaces_lints_and_they_deny_unsafe_code() {
    let read = |path: &str| {
        let text = fs::read_to_string(workspace::root().join(path));
        text.unwrap_or_else(|error| panic!("{path}: {error}"))
    };
    let workspace = read("Cargo.toml");
    assert!(workspace.contains("\n[workspace.lints.rust]\n"));
    assert!(workspace.contains("\nunsafe_code = \"deny\"\n"));

    let members = workspace.lines().find_map(|line| line.strip_prefix("members = ["));
    let members = members.expect("the members are on one line").trim_end_matches(']');
    for member in members.split(", ").map(|member| member.trim_matches('"')) {
        let manifest = read(&format!("{member}/Cargo.toml"));
        assert!(manifest.contains("\n[lints]\nworkspace = true\n"), "{member}/Cargo.toml");
    }
}

#[test]
fn an_attribute_that_allows_unsafe_code_is_counted() {
    let lint = "unsafe_code";
    assert_eq!(allowing(&format!("#![allow({lint})]")), 1);
    assert_eq!(allowing(&format!("#[expect(\n    {lint},\n    reason = \"r\",\n)]\nmod m;")), 1);
    assert_eq!(allowing(&format!("#[cfg_attr(test, allow({lint}))]")), 1);
    assert_eq!(allowing(&format!("#![forbid({lint})]\n#[allow(dead_code)]")), 0);
}
