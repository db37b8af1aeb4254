//! The state that keeps replays out: on the disk before anything comes out, whole
//! after any crash, and in one process's hands at a time.

use std::io::{BufRead, BufReader, Write};
use std::thread;
use std::time::Duration;

use crate::support::{Ended, Scratch, feed, spawn};

const OPEN: &str = "open --key pump.key --state pump.state";

/// A scratch folder with `message`, and a state that has seen another.
fn scratch() -> Scratch {
    let scratch = Scratch::with_journal();
    scratch.run_with("seal --journal pump.journal --id pump-7 --out first", "1").ok();
    scratch.run(&format!("{OPEN} --first-contact first")).ok();
    scratch.run_with("seal --journal pump.journal --id pump-7 --out message", "secret 2").ok();
    scratch
}

#[test]
fn without_a_state_nothing_is_opened() {
    let scratch = Scratch::with_journal();
    scratch.run_with("seal --journal pump.journal --id pump-7 --out message", "x").ok();
    scratch.run(&format!("{OPEN} message")).refused(6, "add --first-contact if");
    scratch.run("open --key pump.key message").refused(2, "--state FILE is needed");
    scratch.run(&format!("{OPEN} --first-contact message")).ok();
    scratch.run(&format!("{OPEN} --first-contact message")).refused(9, "leave out --first-contact");
}

#[test]
fn a_refused_message_changes_no_state() {
    let scratch = scratch();
    let before = scratch.read("pump.state");
    scratch.run(&format!("{OPEN} first")).exits(4);
    scratch.run_with(OPEN, [0xd0; 40]).exits(7);
    let text = scratch.run(&format!("{OPEN} pump.key"));
    text.refused(5, "this is text: --encoding reads such");
    let mut forged = scratch.read("message");
    *forged.last_mut().unwrap() ^= 1;
    scratch.run_with(OPEN, forged).refused(3, "not authentic");
    assert_eq!(scratch.read("pump.state"), before);
    assert_eq!(scratch.run(&format!("{OPEN} message")).ok().stdout, b"secret 2");
    assert_ne!(scratch.read("pump.state"), before);
}

/// A limit on the length of files stands for a disk that is full, and its signal
/// for a crash in the middle of writing.
#[test]
fn a_state_that_cannot_be_saved_lets_nothing_out() {
    let scratch = scratch();
    let before = scratch.read("pump.state");
    for signal in ["", "trap '' XFSZ;"] {
        let line = format!("{signal} ulimit -f 0; exec corekey {OPEN} message | cat");
        let ended = scratch.shell(&line);
        assert_eq!(ended.stdout, b"", "{ended:?}");
        assert_eq!(scratch.read("pump.state"), before);
    }
    assert_eq!(scratch.run(&format!("{OPEN} message")).ok().stdout, b"secret 2");
}

#[test]
fn a_state_that_cannot_be_made_lets_nothing_out() {
    let scratch = scratch();
    let before = scratch.names();
    let open = "open --key pump.key --first-contact --state no/folder/state message";
    scratch.run(open).refused(10, "no/folder/state: No such file");
    scratch.run(&format!("{open} --out opened")).refused(10, "no/folder/state: No such file");
    assert_eq!(scratch.names(), before);
}

#[test]
fn an_output_that_cannot_be_made_does_not_use_the_message_up() {
    let scratch = scratch();
    scratch.run(&format!("{OPEN} --out first message")).refused(9, "exists");
    scratch.run(&format!("{OPEN} --out no/folder message")).exits(10);
    scratch.run(&format!("{OPEN} --out opened message")).ok();
    assert_eq!(scratch.read("opened"), b"secret 2");
    scratch.run(&format!("{OPEN} --out again message")).exits(4);
    assert!(!scratch.path("again").exists());
}

