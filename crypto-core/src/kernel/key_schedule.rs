//! The key schedule of AES (FIPS 197 §5.2) in words, for tiers that substitute
//! one word at a time.

use super::gcm::Secret;

/// A round key as four little-endian words.
pub(super) type Words = [u32; 4];

/// How many rounds there are: one round key less than [`round_keys`] makes.
#[inline(always)]
pub(super) const fn rounds(is_aes256: bool) -> usize {
    if is_aes256 { 14 } else { 10 }
}

/// Hands each round key, with its number, to `put`.
#[inline(always)]
pub(super) fn round_keys(
    secret: Secret<'_>,
    sub_word: impl Fn(u32) -> u32,
    mut put: impl FnMut(usize, &Words),
) {
    // The two round keys before the next one. AES-128 looks back to one only.
    let (mut older, mut newer, is_aes256) = match secret {
        Secret::Aes128(secret) => (words(secret), words(secret), false),
        Secret::Aes256(secret) => {
            let (older, newer) = secret.split_at(16);
            (words(older), words(newer), true)
        }
    };
    let mut constant = 1;
    for round in 0..=rounds(is_aes256) {
        let next = match round {
            0 => older,
            1 if is_aes256 => newer,
            _ => {
                let mut sum = sub_word(newer[3]);
                if !is_aes256 || round % 2 == 0 {
                    sum = sum.rotate_right(8) ^ constant;
                    constant = (constant << 1) ^ ((constant >> 7) * 0x11b);
                }
                let mut next = older;
                for word in &mut next {
                    sum ^= *word;
                    *word = sum;
                }
                older = if is_aes256 { newer } else { next };
                newer = next;
                next
            }
        };
        put(round, &next);
    }
}

#[inline(always)]
fn words(bytes: &[u8]) -> Words {
    let mut words = [0; 4];
    for (word, bytes) in words.iter_mut().zip(bytes.as_chunks().0) {
        *word = u32::from_le_bytes(*bytes);
    }
    words
}
