//! The kernels: AES-GCM and SHA-256 in the instructions of each CPU, and in
//! portable code. This is the only part of the core with `unsafe` and `asm!`.
//!
//! A *tier* is one implementation for one set of CPU features, in one file of
//! the folder of its architecture. The files of one algorithm have the same
//! functions in the same order. Each function of a tier takes a token of
//! [`cpu`], which proves that its instructions are there; [`gcm`] and `sha256`
//! choose the tier when a key is made, and the key keeps the choice.
//!
//! A kernel keeps secrets in registers, branches on lengths only, and leaves
//! neither registers nor dead stack with anything made from a secret ([`wipe`]).
//! What it decides about a tag becomes public in [`verdict`].

#[cfg(target_arch = "aarch64")]
mod aarch64;
pub(crate) mod cpu;
pub(crate) mod gcm;
mod key_schedule;
mod portable;
pub(crate) mod sha256;
pub(crate) mod verdict;
pub(crate) mod wipe;
#[cfg(target_arch = "x86_64")]
mod x86_64;
