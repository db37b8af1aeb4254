//! A C library as a peer: `shim.c` of the peer defines the functions of
//! `peer.h`, and this makes a [`Library`] of them.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::NonNull;

use crate::{Aead, Chain, Key32, Library, Mac, Nonce, Prk, Tag};

unsafe extern "C" {
    fn shim_release() -> *const c_char;
    fn shim_aead_new(key: *const u8, key_len: usize) -> *mut c_void;
    fn shim_aead_rekey(ctx: *mut c_void, key: *const u8, key_len: usize);
    fn shim_aead_free(ctx: *mut c_void);
    fn shim_aead_seal(
        ctx: *mut c_void,
        nonce: *const u8,
        aad: *const u8,
        aad_len: usize,
        text: *mut u8,
        len: usize,
        tag: *mut u8,
    );
    fn shim_aead_open(
        ctx: *mut c_void,
        nonce: *const u8,
        aad: *const u8,
        aad_len: usize,
        text: *mut u8,
        len: usize,
        tag: *const u8,
    ) -> c_int;
    fn shim_hmac_new(key: *const u8) -> *mut c_void;
    fn shim_hmac_rekey(ctx: *mut c_void, key: *const u8);
    fn shim_hmac_free(ctx: *mut c_void);
    fn shim_hmac(ctx: *mut c_void, data: *const u8, len: usize, tag: *mut u8);
}

/// The C library that is linked into this shared object.
#[derive(Clone, Copy, Default)]
pub struct Linked;

/// Its version.
#[must_use]
pub fn release() -> String {
    // SAFETY: peer.h: a C string that is never freed.
    unsafe { CStr::from_ptr(shim_release()) }.to_string_lossy().into_owned()
}

impl Library for Linked {
    type Aes128 = CAead<16>;
    type Aes256 = CAead<32>;
    type Prk = CHmac;
    type Mac = CHmac;
    type Fleet = Chain<Self>;
}

/// A context for AES-GCM with keys of `N` bytes.
pub struct CAead<const N: usize>(NonNull<c_void>);

impl<const N: usize> Aead<Linked> for CAead<N> {
    fn new(_: Linked, key: &[u8]) -> Option<Self> {
        // SAFETY: peer.h: reads `key_len` bytes.
        NonNull::new(unsafe { shim_aead_new(key.as_ptr(), key.len()) }).map(Self)
    }

    fn rekey(&mut self, _: Linked, key: &[u8]) {
        // SAFETY: peer.h: reads `key_len` bytes; the context is ours alone.
        unsafe { shim_aead_rekey(self.0.as_ptr(), key.as_ptr(), key.len()) }
    }

    fn seal(&mut self, nonce: &Nonce, aad: &[u8], text: &mut [u8], tag: &mut Tag) {
        // SAFETY: peer.h: the lengths are those of the slices and of AES-GCM.
        unsafe {
            shim_aead_seal(
                self.0.as_ptr(),
                nonce.as_ptr(),
                aad.as_ptr(),
                aad.len(),
                text.as_mut_ptr(),
                text.len(),
                tag.as_mut_ptr(),
            );
        }
    }

    fn open(&mut self, nonce: &Nonce, aad: &[u8], text: &mut [u8], tag: &Tag) -> bool {
        // SAFETY: as in `seal`.
        let opened = unsafe {
            shim_aead_open(
                self.0.as_ptr(),
                nonce.as_ptr(),
                aad.as_ptr(),
                aad.len(),
                text.as_mut_ptr(),
                text.len(),
                tag.as_ptr(),
            )
        };
        opened == 1
    }
}

impl<const N: usize> Drop for CAead<N> {
    fn drop(&mut self) {
        // SAFETY: the context came from `shim_aead_new` and is not used again.
        unsafe { shim_aead_free(self.0.as_ptr()) }
    }
}

/// A key of HMAC-SHA-256, which is also the key of an HKDF-Expand to 32 bytes:
/// HMAC over `info` and a byte 1 (RFC 5869 section 2.3).
pub struct CHmac(NonNull<c_void>);

impl CHmac {
    fn from_key(key: &Key32) -> Option<Self> {
        // SAFETY: peer.h: reads 32 bytes.
        NonNull::new(unsafe { shim_hmac_new(key.as_ptr()) }).map(Self)
    }

    fn tag(&mut self, data: &[u8], tag: &mut Key32) {
        // SAFETY: peer.h: reads `len` bytes, writes 32.
        unsafe { shim_hmac(self.0.as_ptr(), data.as_ptr(), data.len(), tag.as_mut_ptr()) }
    }
}

impl Prk<Linked> for CHmac {
    fn new(_: Linked, prk: &Key32) -> Option<Self> {
        Self::from_key(prk)
    }

    fn rekey(&mut self, _: Linked, prk: &Key32) {
        // SAFETY: peer.h: reads 32 bytes; the context is ours alone.
        unsafe { shim_hmac_rekey(self.0.as_ptr(), prk.as_ptr()) }
    }

    fn expand(&mut self, info: &[u8], okm: &mut Key32) {
        let mut block = [1; 64];
        block[..info.len()].copy_from_slice(info);
        self.tag(&block[..=info.len()], okm);
    }
}

impl Mac<Linked> for CHmac {
    fn new(_: Linked, key: &Key32) -> Option<Self> {
        Self::from_key(key)
    }

    fn mac(&mut self, data: &[u8], tag: &mut Key32) {
        self.tag(data, tag);
    }
}

impl Drop for CHmac {
    fn drop(&mut self) {
        // SAFETY: the context came from `shim_hmac_new` and is not used again.
        unsafe { shim_hmac_free(self.0.as_ptr()) }
    }
}

/// Exports the C library of this shared object:
/// `peer::export_c!(c"name", c"how it is called")`.
#[macro_export]
macro_rules! export_c {
    ($name:expr, $how:expr) => {
        $crate::export!($crate::c::Linked, $name, $crate::c::release, $how);
    };
}
