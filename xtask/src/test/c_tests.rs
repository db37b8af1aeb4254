//! The C tests in `ffi/tests/c`: every `.c` file there is one cmocka program.
//!
//! Each is built as a user builds, with the installed header and library, and
//! run plain, under AddressSanitizer and UBSan, under valgrind, and once with
//! the archive, which is another build of the same code.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::report::Group;
use crate::{Result, dist, process, tools, workspace};

/// One way to build and run every program.
struct Way {
    name: &'static str,
    compile: &'static [&'static str],
    archive: bool,
    valgrind: bool,
}

const WAYS: &[Way] = &[
    Way { name: "plain", compile: &["-O2"], archive: false, valgrind: false },
    Way { name: "archive", compile: &["-O2"], archive: true, valgrind: false },
    Way {
        name: "sanitizers",
        compile: &[
            "-O1",
            "-fsanitize=address,undefined",
            "-fno-sanitize-recover=all",
            "-fno-omit-frame-pointer",
        ],
        archive: false,
        valgrind: false,
    },
    Way { name: "valgrind", compile: &["-O1"], archive: false, valgrind: true },
];

const VALGRIND: &[&str] =
    &["--quiet", "--error-exitcode=9", "--leak-check=full", "--show-leak-kinds=definite,indirect"];

pub(super) fn run(group: &mut Group) {
    let needed = [tools::GCC, tools::LIBC, tools::BINUTILS, tools::CMOCKA, tools::VALGRIND];
    if !group.has(&needed) {
        return;
    }
    let (prefix, sources) = match dist::stage().and_then(|prefix| Ok((prefix, sources()?))) {
        Ok(ready) => ready,
        Err(why) => return group.fail(&why),
    };
    for way in WAYS {
        for source in &sources {
            let name = source.file_stem().unwrap_or_default().to_string_lossy();
            let what = format!("{name}, {}", way.name);
            match build(way, source, &prefix) {
                Ok(program) => group.suite(&what, &mut started(way, &program)),
                Err(why) => group.fail(&format!("{what}: {why}")),
            }
        }
    }
}

fn sources() -> Result<Vec<PathBuf>> {
    let folder = folder();
    let entries = fs::read_dir(&folder)
        .map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
    let mut sources: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "c"))
        .collect();
    sources.sort();
    if sources.is_empty() {
        return Err(format!("there is no C test in {}", folder.display()));
    }
    Ok(sources)
}

fn folder() -> PathBuf {
    workspace::root().join("ffi/tests/c")
}

fn build(way: &Way, source: &Path, prefix: &Path) -> Result<PathBuf> {
    let folder_of_way = workspace::target_dir().join("c-tests").join(way.name);
    fs::create_dir_all(&folder_of_way)
        .map_err(|error| format!("cannot make {}: {error}", folder_of_way.display()))?;
    let program = folder_of_way.join(source.file_stem().unwrap_or_default());
    let library = prefix.join("lib");
    let mut command = Command::new("gcc");
    command
        .args(["-std=c11", "-g", "-Wall", "-Wextra", "-Wpedantic", "-Werror"])
        .args(way.compile)
        .arg("-I")
        .arg(prefix.join("include"))
        .arg("-I")
        .arg(folder())
        .arg(source)
        .arg("-o")
        .arg(&program);
    if way.archive {
        command.arg(library.join("libcorekey.a"));
    } else {
        command
            .arg("-L")
            .arg(&library)
            .arg(format!("-Wl,-rpath,{}", library.display()))
            .arg("-lcorekey");
    }
    process::run(command.args(["-lcmocka", "-pthread"]))?;
    Ok(program)
}

fn started(way: &Way, program: &Path) -> Command {
    if !way.valgrind {
        return Command::new(program);
    }
    let mut command = Command::new("valgrind");
    command.args(VALGRIND).arg(program);
    command
}
