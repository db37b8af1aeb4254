//! AES-GCM on x86-64, written once for registers of one, two or four blocks.
//! The tiers give the instructions ([`Register`]), their files are entries.
//!
//! **Counter mode** (SP 800-38D §6.5). The counter block of block i of a message
//! is the nonce and i + 1; that of the tag, J0, is the nonce and 1.
//!
//! **GHASH** (§6.4). Blocks are byte-swapped to make their bit order that of the
//! multiplier, and the hash key is multiplied by x once (Gueron, Kounavis:
//! "Intel Carry-Less Multiplication Instruction and its Usage for Computing the
//! GCM Mode"). With the powers of the hash key at hand, each block is multiplied
//! by the power that it is due, and the sum of all is reduced once.
//!
//! **Short messages**, up to a chunk, are done in one pass: all blocks are
//! encrypted at the same time and multiplied by their powers. Opening computes
//! the text in registers and stores it masked by the verdict: nothing unverified
//! is ever stored.
//!
//! **Long messages** are done in chunks, where the encryption of one chunk is
//! interleaved with the hashing of the chunk before. The hash keeps a sum for
//! each lane, all multiplied by the same power, and reduces once in two chunks.
//! The end is done as a short message.
//!
//! All functions here are inlined into the entries of the tiers, which are
//! compiled for the CPU features that the instructions need. That excludes
//! naming the features here, so all are unsafe with the same contract: **the
//! caller is compiled for the features of its [`Register`]**, and for AES,
//! PCLMULQDQ, SSSE3 and SSE4.1 in any case.

use core::arch::x86_64::*;
use core::marker::PhantomData;
use core::ptr;

use inout::InOutBuf;

use super::aes::{self, LAST};
use crate::kernel::gcm::{BLOCK, GcmKey, NONCE, OnFailure, POWERS, Secret, TAG};

type RoundKeys = [[u8; BLOCK]; LAST + 1];
type Powers = [[u8; BLOCK]; POWERS];

/// Where the first power of the hash key lies in a key: the powers below it
/// follow, then zeros, for lanes without a block.
const HIGHEST: usize = 36;
const _: () = assert!(HIGHEST + 3 <= POWERS);

/// A vector register of one or more blocks, which lie in lanes.
///
/// # Safety
/// No function of an implementation does more than its description; pointers
/// are used as far as it says.
pub(super) unsafe trait Register: Copy {
    /// Blocks in a register.
    const LANES: usize;
    /// Whether a register may begin with J0 and go on with the text, whose
    /// loads and stores must be masked then.
    const SHARES_J0: bool;
    /// Which bytes of a register are meant.
    type Mask: Copy;

    unsafe fn zero() -> Self;
    /// A block in every lane.
    unsafe fn broadcast(block: __m128i) -> Self;
    /// A block in the first lane, zeros in the others.
    unsafe fn in_first(block: __m128i) -> Self;
    /// The block of the first lane.
    unsafe fn first(self) -> __m128i;
    /// This with another block in the last lane.
    unsafe fn with_last(self, block: __m128i) -> Self;
    /// As many of four powers as there are lanes, the highest of them first.
    unsafe fn powers(powers: [__m128i; 4]) -> Self;
    /// The sum of the lanes.
    unsafe fn add_lanes(self) -> __m128i;

    /// A whole register from memory.
    unsafe fn load(from: *const u8) -> Self;
    /// A whole register to memory.
    unsafe fn store(self, to: *mut u8);
    /// The bytes from `start`, which is 0 or [`BLOCK`], to before `end`.
    unsafe fn mask(start: usize, end: usize) -> Self::Mask;
    /// The masked bytes from memory, of which no other is read; zeros elsewhere.
    unsafe fn load_masked(from: *const u8, mask: Self::Mask) -> Self;
    /// The masked bytes to memory, of which no other is written.
    unsafe fn store_masked(self, to: *mut u8, mask: Self::Mask);
    /// The masked bytes, zeros elsewhere.
    unsafe fn keep(self, mask: Self::Mask) -> Self;

    unsafe fn xor(self, other: Self) -> Self;
    unsafe fn xor3(self, b: Self, c: Self) -> Self;
    unsafe fn or(self, other: Self) -> Self;
    /// Where `self` has ones `a`, where zeros `b`.
    unsafe fn select(self, a: Self, b: Self) -> Self;
    /// A round of AES in each lane.
    unsafe fn aesenc(self, round_key: Self) -> Self;
    /// The last round.
    unsafe fn aesenclast(self, round_key: Self) -> Self;
    /// The product of two halves of blocks in each lane, chosen as in the
    /// instruction.
    unsafe fn multiply_halves<const HALVES: i32>(self, other: Self) -> Self;
    /// Each block with its halves exchanged.
    unsafe fn exchange_halves(self) -> Self;
    /// Each block with its bytes reversed.
    unsafe fn swap(self) -> Self;
    /// Numbers from `first` on in the lowest words of the lanes.
    unsafe fn counting(first: i32) -> Self;
    /// This with `number` added to the lowest word of every lane.
    unsafe fn plus(self, number: i32) -> Self;
}

