//! Where `unsafe` is allowed: nowhere but in the files below, each for a
//! reason. The workspace denies it, and in the core all modules but the kernels
//! forbid it.

use std::fs;

use corekey_conformance::workspace;

/// File, number of attributes that allow unsafe code, and why.
const ALLOWED: [(&str, usize, &str); 5] = [
    ("bindings/python/src/lib.rs", 1, "the buffer protocol of Python lends pointers and lengths"),
    ("crypto-core/src/lib.rs", 1, "the kernels use the instructions of the CPU"),
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
fn in_the_core_all_but_the_kernels_forbid_unsafe_code() {
    const CORE: &str = "crypto-core/src/";

    let is_top_level = |path: &str| {
        let module = path.trim_start_matches(CORE);
        let module = module.strip_suffix("/mod.rs").unwrap_or(module);
        !module.contains('/') && !["lib.rs", "kernel"].contains(&module)
    };
    let modules: Vec<_> =
        workspace::sources(CORE).into_iter().filter(|source| is_top_level(&source.path)).collect();
    assert!(modules.len() > 10, "the modules of the core were not found");
    for module in modules {
        assert_eq!(attributes(&module.code, "forbid("), 1, "{}", module.path);
    }
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
