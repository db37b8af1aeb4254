//! The repository, for what reads its files or runs cargo in it.

use std::fs;
use std::path::{Path, PathBuf};

/// The root of the repository.
///
/// # Panics
/// If this package has no parent folder, which cannot be in this repository.
#[must_use]
pub fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().expect("tests/ lies in the repository").to_path_buf()
}

/// A Rust file of the repository.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its path from the root, with `/` on every system.
    pub path: String,
    /// Its text without comments.
    pub code: String,
}

/// Every Rust file under a folder, but for what builds leave there.
///
/// # Panics
/// If one cannot be read.
#[must_use]
pub fn sources(folder: &str) -> Vec<Source> {
    let root = root();
    let mut sources = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder);
        let entries = entries.unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for path in entries.map(|entry| entry.expect("a folder can be listed").path()) {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if path.is_dir() && !name.starts_with('.') && name != "target" {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path);
                let text = text.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                let path = path.strip_prefix(&root).expect("it was found under the root");
                let path = path.to_str().expect("our file names are ASCII").replace('\\', "/");
                sources.push(Source { path, code: without_comments(&text) });
            }
        }
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    sources
}

/// Cuts line comments, which are the only ones in this repository. What looks
/// like one in a string is cut too.
fn without_comments(text: &str) -> String {
    let code = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    code.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_this_file_without_its_comments() {
        let sources = sources("tests/src");
        let this = sources.iter().find(|source| source.path == "tests/src/workspace.rs");
        let code = &this.expect("this file is there").code;
        assert!(code.contains("fn finds_this_file"));
        assert!(!code.starts_with(concat!("/", "/")), "its first line is a comment");
    }
}
