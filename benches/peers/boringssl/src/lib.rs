//! BoringSSL, built from source; `shim.c` says how it is called.

peer::export_c!(
    c"BoringSSL",
    c"EVP_AEAD_CTX_seal_scatter and open_gather in place on a ready context, initialised in place for a new key; HMAC_Init_ex without a key on a context that has one"
);
