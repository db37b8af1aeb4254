//! Many devices at once give what one after the other gives: their keys from a
//! root, and the opening of their messages, each with its own result.
#![cfg(feature = "root")]

mod support;

use corekey::Error;
use corekey::cpu::{Cpu, Feature};
use corekey::device::batch::{Identified, Item, Known};
use corekey::device::message::{Direction, Form, Session};
use corekey::device::name::{DeviceId, Version};
use corekey::device::opener::{FIRST_CONTACT, Opener, STATE_LEN};
use corekey::device::root::{Root, RootKey};
use corekey::secret::Secret;

use support::{Draft, counted, id, key_of, salted, seal, sealer, secret, version};

/// With all that this CPU can do, and with less and less of it.
fn tiers() -> [Cpu; 4] {
    let all = Cpu::detect();
    let no_sha = all.without(Feature::Sha);
    [all, all.without(Feature::Avx512), no_sha, no_sha.without(Feature::Avx512)]
}

fn root_on(cpu: Cpu) -> RootKey {
    RootKey::new_on(cpu, &secret([0x21; 32]))
}

fn root() -> RootKey {
    root_on(Cpu::detect())
}

/// Ids of all lengths in no order, so that long ones stand between short ones.
fn ids(count: usize) -> Vec<Vec<u8>> {
    let len = |i: usize| if i % 5 == 3 { 1 + i * 53 % 128 } else { 1 + i * 17 % 38 };
    (0..count).map(|i| (0..len(i)).map(|j| (i * 3 + j) as u8).collect()).collect()
}

fn versions() -> impl Iterator<Item = Version> {
    [1, 2, 300, Version::MAX].into_iter().cycle().map(version)
}

fn names(ids: &[Vec<u8>]) -> Vec<(&[u8], Version)> {
    ids.iter().map(Vec::as_slice).zip(versions()).collect()
}

#[test]
fn keys_derived_at_once_are_those_derived_one_by_one() {
    for cpu in tiers() {
        for count in (0..=50).chain([100, 200]) {
            let ids = ids(count);
            let names = names(&ids);
            let mut keys: Vec<_> = (0..count).map(|_| Secret::zeros()).collect();
            root_on(cpu).device_keys(&names, &mut keys).unwrap();
            for ((device, version), key) in names.iter().zip(&keys) {
                let expected = root().device_key(&id(device), *version).unwrap();
                assert_eq!(key.expose(), expected.expose(), "{count} devices, {cpu:?}");
            }
        }
    }
}

#[test]
fn keys_of_all_lengths_of_ids_are_derived_at_once() {
    for cpu in tiers() {
        let ids: Vec<Vec<u8>> = (1..=DeviceId::MAX_LEN).map(|len| vec![7; len]).collect();
        let names = names(&ids);
        let mut keys: Vec<_> = ids.iter().map(|_| Secret::zeros()).collect();
        root_on(cpu).device_keys(&names, &mut keys).unwrap();
        for ((device, version), key) in names.iter().zip(&keys) {
            let expected = root().device_key(&id(device), *version).unwrap();
            assert_eq!(key.expose(), expected.expose(), "id of {} bytes, {cpu:?}", device.len());
        }
    }
}

#[test]
fn no_key_is_derived_if_one_device_cannot_be() {
    let ids = ids(40);
    for (broken, wrong) in [(0, vec![]), (17, vec![]), (39, vec![0; DeviceId::MAX_LEN + 1])] {
        let mut names = names(&ids);
        names[broken].0 = &wrong;
        let mut keys: Vec<_> = (0..40).map(|_| secret([0x5a; 32])).collect();
        assert_eq!(root().device_keys(&names, &mut keys), Err(Error::InvalidLength));
        assert!(keys.iter().all(|key| key.expose() == &[0x5a; 32]), "{broken}");
    }
    for (devices, count) in [(40, 39), (39, 40), (0, 1), (1, 0)] {
        let mut keys: Vec<_> = (0..count).map(|_| secret([0x5a; 32])).collect();
        let outcome = root().device_keys(&names(&ids)[..devices], &mut keys);
        assert_eq!(outcome, Err(Error::InvalidLength));
        assert!(keys.iter().all(|key| key.expose() == &[0x5a; 32]));
    }
}

/// The message number `counter` of a device of the root.
fn message(
    (device, version): (&[u8], Version),
    session: Session,
    counter: u32,
    form: Form,
    aad: &[u8],
) -> Vec<u8> {
    let key = root().device_key(&id(device), version).unwrap();
    let payload = format!("reading {counter} of {}", device.len());
    let payload = payload.as_bytes();
    let draft = Draft { key: &key, direction: Direction::Up, session, counter, aad, payload };
    match form {
        Form::Long => draft.long(),
        Form::Compact => draft.compact(),
    }
}

fn session_of(i: usize) -> Session {
    if i.is_multiple_of(3) { salted(i as u64, i as u8) } else { counted(i as u64 + 5) }
}

