//! The project's Markdown files: which there are, and their fenced blocks.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Result;

/// A fenced block. Its first line is "```LANGUAGE REST".
#[derive(Debug, PartialEq)]
pub(crate) struct Block<'a> {
    pub(crate) language: &'a str,
    /// What follows the language: the name of a file, or what to do with it.
    pub(crate) label: &'a str,
    pub(crate) text: &'a str,
}

/// The fenced blocks of a text, in its order.
pub(crate) fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = split_fence(rest) {
        let (info, after) = after.split_once('\n').unwrap_or((after, ""));
        let (text, after) = split_fence(after).unwrap_or((after, ""));
        let (language, label) = info.trim().split_once(' ').unwrap_or((info.trim(), ""));
        blocks.push(Block { language, label, text });
        rest = after.split_once('\n').map_or("", |(_, after)| after);
    }
    blocks
}

/// Text before the next line that begins with a fence, and text behind the fence.
fn split_fence(text: &str) -> Option<(&str, &str)> {
    const FENCE: &str = "```";
    if let Some(after) = text.strip_prefix(FENCE) {
        return Some(("", after));
    }
    let place = text.find("\n```")? + 1;
    Some((&text[..place], &text[place + FENCE.len()..]))
}

/// All Markdown files below a folder but those of hidden and target folders,
/// sorted.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)
        .map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
    let mut files = Vec::new();
    for entry in entries.flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let is_other = name.to_string_lossy().starts_with('.') || name == "target";
        if path.is_dir() && !is_other {
            files.extend(self::files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

pub(crate) fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).map_err(|error| format!("cannot read {}: {error}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_have_language_label_and_text() {
        let text =
            "```c pump.c\nint c;\n```\ntext\n```sh run\na\n\nb\n```\n\n```\nplain\n```\nend\n";
        let block = |language, label, text| Block { language, label, text };
        assert_eq!(
            blocks(text),
            [
                block("c", "pump.c", "int c;\n"),
                block("sh", "run", "a\n\nb\n"),
                block("", "", "plain\n")
            ]
        );
    }

    #[test]
    fn a_text_without_a_fence_has_no_block() {
        assert!(blocks("a ``` in a line\n").is_empty());
    }
}
