//! AES-GCM with VAES, VPCLMULQDQ and AVX-512: four blocks in a register. The
//! algorithm is in [`gcm`].
//!
//! What is out of a message is masked, so the last bytes need no copy and J0 has
//! room before the first.

use core::arch::x86_64::*;
use core::mem;

use inout::InOutBuf;

use super::aes::{self, LAST};
use super::gcm::{self, Expected, Keys, Register, Text};
use crate::kernel::cpu::Vaes512;
use crate::kernel::gcm::{BLOCK, GcmKey, NONCE, OnFailure, Secret, TAG, Tier};
use crate::kernel::{verdict, wipe};

gcm::entries! {
    token: Vaes512,
    features: "vaes,vpclmulqdq,bmi2,avx512f,avx512bw,avx512dq,avx512vl",
    register: __m512i,
    registers of a chunk: 4,
    once: Once,
}

// The depths are those of the compiled functions, rounded up: most
// spill nothing.
#[inline(always)]
fn wipe_key(token: Vaes512) {
    wipe::avx512::<0>(token);
}

#[inline(always)]
fn wipe_short(token: Vaes512) {
    wipe::avx512::<0>(token);
}

#[inline(always)]
fn wipe_long(token: Vaes512) {
    wipe::avx512::<256>(token);
}

#[inline(always)]
fn wipe_once(token: Vaes512) {
    wipe::avx512::<0>(token);
}

/// Truth tables of three inputs.
const XOR3: i32 = 0b1001_0110;
const SELECT: i32 = 0b1100_1010;

// SAFETY: each function is one instruction or few, as described.
#[allow(unsafe_op_in_unsafe_fn, reason = "the instructions are what each contract is about")]
unsafe impl Register for __m512i {
    const LANES: usize = 4;
    const SHARES_J0: bool = true;
    type Mask = u64;

    #[inline(always)]
    unsafe fn zero() -> Self {
        _mm512_setzero_si512()
    }

    #[inline(always)]
    unsafe fn broadcast(block: __m128i) -> Self {
        _mm512_broadcast_i32x4(block)
    }

    #[inline(always)]
    unsafe fn in_first(block: __m128i) -> Self {
        _mm512_zextsi128_si512(block)
    }

    #[inline(always)]
    unsafe fn first(self) -> __m128i {
        _mm512_castsi512_si128(self)
    }

    #[inline(always)]
    unsafe fn with_last(self, block: __m128i) -> Self {
        _mm512_inserti32x4::<3>(self, block)
    }

    #[inline(always)]
    unsafe fn powers([h1, h2, h3, h4]: [__m128i; 4]) -> Self {
        let (high, low) = (_mm256_set_m128i(h3, h4), _mm256_set_m128i(h1, h2));
        _mm512_inserti64x4::<1>(_mm512_castsi256_si512(high), low)
    }

    #[inline(always)]
    unsafe fn add_lanes(self) -> __m128i {
        let halves = (_mm512_castsi512_si256(self), _mm512_extracti64x4_epi64::<1>(self));
        let half = _mm256_xor_si256(halves.0, halves.1);
        _mm_xor_si128(_mm256_castsi256_si128(half), _mm256_extracti128_si256::<1>(half))
    }

    #[inline(always)]
    unsafe fn load(from: *const u8) -> Self {
        _mm512_loadu_si512(from.cast())
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut u8) {
        _mm512_storeu_si512(to.cast(), self);
    }

    #[inline(always)]
    unsafe fn mask(start: usize, end: usize) -> u64 {
        _bzhi_u64(u64::MAX, end as u32) & u64::MAX << start
    }

    #[inline(always)]
    unsafe fn load_masked(from: *const u8, mask: u64) -> Self {
        _mm512_maskz_loadu_epi8(mask, from.cast())
    }

    #[inline(always)]
    unsafe fn store_masked(self, to: *mut u8, mask: u64) {
        _mm512_mask_storeu_epi8(to.cast(), mask, self);
    }

