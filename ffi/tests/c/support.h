/* What all C tests share: statuses by name, painted memory that shows every
 * write, and hex. A test is one cmocka program and includes this first.
 */
#ifndef SUPPORT_H
#define SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <corekey.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* The call gives this status. */
#define EXPECT(status, call) expect_status((call), (status), #call, __FILE__, __LINE__)
#define OK(call) EXPECT(COREKEY_OK, call)

static inline void expect_status(corekey_status got, corekey_status expected, const char *call,
                                 const char *file, int line) {
  if (got == expected) {
    return;
  }
  print_error("%s\n  gives %d (%s)\n  and not %d (%s)\n", call, (int)got,
              corekey_status_str(got), (int)expected, corekey_status_str(expected));
  _fail(file, line);
}

/* ==========================================================================
 * Painted memory: every byte has a value that depends on its address, so that
 * a write shows, and so does a move.
 */

static inline uint8_t paint_at(const uint8_t *at) {
  return (uint8_t)(0xa5 ^ ((uintptr_t)at * 31));
}

static inline void paint(void *memory, size_t len) {
  uint8_t *at = memory;
  for (size_t i = 0; i < len; i++) {
    at[i] = paint_at(at + i);
  }
}

static inline void assert_painted(const void *memory, size_t len) {
  const uint8_t *at = memory;
  for (size_t i = 0; i < len; i++) {
    if (at[i] != paint_at(at + i)) {
      fail_msg("byte %zu of %zu was written", i, len);
    }
  }
}

static inline void assert_zeros(const void *memory, size_t len) {
  const uint8_t *at = memory;
  for (size_t i = 0; i < len; i++) {
    if (at[i] != 0) {
      fail_msg("byte %zu of %zu is not zero", i, len);
    }
  }
}

/* An output with canaries before and behind it. */
#define BUFFER_MARGIN 64
#define BUFFER_LEN 1024
typedef struct buffer {
  _Alignas(16) uint8_t before[BUFFER_MARGIN];
  uint8_t at[BUFFER_LEN];
  uint8_t behind[BUFFER_MARGIN];
} buffer;

static inline void refresh(buffer *output) { paint(output, sizeof *output); }

/* Nothing but the first len bytes was written. */
static inline void assert_only(const buffer *output, size_t len) {
  assert_painted(output->before, sizeof output->before);
  assert_painted(output->at + len, sizeof output->at - len);
  assert_painted(output->behind, sizeof output->behind);
}

static inline void assert_untouched(const buffer *output) { assert_only(output, 0); }

/* A length that no call stores. */
#define NO_LENGTH ((size_t)0x5ca1ab1e)

/* There is no memory there, at least in the 64 bits of the hosts that run this:
 * a call that returns has refused by a length alone.
 */
#define NOWHERE ((uint8_t *)0x300000000000)

/* ==========================================================================
 * Algorithms.
 */

#define ALGORITHMS 25

/* Lists what is no algorithm at all, and all algorithms outside first..=last. */
static inline size_t wrong_algorithms(uint32_t first, uint32_t last,
                                      uint32_t wrong[ALGORITHMS]) {
  static const uint32_t all[ALGORITHMS] = {
      COREKEY_SHA256, COREKEY_SHA384, COREKEY_SHA512, COREKEY_AES_128_GCM, COREKEY_AES_256_GCM,
      COREKEY_AES_KW, COREKEY_AES_KWP, COREKEY_HEX, COREKEY_BASE64, COREKEY_BASE64URL,
      0, 4, 5, 15, 18, 31, 34, 47, 51, 255, 0x101, 0x110, 0x10001, 0x80000001, UINT32_MAX};
  size_t count = 0;
  for (size_t i = 0; i < ALGORITHMS; i++) {
    if (all[i] < first || all[i] > last) {
      wrong[count++] = all[i];
    }
  }
  return count;
}

/* ==========================================================================
 * Hex.
 */

/* The bytes that text, which is known to be right, stands for. */
static inline size_t unhex(const char *text, uint8_t *bytes) {
  size_t len = 0;
  unsigned byte = 0;
  for (; sscanf(text + 2 * len, "%2x", &byte) == 1; len++) {
    bytes[len] = (uint8_t)byte;
  }
  return len;
}

static inline void assert_hex(const uint8_t *bytes, size_t len, const char *text) {
  uint8_t expected[BUFFER_LEN];
  assert_int_equal(unhex(text, expected), len);
  assert_memory_equal(bytes, expected, len);
}

#endif
