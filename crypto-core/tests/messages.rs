//! Sealed messages (`docs/message.md`): what is sealed is opened, in either form
//! and in place; lengths, limits and errors of a sealer; one form made of the
//! other.
#![cfg(feature = "root")]

mod support;

use std::collections::HashSet;

use corekey::Error;
use corekey::device::message::{
    COMPACT_OVERHEAD, Claim, Direction, Form, MAX_EXTERNAL_AAD_LEN, MAX_OVERHEAD, MAX_PAYLOAD_LEN,
    Parts, Session, inspect, write_compact, write_full_iv, write_long,
};
use corekey::device::name::Version;
use corekey::device::opener::Opener;
use corekey::device::root::{Root, RootKey};
use corekey::device::sealer::Sealer;
use proptest::collection::vec;
use proptest::prelude::*;
use support::{
    Draft, Openers, boot, compact, counted, device_key, key_of, message_key, salted, seal, sealer,
    secret,
};

/// Fails to compile if a sealer could be cloned: two of them would use the same
/// nonces.
const _: fn() = || {
    trait NotClone<Marker> {
        fn check() {}
    }
    struct Cloned;
    impl<T> NotClone<()> for T {}
    impl<T: Clone> NotClone<Cloned> for T {}
    let _ = <Sealer as NotClone<_>>::check;
};

#[test]
fn what_is_sealed_is_opened_with_identity_and_counter() {
    let root = RootKey::new(&secret([7; 32]));
    let device_key = || root.device_key(&support::id(b"pump-station-7"), Version::FIRST).unwrap();
    let mut sealer = Sealer::up(&device_key(), counted(1)).unwrap();
    let mut openers = Openers::first_contact(&device_key());
    for counter in 0..200 {
        let message = seal(&mut sealer, Form::Compact, b"", b"21.5 C, ok");
        let (opened, payload) = openers.open(b"", &message).unwrap();
        assert_eq!(payload, b"21.5 C, ok");
        assert_eq!((opened.version, opened.counter), (Version::FIRST, counter));
        assert_eq!(opened.session, counted(1));
        assert_eq!(opened.form == Form::Long, counter % 64 == 0);
        assert_eq!(message.len(), if counter % 64 == 0 { 58 } else { 30 });
        assert_eq!(openers.open(b"", &message), Err(Error::Replay));
    }
}

#[test]
fn a_recorded_boot_is_refused_by_a_restarted_opener() {
    let mut old = Sealer::up(&device_key(), counted(1)).unwrap();
    let recorded: Vec<_> = (0..3).map(|_| seal(&mut old, Form::Long, b"", b"one")).collect();
    let mut opener = Opener::first_contact(device_key());
    opener.open(b"", &recorded[0], &mut [0; 3]).unwrap();
    for next in 2..4 {
        let mut sealer = Sealer::up(&device_key(), counted(next)).unwrap();
        let newer = seal(&mut sealer, Form::Long, b"", b"two");
        opener.open(b"", &newer, &mut [0; 3]).unwrap();
    }
    let mut restarted = Openers::resume(&device_key(), &opener.save());
    for message in recorded {
        assert_eq!(restarted.open(b"", &message), Err(Error::Stale));
    }
}

/// Every length up to 300, and those beside which the CBOR of a length grows.
#[test]
fn a_payload_of_any_length_is_opened() {
    let key = device_key();
    let mut up = Sealer::up(&key, salted(1, 3)).unwrap();
    let mut openers = Openers::first_contact(&key);
    let edges = [65_519, 65_520, 65_536];
    for len in (0..=300).chain(edges) {
        let payload: Vec<u8> = (0..len).map(|i| i as u8).collect();
        for form in [Form::Long, Form::Compact] {
            let expected_len = up.sealed_len(form, len).unwrap();
            let message = seal(&mut up, form, b"", &payload);
            assert_eq!(message.len(), expected_len, "{form:?} of {len}");
            assert!(message.len() <= len + MAX_OVERHEAD);
            let (opened, text) = openers.open(b"", &message).unwrap();
            assert_eq!((opened.len, text), (len, payload.clone()), "{form:?} of {len}");
        }
    }
}

