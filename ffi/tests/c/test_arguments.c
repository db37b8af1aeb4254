/* NULLs, lengths, alignment and sizes of contexts: what the header's
 * conventions promise for every argument of every function.
 */
#include "subjects.h"

#include <errno.h>
#include <malloc.h>

static bool is_new_context(const parameter *p) { return p->role == CONTEXT_NEW; }

static void null_is_refused(const subject *s, size_t which) {
  argument a[MOST_PARAMETERS];
  lay_out(s, a);
  prepare_all(s, a);
  a[which].at = NULL;
  refused(s, a, COREKEY_E_NULL);
}

static void empty_at(const subject *s, size_t which, uint8_t *start) {
  const corekey_status expected = s->parameters[which].if_empty;
  argument a[MOST_PARAMETERS];
  lay_out(s, a);
  prepare_all(s, a);
  a[which] = (argument){start, 0};
  if (expected != COREKEY_OK && expected != COREKEY_E_UNVERIFIED &&
      expected != COREKEY_E_FORGED) {
    refused(s, a, expected);
  } else {
    expect_status(s->call(a), expected, at_work, __FILE__, __LINE__);
  }
}

/* Wherever it starts, inside another argument too: it covers nothing. */
static void empty_is_what_the_header_says(const subject *s, size_t which) {
  argument others[MOST_PARAMETERS];
  lay_out(s, others);
  empty_at(s, which, NULL);
  empty_at(s, which, arena + ARENA_LEN);
  for (size_t other = 0; other < parameter_count(s); other++) {
    empty_at(s, which, others[other].at);
    empty_at(s, which, others[other].at + 1);
    empty_at(s, which, others[other].at + others[other].len);
  }
}

static void a_length_over_ptrdiff_max_is_refused(const subject *s, size_t which) {
  const size_t lengths[] = {(size_t)PTRDIFF_MAX + 1, (size_t)PTRDIFF_MAX + 2, SIZE_MAX - 1,
                            SIZE_MAX};
  for (size_t i = 0; i < COUNT(lengths); i++) {
    argument a[MOST_PARAMETERS];
    lay_out(s, a);
    prepare_all(s, a);
    a[which].len = lengths[i];
    refused(s, a, COREKEY_E_LENGTH);
    a[which].at = NULL;
    refused(s, a, COREKEY_E_LENGTH);
  }
}

static void a_buffer_that_wraps_is_refused(const subject *s, size_t which) {
  for (uintptr_t room = 1; room < s->parameters[which].size; room++) {
    argument a[MOST_PARAMETERS];
    lay_out(s, a);
    prepare_all(s, a);
    a[which].at = (uint8_t *)(0 - room);
    refused(s, a, COREKEY_E_LENGTH);
  }
}

static void misaligned_is_refused(const subject *s, size_t which) {
  for (size_t offset = 1; offset < alignment_of(&s->parameters[which]); offset++) {
    argument a[MOST_PARAMETERS];
    lay_out(s, a);
    prepare_all(s, a);
    a[which].at += offset;
    refused(s, a, COREKEY_E_ALIGNMENT);
  }
}

static void another_size_is_refused(const subject *s, size_t which) {
  const size_t size = s->parameters[which].size;
  const size_t sizes[] = {0, 1, 8, size - 8, size - 1, size + 1, size + 8, PTRDIFF_MAX, SIZE_MAX};
  for (size_t i = 0; i < COUNT(sizes); i++) {
    argument a[MOST_PARAMETERS];
    lay_out(s, a);
    prepare_all(s, a);
    a[which].len = sizes[i];
    refused(s, a, COREKEY_E_CONTEXT_SIZE);
  }
}

/* Buffers have no alignment: the call works wherever they start. */
static void buffers_start_anywhere(const subject *s, size_t which) {
  for (size_t offset = 0; offset < 16; offset++) {
    argument a[MOST_PARAMETERS];
    lay_out(s, a);
    a[which].at = arena + STAGE + offset;
    prepare_all(s, a);
    expect_status(s->call(a), COREKEY_OK, at_work, __FILE__, __LINE__);
    assert_painted(arena + STAGE - STAGE_ROOM, STAGE_ROOM);
    assert_painted(a[which].at + a[which].len, STAGE_ROOM);
  }
}

/* All other tests here change one argument of a call that works. */
static void works_when_nothing_is_wrong(const subject *s, size_t which) {
  argument a[MOST_PARAMETERS];
  (void)which;
  lay_out(s, a);
  prepare_all(s, a);
  expect_status(s->call(a), COREKEY_OK, at_work, __FILE__, __LINE__);
}

static void nothing_is_allocated_and_errno_stays(const subject *s, size_t which) {
  argument a[MOST_PARAMETERS];
  (void)which;
  lay_out(s, a);
  prepare_all(s, a);
  const size_t allocated = mallinfo2().uordblks;
  errno = ERANGE;
  const corekey_status status = s->call(a);
  assert_int_equal(errno, ERANGE);
  assert_int_equal(mallinfo2().uordblks, allocated);
  assert_int_equal(status, COREKEY_OK);
}

static const property PROPERTIES[] = {
    {"works when nothing is wrong", is_any, works_when_nothing_is_wrong},
    {"allocates nothing and leaves errno alone", is_any, nothing_is_allocated_and_errno_stays},
    {"NULL is refused and nothing written", is_needed, null_is_refused},
    {"an empty buffer gives what the header says", has_length, empty_is_what_the_header_says},
    {"a length over PTRDIFF_MAX is refused and nothing written", has_length,
     a_length_over_ptrdiff_max_is_refused},
    {"a buffer that wraps round is refused and nothing written", is_buffer,
     a_buffer_that_wraps_is_refused},
    {"a misaligned pointer is refused and nothing written", is_aligned, misaligned_is_refused},
    {"another size of the context is refused and nothing written", is_new_context,
     another_size_is_refused},
    {"buffers may start at any address", is_buffer, buffers_start_anywhere},
};

int main(void) { return run_properties("arguments", PROPERTIES, COUNT(PROPERTIES)); }
