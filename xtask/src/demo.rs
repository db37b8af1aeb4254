//! `cargo xtask demo`: the main job, from a device's sensors in C to a Rust
//! receiver. Relies on `dist`, gcc and the programs it builds.

use crate::Result;

pub(crate) const HELP: &str = "
    Builds the library, reads this machine's sensors in a C program, seals the
    readings with device keys and opens them in Rust.";

pub(crate) fn run(_arguments: &[String]) -> Result {
    Err("the demo has not been written yet".into())
}
