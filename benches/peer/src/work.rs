//! The jobs: what is done over and over while the clock runs.

use crate::Library;
use crate::aead::{Open, OpenDependent, OpenOnce, Seal, SealDependent, SealOnce};
use crate::device::{DeviceKeys, OpenMany, OpenUnseen};
use crate::kdf::{Expand, ExpandDependent, ExpandOnce, MacWork};

/// What a row measures. The numbers cross the border of shared objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Job {
    /// AES-128-GCM seal, independent messages.
    Seal128 = 1,
    /// AES-256-GCM seal, independent messages.
    Seal256,
    /// AES-128-GCM open, independent messages.
    Open128,
    /// AES-256-GCM open, independent messages.
    Open256,
    /// AES-128-GCM seal, each nonce from the tag before.
    Seal128Dependent,
    /// AES-256-GCM seal, each nonce from the tag before.
    Seal256Dependent,
    /// AES-128-GCM open, each nonce waits for the plaintext before.
    Open128Dependent,
    /// AES-256-GCM open, each nonce waits for the plaintext before.
    Open256Dependent,
    /// A new key and one AES-128-GCM seal under it.
    SealOnce128,
    /// A new key and one AES-256-GCM seal under it.
    SealOnce256,
    /// A new key and one AES-256-GCM open under it.
    OpenOnce256,
    /// HKDF-Expand to 32 bytes from a ready key.
    Expand,
    /// The same, each `info` from the key before.
    ExpandDependent,
    /// A new pseudorandom key and one expansion of it.
    ExpandOnce,
    /// HMAC-SHA-256 under a ready key.
    Mac,
    /// A message of a device never seen.
    OpenUnseen,
    /// The same for [`crate::MANY`] devices at once.
    OpenMany,
    /// The keys of [`crate::MANY`] devices at once.
    DeviceKeys,
}

impl Job {
    const ALL: [Self; 18] = [
        Self::Seal128,
        Self::Seal256,
        Self::Open128,
        Self::Open256,
        Self::Seal128Dependent,
        Self::Seal256Dependent,
        Self::Open128Dependent,
        Self::Open256Dependent,
        Self::SealOnce128,
        Self::SealOnce256,
        Self::OpenOnce256,
        Self::Expand,
        Self::ExpandDependent,
        Self::ExpandOnce,
        Self::Mac,
        Self::OpenUnseen,
        Self::OpenMany,
        Self::DeviceKeys,
    ];

    /// The job of a number that came from elsewhere.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|job| *job as u32 == number)
    }

    /// Operations in one turn of the loop.
    #[must_use]
    pub fn operations(self) -> u64 {
        match self {
            Self::OpenMany | Self::DeviceKeys => crate::MANY as u64,
            _ => 1,
        }
    }
}

/// A job with all that it needs, ready to be timed.
pub trait Work {
    /// Does the job `turns` times.
    fn run(&mut self, turns: u64);

    /// What the job has computed so far, for comparison between libraries.
    fn output(&self) -> Vec<u8>;
}

/// A job over texts of `len` bytes; `None` if the library cannot do it.
pub fn prepare<L: Library>(library: L, job: Job, len: usize) -> Option<Box<dyn Work>> {
    Some(match job {
        Job::Seal128 => Box::new(Seal::<L, L::Aes128>::new(library, 16, len)?),
        Job::Seal256 => Box::new(Seal::<L, L::Aes256>::new(library, 32, len)?),
        Job::Open128 => Box::new(Open::<L, L::Aes128>::new(library, 16, len)?),
        Job::Open256 => Box::new(Open::<L, L::Aes256>::new(library, 32, len)?),
        Job::Seal128Dependent => Box::new(SealDependent::<L, L::Aes128>::new(library, 16, len)?),
        Job::Seal256Dependent => Box::new(SealDependent::<L, L::Aes256>::new(library, 32, len)?),
        Job::Open128Dependent => Box::new(OpenDependent::<L, L::Aes128>::new(library, 16, len)?),
        Job::Open256Dependent => Box::new(OpenDependent::<L, L::Aes256>::new(library, 32, len)?),
        Job::SealOnce128 => Box::new(SealOnce::<L, L::Aes128>::new(library, 16, len)?),
        Job::SealOnce256 => Box::new(SealOnce::<L, L::Aes256>::new(library, 32, len)?),
        Job::OpenOnce256 => Box::new(OpenOnce::<L, L::Aes256>::new(library, 32, len)?),
        Job::Expand => Box::new(Expand::new(library)?),
        Job::ExpandDependent => Box::new(ExpandDependent::new(library)?),
        Job::ExpandOnce => Box::new(ExpandOnce::new(library)?),
        Job::Mac => Box::new(MacWork::new(library, len)?),
        Job::OpenUnseen => Box::new(OpenUnseen::new(library)?),
        Job::OpenMany => Box::new(OpenMany::new(library)?),
        Job::DeviceKeys => Box::new(DeviceKeys::new(library)?),
    })
}
