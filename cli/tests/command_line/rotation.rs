//! Rotation: offers are made and accepted, and the old key goes.

use serde_json::json;

use crate::support::Scratch;

const OFFER: &str = "rotate offer --root root.key --id pump-7";
const ACCEPT: &str = "rotate accept --journal pump.journal --id pump-7";

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// The 32 bytes of a key file's key.
fn key_bytes(scratch: &Scratch, name: &str) -> Vec<u8> {
    let text = String::from_utf8(scratch.read(name)).unwrap();
    let secret = text.lines().find_map(|line| line.strip_prefix("secret ")).unwrap();
    data_encoding::HEXLOWER.decode(secret.as_bytes()).unwrap()
}

#[test]
fn a_device_follows_to_the_next_key_and_erases_the_old_one() {
    let scratch = Scratch::with_journal();
    scratch.run("key derive --root root.key --id pump-7 --version 2 --out next.key").ok();
    let (old, new) = (key_bytes(&scratch, "pump.key"), key_bytes(&scratch, "next.key"));
    assert!(contains(&scratch.read("pump.journal"), &old));
    let offer = scratch.run(OFFER).ok().stdout;
    assert_eq!(offer.len(), 48);
    // An offer reaches the device sealed, too.
    let sealed = scratch.run_with("seal --down --key pump.key --boot 0", &offer).ok().stdout;
    let opened = scratch.run_with("open --down --key pump.key --boot 0", sealed).ok().stdout;

    let accepted = scratch.run_with(&format!("{ACCEPT} --json"), opened).ok().json();
    let check = scratch.run("key check --key next.key").ok().text().trim().to_owned();
    let expected = json!({
        "accepted": true, "device_id": "pump-7", "version": 2, "check_value": check,
    });
    assert_eq!(accepted, expected);
    assert!(contains(&scratch.read("pump.journal"), &new));
    assert!(!contains(&scratch.read("pump.journal"), &old), "the old key is still there");

    let message = scratch.run_with("seal --journal pump.journal --id pump-7", "ack").ok().stdout;
    let open = "open --state state --first-contact --root root.key --id pump-7";
    scratch.run_with(open, &message).refused(5, "pump-7 version 2, and the key is of");
    assert_eq!(scratch.run_with(&format!("{open} --version 2"), &message).ok().stdout, b"ack");

    let again = scratch.run_with(&format!("{ACCEPT} --json"), &offer).ok().json();
    assert_eq!((&again["accepted"], &again["version"]), (&json!(false), &json!(2)));
}

#[test]
fn an_offer_is_the_same_however_it_is_made() {
    let scratch = Scratch::with_keys();
    scratch.run("key derive --root root.key --id pump-7 --version 2 --out next.key").ok();
    let offer = scratch.run(OFFER).ok().stdout;
    for other in [
        &format!("{OFFER} --to 2"),
        "rotate offer --key pump.key --next-key next.key",
        "rotate offer --key pump.key --next-root root.key",
    ] {
        assert_eq!(scratch.run(other).ok().stdout, offer, "{other}");
    }
    scratch.run("root new --out root2.key").ok();
    let to_root = scratch.run(&format!("{OFFER} --next-root root2.key")).ok().stdout;
    let next = scratch.run_with("rotate accept --key pump.key --out moved.key", to_root);
    next.ok();
    let derived = "key derive --root root2.key --id pump-7 --version 2 --show";
    assert_eq!(scratch.run(derived).ok().stdout, scratch.read("moved.key"));
}

#[test]
fn a_bad_offer_changes_nothing() {
    let scratch = Scratch::with_journal();
    let before = scratch.read("pump.journal");
    let offer = scratch.run(&format!("{OFFER} --to 5")).ok().stdout;
    let foreign = scratch.run("rotate offer --root root.key --id pump-8").ok().stdout;
    let mut bad: Vec<Vec<u8>> = (0..48)
        .map(|place| {
            let mut changed = offer.clone();
            changed[place] ^= if place < 7 { 0x80 } else { 2 };
            changed
        })
        .collect();
    bad.extend([foreign, vec![], offer[..47].to_vec(), [&offer[..], &[0]].concat()]);
    for offer in bad {
        let refused = scratch.run_with(ACCEPT, &offer);
        refused.refused(3, "the rotation offer is damaged or for another key");
        let refused = scratch.run_with("rotate accept --key pump.key --out next.key", &offer);
        refused.exits(3);
    }
    assert_eq!(scratch.read("pump.journal"), before);
    assert!(!scratch.path("next.key").exists());
}

#[test]
fn an_offer_to_the_same_or_an_earlier_version_is_not_made() {
    let scratch = Scratch::with_keys();
    scratch.run(&format!("{OFFER} --version 3 --to 3")).refused(2, "a higher version");
    scratch.run(&format!("{OFFER} --version 3 --to 2")).refused(2, "a higher version");
    scratch.run("key derive --root root.key --id pump-8 --version 2 --out other.key").ok();
    let other = "rotate offer --key pump.key --next-key other.key";
    scratch.run(other).refused(2, "an offer goes to the same device");
    scratch.run("rotate offer --key pump.key").refused(2, "--next-key FILE, or --next-root");
    let last = format!("{OFFER} --version 9007199254740991");
    scratch.run(&last).refused(7, "the next version");
}

#[test]
fn a_device_without_a_journal_gets_a_file() {
    let scratch = Scratch::with_keys();
    let offer = scratch.run(&format!("{OFFER} --encoding base64")).ok().stdout;
    let accept = "rotate accept --key pump.key --encoding base64";
    scratch.run_with(accept, &offer).refused(2, "say where the next key goes");
    scratch.run_with(&format!("{accept} --out next.key"), &offer).ok();
    assert_eq!(scratch.mode("next.key"), 0o600);
    let derived = scratch.run("key derive --root root.key --id pump-7 --version 2 --show").ok();
    assert_eq!(scratch.read("next.key"), derived.stdout);
    scratch.run_with(&format!("{accept} --out next.key"), &offer).refused(9, "exists");
    let late = "rotate accept --key next.key --encoding base64 --out later.key --json";
    assert_eq!(scratch.run_with(late, &offer).ok().json()["accepted"], false);
    assert!(!scratch.path("later.key").exists());
}

#[test]
fn a_journal_that_cannot_be_written_is_named_and_keeps_its_key() {
    let scratch = Scratch::with_journal();
    scratch.shell("corekey rotate offer --root root.key --id pump-7 > offer").ok();
    // A limit on the length of files stands for a disk that is full.
    let full = format!("trap '' XFSZ; ulimit -f 0; exec corekey {ACCEPT} offer");
    scratch.shell(&full).refused(10, "corekey: pump.journal: the storage");
    let shown = scratch.run("journal show --journal pump.journal --json").ok().json();
    assert_eq!(shown["version"], 1);
    scratch.run(&format!("{ACCEPT} offer")).ok();
    scratch.write("offer", [7; 48]);
    scratch.run(&format!("{ACCEPT} offer")).refused(3, "corekey: offer: the rotation offer");
}
