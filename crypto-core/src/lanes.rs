//! HMAC-SHA-256 of many short messages at once, for deriving the keys of many
//! devices: up to [`Lanes::COUNT`] messages of up to [`Lanes::MAX_LEN`] bytes.
//! Relies on the SHA-256 kernels.

#![forbid(unsafe_code)]

use zeroize::optimization_barrier;

use crate::cpu::Cpu;
use crate::kernel::sha256::{self, Block, HmacState, LANES};
use crate::mac::Sha256Key;

/// Messages, their tags, and the keys that tags can become. Wiped when dropped.
pub(crate) struct Lanes {
    cpu: Cpu,
    len: usize,
    messages: [Block; LANES],
    tags: [[u8; sha256::DIGEST]; LANES],
    keys: [HmacState; LANES],
}

impl Lanes {
    /// The most messages.
    pub(crate) const COUNT: usize = LANES;
    /// The most bytes of a message.
    pub(crate) const MAX_LEN: usize = sha256::BLOCK - 9;

    /// Whether `count` messages are done sooner at once than one by one.
    pub(crate) fn pay(cpu: Cpu, count: usize) -> bool {
        sha256::lanes_pay(cpu, count)
    }

    pub(crate) const fn new(cpu: Cpu) -> Self {
        Self {
            cpu,
            len: 0,
            messages: [[0; 8]; LANES],
            tags: [[0; sha256::DIGEST]; LANES],
            keys: [const { HmacState::ZEROS }; LANES],
        }
    }

    /// Begins anew, with no message.
    pub(crate) const fn clear(&mut self) {
        self.len = 0;
    }

    /// Adds the concatenation of `pieces` as the next message. One that is too
    /// long gets a tag of no meaning.
    pub(crate) fn push(&mut self, pieces: &[&[u8]]) {
        let len: usize = pieces.iter().map(|piece| piece.len()).sum();
        if let Some(block) = self.messages.get_mut(self.len)
            && len <= Self::MAX_LEN
        {
            *block = [0; 8];
            let block = core::slice::from_mut(block);
            sha256::pad(block, sha256::BLOCK as u64, pieces.iter().copied());
        }
        self.len += 1;
    }

    /// Makes the tags of all messages under one key.
    pub(crate) fn mac(&mut self, key: &Sha256Key) {
        sha256::hmacs(self.cpu, self.len, key.state(), &self.messages, &mut self.tags);
    }

    /// Makes each tag a key, for the message that is added in its place next.
    pub(crate) fn rekey(&mut self) {
        sha256::hmac_keys(self.cpu, self.len, &self.tags, &mut self.keys);
        self.clear();
    }

    /// Makes the tag of each message under its key.
    pub(crate) fn mac_each(&mut self) {
        sha256::hmacs_each(self.cpu, self.len, &self.keys, &self.messages, &mut self.tags);
    }

    /// The tags of the messages, in their order.
    pub(crate) fn tags(&mut self) -> &mut [[u8; sha256::DIGEST]] {
        self.tags.get_mut(..self.len).unwrap_or(&mut [])
    }
}

impl Drop for Lanes {
    fn drop(&mut self) {
        self.messages = [[0; 8]; LANES];
        self.tags = [[0; sha256::DIGEST]; LANES];
        optimization_barrier(self);
    }
}
