//! SHA-256 (FIPS 180-4) and HMAC (RFC 2104) with it, in compressions: what the
//! tiers have in common, and the choice of a tier.
//!
//! An HMAC key is kept as the two states behind its key blocks, so that a
//! message of up to 55 bytes costs two compressions. States are plain words in
//! every tier; a [`Cpu`] that travels with them tells which one goes on.

use zeroize::optimization_barrier;

#[cfg(target_arch = "aarch64")]
use super::aarch64::sha256 as sha2;
use super::cpu::Cpu;
use super::portable::sha256 as portable;
#[cfg(all(target_arch = "x86_64", feature = "root"))]
use super::x86_64::sha256_lanes;
#[cfg(target_arch = "x86_64")]
use super::x86_64::sha256_ni as sha2;

/// Bytes of a block.
pub(crate) const BLOCK: usize = 64;
/// Bytes of a digest.
pub(crate) const DIGEST: usize = 32;
/// Messages that are hashed at once where the CPU can.
#[cfg(feature = "root")]
pub(crate) const LANES: usize = 16;

/// The eight words of a state.
pub(crate) type Words = [u32; 8];

/// A block in numbers: each holds two words, the first in its high half.
pub(crate) type Block = [u64; 8];

/// The state before the first block (FIPS 180-4 §5.3.3).
#[rustfmt::skip]
pub(crate) const INITIAL: Words = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a,
    0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
];

/// The constants of the rounds (FIPS 180-4 §4.2.2), aligned for vectors.
#[repr(align(64))]
pub(super) struct Constants(pub(super) [u32; 64]);

#[rustfmt::skip]
pub(super) static K: Constants = Constants([
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4,
    0xab1c_5ed5, 0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe,
    0x9bdc_06a7, 0xc19b_f174, 0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f,
    0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da, 0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7,
    0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967, 0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc,
    0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85, 0xa2bf_e8a1, 0xa81a_664b,
    0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070, 0x19a4_c116,
    0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7,
    0xc671_78f2,
]);

/// An HMAC key, or an HMAC on its way: the state of the inner hash, and that of
/// the outer one behind its key block. Wiped when dropped.
#[repr(C)]
pub(crate) struct HmacState {
    pub(crate) inner: Words,
    pub(crate) outer: Words,
}

impl HmacState {
    /// No key yet.
    pub(crate) const ZEROS: Self = Self { inner: [0; 8], outer: [0; 8] };
}

impl Drop for HmacState {
    #[inline]
    fn drop(&mut self) {
        (self.inner, self.outer) = ([0; 8], [0; 8]);
        optimization_barrier(self);
    }
}

/// Room for `N` blocks that are put together from pieces. Wiped when dropped.
///
/// The pieces are joined in registers. Were they joined in memory, the kernels
/// would have to wait for all the narrow stores before they could load a vector.
pub(crate) struct Joined<const N: usize> {
    blocks: [Block; N],
}

impl<const N: usize> Joined<N> {
    /// The most bytes that [`Joined::pad`] takes.
    pub(crate) const MAX_PADDED: usize = N * BLOCK - 9;

    #[inline(always)]
    pub(crate) const fn new() -> Self {
        Self { blocks: [[0; 8]; N] }
    }

    /// The concatenation of `parts`, padded as the end of a message that has
    /// `before` bytes before it. Once only.
    #[inline(always)]
    pub(crate) fn pad<'a>(
        &mut self,
        before: u64,
        parts: impl IntoIterator<Item = &'a [u8]>,
    ) -> &[Block] {
        pad(&mut self.blocks, before, parts)
    }

    /// `bytes` and zeros behind them, as HMAC pads its keys. Once only.
    #[inline(always)]
    pub(crate) fn zero_extend(&mut self, bytes: &[u8]) -> &[Block; N] {
        let mut joiner = Joiner::new(self.blocks.as_flattened_mut());
        joiner.push(bytes);
        joiner.push_word(0, 7);
        &self.blocks
    }
}

impl<const N: usize> Drop for Joined<N> {
    #[inline(always)]
    fn drop(&mut self) {
        self.blocks = [[0; 8]; N];
        optimization_barrier(&self.blocks);
    }
}

