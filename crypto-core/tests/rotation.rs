//! Rotation (`docs/rotation.md`): offers, and the two state machines under
//! every interleaving of lost, repeated and reordered messages and of servers
//! that race.
#![cfg(feature = "device")]

use std::collections::{HashMap, VecDeque};

use corekey::Error;
use corekey::device::head::{
    Change, Head, HeadStatus, Heard, Refused, Rotation, RowChange, RowStatus, enrol, grace_over,
};
use corekey::device::key::DeviceKey;
use corekey::device::name::{DeviceId, Version};
use corekey::device::rotation::{self, Applied, OFFER_LEN};
use corekey::secret::Secret;

fn version(number: u64) -> Version {
    Version::new(number).unwrap()
}

/// The key of a version of a device.
fn key_of(id: &[u8], number: u64) -> DeviceKey {
    let mut key = [number as u8; 32];
    key[..id.len()].copy_from_slice(id);
    DeviceKey::new(DeviceId::new(id).unwrap(), version(number), Secret::take(&mut key))
}

fn key(number: u64) -> DeviceKey {
    key_of(b"pump-7", number)
}

fn offer(from: u64, to: u64) -> [u8; OFFER_LEN] {
    rotation::offer(&key(from), &key(to)).unwrap()
}

#[test]
fn an_offer_brings_the_next_key() {
    let (last, far) = (Version::MAX, 1 << 40);
    for (from, to) in [(1, 2), (1, 9), (far, far + 1), (1, last), (last - 1, last)] {
        let Applied::Next(next) = rotation::apply(&key(from), &offer(from, to)).unwrap() else {
            panic!("ignored")
        };
        assert_eq!(next.id(), key(to).id());
        assert_eq!(next.version(), version(to));
        assert_eq!(next.expose(), key(to).expose());
    }
}

#[test]
fn an_offer_is_the_same_each_time_and_hides_the_key() {
    assert_eq!(offer(1, 2), offer(1, 2));
    assert_eq!(offer(1, 2)[..8], 2_u64.to_be_bytes());
    assert!(!offer(1, 2).windows(8).any(|part| key(2).expose().windows(8).any(|it| it == part)));
}

#[test]
fn only_a_later_version_of_the_same_device_is_offered() {
    for (from, to) in [(2, 2), (3, 2)] {
        assert_eq!(rotation::offer(&key(from), &key(to)), Err(Error::BadOffer));
    }
    assert_eq!(rotation::offer(&key(1), &key_of(b"pump-8", 2)), Err(Error::BadOffer));
}

#[test]
fn an_old_offer_is_ignored_whatever_else_it_says() {
    let current = key(5);
    for number in [0, 1, 4, 5_u64] {
        let mut old = [0xAB; OFFER_LEN];
        old[..8].copy_from_slice(&number.to_be_bytes());
        assert!(matches!(rotation::apply(&current, &old), Ok(Applied::Ignored)), "{number}");
    }
}

#[test]
fn a_changed_offer_is_bad_bit_by_bit() {
    let current = key(5);
    let good = offer(5, 6);
    for bit in 0..8 * OFFER_LEN {
        let mut bad = good;
        bad[bit / 8] ^= 1 << (bit % 8);
        let to = u64::from_be_bytes(bad[..8].try_into().unwrap());
        match rotation::apply(&current, &bad) {
            Err(error) => assert_eq!(error, Error::BadOffer, "bit {bit}"),
            Ok(applied) => {
                assert!(matches!(applied, Applied::Ignored) && to <= 5, "bit {bit}");
            }
        }
    }
}

