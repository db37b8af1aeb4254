//! Two builds of libcorekey.so in one run, interleaved: a slowdown shows as a
//! ratio that no other day and no other machine has touched.

use crate::Result;
use crate::arguments::Arguments;
use crate::contender::Contender;
use crate::mask;
use crate::measure::{self, Timed};
use crate::rows;

/// Compares the build at `--prefix` with that at `--against`, row by row; an
/// error if a row is slower by more than the tolerance, twice.
pub(crate) fn run(arguments: &Arguments) -> Result {
    let against = arguments.against.as_ref().ok_or("--against needs a build")?;
    let mask = mask::find(mask::NONE)?;
    let before = Contender::c_abi("before", against, mask)?;
    let now = Contender::c_abi("now", &arguments.prefix, mask)?;
    let mut slower = Vec::new();
    println!("{:<52} {:>10} {:>10} {:>7}", "", "before", "now", "ratio");
    for row in rows::of(mask::NONE).iter().filter(|row| row.id.contains(&arguments.only)) {
        let mut ratio = compare(arguments, row, &before, &now)?;
        if ratio > 1.0 + arguments.tolerance {
            // Once more: a disturbance does not come twice at the same place.
            ratio = ratio.min(compare(arguments, row, &before, &now)?);
        }
        if ratio > 1.0 + arguments.tolerance {
            slower.push(format!("{} takes {ratio:.2} times as long", row.title));
        }
    }
    if slower.is_empty() {
        println!("no row is slower by more than {:.0} %", arguments.tolerance * 100.0);
        return Ok(());
    }
    let bound = arguments.tolerance * 100.0;
    Err(format!("slower by more than {bound:.0} %:\n  {}", slower.join("\n  ")))
}

/// The time now over the time before, from pairs of rounds.
fn compare(
    arguments: &Arguments,
    row: &rows::Row,
    before: &Contender,
    now: &Contender,
) -> Result<f64> {
    let mut timed = Vec::new();
    for contender in [before, now] {
        let work = contender.prepare(row.job, row.len);
        let work = work.ok_or(format!("{} cannot do {}", contender.name, row.title))?;
        timed.push(Timed::new(contender.name.clone(), work, row.job.operations()));
    }
    measure::interleaved(&mut timed, arguments.row_time() / 2);
    let [before, now] = &timed[..] else {
        return Err("two builds make two timings".into());
    };
    let pairs = now.rounds.iter().zip(&before.rounds);
    let ratio =
        measure::quantile(&pairs.map(|(now, before)| now / before).collect::<Vec<_>>(), 0.5);
    let (title, was, is) = (&row.title, before.median(), now.median());
    println!("{title:<52} {was:>10.1} {is:>10.1} {ratio:>7.3}");
    Ok(ratio)
}
