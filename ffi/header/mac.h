#define corekey_hmac_key_init(key, alg, secret, secret_len) \
    corekey_hmac_key_init_sized((key), sizeof *(key), (alg), (secret), (secret_len))
#define corekey_hmac_key_clear(key) corekey_wipe((key), sizeof *(key))
#define corekey_hmac_init(ctx, key) corekey_hmac_init_sized((ctx), sizeof *(ctx), (key))
#define corekey_hmac_clear(ctx) corekey_wipe((ctx), sizeof *(ctx))