/// Puts the concatenation of `parts` in `blocks`, which are zeros, padded as the
/// end of a message that has `before` bytes before it.
#[inline(always)]
pub(crate) fn pad<'a>(
    blocks: &mut [Block],
    before: u64,
    parts: impl IntoIterator<Item = &'a [u8]>,
) -> &[Block] {
    let mut joiner = Joiner::new(blocks.as_flattened_mut());
    for part in parts {
        joiner.push(part);
    }
    let len = joiner.len;
    joiner.push_word(0x80 << 56, 1);
    joiner.push_word(0, 7);
    let used = (len + 8) / BLOCK + 1;
    let blocks = blocks.get_mut(..used).unwrap_or(&mut []);
    if let Some([.., bits]) = blocks.last_mut() {
        *bits = (before + len as u64) << 3;
    }
    blocks
}

/// Appends bytes to big-endian words.
struct Joiner<'a> {
    words: &'a mut [u64],
    /// The bytes of the word that is not full yet.
    last: u64,
    len: usize,
}

impl<'a> Joiner<'a> {
    #[inline(always)]
    fn new(words: &'a mut [u64]) -> Self {
        Self { words, last: 0, len: 0 }
    }

    #[inline(always)]
    fn push(&mut self, bytes: &[u8]) {
        let (eights, mut rest) = bytes.as_chunks();
        for eight in eights {
            self.push_word(u64::from_be_bytes(*eight), 8);
        }
        let (mut word, mut free, len) = (0, 64, rest.len());
        if let Some((four, fewer)) = rest.split_first_chunk() {
            free -= 32;
            word |= u64::from(u32::from_be_bytes(*four)) << free;
            rest = fewer;
        }
        if let Some((two, fewer)) = rest.split_first_chunk() {
            free -= 16;
            word |= u64::from(u16::from_be_bytes(*two)) << free;
            rest = fewer;
        }
        if let [one] = rest {
            word |= u64::from(*one) << (free - 8);
        }
        self.push_word(word, len);
    }

    /// Appends the first `len` bytes of `word`, whose others are zero.
    #[inline(always)]
    fn push_word(&mut self, word: u64, len: usize) {
        let used = self.len % 8;
        self.last |= word >> (8 * used);
        if used + len >= 8 {
            if let Some(full) = self.words.get_mut(self.len / 8) {
                *full = self.last;
            }
            self.last = word << 1 << (63 - 8 * used);
        }
        self.len += len;
    }
}

/// The name of the tier that a key on `cpu` has.
pub(crate) fn tier_name(cpu: Cpu) -> &'static str {
    #[cfg(target_arch = "x86_64")]
    match (cpu.sha_ni(), cpu.avx512()) {
        (Some(_), Some(_)) => return "SHA-NI, many at once AVX-512",
        (Some(_), None) => return "SHA-NI",
        (None, Some(_)) => return "portable, many at once AVX-512",
        (None, None) => {}
    }
    #[cfg(target_arch = "aarch64")]
    if cpu.arm_sha2().is_some() {
        return "SHA2";
    }
    let _ = cpu;
    "portable"
}

/// The digest that ends with `blocks` and then `last`, the end of the message,
/// padded. `state` stays as it is.
#[inline]
pub(crate) fn finish(
    cpu: Cpu,
    state: &Words,
    blocks: &[[u8; BLOCK]],
    last: &[Block],
    digest: &mut [u8; DIGEST],
) {
    let mut state = *state;
    compress(cpu, &mut state, blocks, last);
    put(&state, digest);
    state = [0; 8];
    optimization_barrier(&state);
}

/// Writes a state as the bytes of a digest.
#[inline]
pub(super) fn put(state: &Words, digest: &mut [u8; DIGEST]) {
    for (bytes, word) in digest.as_chunks_mut().0.iter_mut().zip(state) {
        *bytes = word.to_be_bytes();
    }
}

/// Runs a function of the best tier of [`sha2`] or of [`portable`].
macro_rules! dispatch {
    ($cpu:expr, $function:ident($($argument:expr),*)) => {{
        #[cfg(target_arch = "x86_64")]
        let token = $cpu.sha_ni();
        #[cfg(target_arch = "aarch64")]
        let token = $cpu.arm_sha2();
        #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
        if let Some(token) = token {
            return sha2::$function(token, $($argument),*);
        }
        let _ = $cpu;
        portable::$function($($argument),*);
    }};
}

/// Takes `blocks` and then `last` into `state`.
#[inline]
pub(crate) fn compress(cpu: Cpu, state: &mut Words, blocks: &[[u8; BLOCK]], last: &[Block]) {
    note(blocks.len() + last.len());
    dispatch!(cpu, compress(state, blocks, last));
}

