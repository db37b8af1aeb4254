//! The command line against implementations of other origin: the one in
//! `tests/independent`, made from the specifications alone, and the COSE libraries
//! pycose and cwt.
//!
//! `COREKEY_PYTHON` names an interpreter that has what
//! `tests/independent/requirements.txt` lists. Without it nothing is exchanged,
//! and what was skipped is printed.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use data_encoding::{BASE64, HEXLOWER};
use serde_json::{Value, json};

use crate::support::{Ended, Scratch, feed, spawn};

const PYTHON: &str = "COREKEY_PYTHON";
/// Messages of other sealers.
const MESSAGES: usize = 100;

fn independent() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/independent")
}

/// Python in the folder of the independent implementation, if there is one.
fn python(arguments: &[&str]) -> Option<Command> {
    let Some(python) = env::var_os(PYTHON) else {
        println!("skipped: {PYTHON} names no interpreter");
        return None;
    };
    // A path is one from the root, since cargo runs tests elsewhere.
    let is_path = Path::new(&python).components().count() > 1;
    let root = independent().join("../..");
    let mut command = Command::new(if is_path { root.join(python) } else { python.into() });
    command.args(arguments).current_dir(independent());
    Some(command)
}

fn run(mut command: Command, input: &[u8]) -> Ended {
    Ended::of("Python", feed(spawn(&mut command), input))
}

/// A root file for 32 bytes, whose id comes from the independent implementation.
fn write_root(scratch: &Scratch, secret: &str) {
    let code = "import sys, corekey_spec as s; print(s.root_id(bytes.fromhex(sys.argv[1])).hex())";
    let id = run(python(&["-c", code, secret]).expect("there is one"), b"").ok();
    let text = format!("corekey root 1\nid {}\nsecret {secret}\n", id.text().trim());
    scratch.write_secret("root.key", text);
}

fn text<'a>(line: &'a Value, member: &str) -> &'a str {
    line[member].as_str().expect("text")
}

#[test]
fn what_python_sealed_is_opened() {
    let Some(sealer) = python(&["exchange.py", "seal", &MESSAGES.to_string()]) else { return };
    let lines = run(sealer, b"");
    let scratch = Scratch::new();
    let mut opened = 0;
    for line in lines.exits(0).json_lines() {
        write_root(&scratch, text(&line, "root"));
        let way = match text(&line, "direction") {
            "up" => "--first-contact --state state".to_owned(),
            _ => format!("--down --boot {}", line["boot"]),
        };
        let command = format!(
            "open --root root.key --id hex:{} --version {} --aad hex:{} {way} --lines --json \
             --encoding hex",
            text(&line, "device_id"),
            line["version"],
            text(&line, "external_aad"),
        );
        let messages = [text(&line, "before"), text(&line, "message")];
        let messages: Vec<&str> = messages.into_iter().filter(|it| !it.is_empty()).collect();
        let told = scratch.run_with(&command, messages.join("\n")).ok().json_lines();
        let told = told.last().expect("an answer");
        let payload = BASE64.decode(text(told, "payload").as_bytes()).unwrap();
        let salt = if told["salt"].is_null() { "" } else { text(told, "salt") };
        let answer = json!([HEXLOWER.encode(&payload), told["boot"], salt, told["counter"]]);
        assert_eq!(answer, json!([line["payload"], line["boot"], line["salt"], line["counter"]]));
        assert_eq!((&told["form"], &told["version"]), (&line["form"], &line["version"]));
        let _ = std::fs::remove_file(scratch.path("state"));
        opened += 1;
    }
    assert_eq!(opened, MESSAGES);
}

#[test]
fn what_is_sealed_is_opened_by_python() {
    let Some(opener) = python(&["exchange.py", "open"]) else { return };
    let scratch = Scratch::with_journal();
    let root = String::from_utf8(scratch.read("root.key")).unwrap();
    let root = root.lines().find_map(|line| line.strip_prefix("secret ")).unwrap();
    let payloads: Vec<String> = (0..70).map(|number| "x".repeat(number)).collect();
    let mut lines = Vec::new();
    for (direction, seal) in [
        ("up", "seal --journal pump.journal --id pump-7"),
        ("up", "seal --journal pump.journal --id pump-7 --no-salt --compact"),
        ("up", "seal --clock --key pump.key --compact"),
        ("up", "seal --clock --root root.key --id pump-7 --aad topic"),
        ("down", "seal --down --key pump.key --boot 9 --compact"),
    ] {
        let seal = format!("{seal} --lines --encoding hex");
        let messages = scratch.run_with(&seal, payloads.join("\n")).ok();
        let aad = if seal.contains("--aad") { HEXLOWER.encode(b"topic") } else { String::new() };
        let (mut session, mut long) = (Value::Null, "");
        for (counter, message) in messages.text().lines().enumerate() {
            let told = scratch.run_with("inspect --json --encoding hex", message).ok().json();
            if told["form"] == "long" {
                (session, long) = (told.clone(), message);
            }
            let is_compact = told["form"] == "compact";
            lines.push(json!({
                "root": root, "version": 1, "device_id": HEXLOWER.encode(b"pump-7"),
                "direction": direction, "boot": session["boot"],
                "salt": session["salt"].as_str().unwrap_or_default(), "counter": counter,
                "external_aad": aad, "payload": HEXLOWER.encode(payloads[counter].as_bytes()),
                "form": told["form"], "before": if is_compact { long } else { "" },
                "message": message,
            }));
        }
    }
    let input: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let opened = run(opener, input.as_bytes());
    assert_eq!(opened.text(), format!("{} passed, 0 failed, 0 skipped\n", lines.len()));
}

/// Opens a file with a COSE library: the functions are those that check the
/// vectors.
fn cose_library(function: &str, scratch: &Scratch, message: &str, aad: &str) -> Option<Ended> {
    let code = "import sys, check\n\
                message, key = (open(name, 'rb').read() for name in sys.argv[2:4])\n\
                payload = getattr(check, sys.argv[1])(message, key, sys.argv[4].encode())\n\
                sys.stdout.buffer.write(payload)";
    let path = |name: &str| scratch.path(name).display().to_string();
    let (message, key) = (path(message), path("session.cosekey"));
    Some(run(python(&["-c", code, function, &message, &key, aad])?, b""))
}

#[test]
fn cose_libraries_open_with_what_inspect_writes() {
    for (seal, aad, down) in [
        ("seal --journal pump.journal --id pump-7", "", ""),
        ("seal --journal pump.journal --id pump-7 --no-salt", "", ""),
        ("seal --clock --root root.key --id pump-7 --aad topic", "topic", ""),
        ("seal --down --key pump.key --boot 300", "", "--down"),
    ] {
        let scratch = Scratch::with_journal();
        scratch.run_with(&format!("{seal} --out long"), "21.5 C").ok();
        let export = format!("inspect --cose-key {down} --key pump.key --out session.cosekey long");
        scratch.run(&export).ok();
        assert_eq!(scratch.mode("session.cosekey"), 0o600);
        scratch.shell("corekey inspect --full-iv long > full").ok();
        for (function, message) in [("pycose_open", "long"), ("cwt_open", "full")] {
            let Some(opened) = cose_library(function, &scratch, message, aad) else { return };
            assert_eq!(opened.ok().stdout, b"21.5 C", "{function}: {seal}");
            let refused = cose_library(function, &scratch, message, "other").expect("Python");
            assert_ne!(refused.code, Some(0), "{function} took another AAD");
        }
    }
}
