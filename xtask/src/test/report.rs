//! Counts tests, whoever ran them, and prints the result.

use std::process::{Command, ExitStatus};
use std::time::Duration;

use crate::tools::Tool;
use crate::{Result, process, tools};

/// How many single tests ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Tally {
    passed: usize,
    failed: usize,
    skipped: usize,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// One group of tests while it runs.
pub(super) struct Group {
    name: &'static str,
    tally: Tally,
    /// What failed or was skipped, and why.
    remarks: Vec<String>,
}

impl Group {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, tally: Tally::default(), remarks: Vec::new() }
    }

    /// One test of our own.
    pub(super) fn check(&mut self, what: &str, test: impl FnOnce() -> Result) {
        match test() {
            Ok(()) => {
                println!("ok: {what}");
                self.tally.passed += 1;
            }
            Err(why) => self.fail(&format!("{what}: {why}")),
        }
    }

    /// A program that runs tests and prints how many passed; one that prints
    /// no count, or ends badly without naming a failed test, has failed.
    pub(super) fn suite(&mut self, what: &str, command: &mut Command) {
        println!("--- {what}: {}", process::shown(command));
        match process::stream(command) {
            Ok((status, output)) => self.judge(what, status, &output),
            Err(why) => self.fail(&format!("{what}: {why}")),
        }
    }

    fn judge(&mut self, what: &str, status: ExitStatus, output: &str) {
        let tally = count(output);
        self.tally.add(tally);
        if tally.is_empty() {
            self.fail(&format!("{what}: ran no test and ended with {status}"));
        } else if !status.success() && tally.failed == 0 {
            self.fail(&format!("{what}: ended with {status}"));
        } else if tally.failed > 0 {
            self.remark(&format!("{what}: {} failed", tally.failed));
        }
    }

    /// Whether the tools this group needs are there. If not, the group is
    /// skipped, which in CI is a failure: nobody there reads the line to type.
    pub(super) fn has(&mut self, needed: &[Tool]) -> bool {
        let Err(why) = tools::require(needed) else {
            return true;
        };
        if std::env::var_os("CI").is_some_and(|value| value == "true") {
            self.fail(&why);
        } else {
            self.remark(&format!("skipped, {why}"));
            self.tally.skipped += 1;
        }
        false
    }

    pub(super) fn fail(&mut self, why: &str) {
        self.tally.failed += 1;
        self.remark(&format!("FAILED {why}"));
    }

    fn remark(&mut self, text: &str) {
        println!("{text}");
        self.remarks.push(format!("{}: {text}", self.name));
    }
}

/// What all groups together gave.
#[derive(Default)]
pub(super) struct Report {
    rows: Vec<(&'static str, Duration, Tally)>,
    remarks: Vec<String>,
}

impl Report {
    pub(super) fn add(&mut self, group: Group, time: Duration) {
        self.rows.push((group.name, time, group.tally));
        self.remarks.extend(group.remarks);
    }

    pub(super) fn has_failed(&self) -> bool {
        self.total().failed > 0
    }

    pub(super) fn print(&self) {
        println!("\nminutes  passed  failed  skipped  group");
        for (name, time, tally) in &self.rows {
            println!(
                "{:7.1}  {:6}  {:6}  {:7}  {name}",
                time.as_secs_f64() / 60.0,
                tally.passed,
                tally.failed,
                tally.skipped
            );
        }
        for remark in &self.remarks {
            println!("{remark}");
        }
        let total = self.total();
        println!("{} passed, {} failed, {} skipped", total.passed, total.failed, total.skipped);
    }

