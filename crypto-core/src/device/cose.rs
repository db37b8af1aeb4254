//! What generic COSE libraries need to check us with (`docs/message.md`,
//! generic tools): the COSE_Key of a session.

use crate::device::key::{COSE_A256GCM, DeviceKey};
use crate::device::message::{BASE_IV, Direction, Session};
use crate::secret::Secret;

/// Bytes of an exported COSE_Key.
pub const COSE_KEY_LEN: usize = 54;

/// The message key of a session as a COSE_Key (RFC 9052 §7):
/// `{1: 4, 3: 3, 5: Base IV, -1: key}`. It opens and seals all messages of the
/// session, so it is for tests and diagnosis only.
#[must_use]
pub fn cose_key(key: &DeviceKey, direction: Direction, session: &Session) -> Secret<COSE_KEY_LEN> {
    const KTY_SYMMETRIC: [u8; 2] = [1, 4];
    const ALG: [u8; 2] = [3, COSE_A256GCM];
    const BASE_IV_HEAD: [u8; 2] = [5, 0x4c];
    const K_HEAD: [u8; 3] = [0x20, 0x58, 0x20];

    let secret = key.message_secret(direction, session);
    let bytes = [0xa4]
        .into_iter()
        .chain(KTY_SYMMETRIC)
        .chain(ALG)
        .chain(BASE_IV_HEAD)
        .chain(BASE_IV)
        .chain(K_HEAD)
        .chain(secret.expose().iter().copied());
    let mut cose = Secret::zeros();
    for (to, from) in cose.expose_mut().iter_mut().zip(bytes) {
        *to = from;
    }
    cose
}
