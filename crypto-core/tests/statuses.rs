//! The answers of an opener (`docs/message.md`, opening): which one is given when
//! several apply, and that nothing is said of a message before its tag verifies.
#![cfg(feature = "device")]

mod support;

use corekey::Error;
use corekey::device::message::{Direction, Form, Session};
use corekey::device::name::{Boot, Version};
use corekey::device::opener::Opener;
use support::{Draft, Openers, boot, counted, device_key, key_of, salted};

const ID: &[u8] = b"pump-station-7";

/// A message of the device key 1 of [`ID`] with a payload of 7 bytes.
fn message(direction: Direction, session: Session, counter: u32, form: Form) -> Vec<u8> {
    message_of(ID, 1, (direction, session, counter), form)
}

fn message_of(
    id: &[u8],
    version: u64,
    (direction, session, counter): (Direction, Session, u32),
    form: Form,
) -> Vec<u8> {
    let key = key_of(id, version);
    Draft { key: &key, direction, session, counter, aad: b"", payload: b"payload" }.message(form)
}

fn up(session: Session, counter: u32, form: Form) -> Vec<u8> {
    message(Direction::Up, session, counter, form)
}

fn down(session: Session, counter: u32, form: Form) -> Vec<u8> {
    message(Direction::Down, session, counter, form)
}

fn forged(mut message: Vec<u8>) -> Vec<u8> {
    if let Some(last) = message.last_mut() {
        *last ^= 1;
    }
    message
}

/// What was answered, without the payload.
fn answer(openers: &mut Openers, message: &[u8]) -> Result<(), Error> {
    openers.open(b"", message).map(|_| ())
}

/// Openers of uplinks at boot 5 after boot 4, both heard at counters 0 and 100.
fn at_boot_5(salt: Option<u8>) -> Openers {
    let mut openers = Openers::first_contact(&device_key());
    for number in [4, 5] {
        for counter in [0, 100] {
            let session = support::session(number, salt);
            openers.open(b"", &up(session, counter, Form::Long)).unwrap();
        }
    }
    openers
}

/// Openers of downlinks in boot 5 that follow the salts 1 to 4.
fn with_four_salts() -> Openers {
    let mut openers = Openers::down(&device_key(), 5);
    for salt in 1..=4 {
        openers.open(b"", &down(salted(5, salt), 100, Form::Long)).unwrap();
    }
    openers
}

#[test]
fn what_is_said_before_the_tag_is_in_order() {
    let too_long = [0; 256];
    let other_key = message_of(b"other", 1, (Direction::Up, counted(9), 0), Form::Long);
    let need_long = up(counted(9), 1, Form::Compact);
    let mut opener = Opener::first_contact(device_key());
    let mut answer = |aad: &[u8], message: &[u8], room: usize| {
        let mut out = vec![0xa5; room];
        let result = opener.open(aad, message, &mut out);
        assert!(out.iter().all(|byte| *byte == 0xa5), "nothing is written");
        result.unwrap_err()
    };
    let too_small = Error::BufferTooSmall { needed: 7 };
    assert_eq!(answer(&too_long, b"no message", 0), Error::Malformed);
    assert_eq!(answer(&too_long, &forged(other_key.clone()), 0), Error::InvalidLength);
    assert_eq!(answer(b"", &forged(other_key.clone()), 6), too_small);
    assert_eq!(answer(b"", &forged(need_long.clone()), 6), too_small);
    assert_eq!(answer(b"", &forged(other_key), 7), Error::OtherKey);
    assert_eq!(answer(b"", &forged(need_long.clone()), 7), Error::NeedLong);
    let of_another = message_of(ID, 2, (Direction::Up, counted(9), 1), Form::Compact);
    assert_eq!(answer(b"", &forged(of_another), 7), Error::OtherKey);

    let mut buffer = need_long.clone();
    assert_eq!(opener.open_in_place(&too_long, &mut buffer), Err(Error::InvalidLength));
    assert_eq!(buffer, need_long);
}

#[test]
fn a_message_can_be_opened_after_its_buffer_was_too_small() {
    let mut opener = Opener::first_contact(device_key());
    for counter in [0, 1] {
        let message = up(counted(1), counter, Form::Long);
        let state = opener.save();
        for room in 0..7 {
            let result = opener.open(b"", &message, &mut vec![0; room]);
            assert_eq!(result, Err(Error::BufferTooSmall { needed: 7 }));
        }
        assert_eq!(opener.save(), state);
        assert_eq!(opener.open(b"", &message, &mut [0; 7]).unwrap().counter, counter);
    }
}