/// Where round keys and powers of the hash key come from.
pub(super) trait Keys<V> {
    /// Whether there are powers for texts of more than one register.
    const HAS_MANY: bool;

    fn is_aes256(&self) -> bool;

    /// Round key `i`, at most [`LAST`], in every lane.
    unsafe fn round(&self, i: usize) -> V;

    /// Powers from `highest`, which the key has, downwards, the first lane
    /// first. A lane below the first power holds anything.
    unsafe fn powers(&self, highest: usize) -> V;
}

impl<V: Register> Keys<V> for GcmKey {
    const HAS_MANY: bool = true;

    #[inline(always)]
    fn is_aes256(&self) -> bool {
        self.is_aes256
    }

    #[inline(always)]
    unsafe fn round(&self, i: usize) -> V {
        // SAFETY: the caller's word.
        unsafe { round_in(&self.round_keys, i) }
    }

    #[inline(always)]
    unsafe fn powers(&self, highest: usize) -> V {
        // SAFETY: the caller's word.
        unsafe { powers_in(&self.powers, highest) }
    }
}

/// A key for one short message, with as many powers as that needs. It lies in
/// the frame of an entry, which is cleared as a whole.
pub(super) struct Few<V, const STEP: usize> {
    round_keys: RoundKeys,
    powers: Powers,
    is_aes256: bool,
    register: PhantomData<V>,
}

impl<V: Register, const STEP: usize> Few<V, STEP> {
    /// The most bytes of associated data and text.
    pub(super) const AAD: usize = STEP * V::LANES * BLOCK;
    pub(super) const TEXT: usize = STEP * V::LANES * BLOCK;
    /// Room for a key, which stays where it is.
    pub(super) const EMPTY: Self = Self {
        round_keys: [[0; BLOCK]; LAST + 1],
        powers: [[0; BLOCK]; POWERS],
        is_aes256: false,
        register: PhantomData,
    };

    #[inline(always)]
    pub(super) unsafe fn expand(&mut self, secret: Secret<'_>, aad: usize, text: usize) {
        let count = aad.div_ceil(BLOCK) + text.div_ceil(BLOCK) + 1;
        let count = count.next_multiple_of(V::LANES);
        self.is_aes256 = secret.is_aes256();
        // SAFETY: the caller's word.
        unsafe { expand::<V>(secret, &mut self.round_keys, &mut self.powers, count) };
    }
}

impl<V: Register, const STEP: usize> Keys<V> for Few<V, STEP> {
    const HAS_MANY: bool = true;

    #[inline(always)]
    fn is_aes256(&self) -> bool {
        self.is_aes256
    }

    #[inline(always)]
    unsafe fn round(&self, i: usize) -> V {
        // SAFETY: the caller's word.
        unsafe { round_in(&self.round_keys, i) }
    }

    #[inline(always)]
    unsafe fn powers(&self, highest: usize) -> V {
        // SAFETY: the caller's word.
        unsafe { powers_in(&self.powers, highest) }
    }
}

#[inline(always)]
unsafe fn round_in<V: Register>(round_keys: &RoundKeys, i: usize) -> V {
    debug_assert!(i <= LAST);
    // SAFETY: the caller's word; a block of the array is read.
    unsafe { V::broadcast(_mm_loadu_si128(round_keys.as_ptr().add(i).cast())) }
}

#[inline(always)]
unsafe fn powers_in<V: Register>(powers: &Powers, highest: usize) -> V {
    debug_assert!((1..=HIGHEST).contains(&highest));
    // SAFETY: the caller's word; blocks of the array are read, at the end the
    // zeros behind the powers.
    unsafe { V::load(powers.as_ptr().add(HIGHEST - highest).cast()) }
}

/// Power `i`, which the key has, in every lane.
#[inline(always)]
unsafe fn power_everywhere<V: Register>(key: &GcmKey, i: usize) -> V {
    // SAFETY: the caller's word; a block of the array is read.
    unsafe { V::broadcast(_mm_loadu_si128(key.powers.as_ptr().add(HIGHEST - i).cast())) }
}

/// What is left to do of a message: `len` bytes from `input` to `output`, which
/// are the same or apart.
#[derive(Clone, Copy)]
pub(super) struct Text {
    input: *const u8,
    output: *mut u8,
    len: usize,
}

impl Text {
    const EMPTY: Self = Self { input: ptr::null(), output: ptr::null_mut(), len: 0 };

    #[inline(always)]
    pub(super) fn new(text: InOutBuf<'_, '_, u8>) -> Self {
        let len = text.len();
        let (input, output) = text.into_raw();
        Self { input, output, len }
    }

    #[inline(always)]
    fn blocks(&self) -> usize {
        self.len.div_ceil(BLOCK)
    }
}

/// What an open needs besides; a seal has none.
#[derive(Clone, Copy)]
pub(super) struct Expected<'a> {
    pub(super) tag: &'a [u8; TAG],
    pub(super) on_failure: OnFailure,
}

