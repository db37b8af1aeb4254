//! What this CPU can do, found out once.
//!
//! A [`Cpu`] comes from looking ([`Cpu::detect`]) or from taking features away
//! from another ([`Cpu::without`]), so a feature that it names is there. From it
//! come tokens, values without size, one for each tier: who holds a token may
//! call the functions that are compiled for the token's features.
//!
//! x86-64: CPUID and XGETBV (Intel SDM vol. 1 §13.3, §14.3, §15.2: the operating
//! system must save the registers too). AArch64: what the standard library finds
//! out, or without it what the build says. Elsewhere there is nothing to find.

use core::fmt;

/// A group of instructions that some CPUs lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Feature {
    /// AES and carry-less multiplication: AES-NI and PCLMULQDQ, or the AES and
    /// PMULL instructions of Arm.
    Aes,
    /// SHA-256: SHA-NI, or the SHA2 instructions of Arm.
    Sha,
    /// x86-64: AVX2.
    Avx2,
    /// x86-64: VAES and VPCLMULQDQ.
    Vaes,
    /// x86-64: AVX-512 F, BW, DQ and VL.
    Avx512,
}

impl Feature {
    const fn bit(self) -> u8 {
        match self {
            Self::Aes => 1 << 1,
            Self::Sha => 1 << 2,
            Self::Avx2 => 1 << 3,
            Self::Vaes => 1 << 4,
            Self::Avx512 => 1 << 5,
        }
    }
}

/// The features of this CPU that may be used.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Cpu {
    /// [`LOOKED`] and the bits of features.
    bits: u8,
}

/// Tells features that were looked for from a zero in memory.
const LOOKED: u8 = 1;

impl Cpu {
    /// All that this CPU can do. It is looked up once: later calls read a byte.
    #[must_use]
    #[inline]
    pub fn detect() -> Self {
        detect::cached()
    }

    /// The same without a feature, for tests and measurements of the tiers
    /// below. A tier needs all of its features: without AVX2 none of VAES or
    /// AVX-512 is used either.
    #[must_use]
    pub const fn without(self, feature: Feature) -> Self {
        Self { bits: self.bits & !feature.bit() }
    }

    /// Whether a feature is there and may be used.
    #[must_use]
    #[inline]
    pub const fn has(self, feature: Feature) -> bool {
        self.bits & feature.bit() != 0
    }

    #[allow(dead_code, reason = "architectures without tiers have no use for it")]
    #[inline]
    const fn has_all(self, features: &[Feature]) -> bool {
        let mut i = 0;
        while i < features.len() {
            if !self.has(features[i]) {
                return false;
            }
            i += 1;
        }
        true
    }
}

impl fmt::Debug for Cpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Feature::{Aes, Avx2, Avx512, Sha, Vaes};
        let features = [Aes, Sha, Avx2, Vaes, Avx512];
        f.debug_set().entries(features.iter().filter(|feature| self.has(**feature))).finish()
    }
}

