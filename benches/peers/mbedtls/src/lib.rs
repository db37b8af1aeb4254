//! mbedTLS, built from source; `shim.c` says how it is called.

peer::export_c!(
    c"mbedTLS",
    c"mbedtls_gcm_crypt_and_tag and auth_decrypt in place on a ready context, mbedtls_gcm_setkey for a new key; HMAC by two ready SHA-256 states copied for each message"
);
