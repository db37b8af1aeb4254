//! HMAC-SHA-256 and SHA-256 by length.

use std::hint::black_box;

use corekey::hash::{HashAlgorithm, digest};
use corekey::mac::HmacKey;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

const LENGTHS: [usize; 3] = [32, 64, 1024];

fn sha256(c: &mut Criterion) {
    let key = HmacKey::new(HashAlgorithm::Sha256, &[1; 32]);
    let mut group = c.benchmark_group("SHA-256");
    for len in LENGTHS {
        let data = vec![3; len];
        group.throughput(Throughput::Bytes(len as u64));
        group.bench_function(BenchmarkId::new("HMAC, ready key", len), |b| {
            b.iter(|| key.mac(black_box(&data)));
        });
        group.bench_function(BenchmarkId::new("hash", len), |b| {
            b.iter(|| digest(HashAlgorithm::Sha256, black_box(&data)));
        });
    }
    group.bench_function("HMAC, new key", |b| {
        b.iter(|| HmacKey::new(HashAlgorithm::Sha256, black_box(&[1; 32])));
    });
    group.finish();
}

criterion_group!(benches, sha256);
criterion_main!(benches);
