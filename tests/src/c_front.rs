//! The C ABI, through the shared library: opened at run time as a C program
//! does, called with the prototypes and constants of `include/corekey.h`.
//!
//! `COREKEY_LIBRARY` names the library to test; without it cargo builds one.
//! All `unsafe` of the conformance suite is here and in the module below: a call is sound if the
//! prototypes below are those of the header and each pointer goes with the
//! length of its slice.
#![allow(unsafe_code, reason = "calls of a C ABI")]

use std::ffi::c_void;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::{env, fs, ptr};

use corekey::hash::{self, HashAlgorithm};
use data_encoding::HEXLOWER;
use libloading::Library;

use crate::front::{Aead, DrbgCall, Front, Hash, Opened, Refusal, Shape, UNWRITTEN, Wrap};
use crate::header::Header;
use crate::workspace;

/// The environment variable that names the library.
const LIBRARY: &str = "COREKEY_LIBRARY";
const TAG_LEN: usize = 16;

type Status = i32;
/// A pointer to any context: each is `struct { uint64_t opaque[N]; }`.
type Context = *mut u64;
type Entropy = unsafe extern "C" fn(*mut c_void, *mut u8, usize) -> i32;

macro_rules! functions {
    ($($name:ident($($argument:ty),*);)*) => {
        /// The functions that answer with a status.
        pub(super) struct Functions {
            $($name: unsafe extern "C" fn($($argument),*) -> Status,)*
        }

        impl Functions {
            pub(super) fn find(library: &Library) -> Result<Self, libloading::Error> {
                Ok(Self {
                    $(
                        // SAFETY: the type is the prototype in corekey.h.
                        $name: *unsafe { library.get(stringify!($name)) }?,
                    )*
                })
            }
        }
    };
}

mod device;

functions! {
    corekey_hash(u32, *const u8, usize, *mut u8, usize);
    corekey_hash_init_sized(Context, usize, u32);
    corekey_hash_update(Context, *const u8, usize);
    corekey_hash_final(Context, *mut u8, usize);
    corekey_hmac_key_init_sized(Context, usize, u32, *const u8, usize);
    corekey_hmac(Context, *const u8, usize, *mut u8, usize);
    corekey_hmac_verify(Context, *const u8, usize, *const u8, usize);
    corekey_hmac_init_sized(Context, usize, Context);
    corekey_hmac_update(Context, *const u8, usize);
    corekey_hmac_final(Context, *mut u8, usize);
    corekey_hkdf(u32, *const u8, usize, *const u8, usize, *const u8, usize, *mut u8, usize);
    corekey_hkdf_extract_sized(Context, usize, u32, *const u8, usize, *const u8, usize);
    corekey_prk_init_sized(Context, usize, u32, *const u8, usize);
    corekey_hkdf_expand(Context, *const u8, usize, *mut u8, usize);
    corekey_aead_key_init_sized(Context, usize, u32, *const u8, usize);
    corekey_aead_seal(
        Context, *const u8, usize, *const u8, usize, *const u8, usize, *mut u8, usize, *mut usize
    );
    corekey_aead_open(
        Context, *const u8, usize, *const u8, usize, *const u8, usize, *mut u8, usize, *mut usize
    );
    corekey_aead_seal_detached(
        Context, *const u8, usize, *const u8, usize, *const u8, usize, *mut u8, *mut u8, usize
    );
    corekey_aead_open_detached(
        Context, *const u8, usize, *const u8, usize, *const u8, usize, *const u8, usize, *mut u8
    );
    corekey_key_wrap(u32, *const u8, usize, *const u8, usize, *mut u8, usize, *mut usize);
    corekey_key_unwrap(u32, *const u8, usize, *const u8, usize, *mut u8, usize, *mut usize);
    corekey_drbg_init_sized(Context, usize, Entropy, *mut c_void, *const u8, usize);
    corekey_drbg_reseed(Context, *const u8, usize);
    corekey_drbg_generate(Context, *const u8, usize, *mut u8, usize);
}

/// The front.
pub struct SharedLibrary {
    path: PathBuf,
    header: Header,
    c: Functions,
    device: device::Functions,
    /// Keeps the functions where they are.
    _library: Library,
}

