//! Device keys and sealed messages: what makes this CoreKey and not a bag of
//! ciphers. From a root secret to the key of each device, from that to sealed
//! messages with identity and freshness, through reboots and rotation.
//!
//! | for | look in | specified in |
//! |---|---|---|
//! | root, fleet and table keys | [`root`] | `docs/derivation.md` |
//! | what a device key derives | [`key`] | `docs/derivation.md` |
//! | sealing messages | [`sealer`] | `docs/message.md` |
//! | opening messages, freshness | [`opener`] | `docs/message.md` |
//! | opening the messages of many devices at once | [`batch`] | `docs/message.md` |
//! | the bytes of a message | [`message`], [`cose`] | `docs/message.md` |
//! | device key and boots in flash | [`journal`], [`file`](mod@file) | `docs/rotation.md` |
//! | moving to the next key | [`rotation`], [`head`] | `docs/rotation.md` |

#![forbid(unsafe_code)]

#[cfg(feature = "root")]
pub mod batch;
pub mod cose;
mod crc;
#[cfg(feature = "std")]
pub mod file;
mod freshness;
pub mod head;
pub mod journal;
pub mod key;
mod label;
pub mod message;
pub mod name;
pub mod opener;
#[cfg(feature = "root")]
pub mod root;
pub mod rotation;
pub mod sealer;
mod window;
