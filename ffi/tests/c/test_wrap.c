/* Wrapping keys: known answers, lengths, tampering, and forgeries that only
 * one who holds the KEK can make.
 */
#include "support.h"

/* The KEKs of RFC 3394 section 4: bytes 00, 01, and so on. */
static uint8_t kek[32];

static int count_up_kek(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof kek; i++) {
    kek[i] = (uint8_t)i;
  }
  return 0;
}

static const struct {
  uint32_t alg;
  size_t kek_len;
  const char *key;
  const char *wrapped;
} KNOWN[] = {
    /* RFC 3394 4.1 and 4.6. */
    {COREKEY_AES_KW, 16, "00112233445566778899aabbccddeeff",
     "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5"},
    {COREKEY_AES_KW, 32, "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f",
     "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21"},
    /* RFC 5649 has 192-bit KEKs only; these are from Python's cryptography. */
    {COREKEY_AES_KWP, 16, "c0", "e5d5c6ac378f3ccf91a3221f420229fd"},
    {COREKEY_AES_KWP, 16, "c0c1c2c3c4c5c6", "30638685b27376aa53ed0be1673a5150"},
    {COREKEY_AES_KWP, 16, "c0c1c2c3c4c5c6c7", "58aa8c60d060715285465100b66ff668"},
    {COREKEY_AES_KWP, 16, "c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3",
     "394e5d6737cdbd3a470e359b596bc283a639c1cd0d1625b7e4f8789c5b4fec18"},
    {COREKEY_AES_KWP, 32, "c0c1c2c3c4c5c6", "95a41ccbf9514bb3f059b3cbb116c8ae"},
    {COREKEY_AES_KWP, 32, "c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3",
     "65b6ca4d257dd50322e490bda150a5bf6f1ced6af5ddd6118f8f0d00e4740a0d"},
};

static size_t padded(size_t key_len) { return (key_len + 7) / 8 * 8; }

static bool can_be_wrapped(uint32_t alg, size_t key_len) {
  return alg == COREKEY_AES_KW ? key_len >= 16 && key_len % 8 == 0 : key_len >= 1;
}

static bool can_be_unwrapped(uint32_t alg, size_t wrapped_len) {
  return wrapped_len % 8 == 0 && wrapped_len >= (alg == COREKEY_AES_KW ? 24 : 16);
}

static const uint32_t ALGS[] = {COREKEY_AES_KW, COREKEY_AES_KWP};

static void the_known_answers_wrap_and_unwrap(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(KNOWN); i++) {
    uint8_t key[64];
    const size_t key_len = unhex(KNOWN[i].key, key);
    const size_t wrapped_len = padded(key_len) + 8;
    buffer wrapped;
    buffer unwrapped;
    size_t len = NO_LENGTH;
    refresh(&wrapped);
    refresh(&unwrapped);
    OK(corekey_key_wrap(KNOWN[i].alg, kek, KNOWN[i].kek_len, key, key_len, wrapped.at,
                        wrapped_len, &len));
    assert_int_equal(len, wrapped_len);
    assert_hex(wrapped.at, wrapped_len, KNOWN[i].wrapped);
    assert_only(&wrapped, wrapped_len);

    OK(corekey_key_unwrap(KNOWN[i].alg, kek, KNOWN[i].kek_len, wrapped.at, wrapped_len,
                          unwrapped.at, padded(key_len), &len));
    assert_int_equal(len, key_len);
    assert_memory_equal(unwrapped.at, key, key_len);
    assert_zeros(unwrapped.at + key_len, padded(key_len) - key_len);
    assert_only(&unwrapped, padded(key_len));
  }
}

static void every_key_length_is_wrapped_or_refused(void **state) {
  uint8_t key[100];
  (void)state;
  paint(key, sizeof key);
  for (size_t i = 0; i < COUNT(ALGS); i++) {
    for (size_t key_len = 0; key_len <= sizeof key; key_len++) {
      buffer wrapped;
      buffer unwrapped;
      size_t len = NO_LENGTH;
      refresh(&wrapped);
      refresh(&unwrapped);
      if (!can_be_wrapped(ALGS[i], key_len)) {
        EXPECT(COREKEY_E_LENGTH, corekey_key_wrap(ALGS[i], kek, sizeof kek, key, key_len,
                                                  wrapped.at, BUFFER_LEN, &len));
        assert_int_equal(len, NO_LENGTH);
        assert_untouched(&wrapped);
        continue;
      }
      OK(corekey_key_wrap(ALGS[i], kek, sizeof kek, key, key_len, wrapped.at, BUFFER_LEN,
                          &len));
      assert_int_equal(len, padded(key_len) + 8);
      assert_only(&wrapped, len);
      OK(corekey_key_unwrap(ALGS[i], kek, sizeof kek, wrapped.at, len, unwrapped.at, BUFFER_LEN,
                            &len));
      assert_int_equal(len, key_len);
      assert_memory_equal(unwrapped.at, key, key_len);
      assert_zeros(unwrapped.at + key_len, padded(key_len) - key_len);
      assert_only(&unwrapped, padded(key_len));
    }
  }
}

