//! Known-answer tests of every algorithm in the build, for a boot self-test.
//! The answers are published ones; each is named where it stands.

#![forbid(unsafe_code)]

use crate::Error;
use crate::aead::{AeadAlgorithm, AeadKey, TAG_LEN};
use crate::hash::{self, HashAlgorithm};
use crate::kdf;
use crate::mac::HmacKey;

/// Runs the known-answer tests of every algorithm in the build. Call it when the
/// program starts, and stop if it fails.
///
/// # Errors
/// [`Error::SelfTestFailed`] if any answer is wrong.
pub fn run() -> Result<(), Error> {
    let all = sha256() && hmac() && hkdf() && aes_gcm() && optional();
    if !all {
        return Err(Error::SelfTestFailed);
    }
    Ok(())
}

/// The algorithms that a build may leave out.
fn optional() -> bool {
    #[allow(unused_mut, reason = "no optional algorithm may be in the build")]
    let mut all = true;
    #[cfg(feature = "sha512")]
    {
        all &= sha512();
    }
    #[cfg(feature = "wrap")]
    {
        all &= key_wrap();
    }
    #[cfg(feature = "drbg")]
    {
        all &= hmac_drbg();
    }
    all
}

/// FIPS 180-4 example, "abc".
fn sha256() -> bool {
    const ANSWER: [u8; 32] =
        hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    hash::digest(HashAlgorithm::Sha256, b"abc").as_bytes() == ANSWER
}

/// FIPS 180-4 examples, "abc".
#[cfg(feature = "sha512")]
fn sha512() -> bool {
    const SHA384: [u8; 48] = hex(concat!(
        "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded163",
        "1a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"
    ));
    const SHA512: [u8; 64] = hex(concat!(
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a",
        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
    ));
    hash::digest(HashAlgorithm::Sha384, b"abc").as_bytes() == SHA384
        && hash::digest(HashAlgorithm::Sha512, b"abc").as_bytes() == SHA512
}

/// RFC 4231 test case 2.
fn hmac() -> bool {
    const ANSWER: [u8; 32] =
        hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    let key = HmacKey::new(HashAlgorithm::Sha256, b"Jefe");
    key.verify(b"what do ya want for nothing?", &ANSWER).is_ok()
}

/// RFC 5869 test case 1.
fn hkdf() -> bool {
    const SALT: [u8; 13] = hex("000102030405060708090a0b0c");
    const INFO: [u8; 10] = hex("f0f1f2f3f4f5f6f7f8f9");
    const ANSWER: [u8; 42] = hex(concat!(
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c",
        "5db02d56ecc4c5bf34007208d5b887185865"
    ));
    let mut okm = [0; 42];
    let done = kdf::hkdf(HashAlgorithm::Sha256, &SALT, &[0x0b; 22], &INFO, &mut okm);
    done.is_ok() && okm == ANSWER
}

/// Test cases 4 and 16 of "The Galois/Counter Mode of Operation", the
/// submission to NIST; and that a changed tag is refused.
fn aes_gcm() -> bool {
    const KEY: [u8; 32] = hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
    const NONCE: [u8; 12] = hex("cafebabefacedbaddecaf888");
    const AAD: [u8; 20] = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    const PLAINTEXT: [u8; 60] = hex(concat!(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72",
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    ));
    const SEALED_128: [u8; 76] = hex(concat!(
        "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e",
        "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091",
        "5bc94fbc3221a5db94fae95ae7121a47"
    ));
    const SEALED_256: [u8; 76] = hex(concat!(
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa",
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
        "76fc6ece0f4e1768cddf8853bb2d551b"
    ));
    [(AeadAlgorithm::Aes128Gcm, &SEALED_128), (AeadAlgorithm::Aes256Gcm, &SEALED_256)]
        .into_iter()
        .all(|(algorithm, answer)| {
            let Some(Ok(key)) =
                KEY.get(..algorithm.key_len()).map(|key| AeadKey::new(algorithm, key))
            else {
                return false;
            };
            let mut sealed = [0; PLAINTEXT.len() + TAG_LEN];
            let done = key.seal(&NONCE, &AAD, &PLAINTEXT, &mut sealed);
            if done.is_err() || sealed != *answer {
                return false;
            }
            let mut opened = [0xff; PLAINTEXT.len()];
            if key.open(&NONCE, &AAD, &sealed, &mut opened).is_err() || opened != PLAINTEXT {
                return false;
            }
            sealed[PLAINTEXT.len()] ^= 1;
            let refused = key.open(&NONCE, &AAD, &sealed, &mut opened);
            refused == Err(Error::Unverified) && opened == [0; PLAINTEXT.len()]
        })
}

