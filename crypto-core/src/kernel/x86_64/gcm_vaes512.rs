//! AES-GCM with VAES, VPCLMULQDQ and AVX-512: four blocks in a register.
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
//! **Short messages**, up to 256 bytes, are done in one pass: all blocks are
//! encrypted at the same time and multiplied by their powers. What is out of the
//! message is masked, so nothing is copied. Opening computes the text in
//! registers and stores it masked by the verdict: nothing unverified is stored.
//!
//! **Long messages** are done in chunks of sixteen blocks, where the encryption
//! of one chunk is interleaved with the hashing of the chunk before. The hash
//! keeps four sums, one a lane, all multiplied by the same power, and reduces
//! once in two chunks. The end is done as a short message.

use core::arch::x86_64::*;
use core::ptr;

use inout::InOutBuf;

use super::aes::{self, LAST};
use crate::kernel::cpu::Vaes512;
use crate::kernel::gcm::{BLOCK, GcmKey, NONCE, OnFailure, Secret, TAG, Tier};
use crate::kernel::{verdict, wipe};

/// The highest power of the hash key in a key. Behind the powers there are
/// zeros, for lanes without a block.
const HIGHEST: usize = 36;
/// Bytes of a register of four blocks.
const WIDTH: usize = 4 * BLOCK;
/// Bytes of a chunk of a long message; at most so many has a short one.
const CHUNK: usize = 4 * WIDTH;
/// The most bytes of associated data of a short message.
const SHORT_AAD: usize = 256;
/// Bytes of stack below a call for a short message, a long one, and for one
/// with a key of its own.
const SHORT_STACK: usize = 0;
const LONG_STACK: usize = 256;
const ONCE_STACK: usize = 0;

/// Makes the round keys and the powers of the hash key.
#[inline]
pub(in crate::kernel) fn expand(token: Vaes512, secret: Secret<'_>, key: &mut GcmKey) {
    // SAFETY: the token proves the features.
    unsafe { expand_key(secret, key) };
    wipe::avx512::<SHORT_STACK>(token);
}

/// Encrypts `text` and returns the tag.
#[inline]
pub(in crate::kernel) fn seal(
    token: Vaes512,
    key: &GcmKey,
    nonce: &[u8; NONCE],
    aad: &[u8],
    text: InOutBuf<'_, '_, u8>,
) -> [u8; TAG] {
    let mut tag = [0; TAG];
    if aad.len() <= SHORT_AAD && text.len() <= CHUNK {
        // SAFETY: the token proves the features.
        unsafe { seal_short(key, nonce, aad, text, &mut tag) };
        wipe::avx512::<SHORT_STACK>(token);
    } else {
        // SAFETY: as above.
        unsafe { seal_long(key, nonce, aad, text, &mut tag) };
        wipe::avx512::<LONG_STACK>(token);
    }
    tag
}

/// Decrypts `text` and says whether the tag is right.
#[inline]
pub(in crate::kernel) fn open(
    token: Vaes512,
    key: &GcmKey,
    nonce: &[u8; NONCE],
    aad: &[u8],
    mut text: InOutBuf<'_, '_, u8>,
    tag: &[u8; TAG],
    on_failure: OnFailure,
) -> bool {
    if aad.len() <= SHORT_AAD && text.len() <= CHUNK {
        // SAFETY: the token proves the features.
        let difference = unsafe { open_short(key, nonce, aad, text, tag, on_failure) };
        wipe::avx512::<SHORT_STACK>(token);
        return verdict::is_zero(difference);
    }
    if on_failure == OnFailure::Keep {
        // SAFETY: as above.
        let difference = unsafe { verify(key, nonce, aad, text.get_in(), tag) };
        wipe::avx512::<LONG_STACK>(token);
        if !verdict::is_zero(difference) {
            return false;
        }
    }
    // SAFETY: as above.
    let difference = unsafe { open_long(key, nonce, aad, text.reborrow(), tag) };
    wipe::avx512::<LONG_STACK>(token);
    let is_verified = verdict::is_zero(difference);
    if !is_verified {
        text.get_out().fill(0);
    }
    is_verified
}

/// [`seal`] with a key that is used once.
#[inline]
pub(in crate::kernel) fn seal_once(
    token: Vaes512,
    secret: Secret<'_>,
    nonce: &[u8; NONCE],
    aad: &[u8],
    text: InOutBuf<'_, '_, u8>,
) -> [u8; TAG] {
    if aad.len() > Once::AAD || text.len() > Once::TEXT {
        let mut key = GcmKey::empty_for(Tier::Vaes512(token));
        key.expand(secret);
        return key.seal(nonce, aad, text);
    }
    let mut tag = [0; TAG];
    // SAFETY: the token proves the features.
    unsafe { seal_short_once(secret, nonce, aad, text, &mut tag) };
    wipe::avx512::<ONCE_STACK>(token);
    tag
}

