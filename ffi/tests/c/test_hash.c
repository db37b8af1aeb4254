/* Hashing: known answers, messages in pieces, lengths, the life of a context. */
#include "support.h"

/* FIPS 180-4, examples of NIST. */
static const struct {
  uint32_t alg;
  size_t len;
  const char *of_abc;
  const char *of_nothing;
} KNOWN[] = {
    {COREKEY_SHA256, COREKEY_SHA256_LEN,
     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {COREKEY_SHA384, COREKEY_SHA384_LEN,
     "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
     "8086072ba1e7cc2358baeca134c825a7",
     "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da"
     "274edebfe76f65fbd51ad2f14898b95b"},
    {COREKEY_SHA512, COREKEY_SHA512_LEN,
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
     "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
     "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"},
};

static const uint8_t ABC[] = {'a', 'b', 'c'};

static void the_known_answers_come_out(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(KNOWN); i++) {
    buffer out;
    refresh(&out);
    OK(corekey_hash(KNOWN[i].alg, ABC, sizeof ABC, out.at, KNOWN[i].len));
    assert_hex(out.at, KNOWN[i].len, KNOWN[i].of_abc);
    assert_only(&out, KNOWN[i].len);
    OK(corekey_hash(KNOWN[i].alg, NULL, 0, out.at, KNOWN[i].len));
    assert_hex(out.at, KNOWN[i].len, KNOWN[i].of_nothing);
  }
}

static void a_message_in_pieces_gives_the_same(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(KNOWN); i++) {
    corekey_hash_ctx ctx;
    buffer out;
    refresh(&out);
    OK(corekey_hash_init(&ctx, KNOWN[i].alg));
    OK(corekey_hash_update(&ctx, ABC, 1));
    OK(corekey_hash_update(&ctx, NULL, 0));
    OK(corekey_hash_update(&ctx, ABC + 1, 2));
    OK(corekey_hash_final(&ctx, out.at, KNOWN[i].len));
    assert_hex(out.at, KNOWN[i].len, KNOWN[i].of_abc);
    assert_only(&out, KNOWN[i].len);
  }
}

/* Over the ends of blocks of 64 and 128 bytes. */
static void every_split_gives_the_same(void **state) {
  uint8_t message[260];
  (void)state;
  paint(message, sizeof message);
  for (size_t i = 0; i < COUNT(KNOWN); i++) {
    uint8_t whole[COREKEY_SHA512_LEN];
    OK(corekey_hash(KNOWN[i].alg, message, sizeof message, whole, KNOWN[i].len));
    for (size_t split = 0; split <= sizeof message; split++) {
      corekey_hash_ctx ctx;
      uint8_t pieces[COREKEY_SHA512_LEN];
      OK(corekey_hash_init(&ctx, KNOWN[i].alg));
      OK(corekey_hash_update(&ctx, message, split));
      OK(corekey_hash_update(&ctx, message + split, sizeof message - split));
      OK(corekey_hash_final(&ctx, pieces, KNOWN[i].len));
      assert_memory_equal(pieces, whole, KNOWN[i].len);
    }
  }
}

static void another_digest_length_is_refused(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(KNOWN); i++) {
    corekey_hash_ctx ctx;
    buffer out;
    refresh(&out);
    OK(corekey_hash_init(&ctx, KNOWN[i].alg));
    OK(corekey_hash_update(&ctx, ABC, sizeof ABC));
    for (size_t len = 0; len <= 130; len++) {
      if (len == KNOWN[i].len) {
        continue;
      }
      EXPECT(COREKEY_E_LENGTH, corekey_hash(KNOWN[i].alg, ABC, sizeof ABC, out.at, len));
      EXPECT(COREKEY_E_LENGTH, corekey_hash_final(&ctx, out.at, len));
    }
    assert_untouched(&out);
    OK(corekey_hash_final(&ctx, out.at, KNOWN[i].len));
    assert_hex(out.at, KNOWN[i].len, KNOWN[i].of_abc);
  }
}

static void other_algorithms_are_refused(void **state) {
  uint32_t wrong[ALGORITHMS];
  const size_t count = wrong_algorithms(COREKEY_SHA256, COREKEY_SHA512, wrong);
  buffer out;
  buffer storage;
  corekey_hash_ctx *const ctx = (void *)storage.at;
  (void)state;
  refresh(&out);
  refresh(&storage);
  for (size_t i = 0; i < count; i++) {
    EXPECT(COREKEY_E_ALGORITHM, corekey_hash(wrong[i], ABC, sizeof ABC, out.at, 32));
    EXPECT(COREKEY_E_ALGORITHM, corekey_hash_init(ctx, wrong[i]));
  }
  assert_untouched(&out);
  assert_untouched(&storage);
}

static void final_clears_the_context(void **state) {
  corekey_hash_ctx ctx;
  buffer out;
  (void)state;
  OK(corekey_hash_init(&ctx, COREKEY_SHA256));
  OK(corekey_hash_update(&ctx, ABC, sizeof ABC));
  OK(corekey_hash_final(&ctx, out.at, COREKEY_SHA256_LEN));
  assert_zeros(&ctx, sizeof ctx);
  refresh(&out);
  EXPECT(COREKEY_E_STATE, corekey_hash_update(&ctx, ABC, sizeof ABC));
  EXPECT(COREKEY_E_STATE, corekey_hash_final(&ctx, out.at, COREKEY_SHA256_LEN));
  assert_untouched(&out);
  OK(corekey_hash_init(&ctx, COREKEY_SHA512));
  OK(corekey_hash_final(&ctx, out.at, COREKEY_SHA512_LEN));
  assert_hex(out.at, COREKEY_SHA512_LEN, KNOWN[2].of_nothing);
}

static void a_copy_goes_its_own_way(void **state) {
  corekey_hash_ctx ctx;
  corekey_hash_ctx copy;
  uint8_t digest[COREKEY_SHA256_LEN];
  (void)state;
  OK(corekey_hash_init(&ctx, COREKEY_SHA256));
  OK(corekey_hash_update(&ctx, ABC, 1));
  copy = ctx;
  OK(corekey_hash_update(&ctx, ABC, sizeof ABC));
  OK(corekey_hash_clear(&ctx));
  OK(corekey_hash_update(&copy, ABC + 1, 2));
  OK(corekey_hash_final(&copy, digest, sizeof digest));
  assert_hex(digest, sizeof digest, KNOWN[0].of_abc);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_known_answers_come_out),
      cmocka_unit_test(a_message_in_pieces_gives_the_same),
      cmocka_unit_test(every_split_gives_the_same),
      cmocka_unit_test(another_digest_length_is_refused),
      cmocka_unit_test(other_algorithms_are_refused),
      cmocka_unit_test(final_clears_the_context),
      cmocka_unit_test(a_copy_goes_its_own_way),
  };
  return cmocka_run_group_tests_name("hash", tests, NULL, NULL);
}
