//! The demo's table: what was done, what had to happen and what did.

use std::fmt::Display;

use super::radio::Verdict;
use crate::Result;

/// One thing that was done.
struct Row {
    what: String,
    came: String,
    held: bool,
}

/// All that was done, in order.
#[derive(Default)]
pub(super) struct Table(Vec<Row>);

impl Table {
    /// Takes note of something that had to hold; `came` is what came of it.
    pub(super) fn note(&mut self, what: impl Into<String>, held: bool, came: impl Display) {
        let row = Row { what: what.into(), came: came.to_string(), held };
        println!("  {} {}: {}", row.mark(), row.what, row.came);
        self.0.push(row);
    }

    /// A message that the receiver had to refuse with a status; `remark` is a
    /// part of the reason it had to give.
    pub(super) fn refused(&mut self, what: &str, status: &str, remark: &str, verdict: &Verdict) {
        let held = match verdict {
            Verdict::Refused { status: came, why, .. } => came == status && why.contains(remark),
            Verdict::Opened(_) => false,
        };
        let came = if held { verdict.to_string() } else { format!("{verdict} and not {status}") };
        self.note(what, held, came);
    }

    /// A message that the receiver had to open.
    pub(super) fn opened(&mut self, what: &str, verdict: &Verdict) {
        self.note(what, verdict.is_opened(), verdict);
    }

    pub(super) fn print(&self) {
        let width = self.0.iter().map(|row| row.what.chars().count()).max().unwrap_or_default();
        for row in &self.0 {
            println!("{}  {:<width$}  {}", row.mark(), row.what, row.came);
        }
    }

    /// An error unless all of it held.
    pub(super) fn verdict(&self) -> Result<String> {
        let (all, held) = (self.0.len(), self.0.iter().filter(|row| row.held).count());
        if all == 0 || held < all {
            return Err(format!("{held} of {all} held: see FAILED above"));
        }
        Ok(format!("{held} of {all} held"))
    }
}

impl Row {
    fn mark(&self) -> &'static str {
        if self.held { "ok    " } else { "FAILED" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal() -> Verdict {
        let [status, whose, why] = ["STALE", "pump-7", "boot 1 is over"].map(str::to_owned);
        Verdict::Refused { status, whose, why }
    }

    #[test]
    fn a_table_in_which_all_held_is_good() {
        let mut table = Table::default();
        table.note("something", true, "came");
        table.opened("a reading", &Verdict::Opened("opened".into()));
        table.refused("a replay", "STALE", "boot 1", &refusal());
        assert_eq!(table.verdict(), Ok("3 of 3 held".into()));
    }

    #[test]
    fn one_row_that_did_not_hold_makes_the_table_bad() {
        let broken: [fn(&mut Table); 6] = [
            |table| table.note("something", false, "came"),
            |table| table.opened("a reading", &refusal()),
            |table| table.refused("opened", "STALE", "", &Verdict::Opened("opened".into())),
            |table| table.refused("another status", "REPLAY", "", &refusal()),
            |table| table.refused("another reason", "STALE", "CLONE ALARM", &refusal()),
            |table| table.refused("a longer status", "STAL", "", &refusal()),
        ];
        for add in broken {
            let mut table = Table::default();
            table.note("something", true, "came");
            add(&mut table);
            table.note("something", true, "came");
            assert_eq!(table.verdict(), Err("2 of 3 held: see FAILED above".into()));
        }
    }

    #[test]
    fn a_demo_that_did_nothing_is_bad() {
        assert!(Table::default().verdict().is_err());
    }
}
