//! The operating system's generator fills what it is given.

use corekey::rng::OsRng;
use rand_core::TryCryptoRng;

#[test]
fn every_part_of_a_buffer_is_filled_and_no_two_are_alike() {
    let mut out = vec![0; 4096];
    OsRng.fill(&mut out).unwrap();
    let mut parts: Vec<_> = out.chunks(16).collect();
    parts.push(&[0; 16]);
    parts.sort_unstable();
    assert!(parts.is_sorted_by(|a, b| a < b), "a part is zeros or a repetition");
}

#[test]
fn an_empty_buffer_is_filled_too() {
    assert_eq!(OsRng.fill(&mut []), Ok(()));
}

#[test]
fn it_is_a_generator_for_code_that_asks_for_one() {
    fn draw(rng: &mut impl TryCryptoRng) -> (u64, u64, Vec<u8>) {
        let mut bytes = vec![0; 32];
        rng.try_fill_bytes(&mut bytes).unwrap();
        let words = [0; 4].map(|_: u32| u64::from(rng.try_next_u32().unwrap()));
        let small = words.iter().fold(0, |all, word| all << 16 ^ word);
        (rng.try_next_u64().unwrap(), small, bytes)
    }
    let (a, b) = (draw(&mut OsRng), draw(&mut OsRng));
    assert!(a.0 != b.0 && a.1 != b.1 && a.2 != b.2);
}
