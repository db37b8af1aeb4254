//! AES-GCM with AES-NI and PCLMULQDQ: one block in a register. The algorithm is
//! in [`gcm`].
//!
//! Compiled without AVX, for CPUs that have none; upper halves of registers are
//! never touched.

use core::arch::x86_64::*;

use inout::InOutBuf;

use super::aes;
use super::gcm::{self, Expected, Few, Register, Text};
use super::partial;
use crate::kernel::cpu::AesNi;
use crate::kernel::gcm::{GcmKey, NONCE, OnFailure, Secret, TAG, Tier};
use crate::kernel::{verdict, wipe};

gcm::entries! {
    token: AesNi,
    features: "aes,pclmulqdq,ssse3,sse4.1",
    register: __m128i,
    registers of a chunk: 8,
    once: Few<__m128i, 8>,
}

// The depths are those of the compiled functions, rounded up.
#[inline(always)]
fn wipe_key(_: AesNi) {
    wipe::sse::<32>();
}

#[inline(always)]
fn wipe_short(_: AesNi) {
    wipe::sse::<160>();
}

#[inline(always)]
fn wipe_long(_: AesNi) {
    wipe::sse::<448>();
}

#[inline(always)]
fn wipe_once(_: AesNi) {
    wipe::sse::<1056>();
}

// SAFETY: each function is one instruction or few, as described.
#[allow(unsafe_op_in_unsafe_fn, reason = "the instructions are what each contract is about")]
unsafe impl Register for __m128i {
    const LANES: usize = 1;
    const SHARES_J0: bool = false;
    /// The number of bytes from the first on.
    type Mask = usize;

    #[inline(always)]
    unsafe fn zero() -> Self {
        _mm_setzero_si128()
    }

    #[inline(always)]
    unsafe fn broadcast(block: __m128i) -> Self {
        block
    }

    #[inline(always)]
    unsafe fn in_first(block: __m128i) -> Self {
        block
    }

    #[inline(always)]
    unsafe fn first(self) -> __m128i {
        self
    }

    #[inline(always)]
    unsafe fn with_last(self, block: __m128i) -> Self {
        block
    }

    #[inline(always)]
    unsafe fn powers([h1, ..]: [__m128i; 4]) -> Self {
        h1
    }

    #[inline(always)]
    unsafe fn add_lanes(self) -> __m128i {
        self
    }

    #[inline(always)]
    unsafe fn load(from: *const u8) -> Self {
        _mm_loadu_si128(from.cast())
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut u8) {
        _mm_storeu_si128(to.cast(), self);
    }

    #[inline(always)]
    unsafe fn mask(_: usize, end: usize) -> usize {
        end
    }

    #[inline(always)]
    unsafe fn load_masked(from: *const u8, len: usize) -> Self {
        partial::load(from, len)
    }

    #[inline(always)]
    unsafe fn store_masked(self, to: *mut u8, len: usize) {
        partial::store(self, to, len);
    }

    #[inline(always)]
    unsafe fn keep(self, len: usize) -> Self {
        partial::keep(self, len)
    }

    #[inline(always)]
    unsafe fn xor(self, other: Self) -> Self {
        _mm_xor_si128(self, other)
    }

    #[inline(always)]
    unsafe fn xor3(self, b: Self, c: Self) -> Self {
        _mm_xor_si128(_mm_xor_si128(self, b), c)
    }

    #[inline(always)]
    unsafe fn or(self, other: Self) -> Self {
        _mm_or_si128(self, other)
    }

    #[inline(always)]
    unsafe fn select(self, a: Self, b: Self) -> Self {
        _mm_or_si128(_mm_and_si128(self, a), _mm_andnot_si128(self, b))
    }

    #[inline(always)]
    unsafe fn aesenc(self, round_key: Self) -> Self {
        _mm_aesenc_si128(self, round_key)
    }

    #[inline(always)]
    unsafe fn aesenclast(self, round_key: Self) -> Self {
        _mm_aesenclast_si128(self, round_key)
    }

    #[inline(always)]
    unsafe fn multiply_halves<const HALVES: i32>(self, other: Self) -> Self {
        _mm_clmulepi64_si128::<HALVES>(self, other)
    }

    #[inline(always)]
    unsafe fn exchange_halves(self) -> Self {
        _mm_shuffle_epi32::<0b01_00_11_10>(self)
    }

    #[inline(always)]
    unsafe fn swap(self) -> Self {
        _mm_shuffle_epi8(self, aes::byte_swap())
    }

    #[inline(always)]
    unsafe fn counting(first: i32) -> Self {
        _mm_set_epi32(0, 0, 0, first)
    }

    #[inline(always)]
    unsafe fn plus(self, number: i32) -> Self {
        _mm_add_epi32(self, _mm_cvtsi32_si128(number))
    }
}
