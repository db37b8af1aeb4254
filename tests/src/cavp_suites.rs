//! NIST's CAVP vectors and those of the RFCs, from the PyPI package
//! `cryptography_vectors`, and CAVP's for HMAC_DRBG, from `tests/vectors/`.

use std::{env, fs};

use crate::checks::{self, Check, Hkdf};
use crate::front::{Aead, DrbgCall, Front, Hash, Wrap};
use crate::rsp::{self, Record};
use crate::tally::Tally;
use crate::workspace;

/// The environment variable that names the folder `cryptography_vectors`.
const FOLDER: &str = "COREKEY_CRYPTOGRAPHY_VECTORS";

const HOW_TO_GET_IT: &str = "`cargo xtask test` sets it up. By hand:
    python3 -m venv target/tools/venv
    target/tools/venv/bin/pip install cryptography_vectors
    export COREKEY_CRYPTOGRAPHY_VECTORS=$(echo \
    target/tools/venv/lib/python3*/site-packages/cryptography_vectors)";

/// The records of a file of the package.
fn records(path: &str, first: &str) -> Vec<Record> {
    let folder = env::var_os(FOLDER)
        .unwrap_or_else(|| panic!("{FOLDER} does not say where the vectors are: {HOW_TO_GET_IT}"));
    let file = workspace::root().join(folder).join(path);
    let text = fs::read_to_string(&file)
        .unwrap_or_else(|e| panic!("{FOLDER}: {}: {e}: {HOW_TO_GET_IT}", file.display()));
    rsp::parse(path, &text, first)
}

/// AES-GCM, both directions.
pub fn aes_gcm(front: &dyn Front, tally: &mut Tally) {
    let files = ["Decrypt128", "Decrypt192", "Decrypt256"].into_iter().chain([
        "EncryptExtIV128",
        "EncryptExtIV192",
        "EncryptExtIV256",
    ]);
    for file in files {
        for record in records(&format!("ciphers/AES/GCM/gcm{file}.rsp"), "Count") {
            if record.number("Keylen") == 192 {
                tally.skip("192-bit key");
            } else if record.number("IVlen") != 96 {
                tally.skip("nonce not 96 bits");
            } else if record.number("Taglen") != 128 {
                tally.skip("tag not 128 bits");
            } else {
                tally.count(&record.place(), gcm_case(front, &record));
            }
        }
    }
}

fn gcm_case(front: &dyn Front, record: &Record) -> Check {
    let key = record.bytes("Key");
    let nonce = record.bytes("IV");
    let nonce = nonce.try_into().map_err(|_| "the nonce is not 96 bits".to_owned())?;
    let aead = Aead { key: &key, nonce, aad: &record.bytes("AAD") };
    let sealed = [record.bytes("CT"), record.bytes("Tag")].concat();
    if record.has("FAIL") {
        return checks::refuses_to_open(front, aead, &sealed);
    }
    checks::seals_and_opens(front, aead, &record.bytes("PT"), &sealed)
}

/// AES-KW, both directions.
pub fn aes_kw(front: &dyn Front, tally: &mut Tally) {
    key_wrap(front, tally, Wrap::Kw, "KW");
}

/// AES-KWP, both directions.
pub fn aes_kwp(front: &dyn Front, tally: &mut Tally) {
    key_wrap(front, tally, Wrap::Kwp, "KWP");
}

/// The `_inv` files are for the variant of SP 800-38F §5.1 that wraps with the
/// inverse cipher, which neither RFC 3394 nor RFC 5649 has.
fn key_wrap(front: &dyn Front, tally: &mut Tally, wrap: Wrap, name: &str) {
    for direction in ["AE", "AD"] {
        for key_size in ["128", "192", "256"] {
            for variant in ["", "_inv"] {
                let file = format!("{name}_{direction}_{key_size}{variant}.txt");
                for record in records(&format!("keywrap/kwtestvectors/{file}"), "COUNT") {
                    if variant == "_inv" {
                        tally.skip("inverse cipher");
                    } else if key_size == "192" {
                        tally.skip("192-bit key");
                    } else {
                        tally.count(&record.place(), wrap_case(front, wrap, &record));
                    }
                }
            }
        }
    }
}

fn wrap_case(front: &dyn Front, wrap: Wrap, record: &Record) -> Check {
    let (kek, wrapped) = (record.bytes("K"), record.bytes("C"));
    if record.has("FAIL") {
        return checks::refuses_to_unwrap(front, wrap, &kek, &wrapped);
    }
    checks::wraps_and_unwraps(front, wrap, &kek, &record.bytes("P"), &wrapped)
}

