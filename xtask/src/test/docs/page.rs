//! Follows a page as a newcomer does: saves its programs, types its commands
//! and compares what they print.
//!
//! A fenced block says by the word behind its language what it is: the name of
//! a file to save it as; `run` for commands, which start at the top of the clone
//! and go on where the block before ended; `output` for what the commands above
//! it print. Other blocks are for reading only.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::markdown::{self, Block};
use crate::{Result, process, workspace};

/// Stands alone in a line of the output between two blocks of commands.
const BETWEEN: &str = "=== the next block of commands ===";

/// What the C and C++ of a page must be.
const DIALECTS: &[(&str, &str, &str)] = &[("c", "gcc", "c99"), ("cpp", "g++", "c++11")];
const STRICT: &[&str] = &["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only"];

/// Types what the page `name` says, in a home folder of its own.
pub(super) fn follow(name: &str) -> Result {
    let text = markdown::read(&workspace::root().join(name))?;
    let home = Home::new(name)?;
    let script = home.0.join("page.sh");
    let (commands, expected) = script_of(&markdown::blocks(&text));
    std::fs::write(&script, commands).map_err(|error| format!("{}: {error}", script.display()))?;
    let mut bash = Command::new("bash");
    bash.current_dir(workspace::root()).env("HOME", &home.0).arg(&script);
    // Rust is where it was, and nothing is downloaded that the tests do not pin.
    for (variable, folder) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
        let usual = std::env::home_dir().unwrap_or_default().join(folder);
        bash.env(variable, std::env::var_os(variable).unwrap_or_else(|| usual.into()));
    }
    let (status, output) = process::stream(bash.env("CARGO_NET_OFFLINE", "true"))?;
    if !status.success() {
        return Err(format!("its commands ended with {status}"));
    }
    compare(&output, &expected)
}

/// Compiles the page's programs with all warnings, which its commands spare the
/// reader.
pub(super) fn compile(prefix: &Path, name: &str) -> Result {
    let text = markdown::read(&workspace::root().join(name))?;
    let home = Home::new(name)?;
    for block in markdown::blocks(&text).iter().filter(|block| is_file(block)) {
        let known = DIALECTS.iter().find(|(language, ..)| *language == block.language);
        if let Some((_, compiler, dialect)) = known {
            let file = home.0.join(block.label);
            std::fs::write(&file, block.text)
                .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
            let mut command = Command::new(compiler);
            command.arg(format!("-std={dialect}")).args(STRICT).arg("-I");
            process::run(command.arg(prefix.join("include")).arg(&file))?;
        }
    }
    Ok(())
}

/// One script of all that the reader does, and what each block of commands
/// prints.
fn script_of<'a>(blocks: &[Block<'a>]) -> (String, Vec<&'a str>) {
    let mut script = String::from("set -euo pipefail\nexec 2>&1\n");
    let mut expected = Vec::new();
    for block in blocks {
        match block.label {
            "run" => {
                script.push_str(&format!("echo '{BETWEEN}'\n{}", block.text));
                expected.push("");
            }
            "output" => {
                if let Some(last) = expected.last_mut() {
                    *last = block.text;
                }
            }
            file if is_file(block) => {
                script.push_str(&format!("cat > {file} <<'SAVED'\n{}SAVED\n", block.text));
            }
            _ => (),
        }
    }
    (script, expected)
}

fn is_file(block: &Block) -> bool {
    block.label.contains('.') && !block.label.contains(' ')
}

/// A block without expected output may print anything.
fn compare(output: &str, expected: &[&str]) -> Result {
    let printed: Vec<&str> = output.split(&format!("{BETWEEN}\n")).skip(1).collect();
    if printed.len() != expected.len() {
        return Err(format!("{} of {} blocks were run", printed.len(), expected.len()));
    }
    for (printed, expected) in printed.iter().zip(expected) {
        if !expected.is_empty() && printed != expected {
            return Err(format!("the page promises\n{expected}and the commands print\n{printed}"));
        }
    }
    Ok(())
}

/// A folder outside of the repository, as that of a user, removed in the end.
struct Home(PathBuf);

impl Home {
    fn new(of: &str) -> Result<Self> {
        let name = format!("corekey-{}-{}", of.replace('/', "-"), std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder)
            .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
        Ok(Self(folder))
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // A folder that is left behind is no failure of the page.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "```sh\nread only\n```\n```c a.c\nint a;\n```\n```sh run\necho a\n```\n\
                        ```text output\na\n```\n```sh run\nb=b\n```\n```sh run\necho $b\n```\n\
                        ```text output\nb\n```\n";

    fn follow(test: &str, page: &str) -> Result {
        let (script, expected) = script_of(&markdown::blocks(page));
        let home = Home::new(test)?;
        let mut bash = Command::new("bash");
        compare(&process::capture(bash.current_dir(&home.0).args(["-c", &script]))?, &expected)
    }

    #[test]
    fn a_page_that_is_right_passes() {
        assert_eq!(follow("right", PAGE), Ok(()));
    }

    #[test]
    fn other_output_and_a_failing_command_are_found() {
        assert!(follow("other output", &PAGE.replace("echo a", "echo c")).is_err());
        assert!(follow("failing", &PAGE.replace("b=b", "false")).is_err());
    }

    #[test]
    fn programs_are_saved_under_their_names() {
        let (script, _) = script_of(&markdown::blocks(PAGE));
        assert!(script.contains("cat > a.c <<'SAVED'\nint a;\nSAVED\n"));
        assert!(!script.contains("read only"));
    }
}
