//! What a network, other devices or a mistake can do, and that it is refused,
//! each with its reason.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use super::programs::{Board, ended};
use super::radio::Device;
use super::root::RootFile;
use super::story::Devices;
use super::{Demo, new_fleet};
use crate::{Result, process};

/// Where the parts of a long message are (`docs/message.md`), all that is not
/// secret of it.
struct Layout {
    version: usize,
    id: usize,
    counter: usize,
    boot: usize,
    salt: usize,
}

impl Layout {
    /// Of a message whose version takes one byte, of a device `id`.
    fn of(message: &[u8], id: &str) -> Result<Self> {
        let at = message.windows(id.len()).position(|part| part == id.as_bytes());
        let at = at.ok_or("a long message without its id")?;
        let part = |label: usize| -> Result<(usize, usize)> {
            let head = message.get(label + 1).ok_or("a long message that ends too soon")?;
            Ok((label + 2, usize::from(head & 0x1f)))
        };
        let (counter, counter_len) = part(at + id.len())?;
        let (context, context_len) = part(counter + counter_len)?;
        let salt = context + context_len - 8;
        Ok(Self {
            version: at - 1,
            id: at,
            counter: counter + counter_len - 1,
            boot: salt - 1,
            salt,
        })
    }
}

/// Attacks on what pump-7 and meter-17 send.
pub(super) fn on_messages(demo: &mut Demo, devices: &mut Devices) -> Result {
    let sealed = devices.pump.on()?.report()?;
    let [long, compact, ..] = &sealed.messages[..] else {
        return Err("pump-7 seals fewer than two readings".into());
    };
    let at = Layout::of(long, "pump-7")?;
    let (text, tag) = (long.len() - 17, long.len() - 1);
    let changed = |message: &[u8], position: usize, bits: u8| {
        let mut changed = message.to_vec();
        changed[position] ^= bits;
        changed
    };
    let renamed = [&long[..at.id], b"gate-1", &long[at.id + 6..]].concat();
    let attacks = [
        ("long: a bit of the ciphertext flipped", "FORGED", changed(long, text, 1)),
        ("long: a bit of the tag flipped", "FORGED", changed(long, tag, 0x80)),
        ("long: another counter", "FORGED", changed(long, at.counter, 1)),
        ("long: another boot number", "FORGED", changed(long, at.boot, 1)),
        ("long: another salt", "FORGED", changed(long, at.salt, 1)),
        ("long: the id of another device", "FORGED", renamed),
        ("long: the version before", "OTHER_KEY", changed(long, at.version, 3)),
        ("long: a byte short", "MALFORMED", long[..tag].to_vec()),
        ("compact: a bit of the ciphertext flipped", "FORGED", changed(compact, 4, 1)),
        ("compact: a bit of the tag flipped", "FORGED", changed(compact, compact.len() - 1, 1)),
        ("compact: another counter", "FORGED", changed(compact, 3, 1)),
        ("compact: cut off in the tag", "MALFORMED", compact[..19].to_vec()),
        ("noise", "MALFORMED", vec![0xa5; 60]),
    ];
    for (what, status, attack) in attacks {
        let original = if what.starts_with("compact") { compact } else { long };
        let sent = if demo.attackers_act { &attack } else { original };
        let answer = demo.cloud.deliver(sent)?;
        demo.table.refused(what, status, "", &answer.verdict);
    }
    let answers = demo.deliver(&sealed.messages)?;
    let all_opened = answers.iter().all(|answer| answer.verdict.is_opened());
    demo.table.note("the messages as they were", all_opened, format!("{} opened", answers.len()));

    println!();
    for (what, message) in [("a long message once more", long), ("a compact one", compact)] {
        let answer = demo.cloud.deliver(message)?;
        demo.table.refused(what, "REPLAY", "opened before", &answer.verdict);
    }
    demo.cloud.restart(&mut demo.programs.receiver_command(&demo.fleet))?;
    let answer = demo.cloud.deliver(long)?;
    let what = "the same after the receiver was restarted";
    demo.table.refused(what, "REPLAY", "opened before", &answer.verdict);
    let answer = demo.cloud.deliver(&devices.meter.first)?;
    demo.table.refused(
        "a message of a boot that is over",
        "STALE",
        "boot 1 is over",
        &answer.verdict,
    );
    Ok(())
}

/// Attacks with devices, and mistakes of ours.
pub(super) fn with_devices(demo: &mut Demo, devices: &mut Devices) -> Result {
    clone(demo, devices)?;
    foreign(demo)?;
    revoked(demo, devices)?;
    println!();
    mistakes(demo, devices)
}