static void every_wrapped_length_that_cannot_be_is_refused(void **state) {
  const uint8_t wrapped[100] = {0};
  buffer out;
  size_t len = NO_LENGTH;
  (void)state;
  refresh(&out);
  for (size_t i = 0; i < COUNT(ALGS); i++) {
    for (size_t wrapped_len = 0; wrapped_len <= sizeof wrapped; wrapped_len++) {
      if (!can_be_unwrapped(ALGS[i], wrapped_len)) {
        EXPECT(COREKEY_E_LENGTH, corekey_key_unwrap(ALGS[i], kek, sizeof kek, wrapped,
                                                    wrapped_len, out.at, BUFFER_LEN, &len));
      }
    }
  }
  assert_int_equal(len, NO_LENGTH);
  assert_untouched(&out);
}

static void keks_of_other_lengths_are_refused(void **state) {
  const uint8_t long_kek[65] = {0};
  const uint8_t key[24] = {0};
  buffer out;
  size_t len = NO_LENGTH;
  (void)state;
  refresh(&out);
  for (size_t i = 0; i < COUNT(ALGS); i++) {
    for (size_t kek_len = 0; kek_len <= sizeof long_kek; kek_len++) {
      if (kek_len == 16 || kek_len == 32) {
        continue;
      }
      EXPECT(COREKEY_E_LENGTH, corekey_key_wrap(ALGS[i], long_kek, kek_len, key, sizeof key,
                                                out.at, BUFFER_LEN, &len));
      EXPECT(COREKEY_E_LENGTH, corekey_key_unwrap(ALGS[i], long_kek, kek_len, key, sizeof key,
                                                  out.at, BUFFER_LEN, &len));
    }
  }
  assert_int_equal(len, NO_LENGTH);
  assert_untouched(&out);
}

static void too_little_room_tells_how_much_is_needed(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(KNOWN); i++) {
    uint8_t key[64];
    uint8_t wrapped[64];
    const size_t key_len = unhex(KNOWN[i].key, key);
    const size_t wrapped_len = unhex(KNOWN[i].wrapped, wrapped);
    buffer out;
    size_t len;
    refresh(&out);
    for (size_t room = 0; room < wrapped_len; room++) {
      len = NO_LENGTH;
      EXPECT(COREKEY_E_BUFFER_TOO_SMALL,
             corekey_key_wrap(KNOWN[i].alg, kek, KNOWN[i].kek_len, key, key_len,
                              room == 0 ? NULL : out.at, room, &len));
      assert_int_equal(len, wrapped_len);
    }
    for (size_t room = 0; room < wrapped_len - 8; room++) {
      len = NO_LENGTH;
      EXPECT(COREKEY_E_BUFFER_TOO_SMALL,
             corekey_key_unwrap(KNOWN[i].alg, kek, KNOWN[i].kek_len, wrapped, wrapped_len,
                                room == 0 ? NULL : out.at, room, &len));
      assert_int_equal(len, wrapped_len - 8);
    }
    assert_untouched(&out);
  }
}

static void does_not_unwrap(uint32_t alg, const uint8_t *k, size_t k_len, const uint8_t *wrapped,
                            size_t wrapped_len) {
  const size_t rooms[] = {wrapped_len - 8, wrapped_len + 9};
  for (size_t i = 0; i < COUNT(rooms); i++) {
    buffer out;
    size_t len = NO_LENGTH;
    refresh(&out);
    EXPECT(COREKEY_E_UNVERIFIED, corekey_key_unwrap(alg, k, k_len, wrapped, wrapped_len, out.at,
                                                    rooms[i], &len));
    assert_int_equal(len, 0);
    assert_zeros(out.at, wrapped_len - 8);
    assert_only(&out, wrapped_len - 8);
  }
}

