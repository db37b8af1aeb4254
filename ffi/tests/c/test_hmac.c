/* Message authentication: known answers, cut tags, keys of any length, what a
 * check refuses, the life of a context.
 */
#include "support.h"

/* RFC 4231, test case 2. */
static const uint8_t JEFE[] = {'J', 'e', 'f', 'e'};
static const char QUESTION[] = "what do ya want for nothing?";
static const uint8_t *const DATA = (const uint8_t *)QUESTION;
static const size_t DATA_LEN = sizeof QUESTION - 1;

static const struct {
  uint32_t alg;
  size_t len;
  const char *tag;
} KNOWN[] = {
    {COREKEY_SHA256, COREKEY_SHA256_LEN,
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {COREKEY_SHA384, COREKEY_SHA384_LEN,
     "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
     "8e2240ca5e69e2c78b3239ecfab21649"},
    {COREKEY_SHA512, COREKEY_SHA512_LEN,
     "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
     "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"},
};

static corekey_hmac_key jefe(uint32_t alg) {
  corekey_hmac_key key;
  OK(corekey_hmac_key_init(&key, alg, JEFE, sizeof JEFE));
  return key;
}

static void the_known_answers_come_out(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(KNOWN); i++) {
    const corekey_hmac_key key = jefe(KNOWN[i].alg);
    buffer out;
    refresh(&out);
    OK(corekey_hmac(&key, DATA, DATA_LEN, out.at, KNOWN[i].len));
    assert_hex(out.at, KNOWN[i].len, KNOWN[i].tag);
    assert_only(&out, KNOWN[i].len);
    OK(corekey_hmac_verify(&key, DATA, DATA_LEN, out.at, KNOWN[i].len));
  }
}

static void a_message_in_pieces_gives_the_same(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(KNOWN); i++) {
    const corekey_hmac_key key = jefe(KNOWN[i].alg);
    for (size_t split = 0; split <= DATA_LEN; split++) {
      corekey_hmac_ctx ctx;
      buffer out;
      refresh(&out);
      OK(corekey_hmac_init(&ctx, &key));
      OK(corekey_hmac_update(&ctx, DATA, split));
      OK(corekey_hmac_update(&ctx, NULL, 0));
      OK(corekey_hmac_update(&ctx, DATA + split, DATA_LEN - split));
      OK(corekey_hmac_final(&ctx, out.at, KNOWN[i].len));
      assert_hex(out.at, KNOWN[i].len, KNOWN[i].tag);
      assert_only(&out, KNOWN[i].len);
    }
  }
}

static void keys_may_have_any_length(void **state) {
  static const struct {
    size_t len;
    const char *tag;
  } known[] = {
      /* Computed with Python's hmac; 131 is test case 6 of RFC 4231. */
      {0, "79e2a6536cb16b4a1e9c2af81759764afd026173526f79f7816e9a3bc5fbaba8"},
      {63, "b9f6d3205603dddcfb871b8132f698f2fc3b0cf9765fed0113231d1e6739d728"},
      {64, "84332a7580ed3cf75de83c644c8d2c1c262ad90e0190e5c5ae4b82b2102e8e75"},
      {65, "c62955a96944ff68deabbc0eab6192065c1c55bb8ddee16151ed5337f911eab9"},
      {131, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
  };
  static const char text[] = "Test Using Larger Than Block-Size Key - Hash Key First";
  uint8_t secret[131];
  (void)state;
  memset(secret, 0xaa, sizeof secret);
  for (size_t i = 0; i < COUNT(known); i++) {
    corekey_hmac_key key;
    uint8_t tag[COREKEY_SHA256_LEN];
    OK(corekey_hmac_key_init(&key, COREKEY_SHA256, secret, known[i].len));
    OK(corekey_hmac(&key, (const uint8_t *)text, sizeof text - 1, tag, sizeof tag));
    assert_hex(tag, sizeof tag, known[i].tag);
  }
}

static void a_cut_tag_is_the_beginning_of_the_tag(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(KNOWN); i++) {
    const corekey_hmac_key key = jefe(KNOWN[i].alg);
    uint8_t tag[COREKEY_SHA512_LEN];
    OK(corekey_hmac(&key, DATA, DATA_LEN, tag, KNOWN[i].len));
    for (size_t len = KNOWN[i].len / 2; len <= KNOWN[i].len; len++) {
      corekey_hmac_ctx ctx;
      buffer out;
      refresh(&out);
      OK(corekey_hmac(&key, DATA, DATA_LEN, out.at, len));
      assert_memory_equal(out.at, tag, len);
      assert_only(&out, len);
      OK(corekey_hmac_verify(&key, DATA, DATA_LEN, out.at, len));

      refresh(&out);
      OK(corekey_hmac_init(&ctx, &key));
      OK(corekey_hmac_update(&ctx, DATA, DATA_LEN));
      OK(corekey_hmac_final(&ctx, out.at, len));
      assert_memory_equal(out.at, tag, len);
      assert_only(&out, len);
    }
  }
}

static void tags_of_other_lengths_are_refused(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(KNOWN); i++) {
    const corekey_hmac_key key = jefe(KNOWN[i].alg);
    corekey_hmac_ctx ctx;
    buffer out;
    refresh(&out);
    OK(corekey_hmac_init(&ctx, &key));
    OK(corekey_hmac_update(&ctx, DATA, DATA_LEN));
    for (size_t len = 0; len <= 130; len++) {
      if (len >= KNOWN[i].len / 2 && len <= KNOWN[i].len) {
        continue;
      }
      EXPECT(COREKEY_E_LENGTH, corekey_hmac(&key, DATA, DATA_LEN, out.at, len));
      EXPECT(COREKEY_E_LENGTH, corekey_hmac_verify(&key, DATA, DATA_LEN, out.at, len));
      EXPECT(COREKEY_E_LENGTH, corekey_hmac_final(&ctx, out.at, len));
    }
    assert_untouched(&out);
    OK(corekey_hmac_final(&ctx, out.at, KNOWN[i].len));
    assert_hex(out.at, KNOWN[i].len, KNOWN[i].tag);
  }
}