/// The round keys, and the hash key times x.
#[inline(always)]
pub(super) unsafe fn schedule(secret: Secret<'_>) -> ([__m128i; LAST + 1], __m128i) {
    // SAFETY: the caller's word.
    unsafe {
        let round_keys = aes::round_keys(secret);
        let zeros = _mm_setzero_si128();
        let h = aes::hash_key(aes::encrypt(&round_keys, secret.is_aes256(), zeros));
        (round_keys, h)
    }
}

/// The first powers of the hash key, in one register.
#[inline(always)]
pub(super) unsafe fn first_powers<V: Register>(h: __m128i) -> V {
    // SAFETY: the caller's word.
    unsafe {
        let h2 = multiply(h, h);
        V::powers([h, h2, multiply(h2, h), multiply(h2, h2)])
    }
}

/// Makes the round keys and `count` powers, at most [`HIGHEST`] and a multiple
/// of the lanes.
#[inline(always)]
pub(super) unsafe fn expand<V: Register>(
    secret: Secret<'_>,
    round_keys: &mut RoundKeys,
    powers: &mut Powers,
    count: usize,
) {
    // SAFETY: the caller's word; blocks are written to arrays that have them.
    unsafe {
        let (made, h) = schedule(secret);
        for (to, from) in round_keys.iter_mut().zip(made) {
            _mm_storeu_si128(to.as_mut_ptr().cast(), from);
        }
        // The registers of powers in the table, the first powers last.
        let table = powers.as_mut_ptr().add(HIGHEST);
        let register = |i: usize| table.sub(V::LANES * (i + 1)).cast::<u8>();
        first_powers::<V>(h).store(register(0));
        for i in 1..count / V::LANES {
            // Each from two of about half as many powers, so that few wait for
            // each other.
            let half = i.div_ceil(2);
            let times = V::broadcast(_mm_loadu_si128(register(half - 1).cast()));
            multiply(V::load(register(i - half)), times).store(register(i));
        }
    }
}

/// Whether a message is short. A chunk has `STEP` registers.
#[inline(always)]
pub(super) const fn is_short<V: Register, const STEP: usize>(aad: usize, text: usize) -> bool {
    aad <= STEP * V::LANES * BLOCK && text <= STEP * V::LANES * BLOCK
}

/// How many powers a key has: for a chunk, a short message behind it, and its
/// lengths; or for a short message with as much associated data.
pub(super) const fn powers<V: Register, const STEP: usize>() -> usize {
    (2 * STEP + 1) * V::LANES
}

/// Seals a short message and returns the tag; or opens it and returns how the
/// tag differs.
#[inline(always)]
pub(super) unsafe fn short<V: Register, K: Keys<V>, const STEP: usize>(
    key: &K,
    nonce: &[u8; NONCE],
    aad: &[u8],
    text: Text,
    expected: Option<Expected<'_>>,
) -> __m128i {
    // SAFETY: the caller's word.
    unsafe {
        let sum = header(key, aad, text);
        last::<V, K, STEP>(key, load_nonce(nonce), 0, sum, text, expected)
    }
}

/// The same for messages with much text or associated data.
#[inline(always)]
pub(super) unsafe fn long<V: Register, const STEP: usize>(
    key: &GcmKey,
    nonce: &[u8; NONCE],
    aad: &[u8],
    mut text: Text,
    expected: Option<Expected<'_>>,
) -> __m128i {
    // SAFETY: the caller's word.
    unsafe {
        let nonce = load_nonce(nonce);
        let lengths = lengths(aad.len(), text.len);
        let y = hash::<V, STEP>(key, _mm_setzero_si128(), aad);
        let mut sum = Sum::zero();
        let mut done = 0;
        let chunk = STEP * V::LANES * BLOCK;
        if text.len > chunk {
            let count = (text.len - 1) / chunk;
            sum = chunks::<V, STEP>(key, nonce, y, &mut text, count, expected.is_none());
            done = count * STEP * V::LANES;
        } else {
            sum.add(V::in_first(y), key.powers(text.blocks() + 1));
        }
        sum.add(V::in_first(lengths), key.powers(1));
        last::<V, GcmKey, STEP>(key, nonce, done, sum, text, expected)
    }
}

/// How the tag of a ciphertext differs from `tag`; nothing is decrypted.
#[inline(always)]
pub(super) unsafe fn verify<V: Register, const STEP: usize>(
    key: &GcmKey,
    nonce: &[u8; NONCE],
    aad: &[u8],
    ciphertext: &[u8],
    tag: &[u8; TAG],
) -> __m128i {
    // SAFETY: the caller's word.
    unsafe {
        let y = hash::<V, STEP>(key, _mm_setzero_si128(), aad);
        let y = hash::<V, STEP>(key, y, ciphertext);
        let lengths = lengths(aad.len(), ciphertext.len());
        let mut sum = Sum::zero();
        sum.add(V::in_first(_mm_xor_si128(y, lengths)), key.powers(1));
        let expected = Expected { tag, on_failure: OnFailure::Keep };
        let nonce = load_nonce(nonce);
        finish::<V, GcmKey, 0, true>(key, nonce, 0, sum, Text::EMPTY, Some(expected))
    }
}

