/* A device that the tests of device keys, messages, rotation and journal share,
 * with the values that docs/vectors has for it.
 */
#ifndef DEVICE_H
#define DEVICE_H

#include "support.h"

#define VERSION_MAX ((UINT64_C(1) << 53) - 1)
#define BOOT_MAX ((UINT64_C(1) << 48) - 1)

/* All that is no version, and no boot number. */
static const uint64_t NO_VERSIONS[] = {0, VERSION_MAX + 1, UINT64_C(1) << 54, UINT64_MAX};
static const uint64_t NO_BOOTS[] = {BOOT_MAX + 1, UINT64_C(1) << 63, UINT64_MAX};

#define ID_LEN 14
static const uint8_t ID[COREKEY_DEVICE_ID_MAX + 1] = "sensor-0000042";
static const char ROOT[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
/* The keys of versions 1 and 2 of the device under the root. */
static const char KEY_1[] = "016dfa427224f4a1bff763eb39e2925292ec7db6940f8511e583236a52db584f";
static const char KEY_2[] = "cb64739271c3ffbce867a5edf7bb3459518fa990b23234963f8768fe77820efb";
static const char OFFER_1_TO_2[] =
    "0000000000000002f192c970256d6dfb9f6f068b7efde6ae"
    "6d69d09784a8f94c10d42636476e8596bf8dbd0e9bf7ed7b";
static const char CHECK_VALUE_1[] = "a0f41a40";

static inline corekey_device_key key_of(uint64_t version, const char *hex) {
  uint8_t secret[COREKEY_KEY_LEN];
  corekey_device_key key;
  assert_int_equal(unhex(hex, secret), sizeof secret);
  OK(corekey_device_key_init(&key, version, ID, ID_LEN, secret, sizeof secret));
  return key;
}

static inline corekey_device_key key_1(void) { return key_of(1, KEY_1); }
static inline corekey_device_key key_2(void) { return key_of(2, KEY_2); }

/* Keys derive the same only if they are the same. */
static inline bool same_key(const corekey_device_key *a, const corekey_device_key *b) {
  uint8_t derived[2][COREKEY_KEY_LEN];
  OK(corekey_device_key_derive(a, COREKEY_FOR_WRAPPING, NULL, 0, derived[0], COREKEY_KEY_LEN));
  OK(corekey_device_key_derive(b, COREKEY_FOR_WRAPPING, NULL, 0, derived[1], COREKEY_KEY_LEN));
  return memcmp(derived[0], derived[1], COREKEY_KEY_LEN) == 0;
}

/* A context that a call must leave as it was. */
#define PAINTED(type, context) \
  type context;                \
  paint(&context, sizeof context)

#endif
