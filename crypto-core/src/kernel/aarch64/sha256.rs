//! SHA-256 by the SHA2 instructions of AArch64 (Arm ARM, "SHA256H" and its
//! kin): four rounds an instruction pair, on ABCD and EFGH.

use core::arch::aarch64::{
    uint32x4_t, vaddq_u32, vdupq_n_u32, veorq_u32, vld1q_u8, vld1q_u32, vld1q_u64,
    vreinterpretq_u8_u32, vreinterpretq_u32_u8, vreinterpretq_u32_u64, vrev32q_u8, vrev64q_u32,
    vsetq_lane_u32, vsha256h2q_u32, vsha256hq_u32, vsha256su0q_u32, vsha256su1q_u32, vst1q_u8,
    vst1q_u32,
};

use crate::kernel::cpu::ArmSha2;
use crate::kernel::sha256::{BLOCK, Block, DIGEST, HmacState, INITIAL, K, Words};
use crate::kernel::wipe;

/// Takes `blocks` and then `last` into `state`.
pub(crate) fn compress(_: ArmSha2, state: &mut Words, blocks: &[[u8; BLOCK]], last: &[Block]) {
    // SAFETY: the token proves NEON and SHA2.
    unsafe { compress_sha2(state, blocks, last) };
    wipe::neon::<STACK>();
}

/// The HMAC key of `block`, which holds a key of up to 64 bytes and zeros.
pub(crate) fn hmac_key(_: ArmSha2, block: &Block, key: &mut HmacState) {
    // SAFETY: the token proves NEON and SHA2.
    unsafe { hmac_key_sha2(block, key) };
    wipe::neon::<STACK>();
}

/// The HMAC of `blocks` and of `last`, which is the end of the message, padded.
pub(crate) fn hmac(
    _: ArmSha2,
    key: &HmacState,
    blocks: &[[u8; BLOCK]],
    last: &[Block],
    tag: &mut [u8; DIGEST],
) {
    // SAFETY: the token proves NEON and SHA2.
    unsafe { hmac_sha2(key, blocks, last, tag) };
    wipe::neon::<STACK>();
}

/// Bytes of stack below an entry that are overwritten.
const STACK: usize = 0;

/// A state: the first letter in the lowest lane.
type State = [uint32x4_t; 2];

/// The 16 words of a block, the first in the lowest lane.
type Message = [uint32x4_t; 4];

#[target_feature(enable = "neon,sha2")]
#[inline(never)]
fn compress_sha2(state: &mut Words, blocks: &[[u8; BLOCK]], last: &[Block]) {
    let mut now = load_words(state);
    for block in blocks {
        [now] = rounds([now], [load_bytes(block)]);
    }
    for block in last {
        [now] = rounds([now], [load_block(block)]);
    }
    store_words(state, now);
}

#[target_feature(enable = "neon,sha2")]
#[inline(never)]
fn hmac_key_sha2(block: &Block, key: &mut HmacState) {
    let initial = load_words(&INITIAL);
    let words = load_block(block);
    let (mut ipad, mut opad) = (words, words);
    for (ipad, opad) in ipad.iter_mut().zip(&mut opad) {
        *ipad = veorq_u32(*ipad, vdupq_n_u32(0x3636_3636));
        *opad = veorq_u32(*opad, vdupq_n_u32(0x5c5c_5c5c));
    }
    let [inner, outer] = rounds([initial, initial], [ipad, opad]);
    store_words(&mut key.inner, inner);
    store_words(&mut key.outer, outer);
}

#[target_feature(enable = "neon,sha2")]
#[inline(never)]
fn hmac_sha2(key: &HmacState, blocks: &[[u8; BLOCK]], last: &[Block], tag: &mut [u8; DIGEST]) {
    let mut inner = load_words(&key.inner);
    for block in blocks {
        [inner] = rounds([inner], [load_bytes(block)]);
    }
    for block in last {
        [inner] = rounds([inner], [load_block(block)]);
    }
    let [outer] = rounds([load_words(&key.outer)], [outer_block(inner)]);
    store_bytes(tag, outer);
}