/// [`open`] with a key that is used once.
#[inline]
pub(in crate::kernel) fn open_once(
    token: Vaes512,
    secret: Secret<'_>,
    nonce: &[u8; NONCE],
    aad: &[u8],
    text: InOutBuf<'_, '_, u8>,
    tag: &[u8; TAG],
    on_failure: OnFailure,
) -> bool {
    if aad.len() > Once::AAD || text.len() > Once::TEXT {
        let mut key = GcmKey::empty_for(Tier::Vaes512(token));
        key.expand(secret);
        return key.open(nonce, aad, text, tag, on_failure);
    }
    // SAFETY: the token proves the features.
    let difference = unsafe { open_short_once(secret, nonce, aad, text, tag, on_failure) };
    wipe::avx512::<ONCE_STACK>(token);
    verdict::is_zero(difference)
}

// What follows is compiled for the token's features. Small functions say so and
// are inlined into each other. Those that are too large for the compiler to
// inline on its own are `inline(always)`, which excludes saying so: their
// contract is that only functions with the features call them.

#[inline(never)]
#[target_feature(enable = "vaes,vpclmulqdq,bmi2,avx512f,avx512bw,avx512dq,avx512vl")]
fn expand_key(secret: Secret<'_>, key: &mut GcmKey) {
    // SAFETY: this function has the features.
    let (round_keys, h) = unsafe { schedule(secret) };
    for (to, from) in key.round_keys.iter_mut().zip(round_keys) {
        // SAFETY: 16 bytes are written to an array of so many.
        unsafe { _mm_storeu_si128(to.as_mut_ptr().cast(), from) };
    }
    let low = four_powers(h);
    let mut quads = [low; HIGHEST / 4];
    quads[1] = multiply(low, first_lane(low));
    let h8 = first_lane(quads[1]);
    quads[2] = multiply(quads[0], h8);
    quads[3] = multiply(quads[1], h8);
    let h16 = first_lane(quads[3]);
    for i in 0..4 {
        quads[4 + i] = multiply(quads[i], h16);
    }
    quads[8] = multiply(quads[4], h16);
    let powers = key.powers.as_mut_ptr();
    for (i, quad) in quads.into_iter().rev().enumerate() {
        // SAFETY: four powers are written to the i-th four of the array.
        unsafe { _mm512_storeu_si512(powers.add(4 * i).cast(), quad) };
    }
}

#[inline(never)]
#[target_feature(enable = "vaes,vpclmulqdq,bmi2,avx512f,avx512bw,avx512dq,avx512vl")]
fn seal_short(
    key: &GcmKey,
    nonce: &[u8; NONCE],
    aad: &[u8],
    text: InOutBuf<'_, '_, u8>,
    tag: &mut [u8; TAG],
) {
    // SAFETY: this function has the features.
    store_tag(unsafe { short(key, nonce, aad, Text::new(text), None) }, tag);
}

#[inline(never)]
#[target_feature(enable = "vaes,vpclmulqdq,bmi2,avx512f,avx512bw,avx512dq,avx512vl")]
fn seal_long(
    key: &GcmKey,
    nonce: &[u8; NONCE],
    aad: &[u8],
    text: InOutBuf<'_, '_, u8>,
    tag: &mut [u8; TAG],
) {
    // SAFETY: this function has the features.
    store_tag(unsafe { long(key, nonce, aad, Text::new(text), None) }, tag);
}

#[inline(never)]
#[target_feature(enable = "vaes,vpclmulqdq,bmi2,avx512f,avx512bw,avx512dq,avx512vl")]
fn seal_short_once(
    secret: Secret<'_>,
    nonce: &[u8; NONCE],
    aad: &[u8],
    text: InOutBuf<'_, '_, u8>,
    tag: &mut [u8; TAG],
) {
    // SAFETY: this function has the features.
    let key = unsafe { Once::new(secret) };
    // SAFETY: this function has the features.
    store_tag(unsafe { short(&key, nonce, aad, Text::new(text), None) }, tag);
}

#[inline(never)]
#[target_feature(enable = "vaes,vpclmulqdq,bmi2,avx512f,avx512bw,avx512dq,avx512vl")]
fn open_short(
    key: &GcmKey,
    nonce: &[u8; NONCE],
    aad: &[u8],
    text: InOutBuf<'_, '_, u8>,
    tag: &[u8; TAG],
    on_failure: OnFailure,
) -> u64 {
    let expected = Expected { tag, on_failure };
    // SAFETY: this function has the features.
    any_bit(unsafe { short(key, nonce, aad, Text::new(text), Some(expected)) })
}

