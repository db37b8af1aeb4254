//! Sealing and opening: AES-128-GCM and AES-256-GCM (NIST SP 800-38D).
//! Nonces are COREKEY_NONCE_LEN bytes and must never be used twice with one
//! key; tags are COREKEY_TAG_LEN bytes; a message is at most 2^36 - 32 bytes.
//! If an open fails, the bytes that the plaintext would have had are zeros; in
//! place, the message is gone. Look at the output only after the call: bytes of a
//! long message may stand there before they are verified.
//! In place means that output and input start at the same address; any other
//! overlap is refused.

use corekey::aead::{self, AeadAlgorithm, AeadKey, NONCE_LEN, TAG_LEN};

use crate::context::{self, Context};
use crate::edge::{
    Input, Output, Reported, disjoint, guard, guard_context_copies, in_place, region_of,
};
use crate::status::{COREKEY_E_ALGORITHM, COREKEY_E_LENGTH, corekey_status, from_error};

/// AES-128-GCM, 16-byte keys.
pub const COREKEY_AES_128_GCM: u32 = 16;
/// AES-256-GCM, 32-byte keys.
pub const COREKEY_AES_256_GCM: u32 = 17;

/// Bytes of an AES-128-GCM key.
pub const COREKEY_AES_128_GCM_KEY_LEN: usize = 16;
/// Bytes of an AES-256-GCM key.
pub const COREKEY_AES_256_GCM_KEY_LEN: usize = 32;
/// Bytes of a nonce.
pub const COREKEY_NONCE_LEN: usize = 12;
/// Bytes of a tag.
pub const COREKEY_TAG_LEN: usize = 16;
const _: () = assert!(COREKEY_NONCE_LEN == NONCE_LEN && COREKEY_TAG_LEN == TAG_LEN);
const _: () = assert!(
    COREKEY_AES_128_GCM_KEY_LEN == AeadAlgorithm::Aes128Gcm.key_len()
        && COREKEY_AES_256_GCM_KEY_LEN == AeadAlgorithm::Aes256Gcm.key_len()
);

/// Words of a corekey_aead_key.
pub const COREKEY_AEAD_KEY_WORDS: usize = 128;

/// A key with its schedule. May be copied.
#[repr(C)]
pub struct corekey_aead_key {
    opaque: [u64; COREKEY_AEAD_KEY_WORDS],
}

// SAFETY: words only; an `AeadKey` holds plain numbers.
unsafe impl Context for corekey_aead_key {
    type Value = AeadKey;
    const MAGIC: u64 = 0xa6f4_582b_93d7_0ce1;
    const MAY_BE_COPIED: bool = true;
}
const _: () = assert!(context::fits::<corekey_aead_key>());

/// Makes a key from secret, whose length is exactly that of the algorithm.
/// Call it as corekey_aead_key_init(key, alg, secret, secret_len).
/// Returns COREKEY_OK; COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH,
/// COREKEY_E_OVERLAP, COREKEY_E_CONTEXT_SIZE, COREKEY_E_ALGORITHM.
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_aead_key_init_sized(
    key: *mut corekey_aead_key,
    key_size: usize,
    alg: u32,
    secret: *const u8,
    secret_len: usize,
) -> corekey_status {
    guard_context_copies(key, || {
        context::check_new(key, key_size)?;
        let algorithm = match alg {
            COREKEY_AES_128_GCM => AeadAlgorithm::Aes128Gcm,
            COREKEY_AES_256_GCM => AeadAlgorithm::Aes256Gcm,
            _ => return Err(COREKEY_E_ALGORITHM),
        };
        let secret = Input::new(secret, secret_len)?;
        disjoint(region_of(key), &[secret.region()])?;
        // SAFETY: the header asks for valid bytes.
        let secret = unsafe { secret.slice() };
        let value = AeadKey::new(algorithm, secret).map_err(from_error)?;
        // SAFETY: checked; the header asks for a context that nobody else uses.
        unsafe { context::store(key, value) };
        Ok(())
    })
}

