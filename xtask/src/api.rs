//! `docs/api.md`: which C function, Rust item and Python name do the same.
//!
//! Made by `cargo xtask header` from the comments in `ffi/src`, which name the
//! others in a line below `# Rust; Python`. Rustdoc checks their links to Rust;
//! here the Python names are looked up in the stubs, and no function of the
//! header may be missing.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::figures::declared;
use crate::{Result, markdown, workspace};

const INTRODUCTION: &str = "\
# One API in C, Rust and Python

Which names do the same, in the order of the header. Rust paths begin with `corekey::`, Python \
names with `corekey.`; a C function that ends in `_sized` is called without that. What each takes, \
returns and refuses is in [`corekey.h`](../include/corekey.h), in `cargo doc -p corekey --open` \
and in Python's `help(corekey)`.

Made by `cargo xtask header` from the comments in `ffi/src`.
";

const STUBS: &str = "bindings/python/python/corekey/_native.pyi";
const EXCEPTIONS: &str = "bindings/python/python/corekey/errors.py";

/// Makes the page anew.
pub(crate) fn write() -> Result {
    let path = path();
    std::fs::write(&path, page()?)
        .map_err(|error| format!("cannot write {}: {error}", path.display()))
}

/// The page is as the sources say.
pub(crate) fn check() -> Result {
    if markdown::read(&path())? == page()? {
        return Ok(());
    }
    Err("docs/api.md differs from ffi/src: run `cargo xtask header`".into())
}

fn path() -> PathBuf {
    workspace::root().join("docs/api.md")
}

fn page() -> Result<String> {
    let read = |path: &str| markdown::read(&workspace::root().join(path));
    let counterparts = counterparts()?;
    let stubs = read(STUBS)?;
    let mut page = INTRODUCTION.to_owned();
    for Section { title, text, functions } in sections(&read("include/corekey.h")?) {
        page.push_str(&format!("\n## {title}\n\n{text}\n\n| C | Rust | Python |\n|---|---|---|\n"));
        for function in functions {
            let found = counterparts.get(&function).ok_or_else(|| {
                format!("the comment of {function} in ffi/src has no \"# Rust; Python\"")
            })?;
            let missing = found.python.iter().find(|name| !is_in_stubs(name, &stubs));
            if let Some(name) = missing {
                return Err(format!("{function}: {STUBS} has no {name:?}"));
            }
            page.push_str(&row(&[&[function], &found.rust[..], &found.python[..]]));
        }
    }
    page.push_str(&errors(&read("ffi/src/status.rs")?, &read(EXCEPTIONS)?));
    Ok(page)
}

/// A row of a table; a cell without names has a dash.
fn row(cells: &[&[String]]) -> String {
    let cells = cells.iter().map(|names| match names {
        [] => "–".to_owned(),
        names => names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
    });
    format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
}

/// A section of the header that has functions.
#[derive(Debug, PartialEq)]
struct Section {
    title: String,
    text: String,
    functions: Vec<String>,
}

fn sections(header: &str) -> Vec<Section> {
    let pieces = header.split("/* ====").skip(1).filter_map(|piece| piece.split_once(" */\n"));
    let section = |(comment, code): (&str, &str)| {
        let lines = comment.lines().skip(1).map(|line| line.trim_start_matches(" *").trim());
        let text = lines.collect::<Vec<_>>().join(" ");
        let (title, _) = text.split_once([':', '.', ',', '('])?;
        let functions: Vec<_> = code.lines().filter_map(declared).map(str::to_owned).collect();
        let title = title.trim().to_owned();
        (!functions.is_empty()).then_some(Section { title, text, functions })
    };
    pieces.filter_map(section).collect()
}

/// What does the same as a C function.
#[derive(Clone, Debug, Default, PartialEq)]
struct Counterparts {
    rust: Vec<String>,
    python: Vec<String>,
}

fn counterparts() -> Result<BTreeMap<String, Counterparts>> {
    let folder = workspace::root().join("ffi/src");
    let entries = std::fs::read_dir(&folder)
        .map_err(|error| format!("cannot list {}: {error}", folder.display()))?;
    let mut all = BTreeMap::new();
    for entry in entries.flatten() {
        all.extend(counterparts_in(&markdown::read(&entry.path())?));
    }
    Ok(all)
}