#[test]
fn a_message_of_another_id_or_version_is_of_another_key() {
    let claim = (Direction::Up, counted(5), 101);
    let mut openers = at_boot_5(None);
    for id in [&b"pump-station-8"[..], b"pump-station-", b"pump-station-77", b"x", &[0; 128]] {
        let message = message_of(id, 1, claim, Form::Long);
        assert_eq!(answer(&mut openers, &message), Err(Error::OtherKey), "{id:x?}");
    }
    for version in [2, 24, 64, 65, 257, Version::MAX] {
        let message = message_of(ID, version, claim, Form::Long);
        assert_eq!(answer(&mut openers, &message), Err(Error::OtherKey), "{version}");
    }
    for version in (2..=64).chain([130, Version::MAX]) {
        let message = message_of(ID, version, claim, Form::Compact);
        assert_eq!(answer(&mut openers, &message), Err(Error::OtherKey), "{version} mod 64");
    }
}

#[test]
fn a_compact_message_is_of_a_version_with_the_same_residue() {
    for version in [1, 63, 64, 65, 127, 128, Version::MAX] {
        let key = key_of(ID, version);
        let mut openers = Openers::first_contact(&key);
        let claim = |counter| (Direction::Up, counted(5), counter);
        openers.open(b"", &message_of(ID, version, claim(0), Form::Long)).unwrap();
        for other in [1, 63, 64, 65, 127, 128, Version::MAX] {
            // All of these keys have the same bytes, so that only the residue
            // decides.
            let message = message_of(ID, other, claim(other as u32 % 1000), Form::Compact);
            let expected = if other % 64 == version % 64 { Ok(()) } else { Err(Error::OtherKey) };
            let result = answer(&mut openers, &message);
            assert_eq!(result, expected, "{other} at {version}");
            openers = Openers::first_contact(&key);
            openers.open(b"", &message_of(ID, version, claim(0), Form::Long)).unwrap();
        }
    }
}

#[test]
fn a_compact_message_needs_a_long_one_before_it() {
    let need_long = Err(Error::NeedLong);
    for session in [counted(5), salted(5, 1)] {
        let compact = up(session, 1, Form::Compact);
        let mut openers = Openers::first_contact(&device_key());
        assert_eq!(answer(&mut openers, &compact), need_long);
        assert_eq!(answer(&mut openers, &forged(compact.clone())), need_long);
        openers.open(b"", &up(session, 0, Form::Long)).unwrap();
        assert_eq!(answer(&mut openers, &compact), Ok(()));
    }
    let compact = down(salted(5, 1), 1, Form::Compact);
    let mut openers = Openers::down(&device_key(), 5);
    assert_eq!(answer(&mut openers, &compact), need_long);
    openers.open(b"", &down(salted(5, 1), 0, Form::Long)).unwrap();
    assert_eq!(answer(&mut openers, &compact), Ok(()));
}

#[test]
fn a_compact_message_of_an_unheard_session_needs_a_long_one_where_salts_are_used() {
    let mut openers = at_boot_5(Some(7));
    for number in [6, 3, 0, 255, 5 + 128] {
        for session in [counted(number), salted(number, 7)] {
            let compact = up(session, 1, Form::Compact);
            assert_eq!(answer(&mut openers, &compact), Err(Error::NeedLong), "{session:?}");
        }
    }
    let mut openers = with_four_salts();
    for number in [6, 4, 0, 255] {
        let compact = down(salted(number, 1), 101, Form::Compact);
        assert_eq!(answer(&mut openers, &compact), Err(Error::NeedLong), "boot {number}");
    }
}

#[test]
fn there_is_no_boot_beyond_the_last() {
    let mut openers = Openers::first_contact(&device_key());
    openers.open(b"", &up(counted(Boot::MAX - 1), 0, Form::Long)).unwrap();
    // The next boot with the residue of 0 would be 2^48.
    let compact = up(counted(0), 1, Form::Compact);
    assert_eq!(answer(&mut openers, &compact), Err(Error::NeedLong));
    let last = up(counted(Boot::MAX), 1, Form::Compact);
    assert_eq!(answer(&mut openers, &last), Ok(()));
    assert_eq!(answer(&mut openers, &compact), Err(Error::NeedLong));
}

