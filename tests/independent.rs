//! CoreKey against implementations of other origin, through every front: `ring`,
//! which comes from BoringSSL, and for HMAC-DRBG the crate `hmac-drbg`.

use corekey_conformance::checks::{self, Check, Hkdf};
use corekey_conformance::front::{Aead, DrbgCall, Front, Hash};
use corekey_conformance::fronts;
use proptest::collection::vec;
use proptest::prelude::*;
use ring::{aead, digest, hkdf, hmac};

/// Lengths of messages: every one that bulk loops and their tails tell apart.
const LENGTHS: std::ops::RangeInclusive<usize> = 0..=1100;
/// Lengths of associated data: none, around a block, around many.
const AAD_LENGTHS: [usize; 12] = [0, 1, 12, 15, 16, 17, 31, 64, 127, 128, 129, 300];
const LONGEST_DIGEST: usize = 64;

fn ring_seal(case: Aead<'_>, plaintext: &[u8]) -> Vec<u8> {
    let algorithm = match case.key.len() {
        16 => &aead::AES_128_GCM,
        _ => &aead::AES_256_GCM,
    };
    let key = aead::UnboundKey::new(algorithm, case.key).expect("16 or 32 bytes");
    let nonce = aead::Nonce::assume_unique_for_key(case.nonce);
    let mut sealed = plaintext.to_vec();
    aead::LessSafeKey::new(key)
        .seal_in_place_append_tag(nonce, aead::Aad::from(case.aad), &mut sealed)
        .expect("a short message");
    sealed
}

fn ring_digest(hash: Hash, data: &[u8]) -> Vec<u8> {
    let algorithm = match hash {
        Hash::Sha256 => &digest::SHA256,
        Hash::Sha384 => &digest::SHA384,
        Hash::Sha512 => &digest::SHA512,
    };
    digest::digest(algorithm, data).as_ref().to_vec()
}

fn ring_hmac(hash: Hash, key: &[u8], data: &[u8]) -> Vec<u8> {
    let algorithm = match hash {
        Hash::Sha256 => hmac::HMAC_SHA256,
        Hash::Sha384 => hmac::HMAC_SHA384,
        Hash::Sha512 => hmac::HMAC_SHA512,
    };
    hmac::sign(&hmac::Key::new(algorithm, key), data).as_ref().to_vec()
}

fn ring_hkdf(case: Hkdf<'_>, len: usize) -> Vec<u8> {
    struct Len(usize);
    impl hkdf::KeyType for Len {
        fn len(&self) -> usize {
            self.0
        }
    }

    let algorithm = match case.hash {
        Hash::Sha256 => hkdf::HKDF_SHA256,
        Hash::Sha384 => hkdf::HKDF_SHA384,
        Hash::Sha512 => hkdf::HKDF_SHA512,
    };
    let prk = hkdf::Salt::new(algorithm, case.salt).extract(case.ikm);
    let mut okm = vec![0; len];
    let expanded = prk.expand(&[case.info], Len(len)).and_then(|okm_of| okm_of.fill(&mut okm));
    expanded.expect("at most 255 digests");
    okm
}

/// What HMAC-DRBG gives for the same script, by the crate `hmac-drbg`. It
/// writes whole digests only.
fn other_drbg(entropy: &[u8], personalization: &[u8], calls: &[DrbgCall]) -> Vec<Vec<u8>> {
    let some = |additional: &Vec<u8>| (!additional.is_empty()).then(|| additional.clone());
    let mut seeds = entropy.chunks_exact(corekey::drbg::ENTROPY_LEN);
    let mut next_seed = || seeds.next().expect("a seed for each reseed");
    let mut drbg =
        hmac_drbg::HmacDRBG::<sha2_for_hmac_drbg::Sha256>::new(next_seed(), &[], personalization);
    let mut outputs = Vec::new();
    for call in calls {
        match call {
            DrbgCall::Reseed { additional } => {
                drbg.reseed(next_seed(), some(additional).as_deref());
            }
            DrbgCall::Generate { additional, len } => {
                let mut out = vec![0; len.next_multiple_of(32)];
                drbg.generate_to_slice(&mut out, some(additional).as_deref());
                out.truncate(*len);
                outputs.push(out);
            }
        }
    }
    outputs
}

/// `len` bytes that look random and are the same in every run.
fn sample(label: &str, len: usize) -> Vec<u8> {
    let counted = |block: usize| ring_digest(Hash::Sha256, format!("{label} {block}").as_bytes());
    let mut bytes: Vec<u8> = (0..len.div_ceil(32)).flat_map(counted).collect();
    bytes.truncate(len);
    bytes
}

fn through_every_front(check: impl Fn(&dyn Front) -> Check) -> Result<(), TestCaseError> {
    for front in fronts() {
        let outcome = check(front);
        outcome.map_err(|problem| TestCaseError::fail(format!("{}: {problem}", front.name())))?;
    }
    Ok(())
}

