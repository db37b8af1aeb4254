//! `cargo xtask demo`: the main job, from a machine's sensors in C to a Rust
//! receiver, and what happens to those who meddle.
//!
//! The steps are here; the programs, the frames, the attacks and the root
//! secrets have a module each. Relies on `dist` and gcc, and needs no more
//! rights than any user has.

mod attacks;
mod frames;
mod programs;
mod root;

use std::collections::HashSet;
use std::fmt::Display;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::{Result, dist, process, workspace};
use attacks::Row;
use frames::Frame;
use programs::Programs;
use root::RootFile;

pub(crate) const HELP: &str = "
    Builds and installs the library under target/demo, reads this machine's
    sensors in a C program, seals the readings as several devices and opens them
    in Rust; then shows that tampered and foreign frames are refused.";

/// The devices that the program plays in turn.
const DEVICES: &[&str] = &["gateway-1", "pump-7", "meter-17"];

pub(crate) fn run(arguments: &[String]) -> Result {
    if !arguments.is_empty() {
        return Err("demo takes no arguments".into());
    }
    let start = Instant::now();
    let folder = workspace::target_dir().join("demo");

    println!("== 1. Build the library, install it, compile the programs");
    let programs = Programs::build(&folder)?;
    let built = start.elapsed();

    println!("\n== 2. Make a root secret and seal this machine's readings under it");
    let root = RootFile::new(&folder.join("root.key"))?;
    println!("made {} of 32 random bytes, for this user only", root.path().display());
    let shown = programs.exchange(&root, DEVICES)?;
    println!("$ {}", shown.commands);
    print!("{}{}{}", shown.device_said, shown.table, shown.receiver_said);

    println!("\n== 3. Run it again under the same root: no nonce comes twice under one key");
    let again = programs.exchange(&root, DEVICES)?;
    println!("{}", no_nonce_twice(&[&shown.frames, &again.frames])?);

    println!("\n== 4. Meddle");
    let foreign_root = RootFile::new(&folder.join("foreign.key"))?;
    let foreign = programs.exchange(&foreign_root, DEVICES)?;
    println!("another root: its {} frames open under it", foreign.frames.len());
    let attacks = attacks::on_frames(&programs, &root, &shown.frames, &foreign.frames)?;
    println!("each time the table must be the one that is printed without the second frame");
    attacks::print("THE SECOND OF THREE FRAMES", &attacks);
    let mistakes = attacks::on_programs(&programs, &folder, &root, DEVICES)?;
    attacks::print("MISTAKES", &mistakes);

    println!("\n== 5. What was done");
    let sealed = shown.frames.len() + again.frames.len() + foreign.frames.len();
    let total = start.elapsed();
    print_versions(&programs)?;
    print_fact("devices", DEVICES.len());
    // `exchange` made sure that what was sealed was opened.
    print_fact("readings sealed", sealed);
    print_fact("readings opened", sealed);
    print_fact("frames refused", held(&attacks));
    print_fact("mistakes refused", held(&mistakes));
    print_fact("seconds", format!("{:.1}", total.as_secs_f64()));
    print_fact("  of them to build", format!("{:.1}", built.as_secs_f64()));
    if attacks.iter().chain(&mistakes).all(|row| row.held) {
        return Ok(());
    }
    Err("not everything was refused that must be: see FAILED above".into())
}

/// A header holds what key and nonce are made of, so no two may be equal.
fn no_nonce_twice(runs: &[&[Frame]]) -> Result<String> {
    let mut seen = HashSet::new();
    for frame in runs.iter().copied().flatten() {
        if !seen.insert(frame.header()) {
            return Err("two frames have one key and one nonce".into());
        }
    }
    Ok(format!("{} runs, {} frames, as many pairs of key and nonce", runs.len(), seen.len()))
}

/// How many rows of how many are as they must be.
fn held(rows: &[Row]) -> String {
    format!("{} of {}", rows.iter().filter(|row| row.held).count(), rows.len())
}

fn print_versions(programs: &Programs) -> Result {
    let rustc = process::capture(Command::new("rustc").arg("--version"))?;
    let gcc = process::capture(Command::new("gcc").arg("-dumpfullversion"))?;
    print_fact("CoreKey", format!("{}, {}", workspace::VERSION, dist::soname()?));
    print_fact("Rust", rustc.trim());
    print_fact("gcc", gcc.trim());
    print_fact("libcorekey.so", size(&programs.shared_library())?);
    print_fact("libcorekey.a", size(&programs.archive())?);
    print_fact("device program", size(&programs.device)?);
    Ok(())
}

fn print_fact(what: &str, value: impl Display) {
    println!("{what:<20} {value}");
}

fn size(file: &Path) -> Result<String> {
    let facts =
        file.metadata().map_err(|error| format!("cannot look at {}: {error}", file.display()))?;
    Ok(format!("{} bytes", facts.len()))
}