#[test]
fn an_offer_of_another_length_range_or_key_is_bad() {
    let good = offer(1, 2);
    let mut longer = good.to_vec();
    longer.push(0);
    for bad in [&[], &good[..8], &good[..40], &good[..47], &longer[..]] {
        assert_eq!(rotation::apply(&key(1), bad).unwrap_err(), Error::BadOffer);
    }
    let mut above = good;
    for number in [Version::MAX + 1, u64::MAX] {
        above[..8].copy_from_slice(&number.to_be_bytes());
        assert_eq!(rotation::apply(&key(1), &above).unwrap_err(), Error::BadOffer);
    }
    assert_eq!(rotation::apply(&key_of(b"pump-8", 1), &good).unwrap_err(), Error::BadOffer);
    assert_eq!(rotation::apply(&key(1), &offer(2, 3)).unwrap_err(), Error::BadOffer);
}

#[test]
fn nothing_of_the_key_is_shown() {
    let applied = rotation::apply(&key(1), &offer(1, 2)).unwrap();
    let shown = "Next(DeviceKey { id: DeviceId(pump-7), version: Version(2), .. })";
    assert_eq!(format!("{applied:?}"), shown);
}

#[test]
fn a_head_goes_as_the_table_of_the_specification_says() {
    let first = enrol(None).unwrap();
    let head = first.head;
    assert_eq!(first.if_rev, None);
    assert_eq!(first.rows, [Some(row(1, None, RowStatus::Active)), None]);
    assert_eq!(head, live(Some(1), None, 1, 1));
    assert_eq!(enrol(Some(&head)), Err(Refused::Live));
    assert_eq!(head.heard(version(1)), Heard::Nothing);

    let Ok(Rotation::Begin(begin)) = head.rotate() else { panic!("no rotation") };
    let head = begin.head;
    assert_eq!(begin.if_rev, Some(1));
    assert_eq!(begin.rows, [Some(row(2, None, RowStatus::Pending)), None]);
    assert_eq!(head, live(Some(1), Some(2), 2, 2));
    assert_eq!(head.rotate(), Ok(Rotation::Pending(version(2))));
    assert_eq!(head.heard(version(1)), Heard::OfferDue(version(2)));

    let Heard::Acknowledged(done) = head.heard(version(2)) else { panic!("not acknowledged") };
    let head = done.head;
    let (pending, active) = (Some(RowStatus::Pending), Some(RowStatus::Active));
    let rows = [row(2, pending, RowStatus::Active), row(1, active, RowStatus::Retiring)];
    assert_eq!(done.if_rev, Some(2));
    assert_eq!(done.rows, rows.map(Some));
    assert_eq!(head, live(Some(2), None, 2, 3));
    assert_eq!(head.heard(version(2)), Heard::Nothing);

    let Ok(Rotation::Begin(begin)) = head.rotate() else { panic!("no rotation") };
    assert_eq!(begin.head.heard(version(1)), Heard::Nothing, "it has spoken a later one");
    let revoked = begin.head.revoke().unwrap();
    let rows = [row(2, active, RowStatus::Revoked), row(3, pending, RowStatus::Revoked)];
    assert_eq!(revoked.rows, rows.map(Some));
    assert!(revoked.revoke_retiring);
    let head = revoked.head;
    assert_eq!(head, Head { status: HeadStatus::Revoked, ..live(None, None, 3, 5) });
    assert_eq!(head.revoke(), Err(Refused::Revoked));
    assert_eq!(head.rotate(), Err(Refused::Revoked));
    for number in 1..=4 {
        assert_eq!(head.heard(version(number)), Heard::Nothing);
    }

    let damaged = Head { status: HeadStatus::Revoked, ..begin.head };
    assert_eq!(damaged.heard(version(2)), Heard::Nothing, "whatever else the record says");

    let leapt = head.leap().unwrap();
    assert_eq!((leapt.if_rev, leapt.rows), (Some(5), [None, None]));
    assert_eq!(leapt.head, Head { max_version: version(3 + 65536), rev: 6, ..head });
    let again = enrol(Some(&leapt.head)).unwrap();
    assert_eq!(again.if_rev, Some(6));
    assert_eq!(again.head, live(Some(65540), None, 65540, 7));
}

