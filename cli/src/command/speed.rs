//! `corekey speed`: what the operations take on this machine.

use std::hint::black_box;
use std::time::{Duration, Instant};

use corekey::Error;
use corekey::aead::{AeadAlgorithm, AeadKey, TAG_LEN};
use corekey::cpu::Cpu;
use corekey::device::message::{Form, MAX_OVERHEAD, Session};
use corekey::device::name::{Boot, DeviceId, Version};
use corekey::device::opener::Opener;
use corekey::device::root::{Root, RootKey};
use corekey::device::sealer::Sealer;
use corekey::hash::{self, HashAlgorithm};
use corekey::kdf::Prk;
use corekey::mac::HmacKey;
use corekey::rng::OsRng;
use corekey::secret::Secret;
use corekey::wrap::{WrapAlgorithm, WrapKey};

use crate::exit::{Outcome, of};
use crate::report::Report;
use crate::stream;

/// Batches that an operation is timed in; the middle one counts.
const BATCHES: u32 = 11;

/// Measure what the operations take on this machine.
///
/// One line an operation: the time of one, the bytes a second where there are
/// many, and the implementation that did it. The middle one of 11 batches counts.
/// A busy machine gives other figures.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "Examples:
  $ corekey speed --millis 20
  $ corekey speed --millis 20 --json > speed.jsonl")]
pub(crate) struct Args {
    /// How long to measure each operation, in milliseconds.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..=60_000))]
    millis: u64,
    /// Write a line of JSON an operation: operation, bytes, nanoseconds,
    /// implementation.
    #[arg(long)]
    json: bool,
}

/// The tiers of the kernels on this machine: of AES-GCM and of SHA-256.
pub(crate) fn tiers() -> String {
    let cpu = Cpu::detect();
    format!("{}, {}", cpu.gcm_tier(), cpu.sha256_tier())
}

pub(crate) fn run(args: &Args) -> Outcome {
    if cfg!(debug_assertions) {
        stream::tell("note: this build is not optimised, and its figures mean nothing");
    }
    let budget = Duration::from_millis(args.millis);
    measure_all(&mut |operation, bytes, by, once| {
        let nanoseconds = measure(budget, once).map_err(of(operation))?;
        print(args, operation, bytes, by, nanoseconds)
    })
}

/// Takes the name of an operation, the bytes that it goes through (0 if that is
/// not the point), the implementation that does it, and what does it once.
type Measure<'a> =
    dyn FnMut(&str, usize, &str, &mut dyn FnMut() -> Result<(), Error>) -> Outcome + 'a;

fn measure_all(measure: &mut Measure<'_>) -> Outcome {
    primitives(measure).and_then(|()| device(measure))
}

fn primitives(measure: &mut Measure<'_>) -> Outcome {
    const LONG: usize = 16 << 10;
    let cpu = Cpu::detect();
    let (gcm, sha256) = (cpu.gcm_tier(), cpu.sha256_tier());
    let key = [7; 32];
    let data = vec![1; LONG];
    let mut out = vec![0; LONG + TAG_LEN];

    for (name, len) in [("sha-256 64 B", 64), ("sha-256 16 KiB", LONG)] {
        measure(name, len, sha256, &mut || {
            black_box(hash::digest(HashAlgorithm::Sha256, black_box(part(&data, len))));
            Ok(())
        })?;
    }
    let hmac = HmacKey::new(HashAlgorithm::Sha256, &key);
    measure("hmac-sha-256 64 B", 64, sha256, &mut || {
        black_box(hmac.mac(black_box(part(&data, 64))));
        Ok(())
    })?;
    let prk = Prk::from_bytes(HashAlgorithm::Sha256, &key).map_err(of("hkdf"))?;
    let mut derived = [0; 32];
    measure("hkdf-expand to 32 B", 0, sha256, &mut || {
        prk.expand(black_box(b"info"), &mut derived)
    })?;

    let aead = AeadKey::new(AeadAlgorithm::Aes256Gcm, &key).map_err(of("aes-256-gcm"))?;
    for (name, len) in [
        ("aes-256-gcm seal 64 B", 64),
        ("aes-256-gcm seal 1 KiB", 1 << 10),
        ("aes-256-gcm seal 16 KiB", LONG),
    ] {
        let out = out.get_mut(..len + TAG_LEN).unwrap_or(&mut []);
        measure(name, len, gcm, &mut || {
            aead.seal(&[0; 12], b"", part(black_box(&data), len), out).map(drop)
        })?;
    }
    // The last of them is a whole message.
    let sealed = out;
    let mut opened = vec![0; LONG];
    measure("aes-256-gcm open 16 KiB", LONG, gcm, &mut || {
        aead.open(&[0; 12], b"", black_box(&sealed), &mut opened).map(drop)
    })?;
    let mut small = [0; 64 + TAG_LEN];
    measure("aes-256-gcm new key, seal 64 B", 64, gcm, &mut || {
        let key = AeadKey::new(AeadAlgorithm::Aes256Gcm, black_box(&key))?;
        key.seal(&[0; 12], b"", part(&data, 64), &mut small).map(drop)
    })?;
    let kek = WrapKey::new(&key).map_err(of("aes-kw"))?;
    let mut wrapped = [0; 40];
    measure("aes-kw wrap 32 B", 0, "RustCrypto", &mut || {
        kek.wrap(WrapAlgorithm::AesKw, black_box(&derived), &mut wrapped).map(drop)
    })?;
    measure("random 32 B", 0, "system", &mut || OsRng.fill(&mut derived))
}

