//! What the demo's devices go through: enrolment, first reports, rotation,
//! reboots, power cuts.

use super::Demo;
use super::programs::Board;
use super::radio::{Answer, Device, Sealed, number_in};
use crate::{Result, process};

/// The exit code of a device whose power failed (`firmware/posix/flash_file.h`).
const POWER_FAILED: Option<i32> = Some(3);

/// A device and, while it is on, its program.
pub(super) struct Member {
    pub(super) board: Board,
    running: Option<Device>,
    /// The first message that was opened of it.
    pub(super) first: Vec<u8>,
}

/// The three devices.
pub(super) struct Devices {
    pub(super) gate: Member,
    pub(super) pump: Member,
    pub(super) meter: Member,
}

impl Member {
    /// The program of a device that must be on.
    pub(super) fn on(&mut self) -> Result<&mut Device> {
        self.running.as_mut().ok_or_else(|| format!("{} is off", self.board.id))
    }

    pub(super) fn switch_on(&mut self, demo: &Demo) -> Result<&mut Device> {
        let mut command = demo.programs.device_command(&self.board, &[]);
        Ok(self.running.insert(Device::switch_on(&mut command)?))
    }

    pub(super) fn switch_off(&mut self) -> Result {
        let device = self.running.take().ok_or_else(|| format!("{} is off", self.board.id))?;
        let (code, said) = device.switch_off()?;
        if code == Some(0) {
            return Ok(());
        }
        Err(format!("{} ended with {code:?}\n{}", self.board.id, said.join("\n")))
    }
}

impl Devices {
    /// The radio is heard by all that are on.
    fn hear(&mut self, downlink: &[u8]) -> Result {
        for member in [&mut self.gate, &mut self.pump, &mut self.meter] {
            if let Some(device) = &mut member.running {
                device.hear(downlink)?;
            }
        }
        Ok(())
    }
}

/// Three devices without a key become devices of the fleet.
pub(super) fn enrol(demo: &mut Demo) -> Result<Devices> {
    let root = demo.fleet.root.path();
    println!("{} is the root: 32 random bytes, for this user only", root.display());
    let member = |folder, sensors| -> Result<Member> {
        let board = demo.new_board(folder, folder, sensors)?;
        print!("{}", demo.programs.enrol(&demo.fleet, &board)?);
        Ok(Member { board, running: None, first: Vec::new() })
    };
    let devices = Devices {
        gate: member("gate-1", &["network", "uptime"])?,
        pump: member("pump-7", &["load", "uptime"])?,
        meter: member("meter-17", &["memory", "temperature"])?,
    };
    Ok(devices)
}

pub(super) fn first_reports(demo: &mut Demo, devices: &mut Devices) -> Result {
    for member in [&mut devices.gate, &mut devices.pump, &mut devices.meter] {
        println!("$ {}", process::shown(&demo.programs.device_command(&member.board, &[])));
        let sealed = member.switch_on(demo)?.report()?;
        show(&sealed);
        let answers = demo.deliver(&sealed.messages)?;
        for answer in &answers {
            println!("{}", answer.verdict.line());
        }
        let id = member.board.id;
        let came = format!("{} readings opened", answers.len());
        demo.table.note(format!("first report of {id}"), all_are_of(&answers, 1, 1), came);
        member.first = sealed.messages.first().cloned().unwrap_or_default();
        let is_erased = !member.board.folder.join("factory.key").exists();
        let came = if is_erased { "it is in the journal only" } else { "it is still there" };
        demo.table.note(format!("the factory's key file of {id} is erased"), is_erased, came);
        println!();
    }
    Ok(())
}

pub(super) fn rotation(demo: &mut Demo, devices: &mut Devices) -> Result {
    print!("{}", demo.programs.manage("rotate", &demo.fleet, "pump-7")?);
    let sealed = devices.pump.on()?.report()?;
    let offer = demo.offer_for(&sealed.messages)?;
    // It is on its way while the rotation goes on.
    let late = devices.pump.on()?.report()?;
    println!("all three devices hear the offer; only pump-7 can open it");
    devices.hear(&offer)?;
    follow(demo, devices.pump.on()?, "pump-7", 2)?;

    let [long, compact, ..] = &late.messages[..] else {
        return Err("pump-7 seals fewer than two readings".into());
    };
    let answer = demo.cloud.deliver(compact)?;
    demo.table.opened("a late message under its old key, in the grace time", &answer.verdict);
    print!("{}", demo.programs.manage("retire", &demo.fleet, "pump-7")?);
    let answer = demo.cloud.deliver(long)?;
    let what = "another late one, after the grace time";
    demo.table.refused(what, "OTHER_KEY", "archived", &answer.verdict);
    Ok(())
}

