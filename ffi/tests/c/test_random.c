/* The operating system's generator, also where the system fails: this program
 * brings a getrandom() of its own, which stands before the C library's.
 */
#define _GNU_SOURCE /* syscall */
#include "support.h"

#include <errno.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

static int calls;
static size_t bytes_left = SIZE_MAX; /* Then it fails. */
static size_t most_at_once = SIZE_MAX;
static int interruptions;

ssize_t getrandom(void *out, size_t len, unsigned flags) {
  calls++;
  if (interruptions > 0) {
    interruptions--;
    errno = EINTR;
    return -1;
  }
  if (bytes_left == 0) {
    errno = EIO;
    return -1;
  }
  size_t given = len < bytes_left ? len : bytes_left;
  given = given < most_at_once ? given : most_at_once;
  bytes_left -= bytes_left == SIZE_MAX ? 0 : given;
  return syscall(SYS_getrandom, out, given, flags);
}

static int repair(void **state) {
  (void)state;
  calls = 0;
  bytes_left = SIZE_MAX;
  most_at_once = SIZE_MAX;
  interruptions = 0;
  return 0;
}

static void it_fills_the_range_and_no_more(void **state) {
  (void)state;
  for (size_t len = 0; len <= 300; len++) {
    buffer out;
    refresh(&out);
    OK(corekey_random(out.at, len));
    assert_only(&out, len);
  }
  OK(corekey_random(NULL, 0));
}

static void every_byte_is_filled(void **state) {
  uint8_t seen[64] = {0};
  (void)state;
  for (int round = 0; round < 20; round++) {
    uint8_t out[sizeof seen] = {0};
    OK(corekey_random(out, sizeof out));
    for (size_t i = 0; i < sizeof out; i++) {
      seen[i] |= out[i];
    }
  }
  for (size_t i = 0; i < sizeof seen; i++) {
    assert_int_not_equal(seen[i], 0);
  }
}

static void outputs_differ(void **state) {
  uint8_t a[32];
  uint8_t b[32];
  (void)state;
  OK(corekey_random(a, sizeof a));
  OK(corekey_random(b, sizeof b));
  assert_memory_not_equal(a, b, sizeof a);
}

static void a_failing_system_leaves_zeros(void **state) {
  const size_t given[] = {0, 1, 17, 63};
  (void)state;
  for (size_t i = 0; i < COUNT(given); i++) {
    buffer out;
    refresh(&out);
    bytes_left = given[i];
    EXPECT(COREKEY_E_ENTROPY_FAILED, corekey_random(out.at, 64));
    assert_zeros(out.at, 64);
    assert_only(&out, 64);
  }
  assert_true(calls >= 4);
}

static void short_and_interrupted_reads_are_completed(void **state) {
  buffer out;
  (void)state;
  refresh(&out);
  interruptions = 3;
  most_at_once = 5;
  OK(corekey_random(out.at, 64));
  assert_only(&out, 64);
  assert_true(calls >= 3 + 64 / 5);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(it_fills_the_range_and_no_more, repair),
      cmocka_unit_test_setup(every_byte_is_filled, repair),
      cmocka_unit_test_setup(outputs_differ, repair),
      cmocka_unit_test_setup(a_failing_system_leaves_zeros, repair),
      cmocka_unit_test_setup(short_and_interrupted_reads_are_completed, repair),
  };
  return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
