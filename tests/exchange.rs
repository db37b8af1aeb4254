//! Random messages, exchanged between each front and the independent
//! implementation: what Python sealed is opened here, and what is sealed here is
//! opened there, by the lines that `tests/independent/exchange.py` describes.
//!
//! `COREKEY_PYTHON` names an interpreter that has what
//! `tests/independent/requirements.txt` lists. Without it nothing is exchanged,
//! and the count of what was skipped is printed.

use std::env;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use corekey::device::message::MAX_PAYLOAD_LEN;
use corekey::rng::OsRng;
use corekey_conformance::c_front::SharedLibrary;
use corekey_conformance::device_front::{
    Answer, DeviceFront, Direction, Form, Key, Name, Opener, Root, Session,
};
use corekey_conformance::rust_front::BEST;
use corekey_conformance::workspace;
use data_encoding::HEXLOWER;
use serde_json::{Value, json};

const PYTHON: &str = "COREKEY_PYTHON";
const SCRIPT: &str = "tests/independent/exchange.py";
/// Messages each way.
const MESSAGES: usize = 1000;

/// The script with arguments, or none if there is no Python for it.
fn script(arguments: &[&str]) -> Option<Command> {
    let Some(python) = env::var_os(PYTHON) else {
        println!("0 passed, {MESSAGES} skipped: {PYTHON} names no interpreter");
        return None;
    };
    // A path is one from the root, since cargo runs tests elsewhere.
    let is_path = Path::new(&python).components().count() > 1;
    let mut command =
        Command::new(if is_path { workspace::root().join(python) } else { python.into() });
    command.arg(workspace::root().join(SCRIPT)).args(arguments);
    Some(command)
}

/// SplitMix64: random enough for tests, and the same again from its seed.
struct Random(u64);

impl Random {
    /// From a fresh seed, which is printed.
    fn new() -> Self {
        let mut seed = [0; 8];
        OsRng.fill(&mut seed).expect("the system has random bytes");
        let seed = u64::from_ne_bytes(seed);
        println!("seed {seed}");
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number of a random length in bits, or one at the upper end.
    fn up_to(&mut self, highest: u64) -> u64 {
        if self.next().is_multiple_of(10) {
            return highest - self.next() % 3;
        }
        let bits = self.next() % u64::from(highest.ilog2() + 1) + 1;
        (self.next() >> (64 - bits)).min(highest)
    }

    fn bytes(&mut self, len: u64) -> Vec<u8> {
        (0..len).map(|_| self.next() as u8).collect()
    }
}

#[test]
fn what_python_sealed_is_opened_by_the_rust_api() {
    open_what_python_sealed(&BEST);
}

#[test]
fn what_python_sealed_is_opened_by_the_shared_library() {
    open_what_python_sealed(SharedLibrary::get());
}

#[test]
fn what_the_rust_api_sealed_is_opened_by_python() {
    seal_for_python(&BEST);
}

#[test]
fn what_the_shared_library_sealed_is_opened_by_python() {
    seal_for_python(SharedLibrary::get());
}

fn open_what_python_sealed(front: &dyn DeviceFront) {
    let Some(mut command) = script(&["seal", &MESSAGES.to_string()]) else { return };
    let output = command.output().expect("Python runs");
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaints}");
    let lines = String::from_utf8(output.stdout).expect("lines are ASCII");
    let mut passed = 0;
    for (number, line) in (1..).zip(lines.lines()) {
        let line: Value = serde_json::from_str(line).expect("a line is JSON");
        let outcome = open(front, &line);
        assert!(outcome.is_ok(), "line {number}: {outcome:?}: {line}\n{complaints}");
        passed += 1;
    }
    println!("{passed} passed, 0 skipped: sealed by Python, opened by the {}", front.name());
    assert_eq!(passed, MESSAGES);
}

