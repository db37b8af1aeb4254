//! SHA-256 of 16 messages at once in the lanes of AVX-512, for the keys of many
//! devices.
//!
//! Word i of all messages stands in one vector, and each round is done for all
//! of them (Gueron and Krasnov, "Simultaneous Hashing of Multiple Messages",
//! 2012). VPTERNLOGD makes Ch, Maj and each XOR of three one instruction.

use core::arch::x86_64::{
    __m512i, _mm_set_epi64x, _mm_storeu_si128, _mm512_add_epi32, _mm512_broadcast_i32x4,
    _mm512_extracti32x4_epi32, _mm512_loadu_si512, _mm512_maskz_loadu_epi32, _mm512_ror_epi32,
    _mm512_set1_epi32, _mm512_setzero_si512, _mm512_shuffle_epi8, _mm512_shuffle_i32x4,
    _mm512_srli_epi32, _mm512_storeu_si512, _mm512_ternarylogic_epi32, _mm512_unpackhi_epi32,
    _mm512_unpackhi_epi64, _mm512_unpacklo_epi32, _mm512_unpacklo_epi64, _mm512_xor_si512,
};

use crate::kernel::cpu::Avx512;
use crate::kernel::sha256::{Block, DIGEST, HmacState, INITIAL, K, LANES, Words};
use crate::kernel::wipe;

/// The HMAC keys of secrets of 32 bytes.
pub(crate) fn hmac_keys(
    token: Avx512,
    secrets: &[[u8; DIGEST]; LANES],
    keys: &mut [HmacState; LANES],
) {
    // SAFETY: the token proves AVX-512 F and BW.
    unsafe { hmac_keys_512(secrets, keys) };
    wipe::avx512::<STACK>(token);
}

/// The HMACs of padded messages of one block, all under one key.
pub(crate) fn hmacs(
    token: Avx512,
    key: &HmacState,
    last: &[Block; LANES],
    tags: &mut [[u8; DIGEST]; LANES],
) {
    // SAFETY: the token proves AVX-512 F and BW.
    unsafe { hmacs_512(key, last, tags) };
    wipe::avx512::<STACK>(token);
}

/// The HMACs of padded messages of one block, under a key for each.
pub(crate) fn hmacs_each(
    token: Avx512,
    keys: &[HmacState; LANES],
    last: &[Block; LANES],
    tags: &mut [[u8; DIGEST]; LANES],
) {
    // SAFETY: the token proves AVX-512 F and BW.
    unsafe { hmacs_each_512(keys, last, tags) };
    wipe::avx512::<STACK_OF_EACH>(token);
}

/// Bytes of stack below an entry that are overwritten: what 32 registers have no
/// room for.
const STACK: usize = 1280;
const STACK_OF_EACH: usize = 2048;

/// A word of all lanes, for each of the words of a state or a block.
type State = [__m512i; 8];
type Message = [__m512i; 16];

#[target_feature(enable = "avx512f,avx512bw")]
#[inline(never)]
fn hmac_keys_512(secrets: &[[u8; DIGEST]; LANES], keys: &mut [HmacState; LANES]) {
    let mut rows = [_mm512_setzero_si512(); LANES];
    for (row, secret) in rows.iter_mut().zip(secrets) {
        // SAFETY: the mask takes the eight words of the secret only.
        *row = swap_bytes(unsafe { _mm512_maskz_loadu_epi32(0xff, secret.as_ptr().cast()) });
    }
    let [a, b, c, d, e, f, g, h, ..] = transpose(rows);
    let secrets = [a, b, c, d, e, f, g, h];
    let initial = broadcast(&INITIAL);
    let inner = compress(&initial, key_block(&secrets, 0x3636_3636));
    let outer = compress(&initial, key_block(&secrets, 0x5c5c_5c5c));
    for (key, row) in keys.iter_mut().zip(transpose(join(&inner, &outer))) {
        // SAFETY: a key is 16 words; no alignment is asked for.
        unsafe { _mm512_storeu_si512(core::ptr::from_mut(key).cast(), row) };
    }
}

#[target_feature(enable = "avx512f,avx512bw")]
#[inline(never)]
fn hmacs_512(key: &HmacState, last: &[Block; LANES], tags: &mut [[u8; DIGEST]; LANES]) {
    let inner = compress(&broadcast(&key.inner), load_blocks(last));
    let outer = compress(&broadcast(&key.outer), outer_block(&inner));
    store_tags(&outer, tags);
}