static void one_changed_bit_does_not_unwrap(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(KNOWN); i++) {
    uint8_t wrapped[64];
    const size_t len = unhex(KNOWN[i].wrapped, wrapped);
    for (size_t bit = 0; bit < 8 * len; bit++) {
      wrapped[bit / 8] ^= (uint8_t)(1 << bit % 8);
      does_not_unwrap(KNOWN[i].alg, kek, KNOWN[i].kek_len, wrapped, len);
      wrapped[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
  }
}

static void another_kek_does_not_unwrap(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(KNOWN); i++) {
    uint8_t wrapped[64];
    const size_t len = unhex(KNOWN[i].wrapped, wrapped);
    for (size_t bit = 0; bit < 8 * KNOWN[i].kek_len; bit++) {
      uint8_t other[sizeof kek];
      memcpy(other, kek, sizeof kek);
      other[bit / 8] ^= (uint8_t)(1 << bit % 8);
      does_not_unwrap(KNOWN[i].alg, other, KNOWN[i].kek_len, wrapped, len);
    }
    does_not_unwrap(KNOWN[i].alg, kek, 48 - KNOWN[i].kek_len, wrapped, len);
  }
}

static void what_one_mode_wrapped_the_other_does_not_unwrap(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(KNOWN); i++) {
    const uint32_t other = COREKEY_AES_KW + COREKEY_AES_KWP - KNOWN[i].alg;
    uint8_t wrapped[64];
    const size_t len = unhex(KNOWN[i].wrapped, wrapped);
    if (can_be_unwrapped(other, len)) {
      does_not_unwrap(other, kek, KNOWN[i].kek_len, wrapped, len);
    }
  }
}

typedef struct forgery {
  const char *how;
  const char *wrapped;
} forgery;

/* Made in Python with AES-128 alone under the first 16 bytes of the KEK. A
 * check that is left out accepts one of these.
 */
static void forgeries_under_the_right_kek_do_not_unwrap_kwp(void **state) {
  static const forgery forgeries[] = {
      {"17 bytes, padding byte 1 is not zero",
       "1fcb1281192b06f88b8470fd60aeb415530315d82ef2f78111d4368f3a06a77f"},
      {"17 bytes, padding byte 2 is not zero",
       "80097fc45202aa0ebc5c6de860e2df717302289801b94ed54b61e9a18bd398b4"},
      {"17 bytes, padding byte 3 is not zero",
       "dbc70bf5fa52279be8c6391092de2edbf54f2ff48c7d1c331d82121dd29784f5"},
      {"17 bytes, padding byte 4 is not zero",
       "b6e3a1eb67dbe3ea9fa980095963667c31d00f5d4d9fa399b8bf2418e77bfde5"},
      {"17 bytes, padding byte 5 is not zero",
       "43e4977ed57d3703b8027041d6837d1e36331c04a89783599328872fad9c4a96"},
      {"17 bytes, padding byte 6 is not zero",
       "5b15bfaa2c516312b16f941f43abad05409b922a2804568a5a822b5923f7ba8f"},
      {"17 bytes, padding byte 7 is not zero",
       "ae548e82b2ede723fd259c5b13546bf0f0410445771a6f601a83283819593c40"},
      {"1 byte, padding byte 1 is not zero", "b0dff99ecc413bc542e793c8a11096b1"},
      {"1 byte, padding byte 2 is not zero", "9384935a1cccbc88789cdcad38707c05"},
      {"1 byte, padding byte 3 is not zero", "3ed080a91d22c648adaa52b1d772ebd6"},
      {"1 byte, padding byte 4 is not zero", "526c43dc2493a49e2e314f7bfcd43d38"},
      {"1 byte, padding byte 5 is not zero", "7459452296a40e38f8f217df082c2e39"},
      {"1 byte, padding byte 6 is not zero", "cf497c3ec8eccab84c8a1c424efa6105"},
      {"1 byte, padding byte 7 is not zero", "32fba408144fa4ea016d39c52da423ca"},
      {"24 bytes, the length says 0",
       "574a2fd1f08123293bd52282f5e598773e62f9b8eaddedb0c1cfa290306edfae"},
      {"24 bytes, the length says 16",
       "fa412228d35514a3a7eba28dcdd2bc07cb2bf4206150319be6ebe782b98fb15e"},
      {"24 bytes, the length says 25",
       "c625d51e64196d2bcf791381000b814d3031f89d82bc4bbe05db0504964ef041"},
      {"24 bytes, the length says 2^32 - 1",
       "7f804b22e895103312738f971520fa393708bd9747fad27c333f985125e84643"},
      {"8 bytes, the length says 0", "24c80f1d5aeb81e92960eeb88762136a"},
      {"8 bytes, the length says 9", "016935017d0a9d5a45993b9acbe5a484"},
      {"8 bytes, the length says 2^31 + 8", "645bf7ab4219b99e575549fbd9aa37f5"},
      {"byte 1 of the constant differs",
       "255967735f284ff0860f8e8d8dd8971a7b9c9db70f70d23ecdbe978d62c59fab"},
      {"byte 2 of the constant differs",
       "7e3ce18163a96061e05871c84a9f4e967be4475c5516bca2a84dcc442a745012"},
      {"byte 3 of the constant differs",
       "1c2b5c374ccce266457ddf6b1e99b097c6a9b8218ede4320b3f7c916bcad0cc4"},
      {"byte 4 of the constant differs",
       "9165c1770181409ac9ac988e56ea04b4d8016b8f8a3d7ad5e288fdb301c1bf95"},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(forgeries); i++) {
    uint8_t wrapped[64];
    const size_t len = unhex(forgeries[i].wrapped, wrapped);
    does_not_unwrap(COREKEY_AES_KWP, kek, 16, wrapped, len);
  }
}

