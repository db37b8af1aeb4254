//! Numbers that look measured have to stand between markers: this finds those
//! that do not.
//!
//! What looks measured is a number with one of the units below in running text
//! or a table; code is left out. The sizes that formats and algorithms have are
//! no measurements: pages that specify a format are free to name them, and what
//! other pages say of them is listed here.

use std::path::{Path, PathBuf};

use super::markers;
use crate::{Result, markdown, workspace};

/// Units of size, of which a page that specifies a format is full.
const SIZES: &[&str] = &["byte", "bytes", "KB", "kB", "KiB", "MB", "MiB"];

/// Units of time, speed and ratio, and of what is counted.
const OTHERS: &[&str] = &[
    "ns",
    "µs",
    "ms",
    "s",
    "second",
    "seconds",
    "minute",
    "minutes",
    "GB/s",
    "MB/s",
    "cycles",
    "instructions",
    "×",
    "x",
    "%",
    "percent",
    "lines",
    "functions",
    "passed",
];

/// Pages that specify a format: the sizes in them are the specification.
const SPECIFICATIONS: &[&str] = &[
    "docs/api.md",
    "docs/derivation.md",
    "docs/message.md",
    "docs/rotation.md",
    "docs/vectors/README.md",
];

/// What other pages say of a specification or a setting in the sources.
const CONSTANTS: &[&str] = &[
    // SP 800-38D.
    "at most 2³⁶ − 32 bytes",
    "Tags always have 16 bytes",
    // docs/message.md.
    "20 bytes over the payload",
    // crypto-core/src/drbg.rs.
    "asked for 48 bytes",
    // crypto-core/src/wipe.rs, ffi/src/edge.rs.
    "8 KiB below a call",
    "2 KiB otherwise",
    "4 KiB below a call of the C ABI",
    // crypto-core/src/kernel/x86_64: what is done in one pass.
    "up to 256 bytes, or 128",
    // RFC 5869, in blocks of SHA-256.
    "32 bytes of HKDF-Expand",
    // cli/src/harden.rs, cli/src/files.rs, cli/src/command/journal.rs.
    "under 256 MiB",
    "waits 5 seconds",
    "two pages of 4096 bytes",
];

/// Nothing in these files looks measured but what is listed above; and all that
/// is listed is there.
pub(super) fn check(files: &[PathBuf]) -> Result {
    let mut problems = Vec::new();
    let mut unused = CONSTANTS.to_vec();
    for path in files {
        let page = path.strip_prefix(workspace::root()).unwrap_or(path);
        let text = markdown::read(path)?;
        unused.retain(|constant| !text.contains(constant));
        for (line, found) in findings(page, &text) {
            problems.push(format!("{}:{line}: {found}", page.display()));
        }
    }
    problems.extend(unused.iter().map(|constant| format!("no page says {constant:?}")));
    if problems.is_empty() {
        return Ok(());
    }
    Err(format!(
        "what is measured stands between markers (CONTRIBUTING.md, \"Figures\"); constants are \
         listed in xtask/src/figures/numbers.rs:\n{}",
        problems.join("\n")
    ))
}

/// Line numbers and what was found there.
fn findings(page: &Path, text: &str) -> Vec<(usize, String)> {
    let specifies = SPECIFICATIONS.iter().any(|known| page == Path::new(known));
    let text = CONSTANTS.iter().fold(markers::blanked(text), |text, known| text.replace(known, ""));
    let mut findings = Vec::new();
    let mut is_code = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        }
        if !is_code {
            let found = measured(line, specifies);
            findings.extend(found.into_iter().map(|found| (index + 1, found)));
        }
    }
    findings
}

/// The numbers with a unit in a line, code between backquotes left out.
fn measured(line: &str, specifies: bool) -> Vec<String> {
    let shown: Vec<&str> = line.split('`').step_by(2).collect();
    let shown = shown.join(" code ");
    let is_unit = |word: &str| OTHERS.contains(&word) || (!specifies && SIZES.contains(&word));
    let mut found = Vec::new();
    let mut number = "";
    for word in shown.split(|c: char| c.is_whitespace() || "|()".contains(c)) {
        let word = word.trim_matches(|c: char| ".,;:*_".contains(c));
        let end = word.find(|c: char| !c.is_ascii_digit() && !".,".contains(c));
        let (digits, unit) = word.split_at(end.unwrap_or(word.len()));
        if !digits.is_empty() && is_unit(unit) {
            found.push(word.to_owned());
        } else if !number.is_empty() && is_unit(word) {
            found.push(format!("{number} {word}"));
        }
        number = if unit.is_empty() { digits } else { "" };
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(page: &str, text: &str) -> Vec<(usize, String)> {
        findings(Path::new(page), text)
    }

    #[test]
    fn numbers_with_units_are_found() {
        let text = "A seal takes 45 ns.\n| so | 640,112 bytes |\n2.3× as fast (11.8 GB/s), 5%\n";
        let expected =
            [(1, "45 ns"), (2, "640,112 bytes"), (3, "2.3×"), (3, "11.8 GB/s"), (3, "5%")];
        assert_eq!(found("README.md", text), expected.map(|(line, text)| (line, text.to_owned())));
    }

    #[test]
    fn code_blocks_of_figures_and_constants_are_left_out() {
        let text = "`45 ns` of code\n```\n45 ns\n```\n<!-- figures: a -->\n45 ns\n\
                    <!-- /figures -->\na 16-byte tag, version 1.95, 20 bytes over the payload\n";
        assert!(found("README.md", text).is_empty());
        assert_eq!(found("README.md", &format!("{text}1 ms")), [(9, "1 ms".to_owned())]);
    }

    #[test]
    fn specifications_have_sizes_but_no_times() {
        let text = "The offer is 48 bytes.\nIt takes 3 µs.\n";
        assert_eq!(found("docs/rotation.md", text), [(2, "3 µs".to_owned())]);
        assert_eq!(found("docs/other.md", text).len(), 2);
    }
}
