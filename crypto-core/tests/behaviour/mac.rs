//! HMAC: pieces and one shot agree, tags of the documented lengths verify and
//! no other tag does.

use corekey::Error;
use corekey::mac::{HmacKey, check_tag_len};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::{HASHES, any_hash, pattern, pieces};

proptest! {
    #[test]
    fn a_message_in_pieces_has_the_tag_of_the_whole(
        algorithm in any_hash(),
        key in vec(any::<u8>(), 0..200),
        pieces in pieces(700),
    ) {
        let key = HmacKey::new(algorithm, &key);
        let whole = pieces.concat();
        let tag = key.mac(&whole);
        let mut hmac = key.start();
        for piece in &pieces {
            hmac.update(piece);
        }
        prop_assert_eq!(&hmac.finish(), &tag);
        let parts: Vec<_> = pieces.iter().map(Vec::as_slice).collect();
        prop_assert_eq!(&key.mac_parts(&parts), &tag);
        prop_assert_eq!(key.verify(&whole, tag.as_bytes()), Ok(()));
    }
}

#[test]
fn a_key_may_be_used_again_and_streams_from_it_do_not_mix() {
    for &algorithm in HASHES {
        let key = HmacKey::new(algorithm, b"key");
        let (mut one, mut two) = (key.start(), key.start());
        one.update(b"one");
        two.update(b"two");
        assert_eq!(one.algorithm(), algorithm);
        assert_eq!(one.finish(), key.mac(b"one"));
        assert_eq!(two.finish(), key.mac(b"two"));
    }
}

#[test]
fn a_tag_from_half_to_full_length_verifies_and_no_other_length_does() {
    for &algorithm in HASHES {
        let key = HmacKey::new(algorithm, b"key");
        let full = algorithm.digest_len();
        let mut tag = key.mac(b"data").as_bytes().to_vec();
        tag.push(0);
        for len in 0..=tag.len() {
            let expected =
                if (full / 2..=full).contains(&len) { Ok(()) } else { Err(Error::InvalidLength) };
            assert_eq!(check_tag_len(algorithm, len), expected, "{algorithm:?}, {len} bytes");
            let cut = &tag[..len];
            assert_eq!(key.verify(b"data", cut), expected, "{algorithm:?}, {len} bytes");
            let mut hmac = key.start();
            hmac.update(b"data");
            assert_eq!(hmac.verify(cut), expected, "{algorithm:?}, {len} bytes in pieces");
        }
    }
}

#[test]
fn every_changed_bit_of_a_tag_is_refused() {
    for &algorithm in HASHES {
        let key = HmacKey::new(algorithm, b"key");
        let good = key.mac(b"data");
        for bit in 0..8 * algorithm.digest_len() {
            let mut tag = good.as_bytes().to_vec();
            tag[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(key.verify(b"data", &tag), Err(Error::Unverified), "bit {bit}");
            let mut hmac = key.start();
            hmac.update(b"data");
            assert_eq!(hmac.verify(&tag), Err(Error::Unverified), "bit {bit} in pieces");
        }
    }
}

#[test]
fn another_message_or_key_is_refused() {
    for &algorithm in HASHES {
        let key = HmacKey::new(algorithm, b"key");
        let tag = key.mac(b"data");
        let refused = Err(Error::Unverified);
        assert_eq!(key.verify(b"dat", tag.as_bytes()), refused);
        assert_eq!(key.verify(b"data ", tag.as_bytes()), refused);
        assert_eq!(HmacKey::new(algorithm, b"kex").verify(b"data", tag.as_bytes()), refused);
    }
}

#[test]
fn a_key_longer_than_a_block_is_hashed_first() {
    for &algorithm in HASHES {
        // RFC 2104 §2; the block of SHA-384 and SHA-512 is 128 bytes.
        let block = if algorithm.digest_len() == 32 { 64 } else { 128 };
        let long = pattern(block + 1);
        let hashed = corekey::hash::digest(algorithm, &long);
        let same = HmacKey::new(algorithm, hashed.as_bytes());
        assert_eq!(HmacKey::new(algorithm, &long).mac(b"data"), same.mac(b"data"));
        let full = pattern(block);
        let padded = HmacKey::new(algorithm, &full[..block - 1]);
        assert!(HmacKey::new(algorithm, &full).mac(b"data") != padded.mac(b"data"));
    }
}
