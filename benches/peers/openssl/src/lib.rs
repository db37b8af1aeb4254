//! OpenSSL 3, built from source; `shim.c` says how it is called.

peer::export_c!(
    c"OpenSSL",
    c"EVP_EncryptInit_ex2 with the nonce only on a context that has its key; HMAC_Init_ex without a key on a context that has one; a new key goes into the same contexts"
);