#[test]
fn aes_gcm_is_rings_at_every_length() {
    for key_len in [16, 32] {
        for len in LENGTHS {
            let key = sample(&format!("key {len}"), key_len);
            let nonce = sample(&format!("nonce {len}"), 12);
            let aad = sample("aad", AAD_LENGTHS[len % AAD_LENGTHS.len()]);
            let plaintext = sample("plaintext", len);
            let nonce = nonce.try_into().expect("12 bytes");
            let case = Aead { key: &key, nonce, aad: &aad };
            let sealed = ring_seal(case, &plaintext);
            let outcome = through_every_front(|front| {
                checks::seals_and_opens(front, case, &plaintext, &sealed)
            });
            outcome.unwrap_or_else(|problem| panic!("{len} bytes, {case:?}: {problem}"));
        }
    }
}

fn hash() -> impl Strategy<Value = Hash> {
    prop_oneof![Just(Hash::Sha256), Just(Hash::Sha384), Just(Hash::Sha512)]
}

fn bytes(longest: usize) -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..=longest)
}

/// Pieces of a message, some of them empty.
fn pieces() -> impl Strategy<Value = Vec<Vec<u8>>> {
    vec(prop_oneof![bytes(3), bytes(200), bytes(1000)], 0..8)
}

fn slices(pieces: &[Vec<u8>]) -> Vec<&[u8]> {
    pieces.iter().map(Vec::as_slice).collect()
}

fn drbg_call() -> impl Strategy<Value = DrbgCall> {
    prop_oneof![
        1 => bytes(100).prop_map(|additional| DrbgCall::Reseed { additional }),
        3 => (prop_oneof![Just(Vec::new()), bytes(100)], 0..500_usize)
            .prop_map(|(additional, len)| DrbgCall::Generate { additional, len }),
    ]
}

proptest! {
    // A failing case is printed in full; no file of them is kept.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn aes_gcm_is_rings(
        key in prop_oneof![vec(any::<u8>(), 16), vec(any::<u8>(), 32)],
        nonce: [u8; 12],
        aad in bytes(2000),
        plaintext in bytes(20_000),
    ) {
        let case = Aead { key: &key, nonce, aad: &aad };
        let sealed = ring_seal(case, &plaintext);
        through_every_front(|front| checks::seals_and_opens(front, case, &plaintext, &sealed))?;
    }

    #[test]
    fn what_ring_sealed_does_not_open_with_a_bit_changed(
        key in prop_oneof![vec(any::<u8>(), 16), vec(any::<u8>(), 32)],
        nonce: [u8; 12],
        aad in bytes(100),
        plaintext in bytes(300),
        at: prop::sample::Index,
        bit in 0..8_u32,
    ) {
        let case = Aead { key: &key, nonce, aad: &aad };
        let mut sealed = ring_seal(case, &plaintext);
        let at = at.index(sealed.len());
        sealed[at] ^= 1 << bit;
        through_every_front(|front| checks::refuses_to_open(front, case, &sealed))?;
    }

    #[test]
    fn digests_are_rings_however_the_message_is_cut(hash in hash(), pieces in pieces()) {
        let message = pieces.concat();
        let expected = ring_digest(hash, &message);
        through_every_front(|front| {
            checks::hashes(front, hash, &message, &expected)?;
            checks::equal("digest", front.hash_parts(hash, &slices(&pieces)), &expected)
        })?;
    }

    #[test]
    fn hmac_tags_are_rings_however_the_message_is_cut(
        hash in hash(),
        key in bytes(200),
        pieces in pieces(),
    ) {
        let message = pieces.concat();
        let expected = ring_hmac(hash, &key, &message);
        through_every_front(|front| {
            checks::macs(front, hash, &key, &message, &expected)?;
            let tag = front.hmac_parts(hash, &key, &slices(&pieces), expected.len());
            checks::equal("tag", tag, &expected)
        })?;
    }

    #[test]
    fn hkdf_is_rings(
        hash in hash(),
        salt in bytes(200),
        ikm in bytes(200),
        info in bytes(200),
        len in prop_oneof![1..=2 * LONGEST_DIGEST, 1..=255 * 32_usize],
    ) {
        let case = Hkdf { hash, salt: &salt, ikm: &ikm, info: &info };
        let expected = ring_hkdf(case, len);
        through_every_front(|front| checks::derives(front, case, &expected))?;
    }

    #[test]
    fn hmac_drbg_is_that_of_another_crate(
        entropy in vec(any::<u8>(), 10 * corekey::drbg::ENTROPY_LEN),
        personalization in bytes(100),
        calls in vec(drbg_call(), 0..9),
    ) {
        let expected = other_drbg(&entropy, &personalization, &calls);
        for front in fronts() {
            let outputs = front.drbg(&entropy, &personalization, &calls);
            prop_assert_eq!(outputs.as_ref(), Ok(&expected), "{}", front.name());
        }
    }
}
