//! AES-GCM: seal and open, back to back and dependent, and with a new key each.

use std::marker::PhantomData;

use crate::{AAD, Aead, Library, Nonce, Once, Tag, Work};

/// Bytes that the messages of one job may take: they stay in the first cache.
const ROOM: usize = 8192;
/// The most messages of one job.
const SLOTS: usize = 16;

/// Texts that take turns, so that one message does not wait for the one before,
/// and nonces that were written long before they are read.
struct Messages {
    memory: Vec<u8>,
    start: usize,
    stride: usize,
    len: usize,
    nonces: [Nonce; SLOTS],
    /// A power of two.
    count: usize,
}

impl Messages {
    fn new(len: usize) -> Self {
        let stride = len.next_multiple_of(64).max(64);
        let count = (ROOM / stride).clamp(1, SLOTS);
        let count = 1 << count.ilog2();
        // All begin at a page, so that no library is luckier with its addresses.
        let mut memory = vec![0; stride * count + 4096];
        let start = memory.as_ptr().align_offset(4096);
        for (at, byte) in memory[start..].iter_mut().enumerate() {
            *byte = (at % 251) as u8;
        }
        let mut nonces = [[7; 12]; SLOTS];
        for (number, nonce) in (0..).zip(&mut nonces) {
            nonce[11] = number;
        }
        Self { memory, start, stride, len, nonces, count }
    }

    fn get(&mut self, slot: usize) -> (&Nonce, &mut [u8]) {
        let from = self.start + slot * self.stride;
        (&self.nonces[slot % SLOTS], &mut self.memory[from..from + self.len])
    }

    fn all(&self) -> Vec<u8> {
        let text = |slot| {
            let from = self.start + slot * self.stride;
            &self.memory[from..from + self.len]
        };
        (0..self.count).flat_map(text).copied().collect()
    }
}

fn key_bytes(seed: u8) -> [u8; 32] {
    std::array::from_fn(|at| seed.wrapping_add((at * 7) as u8))
}

fn new_key<L: Library, A: Aead<L>>(library: L, key_len: usize) -> Option<A> {
    A::new(library, key_bytes(1).get(..key_len)?)
}

/// Independent messages, sealed again and again where they are.
pub(crate) struct Seal<L, A> {
    key: A,
    messages: Messages,
    tags: [Tag; SLOTS],
    turn: usize,
    library: PhantomData<L>,
}

impl<L: Library, A: Aead<L>> Seal<L, A> {
    pub(crate) fn new(library: L, key_len: usize, len: usize) -> Option<Self> {
        Some(Self {
            key: new_key(library, key_len)?,
            messages: Messages::new(len),
            tags: [[0; 16]; SLOTS],
            turn: 0,
            library: PhantomData,
        })
    }
}

impl<L: Library, A: Aead<L>> Work for Seal<L, A> {
    fn run(&mut self, turns: u64) {
        for _ in 0..turns {
            let slot = self.turn & (self.messages.count - 1);
            let (nonce, text) = self.messages.get(slot);
            self.key.seal(nonce, AAD, text, &mut self.tags[slot]);
            self.turn += 1;
        }
    }

    fn output(&self) -> Vec<u8> {
        [self.messages.all(), self.tags.concat()].concat()
    }
}

/// One message's latency: the nonce is the start of the tag before, read where
/// the library wrote it.
pub(crate) struct SealDependent<L, A> {
    key: A,
    messages: Messages,
    tags: [Tag; 2],
    library: PhantomData<L>,
}

impl<L: Library, A: Aead<L>> SealDependent<L, A> {
    pub(crate) fn new(library: L, key_len: usize, len: usize) -> Option<Self> {
        Some(Self {
            key: new_key(library, key_len)?,
            messages: Messages::new(len),
            tags: [[1; 16]; 2],
            library: PhantomData,
        })
    }
}

impl<L: Library, A: Aead<L>> Work for SealDependent<L, A> {
    fn run(&mut self, turns: u64) {
        let [first, second] = &mut self.tags;
        let (mut from, mut to) = (first, second);
        for _ in 0..turns {
            if let Some(nonce) = from.first_chunk() {
                let (_, text) = self.messages.get(0);
                self.key.seal(nonce, AAD, text, to);
            }
            (from, to) = (to, from);
        }
        if turns % 2 == 1 {
            self.tags.swap(0, 1);
        }
    }

