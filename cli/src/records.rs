//! The files that the command line makes: roots, device keys and the states of
//! openers, as lines of text. The first line says what a file is, so that a wrong
//! one is told, and a public value that follows from the secret tells a damaged
//! one. `cli/README.md` specifies them.

use corekey::device::key::DeviceKey;
use corekey::device::name::{DeviceId, Version};
use corekey::device::opener::STATE_LEN;
use corekey::device::root::{Root, RootKey};
use corekey::encode::{Encoding, decode};
use corekey::secret::Secret;
use zeroize::Zeroizing;

use crate::exit::{Failure, Outcome, of};
use crate::notation::{hex, parse_bytes, parse_version, show, text_of};

/// Longer than any of them.
pub(crate) const MAX_LEN: usize = 1024;

/// What a file holds.
struct Kind {
    /// The first line.
    title: &'static str,
    /// For messages.
    name: &'static str,
}

const ROOT: Kind = Kind { title: "corekey root 1", name: "a root" };
const DEVICE_KEY: Kind = Kind { title: "corekey device-key 1", name: "a device key" };
const STATE: Kind = Kind { title: "corekey opener-state 1", name: "an opener's state" };
const KINDS: [&Kind; 3] = [&ROOT, &DEVICE_KEY, &STATE];

/// A root as it is stored.
pub(crate) fn write_root(secret: &Secret<32>) -> Outcome<Zeroizing<Vec<u8>>> {
    let id = root_id(&RootKey::new(secret))?;
    let text = text_of(Encoding::Hex, secret.expose());
    Ok(lines(&ROOT, &[("id", id.as_bytes()), ("secret", &text)]))
}

pub(crate) fn read_root(file: &str, text: &[u8]) -> Outcome<RootKey> {
    let [id, secret] = fields(file, text, &ROOT, ["id", "secret"])?;
    let root = RootKey::new(&decode_secret(secret).ok_or_else(|| damaged(file, &ROOT))?);
    if root_id(&root)?.as_bytes() != id {
        return Err(damaged(file, &ROOT));
    }
    Ok(root)
}

/// The public name of a root.
pub(crate) fn root_id(root: &RootKey) -> Outcome<String> {
    Ok(hex(&root.root_id().map_err(of("the root's id"))?))
}

/// A device key as it is stored.
pub(crate) fn write_device_key(key: &DeviceKey) -> Zeroizing<Vec<u8>> {
    let secret = text_of(Encoding::Hex, key.expose());
    lines(&DEVICE_KEY, &with_name(&Name::of(key), ("secret", &secret)))
}

pub(crate) fn read_device_key(file: &str, text: &[u8]) -> Outcome<DeviceKey> {
    let [id, version, check, secret] =
        fields(file, text, &DEVICE_KEY, ["id", "version", "check", "secret"])?;
    let read = || {
        let id = DeviceId::new(&parse_bytes(id).ok()?).ok()?;
        Some(DeviceKey::new(id, version_of(version)?, decode_secret(secret)?))
    };
    let key = read().ok_or_else(|| damaged(file, &DEVICE_KEY))?;
    if !Name::of(&key).is([id, version, check]) {
        return Err(damaged(file, &DEVICE_KEY));
    }
    Ok(key)
}

/// The state of an opener, with the name of the key that it is of.
pub(crate) fn write_state(key: &DeviceKey, state: &[u8; STATE_LEN]) -> Zeroizing<Vec<u8>> {
    lines(&STATE, &with_name(&Name::of(key), ("state", hex(state).as_bytes())))
}

/// The state in a file, which is to be that of `key`.
pub(crate) fn read_state(file: &str, text: &[u8], key: &DeviceKey) -> Outcome<[u8; STATE_LEN]> {
    let [id, version, check, state] =
        fields(file, text, &STATE, ["id", "version", "check", "state"])?;
    let name = Name::of(key);
    if !name.is([id, version, check]) {
        let shown = |bytes| String::from_utf8_lossy(bytes).into_owned();
        return Err(Failure::new(
            crate::exit::Exit::OtherKey,
            format!(
                "{file} is the state of {} version {} with check value {}; the key is of {} \
                 version {} with check value {}: each key has a state of its own",
                shown(id),
                shown(version),
                shown(check),
                name.id,
                name.version,
                name.check
            ),
        ));
    }
    let mut bytes = [0; STATE_LEN];
    decode(Encoding::Hex, state, &mut bytes)
        .ok()
        .filter(|len| *len == STATE_LEN)
        .map(|_| bytes)
        .ok_or_else(|| damaged(file, &STATE))
}

/// The public name of a device key.
struct Name {
    id: String,
    version: String,
    check: String,
}

impl Name {
    fn of(key: &DeviceKey) -> Self {
        Self {
            id: show(key.id().as_bytes()),
            version: key.version().get().to_string(),
            check: hex(&key.check_value()),
        }
    }

    /// Whether these are its values, written as we write them.
    fn is(&self, values: [&[u8]; 3]) -> bool {
        values == [&self.id, &self.version, &self.check].map(|value| value.as_bytes())
    }
}

type Line<'a> = (&'static str, &'a [u8]);

fn with_name<'a>(name: &'a Name, last: Line<'a>) -> [Line<'a>; 4] {
    [
        ("id", name.id.as_bytes()),
        ("version", name.version.as_bytes()),
        ("check", name.check.as_bytes()),
        last,
    ]
}