#[target_feature(enable = "avx512f,avx512bw")]
#[inline(never)]
fn hmacs_each_512(
    keys: &[HmacState; LANES],
    last: &[Block; LANES],
    tags: &mut [[u8; DIGEST]; LANES],
) {
    let mut rows = [_mm512_setzero_si512(); LANES];
    for (row, key) in rows.iter_mut().zip(keys) {
        // SAFETY: a key is 16 words; no alignment is asked for.
        *row = unsafe { _mm512_loadu_si512(core::ptr::from_ref(key).cast()) };
    }
    let [a, b, c, d, e, f, g, h, outer @ ..] = transpose(rows);
    let inner = compress(&[a, b, c, d, e, f, g, h], load_blocks(last));
    let outer = compress(&outer, outer_block(&inner));
    store_tags(&outer, tags);
}

/// One block into the state of each lane.
#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn compress(before: &State, mut words: Message) -> State {
    let mut state = *before;
    for i in 0..64 {
        if i >= 16 {
            words[i % 16] = schedule(&words, i % 16);
        }
        state = round(state, words[i % 16], K.0[i]);
    }
    for (word, before) in state.iter_mut().zip(before) {
        *word = _mm512_add_epi32(*word, *before);
    }
    state
}

#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn round([a, b, c, d, e, f, g, h]: State, word: __m512i, constant: u32) -> State {
    let sum1 = xor3(ror::<6>(e), ror::<11>(e), ror::<25>(e));
    let choice = _mm512_ternarylogic_epi32::<0xca>(e, f, g);
    let constant = _mm512_set1_epi32(constant.cast_signed());
    let given = _mm512_add_epi32(_mm512_add_epi32(h, constant), word);
    let t1 = _mm512_add_epi32(given, _mm512_add_epi32(sum1, choice));
    let sum0 = xor3(ror::<2>(a), ror::<13>(a), ror::<22>(a));
    let majority = _mm512_ternarylogic_epi32::<0xe8>(a, b, c);
    let t2 = _mm512_add_epi32(sum0, majority);
    [_mm512_add_epi32(t1, t2), a, b, c, _mm512_add_epi32(d, t1), e, f, g]
}

/// The word of the message schedule that comes 16 after word `i`.
#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn schedule(words: &Message, i: usize) -> __m512i {
    let (early, late) = (words[(i + 1) % 16], words[(i + 14) % 16]);
    let sigma0 = xor3(ror::<7>(early), ror::<18>(early), _mm512_srli_epi32::<3>(early));
    let sigma1 = xor3(ror::<17>(late), ror::<19>(late), _mm512_srli_epi32::<10>(late));
    let kept = _mm512_add_epi32(words[i], words[(i + 9) % 16]);
    _mm512_add_epi32(kept, _mm512_add_epi32(sigma0, sigma1))
}

#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn ror<const BITS: i32>(x: __m512i) -> __m512i {
    _mm512_ror_epi32::<BITS>(x)
}

#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn xor3(x: __m512i, y: __m512i, z: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<0x96>(x, y, z)
}

/// The key block of HMAC: a secret of 32 bytes and zeros, masked with a pad.
#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn key_block(secrets: &State, pad: i32) -> Message {
    let mut block = [_mm512_set1_epi32(pad); 16];
    for (word, secret) in block.iter_mut().zip(secrets) {
        *word = _mm512_xor_si512(*word, *secret);
    }
    block
}

/// What the outer hash of HMAC takes in behind its key block: the inner digest
/// and the padding of 64 + 32 bytes.
#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn outer_block(inner: &State) -> Message {
    let zero = _mm512_setzero_si512();
    let mark = _mm512_set1_epi32(i32::MIN);
    let bits = _mm512_set1_epi32(96 * 8);
    join(inner, &[mark, zero, zero, zero, zero, zero, zero, bits])
}

#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn join(first: &State, second: &State) -> Message {
    let mut both = [_mm512_setzero_si512(); 16];
    for (to, from) in both.iter_mut().zip(first.iter().chain(second)) {
        *to = *from;
    }
    both
}

/// One state for all lanes.
#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn broadcast(words: &Words) -> State {
    let mut state = [_mm512_setzero_si512(); 8];
    for (lanes, word) in state.iter_mut().zip(words) {
        *lanes = _mm512_set1_epi32(word.cast_signed());
    }
    state
}

