//! Clearing of what a kernel leaves: vector registers, and the stack below the
//! caller, where the compiler may have spilled them.
//!
//! A kernel's entry calls the function that works on secrets, never inlined,
//! and then one of these, inlined: so the dead frame lies just below the stack
//! pointer. `STACK` is the depth of that frame in bytes, return address
//! included, as seen in the machine code and rounded up. General registers and
//! opmasks hold only lengths and addresses in the kernels and are left alone.

use super::cpu::Cpu;

#[cfg(target_arch = "aarch64")]
pub(crate) use aarch64::neon;
#[cfg(target_arch = "aarch64")]
pub(crate) use aarch64::neon as baseline;
#[cfg(target_arch = "x86_64")]
pub(crate) use x86_64::sse as baseline;
#[cfg(target_arch = "x86_64")]
pub(crate) use x86_64::{avx, avx512, sse};

/// Clears what every CPU of the architecture has, and `STACK` bytes below the
/// caller: after code that is compiled for no more.
#[cfg(not(any(target_arch = "aarch64", target_arch = "x86_64")))]
#[inline(always)]
pub(crate) fn baseline<const STACK: usize>() {
    zeroize::zeroize_stack::<STACK>();
}

/// Clears all vector registers that this CPU has: after code that copies secrets
/// by functions of the system's library, which use them all.
pub(crate) fn registers(cpu: Cpu) {
    #[cfg(target_arch = "x86_64")]
    match (cpu.avx512(), cpu.avx2()) {
        (Some(token), _) => return avx512::<0>(token),
        (None, Some(token)) => return avx::<0>(token),
        (None, None) => {}
    }
    let _ = cpu;
    baseline::<0>();
}

#[cfg(target_arch = "aarch64")]
mod aarch64 {
    use core::arch::asm;

