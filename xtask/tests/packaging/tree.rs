//! The installed files as a whole: reproducible, without traces of the build,
//! complete with licences, and removed without a rest.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::folder::{Entry, contents};
use crate::{Folder, dist, installed, outcome, root, run, xtask};

#[test]
fn two_dists_from_two_copies_of_the_tree_are_byte_equal() {
    let folder = installed();
    let copy = folder.path("another/place/of the tree");
    fs::create_dir_all(&copy).unwrap();
    for entry in fs::read_dir(root()).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with("target") || path.ends_with(".git") {
            continue;
        }
        run(Command::new("cp").arg("-a").arg(&path).arg(&copy));
    }
    let second = folder.path("second");
    run(xtask()
        .args(["dist", "--prefix"])
        .arg(&second)
        // As cargo tells its children which package they belong to.
        .env("CARGO_MANIFEST_DIR", copy.join("xtask"))
        .env("CARGO_TARGET_DIR", folder.path("another/target"))
        .env("RUSTFLAGS", "-Cdebug-assertions"));

    let first = contents(&folder.path("prefix"));
    let second = contents(&second);
    let names: Vec<_> = first.keys().collect();
    assert_eq!(names, second.keys().collect::<Vec<_>>());
    for (name, entry) in &first {
        assert!(second[name] == *entry, "{} differs", name.display());
    }
}

#[test]
fn no_installed_file_names_a_folder_of_the_build() {
    let folder = installed();
    let home = std::env::home_dir().unwrap();
    let sysroot = run(Command::new("rustc").args(["--print", "sysroot"]));
    let folders = [
        root().to_str().unwrap(),
        env!("CARGO_TARGET_TMPDIR"),
        home.to_str().unwrap(),
        sysroot.trim(),
        "registry/src",
        "/tmp",
    ];
    // With the slash, so that a short name is not found in a text by chance.
    let private = folders.map(|folder| format!("{}/", folder.trim_end_matches('/')));
    for (name, entry) in contents(&folder.path("prefix")) {
        let Entry::File(bytes) = entry else { continue };
        for word in &private {
            assert!(
                !bytes.windows(word.len()).any(|part| part == word.as_bytes()),
                "{} names {word}",
                name.display()
            );
        }
    }
}

#[test]
fn licences_of_ours_and_of_every_dependency_are_installed() {
    let folder = installed();
    let docs = folder.path("prefix/share/doc/corekey");
    assert!(docs.join("LICENSE-APACHE").is_file());
    assert!(docs.join("LICENSE-MIT").is_file());
    let list = fs::read_to_string(docs.join("DEPENDENCIES.txt")).unwrap();
    let listed: Vec<&str> = list
        .lines()
        .filter(|line| !line.starts_with("the Rust library"))
        .filter_map(|line| line.split_once(": ").map(|(package, _)| package))
        .collect();
    assert!(listed.iter().any(|package| package.starts_with("sha2-")));
    for package in listed {
        let licences = fs::read_dir(docs.join("dependencies").join(package));
        assert!(licences.unwrap().count() > 0, "{package}");
    }
}

#[test]
fn uninstall_leaves_a_prefix_as_it_was() {
    let folder = Folder::new();
    let prefix = folder.path("prefix");
    fs::create_dir_all(prefix.join("lib/pkgconfig")).unwrap();
    fs::write(prefix.join("lib/pkgconfig/other.pc"), "Name: other\n").unwrap();
    let before = contents(&prefix);
    let prefix_name = prefix.to_str().unwrap();
    dist(&["--prefix", prefix_name]);
    assert!(prefix.join("lib/libcorekey.a").is_file());
    dist(&["--uninstall", "--prefix", prefix_name]);
    assert_eq!(contents(&prefix), before);
}

#[test]
fn destdir_stands_before_the_prefix() {
    let folder = Folder::new();
    let destdir = folder.path("stage");
    let arguments = ["--prefix", "/usr", "--destdir", destdir.to_str().unwrap()];
    dist(&arguments);
    assert!(destdir.join("usr/include/corekey.h").is_file());
    dist(&[&["--uninstall"], &arguments[..]].concat());
    assert!(!destdir.join("usr/include").exists());
}

#[test]
fn a_prefix_that_cannot_be_written_is_refused_with_a_reason() {
    let complaint = refused(&["dist", "--prefix", "/proc/corekey"]);
    assert!(complaint.contains("cannot install in /proc/corekey"), "{complaint}");
}

#[test]
fn uninstalling_where_nothing_was_installed_says_so() {
    let folder = Folder::new();
    let prefix = folder.path("");
    let complaint = refused(&["dist", "--uninstall", "--prefix", prefix.to_str().unwrap()]);
    assert!(complaint.contains("nothing was installed"), "{complaint}");
}

#[test]
fn dist_without_a_prefix_says_what_it_needs() {
    assert!(refused(&["dist"]).contains("--prefix DIR"));
    assert!(refused(&["dist", "--prefix"]).contains("--prefix DIR"));
    assert!(refused(&["dist", "--frobnicate"]).contains("--frobnicate"));
}

/// What xtask complains about when it ends with an error.
fn refused(arguments: &[&str]) -> String {
    let output = outcome(xtask().args(arguments).current_dir(Path::new("/")));
    assert!(!output.status.success(), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}