#[inline(never)]
#[target_feature(enable = "vaes,vpclmulqdq,bmi2,avx512f,avx512bw,avx512dq,avx512vl")]
fn open_long(
    key: &GcmKey,
    nonce: &[u8; NONCE],
    aad: &[u8],
    text: InOutBuf<'_, '_, u8>,
    tag: &[u8; TAG],
) -> u64 {
    let expected = Expected { tag, on_failure: OnFailure::Zero };
    // SAFETY: this function has the features.
    any_bit(unsafe { long(key, nonce, aad, Text::new(text), Some(expected)) })
}

#[inline(never)]
#[target_feature(enable = "vaes,vpclmulqdq,bmi2,avx512f,avx512bw,avx512dq,avx512vl")]
fn open_short_once(
    secret: Secret<'_>,
    nonce: &[u8; NONCE],
    aad: &[u8],
    text: InOutBuf<'_, '_, u8>,
    tag: &[u8; TAG],
    on_failure: OnFailure,
) -> u64 {
    // SAFETY: this function has the features.
    let key = unsafe { Once::new(secret) };
    let expected = Expected { tag, on_failure };
    // SAFETY: this function has the features.
    any_bit(unsafe { short(&key, nonce, aad, Text::new(text), Some(expected)) })
}

/// How the tag of a ciphertext differs from `tag`.
#[inline(never)]
#[target_feature(enable = "vaes,vpclmulqdq,bmi2,avx512f,avx512bw,avx512dq,avx512vl")]
fn verify(
    key: &GcmKey,
    nonce: &[u8; NONCE],
    aad: &[u8],
    ciphertext: &[u8],
    tag: &[u8; TAG],
) -> u64 {
    let y = hash(key, hash(key, _mm_setzero_si128(), aad), ciphertext);
    let lengths = lengths(aad.len(), ciphertext.len());
    let mut sum = Sum::zero();
    // SAFETY: this function has the features.
    sum.add(in_first_lane(_mm_xor_si128(y, lengths)), unsafe { key.powers(1) });
    let expected = Expected { tag, on_failure: OnFailure::Keep };
    // SAFETY: this function has the features.
    any_bit(unsafe {
        finish::<_, 0, true>(key, load_nonce(nonce), 0, sum, Text::EMPTY, Some(expected))
    })
}

/// What is left to do of a message: `len` bytes from `input` to `output`, which
/// are the same or apart.
#[derive(Clone, Copy)]
struct Text {
    input: *const u8,
    output: *mut u8,
    len: usize,
}

impl Text {
    const EMPTY: Self = Self { input: ptr::null(), output: ptr::null_mut(), len: 0 };

    #[inline]
    fn new(text: InOutBuf<'_, '_, u8>) -> Self {
        let len = text.len();
        let (input, output) = text.into_raw();
        Self { input, output, len }
    }

    #[inline]
    fn blocks(&self) -> usize {
        self.len.div_ceil(BLOCK)
    }
}

/// What an open needs besides; a seal has none.
#[derive(Clone, Copy)]
struct Expected<'a> {
    tag: &'a [u8; TAG],
    on_failure: OnFailure,
}

/// Where round keys and powers of the hash key come from.
trait Keys {
    /// Whether there are powers for more than four blocks of text.
    const HAS_MANY: bool;

    /// Round key `i` in every lane.
    ///
    /// # Safety
    /// The caller has the features; `i` is at most [`LAST`].
    unsafe fn round(&self, i: usize) -> __m512i;

    /// Four powers from `highest` downwards, the first lane first; lanes below
    /// the first power hold anything.
    ///
    /// # Safety
    /// The caller has the features; `highest` is a power of this key.
    unsafe fn powers(&self, highest: usize) -> __m512i;

    fn is_aes256(&self) -> bool;
}

impl Keys for GcmKey {
    const HAS_MANY: bool = true;

    #[inline(always)]
    unsafe fn round(&self, i: usize) -> __m512i {
        // SAFETY: 16 bytes are read from an array of so many; the caller has
        // the features.
        unsafe { _mm512_broadcast_i32x4(_mm_loadu_si128(self.round_keys.as_ptr().add(i).cast())) }
    }

    #[inline(always)]
    unsafe fn powers(&self, highest: usize) -> __m512i {
        debug_assert!((1..=HIGHEST).contains(&highest));
        // SAFETY: four blocks from the power on, or zeros, are in the array.
        unsafe { _mm512_loadu_si512(self.powers.as_ptr().add(HIGHEST - highest).cast()) }
    }

    #[inline(always)]
    fn is_aes256(&self) -> bool {
        self.is_aes256
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

    /// # Safety
    /// The caller has the features.
    #[inline(always)]
    unsafe fn new(secret: Secret<'_>) -> Self {
        // SAFETY: the caller has the features.
        unsafe {
            let (round_keys, h) = schedule(secret);
            let low = four_powers(h);
            let high = multiply(low, first_lane(low));
            Self { round_keys, high, low, is_aes256: secret.is_aes256() }
        }
    }
}

impl Keys for Once {
    const HAS_MANY: bool = false;

