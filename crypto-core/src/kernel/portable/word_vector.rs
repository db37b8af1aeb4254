//! The words that the cipher works on, where every CPU of the architecture has
//! vectors of 128 bits: eight blocks in eight of them, SSE2 or NEON.

use core::ops::{BitAnd, BitXor};

use super::aes::Columns;

/// One bit of every byte of the blocks: byte `4r + c` has row `r`, column `c`,
/// in it each block one bit.
#[derive(Clone, Copy)]
pub(super) struct Word(arch::Vector);

/// How many blocks eight words hold.
pub(super) const BLOCKS: usize = 8;

/// Bytes of a word.
pub(super) const BYTES: usize = 16;

impl Word {
    /// The same byte everywhere.
    #[inline(always)]
    pub(super) fn splat(byte: u8) -> Self {
        Self(arch::splat(byte))
    }

    /// The lowest 32 bits, of which the rest of the word is of no interest.
    #[inline(always)]
    pub(super) fn from_low(bits: u32) -> Self {
        Self(arch::from_halves([u64::from(bits), 0]))
    }

    #[inline(always)]
    pub(super) fn low(self) -> u32 {
        arch::to_halves(self.0)[0] as u32
    }

    #[inline(always)]
    pub(super) fn from_bytes(bytes: [u8; BYTES]) -> Self {
        let bits = u128::from_le_bytes(bytes);
        Self(arch::from_halves([bits as u64, (bits >> 64) as u64]))
    }

    #[inline(always)]
    pub(super) fn to_bytes(self) -> [u8; BYTES] {
        let [low, high] = arch::to_halves(self.0);
        (u128::from(high) << 64 | u128::from(low)).to_le_bytes()
    }

    /// Bits `N` places up, which is 1, 2 or 4; what leaves a byte is masked by
    /// the caller.
    #[inline(always)]
    pub(super) fn up<const N: usize>(self) -> Self {
        match N {
            1 => Self(arch::up::<1>(self.0)),
            2 => Self(arch::up::<2>(self.0)),
            _ => Self(arch::up::<4>(self.0)),
        }
    }

    /// Bits `N` places down, likewise.
    #[inline(always)]
    pub(super) fn down<const N: usize>(self) -> Self {
        match N {
            1 => Self(arch::down::<1>(self.0)),
            2 => Self(arch::down::<2>(self.0)),
            _ => Self(arch::down::<4>(self.0)),
        }
    }

    /// The bits of one block, others zero.
    #[inline(always)]
    pub(super) fn of_block(self, block: usize) -> Self {
        self & Self::splat(1 << block)
    }

    /// The bits of one block, for all blocks.
    #[inline(always)]
    pub(super) fn spread(self, block: usize) -> Self {
        Self(arch::test(self.0, arch::splat(1 << block)))
    }

    /// In each place what is `R` rows further down and `C` columns further right.
    #[inline(always)]
    pub(super) fn moved<const R: i32, const C: i32>(self) -> Self {
        Self(arch::rows::<R>(arch::columns::<C>(self.0)))
    }

    /// ShiftRows, twice: rows 1 and 3 by two columns.
    #[inline(always)]
    pub(super) fn shift_rows_twice(self) -> Self {
        let odd_rows = 0xffff_ffff_0000_0000;
        let changed = self ^ Self(arch::columns::<2>(self.0));
        self ^ changed & Self(arch::from_halves([odd_rows; 2]))
    }

    /// The bytes of blocks, so placed in words that transposing the eight by
    /// eight bits of each place makes one word of each bit.
    #[inline(always)]
    pub(super) fn gather(blocks: &[Columns; BLOCKS]) -> [Self; 8] {
        blocks.map(|[a, b, c, d]| {
            let [a, b, c, d] = [a, b, c, d].map(u64::from);
            Self(arch::transpose_bytes(arch::from_halves([a | b << 32, c | d << 32])))
        })
    }

    /// The inverse of [`Word::gather`].
    #[inline(always)]
    pub(super) fn scatter(words: &[Self; 8], blocks: &mut [Columns; BLOCKS]) {
        for (columns, word) in blocks.iter_mut().zip(words) {
            let [low, high] = arch::to_halves(arch::transpose_bytes(word.0));
            *columns = [low as u32, (low >> 32) as u32, high as u32, (high >> 32) as u32];
        }
    }
}

impl BitXor for Word {
    type Output = Self;

    #[inline(always)]
    fn bitxor(self, other: Self) -> Self {
        Self(arch::xor(self.0, other.0))
    }
}

impl BitAnd for Word {
    type Output = Self;

    #[inline(always)]
    fn bitand(self, other: Self) -> Self {
        Self(arch::and(self.0, other.0))
    }
}

/// SSE2.
#[cfg(target_arch = "x86_64")]
mod arch {
    use core::arch::x86_64::*;

    pub(super) type Vector = __m128i;

    macro_rules! sse2 {
        ($operations:expr) => {
            // SAFETY: this module is only compiled where SSE2 is a given.
            unsafe { $operations }
        };
    }

    #[inline(always)]
    pub(super) fn splat(byte: u8) -> Vector {
        sse2!(_mm_set1_epi8(byte as i8))
    }