/// The HMAC key of `block`, which holds a key of up to 64 bytes and zeros.
#[inline]
pub(crate) fn hmac_key(cpu: Cpu, block: &Block, key: &mut HmacState) {
    note(2);
    dispatch!(cpu, hmac_key(block, key));
}

/// The HMAC of `blocks` and of `last`, which is the end of the message, padded.
#[inline]
pub(crate) fn hmac(
    cpu: Cpu,
    key: &HmacState,
    blocks: &[[u8; BLOCK]],
    last: &[Block],
    tag: &mut [u8; DIGEST],
) {
    note(blocks.len() + last.len() + 1);
    dispatch!(cpu, hmac(key, blocks, last, tag));
}

/// Whether the lanes are faster for `count` messages than one after the other.
#[cfg(feature = "root")]
#[inline]
pub(crate) fn lanes_pay(cpu: Cpu, count: usize) -> bool {
    #[cfg(target_arch = "x86_64")]
    if cpu.avx512().is_some() {
        // All lanes take the time of some ten messages by SHA-NI.
        return count >= if cpu.sha_ni().is_some() { 11 } else { 2 };
    }
    let _ = (cpu, count);
    false
}

/// Makes HMAC keys of the first `count` secrets.
#[cfg(feature = "root")]
pub(crate) fn hmac_keys(
    cpu: Cpu,
    count: usize,
    secrets: &[[u8; DIGEST]; LANES],
    keys: &mut [HmacState; LANES],
) {
    #[cfg(target_arch = "x86_64")]
    if let Some(token) = cpu.avx512() {
        return sha256_lanes::hmac_keys(token, secrets, keys);
    }
    for (secret, key) in secrets.iter().zip(keys).take(count) {
        let mut block = Joined::<1>::new();
        let [block] = block.zero_extend(secret);
        hmac_key(cpu, block, key);
    }
}

/// The HMACs of the first `count` messages of one block, padded, under one key.
#[cfg(feature = "root")]
pub(crate) fn hmacs(
    cpu: Cpu,
    count: usize,
    key: &HmacState,
    last: &[Block; LANES],
    tags: &mut [[u8; DIGEST]; LANES],
) {
    #[cfg(target_arch = "x86_64")]
    if let Some(token) = cpu.avx512() {
        return sha256_lanes::hmacs(token, key, last, tags);
    }
    for (last, tag) in last.iter().zip(tags).take(count) {
        hmac(cpu, key, &[], core::slice::from_ref(last), tag);
    }
}

/// The HMACs of the first `count` messages of one block, padded, each under its
/// own key.
#[cfg(feature = "root")]
pub(crate) fn hmacs_each(
    cpu: Cpu,
    count: usize,
    keys: &[HmacState; LANES],
    last: &[Block; LANES],
    tags: &mut [[u8; DIGEST]; LANES],
) {
    #[cfg(target_arch = "x86_64")]
    if let Some(token) = cpu.avx512() {
        return sha256_lanes::hmacs_each(token, keys, last, tags);
    }
    for ((key, last), tag) in keys.iter().zip(last).zip(tags).take(count) {
        hmac(cpu, key, &[], core::slice::from_ref(last), tag);
    }
}

/// Notes compressions for tests.
#[cfg(not(test))]
#[inline(always)]
fn note(_: usize) {}

#[cfg(test)]
pub(crate) use counter::{compressions, note};

#[cfg(test)]
mod counter {
    use std::cell::Cell;

    std::thread_local! {
        static COUNT: Cell<usize> = const { Cell::new(0) };
    }

    pub(crate) fn note(more: usize) {
        COUNT.set(COUNT.get() + more);
    }

