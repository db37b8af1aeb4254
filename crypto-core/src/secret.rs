//! Secret bytes of a fixed length: wiped when dropped, compared in constant
//! time, shown to nobody by accident.

#![forbid(unsafe_code)]

use core::fmt;

use zeroize::{Zeroize, optimization_barrier};

use crate::ct;

/// `N` secret bytes, such as a derived key.
#[repr(transparent)]
pub struct Secret<const N: usize>([u8; N]);

impl<const N: usize> Secret<N> {
    /// Takes the bytes over and wipes them where they were.
    #[must_use]
    pub fn take(source: &mut [u8; N]) -> Self {
        let secret = Self(*source);
        source.zeroize();
        secret
    }

    /// Zeros, to be filled.
    #[must_use]
    pub const fn zeros() -> Self {
        Self([0; N])
    }

    /// A secret that `fill` fills, to be returned. To return a value moves it, and
    /// what it is moved from is not wiped; so it is copied instead.
    #[inline(always)]
    pub(crate) fn filled(fill: impl FnOnce(&mut [u8; N])) -> Self {
        let mut filled = Self::zeros();
        fill(&mut filled.0);
        Self(filled.0)
    }

    /// Another one of the same, for a value that is to be wiped where it was.
    pub(crate) const fn copy(&self) -> Self {
        Self(self.0)
    }

    /// The bytes, to hand to another call.
    #[must_use]
    pub const fn expose(&self) -> &[u8; N] {
        &self.0
    }

    /// The bytes, to be filled.
    pub(crate) const fn expose_mut(&mut self) -> &mut [u8; N] {
        &mut self.0
    }
}

impl<const N: usize> PartialEq for Secret<N> {
    fn eq(&self, other: &Self) -> bool {
        ct::equal(&self.0, &other.0)
    }
}

impl<const N: usize> Eq for Secret<N> {}

impl<const N: usize> fmt::Debug for Secret<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({N} bytes)")
    }
}

impl<const N: usize> Drop for Secret<N> {
    #[inline]
    fn drop(&mut self) {
        self.0 = [0; N];
        optimization_barrier(&self.0);
    }
}