/// With nothing encrypted, which would take long in a debug build; the exchange
/// with the independent implementation seals a payload of this length.
#[test]
fn the_longest_message_has_the_documented_length_and_a_longer_one_is_refused() {
    let key = key_of(&[0xff; 128], Version::MAX);
    let session = Session::salted(boot((1 << 48) - 1), [0; 8]);
    let sealed = vec![0; MAX_PAYLOAD_LEN + 16];
    let (ciphertext, tag) = sealed.split_last_chunk().unwrap();
    let claim = Claim::Compact { version: 0, boot: 0, counter: 0 };
    let parts = Parts { claim, ciphertext, tag };
    let mut message = vec![0; MAX_PAYLOAD_LEN + MAX_OVERHEAD];
    let len =
        write_long(key.id(), key.version(), &session, u32::MAX, &parts, &mut message).unwrap();
    message.truncate(len);
    assert_eq!(len, MAX_PAYLOAD_LEN + MAX_OVERHEAD - 8, "the full IV takes 8 bytes more");
    assert_eq!(inspect(&message).unwrap().ciphertext.len(), MAX_PAYLOAD_LEN);
    let mut full_iv = vec![0; MAX_PAYLOAD_LEN + MAX_OVERHEAD];
    assert_eq!(write_full_iv(&message, &mut full_iv), Ok(full_iv.len()));

    let mut compact = [&[0x40, 0, 0, 0], &sealed[..]].concat();
    assert_eq!(inspect(&compact).unwrap().ciphertext.len(), MAX_PAYLOAD_LEN);
    compact.push(0);
    assert_eq!(inspect(&compact), Err(Error::Malformed));
    let head = message.len() - sealed.len() - 5;
    assert_eq!(message[head..][..5], [0x5a, 1, 0, 0, 16]);
    message[head + 4] += 1;
    message.push(0);
    assert_eq!(inspect(&message), Err(Error::Malformed));
}

#[test]
fn a_payload_over_16_mib_is_not_sealed() {
    let mut up = Sealer::up(&device_key(), counted(1)).unwrap();
    let too_long = vec![0; MAX_PAYLOAD_LEN + 1];
    let mut out = vec![0; too_long.len() + MAX_OVERHEAD];
    for form in [Form::Long, Form::Compact] {
        assert!(up.sealed_len(form, MAX_PAYLOAD_LEN).is_ok());
        assert_eq!(up.sealed_len(form, too_long.len()), Err(Error::InvalidLength));
        assert_eq!(up.sealed_len(form, usize::MAX), Err(Error::InvalidLength));
        assert_eq!(up.seal(form, b"", &too_long, &mut out), Err(Error::InvalidLength));
        let whole = 0..too_long.len();
        assert_eq!(up.seal_in_place(form, b"", &mut out, whole), Err(Error::InvalidLength));
    }
    assert!(out.iter().all(|byte| *byte == 0));
    assert_eq!(up.next_counter(), Some(0));
}

#[test]
fn external_aad_of_up_to_255_bytes_is_bound() {
    let key = device_key();
    let mut up = Sealer::up(&key, counted(1)).unwrap();
    let mut openers = Openers::first_contact(&key);
    for len in [0, 1, 23, 24, 254, MAX_EXTERNAL_AAD_LEN] {
        let aad = vec![0x61; len];
        let message = seal(&mut up, Form::Compact, &aad, b"payload");
        let (mut longer, mut other) = (aad.clone(), aad.clone());
        longer.push(0x61);
        assert!(openers.open(&longer, &message).is_err(), "{len}: longer by one");
        if let Some(last) = other.last_mut() {
            *last ^= 1;
            assert_eq!(openers.open(&other, &message), Err(Error::Forged));
            assert_eq!(openers.open(&aad[1..], &message), Err(Error::Forged));
        }
        assert_eq!(openers.open(&aad, &message).unwrap().1, b"payload");
    }
    let too_long = [0x61; MAX_EXTERNAL_AAD_LEN + 1];
    let mut out = [0xcc; 100];
    assert_eq!(up.seal(Form::Long, &too_long, b"", &mut out), Err(Error::InvalidLength));
    assert_eq!(up.seal_in_place(Form::Long, &too_long, &mut out, 0..5), Err(Error::InvalidLength));
    assert_eq!((out, up.next_counter()), ([0xcc; 100], Some(6)));
}

