//! Key derivation (`docs/derivation.md`): every step as the specification writes
//! it, roots that only have an HMAC, ranges, table rows and audit chains.
#![cfg(feature = "root")]

mod support;

use std::cell::RefCell;
use std::collections::HashSet;

use corekey::Error;
use corekey::device::cose::cose_key;
use corekey::device::key::DeviceKey;
use corekey::device::message::{Direction, Session};
use corekey::device::name::{Boot, DeviceId, Version};
use corekey::device::root::{AuditKey, Root, RootKey, WRAPPED_KEY_LEN};
use corekey::hash::HashAlgorithm;
use corekey::kdf::Prk;
use corekey::mac::HmacKey;
use corekey::secret::Secret;
use corekey::wrap::{WrapAlgorithm, WrapKey};
use proptest::collection::vec;
use proptest::prelude::*;
use support::{boot, counted, device_key, id, key_of, message_key, salted, secret, version};

const ROOT: [u8; 32] = [0xb5; 32];

fn root() -> RootKey {
    RootKey::new(&secret(ROOT))
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mac = HmacKey::new(HashAlgorithm::Sha256, key).mac(message);
    mac.as_bytes().try_into().unwrap()
}

/// One step of the specification.
fn expand(key: &[u8; 32], info: &[&[u8]]) -> [u8; 32] {
    hmac(key, &[&info.concat(), &[1][..]].concat())
}

/// A root inside a token: it has HMAC and nothing else, and notes what it was
/// given.
struct Token {
    key: HmacKey,
    asked: RefCell<Vec<Vec<u8>>>,
}

impl Token {
    fn new() -> Self {
        Self { key: HmacKey::new(HashAlgorithm::Sha256, &ROOT), asked: RefCell::new(vec![]) }
    }

    /// What it was asked for since the last call.
    fn asked(&self) -> Vec<Vec<u8>> {
        self.asked.take()
    }
}

impl Root for Token {
    fn hmac(&self, message: &[u8]) -> Result<Secret<32>, Error> {
        self.asked.borrow_mut().push(message.to_vec());
        let mut mac: [u8; 32] = self.key.mac(message).as_bytes().try_into().unwrap();
        Ok(Secret::take(&mut mac))
    }
}

/// A token that was pulled out.
struct NoToken;

impl Root for NoToken {
    fn hmac(&self, _: &[u8]) -> Result<Secret<32>, Error> {
        Err(Error::RootFailed)
    }
}

#[test]
fn every_step_is_one_hkdf_expand_of_32_bytes() {
    let mut okm = [0; 32];
    let prk = Prk::from_bytes(HashAlgorithm::Sha256, &ROOT).unwrap();
    prk.expand(b"ck1 dev\0\0\0\0\0\0\0\0\x05pump", &mut okm).unwrap();
    assert_eq!(root().device_key(&id(b"pump"), version(5)).unwrap().expose(), &okm);
}

#[test]
fn a_root_derives_as_specified() {
    let root = root();
    for device in [&b"x"[..], b"pump-station-7", &[0; 38], &[0xff; 128]] {
        for number in [1, 2, 255, 1 << 32, Version::MAX] {
            let key = root.device_key(&id(device), version(number)).unwrap();
            let expected = expand(&ROOT, &[b"ck1 dev\0", &number.to_be_bytes(), device]);
            assert_eq!(key.expose(), &expected);
            assert_eq!((key.id().as_bytes(), key.version().get()), (device, number));
        }
    }
    assert_eq!(root.root_id().unwrap()[..], expand(&ROOT, &[b"ck1 rid\0"])[..8]);
    for fleet in [&b"f"[..], b"fleet-north", &[0; 128]] {
        let fleet_secret = expand(&ROOT, &[b"ck1 flt\0", fleet]);
        assert_eq!(root.fleet_secret(fleet).unwrap().expose(), &fleet_secret);
        let key = root.fleet_root(fleet).unwrap().device_key(&id(b"pump"), version(1)).unwrap();
        assert_eq!(key.expose(), &expand(&fleet_secret, &[b"ck1 dev\0", &[0; 7], &[1], b"pump"]));
    }
    let chain = [7; 16];
    let first = expand(&ROOT, &[b"ck1 adt\0", &chain]);
    let second = expand(&first, &[b"ck1 nxt\0"]);
    let (tag, next) = root.audit_key(&chain).unwrap().seal(&[0; 32], 0, b"entry");
    assert_eq!(tag, hmac(&first, &[&[0; 32][..], &[0; 8], b"entry"].concat()));
    let (tag_after, _) = next.seal(&tag, 1, b"");
    assert_eq!(tag_after, hmac(&second, &[&tag[..], &1_u64.to_be_bytes()].concat()));
}