    #[inline(always)]
    unsafe fn round(&self, i: usize) -> __m512i {
        // SAFETY: the caller has the features.
        unsafe { _mm512_broadcast_i32x4(self.round_keys[i]) }
    }

    #[inline(always)]
    unsafe fn powers(&self, highest: usize) -> __m512i {
        // SAFETY: the caller has the features.
        unsafe {
            let halves = _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0);
            let first = _mm512_set1_epi64(2 * (8 - highest as i64));
            _mm512_permutex2var_epi64(self.high, _mm512_add_epi64(halves, first), self.low)
        }
    }

    #[inline(always)]
    fn is_aes256(&self) -> bool {
        self.is_aes256
    }
}

/// Seals, and returns the tag; or opens, and returns how the tag differs.
///
/// # Safety
/// The caller has the features.
#[inline(always)]
unsafe fn short<K: Keys>(
    key: &K,
    nonce: &[u8; NONCE],
    aad: &[u8],
    text: Text,
    expected: Option<Expected<'_>>,
) -> __m128i {
    // SAFETY: the caller has the features.
    unsafe {
        let sum = header(key, aad, text);
        last(key, load_nonce(nonce), 0, sum, text, expected)
    }
}

/// The same for messages with much text or associated data.
///
/// # Safety
/// The caller has the features.
#[inline(always)]
unsafe fn long(
    key: &GcmKey,
    nonce: &[u8; NONCE],
    aad: &[u8],
    mut text: Text,
    expected: Option<Expected<'_>>,
) -> __m128i {
    // SAFETY: the caller has the features.
    unsafe {
        let nonce = load_nonce(nonce);
        let lengths = lengths(aad.len(), text.len);
        let y = hash(key, _mm_setzero_si128(), aad);
        let mut sum = Sum::zero();
        let mut done = 0;
        if text.len > CHUNK {
            done = (text.len - 1) / CHUNK;
            sum = chunks(key, nonce, y, &mut text, done, expected.is_none());
        } else {
            sum.add(in_first_lane(y), key.powers(text.blocks() + 1));
        }
        sum.add(in_first_lane(lengths), key.powers(1));
        last(key, nonce, 16 * done, sum, text, expected)
    }
}

/// The sum of associated data and lengths, each with its power, of a message
/// whose text is short.
///
/// # Safety
/// The caller has the features; the key has enough powers.
#[inline(always)]
unsafe fn header<K: Keys>(key: &K, aad: &[u8], text: Text) -> Sum {
    // SAFETY: the caller's word.
    unsafe {
        let lengths = lengths(aad.len(), text.len);
        let mut power = aad.len().div_ceil(BLOCK) + text.blocks() + 1;
        let mut sum = Sum::zero();
        let mut rest = aad;
        // The last lane of the last register is for the lengths.
        while rest.len() > WIDTH - BLOCK {
            let (part, behind) = rest.split_at(rest.len().min(WIDTH));
            sum.add(swap(load(part)), key.powers(power));
            power = power.wrapping_sub(4);
            rest = behind;
        }
        let x = if rest.is_empty() { _mm512_setzero_si512() } else { swap(load(rest)) };
        let h = _mm512_castsi512_si128(key.powers(1));
        sum.add(_mm512_inserti32x4::<3>(x, lengths), _mm512_inserti32x4::<3>(key.powers(power), h));
        sum
    }
}

/// The block of lengths in bits, byte-swapped.
#[inline]
#[target_feature(enable = "vaes,vpclmulqdq,bmi2,avx512f,avx512bw,avx512dq,avx512vl")]
fn lengths(aad: usize, text: usize) -> __m128i {
    _mm_slli_epi64::<3>(_mm_set_epi64x(aad as i64, text as i64))
}

/// A nonce and a counter of zero. Words are loaded one by one: a nonce was often
/// stored just before in two parts, and a wider load would wait for them.
#[inline]
#[target_feature(enable = "vaes,vpclmulqdq,bmi2,avx512f,avx512bw,avx512dq,avx512vl")]
fn load_nonce(nonce: &[u8; NONCE]) -> __m128i {
    #[repr(C, packed)]
    struct Unaligned(i32);

    let words = nonce.as_ptr().cast::<Unaligned>();
    // SAFETY: three words are read from an array of 12 bytes.
    let [a, b, c] = unsafe { [0, 1, 2].map(|i| words.add(i).read_volatile().0) };
    _mm_set_epi32(0, c, b, a)
}