    fn output(&self) -> Vec<u8> {
        [self.messages.all(), self.tags.concat()].concat()
    }
}

/// The two texts that one nonce turns into each other, each with its tag. AES-GCM
/// opens by the same XOR as it seals, so a text that was opened where it is can
/// be opened again under the other tag: no copy of the ciphertext is needed.
struct Sides {
    tags: [[Tag; 2]; SLOTS],
    /// Which of the two each text is now.
    side: [usize; SLOTS],
}

impl Sides {
    fn new<L, A: Aead<L>>(key: &mut A, messages: &mut Messages) -> Self {
        Self::with(messages, |_, nonce, text, tag| key.seal(nonce, AAD, text, tag))
    }

    fn with(
        messages: &mut Messages,
        mut seal: impl FnMut(usize, &Nonce, &mut [u8], &mut Tag),
    ) -> Self {
        let mut tags = [[[0; 16]; 2]; SLOTS];
        for (slot, tags) in tags.iter_mut().enumerate().take(messages.count) {
            let (nonce, text) = messages.get(slot);
            seal(slot, nonce, text, &mut tags[0]);
            seal(slot, nonce, text, &mut tags[1]);
        }
        // Twice sealed is the text as it was, whose tag came second.
        Self { tags, side: [1; SLOTS] }
    }
}

/// Independent messages, opened again and again where they are.
pub(crate) struct Open<L, A> {
    key: A,
    messages: Messages,
    sides: Sides,
    turn: usize,
    library: PhantomData<L>,
}

impl<L: Library, A: Aead<L>> Open<L, A> {
    pub(crate) fn new(library: L, key_len: usize, len: usize) -> Option<Self> {
        let (mut key, mut messages) = (new_key(library, key_len)?, Messages::new(len));
        let sides = Sides::new::<L, A>(&mut key, &mut messages);
        Some(Self { key, messages, sides, turn: 0, library: PhantomData })
    }
}

impl<L: Library, A: Aead<L>> Work for Open<L, A> {
    fn run(&mut self, turns: u64) {
        for _ in 0..turns {
            let slot = self.turn & (self.messages.count - 1);
            let side = self.sides.side[slot];
            let (nonce, text) = self.messages.get(slot);
            let opened = self.key.open(nonce, AAD, text, &self.sides.tags[slot][side]);
            assert!(opened, "a message did not open");
            self.sides.side[slot] = 1 - side;
            self.turn += 1;
        }
    }

    fn output(&self) -> Vec<u8> {
        [self.messages.all(), self.sides.tags.concat().concat()].concat()
    }
}

/// One message's latency: the nonce is made from the last byte of the plaintext
/// before in a way that gives what it was, which the CPU cannot know.
pub(crate) struct OpenDependent<L, A> {
    key: A,
    messages: Messages,
    sides: Sides,
    /// The last byte of the text on each side.
    last: [u8; 2],
    library: PhantomData<L>,
}

impl<L: Library, A: Aead<L>> OpenDependent<L, A> {
    pub(crate) fn new(library: L, key_len: usize, len: usize) -> Option<Self> {
        let (mut key, mut messages) = (new_key::<L, A>(library, key_len)?, Messages::new(len));
        let sides = Sides::new::<L, A>(&mut key, &mut messages);
        let (nonce, text) = messages.get(0);
        let plain = *text.last()?;
        let mut other = text.to_vec();
        key.seal(nonce, AAD, &mut other, &mut [0; 16]);
        let last = [*other.last()?, plain];
        Some(Self { key, messages, sides, last, library: PhantomData })
    }
}

impl<L: Library, A: Aead<L>> Work for OpenDependent<L, A> {
    fn run(&mut self, turns: u64) {
        let mut side = self.sides.side[0];
        let wanted = u128::from_le_bytes(std::array::from_fn(|at| {
            self.messages.nonces[0].get(at).copied().unwrap_or(0)
        }));
        for _ in 0..turns {
            let (_, text) = self.messages.get(0);
            let zero = text.last().map_or(0, |byte| byte ^ self.last[side]);
            // Stored in one piece, as a nonce from a register is.
            let nonce = (wanted ^ u128::from(zero)).to_le_bytes();
            let opened = nonce
                .first_chunk()
                .is_some_and(|nonce| self.key.open(nonce, AAD, text, &self.sides.tags[0][side]));
            assert!(opened, "a message did not open");
            side = 1 - side;
        }
        self.sides.side[0] = side;
    }

