//! CoreKey through its Rust API.

use corekey::aead::{AeadAlgorithm, AeadKey, open_once, seal_once};
use corekey::device::batch::{Item, Known};
use corekey::device::message::{Form, Session};
use corekey::device::name::{Boot, DeviceId, Version};
use corekey::device::opener::{FIRST_CONTACT, Opener, STATE_LEN};
use corekey::device::root::{Root, RootKey};
use corekey::device::sealer::Sealer;
use corekey::hash::HashAlgorithm;
use corekey::mac::HmacKey;
use corekey::secret::Secret;
use peer::{AAD, Aead, Fleet, Key32, Library, MANY, Mac, Message, Nonce, Once, Prk, Tag};

peer::export!(
    CoreKey,
    c"CoreKey (Rust)",
    || peer::locked("corekey"),
    c"AeadKey::seal_in_place and open_in_place, seal_once and open_once, Prk::expand, HmacKey::mac; device: RootKey::device_keys, RootKey::device_key and Opener::first_contact for one message, RootKey::open_batch for many"
);

/// The crate `corekey`.
#[derive(Clone, Copy, Default)]
pub struct CoreKey;

impl Library for CoreKey {
    type Aes128 = AesGcm;
    type Aes256 = AesGcm;
    type Prk = Hkdf;
    type Mac = Hmac;
    type Fleet = Devices;
}

/// An AES-GCM key.
pub struct AesGcm(AeadKey, AeadAlgorithm);

impl Aead<CoreKey> for AesGcm {
    fn new(_: CoreKey, key: &[u8]) -> Option<Self> {
        let algorithm = match key.len() {
            16 => AeadAlgorithm::Aes128Gcm,
            _ => AeadAlgorithm::Aes256Gcm,
        };
        Some(Self(AeadKey::new(algorithm, key).ok()?, algorithm))
    }

    fn seal(&mut self, nonce: &Nonce, aad: &[u8], text: &mut [u8], tag: &mut Tag) {
        if let Ok(made) = self.0.seal_in_place(nonce, aad, text) {
            *tag = made;
        }
    }

    fn open(&mut self, nonce: &Nonce, aad: &[u8], text: &mut [u8], tag: &Tag) -> bool {
        self.0.open_in_place(nonce, aad, text, tag).is_ok()
    }

    fn seal_once(&mut self, _: CoreKey, key: &[u8], message: Once<'_>) {
        let Once { nonce, text, tag, sealed, .. } = message;
        seal_once(self.1, key, nonce, AAD, text, sealed).expect("the lengths are right");
        tag.copy_from_slice(&sealed[text.len()..]);
    }

    fn open_once(&mut self, _: CoreKey, key: &[u8], message: Once<'_>) -> bool {
        let Once { nonce, sealed, opened, .. } = message;
        open_once(self.1, key, nonce, AAD, sealed, opened).is_ok()
    }
}

/// A ready pseudorandom key.
pub struct Hkdf(corekey::kdf::Prk);

impl Prk<CoreKey> for Hkdf {
    fn new(_: CoreKey, prk: &Key32) -> Option<Self> {
        corekey::kdf::Prk::from_bytes(HashAlgorithm::Sha256, prk).ok().map(Self)
    }

    fn expand(&mut self, info: &[u8], okm: &mut Key32) {
        self.0.expand(info, okm).expect("32 bytes are a legal length");
    }
}

/// A ready HMAC key.
pub struct Hmac(HmacKey);

impl Mac<CoreKey> for Hmac {
    fn new(_: CoreKey, key: &Key32) -> Option<Self> {
        Some(Self(HmacKey::new(HashAlgorithm::Sha256, key)))
    }

    fn mac(&mut self, data: &[u8], tag: &mut Key32) {
        tag.copy_from_slice(self.0.mac(data).as_bytes());
    }
}

/// A ready root.
pub struct Devices {
    root: RootKey,
    keys: [Secret<32>; MANY],
}

impl Devices {
    fn wire(&self, message: &Message) -> Result<Vec<u8>, corekey::Error> {
        let id = DeviceId::new(&message.id)?;
        let key = self.root.device_key(&id, Version::new(message.version)?)?;
        let session = Session::counted(Boot::new(message.boot)?);
        let mut sealer = Sealer::up(&key, session)?;
        let mut wire = vec![0; sealer.sealed_len(Form::Long, message.text.len())?];
        sealer.seal(Form::Long, &[], &message.text, &mut wire)?;
        Ok(wire)
    }
}

/// A message of a sender that is heard for the first time.
fn item<'a>(message: &'a mut Message, state: &'a mut [u8; STATE_LEN]) -> Item<'a> {
    let version = version(message);
    Item::new(&message.wire, &mut message.opened).from_known(Known {
        id: &message.id,
        version,
        state,
    })
}

fn version(message: &Message) -> Version {
    Version::new(message.version).expect("the version is legal")
}

impl Fleet<CoreKey> for Devices {
    fn new(_: CoreKey, root: &Key32) -> Option<Self> {
        let mut root = *root;
        let keys = std::array::from_fn(|_| Secret::take(&mut [0; 32]));
        Some(Self { root: RootKey::new(&Secret::take(&mut root)), keys })
    }

    fn accept(&mut self, message: &mut Message) -> Tag {
        message.wire = self.wire(message).expect("a fixed message can be sealed");
        *message.wire.last_chunk().expect("a message ends in its tag")
    }

    fn open(&mut self, message: &mut Message) -> bool {
        let opened = DeviceId::new(&message.id)
            .and_then(|id| self.root.device_key(&id, version(message)))
            .and_then(|key| {
                Opener::first_contact(key).open(&[], &message.wire, &mut message.opened)
            });
        opened.is_ok()
    }

    fn open_many(&mut self, messages: &mut [Message; MANY]) -> bool {
        let mut states = [FIRST_CONTACT; MANY];
        let mut states = states.iter_mut();
        let mut items = messages
            .each_mut()
            .map(|message| item(message, states.next().expect("there are as many states")));
        self.root.open_batch(&mut items);
        items.iter().all(|item| item.result().is_ok())
    }

    fn device_keys(&mut self, messages: &[Message; MANY], keys: &mut [Key32; MANY]) -> bool {
        let devices = messages.each_ref().map(|message| (&message.id[..], version(message)));
        let done = self.root.device_keys(&devices, &mut self.keys).is_ok();
        for (key, secret) in keys.iter_mut().zip(&self.keys) {
            *key = *secret.expose();
        }
        done
    }
}
