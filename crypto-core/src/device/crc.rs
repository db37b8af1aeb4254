//! CRC-32 (IEEE 802.3, reflected), against torn writes and worn flash in the
//! boot journal and in saved states; it keeps nobody out. Bit by bit: what is
//! checked is short, and the table of a crate would cost a kilobyte of flash.

/// The CRC-32 of `parts`, one after the other.
pub(crate) fn crc32(parts: &[&[u8]]) -> u32 {
    let mut crc = u32::MAX;
    for byte in parts.iter().copied().flatten() {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            // All ones if the bit shifted out is set: the CRC of a page header
            // runs over the device key, so no branch.
            let mask = (crc & 1).wrapping_neg();
            crc = (crc >> 1) ^ (mask & 0xEDB8_8320);
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::crc32;

    #[test]
    fn it_is_the_crc_of_the_standard() {
        // The check value of CRC-32/ISO-HDLC in the catalogue of CRCs.
        assert_eq!(crc32(&[b"123456789"]), 0xCBF4_3926);
        assert_eq!(crc32(&[]), 0);
    }

    #[test]
    fn parts_are_joined() {
        assert_eq!(crc32(&[b"1234", b"", b"56789"]), crc32(&[b"123456789"]));
    }
}