    /// How many compressions `work` takes.
    pub(crate) fn compressions<R>(work: impl FnOnce() -> R) -> (usize, R) {
        let before = COUNT.get();
        let result = work();
        (COUNT.get() - before, result)
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;
    use crate::kernel::cpu::Feature;

    /// With all that this CPU can do, then with less and less.
    fn tiers() -> [Cpu; 4] {
        let all = Cpu::detect();
        let no_sha = all.without(Feature::Sha);
        [all, all.without(Feature::Avx512), no_sha, no_sha.without(Feature::Avx512)]
    }

    /// `len` bytes, each unlike its neighbours.
    fn pattern(len: usize, seed: usize) -> Vec<u8> {
        (0..len).map(|i| (i * 7 + i / 256 + seed * 13 + 1) as u8).collect()
    }

    #[cfg(feature = "root")]
    fn key(cpu: Cpu, secret: &[u8]) -> HmacState {
        let mut key = HmacState::ZEROS;
        let mut block = Joined::<1>::new();
        let [block] = block.zero_extend(secret);
        hmac_key(cpu, block, &mut key);
        key
    }

    #[test]
    fn pieces_are_joined_and_padded_however_they_are_cut() {
        for len in 0..=Joined::<2>::MAX_PADDED {
            let message = pattern(len, 1);
            let mut expected = message.clone();
            expected.push(0x80);
            expected.resize((len + 8) / BLOCK * BLOCK + BLOCK - 8, 0);
            expected.extend(((640 + len as u64) * 8).to_be_bytes());
            for cut in 0..=len {
                let (first, second) = message.split_at(cut);
                let mut joined = Joined::<2>::new();
                let blocks = joined.pad(640, [first, b"", second]).as_flattened();
                let bytes: Vec<_> = blocks.iter().flat_map(|word| word.to_be_bytes()).collect();
                assert_eq!(bytes, expected, "{len} bytes cut at {cut}");
            }
        }
    }

    #[test]
    fn keys_are_filled_up_with_zeros() {
        for len in 0..=BLOCK {
            let mut expected = pattern(len, 1);
            let mut joined = Joined::<1>::new();
            let blocks = joined.zero_extend(&expected).as_flattened();
            let bytes: Vec<_> = blocks.iter().flat_map(|word| word.to_be_bytes()).collect();
            expected.resize(BLOCK, 0);
            assert_eq!(bytes, expected, "{len} bytes");
        }
    }

    #[test]
    fn what_is_joined_is_wiped() {
        let mut joined = core::mem::ManuallyDrop::new(Joined::<2>::new());
        joined.pad(0, [&pattern(100, 1)[..]]);
        // SAFETY: dropped once; what a drop has left may be looked at, since
        // these are plain numbers.
        unsafe { core::mem::ManuallyDrop::drop(&mut joined) };
        assert_eq!(joined.blocks, [[0; 8]; 2]);
    }

    /// Messages at once against one after the other, in every tier and number.
    #[cfg(feature = "root")]
    #[test]
    fn many_at_once_are_as_one_after_the_other() {
        let secrets: [[u8; DIGEST]; LANES] =
            core::array::from_fn(|i| pattern(DIGEST, i).try_into().unwrap());
        let last: [Block; LANES] = core::array::from_fn(|i| {
            let mut joined = Joined::<1>::new();
            joined.pad(BLOCK as u64, [&pattern(i * 3 + 7, i + 50)[..]])[0]
        });
        let portable = Cpu::detect().without(Feature::Sha).without(Feature::Avx512);
        let expected_keys = secrets.map(|secret| key(portable, &secret));
        for cpu in tiers() {
            for n in 0..=LANES {
                let mut keys = [const { HmacState::ZEROS }; LANES];
                hmac_keys(cpu, n, &secrets, &mut keys);
                let (mut tags, mut tags_each) = ([[0; DIGEST]; LANES], [[0; DIGEST]; LANES]);
                hmacs(cpu, n, &expected_keys[3], &last, &mut tags);
                hmacs_each(cpu, n, &expected_keys, &last, &mut tags_each);
                for i in 0..n {
                    assert_eq!(keys[i].inner, expected_keys[i].inner, "{i} of {n}, {cpu:?}");
                    assert_eq!(keys[i].outer, expected_keys[i].outer, "{i} of {n}, {cpu:?}");
                    let mut expected = [0; DIGEST];
                    hmac(portable, &expected_keys[3], &[], &last[i..=i], &mut expected);
                    assert_eq!(tags[i], expected, "{i} of {n}, {cpu:?}");
                    hmac(portable, &expected_keys[i], &[], &last[i..=i], &mut expected);
                    assert_eq!(tags_each[i], expected, "{i} of {n}, {cpu:?}");
                }
            }
        }
    }

    #[test]
    fn every_tier_has_a_name() {
        for cpu in tiers() {
            assert!(!tier_name(cpu).is_empty());
        }
        assert_eq!(tier_name(tiers()[3]), "portable");
    }
}
