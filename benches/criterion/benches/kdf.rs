//! HKDF-SHA-256: from a ready key, and with its extraction.

use std::hint::black_box;

use corekey::hash::HashAlgorithm;
use corekey::kdf::{Prk, hkdf};
use criterion::{Criterion, criterion_group, criterion_main};

const INFO: &[u8] = b"ck1 dev\0\0\0\0\0\0\0\0\x01pump-0001";

fn sha256(c: &mut Criterion) {
    let mut group = c.benchmark_group("HKDF-SHA-256");
    let ready = Prk::from_bytes(HashAlgorithm::Sha256, &[1; 32]).expect("32 bytes are enough");
    let mut okm = [0; 32];
    group.bench_function("expand to 32, ready key", |b| {
        b.iter(|| ready.expand(black_box(INFO), &mut okm));
    });
    group.bench_function("expand to 32, new key", |b| {
        b.iter(|| {
            Prk::from_bytes(HashAlgorithm::Sha256, black_box(&[1; 32]))?.expand(INFO, &mut okm)
        });
    });
    group.bench_function("extract and expand to 32", |b| {
        b.iter(|| hkdf(HashAlgorithm::Sha256, b"salt", black_box(&[1; 32]), INFO, &mut okm));
    });
    group.finish();
}

criterion_group!(benches, sha256);
criterion_main!(benches);
