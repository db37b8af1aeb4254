//! AES-GCM with the AES and PMULL instructions of Arm (Arm ARM, C7: AESE, AESMC,
//! PMULL).
//!
//! **Counter mode.** Up to eight blocks are encrypted at a time, each round on
//! all of them, which hides how long one instruction takes. The first block of a
//! message is that for its tag.
//!
//! **GHASH.** RBIT gives the bits of each byte the order that PMULL has. Blocks
//! are multiplied by descending powers of the hash key and the sum of up to
//! eight products is reduced once. The powers fall over AAD, text and lengths
//! as over one row of blocks, so a small message is reduced once in all.
//!
//! **Opening.** GHASH goes first and the text is decrypted after the tag has
//! proved right, small or long: nothing unverified is ever written.

use core::arch::aarch64::*;

use inout::InOutBuf;

use crate::kernel::cpu::ArmAes;
use crate::kernel::gcm::{BLOCK, GcmKey, NONCE, OnFailure, Secret, TAG};
use crate::kernel::{key_schedule, verdict, wipe};

/// Bytes of stack below an entry, as seen in the machine code (832 and 1184) and
/// rounded up: with a key that is ready, and with one that is made.
const STACK: usize = 1024;
const ONCE_STACK: usize = 1536;

/// How many blocks are worked on at a time.
const WIDTH: usize = 8;

/// Makes the round keys and the powers of the hash key.
#[inline]
pub(in crate::kernel) fn expand(_: ArmAes, secret: Secret<'_>, key: &mut GcmKey) {
    // SAFETY: the token proves the features.
    unsafe { expand_aes(secret, key) };
    wipe::neon::<STACK>();
}

/// Encrypts `text` and returns the tag.
#[inline]
pub(in crate::kernel) fn seal(
    _: ArmAes,
    key: &GcmKey,
    nonce: &[u8; NONCE],
    aad: &[u8],
    text: InOutBuf<'_, '_, u8>,
) -> [u8; TAG] {
    // SAFETY: the token proves the features.
    let tag = unsafe { seal_aes(Key::of(key), nonce, aad, text) };
    wipe::neon::<STACK>();
    tag
}

/// Decrypts `text` if the tag is right, and says whether it is.
#[inline]
pub(in crate::kernel) fn open(
    _: ArmAes,
    key: &GcmKey,
    nonce: &[u8; NONCE],
    aad: &[u8],
    text: InOutBuf<'_, '_, u8>,
    tag: &[u8; TAG],
    on_failure: OnFailure,
) -> bool {
    // SAFETY: the token proves the features.
    let is_right = unsafe { open_aes(Key::of(key), nonce, aad, text, tag, on_failure) };
    wipe::neon::<STACK>();
    is_right
}

/// [`seal`] with a key that is used once.
#[inline]
pub(in crate::kernel) fn seal_once(
    _: ArmAes,
    secret: Secret<'_>,
    nonce: &[u8; NONCE],
    aad: &[u8],
    text: InOutBuf<'_, '_, u8>,
) -> [u8; TAG] {
    // SAFETY: the token proves the features.
    let tag = unsafe { seal_once_aes(secret, nonce, aad, text) };
    wipe::neon::<ONCE_STACK>();
    tag
}

/// [`open`] with a key that is used once.
#[inline]
pub(in crate::kernel) fn open_once(
    _: ArmAes,
    secret: Secret<'_>,
    nonce: &[u8; NONCE],
    aad: &[u8],
    text: InOutBuf<'_, '_, u8>,
    tag: &[u8; TAG],
    on_failure: OnFailure,
) -> bool {
    // SAFETY: the token proves the features.
    let is_right = unsafe { open_once_aes(secret, nonce, aad, text, tag, on_failure) };
    wipe::neon::<ONCE_STACK>();
    is_right
}

type RoundKeys = [[u8; BLOCK]; 15];

/// What this tier uses of a key: `powers` has one power or [`WIDTH`] of them,
/// the first one first.
#[derive(Clone, Copy)]
struct Key<'a> {
    round_keys: &'a RoundKeys,
    rounds: usize,
    powers: &'a [[u8; BLOCK]],
}

