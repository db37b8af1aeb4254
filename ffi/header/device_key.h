#define corekey_device_key_init(key, version, id, id_len, secret, secret_len) \
    corekey_device_key_init_sized((key), sizeof *(key), (version), (id), (id_len), (secret), \
                                  (secret_len))
#define corekey_device_key_import(key, version, id, id_len, imported, imported_len) \
    corekey_device_key_import_sized((key), sizeof *(key), (version), (id), (id_len), (imported), \
                                    (imported_len))
#define corekey_device_key_clear(key) corekey_wipe((key), sizeof *(key))
