//! What readers see of a report: `docs/figures/performance.json`, whose tables
//! `docs/performance.md` shows between markers, and the chart.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{chart, raw, tables};
use crate::figures::markers;
use crate::figures::report::Report;
use crate::{Result, workspace};

/// Writes all that is made from the report that was kept.
pub(super) fn write() -> Result {
    let (figures, pages) = rendered()?;
    let path = figures_path();
    path.parent()
        .map_or(Ok(()), std::fs::create_dir_all)
        .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    figures.write(&path)?;
    for (path, content) in pages {
        std::fs::write(&path, content)
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        println!("rendered {}", path.display());
    }
    Ok(())
}

/// An error unless all of that is as it would be written.
pub(super) fn check() -> Result {
    let (figures, pages) = rendered()?;
    let mut differing = Vec::new();
    if Report::read(&figures_path())? != figures {
        differing.push(figures_path().display().to_string());
    }
    for (path, content) in pages {
        if read(&path)? != content {
            differing.push(path.display().to_string());
        }
    }
    if differing.is_empty() {
        return Ok(());
    }
    Err(format!("`cargo xtask bench --render` would change {}", differing.join(", ")))
}

/// The figures, and each other file with what it should hold.
fn rendered() -> Result<(Report, Vec<(PathBuf, String)>)> {
    let raw: Value = raw::read()?;
    let figures = tables::figures(&raw).ok_or("docs/performance.json is no report of bench")?;
    let docs = workspace::root().join("docs");
    let page = docs.join("performance.md");
    let text = page_with(&read(&page)?, &figures)?;
    let pages = vec![(page, text), (docs.join("performance.svg"), chart::svg(&raw))];
    Ok((figures, pages))
}

fn figures_path() -> PathBuf {
    workspace::root().join("docs/figures/performance.json")
}

/// The page with the tables of the report between its markers; all are shown.
fn page_with(page: &str, figures: &Report) -> Result<String> {
    let mut shown = Vec::new();
    let text = markers::replace(page, |name| {
        shown.push(name.to_owned());
        figures.rendered(name).ok_or(format!("docs/performance.json has no table {name:?}"))
    })?;
    match figures.tables.iter().map(|table| &table.name).find(|name| !shown.contains(name)) {
        None => Ok(text),
        Some(name) => Err(format!("docs/performance.md does not show the table {name:?}")),
    }
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))
}
