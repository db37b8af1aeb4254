//! AES-GCM: seal and open by length, and with a new key each.

use std::hint::black_box;

use corekey::aead::{AeadAlgorithm, AeadKey, NONCE_LEN};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

const LENGTHS: [usize; 7] = [16, 64, 256, 1024, 1350, 16 << 10, 1 << 20];
const NONCE: [u8; NONCE_LEN] = [7; NONCE_LEN];
const AAD: &[u8] = b"corekey-bench";

fn key(algorithm: AeadAlgorithm) -> AeadKey {
    AeadKey::new(algorithm, &[1; 32][..algorithm.key_len()]).expect("the key has its length")
}

fn with_a_ready_key(c: &mut Criterion) {
    for algorithm in [AeadAlgorithm::Aes128Gcm, AeadAlgorithm::Aes256Gcm] {
        let key = key(algorithm);
        let mut group = c.benchmark_group(format!("{algorithm:?}"));
        for len in LENGTHS {
            group.throughput(Throughput::Bytes(len as u64));
            let mut text = vec![3; len];
            group.bench_function(BenchmarkId::new("seal", len), |b| {
                b.iter(|| key.seal_in_place(black_box(&NONCE), AAD, &mut text));
            });
            let mut sealed = vec![3; len];
            let tag = key.seal_in_place(&NONCE, AAD, &mut sealed).expect("the length is legal");
            group.bench_function(BenchmarkId::new("open", len), |b| {
                b.iter(|| key.open_detached(black_box(&NONCE), AAD, &sealed, &tag, &mut text));
            });
        }
        group.finish();
    }
}

fn with_a_new_key(c: &mut Criterion) {
    let mut group = c.benchmark_group("new key");
    for algorithm in [AeadAlgorithm::Aes128Gcm, AeadAlgorithm::Aes256Gcm] {
        let mut text = [3; 64];
        group.bench_function(format!("{algorithm:?}, set-up"), |b| {
            b.iter(|| key(black_box(algorithm)));
        });
        group.bench_function(format!("{algorithm:?}, set-up and seal of 64"), |b| {
            b.iter(|| key(black_box(algorithm)).seal_in_place(&NONCE, AAD, &mut text));
        });
    }
    group.finish();
}

criterion_group!(benches, with_a_ready_key, with_a_new_key);
criterion_main!(benches);