impl<'a> Key<'a> {
    #[inline]
    fn of(key: &'a GcmKey) -> Self {
        let rounds = key_schedule::rounds(key.is_aes256);
        Self { round_keys: &key.round_keys, rounds, powers: &key.powers }
    }
}

#[inline(never)]
#[target_feature(enable = "aes")]
fn expand_aes(secret: Secret<'_>, key: &mut GcmKey) {
    let hash_key = expand_round_keys(secret, &mut key.round_keys);
    let mut power = hash_key;
    for place in &mut key.powers {
        store(power, place);
        power = multiply(power, hash_key);
    }
}

#[inline(never)]
#[target_feature(enable = "aes")]
fn seal_once_aes(
    secret: Secret<'_>,
    nonce: &[u8; NONCE],
    aad: &[u8],
    text: InOutBuf<'_, '_, u8>,
) -> [u8; TAG] {
    let mut round_keys = [[0; BLOCK]; 15];
    let mut power = [0; BLOCK];
    seal_aes(expand_once(secret, &mut round_keys, &mut power), nonce, aad, text)
}

#[inline(never)]
#[target_feature(enable = "aes")]
fn open_once_aes(
    secret: Secret<'_>,
    nonce: &[u8; NONCE],
    aad: &[u8],
    text: InOutBuf<'_, '_, u8>,
    tag: &[u8; TAG],
    on_failure: OnFailure,
) -> bool {
    let mut round_keys = [[0; BLOCK]; 15];
    let mut power = [0; BLOCK];
    let key = expand_once(secret, &mut round_keys, &mut power);
    open_aes(key, nonce, aad, text, tag, on_failure)
}

/// A key with one power only: that of a small message costs as many
/// multiplications as the powers that would save them.
#[inline]
#[target_feature(enable = "aes")]
fn expand_once<'a>(
    secret: Secret<'_>,
    round_keys: &'a mut RoundKeys,
    power: &'a mut [u8; BLOCK],
) -> Key<'a> {
    store(expand_round_keys(secret, round_keys), power);
    let rounds = key_schedule::rounds(matches!(secret, Secret::Aes256(_)));
    Key { round_keys, rounds, powers: core::slice::from_ref(power) }
}

/// Makes the round keys, and the hash key in the order of bits of PMULL.
#[inline]
#[target_feature(enable = "aes")]
fn expand_round_keys(secret: Secret<'_>, round_keys: &mut RoundKeys) -> uint8x16_t {
    // The last round of AES on four equal words is SubBytes alone: ShiftRows
    // has nothing to shift.
    let sub_word = |word| {
        let words = vreinterpretq_u8_u32(vdupq_n_u32(word));
        vgetq_lane_u32::<0>(vreinterpretq_u32_u8(vaeseq_u8(words, vdupq_n_u8(0))))
    };
    key_schedule::round_keys(secret, sub_word, |round, words| {
        if let Some(key) = round_keys.get_mut(round) {
            for (bytes, word) in key.as_chunks_mut().0.iter_mut().zip(words) {
                *bytes = word.to_le_bytes();
            }
        }
    });
    let rounds = key_schedule::rounds(matches!(secret, Secret::Aes256(_)));
    let key = Key { round_keys, rounds, powers: &[] };
    let [h] = encrypt(key, [vdupq_n_u8(0)]);
    vrbitq_u8(h)
}

#[inline(never)]
#[target_feature(enable = "aes")]
fn seal_aes(
    key: Key<'_>,
    nonce: &[u8; NONCE],
    aad: &[u8],
    text: InOutBuf<'_, '_, u8>,
) -> [u8; TAG] {
    let mut stream = KeyStream::new(key, nonce, text.len());
    let mut hash = Hash::new(key, aad.len(), text.len());
    hash.data(aad);
    stream.apply(text, |sealed| hash.block(sealed));
    let mut tag = [0; TAG];
    store(veorq_u8(hash.finish(), stream.first()), &mut tag);
    tag
}

