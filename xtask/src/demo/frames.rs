//! The frames of `firmware/posix/frame.h` as a network sees them: without a
//! key, to be counted, compared and tampered with.

use crate::Result;

/// Offsets in a frame, which starts with the length of its body.
const BODY: usize = 4;
const VERSION: usize = BODY;
const RUN: usize = VERSION + 1;
const COUNTER: usize = RUN + 16;
const ID_LEN: usize = COUNTER + 8;
const ID: usize = ID_LEN + 1;

/// One whole frame, its length included.
#[derive(Clone)]
pub(super) struct Frame(Vec<u8>);

/// Cuts a stream into its frames.
pub(super) fn split(mut stream: &[u8]) -> Result<Vec<Frame>> {
    let mut frames = Vec::new();
    while !stream.is_empty() {
        let (frame, rest) = split_first(stream).ok_or("the device program wrote half a frame")?;
        frames.push(frame);
        stream = rest;
    }
    Ok(frames)
}

fn split_first(stream: &[u8]) -> Option<(Frame, &[u8])> {
    let (length, _) = stream.split_first_chunk()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (frame, rest) = stream.split_at_checked(BODY.checked_add(length)?)?;
    let id_len = usize::from(*frame.get(ID_LEN)?);
    frame.get(ID + id_len)?;
    Some((Frame(frame.to_vec()), rest))
}

impl Frame {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// All that is authenticated and not encrypted.
    pub(super) fn header(&self) -> &[u8] {
        &self.0[BODY..self.sealed_at()]
    }

    fn sealed_at(&self) -> usize {
        ID + usize::from(self.0[ID_LEN])
    }

    pub(super) fn with_ciphertext_bit_flipped(&self) -> Self {
        self.with_bit_flipped(self.sealed_at())
    }

    pub(super) fn with_tag_bit_flipped(&self) -> Self {
        self.with_bit_flipped(self.0.len() - 1)
    }

    pub(super) fn with_run_bit_flipped(&self) -> Self {
        self.with_bit_flipped(RUN)
    }

    pub(super) fn with_counter_bit_flipped(&self) -> Self {
        self.with_bit_flipped(ID_LEN - 1)
    }

    fn with_bit_flipped(&self, at: usize) -> Self {
        let mut bytes = self.0.clone();
        bytes[at] ^= 1;
        Self(bytes)
    }

    pub(super) fn with_version(&self, version: u8) -> Self {
        let mut bytes = self.0.clone();
        bytes[VERSION] = version;
        Self(bytes)
    }

    pub(super) fn with_device_id_of(&self, other: &Self) -> Self {
        let mut bytes = self.0.clone();
        bytes.splice(ID_LEN..self.sealed_at(), other.0[ID_LEN..other.sealed_at()].iter().copied());
        Self(bytes).with_length_set()
    }

    /// Without its last byte, and with a length that says so.
    pub(super) fn shortened(&self) -> Self {
        Self(self.0[..self.0.len() - 1].to_vec()).with_length_set()
    }

    /// Without its last byte, while its length still counts it.
    pub(super) fn cut_off(&self) -> Self {
        Self(self.0[..self.0.len() - 1].to_vec())
    }

    fn with_length_set(mut self) -> Self {
        // The longest body is 256 bytes, a device id longer or shorter changes
        // that by 31 at most.
        let length = (self.0.len() - BODY) as u32;
        self.0[..BODY].copy_from_slice(&length.to_be_bytes());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream() -> Vec<u8> {
        let mut stream = Vec::new();
        for id in ["pump", "gateway"] {
            let body = [&[1; 25], &[id.len() as u8][..], id.as_bytes(), b"sealed"].concat();
            stream.extend((body.len() as u32).to_be_bytes());
            stream.extend(body);
        }
        stream
    }

    #[test]
    fn a_stream_is_cut_into_its_frames() {
        let frames = split(&stream()).unwrap();
        assert_eq!(frames.len(), 2);
        assert_eq!([frames[0].bytes(), frames[1].bytes()].concat(), stream());
        assert!(frames[1].header().ends_with(b"gateway"));
    }

    #[test]
    fn half_a_frame_is_an_error() {
        for len in 1..stream().len() {
            let whole = len == split(&stream()).unwrap()[0].bytes().len();
            assert_eq!(split(&stream()[..len]).is_ok(), whole, "{len}");
        }
    }

    #[test]
    fn a_frame_under_another_device_id_is_still_well_formed() {
        let frames = split(&stream()).unwrap();
        let changed = frames[0].with_device_id_of(&frames[1]);
        assert_eq!(split(changed.bytes()).unwrap().len(), 1);
        assert_eq!(changed.header(), frames[1].header());
        assert!(changed.bytes().ends_with(b"sealed"));
    }
}
