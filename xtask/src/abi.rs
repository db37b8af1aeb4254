//! `cargo xtask abi`: the C ABI as recorded in `ffi/abi/corekey.abi`.
//!
//! Programs built against one version of the header must keep working with the
//! next library, so what they depend on is written down: exported symbols,
//! prototypes, macros, constants, sizes of contexts. A change fails until it is
//! recorded. Relies on gcc to read the header, on `dist` for the library.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Result, dist, process, workspace};

pub(crate) const HELP: &str = "[--bless]
    Compares the C ABI of the header and the shared library with the record in
    ffi/abi/corekey.abi; a difference is an error.
      --bless   record the ABI as it is now; say in the changelog what changed";

pub(crate) fn run(arguments: &[String]) -> Result {
    let bless = match arguments {
        [] => false,
        [argument] if argument == "--bless" => true,
        _ => return Err("abi knows only --bless".into()),
    };
    let prefix = dist::stage()?;
    let current = describe(&prefix)?;
    let record = workspace::root().join("ffi/abi/corekey.abi");
    if bless {
        return write(&record, &current);
    }
    let recorded = fs::read_to_string(&record)
        .map_err(|error| format!("cannot read {}: {error}", record.display()))?;
    let differences = differences(&recorded, &current);
    if differences.is_empty() {
        println!("the C ABI is as recorded");
        return Ok(());
    }
    Err(format!(
        "the C ABI is not as recorded in ffi/abi/corekey.abi:\n{}\n\
         if that is meant, record it: cargo xtask abi --bless",
        differences.join("\n")
    ))
}

/// The ABI of an installed library, one fact a line.
fn describe(prefix: &Path) -> Result<String> {
    let header = Header::read(prefix)?;
    let mut exports = dist::exports(&prefix.join("lib/libcorekey.so"))?;
    exports.sort();
    let mut lines = vec![
        "# The C ABI, recorded by `cargo xtask abi --bless` on x86-64 Linux.".to_owned(),
        format!("soname {}", dist::soname()?),
    ];
    lines.extend(header.evaluate()?);
    lines.extend(header.call_macros());
    lines.extend(header.prototypes());
    lines.extend(exports.iter().map(|name| format!("symbol {name}")));
    lines.push(String::new());
    Ok(lines.join("\n"))
}

/// The installed header as the preprocessor sees it.
struct Header {
    include: PathBuf,
    /// `#define` lines of our own names, without the word `#define`.
    macros: Vec<String>,
    /// Declarations, each on one line.
    declarations: Vec<String>,
}

impl Header {
    fn read(prefix: &Path) -> Result<Self> {
        let include = prefix.join("include");
        let file = include.join("corekey.h");
        let gcc = |argument: &str| {
            process::capture(
                Command::new("gcc").args(["-std=c99", "-E", "-P", argument]).arg(&file),
            )
        };
        let macros = gcc("-dM")?
            .lines()
            .filter_map(|line| line.strip_prefix("#define "))
            .filter(|line| line.to_lowercase().starts_with("corekey_"))
            .map(str::to_owned)
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let declarations = declarations(&gcc("-DCOREKEY_ABI_CHECK")?);
        Ok(Self { include, macros, declarations })
    }

    /// Constants with their values, and types with size and alignment, as a
    /// small program prints them.
    fn evaluate(&self) -> Result<Vec<String>> {
        let mut source = String::from(
            "#include <stdio.h>\n#include <corekey.h>\n\
             struct probe { char c; };\n\
             int main(void) {\n",
        );
        for (name, value) in self.constants() {
            source.push_str(&if value.starts_with('"') {
                format!("printf(\"constant {name} %s\\n\", {name});\n")
            } else {
                format!("printf(\"constant {name} %lld\\n\", (long long)({name}));\n")
            });
        }
        for name in self.types() {
            source.push_str(&format!(
                "printf(\"type {name} size %zu alignment %zu\\n\", sizeof({name}), \
                 __alignof__({name}));\n"
            ));
        }
        source.push_str("return 0;\n}\n");

        let folder = workspace::target_dir().join("abi");
        let (file, program) = (folder.join("probe.c"), folder.join("probe"));
        fs::create_dir_all(&folder)
            .and_then(|()| fs::write(&file, source))
            .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
        process::run(
            Command::new("gcc")
                .arg("-std=gnu11")
                .arg("-I")
                .arg(&self.include)
                .arg(&file)
                .arg("-o")
                .arg(&program),
        )?;
        let printed = process::capture(&mut Command::new(&program))?;
        Ok(printed.lines().map(str::to_owned).collect())
    }