/// GHASH from the state `y` on, over `data` and zeros to a whole block.
#[inline]
#[target_feature(enable = "vaes,vpclmulqdq,bmi2,avx512f,avx512bw,avx512dq,avx512vl")]
fn hash(key: &GcmKey, mut y: __m128i, data: &[u8]) -> __m128i {
    for group in data.chunks(HIGHEST / 4 * WIDTH) {
        let mut sum = Sum::zero();
        let mut power = group.len().div_ceil(BLOCK);
        let mut carried = in_first_lane(y);
        for part in group.chunks(WIDTH) {
            let x = _mm512_xor_si512(swap(load(part)), carried);
            // SAFETY: this function has the features.
            sum.add(x, unsafe { key.powers(power) });
            power = power.wrapping_sub(4);
            carried = _mm512_setzero_si512();
        }
        y = add_lanes(sum.reduce());
    }
    y
}

/// Encrypts or decrypts `count` chunks and returns their hash from `y` on, up to
/// where the rest of the text follows.
///
/// # Safety
/// The caller has the features; the text is longer than the chunks.
#[inline(always)]
unsafe fn chunks(
    key: &GcmKey,
    nonce: __m128i,
    y: __m128i,
    text: &mut Text,
    count: usize,
    seals: bool,
) -> Sum {
    // SAFETY: the caller's word.
    unsafe {
        let nonce = _mm512_broadcast_i32x4(nonce);
        let mut counters = _mm512_add_epi32(swap(nonce), counting(2));
        let mut carried = in_first_lane(y);
        let mut sum = Sum::zero();
        let mut x = chunk(key, &mut counters, text, seals, None);
        let mut is_first_of_two = false;
        for left in (1..count).rev() {
            is_first_of_two = !is_first_of_two && left > 1;
            let highest = if is_first_of_two { 32 } else { 16 };
            x[0] = _mm512_xor_si512(x[0], carried);
            x = chunk(key, &mut counters, text, seals, Some((&mut sum, x, highest)));
            carried = _mm512_setzero_si512();
            if !is_first_of_two {
                carried = sum.reduce();
                sum = Sum::zero();
            }
        }
        x[0] = _mm512_xor_si512(x[0], carried);
        for (i, x) in x.into_iter().enumerate() {
            sum.add(x, key.powers(text.blocks() + 1 + 16 - 4 * i));
        }
        sum
    }
}

/// Encrypts or decrypts a chunk and returns its ciphertext for the hash. Between
/// the rounds another chunk is `hashed`: added to a sum with the powers from the
/// highest down in steps of four.
///
/// # Safety
/// The caller has the features; the text has a chunk.
#[inline(always)]
unsafe fn chunk(
    key: &GcmKey,
    counters: &mut __m512i,
    text: &mut Text,
    seals: bool,
    mut hashed: Option<(&mut Sum, [__m512i; 4], usize)>,
) -> [__m512i; 4] {
    // SAFETY: the caller's word.
    unsafe {
        let mut state = [_mm512_setzero_si512(); 4];
        for state in &mut state {
            *state = _mm512_xor_si512(swap(*counters), key.round(0));
            *counters = _mm512_add_epi32(*counters, each_lane(4));
        }
        for step in 0..4 {
            round(key, &mut state, 2 * step + 1);
            if let Some((sum, x, highest)) = &mut hashed {
                sum.add_outer(x[step], first_lane(key.powers(*highest - 4 * step)));
            }
            round(key, &mut state, 2 * step + 2);
            if let Some((sum, x, highest)) = &mut hashed {
                sum.add_inner(x[step], first_lane(key.powers(*highest - 4 * step)));
            }
        }
        round(key, &mut state, 9);
        if key.is_aes256() {
            for i in 10..LAST {
                round(key, &mut state, i);
            }
        }
        let mut ciphertext = state;
        for (i, state) in state.into_iter().enumerate() {
            let data = _mm512_loadu_si512(text.input.add(WIDTH * i).cast());
            let out = _mm512_aesenclast_epi128(state, _mm512_xor_si512(data, key.round(LAST)));
            _mm512_storeu_si512(text.output.add(WIDTH * i).cast(), out);
            ciphertext[i] = swap(if seals { out } else { data });
        }
        text.input = text.input.add(CHUNK);
        text.output = text.output.add(CHUNK);
        text.len -= CHUNK;
        ciphertext
    }
}