impl SharedLibrary {
    /// The library that this run tests.
    ///
    /// # Panics
    /// If there is none, or if it does not go with the header.
    pub fn get() -> &'static Self {
        static LOADED: OnceLock<SharedLibrary> = OnceLock::new();
        LOADED.get_or_init(|| {
            let path = env::var_os(LIBRARY).map_or_else(build, |path| workspace::root().join(path));
            Self::load(path.clone())
                .unwrap_or_else(|error| panic!("{LIBRARY}: {}: {error:?}", path.display()))
        })
    }

    fn load(path: PathBuf) -> Result<Self, libloading::Error> {
        let header = Header::read();
        // SAFETY: the library has no initialiser but that of Rust's std.
        let library = unsafe { Library::new(&path) }?;
        // SAFETY: the type is the prototype in corekey.h.
        let abi_version =
            unsafe { library.get::<unsafe extern "C" fn() -> u32>("corekey_abi_version") }?;
        // SAFETY: as said; it takes nothing.
        let abi_version = unsafe { abi_version() };
        assert_eq!(
            abi_version,
            header.constant::<u32>("COREKEY_ABI_VERSION"),
            "{} and include/corekey.h have different ABI versions",
            path.display()
        );
        let (c, device) = (Functions::find(&library)?, device::Functions::find(&library)?);
        Ok(Self { path, header, c, device, _library: library })
    }

    /// The words of a context, not initialised.
    fn context(&self, words: &str) -> Vec<u64> {
        vec![0; self.header.constant(words)]
    }

    fn check(&self, status: Status) -> Result<(), Refusal> {
        if status == self.header.constant::<Status>("COREKEY_OK") {
            return Ok(());
        }
        Err(match self.header.status(status) {
            name if name == "COREKEY_E_LENGTH" => Refusal::Length,
            name if name == "COREKEY_E_UNVERIFIED" => Refusal::Unverified,
            name => Refusal::Other(name),
        })
    }

    fn hash_algorithm(&self, hash: Hash) -> u32 {
        self.header.constant(match hash {
            Hash::Sha256 => "COREKEY_SHA256",
            Hash::Sha384 => "COREKEY_SHA384",
            Hash::Sha512 => "COREKEY_SHA512",
        })
    }

    fn digest_len(&self, hash: Hash) -> usize {
        self.header.constant(match hash {
            Hash::Sha256 => "COREKEY_SHA256_LEN",
            Hash::Sha384 => "COREKEY_SHA384_LEN",
            Hash::Sha512 => "COREKEY_SHA512_LEN",
        })
    }

    fn wrap_algorithm(&self, wrap: Wrap) -> u32 {
        self.header.constant(match wrap {
            Wrap::Kw => "COREKEY_AES_KW",
            Wrap::Kwp => "COREKEY_AES_KWP",
        })
    }

    fn hmac_key(&self, hash: Hash, secret: &[u8]) -> Result<Vec<u64>, Refusal> {
        let mut key = self.context("COREKEY_HMAC_KEY_WORDS");
        // SAFETY: pointers go with the lengths of their slices.
        let status = unsafe {
            (self.c.corekey_hmac_key_init_sized)(
                key.as_mut_ptr(),
                size_of_val(&key[..]),
                self.hash_algorithm(hash),
                input(secret),
                secret.len(),
            )
        };
        self.check(status).map(|()| key)
    }

    fn aead_key(&self, secret: &[u8]) -> Result<Vec<u64>, Refusal> {
        let algorithm = match secret.len() {
            16 => "COREKEY_AES_128_GCM",
            _ => "COREKEY_AES_256_GCM",
        };
        let mut key = self.context("COREKEY_AEAD_KEY_WORDS");
        // SAFETY: pointers go with the lengths of their slices.
        let status = unsafe {
            (self.c.corekey_aead_key_init_sized)(
                key.as_mut_ptr(),
                size_of_val(&key[..]),
                self.header.constant(algorithm),
                input(secret),
                secret.len(),
            )
        };
        self.check(status).map(|()| key)
    }

    fn expand(&self, prk: &mut [u64], info: &[u8], okm: &mut [u8]) -> Result<(), Refusal> {
        // SAFETY: pointers go with the lengths of their slices.
        self.check(unsafe {
            (self.c.corekey_hkdf_expand)(
                prk.as_mut_ptr(),
                input(info),
                info.len(),
                output(okm),
                okm.len(),
            )
        })
    }

    /// Seals with the tag behind the ciphertext; in place if there is no
    /// plaintext elsewhere.
    fn seal_combined(
        &self,
        aead: Aead<'_>,
        elsewhere: Option<&[u8]>,
        out: &mut [u8],
    ) -> Result<usize, Refusal> {
        let mut key = self.aead_key(aead.key)?;
        let mut out_len = usize::MAX;
        let at = output(out);
        // SAFETY: pointers go with the lengths of their slices; `out` is as
        // long as the plaintext in it and a tag.
        let status = unsafe {
            (self.c.corekey_aead_seal)(
                key.as_mut_ptr(),
                input(&aead.nonce),
                aead.nonce.len(),
                input(aead.aad),
                aead.aad.len(),
                elsewhere.map_or(at.cast_const(), input),
                out.len() - TAG_LEN,
                at,
                out.len(),
                &raw mut out_len,
            )
        };
        self.check(status).map(|()| out_len)
    }

    /// Opens with the tag behind the ciphertext. In place if the sealed message
    /// is not elsewhere. `out_len` is checked to be 0 after a refused tag.
    fn open_combined(
        &self,
        aead: Aead<'_>,
        elsewhere: Option<&[u8]>,
        out: &mut [u8],
    ) -> Result<usize, Refusal> {
        let mut key = self.aead_key(aead.key)?;
        let mut out_len = usize::MAX;
        let at = output(out);
        // SAFETY: pointers go with the lengths of their slices.
        let status = unsafe {
            (self.c.corekey_aead_open)(
                key.as_mut_ptr(),
                input(&aead.nonce),
                aead.nonce.len(),
                input(aead.aad),
                aead.aad.len(),
                elsewhere.map_or(at.cast_const(), input),
                elsewhere.map_or(out.len(), <[u8]>::len),
                at,
                out.len(),
                &raw mut out_len,
            )
        };
        self.verdict(status, out_len)
    }

    /// The verdict of a call that stores a length: after a refusal as
    /// unverified that length must be 0.
    fn verdict(&self, status: Status, out_len: usize) -> Result<usize, Refusal> {
        match self.check(status) {
            Err(Refusal::Unverified) if out_len != 0 => {
                Err(Refusal::Other(format!("unverified, and yet the length is {out_len}")))
            }
            other => other.map(|()| out_len),
        }
    }

    /// Seals with the tag apart; in place if there is no plaintext elsewhere.
    fn seal_detached(
        &self,
        aead: Aead<'_>,
        elsewhere: Option<&[u8]>,
        out: &mut [u8],
    ) -> Result<[u8; TAG_LEN], Refusal> {
        let mut key = self.aead_key(aead.key)?;
        let mut tag = [UNWRITTEN; TAG_LEN];
        let at = output(out);
        // SAFETY: pointers go with the lengths of their slices; the plaintext
        // is as long as `out`.
        let status = unsafe {
            (self.c.corekey_aead_seal_detached)(
                key.as_mut_ptr(),
                input(&aead.nonce),
                aead.nonce.len(),
                input(aead.aad),
                aead.aad.len(),
                elsewhere.map_or(at.cast_const(), input),
                out.len(),
                at,
                output(&mut tag),
                TAG_LEN,
            )
        };
        self.check(status).map(|()| tag)
    }

    /// Opens with the tag apart; in place if there is no ciphertext elsewhere.
    fn open_detached(
        &self,
        aead: Aead<'_>,
        elsewhere: Option<&[u8]>,
        tag: &[u8; TAG_LEN],
        out: &mut [u8],
    ) -> Result<usize, Refusal> {
        let mut key = self.aead_key(aead.key)?;
        let at = output(out);
        // SAFETY: pointers go with the lengths of their slices; the ciphertext
        // is as long as `out`.
        let status = unsafe {
            (self.c.corekey_aead_open_detached)(
                key.as_mut_ptr(),
                input(&aead.nonce),
                aead.nonce.len(),
                input(aead.aad),
                aead.aad.len(),
                elsewhere.map_or(at.cast_const(), input),
                out.len(),
                input(tag),
                TAG_LEN,
                at,
            )
        };
        self.check(status).map(|()| out.len())
    }
}

