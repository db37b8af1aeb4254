//! libsodium, built from source; `shim.c` says how it is called.

// For its linking only.
use libsodium_sys as _;

peer::export_c!(
    c"libsodium",
    c"crypto_aead_aes256gcm_encrypt_detached_afternm and decrypt in place, with beforenm once; a ready crypto_auth_hmacsha256_state copied for each message; it has no AES-128"
);