#[test]
fn messages_of_many_devices_are_opened_and_identified() {
    for cpu in tiers() {
        let root = root_on(cpu);
        for count in (0..=35).chain([100]) {
            let ids = ids(count);
            let names = names(&ids);
            let messages: Vec<_> = (0..count)
                .map(|i| message(names[i], session_of(i), i as u32 * 70_000, Form::Long, b"at"))
                .collect();
            let mut outs = vec![[0x5a; 64]; count];
            let mut items: Vec<_> = messages
                .iter()
                .zip(&mut outs)
                .map(|(message, out)| Item::new(message, out).with_external_aad(b"at"))
                .collect();
            root.open_batch(&mut items);
            for (i, item) in items.iter().enumerate() {
                let Identified { id, opened, .. } = item.result().unwrap();
                assert_eq!((id, opened.version), names[i]);
                assert_eq!((opened.session, opened.form), (session_of(i), Form::Long));
                assert_eq!(opened.counter, i as u32 * 70_000);
                let payload = format!("reading {} of {}", opened.counter, id.len());
                assert_eq!(item.payload(), payload.as_bytes(), "{i} of {count}, {cpu:?}");
            }
            drop(items);
            let behind = |out: &[u8; 64]| out.iter().rev().take_while(|b| **b == 0x5a).count();
            assert!(outs.iter().all(|out| behind(out) >= 30), "bytes behind a payload are kept");
        }
    }
}

/// Every kind of refusal, between messages that are opened.
#[test]
fn a_message_that_is_refused_does_not_touch_the_others() {
    let ids = ids(36);
    let names = names(&ids);
    let mut messages: Vec<_> =
        (0..36).map(|i| message(names[i], session_of(i), 3, Form::Long, b"")).collect();
    let other_root = RootKey::new(&secret([0x22; 32]));
    let foreign = other_root.device_key(&id(names[5].0), names[5].1).unwrap();
    messages[5] = seal(&mut sealer(&foreign, Direction::Up, &counted(0)), Form::Long, b"", b"hi");
    let tag = messages[9].len() - 1;
    messages[9][tag] ^= 1;
    messages[14].truncate(12);
    messages[20] = message(names[20], session_of(20), 3, Form::Compact, b"");
    messages[21] = vec![];
    messages[33] = message(names[33], session_of(33), 3, Form::Long, b"other AAD");
    let expected = |i| match i {
        5 | 9 | 33 => Err(Error::Forged),
        14 | 21 => Err(Error::Malformed),
        20 => Err(Error::NeedLong),
        27 => Err(Error::BufferTooSmall { needed: 14 + usize::from(names[27].0.len() > 9) }),
        28 => Err(Error::InvalidLength),
        _ => Ok(()),
    };
    for cpu in tiers() {
        let mut outs = vec![[0x5a; 40]; 36];
        let long_aad = [0; 256];
        let mut items: Vec<_> = messages
            .iter()
            .zip(&mut outs)
            .enumerate()
            .map(|(i, (message, out))| match i {
                27 => Item::new(message, &mut out[..10]),
                28 => Item::new(message, out).with_external_aad(&long_aad),
                _ => Item::new(message, out),
            })
            .collect();
        root_on(cpu).open_batch(&mut items);
        for (i, item) in items.iter().enumerate() {
            assert_eq!(item.result().map(|_| ()), expected(i), "{i}, {cpu:?}");
        }
        drop(items);
        for i in [14, 20, 21, 27, 28] {
            assert_eq!(outs[i], [0x5a; 40], "{i}: nothing may be written");
        }
        for i in [5, 9, 33] {
            assert!(outs[i].starts_with(&[0, 0]) && outs[i].ends_with(&[0x5a; 20]), "{i}");
            assert!(outs[i].iter().all(|byte| [0, 0x5a].contains(byte)), "{i}");
        }
    }
}

