//! Freshness (`docs/message.md`): openers against a model that remembers every
//! counter of every session, through reboots, clones and restored states; and
//! saved states, whole and damaged.
#![cfg(feature = "device")]

mod support;

use std::collections::BTreeSet;

use corekey::Error;
use corekey::device::message::{Direction, Form, Session};
use corekey::device::name::Boot;
use corekey::device::opener::{Opener, STATE_LEN};
use proptest::collection::vec;
use proptest::prelude::*;
use support::{Draft, Openers, boot, counted, device_key, key_of, salted, session, with_crc};

/// What was opened of one session.
#[derive(Clone)]
struct Seen {
    session: Session,
    counters: BTreeSet<u32>,
}

impl Seen {
    fn highest(&self) -> u32 {
        *self.counters.last().unwrap()
    }

    fn judge(&self, counter: u32) -> Result<(), Error> {
        if u64::from(counter) + 64 <= u64::from(self.highest()) {
            return Err(Error::Stale);
        }
        if self.counters.contains(&counter) {
            return Err(Error::Replay);
        }
        Ok(())
    }

    /// The counter that a residue stands for: of all that have it, the nearest
    /// to the highest + 1, of two as near the higher.
    fn nearest(&self, counter: u32) -> u32 {
        let expected = i64::from(self.highest()) + 1;
        let residue = i64::from(counter % 65_536);
        let all = (-2..=2).map(|turns| (expected / 65_536 + turns) * 65_536 + residue);
        let counters = all.filter_map(|counter| u32::try_from(counter).ok());
        let distance = |counter: &u32| (i64::from(*counter) - expected).abs();
        counters.rev().min_by_key(distance).unwrap()
    }
}

/// The tables of the specification over all that was ever opened.
#[derive(Clone)]
struct Model {
    direction: Direction,
    /// Boot of the device, for downlinks.
    boot: u64,
    /// Sessions in the order in which they were begun.
    begun: Vec<Seen>,
}

impl Model {
    fn up() -> Self {
        Self { direction: Direction::Up, boot: 0, begun: vec![] }
    }

    fn down(boot: u64) -> Self {
        Self { direction: Direction::Down, boot, begun: vec![] }
    }

    /// Sessions that are followed, the latest first.
    fn followed(&self) -> impl Iterator<Item = &Seen> {
        let most = if self.direction == Direction::Up { 2 } else { 4 };
        self.begun.iter().rev().take(most)
    }

    /// What a message is answered.
    fn judge(&self, session: Session, counter: u32, form: Form) -> Result<(), Error> {
        if form == Form::Compact {
            let guesses = self.guesses(session, counter);
            if guesses.is_empty() {
                return Err(Error::NeedLong);
            }
            if !guesses.contains(&(session, counter)) {
                return Err(Error::Forged);
            }
        }
        match self.direction {
            Direction::Up => self.judge_up(session, counter),
            Direction::Down => self.judge_down(session, counter),
        }
    }

    fn judge_up(&self, session: Session, counter: u32) -> Result<(), Error> {
        if let Some(seen) = self.followed().find(|seen| seen.session == session) {
            return seen.judge(counter);
        }
        let newer = self.begun.iter().all(|seen| seen.session.boot() < session.boot());
        if newer { Ok(()) } else { Err(Error::Stale) }
    }

    fn judge_down(&self, session: Session, counter: u32) -> Result<(), Error> {
        if session.boot().get() != self.boot {
            return Err(Error::Stale);
        }
        if let Some(seen) = self.followed().find(|seen| seen.session == session) {
            return seen.judge(counter);
        }
        if self.begun.len() == 4 { Err(Error::SessionFull) } else { Ok(()) }
    }

    fn guesses(&self, session: Session, counter: u32) -> Vec<(Session, u32)> {
        let residue = session.boot().get() % 256;
        let with_residue =
            self.followed().filter(|seen| seen.session.boot().get() % 256 == residue);
        let mut guesses: Vec<_> =
            with_residue.map(|seen| (seen.session, seen.nearest(counter))).collect();
        if self.direction == Direction::Down {
            return guesses;
        }
        guesses.truncate(1);
        let current = self.begun.last().filter(|seen| seen.session.salt().is_none());
        if let (Some(current), []) = (current, &guesses[..]) {
            let above = current.session.boot().get() + 1..;
            let next = above.into_iter().find(|boot| boot % 256 == residue).unwrap();
            if let Ok(next) = Boot::new(next) {
                guesses.push((Session::counted(next), counter % 65_536));
            }
        }
        guesses
    }

