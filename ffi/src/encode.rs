//! Secrets as text (RFC 4648), in a time that depends on lengths and validity
//! only: hex, written in lower case and read in either; base64 with padding;
//! base64 for URLs without.

use core::ffi::c_char;

use corekey::encode::{self, Encoding};

use crate::edge::{Input, Outcome, Reported, guard_copies};
use crate::status::{COREKEY_E_ALGORITHM, corekey_status};

/// Base16 (RFC 4648 section 8).
pub const COREKEY_HEX: u32 = 48;
/// Base64 (section 4).
pub const COREKEY_BASE64: u32 = 49;
/// Base64 for URLs and file names (section 5).
pub const COREKEY_BASE64URL: u32 = 50;

/// Writes data as text that ends in a NUL. text_cap counts the NUL; *text_len,
/// the number of characters, does not. text may not overlap data.
/// Returns COREKEY_OK; COREKEY_E_BUFFER_TOO_SMALL with *text_len = bytes needed
/// with the NUL; COREKEY_E_ALGORITHM, COREKEY_E_NULL, COREKEY_E_ALIGNMENT,
/// COREKEY_E_LENGTH, COREKEY_E_OVERLAP.
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_encode(
    encoding: u32,
    data: *const u8,
    data_len: usize,
    text: *mut c_char,
    text_cap: usize,
    text_len: *mut usize,
) -> corekey_status {
    guard_copies(|| {
        let encoding = algorithm(encoding)?;
        let data = Input::new(data, data_len)?;
        let target = Reported::new(text.cast(), text_cap, text_len)?;
        target.disjoint(&[data.region()])?;
        // SAFETY: the header asks for valid buffers; the output overlaps none.
        let (data, text) = unsafe { (data.slice(), target.out.slice()) };
        let result = encode_with_nul(encoding, data, text);
        // SAFETY: the header asks for a valid length pointer.
        unsafe { target.report(result, 1) }
    })
}

/// Reads text_len characters of text (no NUL). Only the one canonical text of
/// some data is valid: no white space, no stray bits. out may not overlap text.
/// Returns COREKEY_OK; COREKEY_E_ENCODING if text is not valid;
/// COREKEY_E_BUFFER_TOO_SMALL with *out_len = bytes needed;
/// COREKEY_E_ALGORITHM, COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH,
/// COREKEY_E_OVERLAP.
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_decode(
    encoding: u32,
    text: *const c_char,
    text_len: usize,
    out: *mut u8,
    out_cap: usize,
    out_len: *mut usize,
) -> corekey_status {
    guard_copies(|| {
        let encoding = algorithm(encoding)?;
        let text = Input::new(text.cast(), text_len)?;
        let target = Reported::new(out, out_cap, out_len)?;
        target.disjoint(&[text.region()])?;
        // SAFETY: the header asks for valid buffers; the output overlaps none.
        let (text, out) = unsafe { (text.slice(), target.out.slice()) };
        let result = encode::decode(encoding, text, out);
        // SAFETY: the header asks for a valid length pointer.
        unsafe { target.report(result, 0) }
    })
}

/// Text and a NUL behind it.
pub(crate) fn encode_with_nul(
    encoding: Encoding,
    data: &[u8],
    text: &mut [u8],
) -> Result<usize, corekey::Error> {
    let needed = encode::encoded_len(encoding, data.len())?;
    let (nul, text) = text
        .get_mut(..=needed)
        .and_then(<[u8]>::split_last_mut)
        .ok_or(corekey::Error::BufferTooSmall { needed })?;
    *nul = 0;
    encode::encode(encoding, data, text)
}

fn algorithm(encoding: u32) -> Outcome<Encoding> {
    match encoding {
        COREKEY_HEX => Ok(Encoding::Hex),
        COREKEY_BASE64 => Ok(Encoding::Base64),
        COREKEY_BASE64URL => Ok(Encoding::Base64Url),
        _ => Err(COREKEY_E_ALGORITHM),
    }
}