/// The figures that `docs/message.md` gives.
#[test]
fn the_overhead_is_as_documented() {
    let long = |id: &[u8], number, session, payload| {
        let up = Sealer::up(&key_of(id, number), session).unwrap();
        up.sealed_len(Form::Long, payload).unwrap() - payload
    };
    let id = b"pump-station-7";
    for payload in [8, 100, 239] {
        assert_eq!(long(id, 23, counted(255), payload), 48);
        assert_eq!(long(id, 23, salted(255, 0), payload), 56);
        assert_eq!(long(b"pump-station-70", 1, counted(0), payload), 49);
        assert_eq!(long(&[b'i'; 22], 1, counted(0), payload), 48 + 8);
        assert_eq!(long(&[b'i'; 23], 1, counted(0), payload), 48 + 9 + 1);
        assert_eq!(long(&[b'i'; 128], 1, counted(0), payload), 48 + 114 + 1);
    }
    assert_eq!(long(id, 1, counted(1), 7), 47);
    assert_eq!(long(id, 1, counted(1), 240), 49);

    let key = device_key();
    let mut up = Sealer::up(&key, salted(1, 2)).unwrap();
    seal(&mut up, Form::Long, b"", b"");
    for payload in [0, 7, 8, 239, 240, 70_000] {
        assert_eq!(up.sealed_len(Form::Compact, payload), Ok(payload + COMPACT_OVERHEAD));
        assert_eq!(COMPACT_OVERHEAD, 20);
    }
}

/// Payloads at every offset of a buffer of every length that fits, against the
/// sealing from one buffer to another.
#[test]
fn sealing_in_place_gives_the_same_message_from_every_offset() {
    let key = device_key();
    for (form, first) in [(Form::Long, 0), (Form::Long, 1), (Form::Compact, 1)] {
        let sealer_at = |counter| {
            let mut up = Sealer::up(&key, salted(9, 4)).unwrap();
            (0..counter).for_each(|_| drop(seal(&mut up, Form::Compact, b"", b"")));
            up
        };
        for payload in [&b""[..], b"1", b"a payload of 33 bytes, and so on."] {
            let expected = seal(&mut sealer_at(first), form, b"aad", payload);
            for spare in [0, 1, 15, 16, 40, 80] {
                let buffer_len = expected.len() + spare;
                for at in 0..=buffer_len - payload.len() {
                    let mut buffer = vec![0xee; buffer_len];
                    let place = at..at + payload.len();
                    buffer[place.clone()].copy_from_slice(payload);
                    let mut up = sealer_at(first);
                    let len = up.seal_in_place(form, b"aad", &mut buffer, place.clone()).unwrap();
                    assert_eq!(buffer[..len], expected, "{form:?} at {at} of {buffer_len}");
                    assert_eq!(up.next_counter(), Some(first + 1));
                    for (i, byte) in buffer.iter().enumerate().skip(len) {
                        let left = if place.contains(&i) { 0 } else { 0xee };
                        assert_eq!(*byte, left, "byte {i} behind the message");
                    }
                }
            }
        }
    }
}

#[test]
fn sealing_that_fails_writes_nothing_and_uses_no_counter() {
    let key = device_key();
    let mut up = Sealer::up(&key, counted(1)).unwrap();
    for counter in 0..3 {
        for form in [Form::Long, Form::Compact] {
            let needed = up.sealed_len(form, 20).unwrap();
            let too_small = Err(Error::BufferTooSmall { needed });
            for len in 0..needed {
                let mut out = vec![0xcc; len];
                assert_eq!(up.seal(form, b"", &[0x55; 20], &mut out), too_small);
                if len >= 20 {
                    assert_eq!(up.seal_in_place(form, b"", &mut out, len - 20..len), too_small);
                }
                assert!(out.iter().all(|byte| *byte == 0xcc));
            }
        }
        let mut out = [0xcc; 100];
        let beyond = 81..101;
        let (backwards, endless) = (std::ops::Range { start: 9, end: 8 }, 4..usize::MAX);
        for range in [beyond, backwards, endless, usize::MAX..usize::MAX] {
            let result = up.seal_in_place(Form::Long, b"", &mut out, range.clone());
            assert_eq!(result, Err(Error::InvalidLength), "{range:?}");
        }
        assert_eq!(out, [0xcc; 100]);
        assert_eq!(up.next_counter(), Some(counter));
        seal(&mut up, Form::Compact, b"", b"");
    }
}

