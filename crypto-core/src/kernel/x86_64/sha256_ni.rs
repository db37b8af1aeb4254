//! SHA-256 by the SHA extensions of x86-64, one stream or two interleaved.
//!
//! SHA256RNDS2 does two rounds on a state that is kept as ABEF and CDGH
//! (Gulley et al., "Intel SHA Extensions", 2013). Its latency of four cycles
//! bounds one stream to 128 cycles a block. A second stream fills the gaps: the
//! two blocks of an HMAC key are done so. Calls in a row overlap by themselves
//! in CPUs that look some 300 instructions ahead.
//!
//! The SHA instructions have no VEX form. So nothing here is compiled for AVX:
//! a mixture of both forms is slow wherever the upper halves are dirty.

use core::arch::x86_64::{
    __m128i, _mm_add_epi32, _mm_alignr_epi8, _mm_loadu_si128, _mm_set_epi32, _mm_set_epi64x,
    _mm_set1_epi32, _mm_sha256msg1_epu32, _mm_sha256msg2_epu32, _mm_sha256rnds2_epu32,
    _mm_shuffle_epi8, _mm_shuffle_epi32, _mm_storeu_si128, _mm_unpackhi_epi64, _mm_unpacklo_epi64,
    _mm_xor_si128,
};
use core::ptr::read_volatile;

use crate::kernel::cpu::ShaNi;
use crate::kernel::sha256::{BLOCK, Block, DIGEST, HmacState, INITIAL, K, Words};
use crate::kernel::wipe;

/// Takes `blocks` and then `last` into `state`.
pub(crate) fn compress(_: ShaNi, state: &mut Words, blocks: &[[u8; BLOCK]], last: &[Block]) {
    // SAFETY: the token proves SHA, SSSE3 and SSE4.1.
    unsafe { compress_ni(state, blocks, last) };
    wipe::sse::<STACK>();
}

/// The HMAC key of `block`, which holds a key of up to 64 bytes and zeros.
pub(crate) fn hmac_key(_: ShaNi, block: &Block, key: &mut HmacState) {
    // SAFETY: the token proves SHA, SSSE3 and SSE4.1.
    unsafe { hmac_key_ni(block, key) };
    wipe::sse::<STACK_OF_TWO>();
}

/// The HMAC of `blocks` and of `last`, which is the end of the message, padded.
pub(crate) fn hmac(
    _: ShaNi,
    key: &HmacState,
    blocks: &[[u8; BLOCK]],
    last: &[Block],
    tag: &mut [u8; DIGEST],
) {
    // SAFETY: the token proves SHA, SSSE3 and SSE4.1.
    unsafe { hmac_ni(key, blocks, last, tag) };
    wipe::sse::<STACK>();
}

/// Bytes of stack below an entry that are overwritten: two streams have more
/// values than there are registers, one has not.
const STACK: usize = 0;
const STACK_OF_TWO: usize = 352;

/// A state as SHA256RNDS2 wants it: the letters from the high lane down.
#[derive(Clone, Copy)]
struct State {
    abef: __m128i,
    cdgh: __m128i,
}

/// The 16 words of a block, the first in the lowest lane.
type Message = [__m128i; 4];

#[target_feature(enable = "sha,ssse3,sse4.1")]
#[inline(never)]
fn compress_ni(state: &mut Words, blocks: &[[u8; BLOCK]], last: &[Block]) {
    let mut now = load_state(state);
    for block in blocks {
        [now] = rounds([now], [load_bytes(block)]);
    }
    for block in last {
        [now] = rounds([now], [load_block(block)]);
    }
    store_words(state, digest(now));
}

#[target_feature(enable = "sha,ssse3,sse4.1")]
#[inline(never)]
fn hmac_key_ni(block: &Block, key: &mut HmacState) {
    let initial = load_state(&INITIAL);
    let words = load_block(block);
    let (mut ipad, mut opad) = (words, words);
    for (ipad, opad) in ipad.iter_mut().zip(&mut opad) {
        *ipad = _mm_xor_si128(*ipad, _mm_set1_epi32(0x3636_3636));
        *opad = _mm_xor_si128(*opad, _mm_set1_epi32(0x5c5c_5c5c));
    }
    let [inner, outer] = rounds([initial, initial], [ipad, opad]);
    store_words(&mut key.inner, digest(inner));
    store_words(&mut key.outer, digest(outer));
}

#[target_feature(enable = "sha,ssse3,sse4.1")]
#[inline(never)]
fn hmac_ni(key: &HmacState, blocks: &[[u8; BLOCK]], last: &[Block], tag: &mut [u8; DIGEST]) {
    let mut inner = load_state(&key.inner);
    for block in blocks {
        [inner] = rounds([inner], [load_bytes(block)]);
    }
    for block in last {
        [inner] = rounds([inner], [load_block(block)]);
    }
    let [outer] = rounds([load_state(&key.outer)], [outer_block(inner)]);
    store_bytes(tag, digest(outer));
}

