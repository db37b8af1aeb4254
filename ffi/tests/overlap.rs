//! Overlap rules of the ABI on random layouts: every argument of a seal or open
//! lies somewhere in one small arena. A call either works as if nothing
//! overlapped and writes its output only, or it answers COREKEY_E_OVERLAP and
//! writes nothing.
#![cfg(feature = "std")]
#![allow(unsafe_code, reason = "the test calls the C ABI")]

use core::ops::Range;

use corekey::aead::{AeadAlgorithm, AeadKey};
use corekey_ffi::aead::{
    COREKEY_AES_256_GCM, COREKEY_NONCE_LEN, COREKEY_TAG_LEN, corekey_aead_key,
    corekey_aead_key_init_sized, corekey_aead_open, corekey_aead_seal,
};
use corekey_ffi::status::{COREKEY_E_OVERLAP, COREKEY_OK};
use proptest::prelude::*;

const ARENA: usize = 96;
const SECRET: [u8; 32] = [9; 32];

/// A part of the arena, which may be empty.
fn part(most: usize) -> impl Strategy<Value = Range<usize>> {
    (0..=most).prop_flat_map(|len| (0..=ARENA - len).prop_map(move |start| start..start + len))
}

/// `len` bytes from `start` on, or from where they still fit.
fn placed(start: usize, len: usize) -> Range<usize> {
    let start = start.min(ARENA - len);
    start..start + len
}

fn nonce() -> impl Strategy<Value = Range<usize>> {
    (0..=ARENA - COREKEY_NONCE_LEN).prop_map(|start| start..start + COREKEY_NONCE_LEN)
}

fn share_a_byte(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start.max(b.start) < a.end.min(b.end)
}

/// What the header says of an output and the arguments beside it.
fn is_allowed(out: &Range<usize>, text: &Range<usize>, others: [&Range<usize>; 2]) -> bool {
    let in_place = out.start == text.start;
    !others.into_iter().any(|other| share_a_byte(out, other))
        && (in_place || !share_a_byte(out, text))
}

fn key() -> Box<corekey_aead_key> {
    let mut key = Box::new_uninit();
    // SAFETY: storage of the right size and alignment, and a valid secret.
    unsafe {
        let status = corekey_aead_key_init_sized(
            key.as_mut_ptr(),
            size_of::<corekey_aead_key>(),
            COREKEY_AES_256_GCM,
            SECRET.as_ptr(),
            SECRET.len(),
        );
        assert_eq!(status, COREKEY_OK);
        key.assume_init()
    }
}

/// One of the two calls, which have the same arguments.
type Call = unsafe extern "C" fn(
    *const corekey_aead_key,
    *const u8,
    usize,
    *const u8,
    usize,
    *const u8,
    usize,
    *mut u8,
    usize,
    *mut usize,
) -> i32;

fn call(
    call: Call,
    arena: &mut [u8; ARENA],
    nonce: &Range<usize>,
    aad: &Range<usize>,
    text: &Range<usize>,
    out: &Range<usize>,
) -> (i32, usize) {
    let mut out_len = usize::MAX;
    let base = arena.as_mut_ptr();
    let key = key();
    // SAFETY: every part is inside the arena, which nobody else uses; the key
    // is one.
    let status = unsafe {
        call(
            &*key,
            base.add(nonce.start),
            nonce.len(),
            base.add(aad.start),
            aad.len(),
            base.add(text.start),
            text.len(),
            base.add(out.start),
            out.len(),
            &mut out_len,
        )
    };
    (status, out_len)
}

fn reference() -> AeadKey {
    AeadKey::new(AeadAlgorithm::Aes256Gcm, &SECRET).unwrap()
}

fn check(
    result: (i32, usize),
    before: &[u8; ARENA],
    after: &[u8; ARENA],
    allowed: bool,
    out: &Range<usize>,
    expected: &[u8],
) -> Result<(), TestCaseError> {
    if !allowed {
        prop_assert_eq!(result, (COREKEY_E_OVERLAP, usize::MAX));
        prop_assert_eq!(before, after);
        return Ok(());
    }
    let end = out.start + expected.len();
    prop_assert_eq!(result, (COREKEY_OK, expected.len()));
    prop_assert_eq!(&after[out.start..end], expected);
    prop_assert_eq!(&after[..out.start], &before[..out.start]);
    prop_assert_eq!(&after[end..], &before[end..]);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 4_000,
        max_global_rejects: 100_000,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_seal_refuses_an_overlap_or_is_not_changed_by_it(
        nonce in nonce(),
        aad in part(20),
        text in part(24),
        out_start in 0..=ARENA,
        more in 0..8_usize,
        mut arena in prop::array::uniform::<_, ARENA>(any::<u8>()),
    ) {
        let out = placed(out_start, text.len() + COREKEY_TAG_LEN + more);
        let before = arena;
        let mut expected = vec![0; text.len() + COREKEY_TAG_LEN];
        let used = before[nonce.clone()].try_into().unwrap();
        let plaintext = &before[text.clone()];
        reference().seal(&used, &before[aad.clone()], plaintext, &mut expected).unwrap();

        let result = call(corekey_aead_seal, &mut arena, &nonce, &aad, &text, &out);
        let allowed = is_allowed(&out, &text, [&nonce, &aad]);
        check(result, &before, &arena, allowed, &out, &expected)?;
    }

    #[test]
    fn an_open_refuses_an_overlap_or_is_not_changed_by_it(
        nonce in nonce(),
        aad in part(20),
        plaintext in prop::collection::vec(any::<u8>(), 0..24),
        starts in (0..=ARENA, 0..=ARENA),
        more in 0..8_usize,
        mut arena in prop::array::uniform::<_, ARENA>(any::<u8>()),
    ) {
        let text = placed(starts.0, plaintext.len() + COREKEY_TAG_LEN);
        let out = placed(starts.1, plaintext.len() + more);
        // What is opened must be readable beside its nonce and AAD.
        prop_assume!(!share_a_byte(&text, &nonce) && !share_a_byte(&text, &aad));
        let used = arena[nonce.clone()].try_into().unwrap();
        let mut sealed = vec![0; text.len()];
        reference().seal(&used, &arena[aad.clone()], &plaintext, &mut sealed).unwrap();
        arena[text.clone()].copy_from_slice(&sealed);
        let before = arena;

        let result = call(corekey_aead_open, &mut arena, &nonce, &aad, &text, &out);
        let allowed = is_allowed(&out, &text, [&nonce, &aad]);
        check(result, &before, &arena, allowed, &out, &plaintext)?;
    }
}