/// The last up to sixteen blocks, whose number is public: fewer than four in the
/// last register leave a lane to J0.
///
/// # Safety
/// The caller has the features; the text has at most a chunk.
#[inline(always)]
unsafe fn last<K: Keys>(
    key: &K,
    nonce: __m128i,
    done: usize,
    sum: Sum,
    text: Text,
    expected: Option<Expected<'_>>,
) -> __m128i {
    // SAFETY: the caller's word.
    unsafe {
        match text.blocks() {
            0 => finish::<K, 0, true>(key, nonce, done, sum, text, expected),
            1..=3 => finish::<K, 1, false>(key, nonce, done, sum, text, expected),
            5..=7 if K::HAS_MANY => finish::<K, 2, false>(key, nonce, done, sum, text, expected),
            8 if K::HAS_MANY => finish::<K, 2, true>(key, nonce, done, sum, text, expected),
            9..=11 if K::HAS_MANY => finish::<K, 3, false>(key, nonce, done, sum, text, expected),
            12 if K::HAS_MANY => finish::<K, 3, true>(key, nonce, done, sum, text, expected),
            13..=15 if K::HAS_MANY => finish::<K, 4, false>(key, nonce, done, sum, text, expected),
            16 if K::HAS_MANY => finish::<K, 4, true>(key, nonce, done, sum, text, expected),
            _ => finish::<K, 1, true>(key, nonce, done, sum, text, expected),
        }
    }
}

/// The last blocks, in `N` registers, and the tag. If `J0_APART` is false, the
/// first lane of the first register is for J0, and the text begins behind it.
///
/// # Safety
/// The caller has the features; the text has as many blocks as [`last`] says.
#[inline(always)]
unsafe fn finish<K: Keys, const N: usize, const J0_APART: bool>(
    key: &K,
    nonce: __m128i,
    done: usize,
    mut sum: Sum,
    text: Text,
    expected: Option<Expected<'_>>,
) -> __m128i {
    let seals = expected.is_none();
    let skipped = if J0_APART { 0 } else { BLOCK };
    let input = text.input.wrapping_sub(skipped);
    let output = text.output.wrapping_sub(skipped);
    // SAFETY: the caller's word. All accesses are masked to the text.
    unsafe {
        let mut masks = [u64::MAX; N];
        let mut state = [_mm512_setzero_si512(); N];
        let mut data = state;
        let mut powers = state;
        for i in 0..N {
            if i == N - 1 {
                masks[i] = _bzhi_u64(u64::MAX, (skipped + text.len - WIDTH * i) as u32);
            }
            if i == 0 {
                masks[i] &= u64::MAX << skipped;
            }
            let first = 4 * i + if J0_APART { 2 } else { 1 };
            let mut counters = _mm512_add_epi32(counting(first as i32), each_lane(done as i32));
            if i == 0 && !J0_APART {
                counters = _mm512_mask_mov_epi32(counters, 0x000f, counting(1));
            }
            state[i] = _mm512_ternarylogic_epi32::<OR_XOR>(
                _mm512_broadcast_i32x4(nonce),
                swap(counters),
                key.round(0),
            );
            data[i] = _mm512_maskz_loadu_epi8(masks[i], input.wrapping_add(WIDTH * i).cast());
            powers[i] = key.powers(text.blocks() + if J0_APART { 1 } else { 2 } - 4 * i);
        }
        if !seals {
            for (data, powers) in data.into_iter().zip(powers) {
                sum.add(swap(data), powers);
            }
        }

        let j0 = _mm_xor_si128(
            _mm_or_si128(nonce, _mm_set_epi64x(1 << 56, 0)),
            _mm512_castsi512_si128(key.round(0)),
        );
        let (state, j0) = rounds(key, state, j0);
        let last_key = key.round(LAST);
        let mut out = data;
        for i in 0..N {
            out[i] = _mm512_aesenclast_epi128(state[i], _mm512_xor_si512(data[i], last_key));
        }
        let encrypted_j0 = if J0_APART {
            _mm_aesenclast_si128(j0, _mm512_castsi512_si128(last_key))
        } else {
            _mm512_castsi512_si128(out[0])
        };

        if seals {
            for i in 0..N {
                let to = output.wrapping_add(WIDTH * i).cast::<i8>();
                _mm512_mask_storeu_epi8(to, masks[i], out[i]);
                sum.add(swap(_mm512_maskz_mov_epi8(masks[i], out[i])), powers[i]);
            }
        }
        let hash = _mm_shuffle_epi8(add_lanes(sum.reduce()), aes::byte_swap());
        let Some(Expected { tag, on_failure }) = expected else {
            return _mm_xor_si128(hash, encrypted_j0);
        };

        let tag = _mm_loadu_si128(tag.as_ptr().cast());
        let difference = _mm_ternarylogic_epi64::<XOR3>(hash, encrypted_j0, tag);
        let is_verified = _mm512_broadcast_i32x4(all_ones_if_zero(difference));
        for i in 0..N {
            let to = output.wrapping_add(WIDTH * i).cast::<i8>();
            let otherwise = match on_failure {
                OnFailure::Zero => _mm512_setzero_si512(),
                OnFailure::Keep => _mm512_maskz_loadu_epi8(masks[i], to.cast_const()),
            };
            let released = _mm512_ternarylogic_epi64::<SELECT>(is_verified, out[i], otherwise);
            _mm512_mask_storeu_epi8(to, masks[i], released);
        }
        difference
    }
}