    #[inline(always)]
    unsafe fn keep(self, mask: u64) -> Self {
        _mm512_maskz_mov_epi8(mask, self)
    }

    #[inline(always)]
    unsafe fn xor(self, other: Self) -> Self {
        _mm512_xor_si512(self, other)
    }

    #[inline(always)]
    unsafe fn xor3(self, b: Self, c: Self) -> Self {
        _mm512_ternarylogic_epi64::<XOR3>(self, b, c)
    }

    #[inline(always)]
    unsafe fn or(self, other: Self) -> Self {
        _mm512_or_si512(self, other)
    }

    #[inline(always)]
    unsafe fn select(self, a: Self, b: Self) -> Self {
        _mm512_ternarylogic_epi64::<SELECT>(self, a, b)
    }

    #[inline(always)]
    unsafe fn aesenc(self, round_key: Self) -> Self {
        _mm512_aesenc_epi128(self, round_key)
    }

    #[inline(always)]
    unsafe fn aesenclast(self, round_key: Self) -> Self {
        _mm512_aesenclast_epi128(self, round_key)
    }

    #[inline(always)]
    unsafe fn multiply_halves<const HALVES: i32>(self, other: Self) -> Self {
        _mm512_clmulepi64_epi128::<HALVES>(self, other)
    }

    #[inline(always)]
    unsafe fn exchange_halves(self) -> Self {
        _mm512_shuffle_epi32::<0b01_00_11_10>(self)
    }

    #[inline(always)]
    unsafe fn swap(self) -> Self {
        _mm512_shuffle_epi8(self, _mm512_broadcast_i32x4(aes::byte_swap()))
    }

    #[inline(always)]
    unsafe fn counting(first: i32) -> Self {
        let [a, b, c, d] = [first, first + 1, first + 2, first + 3];
        _mm512_set_epi32(0, 0, 0, d, 0, 0, 0, c, 0, 0, 0, b, 0, 0, 0, a)
    }

    #[inline(always)]
    unsafe fn plus(self, number: i32) -> Self {
        _mm512_add_epi32(self, _mm512_maskz_set1_epi32(0x1111, number))
    }
}

/// A key for one short message: eight powers, all in registers.
struct Once {
    round_keys: [__m128i; LAST + 1],
    high: __m512i,
    low: __m512i,
    is_aes256: bool,
}

impl Once {
    /// The most bytes of text and associated data: with the lengths, the blocks
    /// need eight powers.
    const TEXT: usize = 4 * BLOCK;
    const AAD: usize = 3 * BLOCK;

    // SAFETY: zeros are values of all registers.
    const EMPTY: Self = unsafe { mem::zeroed() };

    #[inline(always)]
    unsafe fn expand(&mut self, secret: Secret<'_>, _: usize, _: usize) {
        // SAFETY: the caller's word.
        unsafe {
            let (round_keys, h) = gcm::schedule(secret);
            let low = gcm::first_powers::<__m512i>(h);
            let high = gcm::multiply(low, _mm512_shuffle_i64x2::<0>(low, low));
            *self = Self { round_keys, high, low, is_aes256: secret.is_aes256() };
        }
    }
}

impl Keys<__m512i> for Once {
    const HAS_MANY: bool = false;

    #[inline(always)]
    fn is_aes256(&self) -> bool {
        self.is_aes256
    }

    #[inline(always)]
    unsafe fn round(&self, i: usize) -> __m512i {
        // SAFETY: the caller's word.
        unsafe { _mm512_broadcast_i32x4(self.round_keys[i]) }
    }

    #[inline(always)]
    unsafe fn powers(&self, highest: usize) -> __m512i {
        // SAFETY: the caller's word.
        unsafe {
            let halves = _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0);
            let first = _mm512_set1_epi64(2 * (8 - highest as i64));
            _mm512_permutex2var_epi64(self.high, _mm512_add_epi64(halves, first), self.low)
        }
    }
}