#[test]
fn versions_end_without_a_wrap() {
    let head = live(Some(1), None, Version::MAX, 1);
    assert_eq!(head.rotate(), Err(Refused::NoVersionLeft));
    assert_eq!(head.leap(), Err(Refused::NoVersionLeft));
    let head = head.revoke().unwrap().head;
    assert_eq!(enrol(Some(&head)), Err(Refused::NoVersionLeft));
}

#[test]
fn each_status_opens_and_seals_what_the_specification_says() {
    use RowStatus::{Active, Archived, Pending, Retiring, Revoked};
    let all = [Pending, Active, Retiring, Archived, Revoked];
    assert_eq!(all.map(RowStatus::opens), [true, true, true, false, false]);
    assert_eq!(all.map(RowStatus::seals), [false, true, true, false, false]);
    let archived = Some(row(7, Some(Retiring), Archived));
    let over = all.map(|status| grace_over(version(7), status));
    assert_eq!(over, [None, None, archived, None, None]);
}

fn row(number: u64, from: Option<RowStatus>, to: RowStatus) -> RowChange {
    RowChange { version: version(number), from, to }
}

fn live(active: Option<u64>, pending: Option<u64>, max_version: u64, rev: u64) -> Head {
    Head {
        active: active.map(version),
        pending: pending.map(version),
        max_version: version(max_version),
        status: HeadStatus::Live,
        rev,
    }
}

/// Versions in the model: enough for two rotations and an enrolment after a
/// revoke, in any order.
const LIMIT: usize = 4;

/// A transaction that a server decided on, from the head as it was then.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Transaction {
    Head(Change),
    Row(RowChange),
}

/// Server, device and everything between them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct State {
    head: Option<Head>,
    /// By version, from 1.
    rows: [Option<RowStatus>; LIMIT],
    /// Two servers, each with a transaction that is not made yet.
    under_way: [Option<Transaction>; 2],
    /// The version of the device, 0 before it has one.
    device: usize,
    /// The version of the last enrolment, and whether the device got its key.
    enrolled: usize,
    installed: bool,
    /// Messages under each version and offers of each version under each that
    /// were ever sent: any may arrive at any time, any number of times or never.
    messages: [bool; LIMIT],
    offers: [[bool; LIMIT]; LIMIT],
    /// Versions that ever had a row.
    used: [bool; LIMIT],
}

/// How one state becomes another.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// By messages, servers and time.
    ByItself,
    /// Because the operator revoked, enrolled or purged.
    Operator,
}

impl State {
    const START: Self = Self {
        head: None,
        rows: [None; LIMIT],
        under_way: [None; 2],
        device: 0,
        enrolled: 0,
        installed: false,
        messages: [false; LIMIT],
        offers: [[false; LIMIT]; LIMIT],
        used: [false; LIMIT],
    };

    fn is_live(&self) -> bool {
        self.head.is_some_and(|head| head.status == HeadStatus::Live)
    }

    fn number(version: Option<Version>) -> usize {
        version.map_or(0, |version| version.get() as usize)
    }

    fn row(&self, number: usize) -> Option<RowStatus> {
        self.rows[number.checked_sub(1)?]
    }

    /// Device and server speak the same version, and nothing is under way.
    fn agrees(&self) -> bool {
        self.head.is_some_and(|head| {
            head.status == HeadStatus::Live
                && head.pending.is_none()
                && Self::number(head.active) == self.device
        })
    }