/// One block into each of `N` states, which do not depend on each other.
#[target_feature(enable = "neon,sha2")]
#[inline]
fn rounds<const N: usize>(before: [State; N], mut words: [Message; N]) -> [State; N] {
    let mut states = before;
    // Written out: a loop would keep the message in memory.
    macro_rules! four_rounds {
        ($($quad:literal)*) => {$(
            for ([abcd, efgh], words) in states.iter_mut().zip(&mut words) {
                let sum = vaddq_u32(words[$quad % 4], constants($quad));
                let before = *abcd;
                *abcd = vsha256hq_u32(before, *efgh, sum);
                *efgh = vsha256h2q_u32(*efgh, before, sum);
                if $quad < 12 {
                    words[$quad % 4] = schedule(words, $quad);
                }
            }
        )*};
    }
    four_rounds!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
    for (state, before) in states.iter_mut().zip(before) {
        state[0] = vaddq_u32(state[0], before[0]);
        state[1] = vaddq_u32(state[1], before[1]);
    }
    states
}

/// The four words of the message schedule that come 16 after those of `quad`.
#[target_feature(enable = "neon,sha2")]
#[inline]
fn schedule(words: &Message, quad: usize) -> uint32x4_t {
    let at = |next: usize| words[(quad + next) % 4];
    vsha256su1q_u32(vsha256su0q_u32(at(0), at(1)), at(2), at(3))
}

/// What the outer hash of HMAC takes in behind its key block: the inner digest
/// and the padding of 64 + 32 bytes.
#[target_feature(enable = "neon,sha2")]
#[inline]
fn outer_block([first, second]: State) -> Message {
    let zeros = vdupq_n_u32(0);
    [first, second, vsetq_lane_u32::<0>(1 << 31, zeros), vsetq_lane_u32::<3>(96 * 8, zeros)]
}

#[target_feature(enable = "neon,sha2")]
#[inline]
fn load_words(words: &Words) -> State {
    let from = words.as_ptr();
    // SAFETY: eight words are two vectors.
    unsafe { [vld1q_u32(from), vld1q_u32(from.add(4))] }
}

#[target_feature(enable = "neon,sha2")]
#[inline]
fn store_words(words: &mut Words, [first, second]: State) {
    let to = words.as_mut_ptr();
    // SAFETY: eight words are two vectors.
    unsafe {
        vst1q_u32(to, first);
        vst1q_u32(to.add(4), second);
    }
}

#[target_feature(enable = "neon,sha2")]
#[inline]
fn store_bytes(bytes: &mut [u8; DIGEST], [first, second]: State) {
    let to = bytes.as_mut_ptr();
    // SAFETY: 32 bytes are two vectors.
    unsafe {
        vst1q_u8(to, vrev32q_u8(vreinterpretq_u8_u32(first)));
        vst1q_u8(to.add(16), vrev32q_u8(vreinterpretq_u8_u32(second)));
    }
}

#[target_feature(enable = "neon,sha2")]
#[inline]
fn load_bytes(block: &[u8; BLOCK]) -> Message {
    let mut message = [vdupq_n_u32(0); 4];
    for (words, bytes) in message.iter_mut().zip(block.as_chunks::<16>().0) {
        // SAFETY: 16 bytes are a vector.
        let bytes = unsafe { vld1q_u8(bytes.as_ptr()) };
        *words = vreinterpretq_u32_u8(vrev32q_u8(bytes));
    }
    message
}

#[target_feature(enable = "neon,sha2")]
#[inline]
fn load_block(block: &Block) -> Message {
    let mut message = [vdupq_n_u32(0); 4];
    for (words, pair) in message.iter_mut().zip(block.as_chunks::<2>().0) {
        // SAFETY: two numbers of 64 bits are a vector.
        let pair = unsafe { vld1q_u64(pair.as_ptr()) };
        // Each number holds two words, the first in its high half.
        *words = vrev64q_u32(vreinterpretq_u32_u64(pair));
    }
    message
}

/// The constants of four rounds.
#[target_feature(enable = "neon,sha2")]
#[inline]
fn constants(quad: usize) -> uint32x4_t {
    let of_quad = &K.0.as_chunks::<4>().0[quad];
    // SAFETY: four words are a vector.
    unsafe { vld1q_u32(of_quad.as_ptr()) }
}