/// Encrypts plaintext to out and puts the tag behind it: plaintext_len +
/// COREKEY_TAG_LEN bytes, the number stored in *out_len. In place is allowed.
/// Returns COREKEY_OK; COREKEY_E_BUFFER_TOO_SMALL with *out_len = bytes needed;
/// COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH, COREKEY_E_OVERLAP,
/// COREKEY_E_STATE.
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_aead_seal(
    key: *const corekey_aead_key,
    nonce: *const u8,
    nonce_len: usize,
    aad: *const u8,
    aad_len: usize,
    plaintext: *const u8,
    plaintext_len: usize,
    out: *mut u8,
    out_cap: usize,
    out_len: *mut usize,
) -> corekey_status {
    guard(|| {
        let nonce = Input::new(nonce, nonce_len)?;
        let aad = Input::new(aad, aad_len)?;
        let plaintext = Input::new(plaintext, plaintext_len)?;
        let target = Reported::new(out, out_cap, out_len)?;
        let others = [nonce.region(), aad.region(), region_of(key)];
        let in_place = target.disjoint_or_in_place(plaintext, &others)?;
        // SAFETY: the header asks for a context or zeros, and valid buffers;
        // the output overlaps none of these inputs.
        let (key, nonce, aad, out) = unsafe {
            (context::borrow(key)?, nonce.array::<NONCE_LEN>()?, aad.slice(), target.out.slice())
        };
        let result = if in_place {
            seal_in_place(key, nonce, aad, plaintext.len(), out)
        } else {
            // SAFETY: as above; the output does not overlap the plaintext.
            key.seal(nonce, aad, unsafe { plaintext.slice() }, out)
        };
        // SAFETY: the header asks for a valid length pointer.
        unsafe { target.report(result, 0) }
    })
}

/// Opens what corekey_aead_seal made: sealed_len - COREKEY_TAG_LEN bytes, the
/// number stored in *out_len. In place is allowed.
/// Returns COREKEY_OK; COREKEY_E_UNVERIFIED with *out_len = 0 and out zeroed;
/// COREKEY_E_BUFFER_TOO_SMALL with *out_len = bytes needed; COREKEY_E_LENGTH
/// (also if sealed is shorter than a tag), COREKEY_E_NULL,
/// COREKEY_E_ALIGNMENT, COREKEY_E_OVERLAP, COREKEY_E_STATE.
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_aead_open(
    key: *const corekey_aead_key,
    nonce: *const u8,
    nonce_len: usize,
    aad: *const u8,
    aad_len: usize,
    sealed: *const u8,
    sealed_len: usize,
    out: *mut u8,
    out_cap: usize,
    out_len: *mut usize,
) -> corekey_status {
    guard(|| {
        let nonce = Input::new(nonce, nonce_len)?;
        let aad = Input::new(aad, aad_len)?;
        let sealed = Input::new(sealed, sealed_len)?;
        let target = Reported::new(out, out_cap, out_len)?;
        let others = [nonce.region(), aad.region(), region_of(key)];
        let in_place = target.disjoint_or_in_place(sealed, &others)?;
        let (ciphertext, tag) = sealed.split_last(TAG_LEN)?;
        // SAFETY: the header asks for a context or zeros, and valid buffers;
        // the output overlaps none of these inputs.
        let (key, nonce, aad) =
            unsafe { (context::borrow(key)?, nonce.array::<NONCE_LEN>()?, aad.slice()) };
        let needed = ciphertext.len();
        aead::sealed_len(needed).map_err(from_error)?;
        let result = if target.out.len() < needed {
            Err(corekey::Error::BufferTooSmall { needed })
        } else if in_place {
            let text = Output::new(out, needed)?;
            // SAFETY: as above; the output is where the ciphertext is, and the
            // tag is behind it.
            let (text, tag) = unsafe { (text.slice(), tag.array()?) };
            key.open_in_place(nonce, aad, text, tag).map(|()| needed)
        } else {
            // SAFETY: as above; the output does not overlap the message.
            let (sealed, out) = unsafe { (sealed.slice(), target.out.slice()) };
            key.open(nonce, aad, sealed, out)
        };
        // SAFETY: the header asks for a valid length pointer.
        unsafe { target.report(result, 0) }
    })
}

