//! wolfSSL's wolfCrypt, built from source; `shim.c` says how it is called.

peer::export_c!(
    c"wolfSSL",
    c"wc_AesGcmEncrypt and wc_AesGcmDecrypt in place on a ready Aes, wc_AesGcmSetKey for a new key; wc_HmacUpdate and wc_HmacFinal on a key kept as hash states (WOLFSSL_HMAC_COPY_HASH)"
);