static void one_changed_bit_does_not_verify(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(KNOWN); i++) {
    const corekey_hmac_key key = jefe(KNOWN[i].alg);
    const size_t lengths[] = {KNOWN[i].len, KNOWN[i].len / 2};
    uint8_t tag[COREKEY_SHA512_LEN];
    uint8_t data[sizeof QUESTION];
    memcpy(data, DATA, DATA_LEN);
    OK(corekey_hmac(&key, data, DATA_LEN, tag, KNOWN[i].len));
    for (size_t l = 0; l < COUNT(lengths); l++) {
      for (size_t bit = 0; bit < 8 * lengths[l]; bit++) {
        tag[bit / 8] ^= (uint8_t)(1 << bit % 8);
        EXPECT(COREKEY_E_UNVERIFIED,
               corekey_hmac_verify(&key, data, DATA_LEN, tag, lengths[l]));
        tag[bit / 8] ^= (uint8_t)(1 << bit % 8);
      }
      for (size_t bit = 0; bit < 8 * DATA_LEN; bit++) {
        data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        EXPECT(COREKEY_E_UNVERIFIED,
               corekey_hmac_verify(&key, data, DATA_LEN, tag, lengths[l]));
        data[bit / 8] ^= (uint8_t)(1 << bit % 8);
      }
    }
  }
}

static void another_key_does_not_verify(void **state) {
  const corekey_hmac_key key = jefe(COREKEY_SHA256);
  const uint8_t secret[] = {'J', 'e', 'f', 'f'};
  corekey_hmac_key other;
  uint8_t tag[COREKEY_SHA256_LEN];
  (void)state;
  OK(corekey_hmac(&key, DATA, DATA_LEN, tag, sizeof tag));
  OK(corekey_hmac_key_init(&other, COREKEY_SHA256, secret, sizeof secret));
  EXPECT(COREKEY_E_UNVERIFIED, corekey_hmac_verify(&other, DATA, DATA_LEN, tag, sizeof tag));
}

static void other_algorithms_are_refused(void **state) {
  uint32_t wrong[ALGORITHMS];
  const size_t count = wrong_algorithms(COREKEY_SHA256, COREKEY_SHA512, wrong);
  buffer storage;
  corekey_hmac_key *const key = (void *)storage.at;
  (void)state;
  refresh(&storage);
  for (size_t i = 0; i < count; i++) {
    EXPECT(COREKEY_E_ALGORITHM, corekey_hmac_key_init(key, wrong[i], JEFE, sizeof JEFE));
  }
  assert_untouched(&storage);
}

static void final_clears_the_context_and_not_the_key(void **state) {
  const corekey_hmac_key key = jefe(COREKEY_SHA256);
  corekey_hmac_ctx ctx;
  buffer out;
  (void)state;
  for (int round = 0; round < 2; round++) {
    OK(corekey_hmac_init(&ctx, &key));
    OK(corekey_hmac_update(&ctx, DATA, DATA_LEN));
    OK(corekey_hmac_final(&ctx, out.at, COREKEY_SHA256_LEN));
    assert_hex(out.at, COREKEY_SHA256_LEN, KNOWN[0].tag);
    assert_zeros(&ctx, sizeof ctx);
    refresh(&out);
    EXPECT(COREKEY_E_STATE, corekey_hmac_update(&ctx, DATA, DATA_LEN));
    EXPECT(COREKEY_E_STATE, corekey_hmac_final(&ctx, out.at, COREKEY_SHA256_LEN));
    assert_untouched(&out);
  }
}

static void a_message_outlives_its_key(void **state) {
  corekey_hmac_key key = jefe(COREKEY_SHA256);
  corekey_hmac_ctx ctx;
  corekey_hmac_ctx copy;
  uint8_t tag[COREKEY_SHA256_LEN];
  (void)state;
  OK(corekey_hmac_init(&ctx, &key));
  OK(corekey_hmac_key_clear(&key));
  copy = ctx;
  OK(corekey_hmac_update(&ctx, JEFE, sizeof JEFE));
  OK(corekey_hmac_clear(&ctx));
  OK(corekey_hmac_update(&copy, DATA, DATA_LEN));
  OK(corekey_hmac_final(&copy, tag, sizeof tag));
  assert_hex(tag, sizeof tag, KNOWN[0].tag);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_known_answers_come_out),
      cmocka_unit_test(a_message_in_pieces_gives_the_same),
      cmocka_unit_test(keys_may_have_any_length),
      cmocka_unit_test(a_cut_tag_is_the_beginning_of_the_tag),
      cmocka_unit_test(tags_of_other_lengths_are_refused),
      cmocka_unit_test(one_changed_bit_does_not_verify),
      cmocka_unit_test(another_key_does_not_verify),
      cmocka_unit_test(other_algorithms_are_refused),
      cmocka_unit_test(final_clears_the_context_and_not_the_key),
      cmocka_unit_test(a_message_outlives_its_key),
  };
  return cmocka_run_group_tests_name("hmac", tests, NULL, NULL);
}
