#define corekey_hash_init(ctx, alg) corekey_hash_init_sized((ctx), sizeof *(ctx), (alg))
#define corekey_hash_clear(ctx) corekey_wipe((ctx), sizeof *(ctx))
