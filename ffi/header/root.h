#define corekey_root_init(root, secret, secret_len) \
    corekey_root_init_sized((root), sizeof *(root), (secret), (secret_len))
#define corekey_root_fleet(fleet, root, fleet_id, fleet_id_len) \
    corekey_root_fleet_sized((fleet), sizeof *(fleet), (root), (fleet_id), (fleet_id_len))
#define corekey_root_device_key(key, root, version, id, id_len) \
    corekey_root_device_key_sized((key), sizeof *(key), (root), (version), (id), (id_len))
#define corekey_root_unwrap(key, root, version, id, id_len, wrapped, wrapped_len) \
    corekey_root_unwrap_sized((key), sizeof *(key), (root), (version), (id), (id_len), (wrapped), \
                              (wrapped_len))
#define corekey_root_clear(root) corekey_wipe((root), sizeof *(root))
