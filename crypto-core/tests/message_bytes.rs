//! The bytes of sealed messages (`docs/message.md`, long and compact form): there
//! is one encoding of each message, and nothing else is taken for one. Written
//! against an encoder of its own.
#![cfg(feature = "device")]

mod support;

use corekey::Error;
use corekey::device::message::{
    Claim, Direction, Form, Parts, Session, inspect, write_compact, write_full_iv, write_long,
};
use corekey::device::name::{Boot, DeviceId, Version};
use corekey::device::opener::Opener;
use proptest::collection::vec;
use proptest::prelude::*;
use support::{
    Draft, Openers, boot, compact, copy_of, counted, device_key, id, key_of, salted, session,
    version,
};

const UINT: u8 = 0;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const TAG: u8 = 6;

/// The head of a CBOR item with its argument in 0, 1, 2, 4 or 8 bytes.
fn head_in(width: usize, major: u8, argument: u64) -> Vec<u8> {
    let info = match width {
        0 => argument as u8,
        1 => 24,
        2 => 25,
        4 => 26,
        _ => 27,
    };
    [&[major << 5 | info], &argument.to_be_bytes()[8 - width..]].concat()
}

/// The shortest head.
fn head(major: u8, argument: u64) -> Vec<u8> {
    let width = match argument {
        0..=23 => 0,
        24..=0xff => 1,
        0x100..=0xffff => 2,
        0x1_0000..=0xffff_ffff => 4,
        _ => 8,
    };
    head_in(width, major, argument)
}

fn string(content: &[u8]) -> Vec<u8> {
    [head(BYTES, content.len() as u64), content.to_vec()].concat()
}

/// Big-endian without leading zeros, but for zero itself.
fn shortest(number: u64) -> Vec<u8> {
    let zeros = (number.leading_zeros() / 8).min(7) as usize;
    number.to_be_bytes()[zeros..].to_vec()
}

/// A long message in pieces, each to be replaced.
#[derive(Clone)]
struct Pieces {
    tag: Vec<u8>,
    array: Vec<u8>,
    protected: Vec<u8>,
    map: Vec<u8>,
    /// Label and value.
    entries: Vec<(Vec<u8>, Vec<u8>)>,
    ciphertext: Vec<u8>,
    behind: Vec<u8>,
}

