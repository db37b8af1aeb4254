//! Roots and device keys: what follows from what, as `docs/derivation.md` says.

use data_encoding::{BASE64, HEXLOWER};
use serde_json::{Value, json};

use crate::support::Scratch;

/// The secret of a root or key file.
fn secret(text: &[u8]) -> String {
    let text = std::str::from_utf8(text).expect("it is text");
    let line = text.lines().find_map(|line| line.strip_prefix("secret "));
    line.expect("a secret").to_owned()
}

fn vectors() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/vectors/derivation.json");
    let text = std::fs::read_to_string(path).expect("the vectors are there");
    serde_json::from_str(&text).expect("the vectors are JSON")
}

/// A root file from its parts. Its id is that of a run that complains of none.
fn write_root(scratch: &Scratch, name: &str, secret: &str, id: &str) {
    scratch.write_secret(name, format!("corekey root 1\nid {id}\nsecret {secret}\n"));
}

#[test]
fn the_vectors_of_the_specification_are_derived() {
    let scratch = Scratch::new();
    let vectors = vectors();
    let text = |case: &Value, member: &str| case[member].as_str().expect("text").to_owned();
    let mut seen = 0;
    for (number, case) in vectors["roots"].as_array().expect("roots").iter().enumerate() {
        let name = format!("root-{number}");
        write_root(&scratch, &name, &text(case, "root"), &text(case, "root_id"));
        let id = scratch.run(&format!("root id --root {name}")).ok();
        assert_eq!(id.text().trim(), text(case, "root_id"));
        seen += 1;
    }
    assert!(seen > 0, "no root was seen");
    seen = 0;
    for case in vectors["device_keys"].as_array().expect("device keys") {
        let (root, id, version) = (text(case, "root"), text(case, "device_id"), &case["version"]);
        let number = vectors["roots"]
            .as_array()
            .and_then(|roots| roots.iter().position(|it| it["root"] == root.as_str()))
            .expect("a known root");
        let name = format!("--root root-{number} --id hex:{id} --version {version}");
        let key = scratch.run(&format!("key derive {name} --show")).ok();
        assert_eq!(secret(&key.stdout), text(case, "device_key"), "{case}");
        let check = scratch.run(&format!("key check {name}")).ok();
        assert_eq!(check.text().trim(), text(case, "key_check_value"), "{case}");
        let row = scratch.run(&format!("key derive {name} --wrapped")).ok();
        let row = BASE64.decode(row.text().trim().as_bytes()).expect("base64");
        assert_eq!(HEXLOWER.encode(&row), text(case, "encrypted_key"), "{case}");
        seen += 1;
    }
    assert!(seen > 0, "no device key was seen");
}

#[test]
fn the_vectors_of_fleets_imports_and_applications_are_derived() {
    let scratch = Scratch::new();
    let vectors = vectors();
    let cases = |list: &str| vectors[list].as_array().expect("a list").clone();
    let text = |case: &Value, member: &str| case[member].as_str().expect("text").to_owned();
    let root_ids: Vec<(String, String)> =
        cases("roots").iter().map(|it| (text(it, "root"), text(it, "root_id"))).collect();
    for (root, id) in &root_ids {
        write_root(&scratch, root, root, id);
    }
    let bytes = |hex: &str| HEXLOWER.decode(hex.as_bytes()).expect("hexadecimal");
    let (fleets, imports, applications) =
        (cases("fleets"), cases("imports"), cases("applications"));
    assert!(!fleets.is_empty() && !imports.is_empty() && !applications.is_empty());
    for case in fleets {
        let of = format!("--root {} --fleet hex:{}", text(&case, "root"), text(&case, "fleet_id"));
        let fleet = scratch.run(&format!("root fleet {of} --show")).ok();
        assert_eq!(secret(&fleet.stdout), text(&case, "fleet_root"), "{case}");
        let id = scratch.run(&format!("root id {of}")).ok();
        assert_eq!(id.text().trim(), text(&case, "fleet_root_id"), "{case}");
    }
    for case in imports {
        let name = format!("--id hex:{} --version {}", text(&case, "device_id"), case["version"]);
        let imported = bytes(&text(&case, "imported"));
        let key = scratch.run_with(&format!("key import {name} --show"), imported).ok();
        assert_eq!(secret(&key.stdout), text(&case, "device_key"), "{case}");
    }
    for case in applications {
        // Its check value is what a run finds, as for a key that was typed in.
        let key = text(&case, "device_key");
        let of = vectors["device_keys"].as_array().expect("a list").iter();
        let Some(known) = of.clone().find(|it| it["device_key"] == key.as_str()) else { continue };
        let check = text(known, "key_check_value");
        let file = format!("corekey device-key 1\nid a\nversion 1\ncheck {check}\nsecret {key}\n");
        for (purpose, member) in [("wrap", "wrapping_key"), ("auth", "authentication_key")] {
            let context = text(&case, "context");
            let line =
                format!("key app --key - --purpose {purpose} --context hex:{context} --show");
            let derived = scratch.run_with(&line, &file).ok().stdout;
            assert_eq!(HEXLOWER.encode(&derived), text(&case, member), "{case}");
        }
    }
}

