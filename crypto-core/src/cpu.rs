//! What this CPU can do, and which implementations are used for it. Nobody has
//! to ask: keys find out by themselves. It is here to be shown, and to choose a
//! slower implementation on purpose, in tests and measurements.

#![forbid(unsafe_code)]

pub use crate::kernel::cpu::{Cpu, Feature};
