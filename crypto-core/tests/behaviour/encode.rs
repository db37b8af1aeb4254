//! Hex and base64: the same texts as another implementation, no text for data
//! but one, and nothing written by a call that fails.

use corekey::Error;
use corekey::encode::{Encoding, decode, decoded_len, encode, encoded_len};
use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER, HEXLOWER_PERMISSIVE};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::{UNTOUCHED, pattern};

const ALL: [Encoding; 3] = [Encoding::Hex, Encoding::Base64, Encoding::Base64Url];

/// Characters of all three encodings, their padding and some of none.
const CHARACTERS: &[u8] = b"0189abfgzABFGZ+/-_= \n\0\xff";

fn encoded(encoding: Encoding, data: &[u8]) -> Vec<u8> {
    let mut text = vec![UNTOUCHED; encoded_len(encoding, data.len()).unwrap()];
    assert_eq!(encode(encoding, data, &mut text), Ok(text.len()));
    text
}

/// As another implementation encodes.
fn encoded_elsewhere(encoding: Encoding, data: &[u8]) -> Vec<u8> {
    let other = match encoding {
        Encoding::Hex => HEXLOWER,
        Encoding::Base64 => BASE64,
        _ => BASE64URL_NOPAD,
    };
    other.encode(data).into_bytes()
}

/// As another implementation decodes. That one also reads padded texts that
/// follow each other, which no encoder writes.
fn decoded_elsewhere(encoding: Encoding, text: &[u8]) -> Option<Vec<u8>> {
    let data = match encoding {
        Encoding::Hex => HEXLOWER_PERMISSIVE.decode(text),
        Encoding::Base64 => BASE64.decode(text),
        _ => BASE64URL_NOPAD.decode(text),
    };
    data.ok().filter(|data| encoded_elsewhere(encoding, data) == canonical(encoding, text))
}

/// The one text of the data in a valid text.
fn canonical(encoding: Encoding, text: &[u8]) -> Vec<u8> {
    match encoding {
        Encoding::Hex => text.to_ascii_lowercase(),
        _ => text.to_vec(),
    }
}

/// Decodes, and checks all that holds for every text there is.
fn judge(encoding: Encoding, text: &[u8]) {
    let mut out = vec![UNTOUCHED; text.len() + 3];
    let outcome = decode(encoding, text, &mut out);
    let Some(data) = decoded_elsewhere(encoding, text) else {
        assert_eq!(outcome, Err(Error::InvalidEncoding), "{encoding:?} {text:?}");
        assert_eq!(out, vec![UNTOUCHED; text.len() + 3], "{encoding:?} {text:?}");
        return;
    };
    assert_eq!(outcome, Ok(data.len()), "{encoding:?} {text:?}");
    assert_eq!(decoded_len(encoding, text), Ok(data.len()));
    let (decoded, behind) = out.split_at(data.len());
    assert_eq!(decoded, data, "{encoding:?} {text:?}");
    assert!(behind.iter().all(|byte| *byte == UNTOUCHED), "{encoding:?} {text:?}");
    assert_eq!(encoded(encoding, decoded), canonical(encoding, text), "no other text has it");
}

proptest! {
    #[test]
    fn data_encodes_as_elsewhere_and_decodes_to_itself(
        encoding in select(&ALL[..]),
        data in vec(any::<u8>(), 0..300),
    ) {
        let text = encoded(encoding, &data);
        prop_assert_eq!(&text, &encoded_elsewhere(encoding, &data));
        let mut out = vec![0; data.len()];
        prop_assert_eq!(decode(encoding, &text, &mut out), Ok(data.len()));
        prop_assert_eq!(out, data);
    }

    #[test]
    fn any_text_decodes_as_elsewhere_or_is_refused(
        encoding in select(&ALL[..]),
        text in vec(select(CHARACTERS), 0..24),
    ) {
        judge(encoding, &text);
    }

    #[test]
    fn a_text_with_a_mistake_decodes_as_elsewhere_or_is_refused(
        encoding in select(&ALL[..]),
        data in vec(any::<u8>(), 1..200),
        at in any::<Index>(),
        character in select(CHARACTERS),
        kind in 0..4,
    ) {
        let mut text = encoded(encoding, &data);
        let at = at.index(text.len());
        match kind {
            0 => text[at] = character,
            1 => text.insert(at, character),
            2 => drop(text.remove(at)),
            _ => text.truncate(at),
        }
        judge(encoding, &text);
    }
}

#[test]
fn every_byte_in_every_place_decodes_as_elsewhere_or_is_refused() {
    for encoding in ALL {
        // Base64 of 46, 47 and 48 bytes has 64 characters, which are read at once.
        for len in [2, 46, 47, 48, 49] {
            let text = encoded(encoding, &pattern(len));
            for at in 0..text.len() {
                for byte in 0..=255 {
                    let mut changed = text.clone();
                    changed[at] = byte;
                    judge(encoding, &changed);
                }
            }
        }
    }
}

#[test]
fn a_text_of_a_length_that_no_data_gives_has_no_data() {
    for encoding in ALL {
        let lengths: Vec<_> = (0..60).map(|n| encoded_len(encoding, n).unwrap()).collect();
        for len in 0..80 {
            // Without padding a text holds the most data of its length.
            let expected = lengths.iter().rposition(|of| *of == len);
            let length = decoded_len(encoding, &vec![b'A'; len]);
            assert_eq!(length, expected.ok_or(Error::InvalidEncoding), "{encoding:?}, {len}");
            judge(encoding, &vec![b'='; len]);
        }
    }
}

#[test]
fn hex_is_written_in_lower_case_and_read_in_either() {
    assert_eq!(encoded(Encoding::Hex, &[0xab, 0xcd]), b"abcd");
    for text in [b"abcd", b"ABCD", b"aBCd"] {
        let mut out = [0; 2];
        assert_eq!(decode(Encoding::Hex, text, &mut out), Ok(2));
        assert_eq!(out, [0xab, 0xcd]);
    }
}

#[test]
fn a_short_buffer_is_told_its_length_and_not_written_to() {
    let data = pattern(70);
    for encoding in ALL {
        let text = encoded(encoding, &data);
        for len in 0..text.len() {
            let mut out = vec![UNTOUCHED; len];
            let short = encode(encoding, &data, &mut out);
            assert_eq!(short, Err(Error::BufferTooSmall { needed: text.len() }));
            assert_eq!(out, vec![UNTOUCHED; len]);
        }
        for len in 0..data.len() {
            let mut out = vec![UNTOUCHED; len];
            let short = decode(encoding, &text, &mut out);
            assert_eq!(short, Err(Error::BufferTooSmall { needed: data.len() }));
            assert_eq!(out, vec![UNTOUCHED; len]);
        }
    }
}

#[test]
fn only_the_text_is_written() {
    for encoding in ALL {
        let mut text = [UNTOUCHED; 20];
        let n = encode(encoding, b"pump", &mut text).unwrap();
        assert_eq!(Ok(n), encoded_len(encoding, 4));
        assert!(text[n..].iter().all(|byte| *byte == UNTOUCHED));
    }
}

#[test]
fn a_text_that_no_memory_could_hold_has_no_length() {
    for encoding in ALL {
        assert_eq!(encoded_len(encoding, usize::MAX), Err(Error::InvalidLength));
        assert_eq!(encoded_len(encoding, isize::MAX as usize), Err(Error::InvalidLength));
    }
    let most = isize::MAX as usize / 2;
    assert_eq!(encoded_len(Encoding::Hex, most), Ok(2 * most));
    assert_eq!(encoded_len(Encoding::Hex, most + 1), Err(Error::InvalidLength));
}
