//! HMAC (RFC 2104, FIPS 198-1) with SHA-256, SHA-384 or SHA-512.
//!
//! A ready [`HmacKey`] holds the states behind the two padded key blocks, so a
//! message costs only its own compressions, and one more. Relies on the SHA-256
//! kernels, and on `sha2` for the other hashes.

#![forbid(unsafe_code)]

use core::fmt;

use crate::cpu::Cpu;
use crate::hash::{Buffer, Digest, Hash, HashAlgorithm};
use crate::kernel::sha256::{self, HmacState, Joined};
#[cfg(feature = "sha512")]
use crate::sha512;
use crate::{Error, ct, wipe};

/// A key for HMAC, ready for use. Wiped when dropped.
pub struct HmacKey(Key);

enum Key {
    Sha256(Sha256Key),
    #[cfg(feature = "sha512")]
    Sha384(sha512::HmacKey),
    #[cfg(feature = "sha512")]
    Sha512(sha512::HmacKey),
}

impl HmacKey {
    /// A key from `key`, which may have any length; RFC 2104 §3 advises at
    /// least the length of the digest.
    #[must_use]
    pub fn new(algorithm: HashAlgorithm, key: &[u8]) -> Self {
        Self::new_on(Cpu::detect(), algorithm, key)
    }

    /// The same, used with the features of `cpu` and no others.
    #[must_use]
    pub fn new_on(cpu: Cpu, algorithm: HashAlgorithm, key: &[u8]) -> Self {
        // A key is moved on its way into the enum, and what it is moved from is
        // not wiped.
        wipe::after_shallow::<1024, _>(|| {
            Self(match algorithm {
                HashAlgorithm::Sha256 => Key::Sha256(Sha256Key::new(cpu, key)),
                #[cfg(feature = "sha512")]
                HashAlgorithm::Sha384 => Key::Sha384(sha512::HmacKey::new(algorithm, key)),
                #[cfg(feature = "sha512")]
                HashAlgorithm::Sha512 => Key::Sha512(sha512::HmacKey::new(algorithm, key)),
            })
        })
    }

    /// Which hash the key is for.
    #[must_use]
    pub fn algorithm(&self) -> HashAlgorithm {
        match self.0 {
            Key::Sha256(_) => HashAlgorithm::Sha256,
            #[cfg(feature = "sha512")]
            Key::Sha384(_) => HashAlgorithm::Sha384,
            #[cfg(feature = "sha512")]
            Key::Sha512(_) => HashAlgorithm::Sha512,
        }
    }

    /// The full-length tag of `data`.
    #[must_use]
    pub fn mac(&self, data: &[u8]) -> Digest {
        Digest::filled(self.algorithm(), |tag| self.mac_to(data, tag))
    }

    /// The full-length tag of the concatenation of `parts`.
    #[must_use]
    pub fn mac_parts(&self, parts: &[&[u8]]) -> Digest {
        let parts = parts.iter().copied();
        Digest::filled(self.algorithm(), |tag| self.mac_pieces(parts, tag))
    }

    /// Fills `tag`, which is of this algorithm, with that of `data`.
    pub(crate) fn mac_to(&self, data: &[u8], tag: &mut Digest) {
        match &self.0 {
            Key::Sha256(key) => key.mac(data, tag.sha256_mut()),
            #[cfg(feature = "sha512")]
            Key::Sha384(key) | Key::Sha512(key) => key.mac_pieces([data].into_iter(), tag),
        }
    }

    /// Fills `tag`, which is of this algorithm, with that of the concatenation of
    /// `pieces`.
    pub(crate) fn mac_pieces<'a>(
        &self,
        pieces: impl Iterator<Item = &'a [u8]> + Clone,
        tag: &mut Digest,
    ) {
        match &self.0 {
            Key::Sha256(key) => key.mac_pieces(pieces, tag.sha256_mut()),
            #[cfg(feature = "sha512")]
            Key::Sha384(key) | Key::Sha512(key) => key.mac_pieces(pieces, tag),
        }
    }

    /// Fills `out` with the first 32 bytes of the tag of `pieces`, which with
    /// SHA-256 is all of it.
    #[inline(always)]
    pub(crate) fn mac_32<'a>(
        &self,
        pieces: impl Iterator<Item = &'a [u8]> + Clone,
        out: &mut [u8; 32],
    ) {
        match &self.0 {
            Key::Sha256(key) => key.mac_pieces(pieces, out),
            #[cfg(feature = "sha512")]
            Key::Sha384(key) | Key::Sha512(key) => {
                let mut tag = Digest::zeros(self.algorithm());
                key.mac_pieces(pieces, &mut tag);
                out.iter_mut().zip(tag.as_bytes()).for_each(|(to, from)| *to = *from);
            }
        }
    }

    /// Checks `tag`, which is the first half or more of the full tag
    /// (RFC 2104 §5), in constant time.
    ///
    /// # Errors
    /// [`Error::InvalidLength`] if the tag is shorter than half a digest or
    /// longer than one; [`Error::Unverified`] if it is not the tag of `data`.
    pub fn verify(&self, data: &[u8], tag: &[u8]) -> Result<(), Error> {
        check_tag_len(self.algorithm(), tag.len())?;
        let mut full = Digest::zeros(self.algorithm());
        self.mac_to(data, &mut full);
        compare(&full, tag)
    }

    /// Starts a message that comes in pieces.
    #[must_use]
    pub fn start(&self) -> Hmac {
        Hmac(match &self.0 {
            Key::Sha256(key) => Started::Sha256(key.start()),
            #[cfg(feature = "sha512")]
            Key::Sha384(key) => Started::Sha384(key.start()),
            #[cfg(feature = "sha512")]
            Key::Sha512(key) => Started::Sha512(key.start()),
        })
    }
}