/// As when another program makes the file at the wrong time.
#[test]
fn an_output_whose_name_is_taken_in_the_end_is_kept() {
    let scratch = Scratch::with_journal();
    scratch.run_with("seal --journal pump.journal --id pump-7 --out message", "secret 2").ok();
    let open = "open --key pump.key --first-contact --state taken --out taken message";
    let ended = scratch.run(open).exits(9);
    let kept = scratch.names().into_iter().find(|name| name.starts_with(".tmp")).unwrap();
    assert!(ended.stderr.contains("; it is in /"), "{ended:?}");
    assert!(ended.stderr.trim_end().ends_with(&kept), "{ended:?}");
    assert_eq!(scratch.read(&kept), b"secret 2");
    assert_eq!(scratch.mode(&kept), 0o600);
}

#[test]
fn a_full_standard_output_is_told_and_the_message_used_up() {
    let scratch = scratch();
    let full = scratch.shell(&format!("corekey {OPEN} message > /dev/full"));
    full.refused(10, "standard output: No space left");
    scratch.run(&format!("{OPEN} message")).refused(4, "was opened before");
}

#[test]
fn a_state_is_of_one_key() {
    let scratch = scratch();
    let other = "open --root root.key --id pump-8 --state pump.state message";
    let why = "is the state of pump-7 version 1 with check value";
    scratch.run(other).refused(5, why);
    let newer = "open --root root.key --id pump-7 --version 2 --state pump.state message";
    scratch.run(newer).refused(5, why);
    scratch.run("root new --out other.key").ok();
    let other = "open --root other.key --id pump-7 --state pump.state message";
    scratch.run(other).refused(5, why);
    scratch.run("open --root root.key --id pump-7 --state pump.state message").ok();
}

#[test]
fn a_damaged_state_is_refused() {
    let scratch = scratch();
    let state = scratch.read("pump.state");
    for place in 0..state.len() - 1 {
        let mut damaged = state.clone();
        damaged[place] ^= 1;
        scratch.write_secret("damaged", damaged);
        let ended = scratch.run("open --key pump.key --state damaged message");
        assert!(matches!(ended.code, Some(5 | 7)), "byte {place}: {ended:?}");
        assert_eq!(ended.stdout, b"");
    }
    for len in [0, 1, state.len() / 2, state.len() - 2] {
        scratch.write_secret("damaged", &state[..len]);
        scratch.run("open --key pump.key --state damaged message").exits(7);
    }
}

#[test]
fn a_state_that_others_can_write_is_refused() {
    let scratch = scratch();
    scratch.chmod("pump.state", 0o620);
    scratch.run(&format!("{OPEN} message")).refused(8, "chmod 600");
    // It is not secret.
    scratch.chmod("pump.state", 0o644);
    scratch.run(&format!("{OPEN} message")).ok();
    assert_eq!(scratch.mode("pump.state"), 0o600);
}

#[test]
fn of_openers_at_the_same_time_one_opens_a_message() {
    let scratch = scratch();
    for (open, code) in [
        (format!("{OPEN} message"), 4),
        ("open --key pump.key --state new.state --first-contact message".to_owned(), 9),
    ] {
        let openers: Vec<_> = (0..8).map(|_| spawn(&mut scratch.command(&open))).collect();
        let ended: Vec<_> =
            openers.into_iter().map(|opener| Ended::of(&open, feed(opener, b""))).collect();
        let opened = ended.iter().filter(|ended| ended.stdout == b"secret 2").count();
        assert_eq!(opened, 1, "{ended:?}");
        // One that comes when the state is there already is told so.
        let others = ended.iter().filter(|ended| ended.code == Some(code)).count();
        assert_eq!(others, 7, "{ended:?}");
        assert!(ended.iter().all(|it| it.code == Some(0) || it.stdout.is_empty()), "{ended:?}");
    }
}

