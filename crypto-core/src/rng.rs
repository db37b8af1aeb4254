//! The operating system's random number generator. Relies on `getrandom`.

#![forbid(unsafe_code)]

use rand_core::{TryCryptoRng, TryRng};
use zeroize::Zeroizing;

use crate::Error;

/// The operating system's generator. Holds nothing, needs no set-up, and is
/// right after a `fork` and in a restored snapshot.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsRng;

impl OsRng {
    /// Fills `out` with random bytes of the operating system's generator.
    ///
    /// # Errors
    /// [`Error::EntropyFailed`] if the system has no generator or refuses;
    /// `out` is zeros then.
    pub fn fill(&mut self, out: &mut [u8]) -> Result<(), Error> {
        getrandom::fill(out).map_err(|_| {
            out.fill(0);
            Error::EntropyFailed
        })
    }
}

#[cfg(feature = "drbg")]
impl crate::drbg::Entropy for OsRng {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), Error> {
        Self::fill(self, out)
    }
}

impl TryRng for OsRng {
    type Error = Error;

    fn try_next_u32(&mut self) -> Result<u32, Error> {
        let mut bytes = Zeroizing::new([0; 4]);
        self.fill(&mut bytes[..])?;
        Ok(u32::from_le_bytes(*bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Error> {
        let mut bytes = Zeroizing::new([0; 8]);
        self.fill(&mut bytes[..])?;
        Ok(u64::from_le_bytes(*bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Error> {
        self.fill(out)
    }
}

impl TryCryptoRng for OsRng {}