/// What an authentic message of each kind is answered, and that the same with a
/// wrong tag is forged, whatever it says of itself.
#[test]
fn nothing_is_said_of_freshness_before_the_tag_verifies() {
    let stale = Err(Error::Stale);
    for salt in [None, Some(7)] {
        let at = |number| support::session(number, salt);
        let of_uplinks = [
            ("seen, current", at(5), 100, Err(Error::Replay)),
            ("seen, in the window", at(4), 100, Err(Error::Replay)),
            ("seen, below the window", at(5), 0, stale),
            ("below the window", at(5), 36, stale),
            ("below the window of the previous", at(4), 36, stale),
            ("old boot", at(3), 7, stale),
            ("oldest boot", counted(0), 7, stale),
            ("current boot, another salt", salted(5, 8), 101, stale),
            ("previous boot, another salt", salted(4, 8), 101, stale),
            ("in the window", at(5), 37, Ok(())),
            ("next", at(5), 101, Ok(())),
            ("last", at(5), u32::MAX, Ok(())),
            ("next boot", at(6), 0, Ok(())),
            ("next boot, another salt", salted(6, 8), 0, Ok(())),
            ("last boot", at(Boot::MAX), 0, Ok(())),
        ];
        for (what, session, counter, expected) in of_uplinks {
            let message = up(session, counter, Form::Long);
            let mut openers = at_boot_5(salt);
            let result = answer(&mut openers, &forged(message.clone()));
            assert_eq!(result, Err(Error::Forged), "{what}");
            assert_eq!(answer(&mut openers, &message), expected, "{what}");
        }
    }
    let full = Err(Error::SessionFull);
    let of_downlinks = [
        ("seen", salted(5, 1), 100, Err(Error::Replay)),
        ("below the window", salted(5, 4), 36, stale),
        ("earlier boot", salted(4, 1), 101, stale),
        ("later boot", salted(6, 1), 101, stale),
        ("later boot, fifth salt", salted(6, 5), 0, stale),
        ("fifth salt", salted(5, 5), 0, full),
        ("no salt", counted(5), 0, full),
        ("next", salted(5, 2), 101, Ok(())),
    ];
    for (what, session, counter, expected) in of_downlinks {
        let message = down(session, counter, Form::Long);
        let mut openers = with_four_salts();
        let result = answer(&mut openers, &forged(message.clone()));
        assert_eq!(result, Err(Error::Forged), "{what}");
        assert_eq!(answer(&mut openers, &message), expected, "{what}");
    }
}

/// As above, in the compact form, for what an opener can fill in.
#[test]
fn a_compact_message_is_judged_as_a_long_one() {
    for salt in [None, Some(7)] {
        let at = |number| support::session(number, salt);
        for (session, counter, expected) in [
            (at(5), 100, Err(Error::Replay)),
            (at(4), 100, Err(Error::Replay)),
            (at(5), 0, Err(Error::Stale)),
            (at(4), 36, Err(Error::Stale)),
            (at(4), 37, Ok(())),
            (at(5), 32_869, Ok(())),
            (at(5), 32_870, Ok(())),
            (at(5), 65_535, Ok(())),
            (at(5), 65_637, Err(Error::Forged)),
        ] {
            let compact = up(session, counter, Form::Compact);
            let mut openers = at_boot_5(salt);
            assert_eq!(answer(&mut openers, &forged(compact.clone())), Err(Error::Forged));
            let result = answer(&mut openers, &compact);
            assert_eq!(result, expected, "{session:?} {counter}");
        }
    }
    for (salt, counter, expected) in [
        (1, 100, Err(Error::Replay)),
        (4, 36, Err(Error::Stale)),
        (2, 101, Ok(())),
        (3, 37, Ok(())),
        (5, 101, Err(Error::Forged)),
    ] {
        let compact = down(salted(5, salt), counter, Form::Compact);
        let mut openers = with_four_salts();
        assert_eq!(answer(&mut openers, &forged(compact.clone())), Err(Error::Forged));
        assert_eq!(answer(&mut openers, &compact), expected, "{salt} {counter}");
    }
}

#[test]
fn a_wrong_guess_is_forged_and_the_next_long_message_sets_it_right() {
    // 256 boots on, the residue is that of the current boot.
    let mut openers = at_boot_5(None);
    let compact = up(counted(5 + 256), 1, Form::Compact);
    assert_eq!(answer(&mut openers, &compact), Err(Error::Forged));
    openers.open(b"", &up(counted(5 + 256), 0, Form::Long)).unwrap();
    assert_eq!(answer(&mut openers, &compact), Ok(()));

    // A clone's session under another salt cannot be told by its residue.
    let mut openers = at_boot_5(Some(7));
    let compact = up(salted(5, 8), 101, Form::Compact);
    assert_eq!(answer(&mut openers, &compact), Err(Error::Forged));
}

#[test]
fn there_is_no_session_before_the_first_message_and_names_the_latest_boot_after() {
    let mut openers = Openers::first_contact(&device_key());
    assert_eq!(openers.session(), None);
    openers.open(b"", &up(counted(7), 0, Form::Long)).unwrap();
    openers.open(b"", &up(salted(9, 1), 0, Form::Long)).unwrap();
    openers.open(b"", &up(counted(7), 1, Form::Long)).unwrap();
    assert_eq!(openers.session(), Some(&Session::salted(boot(9), [1; 8])));
}
