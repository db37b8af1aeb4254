//! Lower tiers on a CPU that has more: a library is opened from a copy in which
//! each CPUID instruction is an undefined one of the same length, and the
//! handler of the signal that this raises answers in its place, without the
//! features that are masked. It works for all alike, ours included, and needs
//! no help from the CPU or the system. (arch_prctl(ARCH_SET_CPUID) would do the
//! same to unchanged files, but few virtual machines allow it.)

use std::arch::x86_64::__cpuid_count;
use std::ffi::{c_int, c_void};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use iced_x86::{Code, Decoder, DecoderOptions};

use crate::Result;

/// The tier that the CPU has by itself.
pub(crate) const NONE: &str = "none";

/// Bits of CPUID leaf 1 ecx.
const AES: u32 = 1 << 25 | 1 << 1;
/// Bits of leaf 7 ebx: all of AVX-512.
const AVX512_EBX: u32 = 1 << 16 | 1 << 17 | 1 << 21 | 1 << 26 | 1 << 27 | 1 << 28 | 3 << 30;
/// Bits of leaf 7 ecx: all of AVX-512.
const AVX512_ECX: u32 = 1 << 1 | 1 << 6 | 1 << 11 | 1 << 12 | 1 << 14;
/// Bit of leaf 7 ebx.
const SHA: u32 = 1 << 29;
/// Bits of leaf 7 ecx: GFNI, VAES, VPCLMULQDQ.
const WIDE: u32 = 1 << 8 | 1 << 9 | 1 << 10;

/// Which features libraries do not see.
pub(crate) struct Mask {
    /// The tier that is the best one left.
    pub(crate) name: &'static str,
    /// What it means, for the report.
    pub(crate) text: &'static str,
    hidden: Hidden,
}

#[derive(Clone, Copy, Default)]
struct Hidden {
    leaf_1_ecx: u32,
    leaf_7_ebx: u32,
    leaf_7_ecx: u32,
}

/// All masks; the first hides nothing.
pub(crate) const MASKS: [Mask; 4] = [
    Mask {
        name: NONE,
        text: "all that the CPU has",
        hidden: Hidden { leaf_1_ecx: 0, leaf_7_ebx: 0, leaf_7_ecx: 0 },
    },
    Mask {
        name: "vaes256",
        text: "AVX-512 hidden from all: VAES and VPCLMULQDQ on 256 bits",
        hidden: Hidden { leaf_1_ecx: 0, leaf_7_ebx: AVX512_EBX, leaf_7_ecx: AVX512_ECX },
    },
    Mask {
        name: "aesni",
        text: "AVX-512, VAES and VPCLMULQDQ hidden from all: AES-NI and PCLMULQDQ",
        hidden: Hidden { leaf_1_ecx: 0, leaf_7_ebx: AVX512_EBX, leaf_7_ecx: AVX512_ECX | WIDE },
    },
    Mask {
        name: "portable",
        text: "all instructions for AES, GHASH and SHA, and AVX-512, hidden from all",
        hidden: Hidden {
            leaf_1_ecx: AES,
            leaf_7_ebx: AVX512_EBX | SHA,
            leaf_7_ecx: AVX512_ECX | WIDE,
        },
    },
];

pub(crate) fn find(name: &str) -> Result<&'static Mask> {
    static ALL: [Mask; 4] = MASKS;
    ALL.iter().find(|mask| mask.name == name).ok_or(format!("there is no mask {name:?}"))
}

impl Mask {
    /// The file to open instead of `library`: itself, or a copy that is masked.
    pub(crate) fn apply(&self, library: &Path) -> Result<PathBuf> {
        if self.name == NONE {
            return Ok(library.to_owned());
        }
        install(self.hidden)?;
        let wrong = |error| format!("{}: {error}", library.display());
        let mut bytes = fs::read(library).map_err(wrong)?;
        patch(&mut bytes).map_err(|why| format!("{}: {why}", library.display()))?;
        let folder = std::env::temp_dir().join(format!("corekey-bench-{}", std::process::id()));
        fs::create_dir_all(&folder).map_err(wrong)?;
        let copy = folder.join(library.file_name().unwrap_or_default());
        fs::write(&copy, bytes).map_err(wrong)?;
        Ok(copy)
    }
}

/// Removes the copies; what is open stays usable.
pub(crate) fn clean_up() {
    let folder = std::env::temp_dir().join(format!("corekey-bench-{}", std::process::id()));
    // Nothing was masked if it is not there.
    let _ = fs::remove_dir_all(folder);
}

const CPUID: [u8; 2] = [0x0f, 0xa2];
/// PUSH ES twice: undefined on 64 bits, as long as CPUID, and written by nobody
/// (UD2 is: it is how programs end themselves).
const UNDEFINED: [u8; 2] = [0x06, 0x06];