impl fmt::Debug for HmacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HmacKey").field(&self.algorithm()).finish()
    }
}

/// A message that comes in pieces. Wiped when dropped.
pub struct Hmac(Started);

enum Started {
    Sha256(Sha256Hmac),
    #[cfg(feature = "sha512")]
    Sha384(sha512::Hmac),
    #[cfg(feature = "sha512")]
    Sha512(sha512::Hmac),
}

impl Hmac {
    /// Which hash this is.
    #[must_use]
    pub fn algorithm(&self) -> HashAlgorithm {
        match self.0 {
            Started::Sha256(_) => HashAlgorithm::Sha256,
            #[cfg(feature = "sha512")]
            Started::Sha384(_) => HashAlgorithm::Sha384,
            #[cfg(feature = "sha512")]
            Started::Sha512(_) => HashAlgorithm::Sha512,
        }
    }

    /// Appends `data` to the message.
    pub fn update(&mut self, data: &[u8]) {
        match &mut self.0 {
            Started::Sha256(hmac) => hmac.update(data),
            #[cfg(feature = "sha512")]
            Started::Sha384(hmac) | Started::Sha512(hmac) => hmac.update(data),
        }
    }

    /// The full-length tag of all that was appended.
    #[must_use]
    pub fn finish(self) -> Digest {
        self.finish_so_far()
    }

    /// The full-length tag of what was appended so far; more may follow.
    #[must_use]
    pub fn finish_so_far(&self) -> Digest {
        Digest::filled(self.algorithm(), |tag| self.finish_to(tag))
    }

    fn finish_to(&self, tag: &mut Digest) {
        match &self.0 {
            Started::Sha256(hmac) => hmac.finish(tag.sha256_mut()),
            #[cfg(feature = "sha512")]
            Started::Sha384(hmac) | Started::Sha512(hmac) => hmac.finish(tag),
        }
    }

    /// Checks `tag` as [`HmacKey::verify`] does.
    ///
    /// # Errors
    /// As [`HmacKey::verify`].
    pub fn verify(self, tag: &[u8]) -> Result<(), Error> {
        check_tag_len(self.algorithm(), tag.len())?;
        let mut full = Digest::zeros(self.algorithm());
        self.finish_to(&mut full);
        compare(&full, tag)
    }
}

impl fmt::Debug for Hmac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Hmac").field(&self.algorithm()).finish()
    }
}

/// A key for HMAC-SHA-256, which all derivations of device keys use.
pub(crate) struct Sha256Key {
    state: HmacState,
    cpu: Cpu,
}

impl Sha256Key {
    #[inline(always)]
    pub(crate) fn new(cpu: Cpu, key: &[u8]) -> Self {
        let mut made = HmacState::ZEROS;
        make(cpu, key, &mut made);
        // Copied, not moved: see `Digest::filled`.
        Self { state: HmacState { inner: made.inner, outer: made.outer }, cpu }
    }

    #[cfg(feature = "root")]
    pub(crate) const fn state(&self) -> &HmacState {
        &self.state
    }

    /// Which features of the CPU it uses.
    #[cfg(feature = "root")]
    pub(crate) const fn cpu(&self) -> Cpu {
        self.cpu
    }

    /// Fills `tag` with that of `data`.
    pub(crate) fn mac(&self, data: &[u8], tag: &mut [u8; sha256::DIGEST]) {
        let (blocks, rest) = data.as_chunks();
        let before = (sha256::BLOCK + data.len() - rest.len()) as u64;
        if rest.len() <= Joined::<1>::MAX_PADDED {
            let mut last = Joined::<1>::new();
            let last = last.pad(before, [rest]);
            return sha256::hmac(self.cpu, &self.state, blocks, last, tag);
        }
        let mut last = Joined::<2>::new();
        let last = last.pad(before, [rest]);
        sha256::hmac(self.cpu, &self.state, blocks, last, tag);
    }

