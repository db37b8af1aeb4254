//! The licences that must travel with the libraries: ours, those of every
//! crate that is linked in and those of Rust's own library.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::{Item, read};
use crate::{Result, process, workspace};

const FOLDER: &str = "share/doc/corekey";

/// What a file that holds licence terms is called, in capitals.
const NAMES: &[&str] = &["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE"];

pub(super) fn collect() -> Result<Vec<Item>> {
    let mut items = Vec::new();
    let ours = licence_files(&workspace::root())?;
    if ours.is_empty() {
        return Err("the workspace has no LICENSE file".into());
    }
    for (name, bytes) in ours {
        items.push(Item::file(format!("{FOLDER}/{name}"), bytes));
    }

    for (path, bytes) in of_dependencies("corekey-ffi")? {
        items.push(Item::file(format!("{FOLDER}/{path}"), bytes));
    }
    Ok(items)
}

/// The licences of all that is linked into a package of ours, and a list of
/// them, by path.
pub(crate) fn of_dependencies(of: &str) -> Result<Vec<(String, Vec<u8>)>> {
    let mut list = format!("Linked into {of}, with their licences:\n\n");
    let mut texts = Vec::new();
    let folders = package_folders()?;
    for (package, licence) in linked_packages(of)? {
        let folder = folders
            .get(&package)
            .ok_or_else(|| format!("cargo does not say where {package} is"))?;
        let files = licence_files(folder)?;
        if files.is_empty() {
            return Err(format!("{package} ({licence}) ships no licence file"));
        }
        list.push_str(&format!("{package}: {licence}\n"));
        for (name, bytes) in files {
            texts.push((format!("dependencies/{package}/{name}"), bytes));
        }
    }
    if let Some(terms) = rust_library_terms()? {
        list.push_str("the Rust library: MIT OR Apache-2.0, and others for parts of it\n");
        texts.push(("dependencies/rust/COPYRIGHT-library.html".into(), terms));
    }
    texts.push(("DEPENDENCIES.txt".into(), list.into_bytes()));
    Ok(texts)
}

/// The licence files at the top of a folder, by name.
fn licence_files(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let entries = fs::read_dir(folder)
        .map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
    let mut files = BTreeMap::new();
    for entry in entries.flatten().filter(|entry| entry.path().is_file()) {
        let name = entry.file_name().to_string_lossy().into_owned();
        if NAMES.iter().any(|start| name.to_uppercase().starts_with(start)) {
            files.insert(name, read(&entry.path())?);
        }
    }
    Ok(files)
}

/// `name-version` and licence of every crate of others in the shared library,
/// which holds all that the archive holds.
fn linked_packages(of: &str) -> Result<BTreeMap<String, String>> {
    let tree = process::capture(workspace::cargo().args([
        "tree",
        "--locked",
        &format!("--package={of}"),
        "--edges=normal,no-proc-macro",
        "--prefix=none",
        "--format={p}|{l}",
    ]))?;
    Ok(parse_tree(&tree))
}

/// Reads lines `name vVERSION|LICENCE`; those of our own packages have a path
/// behind the version, those met before a mark behind the licence.
fn parse_tree(tree: &str) -> BTreeMap<String, String> {
    tree.lines()
        .filter_map(|line| {
            let (package, licence) = line.split_once('|')?;
            let (name, version) = package.split_once(" v")?;
            if version.contains(' ') {
                return None;
            }
            let licence = licence.trim_end_matches(" (*)");
            Some((format!("{name}-{version}"), licence.to_owned()))
        })
        .collect()
}

/// The source folder of every package that cargo knows, by `name-version`,
/// which is what cargo calls the folders of packages from a registry.
fn package_folders() -> Result<BTreeMap<String, PathBuf>> {
    let host = workspace::rustc_prints("host-tuple")?;
    let metadata = process::capture(workspace::cargo().args([
        "metadata",
        "--locked",
        "--format-version=1",
        "--filter-platform",
        &host,
    ]))?;
    let folders = metadata.split("\"manifest_path\":\"").skip(1).filter_map(|rest| {
        let folder = Path::new(rest.split('"').next()?).parent()?;
        let name = folder.file_name()?.to_string_lossy().into_owned();
        Some((name, folder.to_path_buf()))
    });
    Ok(folders.collect())
}

/// The terms of the standard library, where the toolchain has them.
fn rust_library_terms() -> Result<Option<Vec<u8>>> {
    let sysroot = PathBuf::from(workspace::rustc_prints("sysroot")?);
    let terms = sysroot.join("share/doc/rust/COPYRIGHT-library.html");
    if !terms.is_file() {
        return Ok(None);
    }
    read(&terms).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_of_others_are_listed_once_and_ours_not() {
        let tree = "corekey-ffi v0.1.0 (/somewhere/ffi)|Apache-2.0 OR MIT\n\
                    aes v0.9.1|MIT OR Apache-2.0\n\
                    aes v0.9.1|MIT OR Apache-2.0 (*)\n";
        let found: Vec<_> = parse_tree(tree).into_iter().collect();
        assert_eq!(found, [("aes-0.9.1".into(), "MIT OR Apache-2.0".into())]);
    }
}
