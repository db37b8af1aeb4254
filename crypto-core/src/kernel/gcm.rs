//! AES-GCM (NIST SP 800-38D) with 96-bit nonces and 128-bit tags: the key as
//! its tier wants it, and the choice of the tier.
//!
//! Lengths are checked by the caller: a message has at most 2³⁶ − 32 bytes.

use inout::InOutBuf;

use super::cpu::Cpu;
use super::portable::gcm as portable;
#[cfg(target_arch = "aarch64")]
use super::{aarch64::gcm as arm, cpu::ArmAes};
#[cfg(target_arch = "x86_64")]
use super::{
    cpu::{AesNi, Vaes256, Vaes512},
    x86_64::{gcm_aesni, gcm_vaes256, gcm_vaes512},
};

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

impl Secret<'_> {
    pub(super) const fn is_aes256(&self) -> bool {
        matches!(self, Self::Aes256(_))
    }
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
/// tier wants. It needs no more alignment than a C context has.
#[repr(C, align(8))]
pub(crate) struct GcmKey {
    pub(super) round_keys: [[u8; BLOCK]; 15],
    pub(super) powers: [[u8; BLOCK]; POWERS],
    pub(super) is_aes256: bool,
    tier: Tier,
}

/// Which implementation, with the proof that this CPU has it.
#[derive(Clone, Copy)]
pub(super) enum Tier {
    #[cfg(target_arch = "x86_64")]
    Vaes512(Vaes512),
    #[cfg(target_arch = "x86_64")]
    Vaes256(Vaes256),
    #[cfg(target_arch = "x86_64")]
    AesNi(AesNi),
    #[cfg(target_arch = "aarch64")]
    Arm(ArmAes),
    Portable,
}

/// What a token stands for.
macro_rules! from_token {
    ($($name:ident),*) => {
        $(
            #[cfg(target_arch = "x86_64")]
            impl From<$name> for Tier {
                #[inline]
                fn from(token: $name) -> Self {
                    Self::$name(token)
                }
            }
        )*
    };
}
from_token!(Vaes512, Vaes256, AesNi);

impl Tier {
    /// The fastest.
    #[inline]
    fn best(cpu: Cpu) -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(token) = cpu.vaes512() {
            return Self::Vaes512(token);
        }
        #[cfg(target_arch = "x86_64")]
        if let Some(token) = cpu.vaes256() {
            return Self::Vaes256(token);
        }
        #[cfg(target_arch = "x86_64")]
        if let Some(token) = cpu.aes_ni() {
            return Self::AesNi(token);
        }
        #[cfg(target_arch = "aarch64")]
        if let Some(token) = cpu.arm_aes() {
            return Self::Arm(token);
        }
        let _ = cpu;
        Self::Portable
    }

    const fn name(self) -> &'static str {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Vaes512(_) => "VAES-512",
            #[cfg(target_arch = "x86_64")]
            Self::Vaes256(_) => "VAES-256",
            #[cfg(target_arch = "x86_64")]
            Self::AesNi(_) => "AES-NI",
            #[cfg(target_arch = "aarch64")]
            Self::Arm(_) => "AES + PMULL",
            Self::Portable => "portable",
        }
    }
}

/// Calls a function of the tier, which has the same name in each.
macro_rules! on_tier {
    ($tier:expr, $function:ident($($argument:expr),*)) => {
        match $tier {
            #[cfg(target_arch = "x86_64")]
            Tier::Vaes512(token) => gcm_vaes512::$function(token, $($argument),*),
            #[cfg(target_arch = "x86_64")]
            Tier::Vaes256(token) => gcm_vaes256::$function(token, $($argument),*),
            #[cfg(target_arch = "x86_64")]
            Tier::AesNi(token) => gcm_aesni::$function(token, $($argument),*),
            #[cfg(target_arch = "aarch64")]
            Tier::Arm(token) => arm::$function(token, $($argument),*),
            Tier::Portable => portable::$function($($argument),*),
        }
    };
}

/// The name of the tier that a key on `cpu` has.
pub(crate) fn tier_name(cpu: Cpu) -> &'static str {
    Tier::best(cpu).name()
}

impl GcmKey {
    /// Room for a key of the fastest tier; [`GcmKey::expand`] makes it one.
    #[inline]
    pub(crate) fn empty(cpu: Cpu) -> Self {
        Self::empty_for(Tier::best(cpu))
    }

    #[inline]
    pub(super) fn empty_for(tier: Tier) -> Self {
        let (round_keys, powers) = ([[0; BLOCK]; 15], [[0; BLOCK]; POWERS]);
        Self { round_keys, powers, is_aes256: false, tier }
    }

    /// Makes the key from its secret.
    #[inline]
    pub(crate) fn expand(&mut self, secret: Secret<'_>) {
        self.is_aes256 = secret.is_aes256();
        on_tier!(self.tier, expand(secret, self));
    }

    pub(crate) const fn is_aes256(&self) -> bool {
        self.is_aes256
    }

    /// Encrypts `text` and returns the tag.
    #[inline]
    pub(crate) fn seal(
        &self,
        nonce: &[u8; NONCE],
        aad: &[u8],
        text: InOutBuf<'_, '_, u8>,
    ) -> [u8; TAG] {
        on_tier!(self.tier, seal(self, nonce, aad, text))
    }

    /// Decrypts `text` if the tag is right, and says whether it is.
    #[inline]
    pub(crate) fn open(
        &self,
        nonce: &[u8; NONCE],
        aad: &[u8],
        text: InOutBuf<'_, '_, u8>,
        tag: &[u8; TAG],
        on_failure: OnFailure,
    ) -> bool {
        on_tier!(self.tier, open(self, nonce, aad, text, tag, on_failure))
    }
}

/// [`GcmKey::seal`] with a key for this message alone.
#[inline]
pub(crate) fn seal_once(
    cpu: Cpu,
    secret: Secret<'_>,
    nonce: &[u8; NONCE],
    aad: &[u8],
    text: InOutBuf<'_, '_, u8>,
) -> [u8; TAG] {
    on_tier!(Tier::best(cpu), seal_once(secret, nonce, aad, text))
}

/// [`GcmKey::open`] with a key for this message alone.
#[inline]
pub(crate) fn open_once(
    cpu: Cpu,
    secret: Secret<'_>,
    nonce: &[u8; NONCE],
    aad: &[u8],
    text: InOutBuf<'_, '_, u8>,
    tag: &[u8; TAG],
    on_failure: OnFailure,
) -> bool {
    on_tier!(Tier::best(cpu), open_once(secret, nonce, aad, text, tag, on_failure))
}

impl Drop for GcmKey {
    #[inline]
    fn drop(&mut self) {
        self.round_keys = [[0; BLOCK]; 15];
        self.powers = [[0; BLOCK]; POWERS];
        zeroize::optimization_barrier(self);
    }
}