/// The sum of associated data and lengths, each with its power, before a text
/// that is short.
#[inline(always)]
unsafe fn header<V: Register, K: Keys<V>>(key: &K, aad: &[u8], text: Text) -> Sum<V> {
    // SAFETY: the caller's word. Masks admit only bytes of the slices.
    unsafe {
        let mut power = aad.len().div_ceil(BLOCK) + text.blocks() + 1;
        let mut rest = aad;
        // The last lane of the last register is for the lengths.
        let mut before = None;
        while rest.len() > (V::LANES - 1) * BLOCK {
            let (part, behind) = rest.split_at(rest.len().min(V::LANES * BLOCK));
            let product = Sum::product(load::<V>(part).swap(), key.powers(power));
            before = Some(before.map_or(product, |sum: Sum<V>| sum.plus(product)));
            power = power.wrapping_sub(V::LANES);
            rest = behind;
        }
        let x = if rest.is_empty() { V::zero() } else { load::<V>(rest).swap() };
        let powers = if V::LANES == 1 { key.powers(1) } else { key.powers(power) };
        let product = Sum::product(
            x.with_last(lengths(aad.len(), text.len)),
            powers.with_last(key.powers(1).first()),
        );
        match before {
            None => product,
            Some(sum) => sum.plus(product),
        }
    }
}

/// GHASH from the state `y` on, over `data` and zeros to a whole block.
#[inline(always)]
unsafe fn hash<V: Register, const STEP: usize>(
    key: &GcmKey,
    mut y: __m128i,
    data: &[u8],
) -> __m128i {
    for group in data.chunks(2 * STEP * V::LANES * BLOCK) {
        // SAFETY: the caller's word. Masks admit only bytes of the slices.
        unsafe {
            let mut sum = Sum::zero();
            let mut power = group.len().div_ceil(BLOCK);
            let mut carried = V::in_first(y);
            for part in group.chunks(V::LANES * BLOCK) {
                sum.add(load::<V>(part).swap().xor(carried), key.powers(power));
                power = power.wrapping_sub(V::LANES);
                carried = V::zero();
            }
            y = sum.reduce().add_lanes();
        }
    }
    y
}

/// Encrypts or decrypts `count` chunks of a longer text, and returns their hash
/// from `y` on up to where the rest of the text follows.
#[inline(always)]
unsafe fn chunks<V: Register, const STEP: usize>(
    key: &GcmKey,
    nonce: __m128i,
    y: __m128i,
    text: &mut Text,
    count: usize,
    seals: bool,
) -> Sum<V> {
    let blocks = STEP * V::LANES;
    // SAFETY: the caller's word.
    unsafe {
        let nonce = V::broadcast(nonce);
        let mut counter = 2;
        let mut carried = V::in_first(y);
        let mut sum = Sum::zero();
        let mut x = chunk::<V, STEP>(key, nonce, &mut counter, text, seals, None);
        let mut is_first_of_two = false;
        for left in (1..count).rev() {
            is_first_of_two = !is_first_of_two && left > 1;
            let highest = if is_first_of_two { 2 * blocks } else { blocks };
            x[0] = x[0].xor(carried);
            let hashed = Some((&mut sum, x, highest));
            x = chunk(key, nonce, &mut counter, text, seals, hashed);
            carried = V::zero();
            if !is_first_of_two {
                carried = sum.reduce();
                sum = Sum::zero();
            }
        }
        x[0] = x[0].xor(carried);
        for (i, x) in x.into_iter().enumerate() {
            sum.add(x, key.powers(blocks - V::LANES * i + text.blocks() + 1));
        }
        sum
    }
}

/// Encrypts or decrypts a chunk and returns its ciphertext for the hash. Between
/// the rounds another chunk is `hashed`: added to a sum with the powers from the
/// highest downwards, every lane with the same.
#[inline(always)]
unsafe fn chunk<V: Register, const STEP: usize>(
    key: &GcmKey,
    nonce: V,
    counter: &mut i32,
    text: &mut Text,
    seals: bool,
    mut hashed: Option<(&mut Sum<V>, [V; STEP], usize)>,
) -> [V; STEP] {
    let width = V::LANES * BLOCK;
    // SAFETY: the caller's word; the text has a chunk.
    unsafe {
        let mut state = [V::zero(); STEP];
        let whitening = nonce.xor(key.round(0));
        for state in &mut state {
            *state = V::counting(0).plus(*counter).swap().xor(whitening);
            *counter = counter.wrapping_add(V::LANES as i32);
        }
        // In each of the first eight rounds an eighth of the multiplications.
        for i in 0..8 {
            round(key, &mut state, i + 1);
            if let Some((sum, x, highest)) = &mut hashed {
                for half in i * STEP / 4..(i + 1) * STEP / 4 {
                    let h = power_everywhere(key, *highest - half / 2 * V::LANES);
                    match half % 2 {
                        0 => sum.add_outer(x[half / 2], h),
                        _ => sum.add_inner(x[half / 2], h),
                    }
                }
            }
        }
        round(key, &mut state, 9);
        if key.is_aes256 {
            for i in 10..LAST {
                round(key, &mut state, i);
            }
        }
        let mut ciphertext = state;
        for (i, state) in state.into_iter().enumerate() {
            let data = V::load(text.input.add(width * i));
            let out = state.aesenclast(data.xor(key.round(LAST)));
            out.store(text.output.add(width * i));
            ciphertext[i] = if seals { out.swap() } else { data.swap() };
        }
        text.input = text.input.add(STEP * width);
        text.output = text.output.add(STEP * width);
        text.len -= STEP * width;
        ciphertext
    }
}

