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
pub(super) const POWERS: usize = if cfg!(target_arch = "x86_64") {
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

// Builds with debug assertions spill more to the stack than is cleared; they are
// not for secrets.
#[cfg(all(test, target_arch = "x86_64", not(debug_assertions)))]
mod tests {
    use core::arch::asm;
    use std::vec::Vec;

    use super::{GcmKey, OnFailure, Secret, TAG, Tier, open_once, seal_once};
    use crate::kernel::cpu::{Cpu, Feature};
    use crate::kernel::wipe;

    /// Bytes below the stack pointer that are searched.
    const DEPTH: usize = 4096;
    /// Bytes of all vector registers.
    const REGISTERS: usize = 32 * 64;

    fn tiers() -> [Cpu; 4] {
        let cpu = Cpu::detect();
        let features = [Feature::Avx512, Feature::Vaes, Feature::Aes];
        let [no_avx512, no_vaes, no_aes] = features.map(|feature| cpu.without(feature));
        [cpu, no_avx512, no_vaes, no_aes]
    }

    /// What a call has left: the stack below this point, then the registers.
    macro_rules! left {
        ($left:expr) => {{
            let left: &mut [u8; DEPTH + REGISTERS] = $left;
            // SAFETY: below the stack pointer lies the rest of a thread's stack,
            // far more than is read. Registers are only read; zmm exist if the
            // CPU has the tier for them.
            unsafe {
                if Cpu::detect().vaes512().is_some() {
                    asm!(
                        ".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31",
                        r"vmovdqu64 [{to} + 64 * \n], zmm\n",
                        ".endr",
                        to = in(reg) left.as_mut_ptr().add(DEPTH),
                    );
                }
                asm!(
                    "2:",
                    "mov {word}, [rsp + {offset} - 4096]",
                    "mov [{to} + {offset}], {word}",
                    "add {offset}, 8",
                    "cmp {offset}, 4096",
                    "jne 2b",
                    word = out(reg) _,
                    offset = inout(reg) 0_usize => _,
                    to = in(reg) left.as_mut_ptr(),
                );
            }
        }};
    }

    /// Takes away what the test itself has left.
    fn clear() {
        zeroize::zeroize_stack::<{ 2 * DEPTH }>();
        if let Some(token) = Cpu::detect().vaes512() {
            wipe::avx512::<0>(token);
        }
    }

    /// Eight bytes in a row of a secret, and the same reversed.
    struct Telling(Vec<[u8; 8]>);

    impl Telling {
        fn add(&mut self, secret: &[u8]) {
            for window in secret.windows(8) {
                let mut window: [u8; 8] = window.try_into().unwrap();
                if window.iter().filter(|byte| **byte == 0).count() < 2 {
                    self.0.push(window);
                    window.reverse();
                    self.0.push(window);
                }
            }
            self.0.sort_unstable();
        }

        fn find(&self, left: &[u8]) -> usize {
            let is_telling =
                |window: &&[u8]| self.0.binary_search(&(*window).try_into().unwrap()).is_ok();
            left.windows(8).filter(is_telling).count()
        }
    }

    fn random(len: usize, seed: u64) -> Vec<u8> {
        let mut state = seed;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as u8
        };
        (0..len).map(|_| next()).collect()
    }

    #[inline(never)]
    fn make(cpu: Cpu, secret: &[u8; 32], key: &mut GcmKey) {
        *key = GcmKey::empty(cpu);
        key.expand(Secret::Aes256(secret));
    }

    /// Calls that are not inlined, so that what they leave is below.
    struct Calls<'a> {
        cpu: Cpu,
        secret: &'a [u8; 32],
        key: &'a GcmKey,
        sealed: &'a mut [u8],
        opened: &'a mut [u8],
        tag: [u8; TAG],
    }

    impl Calls<'_> {
        const NONCE: [u8; 12] = [3; 12];

        #[inline(never)]
        fn seal(&mut self) {
            self.tag = self.key.seal(&Self::NONCE, b"header", self.sealed.into());
        }

        #[inline(never)]
        fn open(&mut self) {
            let on_failure = OnFailure::Zero;
            let text = self.opened.into();
            assert!(self.key.open(&Self::NONCE, b"header", text, &self.tag, on_failure));
        }

        #[inline(never)]
        fn seal_once(&mut self) {
            let secret = Secret::Aes256(self.secret);
            self.tag = seal_once(self.cpu, secret, &Self::NONCE, b"header", self.sealed.into());
        }

        #[inline(never)]
        fn open_once(&mut self) {
            let (secret, text) = (Secret::Aes256(self.secret), self.opened.into());
            let on_failure = OnFailure::Zero;
            let tag = &self.tag;
            assert!(open_once(self.cpu, secret, &Self::NONCE, b"header", text, tag, on_failure));
        }
    }

    /// No eight bytes of a key, of what is made from it, of the text or of the
    /// key stream are in dead stack or vector registers after a call.
    #[test]
    fn nothing_of_a_secret_is_left() {
        let secret: [u8; 32] = random(32, 1).try_into().unwrap();
        let mut left = [0; DEPTH + REGISTERS];
        for cpu in tiers() {
            let mut key = GcmKey::empty(cpu);
            make(cpu, &secret, &mut key);
            for len in [0, 16, 40, 64, 100, 128, 200, 256, 257, 700, 1350, 4000] {
                let plaintext = random(len, 2);
                let mut sealed = plaintext.clone();
                let tag = key.seal(&Calls::NONCE, b"header", sealed.as_mut_slice().into());
                let stream: Vec<u8> = sealed.iter().zip(&plaintext).map(|(a, b)| a ^ b).collect();
                let mut telling = Telling(Vec::new());
                telling.add(&secret);
                telling.add(key.round_keys.as_flattened());
                telling.add(key.powers.as_flattened());
                telling.add(&plaintext);
                telling.add(&stream);

                let (mut to_seal, mut to_open) = (plaintext.clone(), sealed.clone());
                for call in ["seal", "open", "seal once", "open once"] {
                    to_seal.copy_from_slice(&plaintext);
                    to_open.copy_from_slice(&sealed);
                    let mut calls = Calls {
                        cpu,
                        secret: &secret,
                        key: &key,
                        sealed: &mut to_seal,
                        opened: &mut to_open,
                        tag,
                    };
                    clear();
                    match call {
                        "seal" => calls.seal(),
                        "open" => calls.open(),
                        "seal once" => calls.seal_once(),
                        _ => calls.open_once(),
                    }
                    left!(&mut left);
                    let tier = Tier::best(cpu).name();
                    assert_eq!(telling.find(&left), 0, "{tier}, {len} bytes, {call}");
                }
            }
        }
    }

    #[test]
    fn what_is_left_would_be_found() {
        let secret = random(64, 9);
        let mut telling = Telling(Vec::new());
        telling.add(&secret);
        let mut left = [0; DEPTH + REGISTERS];
        #[inline(never)]
        fn leave(secret: &[u8]) {
            let mut frame = [0; 256];
            frame[..secret.len()].copy_from_slice(secret);
            core::hint::black_box(&frame);
        }
        leave(&secret);
        left!(&mut left);
        assert!(telling.find(&left) > 0);
    }
}
