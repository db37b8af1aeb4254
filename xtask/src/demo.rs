//! `cargo xtask demo`: the main job, from a machine's sensors in C to receivers
//! in Rust and Python, through rotation, reboots and power cuts, and what happens
//! to those who meddle.
//!
//! The order of things is here. `story` has what devices go through, `attacks`
//! what others do to them, `listener` the same stream in Python; `radio` carries
//! the messages, `table` keeps what had to hold. Relies on `dist`, gcc and
//! Python, and needs no more rights than any user has.

mod attacks;
mod listener;
mod programs;
mod radio;
mod root;
mod story;
mod table;

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::{Result, dist, process, workspace};
use programs::{Board, Fleet, Programs};
use radio::{Answer, Cloud};
use root::RootFile;
use table::Table;

pub(crate) const HELP: &str = "[--without-attacks]
    Builds everything under target/demo. A device program in C reads this
    machine's sensors and seals the readings as three devices, a receiver in Rust
    and a listener in Python open them; a key is rotated, power fails, devices
    reboot; then tampered, replayed, cloned and foreign messages are refused. Ends
    with a table, and with an error if anything in it did not hold.
      --without-attacks   attackers change nothing, so what must be refused is
                          opened and the demo must fail: the tests see that it does";

pub(crate) fn run(arguments: &[String]) -> Result {
    let attackers_act = match arguments {
        [] => true,
        [option] if option == "--without-attacks" => false,
        _ => return Err("demo takes only --without-attacks".into()),
    };
    let start = Instant::now();

    println!("== 1. Build the library, the device program, the receiver and the listener\n");
    let folder = empty_folder()?;
    let programs = Programs::build(&workspace::target_dir().join("demo"))?;
    let built = start.elapsed();

    let mut demo = Demo::prepare(programs, folder, attackers_act)?;
    let done = steps(&mut demo);

    println!("\n== 10. What was done\n");
    demo.table.print();
    done?;
    println!();
    print_facts(&demo)?;
    let seconds = start.elapsed().as_secs_f64();
    print_fact("seconds", format!("{seconds:.1}, {:.1} of them to build", built.as_secs_f64()));
    println!("\n{}", demo.table.verdict()?);
    Ok(())
}

fn steps(demo: &mut Demo) -> Result {
    step(
        "2. Enrol three devices under a new root secret",
        "From the root, which only the receiver holds, comes a key for each device. The factory
        installs it; the device moves it into its journal at the first start.",
    );
    let mut devices = story::enrol(demo)?;

    step(
        "3. Switch the devices on: they seal this machine's readings",
        "A device is a process in C. It counts its boot, seals its readings and sends them; the
        receiver in Rust opens them. v is the version of the key, # the number of the message
        in its boot. A long message says whose it is; a compact one is 20 bytes longer than
        what is in it, and is known by the key that opens it.",
    );
    story::first_reports(demo, &mut devices)?;

    step(
        "4. Rotate the key of pump-7",
        "The receiver offers the next key, wrapped under the present one. The device stores it,
        erases the old one and acknowledges by its first message under the new key.",
    );
    story::rotation(demo, &mut devices)?;

    step(
        "5. Reboot meter-17, and let its power fail while it counts its boot",
        "The same boot number twice would be the same nonces twice: a boot is counted in flash
        before anything is sealed, and one that may have been counted is skipped.",
    );
    story::reboot(demo, &mut devices)?;

    step(
        "6. Let the power of gate-1 fail in the middle of its rotation",
        "The old key rules until the new one is wholly stored. The receiver repeats its offer.",
    );
    story::power_cut_in_rotation(demo, &mut devices)?;

    step(
        "7. Meddle with what pump-7 sends",
        "Changed messages come first, then the messages as they were. A device is named where its
        key has verified the message: a replay is authentic, a forgery is nobody's.",
    );
    attacks::on_messages(demo, &mut devices)?;

    step(
        "8. Copy a device, bring foreign ones, make mistakes",
        "A clone has the key of its original: only boot number and salt betray it.",
    );
    attacks::with_devices(demo, &mut devices)?;

    step(
        "9. Open the same stream in Python",
        "All that the receiver opened was recorded. Python opens it again, with the root alone.",
    );
    listener::compare(demo)
}