/// The last blocks of a text, at most a chunk. Their number, which is public,
/// decides how many registers are used, and whether one has room for J0.
#[inline(always)]
unsafe fn last<V: Register, K: Keys<V>, const STEP: usize>(
    key: &K,
    nonce: __m128i,
    done: usize,
    sum: Sum<V>,
    text: Text,
    expected: Option<Expected<'_>>,
) -> __m128i {
    /// [`finish`] with so many registers, and J0 apart or with the first blocks.
    macro_rules! finish {
        ($registers:literal, $apart:literal) => {
            finish::<V, K, $registers, $apart>(key, nonce, done, sum, text, expected)
        };
    }
    let (blocks, many) = (text.blocks(), K::HAS_MANY);
    // SAFETY: the caller's word.
    unsafe {
        if V::SHARES_J0 && blocks % V::LANES != 0 {
            return match blocks / V::LANES {
                1 if many => finish!(2, false),
                2 if many => finish!(3, false),
                3 if many => finish!(4, false),
                _ => finish!(1, false),
            };
        }
        match blocks.div_ceil(V::LANES) {
            0 => finish!(0, true),
            2 if many => finish!(2, true),
            3 if many => finish!(3, true),
            4 if many => finish!(4, true),
            5 if many && STEP > 4 => finish!(5, true),
            6 if many && STEP > 4 => finish!(6, true),
            7 if many && STEP > 4 => finish!(7, true),
            8 if many && STEP > 4 => finish!(8, true),
            _ => finish!(1, true),
        }
    }
}

/// The last blocks, in `N` registers, and the tag. If J0 is not apart, the first
/// lane of the first register is for it, and the text begins behind.
#[inline(always)]
unsafe fn finish<V: Register, K: Keys<V>, const N: usize, const J0_APART: bool>(
    key: &K,
    nonce: __m128i,
    done: usize,
    mut sum: Sum<V>,
    text: Text,
    expected: Option<Expected<'_>>,
) -> __m128i {
    let width = V::LANES * BLOCK;
    let skipped = if J0_APART { 0 } else { BLOCK };
    let input = |i| text.input.wrapping_sub(skipped).wrapping_add(width * i);
    let output = |i| text.output.wrapping_sub(skipped).wrapping_add(width * i);
    let powers_from = text.blocks() + 1 + skipped / BLOCK;
    // SAFETY: the caller's word. All accesses are masked to the text.
    unsafe {
        let mask = |i| {
            let start = if i == 0 { skipped } else { 0 };
            let end = if i == N - 1 { skipped + text.len - width * i } else { width };
            V::mask(start, end)
        };
        if expected.is_some() {
            for i in 0..N {
                let ciphertext = V::load_masked(input(i), mask(i));
                sum.add(ciphertext.swap(), key.powers(powers_from - V::LANES * i));
            }
        }

        let mut state = [V::zero(); N];
        for (i, state) in state.iter_mut().enumerate() {
            let first = V::LANES * i + if J0_APART { 2 } else { 1 };
            let mut counters = V::counting(first as i32).plus(done as i32);
            if i == 0 && !J0_APART {
                let one = V::in_first(_mm_set_epi64x(0, 1));
                counters = counters.keep(V::mask(BLOCK, width)).or(one);
            }
            *state = V::broadcast(nonce).or(counters.swap()).xor(key.round(0));
        }
        let mut j0 =
            _mm_xor_si128(_mm_or_si128(nonce, _mm_set_epi64x(J0_COUNTER, 0)), key.round(0).first());
        for i in 1..10 {
            round(key, &mut state, i);
            j0 = _mm_aesenc_si128(j0, key.round(i).first());
        }
        if key.is_aes256() {
            for i in 10..LAST {
                round(key, &mut state, i);
                j0 = _mm_aesenc_si128(j0, key.round(i).first());
            }
        }
        let last_key = key.round(LAST);
        let mut encrypted_j0 = _mm_aesenclast_si128(j0, last_key.first());
        for (i, out) in state.iter_mut().enumerate() {
            let data = V::load_masked(input(i), mask(i));
            *out = out.aesenclast(data.xor(last_key));
            if i == 0 && !J0_APART {
                encrypted_j0 = out.first();
            }
            if expected.is_none() {
                out.store_masked(output(i), mask(i));
                let ciphertext = out.keep(mask(i));
                sum.add(ciphertext.swap(), key.powers(powers_from - V::LANES * i));
            }
        }
        let hash = sum.reduce().add_lanes();
        let tag = _mm_xor_si128(_mm_shuffle_epi8(hash, aes::byte_swap()), encrypted_j0);
        let Some(Expected { tag: expected, on_failure }) = expected else {
            return tag;
        };

        let difference = _mm_xor_si128(tag, _mm_loadu_si128(expected.as_ptr().cast()));
        let is_verified = V::broadcast(all_ones_if_zero(difference));
        for (i, out) in state.into_iter().enumerate() {
            let otherwise = match on_failure {
                OnFailure::Zero => V::zero(),
                OnFailure::Keep => V::load_masked(output(i), mask(i)),
            };
            is_verified.select(out, otherwise).store_masked(output(i), mask(i));
        }
        difference
    }
}

