//! The framing of `firmware/common/link.h`: length (2 bytes, big-endian), then
//! that many bytes of a sealed message.

use std::io::{self, ErrorKind, Read, Write};

/// The next message, or none at the end of the stream. One that the end cuts off
/// is returned as far as it goes: it will not open.
pub(crate) fn read(stream: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 2];
    if let Err(error) = stream.read_exact(&mut length) {
        return if error.kind() == ErrorKind::UnexpectedEof { Ok(None) } else { Err(error) };
    }
    let mut message = Vec::new();
    stream.take(u16::from_be_bytes(length).into()).read_to_end(&mut message)?;
    Ok(Some(message))
}

/// Sends a message in one piece.
pub(crate) fn write(stream: &mut impl Write, message: &[u8]) -> io::Result<()> {
    let length = u16::try_from(message.len()).map_err(|_| ErrorKind::InvalidInput)?;
    stream.write_all(&[&length.to_be_bytes(), message].concat())?;
    stream.flush()
}
