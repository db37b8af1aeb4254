/* What header and library must agree on: types, sizes of contexts, constants.
 * The library asserts the same of itself (context.rs). Built with and without
 * -fshort-enums, which must not change it.
 */
#include "support.h"

#define SAME_TYPE(value, type) _Generic((value), type: 1, default: 0)

_Static_assert(SAME_TYPE((corekey_status)0, int32_t), "a status is an int32_t");
_Static_assert(SAME_TYPE(&corekey_abi_version, uint32_t (*)(void)), "no C type but these");
_Static_assert(SAME_TYPE(&corekey_version, const char *(*)(void)), "texts are const");
_Static_assert(SAME_TYPE((corekey_entropy_fn)0, int32_t (*)(void *, uint8_t *, size_t)),
               "the callback returns an int32_t");

#define CONTEXT_IS(type, words)                                               \
  _Static_assert(sizeof(type) == (words) * 8, #type " has its size");         \
  _Static_assert(_Alignof(type) <= 8, #type " needs no more than 8 bytes");   \
  _Static_assert(offsetof(struct { char c; type context; }, context) <= 8, \
                 #type " can be a member")

CONTEXT_IS(corekey_hash_ctx, 32);
CONTEXT_IS(corekey_hmac_key, 40);
CONTEXT_IS(corekey_hmac_ctx, 40);
CONTEXT_IS(corekey_prk, 40);
CONTEXT_IS(corekey_aead_key, 128);
CONTEXT_IS(corekey_drbg, 24);
CONTEXT_IS(corekey_device_key, 64);
CONTEXT_IS(corekey_root, 40);
CONTEXT_IS(corekey_sealer, 144);
CONTEXT_IS(corekey_opener, 208);

/* What a message says of itself: the same layout for every compiler. */
_Static_assert(sizeof(corekey_message) == 176, "no padding that a compiler may choose");
_Static_assert(sizeof(corekey_device) == 2 * sizeof(size_t) + 8, "nor here");
_Static_assert(sizeof(corekey_item) == 10 * sizeof(size_t) + 16 + 176, "nor here");
_Static_assert(_Alignof(corekey_message) <= 8, "no more than 8 bytes");
_Static_assert(offsetof(corekey_message, version) == 0, "");
_Static_assert(offsetof(corekey_message, boot) == 8, "");
_Static_assert(offsetof(corekey_message, counter) == 16, "");
_Static_assert(offsetof(corekey_message, form) == 20, "");
_Static_assert(offsetof(corekey_message, payload_len) == 24, "");
_Static_assert(offsetof(corekey_message, salt_len) == 28, "");
_Static_assert(offsetof(corekey_message, id_len) == 32, "");
_Static_assert(offsetof(corekey_message, reserved) == 36, "");
_Static_assert(offsetof(corekey_message, salt) == 40, "");
_Static_assert(offsetof(corekey_message, id) == 48, "");
_Static_assert(sizeof((corekey_message *)0)->salt == COREKEY_SALT_LEN, "a salt fits");
_Static_assert(sizeof((corekey_message *)0)->id == COREKEY_DEVICE_ID_MAX, "an id fits");

_Static_assert(offsetof(corekey_storage, user) == 0, "");
_Static_assert(offsetof(corekey_storage, pages) == sizeof(void *), "");
_Static_assert(offsetof(corekey_storage, page_size) == sizeof(void *) + 4, "");
_Static_assert(offsetof(corekey_storage, read) == sizeof(void *) + 8, "");
_Static_assert(offsetof(corekey_storage, write) == 2 * sizeof(void *) + 8, "");
_Static_assert(offsetof(corekey_storage, erase) == 3 * sizeof(void *) + 8, "");
_Static_assert(sizeof(corekey_storage) == 4 * sizeof(void *) + 8, "");
_Static_assert(SAME_TYPE((corekey_storage_read_fn)0,
                         int32_t (*)(void *, uint32_t, uint32_t, uint8_t *, size_t)),
               "the read function returns an int32_t");
_Static_assert(SAME_TYPE((corekey_storage_write_fn)0,
                         int32_t (*)(void *, uint32_t, uint32_t, const uint8_t *)),
               "the write function returns an int32_t");
_Static_assert(SAME_TYPE((corekey_storage_erase_fn)0, int32_t (*)(void *, uint32_t)),
               "the erase function returns an int32_t");

#define IS(constant, value) _Static_assert((constant) == (value), #constant " is " #value)

IS(COREKEY_HASH_CTX_WORDS, 32);
IS(COREKEY_HMAC_KEY_WORDS, 40);
IS(COREKEY_HMAC_CTX_WORDS, 40);
IS(COREKEY_PRK_WORDS, 40);
IS(COREKEY_AEAD_KEY_WORDS, 128);
IS(COREKEY_DRBG_WORDS, 24);
IS(COREKEY_DEVICE_KEY_WORDS, 64);
IS(COREKEY_ROOT_WORDS, 40);
IS(COREKEY_SEALER_WORDS, 144);
IS(COREKEY_OPENER_WORDS, 208);

IS(COREKEY_ABI_VERSION, 0);
IS(COREKEY_OK, 0);
IS(COREKEY_E_NULL, -1);
IS(COREKEY_E_ALIGNMENT, -2);
IS(COREKEY_E_LENGTH, -3);
IS(COREKEY_E_ALGORITHM, -4);
IS(COREKEY_E_OVERLAP, -5);
IS(COREKEY_E_BUFFER_TOO_SMALL, -6);
IS(COREKEY_E_ENCODING, -7);
IS(COREKEY_E_RANGE, -8);
IS(COREKEY_E_STATE, -20);
IS(COREKEY_E_MOVED, -21);
IS(COREKEY_E_CONTEXT_SIZE, -22);
IS(COREKEY_E_UNVERIFIED, -40);
IS(COREKEY_E_ENTROPY_FAILED, -60);
IS(COREKEY_E_MALFORMED, -80);
IS(COREKEY_E_OTHER_KEY, -81);
IS(COREKEY_E_NEED_LONG, -82);
IS(COREKEY_E_FORGED, -83);
IS(COREKEY_E_STALE, -84);
IS(COREKEY_E_REPLAY, -85);
IS(COREKEY_E_SESSION_FULL, -86);
IS(COREKEY_E_BAD_STATE, -87);
IS(COREKEY_E_BAD_OFFER, -88);
IS(COREKEY_E_STATE_LOST, -100);
IS(COREKEY_E_STORAGE, -101);
IS(COREKEY_E_SELFTEST, -120);
IS(COREKEY_E_INTERNAL, -121);

IS(COREKEY_SHA256, 1);
IS(COREKEY_SHA384, 2);
IS(COREKEY_SHA512, 3);
IS(COREKEY_AES_128_GCM, 16);
IS(COREKEY_AES_256_GCM, 17);
IS(COREKEY_AES_KW, 32);
IS(COREKEY_AES_KWP, 33);
IS(COREKEY_HEX, 48);
IS(COREKEY_BASE64, 49);
IS(COREKEY_BASE64URL, 50);
IS(COREKEY_FOR_WRAPPING, 64);
IS(COREKEY_FOR_AUTHENTICATION, 65);
IS(COREKEY_LONG, 80);
IS(COREKEY_COMPACT, 81);
IS(COREKEY_FULL_IV, 82);
IS(COREKEY_UP, 0);
IS(COREKEY_DOWN, 1);

IS(COREKEY_SHA256_LEN, 32);
IS(COREKEY_SHA384_LEN, 48);
IS(COREKEY_SHA512_LEN, 64);
IS(COREKEY_AES_128_GCM_KEY_LEN, 16);
IS(COREKEY_AES_256_GCM_KEY_LEN, 32);
IS(COREKEY_NONCE_LEN, 12);
IS(COREKEY_TAG_LEN, 16);
IS(COREKEY_ENTROPY_LEN, 48);
IS(COREKEY_DRBG_MAX_LEN, 65536);
IS(COREKEY_KEY_LEN, 32);
IS(COREKEY_DEVICE_ID_MAX, 128);
IS(COREKEY_CHECK_VALUE_LEN, 4);
IS(COREKEY_ROOT_ID_LEN, 8);
IS(COREKEY_WRAPPED_KEY_LEN, 40);
IS(COREKEY_SALT_LEN, 8);
IS(COREKEY_MESSAGE_OVERHEAD_MAX, 200);
IS(COREKEY_OPENER_STATE_LEN, 64);
IS(COREKEY_COSE_KEY_LEN, 54);
IS(COREKEY_OFFER_LEN, 48);
IS(COREKEY_STORAGE_WORD_LEN, 8);
IS(COREKEY_STORAGE_UNREADABLE, 1);

/* The library refuses every other size, so this is its own opinion. */
static void the_library_has_the_sizes_of_the_header(void **state) {
  union {
    corekey_hash_ctx hash;
    corekey_hmac_key hmac_key;
    corekey_hmac_ctx hmac;
    corekey_prk prk;
    corekey_aead_key aead_key;
    corekey_root root;
    corekey_sealer sealer;
    corekey_opener opener;
  } c;
  corekey_device_key device_key;
  const uint8_t secret[32] = {0};
  corekey_hmac_key key;
  (void)state;
  OK(corekey_hash_init_sized(&c.hash, 256, COREKEY_SHA256));
  OK(corekey_hmac_key_init_sized(&c.hmac_key, 320, COREKEY_SHA256, secret, sizeof secret));
  OK(corekey_hmac_key_init(&key, COREKEY_SHA256, secret, sizeof secret));
  OK(corekey_hmac_init_sized(&c.hmac, 320, &key));
  OK(corekey_prk_init_sized(&c.prk, 320, COREKEY_SHA256, secret, sizeof secret));
  OK(corekey_aead_key_init_sized(&c.aead_key, 1024, COREKEY_AES_256_GCM, secret, 32));
  OK(corekey_device_key_init_sized(&device_key, 512, 1, secret, 1, secret, sizeof secret));
  OK(corekey_root_init_sized(&c.root, 320, secret, sizeof secret));
  OK(corekey_sealer_init_sized(&c.sealer, 1152, &device_key, COREKEY_UP, 1, NULL, 0));
  OK(corekey_opener_init_up_sized(&c.opener, 1664, &device_key, NULL, 0));
}

static int32_t entropy(void *user, uint8_t *out, size_t len) {
  uint8_t *next = user;
  for (size_t i = 0; i < len; i++) {
    out[i] = (*next)++;
  }
  return 0;
}

/* Status and callback cross the border as 32 bits, whatever an enum has. */
static void a_callback_crosses_with_short_enums(void **state) {
  corekey_drbg drbg;
  uint8_t next = 0;
  uint8_t out[8] = {0};
  (void)state;
  OK(corekey_drbg_init_sized(&drbg, 192, entropy, &next, NULL, 0));
  OK(corekey_drbg_generate(&drbg, NULL, 0, out, sizeof out));
  assert_int_equal(next, COREKEY_ENTROPY_LEN);
  EXPECT(COREKEY_E_ALGORITHM, corekey_hash(0x101, NULL, 0, out, 8));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_library_has_the_sizes_of_the_header),
      cmocka_unit_test(a_callback_crosses_with_short_enums),
  };
  return cmocka_run_group_tests_name("types", tests, NULL, NULL);
}