    fn note(&mut self, session: Session, counter: u32) {
        if let Some(seen) = self.begun.iter_mut().find(|seen| seen.session == session) {
            seen.counters.insert(counter);
            return;
        }
        self.begun.push(Seen { session, counters: BTreeSet::from([counter]) });
    }
}

/// Which session a message is of.
#[derive(Clone, Copy, Debug)]
enum Of {
    /// One that is followed, counted from the latest.
    Followed(usize),
    Named(u64, Option<u8>),
}

/// Where the counter of a message lies.
#[derive(Clone, Copy, Debug)]
enum At {
    /// So far from the highest of the session, if it was heard.
    Beside(i64),
    Absolute(u32),
}

#[derive(Clone, Debug)]
enum Step {
    Open {
        of: Of,
        at: At,
        form: Form,
        wrong_tag: bool,
    },
    /// Back to the state, and what the model knew, after an earlier step.
    Restore(usize),
}

/// Deltas at and around the edges of windows and of residues.
fn at() -> impl Strategy<Value = At> {
    let edges = vec![-65, -64, -63, -62, -1, 0, 1, 2, 63, 64, 65];
    let rollover = vec![-65_536, -32_769, -32_768, -32_767, 32_767, 32_768, 32_769, 65_535, 65_536];
    prop_oneof![
        6 => (-70_i64..=70).prop_map(At::Beside),
        6 => prop::sample::select(edges).prop_map(At::Beside),
        2 => prop::sample::select(rollover).prop_map(At::Beside),
        2 => (0_u32..130).prop_map(At::Absolute),
        1 => prop::sample::select(vec![65_535, 65_536, u32::MAX - 64, u32::MAX - 1, u32::MAX])
            .prop_map(At::Absolute),
    ]
}

fn step(boots: Vec<u64>) -> impl Strategy<Value = Step> {
    let salts = prop::sample::select(vec![None, None, Some(0), Some(1), Some(2), Some(3), Some(4)]);
    let forms = prop::sample::select(vec![Form::Long, Form::Compact]);
    let boots = prop::sample::select(boots);
    let of = prop_oneof![
        3 => (0_usize..4).prop_map(Of::Followed),
        1 => (boots, salts).prop_map(|(boot, salt)| Of::Named(boot, salt)),
    ];
    let open = (of, at(), forms, prop::bool::weighted(0.1))
        .prop_map(|(of, at, form, wrong_tag)| Step::Open { of, at, form, wrong_tag });
    prop_oneof![12 => open, 1 => any::<usize>().prop_map(Step::Restore)]
}

