//! What linkers see of the two libraries.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

use crate::{Folder, installed, root, run};

/// What an archive for a hosted program may take from the C library: memory,
/// the system's generator, and the end of the program.
const NEEDED: &[&str] =
    &["__errno_location", "abort", "bcmp", "getrandom", "memcmp", "memcpy", "memmove", "memset"];

/// Names as `nm` prints them with these arguments.
fn nm(folder: &Folder, library: &str, arguments: &[&str]) -> BTreeSet<String> {
    names(&folder.path("prefix/lib").join(library), arguments)
}

fn names(library: &Path, arguments: &[&str]) -> BTreeSet<String> {
    run(Command::new("nm").arg("--format=just-symbols").args(arguments).arg(library))
        .lines()
        .filter(|line| !line.is_empty() && !line.ends_with(':'))
        .map(str::to_owned)
        .collect()
}

fn exports(folder: &Folder) -> BTreeSet<String> {
    nm(folder, "libcorekey.so", &["--dynamic", "--defined-only"])
}

#[test]
fn the_shared_library_carries_the_soname_that_its_link_is_called() {
    let folder = installed();
    let library = folder.path("prefix/lib/libcorekey.so");
    let headers = run(Command::new("readelf").arg("-d").arg(&library));
    assert!(headers.contains("soname: [libcorekey.so.0]"), "{headers}");
    assert!(folder.path("prefix/lib/libcorekey.so.0").exists());
}

#[test]
fn the_shared_library_needs_nothing_but_the_c_library_and_unwinding() {
    let folder = installed();
    let library = folder.path("prefix/lib/libcorekey.so");
    let headers = run(Command::new("readelf").arg("-d").arg(&library));
    for line in headers.lines().filter(|line| line.contains("(NEEDED)")) {
        let known = ["[libc.so.6]", "[libgcc_s.so.1]", "[ld-linux"];
        assert!(known.iter().any(|name| line.contains(name)), "{line}");
    }
}

#[test]
fn the_shared_library_exports_what_the_header_declares_and_nothing_else() {
    let folder = installed();
    let exports = exports(&folder);
    let header = fs::read_to_string(folder.path("prefix/include/corekey.h")).unwrap();
    assert!(!exports.is_empty());
    for name in &exports {
        assert!(name.starts_with("corekey_"), "{name}");
        assert!(header.contains(&format!("{name}(")), "{name}");
    }
}

#[test]
fn the_archive_offers_exactly_what_the_shared_library_exports() {
    let folder = installed();
    let offered = nm(&folder, "libcorekey.a", &["--extern-only", "--defined-only"]);
    assert_eq!(offered, exports(&folder));
}

#[test]
fn an_archive_for_firmware_offers_no_root() {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("firmware");
    run(Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["rustc", "--quiet", "--locked", "--package=corekey-ffi", "--lib"])
        .args(["--crate-type=staticlib", "--profile=firmware", "--no-default-features"])
        .args(["--features=device,drbg", "--target-dir"])
        .arg(&target)
        .current_dir(root()));
    let archive = target.join("firmware/libcorekey_ffi.a");
    let offered: BTreeSet<String> = names(&archive, &["--extern-only", "--defined-only"])
        .into_iter()
        .filter(|name| name.starts_with("corekey_"))
        .collect();
    for name in ["corekey_seal", "corekey_open", "corekey_journal_apply", "corekey_drbg_generate"] {
        assert!(offered.contains(name), "{name}");
    }
    let roots = |name: &&String| name.contains("root") || name.ends_with("_base64");
    assert_eq!(offered.iter().find(roots), None, "{offered:?}");
    // Only the archive for hosts has what this one must not have.
    let hosted = nm(&installed(), "libcorekey.a", &["--extern-only", "--defined-only"]);
    assert_eq!(hosted.iter().filter(roots).count(), 9, "{hosted:?}");
}

#[test]
fn the_archive_takes_only_the_named_functions_from_the_c_library() {
    let folder = installed();
    for name in nm(&folder, "libcorekey.a", &["--undefined-only"]) {
        assert!(NEEDED.contains(&name.as_str()), "{name}");
    }
}

#[test]
fn the_archive_holds_nothing_that_formats_or_unwinds() {
    let folder = installed();
    for name in nm(&folder, "libcorekey.a", &["--demangle"]) {
        assert!(!name.contains("core::fmt"), "{name}");
        assert!(!name.contains("eh_personality"), "{name}");
    }
}

#[test]
fn the_archive_holds_no_panic_message() {
    let folder = installed();
    let archive = fs::read(folder.path("prefix/lib/libcorekey.a")).unwrap();
    let text = String::from_utf8_lossy(&archive);
    for words in ["panicked at", "called `", "index out of bounds", "out of range", ".rs"] {
        assert!(!text.contains(words), "{words}");
    }
}

#[test]
fn no_code_of_ours_in_the_archive_calls_a_panic() {
    // Dependencies check again what we have checked: under their own names, or
    // inlined in those functions of ours that call them.
    let theirs = [
        "aes::",
        "cipher::",
        "sha2::",
        "core::",
        "corekey::wipe::own_frame",
        "corekey::wrap::Cipher::",
    ];
    let folder = installed();
    let code = run(Command::new("objdump")
        .args(["--disassemble", "--reloc", "--demangle", "--no-show-raw-insn"])
        .arg(folder.path("prefix/lib/libcorekey.a")));
    let mut function = "";
    for line in code.lines() {
        if let Some((_, name)) = line.strip_suffix(">:").and_then(|line| line.split_once('<')) {
            function = name.trim_start_matches('<');
        }
        let panics = ["panicking", "unwrap_failed", "expect_failed", "_fail"];
        let calls = line.contains("R_X86_64_") || line.contains("R_AARCH64_");
        if calls && panics.iter().any(|word| line.contains(word)) {
            assert!(theirs.iter().any(|start| function.starts_with(start)), "{function}: {line}");
        }
    }
}

#[test]
fn a_debugger_finds_the_source_lines_of_the_shared_library() {
    let folder = installed();
    let library = folder.path("prefix/lib/libcorekey.so.0.1.0");
    let listed = run(Command::new("nm").args(["--dynamic", "--defined-only"]).arg(&library));
    let address = listed
        .lines()
        .find_map(|line| line.strip_suffix(" T corekey_hash"))
        .expect("corekey_hash is exported");
    let line = run(Command::new("addr2line").arg("-e").arg(&library).arg(address));
    assert!(line.starts_with("corekey-0.1.0/ffi/src/hash.rs:"), "{line}");
}

#[test]
fn neither_library_asks_for_an_executable_stack() {
    let folder = installed();
    let library = folder.path("prefix/lib/libcorekey.so");
    let segments = run(Command::new("readelf").arg("-lW").arg(&library));
    let stack = segments.lines().find(|line| line.contains("GNU_STACK")).unwrap();
    assert!(!stack.contains("RWE"), "{stack}");
    let archive = folder.path("prefix/lib/libcorekey.a");
    let sections = run(Command::new("readelf").arg("-SW").arg(&archive));
    assert!(sections.contains(".note.GNU-stack"), "{sections}");
}