/// Round `i` of several registers.
#[inline(always)]
unsafe fn round<V: Register, K: Keys<V>, const N: usize>(key: &K, state: &mut [V; N], i: usize) {
    // SAFETY: the caller's word.
    unsafe {
        let round_key = key.round(i);
        for state in state {
            *state = state.aesenc(round_key);
        }
    }
}

/// A sum of products of 128 by 128 bits in each lane, not yet reduced.
#[derive(Clone, Copy)]
struct Sum<V> {
    low: V,
    middle: V,
    high: V,
}

impl<V: Register> Sum<V> {
    #[inline(always)]
    unsafe fn zero() -> Self {
        // SAFETY: the caller's word.
        unsafe { Self { low: V::zero(), middle: V::zero(), high: V::zero() } }
    }

    #[inline(always)]
    unsafe fn product(x: V, h: V) -> Self {
        // SAFETY: the caller's word.
        unsafe {
            Self {
                low: x.multiply_halves::<0x00>(h),
                middle: x.multiply_halves::<0x01>(h).xor(x.multiply_halves::<0x10>(h)),
                high: x.multiply_halves::<0x11>(h),
            }
        }
    }

    #[inline(always)]
    unsafe fn plus(self, other: Self) -> Self {
        // SAFETY: the caller's word.
        unsafe {
            Self {
                low: self.low.xor(other.low),
                middle: self.middle.xor(other.middle),
                high: self.high.xor(other.high),
            }
        }
    }

    /// Adds the product of the lanes.
    #[inline(always)]
    unsafe fn add(&mut self, x: V, h: V) {
        // SAFETY: the caller's word.
        unsafe {
            self.add_outer(x, h);
            self.add_inner(x, h);
        }
    }

    /// Adds what the product has of both low and of both high halves.
    #[inline(always)]
    unsafe fn add_outer(&mut self, x: V, h: V) {
        // SAFETY: the caller's word.
        unsafe {
            self.low = self.low.xor(x.multiply_halves::<0x00>(h));
            self.high = self.high.xor(x.multiply_halves::<0x11>(h));
        }
    }

    /// Adds what the product has of a low and a high half.
    #[inline(always)]
    unsafe fn add_inner(&mut self, x: V, h: V) {
        // SAFETY: the caller's word.
        unsafe {
            let (one, other) = (x.multiply_halves::<0x01>(h), x.multiply_halves::<0x10>(h));
            self.middle = self.middle.xor3(one, other);
        }
    }

    /// Folds the lowest 64 bits away, and then the next 64 (Gueron's reduction,
    /// which is Montgomery's for polynomials).
    #[inline(always)]
    unsafe fn reduce(self) -> V {
        // SAFETY: the caller's word.
        unsafe {
            let polynomial = V::broadcast(_mm_set_epi64x(0, aes::POLYNOMIAL));
            let folded = polynomial.multiply_halves::<0x00>(self.low);
            let middle = self.middle.xor3(self.low.exchange_halves(), folded);
            let folded = polynomial.multiply_halves::<0x00>(middle);
            self.high.xor3(middle.exchange_halves(), folded)
        }
    }
}

#[inline(always)]
pub(super) unsafe fn multiply<V: Register>(a: V, b: V) -> V {
    // SAFETY: the caller's word.
    unsafe { Sum::product(a, b).reduce() }
}

/// J0 without the nonce.
const J0_COUNTER: i64 = 1 << 56;

/// A nonce and a counter of zero. Words are loaded one by one: a nonce was often
/// stored just before in two parts, and a wider load would wait for them.
#[inline(always)]
unsafe fn load_nonce(nonce: &[u8; NONCE]) -> __m128i {
    #[repr(C, packed)]
    struct Unaligned(i32);

    let words = nonce.as_ptr().cast::<Unaligned>();
    // SAFETY: the caller's word; three words are read from an array of 12 bytes.
    unsafe {
        let a = words.read_volatile().0;
        let b = words.add(1).read_volatile().0;
        let c = words.add(2).read_volatile().0;
        _mm_set_epi32(0, c, b, a)
    }
}

/// The block of lengths in bits, byte-swapped.
#[inline(always)]
unsafe fn lengths(aad: usize, text: usize) -> __m128i {
    // SAFETY: the caller's word.
    unsafe { _mm_slli_epi64::<3>(_mm_set_epi64x(aad as i64, text as i64)) }
}