#[inline(never)]
#[target_feature(enable = "aes")]
fn open_aes(
    key: Key<'_>,
    nonce: &[u8; NONCE],
    aad: &[u8],
    mut text: InOutBuf<'_, '_, u8>,
    tag: &[u8; TAG],
    on_failure: OnFailure,
) -> bool {
    let mut stream = KeyStream::new(key, nonce, text.len());
    let mut hash = Hash::new(key, aad.len(), text.len());
    hash.data(aad);
    hash.data(text.get_in());
    let made = veorq_u8(hash.finish(), stream.first());
    let difference = vreinterpretq_u64_u8(veorq_u8(made, load(tag)));
    let difference = vgetq_lane_u64::<0>(difference) | vgetq_lane_u64::<1>(difference);
    let is_right = verdict::is_zero(difference);
    if is_right {
        stream.apply(text, |_| ());
    } else if on_failure == OnFailure::Zero {
        text.get_out().fill(0);
    }
    is_right
}

/// The key stream of one message.
struct KeyStream<'a> {
    key: Key<'a>,
    /// A counter block; the counter itself is put in for each.
    nonce: uint32x4_t,
    /// Of the next block that is not made yet.
    counter: u32,
    /// The first blocks: as many as there are to a small message.
    head: [uint8x16_t; WIDTH],
}

impl<'a> KeyStream<'a> {
    #[inline]
    #[target_feature(enable = "aes")]
    fn new(key: Key<'a>, nonce: &[u8; NONCE], text_len: usize) -> Self {
        let mut block = [0; BLOCK];
        for (to, from) in block.iter_mut().zip(nonce) {
            *to = *from;
        }
        let nonce = vreinterpretq_u32_u8(load(&block));
        let mut stream = Self { key, nonce, counter: 1, head: [vdupq_n_u8(0); WIDTH] };
        stream.head = stream.blocks(1 + text_len.div_ceil(BLOCK));
        stream
    }

    /// The block for the tag.
    #[inline]
    #[target_feature(enable = "aes")]
    fn first(&self) -> uint8x16_t {
        self.head[0]
    }

    /// Adds the key stream from the second block on to `text`, and hands on
    /// each block of the result, the last one filled up with zeros.
    #[inline]
    #[target_feature(enable = "aes")]
    fn apply(&mut self, text: InOutBuf<'_, '_, u8>, mut each: impl FnMut(uint8x16_t)) {
        let [_, head @ ..] = self.head;
        let mut text = apply_some(&head, text, &mut each);
        while text.len() >= WIDTH * BLOCK {
            let (part, rest) = text.split_at(WIDTH * BLOCK);
            let blocks = self.next::<WIDTH>();
            apply_some(&blocks, part, &mut each);
            text = rest;
        }
        if !text.is_empty() {
            let blocks = self.blocks(text.len().div_ceil(BLOCK));
            apply_some(&blocks, text, &mut each);
        }
    }

    /// The next `count` blocks, or the next [`WIDTH`]; what is behind them has
    /// no meaning.
    #[inline]
    #[target_feature(enable = "aes")]
    fn blocks(&mut self, count: usize) -> [uint8x16_t; WIDTH] {
        let zero = vdupq_n_u8(0);
        match count {
            0..=2 => {
                let [a, b] = self.next();
                [a, b, zero, zero, zero, zero, zero, zero]
            }
            3..=4 => {
                let [a, b, c, d] = self.next();
                [a, b, c, d, zero, zero, zero, zero]
            }
            _ => self.next(),
        }
    }

    #[inline]
    #[target_feature(enable = "aes")]
    fn next<const N: usize>(&mut self) -> [uint8x16_t; N] {
        let mut blocks = [vdupq_n_u8(0); N];
        for block in &mut blocks {
            let counter = self.counter.swap_bytes();
            *block = vreinterpretq_u8_u32(vsetq_lane_u32::<3>(counter, self.nonce));
            self.counter = self.counter.wrapping_add(1);
        }
        encrypt(self.key, blocks)
    }
}

/// Adds `stream` to as many blocks of `text`, and hands on each block of the
/// result; what follows.
#[inline]
#[target_feature(enable = "aes")]
fn apply_some<'i, 'o>(
    stream: &[uint8x16_t],
    mut text: InOutBuf<'i, 'o, u8>,
    each: &mut impl FnMut(uint8x16_t),
) -> InOutBuf<'i, 'o, u8> {
    for stream in stream {
        if text.is_empty() {
            break;
        }
        let len = text.len().min(BLOCK);
        let (mut block, rest) = text.split_at(len);
        text = rest;
        let result = veorq_u8(load_some(block.get_in()), *stream);
        each(store_some(result, block.get_out()));
    }
    text
}