    #[inline(always)]
    pub(super) fn from_halves([low, high]: [u64; 2]) -> Vector {
        sse2!(_mm_set_epi64x(high as i64, low as i64))
    }

    #[inline(always)]
    pub(super) fn to_halves(vector: Vector) -> [u64; 2] {
        let high = sse2!(_mm_unpackhi_epi64(vector, vector));
        [vector, high].map(|half| sse2!(_mm_cvtsi128_si64(half) as u64))
    }

    #[inline(always)]
    pub(super) fn xor(a: Vector, b: Vector) -> Vector {
        sse2!(_mm_xor_si128(a, b))
    }

    #[inline(always)]
    pub(super) fn and(a: Vector, b: Vector) -> Vector {
        sse2!(_mm_and_si128(a, b))
    }

    #[inline(always)]
    pub(super) fn up<const N: i32>(vector: Vector) -> Vector {
        sse2!(_mm_slli_epi32::<N>(vector))
    }

    #[inline(always)]
    pub(super) fn down<const N: i32>(vector: Vector) -> Vector {
        sse2!(_mm_srli_epi32::<N>(vector))
    }

    #[inline(always)]
    pub(super) fn test(vector: Vector, bit: Vector) -> Vector {
        sse2!(_mm_cmpeq_epi8(_mm_and_si128(vector, bit), bit))
    }

    #[inline(always)]
    pub(super) fn columns<const N: i32>(vector: Vector) -> Vector {
        sse2!(match N {
            0 => vector,
            1 => _mm_or_si128(_mm_srli_epi32::<8>(vector), _mm_slli_epi32::<24>(vector)),
            2 => _mm_or_si128(_mm_srli_epi32::<16>(vector), _mm_slli_epi32::<16>(vector)),
            _ => _mm_or_si128(_mm_srli_epi32::<24>(vector), _mm_slli_epi32::<8>(vector)),
        })
    }

    #[inline(always)]
    pub(super) fn rows<const N: i32>(vector: Vector) -> Vector {
        sse2!(match N {
            1 => _mm_shuffle_epi32::<0b00_11_10_01>(vector),
            _ => _mm_shuffle_epi32::<0b01_00_11_10>(vector),
        })
    }

    #[inline(always)]
    pub(super) fn transpose_bytes(vector: Vector) -> Vector {
        let zip = |v| sse2!(_mm_unpacklo_epi8(v, _mm_unpackhi_epi64(v, v)));
        zip(zip(vector))
    }
}

/// NEON; the same functions.
#[cfg(target_arch = "aarch64")]
mod arch {
    use core::arch::aarch64::*;

    pub(super) type Vector = uint8x16_t;

    macro_rules! neon {
        ($operations:expr) => {
            // SAFETY: this module is only compiled where NEON is a given.
            unsafe { $operations }
        };
    }

    #[inline(always)]
    pub(super) fn splat(byte: u8) -> Vector {
        neon!(vdupq_n_u8(byte))
    }

    #[inline(always)]
    pub(super) fn from_halves([low, high]: [u64; 2]) -> Vector {
        neon!(vreinterpretq_u8_u64(vcombine_u64(vcreate_u64(low), vcreate_u64(high))))
    }

    #[inline(always)]
    pub(super) fn to_halves(vector: Vector) -> [u64; 2] {
        let halves = neon!(vreinterpretq_u64_u8(vector));
        neon!([vgetq_lane_u64::<0>(halves), vgetq_lane_u64::<1>(halves)])
    }

    #[inline(always)]
    pub(super) fn xor(a: Vector, b: Vector) -> Vector {
        neon!(veorq_u8(a, b))
    }

    #[inline(always)]
    pub(super) fn and(a: Vector, b: Vector) -> Vector {
        neon!(vandq_u8(a, b))
    }

    #[inline(always)]
    pub(super) fn up<const N: i32>(vector: Vector) -> Vector {
        neon!(vshlq_n_u8::<N>(vector))
    }

    #[inline(always)]
    pub(super) fn down<const N: i32>(vector: Vector) -> Vector {
        neon!(vshrq_n_u8::<N>(vector))
    }

    #[inline(always)]
    pub(super) fn test(vector: Vector, bit: Vector) -> Vector {
        neon!(vtstq_u8(vector, bit))
    }

    #[inline(always)]
    pub(super) fn columns<const N: i32>(vector: Vector) -> Vector {
        let groups = neon!(vreinterpretq_u32_u8(vector));
        neon!(vreinterpretq_u8_u32(match N {
            0 => groups,
            1 => vsriq_n_u32::<8>(vshlq_n_u32::<24>(groups), groups),
            2 => vsriq_n_u32::<16>(vshlq_n_u32::<16>(groups), groups),
            _ => vsriq_n_u32::<24>(vshlq_n_u32::<8>(groups), groups),
        }))
    }

    #[inline(always)]
    pub(super) fn rows<const N: i32>(vector: Vector) -> Vector {
        neon!(match N {
            1 => vextq_u8::<4>(vector, vector),
            _ => vextq_u8::<8>(vector, vector),
        })
    }

    #[inline(always)]
    pub(super) fn transpose_bytes(vector: Vector) -> Vector {
        let zip = |v| neon!(vzip1q_u8(v, vextq_u8::<8>(v, v)));
        zip(zip(vector))
    }
}