/// At most a register of associated data or ciphertext, zeros behind.
#[inline(always)]
unsafe fn load<V: Register>(data: &[u8]) -> V {
    // SAFETY: the caller's word; the mask admits only bytes of the slice.
    unsafe { V::load_masked(data.as_ptr(), V::mask(0, data.len())) }
}

/// All ones if a block is zero, zeros otherwise; without a branch.
#[inline(always)]
unsafe fn all_ones_if_zero(x: __m128i) -> __m128i {
    // SAFETY: the caller's word.
    unsafe {
        let halves = _mm_cmpeq_epi64(x, _mm_setzero_si128());
        _mm_and_si128(halves, _mm_shuffle_epi32::<0b01_00_11_10>(halves))
    }
}

/// A number that is zero if and only if the block is.
#[inline(always)]
pub(super) unsafe fn any_bit(x: __m128i) -> u64 {
    // SAFETY: the caller's word.
    unsafe { _mm_cvtsi128_si64(_mm_or_si128(x, _mm_unpackhi_epi64(x, x))) as u64 }
}

#[inline(always)]
pub(super) unsafe fn store_tag(x: __m128i, tag: &mut [u8; TAG]) {
    // SAFETY: the caller's word; 16 bytes are written to an array of so many.
    unsafe { _mm_storeu_si128(tag.as_mut_ptr().cast(), x) };
}

