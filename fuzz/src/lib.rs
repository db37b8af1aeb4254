//! What the fuzz targets share.

use corekey::cpu::{Cpu, Feature};

/// This CPU, and what is left of it without each of its features in turn: so
/// every tier that it has is among them.
#[must_use]
pub fn cpus() -> [Cpu; 6] {
    let cpu = Cpu::detect();
    [
        cpu,
        cpu.without(Feature::Avx512),
        cpu.without(Feature::Vaes),
        cpu.without(Feature::Avx2),
        cpu.without(Feature::Aes),
        cpu.without(Feature::Sha),
    ]
}

/// Bytes in a buffer of their own at an address of any alignment.
pub struct Shifted {
    buffer: Vec<u8>,
    start: usize,
}

impl Shifted {
    /// `bytes`, at `shift` modulo 64 behind the start of an allocation.
    #[must_use]
    pub fn new(bytes: &[u8], shift: u8) -> Self {
        let start = usize::from(shift % 64);
        let mut buffer = vec![0; start];
        buffer.extend_from_slice(bytes);
        Self { buffer, start }
    }

    #[must_use]
    pub fn get(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    pub fn get_mut(&mut self) -> &mut [u8] {
        &mut self.buffer[self.start..]
    }
}

/// `len` bytes: `seed` over and over, counted through so that no block is like
/// another.
#[must_use]
pub fn stretched(seed: &[u8], len: usize) -> Vec<u8> {
    let repeat = |i: usize| seed.get(i % seed.len().max(1)).copied().unwrap_or(0);
    (0..len).map(|i| repeat(i) ^ (i >> 4) as u8).collect()
}
