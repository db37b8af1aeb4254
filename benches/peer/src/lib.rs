//! What a library must offer to be measured, and the loops that measure it.
//!
//! A peer implements [`Library`] and exports itself with [`export!`]; what it
//! does not have is [`Absent`]. The loops ([`work`]) are generic, so each is
//! compiled into the peer's own shared object beside the library that it calls:
//! no call through a pointer stands between them. All peers get the same bytes
//! and must give the same.

mod absent;
mod aead;
#[cfg(feature = "c")]
pub mod c;
mod device;
mod kdf;
mod plugin;
mod release;
mod ring_api;
mod work;

pub use absent::Absent;
pub use device::{Chain, Message, TEXT_LEN};
pub use plugin::{ENTRY, Plugin, Table, export_table};
pub use release::locked;
pub use work::{Job, Work, prepare};

/// A nonce of AES-GCM.
pub type Nonce = [u8; 12];
/// A tag of AES-GCM.
pub type Tag = [u8; 16];
/// A tag of HMAC-SHA-256, and a derived key.
pub type Key32 = [u8; 32];

/// Associated data of every sealed text: as long as a record header of TLS 1.2.
pub const AAD: &[u8; 13] = b"corekey-bench";

/// A library, or one of its builds: what it has ready-made keys for.
pub trait Library: Copy + 'static {
    /// AES-128-GCM.
    type Aes128: Aead<Self>;
    /// AES-256-GCM.
    type Aes256: Aead<Self>;
    /// HKDF-SHA-256 from a ready pseudorandom key.
    type Prk: Prk<Self>;
    /// HMAC-SHA-256.
    type Mac: Mac<Self>;
    /// Devices' messages from a ready root; [`Chain`] for who has no such call.
    type Fleet: Fleet<Self>;
}

/// An AES-GCM key, ready for use. All calls work in place.
pub trait Aead<L>: Sized {
    /// A key of 16 or 32 bytes; `None` if this library or CPU has none.
    fn new(library: L, key: &[u8]) -> Option<Self>;

    /// Another key, in the cheapest way there is.
    fn rekey(&mut self, library: L, key: &[u8]) {
        if let Some(new) = Self::new(library, key) {
            *self = new;
        }
    }

    /// Encrypts `text` where it is.
    fn seal(&mut self, nonce: &Nonce, aad: &[u8], text: &mut [u8], tag: &mut Tag);

    /// Opens `text` where it is; whether the tag was right.
    fn open(&mut self, nonce: &Nonce, aad: &[u8], text: &mut [u8], tag: &Tag) -> bool;

    /// Seals one text under a key that no other text has.
    fn seal_once(&mut self, library: L, key: &[u8], message: Once<'_>) {
        self.rekey(library, key);
        self.seal(message.nonce, AAD, message.text, message.tag);
    }

    /// Opens one text under a key that no other text has; whether it verified.
    fn open_once(&mut self, library: L, key: &[u8], message: Once<'_>) -> bool {
        self.rekey(library, key);
        self.open(message.nonce, AAD, message.text, message.tag)
    }
}

/// A message of a key that no other has. A library works in place (`text`) or
/// from one buffer to another (`text` to `sealed`, `sealed` to `opened`), as
/// its call for this does.
pub struct Once<'a> {
    /// The nonce.
    pub nonce: &'a Nonce,
    /// To be sealed or opened where it is.
    pub text: &'a mut [u8],
    /// The tag of `text`; who seals to `sealed` puts its tag here as well.
    pub tag: &'a mut Tag,
    /// A ciphertext with its tag behind it.
    pub sealed: &'a mut [u8],
    /// Room for what `sealed` opens to.
    pub opened: &'a mut [u8],
}

/// Devices at once in some of the rows.
pub const MANY: usize = 16;
/// Bytes of `info`: as a device key of CoreKey has with an id of 9 bytes.
pub const INFO_LEN: usize = 25;

/// A pseudorandom key of HKDF-SHA-256, ready to be expanded.
pub trait Prk<L>: Sized {
    /// From 32 uniformly random bytes; `None` if the library has no HKDF.
    fn new(library: L, prk: &Key32) -> Option<Self>;

    /// Another key, in the cheapest way there is.
    fn rekey(&mut self, library: L, prk: &Key32) {
        if let Some(new) = Self::new(library, prk) {
            *self = new;
        }
    }

    /// HKDF-Expand to 32 bytes.
    fn expand(&mut self, info: &[u8], okm: &mut Key32);
}

/// A key of HMAC-SHA-256, ready for use.
pub trait Mac<L>: Sized {
    /// From 32 bytes; `None` if the library has no HMAC.
    fn new(library: L, key: &Key32) -> Option<Self>;

    /// The tag of `data`.
    fn mac(&mut self, data: &[u8], tag: &mut Key32);
}

/// A root, ready for use, that opens messages of devices never seen before.
pub trait Fleet<L>: Sized {
    /// From the root secret; `None` if the library has not all that it takes.
    fn new(library: L, root: &Key32) -> Option<Self>;

    /// Makes the message openable by this library, before the clock starts, and
    /// returns its tag: proof that the derivations are the same.
    fn accept(&mut self, message: &mut Message) -> Tag;

    /// Device key, message key, set-up, open; whether the tag was right.
    fn open(&mut self, message: &mut Message) -> bool;

    /// [`Fleet::open`] of many devices, at once where the library can.
    fn open_many(&mut self, messages: &mut [Message; MANY]) -> bool {
        messages.iter_mut().all(|message| self.open(message))
    }

    /// The device keys of many devices, at once where the library can; false if
    /// it gives none away.
    fn device_keys(&mut self, messages: &[Message; MANY], keys: &mut [Key32; MANY]) -> bool;
}
