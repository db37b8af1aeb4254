//! What a front is: one way into CoreKey that every suite runs through.
//!
//! A front turns a case into calls and hands back what came out, down to every
//! byte of the output buffer of a refused message. It judges nothing: that is
//! `checks`.

/// What every output buffer holds before a call, to see what was written.
pub const UNWRITTEN: u8 = 0xA5;

/// A hash function, also as the base of HMAC and HKDF.
#[derive(Clone, Copy, Debug)]
pub enum Hash {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// A way of wrapping keys.
#[derive(Clone, Copy, Debug)]
pub enum Wrap {
    /// AES-KW, RFC 3394.
    Kw,
    /// AES-KWP, RFC 5649.
    Kwp,
}

/// How plaintext, ciphertext and tag lie in memory.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// Ciphertext and tag together, the plaintext elsewhere.
    Combined,
    /// Ciphertext, tag and plaintext each in a buffer of its own.
    Detached,
    /// The plaintext becomes the ciphertext where it lies; the tag is elsewhere.
    InPlace,
    /// The plaintext becomes the ciphertext where it lies, the tag behind it.
    CombinedInPlace,
    /// Ciphertext and tag together, by a call that takes the key and makes none.
    Once,
}

/// All that an AES-GCM message takes besides itself. The key's length says
/// which AES.
#[derive(Clone, Copy, Debug)]
pub struct Aead<'a> {
    /// 16 or 32 bytes.
    pub key: &'a [u8],
    /// The nonce.
    pub nonce: [u8; 12],
    /// The associated data.
    pub aad: &'a [u8],
}

/// A call of an HMAC-DRBG; `additional` may be empty.
#[derive(Clone, Debug)]
pub enum DrbgCall {
    /// Draws entropy anew.
    Reseed {
        /// The additional input.
        additional: Vec<u8>,
    },
    /// Gives `len` bytes.
    Generate {
        /// The additional input.
        additional: Vec<u8>,
        /// How many bytes.
        len: usize,
    },
}

/// Why a front refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A length is not allowed.
    Length,
    /// What came in is not authentic.
    Unverified,
    /// Anything else, in the front's own words.
    Other(String),
}

/// What came of opening a message or unwrapping a key.
#[derive(Debug)]
pub struct Opened {
    /// The length of the plaintext, or why there is none.
    pub verdict: Result<usize, Refusal>,
    /// All of the output buffer, whatever the verdict.
    pub buffer: Vec<u8>,
}

/// One way into CoreKey.
pub trait Front: Sync {
    /// What the tables call it.
    fn name(&self) -> &'static str;

    /// What exactly is tested, for a reader of the report.
    fn describe(&self) -> String;

    /// The digest of `data`, in one call.
    ///
    /// # Errors
    /// What the front refused with.
    fn hash(&self, hash: Hash, data: &[u8]) -> Result<Vec<u8>, Refusal>;

    /// The digest of the concatenation of `parts`, one update for each.
    ///
    /// # Errors
    /// What the front refused with.
    fn hash_parts(&self, hash: Hash, parts: &[&[u8]]) -> Result<Vec<u8>, Refusal>;

    /// The first `len` bytes of the tag of `data`, in one call.
    ///
    /// # Errors
    /// What the front refused with.
    fn hmac(&self, hash: Hash, key: &[u8], data: &[u8], len: usize) -> Result<Vec<u8>, Refusal>;

    /// The first `len` bytes of the tag of the concatenation of `parts`, one
    /// update for each.
    ///
    /// # Errors
    /// What the front refused with.
    fn hmac_parts(
        &self,
        hash: Hash,
        key: &[u8],
        parts: &[&[u8]],
        len: usize,
    ) -> Result<Vec<u8>, Refusal>;

    /// Checks a tag.
    ///
    /// # Errors
    /// What the front refused with.
    fn hmac_verify(&self, hash: Hash, key: &[u8], data: &[u8], tag: &[u8]) -> Result<(), Refusal>;

    /// HKDF in one call, into `okm`.
    ///
    /// # Errors
    /// What the front refused with.
    fn hkdf(
        &self,
        hash: Hash,
        salt: &[u8],
        ikm: &[u8],
        info: &[u8],
        okm: &mut [u8],
    ) -> Result<(), Refusal>;

    /// HKDF as extraction into a key and expansion of that key, into `okm`.
    ///
    /// # Errors
    /// What the front refused with.
    fn hkdf_extract_expand(
        &self,
        hash: Hash,
        salt: &[u8],
        ikm: &[u8],
        info: &[u8],
        okm: &mut [u8],
    ) -> Result<(), Refusal>;

    /// HKDF-Expand of the bytes of a pseudorandom key, into `okm`.
    ///
    /// # Errors
    /// What the front refused with.
    fn hkdf_expand(
        &self,
        hash: Hash,
        prk: &[u8],
        info: &[u8],
        okm: &mut [u8],
    ) -> Result<(), Refusal>;

    /// The shapes that this front offers.
    fn shapes(&self) -> &'static [Shape];

    /// Seals, and hands back ciphertext and tag, one after the other.
    ///
    /// # Errors
    /// What the front refused with.
    fn seal(&self, shape: Shape, aead: Aead<'_>, plaintext: &[u8]) -> Result<Vec<u8>, Refusal>;

    /// Opens ciphertext and tag, one after the other.
    fn open(&self, shape: Shape, aead: Aead<'_>, sealed: &[u8]) -> Opened;

    /// Wraps `key` under `kek`.
    ///
    /// # Errors
    /// What the front refused with.
    fn wrap(&self, wrap: Wrap, kek: &[u8], key: &[u8]) -> Result<Vec<u8>, Refusal>;

    /// Unwraps what was wrapped under `kek`, to a buffer as long as `wrapped`.
    fn unwrap(&self, wrap: Wrap, kek: &[u8], wrapped: &[u8]) -> Opened;

    /// Seeds an HMAC-DRBG and makes `calls`: the output of each generate call.
    /// `entropy` is all that the entropy source has to give.
    ///
    /// # Errors
    /// What the front refused with.
    fn drbg(
        &self,
        entropy: &[u8],
        personalization: &[u8],
        calls: &[DrbgCall],
    ) -> Result<Vec<Vec<u8>>, Refusal>;
}