/// The entries of a tier, which are the same in each: safe functions that take
/// the token, and functions compiled for the features. The tier says how to wipe
/// after the making of a key, `wipe_key`, short messages, `wipe_short`, long ones,
/// `wipe_long`, and those with a key of their own, `wipe_once`.
macro_rules! entries {
    (
        token: $token:ty,
        features: $features:literal,
        register: $register:ty,
        registers of a chunk: $step:literal,
        once: $once:ty,
    ) => {
        /// Makes the round keys and the powers of the hash key.
        #[inline]
        pub(in crate::kernel) fn expand(token: $token, secret: Secret<'_>, key: &mut GcmKey) {
            #[inline(never)]
            #[target_feature(enable = $features)]
            fn compiled(secret: Secret<'_>, key: &mut GcmKey) {
                const COUNT: usize = gcm::powers::<$register, $step>();
                // SAFETY: this function is compiled for the features.
                unsafe {
                    gcm::expand::<$register>(secret, &mut key.round_keys, &mut key.powers, COUNT);
                }
            }
            // SAFETY: the token proves the features.
            unsafe { compiled(secret, key) };
            wipe_key(token);
        }

        /// Encrypts `text` and returns the tag.
        #[inline]
        pub(in crate::kernel) fn seal(
            token: $token,
            key: &GcmKey,
            nonce: &[u8; NONCE],
            aad: &[u8],
            text: InOutBuf<'_, '_, u8>,
        ) -> [u8; TAG] {
            let mut tag = [0; TAG];
            if gcm::is_short::<$register, $step>(aad.len(), text.len()) {
                // SAFETY: the token proves the features.
                unsafe { seal_short(key, nonce, aad, text, &mut tag) };
                wipe_short(token);
            } else {
                // SAFETY: as above.
                unsafe { seal_long(key, nonce, aad, text, &mut tag) };
                wipe_long(token);
            }
            tag
        }

        /// Decrypts `text` if the tag is right, and says whether it is.
        #[inline]
        pub(in crate::kernel) fn open(
            token: $token,
            key: &GcmKey,
            nonce: &[u8; NONCE],
            aad: &[u8],
            mut text: InOutBuf<'_, '_, u8>,
            tag: &[u8; TAG],
            on_failure: OnFailure,
        ) -> bool {
            if gcm::is_short::<$register, $step>(aad.len(), text.len()) {
                let expected = Expected { tag, on_failure };
                // SAFETY: the token proves the features.
                let difference = unsafe { open_short(key, nonce, aad, text, expected) };
                wipe_short(token);
                return verdict::is_zero(difference);
            }
            if on_failure == OnFailure::Keep {
                // SAFETY: as above.
                let difference = unsafe { verify(key, nonce, aad, text.get_in(), tag) };
                wipe_long(token);
                if !verdict::is_zero(difference) {
                    return false;
                }
            }
            let expected = Expected { tag, on_failure: OnFailure::Zero };
            // SAFETY: as above.
            let difference = unsafe { open_long(key, nonce, aad, text.reborrow(), expected) };
            wipe_long(token);
            let is_verified = verdict::is_zero(difference);
            if !is_verified {
                text.get_out().fill(0);
            }
            is_verified
        }

        /// [`seal`] with a key that is used once.
        #[inline]
        pub(in crate::kernel) fn seal_once(
            token: $token,
            secret: Secret<'_>,
            nonce: &[u8; NONCE],
            aad: &[u8],
            text: InOutBuf<'_, '_, u8>,
        ) -> [u8; TAG] {
            #[inline(never)]
            #[target_feature(enable = $features)]
            fn compiled(
                secret: Secret<'_>,
                nonce: &[u8; NONCE],
                aad: &[u8],
                text: InOutBuf<'_, '_, u8>,
                tag: &mut [u8; TAG],
            ) {
                // SAFETY: this function is compiled for the features.
                unsafe {
                    let mut key = <$once>::EMPTY;
                    key.expand(secret, aad.len(), text.len());
                    let text = Text::new(text);
                    let made = gcm::short::<$register, _, $step>(&key, nonce, aad, text, None);
                    gcm::store_tag(made, tag);
                }
            }
            if aad.len() > <$once>::AAD || text.len() > <$once>::TEXT {
                let mut key = GcmKey::empty_for(Tier::from(token));
                key.expand(secret);
                return key.seal(nonce, aad, text);
            }
            let mut tag = [0; TAG];
            // SAFETY: the token proves the features.
            unsafe { compiled(secret, nonce, aad, text, &mut tag) };
            wipe_once(token);
            tag
        }

        /// [`open`] with a key that is used once.
        #[inline]
        pub(in crate::kernel) fn open_once(
            token: $token,
            secret: Secret<'_>,
            nonce: &[u8; NONCE],
            aad: &[u8],
            text: InOutBuf<'_, '_, u8>,
            tag: &[u8; TAG],
            on_failure: OnFailure,
        ) -> bool {
            #[inline(never)]
            #[target_feature(enable = $features)]
            fn compiled(
                secret: Secret<'_>,
                nonce: &[u8; NONCE],
                aad: &[u8],
                text: InOutBuf<'_, '_, u8>,
                expected: Expected<'_>,
            ) -> u64 {
                // SAFETY: this function is compiled for the features.
                unsafe {
                    let mut key = <$once>::EMPTY;
                    key.expand(secret, aad.len(), text.len());
                    let (text, expected) = (Text::new(text), Some(expected));
                    gcm::any_bit(gcm::short::<$register, _, $step>(
                        &key, nonce, aad, text, expected,
                    ))
                }
            }
            if aad.len() > <$once>::AAD || text.len() > <$once>::TEXT {
                let mut key = GcmKey::empty_for(Tier::from(token));
                key.expand(secret);
                return key.open(nonce, aad, text, tag, on_failure);
            }
            let expected = Expected { tag, on_failure };
            // SAFETY: the token proves the features.
            let difference = unsafe { compiled(secret, nonce, aad, text, expected) };
            wipe_once(token);
            verdict::is_zero(difference)
        }

        #[inline(never)]
        #[target_feature(enable = $features)]
        fn seal_short(
            key: &GcmKey,
            nonce: &[u8; NONCE],
            aad: &[u8],
            text: InOutBuf<'_, '_, u8>,
            tag: &mut [u8; TAG],
        ) {
            let text = Text::new(text);
            // SAFETY: this function is compiled for the features.
            unsafe {
                let made = gcm::short::<$register, _, $step>(key, nonce, aad, text, None);
                gcm::store_tag(made, tag);
            }
        }

        #[inline(never)]
        #[target_feature(enable = $features)]
        fn seal_long(
            key: &GcmKey,
            nonce: &[u8; NONCE],
            aad: &[u8],
            text: InOutBuf<'_, '_, u8>,
            tag: &mut [u8; TAG],
        ) {
            let text = Text::new(text);
            // SAFETY: this function is compiled for the features.
            unsafe {
                gcm::store_tag(gcm::long::<$register, $step>(key, nonce, aad, text, None), tag);
            }
        }

        #[inline(never)]
        #[target_feature(enable = $features)]
        fn open_short(
            key: &GcmKey,
            nonce: &[u8; NONCE],
            aad: &[u8],
            text: InOutBuf<'_, '_, u8>,
            expected: Expected<'_>,
        ) -> u64 {
            let (text, expected) = (Text::new(text), Some(expected));
            // SAFETY: this function is compiled for the features.
            unsafe {
                gcm::any_bit(gcm::short::<$register, _, $step>(key, nonce, aad, text, expected))
            }
        }

        #[inline(never)]
        #[target_feature(enable = $features)]
        fn open_long(
            key: &GcmKey,
            nonce: &[u8; NONCE],
            aad: &[u8],
            text: InOutBuf<'_, '_, u8>,
            expected: Expected<'_>,
        ) -> u64 {
            let (text, expected) = (Text::new(text), Some(expected));
            // SAFETY: this function is compiled for the features.
            unsafe { gcm::any_bit(gcm::long::<$register, $step>(key, nonce, aad, text, expected)) }
        }

        #[inline(never)]
        #[target_feature(enable = $features)]
        fn verify(
            key: &GcmKey,
            nonce: &[u8; NONCE],
            aad: &[u8],
            text: &[u8],
            tag: &[u8; TAG],
        ) -> u64 {
            // SAFETY: this function is compiled for the features.
            unsafe { gcm::any_bit(gcm::verify::<$register, $step>(key, nonce, aad, text, tag)) }
        }
    };
}
pub(super) use entries;