fn lines(kind: &Kind, lines: &[Line<'_>]) -> Zeroizing<Vec<u8>> {
    let mut text = Zeroizing::new(Vec::with_capacity(MAX_LEN));
    text.extend_from_slice(kind.title.as_bytes());
    text.push(b'\n');
    for (name, value) in lines {
        text.extend_from_slice(name.as_bytes());
        text.push(b' ');
        text.extend_from_slice(value);
        text.push(b'\n');
    }
    text
}

/// The values of exactly the lines `names` of a file of one kind.
fn fields<'a, const N: usize>(
    file: &str,
    text: &'a [u8],
    kind: &Kind,
    names: [&str; N],
) -> Outcome<[&'a [u8]; N]> {
    let mut lines = text.strip_suffix(b"\n").unwrap_or(text).split(|byte| *byte == b'\n');
    let title = lines.next().unwrap_or_default();
    if title != kind.title.as_bytes() {
        let what = KINDS.iter().find(|other| title == other.title.as_bytes());
        let what = what.map_or("something else", |other| other.name);
        return Err(Failure::bad_input(format!(
            "{file} holds {what}, and {} is needed: it starts with the line `{}`",
            kind.name, kind.title
        )));
    }
    let mut values = [&[][..]; N];
    for (name, value) in names.iter().zip(&mut values) {
        let line = lines.next().and_then(|line| line.strip_prefix(name.as_bytes()));
        let found = line.and_then(|line| line.strip_prefix(b" "));
        *value = found.ok_or_else(|| damaged(file, kind))?;
    }
    if lines.next().is_some() {
        return Err(damaged(file, kind));
    }
    Ok(values)
}

fn damaged(file: &str, kind: &Kind) -> Failure {
    Failure::bad_input(format!(
        "{file} is damaged: it starts as {}, and does not go on so",
        kind.name
    ))
}

fn version_of(text: &[u8]) -> Option<Version> {
    parse_version(std::str::from_utf8(text).ok()?).ok()
}

fn decode_secret(text: &[u8]) -> Option<Secret<32>> {
    let mut bytes = [0; 32];
    let len = decode(Encoding::Hex, text, &mut bytes).ok();
    let secret = Secret::take(&mut bytes);
    (len == Some(32)).then_some(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &[u8]) -> DeviceKey {
        DeviceKey::new(DeviceId::new(id).unwrap(), Version::FIRST, Secret::take(&mut [7; 32]))
    }

    #[test]
    fn what_is_written_is_read_back() {
        let root = write_root(&Secret::take(&mut [1; 32])).unwrap();
        let id = root_id(&read_root("f", &root).unwrap()).unwrap();
        assert_eq!(id, root_id(&RootKey::new(&Secret::take(&mut [1; 32]))).unwrap());

        for id in [&b"pump-7"[..], b"two words", &[0xff; 128]] {
            let key = key(id);
            let text = write_device_key(&key);
            assert!(text.len() < MAX_LEN);
            let read = read_device_key("f", &text).unwrap();
            assert_eq!((read.id(), read.version()), (key.id(), key.version()));
            assert_eq!(read.expose(), key.expose());
            let state = write_state(&key, &[9; STATE_LEN]);
            assert!(state.len() < MAX_LEN);
            assert_eq!(read_state("f", &state, &key).unwrap(), [9; STATE_LEN]);
        }
    }

    #[test]
    fn every_changed_byte_of_a_key_file_is_noticed() {
        let text = write_device_key(&key(b"pump-7"));
        let root = write_root(&Secret::take(&mut [1; 32])).unwrap();
        let name = text.windows(7).position(|it| it == b"id pump").unwrap()..38;
        for place in 0..text.len() {
            let mut changed = text.to_vec();
            changed[place] ^= 1;
            // Another id or version makes another file, not a damaged one.
            let renamed = name.contains(&place);
            assert!(renamed || read_device_key("f", &changed).is_err(), "byte {place}");
        }
        for place in 0..root.len() {
            let mut changed = root.to_vec();
            changed[place] ^= 1;
            assert!(read_root("f", &changed).is_err(), "byte {place} of a root");
        }
        for len in 0..text.len() - 1 {
            assert!(read_device_key("f", &text[..len]).is_err(), "{len} bytes");
        }
    }

    #[test]
    fn a_name_that_is_written_in_another_way_is_refused() {
        let text = String::from_utf8(write_device_key(&key(b"pump-7")).to_vec()).unwrap();
        assert!(read_device_key("f", text.as_bytes()).is_ok());
        for (ours, other) in [
            ("pump-7", "hex:70756d702d37"),
            ("version 1", "version 01"),
            ("version 1", "version +1"),
            ("\nsecret", "\r\nsecret"),
        ] {
            let other = text.replace(ours, other);
            assert!(read_device_key("f", other.as_bytes()).is_err(), "{other}");
        }
    }

    #[test]
    fn a_file_of_another_kind_is_named() {
        let root = write_root(&Secret::take(&mut [1; 32])).unwrap();
        let refused = read_device_key("f", &root).unwrap_err();
        assert!(refused.message.starts_with("f holds a root, and a device key"), "{refused:?}");
        let refused = read_root("f", b"\x7fELF").unwrap_err();
        assert!(refused.message.starts_with("f holds something else"), "{refused:?}");
    }

    #[test]
    fn the_state_of_another_key_is_refused() {
        let state = write_state(&key(b"pump-7"), &[9; STATE_LEN]);
        assert!(read_state("f", &state, &key(b"pump-8")).is_err());
    }
}