    fn check(&self) {
        let count = |status| self.rows.iter().filter(|row| **row == Some(status)).count();
        let Some(head) = self.head else { return };
        assert!(count(RowStatus::Active) <= 1, "two active rows");
        assert_eq!(count(RowStatus::Active) == 1, self.is_live());
        assert_eq!(count(RowStatus::Pending), usize::from(head.pending.is_some()));
        assert!(self.device <= Self::number(Some(head.max_version)));
        if let Some(active) = head.active {
            assert_eq!(self.row(Self::number(Some(active))), Some(RowStatus::Active));
        }
        if let Some(pending) = head.pending {
            assert_eq!(self.row(Self::number(Some(pending))), Some(RowStatus::Pending));
        }
        if !self.is_live() {
            let opens = self.rows.iter().flatten().any(|row| row.opens());
            assert!(!opens && head.active.is_none() && head.pending.is_none());
            return;
        }
        // Not even RETIRING: so it does not matter when the grace time is over.
        if self.installed {
            let row = self.row(self.device);
            let heard = matches!(row, Some(RowStatus::Active | RowStatus::Pending));
            assert!(heard, "the server does not hear the device");
        }
    }

    fn start(&self, transaction: Transaction) -> Option<Self> {
        let mut next = *self;
        // Two servers are alike: the first free place.
        *next.under_way.iter_mut().find(|it| it.is_none())? = Some(transaction);
        Some(next)
    }

    /// What a database does with a conditional transaction.
    fn commit(&self, place: usize) -> Self {
        let mut next = *self;
        let Some(transaction) = next.under_way[place].take() else { return next };
        match transaction {
            Transaction::Row(change) => {
                if next.fits(&change) {
                    next.change_row(&change);
                }
            }
            Transaction::Head(change) => {
                let fits = self.head.map(|head| head.rev) == change.if_rev
                    && change.rows.iter().flatten().all(|row| next.fits(row));
                if fits {
                    next.change_head(&change);
                }
            }
        }
        next
    }

    fn fits(&self, change: &RowChange) -> bool {
        self.row(Self::number(Some(change.version))) == change.from
    }

    fn change_row(&mut self, change: &RowChange) {
        let index = Self::number(Some(change.version)) - 1;
        if change.from.is_none() {
            assert!(!self.used[index..].contains(&true), "a version is used again");
            self.used[index] = true;
        }
        let before = self.rows[index].replace(change.to);
        assert_ne!(before, Some(RowStatus::Revoked), "a revoked row comes back");
    }

    fn change_head(&mut self, change: &Change) {
        assert!(change.head.rev > self.head.map_or(0, |head| head.rev));
        if !self.is_live() {
            self.enrolled = Self::number(change.head.active);
            self.installed = false;
        }
        self.head = Some(change.head);
        for row in change.rows.iter().flatten() {
            self.change_row(row);
        }
        for row in self.rows.iter_mut().flatten() {
            if change.revoke_retiring && *row == RowStatus::Retiring {
                *row = RowStatus::Revoked;
            }
        }
    }

    /// A server gets a message under a version.
    fn hear(&self, number: usize) -> Option<Self> {
        if !self.row(number)?.opens() {
            return None;
        }
        let head = self.head?;
        match head.heard(version(number as u64)) {
            Heard::Nothing => None,
            Heard::Acknowledged(change) => self.start(Transaction::Head(change)),
            Heard::OfferDue(to) => {
                assert_eq!(self.row(number), Some(RowStatus::Active));
                assert!(self.is_live());
                let mut next = *self;
                next.offers[number - 1][Self::number(Some(to)) - 1] = true;
                Some(next)
            }
        }
    }