/// A nonce is the key of a session and the IV of a message.
#[test]
fn no_nonce_is_used_twice_by_sealers_of_different_sessions() {
    let key = device_key();
    let salts = [0, 1, 0xff];
    let with_salt =
        salts.map(|salt| [salted(0, salt), salted(1, salt), salted((1 << 48) - 1, salt)]);
    let without = [counted(0), counted(1), counted(256), counted((1 << 48) - 1)];
    let sessions = with_salt.into_iter().flatten();
    let mut used = HashSet::new();
    let mut sealed = 0;
    let up = without.into_iter().chain(sessions.clone()).map(|session| (Direction::Up, session));
    for (direction, session) in up.chain(sessions.map(|session| (Direction::Down, session))) {
        let mut sealer = sealer(&key, direction, &session);
        assert_eq!(sealer.session(), &session);
        let secret = message_key(&key, direction, &session);
        for counter in 0..300 {
            assert_eq!(sealer.next_counter(), Some(counter));
            let message = seal(&mut sealer, Form::Long, b"", b"");
            let mut full = [0; 100];
            let len = write_full_iv(&message, &mut full).unwrap();
            let label = full[..len].windows(2).position(|two| two == [5, 0x4c]).unwrap();
            let iv: [u8; 12] = full[label + 2..][..12].try_into().unwrap();
            assert!(used.insert((secret, iv)), "{session:?} {counter}");
            sealed += 1;
        }
    }
    assert_eq!(used.len(), sealed);
}

#[test]
fn both_directions_of_one_session_have_keys_of_their_own() {
    let key = device_key();
    let session = salted(5, 1);
    let up = seal(&mut sealer(&key, Direction::Up, &session), Form::Long, b"", b"up");
    let down = seal(&mut sealer(&key, Direction::Down, &session), Form::Long, b"", b"up");
    assert_ne!(up, down);
    assert_eq!(Openers::first_contact(&key).open(b"", &down), Err(Error::Forged));
    assert_eq!(Openers::down(&key, 5).open(b"", &up), Err(Error::Forged));
    assert_eq!(Openers::first_contact(&key).open(b"", &up).unwrap().1, b"up");
    assert_eq!(Openers::down(&key, 5).open(b"", &down).unwrap().1, b"up");
}

#[test]
fn a_message_is_opened_after_its_form_was_changed_either_way() {
    let key = device_key();
    let mut up = Sealer::up(&key, counted(1)).unwrap();
    let mut openers = Openers::first_contact(&key);
    openers.open(b"", &seal(&mut up, Form::Long, b"", b"first")).unwrap();
    let long = seal(&mut up, Form::Long, b"", b"made long");
    let (opened, payload) = openers.open(b"", &compact(&long)).unwrap();
    assert_eq!((opened.form, &payload[..]), (Form::Compact, &b"made long"[..]));
    assert_eq!(openers.open(b"", &long), Err(Error::Replay), "it is one message");

    let short = seal(&mut up, Form::Compact, b"", b"made compact");
    let parts = inspect(&short).unwrap();
    let mut out = [0; 100];
    let len = write_long(key.id(), key.version(), up.session(), 2, &parts, &mut out).unwrap();
    let (opened, payload) = openers.open(b"", &out[..len]).unwrap();
    assert_eq!((opened.form, &payload[..]), (Form::Long, &b"made compact"[..]));
    assert_eq!(openers.open(b"", &short), Err(Error::Replay), "it is one message");
}

