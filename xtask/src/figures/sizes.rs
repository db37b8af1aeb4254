//! How large the C libraries are, and a program with them: what a user pays in
//! flash or in a download.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use super::report::Table;
use crate::{Result, dist, markdown, process, workspace};

const EMPTY: &str = "int main(void) { return 0; }\n";

/// How a program is built for its size; its parts are named in the table.
const SMALL: &[&str] = &["-O2", "-s", "-Wl,--gc-sections"];

pub(super) fn tables() -> Result<Vec<Table>> {
    let prefix = dist::stage()?;
    let program = pump()?;
    let (so, archive) = (prefix.join("lib/libcorekey.so"), prefix.join("lib/libcorekey.a"));
    let rows = [
        ("`libcorekey.so`, stripped, all features", size(&so)?),
        ("`libcorekey.a`, all features", size(&archive)?),
        ("`pump.c` with `libcorekey.a`, stripped", built(&prefix, &program, &[])?),
        ("the same, wholly static", built(&prefix, &program, &["-static"])?),
        ("an empty program, wholly static", built(&prefix, EMPTY, &["-static"])?),
    ];
    let rows = rows.map(|(what, bytes)| vec![json!(what), json!(bytes)]).into();
    Ok(vec![Table::new("sizes", &["what", "bytes"], rows)])
}

/// The README's program in C.
fn pump() -> Result<String> {
    let readme = markdown::read(&workspace::root().join("README.md"))?;
    let block = markdown::blocks(&readme).into_iter().find(|block| block.label == "pump.c");
    block.map(|block| block.text.to_owned()).ok_or_else(|| "the README has no pump.c".into())
}

/// The size of a program with the archive.
fn built(prefix: &Path, source: &str, extra: &[&str]) -> Result<u64> {
    let folder = workspace::target_dir().join("figures");
    let (file, program) = (folder.join("program.c"), folder.join("program"));
    std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::write(&file, source))
        .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    process::run(
        Command::new("gcc")
            .args(SMALL)
            .args(extra)
            .arg("-I")
            .arg(prefix.join("include"))
            .arg(&file)
            .arg(prefix.join("lib/libcorekey.a"))
            .arg("-o")
            .arg(&program),
    )?;
    size(&program)
}

fn size(file: &Path) -> Result<u64> {
    std::fs::metadata(file)
        .map(|facts| facts.len())
        .map_err(|error| format!("{}: {error}", file.display()))
}
