//! ring.

peer::export_ring_api!(ring, c"ring", "ring", |key, nonce, aad, text, tag| {
    let tag = aead::Tag::from(*tag);
    key.open_in_place_separate_tag(nonce, aad, tag, text, 0..).is_ok()
});
