//! What a case checks, in terms of a front: the same for every front.

use crate::front::{Aead, Front, Hash, Refusal, UNWRITTEN, Wrap};

/// A wrapped key is that much longer than the padded key.
const WRAP_GROWTH: usize = 8;

/// `Err` says what was wrong, for a reader.
pub type Check = Result<(), String>;

/// One digest, in one call and in parts.
///
/// # Errors
/// What was wrong.
pub fn hashes(front: &dyn Front, hash: Hash, data: &[u8], expected: &[u8]) -> Check {
    equal("digest", front.hash(hash, data), expected)?;
    equal("digest of parts", front.hash_parts(hash, &parts(data)), expected)
}

/// One tag, whole or truncated: computed in one call and in parts, and verified.
///
/// # Errors
/// What was wrong.
pub fn macs(front: &dyn Front, hash: Hash, key: &[u8], data: &[u8], tag: &[u8]) -> Check {
    equal("tag", front.hmac(hash, key, data, tag.len()), tag)?;
    equal("tag of parts", front.hmac_parts(hash, key, &parts(data), tag.len()), tag)?;
    let verdict = front.hmac_verify(hash, key, data, tag);
    verdict.map_err(|refusal| format!("a right tag was refused: {refusal:?}"))
}

/// A tag that must not verify.
///
/// # Errors
/// What was wrong.
pub fn refuses_tag(front: &dyn Front, hash: Hash, key: &[u8], data: &[u8], tag: &[u8]) -> Check {
    refused("verify", front.hmac_verify(hash, key, data, tag), &Refusal::Unverified)
}

/// The inputs of HKDF.
#[derive(Clone, Copy, Debug)]
pub struct Hkdf<'a> {
    /// The hash function.
    pub hash: Hash,
    /// The salt, empty for none.
    pub salt: &'a [u8],
    /// The input keying material.
    pub ikm: &'a [u8],
    /// The context.
    pub info: &'a [u8],
}

/// One derivation, in one call and as extraction and expansion.
///
/// # Errors
/// What was wrong.
pub fn derives(front: &dyn Front, case: Hkdf<'_>, expected: &[u8]) -> Check {
    let Hkdf { hash, salt, ikm, info } = case;
    let mut okm = vec![UNWRITTEN; expected.len()];
    let verdict = front.hkdf(hash, salt, ikm, info, &mut okm);
    equal("hkdf", verdict.map(|()| okm), expected)?;

    let mut okm = vec![UNWRITTEN; expected.len()];
    let verdict = front.hkdf_extract_expand(hash, salt, ikm, info, &mut okm);
    equal("extract and expand", verdict.map(|()| okm), expected)
}

/// The expansion of a known pseudorandom key.
///
/// # Errors
/// What was wrong.
pub fn expands(front: &dyn Front, hash: Hash, prk: &[u8], info: &[u8], expected: &[u8]) -> Check {
    let mut okm = vec![UNWRITTEN; expected.len()];
    let verdict = front.hkdf_expand(hash, prk, info, &mut okm);
    equal("expand", verdict.map(|()| okm), expected)
}

/// A derivation of more bytes than HKDF has: refused, nothing written.
///
/// # Errors
/// What was wrong.
pub fn refuses_to_derive(front: &dyn Front, case: Hkdf<'_>, len: usize) -> Check {
    let Hkdf { hash, salt, ikm, info } = case;
    let mut okm = vec![UNWRITTEN; len];
    refused("hkdf", front.hkdf(hash, salt, ikm, info, &mut okm), &Refusal::Length)?;
    let verdict = front.hkdf_extract_expand(hash, salt, ikm, info, &mut okm);
    refused("extract and expand", verdict, &Refusal::Length)?;
    all("the output", &okm, UNWRITTEN)
}

/// One message, sealed and opened in every shape.
///
/// # Errors
/// What was wrong.
pub fn seals_and_opens(
    front: &dyn Front,
    aead: Aead<'_>,
    plaintext: &[u8],
    sealed: &[u8],
) -> Check {
    for &shape in front.shapes() {
        equal(&format!("{shape:?} seal"), front.seal(shape, aead, plaintext), sealed)?;
        let opened = front.open(shape, aead, sealed);
        let what = format!("{shape:?} open");
        length(&what, &opened.verdict, plaintext.len())?;
        equal(&what, Ok(opened.buffer), plaintext)?;
    }
    Ok(())
}

