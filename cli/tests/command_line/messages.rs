//! Sealing and opening: both forms, both ways, every kind of session, from files
//! and through pipes.

use data_encoding::{BASE64, HEXLOWER};
use serde_json::{Value, json};

use crate::support::{Ended, Scratch};

fn seal_once(scratch: &Scratch, payload: impl AsRef<[u8]>) -> Vec<u8> {
    scratch.run_with("seal --journal pump.journal --id pump-7", payload).ok().stdout
}

fn open(scratch: &Scratch, more: &str, message: impl AsRef<[u8]>) -> Ended {
    scratch.run_with(&format!("open --key pump.key --state pump.state {more}"), message)
}

#[test]
fn what_a_device_sealed_is_opened_once() {
    let scratch = Scratch::with_journal();
    let message = seal_once(&scratch, "21.5 C");
    assert_eq!(open(&scratch, "--first-contact", &message).ok().stdout, b"21.5 C");
    open(&scratch, "", &message).refused(4, "was opened before");
    assert_eq!(scratch.mode("pump.state"), 0o600);

    let next = seal_once(&scratch, "");
    assert_eq!(open(&scratch, "", &next).ok().stdout, b"");
    open(&scratch, "", &message).refused(4, "was opened before");
    let third = seal_once(&scratch, "third");
    open(&scratch, "", &third).ok();
    open(&scratch, "", &message).refused(4, "is authentic but old");
}

#[test]
fn payloads_of_every_size_come_through_files_and_pipes() {
    let scratch = Scratch::with_journal();
    for len in [0, 1, 4095, 4096, 4097, 100_000, 16 << 20] {
        let payload: Vec<u8> = (0..len).map(|place: usize| (place * 7) as u8).collect();
        scratch.write("payload", &payload);
        let names = format!("payload-{len}.msg");
        let line = format!("seal --journal pump.journal --id pump-7 --out {names} payload");
        scratch.run(&line).ok();
        let first = if scratch.path("pump.state").exists() { "" } else { "--first-contact" };
        let line = format!("open --key pump.key --state pump.state {first} --out opened {names}");
        scratch.run(&line).ok();
        assert!(scratch.read("opened") == payload, "{len} bytes");
        assert_eq!(scratch.mode("opened"), 0o600);
        std::fs::remove_file(scratch.path("opened")).unwrap();
    }
    let piped = scratch.shell(
        "corekey seal --journal pump.journal --id pump-7 payload \
         | corekey open --key pump.key --state pump.state | cmp - payload",
    );
    piped.ok();
    let too_long = vec![0; (16 << 20) + 1];
    let refused = scratch.run_with("seal --journal pump.journal --id pump-7", too_long);
    refused.refused(7, "longer than 16777216 bytes");
}

#[test]
fn lines_are_messages_of_one_session_in_either_form() {
    let scratch = Scratch::with_journal();
    let payloads: Vec<String> = (0..130).map(|number| format!("reading {number}")).collect();
    let input = payloads.join("\n");
    for (form, state) in [("", "long.state"), ("--compact", "compact.state")] {
        let seal = format!("seal --journal pump.journal --id pump-7 --lines {form}");
        let messages = scratch.run_with(&seal, &input).ok();
        assert_eq!(messages.text().lines().count(), 130);
        let open = format!("open --key pump.key --state {state} --first-contact --lines");
        let opened = scratch.run_with(&open, &messages.stdout).ok();
        assert_eq!(opened.text().lines().collect::<Vec<_>>(), payloads);

        let lines = messages.text().lines();
        let long = lines.map(|line| BASE64.decode(line.as_bytes()).unwrap()[0] == 0xd0);
        for (counter, is_long) in long.enumerate() {
            assert_eq!(is_long, form.is_empty() || counter % 64 == 0, "{form} {counter}");
        }
    }
}