#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn load_blocks(blocks: &[Block; LANES]) -> Message {
    let mut rows = [_mm512_setzero_si512(); LANES];
    for (row, block) in rows.iter_mut().zip(blocks) {
        // SAFETY: a block is 64 bytes; no alignment is asked for.
        *row = unsafe { _mm512_loadu_si512(block.as_ptr().cast()) };
    }
    // Each number holds two words, and the first in its high half.
    let mut words = transpose(rows);
    for [first, second] in words.as_chunks_mut::<2>().0 {
        core::mem::swap(first, second);
    }
    words
}

/// Writes the digests of all lanes.
#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn store_tags(state: &State, tags: &mut [[u8; DIGEST]; LANES]) {
    // Of transposed quarters, register i has messages i, 4 + i, 8 + i, 12 + i.
    let [a, b, c, d, e, f, g, h] = *state;
    let firsts = transpose_quarters([a, b, c, d]);
    let seconds = transpose_quarters([e, f, g, h]);
    for i in 0..4 {
        let (first, second) = (swap_bytes(firsts[i]), swap_bytes(seconds[i]));
        let quarters = [
            (_mm512_extracti32x4_epi32::<0>(first), _mm512_extracti32x4_epi32::<0>(second)),
            (_mm512_extracti32x4_epi32::<1>(first), _mm512_extracti32x4_epi32::<1>(second)),
            (_mm512_extracti32x4_epi32::<2>(first), _mm512_extracti32x4_epi32::<2>(second)),
            (_mm512_extracti32x4_epi32::<3>(first), _mm512_extracti32x4_epi32::<3>(second)),
        ];
        for (quarter, (first, second)) in quarters.into_iter().enumerate() {
            let [low, high] = tags[4 * quarter + i].as_chunks_mut::<16>().0 else { return };
            // SAFETY: 16 bytes are a vector; no alignment is asked for.
            unsafe {
                _mm_storeu_si128(low.as_mut_ptr().cast(), first);
                _mm_storeu_si128(high.as_mut_ptr().cast(), second);
            }
        }
    }
}

/// Rows to columns, within each quarter of the registers.
#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn transpose_quarters([a, b, c, d]: [__m512i; 4]) -> [__m512i; 4] {
    let (ab_low, ab_high) = (_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
    let (cd_low, cd_high) = (_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
    [
        _mm512_unpacklo_epi64(ab_low, cd_low),
        _mm512_unpackhi_epi64(ab_low, cd_low),
        _mm512_unpacklo_epi64(ab_high, cd_high),
        _mm512_unpackhi_epi64(ab_high, cd_high),
    ]
}

/// Rows to columns: first within the quarters, then the quarters themselves.
#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn transpose(rows: Message) -> Message {
    let mut columns = [_mm512_setzero_si512(); 16];
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = rows;
    let top = transpose_quarters([a, b, c, d]);
    let upper = transpose_quarters([e, f, g, h]);
    let lower = transpose_quarters([i, j, k, l]);
    let bottom = transpose_quarters([m, n, o, p]);
    for i in 0..4 {
        let even_high = _mm512_shuffle_i32x4::<0b10_00_10_00>(top[i], upper[i]);
        let odd_high = _mm512_shuffle_i32x4::<0b11_01_11_01>(top[i], upper[i]);
        let even_low = _mm512_shuffle_i32x4::<0b10_00_10_00>(lower[i], bottom[i]);
        let odd_low = _mm512_shuffle_i32x4::<0b11_01_11_01>(lower[i], bottom[i]);
        columns[i] = _mm512_shuffle_i32x4::<0b10_00_10_00>(even_high, even_low);
        columns[4 + i] = _mm512_shuffle_i32x4::<0b10_00_10_00>(odd_high, odd_low);
        columns[8 + i] = _mm512_shuffle_i32x4::<0b11_01_11_01>(even_high, even_low);
        columns[12 + i] = _mm512_shuffle_i32x4::<0b11_01_11_01>(odd_high, odd_low);
    }
    columns
}

/// Big-endian words from bytes, and back.
#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn swap_bytes(words: __m512i) -> __m512i {
    let order = _mm_set_epi64x(0x0c0d_0e0f_0809_0a0b, 0x0405_0607_0001_0203);
    _mm512_shuffle_epi8(words, _mm512_broadcast_i32x4(order))
}
