//! CoreKey through its C ABI: the libcorekey.so that `cargo xtask dist` made,
//! called as a C program calls it.

use std::ffi::{CStr, c_char, c_void};
use std::path::Path;
use std::ptr;

use peer::{Aead, Fleet, Key32, Library as Peer, MANY, Mac, Message, Nonce, Prk, TEXT_LEN, Tag};

use crate::Result;
use crate::library::Library;

type Status = i32;

/// The functions of one libcorekey.so and the sizes of its contexts.
pub(crate) struct Functions {
    version: extern "C" fn() -> *const c_char,
    wipe: extern "C" fn(*mut c_void, usize) -> Status,
    aead_key_init: extern "C" fn(*mut u64, usize, u32, *const u8, usize) -> Status,
    seal: extern "C" fn(
        *const u64,
        *const u8,
        usize,
        *const u8,
        usize,
        *const u8,
        usize,
        *mut u8,
        *mut u8,
        usize,
    ) -> Status,
    open: extern "C" fn(
        *const u64,
        *const u8,
        usize,
        *const u8,
        usize,
        *const u8,
        usize,
        *const u8,
        usize,
        *mut u8,
    ) -> Status,
    prk_init: extern "C" fn(*mut u64, usize, u32, *const u8, usize) -> Status,
    expand: extern "C" fn(*const u64, *const u8, usize, *mut u8, usize) -> Status,
    hmac_key_init: extern "C" fn(*mut u64, usize, u32, *const u8, usize) -> Status,
    hmac: extern "C" fn(*const u64, *const u8, usize, *mut u8, usize) -> Status,
    root_init: extern "C" fn(*mut u64, usize, *const u8, usize) -> Status,
    root_device_key: extern "C" fn(*mut u64, usize, *const u64, u64, *const u8, usize) -> Status,
    sealer_init: extern "C" fn(*mut u64, usize, *const u64, u32, u64, *const u8, usize) -> Status,
    device_seal: extern "C" fn(
        *mut u64,
        u32,
        *const u8,
        usize,
        *const u8,
        usize,
        *mut u8,
        usize,
        *mut usize,
    ) -> Status,
    opener_init_up: extern "C" fn(*mut u64, usize, *const u64, *const u8, usize) -> Status,
    device_open: extern "C" fn(
        *mut u64,
        *const u8,
        usize,
        *const u8,
        usize,
        *mut u8,
        usize,
        *mut usize,
        *mut c_void,
    ) -> Status,
    header: String,
}