#[test]
fn what_cannot_be_opened_does_not_stop_the_rest() {
    let scratch = Scratch::with_journal();
    let seal = "seal --journal pump.journal --id pump-7 --lines";
    let messages = scratch.run_with(seal, "one\ntwo\nthree").ok();
    let [one, two, three] = messages.text().lines().collect::<Vec<_>>()[..] else { panic!() };
    let mut forged = BASE64.decode(two.as_bytes()).unwrap();
    *forged.last_mut().unwrap() ^= 1;
    let input = [one, &BASE64.encode(&forged), "not base64", one, "AAAA", two, three].join("\n");

    let open = "open --key pump.key --state pump.state --first-contact --lines";
    let opened = scratch.run_with(open, &input).exits(3);
    assert_eq!(opened.text(), "one\ntwo\nthree\n");
    for why in [
        "line 2: a message for pump-7 version 1: the message is not authentic",
        "line 3: line 3 is not base64",
        "line 4: a message for pump-7 version 1: the message is authentic but was opened before",
        "line 5: a message for pump-7 version 1: the bytes are no sealed message",
        "4 of 7 messages were refused",
    ] {
        assert!(opened.stderr.contains(why), "{why}: {opened:?}");
    }

    std::fs::remove_file(scratch.path("pump.state")).unwrap();
    let lines = scratch.run_with(&format!("{open} --json"), &input).exits(3).json_lines();
    let errors: Vec<&Value> = lines.iter().map(|line| &line["error"]).collect();
    let (none, authentic, bad, seen) =
        (&Value::Null, &json!("not_authentic"), &json!("bad_input"), &json!("replayed"));
    assert_eq!(errors, [none, authentic, bad, seen, bad, none, none]);
    let numbers: Vec<u64> = lines.iter().map(|line| line["line"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn lines_are_answered_as_they_come() {
    use std::io::{BufRead, BufReader, Write};

    let scratch = Scratch::with_journal();
    let mut seal = crate::support::spawn(
        &mut scratch.command("seal --journal pump.journal --id pump-7 --lines"),
    );
    let mut open = crate::support::spawn(
        &mut scratch.command("open --key pump.key --state pump.state --first-contact --lines"),
    );
    let (mut payloads, mut messages) = (seal.stdin.take().unwrap(), open.stdin.take().unwrap());
    let mut sealed = BufReader::new(seal.stdout.take().unwrap()).lines();
    let mut opened = BufReader::new(open.stdout.take().unwrap()).lines();
    for reading in ["one", "", "three"] {
        writeln!(payloads, "{reading}").unwrap();
        let message = sealed.next().unwrap().unwrap();
        writeln!(messages, "{message}").unwrap();
        assert_eq!(opened.next().unwrap().unwrap(), reading);
    }
    drop((payloads, messages));
    assert!(seal.wait().unwrap().success() && open.wait().unwrap().success());
}

#[test]
fn json_has_everything_of_a_message() {
    let scratch = Scratch::with_journal();
    let payload = b"\x00\xff\n\"payload\"";
    let message = seal_once(&scratch, payload);
    let inspected = scratch.run_with("inspect --json", &message).ok().json();
    let opened = open(&scratch, "--first-contact --json", &message).ok().json();
    let expected = json!({
        "device_id": "pump-7", "version": 1, "boot": 1, "salt": inspected["salt"], "counter": 0,
        "form": "long", "payload": BASE64.encode(payload),
    });
    assert_eq!(opened, expected);
    assert_eq!(inspected["salt"].as_str().unwrap().len(), 16);
}

#[test]
fn every_session_is_another_one() {
    let scratch = Scratch::with_journal();
    let session = |line: &str| {
        let message = scratch.run_with(line, "x").ok().stdout;
        let told = scratch.run_with("inspect --json", message).ok().json();
        (told["boot"].as_u64().unwrap(), told["salt"].clone())
    };
    let journal = "seal --journal pump.journal --id pump-7";
    for boot in 1..=3 {
        assert_eq!(session(journal).0, boot);
    }
    assert_eq!(session(&format!("{journal} --no-salt")), (4, Value::Null));
    let clock = "seal --clock --root root.key --id host";
    let (first, second) = (session(clock), session(clock));
    assert!(first.0 > 1_700_000_000_000, "Unix milliseconds");
    assert_ne!(first, second);
    assert!(first.1.is_string());
    let down = "seal --down --key pump.key --boot 4";
    let (first, second) = (session(down), session(down));
    assert_eq!((first.0, second.0), (4, 4));
    assert_ne!(first.1, second.1);
}

#[test]
fn a_refused_payload_uses_no_boot() {
    let scratch = Scratch::with_journal();
    let seal = "seal --journal pump.journal --id pump-7";
    scratch.run(&format!("{seal} absent")).exits(10);
    scratch.run(&format!("{seal} --out pump.key pump.key")).exits(9);
    scratch.run_with(&format!("{seal} --lines"), "").ok();
    let message = seal_once(&scratch, "x");
    assert_eq!(scratch.run_with("inspect --json", message).ok().json()["boot"], 1);
}

#[test]
fn downlinks_are_opened_by_the_device_in_its_boot() {
    let scratch = Scratch::with_journal();
    let up = seal_once(&scratch, "hello");
    open(&scratch, "--first-contact", &up).ok();
    let seal = "seal --down --key pump.key --state pump.state";
    let down = scratch.run_with(seal, "valve off").ok().stdout;
    let told = scratch.run_with("inspect --json", &down).ok().json();
    assert_eq!((&told["boot"], &told["device_id"]), (&json!(1), &json!("pump-7")));

    let device = "open --down --journal pump.journal --id pump-7";
    let opened = scratch.run_with(&format!("{device} --boot 1"), &down).ok();
    assert_eq!(opened.stdout, b"valve off");
    scratch.run_with(&format!("{device} --boot 2"), &down).refused(4, "authentic but old");
    // A message goes one way only.
    open(&scratch, "", &down).refused(3, "not authentic");
    scratch.run_with(&format!("{device} --boot 1"), &up).refused(3, "not authentic");

    let commands = scratch.run_with(&format!("{seal} --lines --compact"), "a\nb\nc\na").ok();
    let twice = [&commands.stdout[..], &commands.stdout[..]].concat();
    let replayed = scratch.run_with(&format!("{device} --boot 1 --lines"), twice).exits(4);
    assert_eq!(replayed.text(), "a\nb\nc\na\n");
}

#[test]
fn a_fifth_sender_in_one_boot_is_refused() {
    let scratch = Scratch::with_keys();
    let seal = "seal --down --key pump.key --boot 9 --encoding base64";
    let messages: Vec<Vec<u8>> = (0..5).map(|_| scratch.run_with(seal, "x").ok().stdout).collect();
    let line = "open --down --key pump.key --boot 9 --lines";
    let opened = scratch.run_with(line, messages.concat()).exits(6);
    assert_eq!(opened.text().lines().count(), 4);
    assert!(opened.stderr.contains("start the next boot"), "{opened:?}");
}

#[test]
fn a_short_message_needs_its_session() {
    let scratch = Scratch::with_journal();
    let seal = "seal --journal pump.journal --id pump-7 --lines --compact";
    let messages = scratch.run_with(seal, "one\ntwo").ok();
    let [one, two] = messages.text().lines().collect::<Vec<_>>()[..] else { panic!() };
    let first = "--first-contact --encoding base64";
    open(&scratch, first, two).refused(6, "open a long one of it first");
    assert!(!scratch.path("pump.state").exists(), "nothing was opened");
    open(&scratch, first, one).ok();
    assert_eq!(open(&scratch, "--encoding base64", two).ok().stdout, b"two");
}

#[test]
fn external_aad_has_to_be_the_same() {
    let scratch = Scratch::with_keys();
    let seal = |aad: &str| {
        let line = format!("seal --clock --key pump.key {aad}");
        scratch.run_with(&line, "x").ok().stdout
    };
    let first = "--first-contact";
    let message = seal("--aad topic/7");
    open(&scratch, first, &message).refused(3, "not authentic");
    open(&scratch, &format!("{first} --aad topic/8"), &message).refused(3, "not authentic");
    open(&scratch, &format!("{first} --aad hex:746f7069632f37"), &message).ok();
    let longest = "a".repeat(255);
    let message = seal(&format!("--aad {longest}"));
    open(&scratch, &format!("--aad {longest}"), &message).ok();
    let refused = scratch.run_with(&format!("seal --clock --key pump.key --aad {longest}a"), "x");
    refused.refused(7, "--aad up to 255");
}

#[test]
fn messages_are_read_and_written_in_every_encoding() {
    let scratch = Scratch::with_keys();
    for encoding in ["raw", "hex", "base64"] {
        let seal = format!("seal --clock --key pump.key --encoding {encoding}");
        let message = scratch.run_with(&seal, "payload").ok().stdout;
        let open = format!(
            "open --key pump.key --state {encoding}.state --first-contact --encoding {encoding}"
        );
        assert_eq!(scratch.run_with(&open, &message).ok().stdout, b"payload");
        let told = scratch.run_with(&format!("inspect --encoding {encoding}"), &message).ok();
        assert!(told.text().contains("device_id    pump-7"), "{told:?}");
    }
    let message = scratch.run_with("seal --clock --key pump.key --encoding hex", "x").ok();
    let other = scratch.run_with("inspect --encoding base64", &message.stdout[1..]);
    other.refused(7, "is not base64; --encoding says");
    let crlf = message.text().trim().to_uppercase() + "\r\n";
    scratch.run_with("inspect --encoding hex", crlf).ok();
}

#[test]
fn every_changed_bit_is_refused_and_nothing_comes_out() {
    let scratch = Scratch::with_journal();
    let message = seal_once(&scratch, "21.5 C");
    let lines: Vec<String> = (0..message.len() * 8)
        .map(|bit| {
            let mut changed = message.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            BASE64.encode(&changed)
        })
        .collect();
    let line = "open --key pump.key --state pump.state --first-contact --lines";
    let refused = scratch.run_with(line, lines.join("\n"));
    assert_eq!(refused.stdout, b"");
    assert_ne!(refused.code, Some(0));
    let total = format!("{0} of {0} messages were refused", lines.len());
    assert!(refused.stderr.contains(&total), "{refused:?}");
    assert!(!scratch.path("pump.state").exists());
    open(&scratch, "--first-contact", &message).ok();
}

#[test]
fn a_message_of_another_device_says_so() {
    let scratch = Scratch::with_keys();
    let message = scratch.run_with("seal --clock --root root.key --id pump-8", "x").ok().stdout;
    let why = "the message says it is of pump-8 version 1, and the key is of pump-7 version 1";
    open(&scratch, "--first-contact", &message).refused(5, why);
    let inspect = "inspect --cose-key --key pump.key --show";
    scratch.run_with(inspect, &message).refused(5, why);
}

#[test]
fn inspect_needs_no_key_and_says_what_is_there() {
    let scratch = Scratch::with_journal();
    let seal = "seal --journal pump.journal --id pump-7 --lines --compact --no-salt";
    let messages = scratch.run_with(seal, "one\nthree").ok();
    let [long, short] = messages.text().lines().collect::<Vec<_>>()[..] else { panic!() };
    let told = scratch.run_with("inspect --encoding base64 --json", long).ok().json();
    let expected = json!({
        "form": "long", "device_id": "pump-7", "version": 1, "boot": 1, "salt": null,
        "counter": 0, "payload_len": 3,
    });
    assert_eq!(told, expected);
    let told = scratch.run_with("inspect --encoding base64 --json", short).ok().json();
    let expected = json!({
        "form": "compact", "version_mod_64": 1, "boot_mod_256": 1, "counter_mod_65536": 1,
        "payload_len": 5,
    });
    assert_eq!(told, expected);
    let told = scratch.run_with("inspect --encoding base64", long).ok();
    let text = "form         long\ndevice_id    pump-7\nversion      1\nboot         1\n\
                salt         none\ncounter      0\npayload_len  3\n";
    assert_eq!(told.text(), text);
    scratch.run_with("inspect", "no message").refused(7, "are no sealed message");
    scratch.run_with("inspect", [0xd0; 40]).refused(7, "are no sealed message\n");
    scratch.run_with("inspect", long).refused(7, "this is text: --encoding reads such");
    let rewrite = "inspect --encoding base64 --full-iv";
    scratch.run_with(rewrite, short).refused(6, "a short message has no IV to rewrite");
    let key = "inspect --encoding base64 --cose-key --key pump.key --show";
    scratch.run_with(key, short).refused(6, "does not say its session");
    let rewritten = scratch.run_with("inspect --encoding base64 --full-iv", long).ok();
    let rewritten = BASE64.decode(rewritten.text().trim().as_bytes()).unwrap();
    let iv = HEXLOWER.decode(b"054c636b31000000000000000000").unwrap();
    assert!(rewritten.windows(iv.len()).any(|it| it == iv), "label 5 and the full IV");
}