impl Front for SharedLibrary {
    fn name(&self) -> &'static str {
        "shared library"
    }

    fn describe(&self) -> String {
        let file = fs::read(&self.path).expect("it was there to be loaded");
        let sha256 = HEXLOWER.encode(hash::digest(HashAlgorithm::Sha256, &file).as_ref());
        format!("{}, SHA-256 {sha256}", self.path.display())
    }

    fn hash(&self, hash: Hash, data: &[u8]) -> Result<Vec<u8>, Refusal> {
        let mut digest = vec![UNWRITTEN; self.digest_len(hash)];
        // SAFETY: pointers go with the lengths of their slices.
        let status = unsafe {
            (self.c.corekey_hash)(
                self.hash_algorithm(hash),
                input(data),
                data.len(),
                output(&mut digest),
                digest.len(),
            )
        };
        self.check(status).map(|()| digest)
    }

    fn hash_parts(&self, hash: Hash, parts: &[&[u8]]) -> Result<Vec<u8>, Refusal> {
        let mut state = self.context("COREKEY_HASH_CTX_WORDS");
        let mut digest = vec![UNWRITTEN; self.digest_len(hash)];
        let (at, size) = (state.as_mut_ptr(), size_of_val(&state[..]));
        // SAFETY: the pointer goes with the size of the context.
        self.check(unsafe {
            (self.c.corekey_hash_init_sized)(at, size, self.hash_algorithm(hash))
        })?;
        for part in parts {
            // SAFETY: pointers go with the lengths of their slices.
            self.check(unsafe { (self.c.corekey_hash_update)(at, input(part), part.len()) })?;
        }
        // SAFETY: as above.
        self.check(unsafe { (self.c.corekey_hash_final)(at, output(&mut digest), digest.len()) })?;
        Ok(digest)
    }

    fn hmac(&self, hash: Hash, key: &[u8], data: &[u8], len: usize) -> Result<Vec<u8>, Refusal> {
        let mut key = self.hmac_key(hash, key)?;
        let mut tag = vec![UNWRITTEN; len];
        // SAFETY: pointers go with the lengths of their slices.
        let status = unsafe {
            (self.c.corekey_hmac)(
                key.as_mut_ptr(),
                input(data),
                data.len(),
                output(&mut tag),
                tag.len(),
            )
        };
        self.check(status).map(|()| tag)
    }

    fn hmac_parts(
        &self,
        hash: Hash,
        key: &[u8],
        parts: &[&[u8]],
        len: usize,
    ) -> Result<Vec<u8>, Refusal> {
        let mut key = self.hmac_key(hash, key)?;
        let mut state = self.context("COREKEY_HMAC_CTX_WORDS");
        let mut tag = vec![UNWRITTEN; len];
        let (at, size) = (state.as_mut_ptr(), size_of_val(&state[..]));
        // SAFETY: the pointers go with the sizes of the contexts.
        self.check(unsafe { (self.c.corekey_hmac_init_sized)(at, size, key.as_mut_ptr()) })?;
        for part in parts {
            // SAFETY: pointers go with the lengths of their slices.
            self.check(unsafe { (self.c.corekey_hmac_update)(at, input(part), part.len()) })?;
        }
        // SAFETY: as above.
        self.check(unsafe { (self.c.corekey_hmac_final)(at, output(&mut tag), tag.len()) })?;
        Ok(tag)
    }

    fn hmac_verify(&self, hash: Hash, key: &[u8], data: &[u8], tag: &[u8]) -> Result<(), Refusal> {
        let mut key = self.hmac_key(hash, key)?;
        // SAFETY: pointers go with the lengths of their slices.
        self.check(unsafe {
            (self.c.corekey_hmac_verify)(
                key.as_mut_ptr(),
                input(data),
                data.len(),
                input(tag),
                tag.len(),
            )
        })
    }

    fn hkdf(
        &self,
        hash: Hash,
        salt: &[u8],
        ikm: &[u8],
        info: &[u8],
        okm: &mut [u8],
    ) -> Result<(), Refusal> {
        // SAFETY: pointers go with the lengths of their slices.
        self.check(unsafe {
            (self.c.corekey_hkdf)(
                self.hash_algorithm(hash),
                input(salt),
                salt.len(),
                input(ikm),
                ikm.len(),
                input(info),
                info.len(),
                output(okm),
                okm.len(),
            )
        })
    }

    fn hkdf_extract_expand(
        &self,
        hash: Hash,
        salt: &[u8],
        ikm: &[u8],
        info: &[u8],
        okm: &mut [u8],
    ) -> Result<(), Refusal> {
        let mut prk = self.context("COREKEY_PRK_WORDS");
        // SAFETY: pointers go with the lengths of their slices.
        self.check(unsafe {
            (self.c.corekey_hkdf_extract_sized)(
                prk.as_mut_ptr(),
                size_of_val(&prk[..]),
                self.hash_algorithm(hash),
                input(salt),
                salt.len(),
                input(ikm),
                ikm.len(),
            )
        })?;
        self.expand(&mut prk, info, okm)
    }

    fn hkdf_expand(
        &self,
        hash: Hash,
        secret: &[u8],
        info: &[u8],
        okm: &mut [u8],
    ) -> Result<(), Refusal> {
        let mut prk = self.context("COREKEY_PRK_WORDS");
        // SAFETY: pointers go with the lengths of their slices.
        self.check(unsafe {
            (self.c.corekey_prk_init_sized)(
                prk.as_mut_ptr(),
                size_of_val(&prk[..]),
                self.hash_algorithm(hash),
                input(secret),
                secret.len(),
            )
        })?;
        self.expand(&mut prk, info, okm)
    }

    fn shapes(&self) -> &'static [Shape] {
        &[Shape::Combined, Shape::Detached, Shape::InPlace, Shape::CombinedInPlace]
    }

    fn seal(&self, shape: Shape, aead: Aead<'_>, plaintext: &[u8]) -> Result<Vec<u8>, Refusal> {
        let mut buffer = match shape {
            Shape::Combined | Shape::Detached | Shape::Once => vec![UNWRITTEN; plaintext.len()],
            Shape::InPlace | Shape::CombinedInPlace => plaintext.to_vec(),
        };
        let elsewhere = match shape {
            Shape::Combined | Shape::Detached | Shape::Once => Some(plaintext),
            Shape::InPlace | Shape::CombinedInPlace => None,
        };
        match shape {
            Shape::Combined | Shape::CombinedInPlace | Shape::Once => {
                buffer.extend([UNWRITTEN; TAG_LEN]);
                let len = self.seal_combined(aead, elsewhere, &mut buffer)?;
                buffer.truncate(len);
            }
            Shape::Detached | Shape::InPlace => {
                let tag = self.seal_detached(aead, elsewhere, &mut buffer)?;
                buffer.extend(tag);
            }
        }
        Ok(buffer)
    }

    fn open(&self, shape: Shape, aead: Aead<'_>, sealed: &[u8]) -> Opened {
        let (ciphertext, tag) = sealed.split_last_chunk::<TAG_LEN>().expect("every case has a tag");
        let mut buffer = match shape {
            Shape::Combined | Shape::Detached | Shape::Once => vec![UNWRITTEN; ciphertext.len()],
            Shape::InPlace => ciphertext.to_vec(),
            Shape::CombinedInPlace => sealed.to_vec(),
        };
        let verdict = match shape {
            Shape::Combined | Shape::Once => self.open_combined(aead, Some(sealed), &mut buffer),
            Shape::Detached => self.open_detached(aead, Some(ciphertext), tag, &mut buffer),
            Shape::InPlace => self.open_detached(aead, None, tag, &mut buffer),
            Shape::CombinedInPlace => self.open_combined(aead, None, &mut buffer),
        };
        // In the combined message the tag stays behind what was opened.
        buffer.truncate(ciphertext.len());
        Opened { verdict, buffer }
    }

    fn wrap(&self, wrap: Wrap, kek: &[u8], key: &[u8]) -> Result<Vec<u8>, Refusal> {
        let mut wrapped = vec![UNWRITTEN; key.len() + 16];
        let mut wrapped_len = usize::MAX;
        // SAFETY: pointers go with the lengths of their slices.
        let status = unsafe {
            (self.c.corekey_key_wrap)(
                self.wrap_algorithm(wrap),
                input(kek),
                kek.len(),
                input(key),
                key.len(),
                output(&mut wrapped),
                wrapped.len(),
                &raw mut wrapped_len,
            )
        };
        self.check(status)?;
        wrapped.truncate(wrapped_len);
        Ok(wrapped)
    }

    fn unwrap(&self, wrap: Wrap, kek: &[u8], wrapped: &[u8]) -> Opened {
        let mut buffer = vec![UNWRITTEN; wrapped.len()];
        let mut key_len = usize::MAX;
        // SAFETY: pointers go with the lengths of their slices.
        let status = unsafe {
            (self.c.corekey_key_unwrap)(
                self.wrap_algorithm(wrap),
                input(kek),
                kek.len(),
                input(wrapped),
                wrapped.len(),
                output(&mut buffer),
                buffer.len(),
                &raw mut key_len,
            )
        };
        Opened { verdict: self.verdict(status, key_len), buffer }
    }

    fn drbg(
        &self,
        entropy: &[u8],
        personalization: &[u8],
        calls: &[DrbgCall],
    ) -> Result<Vec<Vec<u8>>, Refusal> {
        let mut drbg = self.context("COREKEY_DRBG_WORDS");
        let mut script = entropy;
        let at = drbg.as_mut_ptr();
        // SAFETY: pointers go with the lengths of their slices; `give` gets the
        // script, which outlives the context.
        self.check(unsafe {
            (self.c.corekey_drbg_init_sized)(
                at,
                size_of_val(&drbg[..]),
                give,
                (&raw mut script).cast(),
                input(personalization),
                personalization.len(),
            )
        })?;
        let mut outputs = Vec::new();
        for call in calls {
            match call {
                // SAFETY: pointers go with the lengths of their slices.
                DrbgCall::Reseed { additional } => self.check(unsafe {
                    (self.c.corekey_drbg_reseed)(at, input(additional), additional.len())
                })?,
                DrbgCall::Generate { additional, len } => {
                    let mut out = vec![UNWRITTEN; *len];
                    // SAFETY: pointers go with the lengths of their slices.
                    self.check(unsafe {
                        (self.c.corekey_drbg_generate)(
                            at,
                            input(additional),
                            additional.len(),
                            output(&mut out),
                            out.len(),
                        )
                    })?;
                    outputs.push(out);
                }
            }
        }
        Ok(outputs)
    }
}