fn counterparts_in(source: &str) -> BTreeMap<String, Counterparts> {
    let of = |piece: &str| {
        let names: Vec<&str> = piece.lines().map_while(|line| line.strip_prefix("/// ")).collect();
        let names = names.join(" ");
        let (rust, python) = names.split_once(';').unwrap_or((&names, ""));
        let (_, after) = piece.split_once(" fn ")?;
        let (function, _) = after.split_once('(')?;
        let counterparts = Counterparts { rust: quoted(rust), python: quoted(python) };
        Some((function.to_owned(), counterparts))
    };
    source.split("/// # Rust; Python\n").skip(1).filter_map(of).collect()
}

/// What stands between backquotes, Rust paths from the crate on.
fn quoted(text: &str) -> Vec<String> {
    let names = text.split('`').skip(1).step_by(2);
    names.map(|name| name.trim_start_matches("corekey::").to_owned()).collect()
}

/// `f`, `C` or `C.f`, as the stubs declare them.
fn is_in_stubs(name: &str, stubs: &str) -> bool {
    let Some((class, method)) = name.split_once('.') else {
        return stubs.contains(&format!("\nclass {name}:"))
            || stubs.contains(&format!("\ndef {name}("));
    };
    let class = stubs.split(&format!("\nclass {class}:\n")).nth(1).unwrap_or_default();
    let body = class.lines().take_while(|line| line.is_empty() || line.starts_with([' ', ')']));
    body.into_iter().any(|line| line.trim_start().starts_with(&format!("def {method}(")))
}

/// The statuses that stand for an error of the core, in the core's words.
fn errors(statuses: &str, exceptions: &str) -> String {
    let mut text = String::from(
        "\n## Errors\n\nStatuses of C, variants of Rust's `Error`, exceptions of Python.\n\n\
         | C | Rust | Python |\n|---|---|---|\n",
    );
    for line in statuses.lines() {
        let arm =
            line.trim().strip_prefix("corekey::Error::").and_then(|arm| arm.split_once(" => "));
        if let Some((error, status)) = arm {
            let error = error.split(' ').next().unwrap_or_default();
            let python: &[&str] = match error {
                "Unverified" => &["InvalidTag", "InvalidUnwrap"],
                other if exceptions.contains(&format!("\nclass {other}(")) => &[other],
                _ => &["ValueError"],
            };
            let status = status.trim_end_matches(',');
            text.push_str(&row(&[&owned(&[status]), &owned(&[error]), &owned(python)]));
        }
    }
    text
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_have_title_text_and_functions() {
        let header = "/* ====\n * Hashing: SHA-256\n * (FIPS 180-4).\n */\n\n\
                      /* One. */\nconst char *corekey_a(void);\n/* ====\n * Types.\n */\nint x;\n";
        let expected = Section {
            title: "Hashing".into(),
            text: "Hashing: SHA-256 (FIPS 180-4).".into(),
            functions: vec!["corekey_a".into()],
        };
        assert_eq!(sections(header), [expected]);
    }

    #[test]
    fn counterparts_are_read_from_the_comment_of_a_function() {
        let source = "/// # Rust; Python\n/// [`corekey::a::B::c`],\n/// [`corekey::d`]; `B.c`\n\
                      ///\n/// # Safety\npub unsafe extern \"C\" fn corekey_c(x: u8) {}\n";
        let found = counterparts_in(source);
        assert_eq!(found["corekey_c"].rust, ["a::B::c", "d"]);
        assert_eq!(found["corekey_c"].python, ["B.c"]);
    }

    #[test]
    fn python_names_are_looked_up_in_their_class() {
        let stubs = "\nclass A:\n    def f(\n        self,\n    ) -> int: ...\n\nclass B:\n    def g(\n\
                     \ndef h(x: int) -> int: ...\n";
        for name in ["A", "A.f", "B.g", "h"] {
            assert!(is_in_stubs(name, stubs), "{name}");
        }
        for name in ["C", "A.g", "B.f", "f"] {
            assert!(!is_in_stubs(name, stubs), "{name}");
        }
    }
}