#[test]
fn a_table_key_wraps_as_specified() {
    let table = expand(&ROOT, &[b"ck1 tab\0"]);
    let key = key_of(b"pump", 9);
    let row = expand(&table, &[b"ck1 row\0", &9_u64.to_be_bytes(), b"pump"]);
    let mut expected = [0; WRAPPED_KEY_LEN];
    WrapKey::new(&row).unwrap().wrap(WrapAlgorithm::AesKw, key.expose(), &mut expected).unwrap();
    assert_eq!(root().table_key().unwrap().wrap(&key), Ok(expected));
}

#[test]
fn a_device_key_derives_as_specified() {
    let key = device_key();
    let bytes = *key.expose();
    assert_eq!(key.check_value()[..], expand(&bytes, &[b"ck1 kcv\0"])[..4]);
    for context in [&b""[..], b"log", &[0; 128]] {
        let wrap = key.app_wrap_key(context).unwrap();
        assert_eq!(wrap.expose(), &expand(&bytes, &[b"ck1 wrp\0", context]));
        let auth = key.app_auth_key(context).unwrap();
        assert_eq!(auth.expose(), &expand(&bytes, &[b"ck1 aut\0", context]));
    }
    for number in [0_u64, 1, Boot::MAX] {
        let at = number.to_be_bytes();
        let personalization = key.drbg_personalization(boot(number));
        assert_eq!(personalization.expose(), &expand(&bytes, &[b"ck1 rng\0", &at]));
        for (direction, value) in [(Direction::Up, 0), (Direction::Down, 1)] {
            let without = message_key(&key, direction, &counted(number));
            assert_eq!(without, expand(&bytes, &[b"ck1 msg\0", &[3, value], &at]));
            let with = message_key(&key, direction, &salted(number, 9));
            assert_eq!(with, expand(&bytes, &[b"ck1 msg\0", &[3, value], &at, &[9; 8]]));
        }
    }
}

#[test]
fn a_cose_key_is_encoded_as_specified() {
    let key = device_key();
    let session = salted(5, 1);
    let mut expected = b"\xa4\x01\x04\x03\x03\x05\x4cck1\0\0\0\0\0\0\0\0\0\x20\x58\x20".to_vec();
    let fixed = [3, 1, 0, 0, 0, 0, 0, 0, 0, 5];
    expected.extend(expand(key.expose(), &[b"ck1 msg\0", &fixed, &[1; 8]]));
    assert_eq!(cose_key(&key, Direction::Down, &session).expose()[..], expected);
}

#[test]
fn an_imported_key_is_extracted_and_has_16_to_64_bytes() {
    for len in 0..=100 {
        let imported: Vec<u8> = (0..len).collect();
        let key = DeviceKey::import(id(b"pump"), version(3), &imported);
        if !(16..=64).contains(&len) {
            assert_eq!(key.map(|_| ()), Err(Error::InvalidLength), "{len} bytes");
            continue;
        }
        let key = key.unwrap();
        let extracted = hmac(b"ck1 imp\0", &imported);
        let expected = expand(&extracted, &[b"ck1 dev\0", &3_u64.to_be_bytes(), b"pump"]);
        assert_eq!(key.expose(), &expected, "{len} bytes");
        assert_eq!((key.id().as_bytes(), key.version().get()), (&b"pump"[..], 3));
    }
}

