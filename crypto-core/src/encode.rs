//! Hex and base64 (RFC 4648) of secrets: the time taken depends on lengths
//! only, and on whether a text was valid. Relies on `base16ct` and `base64ct`.

#![forbid(unsafe_code)]

use base64ct::{Base64, Base64Unpadded, Base64UrlUnpadded, Encoding as _};
use zeroize::Zeroize;

use crate::Error;

/// Which text encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Encoding {
    /// Base16 (RFC 4648 §8): written in lower case, read in either.
    Hex,
    /// Base64 (RFC 4648 §4) with padding.
    Base64,
    /// Base64 for URLs and file names (RFC 4648 §5) without padding.
    Base64Url,
}

/// The length of the text for `len` bytes.
///
/// # Errors
/// [`Error::InvalidLength`] if it exceeds the address space.
pub fn encoded_len(encoding: Encoding, len: usize) -> Result<usize, Error> {
    let text_len = match encoding {
        Encoding::Hex => len.checked_mul(2),
        Encoding::Base64 => len.div_ceil(3).checked_mul(4),
        Encoding::Base64Url => len.checked_mul(4).map(|quads| quads.div_ceil(3)),
    };
    text_len.filter(|len| *len <= isize::MAX as usize).ok_or(Error::InvalidLength)
}

/// Writes `data` as text to `text` and returns the text's length in bytes,
/// which is that of [`encoded_len`].
///
/// # Errors
/// [`Error::BufferTooSmall`] with the length that `text` needs;
/// [`Error::InvalidLength`] as [`encoded_len`].
pub fn encode(encoding: Encoding, data: &[u8], text: &mut [u8]) -> Result<usize, Error> {
    let needed = encoded_len(encoding, data.len())?;
    let text = text.get_mut(..needed).ok_or(Error::BufferTooSmall { needed })?;
    let written = match encoding {
        Encoding::Hex => base16ct::lower::encode(data, text).map(<[u8]>::len).ok(),
        Encoding::Base64 => Base64::encode(data, text).map(str::len).ok(),
        Encoding::Base64Url => Base64UrlUnpadded::encode(data, text).map(str::len).ok(),
    };
    written.ok_or(Error::InvalidLength)
}

/// The length of the data in `text`, from its length and padding alone.
///
/// # Errors
/// [`Error::InvalidEncoding`] for a length that the encoding does not give.
pub fn decoded_len(encoding: Encoding, text: &[u8]) -> Result<usize, Error> {
    let fits = match encoding {
        Encoding::Hex => text.len().is_multiple_of(2),
        Encoding::Base64 => text.len().is_multiple_of(4),
        Encoding::Base64Url => text.len() % 4 != 1,
    };
    if !fits {
        return Err(Error::InvalidEncoding);
    }
    Ok(match encoding {
        Encoding::Hex => text.len() / 2,
        Encoding::Base64 => text.len() / 4 * 3 - padding(text),
        Encoding::Base64Url => text.len() / 4 * 3 + (text.len() % 4).saturating_sub(1),
    })
}

/// Reads `text` and writes its data to `out`; returns the data's length in
/// bytes, which is that of [`decoded_len`]. Only the one canonical text of some
/// data is accepted: no white space, no missing padding, no stray bits.
///
/// # Errors
/// [`Error::InvalidEncoding`] if `text` is not valid; [`Error::BufferTooSmall`]
/// with the length that `out` needs. Nothing is written then.
pub fn decode(encoding: Encoding, text: &[u8], out: &mut [u8]) -> Result<usize, Error> {
    let needed = decoded_len(encoding, text)?;
    let out = out.get_mut(..needed).ok_or(Error::BufferTooSmall { needed })?;
    check(encoding, text)?;
    decode_to(encoding, text, out)?;
    Ok(needed)
}

