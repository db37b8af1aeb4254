/* The library itself: version, status texts, self-test, wiping, comparing. */
#include "support.h"

static const corekey_status STATUSES[] = {
    COREKEY_OK,          COREKEY_E_NULL,           COREKEY_E_ALIGNMENT,
    COREKEY_E_LENGTH,    COREKEY_E_ALGORITHM,      COREKEY_E_OVERLAP,
    COREKEY_E_ENCODING,  COREKEY_E_BUFFER_TOO_SMALL, COREKEY_E_STATE,
    COREKEY_E_MOVED,     COREKEY_E_CONTEXT_SIZE,   COREKEY_E_UNVERIFIED,
    COREKEY_E_ENTROPY_FAILED, COREKEY_E_SELFTEST,  COREKEY_E_INTERNAL,
    COREKEY_E_RANGE, COREKEY_E_MALFORMED, COREKEY_E_OTHER_KEY,
    COREKEY_E_NEED_LONG, COREKEY_E_FORGED, COREKEY_E_STALE, COREKEY_E_REPLAY,
    COREKEY_E_SESSION_FULL, COREKEY_E_BAD_STATE, COREKEY_E_BAD_OFFER, COREKEY_E_STATE_LOST,
    COREKEY_E_STORAGE};

static void the_version_is_three_numbers(void **state) {
  int major = -1;
  int minor = -1;
  int patch = -1;
  int end = 0;
  (void)state;
  assert_int_equal(sscanf(corekey_version(), "%d.%d.%d%n", &major, &minor, &patch, &end), 3);
  assert_int_equal(end, strlen(corekey_version()));
  assert_true(major >= 0 && minor >= 0 && patch >= 0);
}

static void header_and_library_have_one_abi_version(void **state) {
  (void)state;
  assert_int_equal(corekey_abi_version(), COREKEY_ABI_VERSION);
}

static void every_status_has_a_text_of_its_own(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(STATUSES); i++) {
    const char *text = corekey_status_str(STATUSES[i]);
    assert_true(strlen(text) > 5);
    assert_string_not_equal(text, corekey_status_str(1));
    for (size_t j = 0; j < i; j++) {
      assert_int_not_equal(STATUSES[i], STATUSES[j]);
      assert_string_not_equal(text, corekey_status_str(STATUSES[j]));
    }
  }
}

static void an_unknown_status_has_a_text_too(void **state) {
  const corekey_status unknown[] = {1,   7,   -9,  -19, -23,       -79,
                                    -89, -99, -102, -122, INT32_MAX, INT32_MIN};
  (void)state;
  for (size_t i = 0; i < COUNT(unknown); i++) {
    assert_string_equal(corekey_status_str(unknown[i]), corekey_status_str(2));
  }
}

static void errors_are_negative(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(STATUSES); i++) {
    assert_true(STATUSES[i] == COREKEY_OK || STATUSES[i] < 0);
  }
}

static void the_self_test_passes(void **state) {
  (void)state;
  OK(corekey_selftest());
}

static void equal_bytes_are_equal(void **state) {
  uint8_t a[100];
  uint8_t b[100];
  (void)state;
  paint(a, sizeof a);
  memcpy(b, a, sizeof b);
  for (size_t len = 0; len <= sizeof a; len++) {
    OK(corekey_equal(a, len, b, len));
    OK(corekey_equal(a, len, a, len));
  }
  OK(corekey_equal(NULL, 0, NULL, 0));
  OK(corekey_equal(NULL, 0, a, 0));
}

static void one_changed_bit_is_not_equal(void **state) {
  uint8_t a[40];
  uint8_t b[40];
  (void)state;
  paint(a, sizeof a);
  memcpy(b, a, sizeof b);
  for (size_t bit = 0; bit < 8 * sizeof a; bit++) {
    b[bit / 8] ^= (uint8_t)(1 << bit % 8);
    EXPECT(COREKEY_E_UNVERIFIED, corekey_equal(a, sizeof a, b, sizeof b));
    b[bit / 8] ^= (uint8_t)(1 << bit % 8);
  }
}

static void different_lengths_are_not_equal(void **state) {
  const uint8_t a[8] = {0};
  (void)state;
  EXPECT(COREKEY_E_UNVERIFIED, corekey_equal(a, 8, a, 7));
  EXPECT(COREKEY_E_UNVERIFIED, corekey_equal(a, 7, a, 8));
  EXPECT(COREKEY_E_UNVERIFIED, corekey_equal(a, 8, NULL, 0));
  EXPECT(COREKEY_E_UNVERIFIED, corekey_equal(NULL, 0, a, 8));
}

static void a_wipe_zeroes_its_range_only(void **state) {
  buffer memory;
  (void)state;
  for (size_t start = 0; start < 9; start++) {
    for (size_t len = 0; len < 70; len++) {
      refresh(&memory);
      OK(corekey_wipe(memory.at + start, len));
      assert_painted(memory.at, start);
      assert_zeros(memory.at + start, len);
      assert_painted(memory.at + start + len, BUFFER_LEN - start - len);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_version_is_three_numbers),
      cmocka_unit_test(header_and_library_have_one_abi_version),
      cmocka_unit_test(every_status_has_a_text_of_its_own),
      cmocka_unit_test(an_unknown_status_has_a_text_too),
      cmocka_unit_test(errors_are_negative),
      cmocka_unit_test(the_self_test_passes),
      cmocka_unit_test(equal_bytes_are_equal),
      cmocka_unit_test(one_changed_bit_is_not_equal),
      cmocka_unit_test(different_lengths_are_not_equal),
      cmocka_unit_test(a_wipe_zeroes_its_range_only),
  };
  return cmocka_run_group_tests_name("general", tests, NULL, NULL);
}