#[test]
fn a_token_that_only_has_hmac_derives_the_same_keys() {
    let (token, value) = (Token::new(), root());
    let device = id(b"pump-station-7");
    assert_eq!(token.root_id(), value.root_id());
    let keys = [&token as &dyn AnyRoot, &value].map(|root| root.all(&device));
    assert_eq!(keys[0], keys[1]);
}

/// Everything a root gives, so that two roots can be compared.
trait AnyRoot {
    fn all(&self, device: &DeviceId) -> Vec<Vec<u8>>;
}

impl<R: Root> AnyRoot for R {
    fn all(&self, device: &DeviceId) -> Vec<Vec<u8>> {
        let key = self.device_key(device, version(7)).unwrap();
        let fleet = self.fleet_root(b"fleet").unwrap();
        let of_fleet = fleet.device_key(device, version(7)).unwrap();
        let wrapped = self.table_key().unwrap().wrap(&key).unwrap();
        let (tag, _) = self.audit_key(&[3; 16]).unwrap().seal(&[0; 32], 0, b"entry");
        vec![
            self.root_id().unwrap().to_vec(),
            key.expose().to_vec(),
            of_fleet.expose().to_vec(),
            wrapped.to_vec(),
            tag.to_vec(),
        ]
    }
}

#[test]
fn every_derivation_from_a_root_is_one_hmac_over_a_label_and_1() {
    let token = Token::new();
    let longest = id(&[0xff; 128]);
    let asked_once = |label: &[u8; 8], len: usize| {
        let asked = token.asked();
        assert_eq!(asked.len(), 1, "one HMAC");
        assert!(asked[0].starts_with(label) && asked[0].ends_with(&[1]), "{asked:x?}");
        assert_eq!(asked[0].len(), len);
        assert!(len <= 145, "the most a token is told to expect");
    };
    token.root_id().unwrap();
    asked_once(b"ck1 rid\0", 9);
    token.device_key(&longest, version(Version::MAX)).unwrap();
    asked_once(b"ck1 dev\0", 145);
    // One block of SHA-256 takes 55 bytes, so with the outer hash this makes
    // two compressions.
    token.device_key(&id(&[0; 38]), version(1)).unwrap();
    asked_once(b"ck1 dev\0", 55);
    token.fleet_root(&[0; 128]).unwrap();
    asked_once(b"ck1 flt\0", 137);
    token.audit_key(&[0; 16]).unwrap();
    asked_once(b"ck1 adt\0", 25);
    let table = token.table_key().unwrap();
    asked_once(b"ck1 tab\0", 9);

    let key = token.device_key(&longest, version(1)).unwrap();
    let (_, next) = token.audit_key(&[0; 16]).unwrap().seal(&[0; 32], 0, b"");
    token.asked();
    let wrapped = table.wrap(&key).unwrap();
    table.unwrap(&longest, version(1), &wrapped).unwrap();
    let _ = next.seal(&[0; 32], 1, b"");
    assert_eq!(token.asked().len(), 0, "rows and entries need no root");
}

#[test]
fn a_token_that_fails_is_reported() {
    let failed = Error::RootFailed;
    assert_eq!(NoToken.root_id(), Err(failed));
    assert_eq!(NoToken.device_key(&id(b"x"), version(1)).unwrap_err(), failed);
    assert_eq!(NoToken.fleet_root(b"f").unwrap_err(), failed);
    assert_eq!(NoToken.table_key().unwrap_err(), failed);
    assert_eq!(NoToken.audit_key(&[0; 16]).unwrap_err(), failed);
}