/// Makes a token and the question for it.
macro_rules! token {
    ($(#[$doc:meta])* $name:ident, $ask:ident, $arch:literal, $($feature:ident)+) => {
        $(#[$doc])*
        #[cfg(target_arch = $arch)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) struct $name(());

        #[cfg(target_arch = $arch)]
        impl Cpu {
            #[inline]
            pub(crate) const fn $ask(self) -> Option<$name> {
                let all = self.has_all(&[$(Feature::$feature),+]);
                if all { Some($name(())) } else { None }
            }
        }
    };
}

token! {
    /// Proof of `aes,pclmulqdq,sse4.1,ssse3` and of
    /// `avx2,bmi2,vaes,vpclmulqdq,avx512f,avx512bw,avx512dq,avx512vl`.
    Vaes512, vaes512, "x86_64", Aes Avx2 Vaes Avx512
}
token! {
    /// Proof of `aes,pclmulqdq,sse4.1,ssse3,avx2,bmi2,vaes,vpclmulqdq`.
    Vaes256, vaes256, "x86_64", Aes Avx2 Vaes
}
token! {
    /// Proof of `aes,pclmulqdq,sse4.1,ssse3`.
    AesNi, aes_ni, "x86_64", Aes
}
token! {
    /// Proof of `sha,sse4.1,ssse3`.
    ShaNi, sha_ni, "x86_64", Sha
}
token! {
    /// Proof of `avx2,bmi2,avx512f,avx512bw,avx512dq,avx512vl`.
    Avx512, avx512, "x86_64", Avx2 Avx512
}
token! {
    /// Proof of `avx2,bmi2`.
    Avx2, avx2, "x86_64", Avx2
}

#[cfg(target_arch = "x86_64")]
impl From<Vaes256> for Avx2 {
    #[inline]
    fn from(_: Vaes256) -> Self {
        Self(())
    }
}

#[cfg(target_arch = "x86_64")]
impl From<Vaes512> for Avx512 {
    #[inline]
    fn from(_: Vaes512) -> Self {
        Self(())
    }
}

token! {
    /// Proof of `neon,aes`, which with Arm is PMULL too.
    ArmAes, arm_aes, "aarch64", Aes
}
token! {
    /// Proof of `neon,sha2`.
    ArmSha2, arm_sha2, "aarch64", Sha
}

#[cfg(target_arch = "x86_64")]
mod detect {
    use core::arch::x86_64::{__cpuid, __cpuid_count, __get_cpuid_max, _xgetbv};
    use core::sync::atomic::{AtomicU8, Ordering};

    use super::{Cpu, Feature, LOOKED};

    /// Zero until somebody has looked. Whoever looks finds the same, so it does
    /// not matter who is first, nor what else is seen in which order.
    static FOUND: AtomicU8 = AtomicU8::new(0);

    #[inline]
    pub(super) fn cached() -> Cpu {
        match FOUND.load(Ordering::Relaxed) {
            0 => look_and_remember(),
            bits => Cpu { bits },
        }
    }

    /// CPUID takes microseconds in a virtual machine.
    #[cold]
    fn look_and_remember() -> Cpu {
        let bits = look();
        FOUND.store(bits, Ordering::Relaxed);
        Cpu { bits }
    }

    /// Bits of CPUID (Intel SDM vol. 2, CPUID) by leaf and register.
    mod bit {
        pub(super) mod leaf1_ecx {
            pub(in super::super) const PCLMULQDQ: u32 = 1 << 1;
            pub(in super::super) const SSSE3: u32 = 1 << 9;
            pub(in super::super) const SSE4_1: u32 = 1 << 19;
            pub(in super::super) const AES: u32 = 1 << 25;
            pub(in super::super) const OSXSAVE: u32 = 1 << 27;
            pub(in super::super) const AVX: u32 = 1 << 28;
        }
        pub(super) mod leaf7_ebx {
            pub(in super::super) const AVX2: u32 = 1 << 5;
            pub(in super::super) const BMI2: u32 = 1 << 8;
            pub(in super::super) const AVX512F: u32 = 1 << 16;
            pub(in super::super) const AVX512DQ: u32 = 1 << 17;
            pub(in super::super) const SHA: u32 = 1 << 29;
            pub(in super::super) const AVX512BW: u32 = 1 << 30;
            pub(in super::super) const AVX512VL: u32 = 1 << 31;
        }
        pub(super) mod leaf7_ecx {
            pub(in super::super) const VAES: u32 = 1 << 9;
            pub(in super::super) const VPCLMULQDQ: u32 = 1 << 10;
        }
        /// XCR0: state that the operating system saves.
        pub(super) mod xcr0 {
            pub(in super::super) const SSE_AVX: u64 = 0b0000_0110;
            /// Opmasks, upper halves of zmm0–15, zmm16–31.
            pub(in super::super) const AVX512: u64 = 0b1110_0000;
        }
    }

    fn look() -> u8 {
        use bit::{leaf1_ecx as ecx1, leaf7_ebx as ebx7, leaf7_ecx as ecx7, xcr0};

        let (most, _) = __get_cpuid_max(0);
        if most < 7 {
            return LOOKED;
        }
        let leaf1 = __cpuid(1);
        let leaf7 = __cpuid_count(7, 0);
        let saved = if leaf1.ecx & ecx1::OSXSAVE != 0 {
            // SAFETY: OSXSAVE says that the system has switched XGETBV on.
            unsafe { xgetbv() }
        } else {
            0
        };

        let has = |register: u32, bits: u32| register & bits == bits;
        let saves = |bits: u64| saved & bits == bits;
        let sse = has(leaf1.ecx, ecx1::SSSE3 | ecx1::SSE4_1);
        let avx2 = has(leaf1.ecx, ecx1::AVX)
            && has(leaf7.ebx, ebx7::AVX2 | ebx7::BMI2)
            && saves(xcr0::SSE_AVX);
        let avx512 = ebx7::AVX512F | ebx7::AVX512DQ | ebx7::AVX512BW | ebx7::AVX512VL;

        let found = [
            (Feature::Aes, sse && has(leaf1.ecx, ecx1::AES | ecx1::PCLMULQDQ)),
            (Feature::Sha, sse && has(leaf7.ebx, ebx7::SHA)),
            (Feature::Avx2, avx2),
            (Feature::Vaes, avx2 && has(leaf7.ecx, ecx7::VAES | ecx7::VPCLMULQDQ)),
            (Feature::Avx512, avx2 && has(leaf7.ebx, avx512) && saves(xcr0::AVX512)),
        ];
        let bit = |(feature, is_there): (Feature, bool)| u8::from(is_there) * feature.bit();
        found.into_iter().fold(LOOKED, |bits, found| bits | bit(found))
    }

    #[target_feature(enable = "xsave")]
    fn xgetbv() -> u64 {
        // SAFETY: register 0 exists wherever XGETBV is switched on.
        unsafe { _xgetbv(0) }
    }
}

#[cfg(target_arch = "aarch64")]
mod detect {
    use super::{Cpu, Feature, LOOKED};

    /// The standard library remembers what it found.
    #[cfg(feature = "std")]
    macro_rules! has {
        ($feature:tt) => {
            std::arch::is_aarch64_feature_detected!($feature)
        };
    }
    #[cfg(not(feature = "std"))]
    macro_rules! has {
        ($feature:tt) => {
            cfg!(target_feature = $feature)
        };
    }

    #[inline]
    pub(super) fn cached() -> Cpu {
        let aes = u8::from(has!("aes") && has!("pmull")) * Feature::Aes.bit();
        let sha = u8::from(has!("sha2")) * Feature::Sha.bit();
        Cpu { bits: LOOKED | aes | sha }
    }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
mod detect {
    use super::{Cpu, LOOKED};

    #[inline]
    pub(super) const fn cached() -> Cpu {
        Cpu { bits: LOOKED }
    }
}

#[cfg(test)]
mod tests {
    use super::{Cpu, Feature};

    const ALL: [Feature; 5] =
        [Feature::Aes, Feature::Sha, Feature::Avx2, Feature::Vaes, Feature::Avx512];

    #[test]
    fn detection_gives_the_same_each_time() {
        assert_eq!(Cpu::detect(), Cpu::detect());
    }

    #[test]
    fn a_feature_taken_away_is_gone_and_the_others_stay() {
        let cpu = Cpu::detect();
        for taken in ALL {
            for feature in ALL {
                let expected = feature != taken && cpu.has(feature);
                assert_eq!(cpu.without(taken).has(feature), expected, "{feature:?}");
            }
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn what_is_found_is_what_the_standard_library_finds() {
        use std::arch::is_x86_feature_detected as has;

        let cpu = Cpu::detect();
        let sse = has!("ssse3") && has!("sse4.1");
        let avx2 = has!("avx2") && has!("bmi2");
        let avx512 =
            has!("avx512f") && has!("avx512bw") && has!("avx512dq") && has!("avx512vl") && avx2;
        assert_eq!(cpu.has(Feature::Aes), sse && has!("aes") && has!("pclmulqdq"));
        assert_eq!(cpu.has(Feature::Sha), sse && has!("sha"));
        assert_eq!(cpu.has(Feature::Avx2), avx2);
        assert_eq!(cpu.has(Feature::Vaes), avx2 && has!("vaes") && has!("vpclmulqdq"));
        assert_eq!(cpu.has(Feature::Avx512), avx512);
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn a_tier_needs_all_of_its_features() {
        let cpu = Cpu::detect();
        for taken in ALL {
            let rest = cpu.without(taken);
            let needs = |features: &[Feature]| !features.contains(&taken);
            let (aes, avx2, vaes, avx512) =
                (Feature::Aes, Feature::Avx2, Feature::Vaes, Feature::Avx512);
            assert_eq!(rest.vaes512(), cpu.vaes512().filter(|_| needs(&[aes, avx2, vaes, avx512])));
            assert_eq!(rest.vaes256(), cpu.vaes256().filter(|_| needs(&[aes, avx2, vaes])));
            assert_eq!(rest.aes_ni(), cpu.aes_ni().filter(|_| needs(&[aes])));
            assert_eq!(rest.sha_ni(), cpu.sha_ni().filter(|_| needs(&[Feature::Sha])));
            assert_eq!(rest.avx512(), cpu.avx512().filter(|_| needs(&[avx2, avx512])));
        }
    }
}