/// Replaces each CPUID in the code of an ELF file.
fn patch(file: &mut [u8]) -> Result<usize> {
    let mut found = Vec::new();
    for (start, len) in code_sections(file).ok_or("no ELF file of 64 bits")? {
        let code = file.get(start..start + len).ok_or("a section ends beyond the file")?;
        let mut decoder = Decoder::new(64, code, DecoderOptions::NONE);
        while decoder.can_decode() {
            let at = start + decoder.position();
            if decoder.decode().code() == Code::Cpuid {
                found.push(at);
            }
        }
    }
    for at in &found {
        let place = &mut file[*at..*at + 2];
        // A prefix would make it longer; no compiler writes one.
        if place != CPUID {
            return Err("a CPUID instruction has a prefix".into());
        }
        place.copy_from_slice(&UNDEFINED);
    }
    Ok(found.len())
}

/// Offset and length of each section with instructions (ELF64, little-endian).
fn code_sections(file: &[u8]) -> Option<Vec<(usize, usize)>> {
    const EXECUTABLE: u64 = 4;
    let number = |at: usize, len: usize| -> Option<u64> {
        let mut bytes = [0; 8];
        bytes[..len].copy_from_slice(file.get(at..at + len)?);
        Some(u64::from_le_bytes(bytes))
    };
    if file.get(..5)? != b"\x7fELF\x02" {
        return None;
    }
    let table = number(0x28, 8)? as usize;
    let (size, count) = (number(0x3a, 2)? as usize, number(0x3c, 2)? as usize);
    let mut sections = Vec::new();
    for at in (0..count).map(|index| table + index * size) {
        if number(at + 0x08, 8)? & EXECUTABLE != 0 {
            sections.push((number(at + 0x18, 8)? as usize, number(at + 0x20, 8)? as usize));
        }
    }
    Some(sections)
}

static HIDDEN: OnceLock<Hidden> = OnceLock::new();

fn install(hidden: Hidden) -> Result {
    if HIDDEN.set(hidden).is_err() {
        return Ok(());
    }
    // SAFETY: the action is whole, and its handler is `answer`, which only reads
    // HIDDEN and the context it is given.
    let status = unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = answer as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_NODEFER;
        libc::sigaction(libc::SIGILL, &raw const action, std::ptr::null_mut())
    };
    if status != 0 {
        return Err("cannot catch SIGILL".into());
    }
    Ok(())
}

/// Answers an undefined instruction as CPUID would without what is hidden. One
/// that was undefined before ends the process, as it would have.
extern "C" fn answer(_: c_int, _: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: the system passes the context of the thread that raised the
    // signal, and its instruction pointer is where it read an instruction.
    unsafe {
        let registers = &mut (*context.cast::<libc::ucontext_t>()).uc_mcontext.gregs;
        let at = registers[libc::REG_RIP as usize] as *const [u8; 2];
        let Some(hidden) = HIDDEN.get().filter(|_| at.read_unaligned() == UNDEFINED) else {
            libc::abort();
        };
        let leaf = registers[libc::REG_RAX as usize] as u32;
        let subleaf = registers[libc::REG_RCX as usize] as u32;
        let mut told = __cpuid_count(leaf, subleaf);
        match (leaf, subleaf) {
            (1, _) => told.ecx &= !hidden.leaf_1_ecx,
            (7, 0) => {
                told.ebx &= !hidden.leaf_7_ebx;
                told.ecx &= !hidden.leaf_7_ecx;
            }
            _ => {}
        }
        registers[libc::REG_RAX as usize] = i64::from(told.eax);
        registers[libc::REG_RBX as usize] = i64::from(told.ebx);
        registers[libc::REG_RCX as usize] = i64::from(told.ecx);
        registers[libc::REG_RDX as usize] = i64::from(told.edx);
        registers[libc::REG_RIP as usize] += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cpuid_of_a_file_is_replaced_and_nothing_else() {
        // So that this program has one.
        assert!(__cpuid_count(0, 0).eax > 0);
        let file = fs::read(std::env::current_exe().unwrap()).unwrap();
        let mut patched = file.clone();
        let count = patch(&mut patched).unwrap();
        assert!(count > 0);
        let changed = file.iter().zip(&patched).filter(|(before, after)| before != after).count();
        assert_eq!(changed, 2 * count);
        assert_eq!(patch(&mut patched).unwrap(), 0);
    }

    #[test]
    fn what_is_no_elf_file_is_refused() {
        assert!(patch(&mut [0; 64]).is_err());
        assert!(patch(&mut b"\x7fELF\x02".to_vec()).is_err());
    }

    #[test]
    fn a_mask_is_found_by_its_name() {
        assert!(MASKS.iter().all(|mask| find(mask.name).is_ok()));
        assert!(find("avx1024").is_err());
    }
}
