//! AES encryption (FIPS 197) by AND, XOR, shifts and rotations of whole words.
//!
//! Bits of one rank, of all bytes of several blocks, lie in one word: the S-box
//! is a circuit and nothing is looked up. ShiftRows is never done: columns stay
//! where they are, and MixColumns and the round keys know how far each row
//! should have moved (Adomnicai and Peyrin, "Fixslicing AES-like ciphers",
//! TCHES 2021). No multiplication, no branch and no address depends on data.

use super::word::{BYTES, Word};
use crate::kernel::gcm::Secret;
use crate::kernel::key_schedule;

pub(super) use super::word::BLOCKS;

/// Round keys, sliced like a state but each bit once for all blocks of a pass.
pub(super) type RoundKeys = [[u8; 16]; 15];

/// A block as its four columns, little-endian: row 0 is the lowest byte.
pub(super) type Columns = [u32; 4];

/// Word `b` holds bit `b` of every byte of the blocks of a pass.
type State = [Word; 8];

/// What [`sub_bytes`] leaves out, in four bytes.
const S_BOX_OF_0: u32 = 0x6363_6363;

/// Makes the round keys.
#[inline(never)]
pub(super) fn expand(secret: Secret<'_>, keys: &mut RoundKeys) {
    key_schedule::round_keys(secret, sub_word, |round, words| {
        if let Some(key) = keys.get_mut(round) {
            *key = pack(words, round);
        }
    });
}

/// Encrypts the blocks of one pass.
#[inline(never)]
pub(super) fn encrypt(keys: &RoundKeys, rounds: usize, blocks: &mut [Columns; BLOCKS]) {
    let mut state = slice(blocks);
    for (round, key) in keys.iter().enumerate().take(rounds + 1) {
        if round > 0 {
            state = sub_bytes(state);
        }
        if round > 0 && round < rounds {
            state = match round % 4 {
                0 => mix_columns::<0, 0>(state),
                1 => mix_columns::<1, 2>(state),
                2 => mix_columns::<2, 0>(state),
                _ => mix_columns::<3, 2>(state),
            };
        }
        add_key(&mut state, key);
    }
    // Both numbers of rounds leave ShiftRows to be done twice.
    const { assert!(key_schedule::rounds(false) % 4 == 2 && key_schedule::rounds(true) % 4 == 2) };
    unslice(&state.map(Word::shift_rows_twice), blocks);
}

/// Adds a round key to all blocks.
#[inline(always)]
fn add_key(state: &mut State, key: &[u8; 16]) {
    for (planes, packed) in
        state.as_chunks_mut::<BLOCKS>().0.iter_mut().zip(key.as_chunks::<BYTES>().0)
    {
        let packed = Word::from_bytes(*packed);
        for (block, plane) in planes.iter_mut().enumerate() {
            *plane = *plane ^ packed.spread(block);
        }
    }
}

/// A round key as [`add_key`] wants it. It is sliced; since all blocks have the
/// same, the bits of as many words share one, a block each. Rows are moved back
/// by the ShiftRows that is owed in that round, and the constant that the S-box
/// leaves out is added.
fn pack(key: &Columns, round: usize) -> [u8; 16] {
    let mut rows = [if round == 0 { 0 } else { S_BOX_OF_0 }; 4];
    for (column, moved) in rows.iter_mut().enumerate() {
        for row in 0..4 {
            *moved ^= key[(column + 4 * row - round % 4 * row) % 4] & (0xff << (8 * row));
        }
    }
    let state = slice(&[rows; BLOCKS]);
    let mut packed = [0; 16];
    for (bytes, planes) in
        packed.as_chunks_mut::<BYTES>().0.iter_mut().zip(state.as_chunks::<BLOCKS>().0)
    {
        let mut word = Word::splat(0);
        for (block, plane) in planes.iter().enumerate() {
            word = word ^ plane.of_block(block);
        }
        *bytes = word.to_bytes();
    }
    packed
}

/// The S-box on each byte of a word of the key schedule.
fn sub_word(word: u32) -> u32 {
    const LOWEST: u32 = 0x0101_0101;
    let mut state = [Word::splat(0); 8];
    for (bit, plane) in state.iter_mut().enumerate() {
        *plane = Word::from_low((word >> bit) & LOWEST);
    }
    let mut word = S_BOX_OF_0;
    for (bit, plane) in sub_bytes(state).iter().enumerate() {
        word ^= (plane.low() & LOWEST) << bit;
    }
    word
}