#[test]
fn names_out_of_range_are_refused() {
    for (len, fits) in [(0, false), (1, true), (128, true), (129, false), (300, false)] {
        let bytes = vec![b'x'; len];
        let device = DeviceId::new(&bytes);
        assert_eq!(device.is_ok(), fits, "id of {len} bytes");
        match device {
            Ok(device) => assert_eq!(device.as_bytes(), bytes),
            Err(why) => assert_eq!(why, Error::InvalidLength),
        }
        let token = Token::new();
        assert_eq!(token.fleet_root(&bytes).is_ok(), fits, "fleet id of {len} bytes");
        assert_eq!(token.asked().len(), usize::from(fits), "no HMAC for what is refused");
        let key = device_key();
        for context in [key.app_wrap_key(&bytes), key.app_auth_key(&bytes)] {
            assert_eq!(context.is_ok(), fits || len == 0, "context of {len} bytes");
        }
    }
    let last = (1 << 53) - 1;
    for (number, fits) in
        [(0, false), (1, true), (last, true), (last + 1, false), (u64::MAX, false)]
    {
        let expected = if fits { Ok(number) } else { Err(Error::OutOfRange) };
        assert_eq!(Version::new(number).map(Version::get), expected);
    }
    assert_eq!(version(41).next(), Version::new(42));
    assert_eq!(version(Version::MAX).next(), Err(Error::OutOfRange));
    let last = (1 << 48) - 1;
    for (number, fits) in [(0, true), (last, true), (last + 1, false), (u64::MAX, false)] {
        let expected = if fits { Ok(number) } else { Err(Error::OutOfRange) };
        assert_eq!(Boot::new(number).map(Boot::get), expected);
    }
}

#[test]
fn ids_are_compared_byte_for_byte() {
    assert_eq!(id(b"pump"), id(b"pump"));
    for other in [&b"pum"[..], b"pumps", b"Pump", b"pump\0", b"\0pump"] {
        assert_ne!(id(b"pump"), id(other));
    }
}

/// Every key that one root gives, over names that are easily confused.
#[test]
fn different_names_and_uses_have_different_keys() {
    let mut keys = HashSet::new();
    let mut made = 0;
    let mut add = |key: &[u8]| {
        made += 1;
        keys.insert(key.to_vec());
        assert_eq!(keys.len(), made, "a key came twice");
    };
    let root = root();
    let ids = [&b"a"[..], b"b", b"aa", b"a\0", b"\0a", b"\0\0\0\0\0\0\0\x01a"];
    for device in ids {
        add(root.fleet_root(device).unwrap().device_key(&id(device), version(1)).unwrap().expose());
        for number in [1, 2, 256, 1 << 48] {
            add(root.device_key(&id(device), version(number)).unwrap().expose());
        }
    }
    let key = root.device_key(&id(b"pump"), version(1)).unwrap();
    for context in [&b""[..], b"\0", &[0; 8], &[3, 0, 0, 0, 0, 0, 0, 0, 0, 1]] {
        add(key.app_wrap_key(context).unwrap().expose());
        add(key.app_auth_key(context).unwrap().expose());
    }
    for number in [0, 1, 256] {
        add(key.drbg_personalization(boot(number)).expose());
        for session in [counted(number), salted(number, 0), salted(number, 1)] {
            add(&message_key(&key, Direction::Up, &session));
            add(&message_key(&key, Direction::Down, &session));
        }
    }
}

