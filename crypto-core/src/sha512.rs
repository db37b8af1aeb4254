//! SHA-512 and SHA-384 of data that comes in pieces, and HMAC with them, as
//! `hash` and `mac` use them. Relies on the compression of `sha2`; what stands
//! on it is here, because sha2's own types align to 16 bytes and those of ours,
//! which live in the contexts of C, to 8.

#![forbid(unsafe_code)]

use sha2::block_api::compress512;
use zeroize::optimization_barrier;

use crate::hash::{self, Buffer, Digest, HashAlgorithm};
use crate::wipe;

/// Bytes of a block.
const BLOCK: usize = 128;

type Words = [u64; 8];

/// The state before the first block (FIPS 180-4 §5.3.4, §5.3.5).
#[rustfmt::skip]
const fn initial(algorithm: HashAlgorithm) -> Words {
    if matches!(algorithm, HashAlgorithm::Sha384) {
        return [
            0xcbbb_9d5d_c105_9ed8, 0x629a_292a_367c_d507,
            0x9159_015a_3070_dd17, 0x152f_ecd8_f70e_5939,
            0x6733_2667_ffc0_0b31, 0x8eb4_4a87_6858_1511,
            0xdb0c_2e0d_64f9_8fa7, 0x47b5_481d_befa_4fa4,
        ];
    }
    [
        0x6a09_e667_f3bc_c908, 0xbb67_ae85_84ca_a73b,
        0x3c6e_f372_fe94_f82b, 0xa54f_f53a_5f1d_36f1,
        0x510e_527f_ade6_82d1, 0x9b05_688c_2b3e_6c1f,
        0x1f83_d9ab_fb41_bd6b, 0x5be0_cd19_137e_2179,
    ]
}

/// A hash on its way. Wiped when dropped.
pub(crate) struct Sha512 {
    state: Words,
    buffer: Buffer<BLOCK>,
}

impl Sha512 {
    pub(crate) const fn new(algorithm: HashAlgorithm) -> Self {
        Self { state: initial(algorithm), buffer: Buffer::behind(0) }
    }

    pub(crate) fn update(&mut self, data: &[u8]) {
        let Self { state, buffer } = self;
        wipe::after(|| buffer.update(data, |blocks| compress512(state, blocks)));
    }

    /// Fills `digest` with as much of the state as it has room for.
    pub(crate) fn finish(&self, digest: &mut Digest) {
        let Self { state, buffer } = self;
        let bits = u128::from(buffer.before() + buffer.rest().len() as u64) << 3;
        wipe::after(|| {
            let mut state = *state;
            // A block, or two where the length does not fit behind the mark.
            let mut last = [[0; BLOCK]; 2];
            let bytes = last.as_flattened_mut();
            let message = buffer.rest().iter().chain(&[0x80]);
            bytes.iter_mut().zip(message).for_each(|(to, from)| *to = *from);
            let used = (buffer.rest().len() + 16) / BLOCK + 1;
            let blocks = last.get_mut(..used).unwrap_or(&mut []);
            if let Some(length) = blocks.last_mut().and_then(|block| block.last_chunk_mut()) {
                *length = bits.to_be_bytes();
            }
            compress512(&mut state, blocks);
            for (to, word) in digest.bytes_mut().as_chunks_mut().0.iter_mut().zip(state) {
                *to = word.to_be_bytes();
            }
        });
    }
}

impl Drop for Sha512 {
    fn drop(&mut self) {
        self.state = [0; 8];
        optimization_barrier(&self.state);
    }
}

/// An HMAC key: the states behind its two key blocks. Wiped when dropped.
pub(crate) struct HmacKey {
    inner: Words,
    outer: Words,
}

impl HmacKey {
    pub(crate) fn new(algorithm: HashAlgorithm, key: &[u8]) -> Self {
        let mut made = Self { inner: initial(algorithm), outer: initial(algorithm) };
        wipe::after(|| {
            if key.len() > BLOCK {
                made.take(hash::digest(algorithm, key).as_bytes());
            } else {
                made.take(key);
            }
        });
        // Copied, not moved: see `Digest::filled`.
        Self { inner: made.inner, outer: made.outer }
    }

    /// Takes in the key blocks of a key of up to one block.
    fn take(&mut self, key: &[u8]) {
        for (state, pad) in [(&mut self.inner, 0x36), (&mut self.outer, 0x5c)] {
            let mut block = [pad; BLOCK];
            block.iter_mut().zip(key).for_each(|(to, from)| *to ^= *from);
            compress512(state, core::slice::from_ref(&block));
        }
    }

    pub(crate) fn start(&self) -> Hmac {
        Hmac { inner: Sha512 { state: self.inner, buffer: Buffer::behind(1) }, outer: self.outer }
    }

    /// Fills `tag` with as much of that of `pieces` as it has room for.
    pub(crate) fn mac_pieces<'a>(&self, pieces: impl Iterator<Item = &'a [u8]>, tag: &mut Digest) {
        wipe::after(|| {
            let mut started = self.start();
            pieces.for_each(|piece| started.update(piece));
            started.finish(tag);
        });
    }
}

impl Drop for HmacKey {
    fn drop(&mut self) {
        (self.inner, self.outer) = ([0; 8], [0; 8]);
        optimization_barrier(self);
    }
}

/// An HMAC on its way. Wiped when dropped.
pub(crate) struct Hmac {
    inner: Sha512,
    outer: Words,
}

impl Hmac {
    pub(crate) fn update(&mut self, data: &[u8]) {
        self.inner.update(data);
    }

    /// Fills `tag` with as much as it has room for.
    pub(crate) fn finish(&self, tag: &mut Digest) {
        self.inner.finish(tag);
        let mut outer = Sha512 { state: self.outer, buffer: Buffer::behind(1) };
        outer.update(tag.as_bytes());
        outer.finish(tag);
    }
}

impl Drop for Hmac {
    fn drop(&mut self) {
        self.outer = [0; 8];
        optimization_barrier(&self.outer);
    }
}