/// SHA-256: short, long and Monte Carlo.
pub fn sha256(front: &dyn Front, tally: &mut Tally) {
    sha(front, tally, Hash::Sha256, "SHA256");
}

/// SHA-384: short, long and Monte Carlo.
pub fn sha384(front: &dyn Front, tally: &mut Tally) {
    sha(front, tally, Hash::Sha384, "SHA384");
}

/// SHA-512: short, long and Monte Carlo.
pub fn sha512(front: &dyn Front, tally: &mut Tally) {
    sha(front, tally, Hash::Sha512, "SHA512");
}

fn sha(front: &dyn Front, tally: &mut Tally, hash: Hash, name: &str) {
    for messages in ["ShortMsg", "LongMsg"] {
        for record in records(&format!("hashes/SHA2/{name}{messages}.rsp"), "Len") {
            // The empty message is written as one zero byte.
            let mut message = record.bytes("Msg");
            message.truncate(record.number("Len") / 8);
            let outcome = checks::hashes(front, hash, &message, &record.bytes("MD"));
            tally.count(&record.place(), outcome);
        }
    }

    let mut seed = None;
    for record in records(&format!("hashes/SHA2/{name}Monte.rsp"), "COUNT") {
        let start = seed.unwrap_or_else(|| record.bytes("Seed"));
        let end = monte_carlo(front, hash, start);
        let outcome = checks::equal("digest", Ok(end.clone()), &record.bytes("MD"));
        tally.count(&record.place(), outcome);
        seed = Some(end);
    }
}

/// One count of the Monte Carlo test of the SHA validation system: a thousand
/// digests, each of the three before it.
fn monte_carlo(front: &dyn Front, hash: Hash, seed: Vec<u8>) -> Vec<u8> {
    let mut last = [seed.clone(), seed.clone(), seed];
    for _ in 0..1000 {
        let next = front.hash(hash, &last.concat()).expect("a hash takes any message");
        last.rotate_left(1);
        last[2] = next;
    }
    let [_, _, end] = last;
    end
}

/// HMAC: RFC 4231, all three hashes, without its truncated case.
pub fn hmac(front: &dyn Front, tally: &mut Tally) {
    let hashes = [(Hash::Sha256, "sha256"), (Hash::Sha384, "sha384"), (Hash::Sha512, "sha512")];
    for (hash, name) in hashes {
        for record in records(&format!("HMAC/rfc-4231-{name}.txt"), "Len") {
            let (key, data, tag) = (record.bytes("Key"), record.bytes("Msg"), record.bytes("MD"));
            tally.count(&record.place(), checks::macs(front, hash, &key, &data, &tag));
        }
    }
}

/// HKDF with SHA-256: RFC 5869.
pub fn hkdf(front: &dyn Front, tally: &mut Tally) {
    for record in records("KDF/rfc-5869-HKDF-SHA256.txt", "COUNT") {
        let (salt, ikm) = (record.bytes("salt"), record.bytes("IKM"));
        let (info, prk, okm) = (record.bytes("info"), record.bytes("PRK"), record.bytes("OKM"));
        let case = Hkdf { hash: Hash::Sha256, salt: &salt, ikm: &ikm, info: &info };
        let outcome = checks::derives(front, case, &okm)
            .and_then(|()| checks::expands(front, Hash::Sha256, &prk, &info, &okm));
        tally.count(&record.place(), outcome);
    }
}

/// HMAC-DRBG with SHA-256, without reseeding. A case is two calls, and the
/// second one's output.
pub fn hmac_drbg(front: &dyn Front, tally: &mut Tally) {
    let text = include_str!("../vectors/HMAC_DRBG.rsp");
    for record in rsp::parse("tests/vectors/HMAC_DRBG.rsp", text, "COUNT") {
        let entropy = [record.bytes("EntropyInput"), record.bytes("Nonce")].concat();
        let expected = record.bytes("ReturnedBits");
        let calls = ["AdditionalInput1", "AdditionalInput2"]
            .map(|name| DrbgCall::Generate { additional: record.bytes(name), len: expected.len() });
        let outputs = front.drbg(&entropy, &record.bytes("PersonalizationString"), &calls);
        let second = outputs.map(|outputs| outputs[1].clone());
        tally.count(&record.place(), checks::equal("output", second, &expected));
    }
}
