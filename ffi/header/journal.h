#define corekey_journal_load(key, storage, id, id_len) \
    corekey_journal_load_sized((key), sizeof *(key), (storage), (id), (id_len))