/// An entropy source that gives what is left of a script, as C would write it.
///
/// # Safety
/// `user` points to a `&[u8]` that nothing else uses, `out` to `len` bytes that
/// may be written.
unsafe extern "C" fn give(user: *mut c_void, out: *mut u8, len: usize) -> i32 {
    // SAFETY: the caller's word.
    let script = unsafe { &mut *user.cast::<&[u8]>() };
    let Some((now, later)) = script.split_at_checked(len) else {
        return 1;
    };
    // SAFETY: `now` has `len` bytes, and `out` by the caller's word.
    unsafe { ptr::copy_nonoverlapping(now.as_ptr(), out, len) };
    *script = later;
    0
}

/// A slice's pointer as C programs pass it: NULL if there is nothing.
fn input(slice: &[u8]) -> *const u8 {
    if slice.is_empty() { ptr::null() } else { slice.as_ptr() }
}

/// As `input`, for a slice to write to.
fn output(slice: &mut [u8]) -> *mut u8 {
    if slice.is_empty() { ptr::null_mut() } else { slice.as_mut_ptr() }
}

/// Builds the shared library with cargo, for a run that was not told of one.
///
/// In a folder of its own: cargo gives such a library no name of its own, so
/// another build (other features, another checkout with the same target folder)
/// would overwrite it, and cargo would still take it for fresh.
fn build() -> PathBuf {
    let root = workspace::root();
    let target = root.join("target/conformance");
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["rustc", "--quiet", "--package=corekey-ffi", "--lib", "--crate-type=cdylib"])
        .arg("--release")
        .arg("--target-dir")
        .arg(&target)
        .current_dir(root);
    let built = command.status();
    assert!(
        built.is_ok_and(|status| status.success()),
        "no shared library: set {LIBRARY} to the path of one, such as lib/libcorekey.so in an \
         install by `cargo xtask dist`. The attempt to build one failed: {command:?}"
    );
    target.join("release").join(libloading::library_filename("corekey_ffi"))
}
