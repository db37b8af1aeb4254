//! What this CPU can do at most: rates of the instructions that AES-GCM and
//! SHA-256 consist of, from registers, with as many in flight as it takes. Each
//! is one loop of intrinsics; nothing here computes anything of use.

use std::arch::x86_64::*;
use std::hint::black_box;

use peer::{Job, Work};

use crate::measure::{self, Timed};

/// Instructions in flight: more than the latency of any of them in cycles.
const STREAMS: usize = 8;
/// Turns of a loop in one call.
const LOOP: usize = 1000;

/// One rate of the machine.
pub(crate) struct Rate {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) value: f64,
}

/// All rates, interleaved; those whose instructions are missing are left out.
pub(crate) fn rates(time: std::time::Duration) -> Vec<Rate> {
    let loops = loops();
    let mut timed: Vec<Timed> = loops
        .iter()
        .map(|(name, run, ..)| Timed::new((*name).to_owned(), Box::new(Loop(*run)), 1))
        .collect();
    measure::interleaved(&mut timed, time);
    let per_loop = loops.iter().zip(&timed);
    per_loop
        .map(|((name, _, unit, amount), timed)| {
            let value = match *unit {
                unit if unit.starts_with("ns") => timed.median() / amount,
                _ => amount / timed.median(),
            };
            Rate { name, unit, value }
        })
        .collect()
}

/// A loop of [`LOOP`] turns.
struct Loop(fn());

impl Work for Loop {
    fn run(&mut self, turns: u64) {
        for _ in 0..turns {
            (self.0)();
        }
    }

    fn output(&self) -> Vec<u8> {
        Vec::new()
    }
}

/// A name, a loop, a unit and how much of that one call of the loop does.
type Described = (&'static str, fn(), &'static str, f64);

fn loops() -> Vec<Described> {
    let instructions = (LOOP * STREAMS) as f64;
    let mut loops: Vec<Described> = vec![("clock", clock, "GHz", (LOOP * 16) as f64)];
    if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("vaes") {
        loops.push(("VAESENC, 512 bits", zmm, "G instructions/s", instructions));
        loops.push(("VAESENC, 256 bits", ymm, "G instructions/s", instructions));
    }
    if is_x86_feature_detected!("aes") {
        loops.push(("AESENC, 128 bits", xmm, "G instructions/s", instructions));
    }
    if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("vpclmulqdq") {
        loops.push(("VPCLMULQDQ, 512 bits", clmul, "G instructions/s", instructions));
    }
    let wide = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("vaes");
    if wide && is_x86_feature_detected!("vpclmulqdq") {
        let blocks = (LOOP * BLOCKS) as f64;
        loops.push(("AES-256 of 64 B: 14 VAESENC", both_none, "ns", blocks));
        loops.push(("the same with 3 VPCLMULQDQ between", both_three, "ns", blocks));
        loops.push(("the same with 4 VPCLMULQDQ between", both_four, "ns", blocks));
    }
    if is_x86_feature_detected!("sha") {
        loops.push(("SHA-256 with SHA-NI, one stream", sha_one, "ns a block", LOOP as f64));
        let two = (2 * LOOP) as f64;
        loops.push(("SHA-256 with SHA-NI, two streams", sha_two, "ns a block", two));
    }
    loops
}

/// A chain of additions, each of which takes a cycle.
fn clock() {
    let mut sum = 1_u64;
    for _ in 0..LOOP {
        // SAFETY: additions in registers.
        unsafe {
            std::arch::asm!(
                "add {0}, {1}", "add {0}, {1}", "add {0}, {1}", "add {0}, {1}",
                "add {0}, {1}", "add {0}, {1}", "add {0}, {1}", "add {0}, {1}",
                "add {0}, {1}", "add {0}, {1}", "add {0}, {1}", "add {0}, {1}",
                "add {0}, {1}", "add {0}, {1}", "add {0}, {1}", "add {0}, {1}",
                inout(reg) sum, in(reg) 3_u64, options(pure, nomem, nostack)
            );
        }
    }
    black_box(sum);
}

/// Streams of one instruction, each of which depends on itself only.
macro_rules! streams {
    ($name:ident, $inner:ident, $features:literal, $vector:ty, $set:ident, $step:expr) => {
        fn $name() {
            // SAFETY: `loops` and `prepare` name this only where the CPU has
            // the features.
            unsafe { $inner(LOOP) }
        }

        #[target_feature(enable = $features)]
        fn $inner(turns: usize) {
            let key: $vector = black_box($set(0x1234_5678));
            let mut all: [$vector; STREAMS] =
                std::array::from_fn(|number| $set(black_box(number as i32)));
            for _ in 0..turns {
                for stream in &mut all {
                    *stream = $step(*stream, key);
                }
            }
            black_box(all);
        }
    };
}