/// All rounds but the last, of registers and, if anybody needs it, of one block.
///
/// # Safety
/// The caller has the features.
#[inline(always)]
unsafe fn rounds<K: Keys, const N: usize>(
    key: &K,
    mut state: [__m512i; N],
    mut block: __m128i,
) -> ([__m512i; N], __m128i) {
    // SAFETY: the caller has the features.
    unsafe {
        for i in 1..10 {
            round(key, &mut state, i);
            block = _mm_aesenc_si128(block, _mm512_castsi512_si128(key.round(i)));
        }
        if key.is_aes256() {
            for i in 10..LAST {
                round(key, &mut state, i);
                block = _mm_aesenc_si128(block, _mm512_castsi512_si128(key.round(i)));
            }
        }
        (state, block)
    }
}

/// Round `i` of several registers.
///
/// # Safety
/// The caller has the features.
#[inline(always)]
unsafe fn round<K: Keys, const N: usize>(key: &K, state: &mut [__m512i; N], i: usize) {
    // SAFETY: the caller has the features.
    unsafe {
        let round_key = key.round(i);
        for state in state {
            *state = _mm512_aesenc_epi128(*state, round_key);
        }
    }
}

/// Truth tables of three inputs.
const XOR3: i32 = 0b1001_0110;
const SELECT: i32 = 0b1100_1010;
const OR_XOR: i32 = 0b0101_0110;

/// A sum of products of 128 by 128 bits, not yet reduced, in four lanes.
#[derive(Clone, Copy)]
struct Sum {
    low: __m512i,
    middle: __m512i,
    high: __m512i,
}

impl Sum {
    #[inline]
    #[target_feature(enable = "vaes,vpclmulqdq,bmi2,avx512f,avx512bw,avx512dq,avx512vl")]
    fn zero() -> Self {
        let zero = _mm512_setzero_si512();
        Self { low: zero, middle: zero, high: zero }
    }

    /// Adds the products of the lanes.
    #[inline]
    #[target_feature(enable = "vaes,vpclmulqdq,bmi2,avx512f,avx512bw,avx512dq,avx512vl")]
    fn add(&mut self, x: __m512i, h: __m512i) {
        self.add_outer(x, h);
        self.add_inner(x, h);
    }

    #[inline]
    #[target_feature(enable = "vaes,vpclmulqdq,bmi2,avx512f,avx512bw,avx512dq,avx512vl")]
    fn add_outer(&mut self, x: __m512i, h: __m512i) {
        self.low = _mm512_xor_si512(self.low, _mm512_clmulepi64_epi128::<0x00>(x, h));
        self.high = _mm512_xor_si512(self.high, _mm512_clmulepi64_epi128::<0x11>(x, h));
    }

    #[inline]
    #[target_feature(enable = "vaes,vpclmulqdq,bmi2,avx512f,avx512bw,avx512dq,avx512vl")]
    fn add_inner(&mut self, x: __m512i, h: __m512i) {
        let one = _mm512_clmulepi64_epi128::<0x01>(x, h);
        let other = _mm512_clmulepi64_epi128::<0x10>(x, h);
        self.middle = xor3(self.middle, one, other);
    }

    /// Folds the lowest 64 bits away, and then the next 64.
    #[inline]
    #[target_feature(enable = "vaes,vpclmulqdq,bmi2,avx512f,avx512bw,avx512dq,avx512vl")]
    fn reduce(self) -> __m512i {
        let polynomial = _mm512_broadcast_i32x4(_mm_set_epi64x(0, aes::POLYNOMIAL));
        let fold = |x| _mm512_clmulepi64_epi128::<0x00>(polynomial, x);
        let swapped = |x| _mm512_shuffle_epi32::<0b01_00_11_10>(x);
        let middle = xor3(self.middle, swapped(self.low), fold(self.low));
        xor3(self.high, swapped(middle), fold(middle))
    }
}

#[inline]
#[target_feature(enable = "vaes,vpclmulqdq,bmi2,avx512f,avx512bw,avx512dq,avx512vl")]
fn multiply(a: __m512i, b: __m512i) -> __m512i {
    let mut sum = Sum::zero();
    sum.add(a, b);
    sum.reduce()
}

/// The round keys, and the hash key times x.
///
/// # Safety
/// The caller has the features.
#[inline(always)]
unsafe fn schedule(secret: Secret<'_>) -> ([__m128i; LAST + 1], __m128i) {
    // SAFETY: the caller has the features.
    unsafe {
        let round_keys = aes::round_keys(secret);
        let zeros = _mm_setzero_si128();
        let h = aes::hash_key(aes::encrypt(&round_keys, secret.is_aes256(), zeros));
        (round_keys, h)
    }
}

