//! Types that hold secrets do not show, copy or leak them, and keys may be
//! shared between threads.

use corekey::aead::{AeadAlgorithm, AeadKey};
use corekey::hash::{self, Digest, Hash, HashAlgorithm};
use corekey::kdf::Prk;
use corekey::mac::{Hmac, HmacKey};

/// Compiles only for types that are not `Clone`: for one that is, two
/// implementations fit and the compiler cannot choose.
macro_rules! assert_not_clone {
    ($($type:ty),* $(,)?) => {$(
        const _: fn() = || {
            trait Ambiguous<A> {
                fn choose() {}
            }
            struct IsClone;
            impl<T: ?Sized> Ambiguous<()> for T {}
            impl<T: ?Sized + Clone> Ambiguous<IsClone> for T {}
            <$type as Ambiguous<_>>::choose();
        };
    )*};
}

/// Compiles only for types whose drop does something, which is the wiping.
macro_rules! assert_wiped {
    ($($type:ty),* $(,)?) => {
        $( const _: () = assert!(std::mem::needs_drop::<$type>()); )*
    };
}

assert_not_clone!(AeadKey, Digest, Hash, Hmac, HmacKey, Prk);
assert_wiped!(AeadKey, Digest, Hash, Hmac, HmacKey, Prk);
#[cfg(feature = "wrap")]
assert_not_clone!(corekey::wrap::WrapKey);
#[cfg(feature = "wrap")]
assert_wiped!(corekey::wrap::WrapKey);
#[cfg(feature = "drbg")]
assert_not_clone!(corekey::drbg::HmacDrbg<NoEntropy>);
#[cfg(feature = "drbg")]
assert_wiped!(corekey::drbg::HmacDrbg<NoEntropy>);

const fn assert_shared<T: Send + Sync>() {}
const _: () = {
    assert_shared::<AeadKey>();
    assert_shared::<Digest>();
    assert_shared::<Hash>();
    assert_shared::<Hmac>();
    assert_shared::<HmacKey>();
    assert_shared::<Prk>();
    #[cfg(feature = "wrap")]
    assert_shared::<corekey::wrap::WrapKey>();
};

#[cfg(feature = "drbg")]
struct NoEntropy;
#[cfg(feature = "drbg")]
impl corekey::drbg::Entropy for NoEntropy {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), corekey::Error> {
        for (i, byte) in out.iter_mut().enumerate() {
            *byte = i as u8;
        }
        Ok(())
    }
}

#[test]
fn debug_output_names_the_type_and_shows_nothing_of_its_contents() {
    let secret = [0x41; 32];
    let sha256 = HashAlgorithm::Sha256;
    let mut hash = Hash::new(sha256);
    hash.update(&secret);
    let key = HmacKey::new(sha256, &secret);
    let mut hmac = key.start();
    hmac.update(&secret);
    let aead = AeadKey::new(AeadAlgorithm::Aes256Gcm, &secret).unwrap();
    let prk = Prk::from_bytes(sha256, &secret).unwrap();
    let digest = hash::digest(sha256, &secret);

    assert_eq!(format!("{aead:?}"), "AeadKey(Aes256Gcm)");
    assert_eq!(format!("{prk:?}"), "Prk(Sha256)");
    assert_eq!(format!("{key:?}"), "HmacKey(Sha256)");
    assert_eq!(format!("{hmac:?}"), "Hmac(Sha256)");
    assert_eq!(format!("{hash:?}"), "Hash(Sha256)");
    assert_eq!(format!("{digest:?}"), "Digest { len: 32, .. }");
    #[cfg(feature = "wrap")]
    {
        let wrap = corekey::wrap::WrapKey::new(&secret).unwrap();
        assert_eq!(format!("{wrap:?}"), "WrapKey");
    }
    #[cfg(feature = "drbg")]
    {
        let drbg = corekey::drbg::HmacDrbg::new(NoEntropy, &secret).unwrap();
        assert_eq!(format!("{drbg:?}"), "HmacDrbg");
    }
}

#[test]
fn threads_share_a_key() {
    let key = AeadKey::new(AeadAlgorithm::Aes128Gcm, &[7; 16]).unwrap();
    let seal = |nonce: u8| {
        let mut buffer = *b"a reading";
        key.seal_in_place(&[nonce; 12], b"", &mut buffer).map(|tag| (buffer, tag))
    };
    let alone: Vec<_> = (0..4).map(seal).collect();
    let together = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|nonce| scope.spawn(move || seal(nonce))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(together, alone);
}