/// Decodes piece by piece into a scratch buffer, so that a text that is not
/// valid is refused before anything is written.
fn check(encoding: Encoding, text: &[u8]) -> Result<(), Error> {
    const PIECE: usize = 64;
    let mut scratch = [0; PIECE];
    let mut verdict = Ok(());
    let mut rest = text;
    while rest.len() > PIECE {
        let (piece, behind) = rest.split_at(PIECE);
        // Padding may stand at the end of the text only.
        let inner = match encoding {
            Encoding::Base64 => {
                Base64Unpadded::decode(piece, &mut scratch).map_err(|_| Error::InvalidEncoding)
            }
            other => decode_to(other, piece, &mut scratch).map(|()| &[][..]),
        };
        verdict = verdict.and(inner.map(|_| ()));
        rest = behind;
    }
    verdict = verdict.and(decode_to(encoding, rest, &mut scratch));
    scratch.zeroize();
    verdict
}

fn decode_to(encoding: Encoding, text: &[u8], out: &mut [u8]) -> Result<(), Error> {
    let read = match encoding {
        Encoding::Hex => base16ct::mixed::decode(text, out).map(<[u8]>::len).ok(),
        Encoding::Base64 => Base64::decode(text, out).map(<[u8]>::len).ok(),
        Encoding::Base64Url => Base64UrlUnpadded::decode(text, out).map(<[u8]>::len).ok(),
    };
    read.map(|_| ()).ok_or(Error::InvalidEncoding)
}

/// How many padding characters end a padded text: they tell the length only.
fn padding(text: &[u8]) -> usize {
    text.iter().rev().take(2).take_while(|c| **c == b'=').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4648 §10.
    const RFC: [(&str, &str, &str); 7] = [
        ("", "", ""),
        ("f", "66", "Zg=="),
        ("fo", "666f", "Zm8="),
        ("foo", "666f6f", "Zm9v"),
        ("foob", "666f6f62", "Zm9vYg=="),
        ("fooba", "666f6f6261", "Zm9vYmE="),
        ("foobar", "666f6f626172", "Zm9vYmFy"),
    ];

    #[test]
    fn the_rfc_examples_encode_and_decode() {
        for (data, hex, base64) in RFC {
            let url = base64.trim_end_matches('=');
            let texts =
                [(Encoding::Hex, hex), (Encoding::Base64, base64), (Encoding::Base64Url, url)];
            for (encoding, text) in texts {
                let mut buffer = [0; 16];
                let n = encode(encoding, data.as_bytes(), &mut buffer).unwrap();
                assert_eq!(&buffer[..n], text.as_bytes());
                let n = decode(encoding, text.as_bytes(), &mut buffer).unwrap();
                assert_eq!(&buffer[..n], data.as_bytes());
            }
        }
    }

    #[test]
    fn a_text_that_is_not_valid_writes_nothing() {
        let cases: [(Encoding, &[u8]); 12] = [
            (Encoding::Hex, b"0"),
            (Encoding::Hex, b"0g"),
            (Encoding::Hex, b" 0"),
            (Encoding::Base64, b"Zg"),
            (Encoding::Base64, b"Zh=="),
            (Encoding::Base64, b"Z==="),
            (Encoding::Base64, b"===="),
            (Encoding::Base64, b"Zm8\n"),
            (Encoding::Base64, b"Zm-_"),
            (Encoding::Base64Url, b"Zm+/"),
            (Encoding::Base64Url, b"Zg=="),
            (Encoding::Base64Url, b"Z"),
        ];
        for (encoding, text) in cases {
            let mut out = [0x5a; 8];
            let refused = decode(encoding, text, &mut out);
            assert_eq!(refused, Err(Error::InvalidEncoding), "{encoding:?} {text:?}");
            assert_eq!(out, [0x5a; 8]);
        }
    }

    #[test]
    fn padding_inside_a_long_text_is_refused() {
        let mut text = [b'A'; 128];
        text[62] = b'=';
        text[63] = b'=';
        let mut out = [0x5a; 96];
        assert_eq!(decode(Encoding::Base64, &text, &mut out), Err(Error::InvalidEncoding));
        assert_eq!(out, [0x5a; 96]);
    }

    #[test]
    fn a_short_buffer_is_told_its_length() {
        let mut out = [0; 3];
        let short = encode(Encoding::Hex, b"ab", &mut out);
        assert_eq!(short, Err(Error::BufferTooSmall { needed: 4 }));
        let short = decode(Encoding::Base64, b"Zm9vYg==", &mut out);
        assert_eq!(short, Err(Error::BufferTooSmall { needed: 4 }));
    }
}
