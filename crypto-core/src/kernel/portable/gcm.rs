//! AES-GCM for every CPU: bit-sliced AES ([`super::aes`]) and GHASH by integer
//! multiplication ([`super::ghash`]).
//!
//! A pass of the cipher makes several blocks of key stream at once, the first of
//! a message for its tag. Cipher and GHASH have nothing to gain from each other
//! here, so an open verifies first and then decrypts: nothing unverified is ever
//! written, and that costs nothing.

use inout::InOutBuf;

use super::aes::{self, BLOCKS, Columns, RoundKeys};
use super::ghash;
use crate::kernel::gcm::{BLOCK, GcmKey, NONCE, OnFailure, Secret, TAG};
use crate::kernel::{key_schedule, verdict, wipe};

/// Bytes of stack below an entry, as seen in the machine code and rounded up
/// (x86-64: 400, 770 and 1100): of the key set-up, of a message, of both in one.
const EXPAND_STACK: usize = 512;
const MESSAGE_STACK: usize = 896;
const ONCE_STACK: usize = 1280;

/// Makes the round keys and the hash key.
#[inline]
pub(in crate::kernel) fn expand(secret: Secret<'_>, key: &mut GcmKey) {
    let hash_key = expand_portable(secret, &mut key.round_keys);
    key.powers[0] = hash_key.to_ne_bytes();
    wipe::baseline::<EXPAND_STACK>();
}

/// Encrypts `text` and returns the tag.
#[inline]
pub(in crate::kernel) fn seal(
    key: &GcmKey,
    nonce: &[u8; NONCE],
    aad: &[u8],
    text: InOutBuf<'_, '_, u8>,
) -> [u8; TAG] {
    let tag = seal_portable(Key::of(key), nonce, aad, text);
    wipe::baseline::<MESSAGE_STACK>();
    tag
}

/// Decrypts `text` if the tag is right, and says whether it is.
#[inline]
pub(in crate::kernel) fn open(
    key: &GcmKey,
    nonce: &[u8; NONCE],
    aad: &[u8],
    text: InOutBuf<'_, '_, u8>,
    tag: &[u8; TAG],
    on_failure: OnFailure,
) -> bool {
    let is_right = open_portable(Key::of(key), nonce, aad, text, tag, on_failure);
    wipe::baseline::<MESSAGE_STACK>();
    is_right
}

/// [`seal`] with a key that is used once.
#[inline]
pub(in crate::kernel) fn seal_once(
    secret: Secret<'_>,
    nonce: &[u8; NONCE],
    aad: &[u8],
    text: InOutBuf<'_, '_, u8>,
) -> [u8; TAG] {
    let tag = once(secret, |key| seal_portable(key, nonce, aad, text));
    wipe::baseline::<ONCE_STACK>();
    tag
}

/// [`open`] with a key that is used once.
#[inline]
pub(in crate::kernel) fn open_once(
    secret: Secret<'_>,
    nonce: &[u8; NONCE],
    aad: &[u8],
    text: InOutBuf<'_, '_, u8>,
    tag: &[u8; TAG],
    on_failure: OnFailure,
) -> bool {
    let is_right = once(secret, |key| open_portable(key, nonce, aad, text, tag, on_failure));
    wipe::baseline::<ONCE_STACK>();
    is_right
}

/// What this tier uses of a key.
#[derive(Clone, Copy)]
struct Key<'a> {
    round_keys: &'a RoundKeys,
    rounds: usize,
    /// A reference, so that no frame above an entry holds a copy.
    hash_key: &'a [u8; BLOCK],
}

impl<'a> Key<'a> {
    #[inline(always)]
    fn of(key: &'a GcmKey) -> Self {
        Self {
            round_keys: &key.round_keys,
            rounds: key_schedule::rounds(key.is_aes256),
            hash_key: &key.powers[0],
        }
    }

    #[inline(always)]
    fn hash_key(&self) -> u128 {
        u128::from_ne_bytes(*self.hash_key)
    }
}

/// A key in this frame, for one call.
#[inline(never)]
fn once<R>(secret: Secret<'_>, work: impl FnOnce(Key<'_>) -> R) -> R {
    let mut round_keys = [[0; BLOCK]; 15];
    let hash_key = expand_portable(secret, &mut round_keys).to_ne_bytes();
    work(Key { round_keys: &round_keys, rounds: rounds(secret), hash_key: &hash_key })
}

#[inline(never)]
fn expand_portable(secret: Secret<'_>, round_keys: &mut RoundKeys) -> u128 {
    aes::expand(secret, round_keys);
    let mut blocks = [[0; 4]; BLOCKS];
    aes::encrypt(round_keys, rounds(secret), &mut blocks);
    ghash::key(u128::from_be_bytes(bytes(&blocks[0])))
}

fn rounds(secret: Secret<'_>) -> usize {
    key_schedule::rounds(matches!(secret, Secret::Aes256(_)))
}

#[inline(never)]
fn seal_portable(
    key: Key<'_>,
    nonce: &[u8; NONCE],
    aad: &[u8],
    mut text: InOutBuf<'_, '_, u8>,
) -> [u8; TAG] {
    let mut stream = KeyStream::new(key, nonce);
    let mask = stream.next();
    let lengths = ghash::lengths(aad, text.get_in());
    let mut sum = ghash::update(0, key.hash_key(), aad);
    while !text.is_empty() {
        let (sealed, rest) = stream.apply(text);
        sum = ghash::multiply(sum ^ u128::from_be_bytes(sealed), key.hash_key());
        text = rest;
    }
    sum = ghash::multiply(sum ^ lengths, key.hash_key());
    xor(&sum.to_be_bytes(), &mask)
}

