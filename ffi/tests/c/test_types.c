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

#define IS(constant, value) _Static_assert((constant) == (value), #constant " is " #value)

IS(COREKEY_HASH_CTX_WORDS, 32);
IS(COREKEY_HMAC_KEY_WORDS, 40);
IS(COREKEY_HMAC_CTX_WORDS, 40);
IS(COREKEY_PRK_WORDS, 40);
IS(COREKEY_AEAD_KEY_WORDS, 128);
IS(COREKEY_DRBG_WORDS, 24);

IS(COREKEY_ABI_VERSION, 0);
IS(COREKEY_OK, 0);
IS(COREKEY_E_NULL, -1);
IS(COREKEY_E_ALIGNMENT, -2);
IS(COREKEY_E_LENGTH, -3);
IS(COREKEY_E_ALGORITHM, -4);
IS(COREKEY_E_OVERLAP, -5);
IS(COREKEY_E_BUFFER_TOO_SMALL, -6);
IS(COREKEY_E_ENCODING, -7);
IS(COREKEY_E_STATE, -20);
IS(COREKEY_E_MOVED, -21);
IS(COREKEY_E_CONTEXT_SIZE, -22);
IS(COREKEY_E_UNVERIFIED, -40);
IS(COREKEY_E_ENTROPY_FAILED, -60);
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

IS(COREKEY_SHA256_LEN, 32);
IS(COREKEY_SHA384_LEN, 48);
IS(COREKEY_SHA512_LEN, 64);
IS(COREKEY_AES_128_GCM_KEY_LEN, 16);
IS(COREKEY_AES_256_GCM_KEY_LEN, 32);
IS(COREKEY_NONCE_LEN, 12);
IS(COREKEY_TAG_LEN, 16);
IS(COREKEY_ENTROPY_LEN, 48);
IS(COREKEY_DRBG_MAX_LEN, 65536);

/* The library refuses every other size, so this is its own opinion. */
static void the_library_has_the_sizes_of_the_header(void **state) {
  union {
    corekey_hash_ctx hash;
    corekey_hmac_key hmac_key;
    corekey_hmac_ctx hmac;
    corekey_prk prk;
    corekey_aead_key aead_key;
  } c;
  const uint8_t secret[32] = {0};
  corekey_hmac_key key;
  (void)state;
  OK(corekey_hash_init_sized(&c.hash, 256, COREKEY_SHA256));
  OK(corekey_hmac_key_init_sized(&c.hmac_key, 320, COREKEY_SHA256, secret, sizeof secret));
  OK(corekey_hmac_key_init(&key, COREKEY_SHA256, secret, sizeof secret));
  OK(corekey_hmac_init_sized(&c.hmac, 320, &key));
  OK(corekey_prk_init_sized(&c.prk, 320, COREKEY_SHA256, secret, sizeof secret));
  OK(corekey_aead_key_init_sized(&c.aead_key, 1024, COREKEY_AES_256_GCM, secret, 32));
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