/// The fourth to the first power of the hash key.
#[inline]
#[target_feature(enable = "vaes,vpclmulqdq,bmi2,avx512f,avx512bw,avx512dq,avx512vl")]
fn four_powers(h: __m128i) -> __m512i {
    let h = in_first_lane(h);
    let h2 = multiply(h, h);
    let [h_one, h2_one] = [h, h2].map(|h| _mm512_castsi512_si128(h));
    let h2_h = _mm256_set_m128i(h_one, h2_one);
    let h4_h3 = multiply(_mm512_castsi256_si512(h2_h), first_lane(h2));
    _mm512_inserti64x4::<1>(h4_h3, h2_h)
}

#[inline]
#[target_feature(enable = "vaes,vpclmulqdq,bmi2,avx512f,avx512bw,avx512dq,avx512vl")]
fn xor3(a: __m512i, b: __m512i, c: __m512i) -> __m512i {
    _mm512_ternarylogic_epi64::<XOR3>(a, b, c)
}

/// The sum of the lanes.
#[inline]
#[target_feature(enable = "vaes,vpclmulqdq,bmi2,avx512f,avx512bw,avx512dq,avx512vl")]
fn add_lanes(x: __m512i) -> __m128i {
    let half = _mm256_xor_si256(_mm512_castsi512_si256(x), _mm512_extracti64x4_epi64::<1>(x));
    _mm_xor_si128(_mm256_castsi256_si128(half), _mm256_extracti128_si256::<1>(half))
}

/// The first lane in every lane.
#[inline]
#[target_feature(enable = "vaes,vpclmulqdq,bmi2,avx512f,avx512bw,avx512dq,avx512vl")]
fn first_lane(x: __m512i) -> __m512i {
    _mm512_shuffle_i64x2::<0>(x, x)
}

/// A block in the first lane, zeros in the others.
#[inline]
#[target_feature(enable = "vaes,vpclmulqdq,bmi2,avx512f,avx512bw,avx512dq,avx512vl")]
fn in_first_lane(x: __m128i) -> __m512i {
    _mm512_zextsi128_si512(x)
}

/// A number in the lowest word of every lane.
#[inline]
#[target_feature(enable = "vaes,vpclmulqdq,bmi2,avx512f,avx512bw,avx512dq,avx512vl")]
fn each_lane(number: i32) -> __m512i {
    _mm512_maskz_set1_epi32(0b0001_0001_0001_0001, number)
}

/// Four numbers from `first` on in the lowest words of the lanes.
#[inline]
#[target_feature(enable = "vaes,vpclmulqdq,bmi2,avx512f,avx512bw,avx512dq,avx512vl")]
fn counting(first: i32) -> __m512i {
    let [a, b, c, d] = [first, first + 1, first + 2, first + 3];
    _mm512_set_epi32(0, 0, 0, d, 0, 0, 0, c, 0, 0, 0, b, 0, 0, 0, a)
}

/// Each block with its bytes reversed.
#[inline]
#[target_feature(enable = "vaes,vpclmulqdq,bmi2,avx512f,avx512bw,avx512dq,avx512vl")]
fn swap(x: __m512i) -> __m512i {
    _mm512_shuffle_epi8(x, _mm512_broadcast_i32x4(aes::byte_swap()))
}

/// Up to four blocks of public data, zeros behind.
#[inline]
#[target_feature(enable = "vaes,vpclmulqdq,bmi2,avx512f,avx512bw,avx512dq,avx512vl")]
fn load(data: &[u8]) -> __m512i {
    let mask = _bzhi_u64(u64::MAX, data.len() as u32);
    // SAFETY: the mask admits only bytes of the slice.
    unsafe { _mm512_maskz_loadu_epi8(mask, data.as_ptr().cast()) }
}

/// All ones if a block is zero, zeros otherwise; without a branch.
#[inline]
#[target_feature(enable = "vaes,vpclmulqdq,bmi2,avx512f,avx512bw,avx512dq,avx512vl")]
fn all_ones_if_zero(x: __m128i) -> __m128i {
    let halves = _mm_cmpeq_epi64(x, _mm_setzero_si128());
    _mm_and_si128(halves, _mm_shuffle_epi32::<0b01_00_11_10>(halves))
}

/// A number that is zero if and only if the block is.
#[inline]
#[target_feature(enable = "vaes,vpclmulqdq,bmi2,avx512f,avx512bw,avx512dq,avx512vl")]
fn any_bit(x: __m128i) -> u64 {
    _mm_cvtsi128_si64(_mm_or_si128(x, _mm_unpackhi_epi64(x, x))) as u64
}

#[inline]
#[target_feature(enable = "vaes,vpclmulqdq,bmi2,avx512f,avx512bw,avx512dq,avx512vl")]
fn store_tag(x: __m128i, tag: &mut [u8; TAG]) {
    // SAFETY: 16 bytes are written to an array of so many.
    unsafe { _mm_storeu_si128(tag.as_mut_ptr().cast(), x) };
}