/// RFC 3394 §4.1 and §4.6; for AES-KWP a case of NIST's KWP_AE_256.
#[cfg(feature = "wrap")]
fn key_wrap() -> bool {
    use crate::wrap::{WrapAlgorithm, WrapKey};

    const KEK: [u8; 32] = hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    const KEY: [u8; 32] = hex("00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f");
    const KW_128: [u8; 24] = hex("1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5");
    const KW_256: [u8; 40] =
        hex("28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21");
    const KWP_KEK: [u8; 32] =
        hex("95da2700ca6fd9a52554ee2a8df1386f5b94a1a60ed8a4aef60a8d61ab5f225a");
    const KWP_KEY: [u8; 1] = hex("d1");
    const KWP: [u8; 16] = hex("06ba7ae6f3248cfdcf267507fa001bc4");

    fn is_right(kek: &[u8], algorithm: WrapAlgorithm, key: &[u8], answer: &[u8]) -> bool {
        let Ok(kek) = WrapKey::new(kek) else { return false };
        let mut wrapped = [0; KW_256.len()];
        let mut unwrapped = [0; KEY.len()];
        let Ok(len) = kek.wrap(algorithm, key, &mut wrapped) else { return false };
        wrapped.get(..len) == Some(answer)
            && kek.unwrap(algorithm, answer, &mut unwrapped) == Ok(key.len())
            && unwrapped.get(..key.len()) == Some(key)
    }

    is_right(KEK.split_at(16).0, WrapAlgorithm::AesKw, KEY.split_at(16).0, &KW_128)
        && is_right(&KEK, WrapAlgorithm::AesKw, &KEY, &KW_256)
        && is_right(&KWP_KEK, WrapAlgorithm::AesKwp, &KWP_KEY, &KWP)
}

/// NIST CAVP, HMAC_DRBG.rsp, SHA-256 without prediction resistance or reseed,
/// COUNT = 0: the second of two requests.
#[cfg(feature = "drbg")]
fn hmac_drbg() -> bool {
    use crate::drbg::{Entropy, HmacDrbg};

    const SEED: [u8; 48] = hex(concat!(
        "ca851911349384bffe89de1cbdc46e6831e44d34a4fb935ee285dd14b71a7488",
        "659ba96c601dc69fc902940805ec0ca8"
    ));
    const ANSWER: [u8; 128] = hex(concat!(
        "e528e9abf2dece54d47c7e75e5fe302149f817ea9fb4bee6f4199697d04d5b89",
        "d54fbb978a15b5c443c9ec21036d2460b6f73ebad0dc2aba6e624abf07745bc1",
        "07694bb7547bb0995f70de25d6b29e2d3011bb19d27676c07162c8b5ccde0668",
        "961df86803482cb37ed6d5c0bb8d50cf1f50d476aa0458bdaba806f48be9dcb8"
    ));

    struct Fixed;
    impl Entropy for Fixed {
        fn fill(&mut self, out: &mut [u8]) -> Result<(), Error> {
            for (to, from) in out.iter_mut().zip(SEED) {
                *to = from;
            }
            Ok(())
        }
    }

    let Ok(mut drbg) = HmacDrbg::new(Fixed, &[]) else { return false };
    let mut out = [0; 128];
    drbg.generate(&[], &mut out).is_ok() && drbg.generate(&[], &mut out).is_ok() && out == ANSWER
}

/// Reads a constant at compile time; a text that is not hex of N bytes does
/// not compile.
const fn hex<const N: usize>(text: &str) -> [u8; N] {
    let text = text.as_bytes();
    assert!(text.len() == 2 * N);
    let mut bytes = [0; N];
    let mut i = 0;
    while i < N {
        bytes[i] = nibble(text[2 * i]) << 4 | nibble(text[2 * i + 1]);
        i += 1;
    }
    bytes
}

const fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => panic!("not a lower-case hex digit"),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_known_answer_is_right() {
        assert_eq!(super::run(), Ok(()));
    }
}