#[test]
fn two_roots_differ_and_each_reads_back() {
    let scratch = Scratch::new();
    let first = scratch.run("root new --out one.key --json").ok().json();
    let second = scratch.run("root new --out two.key --json").ok().json();
    assert_ne!(first["root_id"], second["root_id"]);
    assert_ne!(secret(&scratch.read("one.key")), secret(&scratch.read("two.key")));
    let read = scratch.run("root id --root one.key --json").ok().json();
    assert_eq!(read, json!({ "root_id": first["root_id"] }));
}

#[test]
fn a_fleet_root_gives_the_keys_that_the_root_gives_for_the_fleet() {
    let scratch = Scratch::with_keys();
    scratch.run("root fleet --root root.key --fleet hex:00ff --out fleet.key").ok();
    let of_root = scratch.run("root id --root root.key --fleet hex:00ff").ok();
    assert_eq!(scratch.run("root id --root fleet.key").ok().stdout, of_root.stdout);
    let show = |from: &str| scratch.run(&format!("key derive {from} --id a --show")).ok().stdout;
    assert_eq!(show("--root fleet.key"), show("--root root.key --fleet hex:00ff"));
    assert_ne!(show("--root fleet.key"), show("--root root.key"));
    scratch.run("root fleet --root root.key --fleet hex: --show").exits(7);
}

#[test]
fn one_key_comes_by_every_way() {
    let scratch = Scratch::with_keys();
    let key = scratch.read("pump.key");
    let derive = "key derive --root root.key --id pump-7";
    assert_eq!(scratch.run(&format!("{derive} --show")).ok().stdout, key);
    assert_eq!(scratch.run(&format!("{derive} --out -")).ok().stdout, key);
    let root = scratch.read("root.key");
    let piped = "key derive --root - --id hex:70756d702d37 --show";
    assert_eq!(scratch.run_with(piped, root).ok().stdout, key);

    let row = scratch.run(&format!("{derive} --wrapped")).ok().stdout;
    let again = "key from-row --root root.key --id pump-7 --show";
    assert_eq!(scratch.run_with(again, &row).ok().stdout, key);
    for other in ["--id pump-8", "--id pump-7 --version 2", "--id pump-7 --fleet f"] {
        let line = format!("key from-row --root root.key {other} --show");
        scratch.run_with(&line, &row).refused(3, "this row is not of pump-");
    }
    for text in [&b""[..], b"AAAA", b"not base64", &row[1..]] {
        scratch.run_with(again, text).refused(7, "40 bytes in base64");
    }
}

