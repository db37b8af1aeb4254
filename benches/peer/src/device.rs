//! "Open a 64-byte message from a device never seen": from the root to the
//! device key, to the message key, to the plaintext (docs/derivation.md and
//! docs/message.md say which bytes).

use crate::{Aead, Fleet, Key32, Library, MANY, Nonce, Prk, Tag, Work};

const ROOT: Key32 = [0x42; 32];
/// Bytes of the text in each message.
pub const TEXT_LEN: usize = 64;

/// A message of one device, as its parts; with what CoreKey reads (`wire`)
/// when its library has accepted it.
pub struct Message {
    /// The device.
    pub id: [u8; 9],
    /// The version of its key.
    pub version: u64,
    /// Its boot, and the first 8 bytes of the session.
    pub boot: u64,
    /// `info` of the device key.
    pub device_info: Vec<u8>,
    /// `info` of the message key.
    pub message_info: Vec<u8>,
    /// The nonce of message 0.
    pub nonce: Nonce,
    /// The Enc_structure of COSE.
    pub aad: Vec<u8>,
    /// The text, or the ciphertext, as the turn has it.
    pub text: [u8; TEXT_LEN],
    /// The tags of both, and which it is now.
    pub tags: [Tag; 2],
    /// Which of the tags is that of `text`.
    pub side: usize,
    /// The long form.
    pub wire: Vec<u8>,
    /// Where the long form is opened to.
    pub opened: [u8; TEXT_LEN],
}

/// The first message of each of some devices, not sealed yet.
fn messages() -> [Message; MANY] {
    std::array::from_fn(|number| message(number as u8))
}

fn message(number: u8) -> Message {
    let mut id = *b"pump-0000";
    id[8] += number;
    let (version, boot) = (1_u64, 1_u64);
    Message {
        id,
        version,
        boot,
        device_info: [&b"ck1 dev\0"[..], &version.to_be_bytes(), &id].concat(),
        message_info: [&b"ck1 msg\0\x03\x00"[..], &boot.to_be_bytes()].concat(),
        nonce: *b"ck1\0\0\0\0\0\0\0\0\0",
        aad: b"\x83\x68Encrypt0\x43\xa1\x01\x03\x40".to_vec(),
        text: [number; TEXT_LEN],
        tags: [[0; 16]; 2],
        side: 0,
        wire: Vec::new(),
        opened: [0; TEXT_LEN],
    }
}

/// The derivations of CoreKey by a library's own HKDF and AES-GCM. What a
/// message must be parsed and built for is done beforehand.
pub struct Chain<L: Library> {
    library: L,
    root: L::Prk,
    device: L::Prk,
    key: L::Aes256,
}

impl<L: Library> Chain<L> {
    fn set_up(&mut self, message: &Message) {
        let mut derived = [0; 32];
        self.root.expand(&message.device_info, &mut derived);
        self.device.rekey(self.library, &derived);
        self.device.expand(&message.message_info, &mut derived);
        self.key.rekey(self.library, &derived);
    }
}

impl<L: Library> Fleet<L> for Chain<L> {
    fn new(library: L, root: &Key32) -> Option<Self> {
        Some(Self {
            library,
            root: L::Prk::new(library, root)?,
            device: L::Prk::new(library, root)?,
            key: L::Aes256::new(library, root)?,
        })
    }

    fn accept(&mut self, message: &mut Message) -> Tag {
        self.set_up(message);
        let [sealed, plain] = &mut message.tags;
        self.key.seal(&message.nonce, &message.aad, &mut message.text, sealed);
        let mut again = message.text;
        self.key.seal(&message.nonce, &message.aad, &mut again, plain);
        message.tags[0]
    }

    fn open(&mut self, message: &mut Message) -> bool {
        self.set_up(message);
        let tag = &message.tags[message.side];
        let opened = self.key.open(&message.nonce, &message.aad, &mut message.text, tag);
        message.side = 1 - message.side;
        opened
    }

    fn device_keys(&mut self, messages: &[Message; MANY], keys: &mut [Key32; MANY]) -> bool {
        for (message, key) in messages.iter().zip(keys) {
            self.root.expand(&message.device_info, key);
        }
        true
    }
}

/// Messages of many devices, and a ready root that opens them.
struct Senders<L: Library> {
    fleet: L::Fleet,
    messages: [Message; MANY],
    tags: [Tag; MANY],
}

impl<L: Library> Senders<L> {
    fn new(library: L) -> Option<Self> {
        let (mut fleet, mut messages) = (L::Fleet::new(library, &ROOT)?, messages());
        let tags = messages.each_mut().map(|message| fleet.accept(message));
        Some(Self { fleet, messages, tags })
    }
}

/// One message after the other, each of another device.
pub(crate) struct OpenUnseen<L: Library> {
    senders: Senders<L>,
    turn: usize,
}

impl<L: Library> OpenUnseen<L> {
    pub(crate) fn new(library: L) -> Option<Self> {
        Some(Self { senders: Senders::new(library)?, turn: 0 })
    }
}

impl<L: Library> Work for OpenUnseen<L> {
    fn run(&mut self, turns: u64) {
        for _ in 0..turns {
            let message = &mut self.senders.messages[self.turn % MANY];
            assert!(self.senders.fleet.open(message), "a device's message did not open");
            self.turn += 1;
        }
    }

    fn output(&self) -> Vec<u8> {
        self.senders.tags.concat()
    }
}

/// Messages of many devices in one call, where there is such a call.
pub(crate) struct OpenMany<L: Library>(Senders<L>);

impl<L: Library> OpenMany<L> {
    pub(crate) fn new(library: L) -> Option<Self> {
        Senders::new(library).map(Self)
    }
}

impl<L: Library> Work for OpenMany<L> {
    fn run(&mut self, turns: u64) {
        for _ in 0..turns {
            let opened = self.0.fleet.open_many(&mut self.0.messages);
            assert!(opened, "a device's message did not open");
        }
    }

    fn output(&self) -> Vec<u8> {
        self.0.tags.concat()
    }
}

/// Keys of many devices in one call, where there is such a call.
pub(crate) struct DeviceKeys<L: Library> {
    senders: Senders<L>,
    keys: [Key32; MANY],
}

impl<L: Library> DeviceKeys<L> {
    pub(crate) fn new(library: L) -> Option<Self> {
        let mut made = Self { senders: Senders::new(library)?, keys: [[0; 32]; MANY] };
        made.derive().then_some(made)
    }

    fn derive(&mut self) -> bool {
        self.senders.fleet.device_keys(&self.senders.messages, &mut self.keys)
    }
}

impl<L: Library> Work for DeviceKeys<L> {
    fn run(&mut self, turns: u64) {
        for _ in 0..turns {
            self.derive();
        }
    }

    fn output(&self) -> Vec<u8> {
        self.keys.concat()
    }
}