#[inline(never)]
fn open_portable(
    key: Key<'_>,
    nonce: &[u8; NONCE],
    aad: &[u8],
    mut text: InOutBuf<'_, '_, u8>,
    tag: &[u8; TAG],
    on_failure: OnFailure,
) -> bool {
    let mut stream = KeyStream::new(key, nonce);
    let mask = stream.next();
    let mut sum = ghash::update(0, key.hash_key(), aad);
    sum = ghash::update(sum, key.hash_key(), text.get_in());
    sum = ghash::multiply(sum ^ ghash::lengths(aad, text.get_in()), key.hash_key());
    let difference = u128::from_ne_bytes(xor(&xor(&sum.to_be_bytes(), &mask), tag));
    let is_right = verdict::is_zero((difference | difference >> 64) as u64);
    if !is_right {
        if on_failure == OnFailure::Zero {
            text.get_out().fill(0);
        }
        return false;
    }
    while !text.is_empty() {
        (_, text) = stream.apply(text);
    }
    true
}

/// The key stream, block by block from counter 1 on.
struct KeyStream<'a> {
    key: Key<'a>,
    nonce: [u32; 3],
    /// Of the next block that is not made yet.
    counter: u32,
    blocks: [Columns; BLOCKS],
    /// How many of them are used up.
    used: usize,
}

impl<'a> KeyStream<'a> {
    #[inline(always)]
    fn new(key: Key<'a>, nonce: &[u8; NONCE]) -> Self {
        let mut words = [0; 3];
        for (word, bytes) in words.iter_mut().zip(nonce.as_chunks().0) {
            *word = u32::from_le_bytes(*bytes);
        }
        Self { key, nonce: words, counter: 1, blocks: [[0; 4]; BLOCKS], used: BLOCKS }
    }

    #[inline(always)]
    fn next(&mut self) -> [u8; BLOCK] {
        if self.used == BLOCKS {
            self.refill();
        }
        let block = bytes(&self.blocks[self.used % BLOCKS]);
        self.used += 1;
        block
    }

    #[inline(never)]
    fn refill(&mut self) {
        let [a, b, c] = self.nonce;
        for block in &mut self.blocks {
            *block = [a, b, c, self.counter.swap_bytes()];
            self.counter = self.counter.wrapping_add(1);
        }
        aes::encrypt(self.key.round_keys, self.key.rounds, &mut self.blocks);
        self.used = 0;
    }

    /// Adds the next block to up to 16 bytes. The result, which is also in the
    /// output, and what follows.
    #[inline(always)]
    fn apply<'i, 'o>(&mut self, text: InOutBuf<'i, 'o, u8>) -> ([u8; BLOCK], InOutBuf<'i, 'o, u8>) {
        let stream = self.next();
        let len = text.len().min(BLOCK);
        let (mut block, rest) = text.split_at(len);
        let Some(whole) = block.get_in().first_chunk() else {
            return (apply_to_some(&stream, block), rest);
        };
        let result = xor(whole, &stream);
        block.get_out().copy_from_slice(&result);
        (result, rest)
    }
}

/// [`KeyStream::apply`] for fewer than 16 bytes; the result ends with zeros.
#[inline(never)]
fn apply_to_some(stream: &[u8; BLOCK], text: InOutBuf<'_, '_, u8>) -> [u8; BLOCK] {
    let mut result = [0; BLOCK];
    for ((mut byte, stream), result) in text.into_iter().zip(stream).zip(&mut result) {
        *result = byte.get_in() ^ stream;
        *byte.get_out() = *result;
    }
    result
}

/// A block in memory.
#[inline(always)]
fn bytes(columns: &Columns) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    for (bytes, column) in block.as_chunks_mut().0.iter_mut().zip(columns) {
        *bytes = column.to_le_bytes();
    }
    block
}

#[inline(always)]
fn xor(a: &[u8; BLOCK], b: &[u8; BLOCK]) -> [u8; BLOCK] {
    (u128::from_ne_bytes(*a) ^ u128::from_ne_bytes(*b)).to_ne_bytes()
}

#[cfg(test)]
mod tests {
    use super::{Key, KeyStream, aes, bytes, expand_portable, rounds};
    use crate::kernel::gcm::Secret;

    /// SP 800-38D §6.2: the counter is the last four bytes and nothing else.
    #[test]
    fn behind_the_last_counter_comes_the_first() {
        let secret = Secret::Aes256(&[7; 32]);
        let mut round_keys = [[0; 16]; 15];
        let hash_key = expand_portable(secret, &mut round_keys).to_ne_bytes();
        let rounds = rounds(secret);
        let key = Key { round_keys: &round_keys, rounds, hash_key: &hash_key };
        let mut stream = KeyStream::new(key, &[0xff; 12]);
        stream.counter = u32::MAX - 20;
        for i in 0..40 {
            let counter = (u32::MAX - 20).wrapping_add(i);
            let mut blocks = [[!0, !0, !0, counter.swap_bytes()]; aes::BLOCKS];
            aes::encrypt(&round_keys, rounds, &mut blocks);
            assert_eq!(stream.next(), bytes(&blocks[0]), "block {i}");
        }
    }
}
