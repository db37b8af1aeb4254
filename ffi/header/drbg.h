#define corekey_drbg_init(drbg, entropy, user, personalization, personalization_len) \
    corekey_drbg_init_sized((drbg), sizeof *(drbg), (entropy), (user), (personalization), \
                            (personalization_len))
#define corekey_drbg_clear(drbg) corekey_wipe((drbg), sizeof *(drbg))
