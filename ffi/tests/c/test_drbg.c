/* The deterministic generator: known answers, an entropy source that fails,
 * repeats itself or stands still, reseeding, lengths.
 */
#include "support.h"

/* A source that the test steers; one for each generator. */
typedef struct source {
  uint8_t next[COREKEY_ENTROPY_LEN]; /* The block it gives. */
  bool repeats;                      /* It gives this block for ever. */
  int32_t status;                    /* What it answers. */
  int calls;
  size_t asked_for;
} source;

static int32_t entropy(void *user, uint8_t *out, size_t len) {
  source *const s = user;
  s->calls++;
  s->asked_for = len;
  if (len != sizeof s->next) {
    return 1;
  }
  memcpy(out, s->next, len);
  for (size_t i = 0; i < len && !s->repeats; i++) {
    s->next[i] = (uint8_t)(s->next[i] + 100);
  }
  return s->status;
}

/* Gives 0, 1, 2 ... at first, then 100, 101, 102 ... */
static source counting(void) {
  source s = {.status = 0};
  for (size_t i = 0; i < sizeof s.next; i++) {
    s.next[i] = (uint8_t)i;
  }
  return s;
}

#define OUT_LEN 40

/* CAVP, HMAC_DRBG, SHA-256 without prediction resistance, first case: the
 * second of two outputs of 128 bytes.
 */
static void the_known_answer_of_cavp_comes_out(void **state) {
  source s = {.status = 0};
  corekey_drbg drbg;
  buffer out;
  (void)state;
  unhex("ca851911349384bffe89de1cbdc46e6831e44d34a4fb935ee285dd14b71a7488"
        "659ba96c601dc69fc902940805ec0ca8",
        s.next);
  OK(corekey_drbg_init(&drbg, entropy, &s, NULL, 0));
  OK(corekey_drbg_generate(&drbg, NULL, 0, out.at, 128));
  refresh(&out);
  OK(corekey_drbg_generate(&drbg, NULL, 0, out.at, 128));
  assert_hex(out.at, 128,
             "e528e9abf2dece54d47c7e75e5fe302149f817ea9fb4bee6f4199697d04d5b89"
             "d54fbb978a15b5c443c9ec21036d2460b6f73ebad0dc2aba6e624abf07745bc1"
             "07694bb7547bb0995f70de25d6b29e2d3011bb19d27676c07162c8b5ccde0668"
             "961df86803482cb37ed6d5c0bb8d50cf1f50d476aa0458bdaba806f48be9dcb8");
  assert_only(&out, 128);
}

/* Computed with Python's hmac. */
static void personalization_reseed_and_additional_input_are_as_specified(void **state) {
  source s = counting();
  corekey_drbg drbg;
  uint8_t out[OUT_LEN];
  (void)state;
  OK(corekey_drbg_init(&drbg, entropy, &s, (const uint8_t *)"pers", 4));
  OK(corekey_drbg_generate(&drbg, NULL, 0, out, sizeof out));
  assert_hex(out, sizeof out,
             "99dca0e05d35868a61f271545c367309e08bdf6756fb7d1539f4b91344b2aedb7dd285ae96d6da2f");
  OK(corekey_drbg_reseed(&drbg, (const uint8_t *)"more", 4));
  OK(corekey_drbg_generate(&drbg, (const uint8_t *)"add", 3, out, sizeof out));
  assert_hex(out, sizeof out,
             "fa116f2d8a3faa8ba1c2e39f06969b4714f033c54cbf35a8f637a352d4d83b037bfff99e9a580b9c");
  assert_int_equal(s.calls, 2);
  assert_int_equal(s.asked_for, COREKEY_ENTROPY_LEN);
}

/* Two generators with the same entropy, of which one had something more. */
static void outputs_differ(const uint8_t *personalization, const uint8_t *additional,
                           bool reseed) {
  source plain_source = counting();
  source other_source = counting();
  corekey_drbg plain;
  corekey_drbg other;
  uint8_t a[OUT_LEN];
  uint8_t b[OUT_LEN];
  OK(corekey_drbg_init(&plain, entropy, &plain_source, NULL, 0));
  OK(corekey_drbg_init(&other, entropy, &other_source, personalization,
                       personalization == NULL ? 0 : 1));
  if (reseed) {
    OK(corekey_drbg_reseed(&other, NULL, 0));
  }
  OK(corekey_drbg_generate(&plain, NULL, 0, a, sizeof a));
  OK(corekey_drbg_generate(&other, additional, additional == NULL ? 0 : 1, b, sizeof b));
  assert_memory_not_equal(a, b, sizeof a);
}

static void whatever_is_mixed_in_changes_the_output(void **state) {
  const uint8_t something = 7;
  (void)state;
  outputs_differ(&something, NULL, false);
  outputs_differ(NULL, &something, false);
  outputs_differ(NULL, NULL, true);
}