impl Pieces {
    fn of(draft: &Draft<'_>) -> Self {
        let kid = [head(UINT, draft.key.version().get()), draft.key.id().as_bytes().to_vec()];
        let salt = draft.session.salt().map_or(vec![], |salt| salt.to_vec());
        let context = [shortest(draft.session.boot().get()), salt];
        let entries = [
            (4, string(&kid.concat())),
            (6, string(&shortest(u64::from(draft.counter)))),
            (10, string(&context.concat())),
        ];
        Self {
            tag: head(TAG, 16),
            array: head(ARRAY, 3),
            protected: string(&[0xa1, 1, 3]),
            map: head(MAP, 3),
            entries: entries.map(|(label, value)| (head(UINT, label), value)).to_vec(),
            ciphertext: string(&draft.sealed()),
            behind: vec![],
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let entries = self.entries.iter().flat_map(|(label, value)| [label, value]);
        let start = [&self.tag, &self.array, &self.protected, &self.map];
        let end = [&self.ciphertext, &self.behind];
        start.into_iter().chain(entries).chain(end).flatten().copied().collect()
    }
}

/// What messages can look like: ids, versions, boots and counters of every
/// encoded length, with a salt and without, payloads from none on.
fn shapes(then: impl Fn(&Draft<'_>)) {
    let both_ways = |id: &[u8], version, session, counter, aad: &[u8], payload: &[u8]| {
        let key = &key_of(id, version);
        for direction in [Direction::Up, Direction::Down] {
            then(&Draft { key, direction, session, counter, aad, payload });
        }
    };
    both_ways(b"pump-station-7", 1, counted(0), 0, b"", b"");
    both_ways(b"pump-station-7", 1, salted(1, 0), 1, b"", b"21.5 C");
    both_ways(b"x", 23, counted(255), 255, b"", b"p");
    both_ways(b"\0", 24, salted(256, 0xff), 256, b"topic", b"a payload that fills 2 blocks...");
    both_ways(b"23 bytes of an id, yes.", 255, counted(0xffff), 0xffff, &[7; 24], &[0; 17]);
    both_ways(&[0xd0; 128], 256, salted(1 << 24, 1), 0x1_0000, b"", &[0x40; 8]);
    both_ways(b"id", 0x1_0000, counted(1 << 40), 0x100_0000, &[0; 255], b"payload");
    both_ways(&[b'i'; 128], Version::MAX, salted(Boot::MAX, 0), u32::MAX, b"a", b"last of all");
}

/// Openers that have heard another message of the session, next to the draft's,
/// and so know how to fill in a compact one.
fn openers_that_know(draft: &Draft<'_>) -> Openers {
    let mut openers = openers_that_know_nothing(draft);
    let neighbour = draft.counter.checked_sub(1).unwrap_or(1);
    let before = Draft { counter: neighbour, ..*draft }.long();
    openers.open(draft.aad, &before).unwrap();
    openers
}

fn openers_that_know_nothing(draft: &Draft<'_>) -> Openers {
    match draft.direction {
        Direction::Up => Openers::first_contact(draft.key),
        Direction::Down => Openers::down(draft.key, draft.session.boot().get()),
    }
}

/// Refused by everything that takes a message, with nothing written and no state
/// changed, and not merely for being forged.
fn assert_malformed(what: &str, message: &[u8]) {
    let draft_key = device_key();
    assert_eq!(inspect(message), Err(Error::Malformed), "{what}: {message:x?}");
    for rewrite in [write_compact, write_full_iv] {
        assert_eq!(rewrite(message, &mut [0; 300]), Err(Error::Malformed), "{what}");
    }
    let mut openers = [Openers::first_contact(&draft_key), Openers::down(&draft_key, 1)];
    for openers in &mut openers {
        assert_eq!(openers.open(b"", message), Err(Error::Malformed), "{what}");
    }
}

/// If the bytes are a message, then they are the only encoding of what it says.
fn assert_exact(message: &[u8]) {
    let Ok(parts) = inspect(message) else { return };
    let mut again = vec![0; message.len() + 8];
    let len = match parts.claim {
        Claim::Long { version, id: of, session, counter } => {
            assert!(session.boot().get() <= Boot::MAX && version.get() <= Version::MAX);
            write_long(&id(of), version, &session, counter, &parts, &mut again).unwrap()
        }
        Claim::Compact { version, boot, counter } => {
            let [high, low] = counter.to_be_bytes();
            let header = [0x40 + version, boot, high, low];
            let all = [&header[..], parts.ciphertext, parts.tag].concat();
            again[..all.len()].copy_from_slice(&all);
            all.len()
        }
    };
    assert_eq!(&again[..len], message);
}

#[test]
fn a_long_message_is_encoded_as_specified() {
    shapes(|draft| {
        let message = draft.long();
        assert_eq!(message, Pieces::of(draft).bytes());
        let sealed = draft.sealed();
        let (ciphertext, tag) = sealed.split_last_chunk().unwrap();
        let claim = Claim::Long {
            version: draft.key.version(),
            id: draft.key.id().as_bytes(),
            session: draft.session,
            counter: draft.counter,
        };
        assert_eq!(inspect(&message), Ok(Parts { claim, ciphertext, tag }));
    });
}

#[test]
fn a_compact_message_is_encoded_as_specified() {
    shapes(|draft| {
        let message = draft.compact();
        let version = (draft.key.version().get() % 64) as u8;
        let boot = (draft.session.boot().get() % 256) as u8;
        let counter = (draft.counter % 65_536) as u16;
        let [high, low] = counter.to_be_bytes();
        let sealed = draft.sealed();
        assert_eq!(message, [&[0x40 | version, boot, high, low], &sealed[..]].concat());
        let (ciphertext, tag) = sealed.split_last_chunk().unwrap();
        let claim = Claim::Compact { version, boot, counter };
        assert_eq!(inspect(&message), Ok(Parts { claim, ciphertext, tag }));
    });
}

#[test]
fn the_full_iv_takes_the_place_of_the_partial_one() {
    shapes(|draft| {
        let mut pieces = Pieces::of(draft);
        let mut iv = [0x63, 0x6b, 0x31, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        iv[8..].copy_from_slice(&draft.counter.to_be_bytes());
        pieces.entries[1] = (vec![5], string(&iv));
        let mut full = vec![0; 600];
        let len = write_full_iv(&draft.long(), &mut full).unwrap();
        assert_eq!(full[..len], pieces.bytes());
        assert_malformed("a full IV", &full[..len]);
    });
}

#[test]
fn the_largest_numbers_are_taken_and_larger_ones_are_malformed() {
    let key = device_key();
    let draft = draft_of(&key);
    let max_version = (1_u64 << 53) - 1;
    for (number, fits) in [(1, true), (max_version, true), (0, false), (max_version + 1, false)] {
        let message = with_kid(&draft, &[head(UINT, number), b"id".to_vec()].concat());
        assert_eq!(inspect(&message).is_ok(), fits, "version {number}");
    }
    for (len, fits) in [(0, false), (1, true), (128, true), (129, false), (1000, false)] {
        let message = with_kid(&draft, &[vec![1], vec![b'i'; len]].concat());
        assert_eq!(inspect(&message).is_ok(), fits, "id of {len} bytes");
    }
    for (len, fits) in [(0, false), (1, true), (4, true), (5, false), (8, false), (12, false)] {
        let message = with_entry(&draft, 1, &string(&vec![0xff; len]));
        assert_eq!(inspect(&message).is_ok(), fits, "Partial IV of {len} bytes");
    }
    for len in 0..40 {
        let fits = matches!(len, 1..=6 | 9..=14);
        let message = with_entry(&draft, 2, &string(&vec![0xff; len]));
        assert_eq!(inspect(&message).is_ok(), fits, "kid context of {len} bytes");
    }
}

fn draft_of(key: &corekey::device::key::DeviceKey) -> Draft<'_> {
    let session = counted(1);
    let (direction, counter) = (Direction::Up, 1);
    Draft { key, direction, session, counter, aad: b"", payload: b"payload" }
}

fn with_entry(draft: &Draft<'_>, index: usize, value: &[u8]) -> Vec<u8> {
    let mut pieces = Pieces::of(draft);
    pieces.entries[index].1 = value.to_vec();
    pieces.bytes()
}

fn with_kid(draft: &Draft<'_>, kid: &[u8]) -> Vec<u8> {
    with_entry(draft, 0, &string(kid))
}

/// Other ways to write the head of an item: longer than needed, indefinite,
/// reserved, of another major type.
fn other_encodings(major: u8, argument: u64) -> Vec<(String, Vec<u8>)> {
    let shortest = head(major, argument);
    let mut heads = vec![];
    for width in [1, 2, 4, 8] {
        let wide = head_in(width, major, argument);
        if wide.len() > shortest.len() {
            heads.push((format!("in {width} bytes"), wide));
        }
    }
    for info in 28..=31 {
        heads.push((format!("info {info}"), vec![major << 5 | info]));
    }
    for other in (0..8).filter(|other| *other != major) {
        heads.push((format!("major type {other}"), head(other, argument)));
    }
    heads
}

/// The same, and other numbers, up to absurd ones.
fn other_heads(major: u8, argument: u64) -> Vec<(String, Vec<u8>)> {
    let mut heads = other_encodings(major, argument);
    let beside = [argument.wrapping_sub(1), argument + 1];
    let absurd = [1 << 16, 1 << 31, 1 << 32, 1 << 48, 1 << 62, i64::MAX as u64, 1 << 63];
    let last = [u64::MAX - 16, u64::MAX - 1, u64::MAX];
    for number in beside.into_iter().chain(absurd).chain(last) {
        heads.push((format!("{number}"), head(major, number)));
        heads.push((format!("{number} in 8 bytes"), head_in(8, major, number)));
    }
    heads
}

/// Replaces the head of a byte string.
fn with_head(head_bytes: &[u8], content: &[u8]) -> Vec<u8> {
    [head_bytes, content].concat()
}

/// A byte string in chunks of indefinite length.
fn in_chunks(content: &[u8]) -> Vec<u8> {
    [&[0x5f][..], &string(content), &[0xff]].concat()
}

#[test]
fn every_other_way_to_write_a_head_is_malformed() {
    for session in [counted(1), salted(1, 3)] {
        let key = device_key();
        let draft = Draft { session, ..draft_of(&key) };
        let right = Pieces::of(&draft);
        let mut cases: Vec<(String, Pieces)> = vec![];
        let mut add = |what: String, change: &dyn Fn(&mut Pieces)| {
            let mut pieces = right.clone();
            change(&mut pieces);
            cases.push((what, pieces));
        };
        let is_compact = |bytes: &[u8]| (0x40..0x80).contains(&bytes[0]);
        for (how, bytes) in other_heads(TAG, 16).into_iter().filter(|(_, it)| !is_compact(it)) {
            add(format!("tag: {how}"), &|pieces| pieces.tag = bytes.clone());
        }
        for (how, bytes) in other_heads(ARRAY, 3) {
            add(format!("array: {how}"), &|pieces| pieces.array = bytes.clone());
            add(format!("array that ends: {how}"), &|pieces| {
                pieces.array = bytes.clone();
                pieces.behind = vec![0xff];
            });
        }
        for (how, bytes) in other_heads(BYTES, 3) {
            let protected = with_head(&bytes, &[0xa1, 1, 3]);
            add(format!("protected: {how}"), &|pieces| pieces.protected = protected.clone());
        }
        for (how, bytes) in other_heads(MAP, 3) {
            add(format!("map: {how}"), &|pieces| pieces.map = bytes.clone());
            add(format!("map that ends: {how}"), &|pieces| {
                pieces.map = bytes.clone();
                pieces.ciphertext.insert(0, 0xff);
            });
        }
        for (index, label) in [4, 6, 10].into_iter().enumerate() {
            for (how, bytes) in other_heads(UINT, label) {
                add(format!("label {label}: {how}"), &|pieces| {
                    pieces.entries[index].0 = bytes.clone();
                });
            }
            let content = right.entries[index].1[1..].to_vec();
            for (how, bytes) in other_heads(BYTES, content.len() as u64) {
                let value = with_head(&bytes, &content);
                add(format!("value of {label}: {how}"), &|pieces| {
                    pieces.entries[index].1 = value.clone();
                });
            }
            add(format!("value of {label} in chunks"), &|pieces| {
                pieces.entries[index].1 = in_chunks(&content);
            });
        }
        let version_and_id = right.entries[0].1[1..].to_vec();
        for (how, bytes) in other_encodings(UINT, 1) {
            let kid = with_head(&bytes, &version_and_id[1..]);
            add(format!("version: {how}"), &|pieces| pieces.entries[0].1 = string(&kid));
        }
        let sealed = draft.sealed();
        for (how, bytes) in other_heads(BYTES, sealed.len() as u64) {
            let value = with_head(&bytes, &sealed);
            add(format!("ciphertext: {how}"), &|pieces| pieces.ciphertext = value.clone());
        }
        add("ciphertext in chunks".into(), &|pieces| pieces.ciphertext = in_chunks(&sealed));

        assert!(inspect(&right.bytes()).is_ok());
        assert!(cases.len() > 250, "{}", cases.len());
        for (what, pieces) in cases {
            assert_malformed(&what, &pieces.bytes());
        }
    }
}

#[test]
fn other_tags_arrays_and_protected_headers_are_malformed() {
    let key = device_key();
    let draft = draft_of(&key);
    let right = Pieces::of(&draft);
    let check = |what: &str, change: &dyn Fn(&mut Pieces)| {
        let mut pieces = right.clone();
        change(&mut pieces);
        assert_malformed(what, &pieces.bytes());
    };
    check("no tag", &|pieces| pieces.tag.clear());
    check("COSE_Mac0", &|pieces| pieces.tag = head(TAG, 17));
    check("COSE_Encrypt", &|pieces| pieces.tag = head(TAG, 96));
    check("tagged twice", &|pieces| pieces.tag = vec![0xd0, 0xd0]);
    check("CBOR tag before", &|pieces| pieces.tag = [head(TAG, 55_799), vec![0xd0]].concat());
    check("two items", &|pieces| {
        pieces.array = head(ARRAY, 2);
        pieces.ciphertext.clear();
    });
    check("four items", &|pieces| {
        pieces.array = head(ARRAY, 4);
        pieces.behind = vec![0xf6];
    });
    check("a byte behind", &|pieces| pieces.behind = vec![0]);
    check("a message behind", &|pieces| pieces.behind = right.bytes());
    check("detached ciphertext", &|pieces| pieces.ciphertext = vec![0xf6]);
    check("no ciphertext", &|pieces| pieces.ciphertext.clear());
    for len in 0..16 {
        check("less than a tag", &|pieces| pieces.ciphertext = string(&vec![0; len]));
    }

    let protected: [(&str, &[u8]); 13] = [
        ("A128GCM", &[0x43, 0xa1, 1, 1]),
        ("A192GCM", &[0x43, 0xa1, 1, 2]),
        ("AES-CCM", &[0x44, 0xa1, 1, 0x18, 24]),
        ("another label", &[0x43, 0xa1, 2, 3]),
        ("empty string", &[0x40]),
        ("empty map", &[0x41, 0xa0]),
        ("no string", &[0xa1, 1, 3]),
        ("wide label", &[0x44, 0xa1, 0x18, 1, 3]),
        ("wide algorithm", &[0x44, 0xa1, 1, 0x18, 3]),
        ("wide map", &[0x44, 0xb8, 1, 1, 3]),
        ("map without end", &[0x44, 0xbf, 1, 3, 0xff]),
        ("two entries", &[0x45, 0xa2, 1, 3, 4, 0x40]),
        ("a text", &[0x63, 0xa1, 1, 3]),
    ];
    for (what, bytes) in protected {
        check(what, &|pieces| pieces.protected = bytes.to_vec());
    }
    check("algorithm in the clear too", &|pieces| {
        pieces.map = head(MAP, 4);
        pieces.entries.insert(0, (vec![1], vec![3]));
    });
    check("algorithm only in the clear", &|pieces| {
        pieces.protected = vec![0x40];
        pieces.map = head(MAP, 4);
        pieces.entries.insert(0, (vec![1], vec![3]));
    });
}

#[test]
fn extra_missing_repeated_and_reordered_labels_are_malformed() {
    let key = device_key();
    for session in [counted(1), salted(1, 3)] {
        let draft = Draft { session, ..draft_of(&key) };
        let right = Pieces::of(&draft);
        let check = |what: &str, entries: &[(Vec<u8>, Vec<u8>)]| {
            let mut pieces = right.clone();
            pieces.entries = entries.to_vec();
            for counted in [3, entries.len() as u64] {
                pieces.map = head(MAP, counted);
                assert_malformed(what, &pieces.bytes());
            }
        };
        let all = &right.entries;
        for at in 0..3 {
            let mut fewer = all.clone();
            let lost = fewer.remove(at);
            check("missing", &fewer);
            for again in 0..=2 {
                let mut doubled = fewer.clone();
                doubled.insert(again.min(doubled.len()), fewer[again % 2].clone());
                check("one in place of another", &doubled);
            }
            for to in 0..=3 {
                let mut repeated = all.clone();
                repeated.insert(to, lost.clone());
                check("repeated", &repeated);
            }
        }
        for order in [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            check("reordered", &order.map(|at| all[at].clone()));
        }
        let full_iv = (vec![5], string(&[0; 12]));
        let extras = [
            full_iv.clone(),
            (vec![1], vec![3]),
            (vec![2], vec![0x81, 1]),
            (vec![3], vec![0]),
            (vec![7], string(b"")),
            (head(UINT, 11), string(b"")),
            (vec![0x20], vec![0]),
            ([head(TEXT, 1), b"x".to_vec()].concat(), vec![0xf5]),
        ];
        for extra in extras {
            for at in 0..=3 {
                let mut more = all.clone();
                more.insert(at, extra.clone());
                check("extra", &more);
            }
        }
        check("none", &[]);
        let mut replaced = all.clone();
        replaced[1] = full_iv;
        check("full IV", &replaced);
    }
}

#[test]
fn leading_zeros_and_other_values_are_malformed() {
    let key = device_key();
    let draft = draft_of(&key);
    let salt = [9; 8];
    for zeros in 1..4 {
        let number = [vec![0; zeros], vec![1]].concat();
        assert_malformed("Partial IV", &with_entry(&draft, 1, &string(&number)));
        assert_malformed("boot", &with_entry(&draft, 2, &string(&number)));
        let with_salt = [&number[..], &salt].concat();
        assert_malformed("boot before a salt", &with_entry(&draft, 2, &string(&with_salt)));
        let nought = vec![0; zeros + 1];
        assert_malformed("Partial IV of zeros", &with_entry(&draft, 1, &string(&nought)));
        assert_malformed("boot of zeros", &with_entry(&draft, 2, &string(&nought)));
        let with_salt = [&nought[..], &salt].concat();
        assert_malformed("boot of zeros, salt", &with_entry(&draft, 2, &string(&with_salt)));
    }
    let others: [(&str, &[u8]); 7] = [
        ("a number", &[1]),
        ("a negative number", &[0x20]),
        ("a text", &[0x61, 1]),
        ("an array", &[0x81, 0x41, 1]),
        ("a map", &[0xa0]),
        ("a big number", &[0xc2, 0x41, 1]),
        ("nothing", &[0xf6]),
    ];
    for (what, value) in others {
        for index in 0..3 {
            assert_malformed(what, &with_entry(&draft, index, value));
        }
    }
    let kids: [(&str, &[u8]); 12] = [
        ("version 0", b"\x00id"),
        ("version 1 in 2 bytes", b"\x18\x01id"),
        ("version 23 in 2 bytes", b"\x18\x17id"),
        ("version 255 in 3 bytes", b"\x19\x00\xffid"),
        ("version 65535 in 5 bytes", b"\x1a\x00\x00\xff\xffid"),
        ("version 2^32 - 1 in 9 bytes", b"\x1b\x00\x00\x00\x00\xff\xff\xff\xffid"),
        ("version 2^53", b"\x1b\x00\x20\x00\x00\x00\x00\x00\x00id"),
        ("version 2^64 - 1", b"\x1b\xff\xff\xff\xff\xff\xff\xff\xffid"),
        ("version -1", b"\x20id"),
        ("a version as a string", b"\x41\x01id"),
        ("half a version", b"\x19\x01"),
        ("a version and no id", b"\x18\x18"),
    ];
    for (what, kid) in kids {
        assert_malformed(what, &with_kid(&draft, kid));
    }
}

#[test]
fn a_message_cut_short_is_malformed_and_with_more_behind_it_is_not_opened() {
    shapes(|draft| {
        let long = draft.long();
        let mut openers = openers_that_know(draft);
        for len in 0..long.len() {
            assert_eq!(openers.open(draft.aad, &long[..len]), Err(Error::Malformed), "{len}");
        }
        for more in [&[0][..], &[0xff], &[0; 16], &long] {
            let longer = [&long, more].concat();
            assert_eq!(openers.open(draft.aad, &longer), Err(Error::Malformed));
        }
        let compact = draft.compact();
        for len in 0..compact.len() {
            let expected = if len < 20 { Error::Malformed } else { Error::Forged };
            assert_eq!(openers.open(draft.aad, &compact[..len]), Err(expected), "{len}");
        }
        for more in [&[0][..], &[0xff], &[0; 16], &compact] {
            let longer = [&compact, more].concat();
            assert_eq!(openers.open(draft.aad, &longer), Err(Error::Forged));
        }
        assert_eq!(openers.open(draft.aad, &compact).unwrap().1, draft.payload);
    });
}

/// All that differs from a message in one bit, one byte more, one byte less or
/// two neighbours exchanged.
fn neighbours(message: &[u8]) -> Vec<Vec<u8>> {
    let mut all = vec![];
    for at in 0..message.len() {
        for bit in 0..8 {
            let mut flipped = message.to_vec();
            flipped[at] ^= 1 << bit;
            all.push(flipped);
        }
        let mut less = message.to_vec();
        less.remove(at);
        all.push(less);
        for byte in [0, message[at], 0xff] {
            let mut more = message.to_vec();
            more.insert(at, byte);
            all.push(more);
        }
        let mut exchanged = message.to_vec();
        exchanged.swap(at, (at + 1) % message.len());
        all.push(exchanged);
    }
    all.retain(|other| other != message);
    all
}

#[test]
fn no_bit_of_a_message_can_be_changed() {
    shapes(|draft| {
        for form in [Form::Long, Form::Compact] {
            let message = draft.message(form);
            let sealed_at = message.len() - draft.sealed().len();
            let mut openers = openers_that_know(draft);
            let mut fresh = openers_that_know_nothing(draft);
            for changed in neighbours(&message) {
                assert_exact(&changed);
                let result = openers.open(draft.aad, &changed);
                let why = result.expect_err("opened what was not sealed");
                let same_head = changed.starts_with(&message[..sealed_at]);
                if same_head && changed.len() == message.len() {
                    assert_eq!(why, Error::Forged);
                }
                let said = [Error::Malformed, Error::OtherKey, Error::NeedLong, Error::Forged];
                assert!(said.contains(&why), "{why:?} before the tag verified");
                if same_head && form == Form::Long {
                    assert_eq!(fresh.open(draft.aad, &changed), Err(why));
                }
            }
            assert_eq!(openers.open(draft.aad, &message).unwrap().1, draft.payload);
            assert_eq!(openers.open(draft.aad, &message), Err(Error::Replay));
        }
    });
}

/// Every value of every byte of a header, not only single bits.
#[test]
fn no_byte_of_a_header_can_be_replaced() {
    shapes(|draft| {
        let mut opener = match draft.direction {
            Direction::Up => Opener::first_contact(copy_of(draft.key)),
            Direction::Down => Opener::down(copy_of(draft.key), draft.session.boot()),
        };
        let mut out = [0; 100];
        let neighbour = draft.counter.checked_sub(1).unwrap_or(1);
        let before = Draft { counter: neighbour, ..*draft }.long();
        opener.open(draft.aad, &before, &mut out).unwrap();
        for form in [Form::Long, Form::Compact] {
            let message = draft.message(form);
            let header_len = message.len() - draft.sealed().len();
            let state = opener.save();
            for (at, value) in (0..header_len).flat_map(|at| (0..=255).map(move |v| (at, v))) {
                let mut changed = message.clone();
                changed[at] = value;
                if changed != message {
                    assert_exact(&changed);
                    let result = opener.open(draft.aad, &changed, &mut out);
                    assert!(result.is_err(), "byte {at} as {value}");
                }
            }
            assert_eq!(opener.save(), state);
        }
    });
}

/// Header fields of one message under the ciphertext of another.
#[test]
fn header_and_ciphertext_of_two_messages_do_not_go_together() {
    let keys = [key_of(b"pump-station-7", 1), key_of(b"pump-station-7", 2)];
    let sessions = [counted(1), counted(2), salted(1, 0), salted(1, 1), salted(2, 0)];
    let mut drafts = vec![];
    for session in sessions {
        for counter in [0, 1, 255, 256, 65_536, u32::MAX] {
            drafts.push(Draft { session, counter, payload: b"same", ..draft_of(&keys[0]) });
        }
    }
    for draft in &drafts {
        let sealed = draft.sealed();
        let (ciphertext, tag) = sealed.split_last_chunk().unwrap();
        for other in &drafts {
            let claim = Claim::Compact { version: 0, boot: 0, counter: 0 };
            let parts = Parts { claim, ciphertext, tag };
            let mut message = vec![0; 200];
            let (id, version) = (other.key.id(), other.key.version());
            let (session, counter) = (&other.session, other.counter);
            let len = write_long(id, version, session, counter, &parts, &mut message).unwrap();
            let result = Openers::first_contact(&keys[0]).open(b"", &message[..len]);
            let same = (draft.session, draft.counter) == (other.session, other.counter);
            let opened = result.map(|(opened, _)| (opened.session, opened.counter));
            let expected = if same { Ok((*session, counter)) } else { Err(Error::Forged) };
            assert_eq!(opened, expected);
        }
        let (id, long) = (keys[1].id(), version(2));
        let claim = Claim::Compact { version: 0, boot: 0, counter: 0 };
        let parts = Parts { claim, ciphertext, tag };
        let mut message = vec![0; 200];
        let (session, counter) = (&draft.session, draft.counter);
        let len = write_long(id, long, session, counter, &parts, &mut message).unwrap();
        let result = Openers::first_contact(&keys[0]).open(b"", &message[..len]);
        assert_eq!(result, Err(Error::OtherKey));
    }
}

/// One edit of a message.
#[derive(Clone, Debug)]
enum Edit {
    Set(usize, u8),
    Insert(usize, Vec<u8>),
    Remove(usize, usize),
    Repeat(usize, usize),
}

fn edit() -> impl Strategy<Value = Edit> {
    let at = 0_usize..200;
    prop_oneof![
        (at.clone(), any::<u8>()).prop_map(|(at, byte)| Edit::Set(at, byte)),
        (at.clone(), vec(any::<u8>(), 1..9)).prop_map(|(at, bytes)| Edit::Insert(at, bytes)),
        (at.clone(), 1_usize..20).prop_map(|(at, len)| Edit::Remove(at, len)),
        (at, 1_usize..20).prop_map(|(at, len)| Edit::Repeat(at, len)),
    ]
}

fn apply(edit: &Edit, message: &mut Vec<u8>) {
    let range = |at: usize, len: usize| {
        let at = at % (message.len() + 1);
        at..(at + len).min(message.len())
    };
    match edit {
        Edit::Set(at, byte) => {
            let place = range(*at, 1);
            message[place].fill(*byte);
        }
        Edit::Insert(at, bytes) => {
            let place = range(*at, 0);
            message.splice(place, bytes.iter().copied());
        }
        Edit::Remove(at, len) => {
            let place = range(*at, *len);
            message.drain(place);
        }
        Edit::Repeat(at, len) => {
            let place = range(*at, *len);
            let again = message[place.clone()].to_vec();
            message.splice(place.end..place.end, again);
        }
    }
}

/// CBOR that is nearly a message: right pieces, with values that may be wrong.
fn nearly_a_message() -> impl Strategy<Value = Vec<u8>> {
    let value = prop_oneof![
        vec(any::<u8>(), 0..20).prop_map(|content| string(&content)),
        (0_usize..5, 0_u8..8, any::<u64>(), 0_u32..64, vec(any::<u8>(), 0..20)).prop_map(
            |(width, major, number, shift, content)| {
                let width = [0, 1, 2, 4, 8][width];
                let argument = number >> shift;
                with_head(&head_in(width, major, argument & 0x17), &content)
            }
        ),
    ];
    let label = prop_oneof![4 => Just(0_u8), 1 => any::<u8>()];
    (vec((label, value), 3..=3), vec(any::<u8>(), 14..40)).prop_map(|(values, sealed)| {
        let entries = [4, 6, 10].into_iter().zip(values);
        let entries = entries.map(|(label, (change, value))| (vec![label ^ change], value));
        let pieces = Pieces {
            tag: head(TAG, 16),
            array: head(ARRAY, 3),
            protected: string(&[0xa1, 1, 3]),
            map: head(MAP, 3),
            entries: entries.collect(),
            ciphertext: string(&sealed),
            behind: vec![],
        };
        pieces.bytes()
    })
}

/// Opens bytes that nobody sealed with every kind of opener.
fn assert_not_opened(message: &[u8]) {
    assert_exact(message);
    let key = key_of(b"id", 1);
    let draft = Draft { key: &key, ..draft_of(&key) };
    let of_down = Draft { direction: Direction::Down, ..draft };
    let knowing = [openers_that_know(&draft), openers_that_know(&of_down)];
    let fresh = [Openers::first_contact(&key), Openers::down(&key, 1)];
    for mut openers in knowing.into_iter().chain(fresh) {
        assert!(openers.open(b"", message).is_err());
    }
    for rewrite in [write_compact, write_full_iv] {
        let mut out = vec![0; message.len() + 300];
        assert!(matches!(rewrite(message, &mut out), Ok(_) | Err(Error::Malformed)));
    }
}

proptest! {
    #[test]
    fn random_bytes_are_not_opened_and_nothing_panics(
        start in prop_oneof![
            Just(vec![]),
            (0x40_u8..0x80).prop_map(|first| vec![first]),
            Just(vec![0x41, 1, 0, 2]),
            Just(vec![0xd0, 0x83, 0x43, 0xa1, 1, 3, 0xa3, 4]),
            Just(b"\xd0\x83\x43\xa1\x01\x03\xa3\x04\x43\x01id\x06".to_vec()),
            Just(b"\xd0\x83\x43\xa1\x01\x03\xa3\x04\x43\x01id\x06\x41\x01\x0a\x41\x01\x51".to_vec()),
        ],
        rest in vec(any::<u8>(), 0..64),
    ) {
        assert_not_opened(&[start, rest].concat());
    }

    #[test]
    fn what_is_nearly_a_message_is_not_opened(message in nearly_a_message()) {
        assert_not_opened(&message);
    }

    #[test]
    fn an_edited_message_is_not_opened(
        shape in (vec(any::<u8>(), 1..=40), 1_u64..1000, 0_u64..1000, any::<Option<u8>>()),
        counter in 0_u32..1000,
        in_compact in any::<bool>(),
        edits in vec(edit(), 1..5),
    ) {
        let (id, number, boot_number, salt) = shape;
        let key = key_of(&id, number);
        let session = session(boot_number, salt);
        let draft = Draft { session, counter, ..draft_of(&key) };
        let original = draft.message(if in_compact { Form::Compact } else { Form::Long });
        let mut message = original.clone();
        edits.iter().for_each(|edit| apply(edit, &mut message));
        prop_assume!(message != original);
        assert_exact(&message);
        prop_assert!(openers_that_know(&draft).open(b"", &message).is_err());
    }

    /// One message has one encoding, and it says what it was made from.
    #[test]
    fn every_message_is_read_back_as_it_was_written(
        device in vec(any::<u8>(), 1..=DeviceId::MAX_LEN),
        version in 1..=Version::MAX,
        boot_number in 0..=Boot::MAX,
        shifts in (0_u32..53, 0_u32..48, 0_u32..32),
        salt in any::<Option<[u8; 8]>>(),
        counter in any::<u32>(),
        sealed in vec(any::<u8>(), 16..300),
    ) {
        let version = Version::new((version >> shifts.0).max(1)).unwrap();
        let at = boot(boot_number >> shifts.1);
        let session = salt.map_or(Session::counted(at), |salt| Session::salted(at, salt));
        let counter = counter >> shifts.2;
        let (ciphertext, tag) = sealed.split_last_chunk().unwrap();
        let claim = Claim::Long { version, id: &device, session, counter };
        let parts = Parts { claim, ciphertext, tag };
        let mut message = vec![0; 600];
        let len = write_long(&id(&device), version, &session, counter, &parts, &mut message);
        message.truncate(len.unwrap());
        prop_assert_eq!(inspect(&message), Ok(parts));
        let short = compact(&message);
        let of_compact = Claim::Compact {
            version: (version.get() % 64) as u8,
            boot: at.get() as u8,
            counter: counter as u16,
        };
        prop_assert_eq!(inspect(&short), Ok(Parts { claim: of_compact, ..parts }));
    }
}
