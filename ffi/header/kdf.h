#define corekey_hkdf_extract(prk, alg, salt, salt_len, ikm, ikm_len) \
    corekey_hkdf_extract_sized((prk), sizeof *(prk), (alg), (salt), (salt_len), (ikm), (ikm_len))
#define corekey_prk_init(prk, alg, secret, secret_len) \
    corekey_prk_init_sized((prk), sizeof *(prk), (alg), (secret), (secret_len))
#define corekey_prk_clear(prk) corekey_wipe((prk), sizeof *(prk))
