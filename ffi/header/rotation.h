#define corekey_rotation_apply(next, current, offer, len) \
    corekey_rotation_apply_sized((next), sizeof *(next), (current), (offer), (len))
