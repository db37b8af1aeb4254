//! SHA-256 in plain integers (FIPS 180-4 §6.2.2), for CPUs of 32 and of 64 bits
//! alike: additions, rotations and logic. No table is looked up by a secret, no
//! branch taken on one.

use crate::kernel::sha256::{BLOCK, Block, DIGEST, HmacState, INITIAL, K, Words, put};
use crate::kernel::wipe;

/// Takes `blocks` and then `last` into `state`.
pub(crate) fn compress(state: &mut Words, blocks: &[[u8; BLOCK]], last: &[Block]) {
    compress_all(state, blocks, last);
    wipe::baseline::<STACK>();
}

/// The HMAC key of `block`, which holds a key of up to 64 bytes and zeros.
pub(crate) fn hmac_key(block: &Block, key: &mut HmacState) {
    for (state, pad) in [(&mut key.inner, 0x3636_3636), (&mut key.outer, 0x5c5c_5c5c)] {
        *state = INITIAL;
        compress_block(state, block, pad);
    }
    wipe::baseline::<STACK>();
}

/// The HMAC of `blocks` and of `last`, which is the end of the message, padded.
pub(crate) fn hmac(
    key: &HmacState,
    blocks: &[[u8; BLOCK]],
    last: &[Block],
    tag: &mut [u8; DIGEST],
) {
    hmac_all(key, blocks, last, tag);
    wipe::baseline::<STACK>();
}

/// Bytes of stack below an entry that are overwritten.
const STACK: usize = 704;

#[inline(never)]
fn hmac_all(key: &HmacState, blocks: &[[u8; BLOCK]], last: &[Block], tag: &mut [u8; DIGEST]) {
    let mut inner = key.inner;
    compress_all(&mut inner, blocks, last);
    // Behind the outer key block come 32 bytes and the padding of 64 + 32.
    let mut message = [0; 16];
    let [a, b, c, d, e, f, g, h, mark, .., bits] = &mut message;
    for (word, from) in [a, b, c, d, e, f, g, h].into_iter().zip(inner) {
        *word = from;
    }
    (*mark, *bits) = (1 << 31, 96 * 8);
    let mut outer = key.outer;
    rounds(&mut outer, &mut message);
    put(&outer, tag);
}

#[inline(never)]
fn compress_all(state: &mut Words, blocks: &[[u8; BLOCK]], last: &[Block]) {
    for block in blocks {
        let mut message = [0; 16];
        for (word, bytes) in message.iter_mut().zip(block.as_chunks().0) {
            *word = u32::from_be_bytes(*bytes);
        }
        rounds(state, &mut message);
    }
    for block in last {
        compress_block(state, block, 0);
    }
}

/// Takes a block into `state` that is masked with `pad`.
#[inline(never)]
fn compress_block(state: &mut Words, block: &Block, pad: u32) {
    let mut message = [0; 16];
    for (words, pair) in message.as_chunks_mut::<2>().0.iter_mut().zip(block) {
        *words = [(pair >> 32) as u32 ^ pad, *pair as u32 ^ pad];
    }
    rounds(state, &mut message);
}

/// Takes the 16 words in `ring` into `state`; the words of the schedule replace
/// them as they are used.
#[inline(never)]
fn rounds(state: &mut Words, ring: &mut [u32; 16]) {
    let after = if cfg!(target_pointer_width = "64") {
        rounds_unrolled(*state, ring)
    } else {
        rounds_rolled(*state, ring)
    };
    for (word, more) in state.iter_mut().zip(after) {
        *word = word.wrapping_add(more);
    }
}

/// For CPUs with registers and cache enough: a quarter faster, six times the code.
#[inline(always)]
fn rounds_unrolled(mut state: Words, ring: &mut [u32; 16]) -> Words {
    macro_rules! sixteen {
        ($constants:ident, $schedule:literal, $($i:literal)*) => {$(
            if $schedule {
                ring[$i] = schedule(ring, $i);
            }
            state = round(state, $constants[$i].wrapping_add(ring[$i]));
        )*};
    }
    let [first, others @ ..] = K.0.as_chunks::<16>().0 else { return state };
    sixteen!(first, false, 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
    for constants in others {
        sixteen!(constants, true, 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
    }
    state
}

/// For small CPUs.
#[inline(always)]
fn rounds_rolled(mut state: Words, ring: &mut [u32; 16]) -> Words {
    for (i, constant) in K.0.iter().enumerate() {
        if i >= 16 {
            ring[i % 16] = schedule(ring, i % 16);
        }
        state = round(state, constant.wrapping_add(ring[i % 16]));
    }
    state
}

#[inline(always)]
fn round([a, b, c, d, e, f, g, h]: Words, given: u32) -> Words {
    let choice = g ^ (e & (f ^ g));
    let sum1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
    let t1 = h.wrapping_add(given).wrapping_add(choice).wrapping_add(sum1);
    let majority = (a & b) ^ (c & (a ^ b));
    let sum0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
    [t1.wrapping_add(sum0.wrapping_add(majority)), a, b, c, d.wrapping_add(t1), e, f, g]
}

/// The word of the message schedule that comes 16 after word `i`.
#[inline(always)]
fn schedule(ring: &[u32; 16], i: usize) -> u32 {
    let (early, late) = (ring[(i + 1) % 16], ring[(i + 14) % 16]);
    let sigma0 = early.rotate_right(7) ^ early.rotate_right(18) ^ (early >> 3);
    let sigma1 = late.rotate_right(17) ^ late.rotate_right(19) ^ (late >> 10);
    ring[i].wrapping_add(sigma0).wrapping_add(ring[(i + 9) % 16]).wrapping_add(sigma1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rolled_rounds_are_the_unrolled_ones() {
        for seed in 0..50_u32 {
            let state = core::array::from_fn(|i| (seed + 1).wrapping_mul(0x9e37_79b9 << i));
            let mut ring =
                core::array::from_fn(|i| (seed * 31 + i as u32).wrapping_mul(0x85eb_ca6b));
            let mut same = ring;
            assert_eq!(rounds_rolled(state, &mut ring), rounds_unrolled(state, &mut same));
            assert_eq!(ring, same);
        }
    }
}
