//! Wiping of the stack that a call on secrets has used: the core wipes what is
//! below it, this what the bindings put on top, such as a key on its way into
//! its Python object; and of the vector registers that moved it. Those would be
//! written to the stack by the dynamic linker, which saves them when the
//! interpreter calls a function of the C library for the first time.

/// More than the largest of our objects takes, twice moved.
const DEPTH: usize = 4 * 1024;

/// Runs `work` in a frame of its own, then overwrites the stack that it used and
/// the vector registers.
#[inline(always)]
pub(crate) fn after<R>(work: impl FnOnce() -> R) -> R {
    let result = own_frame(work);
    zeroize::zeroize_stack::<DEPTH>();
    clear_registers();
    result
}

/// On x86-64 only, where the linker's habit was seen. The upper half of the
/// first 16 registers is cleared by whoever uses it, as the ABI asks; of the
/// others, which the C library copies with, nobody clears anything.
#[inline(never)]
fn clear_registers() {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: it writes the registers that it names as written, and no others;
    // SSE is a part of every x86-64.
    unsafe {
        core::arch::asm!(
            "xorps xmm0, xmm0",
            "xorps xmm1, xmm1",
            "xorps xmm2, xmm2",
            "xorps xmm3, xmm3",
            "xorps xmm4, xmm4",
            "xorps xmm5, xmm5",
            "xorps xmm6, xmm6",
            "xorps xmm7, xmm7",
            "xorps xmm8, xmm8",
            "xorps xmm9, xmm9",
            "xorps xmm10, xmm10",
            "xorps xmm11, xmm11",
            "xorps xmm12, xmm12",
            "xorps xmm13, xmm13",
            "xorps xmm14, xmm14",
            "xorps xmm15, xmm15",
            out("xmm0") _,
            out("xmm1") _,
            out("xmm2") _,
            out("xmm3") _,
            out("xmm4") _,
            out("xmm5") _,
            out("xmm6") _,
            out("xmm7") _,
            out("xmm8") _,
            out("xmm9") _,
            out("xmm10") _,
            out("xmm11") _,
            out("xmm12") _,
            out("xmm13") _,
            out("xmm14") _,
            out("xmm15") _,
            options(nomem, nostack, preserves_flags),
        );
    }
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx512vl") {
        // SAFETY: as above, and the processor has these registers.
        unsafe {
            core::arch::asm!(
                "vpxord xmm16, xmm16, xmm16",
                "vpxord xmm17, xmm17, xmm17",
                "vpxord xmm18, xmm18, xmm18",
                "vpxord xmm19, xmm19, xmm19",
                "vpxord xmm20, xmm20, xmm20",
                "vpxord xmm21, xmm21, xmm21",
                "vpxord xmm22, xmm22, xmm22",
                "vpxord xmm23, xmm23, xmm23",
                "vpxord xmm24, xmm24, xmm24",
                "vpxord xmm25, xmm25, xmm25",
                "vpxord xmm26, xmm26, xmm26",
                "vpxord xmm27, xmm27, xmm27",
                "vpxord xmm28, xmm28, xmm28",
                "vpxord xmm29, xmm29, xmm29",
                "vpxord xmm30, xmm30, xmm30",
                "vpxord xmm31, xmm31, xmm31",
                out("xmm16") _,
                out("xmm17") _,
                out("xmm18") _,
                out("xmm19") _,
                out("xmm20") _,
                out("xmm21") _,
                out("xmm22") _,
                out("xmm23") _,
                out("xmm24") _,
                out("xmm25") _,
                out("xmm26") _,
                out("xmm27") _,
                out("xmm28") _,
                out("xmm29") _,
                out("xmm30") _,
                out("xmm31") _,
                options(nomem, nostack, preserves_flags),
            );
        }
    }
}

#[inline(never)]
fn own_frame<R>(work: impl FnOnce() -> R) -> R {
    work()
}