#[test]
fn a_row_is_unwrapped_only_for_its_id_version_and_root() {
    let table = root().table_key().unwrap();
    let key = key_of(b"pump", 9);
    let wrapped = table.wrap(&key).unwrap();
    let opened = table.unwrap(&id(b"pump"), version(9), &wrapped).unwrap();
    assert_eq!(opened.expose(), key.expose());
    assert_eq!((opened.id(), opened.version()), (key.id(), key.version()));

    let refused = |result: Result<DeviceKey, Error>| {
        assert_eq!(result.map(|_| ()), Err(Error::Unverified));
    };
    for other in [&b"pumps"[..], b"pum", b"pump\0", b"x"] {
        refused(table.unwrap(&id(other), version(9), &wrapped));
    }
    for other in [1, 8, 10, 9 << 8, Version::MAX] {
        refused(table.unwrap(&id(b"pump"), version(other), &wrapped));
    }
    let other_root = RootKey::new(&secret([0xb6; 32])).table_key().unwrap();
    refused(other_root.unwrap(&id(b"pump"), version(9), &wrapped));
    let of_fleet = root().fleet_root(b"fleet").unwrap().table_key().unwrap();
    refused(of_fleet.unwrap(&id(b"pump"), version(9), &wrapped));
    for bit in 0..WRAPPED_KEY_LEN * 8 {
        let mut changed = wrapped;
        changed[bit / 8] ^= 1 << (bit % 8);
        refused(table.unwrap(&id(b"pump"), version(9), &changed));
    }
}

const CHAIN: [u8; 16] = *b"a chain of tests";

/// An entry of an audit chain and its tag.
type Entry = (Vec<u8>, [u8; 32]);

fn chain_of(entries: &[&[u8]]) -> Vec<Entry> {
    let mut key = root().audit_key(&CHAIN).unwrap();
    let mut previous = [0; 32];
    let mut chain = vec![];
    for (index, entry) in (0..).zip(entries) {
        let (tag, next) = key.seal(&previous, index, entry);
        chain.push((entry.to_vec(), tag));
        (key, previous) = (next, tag);
    }
    chain
}

/// The first entry that does not verify, as an auditor with the root finds it.
fn first_wrong(chain: &[Entry]) -> Option<usize> {
    let mut key: AuditKey = root().audit_key(&CHAIN).unwrap();
    let mut previous = [0; 32];
    for (index, (entry, tag)) in chain.iter().enumerate() {
        match key.verify(&previous, index as u64, entry, tag) {
            Ok(next) => (key, previous) = (next, *tag),
            Err(why) => {
                assert_eq!(why, Error::Unverified);
                return Some(index);
            }
        }
    }
    None
}