/// Whatever an opener says of a message, a batch with the same state says, and
/// leaves the same state.
#[test]
fn a_known_sender_is_judged_as_by_an_opener() {
    let device = b"pump-station-7";
    let name = (&device[..], version(1));
    let up = |session, counter, form| message(name, session, counter, form, b"");
    let mut tampered = up(counted(9), 50, Form::Compact);
    tampered[6] ^= 0x80;
    let script = [
        up(counted(7), 5, Form::Compact),
        up(counted(7), 4, Form::Long),
        up(counted(7), 5, Form::Compact),
        up(counted(7), 5, Form::Compact),
        up(counted(7), 4, Form::Long),
        up(counted(6), 9, Form::Long),
        up(counted(9), 0, Form::Compact),
        up(counted(7), 6, Form::Compact),
        up(salted(9, 1), 0, Form::Long),
        tampered,
        up(counted(9), 40, Form::Compact),
        up(counted(9), 200, Form::Long),
        up(counted(9), 100, Form::Compact),
        message((device, version(2)), counted(9), 201, Form::Long, b""),
        message((device, version(2)), counted(9), 201, Form::Compact, b""),
        message((b"pump-station-8", version(1)), counted(9), 201, Form::Long, b""),
        up(salted(10, 3), 0, Form::Long),
        up(salted(10, 3), 1, Form::Compact),
        up(counted(11), 0, Form::Compact),
        b"\x40".to_vec(),
    ];
    let root = root();
    let mut opener = Opener::first_contact(root.device_key(&id(device), version(1)).unwrap());
    let mut state = FIRST_CONTACT;
    assert_eq!(opener.save(), FIRST_CONTACT);
    let mut seen = vec![];
    for (i, message) in script.iter().enumerate() {
        let (mut expected_out, mut out) = ([0x5a; 40], [0x5a; 40]);
        let expected = opener.open(b"", message, &mut expected_out);
        let known = Known { id: device, version: version(1), state: &mut state };
        let mut items = [Item::new(message, &mut out).from_known(known)];
        root.open_batch(&mut items);
        let result = items[0].result();
        assert_eq!(result.map(|identified| identified.opened), expected, "{i}");
        assert!(result.is_err() || result.unwrap().id == device);
        assert_eq!(out, expected_out, "{i}");
        assert_eq!(state, opener.save(), "{i}");
        if !seen.contains(&expected.err()) {
            seen.push(expected.err());
        }
    }
    let all = [Error::NeedLong, Error::Replay, Error::Stale, Error::Forged, Error::OtherKey];
    assert!(all.iter().all(|error| seen.contains(&Some(*error))), "{seen:?}");
    assert!(seen.contains(&Some(Error::Malformed)) && seen.contains(&None), "{seen:?}");
}

#[test]
fn many_known_senders_are_opened_at_once() {
    let ids = ids(40);
    let names = names(&ids);
    for cpu in tiers() {
        let root = root_on(cpu);
        let mut states = vec![FIRST_CONTACT; 40];
        for (counter, form) in [(0, Form::Long), (1, Form::Compact), (64, Form::Long)] {
            let messages: Vec<_> =
                (0..40).map(|i| message(names[i], session_of(i), counter, form, b"")).collect();
            for expected in [Ok(counter), Err(Error::Replay)] {
                let mut outs = vec![[0; 40]; 40];
                let mut items: Vec<_> = messages
                    .iter()
                    .zip(&mut outs)
                    .zip(&mut states)
                    .zip(&names)
                    .map(|(((message, out), state), &(id, version))| {
                        Item::new(message, out).from_known(Known { id, version, state })
                    })
                    .collect();
                root.open_batch(&mut items);
                for item in &items {
                    assert_eq!(item.result().map(|i| i.opened.counter), expected, "{cpu:?}");
                }
            }
        }
    }
}

#[test]
fn a_damaged_state_or_an_id_that_is_none_opens_nothing() {
    let name = (&b"pump-station-7"[..], version(1));
    let long = message(name, counted(1), 0, Form::Long, b"");
    let compact = message(name, counted(1), 1, Form::Compact, b"");
    let mut damaged = FIRST_CONTACT;
    damaged[2] ^= 1;
    type Case<'a> = (&'a [u8], &'a [u8], [u8; STATE_LEN], Error);
    let cases: [Case<'_>; 5] = [
        (&long, name.0, damaged, Error::InvalidState),
        (&compact, name.0, damaged, Error::InvalidState),
        (&long, name.0, [0; STATE_LEN], Error::InvalidState),
        (&compact, b"", FIRST_CONTACT, Error::InvalidLength),
        (&compact, &[1; 129], FIRST_CONTACT, Error::InvalidLength),
    ];
    for (i, (message, id, mut state, expected)) in cases.into_iter().enumerate() {
        let before = state;
        let mut out = [0x5a; 40];
        let known = Known { id, version: version(1), state: &mut state };
        let mut items = [Item::new(message, &mut out).from_known(known)];
        assert_eq!(items[0].result(), Err(Error::Malformed), "not opened yet");
        root().open_batch(&mut items);
        assert_eq!(items[0].result(), Err(expected), "{i}");
        assert_eq!(items[0].payload(), b"");
        assert_eq!((state, out), (before, [0x5a; 40]), "{i}");
    }
}

#[test]
fn items_show_their_result_and_no_payload() {
    let key = key_of(b"pump-station-7", 1);
    let message = seal(&mut sealer(&key, Direction::Up, &counted(0)), Form::Long, b"", b"a secret");
    let mut out = [0; 40];
    let mut state = FIRST_CONTACT;
    let known = Known { id: b"pump-station-7", version: version(1), state: &mut state };
    assert_eq!(format!("{known:?}"), "Known { version: Version(1), id: pump-station-7, .. }");
    let item = Item::new(&message, &mut out).from_known(known);
    assert_eq!(format!("{item:?}"), "Item { result: Err(Malformed), .. }");
}
