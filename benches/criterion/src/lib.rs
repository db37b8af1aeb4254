//! Criterion groups for people who work on CoreKey's own code; see `benches/`
//! of this package. Peers are in `cargo xtask bench`.
