//! How bytes are written in arguments, files and reports: ids as text where they
//! are plain ASCII, else as `hex:` and their hexadecimal; messages in the
//! encoding that was asked for; numbers with their ranges.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use clap::ValueEnum;
use clap::builder::{OsStringValueParser, TypedValueParser};
use corekey::device::name::{Boot, DeviceId, Version};
use corekey::encode::{self, Encoding};
use zeroize::Zeroizing;

use crate::exit::{Failure, Outcome};

/// Before the hexadecimal of bytes that are no plain text.
const HEX_MARK: &[u8] = b"hex:";

/// Bytes of an argument: text as it stands, or `hex:` and hexadecimal.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

/// How messages and wrapped keys stand in files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// The bytes themselves.
    Raw,
    /// Hexadecimal.
    Hex,
    /// Base64 with padding.
    Base64,
}

impl Form {
    fn encoding(self) -> Option<Encoding> {
        match self {
            Self::Raw => None,
            Self::Hex => Some(Encoding::Hex),
            Self::Base64 => Some(Encoding::Base64),
        }
    }

    /// The most bytes that `len` bytes take in this form, with a line end.
    pub(crate) fn room(self, len: usize) -> usize {
        match self {
            Self::Raw => len,
            Self::Hex | Self::Base64 => 2 * len + 2,
        }
    }

    /// Text ends its line.
    pub(crate) fn write(self, bytes: &[u8]) -> Zeroizing<Vec<u8>> {
        let Some(encoding) = self.encoding() else { return Zeroizing::new(bytes.to_vec()) };
        let mut text = text_of(encoding, bytes);
        text.push(b'\n');
        text
    }

    /// Text may end its line.
    pub(crate) fn read(self, what: &str, bytes: Zeroizing<Vec<u8>>) -> Outcome<Zeroizing<Vec<u8>>> {
        let Some(encoding) = self.encoding() else { return Ok(bytes) };
        let text = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        bytes_of(encoding, text).ok_or_else(|| {
            let name = if self == Self::Hex { "hexadecimal" } else { "base64" };
            Failure::bad_input(format!(
                "{what} is not {name}; --encoding says in which form it is read"
            ))
        })
    }
}

/// The text of bytes, with room for a line end.
pub(crate) fn text_of(encoding: Encoding, bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    let len = encode::encoded_len(encoding, bytes.len()).unwrap_or(0);
    let mut text = Zeroizing::new(Vec::with_capacity(len + 1));
    text.resize(len, 0);
    let written = encode::encode(encoding, bytes, &mut text).unwrap_or(0);
    text.truncate(written);
    text
}

/// The bytes of a text, if it is valid.
pub(crate) fn bytes_of(encoding: Encoding, text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let len = encode::decoded_len(encoding, text).ok()?;
    let mut bytes = Zeroizing::new(vec![0; len]);
    encode::decode(encoding, text, &mut bytes).ok()?;
    Some(bytes)
}

/// Adds to a refusal of raw bytes that they are text, which a message never is
/// but by chance.
pub(crate) fn hint_at_text(form: Form, bytes: &[u8]) -> impl FnOnce(Failure) -> Failure {
    let is_text = form == Form::Raw && is_text(bytes);
    move |failure| match is_text {
        true => Failure {
            message: failure.message + "; this is text: --encoding reads such",
            ..failure
        },
        false => failure,
    }
}

pub(crate) fn is_text(bytes: &[u8]) -> bool {
    let in_text = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    !bytes.is_empty() && bytes.iter().all(in_text)
}

/// Public bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&text_of(Encoding::Hex, bytes)).into_owned()
}

/// Bytes of an id, as they are written in arguments and reports.
pub(crate) fn show(id: &[u8]) -> String {
    let plain = id.iter().all(u8::is_ascii_graphic) && !id.starts_with(HEX_MARK);
    if plain && !id.is_empty() {
        return String::from_utf8_lossy(id).into_owned();
    }
    format!("hex:{}", hex(id))
}

/// What [`show`] wrote, or whatever text a user gives.
pub(crate) fn parse_bytes(text: &[u8]) -> Result<Vec<u8>, String> {
    let Some(digits) = text.strip_prefix(HEX_MARK) else { return Ok(text.to_vec()) };
    let bytes = bytes_of(Encoding::Hex, digits)
        .ok_or("what follows `hex:` is not an even number of hexadecimal digits")?;
    Ok(bytes.to_vec())
}

pub(crate) fn bytes_parser() -> impl TypedValueParser<Value = Bytes> {
    OsStringValueParser::new().try_map(|text: OsString| parse_bytes(&text.into_vec()).map(Bytes))
}

pub(crate) fn id_parser() -> impl TypedValueParser<Value = DeviceId> {
    OsStringValueParser::new().try_map(|text: OsString| {
        let bytes = parse_bytes(&text.into_vec())?;
        DeviceId::new(&bytes).map_err(|_| "an id has 1 to 128 bytes".to_owned())
    })
}

pub(crate) fn parse_version(text: &str) -> Result<Version, String> {
    let number = text.parse().map_err(|_| "a version is a number".to_owned())?;
    Version::new(number).map_err(|_| format!("a version is 1 to {}", Version::MAX))
}

pub(crate) fn parse_boot(text: &str) -> Result<Boot, String> {
    let number = text.parse().map_err(|_| "a boot number is a number".to_owned())?;
    Boot::new(number).map_err(|_| format!("a boot number is 0 to {}", Boot::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_is_read_back_from_how_it_is_shown() {
        let ids: [&[u8]; 7] =
            [b"pump-7", b"hex:00", b"hex", b"a b", &[0], &[0xff; 128], "pümpe".as_bytes()];
        for id in ids {
            assert_eq!(parse_bytes(show(id).as_bytes()).unwrap(), id, "{}", show(id));
        }
        assert_eq!(show(b"pump-7"), "pump-7");
        assert_eq!(show(b"a b"), "hex:612062");
    }

    #[test]
    fn hexadecimal_that_is_none_is_refused() {
        for text in [&b"hex:0"[..], b"hex:xx", b"hex: 00"] {
            assert!(parse_bytes(text).is_err());
        }
    }

    #[test]
    fn every_form_is_read_back() {
        for form in [Form::Raw, Form::Hex, Form::Base64] {
            let written = form.write(b"\x00message\n");
            assert!(written.len() <= form.room(9));
            assert_eq!(*form.read("it", written).unwrap(), b"\x00message\n");
        }
    }
}
