//! Links between Markdown files: to files and to headings that exist.

use std::path::Path;

use crate::{Result, markdown, workspace};

pub(super) fn check() -> Result {
    let mut broken = Vec::new();
    for path in markdown::files(&workspace::root())? {
        for target in targets(&markdown::read(&path)?) {
            if !leads_somewhere(&path, &target)? {
                broken.push(format!("{}: {target}", path.display()));
            }
        }
    }
    if broken.is_empty() {
        return Ok(());
    }
    Err(format!("these lead nowhere:\n{}", broken.join("\n")))
}

/// The index of `docs` leads to every page there.
pub(super) fn check_index() -> Result {
    let docs = workspace::root().join("docs");
    let targets = targets(&markdown::read(&docs.join("README.md"))?);
    let is_linked = |page: &Path| targets.iter().any(|target| docs.join(target) == page);
    let pages = markdown::files(&docs)?;
    let mut missing = pages.iter().filter(|page| !page.ends_with("docs/README.md"));
    match missing.find(|page| !is_linked(page)) {
        None => Ok(()),
        Some(page) => Err(format!("docs/README.md has no question for {}", page.display())),
    }
}

/// What a Markdown text links to in this repository.
fn targets(text: &str) -> Vec<String> {
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .filter(|target| !target.contains("://"))
        .map(str::to_owned)
        .collect()
}

fn leads_somewhere(from: &Path, target: &str) -> Result<bool> {
    let (file, heading) = target.split_once('#').unwrap_or((target, ""));
    let path = match file {
        "" => from.to_path_buf(),
        file => from.parent().unwrap_or(from).join(file),
    };
    if heading.is_empty() || path.extension().is_none_or(|extension| extension != "md") {
        return Ok(path.exists());
    }
    Ok(path.exists() && anchors(&markdown::read(&path)?).iter().any(|anchor| anchor == heading))
}

/// The names that headings have as the target of a link.
fn anchors(text: &str) -> Vec<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| {
        let words = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = words.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(anchor).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_to_files_and_headings_are_found_and_others_not() {
        let text =
            "A [file](a/b.md#part), a [part](#part), a [page](https://x.example/).\n[c](c)\n";
        assert_eq!(targets(text), ["a/b.md#part", "#part", "c"]);
    }

    #[test]
    fn headings_are_named_as_on_the_web() {
        let text = "# One\ntext\n## The boot journal, or: two!\n";
        assert_eq!(anchors(text), ["one", "the-boot-journal-or-two"]);
    }
}