#[test]
fn what_is_reported_is_public() {
    let scratch = Scratch::with_keys();
    let key = secret(&scratch.read("pump.key"));
    let check = scratch.run("key check --key pump.key").ok().text().trim().to_owned();
    let report = scratch.run("key derive --root root.key --id pump-7 --json --out again.key").ok();
    assert!(!report.text().contains(&key));
    let root_id = scratch.run("root id --root root.key").ok().text().trim().to_owned();
    let expected = json!({
        "device_id": "pump-7", "version": 1, "check_value": check, "root_id": root_id,
    });
    assert_eq!(report.json(), expected);
    let row = scratch.run("key derive --root root.key --id pump-7 --wrapped --json").ok().json();
    assert_eq!(BASE64.decode(row["encrypted_key"].as_str().unwrap().as_bytes()).unwrap().len(), 40);
}

#[test]
fn a_check_value_tells_another_key() {
    let scratch = Scratch::with_keys();
    let check = scratch.run("key check --key pump.key").ok().text().trim().to_owned();
    assert_eq!(check.len(), 8);
    scratch.run(&format!("key check --key pump.key --expect {check}")).ok();
    scratch.run(&format!("key check --key pump.key --expect {}", check.to_uppercase())).ok();
    let other = "key check --root root.key --id pump-8 --expect";
    scratch.run(&format!("{other} {check}")).refused(3, "this is another key");
    let report = scratch.run("key check --key pump.key --json").ok().json();
    assert_eq!(report, json!({ "device_id": "pump-7", "version": 1, "check_value": check }));
}

#[test]
fn imported_keys_are_told_apart_by_id_and_version() {
    let scratch = Scratch::new();
    let import =
        |name: &str, bytes: &[u8]| scratch.run_with(&format!("key import {name} --show"), bytes);
    let key = import("--id meter", &[7; 16]).ok().stdout;
    assert_eq!(import("--id meter", &[7; 16]).ok().stdout, key);
    for other in [import("--id meter --version 2", &[7; 16]), import("--id meters", &[7; 16])] {
        assert_ne!(secret(&other.ok().stdout), secret(&key));
    }
    import("--id meter", &[7; 64]).ok();
    import("--id meter", &[7; 15]).refused(7, "has 15 bytes, and 16 to 64 are a key");
    import("--id meter", &[7; 65]).refused(7, "longer than 64 bytes");
}

#[test]
fn application_keys_are_told_apart_by_purpose_and_context() {
    let scratch = Scratch::with_keys();
    let app =
        |line: &str| scratch.run(&format!("key app --key pump.key --show {line}")).ok().stdout;
    let keys = [
        app("--purpose wrap"),
        app("--purpose auth"),
        app("--purpose wrap --context a"),
        app("--purpose auth --context a"),
        app("--purpose auth --context hex:00"),
    ];
    for (number, key) in keys.iter().enumerate() {
        assert_eq!(key.len(), 32);
        assert_eq!(keys.iter().position(|other| other == key), Some(number));
    }
    let long = "a".repeat(129);
    let refused =
        scratch.run(&format!("key app --key pump.key --purpose wrap --show --context {long}"));
    refused.refused(7, "--context has 0 to 128 bytes");
}

#[test]
fn ids_versions_and_numbers_out_of_range_are_usage_errors() {
    let scratch = Scratch::with_keys();
    let long = "a".repeat(129);
    for (arguments, why) in [
        ("--id hex:", "1 to 128 bytes"),
        (&format!("--id {long}"), "1 to 128 bytes"),
        ("--id hex:0", "hexadecimal digits"),
        ("--id hex:zz", "hexadecimal digits"),
        ("--id a --version 0", "a version is 1 to 9007199254740991"),
        ("--id a --version 9007199254740992", "a version is 1 to"),
        ("--id a --version two", "a version is a number"),
    ] {
        let line = format!("key derive --root root.key --show {arguments}");
        scratch.run(&line).refused(2, why);
    }
    let longest = format!("--id {} --version 9007199254740991", "a".repeat(128));
    scratch.run(&format!("key derive --root root.key --show {longest}")).ok();
}