static void outputs_never_repeat(void **state) {
  source s = counting();
  corekey_drbg drbg;
  uint8_t outputs[50][16];
  (void)state;
  OK(corekey_drbg_init(&drbg, entropy, &s, NULL, 0));
  for (size_t i = 0; i < COUNT(outputs); i++) {
    OK(corekey_drbg_generate(&drbg, NULL, 0, outputs[i], sizeof outputs[i]));
    for (size_t j = 0; j < i; j++) {
      assert_memory_not_equal(outputs[i], outputs[j], sizeof outputs[i]);
    }
  }
}

static void a_source_must_be_given(void **state) {
  buffer storage;
  corekey_drbg *const drbg = (void *)storage.at;
  (void)state;
  refresh(&storage);
  EXPECT(COREKEY_E_NULL, corekey_drbg_init(drbg, NULL, NULL, NULL, 0));
  assert_untouched(&storage);
}

static void a_failing_source_seeds_nothing(void **state) {
  const int32_t statuses[] = {1, -1, 256, COREKEY_E_ENTROPY_FAILED, INT32_MAX, INT32_MIN};
  (void)state;
  for (size_t i = 0; i < COUNT(statuses); i++) {
    source s = counting();
    buffer storage;
    corekey_drbg *const drbg = (void *)storage.at;
    refresh(&storage);
    s.status = statuses[i];
    EXPECT(COREKEY_E_ENTROPY_FAILED, corekey_drbg_init(drbg, entropy, &s, NULL, 0));
    assert_untouched(&storage);
    assert_int_equal(s.calls, 1);
  }
}

static void a_constant_source_seeds_nothing(void **state) {
  (void)state;
  for (int value = 0; value < 256; value++) {
    source s = {.status = 0};
    buffer storage;
    corekey_drbg *const drbg = (void *)storage.at;
    refresh(&storage);
    memset(s.next, value, sizeof s.next);
    EXPECT(COREKEY_E_ENTROPY_FAILED, corekey_drbg_init(drbg, entropy, &s, NULL, 0));
    assert_untouched(&storage);
  }
}

/* Any two of the three parts of 16 bytes. */
static void a_source_that_repeats_within_a_block_seeds_nothing(void **state) {
  const size_t parts[][2] = {{0, 16}, {16, 32}, {0, 32}};
  (void)state;
  for (size_t i = 0; i < COUNT(parts); i++) {
    source s = counting();
    buffer storage;
    corekey_drbg *const drbg = (void *)storage.at;
    refresh(&storage);
    memcpy(s.next + parts[i][1], s.next + parts[i][0], 16);
    EXPECT(COREKEY_E_ENTROPY_FAILED, corekey_drbg_init(drbg, entropy, &s, NULL, 0));
    assert_untouched(&storage);
  }
}

static void a_failed_init_leaves_a_seeded_generator(void **state) {
  source good = counting();
  source bad = counting();
  corekey_drbg drbg;
  uint8_t out[OUT_LEN];
  (void)state;
  bad.status = 1;
  OK(corekey_drbg_init(&drbg, entropy, &good, NULL, 0));
  EXPECT(COREKEY_E_ENTROPY_FAILED, corekey_drbg_init(&drbg, entropy, &bad, NULL, 0));
  OK(corekey_drbg_generate(&drbg, NULL, 0, out, sizeof out));
}

/* Reseeds from a source that is broken in some way: nothing changes. */
static void reseed_fails(corekey_drbg *drbg) {
  uint8_t before[sizeof *drbg];
  memcpy(before, drbg, sizeof before);
  EXPECT(COREKEY_E_ENTROPY_FAILED, corekey_drbg_reseed(drbg, (const uint8_t *)"more", 4));
  assert_memory_equal(drbg, before, sizeof before);
}

static void a_broken_source_does_not_reseed_and_the_generator_stays(void **state) {
  source s = counting();
  corekey_drbg drbg;
  uint8_t out[OUT_LEN];
  (void)state;
  s.repeats = true;
  OK(corekey_drbg_init(&drbg, entropy, &s, NULL, 0));
  reseed_fails(&drbg);
  s = counting();
  s.next[0] = 200;
  s.status = 1;
  reseed_fails(&drbg);
  s.status = 0;
  memset(s.next, 200, sizeof s.next);
  reseed_fails(&drbg);
  OK(corekey_drbg_generate(&drbg, NULL, 0, out, sizeof out));
  s = counting();
  s.next[0] = 200;
  OK(corekey_drbg_reseed(&drbg, NULL, 0));
}

