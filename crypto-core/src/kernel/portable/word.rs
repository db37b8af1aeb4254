//! The words that the cipher works on, general registers: four blocks in eight
//! of 64 bits, two in eight of 32.

#![allow(clippy::unnecessary_cast, reason = "casts are for registers of another width")]

use core::ops::{BitAnd, BitXor};

use super::Register as Bits;
use super::aes::Columns;

/// One bit of every byte of the blocks. A row of the state takes a quarter of
/// the word, each column there `BLOCKS` bits, each block there one.
#[derive(Clone, Copy)]
pub(super) struct Word(Bits);

/// How many blocks eight words hold.
pub(super) const BLOCKS: usize = Bits::BITS as usize / 16;

/// Bytes of a word.
pub(super) const BYTES: usize = Bits::BITS as usize / 8;

const ROW: u32 = Bits::BITS / 4;
const COLUMN: u32 = BLOCKS as u32;

/// The lowest bit of every row, and of every column.
const ROWS: Bits = Bits::MAX / ((1 << ROW) - 1);
const COLUMNS: Bits = Bits::MAX / ((1 << COLUMN) - 1);

impl Word {
    /// The same byte everywhere.
    #[inline(always)]
    pub(super) const fn splat(byte: u8) -> Self {
        Self(Bits::MAX / 0xff * byte as Bits)
    }

    /// The lowest 32 bits, of which the rest of the word is of no interest.
    #[inline(always)]
    pub(super) fn from_low(bits: u32) -> Self {
        Self(bits as Bits)
    }

    #[inline(always)]
    pub(super) fn low(self) -> u32 {
        self.0 as u32
    }

    #[inline(always)]
    pub(super) const fn from_bytes(bytes: [u8; BYTES]) -> Self {
        Self(Bits::from_ne_bytes(bytes))
    }

    #[inline(always)]
    pub(super) const fn to_bytes(self) -> [u8; BYTES] {
        self.0.to_ne_bytes()
    }

    /// Bits `N` places up, which is 1, 2 or 4; what leaves a byte is masked by
    /// the caller.
    #[inline(always)]
    pub(super) const fn up<const N: usize>(self) -> Self {
        Self(self.0 << N)
    }

    /// Bits `N` places down, likewise.
    #[inline(always)]
    pub(super) const fn down<const N: usize>(self) -> Self {
        Self(self.0 >> N)
    }

    /// The bits of one block, others zero.
    #[inline(always)]
    pub(super) const fn of_block(self, block: usize) -> Self {
        Self(self.0 & COLUMNS << block)
    }

    /// The bits of one block, for all blocks.
    #[inline(always)]
    pub(super) const fn spread(self, block: usize) -> Self {
        let bits = self.0 >> block & COLUMNS;
        Self((bits << COLUMN).wrapping_sub(bits))
    }

    /// In each place what is `R` rows further down and `C` columns further right.
    #[inline(always)]
    pub(super) const fn moved<const R: i32, const C: i32>(self) -> Self {
        let past_the_end = self.0.rotate_right((R as u32 - 1) * ROW + C as u32 * COLUMN);
        let in_the_row = past_the_end.rotate_right(ROW);
        let mask = const { ROWS * ((1 << ((4 - C as u32) * COLUMN)) - 1) };
        Self(past_the_end ^ (past_the_end ^ in_the_row) & mask)
    }

    /// ShiftRows, twice: rows 1 and 3 by two columns.
    #[inline(always)]
    pub(super) const fn shift_rows_twice(self) -> Self {
        let left = const { ROWS * ((1 << (2 * COLUMN)) - 1) };
        let odd_rows = const { Bits::MAX / ((1 << (2 * ROW)) - 1) * (((1 << ROW) - 1) << ROW) };
        let changed = (self.0 ^ self.0 >> (2 * COLUMN)) & left & odd_rows;
        Self(self.0 ^ changed ^ changed << (2 * COLUMN))
    }

    /// The bytes of blocks, so placed in words that transposing the eight by
    /// eight bits of each place makes one word of each bit.
    #[inline(always)]
    pub(super) fn gather(blocks: &[Columns; BLOCKS]) -> [Self; 8] {
        let mut words = [Self(0); 8];
        for (block, columns) in blocks.iter().enumerate() {
            if Bits::BITS == 64 {
                let [a, b, c, d] = columns.map(u64::from);
                words[block] = Self(interleave(a | c << 32) as Bits);
                words[BLOCKS + block] = Self(interleave(b | d << 32) as Bits);
            } else {
                for (column, bits) in columns.iter().enumerate() {
                    words[BLOCKS * column + block] = Self(*bits as Bits);
                }
            }
        }
        words
    }

    /// The inverse of [`Word::gather`].
    #[inline(always)]
    pub(super) fn scatter(words: &[Self; 8], blocks: &mut [Columns; BLOCKS]) {
        for (block, columns) in blocks.iter_mut().enumerate() {
            if Bits::BITS == 64 {
                let [ac, bd] =
                    [words[block], words[BLOCKS + block]].map(|word| deinterleave(word.0 as u64));
                *columns = [ac as u32, bd as u32, (ac >> 32) as u32, (bd >> 32) as u32];
            } else {
                for (column, bits) in columns.iter_mut().enumerate() {
                    *bits = words[BLOCKS * column + block].0 as u32;
                }
            }
        }
    }
}

impl BitXor for Word {
    type Output = Self;

    #[inline(always)]
    fn bitxor(self, other: Self) -> Self {
        Self(self.0 ^ other.0)
    }
}

impl BitAnd for Word {
    type Output = Self;

    #[inline(always)]
    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

/// Bytes 0 to 7 to places 0, 2, 4, 6, 1, 3, 5, 7.
#[inline(always)]
const fn interleave(word: u64) -> u64 {
    exchange::<8>(exchange::<16>(word, 0xffff_0000), 0xff00_0000_ff00)
}

/// The inverse of [`interleave`].
#[inline(always)]
const fn deinterleave(word: u64) -> u64 {
    exchange::<16>(exchange::<8>(word, 0xff00_0000_ff00), 0xffff_0000)
}

/// Exchanges the bits under `mask` with those `DISTANCE` higher.
#[inline(always)]
const fn exchange<const DISTANCE: u32>(word: u64, mask: u64) -> u64 {
    let changed = (word ^ word >> DISTANCE) & mask;
    word ^ changed ^ changed << DISTANCE
}