/// A libcorekey.so that is open.
#[derive(Clone, Copy)]
pub(crate) struct CAbi(&'static Functions);

/// Looks up one function.
macro_rules! symbol {
    ($library:expr, $name:literal) => {
        // SAFETY: include/corekey.h declares the function with these parameters.
        unsafe { std::mem::transmute($library.symbol(concat!($name, "\0").as_bytes())?) }
    };
}

impl CAbi {
    /// Opens the library at `path`, whose header has the text `header`.
    #[expect(clippy::missing_transmute_annotations, reason = "the fields have the types")]
    pub(crate) fn open(path: &Path, header: String) -> Result<Self> {
        let library = Library::open(path)?;
        Ok(Self(Box::leak(Box::new(Functions {
            version: symbol!(library, "corekey_version"),
            wipe: symbol!(library, "corekey_wipe"),
            aead_key_init: symbol!(library, "corekey_aead_key_init_sized"),
            seal: symbol!(library, "corekey_aead_seal_detached"),
            open: symbol!(library, "corekey_aead_open_detached"),
            prk_init: symbol!(library, "corekey_prk_init_sized"),
            expand: symbol!(library, "corekey_hkdf_expand"),
            hmac_key_init: symbol!(library, "corekey_hmac_key_init_sized"),
            hmac: symbol!(library, "corekey_hmac"),
            root_init: symbol!(library, "corekey_root_init_sized"),
            root_device_key: symbol!(library, "corekey_root_device_key_sized"),
            sealer_init: symbol!(library, "corekey_sealer_init_sized"),
            device_seal: symbol!(library, "corekey_seal"),
            opener_init_up: symbol!(library, "corekey_opener_init_up_sized"),
            device_open: symbol!(library, "corekey_open"),
            header,
        }))))
    }

    pub(crate) fn version(self) -> String {
        // SAFETY: corekey.h: a C string that is never freed.
        unsafe { CStr::from_ptr((self.0.version)()) }.to_string_lossy().into_owned()
    }

    /// A number that the library's own header defines.
    fn constant(self, name: &str) -> u32 {
        let found = self.0.header.split_once(&format!("#define {name} "));
        let number = found.and_then(|(_, rest)| rest.split_whitespace().next()?.parse().ok());
        number.unwrap_or_else(|| panic!("corekey.h does not define {name}"))
    }

    /// Memory for a context of so many words as the header says.
    fn context(self, words: &str) -> Context {
        Context { words: vec![0; self.constant(words) as usize], wipe: self.0.wipe }
    }
}

/// A context in memory of the caller's, cleared when it is dropped.
struct Context {
    words: Vec<u64>,
    wipe: extern "C" fn(*mut c_void, usize) -> Status,
}

impl Context {
    fn size(&self) -> usize {
        self.words.len() * 8
    }

    fn clear(&mut self) {
        (self.wipe)(self.words.as_mut_ptr().cast(), self.size());
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        self.clear();
    }
}

impl Peer for CAbi {
    type Aes128 = AesGcm;
    type Aes256 = AesGcm;
    type Prk = Keyed;
    type Mac = Keyed;
    type Fleet = Devices;
}

/// A `corekey_aead_key`.
pub(crate) struct AesGcm {
    api: CAbi,
    key: Context,
    algorithm: u32,
}

impl Aead<CAbi> for AesGcm {
    fn new(api: CAbi, key: &[u8]) -> Option<Self> {
        let name = if key.len() == 16 { "COREKEY_AES_128_GCM" } else { "COREKEY_AES_256_GCM" };
        let algorithm = api.constant(name);
        let mut made = Self { api, key: api.context("COREKEY_AEAD_KEY_WORDS"), algorithm };
        made.init(key);
        Some(made)
    }

    fn rekey(&mut self, _: CAbi, key: &[u8]) {
        self.key.clear();
        self.init(key);
    }

    fn seal(&mut self, nonce: &Nonce, aad: &[u8], text: &mut [u8], tag: &mut Tag) {
        let (at, len) = (text.as_mut_ptr(), text.len());
        let (key, aad, aad_len) = (self.key.words.as_ptr(), aad.as_ptr(), aad.len());
        let tag = tag.as_mut_ptr();
        let status = (self.api.0.seal)(key, nonce.as_ptr(), 12, aad, aad_len, at, len, at, tag, 16);
        assert_eq!(status, 0, "corekey_aead_seal_detached");
    }

    fn open(&mut self, nonce: &Nonce, aad: &[u8], text: &mut [u8], tag: &Tag) -> bool {
        let (at, len) = (text.as_mut_ptr(), text.len());
        let (key, aad, aad_len) = (self.key.words.as_ptr(), aad.as_ptr(), aad.len());
        let tag = tag.as_ptr();
        (self.api.0.open)(key, nonce.as_ptr(), 12, aad, aad_len, at, len, tag, 16, at) == 0
    }
}

impl AesGcm {
    fn init(&mut self, secret: &[u8]) {
        let (key, size) = (self.key.words.as_mut_ptr(), self.key.size());
        let (secret, len) = (secret.as_ptr(), secret.len());
        let status = (self.api.0.aead_key_init)(key, size, self.algorithm, secret, len);
        assert_eq!(status, 0, "corekey_aead_key_init");
    }
}

/// A `corekey_prk` or a `corekey_hmac_key`.
pub(crate) struct Keyed {
    api: CAbi,
    context: Context,
    sha256: u32,
}

impl Keyed {
    fn zeroed(api: CAbi, words: &str) -> Self {
        Self { api, context: api.context(words), sha256: api.constant("COREKEY_SHA256") }
    }

    fn init_prk(&mut self, prk: &Key32) {
        let (context, size) = (self.context.words.as_mut_ptr(), self.context.size());
        let status = (self.api.0.prk_init)(context, size, self.sha256, prk.as_ptr(), 32);
        assert_eq!(status, 0, "corekey_prk_init");
    }
}

impl Prk<CAbi> for Keyed {
    fn new(api: CAbi, prk: &Key32) -> Option<Self> {
        let mut made = Self::zeroed(api, "COREKEY_PRK_WORDS");
        made.init_prk(prk);
        Some(made)
    }

    fn rekey(&mut self, _: CAbi, prk: &Key32) {
        self.context.clear();
        self.init_prk(prk);
    }

    fn expand(&mut self, info: &[u8], okm: &mut Key32) {
        let prk = self.context.words.as_ptr();
        let (info, info_len) = (info.as_ptr(), info.len());
        let status = (self.api.0.expand)(prk, info, info_len, okm.as_mut_ptr(), 32);
        assert_eq!(status, 0, "corekey_hkdf_expand");
    }
}

impl Mac<CAbi> for Keyed {
    fn new(api: CAbi, key: &Key32) -> Option<Self> {
        let mut made = Self::zeroed(api, "COREKEY_HMAC_KEY_WORDS");
        let (context, size) = (made.context.words.as_mut_ptr(), made.context.size());
        let status = (api.0.hmac_key_init)(context, size, made.sha256, key.as_ptr(), 32);
        assert_eq!(status, 0, "corekey_hmac_key_init");
        Some(made)
    }

    fn mac(&mut self, data: &[u8], tag: &mut Key32) {
        let key = self.context.words.as_ptr();
        let status = (self.api.0.hmac)(key, data.as_ptr(), data.len(), tag.as_mut_ptr(), 32);
        assert_eq!(status, 0, "corekey_hmac");
    }
}

/// A `corekey_root`, and contexts that one device after the other uses.
pub(crate) struct Devices {
    api: CAbi,
    root: Context,
    key: Context,
    opener: Context,
}

impl Devices {
    fn device_key(&mut self, message: &Message) {
        let (key, size) = (self.key.words.as_mut_ptr(), self.key.size());
        let (root, id) = (self.root.words.as_ptr(), &message.id);
        let (version, id, id_len) = (message.version, id.as_ptr(), id.len());
        let status = (self.api.0.root_device_key)(key, size, root, version, id, id_len);
        assert_eq!(status, 0, "corekey_root_device_key");
    }

    fn seal(&mut self, message: &mut Message) {
        let mut sealer = self.api.context("COREKEY_SEALER_WORDS");
        let (at, size) = (sealer.words.as_mut_ptr(), sealer.size());
        let (key, up) = (self.key.words.as_ptr(), self.api.constant("COREKEY_UP"));
        let status = (self.api.0.sealer_init)(at, size, key, up, message.boot, ptr::null(), 0);
        assert_eq!(status, 0, "corekey_sealer_init");
        let (mut wire, mut len) = (vec![0; 256], 0);
        let status = (self.api.0.device_seal)(
            at,
            self.api.constant("COREKEY_LONG"),
            ptr::null(),
            0,
            message.text.as_ptr(),
            TEXT_LEN,
            wire.as_mut_ptr(),
            wire.len(),
            &raw mut len,
        );
        assert_eq!(status, 0, "corekey_seal");
        wire.truncate(len);
        message.wire = wire;
    }
}

impl Fleet<CAbi> for Devices {
    fn new(api: CAbi, root: &Key32) -> Option<Self> {
        let mut made = Self {
            api,
            root: api.context("COREKEY_ROOT_WORDS"),
            key: api.context("COREKEY_DEVICE_KEY_WORDS"),
            opener: api.context("COREKEY_OPENER_WORDS"),
        };
        let (at, size) = (made.root.words.as_mut_ptr(), made.root.size());
        let status = (api.0.root_init)(at, size, root.as_ptr(), 32);
        assert_eq!(status, 0, "corekey_root_init");
        Some(made)
    }

    fn accept(&mut self, message: &mut Message) -> Tag {
        self.device_key(message);
        self.seal(message);
        self.key.clear();
        *message.wire.last_chunk().expect("a message ends in its tag")
    }

    fn open(&mut self, message: &mut Message) -> bool {
        self.device_key(message);
        let (at, size) = (self.opener.words.as_mut_ptr(), self.opener.size());
        let key = self.key.words.as_ptr();
        let ready = (self.api.0.opener_init_up)(at, size, key, ptr::null(), 0);
        let mut len = 0;
        let opened = (self.api.0.device_open)(
            at,
            ptr::null(),
            0,
            message.wire.as_ptr(),
            message.wire.len(),
            message.opened.as_mut_ptr(),
            TEXT_LEN,
            &raw mut len,
            ptr::null_mut(),
        );
        self.opener.clear();
        self.key.clear();
        ready == 0 && opened == 0
    }

    fn device_keys(&mut self, _: &[Message; MANY], _: &mut [Key32; MANY]) -> bool {
        false
    }
}
