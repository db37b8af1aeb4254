//! What a library does not have.

use crate::{Aead, Fleet, Key32, MANY, Mac, Message, Nonce, Prk, Tag};

/// Stands for an algorithm that a library lacks: there is no value of it.
pub enum Absent {}

impl<L> Aead<L> for Absent {
    fn new(_: L, _: &[u8]) -> Option<Self> {
        None
    }

    fn seal(&mut self, _: &Nonce, _: &[u8], _: &mut [u8], _: &mut Tag) {
        match *self {}
    }

    fn open(&mut self, _: &Nonce, _: &[u8], _: &mut [u8], _: &Tag) -> bool {
        match *self {}
    }
}

impl<L> Prk<L> for Absent {
    fn new(_: L, _: &Key32) -> Option<Self> {
        None
    }

    fn expand(&mut self, _: &[u8], _: &mut Key32) {
        match *self {}
    }
}

impl<L> Mac<L> for Absent {
    fn new(_: L, _: &Key32) -> Option<Self> {
        None
    }

    fn mac(&mut self, _: &[u8], _: &mut Key32) {
        match *self {}
    }
}

impl<L> Fleet<L> for Absent {
    fn new(_: L, _: &Key32) -> Option<Self> {
        None
    }

    fn accept(&mut self, _: &mut Message) -> Tag {
        match *self {}
    }

    fn open(&mut self, _: &mut Message) -> bool {
        match *self {}
    }

    fn device_keys(&mut self, _: &[Message; MANY], _: &mut [Key32; MANY]) -> bool {
        match *self {}
    }
}
