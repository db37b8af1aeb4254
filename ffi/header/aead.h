#define corekey_aead_key_init(key, alg, secret, secret_len) \
    corekey_aead_key_init_sized((key), sizeof *(key), (alg), (secret), (secret_len))
#define corekey_aead_key_clear(key) corekey_wipe((key), sizeof *(key))
