//! Loads, stores and masks of a part of a block, for tiers without masked
//! instructions. Lengths are public; bytes go through vector registers only.
//!
//! As in the tiers' own code the caller is compiled for SSE4.1 at least.

use core::arch::x86_64::*;

use crate::kernel::gcm::BLOCK;

/// The first `len` bytes, at most a block, and zeros behind.
///
/// # Safety
/// `len` bytes may be read.
#[inline(always)]
pub(super) unsafe fn load(from: *const u8, len: usize) -> __m128i {
    // SAFETY: the caller's word. The parts that the bits of `len` stand for are
    // read from the last to the first, each put before what is there.
    unsafe {
        if len == BLOCK {
            return _mm_loadu_si128(from.cast());
        }
        let mut block = _mm_setzero_si128();
        let mut end = from.add(len);
        if len & 1 != 0 {
            end = end.sub(1);
            block = _mm_insert_epi8::<0>(block, i32::from(end.read()));
        }
        if len & 2 != 0 {
            end = end.sub(2);
            block = _mm_or_si128(_mm_slli_si128::<2>(block), _mm_loadu_si16(end));
        }
        if len & 4 != 0 {
            end = end.sub(4);
            block = _mm_or_si128(_mm_slli_si128::<4>(block), _mm_loadu_si32(end));
        }
        if len & 8 != 0 {
            end = end.sub(8);
            block = _mm_or_si128(_mm_slli_si128::<8>(block), _mm_loadu_si64(end));
        }
        block
    }
}

/// Stores the first `len` bytes, at most a block.
///
/// # Safety
/// `len` bytes may be written.
#[inline(always)]
pub(super) unsafe fn store(block: __m128i, to: *mut u8, len: usize) {
    // SAFETY: the caller's word. The parts that the bits of `len` stand for are
    // written from the first to the last.
    unsafe {
        if len == BLOCK {
            return _mm_storeu_si128(to.cast(), block);
        }
        let (mut block, mut to) = (block, to);
        if len & 8 != 0 {
            _mm_storeu_si64(to, block);
            block = _mm_srli_si128::<8>(block);
            to = to.add(8);
        }
        if len & 4 != 0 {
            _mm_storeu_si32(to, block);
            block = _mm_srli_si128::<4>(block);
            to = to.add(4);
        }
        if len & 2 != 0 {
            _mm_storeu_si16(to, block);
            block = _mm_srli_si128::<2>(block);
            to = to.add(2);
        }
        if len & 1 != 0 {
            to.write(_mm_extract_epi8::<0>(block) as u8);
        }
    }
}

/// The block with zeros from byte `len` on, which is at most a block.
///
/// # Safety
/// The caller has SSE2.
#[inline(always)]
pub(super) unsafe fn keep(block: __m128i, len: usize) -> __m128i {
    /// Ones, then zeros: a block from here on has as many ones as are wanted.
    static MASKS: [u8; 2 * BLOCK] = {
        let mut masks = [0; 2 * BLOCK];
        let mut i = 0;
        while i < BLOCK {
            masks[i] = 0xff;
            i += 1;
        }
        masks
    };

    debug_assert!(len <= BLOCK);
    // SAFETY: a block from an offset of at most a block is in the array.
    unsafe { _mm_and_si128(block, _mm_loadu_si128(MASKS.as_ptr().add(BLOCK - len).cast())) }
}