/// A copy of pump-7's flash in another device. Both count the same boot next.
fn clone(demo: &mut Demo, devices: &mut Devices) -> Result {
    let pump = &mut devices.pump;
    pump.switch_off()?;
    let copy = demo.new_board("copy-of-pump-7", pump.board.id, pump.board.sensors)?;
    copy_file(&pump.board.folder.join("flash"), &copy.folder.join("flash"))?;

    let device = pump.switch_on(demo)?;
    let sealed = device.report()?;
    let answers = demo.deliver(&sealed.messages)?;
    let boot = sealed.boot().ok_or("pump-7 told no boot")?;
    let of_boot = answers.iter().all(|answer| answer.verdict.is_of(2, boot));
    demo.table.note("pump-7 starts", of_boot, format!("{} opened, boot {boot}", answers.len()));

    let cloned = Device::switch_on(&mut demo.programs.device_command(&copy, &[]))?;
    let report = cloned.report()?;
    let [long, compact, ..] = &report.messages[..] else {
        return Err("the copy seals fewer than two readings".into());
    };
    let answer = demo.cloud.deliver(long)?;
    demo.table.refused(
        "its copy starts with the same boot",
        "STALE",
        "CLONE ALARM",
        &answer.verdict,
    );
    let answer = demo.cloud.deliver(compact)?;
    demo.table.refused("a compact message of the copy", "FORGED", "", &answer.verdict);
    cloned.switch_off()?;

    let sealed = device.report()?;
    let answers = demo.deliver(&sealed.messages)?;
    let all_opened = answers.iter().all(|answer| answer.verdict.is_opened());
    demo.table.note("pump-7 goes on", all_opened, format!("{} opened", answers.len()));
    Ok(())
}

/// Devices of another root.
fn foreign(demo: &mut Demo) -> Result {
    let fleet = new_fleet(&demo.folder, "foreign")?;
    let attacks = [
        ("a device of another root under an id of ours", "meter-17", "FORGED"),
        ("a device that is not enrolled", "pump-9", "OTHER_KEY"),
    ];
    for (what, id, status) in attacks {
        let board = demo.new_board(&format!("foreign-{id}"), id, &["uptime"])?;
        demo.programs.enrol(&fleet, &board)?;
        let device = Device::switch_on(&mut demo.programs.device_command(&board, &[]))?;
        let sealed = device.report()?;
        device.switch_off()?;
        let message = sealed.messages.first().ok_or("the foreign device seals nothing")?;
        let answer = demo.cloud.deliver(message)?;
        demo.table.refused(what, status, "", &answer.verdict);
    }
    Ok(())
}

fn revoked(demo: &mut Demo, devices: &mut Devices) -> Result {
    print!("{}", demo.programs.manage("revoke", &demo.fleet, "meter-17")?);
    let sealed = devices.meter.on()?.report()?;
    let message = sealed.messages.first().ok_or("meter-17 seals nothing")?;
    let answer = demo.cloud.deliver(message)?;
    demo.table.refused("a device that was revoked", "OTHER_KEY", "revoked", &answer.verdict);
    Ok(())
}

/// Mistakes that must stop before anything is sealed or opened.
fn mistakes(demo: &mut Demo, devices: &mut Devices) -> Result {
    let said = process::capture(&mut Command::new(&demo.programs.copied_sealer));
    let (held, came) = match said {
        Ok(said) => (true, format!("MOVED: {}", said.trim())),
        Err(why) => (false, why),
    };
    demo.table.note("C: a sealer that was copied with memcpy", held, came);

    let twice = demo.programs.device_command(&devices.pump.board, &[]);
    stopped(demo, "a second process on the flash of pump-7", twice, "another process uses")?;
    devices.pump.switch_off()?;

    let board = &devices.pump.board;
    let flash = board.folder.join("flash");
    set_mode(&flash, 0o644)?;
    let open = demo.programs.device_command(board, &[]);
    stopped(demo, "a flash that others can read", open, "is open to other users")?;
    set_mode(&flash, 0o600)?;
    blank(board)?;
    let lost = demo.programs.device_command(board, &[]);
    stopped(demo, "a device that lost its journal", lost, "the boot journal is blank or damaged")?;

    let root = RootFile::with_mode(&demo.folder.join("open.root"), 0o644)?;
    let fleet = super::Fleet { root, database: demo.folder.join("open") };
    let open = demo.programs.receiver_command(&fleet);
    stopped(demo, "a root that others can read", open, "is open to other users")
}

/// The program must end with an error, say why and send nothing.
fn stopped(demo: &mut Demo, what: &str, mut command: Command, reason: &str) -> Result {
    let (code, silent, said) = ended(&mut command)?;
    let held = code == Some(1) && silent && said.contains(reason);
    // The last line, without the name of the program that is in front of it.
    let last = said.lines().last().unwrap_or_default();
    let came = last.split_once(": ").map_or(last, |(_, why)| why);
    demo.table.note(what, held, came.replace(&format!("{}/", demo.folder.display()), ""));
    Ok(())
}

fn copy_file(from: &Path, to: &Path) -> Result {
    fs::copy(from, to).map(drop).map_err(|error| format!("cannot copy {}: {error}", from.display()))
}

fn set_mode(file: &Path, mode: u32) -> Result {
    fs::set_permissions(file, Permissions::from_mode(mode))
        .map_err(|error| format!("cannot change {}: {error}", file.display()))
}

/// Erases the flash of a device that is off.
fn blank(board: &Board) -> Result {
    let flash = board.folder.join("flash");
    let cannot = |error| format!("cannot erase {}: {error}", flash.display());
    let len = flash.metadata().map_err(cannot)?.len();
    fs::write(&flash, vec![0xff; len as usize]).map_err(cannot)
}
