//! The device layer: derive, seal, open, and all of it for a device never seen.

use std::hint::black_box;

use corekey::device::message::{Form, Session};
use corekey::device::name::{Boot, DeviceId, Version};
use corekey::device::opener::Opener;
use corekey::device::root::{Root, RootKey};
use corekey::device::sealer::Sealer;
use corekey::secret::Secret;
use criterion::{Criterion, criterion_group, criterion_main};

const TEXT: [u8; 64] = [3; 64];

fn devices(c: &mut Criterion) -> Result<(), corekey::Error> {
    let root = RootKey::new(&Secret::take(&mut [1; 32]));
    let (id, version) = (DeviceId::new(b"pump-0001")?, Version::new(1)?);
    let key = || root.device_key(black_box(&id), version);
    let session = Session::counted(Boot::new(1)?);
    let mut message = [0; 160];
    let len = Sealer::up(&key()?, session)?.seal(Form::Long, &[], &TEXT, &mut message)?;
    let mut opened = [0; 64];

    let mut group = c.benchmark_group("device");
    group.bench_function("device key from a ready root", |b| b.iter(key));
    let mut sealer = Sealer::up(&key()?, session)?;
    group.bench_function("seal 64, ready sealer", |b| {
        b.iter(|| sealer.seal(Form::Compact, &[], black_box(&TEXT), &mut message.clone()));
    });
    group.bench_function("open 64 from a device never seen", |b| {
        b.iter(|| Opener::first_contact(key()?).open(&[], &message[..len], &mut opened));
    });
    group.finish();
    Ok(())
}

fn run(c: &mut Criterion) {
    devices(c).expect("fixed inputs are legal");
}

criterion_group!(benches, run);
criterion_main!(benches);
