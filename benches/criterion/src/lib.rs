//! Criterion groups; see `benches/`.