streams!(zmm, zmm_turns, "avx512f,vaes", __m512i, _mm512_set1_epi32, |stream, key| {
    _mm512_aesenc_epi128(stream, key)
});
streams!(ymm, ymm_turns, "avx2,vaes", __m256i, _mm256_set1_epi32, |stream, key| {
    _mm256_aesenc_epi128(stream, key)
});
streams!(xmm, xmm_turns, "aes", __m128i, _mm_set1_epi32, |stream, key| {
    _mm_aesenc_si128(stream, key)
});
streams!(clmul, clmul_turns, "avx512f,vpclmulqdq", __m512i, _mm512_set1_epi32, |stream, key| {
    _mm512_clmulepi64_epi128::<0>(stream, key)
});

/// Blocks of 64 bytes in one turn of [`both`].
const BLOCKS: usize = 4;

fn both_none() {
    // SAFETY: `loops` names this only where the CPU has the features.
    unsafe { both::<0>(LOOP) }
}

fn both_three() {
    // SAFETY: as `both_none`.
    unsafe { both::<3>(LOOP) }
}

fn both_four() {
    // SAFETY: as `both_none`.
    unsafe { both::<4>(LOOP) }
}

/// The rounds of AES-256 for some blocks of 64 bytes, with as many carry-less
/// multiplications for each in between: it shows whether the CPU does both at
/// once or one at the cost of the other.
#[target_feature(enable = "avx512f,vaes,vpclmulqdq")]
fn both<const PRODUCTS: usize>(turns: usize) {
    let key = black_box(_mm512_set1_epi32(0x1234_5678));
    let mut rounds: [__m512i; STREAMS] = std::array::from_fn(|_| black_box(key));
    let mut products: [__m512i; BLOCKS] = std::array::from_fn(|_| black_box(key));
    for _ in 0..turns {
        // 56 in all: 14 for each of the blocks.
        for step in 0..14 * BLOCKS / STREAMS {
            for stream in &mut rounds {
                *stream = _mm512_aesenc_epi128(*stream, key);
            }
            if step < PRODUCTS {
                for product in &mut products {
                    *product = _mm512_clmulepi64_epi128::<0>(*product, key);
                }
            }
        }
    }
    black_box((rounds, products));
}

fn sha_one() {
    // SAFETY: `loops` names this only where the CPU has SHA-NI.
    unsafe { sha_blocks::<1>(LOOP) }
}

fn sha_two() {
    // SAFETY: as `sha_one`.
    unsafe { sha_blocks::<2>(LOOP) }
}

/// The rounds and the message schedule of SHA-256 for some blocks, in order,
/// for N streams side by side.
#[target_feature(enable = "sha,sse4.1")]
fn sha_blocks<const N: usize>(blocks: usize) {
    let constant = black_box(_mm_set1_epi32(0x428a_2f98));
    let mut states = [[black_box(_mm_set1_epi32(7)); 2]; N];
    let mut words = [[black_box(_mm_set1_epi32(9)); 4]; N];
    for _ in 0..blocks {
        let before = states;
        for group in 0..16 {
            let [this, next, third, last] = [0, 1, 2, 3].map(|step| (group + step) % 4);
            for (state, words) in states.iter_mut().zip(&mut words) {
                let input = _mm_add_epi32(words[this], constant);
                state[1] = _mm_sha256rnds2_epu32(state[1], state[0], input);
                let input = _mm_shuffle_epi32::<0x0e>(input);
                state[0] = _mm_sha256rnds2_epu32(state[0], state[1], input);
                if group < 12 {
                    let sum = _mm_sha256msg1_epu32(words[this], words[next]);
                    let sum = _mm_add_epi32(sum, _mm_alignr_epi8::<4>(words[last], words[third]));
                    words[this] = _mm_sha256msg2_epu32(sum, words[last]);
                }
            }
        }
        for (state, before) in states.iter_mut().zip(before) {
            state[0] = _mm_add_epi32(state[0], before[0]);
            state[1] = _mm_add_epi32(state[1], before[1]);
        }
    }
    black_box((states, words));
}

/// The VAESENC that the counter mode of a text takes, and nothing else.
struct Rounds {
    instructions: usize,
}

/// The limit of a job that has one: bulk AES-GCM, on CPUs with 512-bit VAES.
pub(crate) fn prepare(job: Job, len: usize) -> Option<Box<dyn Work>> {
    let rounds = match job {
        Job::Seal128 | Job::Open128 => 10,
        Job::Seal256 | Job::Open256 => 14,
        _ => return None,
    };
    let has = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("vaes");
    if !has || len < 16384 {
        return None;
    }
    Some(Box::new(Rounds { instructions: rounds * len / 64 }))
}

impl Work for Rounds {
    fn run(&mut self, turns: u64) {
        for _ in 0..turns {
            // SAFETY: `prepare` has asked for the features.
            unsafe { zmm_turns(self.instructions / STREAMS) }
        }
    }

    fn output(&self) -> Vec<u8> {
        Vec::new()
    }
}
