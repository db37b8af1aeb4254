#define corekey_sealer_init(sealer, key, direction, boot, salt, salt_len) \
    corekey_sealer_init_sized((sealer), sizeof *(sealer), (key), (direction), (boot), (salt), \
                              (salt_len))
#define corekey_sealer_clear(sealer) corekey_wipe((sealer), sizeof *(sealer))
#define corekey_opener_init_up(opener, key, state, state_len) \
    corekey_opener_init_up_sized((opener), sizeof *(opener), (key), (state), (state_len))
#define corekey_opener_init_down(opener, key, boot) \
    corekey_opener_init_down_sized((opener), sizeof *(opener), (key), (boot))
#define corekey_opener_clear(opener) corekey_wipe((opener), sizeof *(opener))
