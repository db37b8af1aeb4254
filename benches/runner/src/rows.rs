//! The rows of the report: what is measured, and the goals that the project set
//! itself for each. To add a row, add a line here; a new kind of job is a
//! `Job` of the crate `peer`.

use peer::Job;

use crate::goal::Goal::{self, AtMostNs, Behind, OfLimit, OverRust, SmallStack, Times};
use crate::mask;

/// One row.
pub(crate) struct Row {
    /// Short and lasting; `--only` looks for it.
    pub(crate) id: String,
    /// For people.
    pub(crate) title: String,
    pub(crate) job: Job,
    /// Bytes of the text.
    pub(crate) len: usize,
    pub(crate) goals: Vec<Goal>,
}

/// The portable tier is compared with this peer, whose portable code is
/// constant-time too.
const SOFT: &str = "RustCrypto";

const MIB: usize = 1 << 20;

fn row(id: &str, title: &str, job: Job, len: usize, goals: &[Goal]) -> Row {
    Row { id: id.to_owned(), title: title.to_owned(), job, len, goals: goals.to_vec() }
}

/// The four jobs of AES-GCM with a ready key: key length, verb, independent and
/// dependent messages.
const AEAD: [(u32, &str, Job, Job); 4] = [
    (256, "seal", Job::Seal256, Job::Seal256Dependent),
    (256, "open", Job::Open256, Job::Open256Dependent),
    (128, "seal", Job::Seal128, Job::Seal128Dependent),
    (128, "open", Job::Open128, Job::Open128Dependent),
];

/// A row of AES-GCM with a ready key.
fn aead((bits, verb, job, _): (u32, &str, Job, Job), len: usize, goals: &[Goal]) -> Row {
    let id = format!("aes{bits}-{verb}-{len}");
    row(&id, &format!("AES-{bits}-GCM {verb}, {}", size(len)), job, len, goals)
}

/// The same with one message waiting for the other.
fn latency((bits, verb, _, job): (u32, &str, Job, Job), len: usize, goals: &[Goal]) -> Row {
    let id = format!("aes{bits}-{verb}-{len}-dependent");
    let title = format!("AES-{bits}-GCM {verb}, {}, dependent calls", size(len));
    row(&id, &title, job, len, goals)
}

/// The rows of a tier.
pub(crate) fn of(mask: &str) -> Vec<Row> {
    match mask {
        mask::NONE => best(),
        "portable" => portable(),
        _ => lower(),
    }
}

fn best() -> Vec<Row> {
    let mut rows = Vec::new();
    for each in AEAD {
        let over = if each.0 == 256 { &[Times(5.0), OverRust(3.0)][..] } else { &[Times(5.0)] };
        rows.push(aead(each, 16, over));
        rows.push(aead(each, 64, over));
        rows.push(latency(each, 16, &[Times(2.0)]));
        rows.push(latency(each, 64, &[Times(2.0)]));
        rows.push(aead(each, 256, &[Times(2.5)]));
        rows.push(aead(each, 1024, &[Times(1.7)]));
        rows.push(aead(each, 1350, &[Times(1.7)]));
        let bulk = if each.0 == 256 { 1.0 } else { 1.12 };
        rows.push(aead(each, 16384, &[Times(bulk), OfLimit(0.95)]));
        rows.push(aead(each, MIB, &[Times(bulk), OfLimit(0.95)]));
    }
    rows.push(row(
        "aes256-once-64",
        "AES-256-GCM, new key and seal, 64 B",
        Job::SealOnce256,
        64,
        &[Times(3.0)],
    ));
    rows.push(row(
        "aes128-once-64",
        "AES-128-GCM, new key and seal, 64 B",
        Job::SealOnce128,
        64,
        &[Times(3.0)],
    ));
    rows.push(row(
        "aes256-open-once-64",
        "AES-256-GCM, new key and open, 64 B",
        Job::OpenOnce256,
        64,
        &[],
    ));
    rows.extend([
        row(
            "hkdf-expand",
            "HKDF-Expand, 32 B, ready key",
            Job::Expand,
            32,
            &[Times(2.0), OverRust(3.0)],
        ),
        row(
            "hkdf-expand-dependent",
            "HKDF-Expand, 32 B, ready key, dependent calls",
            Job::ExpandDependent,
            32,
            &[],
        ),
        row("hkdf-expand-once", "HKDF-Expand, 32 B, new key", Job::ExpandOnce, 32, &[]),
        row(
            "device-keys-16",
            "HKDF-Expand, 32 B, ready root, 16 devices at once (each)",
            Job::DeviceKeys,
            32,
            &[Times(4.0)],
        ),
        row("hmac-64", "HMAC-SHA-256, 64 B, ready key", Job::Mac, 64, &[Times(1.4), OverRust(3.0)]),
        row(
            UNSEEN,
            "Open 64 B from a device never seen",
            Job::OpenUnseen,
            64,
            &[Times(3.0), AtMostNs(500.0)],
        ),
        row(
            "device-unseen-64-16",
            "Open 64 B from 16 devices never seen, at once (each)",
            Job::OpenMany,
            64,
            &[],
        ),
    ]);
    rows
}

/// The row whose best peer may be put together from several libraries.
pub(crate) const UNSEEN: &str = "device-unseen-64";
/// Its parts: how often each of these rows goes into it.
pub(crate) const UNSEEN_PARTS: [&str; 3] =
    ["hkdf-expand", "hkdf-expand-once", "aes256-open-once-64"];

fn lower() -> Vec<Row> {
    let mut rows = Vec::new();
    for each in AEAD {
        rows.push(aead(each, 16, &[Times(2.0)]));
        rows.push(aead(each, 64, &[Times(2.0)]));
        rows.push(aead(each, 16384, &[Times(1.0)]));
        rows.push(aead(each, MIB, &[Times(1.0)]));
    }
    rows
}

fn portable() -> Vec<Row> {
    let behind = [Behind(SOFT)];
    let mut rows = Vec::new();
    for each in AEAD {
        rows.push(aead(each, 64, &[Behind(SOFT), SmallStack(SOFT, 3.0)]));
        rows.push(aead(each, 1350, &behind));
        rows.push(aead(each, 16384, &behind));
    }
    rows.push(row(
        "aes256-once-64",
        "AES-256-GCM, new key and seal, 64 B",
        Job::SealOnce256,
        64,
        &behind,
    ));
    rows.push(row("hkdf-expand", "HKDF-Expand, 32 B, ready key", Job::Expand, 32, &behind));
    rows.push(row("hmac-64", "HMAC-SHA-256, 64 B, ready key", Job::Mac, 64, &behind));
    rows
}

/// A length as people write it.
fn size(len: usize) -> String {
    match len {
        MIB => "1 MiB".to_owned(),
        1024 | 16384 => format!("{} KiB", len / 1024),
        _ => format!("{len} B"),
    }
}
