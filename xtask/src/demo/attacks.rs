//! What a network, another user or a mistake can do, and that it is refused.
//!
//! The second of three frames is attacked each time. That nothing of it is
//! shown follows from comparing: the receiver must print, byte for byte, what
//! it prints when that frame was never sent.

use std::path::Path;
use std::process::{Command, Stdio};

use super::frames::Frame;
use super::programs::Programs;
use super::root::RootFile;
use crate::{Result, process};

const UNVERIFIED: &str = "verification failed: wrong key or changed data";
const UNKNOWN_VERSION: &str = "its version is not one that this receiver knows";
const CUT: &str = "the stream ends in the middle of it";

/// One attack and what became of it.
pub(super) struct Row {
    what: &'static str,
    /// The reason that was given, or all that was said if it did not hold.
    said: String,
    pub(super) held: bool,
}

/// Attacks on what travels: `ours` was sealed under `root`, `foreign` not.
pub(super) fn on_frames(
    programs: &Programs,
    root: &RootFile,
    ours: &[Frame],
    foreign: &[Frame],
) -> Result<Vec<Row>> {
    let ([first, second, third, ..], [_, stranger, ..]) = (ours, foreign) else {
        return Err("this machine shows fewer than three sensors: too few for the demo".into());
    };
    let attacks = [
        ("a bit of the ciphertext flipped", second.with_ciphertext_bit_flipped(), UNVERIFIED),
        ("a bit of the tag flipped", second.with_tag_bit_flipped(), UNVERIFIED),
        ("header: another counter", second.with_counter_bit_flipped(), UNVERIFIED),
        ("header: another device's id", second.with_device_id_of(third), UNVERIFIED),
        ("header: another run", second.with_run_bit_flipped(), UNVERIFIED),
        ("header: another version", second.with_version(2), UNKNOWN_VERSION),
        ("a byte short, length set to match", second.shortened(), UNVERIFIED),
        ("a device under another root", stranger.clone(), UNVERIFIED),
    ];
    let mut rows = Vec::new();
    for (what, attacked, reason) in attacks {
        let (sent, left) = ([first, &attacked, third], [first, third]);
        rows.push(refused(programs, root, what, &sent, &left, reason)?);
    }
    // Behind a frame that is cut off nothing can follow.
    let cut = second.cut_off();
    rows.push(refused(programs, root, "the stream cut off", &[first, &cut], &[first], CUT)?);
    Ok(rows)
}

/// Sends `sent`, whose second frame must be refused for `reason`, and compares
/// with what is printed for the frames that are `left`.
fn refused(
    programs: &Programs,
    root: &RootFile,
    what: &'static str,
    sent: &[&Frame],
    left: &[&Frame],
    reason: &str,
) -> Result<Row> {
    let received = programs.receive(root, sent)?;
    let without = programs.receive(root, left)?;
    let opened = left.len();
    let expected =
        format!("receiver: frame 2 refused: {reason}\nreceiver: {opened} opened, 1 refused\n");
    let held = received.exit_code == Some(2)
        && received.said == expected
        && received.table == without.table
        && without.exit_code == Some(0)
        && without.table.lines().count() == 1 + opened;
    let said = if held { reason.to_owned() } else { received.said };
    Ok(Row { what, said, held })
}

/// Mistakes that the programs must catch before they seal or open anything.
pub(super) fn on_programs(
    programs: &Programs,
    folder: &Path,
    root: &RootFile,
    devices: &[&str],
) -> Result<Vec<Row>> {
    let open_root = RootFile::with_mode(&folder.join("open.key"), 0o644)?;
    let mut doubled = devices.to_vec();
    doubled.extend(devices.first());
    Ok(vec![
        stopped(
            "receiver: a root that others can read",
            &mut programs.receiver_command(&open_root),
            "is open to other users",
        )?,
        stopped(
            "device: a root that others can read",
            &mut programs.device_command(&open_root, devices),
            "is open to other users",
        )?,
        stopped(
            "device: one id twice, so nonces twice",
            &mut programs.device_command(root, &doubled),
            "is named twice",
        )?,
    ])
}

/// The program must end with an error, say why and write nothing.
fn stopped(what: &'static str, command: &mut Command, reason: &str) -> Result<Row> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot run {}: {error}", process::shown(command)))?;
    let said = String::from_utf8_lossy(&output.stderr).trim_end().to_owned();
    let held = output.status.code() == Some(1) && output.stdout.is_empty() && said.contains(reason);
    // The last line, without the name of the program that is in front of it.
    let last = said.lines().last().unwrap_or_default();
    let said = last.split_once(": ").map_or(last, |(_, reason)| reason).to_owned();
    Ok(Row { what, said, held })
}

pub(super) fn print(title: &str, rows: &[Row]) {
    println!("\n{title:<38} {:<8} REASON GIVEN", "");
    for row in rows {
        let verdict = if row.held { "refused" } else { "FAILED" };
        println!("{:<38} {verdict:<8} {}", row.what, row.said.trim_end());
    }
}
