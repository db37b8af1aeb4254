//! HMAC-DRBG: what its output depends on, and what a bad source of entropy
//! does. That it is the generator of SP 800-90A is for the vectors to show.

use std::cell::RefCell;
use std::rc::Rc;

use corekey::Error;
use corekey::drbg::{ENTROPY_LEN, Entropy, HmacDrbg, MAX_REQUEST_LEN, RESEED_INTERVAL};
use corekey::hash::{HashAlgorithm, digest};
use rand_core::{TryCryptoRng, TryRng};

use crate::UNTOUCHED;

type Block = [u8; ENTROPY_LEN];

/// What a source of entropy gives next.
#[derive(Clone, Copy)]
enum Next {
    Good(u8),
    Raw(Block),
    Fails,
    FailsOddly,
}

/// A source that gives what the test told it to; then it fails.
#[derive(Clone, Default)]
struct Script(Rc<RefCell<Vec<Next>>>);

impl Script {
    fn of(blocks: &[Next]) -> Self {
        let script = Self::default();
        script.then(blocks);
        script
    }

    fn then(&self, blocks: &[Next]) {
        self.0.borrow_mut().extend(blocks);
    }

    fn left(&self) -> usize {
        self.0.borrow().len()
    }
}

impl Entropy for Script {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), Error> {
        assert_eq!(out.len(), ENTROPY_LEN);
        let mut blocks = self.0.borrow_mut();
        let next = if blocks.is_empty() { Next::Fails } else { blocks.remove(0) };
        match next {
            Next::Good(seed) => out.copy_from_slice(&good_block(seed)),
            Next::Raw(block) => out.copy_from_slice(&block),
            Next::Fails => return Err(Error::EntropyFailed),
            Next::FailsOddly => return Err(Error::Unverified),
        }
        Ok(())
    }
}

fn good_block(seed: u8) -> Block {
    let parts = [0, 1].map(|i| digest(HashAlgorithm::Sha256, &[seed, i]));
    let [a, b] = &parts;
    [a.as_bytes(), b.as_bytes()].concat()[..ENTROPY_LEN].try_into().unwrap()
}

fn seeded(seed: u8) -> HmacDrbg<Script> {
    HmacDrbg::new(Script::of(&[Next::Good(seed)]), &[]).unwrap()
}

fn next(drbg: &mut HmacDrbg<Script>) -> [u8; 32] {
    let mut out = [0; 32];
    drbg.generate(&[], &mut out).unwrap();
    out
}

/// One use of a generator from its first block of entropy on.
fn stream(seed: u8, personalization: &[u8], additional: &[u8]) -> Vec<u8> {
    let mut drbg = HmacDrbg::new(Script::of(&[Next::Good(seed)]), personalization).unwrap();
    let mut out = vec![0; 100];
    drbg.generate(additional, &mut out).unwrap();
    out
}

/// What seeding says about a first block.
fn verdict(block: Block) -> Result<(), Error> {
    HmacDrbg::new(Script::of(&[Next::Raw(block)]), b"device").map(|_| ())
}

#[test]
fn the_same_seed_gives_the_same_stream_and_anything_else_another() {
    let all = [
        stream(1, b"", b""),
        stream(2, b"", b""),
        stream(1, b"pump-7", b""),
        stream(1, b"pump-8", b""),
        stream(1, b"", b"pump-7"),
        stream(1, b"", b"pump-8"),
    ];
    assert_eq!(all[0], stream(1, b"", b""));
    for (i, a) in all.iter().enumerate() {
        for b in &all[..i] {
            assert_ne!(a, b);
        }
    }
}

#[test]
fn outputs_of_every_length_fill_the_buffer_and_start_alike() {
    let mut long = [0; 200];
    seeded(1).generate(&[], &mut long).unwrap();
    for len in 0..=long.len() {
        let mut out = vec![0; len];
        seeded(1).generate(&[], &mut out).unwrap();
        assert_eq!(out, long[..len]);
    }
}

#[test]
fn one_request_follows_another_and_never_repeats() {
    let mut drbg = seeded(1);
    let mut all: Vec<_> = (0..200).map(|_| next(&mut drbg)).collect();
    all.sort_unstable();
    assert!(all.is_sorted_by(|a, b| a < b));
}

#[test]
fn additional_input_of_one_request_changes_the_ones_behind_it() {
    let (mut with, mut without) = (seeded(1), seeded(1));
    with.generate(b"counter 7", &mut []).unwrap();
    without.generate(&[], &mut []).unwrap();
    assert_ne!(next(&mut with), next(&mut without));
}

#[test]
fn a_reseed_takes_one_block_and_changes_the_stream() {
    let reseeded = |block, additional: &[u8]| {
        let script = Script::of(&[Next::Good(1), Next::Good(block)]);
        let mut drbg = HmacDrbg::new(script.clone(), &[]).unwrap();
        assert_eq!(script.left(), 1, "seeding takes one block");
        drbg.reseed(additional).unwrap();
        assert_eq!(script.left(), 0, "reseeding takes one more");
        next(&mut drbg)
    };
    let all = [
        next(&mut seeded(1)),
        reseeded(2, b""),
        reseeded(3, b""),
        reseeded(2, b"more"),
        reseeded(2, b"Xore"),
    ];
    assert_eq!(all[1], reseeded(2, b""));
    for (i, a) in all.iter().enumerate() {
        assert!(!all[..i].contains(a), "{i}");
    }
}

