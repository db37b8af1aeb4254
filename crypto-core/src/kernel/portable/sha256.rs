//! SHA-256 in plain integers (FIPS 180-4 §6.2.2), for CPUs of 32 and of 64 bits
//! alike: additions, rotations and logic. No table is looked up by a secret, no
//! branch taken on one. Written to be small; a compiler that is told to be fast
//! unrolls the loops.

use zeroize::Zeroize;

use crate::kernel::sha256::{BLOCK, Block, DIGEST, HmacState, INITIAL, K, Words, put};

/// Takes `blocks` and then `last` into `state`.
pub(crate) fn compress(state: &mut Words, blocks: &[[u8; BLOCK]], last: &[Block]) {
    let mut message = [0; 16];
    for block in blocks {
        for (word, bytes) in message.iter_mut().zip(block.as_chunks::<4>().0) {
            *word = u32::from_be_bytes(*bytes);
        }
        rounds(state, &mut message);
    }
    message.zeroize();
    for block in last {
        compress_block(state, block, 0);
    }
}

/// The HMAC key of `block`, which holds a key of up to 64 bytes and zeros.
pub(crate) fn hmac_key(block: &Block, key: &mut HmacState) {
    for (state, pad) in [(&mut key.inner, 0x3636_3636), (&mut key.outer, 0x5c5c_5c5c)] {
        *state = INITIAL;
        compress_block(state, block, pad);
    }
}

/// The HMAC of `blocks` and of `last`, which is the end of the message, padded.
pub(crate) fn hmac(
    key: &HmacState,
    blocks: &[[u8; BLOCK]],
    last: &[Block],
    tag: &mut [u8; DIGEST],
) {
    let mut inner = key.inner;
    compress(&mut inner, blocks, last);
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
    inner.zeroize();
    outer.zeroize();
    message.zeroize();
}

/// Takes a block into `state` that is masked with `pad`.
fn compress_block(state: &mut Words, block: &Block, pad: u32) {
    let mut message = [0; 16];
    for (words, pair) in message.as_chunks_mut::<2>().0.iter_mut().zip(block) {
        *words = [(pair >> 32) as u32 ^ pad, *pair as u32 ^ pad];
    }
    rounds(state, &mut message);
    message.zeroize();
}

/// Takes the 16 words in `ring` into `state`; the words of the schedule replace
/// them as they are used.
#[inline(never)]
fn rounds(state: &mut Words, ring: &mut [u32; 16]) {
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
    for (sixteen, constants) in K.0.as_chunks::<16>().0.iter().enumerate() {
        for (i, constant) in constants.iter().enumerate() {
            if sixteen > 0 {
                ring[i] = schedule(ring, i);
            }
            let choice = g ^ (e & (f ^ g));
            let sum1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
            let t1 = h
                .wrapping_add(sum1)
                .wrapping_add(choice)
                .wrapping_add(*constant)
                .wrapping_add(ring[i]);
            let majority = (a & b) | (c & (a | b));
            let sum0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
            (h, g, f, e) = (g, f, e, d.wrapping_add(t1));
            (d, c, b, a) = (c, b, a, t1.wrapping_add(sum0).wrapping_add(majority));
        }
    }
    for (word, more) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
        *word = word.wrapping_add(more);
    }
}

/// The word of the message schedule that comes 16 after word `i`.
fn schedule(ring: &[u32; 16], i: usize) -> u32 {
    let (early, late) = (ring[(i + 1) % 16], ring[(i + 14) % 16]);
    let sigma0 = early.rotate_right(7) ^ early.rotate_right(18) ^ (early >> 3);
    let sigma1 = late.rotate_right(17) ^ late.rotate_right(19) ^ (late >> 10);
    ring[i].wrapping_add(sigma0).wrapping_add(ring[(i + 9) % 16]).wrapping_add(sigma1)
}
