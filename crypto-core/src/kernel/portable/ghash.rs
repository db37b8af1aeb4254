//! GHASH (NIST SP 800-38D §6.4) by integer multiplication.
//!
//! Carry-less products come from ordinary ones of operands with holes: where
//! only every `STRIDE`th bit may be set, sums stay below 2 to the `STRIDE` and
//! never carry into the next digit, whose lowest bit is the sum without carry
//! (Pornin, BearSSL, "Constant-Time Mul"). This asks for a multiplication whose
//! time does not depend on its operands. Nothing is looked up.
//!
//! A block is the integer of its big-endian bytes, so the highest bit is the
//! coefficient of x^0. The key is kept times x, which takes the place of a
//! shift of every product by one bit.

#![allow(clippy::unnecessary_cast, reason = "casts are for registers of another width")]

use core::hint::black_box;

use super::{Product, Register};

/// H times x, from the block that the cipher gives.
pub(super) fn key(h: u128) -> u128 {
    // x^128 = 1 + x + x^2 + x^7, mirrored, if a bit leaves. Without the barrier
    // compilers see that the mask has two values and branch, as on Cortex-M.
    let leaves = u128::from(black_box((h >> 127) as u32));
    (h << 1) ^ (leaves.wrapping_neg() & (0xc2 << 120 | 1))
}

/// Takes `data` into the sum, filled up with zeros to whole blocks.
#[inline(never)]
pub(super) fn update(mut sum: u128, key: u128, data: &[u8]) -> u128 {
    let (blocks, rest) = data.as_chunks();
    for block in blocks {
        sum = multiply(sum ^ u128::from_be_bytes(*block), key);
    }
    if !rest.is_empty() {
        sum = multiply(sum ^ partial(rest), key);
    }
    sum
}

/// Fewer than 16 bytes, as the block that begins with them.
#[inline(always)]
fn partial(bytes: &[u8]) -> u128 {
    let mut block = [0; 16];
    for (to, from) in block.iter_mut().zip(bytes) {
        *to = *from;
    }
    u128::from_be_bytes(block)
}

/// The product of a block and a key.
#[inline(never)]
pub(super) fn multiply(a: u128, key: u128) -> u128 {
    let ([a0, a1], [b0, b1]) = (halves(a), halves(key));
    // Karatsuba: (a0 + a1)(b0 + b1) holds both mixed products.
    let low = product(a0, b0);
    let high = product(a1, b1);
    let middle = product(a0 ^ a1, b0 ^ b1) ^ low ^ high;
    let low = low ^ (middle << 64);
    let high = high ^ (middle >> 64);
    // The lower half, x^128 and up, comes back times 1 + x + x^2 + x^7; what
    // then leaves the lower 64 bits downwards goes in at its top once more.
    let low = low ^ (low << 127) ^ (low << 126) ^ (low << 121);
    high ^ low ^ (low >> 1) ^ (low >> 2) ^ (low >> 7)
}

fn halves(block: u128) -> [u64; 2] {
    [block as u64, (block >> 64) as u64]
}

#[inline(always)]
fn product(a: u64, b: u64) -> u128 {
    if Register::BITS == 64 {
        return register_product(a as Register, b as Register) as u128;
    }
    let split = |word: u64| [word as Register, (word >> 32) as Register];
    let ([a0, a1], [b0, b1]) = (split(a), split(b));
    let low = register_product(a0, b0);
    let high = register_product(a1, b1);
    let middle = register_product(a0 ^ a1, b0 ^ b1) ^ low ^ high;
    (high as u128) << 64 ^ (middle as u128) << 32 ^ low as u128
}

/// Bits of a digit: with four it holds sums of up to 15 products, with five up
/// to 31. A register of 32 bits has 8 digits of four, one of 64 bits 13 of five.
const STRIDE: usize = if Register::BITS == 64 { 5 } else { 4 };

/// The carry-less product of two registers.
#[inline(never)]
fn register_product(a: Register, b: Register) -> Product {
    let (a, b) = (digits(a), digits(b));
    let mut result = 0;
    for bit in 0..STRIDE {
        let mut sum = 0;
        for (i, a) in a.iter().enumerate() {
            let b = b[(bit + STRIDE - i) % STRIDE];
            sum ^= Product::from(*a) * Product::from(b);
        }
        result |= sum & (LOWEST << bit);
    }
    result
}

/// Bit 0 of every digit of a product.
const LOWEST: Product = {
    let mut bits = 0;
    let mut place = 0;
    while place < Product::BITS {
        bits |= 1 << place;
        place += STRIDE as u32;
    }
    bits
};

/// Bit 0 of every digit, bit 1 of every digit and so on, each alone.
#[inline(always)]
fn digits(bits: Register) -> [Register; STRIDE] {
    let mut digits = [bits; STRIDE];
    for (bit, digits) in digits.iter_mut().enumerate() {
        *digits &= (LOWEST as Register) << bit;
    }
    digits
}

/// The last block: both lengths in bits.
pub(super) fn lengths(aad: &[u8], text: &[u8]) -> u128 {
    (aad.len() as u128) << 67 | (text.len() as u128) << 3
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{key, lengths, multiply, update};

    /// The product of SP 800-38D §6.3, bit by bit.
    fn bit_by_bit(x: u128, y: u128) -> u128 {
        let (mut z, mut v) = (0, y);
        for i in 0..128 {
            if x >> (127 - i) & 1 == 1 {
                z ^= v;
            }
            v = if v & 1 == 1 { v >> 1 ^ 0xe1 << 120 } else { v >> 1 };
        }
        z
    }

    proptest! {
        #[test]
        fn products_are_those_of_the_definition(x: u128, y: u128) {
            assert_eq!(multiply(x, key(y)), bit_by_bit(x, y));
        }

        #[test]
        fn data_is_filled_up_to_whole_blocks(h: u128, sum: u128, data in any::<[u8; 50]>(), len in 0..50_usize) {
            let mut padded = [0; 64];
            padded[..len].copy_from_slice(&data[..len]);
            let whole = &padded[..len.next_multiple_of(16)];
            let mut expected = sum;
            for block in whole.as_chunks().0 {
                expected = bit_by_bit(expected ^ u128::from_be_bytes(*block), h);
            }
            assert_eq!(update(sum, key(h), &data[..len]), expected);
        }
    }

    /// Sums of a digit are highest where all bits of both operands are set.
    #[test]
    fn products_of_single_bits_and_of_all_ones() {
        let mut factors = [u128::MAX, u64::MAX.into(), 0].to_vec();
        factors.extend((0..128).flat_map(|bit| [1 << bit, !(1 << bit)]));
        for &x in &factors {
            for &y in &factors {
                assert_eq!(multiply(x, key(y)), bit_by_bit(x, y), "{x:032x} times {y:032x}");
            }
        }
    }

    #[test]
    fn lengths_are_in_bits_that_of_aad_first() {
        assert_eq!(lengths(&[0; 3], &[0; 5]), 24 << 64 | 40);
    }
}