#[test]
fn an_audit_chain_shows_every_edit() {
    let entries: [&[u8]; 5] = [b"enrol pump-7", b"", b"rotate pump-7", b"revoke pump-7", b"end"];
    let chain = chain_of(&entries);
    assert_eq!(first_wrong(&chain), None);

    for at in 0..chain.len() {
        let changed = |change: &dyn Fn(&mut Vec<Entry>)| {
            let mut chain = chain.clone();
            change(&mut chain);
            first_wrong(&chain)
        };
        assert_eq!(changed(&|chain| chain[at].0.push(b' ')), Some(at), "longer");
        for bit in [0, 7, 128, 255] {
            let flip = |chain: &mut Vec<Entry>| chain[at].1[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(changed(&flip), Some(at), "tag, bit {bit}");
        }
        if !chain[at].0.is_empty() {
            assert_eq!(changed(&|chain| chain[at].0[0] ^= 1), Some(at), "edited");
        }
        for other in (0..chain.len()).filter(|other| *other != at) {
            let first = at.min(other);
            assert_eq!(changed(&|chain| chain.swap(at, other)), Some(first), "reordered");
            let copy = |chain: &mut Vec<Entry>| chain[at] = chain[other].clone();
            assert_eq!(changed(&copy), Some(at), "replaced");
        }
        assert_eq!(changed(&|chain| chain.insert(at, chain[at].clone())), Some(at + 1), "repeated");
        if at + 1 < chain.len() {
            assert_eq!(changed(&|chain| drop(chain.remove(at))), Some(at), "cut out");
        }
    }
}

/// A cut tail verifies: it shows only against a head that was kept elsewhere.
#[test]
fn a_cut_tail_differs_from_the_head_that_was_kept() {
    let entries: [&[u8]; 3] = [b"one", b"two", b"three"];
    let chain = chain_of(&entries);
    for len in 0..chain.len() {
        assert_eq!(first_wrong(&chain[..len]), None);
        assert_ne!(chain[..len].last().map(|(_, tag)| tag), chain.last().map(|(_, tag)| tag));
    }
}

#[test]
fn audit_entries_are_bound_to_their_chain_place_and_predecessor() {
    let key = || root().audit_key(&CHAIN).unwrap();
    let (tag, _) = key().seal(&[1; 32], 7, b"entry");
    assert!(key().verify(&[1; 32], 7, b"entry", &tag).is_ok());
    assert!(key().verify(&[2; 32], 7, b"entry", &tag).is_err());
    assert!(key().verify(&[1; 32], 8, b"entry", &tag).is_err());
    assert!(key().verify(&[1; 32], 7, b"entries", &tag).is_err());
    let other_chain = root().audit_key(&[0; 16]).unwrap();
    assert!(other_chain.verify(&[1; 32], 7, b"entry", &tag).is_err());
    let other_root = RootKey::new(&secret([1; 32])).audit_key(&CHAIN).unwrap();
    assert!(other_root.verify(&[1; 32], 7, b"entry", &tag).is_err());
}

#[test]
fn nothing_secret_is_printed() {
    let key = device_key();
    let printed = [
        format!("{key:?}"),
        format!("{:?}", root()),
        format!("{:?}", root().table_key().unwrap()),
        format!("{:?}", root().audit_key(&CHAIN).unwrap()),
        format!("{:?}", cose_key(&key, Direction::Up, &counted(1))),
        format!("{:?}", corekey::device::sealer::Sealer::up(&key, counted(1)).unwrap()),
        format!("{:?}", corekey::device::opener::Opener::first_contact(key)),
    ];
    for text in printed {
        // The key of these tests is 5e, 94 in decimal, over and over.
        assert!(!text.contains("5e5e") && !text.contains("94, 94"), "{text}");
    }
}

proptest! {
    #[test]
    fn token_and_value_derive_alike(
        device in vec(any::<u8>(), 1..=128),
        number in 1..=Version::MAX,
        shift in 0_u32..53,
        fleet in vec(any::<u8>(), 1..=128),
    ) {
        let (device, number) = (id(&device), version((number >> shift).max(1)));
        let (token, value) = (Token::new(), root());
        let keys = (token.device_key(&device, number), value.device_key(&device, number));
        let keys = (keys.0.unwrap(), keys.1.unwrap());
        prop_assert_eq!(keys.0.expose(), keys.1.expose());
        prop_assert_eq!(keys.0.check_value(), keys.1.check_value());
        let of_fleet = |root: RootKey| root.root_id().unwrap();
        prop_assert_eq!(
            of_fleet(token.fleet_root(&fleet).unwrap()),
            of_fleet(value.fleet_root(&fleet).unwrap())
        );
        let wrapped = token.table_key().unwrap().wrap(&keys.0).unwrap();
        let unwrapped = value.table_key().unwrap().unwrap(&device, number, &wrapped).unwrap();
        prop_assert_eq!(unwrapped.expose(), keys.0.expose());
    }

    /// No salt and a salt, boots and directions never run into each other.
    #[test]
    fn sessions_have_one_message_key_each(
        a in (0..=Boot::MAX, any::<Option<[u8; 8]>>(), any::<bool>()),
        b in (0..=Boot::MAX, any::<Option<[u8; 8]>>(), any::<bool>()),
    ) {
        let key = device_key();
        let derive = |(number, salt, down): (u64, Option<[u8; 8]>, bool)| {
            let at = boot(number);
            let session = salt.map_or(Session::counted(at), |salt| Session::salted(at, salt));
            message_key(&key, if down { Direction::Down } else { Direction::Up }, &session)
        };
        prop_assert_eq!(derive(a) == derive(b), a == b);
    }
}
