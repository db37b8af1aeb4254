//! AWS-LC through its Rust crate, whose API is that of ring.

peer::export_ring_api!(aws_lc_rs, c"aws-lc-rs", "aws-lc-rs", |key, nonce, aad, text, tag| {
    key.open_in_place_separate_tag(nonce, aad, tag, text).is_ok()
});
