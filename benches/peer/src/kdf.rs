//! HKDF-SHA-256 and HMAC-SHA-256 under ready keys.

use std::marker::PhantomData;

use crate::{INFO_LEN, Key32, Library, MANY, Mac, Prk, Work};

const PRK: Key32 = [0x5c; 32];

fn infos() -> [[u8; INFO_LEN]; MANY] {
    std::array::from_fn(|number| {
        let mut info = *b"ck1 dev\0\0\0\0\0\0\0\0\x01pump-0000";
        info[INFO_LEN - 1] += number as u8;
        info
    })
}

/// Independent derivations, one by one.
pub(crate) struct Expand<L: Library> {
    prk: L::Prk,
    infos: [[u8; INFO_LEN]; MANY],
    okms: [Key32; MANY],
    turn: usize,
}

impl<L: Library> Expand<L> {
    pub(crate) fn new(library: L) -> Option<Self> {
        let prk = L::Prk::new(library, &PRK)?;
        Some(Self { prk, infos: infos(), okms: [[0; 32]; MANY], turn: 0 })
    }
}

impl<L: Library> Work for Expand<L> {
    fn run(&mut self, turns: u64) {
        for _ in 0..turns {
            let slot = self.turn % MANY;
            self.prk.expand(&self.infos[slot], &mut self.okms[slot]);
            self.turn += 1;
        }
    }

    fn output(&self) -> Vec<u8> {
        self.okms.concat()
    }
}

/// One derivation's latency: the info is the start of the key before.
pub(crate) struct ExpandDependent<L: Library> {
    prk: L::Prk,
    okms: [Key32; 2],
}

impl<L: Library> ExpandDependent<L> {
    pub(crate) fn new(library: L) -> Option<Self> {
        Some(Self { prk: L::Prk::new(library, &PRK)?, okms: [[1; 32]; 2] })
    }
}

impl<L: Library> Work for ExpandDependent<L> {
    fn run(&mut self, turns: u64) {
        let [first, second] = &mut self.okms;
        let (mut from, mut to) = (first, second);
        for _ in 0..turns {
            self.prk.expand(&from[..INFO_LEN], to);
            (from, to) = (to, from);
        }
        if turns % 2 == 1 {
            self.okms.swap(0, 1);
        }
    }

    fn output(&self) -> Vec<u8> {
        self.okms.concat()
    }
}

/// A derivation from a key that was not seen before, as a device key is.
pub(crate) struct ExpandOnce<L: Library> {
    library: L,
    prk: L::Prk,
    secrets: [Key32; MANY],
    infos: [[u8; INFO_LEN]; MANY],
    okms: [Key32; MANY],
    turn: usize,
}

impl<L: Library> ExpandOnce<L> {
    pub(crate) fn new(library: L) -> Option<Self> {
        Some(Self {
            library,
            prk: L::Prk::new(library, &PRK)?,
            secrets: std::array::from_fn(|number| [number as u8; 32]),
            infos: infos(),
            okms: [[0; 32]; MANY],
            turn: 0,
        })
    }
}

impl<L: Library> Work for ExpandOnce<L> {
    fn run(&mut self, turns: u64) {
        for _ in 0..turns {
            let slot = self.turn % MANY;
            self.prk.rekey(self.library, &self.secrets[slot]);
            self.prk.expand(&self.infos[slot], &mut self.okms[slot]);
            self.turn += 1;
        }
    }

    fn output(&self) -> Vec<u8> {
        self.okms.concat()
    }
}

/// Independent tags.
pub(crate) struct MacWork<L: Library> {
    mac: L::Mac,
    data: Vec<Vec<u8>>,
    tags: [Key32; MANY],
    turn: usize,
    library: PhantomData<L>,
}

impl<L: Library> MacWork<L> {
    pub(crate) fn new(library: L, len: usize) -> Option<Self> {
        Some(Self {
            mac: L::Mac::new(library, &PRK)?,
            data: (0..MANY).map(|number| vec![number as u8; len]).collect(),
            tags: [[0; 32]; MANY],
            turn: 0,
            library: PhantomData,
        })
    }
}

impl<L: Library> Work for MacWork<L> {
    fn run(&mut self, turns: u64) {
        for _ in 0..turns {
            let slot = self.turn % MANY;
            self.mac.mac(&self.data[slot], &mut self.tags[slot]);
            self.turn += 1;
        }
    }

    fn output(&self) -> Vec<u8> {
        self.tags.concat()
    }
}