/// MixColumns of a state on which ShiftRows is still to be done: one row down,
/// bytes are `OWED` columns from where they should be, two rows down `TWICE`.
#[inline(always)]
fn mix_columns<const OWED: i32, const TWICE: i32>(state: State) -> State {
    // With a, b, c, d the bytes of a column from this row on:
    // 2a + 3b + c + d = 2(a + b) + b + (c + d).
    let mut mixed = state.map(Word::moved::<1, OWED>);
    let mut sum = state;
    for (sum, next) in sum.iter_mut().zip(&mixed) {
        *sum = *sum ^ *next;
    }
    // Times 2: to the next bit, the highest also to bits 0, 1, 3 and 4.
    let [a, b, c, d, e, f, g, h] = sum;
    let doubled = [h, a ^ h, b, c ^ h, d ^ h, e, f, g];
    for ((mixed, sum), doubled) in mixed.iter_mut().zip(&sum).zip(&doubled) {
        *mixed = *mixed ^ *doubled ^ sum.moved::<2, TWICE>();
    }
    mixed
}

/// Blocks to sliced form.
#[inline(always)]
fn slice(blocks: &[Columns; BLOCKS]) -> State {
    transposed(Word::gather(blocks))
}

/// The inverse of [`slice`].
#[inline(always)]
fn unslice(state: &State, blocks: &mut [Columns; BLOCKS]) {
    Word::scatter(&transposed(*state), blocks);
}

/// Transposes the eight by eight bits of the bytes in each place.
#[inline]
fn transposed(mut state: State) -> State {
    exchange::<1, 2>(&mut state, 0x55);
    exchange::<2, 4>(&mut state, 0x33);
    exchange::<4, 8>(&mut state, 0x0f);
    state
}

/// Exchanges the bits under `mask` of each word, `N` bits further up, with those
/// under it of the word `N` words further on. `TWICE` is 2 `N`.
#[inline(always)]
fn exchange<const N: usize, const TWICE: usize>(state: &mut State, mask: u8) {
    for words in state.as_chunks_mut::<TWICE>().0 {
        let (low, high) = words.split_at_mut(N);
        for (low, high) in low.iter_mut().zip(high) {
            let changed = (low.down::<N>() ^ *high) & Word::splat(mask);
            *low = *low ^ changed.up::<N>();
            *high = *high ^ changed;
        }
    }
}

/// The S-box on every byte, without its constant 0x63: 83 XOR, 32 AND (Boyar
/// and Peralta, "A new combinational logic minimization technique with
/// applications to cryptology", SEA 2010, figures 5 to 8; names as there).
#[cfg_attr(target_pointer_width = "64", inline(always))]
#[cfg_attr(not(target_pointer_width = "64"), inline(never))]
fn sub_bytes(state: State) -> State {
    let [u7, u6, u5, u4, u3, u2, u1, u0] = state;

    // To the tower field: a linear layer.
    let y14 = u3 ^ u5;
    let y13 = u0 ^ u6;
    let y9 = u0 ^ u3;
    let y8 = u0 ^ u5;
    let t0 = u1 ^ u2;
    let y1 = t0 ^ u7;
    let y4 = y1 ^ u3;
    let y12 = y13 ^ y14;
    let y2 = y1 ^ u0;
    let y5 = y1 ^ u6;
    let y3 = y5 ^ y8;
    let t1 = u4 ^ y12;
    let y15 = t1 ^ u5;
    let y20 = t1 ^ u1;
    let y6 = y15 ^ u7;
    let y10 = y15 ^ t0;
    let y11 = y20 ^ y9;
    let y7 = u7 ^ y11;
    let y17 = y10 ^ y11;
    let y19 = y10 ^ y8;
    let y16 = t0 ^ y11;
    let y21 = y13 ^ y16;
    let y18 = u0 ^ y16;

    // The inversion there.
    let t2 = y12 & y15;
    let t3 = y3 & y6;
    let t4 = t3 ^ t2;
    let t5 = y4 & u7;
    let t6 = t5 ^ t2;
    let t7 = y13 & y16;
    let t8 = y5 & y1;
    let t9 = t8 ^ t7;
    let t10 = y2 & y7;
    let t11 = t10 ^ t7;
    let t12 = y9 & y11;
    let t13 = y14 & y17;
    let t14 = t13 ^ t12;
    let t15 = y8 & y10;
    let t16 = t15 ^ t12;
    let t17 = t4 ^ t14;
    let t18 = t6 ^ t16;
    let t19 = t9 ^ t14;
    let t20 = t11 ^ t16;
    let t21 = t17 ^ y20;
    let t22 = t18 ^ y19;
    let t23 = t19 ^ y21;
    let t24 = t20 ^ y18;
    let t25 = t21 ^ t22;
    let t26 = t21 & t23;
    let t27 = t24 ^ t26;
    let t28 = t25 & t27;
    let t29 = t28 ^ t22;
    let t30 = t23 ^ t24;
    let t31 = t22 ^ t26;
    let t32 = t31 & t30;
    let t33 = t32 ^ t24;
    let t34 = t23 ^ t33;
    let t35 = t27 ^ t33;
    let t36 = t24 & t35;
    let t37 = t36 ^ t34;
    let t38 = t27 ^ t36;
    let t39 = t29 & t38;
    let t40 = t25 ^ t39;
    let t41 = t40 ^ t37;
    let t42 = t29 ^ t33;
    let t43 = t29 ^ t40;
    let t44 = t33 ^ t37;
    let t45 = t42 ^ t41;
    let z0 = t44 & y15;
    let z1 = t37 & y6;
    let z2 = t33 & u7;
    let z3 = t43 & y16;
    let z4 = t40 & y1;
    let z5 = t29 & y7;
    let z6 = t42 & y11;
    let z7 = t45 & y17;
    let z8 = t41 & y10;
    let z9 = t44 & y12;
    let z10 = t37 & y3;
    let z11 = t33 & y4;
    let z12 = t43 & y13;
    let z13 = t40 & y5;
    let z14 = t29 & y2;
    let z15 = t42 & y9;
    let z16 = t45 & y14;
    let z17 = t41 & y8;

    // Back, and the linear part of the S-box.
    let t46 = z15 ^ z16;
    let t47 = z10 ^ z11;
    let t48 = z5 ^ z13;
    let t49 = z9 ^ z10;
    let t50 = z2 ^ z12;
    let t51 = z2 ^ z5;
    let t52 = z7 ^ z8;
    let t53 = z0 ^ z3;
    let t54 = z6 ^ z7;
    let t55 = z16 ^ z17;
    let t56 = z12 ^ t48;
    let t57 = t50 ^ t53;
    let t58 = z4 ^ t46;
    let t59 = z3 ^ t54;
    let t60 = t46 ^ t57;
    let t61 = z14 ^ t57;
    let t62 = t52 ^ t58;
    let t63 = t49 ^ t58;
    let t64 = z4 ^ t59;
    let t65 = t61 ^ t62;
    let t66 = z1 ^ t63;
    let s0 = t59 ^ t63;
    let s6 = t56 ^ t62;
    let s7 = t48 ^ t60;
    let t67 = t64 ^ t65;
    let s3 = t53 ^ t66;
    let s4 = t51 ^ t66;
    let s5 = t47 ^ t65;
    let s1 = t64 ^ s3;
    let s2 = t55 ^ t67;
    [s7, s6, s5, s4, s3, s2, s1, s0]
}