/// AES, round by round on all blocks.
#[inline]
#[target_feature(enable = "aes")]
fn encrypt<const N: usize>(key: Key<'_>, mut blocks: [uint8x16_t; N]) -> [uint8x16_t; N] {
    let mut keys = key.round_keys.iter();
    for round_key in keys.by_ref().take(key.rounds - 1) {
        let round_key = load(round_key);
        for block in &mut blocks {
            *block = vaesmcq_u8(vaeseq_u8(*block, round_key));
        }
    }
    // The last round has no MixColumns and ends with a key of its own.
    if let [before_last, last, ..] = keys.as_slice() {
        let (before_last, last) = (load(before_last), load(last));
        for block in &mut blocks {
            *block = veorq_u8(vaeseq_u8(*block, before_last), last);
        }
    }
    blocks
}

/// GHASH of a message: AAD, text and the block of lengths.
struct Hash<'a> {
    powers: &'a [[u8; BLOCK]],
    lengths: [u8; BLOCK],
    /// Blocks to come.
    left: usize,
    /// The power that the last block was multiplied by.
    power: usize,
    sum: Product,
}

impl<'a> Hash<'a> {
    #[inline]
    #[target_feature(enable = "aes")]
    fn new(key: Key<'a>, aad_len: usize, text_len: usize) -> Self {
        let lengths = (aad_len as u128) << 67 | (text_len as u128) << 3;
        Self {
            powers: key.powers,
            lengths: lengths.to_be_bytes(),
            left: aad_len.div_ceil(BLOCK) + text_len.div_ceil(BLOCK) + 1,
            power: 0,
            sum: Product::zero(),
        }
    }

    /// Takes in `data`, filled up with zeros to whole blocks.
    #[inline]
    #[target_feature(enable = "aes")]
    fn data(&mut self, data: &[u8]) {
        let (blocks, rest) = data.as_chunks();
        for block in blocks {
            self.block(load(block));
        }
        if !rest.is_empty() {
            self.block(load_some(rest));
        }
    }

    #[inline]
    #[target_feature(enable = "aes")]
    fn block(&mut self, block: uint8x16_t) {
        let mut block = vrbitq_u8(block);
        if self.power == 0 {
            block = veorq_u8(block, self.sum.reduced());
            self.sum = Product::zero();
            self.power = self.left.min(self.powers.len());
        }
        self.power -= 1;
        self.left -= 1;
        if let Some(power) = self.powers.get(self.power) {
            self.sum.add(block, load(power));
        }
    }

    #[inline]
    #[target_feature(enable = "aes")]
    fn finish(&mut self) -> uint8x16_t {
        self.block(load(&self.lengths));
        vrbitq_u8(self.sum.reduced())
    }
}

/// A sum of products of 256 bits: two outer ones and that in between.
struct Product {
    low: uint8x16_t,
    middle: uint8x16_t,
    high: uint8x16_t,
}

impl Product {
    #[inline]
    #[target_feature(enable = "aes")]
    fn zero() -> Self {
        let zero = vdupq_n_u8(0);
        Self { low: zero, middle: zero, high: zero }
    }

    #[inline]
    #[target_feature(enable = "aes")]
    fn add(&mut self, a: uint8x16_t, b: uint8x16_t) {
        let swapped = vextq_u8::<8>(a, a);
        let middle = veorq_u8(multiply_low(swapped, b), multiply_high(swapped, b));
        self.low = veorq_u8(self.low, multiply_low(a, b));
        self.middle = veorq_u8(self.middle, middle);
        self.high = veorq_u8(self.high, multiply_high(a, b));
    }

    /// Modulo x^128 + x^7 + x^2 + x + 1: what lies above comes back times
    /// x^7 + x^2 + x + 1, first the upper half of it, then the lower.
    #[inline]
    #[target_feature(enable = "aes")]
    fn reduced(&self) -> uint8x16_t {
        let zero = vdupq_n_u8(0);
        let polynomial = vreinterpretq_u8_u64(vdupq_n_u64(0x87));
        let low = veorq_u8(self.low, vextq_u8::<8>(zero, self.middle));
        let high = veorq_u8(self.high, vextq_u8::<8>(self.middle, zero));
        let upper = multiply_high(high, polynomial);
        let low = veorq_u8(low, vextq_u8::<8>(zero, upper));
        let high = veorq_u8(high, vextq_u8::<8>(upper, zero));
        veorq_u8(low, multiply_low(high, polynomial))
    }
}