    /// All that can happen next.
    fn successors(&self, offers: &Offers) -> Vec<(State, Way)> {
        use Way::{ByItself, Operator};
        let mut next = Vec::new();
        let may_grow = self.head.is_none_or(|head| Self::number(Some(head.max_version)) < LIMIT);
        if let Some(head) = self.head {
            if may_grow && let Ok(Rotation::Begin(change)) = head.rotate() {
                next.extend(self.start(Transaction::Head(change)).map(|it| (it, ByItself)));
            }
            if let Ok(change) = head.revoke() {
                next.extend(self.start(Transaction::Head(change)).map(|it| (it, Operator)));
            } else {
                // Purged: the head stays.
                next.push((Self { rows: [None; LIMIT], ..*self }, Operator));
            }
        }
        if may_grow && let Ok(change) = enrol(self.head.as_ref()) {
            next.extend(self.start(Transaction::Head(change)).map(|it| (it, Operator)));
        }
        for number in 1..=LIMIT {
            let over = self.row(number).and_then(|it| grace_over(version(number as u64), it));
            let over = over.and_then(|change| self.start(Transaction::Row(change)));
            next.extend(over.map(|it| (it, ByItself)));
            if self.messages[number - 1] {
                next.extend(self.hear(number).map(|it| (it, ByItself)));
            }
            for from in 1..number {
                if self.offers[from - 1][number - 1] {
                    let device = offers.apply(self.device, from, number);
                    next.push((Self { device, ..*self }, ByItself));
                }
            }
        }
        for place in 0..self.under_way.len() {
            let operator = matches!(self.under_way[place], Some(Transaction::Head(change))
                if change.head.status == HeadStatus::Revoked || !self.is_live());
            next.push((self.commit(place), if operator { Operator } else { ByItself }));
            // The server went down before it was made.
            let mut dropped = *self;
            dropped.under_way[place] = None;
            next.push((dropped, ByItself));
        }
        if !self.installed && self.enrolled > 0 {
            next.push((Self { device: self.enrolled, installed: true, ..*self }, ByItself));
        }
        if self.device > 0 {
            let mut messages = self.messages;
            messages[self.device - 1] = true;
            next.push((Self { messages, ..*self }, ByItself));
        }
        next
    }
}

/// What a device of each version makes of each offer, by the code itself.
struct Offers(HashMap<(usize, usize, usize), usize>);

impl Offers {
    fn new() -> Self {
        let mut results = HashMap::new();
        for device in 1..=LIMIT {
            for from in 1..=LIMIT {
                for to in from + 1..=LIMIT {
                    let offer = offer(from as u64, to as u64);
                    let after = match rotation::apply(&key(device as u64), &offer) {
                        Ok(Applied::Next(next)) => {
                            assert_eq!(next.expose(), key(to as u64).expose());
                            next.version().get() as usize
                        }
                        Ok(Applied::Ignored) | Err(_) => device,
                    };
                    results.insert((device, from, to), after);
                }
            }
        }
        Self(results)
    }

    fn apply(&self, device: usize, from: usize, to: usize) -> usize {
        self.0.get(&(device, from, to)).copied().unwrap_or(device)
    }
}

#[test]
fn every_interleaving_of_messages_and_servers_leaves_a_way_to_agree() {
    let offers = Offers::new();
    let mut numbers = HashMap::from([(State::START, 0_usize)]);
    let mut states = vec![State::START];
    // Backwards, and only what happens by itself.
    let mut before: Vec<Vec<usize>> = vec![Vec::new()];
    let mut waiting = VecDeque::from([0_usize]);
    while let Some(number) = waiting.pop_front() {
        let state = states[number];
        state.check();
        for (next, way) in state.successors(&offers) {
            let next_number = *numbers.entry(next).or_insert_with(|| {
                states.push(next);
                before.push(Vec::new());
                waiting.push_back(states.len() - 1);
                states.len() - 1
            });
            if way == Way::ByItself && next_number != number {
                before[next_number].push(number);
            }
        }
    }

    let mut can_agree: Vec<bool> = states.iter().map(State::agrees).collect();
    let mut found: Vec<usize> = (0..states.len()).filter(|number| can_agree[*number]).collect();
    while let Some(number) = found.pop() {
        for earlier in &before[number] {
            if !can_agree[*earlier] {
                can_agree[*earlier] = true;
                found.push(*earlier);
            }
        }
    }
    let live = states.iter().filter(|state| state.is_live()).count();
    let stuck = states.iter().zip(&can_agree).filter(|(state, can)| state.is_live() && !**can);
    assert_eq!(stuck.count(), 0, "device and server cannot agree any more");
    println!("{} states, {live} of them live", states.len());
    assert!(live > 1000);
}
