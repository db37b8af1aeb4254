//! What the tiers of AES-GCM share: the key schedule of AES (FIPS 197 §5.2) and
//! the hash key of GHASH, in registers of one block.
//!
//! These functions are inlined into their callers, in whose instructions they
//! then are; large ones by `inline(always)`, which excludes that they name the
//! features themselves.

use core::arch::x86_64::*;

use crate::kernel::gcm::Secret;

/// Index of the last round key, wherever the schedule ends: AES-128 leaves the
/// places between the tenth and the last empty.
pub(super) const LAST: usize = 14;

/// The polynomial of GHASH without its ends, reflected, for folding 64 bits.
pub(super) const POLYNOMIAL: i64 = 0xc200_0000_0000_0000_u64 as i64;

/// The shuffle that reverses the bytes of a block.
#[inline]
#[target_feature(enable = "sse2")]
pub(super) fn byte_swap() -> __m128i {
    _mm_set_epi64x(0x0001_0203_0405_0607, 0x0809_0a0b_0c0d_0e0f)
}

/// The round keys, the last one at [`LAST`].
///
/// # Safety
/// The caller has AES and SSSE3.
#[inline(always)]
pub(super) unsafe fn round_keys(secret: Secret<'_>) -> [__m128i; LAST + 1] {
    // SAFETY: the caller's word.
    unsafe {
        match secret {
            Secret::Aes128(secret) => round_keys_128(secret),
            Secret::Aes256(secret) => round_keys_256(secret),
        }
    }
}

const ROUND_CONSTANTS: [i32; 10] = [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0x1b, 0x36];

/// # Safety
/// The caller has AES and SSSE3.
#[inline(always)]
unsafe fn round_keys_128(secret: &[u8; 16]) -> [__m128i; LAST + 1] {
    // SAFETY: the caller's word; 16 bytes are read from an array of so many.
    unsafe {
        let mut keys = [_mm_setzero_si128(); LAST + 1];
        let mut key = _mm_loadu_si128(secret.as_ptr().cast());
        for (i, constant) in ROUND_CONSTANTS.into_iter().enumerate() {
            keys[i] = key;
            key = _mm_xor_si128(running_xor(key), rotated_and_substituted(key, constant));
        }
        keys[LAST] = key;
        keys
    }
}

/// # Safety
/// The caller has AES and SSSE3.
#[inline(always)]
unsafe fn round_keys_256(secret: &[u8; 32]) -> [__m128i; LAST + 1] {
    // SAFETY: the caller's word; twice 16 bytes are read from an array of 32.
    unsafe {
        let mut keys = [_mm_setzero_si128(); LAST + 1];
        let halves = secret.as_ptr().cast::<__m128i>();
        let (mut even, mut odd) = (_mm_loadu_si128(halves), _mm_loadu_si128(halves.add(1)));
        for i in 0..LAST / 2 {
            keys[2 * i] = even;
            keys[2 * i + 1] = odd;
            let word = rotated_and_substituted(odd, ROUND_CONSTANTS[i]);
            even = _mm_xor_si128(running_xor(even), word);
            odd = _mm_xor_si128(running_xor(odd), substituted(even));
        }
        keys[LAST] = even;
        keys
    }
}

/// Each word with all words before it added.
#[inline]
#[target_feature(enable = "sse2")]
fn running_xor(key: __m128i) -> __m128i {
    let key = _mm_xor_si128(key, _mm_slli_si128::<4>(key));
    _mm_xor_si128(key, _mm_slli_si128::<8>(key))
}

/// The last word of a round key through RotWord, SubWord and the constant, in
/// all four words. The last round of AES on four equal words is SubBytes alone:
/// ShiftRows has nothing to shift.
#[inline]
#[target_feature(enable = "aes,ssse3")]
fn rotated_and_substituted(key: __m128i, constant: i32) -> __m128i {
    let rotated = _mm_shuffle_epi8(key, _mm_set1_epi32(0x0c0f_0e0d));
    _mm_aesenclast_si128(rotated, _mm_set1_epi32(constant))
}

/// The last word of a round key through SubWord, in all four words.
#[inline]
#[target_feature(enable = "aes,ssse3")]
fn substituted(key: __m128i) -> __m128i {
    _mm_aesenclast_si128(_mm_shuffle_epi32::<0xff>(key), _mm_setzero_si128())
}

/// AES of one block.
///
/// # Safety
/// The caller has AES.
#[inline(always)]
pub(super) unsafe fn encrypt(
    keys: &[__m128i; LAST + 1],
    is_aes256: bool,
    block: __m128i,
) -> __m128i {
    // SAFETY: the caller's word.
    unsafe {
        let mut state = _mm_xor_si128(block, keys[0]);
        for key in &keys[1..10] {
            state = _mm_aesenc_si128(state, *key);
        }
        if is_aes256 {
            for key in &keys[10..LAST] {
                state = _mm_aesenc_si128(state, *key);
            }
        }
        _mm_aesenclast_si128(state, keys[LAST])
    }
}

/// The hash key for the multiplications: byte-swapped, and multiplied by x,
/// which makes up for the shift in products of reflected values.
#[inline]
#[target_feature(enable = "ssse3")]
pub(super) fn hash_key(encrypted_zeros: __m128i) -> __m128i {
    let h = _mm_shuffle_epi8(encrypted_zeros, byte_swap());
    // What a shift by one loses, as masks of words: the top bit, which comes back
    // as the polynomial (words 0 and 3), and the carry between halves (word 2).
    let carries = _mm_srai_epi32::<31>(_mm_shuffle_epi32::<0b11_01_11_11>(h));
    let polynomial = _mm_set_epi64x(0xc200_0000_0000_0001_u64 as i64, 1);
    let doubled = _mm_add_epi64(h, h);
    _mm_xor_si128(doubled, _mm_and_si128(carries, polynomial))
}
