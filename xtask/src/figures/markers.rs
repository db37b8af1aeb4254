//! Blocks of generated text in a Markdown file:
//!
//! ```text
//! <!-- figures: NAME -->
//! what was generated
//! <!-- /figures -->
//! ```
//!
//! Each marker is a line of its own. Relies on nothing, so that other programs
//! of the project that render figures can include this file.

const OPEN: &str = "<!-- figures: ";
const CLOSE: &str = "<!-- /figures -->";

/// The text with what `content` gives for its name in each block.
///
/// # Errors
/// Those of `content`, and a block that does not end.
pub(crate) fn replace(
    text: &str,
    mut content: impl FnMut(&str) -> Result<String, String>,
) -> Result<String, String> {
    let mut replaced = String::new();
    let mut lines = text.split_inclusive('\n');
    while let Some(line) = lines.next() {
        replaced.push_str(line);
        let Some(name) = opened(line) else {
            continue;
        };
        let close = lines
            .find(|line| line.trim_end() == CLOSE)
            .ok_or_else(|| format!("block {name:?} has no {CLOSE}"))?;
        replaced.push_str(content(name)?.trim_end());
        replaced.push('\n');
        replaced.push_str(close);
    }
    Ok(replaced)
}

/// The text with the lines of all blocks left empty, so that line numbers stay.
pub(crate) fn blanked(text: &str) -> String {
    let mut inside = false;
    let line = |line: &str| {
        inside = (inside && line != CLOSE) || opened(line).is_some();
        if inside { String::from("\n") } else { format!("{line}\n") }
    };
    text.lines().map(line).collect()
}

/// The name of the block that a line opens.
fn opened(line: &str) -> Option<&str> {
    line.trim_end().strip_prefix(OPEN)?.strip_suffix(" -->")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "before\n<!-- figures: a -->\nold\n<!-- /figures -->\nbetween\n\
                        <!-- figures: b -->\n<!-- /figures -->\nafter\n";

    #[test]
    fn every_block_gets_the_content_of_its_name() {
        let replaced = replace(TEXT, |name| Ok(format!("new {name}\n"))).unwrap();
        assert_eq!(
            replaced,
            "before\n<!-- figures: a -->\nnew a\n<!-- /figures -->\nbetween\n\
             <!-- figures: b -->\nnew b\n<!-- /figures -->\nafter\n"
        );
        assert_eq!(replace(&replaced, |name| Ok(format!("new {name}\n"))).unwrap(), replaced);
    }

    #[test]
    fn a_block_without_an_end_is_an_error() {
        assert!(replace("<!-- figures: a -->\ntext\n", |_| Ok(String::new())).is_err());
    }

    #[test]
    fn what_is_blanked_keeps_its_lines() {
        let blank = blanked(TEXT);
        assert_eq!(blank.lines().count(), TEXT.lines().count());
        assert!(!blank.contains("old") && blank.contains("between"));
    }
}
