//! The registry of labels in `docs/derivation.md` is the whole of it: no label
//! stands in the code that is not in the registry, and none in the registry that
//! the code does not use.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use corekey_conformance::workspace;

/// What every label starts with.
const START: &str = "ck1 ";
/// Where the registry is, and where the core has its own.
const REGISTRY: &str = "docs/derivation.md";
const OF_THE_CORE: &str = "crypto-core/src/device/label.rs";
/// The last component of names that are not ours to read.
const NOT_OURS: [&str; 3] = ["target", "vectors", "node_modules"];
/// Files that hold text of ours.
const TEXTS: [&str; 9] = ["rs", "py", "c", "h", "hpp", "cpp", "md", "toml", "sh"];

/// What follows the start of a label, wherever it occurs: up to the NUL, however
/// that is written.
fn labels(text: &str) -> Vec<String> {
    let ends = |c: char| matches!(c, '\\' | '"' | '\'' | '`' | '\0' | '\n');
    let after = text.match_indices(START).map(|(at, start)| &text[at + start.len()..]);
    after.map(|rest| rest.split(ends).next().unwrap_or_default().to_owned()).collect()
}

fn registry() -> BTreeSet<String> {
    let text = fs::read_to_string(workspace::root().join(REGISTRY)).expect("the registry is there");
    labels(&text).into_iter().collect()
}

fn texts(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder can be listed") {
        let path = entry.expect("a folder can be listed").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let extension = path.extension().and_then(|extension| extension.to_str());
        if name.starts_with('.') || NOT_OURS.contains(&name) {
            continue;
        }
        if path.is_dir() {
            texts(&path, found);
        } else if extension.is_some_and(|extension| TEXTS.contains(&extension)) {
            found.push(path);
        }
    }
}

#[test]
fn every_label_in_the_repository_is_registered() {
    let registry = registry();
    assert_eq!(registry.len(), 14, "{registry:?}");
    let mut files = vec![];
    texts(&workspace::root(), &mut files);
    assert!(files.iter().any(|file| file.ends_with(OF_THE_CORE)), "the core was not read");
    for file in files {
        let bytes = fs::read(&file).expect("a file can be read");
        // The independent implementation joins the start to a name.
        let text = String::from_utf8_lossy(&bytes).replace("label(b\"", START);
        for label in labels(&text) {
            // The start alone is what labels are joined from, or searched for by.
            let known = label.is_empty() || registry.contains(&label);
            assert!(known, "{}: {START}{label} is not in {REGISTRY}", file.display());
        }
    }
}

#[test]
fn the_core_uses_exactly_the_registry_and_from_one_place() {
    let sources = workspace::sources("crypto-core/src");
    let mut used = BTreeSet::new();
    for source in &sources {
        let found = labels(&source.code);
        let registered_here = source.path == OF_THE_CORE;
        assert!(registered_here || found.is_empty(), "{}: {found:?}", source.path);
        let distinct: BTreeSet<_> = found.iter().cloned().collect();
        assert_eq!(found.len(), distinct.len(), "two names for one label");
        used.extend(distinct);
    }
    assert_eq!(used, registry());
}

#[test]
fn a_label_has_8_bytes_that_end_in_a_nul() {
    let text = fs::read_to_string(workspace::root().join(REGISTRY)).expect("the registry is there");
    let core = fs::read_to_string(workspace::root().join(OF_THE_CORE)).expect("it is there");
    for label in registry() {
        assert_eq!(START.len() + label.len() + 1, 8, "{label}");
        let whole = format!("\"{START}{label}\\0\"");
        assert!(text.contains(&whole) && core.contains(&whole), "{whole}");
    }
}

#[test]
fn a_label_is_found_however_it_is_written() {
    let text = "b'@new\\0' \"@odd\" `@two words` @bare\n@".replace('@', START);
    assert_eq!(labels(&text), ["new", "odd", "two words", "bare", ""]);
}