    fn output(&self) -> Vec<u8> {
        [self.messages.all(), self.sides.tags[0].concat()].concat()
    }
}

/// Sixteen keys that take turns, none of them ready.
struct Secrets {
    bytes: [[u8; 32]; SLOTS],
    len: usize,
}

impl Secrets {
    fn new(len: usize) -> Self {
        Self { bytes: std::array::from_fn(|slot| key_bytes(slot as u8)), len }
    }

    fn get(&self, slot: usize) -> &[u8] {
        &self.bytes[slot % SLOTS][..self.len]
    }
}

/// Messages that have a key each, in place and apart.
struct Singles {
    secrets: Secrets,
    messages: Messages,
    /// Ciphertexts with their tags, one behind the other.
    sealed: Vec<u8>,
    opened: Vec<u8>,
}

impl Singles {
    fn new(key_len: usize, len: usize) -> Self {
        let messages = Messages::new(len);
        let sealed = vec![0; (len + 16) * SLOTS];
        Self { secrets: Secrets::new(key_len), messages, sealed, opened: vec![0; len] }
    }

    /// The key and the message of a turn.
    fn get<'a>(&'a mut self, slot: usize, tag: &'a mut Tag) -> (&'a [u8], Once<'a>) {
        let room = self.messages.len + 16;
        let sealed = &mut self.sealed[slot * room..][..room];
        let (nonce, text) = self.messages.get(slot);
        (self.secrets.get(slot), Once { nonce, text, tag, sealed, opened: &mut self.opened })
    }
}

/// Each message sealed under a key of its own.
pub(crate) struct SealOnce<L, A> {
    library: L,
    key: A,
    singles: Singles,
    tags: [Tag; SLOTS],
    turn: usize,
}

impl<L: Library, A: Aead<L>> SealOnce<L, A> {
    pub(crate) fn new(library: L, key_len: usize, len: usize) -> Option<Self> {
        let (key, singles) = (new_key(library, key_len)?, Singles::new(key_len, len));
        Some(Self { library, key, singles, tags: [[0; 16]; SLOTS], turn: 0 })
    }
}

impl<L: Library, A: Aead<L>> Work for SealOnce<L, A> {
    fn run(&mut self, turns: u64) {
        for _ in 0..turns {
            let slot = self.turn & (self.singles.messages.count - 1);
            let (secret, message) = self.singles.get(slot, &mut self.tags[slot]);
            self.key.seal_once(self.library, secret, message);
            self.turn += 1;
        }
    }

    fn output(&self) -> Vec<u8> {
        self.tags.concat()
    }
}

/// Each message opened under a key of its own.
pub(crate) struct OpenOnce<L, A> {
    library: L,
    key: A,
    singles: Singles,
    sides: Sides,
    turn: usize,
}

impl<L: Library, A: Aead<L>> OpenOnce<L, A> {
    pub(crate) fn new(library: L, key_len: usize, len: usize) -> Option<Self> {
        let (mut key, mut singles) =
            (new_key::<L, A>(library, key_len)?, Singles::new(key_len, len));
        let Singles { secrets, messages, sealed, .. } = &mut singles;
        let sides = Sides::with(messages, |slot, nonce, text, tag| {
            key.rekey(library, secrets.get(slot));
            key.seal(nonce, AAD, text, tag);
            let apart = &mut sealed[slot * (len + 16)..][..len + 16];
            apart[..len].copy_from_slice(text);
            apart[len..].copy_from_slice(tag);
        });
        Some(Self { library, key, singles, sides, turn: 0 })
    }
}

impl<L: Library, A: Aead<L>> Work for OpenOnce<L, A> {
    fn run(&mut self, turns: u64) {
        for _ in 0..turns {
            let slot = self.turn & (self.singles.messages.count - 1);
            let side = self.sides.side[slot];
            let (secret, message) = self.singles.get(slot, &mut self.sides.tags[slot][side]);
            let opened = self.key.open_once(self.library, secret, message);
            assert!(opened, "a message did not open");
            self.sides.side[slot] = 1 - side;
            self.turn += 1;
        }
    }

    fn output(&self) -> Vec<u8> {
        self.sides.tags.concat().concat()
    }
}
