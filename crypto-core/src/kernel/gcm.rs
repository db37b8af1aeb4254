//! AES-GCM (NIST SP 800-38D) with 96-bit nonces and 128-bit tags: the key as
//! its tier wants it, and the choice of the tier.
//!
//! Lengths are checked by the caller: a message has at most 2³⁶ − 32 bytes.

use inout::InOutBuf;

use super::cpu::Cpu;
use super::portable::gcm as portable;
#[cfg(target_arch = "aarch64")]
use super::{aarch64::gcm as arm, cpu::ArmAes};

/// Bytes of a block of AES.
pub(crate) const BLOCK: usize = 16;
/// Bytes of a nonce.
pub(crate) const NONCE: usize = 12;
/// Bytes of a tag.
pub(crate) const TAG: usize = 16;

/// The secret that a key is made from: 16 bytes for AES-128, 32 for AES-256.
#[derive(Clone, Copy)]
pub(crate) enum Secret<'a> {
    Aes128(&'a [u8; 16]),
    Aes256(&'a [u8; 32]),
}

/// What becomes of the output when a message does not verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnFailure {
    /// It is filled with zeros; in place, the message is gone.
    Zero,
    /// It stays as it is.
    Keep,
}

/// Powers of the hash key that a key holds, and blocks of zeros behind them: as
/// many as the best tier of the architecture uses.
const POWERS: usize = if cfg!(target_arch = "x86_64") {
    40
} else if cfg!(target_arch = "aarch64") {
    8
} else {
    1
};

/// A key with its round keys and powers of the hash key, in the form that its
/// tier wants. Bytes only, so that it may lie at any address.
#[repr(C)]
pub(crate) struct GcmKey {
    pub(super) round_keys: [[u8; BLOCK]; 15],
    pub(super) powers: [[u8; BLOCK]; POWERS],
    pub(super) is_aes256: bool,
    tier: Tier,
}

/// Which implementation, with the proof that this CPU has it.
#[derive(Clone, Copy)]
enum Tier {
    #[cfg(target_arch = "aarch64")]
    Arm(ArmAes),
    Portable,
}

impl Tier {
    /// The fastest.
    #[inline]
    fn best(cpu: Cpu) -> Self {
        #[cfg(target_arch = "aarch64")]
        if let Some(token) = cpu.arm_aes() {
            return Self::Arm(token);
        }
        let _ = cpu;
        Self::Portable
    }
}

impl GcmKey {
    #[inline]
    pub(crate) fn new(cpu: Cpu, secret: Secret<'_>) -> Self {
        let tier = Tier::best(cpu);
        let is_aes256 = matches!(secret, Secret::Aes256(_));
        let mut key =
            Self { round_keys: [[0; BLOCK]; 15], powers: [[0; BLOCK]; POWERS], is_aes256, tier };
        match tier {
            #[cfg(target_arch = "aarch64")]
            Tier::Arm(token) => arm::expand(token, secret, &mut key),
            Tier::Portable => portable::expand(secret, &mut key),
        }
        key
    }

    pub(crate) const fn is_aes256(&self) -> bool {
        self.is_aes256
    }

    #[inline]
    pub(crate) fn seal(
        &self,
        nonce: &[u8; NONCE],
        aad: &[u8],
        text: InOutBuf<'_, '_, u8>,
    ) -> [u8; TAG] {
        match self.tier {
            #[cfg(target_arch = "aarch64")]
            Tier::Arm(token) => arm::seal(token, self, nonce, aad, text),
            Tier::Portable => portable::seal(self, nonce, aad, text),
        }
    }

    #[inline]
    pub(crate) fn open(
        &self,
        nonce: &[u8; NONCE],
        aad: &[u8],
        text: InOutBuf<'_, '_, u8>,
        tag: &[u8; TAG],
        on_failure: OnFailure,
    ) -> bool {
        match self.tier {
            #[cfg(target_arch = "aarch64")]
            Tier::Arm(token) => arm::open(token, self, nonce, aad, text, tag, on_failure),
            Tier::Portable => portable::open(self, nonce, aad, text, tag, on_failure),
        }
    }
}

impl Drop for GcmKey {
    #[inline]
    fn drop(&mut self) {
        self.round_keys = [[0; BLOCK]; 15];
        self.powers = [[0; BLOCK]; POWERS];
        zeroize::optimization_barrier(self);
    }
}
