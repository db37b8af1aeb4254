//! The exit codes, and that what fails gives no secret away.

use data_encoding::{BASE64, HEXLOWER};

use crate::support::{Ended, Scratch};

#[test]
fn wrong_command_lines_say_what_is_missing() {
    let scratch = Scratch::with_journal();
    for (line, why) in [
        ("", "Usage: corekey <COMMAND>"),
        ("seel", "similar subcommands exist: 'selftest', 'speed', 'seal'"),
        ("root", "Usage: corekey root <COMMAND>"),
        ("root new", "--out <FILE>"),
        ("root id --root", "a value is required for '--root <FILE>'"),
        ("key derive --root root.key", "--id <ID>"),
        ("key derive --root root.key --id a", "say where the key goes: --out FILE"),
        ("key derive --root root.key --id a --show --out b", "cannot be used with"),
        ("key derive --root root.key --id a --out - --json", "add --out FILE or --wrapped"),
        ("key check", "no key is named: --key FILE"),
        ("key check --root root.key", "--root needs --id"),
        ("key check --key pump.key --root root.key", "cannot be used with"),
        ("key check --key pump.key --id a", "cannot be used with"),
        ("key import --id a", "say where the secret goes"),
        ("seal", "name what to seal with: --journal FILE --id ID"),
        ("seal --key pump.key", "--journal FILE counts boots"),
        ("seal --journal pump.journal", "--journal needs --id"),
        ("seal --down --key pump.key", "--state FILE has it, --boot N says it"),
        ("seal --down --clock --key pump.key --boot 1", "cannot be used with"),
        ("seal --clock --key pump.key --compact", "--lines"),
        ("seal --clock --key pump.key --lines --encoding raw", "lines are text"),
        ("seal --key pump.key --boot 1", "--down"),
        ("seal --down --key pump.key --boot 281474976710656", "a boot number is 0 to"),
        ("open --key pump.key", "--state FILE is needed"),
        ("open --state a --first-contact", "no key is named"),
        ("open --key pump.key --down", "--boot <N>"),
        ("open --key pump.key --down --boot 1 --state a", "cannot be used with"),
        ("inspect --key pump.key pump.key", "only with --cose-key"),
        ("inspect --cose-key pump.key", "say where the secret goes"),
        ("inspect --cose-key --full-iv pump.key", "cannot be used with"),
        ("rotate accept --key pump.key", "say where the next key goes"),
        ("rotate accept --journal pump.journal", "--journal needs --id"),
        ("wrap", "--kek <FILE>"),
        ("wrap --kek kek --algorithm aes-cbc", "possible values: aes-kw, aes-kwp"),
        ("speed --millis 0", "0 is not in 1..=60000"),
        ("completions tcsh", "possible values"),
        ("man key derivee", "there is no command \"derivee\""),
        ("root id --root ", "a value is required"),
    ] {
        scratch.run_with(line, "corekey").refused(2, why);
    }
    // Nothing that is said is passed over.
    for line in [
        "key check --key pump.key --fleet f",
        "key check --key pump.key --version 2",
        "seal --clock --key pump.key --no-salt",
        "seal --clock --key pump.key --boot 1",
        "seal --clock --key pump.key --state state",
        "seal --clock --key pump.key --compact --out new",
        "seal --journal pump.journal --id pump-7 --version 2",
        "seal --journal pump.journal --id pump-7 --fleet f",
        "seal --journal pump.journal --id pump-7 --clock",
        "seal --journal pump.journal --id pump-7 --boot 1",
        "seal --journal pump.journal --id pump-7 --state state",
        "seal --down --key pump.key --boot 1 --no-salt",
        "open --key pump.key --down --boot 1 --first-contact",
        "open --key pump.key --state state --boot 1",
        "open --journal pump.journal --id pump-7 --state state",
        "open --down --boot 1 --journal pump.journal --id pump-7 --version 2",
        "inspect --json --down",
        "inspect --full-iv --down",
        "inspect --full-iv --json",
        "rotate accept --journal pump.journal --id pump-7 --version 2",
        "rotate accept --journal pump.journal --id pump-7 --out new",
        "rotate offer --root root.key --id pump-7 --to 2 --next-key pump.key",
    ] {
        scratch.run_with(line, "corekey").refused(2, "cannot be used with");
    }
    let key = scratch.read("pump.key");
    let twice = scratch.run_with("open --key - --down --boot 1", key);
    twice.refused(2, "can stand for one file only");
    // An empty name is no file.
    scratch.shell("corekey root id --root ''").refused(2, "a file has a name");
}