/// Encrypts len bytes of plaintext to as many of ciphertext, and the tag to
/// tag; tag_len is COREKEY_TAG_LEN. In place is allowed.
/// Returns COREKEY_OK; COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH,
/// COREKEY_E_OVERLAP, COREKEY_E_STATE.
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_aead_seal_detached(
    key: *const corekey_aead_key,
    nonce: *const u8,
    nonce_len: usize,
    aad: *const u8,
    aad_len: usize,
    plaintext: *const u8,
    len: usize,
    ciphertext: *mut u8,
    tag: *mut u8,
    tag_len: usize,
) -> corekey_status {
    guard(|| {
        let nonce = Input::new(nonce, nonce_len)?;
        let aad = Input::new(aad, aad_len)?;
        let plaintext = Input::new(plaintext, len)?;
        let ciphertext = Output::new(ciphertext, len)?;
        let tag = Output::new(tag, tag_len)?;
        let inputs = [nonce.region(), aad.region(), region_of(key)];
        disjoint(ciphertext.region(), &inputs)?;
        disjoint(tag.region(), &inputs)?;
        disjoint(tag.region(), &[plaintext.region(), ciphertext.region()])?;
        let in_place = in_place(ciphertext, plaintext)?;
        if tag.len() != TAG_LEN {
            return Err(COREKEY_E_LENGTH);
        }
        // SAFETY: the header asks for a context or zeros, and valid buffers;
        // the outputs overlap none of these inputs, nor each other.
        let (key, nonce, aad, ciphertext, tag) = unsafe {
            (
                context::borrow(key)?,
                nonce.array::<NONCE_LEN>()?,
                aad.slice(),
                ciphertext.slice(),
                tag.slice(),
            )
        };
        let made = if in_place {
            key.seal_in_place(nonce, aad, ciphertext)
        } else {
            // SAFETY: as above; the output does not overlap the plaintext.
            key.seal_detached(nonce, aad, unsafe { plaintext.slice() }, ciphertext)
        };
        tag.copy_from_slice(&made.map_err(from_error)?);
        Ok(())
    })
}

/// Opens len bytes of ciphertext to as many of plaintext; tag_len is
/// COREKEY_TAG_LEN. In place is allowed.
/// Returns COREKEY_OK; COREKEY_E_UNVERIFIED with plaintext zeroed;
/// COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH, COREKEY_E_OVERLAP,
/// COREKEY_E_STATE.
///
/// # Safety
/// See the conventions of the header.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn corekey_aead_open_detached(
    key: *const corekey_aead_key,
    nonce: *const u8,
    nonce_len: usize,
    aad: *const u8,
    aad_len: usize,
    ciphertext: *const u8,
    len: usize,
    tag: *const u8,
    tag_len: usize,
    plaintext: *mut u8,
) -> corekey_status {
    guard(|| {
        let nonce = Input::new(nonce, nonce_len)?;
        let aad = Input::new(aad, aad_len)?;
        let ciphertext = Input::new(ciphertext, len)?;
        let tag = Input::new(tag, tag_len)?;
        let plaintext = Output::new(plaintext, len)?;
        let inputs = [nonce.region(), aad.region(), tag.region(), region_of(key)];
        disjoint(plaintext.region(), &inputs)?;
        let in_place = in_place(plaintext, ciphertext)?;
        // SAFETY: the header asks for a context or zeros, and valid buffers;
        // the output overlaps none of these inputs.
        let (key, nonce, aad, tag, plaintext) = unsafe {
            (
                context::borrow(key)?,
                nonce.array::<NONCE_LEN>()?,
                aad.slice(),
                tag.array::<TAG_LEN>()?,
                plaintext.slice(),
            )
        };
        let opened = if in_place {
            key.open_in_place(nonce, aad, plaintext, tag)
        } else {
            // SAFETY: as above; the output does not overlap the ciphertext.
            key.open_detached(nonce, aad, unsafe { ciphertext.slice() }, tag, plaintext)
        };
        opened.map_err(from_error)
    })
}

/// Seals the first `len` bytes of `out`, which has room for the tag or not.
fn seal_in_place(
    key: &AeadKey,
    nonce: &[u8; NONCE_LEN],
    aad: &[u8],
    len: usize,
    out: &mut [u8],
) -> Result<usize, corekey::Error> {
    let needed = aead::sealed_len(len)?;
    let (text, tag) = out
        .get_mut(..needed)
        .and_then(|out| out.split_last_chunk_mut::<TAG_LEN>())
        .ok_or(corekey::Error::BufferTooSmall { needed })?;
    *tag = key.seal_in_place(nonce, aad, text)?;
    Ok(needed)
}