#[cfg(test)]
mod tests {
    use super::{BLOCKS, Columns, encrypt, expand};
    use crate::kernel::gcm::Secret;

    fn encrypted(secret: Secret<'_>, blocks: &[Columns; BLOCKS]) -> [Columns; BLOCKS] {
        let mut keys = [[0; 16]; 15];
        expand(secret, &mut keys);
        let mut blocks = *blocks;
        let rounds = if matches!(secret, Secret::Aes256(_)) { 14 } else { 10 };
        encrypt(&keys, rounds, &mut blocks);
        blocks
    }

    /// Bytes 0, 1, 2, … times `step`.
    fn counted<const N: usize>(step: u8) -> [u8; N] {
        core::array::from_fn(|i| i as u8 * step)
    }

    fn columns(block: [u8; 16]) -> Columns {
        [0, 4, 8, 12]
            .map(|i| u32::from_le_bytes([block[i], block[i + 1], block[i + 2], block[i + 3]]))
    }

    /// FIPS 197 C.1 and C.3.
    #[test]
    fn the_examples_of_the_standard_in_every_place_of_a_pass() {
        let cases = [
            (Secret::Aes128(&counted(1)), 0x69c4_e0d8_6a7b_0430_d8cd_b780_70b4_c55a_u128),
            (Secret::Aes256(&counted(1)), 0x8ea2_b7ca_5167_45bf_eafc_4990_4b49_6089),
        ];
        for (secret, expected) in cases {
            for place in 0..BLOCKS {
                let mut blocks = [[0x0123_4567; 4]; BLOCKS];
                blocks[place] = columns(counted(0x11));
                let encrypted = encrypted(secret, &blocks)[place];
                assert_eq!(encrypted, columns(expected.to_be_bytes()), "place {place}");
            }
        }
    }

    #[test]
    fn blocks_of_a_pass_have_nothing_to_do_with_each_other() {
        let secret = Secret::Aes256(&counted(7));
        let blocks = core::array::from_fn(|i| [i as u32, 0, !0, 0x8000_0001]);
        let together = encrypted(secret, &blocks);
        for (block, expected) in blocks.iter().zip(together) {
            assert_eq!(encrypted(secret, &[*block; BLOCKS]), [expected; BLOCKS]);
        }
    }
}
