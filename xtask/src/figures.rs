//! `cargo xtask figures`: measured numbers in README and docs.
//!
//! A measured number is in a report, `docs/figures/NAME.json`, together with
//! the machine, the commit and the command that gave it, and pages show a
//! report's tables between markers. Whoever measures writes a report; `render`
//! puts it into the pages; the `docs` group of the tests finds a page that shows
//! something else, and a figure that is no longer true where that is cheap to
//! see.

mod header;
pub(crate) mod machine;
pub(crate) mod markers;
mod numbers;
pub(crate) mod python;
pub(crate) mod report;
mod sizes;
mod vectors;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::{Result, markdown, workspace};
pub(crate) use header::declared;
use report::{Report, Table};

pub(crate) const HELP: &str = "[NAME...] [--render]
    Measures on this machine, writes docs/figures/NAME.json and puts the tables
    of all reports between their markers in the Markdown files. NAME is one of
      header     lines and functions of corekey.h
      sizes      of the libraries and of programs with them
      vectors    how many published vectors pass through each front
      python     the wheel, and calls from Python beside cryptography
      --render   measure nothing, put the reports as they are into the files";

/// Something that this command measures.
struct Subject {
    name: &'static str,
    measure: fn() -> Result<Vec<Table>>,
    /// The same tables from the sources alone, where that is exact and cheap.
    expected: Option<fn() -> Result<Vec<Table>>>,
}

const SUBJECTS: &[Subject] = &[
    Subject { name: "header", measure: header::tables, expected: Some(header::tables) },
    Subject { name: "sizes", measure: sizes::tables, expected: None },
    Subject { name: "python", measure: python::tables, expected: None },
    Subject { name: "vectors", measure: vectors::counted, expected: Some(vectors::floors) },
];

pub(crate) fn run(arguments: &[String]) -> Result {
    let names: Vec<&String> = arguments.iter().filter(|name| *name != "--render").collect();
    if let Some(name) = names.iter().find(|name| SUBJECTS.iter().all(|known| known.name != **name))
    {
        return Err(format!("figures does not know {name:?}; see `cargo xtask figures --help`"));
    }
    if names.len() == arguments.len() {
        for subject in SUBJECTS {
            if names.is_empty() || names.iter().any(|name| *name == subject.name) {
                let command = format!("cargo xtask figures {}", subject.name);
                let tables = (subject.measure)()?;
                Report { measured: machine::here(&command)?, tables }.write(&file(subject.name))?;
            }
        }
    }
    for (path, rendered) in pages()? {
        if markdown::read(&path)? != rendered {
            std::fs::write(&path, rendered)
                .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
            println!("rendered {}", path.display());
        }
    }
    Ok(())
}

/// Every page shows what the reports hold.
pub(crate) fn check_pages() -> Result {
    let mut differing = Vec::new();
    for (path, rendered) in pages()? {
        if markdown::read(&path)? != rendered {
            differing.push(path.display().to_string());
        }
    }
    if differing.is_empty() {
        return Ok(());
    }
    Err(format!("`cargo xtask figures --render` would change {}", differing.join(", ")))
}

/// What can be told from the sources is what the reports hold.
pub(crate) fn check_reports() -> Result {
    for subject in SUBJECTS {
        let Some(expected) = subject.expected else {
            continue;
        };
        if Report::read(&file(subject.name))?.tables != expected()? {
            return Err(format!(
                "docs/figures/{name}.json is out of date: run `cargo xtask figures {name}`",
                name = subject.name
            ));
        }
    }
    Ok(())
}

/// No number that looks measured stands outside of the markers.
pub(crate) fn check_numbers() -> Result {
    numbers::check(&markdown::files(&workspace::root())?)
}

/// Every Markdown file with its text as the reports want it. A table that no
/// page shows, and a marker without a table, are errors.
fn pages() -> Result<Vec<(PathBuf, String)>> {
    let reports = reports()?;
    let mut shown = BTreeSet::new();
    let mut pages = Vec::new();
    for path in markdown::files(&workspace::root())? {
        let rendered = markers::replace(&markdown::read(&path)?, |name| {
            shown.insert(name.to_owned());
            let holder = reports.iter().find_map(|report| report.rendered(name));
            holder.ok_or_else(|| format!("no report in docs/figures has a table {name:?}"))
        });
        pages.push((path.clone(), rendered.map_err(|why| format!("{}: {why}", path.display()))?));
    }
    let unseen: Vec<&str> = reports
        .iter()
        .flat_map(|report| &report.tables)
        .map(|table| table.name.as_str())
        .filter(|name| !shown.contains(*name))
        .collect();
    if unseen.is_empty() {
        return Ok(pages);
    }
    Err(format!("no page shows these tables of docs/figures: {}", unseen.join(", ")))
}

fn reports() -> Result<Vec<Report>> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder())
        .map_err(|error| format!("cannot list {}: {error}", folder().display()))?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    files.iter().map(|path| Report::read(path)).collect()
}

fn folder() -> PathBuf {
    workspace::root().join("docs/figures")
}

fn file(name: &str) -> PathBuf {
    folder().join(Path::new(name).with_extension("json"))
}
