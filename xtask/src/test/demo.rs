//! The demo as a newcomer runs it; and that it fails when what it expects does
//! not happen.

use super::report::Group;
use crate::{Result, process, tools, workspace};

/// Rows of the table, less those that a machine with few sensors may lack.
const ROWS_AT_LEAST: usize = 45;

pub(super) fn run(group: &mut Group) {
    if !group.has(&[tools::GCC, tools::LIBC, tools::BINUTILS, tools::PYTHON]) {
        return;
    }
    group.check("all of the demo's table holds", || {
        let (good, said) = demo(&[])?;
        judge(good, &table(&said), true)
    });
    group.check("the demo fails if attacks do nothing", || {
        let (good, said) = demo(&["--without-attacks"])?;
        judge(good, &table(&said), false)
    });
}

fn demo(arguments: &[&str]) -> Result<(bool, String)> {
    let mut command = workspace::cargo();
    let (status, said) = process::stream(command.args(["xtask", "demo"]).args(arguments))?;
    Ok((status.success(), said))
}

/// Whether each row of the table at the end held.
fn table(said: &str) -> Vec<bool> {
    let (_, end) = said.rsplit_once("What was done").unwrap_or_default();
    end.lines()
        .filter_map(|line| match line.split_once("  ")?.0 {
            "ok" => Some(true),
            "FAILED" => Some(false),
            _ => None,
        })
        .collect()
}

/// Exit code and table must say the same, and the table be whole.
fn judge(good: bool, rows: &[bool], expected: bool) -> Result {
    let failed = rows.iter().filter(|held| !**held).count();
    if rows.len() >= ROWS_AT_LEAST && good == expected && (failed == 0) == expected {
        return Ok(());
    }
    let ended = if good { "success" } else { "an error" };
    Err(format!("it ended with {ended} and a table of {} rows, {failed} FAILED", rows.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read_from_the_end_of_what_was_said() {
        let said = "  ok     a step: opened\nFAILED  before\n== 10. What was done\n\n\
                    ok      a step    opened\nFAILED  another   opened and not FORGED\n\nRust  1\n";
        assert_eq!(table(said), [true, false]);
        assert!(table("ok      nothing was done").is_empty());
    }

    #[test]
    fn exit_code_and_table_must_agree() {
        let mut rows = vec![true; ROWS_AT_LEAST];
        assert!(judge(true, &rows, true).is_ok());
        assert!(judge(false, &rows, true).is_err());
        assert!(judge(false, &rows, false).is_err());
        assert!(judge(true, &rows[1..], true).is_err());
        rows[3] = false;
        assert!(judge(false, &rows, false).is_ok());
        assert!(judge(true, &rows, false).is_err());
        assert!(judge(true, &rows, true).is_err());
    }
}