/// Runs steps through openers and model, which must agree after each.
fn run(steps: &[Step], mut openers: Openers, mut model: Model) {
    let key = device_key();
    let mut saved = vec![];
    for step in steps {
        match *step {
            Step::Open { of, at, form, wrong_tag } => {
                let session = match of {
                    Of::Named(boot, salt) => session(boot, salt),
                    Of::Followed(which) => match model.followed().count() {
                        0 => continue,
                        count => model.followed().nth(which % count).unwrap().session,
                    },
                };
                let heard = model.begun.iter().find(|seen| seen.session == session);
                let counter = match at {
                    At::Absolute(counter) => counter,
                    At::Beside(delta) => {
                        let highest = heard.map_or(100, Seen::highest);
                        (i64::from(highest) + delta).clamp(0, i64::from(u32::MAX)) as u32
                    }
                };
                let direction = model.direction;
                let draft =
                    Draft { key: &key, direction, session, counter, aad: b"", payload: b"payload" };
                let mut message = draft.message(form);
                let mut expected = model.judge(session, counter, form);
                if wrong_tag {
                    *message.last_mut().unwrap() ^= 0x80;
                    if expected != Err(Error::NeedLong) {
                        expected = Err(Error::Forged);
                    }
                }
                let result = openers.open(b"", &message);
                assert_eq!(result.as_ref().map(drop), expected.as_ref().map(drop), "{step:?}");
                if let Ok((opened, _)) = result {
                    assert_eq!((opened.session, opened.counter), (session, counter));
                    model.note(session, counter);
                }
            }
            Step::Restore(which) => {
                if let (Direction::Up, false) = (model.direction, saved.is_empty()) {
                    let (state, then): &([u8; STATE_LEN], Model) = &saved[which % saved.len()];
                    openers = Openers::resume(&key, state);
                    model = then.clone();
                }
            }
        }
        if model.direction == Direction::Up {
            saved.push((openers.save(), model.clone()));
            assert_eq!(openers.session(), model.begun.last().map(|seen| &seen.session));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn an_opener_of_uplinks_takes_what_the_model_takes(
        steps in vec(step(vec![0, 1, 2, 3, 4]), 1..80),
    ) {
        run(&steps, Openers::first_contact(&device_key()), Model::up());
    }

    /// Boots that share residues, and the last ones.
    #[test]
    fn an_opener_of_uplinks_fills_in_boots_as_the_model_does(
        steps in vec(
            step(vec![0, 5, 250, 256, 261, 511, 512, 1 << 20, Boot::MAX - 255, Boot::MAX]),
            1..80,
        ),
    ) {
        run(&steps, Openers::first_contact(&device_key()), Model::up());
    }

    #[test]
    fn an_opener_of_downlinks_takes_what_the_model_takes(
        steps in vec(step(vec![7, 7, 7, 7, 7, 6, 8, 7 + 256]), 1..80),
    ) {
        run(&steps, Openers::down(&device_key(), 7), Model::down(7));
    }
}

/// Every order of the counters at and around the window, in the current and in
/// the previous session.
#[test]
fn the_window_has_64_counters_in_the_current_and_in_the_previous_session() {
    let key = device_key();
    for (previous, salt) in [(false, None), (true, None), (false, Some(1)), (true, Some(1))] {
        for highest in [63_u32, 64, 65, 127, 200, 65_536, u32::MAX] {
            let of = session(5, salt);
            let draft = |session, counter| {
                let payload = b"payload";
                Draft { key: &key, direction: Direction::Up, session, counter, aad: b"", payload }
            };
            let mut openers = Openers::first_contact(&key);
            openers.open(b"", &draft(of, highest).long()).unwrap();
            if previous {
                openers.open(b"", &draft(session(6, salt), 0).long()).unwrap();
            }
            let mut answer = |counter| openers.open(b"", &draft(of, counter).long()).map(|_| ());
            for behind in [63, 62, 1] {
                assert_eq!(answer(highest - behind), Ok(()), "{highest} - {behind}");
                assert_eq!(answer(highest - behind), Err(Error::Replay), "{highest} - {behind}");
            }
            assert_eq!(answer(highest), Err(Error::Replay));
            for behind in [64, 65].into_iter().filter(|behind| *behind <= highest) {
                assert_eq!(answer(highest - behind), Err(Error::Stale), "{highest} - {behind}");
            }
            for ahead in [1, 63, 64, 65] {
                let Some(next) = highest.checked_add(ahead) else { continue };
                let mut openers = Openers::first_contact(&key);
                openers.open(b"", &draft(of, highest).long()).unwrap();
                openers.open(b"", &draft(of, next).long()).unwrap();
                let result = openers.open(b"", &draft(of, highest).long()).map(|_| ());
                let left = if ahead < 64 { Error::Replay } else { Error::Stale };
                assert_eq!(result, Err(left), "{highest} + {ahead}");
            }
        }
    }
}

#[test]
fn the_session_before_the_previous_one_is_stale() {
    let key = device_key();
    let message = |number, counter| {
        let (direction, session) = (Direction::Up, counted(number));
        Draft { key: &key, direction, session, counter, aad: b"", payload: b"p" }.long()
    };
    let mut openers = Openers::first_contact(&key);
    for number in [10, 12, 14] {
        openers.open(b"", &message(number, 0)).unwrap();
    }
    for (number, expected) in [
        (9, Err(Error::Stale)),
        (10, Err(Error::Stale)),
        (11, Err(Error::Stale)),
        (12, Ok(())),
        (13, Err(Error::Stale)),
        (14, Ok(())),
        (15, Ok(())),
        (12, Err(Error::Stale)),
    ] {
        let result = openers.open(b"", &message(number, 2)).map(|_| ());
        assert_eq!(result, expected, "boot {number}");
    }
}

#[test]
fn a_device_follows_four_salts_and_its_next_boot_follows_four_more() {
    let key = device_key();
    let message = |number, salt, counter| {
        let (direction, session) = (Direction::Down, salted(number, salt));
        Draft { key: &key, direction, session, counter, aad: b"", payload: b"p" }.long()
    };
    for number in [0, 1, Boot::MAX] {
        let mut openers = Openers::down(&key, number);
        for salt in 0..4 {
            openers.open(b"", &message(number, salt, 0)).unwrap();
        }
        for salt in 4..9 {
            let result = openers.open(b"", &message(number, salt, 0));
            assert_eq!(result, Err(Error::SessionFull), "salt {salt}");
        }
        for salt in 0..4 {
            openers.open(b"", &message(number, salt, 1)).unwrap();
            assert_eq!(openers.open(b"", &message(number, salt, 0)), Err(Error::Replay));
        }
        for other in [number.wrapping_sub(1), number + 1, number ^ 256] {
            if Boot::new(other).is_ok() {
                let result = openers.open(b"", &message(other, 0, 2));
                assert_eq!(result, Err(Error::Stale), "boot {other}");
            }
        }
    }
}

/// States of openers that heard nothing, one session and two.
fn states() -> Vec<[u8; STATE_LEN]> {
    let key = device_key();
    let mut openers = Openers::first_contact(&key);
    let mut states = vec![openers.save()];
    let heard = [
        (counted(3), 0),
        (counted(3), 5),
        (salted(4, 0), 100),
        (salted(4, 0), 90),
        (salted(1 << 40, 0xff), u32::MAX),
        (counted(Boot::MAX), 1 << 20),
    ];
    for (session, counter) in heard {
        let (direction, aad, payload) = (Direction::Up, &b""[..], &b""[..]);
        let draft = Draft { key: &key, direction, session, counter, aad, payload };
        openers.open(b"", &draft.long()).unwrap();
        states.push(openers.save());
    }
    states
}

#[test]
fn a_saved_state_is_laid_out_as_specified() {
    let key = device_key();
    let mut openers = Openers::first_contact(&key);
    let mut expected = [0; STATE_LEN];
    expected[0] = 1;
    assert_eq!(openers.save(), with_crc(expected));

    let mut open = |session, counter| {
        let (direction, aad, payload) = (Direction::Up, &b""[..], &b""[..]);
        let draft = Draft { key: &key, direction, session, counter, aad, payload };
        openers.open(b"", &draft.long()).unwrap();
        openers.save()
    };
    open(counted(0x0102_0304_0506), 0x0a0b_0c0d);
    let one = open(counted(0x0102_0304_0506), 0x0a0b_0c0d - 63);
    expected[1] = 1;
    expected[4..10].copy_from_slice(&[1, 2, 3, 4, 5, 6]);
    expected[20..24].copy_from_slice(&[0x0a, 0x0b, 0x0c, 0x0d]);
    (expected[24], expected[31]) = (0x80, 1);
    assert_eq!(one, with_crc(expected));

    let two = open(salted(0x0102_0304_0507, 9), 2);
    expected[1] = 2;
    expected.copy_within(4..32, 32);
    let current = [&[1, 2, 3, 4, 5, 7, 8, 0][..], &[9; 8], &[0, 0, 0, 2], &[0; 7], &[1]].concat();
    expected[4..32].copy_from_slice(&current);
    assert_eq!(two, with_crc(expected));
}

#[test]
fn an_opener_resumes_from_any_state_it_saved() {
    for state in states() {
        let opener = Opener::resume(device_key(), &state).unwrap();
        assert_eq!(opener.save(), state);
    }
}

#[test]
fn a_state_with_any_bit_changed_is_refused() {
    for state in states() {
        for bit in 0..STATE_LEN * 8 {
            let mut damaged = state;
            damaged[bit / 8] ^= 1 << (bit % 8);
            let result = Opener::resume(device_key(), &damaged).map(|_| ());
            assert_eq!(result, Err(Error::InvalidState), "bit {bit}");
        }
        for len in 0..STATE_LEN {
            let mut cut = [0xff; STATE_LEN];
            cut[..len].copy_from_slice(&state[..len]);
            let result = Opener::resume(device_key(), &cut).map(|_| ());
            assert_eq!(result, Err(Error::InvalidState), "cut at {len}");
        }
    }
    for blank in [[0; STATE_LEN], [0xff; STATE_LEN]] {
        let result = Opener::resume(device_key(), &blank).map(|_| ());
        assert_eq!(result, Err(Error::InvalidState));
    }
}

/// States with a right checksum that no opener can have saved.
#[test]
fn a_state_that_cannot_be_is_refused() {
    let states = states();
    let [none, one, two] = [states[0], states[2], states[3]];
    assert_eq!([none[1], one[1], two[1]], [0, 1, 2]);
    let refused = |what: &str, state: &[u8; STATE_LEN], at: usize, bytes: &[u8]| {
        let mut changed = *state;
        changed[at..at + bytes.len()].copy_from_slice(bytes);
        let result = Opener::resume(device_key(), &with_crc(changed)).map(|_| ());
        assert_eq!(result, Err(Error::InvalidState), "{what}");
    };
    for format in [0, 2, 255] {
        refused("format", &none, 0, &[format]);
        refused("format", &two, 0, &[format]);
    }
    for known in [3, 4, 128, 255] {
        refused("too many sessions", &two, 1, &[known]);
    }
    refused("no session, but its bytes", &one, 1, &[0]);
    refused("one session, but the bytes of two", &two, 1, &[1]);
    refused("a session of zeros: nothing seen", &none, 1, &[1]);
    refused("a previous session of zeros", &one, 1, &[2]);
    for at in [2, 3] {
        refused("reserved", &one, at, &[1]);
    }
    for at in 4..60 {
        refused("unknown session", &none, at, &[1]);
    }
    for at in 32..60 {
        refused("unknown session", &one, at, &[1]);
    }
    for len in (1..8).chain(9..=255) {
        refused("salt length", &one, 10, &[len]);
        refused("salt length", &two, 10, &[len]);
        refused("salt length", &two, 38, &[len]);
    }
    refused("reserved", &one, 11, &[1]);
    refused("reserved", &two, 39, &[1]);
    refused("a salt of length 0", &one, 19, &[1]);
    refused("the highest not seen", &one, 31, &[0x20]);
    refused("a counter below 0 seen", &one, 31, &[0x61]);
    refused("a counter below 0 seen", &one, 24, &[0x80]);
    refused("previous boot equal", &two, 32, &[0, 0, 0, 0, 0, 4]);
    refused("previous boot later", &two, 32, &[0, 0, 0, 0, 0, 5]);
}

proptest! {
    /// There is one saved state of each opener, and no other is taken.
    #[test]
    fn a_state_that_is_taken_is_saved_again_as_it_was(
        known in 0_u8..4,
        body in vec(prop_oneof![3 => Just(0_u8), 1 => any::<u8>()], 56),
        salt_lens in (prop::sample::select(vec![0_u8, 8]), prop::sample::select(vec![0_u8, 8])),
    ) {
        let mut state = [0; STATE_LEN];
        (state[0], state[1]) = (1, known);
        for (to, from) in state[4..60].iter_mut().zip(&body) {
            *to = *from;
        }
        (state[10], state[11], state[38], state[39]) = (salt_lens.0, 0, salt_lens.1, 0);
        (state[31], state[59]) = (state[31] | 1, state[59] | 1);
        (1..3).filter(|session| *session > known).for_each(|session| {
            let start = 4 + 28 * usize::from(session - 1);
            state[start..start + 28].fill(0);
        });
        let state = with_crc(state);
        if let Ok(opener) = Opener::resume(device_key(), &state) {
            prop_assert_eq!(opener.save(), state);
        }
    }
}

/// Devices, boots and forks of one message sequence: whatever the order, each
/// message is opened at most once.
#[test]
fn no_message_is_opened_twice_in_any_order_of_a_few() {
    let key = key_of(b"id", 1);
    let mut messages = vec![];
    for (session, counter) in
        [(counted(1), 0), (counted(1), 70), (counted(2), 0), (salted(2, 1), 0), (counted(3), 5)]
    {
        let (direction, aad, payload) = (Direction::Up, &b""[..], &b"p"[..]);
        messages.push(Draft { key: &key, direction, session, counter, aad, payload }.long());
    }
    // Every sequence of five of the five, with repetitions.
    for mut order in 0..5_usize.pow(5) {
        let mut opener = Opener::first_contact(key_of(b"id", 1));
        let mut opened = [false; 5];
        let mut latest = boot(0);
        for _ in 0..5 {
            let which = order % 5;
            order /= 5;
            let Ok(fresh) = opener.open(b"", &messages[which], &mut [0]) else { continue };
            assert!(!opened[which], "opened twice");
            opened[which] = true;
            assert!(opener.session().unwrap().boot() >= latest, "the boot went back");
            latest = opener.session().unwrap().boot();
            assert!(fresh.session.boot() <= latest);
        }
        assert!(!(opened[2] && opened[3]), "two salts of one boot");
    }
}