/// Sees a device that was offered version `version` to its first report under
/// it. What it sealed before that is lost, as happens by radio.
fn follow(demo: &mut Demo, device: &Device, id: &str, version: u64) -> Result {
    let new = device.reports_until("took the offer")?.pop().ok_or("there is no report")?;
    show(&new);
    let boot = new.boot().ok_or("the device told no boot")?;
    let answers = demo.deliver(&new.messages)?;
    let is_acknowledged = answers.first().is_some_and(|answer| {
        answer.notes.iter().any(|note| note.starts_with(&format!("rotated {id} ")))
    });
    let held = is_acknowledged && all_are_of(&answers, version, boot);
    let came = format!("it speaks version {version} from boot {boot} on");
    demo.table.note(format!("{id} follows the rotation of its key"), held, came);
    Ok(())
}

pub(super) fn reboot(demo: &mut Demo, devices: &mut Devices) -> Result {
    let meter = &mut devices.meter;
    meter.switch_off()?;
    expect_boot(demo, meter, 2, "a reboot: the stream goes on")?;

    meter.switch_off()?;
    // A boot is two words in the journal; the power fails in the second.
    let mut command = demo.programs.device_command(&meter.board, &["-x", "2"]);
    println!("$ {}", process::shown(&command));
    let device = Device::switch_on(&mut command)?;
    let silent = power_failed(device)?;
    let came = if silent { "it has sealed nothing" } else { "it has sealed something" };
    demo.table.note("the power of meter-17 fails while it counts boot 3", silent, came);
    expect_boot(demo, meter, 4, "meter-17 starts again: 3 may have been used, so it is skipped")
}

/// Switches a device on, whose first report must be of a boot, under version 1.
fn expect_boot(demo: &mut Demo, member: &mut Member, boot: u64, what: &str) -> Result {
    let sealed = member.switch_on(demo)?.report()?;
    show(&sealed);
    let answers = demo.deliver(&sealed.messages)?;
    let held = sealed.boot() == Some(boot) && all_are_of(&answers, 1, boot);
    let came = format!("{} readings opened, boot {boot}", answers.len());
    demo.table.note(what, held, came);
    Ok(())
}

/// Waits for a device whose power fails; whether it sent nothing.
fn power_failed(device: Device) -> Result<bool> {
    let (code, silent, said) = device.wait()?;
    if code == POWER_FAILED {
        return Ok(silent);
    }
    Err(format!("the power did not fail, the device ended with {code:?}\n{}", said.join("\n")))
}

pub(super) fn power_cut_in_rotation(demo: &mut Demo, devices: &mut Devices) -> Result {
    let gate = &mut devices.gate;
    gate.switch_off()?;
    print!("{}", demo.programs.manage("rotate", &demo.fleet, "gate-1")?);
    // Two words for the boot, an erased page, 16 words of its header: the power
    // fails when the new key stands in the journal once and the old one rules.
    let mut command = demo.programs.device_command(&gate.board, &["-x", "14"]);
    println!("$ {}", process::shown(&command));
    let mut device = Device::switch_on(&mut command)?;
    let old_offer = demo.offer_for(&device.report()?.messages)?;
    device.hear(&old_offer)?;
    power_failed(device)?;
    demo.table.note("the power of gate-1 fails while it stores its new key", true, "it is off");

    let device = gate.switch_on(demo)?;
    let sealed = device.report()?;
    show(&sealed);
    let boot = sealed.boot().ok_or("the device told no boot")?;
    let answers = demo.deliver(&sealed.messages)?;
    let came = format!("{} readings opened, boot {boot}, under the old key", answers.len());
    demo.table.note("gate-1 starts again", all_are_of(&answers, 1, boot), came);
    let offer =
        answers.into_iter().find_map(|answer| answer.downlink).ok_or("no offer was made")?;

    device.hear(&old_offer)?;
    let reports = device.reports_until("refused ")?;
    let refusal = |line: &String| line.split_once("refused ").map(|(_, why)| why.to_owned());
    let came = reports.iter().flat_map(|report| &report.said).find_map(refusal);
    let came = came.unwrap_or_default();
    let what = "the offer of before that, sent to gate-1 again";
    demo.table.note(what, came.starts_with("-84: "), format!("STALE, status {came}"));

    device.hear(&offer)?;
    follow(demo, device, "gate-1", 2)
}

/// Whether all of a report was opened, under a version and in a boot.
fn all_are_of(answers: &[Answer], version: u64, boot: u64) -> bool {
    !answers.is_empty() && answers.iter().all(|answer| answer.verdict.is_of(version, boot))
}

fn show(sealed: &Sealed) {
    for line in &sealed.said {
        println!("{line}");
    }
}

impl Sealed {
    /// The boot that was told before this report, if one was.
    pub(super) fn boot(&self) -> Option<u64> {
        self.said.iter().find_map(|line| number_in(line, ": boot "))
    }
}