#[test]
fn a_state_that_a_running_opener_has_is_busy() {
    let scratch = scratch();
    let holder_line = format!("{OPEN} --lines");
    let mut holder = spawn(&mut scratch.command(&holder_line));
    let seal = "seal --journal pump.journal --id pump-7 --lines";
    let message = scratch.run_with(seal, "held").ok().stdout;
    let mut messages = holder.stdin.take().unwrap();
    messages.write_all(&message).unwrap();
    let mut line = String::new();
    BufReader::new(holder.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "held\n");
    let refused = scratch.run(&format!("{OPEN} message"));
    refused.refused(10, "another process uses it");
    drop(messages);
    assert!(holder.wait().unwrap().success());
    // Of an earlier boot by now, but of the previous session.
    scratch.run(&format!("{OPEN} message")).exits(4);
}

#[test]
fn a_state_that_was_taken_away_is_not_put_over_another() {
    let scratch = scratch();
    let line = format!("{OPEN} --lines");
    let mut opener = spawn(&mut scratch.command(&line));
    let seal = "seal --journal pump.journal --id pump-7 --lines";
    let sealed = scratch.run_with(seal, "a\nb\n").ok().stdout;
    let (first, second) = sealed.split_at(sealed.len() / 2);
    let mut messages = opener.stdin.take().unwrap();
    messages.write_all(first).unwrap();
    let mut payload = String::new();
    BufReader::new(opener.stdout.as_mut().unwrap()).read_line(&mut payload).unwrap();
    assert_eq!(payload, "a\n");

    scratch.shell("rm pump.state").ok();
    let begun = "open --key pump.key --state pump.state --first-contact --lines";
    scratch.run_with(begun, &sealed).ok();
    let state = scratch.read("pump.state");
    messages.write_all(second).unwrap();
    drop(messages);
    let ended = Ended::of(&line, opener.wait_with_output().unwrap());
    ended.refused(10, "was moved or replaced meanwhile");
    assert_eq!(scratch.read("pump.state"), state);
}

#[test]
fn a_state_that_cannot_be_looked_at_is_not_called_absent() {
    let scratch = scratch();
    scratch.shell("ln -s nowhere link").ok();
    let state = |name: &str| scratch.run(&format!("open --key pump.key --state {name} message"));
    state("link").refused(8, "is a symbolic link");
    state("message/state").refused(10, "Not a directory");
}

/// An opener is killed at any time, and goes on with what it had not read: no
/// message comes out twice, and at most the one that it was at is lost.
#[test]
fn a_killed_opener_opens_no_message_twice() {
    const MESSAGES: usize = 300;
    let scratch = Scratch::with_journal();
    let input: String = (0..MESSAGES).map(|number| format!("{number}\n")).collect();
    let sealed =
        scratch.run_with("seal --journal pump.journal --id pump-7 --lines", input).ok().stdout;
    let line = format!("{OPEN} --lines");
    let mut opened = Vec::new();
    let mut kills = 0;
    for run in 0..12 {
        let line = if scratch.path("pump.state").exists() {
            line.clone()
        } else {
            format!("{line} --first-contact")
        };
        let mut opener = spawn(&mut scratch.command(&line));
        let mut messages = opener.stdin.take().unwrap();
        let again = sealed.clone();
        let writer = thread::spawn(move || drop(messages.write_all(&again)));
        thread::sleep(Duration::from_millis(5 + 7 * run));
        kills += usize::from(opener.try_wait().unwrap().is_none());
        // Nothing to kill if it has come to its end.
        let _ = opener.kill();
        let output = opener.wait_with_output().unwrap();
        writer.join().unwrap();
        let whole = output.stdout.split_inclusive(|byte| *byte == b'\n');
        opened.extend(whole.map(|line| String::from_utf8(line.to_vec()).unwrap()));
    }
    scratch.run_with(&line, &sealed);
    assert!(kills > 0, "no opener was killed");
    let total = opened.len();
    assert!(total > 0, "nothing was opened");
    opened.sort();
    opened.dedup();
    assert_eq!(opened.len(), total, "a message came out twice");
}