    /// Fills `tag` with that of the concatenation of `pieces`: two compressions
    /// for up to 55 bytes.
    #[inline(always)]
    pub(crate) fn mac_pieces<'a>(
        &self,
        pieces: impl Iterator<Item = &'a [u8]> + Clone,
        tag: &mut [u8; sha256::DIGEST],
    ) {
        let len: usize = pieces.clone().map(<[u8]>::len).sum();
        if len <= Joined::<1>::MAX_PADDED {
            let mut last = Joined::<1>::new();
            let last = last.pad(sha256::BLOCK as u64, pieces);
            return sha256::hmac(self.cpu, &self.state, &[], last, tag);
        }
        let mut started = self.start();
        pieces.for_each(|piece| started.update(piece));
        started.finish(tag);
    }

    fn start(&self) -> Sha256Hmac {
        let state = HmacState { inner: self.state.inner, outer: self.state.outer };
        Sha256Hmac { state, buffer: Buffer::behind(1), cpu: self.cpu }
    }
}

/// Makes an HMAC-SHA-256 key where it is to stay.
fn make(cpu: Cpu, key: &[u8], made: &mut HmacState) {
    let mut block = Joined::<1>::new();
    if key.len() <= sha256::BLOCK {
        let [block] = block.zero_extend(key);
        return sha256::hmac_key(cpu, block, made);
    }
    let mut hash = Hash::new_on(cpu, HashAlgorithm::Sha256);
    hash.update(key);
    let [block] = block.zero_extend(hash.finish_so_far().as_bytes());
    sha256::hmac_key(cpu, block, made);
}

/// An HMAC-SHA-256 on its way.
struct Sha256Hmac {
    state: HmacState,
    buffer: Buffer<{ sha256::BLOCK }>,
    cpu: Cpu,
}

impl Sha256Hmac {
    fn update(&mut self, data: &[u8]) {
        let Self { state, buffer, cpu } = self;
        buffer.update(data, |blocks| sha256::compress(*cpu, &mut state.inner, blocks, &[]));
    }

    fn finish(&self, tag: &mut [u8; sha256::DIGEST]) {
        let mut last = Joined::<2>::new();
        let last = last.pad(self.buffer.before(), [self.buffer.rest()]);
        sha256::hmac(self.cpu, &self.state, &[], last, tag);
    }
}

/// Truncation to less than half of the digest is refused (RFC 2104 §5).
///
/// # Errors
/// [`Error::InvalidLength`] outside half a digest ..= a digest.
pub fn check_tag_len(algorithm: HashAlgorithm, len: usize) -> Result<(), Error> {
    let full = algorithm.digest_len();
    if len < full / 2 || len > full {
        return Err(Error::InvalidLength);
    }
    Ok(())
}

fn compare(full: &Digest, tag: &[u8]) -> Result<(), Error> {
    let expected = full.as_bytes().get(..tag.len()).ok_or(Error::InvalidLength)?;
    if !ct::equal(expected, tag) {
        return Err(Error::Unverified);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kdf::Prk;
    use crate::kernel::sha256::compressions;

    const SHA256: HashAlgorithm = HashAlgorithm::Sha256;

    #[test]
    fn a_short_message_costs_two_compressions_and_a_block_one_more() {
        let key = HmacKey::new(SHA256, &[1; 32]);
        for (len, expected) in [(0, 2), (55, 2), (56, 3), (64, 3), (119, 3), (120, 4), (128, 4)] {
            let data = [2; 128];
            let data = &data[..len];
            let (count, tag) = compressions(|| key.mac(data));
            assert_eq!(count, expected, "{len} bytes");
            let (count, same) = compressions(|| key.mac_parts(&[data, b"", b""]));
            assert_eq!((count, same), (expected, tag), "{len} bytes in parts");
        }
    }

    #[test]
    fn expanding_to_32_bytes_costs_two_compressions_up_to_54_bytes_of_info() {
        let prk = Prk::from_bytes(SHA256, &[1; 32]).unwrap();
        for len in 0..=100 {
            let expected = if len <= 54 { 2 } else { 3 };
            let info = [2; 100];
            let (count, done) = compressions(|| prk.expand(&info[..len], &mut [0; 32]));
            assert_eq!((count, done), (expected, Ok(())), "info of {len} bytes");
        }
    }

    #[test]
    fn a_key_costs_two_compressions() {
        assert_eq!(compressions(|| HmacKey::new(SHA256, &[1; 64])).0, 2);
        assert_eq!(compressions(|| Prk::from_bytes(SHA256, &[1; 32])).0, 2);
        assert_eq!(compressions(|| HmacKey::new(SHA256, &[1; 65])).0, 4);
    }
}
