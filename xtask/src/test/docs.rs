//! What is written for readers is true: the documentation builds without a
//! warning, links lead somewhere, the README's figures of the header are right,
//! and its programs in C and C++ compile and run with an installed library. Its
//! Rust program is a doc test of `corekey`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::report::Group;
use crate::{Result, dist, process, tools, workspace};

const STRICT: &[&str] = &["-Wall", "-Wextra", "-Wpedantic", "-Werror"];

pub(super) fn run(group: &mut Group) {
    group.check("the API documentation has no warning", api);
    group.check("links in Markdown files lead to files", links);
    group.check("docs/performance.md and its chart show the report", crate::bench::check_rendered);
    if !group.has(&[tools::GCC, tools::LIBC, tools::BINUTILS]) {
        return;
    }
    let prefix = match dist::stage() {
        Ok(prefix) => prefix,
        Err(why) => return group.fail(&why),
    };
    group.check("the README's figures of the header", || header_figures(&prefix));
    group.check("the README's C program", || program(&prefix, "c", "gcc", "c99"));
    if group.has(&[tools::GXX]) {
        group.check("the README's C++ program", || program(&prefix, "cpp", "g++", "c++11"));
    }
}

fn api() -> Result {
    process::run(
        workspace::cargo()
            .args(["doc", "--quiet", "--locked", "--no-deps"])
            .args(["--package=corekey", "--package=corekey-ffi"])
            .env("RUSTDOCFLAGS", "-D warnings"),
    )
}

fn links() -> Result {
    let mut broken = Vec::new();
    for path in markdown_files(&workspace::root())? {
        let folder = path.parent().unwrap_or(&path);
        for target in targets(&read(&path)?) {
            if !folder.join(&target).exists() {
                broken.push(format!("{}: {target}", path.display()));
            }
        }
    }
    if broken.is_empty() {
        return Ok(());
    }
    Err(format!("these lead nowhere:\n{}", broken.join("\n")))
}

/// All Markdown files below a folder but those of hidden and target folders.
fn markdown_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)
        .map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
    let mut files = Vec::new();
    for entry in entries.flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let is_other = name.to_string_lossy().starts_with('.') || name == "target";
        if path.is_dir() && !is_other {
            files.extend(markdown_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            files.push(path);
        }
    }
    Ok(files)
}

/// The files that a Markdown text links to.
fn targets(markdown: &str) -> Vec<String> {
    markdown
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', '#']).next())
        .filter(|target| !target.is_empty() && !target.contains("://"))
        .map(str::to_owned)
        .collect()
}

/// Sizes differ from compiler to compiler; these do not.
fn header_figures(prefix: &Path) -> Result {
    let lines = read(&prefix.join("include/corekey.h"))?.lines().count();
    let functions = dist::exports(&prefix.join("lib/libcorekey.so"))?.len();
    let figures = format!("| {lines} lines, {functions} functions |");
    if readme()?.contains(&figures) {
        return Ok(());
    }
    Err(format!("the README's table must have the figures {figures}"))
}

/// Builds the README's one program in a language as its readers do, and runs it.
fn program(prefix: &Path, language: &str, compiler: &str, dialect: &str) -> Result {
    let [source] = &blocks(&readme()?, language)[..] else {
        return Err(format!("the README needs exactly one ```{language} block"));
    };
    let folder = workspace::target_dir().join("readme");
    let file = folder.join("program").with_extension(language);
    let program = folder.join(language);
    fs::create_dir_all(&folder)
        .and_then(|()| fs::write(&file, source))
        .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    let installed = prefix.join("lib");
    process::run(
        Command::new(compiler)
            .arg(format!("-std={dialect}"))
            .args(STRICT)
            .arg("-I")
            .arg(prefix.join("include"))
            .arg(&file)
            .arg("-L")
            .arg(&installed)
            .arg("-lcorekey")
            .arg(format!("-Wl,-rpath,{}", installed.display()))
            .arg("-o")
            .arg(&program),
    )?;
    process::run(&mut Command::new(&program))
}

/// The fenced blocks of one language.
fn blocks(markdown: &str, language: &str) -> Vec<String> {
    let fence = format!("\n```{language}\n");
    markdown
        .split(&fence)
        .skip(1)
        .filter_map(|rest| rest.split("\n```").next())
        .map(|block| format!("{block}\n"))
        .collect()
}

fn readme() -> Result<String> {
    read(&workspace::root().join("README.md"))
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).map_err(|error| format!("cannot read {}: {error}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARKDOWN: &str = "A [file](a/b.md#part), a [part](#part), a [page](https://x.example/).\n\
                            \n```c\nint c;\n```\n\n```cpp\nint cpp;\n```\n[c](c)\n";

    #[test]
    fn blocks_are_found_by_their_language() {
        assert_eq!(blocks(MARKDOWN, "c"), ["int c;\n"]);
        assert_eq!(blocks(MARKDOWN, "cpp"), ["int cpp;\n"]);
        assert!(blocks(MARKDOWN, "rust").is_empty());
    }

    #[test]
    fn links_to_files_are_found_and_others_not() {
        assert_eq!(targets(MARKDOWN), ["a/b.md", "c"]);
    }
}