fn seal_for_python(front: &dyn DeviceFront) {
    let Some(mut command) = script(&["open"]) else { return };
    let mut random = Random::new();
    let mut lines: Vec<Value> = (1..MESSAGES)
        .map(|_| {
            let payload_len = random.up_to(2000);
            seal(front, &mut random, payload_len)
        })
        .collect();
    lines.push(seal(front, &mut random, MAX_PAYLOAD_LEN as u64));

    let mut python =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("Python runs");
    let mut input = python.stdin.take().expect("it is piped");
    let writer = thread::spawn(move || {
        lines.iter().try_for_each(|line| writeln!(input, "{line}")).expect("Python reads");
    });
    let output = python.wait_with_output().expect("Python ends");
    writer.join().expect("all was written");
    let report = String::from_utf8_lossy(&output.stdout);
    println!("{}: sealed by the {}, opened by Python", report.trim_end(), front.name());
    assert!(output.status.success(), "{report}");
    assert_eq!(report, format!("{MESSAGES} passed, 0 failed, 0 skipped\n"));
}

fn bytes(line: &Value, member: &str) -> Vec<u8> {
    let text = line[member].as_str().expect("bytes are a text");
    HEXLOWER.decode(text.as_bytes()).expect("bytes are hexadecimal")
}

fn direction(line: &Value) -> Direction {
    if line["direction"] == "up" { Direction::Up } else { Direction::Down }
}

/// Opens the message of a line with an opener of its own.
fn open(front: &dyn DeviceFront, line: &Value) -> Answer<()> {
    let number = |member: &str| line[member].as_u64().expect("a number");
    let (secret, id) = (bytes(line, "root"), bytes(line, "device_id"));
    let name = Name { version: number("version"), id: &id };
    let key = front.device_key(Root { secret: &secret, fleet: None }, name)?;
    let key = Key { name, bytes: &key };
    let mut opener: Box<dyn Opener> = match direction(line) {
        Direction::Up => front.opener_up(key, None)?,
        Direction::Down => front.opener_down(key, number("boot"))?,
    };
    let aad = bytes(line, "external_aad");
    let before = bytes(line, "before");
    if !before.is_empty() {
        opener.open(&aad, &before)?;
    }
    let (told, payload) = opener.open(&aad, &bytes(line, "message"))?;
    let form = if line["form"] == "long" { Form::Long } else { Form::Compact };
    assert_eq!(payload, bytes(line, "payload"));
    assert_eq!((told.version, told.id, told.form), (name.version, id, form));
    assert_eq!((told.boot, told.counter), (number("boot"), number("counter")));
    assert_eq!(told.salt, bytes(line, "salt"));
    Ok(())
}

/// A line with random parameters, sealed by a sealer that came to its counter.
fn seal(front: &dyn DeviceFront, random: &mut Random, payload_len: u64) -> Value {
    let secret = random.bytes(32);
    let id_len = random.up_to(128).max(1);
    let id = random.bytes(id_len);
    let name = Name { version: random.up_to((1 << 53) - 1).max(1), id: &id };
    let root = Root { secret: &secret, fleet: None };
    let key = front.device_key(root, name).expect("the parameters are in range");
    let key = Key { name, bytes: &key };

    let down = random.next().is_multiple_of(2);
    let salted = down || random.next().is_multiple_of(2);
    let salt = random.bytes(if salted { 8 } else { 0 });
    let boot = random.up_to((1 << 48) - 1);
    let direction = if down { Direction::Down } else { Direction::Up };
    let aad_len = random.up_to(255);
    let aad = random.bytes(aad_len);
    let payload = random.bytes(payload_len);
    let counter = random.up_to(200);
    let compact = !counter.is_multiple_of(64) && random.next().is_multiple_of(2);
    let form = if compact { Form::Compact } else { Form::Long };

    let session = Session { direction, boot, salt: &salt };
    let mut sealer = front.sealer(key, session).expect("the parameters are in range");
    let mut before = vec![];
    for earlier in 0..counter {
        let sealed = sealer.seal(Form::Compact, &aad, b"before").expect("the session has room");
        if compact && earlier == counter / 64 * 64 {
            before = sealed;
        }
    }
    let message = sealer.seal(form, &aad, &payload).expect("the session has room");
    let hex = |bytes: &[u8]| HEXLOWER.encode(bytes);
    json!({
        "root": hex(&secret),
        "version": name.version,
        "device_id": hex(&id),
        "direction": if down { "down" } else { "up" },
        "boot": boot,
        "salt": hex(&salt),
        "counter": counter,
        "external_aad": hex(&aad),
        "payload": hex(&payload),
        "form": if compact { "compact" } else { "long" },
        "before": hex(&before),
        "message": hex(&message),
    })
}
