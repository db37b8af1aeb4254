//! The C tests in `ffi/tests/c`: every `.c` file there is one cmocka program;
//! the tests of corekey.hpp in `ffi/tests/cpp`, which print their own count; and
//! those of the device program in `firmware/tests`, cmocka programs again.
//!
//! Each is built as a user builds, with the installed header and library, and
//! run plain, with enums of one byte, with the archive, which is another build
//! of the same code, under valgrind, and under AddressSanitizer and UBSan. For
//! these the library is instrumented too, so that they see what it does with
//! its caller's memory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::report::Group;
use crate::{Result, dist, process, tools, workspace};

/// One way to build and run every program.
struct Way {
    name: &'static str,
    compile: &'static [&'static str],
    library: Library,
    valgrind: bool,
}

/// Which build of the library a program is linked with.
#[derive(Clone, Copy)]
enum Library {
    Shared,
    Archive,
    /// The shared library, compiled with AddressSanitizer.
    Instrumented,
}

const WAYS: &[Way] = &[
    Way { name: "plain", compile: &["-O2"], library: Library::Shared, valgrind: false },
    Way {
        name: "short-enums",
        compile: &["-O2", "-fshort-enums"],
        library: Library::Shared,
        valgrind: false,
    },
    Way { name: "archive", compile: &["-O2"], library: Library::Archive, valgrind: false },
    Way { name: "valgrind", compile: &["-O1"], library: Library::Shared, valgrind: true },
    Way {
        name: "sanitizers",
        compile: &[
            "-O1",
            "-fsanitize=address,undefined",
            "-fno-sanitize-recover=all",
            "-fno-omit-frame-pointer",
        ],
        library: Library::Instrumented,
        valgrind: false,
    },
];

/// A folder of programs and the language they are compiled as.
struct Language {
    folder: &'static str,
    extension: &'static str,
    compiler: &'static str,
    standard: &'static str,
    /// The folder of what is tested, if that is not the library alone: all its
    /// sources are linked to each program.
    tested: Option<&'static str>,
}

const LANGUAGES: &[Language] = &[
    language("ffi/tests/c", "c", "gcc", "c11"),
    language("ffi/tests/cpp", "cpp", "g++", "c++11"),
    language("ffi/tests/cpp", "cpp", "g++", "c++20"),
    Language { tested: Some("firmware/common"), ..language("firmware/tests", "c", "gcc", "c11") },
];

const fn language(
    folder: &'static str,
    extension: &'static str,
    compiler: &'static str,
    standard: &'static str,
) -> Language {
    Language { folder, extension, compiler, standard, tested: None }
}

/// All the libraries that the ways need, built.
struct Libraries {
    prefix: PathBuf,
    instrumented: PathBuf,
}

const VALGRIND: &[&str] =
    &["--quiet", "--error-exitcode=9", "--leak-check=full", "--show-leak-kinds=definite,indirect"];

pub(super) fn run(group: &mut Group) {
    let needed =
        [tools::GCC, tools::GXX, tools::LIBC, tools::BINUTILS, tools::CMOCKA, tools::VALGRIND];
    if !group.has(&needed) {
        return;
    }
    let libraries = match libraries() {
        Ok(built) => built,
        Err(why) => return group.fail(&why),
    };
    for language in LANGUAGES {
        let sources = match sources(language.folder, language.extension) {
            Ok(found) => found,
            Err(why) => return group.fail(&why),
        };
        for way in WAYS {
            for source in &sources {
                let name = source.file_stem().unwrap_or_default().to_string_lossy();
                let what = format!("{name}, {}, {}", language.standard, way.name);
                match build(way, language, source, &libraries) {
                    Ok(program) => group.suite(&what, &mut started(way, &program)),
                    Err(why) => group.fail(&format!("{what}: {why}")),
                }
            }
        }
    }
}

fn libraries() -> Result<Libraries> {
    Ok(Libraries { prefix: dist::stage()?, instrumented: instrumented()? })
}

/// The shared library with AddressSanitizer, whose runtime the program brings.
/// Stable compilers have the flag but show it only to those who insist.
fn instrumented() -> Result<PathBuf> {
    let host = workspace::rustc_prints("host-tuple")?;
    let folder = workspace::target_dir().join("sanitizers");
    process::run(
        workspace::cargo()
            .args(["rustc", "--quiet", "--locked", "--package=corekey-ffi", "--lib"])
            .args(["--crate-type=cdylib", "--release", "--target", &host, "--target-dir"])
            .arg(&folder)
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .env("RUSTC_BOOTSTRAP", "1")
            .env("RUSTFLAGS", "-Zsanitizer=address"),
    )?;
    Ok(folder.join(host).join("release/libcorekey_ffi.so"))
}

/// All files in a folder of ours with an extension.
pub(super) fn sources(folder: &str, extension: &str) -> Result<Vec<PathBuf>> {
    let folder = workspace::root().join(folder);
    let entries = fs::read_dir(&folder)
        .map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
    let mut sources: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    sources.sort();
    if sources.is_empty() {
        return Err(format!("there is no source in {}", folder.display()));
    }
    Ok(sources)
}

fn build(way: &Way, language: &Language, source: &Path, libraries: &Libraries) -> Result<PathBuf> {
    let folder = workspace::target_dir().join("c-tests").join(way.name).join(language.standard);
    fs::create_dir_all(&folder)
        .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    let program = folder.join(source.file_stem().unwrap_or_default());
    let prefix = &libraries.prefix;
    let installed = prefix.join("lib");
    let mut command = Command::new(language.compiler);
    command
        .arg(format!("-std={}", language.standard))
        .args(["-g", "-Wall", "-Wextra", "-Wpedantic", "-Werror"])
        .args(way.compile)
        .arg("-I")
        .arg(prefix.join("include"))
        .arg(source)
        .arg("-o")
        .arg(&program);
    if let Some(tested) = language.tested {
        let root = workspace::root();
        // The tests share what those of the C ABI have.
        command.arg("-I").arg(root.join("ffi/tests/c")).arg("-I").arg(root.join(tested));
        command.args(sources(tested, "c")?);
    }
    match way.library {
        Library::Shared => command
            .arg("-L")
            .arg(&installed)
            .arg(format!("-Wl,-rpath,{}", installed.display()))
            .arg("-lcorekey"),
        Library::Archive => command.arg(installed.join("libcorekey.a")),
        Library::Instrumented => command.arg(&libraries.instrumented),
    };
    process::run(command.args(["-lcmocka", "-pthread"]))?;
    Ok(program)
}

fn started(way: &Way, program: &Path) -> Command {
    if !way.valgrind {
        return Command::new(program);
    }
    let mut command = Command::new("valgrind");
    let known =
        format!("--suppressions={}", workspace::root().join("ffi/tests/c/valgrind.supp").display());
    command.args(VALGRIND).arg(known).arg(program);
    command
}