/// A message that is not authentic: refused in every shape, and the output is
/// zeros.
///
/// # Errors
/// What was wrong.
pub fn refuses_to_open(front: &dyn Front, aead: Aead<'_>, sealed: &[u8]) -> Check {
    for &shape in front.shapes() {
        let opened = front.open(shape, aead, sealed);
        refused(&format!("{shape:?} open"), opened.verdict, &Refusal::Unverified)?;
        all(&format!("the {shape:?} output"), &opened.buffer, 0)?;
    }
    Ok(())
}

/// One key, wrapped and unwrapped. Behind the key is the padding, and behind
/// that nothing is written.
///
/// # Errors
/// What was wrong.
pub fn wraps_and_unwraps(
    front: &dyn Front,
    wrap: Wrap,
    kek: &[u8],
    key: &[u8],
    wrapped: &[u8],
) -> Check {
    equal("wrap", front.wrap(wrap, kek, key), wrapped)?;
    let opened = front.unwrap(wrap, kek, wrapped);
    length("unwrap", &opened.verdict, key.len())?;
    let (padded, rest) = opened.buffer.split_at(wrapped.len() - WRAP_GROWTH);
    let (got, padding) = padded.split_at(key.len());
    equal("unwrap", Ok(got.to_vec()), key)?;
    all("the padding", padding, 0)?;
    all("the output behind the key", rest, UNWRITTEN)
}

/// A key that must not wrap to `wrapped`: refused if its length cannot be
/// wrapped, else the result differs.
///
/// # Errors
/// What was wrong.
pub fn wraps_otherwise(
    front: &dyn Front,
    wrap: Wrap,
    kek: &[u8],
    key: &[u8],
    wrapped: &[u8],
) -> Check {
    let outcome = front.wrap(wrap, kek, key);
    let can_be_wrapped = match wrap {
        Wrap::Kw => key.len() >= 16 && key.len().is_multiple_of(8),
        Wrap::Kwp => !key.is_empty(),
    };
    if !can_be_wrapped {
        return refused("wrap", outcome, &Refusal::Length);
    }
    match outcome {
        Ok(got) if got != wrapped => Ok(()),
        Ok(_) => Err("wrap gave what it must not".into()),
        Err(refusal) => Err(format!("wrap was refused: {refusal:?}")),
    }
}

/// A wrapped key that must not unwrap. Of a length that no wrapping gives it
/// is refused before anything is written; else the output is zeros.
///
/// # Errors
/// What was wrong.
pub fn refuses_to_unwrap(front: &dyn Front, wrap: Wrap, kek: &[u8], wrapped: &[u8]) -> Check {
    let opened = front.unwrap(wrap, kek, wrapped);
    let shortest = match wrap {
        Wrap::Kw => 24,
        Wrap::Kwp => 16,
    };
    if wrapped.len() < shortest || !wrapped.len().is_multiple_of(8) {
        refused("unwrap", opened.verdict, &Refusal::Length)?;
        return all("the output", &opened.buffer, UNWRITTEN);
    }
    refused("unwrap", opened.verdict, &Refusal::Unverified)?;
    let (output, rest) = opened.buffer.split_at(wrapped.len() - WRAP_GROWTH);
    all("the output", output, 0)?;
    all("the output behind the key", rest, UNWRITTEN)
}

/// `got` is there and is `expected`.
///
/// # Errors
/// What was wrong.
pub fn equal(what: &str, got: Result<Vec<u8>, Refusal>, expected: &[u8]) -> Check {
    let got = got.map_err(|refusal| format!("{what} was refused: {refusal:?}"))?;
    if got == expected {
        return Ok(());
    }
    let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
    Err(format!("{what} gave {}, expected {}", hex(&got), hex(expected)))
}

fn length(what: &str, verdict: &Result<usize, Refusal>, expected: usize) -> Check {
    if *verdict == Ok(expected) {
        return Ok(());
    }
    Err(format!("{what} answered {verdict:?}, expected {expected} bytes"))
}

fn refused<T>(what: &str, verdict: Result<T, Refusal>, expected: &Refusal) -> Check {
    match verdict {
        Err(refusal) if refusal == *expected => Ok(()),
        Err(refusal) => Err(format!("{what} was refused with {refusal:?}, not {expected:?}")),
        Ok(_) => Err(format!("{what} was not refused")),
    }
}

fn all(what: &str, buffer: &[u8], expected: u8) -> Check {
    if buffer.iter().all(|&byte| byte == expected) {
        return Ok(());
    }
    Err(format!("{what} is not all {expected:#04x}"))
}

/// A third, nothing, and the rest: uneven pieces for streaming calls.
fn parts(data: &[u8]) -> [&[u8]; 3] {
    let (first, rest) = data.split_at(data.len() / 3);
    [first, &[], rest]
}
