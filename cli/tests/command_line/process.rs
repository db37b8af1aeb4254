//! The process: no core dumps, memory locked, secrets on no terminal, and how it
//! ends when nobody reads.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::support::{COREKEY, Scratch, spawn, user};

/// A sealer that has its key and waits for payloads.
fn waiting_sealer(scratch: &Scratch) -> Child {
    let mut child = spawn(&mut scratch.command("seal --clock --key pump.key --lines"));
    let input = child.stdin.as_mut().unwrap();
    writeln!(input, "x").unwrap();
    child.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
    child
}

fn end(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_process_with_a_key_dumps_no_core() {
    let scratch = Scratch::with_keys();
    let child = waiting_sealer(&scratch);
    let limits = fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(words[4..6], ["0", "0"], "{line}");
    end(child);
}

/// The same as a user without privileges: another one, if root runs the tests.
/// `before` is what a shell does first.
fn unprivileged_sealer(scratch: &Scratch, before: &str) -> Child {
    let mut command = Command::new("sh");
    command.current_dir(scratch.folder());
    let mut program = COREKEY.to_owned();
    if user() == 0 {
        let nobody = 65534;
        program = "./corekey".to_owned();
        fs::copy(COREKEY, scratch.path("corekey")).unwrap();
        scratch.chmod("corekey", 0o755);
        for name in ["", "pump.key"] {
            chown(scratch.path(name), Some(nobody), None).unwrap();
        }
        command.uid(nobody);
    }
    let line = format!("{before} exec {program} seal --clock --key pump.key --lines");
    let mut child = spawn(command.args(["-c", &line]));
    writeln!(child.stdin.as_mut().unwrap(), "x").unwrap();
    child.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
    child
}

/// Of a process that must not be dumped nobody but root may look at the memory:
/// its files under /proc are root's.
#[test]
fn a_process_with_a_key_is_closed_to_other_programs_of_its_user() {
    let scratch = Scratch::with_keys();
    let child = unprivileged_sealer(&scratch, "");
    let owner = fs::metadata(format!("/proc/{}/environ", child.id())).unwrap().uid();
    end(child);
    assert_eq!(owner, 0);
}

/// Kilobytes that a process has locked, and what it says on standard error.
fn locked(mut child: Child) -> (u64, String) {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let locked = status.lines().find_map(|line| line.strip_prefix("VmLck:")).unwrap();
    let locked = locked.trim().trim_end_matches(" kB").parse().unwrap();
    let mut stderr = child.stderr.take().unwrap();
    end(child);
    let mut told = String::new();
    stderr.read_to_string(&mut told).unwrap();
    (locked, told)
}

#[test]
fn memory_is_locked_or_the_user_is_told() {
    const NOTE: &str = "corekey: note: memory could not be locked";
    let scratch = Scratch::with_keys();
    for child in [waiting_sealer(&scratch), unprivileged_sealer(&scratch, "")] {
        let (locked, told) = locked(child);
        assert_eq!(locked > 0, !told.contains(NOTE), "{locked} kB: {told}");
    }
    let scratch = Scratch::with_keys();
    let (locked, told) = locked(unprivileged_sealer(&scratch, "ulimit -l 0;"));
    assert_eq!(locked, 0);
    assert!(told.contains(NOTE), "{told}");
}

#[test]
fn a_reader_that_goes_away_ends_the_run_quietly() {
    let scratch = Scratch::with_journal();
    let many = "reading\n".repeat(20_000);
    scratch.write("readings", many);
    let mut seal = scratch.command("seal --journal pump.journal --id pump-7 --lines readings");
    let mut child =
        seal.stdout(Stdio::piped()).stderr(Stdio::piped()).stdin(Stdio::null()).spawn().unwrap();
    let mut output = child.stdout.take().unwrap();
    output.read_exact(&mut [0; 10]).unwrap();
    drop(output);
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(141));
    let told = String::from_utf8(ended.stderr).unwrap();
    assert!(!told.contains("Broken pipe") && !told.contains("panicked"), "{told}");
}