#[test]
fn a_source_that_fails_seeds_nothing() {
    for failure in [Next::Fails, Next::FailsOddly] {
        let refused = HmacDrbg::new(Script::of(&[failure]), b"device").err();
        assert_eq!(refused, Some(Error::EntropyFailed));
    }
}

#[test]
fn a_block_that_is_constant_or_repeats_a_part_is_refused() {
    let good = good_block(1);
    assert_eq!(verdict(good), Ok(()));
    for value in 0..=255 {
        assert_eq!(verdict([value; ENTROPY_LEN]), Err(Error::EntropyFailed), "all {value}");
    }
    for (from, to) in [(0, 1), (0, 2), (1, 2)] {
        let mut block = good;
        block.copy_within(16 * from..16 * from + 16, 16 * to);
        assert_eq!(verdict(block), Err(Error::EntropyFailed), "part {from} again as {to}");
        block[16 * to] ^= 1;
        assert_eq!(verdict(block), Ok(()), "one bit makes the difference");
    }
}

#[test]
fn the_block_before_once_more_is_refused_and_the_generator_stays_as_it_was() {
    for bad in [Next::Good(1), Next::Fails, Next::Raw([7; ENTROPY_LEN])] {
        let script = Script::of(&[Next::Good(1), bad]);
        let mut drbg = HmacDrbg::new(script.clone(), &[]).unwrap();
        let mut undisturbed = seeded(1);
        assert_eq!(next(&mut drbg), next(&mut undisturbed));

        assert_eq!(drbg.reseed(b"additional"), Err(Error::EntropyFailed));
        assert_eq!(next(&mut drbg), next(&mut undisturbed));

        // A refused block is not the one before: the good one still is.
        script.then(&[Next::Good(1), Next::Good(2)]);
        assert_eq!(drbg.reseed(&[]), Err(Error::EntropyFailed));
        assert_eq!(drbg.reseed(&[]), Ok(()));
    }
}

#[test]
fn a_reseed_comes_by_itself_when_it_is_due_and_nothing_is_given_without_it() {
    let script = Script::of(&[Next::Good(1), Next::Good(2)]);
    let mut drbg = HmacDrbg::new(script.clone(), &[]).unwrap();
    drbg.generate(&[], &mut []).unwrap();
    drbg.reseed(&[]).unwrap();
    for i in 0..RESEED_INTERVAL {
        assert_eq!(drbg.generate(&[], &mut []), Ok(()), "request {i} since the reseed");
    }

    let mut out = [UNTOUCHED; 32];
    for _ in 0..2 {
        assert_eq!(drbg.generate(b"x", &mut out), Err(Error::EntropyFailed));
        assert_eq!(out, [UNTOUCHED; 32]);
    }
    let mut bytes = vec![UNTOUCHED; MAX_REQUEST_LEN + 1];
    assert_eq!(drbg.try_fill_bytes(&mut bytes), Err(Error::EntropyFailed));
    assert_eq!(bytes, vec![0; MAX_REQUEST_LEN + 1]);
    assert_eq!(drbg.try_next_u32(), Err(Error::EntropyFailed));
    assert_eq!(drbg.try_next_u64(), Err(Error::EntropyFailed));

    script.then(&[Next::Good(3)]);
    drbg.generate(b"x", &mut out).unwrap();
    assert_eq!(script.left(), 0, "the reseed was made");
    assert_ne!(out, [UNTOUCHED; 32]);
    drbg.generate(b"x", &mut out).expect("the next reseed is far away");
}

#[test]
fn a_request_over_the_limit_is_refused_and_nothing_written() {
    let mut drbg = seeded(1);
    let mut out = vec![UNTOUCHED; MAX_REQUEST_LEN + 1];
    assert_eq!(drbg.generate(&[], &mut out), Err(Error::InvalidLength));
    assert_eq!(out, vec![UNTOUCHED; MAX_REQUEST_LEN + 1]);
    assert_eq!(drbg.generate(&[], &mut out[..MAX_REQUEST_LEN]), Ok(()));
}

#[test]
fn it_is_a_generator_for_code_that_asks_for_one() {
    fn draw(rng: &mut impl TryCryptoRng<Error = Error>) -> (u32, u64, Vec<u8>) {
        let (small, large) = (rng.try_next_u32().unwrap(), rng.try_next_u64().unwrap());
        let mut bytes = vec![0; MAX_REQUEST_LEN + 40];
        rng.try_fill_bytes(&mut bytes).unwrap();
        (small, large, bytes)
    }
    let mut same = seeded(1);
    let mut requests = [4, 8, MAX_REQUEST_LEN, 40].into_iter().map(|len| {
        let mut out = vec![0; len];
        same.generate(&[], &mut out).unwrap();
        out
    });
    let (small, large, bytes) = draw(&mut seeded(1));
    assert_eq!(small.to_le_bytes(), *requests.next().unwrap());
    assert_eq!(large.to_le_bytes(), *requests.next().unwrap());
    assert_eq!(bytes, requests.collect::<Vec<_>>().concat());
}

#[cfg(feature = "os-rng")]
#[test]
fn the_operating_system_seeds_it() {
    let drbg = || HmacDrbg::new(corekey::rng::OsRng, b"pump-7").unwrap();
    let (mut one, mut two) = (drbg(), drbg());
    let (mut a, mut b) = ([0; 32], [0; 32]);
    one.generate(&[], &mut a).unwrap();
    two.generate(&[], &mut b).unwrap();
    assert_ne!(a, b);
    one.reseed(&[]).unwrap();
}