#[inline]
#[target_feature(enable = "aes")]
fn multiply(a: uint8x16_t, b: uint8x16_t) -> uint8x16_t {
    let mut product = Product::zero();
    product.add(a, b);
    product.reduced()
}

/// The carry-less product of the lower halves.
#[inline]
#[target_feature(enable = "aes")]
fn multiply_low(a: uint8x16_t, b: uint8x16_t) -> uint8x16_t {
    let [a, b] = [a, b].map(|factor| vgetq_lane_p64::<0>(vreinterpretq_p64_u8(factor)));
    vreinterpretq_u8_p128(vmull_p64(a, b))
}

/// The carry-less product of the upper halves.
#[inline]
#[target_feature(enable = "aes")]
fn multiply_high(a: uint8x16_t, b: uint8x16_t) -> uint8x16_t {
    let [a, b] = [a, b].map(|factor| vreinterpretq_p64_u8(factor));
    vreinterpretq_u8_p128(vmull_high_p64(a, b))
}

#[inline]
#[target_feature(enable = "neon")]
fn load(block: &[u8; BLOCK]) -> uint8x16_t {
    // SAFETY: 16 bytes are read from an array of so many.
    unsafe { vld1q_u8(block.as_ptr()) }
}

#[inline]
#[target_feature(enable = "neon")]
fn store(value: uint8x16_t, block: &mut [u8; BLOCK]) {
    // SAFETY: 16 bytes are written to an array of so many.
    unsafe { vst1q_u8(block.as_mut_ptr(), value) };
}

/// Loads up to 16 bytes; zeros follow.
#[inline]
#[target_feature(enable = "neon")]
fn load_some(bytes: &[u8]) -> uint8x16_t {
    if let Some(block) = bytes.first_chunk() {
        return load(block);
    }
    let mut block = [0; BLOCK];
    for (to, from) in block.iter_mut().zip(bytes) {
        *to = *from;
    }
    load(&block)
}

/// Stores the first bytes, up to 16; they come back, and zeros behind them.
#[inline]
#[target_feature(enable = "neon")]
fn store_some(value: uint8x16_t, bytes: &mut [u8]) -> uint8x16_t {
    if let Some(block) = bytes.first_chunk_mut() {
        store(value, block);
        return value;
    }
    let mut block = [0; BLOCK];
    store(value, &mut block);
    for (to, from) in bytes.iter_mut().zip(&block) {
        *to = *from;
    }
    load_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::{BLOCK, Key, KeyStream, WIDTH, encrypt, expand_round_keys, load, store};
    use crate::kernel::cpu::Cpu;
    use crate::kernel::gcm::Secret;

    /// SP 800-38D §6.2: the counter is the last four bytes and nothing else.
    #[test]
    fn behind_the_last_counter_comes_the_first() {
        #[target_feature(enable = "aes")]
        fn compare() {
            let mut round_keys = [[0; BLOCK]; 15];
            expand_round_keys(Secret::Aes256(&[7; 32]), &mut round_keys);
            let key = Key { round_keys: &round_keys, rounds: 14, powers: &[] };
            let mut stream = KeyStream::new(key, &[0xff; 12], 0);
            stream.counter = u32::MAX - 3;
            for (i, made) in stream.next::<WIDTH>().into_iter().enumerate() {
                let mut block = [0xff; BLOCK];
                let counter = (u32::MAX - 3).wrapping_add(i as u32);
                block[12..].copy_from_slice(&counter.to_be_bytes());
                let [expected] = encrypt(key, [load(&block)]);
                let mut blocks = [[0; BLOCK]; 2];
                store(made, &mut blocks[0]);
                store(expected, &mut blocks[1]);
                assert_eq!(blocks[0], blocks[1], "block {i}");
            }
        }
        if Cpu::detect().arm_aes().is_some() {
            // SAFETY: the token proves the features.
            unsafe { compare() };
        }
    }
}