/* Each byte of the initial value differs in one. */
static void forgeries_under_the_right_kek_do_not_unwrap_kw(void **state) {
  static const char *const forgeries[] = {
      "ce1dc9a9c9c8692d0ea8457ebf3e2a23061f1168474167fc609798b44d99540f",
      "cf5dd5f83e2124f77787cd0163793f8fc7ce87d247d032a3a70ca65625463e17",
      "885aa8cbea670bb5760c5d64503bd04885de293570b4907435e09cfe743c5ee2",
      "810d143601ef30d19721903c042d2362e8708f670224f84179681de7ec45b926",
      "ee2603e68a6e543aa617e41e9c4f7519e917a06a1d4cfb8c64097fe5b2cd8cf1",
      "da72c0251369dacefec2889d8e4d71c8c82cb222e8a0aa51f0b14a0b5c85b677",
      "788ce48a4c0ecf7b98f1be32d3615b558761c2af05206d838f34c59e17383e27",
      "1d79b1d9b5387aa77b6a52b5062764cf0b218e0235c26e9b669874000709946c",
  };
  (void)state;
  for (size_t i = 0; i < COUNT(forgeries); i++) {
    uint8_t wrapped[64];
    const size_t len = unhex(forgeries[i], wrapped);
    does_not_unwrap(COREKEY_AES_KW, kek, 16, wrapped, len);
  }
}

static void keys_over_the_limit_are_refused(void **state) {
  const size_t limit = (size_t)UINT32_MAX + 1;
  buffer out;
  size_t len = NO_LENGTH;
  (void)state;
  refresh(&out);
  for (size_t i = 0; i < COUNT(ALGS); i++) {
    EXPECT(COREKEY_E_LENGTH, corekey_key_wrap(ALGS[i], kek, sizeof kek, NOWHERE, limit, out.at,
                                              BUFFER_LEN, &len));
    EXPECT(COREKEY_E_LENGTH, corekey_key_unwrap(ALGS[i], kek, sizeof kek, NOWHERE, limit + 8,
                                                out.at, BUFFER_LEN, &len));
  }
  assert_int_equal(len, NO_LENGTH);
  assert_untouched(&out);
}

static void other_algorithms_are_refused(void **state) {
  const uint8_t key[24] = {0};
  uint32_t wrong[ALGORITHMS];
  const size_t count = wrong_algorithms(COREKEY_AES_KW, COREKEY_AES_KWP, wrong);
  buffer out;
  size_t len = NO_LENGTH;
  (void)state;
  refresh(&out);
  for (size_t i = 0; i < count; i++) {
    EXPECT(COREKEY_E_ALGORITHM, corekey_key_wrap(wrong[i], kek, sizeof kek, key, sizeof key,
                                                 out.at, BUFFER_LEN, &len));
    EXPECT(COREKEY_E_ALGORITHM, corekey_key_unwrap(wrong[i], kek, sizeof kek, key, sizeof key,
                                                   out.at, BUFFER_LEN, &len));
  }
  assert_int_equal(len, NO_LENGTH);
  assert_untouched(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_known_answers_wrap_and_unwrap),
      cmocka_unit_test(every_key_length_is_wrapped_or_refused),
      cmocka_unit_test(every_wrapped_length_that_cannot_be_is_refused),
      cmocka_unit_test(keks_of_other_lengths_are_refused),
      cmocka_unit_test(too_little_room_tells_how_much_is_needed),
      cmocka_unit_test(one_changed_bit_does_not_unwrap),
      cmocka_unit_test(another_kek_does_not_unwrap),
      cmocka_unit_test(what_one_mode_wrapped_the_other_does_not_unwrap),
      cmocka_unit_test(forgeries_under_the_right_kek_do_not_unwrap_kwp),
      cmocka_unit_test(forgeries_under_the_right_kek_do_not_unwrap_kw),
      cmocka_unit_test(keys_over_the_limit_are_refused),
      cmocka_unit_test(other_algorithms_are_refused),
  };
  return cmocka_run_group_tests_name("wrap", tests, count_up_kek, NULL);
}