/// Runs the program with a terminal as its standard output; the exit code and
/// what was on the screen.
fn on_a_terminal(scratch: &Scratch, arguments: &str, input: &[u8]) -> (Option<i32>, String) {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let name = ptsname(&terminal, Vec::new()).unwrap().into_string().unwrap();
    let screen = OpenOptions::new().read(true).write(true).open(name).unwrap();
    let mut command = scratch.command(arguments);
    command.stdin(Stdio::piped()).stderr(Stdio::piped()).stdout(Stdio::from(screen));
    let mut child = command.spawn().unwrap();
    // Dropping it closes this process's end of the screen.
    drop(command);
    let mut pipe = child.stdin.take().unwrap();
    let _ = pipe.write_all(input);
    drop(pipe);
    let reader = thread::spawn(move || {
        let mut seen = Vec::new();
        // The terminal ends with an error when its last user is gone.
        let _ = File::from(terminal).read_to_end(&mut seen);
        String::from_utf8_lossy(&seen).into_owned()
    });
    let status = child.wait().unwrap();
    thread::sleep(Duration::from_millis(10));
    (status.code(), reader.join().unwrap())
}

#[test]
fn a_secret_is_shown_on_a_terminal_only_when_asked_for() {
    let scratch = Scratch::with_keys();
    let derive = "key derive --root root.key --id pump-7";
    let (code, seen) = on_a_terminal(&scratch, &format!("{derive} --out -"), b"");
    assert_eq!((code, seen.as_str()), (Some(2), ""));
    let (code, seen) = on_a_terminal(&scratch, &format!("{derive} --show"), b"");
    assert_eq!(code, Some(0));
    assert!(seen.contains("\r\nsecret "), "{seen}");
    let (code, seen) = on_a_terminal(&scratch, "root new --out new.key", b"");
    assert_eq!(code, Some(0));
    assert!(!seen.contains("secret"), "{seen}");
    let (code, seen) = on_a_terminal(&scratch, &format!("{derive} --wrapped"), b"");
    assert_eq!((code, seen.len()), (Some(0), 56 + 2));
}

#[test]
fn messages_are_not_thrown_at_a_terminal() {
    let scratch = Scratch::with_keys();
    let seal = "seal --clock --key pump.key";
    assert_eq!(on_a_terminal(&scratch, seal, b"x"), (Some(2), String::new()));
    let (code, seen) = on_a_terminal(&scratch, &format!("{seal} --encoding base64"), b"x");
    assert_eq!(code, Some(0));
    assert!(seen.starts_with("0INDoQEDowR"), "{seen}");
    for line in [
        "rotate offer --root root.key --id pump-7",
        "wrap --kek pump.key root.key",
        "inspect --full-iv root.key",
    ] {
        assert_eq!(on_a_terminal(&scratch, line, b""), (Some(2), String::new()), "{line}");
    }
}

/// A device that was broken into must not type at the server's terminal.
#[test]
fn a_payload_that_a_terminal_would_obey_is_not_shown_and_not_used_up() {
    let scratch = Scratch::with_journal();
    let open = "open --key pump.key --state state --first-contact";
    let seal = "seal --journal pump.journal --id pump-7";
    for payload in [&b"\x1b]0;title\x07"[..], b"\xff", "\u{9b}A".as_bytes()] {
        scratch.run_with(&format!("{seal} --out message"), payload).ok();
        let lines = scratch.run_with(&format!("{seal} --lines"), payload).ok().stdout;
        assert_eq!(on_a_terminal(&scratch, &format!("{open} message"), b""), (Some(2), "".into()));
        let shown = on_a_terminal(&scratch, &format!("{open} --lines"), &lines);
        assert_eq!(shown, (Some(2), "".into()));
        let (code, seen) = on_a_terminal(&scratch, &format!("{open} --json message"), b"");
        assert_eq!((code, seen.contains("payload")), (Some(0), true));
        scratch.shell("rm state message").ok();
    }
    scratch.run_with(&format!("{seal} --out message"), "21.5 °C\tok").ok();
    let shown = on_a_terminal(&scratch, &format!("{open} message"), b"");
    assert_eq!(shown.0, Some(0));
    assert!(shown.1.starts_with("21.5 °C"), "{shown:?}");
}