/// One block into each of `N` states, which do not depend on each other.
#[target_feature(enable = "sha,ssse3,sse4.1")]
#[inline]
fn rounds<const N: usize>(before: [State; N], mut words: [Message; N]) -> [State; N] {
    let mut states = before;
    // Written out: a loop would keep the message in memory.
    macro_rules! four_rounds {
        ($($quad:literal)*) => {$(
            for (state, words) in states.iter_mut().zip(&mut words) {
                let sum = _mm_add_epi32(words[$quad % 4], constants($quad));
                state.cdgh = _mm_sha256rnds2_epu32(state.cdgh, state.abef, sum);
                let high = _mm_shuffle_epi32::<0b11_10>(sum);
                state.abef = _mm_sha256rnds2_epu32(state.abef, state.cdgh, high);
                if $quad < 12 {
                    words[$quad % 4] = schedule(words, $quad);
                }
            }
        )*};
    }
    four_rounds!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
    for (state, before) in states.iter_mut().zip(before) {
        state.abef = _mm_add_epi32(state.abef, before.abef);
        state.cdgh = _mm_add_epi32(state.cdgh, before.cdgh);
    }
    states
}

/// The four words of the message schedule that come 16 after those of `quad`.
#[target_feature(enable = "sha,ssse3,sse4.1")]
#[inline]
fn schedule(words: &Message, quad: usize) -> __m128i {
    let at = |next: usize| words[(quad + next) % 4];
    let seven_back = _mm_alignr_epi8::<4>(at(3), at(2));
    _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(at(0), at(1)), seven_back), at(3))
}

/// What the outer hash of HMAC takes in behind its key block: the inner digest
/// and the padding of 64 + 32 bytes.
#[target_feature(enable = "sha,ssse3,sse4.1")]
#[inline]
fn outer_block(inner: State) -> Message {
    let [first, second] = digest(inner);
    [first, second, _mm_set_epi32(0, 0, 0, i32::MIN), _mm_set_epi32(96 * 8, 0, 0, 0)]
}

/// The eight words of a state in their order.
#[target_feature(enable = "sha,ssse3,sse4.1")]
#[inline]
fn digest(state: State) -> [__m128i; 2] {
    let badc = _mm_unpackhi_epi64(state.abef, state.cdgh);
    let fehg = _mm_unpacklo_epi64(state.abef, state.cdgh);
    [_mm_shuffle_epi32::<0b10_11_00_01>(badc), _mm_shuffle_epi32::<0b10_11_00_01>(fehg)]
}

#[target_feature(enable = "sha,ssse3,sse4.1")]
#[inline]
fn load_state(words: &Words) -> State {
    let from = words.as_ptr().cast::<__m128i>();
    // SAFETY: eight words are two vectors; no alignment is asked for.
    let (abcd, efgh) = unsafe { (_mm_loadu_si128(from), _mm_loadu_si128(from.add(1))) };
    let (badc, fehg) =
        (_mm_shuffle_epi32::<0b10_11_00_01>(abcd), _mm_shuffle_epi32::<0b10_11_00_01>(efgh));
    State { abef: _mm_unpacklo_epi64(fehg, badc), cdgh: _mm_unpackhi_epi64(fehg, badc) }
}

#[target_feature(enable = "sha,ssse3,sse4.1")]
#[inline]
fn store_words(words: &mut Words, [first, second]: [__m128i; 2]) {
    let to = words.as_mut_ptr().cast::<__m128i>();
    // SAFETY: eight words are two vectors; no alignment is asked for.
    unsafe {
        _mm_storeu_si128(to, first);
        _mm_storeu_si128(to.add(1), second);
    }
}

#[target_feature(enable = "sha,ssse3,sse4.1")]
#[inline]
fn store_bytes(bytes: &mut [u8; DIGEST], [first, second]: [__m128i; 2]) {
    let to = bytes.as_mut_ptr().cast::<__m128i>();
    // SAFETY: 32 bytes are two vectors; no alignment is asked for.
    unsafe {
        _mm_storeu_si128(to, swap_bytes(first));
        _mm_storeu_si128(to.add(1), swap_bytes(second));
    }
}

#[target_feature(enable = "sha,ssse3,sse4.1")]
#[inline]
fn load_bytes(block: &[u8; BLOCK]) -> Message {
    let mut message = [_mm_set1_epi32(0); 4];
    for (words, bytes) in message.iter_mut().zip(block.as_chunks::<16>().0) {
        // SAFETY: 16 bytes are a vector; no alignment is asked for.
        *words = swap_bytes(unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) });
    }
    message
}

#[target_feature(enable = "sha,ssse3,sse4.1")]
#[inline]
fn load_block(block: &Block) -> Message {
    let mut message = [_mm_set1_epi32(0); 4];
    for (words, pair) in message.iter_mut().zip(block.as_chunks::<2>().0) {
        // Each number holds two words, the first in its high half.
        // SAFETY: references can be read. Volatile, so that two numbers that
        // were stored just now are not loaded as one vector, which would wait.
        let [first, second] = unsafe { [read_volatile(&pair[0]), read_volatile(&pair[1])] };
        let reversed = _mm_set_epi64x(second.cast_signed(), first.cast_signed());
        *words = _mm_shuffle_epi32::<0b10_11_00_01>(reversed);
    }
    message
}

/// Big-endian words from bytes, and back.
#[target_feature(enable = "sha,ssse3,sse4.1")]
#[inline]
fn swap_bytes(words: __m128i) -> __m128i {
    _mm_shuffle_epi8(words, _mm_set_epi64x(0x0c0d_0e0f_0809_0a0b, 0x0405_0607_0001_0203))
}

/// The constants of four rounds.
#[target_feature(enable = "sha,ssse3,sse4.1")]
#[inline]
fn constants(quad: usize) -> __m128i {
    let of_quad = &K.0.as_chunks::<4>().0[quad];
    // SAFETY: four words are a vector; no alignment is asked for.
    unsafe { _mm_loadu_si128(of_quad.as_ptr().cast()) }
}
