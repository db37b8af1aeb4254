//! The header alone, in every dialect of C and C++ that it promises; and the
//! device program of `firmware/common`, which must be C99 without a system.

use std::fs;
use std::process::Command;

use super::c_tests::sources;
use super::report::Group;
use crate::{Result, process, tools, workspace};

const STRICT: &[&str] = &["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only"];

/// Compiler, header, dialect and one more flag; enums of one byte are what
/// compilers for bare-metal Arm use.
const DIALECTS: &[(&str, &str, &str, Option<&str>)] = &[
    ("gcc", "corekey.h", "c99", None),
    ("gcc", "corekey.h", "c11", None),
    ("gcc", "corekey.h", "c17", None),
    ("gcc", "corekey.h", "c99", Some("-fshort-enums")),
    ("gcc", "corekey.h", "c11", Some("-fshort-enums")),
    ("gcc", "corekey.h", "c17", Some("-fshort-enums")),
    ("g++", "corekey.h", "c++11", None),
    ("g++", "corekey.h", "c++20", None),
    ("g++", "corekey.hpp", "c++11", None),
    ("g++", "corekey.hpp", "c++20", None),
];

pub(super) fn run(group: &mut Group) {
    if !group.has(&[tools::GCC, tools::GXX, tools::LIBC]) {
        return;
    }
    for (compiler, header, dialect, flag) in DIALECTS {
        let name = format!("{header} as {dialect} {}", flag.unwrap_or_default());
        group.check(name.trim(), || compile(compiler, header, dialect, *flag));
    }
    group.check("firmware/common as c99, freestanding", firmware);
}

fn firmware() -> Result {
    let root = workspace::root();
    process::run(
        Command::new("gcc")
            .args(["-std=c99", "-ffreestanding", "-fshort-enums"])
            .args(STRICT)
            .arg("-I")
            .arg(root.join("include"))
            .args(sources("firmware/common", "c")?),
    )
}

/// Compiles a file that includes the header twice and nothing else.
fn compile(compiler: &str, header: &str, dialect: &str, flag: Option<&str>) -> Result {
    let extension = if compiler == "gcc" { "c" } else { "cpp" };
    let folder = workspace::target_dir().join("dialects");
    let file = folder.join(format!("{header}.{extension}"));
    let source = format!(
        "#include \"{header}\"\n#include \"{header}\"\n\
         int main(void);\nint main(void) {{ return 0; }}\n"
    );
    fs::create_dir_all(&folder)
        .and_then(|()| fs::write(&file, source))
        .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    process::run(
        Command::new(compiler)
            .arg(format!("-std={dialect}"))
            .args(STRICT)
            .args(flag)
            .arg("-I")
            .arg(workspace::root().join("include"))
            .arg(&file),
    )
}