    /// Clears v0–7 and v16–31 and `STACK` bytes, a multiple of 32, below the
    /// caller. Functions leave the lower halves of v8–15 as they found them,
    /// and what loads those clears the upper halves.
    #[inline(always)]
    pub(crate) fn neon<const STACK: usize>() {
        const { assert!(STACK.is_multiple_of(32)) };
        // SAFETY: every CPU that this is compiled for has NEON. Registers are
        // declared as overwritten; without `nostack` nothing below the stack
        // pointer is in use.
        unsafe {
            asm!(
                ".irp n,0,1,2,3,4,5,6,7,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31",
                r"movi v\n\().2d, #0",
                ".endr",
                "sub sp, sp, #{stack}",
                "mov {at}, sp",
                ".rept {stack} / 32",
                "stp q0, q0, [{at}], #32",
                ".endr",
                "add sp, sp, #{stack}",
                at = out(reg) _,
                stack = const STACK,
                out("v0") _, out("v1") _, out("v2") _, out("v3") _,
                out("v4") _, out("v5") _, out("v6") _, out("v7") _,
                out("v16") _, out("v17") _, out("v18") _, out("v19") _,
                out("v20") _, out("v21") _, out("v22") _, out("v23") _,
                out("v24") _, out("v25") _, out("v26") _, out("v27") _,
                out("v28") _, out("v29") _, out("v30") _, out("v31") _,
                options(preserves_flags),
            );
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use core::arch::asm;

    use crate::kernel::cpu::{Avx2, Avx512};

    /// Assembly that stores zeros from a register over `{stack}` bytes below the
    /// stack pointer, `$step` bytes at a time. The pointer is moved meanwhile, as
    /// checkers of memory want it, without a change of flags.
    macro_rules! clear_stack {
        ($step:literal, $store:literal) => {
            concat!(
                ".if {stack}\nlea rsp, [rsp - {stack}]\n",
                ".set .Lcorekey_at, 0\n.rept {stack} / ",
                $step,
                "\n",
                $store,
                "\n.set .Lcorekey_at, .Lcorekey_at + ",
                $step,
                "\n.endr\nlea rsp, [rsp + {stack}]\n.endif"
            )
        };
    }

    /// Clears xmm0–15 and `STACK` bytes, a multiple of 16, below the caller. The
    /// upper halves, where the CPU has them, stay as they are: nothing that is
    /// compiled for SSE has touched them.
    #[inline(always)]
    pub(crate) fn sse<const STACK: usize>() {
        const { assert!(STACK.is_multiple_of(16)) };
        // SAFETY: every x86-64 has SSE2. Registers are declared as overwritten;
        // without `nostack` nothing below the stack pointer is in use.
        unsafe {
            asm!(
                ".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15",
                r"pxor xmm\n, xmm\n",
                ".endr",
                clear_stack!("16", "movups [rsp + .Lcorekey_at], xmm0"),
                stack = const STACK,
                out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _,
                out("xmm4") _, out("xmm5") _, out("xmm6") _, out("xmm7") _,
                out("xmm8") _, out("xmm9") _, out("xmm10") _, out("xmm11") _,
                out("xmm12") _, out("xmm13") _, out("xmm14") _, out("xmm15") _,
                options(preserves_flags),
            );
        }
    }

    /// Clears ymm0–15 and `STACK` bytes, a multiple of 32, below the caller, and
    /// leaves the upper halves clean for SSE code.
    #[inline(always)]
    pub(crate) fn avx<const STACK: usize>(_: impl Into<Avx2>) {
        const { assert!(STACK.is_multiple_of(32)) };
        // SAFETY: the token proves AVX. The rest as in `sse`.
        unsafe {
            asm!(
                ".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15",
                r"vpxor xmm\n, xmm\n, xmm\n",
                ".endr",
                clear_stack!("32", "vmovdqu [rsp + .Lcorekey_at], ymm0"),
                "vzeroupper",
                stack = const STACK,
                out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _,
                out("xmm4") _, out("xmm5") _, out("xmm6") _, out("xmm7") _,
                out("xmm8") _, out("xmm9") _, out("xmm10") _, out("xmm11") _,
                out("xmm12") _, out("xmm13") _, out("xmm14") _, out("xmm15") _,
                options(preserves_flags),
            );
        }
    }

    /// Clears zmm0–31 and `STACK` bytes, a multiple of 64, below the caller, and
    /// leaves the upper halves clean for SSE code.
    #[inline(always)]
    pub(crate) fn avx512<const STACK: usize>(_: impl Into<Avx512>) {
        const { assert!(STACK.is_multiple_of(64)) };
        // SAFETY: the token proves AVX-512 F and VL. The rest as in `sse`; code
        // that is not compiled for AVX-512 has nothing in zmm16–31, which
        // therefore cannot be named as overwritten.
        unsafe {
            asm!(
                ".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15",
                r"vpxor xmm\n, xmm\n, xmm\n",
                ".endr",
                ".irp n,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31",
                r"vpxord xmm\n, xmm\n, xmm\n",
                ".endr",
                clear_stack!("64", "vmovdqu64 [rsp + .Lcorekey_at], zmm0"),
                "vzeroupper",
                stack = const STACK,
                out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _,
                out("xmm4") _, out("xmm5") _, out("xmm6") _, out("xmm7") _,
                out("xmm8") _, out("xmm9") _, out("xmm10") _, out("xmm11") _,
                out("xmm12") _, out("xmm13") _, out("xmm14") _, out("xmm15") _,
                options(preserves_flags),
            );
        }
    }
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use core::arch::asm;

    use super::{avx512, sse};
    use crate::kernel::cpu::Cpu;

    /// Fills the frame of a call that returns, as a kernel that spills does.
    #[inline(never)]
    fn leave_a_frame() -> usize {
        let frame = core::hint::black_box([0xa5_u8; 512]);
        frame.as_ptr().addr()
    }

    /// How many bytes of 0xa5 lie in the 512 bytes below the caller's frame.
    macro_rules! left_below {
        () => {{
            let mut words = [0_u64; 64];
            // SAFETY: below the stack pointer lies the rest of a thread's stack,
            // far more than 512 bytes; it is only read.
            unsafe {
                asm!(
                    "2:",
                    "mov {word}, [rsp + {offset} - 512]",
                    "mov [{out} + {offset}], {word}",
                    "add {offset}, 8",
                    "cmp {offset}, 512",
                    "jne 2b",
                    word = out(reg) _,
                    offset = inout(reg) 0_usize => _,
                    out = in(reg) words.as_mut_ptr(),
                );
            }
            words.iter().filter(|word| **word == 0xa5a5_a5a5_a5a5_a5a5).count() * 8
        }};
    }

    #[test]
    fn the_stack_below_is_cleared_as_far_as_was_asked() {
        leave_a_frame();
        assert!(left_below!() >= 256, "the test's own frame was not seen");
        leave_a_frame();
        sse::<512>();
        assert_eq!(left_below!(), 0);
        if let Some(token) = Cpu::detect().vaes512() {
            leave_a_frame();
            avx512::<512>(token);
            assert_eq!(left_below!(), 0);
        }
    }

    #[test]
    fn vector_registers_are_cleared() {
        let (mut low, mut high) = (u64::MAX, u64::MAX);
        // SAFETY: SSE2 only; the registers are declared.
        unsafe { asm!("pcmpeqd xmm15, xmm15", out("xmm15") _) };
        sse::<0>();
        // SAFETY: as above.
        unsafe { asm!("movq {low}, xmm15", low = out(reg) low) };
        assert_eq!(low, 0);

        if let Some(token) = Cpu::detect().vaes512() {
            // SAFETY: the token proves AVX-512.
            unsafe { asm!("vpternlogd zmm31, zmm31, zmm31, 255") };
            avx512::<0>(token);
            // SAFETY: as above; upper lanes come down by an extraction.
            unsafe {
                asm!(
                    "vmovq {low}, xmm31",
                    "vextracti64x4 ymm0, zmm31, 1",
                    "vmovq {high}, xmm0",
                    low = out(reg) low,
                    high = out(reg) high,
                    out("xmm0") _,
                );
            }
            assert_eq!((low, high), (0, 0));
        }
    }
}
