//! AES-GCM with VAES, VPCLMULQDQ and AVX2: two blocks in a register. The
//! algorithm is in [`gcm`].

use core::arch::x86_64::*;

use inout::InOutBuf;

use super::aes;
use super::gcm::{self, Expected, Few, Register, Text};
use super::partial;
use crate::kernel::cpu::Vaes256;
use crate::kernel::gcm::{BLOCK, GcmKey, NONCE, OnFailure, Secret, TAG, Tier};
use crate::kernel::{verdict, wipe};

gcm::entries! {
    token: Vaes256,
    features: "vaes,vpclmulqdq,bmi2,avx2",
    register: __m256i,
    registers of a chunk: 8,
    once: Few<__m256i, 8>,
}

// The depths are those of the compiled functions, rounded up.
#[inline(always)]
fn wipe_key(token: Vaes256) {
    wipe::avx::<96>(token);
}

#[inline(always)]
fn wipe_short(token: Vaes256) {
    wipe::avx::<640>(token);
}

#[inline(always)]
fn wipe_long(token: Vaes256) {
    wipe::avx::<832>(token);
}

#[inline(always)]
fn wipe_once(token: Vaes256) {
    wipe::avx::<1504>(token);
}

// SAFETY: each function is one instruction or few, as described.
#[allow(unsafe_op_in_unsafe_fn, reason = "the instructions are what each contract is about")]
unsafe impl Register for __m256i {
    const LANES: usize = 2;
    const SHARES_J0: bool = false;
    /// The number of bytes from the first on.
    type Mask = usize;

    #[inline(always)]
    unsafe fn zero() -> Self {
        _mm256_setzero_si256()
    }

    #[inline(always)]
    unsafe fn broadcast(block: __m128i) -> Self {
        _mm256_broadcastsi128_si256(block)
    }

    #[inline(always)]
    unsafe fn in_first(block: __m128i) -> Self {
        _mm256_zextsi128_si256(block)
    }

    #[inline(always)]
    unsafe fn first(self) -> __m128i {
        _mm256_castsi256_si128(self)
    }

    #[inline(always)]
    unsafe fn with_last(self, block: __m128i) -> Self {
        _mm256_inserti128_si256::<1>(self, block)
    }

    #[inline(always)]
    unsafe fn powers([h1, h2, ..]: [__m128i; 4]) -> Self {
        _mm256_set_m128i(h1, h2)
    }

    #[inline(always)]
    unsafe fn add_lanes(self) -> __m128i {
        _mm_xor_si128(_mm256_castsi256_si128(self), _mm256_extracti128_si256::<1>(self))
    }

    #[inline(always)]
    unsafe fn load(from: *const u8) -> Self {
        _mm256_loadu_si256(from.cast())
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut u8) {
        _mm256_storeu_si256(to.cast(), self);
    }

    #[inline(always)]
    unsafe fn mask(_: usize, end: usize) -> usize {
        end
    }

    #[inline(always)]
    unsafe fn load_masked(from: *const u8, len: usize) -> Self {
        if len == 2 * BLOCK {
            return Self::load(from);
        }
        if len <= BLOCK {
            return _mm256_zextsi128_si256(partial::load(from, len));
        }
        let behind = partial::load(from.add(BLOCK), len - BLOCK);
        _mm256_set_m128i(behind, _mm_loadu_si128(from.cast()))
    }

    #[inline(always)]
    unsafe fn store_masked(self, to: *mut u8, len: usize) {
        if len == 2 * BLOCK {
            return self.store(to);
        }
        let (first, second) = (self.first(), _mm256_extracti128_si256::<1>(self));
        if len <= BLOCK {
            return partial::store(first, to, len);
        }
        _mm_storeu_si128(to.cast(), first);
        partial::store(second, to.add(BLOCK), len - BLOCK);
    }

    #[inline(always)]
    unsafe fn keep(self, len: usize) -> Self {
        if len == 2 * BLOCK {
            return self;
        }
        let (first, second) = (self.first(), _mm256_extracti128_si256::<1>(self));
        if len <= BLOCK {
            return _mm256_zextsi128_si256(partial::keep(first, len));
        }
        _mm256_set_m128i(partial::keep(second, len - BLOCK), first)
    }

    #[inline(always)]
    unsafe fn xor(self, other: Self) -> Self {
        _mm256_xor_si256(self, other)
    }

    #[inline(always)]
    unsafe fn xor3(self, b: Self, c: Self) -> Self {
        _mm256_xor_si256(_mm256_xor_si256(self, b), c)
    }

    #[inline(always)]
    unsafe fn or(self, other: Self) -> Self {
        _mm256_or_si256(self, other)
    }

    #[inline(always)]
    unsafe fn select(self, a: Self, b: Self) -> Self {
        _mm256_or_si256(_mm256_and_si256(self, a), _mm256_andnot_si256(self, b))
    }

    #[inline(always)]
    unsafe fn aesenc(self, round_key: Self) -> Self {
        _mm256_aesenc_epi128(self, round_key)
    }

    #[inline(always)]
    unsafe fn aesenclast(self, round_key: Self) -> Self {
        _mm256_aesenclast_epi128(self, round_key)
    }

    #[inline(always)]
    unsafe fn multiply_halves<const HALVES: i32>(self, other: Self) -> Self {
        _mm256_clmulepi64_epi128::<HALVES>(self, other)
    }

    #[inline(always)]
    unsafe fn exchange_halves(self) -> Self {
        _mm256_shuffle_epi32::<0b01_00_11_10>(self)
    }

    #[inline(always)]
    unsafe fn swap(self) -> Self {
        _mm256_shuffle_epi8(self, _mm256_broadcastsi128_si256(aes::byte_swap()))
    }

    #[inline(always)]
    unsafe fn counting(first: i32) -> Self {
        _mm256_set_epi32(0, 0, 0, first + 1, 0, 0, 0, first)
    }

    #[inline(always)]
    unsafe fn plus(self, number: i32) -> Self {
        let number = _mm256_broadcastsi128_si256(_mm_cvtsi32_si128(number));
        _mm256_add_epi32(self, number)
    }
}