#[test]
fn every_secret_stays_out_of_what_failing_commands_print() {
    let scratch = Scratch::with_journal();
    let payload = "the payload of a message, which is secret";
    scratch.write("payload", payload);
    scratch.write_secret("kek", [0x4b; 32]);
    scratch.run("seal --journal pump.journal --id pump-7 --out message payload").ok();
    scratch.run("open --key pump.key --state state --first-contact --out opened message").ok();
    scratch.run("seal --clock --root root.key --id pump-8 --out foreign payload").ok();
    let key = String::from_utf8(scratch.read("pump.key")).unwrap();
    let root = String::from_utf8(scratch.read("root.key")).unwrap();
    scratch.write_secret("cut.key", &key[..key.len() - 2]);
    scratch.write_secret("cut.root", &root[..root.len() - 2]);
    scratch.write_secret("untitled", root.replace("corekey root 1\n", ""));
    scratch.shell("cp pump.key loose.key; chmod 644 loose.key").ok();

    let mut secrets = vec![payload.as_bytes().to_vec(), BASE64.encode(payload.as_bytes()).into()];
    for text in [&key, &root] {
        let hex = text.lines().find_map(|line| line.strip_prefix("secret ")).unwrap();
        let bytes = HEXLOWER.decode(hex.as_bytes()).unwrap();
        secrets.extend([hex[..62].into(), BASE64.encode(&bytes).into(), bytes]);
    }
    secrets.push(vec![0x4b; 32]);

    let failing = [
        "root id --root cut.root",
        "root id --root untitled",
        "root id --root pump.key",
        "root fleet --root root.key --fleet f --out root.key",
        "key check --key cut.key",
        "key check --key root.key",
        "key check --key loose.key",
        "key check --key pump.key --expect 00000000",
        "key derive --root root.key --id a --out pump.key",
        "key import --id a --out new root.key",
        "key from-row --root root.key --id a --out new pump.key",
        "journal show --journal pump.key",
        "journal new --key pump.key --out pump.journal",
        "seal --journal pump.journal --id pump-7 --out message payload",
        "seal --journal pump.key --id pump-7 payload",
        "open --key pump.key --state state message",
        "open --key pump.key --state state foreign",
        "open --key pump.key --state state payload",
        "open --key pump.key --state state pump.key",
        "open --key pump.key --state state --encoding hex pump.key",
        "open --key pump.key --state state --lines pump.key",
        "open --key pump.key --state state --lines --json payload",
        "open --key pump.key --state pump.key message",
        "inspect --encoding hex pump.key",
        "inspect --encoding base64 pump.key",
        "inspect --cose-key --key pump.key --out pump.key message",
        "rotate accept --journal pump.journal --id pump-7 pump.key",
        "rotate accept --key pump.key --out new payload",
        "rotate offer --key pump.key --next-key pump.key",
        "wrap --kek pump.key payload",
        "wrap --kek kek payload",
        "unwrap --kek kek --show pump.key",
    ];
    for line in failing {
        let ended = scratch.run(line);
        assert_ne!(ended.code, Some(0), "{ended:?}");
        for secret in &secrets {
            for output in [&ended.stdout[..], ended.stderr.as_bytes()] {
                let told = output.windows(secret.len()).any(|window| window == &secret[..]);
                assert!(!told, "corekey {line} tells a secret: {ended:?}");
            }
        }
    }
}

/// What a script that reads the code relies on. Codes of other kinds of failure
/// are asserted where those are tested.
#[test]
fn each_exit_code_has_its_cause() {
    let scratch = Scratch::with_journal();
    let run = |line: &str| scratch.run_with(line, "x");
    let code = |ended: &Ended| ended.code.unwrap();
    run("seal --journal pump.journal --id pump-7 --out message").ok();
    run("open --key pump.key --state state --first-contact message").ok();
    run("seal --clock --root root.key --id pump-8 --out foreign").ok();
    scratch.shell("cp pump.key loose.key; chmod 640 loose.key").ok();
    let codes = [
        (0, run("selftest")),
        (2, run("seal")),
        (3, run("key check --key pump.key --expect 00000000")),
        (4, run("open --key pump.key --state state message")),
        (5, run("open --key pump.key --state state foreign")),
        (6, run("open --key pump.key --state absent message")),
        (7, run("inspect")),
        (8, run("key check --key loose.key")),
        (9, run("root new --out root.key")),
        (10, run("key check --key absent")),
    ];
    for (expected, ended) in codes {
        assert_eq!(code(&ended), expected, "{ended:?}");
    }
}

#[test]
fn a_full_standard_error_changes_no_exit_code() {
    let scratch = Scratch::with_journal();
    scratch.shell("exec corekey key check --key absent 2> /dev/full").exits(10);
    let seal = "seal --journal pump.journal --id pump-7 --lines";
    let message = scratch.run_with(seal, "reading").ok();
    scratch.write("messages", format!("no message\n{}", message.text()));
    let open = "open --key pump.key --state state --first-contact --lines messages";
    let ended = scratch.shell(&format!("exec corekey {open} 2> /dev/full")).exits(7);
    assert_eq!(ended.stdout, b"reading\n");
}