#[test]
fn only_a_long_message_is_rewritten_and_only_into_enough_room() {
    let key = device_key();
    let long = seal(&mut Sealer::up(&key, salted(1, 1)).unwrap(), Form::Long, b"", b"payload");
    let short = compact(&long);
    for rewrite in [write_compact, write_full_iv] {
        let mut out = [0xcc; 200];
        for bad in [&short[..], b"", &long[1..], &long[..long.len() - 1]] {
            assert_eq!(rewrite(bad, &mut out), Err(Error::Malformed));
        }
        let needed = rewrite(&long, &mut out).unwrap();
        let mut out = vec![0xcc; needed];
        let result = rewrite(&long, &mut out[1..]);
        assert_eq!(result, Err(Error::BufferTooSmall { needed }));
        assert!(out.iter().all(|byte| *byte == 0xcc));
        assert_eq!(rewrite(&long, &mut out), Ok(needed));
    }
    let parts = inspect(&short).unwrap();
    let mut out = vec![0xcc; long.len() - 1];
    let result = write_long(key.id(), key.version(), &salted(1, 1), 0, &parts, &mut out);
    assert_eq!(result, Err(Error::BufferTooSmall { needed: long.len() }));
    assert!(out.iter().all(|byte| *byte == 0xcc));
}

#[test]
fn a_payload_that_is_too_long_is_not_written_long() {
    let ciphertext = vec![0; MAX_PAYLOAD_LEN + 1];
    let message = [&[0x41, 0, 0, 0][..], &[0; 16]].concat();
    let parts = Parts { ciphertext: &ciphertext, ..inspect(&message).unwrap() };
    let mut out = vec![0; MAX_PAYLOAD_LEN + 1000];
    let key = device_key();
    let result = write_long(key.id(), key.version(), &counted(1), 0, &parts, &mut out);
    assert_eq!(result, Err(Error::InvalidLength));
}

proptest! {
    /// Long, compact and long again is the same bytes; what either opens to as
    /// well; and a sealer gives what the specification says.
    #[test]
    fn a_message_goes_to_compact_and_back_byte_by_byte(
        id in vec(any::<u8>(), 1..=128),
        version in 1..=Version::MAX,
        boot_number in 0_u64..1 << 48,
        shifts in (0_u32..53, 0_u32..48, 0_u32..32),
        salt in any::<Option<[u8; 8]>>(),
        counter in any::<u32>(),
        aad in vec(any::<u8>(), 0..=255),
        payload in vec(any::<u8>(), 0..300),
        down in any::<bool>(),
    ) {
        let key = key_of(&id, (version >> shifts.0).max(1));
        let at = boot(boot_number >> shifts.1);
        let session = salt.map_or(Session::counted(at), |salt| Session::salted(at, salt));
        let direction = if down { Direction::Down } else { Direction::Up };
        let counter = counter >> shifts.2;
        let draft = Draft { key: &key, direction, session, counter, aad: &aad, payload: &payload };
        let long = draft.long();
        let short = compact(&long);
        prop_assert_eq!(short.len(), payload.len() + COMPACT_OVERHEAD);
        let mut again = vec![0; long.len()];
        let parts = inspect(&short).unwrap();
        let len = write_long(key.id(), key.version(), &session, counter, &parts, &mut again);
        prop_assert_eq!(len, Ok(long.len()));
        prop_assert_eq!(&again, &long);

        let mut openers = match direction {
            Direction::Up => Openers::first_contact(&key),
            Direction::Down => Openers::down(&key, at.get()),
        };
        let (opened, text) = openers.open(&aad, &long).unwrap();
        prop_assert_eq!((opened.session, opened.counter), (session, counter));
        prop_assert_eq!(text, payload);
        prop_assert_eq!(openers.open(&aad, &short), Err(Error::Replay));
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_sealer_seals_what_the_specification_says(
        id in vec(any::<u8>(), 1..=128),
        session in (0_u64..1 << 48, any::<[u8; 8]>()),
        down in any::<bool>(),
        messages in vec((any::<bool>(), vec(any::<u8>(), 0..40), vec(any::<u8>(), 0..40)), 1..70),
    ) {
        let key = key_of(&id, 3);
        let session = Session::salted(boot(session.0), session.1);
        let direction = if down { Direction::Down } else { Direction::Up };
        let mut sealer = sealer(&key, direction, &session);
        for (counter, (long, aad, payload)) in (0..).zip(&messages) {
            let draft = Draft { key: &key, direction, session, counter, aad, payload };
            let asked = if *long { Form::Long } else { Form::Compact };
            let form = if counter % 64 == 0 { Form::Long } else { asked };
            prop_assert_eq!(seal(&mut sealer, asked, aad, payload), draft.message(form));
        }
    }
}