fn device(measure: &mut Measure<'_>) -> Outcome {
    let both = tiers();
    let root = RootKey::new(&Secret::take(&mut [9; 32]));
    let id = DeviceId::new(b"pump-station-7").map_err(of("device id"))?;
    let key = || root.device_key(&id, Version::FIRST);
    measure("device key from root", 0, Cpu::detect().sha256_tier(), &mut || {
        key().map(|key| drop(black_box(key)))
    })?;

    let device_key = key().map_err(of("device key"))?;
    let session = Session::counted(Boot::new(1).map_err(of("boot"))?);
    let payload = [1; 64];
    let mut message = [0; 64 + MAX_OVERHEAD];
    for (name, form) in
        [("message seal 64 B, long", Form::Long), ("message seal 64 B, compact", Form::Compact)]
    {
        let mut sealer = Sealer::up(&device_key, session).map_err(of(name))?;
        measure(name, 64, &both, &mut || {
            sealer.seal(form, b"", black_box(&payload), &mut message).map(drop)
        })?;
    }
    let mut sealer = Sealer::up(&device_key, session).map_err(of("sealer"))?;
    let len = sealer.seal(Form::Long, b"", &payload, &mut message).map_err(of("sealer"))?;
    let mut opened = [0; 64];
    measure("message open 64 B, new opener", 64, &both, &mut || {
        let mut opener = Opener::first_contact(key()?);
        opener.open(b"", black_box(part(&message, len)), &mut opened).map(drop)
    })
}

fn part(bytes: &[u8], len: usize) -> &[u8] {
    bytes.get(..len).unwrap_or(bytes)
}

/// Nanoseconds of one operation.
fn measure(budget: Duration, once: &mut dyn FnMut() -> Result<(), Error>) -> Result<f64, Error> {
    let batch_time = budget / BATCHES;
    let mut batch = 1_u32;
    loop {
        let time = run_batch(batch, once)?;
        if time >= batch_time / 2 || batch > u32::MAX / 2 {
            break;
        }
        batch *= 2;
    }
    let mut times = [Duration::ZERO; BATCHES as usize];
    for time in &mut times {
        *time = run_batch(batch, once)?;
    }
    times.sort_unstable();
    let middle = times.get(times.len() / 2).copied().unwrap_or_default();
    Ok(middle.as_secs_f64() * 1e9 / f64::from(batch))
}

fn run_batch(batch: u32, once: &mut dyn FnMut() -> Result<(), Error>) -> Result<Duration, Error> {
    let start = Instant::now();
    for _ in 0..batch {
        once()?;
    }
    Ok(start.elapsed())
}

fn print(args: &Args, operation: &str, bytes: usize, by: &str, nanoseconds: f64) -> Outcome {
    if args.json {
        return Report::new()
            .with("operation", operation)
            .with("bytes", bytes)
            .with("nanoseconds", (nanoseconds * 10.0).round() / 10.0)
            .with("implementation", by)
            .print(true);
    }
    // Bytes a nanosecond are gigabytes a second.
    let rate = match bytes {
        0 => String::new(),
        bytes => format!("{:.3} GB/s", bytes as f64 / nanoseconds),
    };
    let line = format!("{operation:32}{nanoseconds:>12.1} ns{rate:>14}  {by}\n");
    stream::write(line.as_bytes())
}