/// Announces a step: what is done, and what there is to see.
fn step(title: &str, text: &str) {
    println!("\n== {title}\n");
    for line in text.lines() {
        println!("   {}", line.trim_start());
    }
    println!();
}

/// What all steps share.
struct Demo {
    programs: Programs,
    folder: PathBuf,
    fleet: Fleet,
    cloud: Cloud,
    table: Table,
    attackers_act: bool,
}

impl Demo {
    fn prepare(programs: Programs, folder: PathBuf, attackers_act: bool) -> Result<Self> {
        let fleet = new_fleet(&folder, "fleet")?;
        let cloud = Cloud::start(&mut programs.receiver_command(&fleet))?;
        let table = Table::default();
        Ok(Self { programs, folder, fleet, cloud, table, attackers_act })
    }

    /// A device without a key: an empty folder.
    fn new_board(
        &self,
        folder: &str,
        id: &'static str,
        sensors: &'static [&'static str],
    ) -> Result<Board> {
        let folder = self.folder.join(folder);
        make_folder(&folder)?;
        Ok(Board { folder, id, sensors })
    }

    /// Carries a report to the receiver, whose answer must be an offer.
    fn offer_for(&mut self, messages: &[Vec<u8>]) -> Result<Vec<u8>> {
        let answers = self.deliver(messages)?;
        let offer = answers.into_iter().find_map(|answer| answer.downlink);
        offer.ok_or_else(|| "the receiver made no offer".into())
    }

    /// Carries messages to the receiver; its answers, with what followed shown.
    fn deliver(&mut self, messages: &[Vec<u8>]) -> Result<Vec<Answer>> {
        let answers: Vec<Answer> =
            messages.iter().map(|message| self.cloud.deliver(message)).collect::<Result<_>>()?;
        for note in answers.iter().flat_map(|answer| &answer.notes) {
            println!("receiver: {note}");
        }
        Ok(answers)
    }
}

fn new_fleet(folder: &Path, name: &str) -> Result<Fleet> {
    let root = RootFile::new(&folder.join(format!("{name}.root")))?;
    Ok(Fleet { root, database: folder.join(name) })
}

/// The demo's folder with nothing in it of an earlier run but what was built,
/// which is built again where it is out of date.
fn empty_folder() -> Result<PathBuf> {
    let folder = workspace::target_dir().join("demo");
    let run = folder.join("run");
    if run.exists() {
        fs::remove_dir_all(&run)
            .map_err(|error| format!("cannot remove {}: {error}", run.display()))?;
    }
    make_folder(&run)?;
    Ok(run)
}

fn make_folder(folder: &Path) -> Result {
    fs::create_dir_all(folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))
}

fn print_facts(demo: &Demo) -> Result {
    let rustc = process::capture(Command::new("rustc").arg("--version"))?;
    let gcc = process::capture(Command::new("gcc").arg("-dumpfullversion"))?;
    let python = process::capture(Command::new(&demo.programs.python).arg("--version"))?;
    let programs = &demo.programs;
    print_fact("CoreKey", format!("{}, {}", workspace::VERSION, dist::soname()?));
    print_fact("Rust", rustc.trim());
    print_fact("gcc", gcc.trim());
    print_fact("Python", python.trim());
    print_fact("libcorekey.so", size(&programs.shared_library())?);
    print_fact("libcorekey.a", size(&programs.archive())?);
    print_fact("device program", size(&programs.device)?);
    print_fact("readings opened", demo.cloud.record.len());
    Ok(())
}

fn print_fact(what: &str, value: impl Display) {
    println!("{what:<16} {value}");
}

fn size(file: &Path) -> Result<String> {
    let facts =
        file.metadata().map_err(|error| format!("cannot look at {}: {error}", file.display()))?;
    Ok(format!("{} bytes", facts.len()))
}
