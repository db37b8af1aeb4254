//! C programs built outside the tree against the installed files.

use std::path::Path;
use std::process::Command;

use crate::{Folder, installed, outcome, run};

/// The first 32 bytes of the output of RFC 5869, test case 1, in base64.
const DERIVED: &str = "PLJfJfqs1XqQQ09k0DYvKi0tCpDPGlpMXbAtVuzExb8=\n";

const STRICT: &[&str] = &["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror"];

fn source(name: &str) -> String {
    format!("{}/tests/packaging/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn gcc() -> Command {
    let mut command = Command::new("gcc");
    command.args(STRICT);
    command
}

/// What pkg-config says about the installed package.
fn pkg_config(folder: &Folder, arguments: &[&str]) -> Vec<String> {
    let said = run(Command::new("pkg-config")
        .env("PKG_CONFIG_PATH", folder.path("prefix/lib/pkgconfig"))
        .args(arguments)
        .arg("corekey"));
    said.split_whitespace().map(str::to_owned).collect()
}

/// What a program linked to the installed shared library prints.
fn run_shared(folder: &Folder, program: &Path) -> String {
    run(Command::new(program).env("LD_LIBRARY_PATH", folder.path("prefix/lib")))
}

#[test]
fn a_program_builds_with_pkg_config_and_runs_with_the_shared_library() {
    let folder = installed();
    let program = folder.path("consumer");
    run(gcc()
        .arg(source("consumer/consumer.c"))
        .args(pkg_config(&folder, &["--cflags", "--libs"]))
        .arg("-o")
        .arg(&program));
    assert_eq!(run_shared(&folder, &program), DERIVED);
    let alone = outcome(Command::new(&program).env_remove("LD_LIBRARY_PATH"));
    let complaint = String::from_utf8_lossy(&alone.stderr);
    assert!(complaint.contains("libcorekey.so.0"), "{complaint}");
}

#[test]
fn a_program_builds_with_pkg_config_wholly_static() {
    let folder = installed();
    let program = folder.path("consumer");
    run(gcc()
        .arg("-static")
        .arg(source("consumer/consumer.c"))
        .args(pkg_config(&folder, &["--static", "--cflags", "--libs"]))
        .arg("-o")
        .arg(&program));
    assert_eq!(run(&mut Command::new(&program)), DERIVED);
    let headers = run(Command::new("readelf").arg("-d").arg(&program));
    assert!(headers.contains("no dynamic section"), "{headers}");
}

#[test]
fn a_program_can_take_the_archive_alone_from_pkg_config() {
    let folder = installed();
    let program = folder.path("consumer");
    run(gcc()
        .arg(source("consumer/consumer.c"))
        .args(pkg_config(&folder, &["--cflags"]))
        .args(pkg_config(&folder, &["--variable=archive"]))
        .arg("-o")
        .arg(&program));
    assert_eq!(run(&mut Command::new(&program)), DERIVED);
    let headers = run(Command::new("readelf").arg("-d").arg(&program));
    assert!(!headers.contains("corekey"), "{headers}");
}

#[test]
fn a_cpp_program_builds_with_the_wrapper_in_old_and_new_dialects() {
    let folder = installed();
    for dialect in ["-std=c++11", "-std=c++20"] {
        let program = folder.path(dialect);
        run(Command::new("g++")
            .args([dialect, "-Wall", "-Wextra", "-Wpedantic", "-Werror"])
            .arg(source("consumer/consumer.cpp"))
            .args(pkg_config(&folder, &["--cflags", "--libs"]))
            .arg("-o")
            .arg(&program));
        assert_eq!(run_shared(&folder, &program), DERIVED, "{dialect}");
    }
}

#[test]
fn a_program_builds_with_cmake_shared_and_static() {
    let folder = installed();
    let build = folder.path("build");
    run(Command::new("cmake")
        .arg("-S")
        .arg(source("consumer"))
        .arg("-B")
        .arg(&build)
        .arg(format!("-DCMAKE_PREFIX_PATH={}", folder.path("prefix").display())));
    run(Command::new("cmake").arg("--build").arg(&build));
    // CMake writes the library's folder into what it builds.
    for (name, shared) in [("consumer-shared", true), ("consumer-static", false)] {
        let program = build.join(name);
        assert_eq!(run(&mut Command::new(&program)), DERIVED, "{name}");
        let headers = run(Command::new("readelf").arg("-d").arg(&program));
        assert_eq!(headers.contains("libcorekey.so.0"), shared, "{headers}");
    }
}

#[test]
fn cmake_refuses_to_find_a_version_that_may_be_incompatible() {
    let folder = installed();
    for (wanted, found) in [("0.1", true), ("0.1.0", true), ("0.2", false), ("1", false)] {
        let project = folder.path(&format!("project-{wanted}"));
        std::fs::create_dir(&project).unwrap();
        let text = format!(
            "cmake_minimum_required(VERSION 3.13)\nproject(p NONE)\n\
             find_package(corekey {wanted} REQUIRED)\n"
        );
        std::fs::write(project.join("CMakeLists.txt"), text).unwrap();
        let output = outcome(
            Command::new("cmake")
                .arg("-S")
                .arg(&project)
                .arg("-B")
                .arg(project.join("build"))
                .arg(format!("-DCMAKE_PREFIX_PATH={}", folder.path("prefix").display())),
        );
        assert_eq!(output.status.success(), found, "version {wanted}");
    }
}

#[test]
fn the_archive_links_beside_another_rust_library_in_either_order() {
    let folder = installed();
    let neighbour = folder.path("libneighbour.a");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    run(Command::new(rustc)
        .args(["--edition=2024", "--crate-type=staticlib"])
        .arg(source("neighbour/neighbour.rs"))
        .arg("-o")
        .arg(&neighbour));
    let corekey = folder.path("prefix/lib/libcorekey.a");
    for (name, first, second) in
        [("ours-first", &corekey, &neighbour), ("theirs-first", &neighbour, &corekey)]
    {
        let program = folder.path(name);
        run(gcc()
            .arg("-I")
            .arg(folder.path("prefix/include"))
            .arg(source("neighbour/both.c"))
            // All of both, not only what the program happens to reach.
            .arg("-Wl,--whole-archive")
            .args([first, second])
            .arg("-Wl,--no-whole-archive")
            .args(["-lgcc_s", "-lpthread", "-ldl", "-lm", "-o"])
            .arg(&program));
        assert_eq!(run(&mut Command::new(&program)), "10 0\n", "{name}");
    }
}
