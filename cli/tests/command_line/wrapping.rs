//! Key wrap with key files, against the published answers.

use data_encoding::HEXUPPER;

use crate::support::Scratch;

fn hex(text: &str) -> Vec<u8> {
    HEXUPPER.decode(text.as_bytes()).unwrap()
}

/// RFC 3394, sections 4.1 and 4.6, and RFC 5649, section 6, all but its 192-bit
/// key: the wrapping key, the key, the wrapped key.
const KW_128: [&str; 3] = [
    "000102030405060708090A0B0C0D0E0F",
    "00112233445566778899AABBCCDDEEFF",
    "1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5",
];
const KW_256: [&str; 3] = [
    "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F",
    "00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F",
    "28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21",
];

#[test]
fn the_published_answers_come_out() {
    let scratch = Scratch::new();
    for [kek, key, wrapped] in [KW_128, KW_256] {
        scratch.write_secret("kek", hex(kek));
        scratch.write_secret("key", hex(key));
        assert_eq!(scratch.run("wrap --kek kek key").ok().stdout, hex(wrapped));
        scratch.write("wrapped", hex(wrapped));
        assert_eq!(scratch.run("unwrap --kek kek --show wrapped").ok().stdout, hex(key));
        let text = scratch.run("wrap --kek kek --encoding hex key").ok();
        assert_eq!(text.text().trim().to_uppercase(), wrapped);
    }
}

#[test]
fn keys_of_every_length_come_back_padded() {
    let scratch = Scratch::new();
    scratch.write_secret("kek", [3; 32]);
    for len in [1, 7, 8, 9, 31, 32, 33, 64 << 10] {
        let key = vec![0x5a; len];
        let wrapped = scratch.run_with("wrap --kek kek --algorithm aes-kwp", &key).ok().stdout;
        let unwrap = "unwrap --kek kek --algorithm aes-kwp --out -";
        assert_eq!(scratch.run_with(unwrap, wrapped).ok().stdout, key, "{len} bytes");
    }
}

#[test]
fn what_does_not_verify_gives_nothing() {
    let scratch = Scratch::new();
    scratch.write_secret("kek", [3; 32]);
    scratch.write_secret("other", [4; 32]);
    let key = [0x5a; 24];
    for algorithm in ["aes-kw", "aes-kwp"] {
        let wrap = format!("wrap --kek kek --algorithm {algorithm}");
        let wrapped = scratch.run_with(&wrap, key).ok().stdout;
        let unwrap = |kek: &str| format!("unwrap --kek {kek} --algorithm {algorithm} --out new");
        scratch.run_with(&unwrap("other"), &wrapped).refused(3, "wrong key or changed data");
        let mut changed = wrapped.clone();
        changed[9] ^= 4;
        scratch.run_with(&unwrap("kek"), changed).refused(3, "wrong key or changed data");
        scratch.run_with(&unwrap("kek"), &wrapped[..23]).exits(7);
        assert!(!scratch.path("new").exists());
    }
}

#[test]
fn lengths_that_do_not_fit_are_told() {
    let scratch = Scratch::new();
    scratch.write_secret("kek", [3; 31]);
    scratch.run_with("wrap --kek kek", [1; 16]).refused(7, "kek has 31 bytes, and a wrapping key");
    scratch.write_secret("kek", [3; 16]);
    for len in [0, 8, 17] {
        let refused = scratch.run_with("wrap --kek kek", vec![1; len]);
        refused.refused(7, "a multiple of 8 (aes-kwp takes any)");
    }
    let empty = scratch.run("wrap --kek kek --algorithm aes-kwp");
    empty.refused(7, "takes 1 byte or more");
    let long = scratch.run_with("wrap --kek kek", vec![1; (64 << 10) + 8]);
    long.refused(7, "longer than 65536 bytes");
}