    /// Names and texts of macros without parameters that stand for a value.
    fn constants(&self) -> Vec<(&str, &str)> {
        self.macros
            .iter()
            .filter_map(|line| line.split_once(' '))
            .filter(|(name, value)| !name.contains('(') && is_value(value))
            .collect()
    }

    /// Macros with parameters: what they call is part of the ABI.
    fn call_macros(&self) -> Vec<String> {
        self.macros
            .iter()
            .filter(|line| line.split(' ').next().is_some_and(|it| it.contains('(')))
            .map(|line| format!("macro {line}"))
            .collect()
    }

    /// The names of all types the header defines.
    fn types(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self
            .declarations
            .iter()
            .filter(|declaration| declaration.starts_with("typedef "))
            .filter_map(|declaration| type_name(declaration))
            .filter(|name| name.starts_with("corekey_"))
            .collect();
        names.sort_unstable();
        names
    }

    fn prototypes(&self) -> Vec<String> {
        let mut prototypes: Vec<String> = self
            .declarations
            .iter()
            .filter(|it| !it.starts_with("typedef ") && it.ends_with(')'))
            .filter(|it| it.contains("corekey_") && !it.contains('{'))
            .map(|prototype| format!("function {prototype}"))
            .collect();
        prototypes.sort();
        prototypes
    }
}

/// Splits preprocessed C at the semicolons outside braces, one space between
/// words and attributes left out.
fn declarations(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut depth = 0;
    let mut current = String::new();
    for character in source.chars() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ';' if depth == 0 => {
                found.push(tidy(&current));
                current.clear();
                continue;
            }
            _ => {}
        }
        current.push(character);
    }
    found
}

fn tidy(declaration: &str) -> String {
    let mut text = declaration.to_owned();
    while let Some(start) = text.find("__attribute__") {
        let end = closing(&text[start..]).map_or(text.len(), |length| start + length);
        text.replace_range(start..end, "");
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The length of `text` up to the bracket that closes its first one.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// The name a `typedef` gives: in `(*name)(...)` for a pointer to a function,
/// otherwise the last word.
fn type_name(declaration: &str) -> Option<&str> {
    if let Some((_, rest)) = declaration.split_once("(*") {
        return rest.split(')').next().map(str::trim);
    }
    declaration.rsplit([' ', '*', '}']).next()
}

/// A number, a cast, a sum or a string, and not an attribute or a keyword.
fn is_value(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit() || "-(\"".contains(first))
}

fn write(record: &Path, text: &str) -> Result {
    let folder = record.parent().unwrap_or(record);
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(record, text))
        .map_err(|error| format!("cannot write {}: {error}", record.display()))?;
    println!("recorded in {}", record.display());
    Ok(())
}

/// Lines only in the record, marked `-`, and lines only in the library, `+`.
fn differences(recorded: &str, current: &str) -> Vec<String> {
    let recorded: BTreeSet<&str> = recorded.lines().collect();
    let current: BTreeSet<&str> = current.lines().collect();
    let gone = recorded.difference(&current).map(|line| format!("- {line}"));
    let new = current.difference(&recorded).map(|line| format!("+ {line}"));
    gone.chain(new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "
        typedef int32_t corekey_status;
        typedef struct corekey_prk { uint64_t opaque[9]; } corekey_prk;
        typedef int32_t (*corekey_entropy_fn)(void *user, uint8_t *out, size_t len);
        __attribute__((warn_unused_result)) corekey_status
            corekey_wipe(void *p,   size_t len);
    ";

    #[test]
    fn types_and_prototypes_are_found_whatever_their_layout() {
        let header = Header {
            include: PathBuf::new(),
            macros: Vec::new(),
            declarations: declarations(SOURCE),
        };
        assert_eq!(header.types(), ["corekey_entropy_fn", "corekey_prk", "corekey_status"]);
        assert_eq!(
            header.prototypes(),
            ["function corekey_status corekey_wipe(void *p, size_t len)"]
        );
    }

    #[test]
    fn a_changed_line_shows_both_ways() {
        let recorded = "constant A 1\nsymbol corekey_x\n";
        let current = "constant A 2\nsymbol corekey_x\n";
        assert_eq!(differences(recorded, current), ["- constant A 1", "+ constant A 2"]);
        assert!(differences(recorded, recorded).is_empty());
    }
}