static void reseeding_happens_by_itself_after_65536_calls(void **state) {
  source s = counting();
  corekey_drbg drbg;
  buffer out;
  (void)state;
  OK(corekey_drbg_init(&drbg, entropy, &s, NULL, 0));
  for (int call = 0; call < 65536; call++) {
    OK(corekey_drbg_generate(&drbg, NULL, 0, out.at, 1));
  }
  assert_int_equal(s.calls, 1);

  uint8_t before[sizeof drbg];
  memcpy(before, &drbg, sizeof before);
  refresh(&out);
  s.status = 1;
  EXPECT(COREKEY_E_ENTROPY_FAILED, corekey_drbg_generate(&drbg, NULL, 0, out.at, OUT_LEN));
  assert_untouched(&out);
  assert_memory_equal(&drbg, before, sizeof before);

  s.status = 0;
  OK(corekey_drbg_generate(&drbg, NULL, 0, out.at, OUT_LEN));
  assert_only(&out, OUT_LEN);
  assert_int_equal(s.calls, 3);
  OK(corekey_drbg_generate(&drbg, NULL, 0, out.at, OUT_LEN));
  assert_int_equal(s.calls, 3);
}

static void at_most_65536_bytes_are_generated_at_once(void **state) {
  static uint8_t out[COREKEY_DRBG_MAX_LEN + 1];
  source s = counting();
  corekey_drbg drbg;
  (void)state;
  OK(corekey_drbg_init(&drbg, entropy, &s, NULL, 0));
  paint(out, sizeof out);
  EXPECT(COREKEY_E_LENGTH, corekey_drbg_generate(&drbg, NULL, 0, out, sizeof out));
  assert_painted(out, sizeof out);
  OK(corekey_drbg_generate(&drbg, NULL, 0, out, COREKEY_DRBG_MAX_LEN));
  assert_painted(out + COREKEY_DRBG_MAX_LEN, 1);
}

static void every_length_writes_just_that(void **state) {
  source s = counting();
  corekey_drbg drbg;
  (void)state;
  OK(corekey_drbg_init(&drbg, entropy, &s, NULL, 0));
  for (size_t len = 0; len <= 130; len++) {
    buffer out;
    refresh(&out);
    OK(corekey_drbg_generate(&drbg, NULL, 0, out.at, len));
    assert_only(&out, len);
  }
}

/* Re-entrancy: the source may use the library, though not this generator. */
static int32_t entropy_by_hash(void *user, uint8_t *out, size_t len) {
  uint8_t digest[COREKEY_SHA512_LEN];
  uint8_t *const counter = user;
  (*counter)++;
  if (corekey_hash(COREKEY_SHA512, counter, 1, digest, sizeof digest) != COREKEY_OK) {
    return 1;
  }
  memcpy(out, digest, len);
  return 0;
}

static void the_source_may_call_the_library(void **state) {
  uint8_t counter = 0;
  corekey_drbg drbg;
  uint8_t out[OUT_LEN];
  (void)state;
  OK(corekey_drbg_init(&drbg, entropy_by_hash, &counter, NULL, 0));
  OK(corekey_drbg_reseed(&drbg, NULL, 0));
  OK(corekey_drbg_generate(&drbg, NULL, 0, out, sizeof out));
  assert_int_equal(counter, 2);
}

static void a_cleared_generator_is_unseeded(void **state) {
  source s = counting();
  corekey_drbg drbg;
  buffer out;
  (void)state;
  refresh(&out);
  OK(corekey_drbg_init(&drbg, entropy, &s, NULL, 0));
  OK(corekey_drbg_clear(&drbg));
  assert_zeros(&drbg, sizeof drbg);
  EXPECT(COREKEY_E_STATE, corekey_drbg_generate(&drbg, NULL, 0, out.at, OUT_LEN));
  EXPECT(COREKEY_E_STATE, corekey_drbg_reseed(&drbg, NULL, 0));
  assert_untouched(&out);
  assert_int_equal(s.calls, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_known_answer_of_cavp_comes_out),
      cmocka_unit_test(personalization_reseed_and_additional_input_are_as_specified),
      cmocka_unit_test(whatever_is_mixed_in_changes_the_output),
      cmocka_unit_test(outputs_never_repeat),
      cmocka_unit_test(a_source_must_be_given),
      cmocka_unit_test(a_failing_source_seeds_nothing),
      cmocka_unit_test(a_constant_source_seeds_nothing),
      cmocka_unit_test(a_source_that_repeats_within_a_block_seeds_nothing),
      cmocka_unit_test(a_failed_init_leaves_a_seeded_generator),
      cmocka_unit_test(a_broken_source_does_not_reseed_and_the_generator_stays),
      cmocka_unit_test(reseeding_happens_by_itself_after_65536_calls),
      cmocka_unit_test(at_most_65536_bytes_are_generated_at_once),
      cmocka_unit_test(every_length_writes_just_that),
      cmocka_unit_test(the_source_may_call_the_library),
      cmocka_unit_test(a_cleared_generator_is_unseeded),
  };
  return cmocka_run_group_tests_name("drbg", tests, NULL, NULL);
}