    fn total(&self) -> Tally {
        let mut total = Tally::default();
        for (_, _, tally) in &self.rows {
            total.add(*tally);
        }
        total
    }
}

/// Sums the closing lines of test runners in a program's output.
fn count(output: &str) -> Tally {
    let mut total = Tally::default();
    for line in output.lines() {
        if let Some(tally) = cargo_line(line)
            .or_else(|| cmocka_line(line))
            .or_else(|| pytest_line(line))
            .or_else(|| plain_line(line))
        {
            total.add(tally);
        }
    }
    total
}

/// `test result: ok. 3 passed; 0 failed; 1 ignored; ...`
fn cargo_line(line: &str) -> Option<Tally> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let of = |word: &str| {
        counts.split("; ").find_map(|part| part.strip_suffix(word)?.trim().parse().ok())
    };
    Some(Tally { passed: of("passed")?, failed: of("failed")?, skipped: of("ignored")? })
}

/// `[  PASSED  ] 3 test(s).`, and the same with FAILED and SKIPPED.
fn cmocka_line(line: &str) -> Option<Tally> {
    let (word, rest) = line.strip_prefix('[')?.split_once(']')?;
    let number = rest.trim().split_once(" test(s)")?.0.parse().ok()?;
    let mut tally = Tally::default();
    match word.trim() {
        "PASSED" => tally.passed = number,
        "FAILED" => tally.failed = number,
        "SKIPPED" => tally.skipped = number,
        _ => return None,
    }
    Some(tally)
}

/// `1 failed, 3 passed, 2 skipped in 0.42s`, in bars or not.
fn pytest_line(line: &str) -> Option<Tally> {
    let (counts, time) = line.trim_matches(['=', ' ']).rsplit_once(" in ")?;
    time.split(' ').next()?.strip_suffix('s')?.parse::<f64>().ok()?;
    let mut tally = Tally::default();
    for part in counts.split(", ") {
        let (number, word) = part.split_once(' ')?;
        let number: usize = number.parse().ok()?;
        match word {
            "passed" => tally.passed += number,
            "failed" | "error" | "errors" => tally.failed += number,
            _ => tally.skipped += number,
        }
    }
    Some(tally)
}

/// `3 passed, 0 failed, 1 skipped`, the last part optional.
fn plain_line(line: &str) -> Option<Tally> {
    let mut parts = line.trim().split(", ");
    let tally = Tally {
        passed: parts.next()?.strip_suffix(" passed")?.parse().ok()?,
        failed: parts.next()?.strip_suffix(" failed")?.parse().ok()?,
        skipped: match parts.next() {
            Some(part) => part.strip_suffix(" skipped")?.parse().ok()?,
            None => 0,
        },
    };
    parts.next().is_none().then_some(tally)
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    fn tally(passed: usize, failed: usize, skipped: usize) -> Tally {
        Tally { passed, failed, skipped }
    }

    #[test]
    fn closing_lines_of_all_runners_are_summed() {
        let output = "test result: FAILED. 3 passed; 1 failed; 2 ignored; 0 measured\n\
                      [==========] 6 test(s) run.\n\
                      [  PASSED  ] 4 test(s).\n\
                      [  SKIPPED ] 1 test(s), listed below:\n\
                      [  FAILED  ] 1 test(s), listed below:\n\
                      [  FAILED  ] test_name\n\
                      10 passed, 0 failed, 1 skipped\n\
                      20 passed, 2 failed\n\
                      1 failed, 5 passed, 2 skipped in 0.42s\n\
                      ======= 7 passed, 1 error in 61.20s (0:01:01) =======\n";
        assert_eq!(count(output), tally(49, 6, 6));
    }

    #[test]
    fn other_lines_count_nothing() {
        let output = "running 3 tests\n3 passed\n3 passed in all\ntest passed, failed\n[ OK ] 3\n";
        assert!(count(output).is_empty());
    }

    #[test]
    fn a_suite_that_prints_no_count_has_failed() {
        let mut group = Group::new("group");
        group.judge("silent", ExitStatus::from_raw(0), "hello\n");
        assert_eq!(group.tally, tally(0, 1, 0));
    }

    #[test]
    fn a_suite_that_ends_badly_after_passing_has_failed() {
        let mut group = Group::new("group");
        let killed = ExitStatus::from_raw(11);
        group.judge("crash", killed, "2 passed, 0 failed, 0 skipped\n");
        assert_eq!(group.tally, tally(2, 1, 0));
    }
}
