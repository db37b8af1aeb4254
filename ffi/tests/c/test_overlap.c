/* Overlaps: every output against every other argument of every function, at
 * every distance at which they share a byte.
 */
#include "subjects.h"

static bool may_be_in_place(const parameter *p) { return p->in_place != NULL; }

static bool is_in_place(const parameter *output, const parameter *source) {
  return output->in_place != NULL && strcmp(output->in_place, source->name) == 0;
}

/* Puts the one argument at this distance from the other; false if it would be
 * misaligned there, which is another test's business.
 */
static bool put_at_distance(const subject *s, argument *a, size_t fixed, size_t moved,
                            ptrdiff_t distance) {
  lay_out(s, a);
  a[fixed].at = arena + STAGE;
  a[moved].at = arena + STAGE + distance;
  return !is_aligned(&s->parameters[moved]) || distance % 8 == 0;
}

static void an_output_overlaps_nothing(const subject *s, size_t which) {
  for (size_t other = 0; other < parameter_count(s); other++) {
    if (other == which) {
      continue;
    }
    const bool in_place = is_in_place(&s->parameters[which], &s->parameters[other]);
    const ptrdiff_t behind = (ptrdiff_t)s->parameters[which].size;
    for (ptrdiff_t at = 1 - (ptrdiff_t)s->parameters[other].size; at < behind; at++) {
      argument a[MOST_PARAMETERS];
      if ((in_place && at == 0) || !put_at_distance(s, a, which, other, at)) {
        continue;
      }
      prepare_all(s, a);
      refused(s, a, COREKEY_E_OVERLAP);
    }
  }
}

static void neighbours_do_not_overlap(const subject *s, size_t which) {
  for (size_t other = 0; other < parameter_count(s); other++) {
    if (other == which) {
      continue;
    }
    const ptrdiff_t distances[] = {-(ptrdiff_t)s->parameters[other].size,
                                   (ptrdiff_t)s->parameters[which].size};
    for (size_t i = 0; i < COUNT(distances); i++) {
      argument a[MOST_PARAMETERS];
      if (put_at_distance(s, a, which, other, distances[i])) {
        prepare_all(s, a);
        expect_status(s->call(a), COREKEY_OK, at_work, __FILE__, __LINE__);
      }
    }
  }
}

/* Their bytes are then no longer what makes the call succeed, so the status may
 * be any but this one.
 */
static void inputs_may_overlap(const subject *s, size_t which) {
  for (size_t other = 0; other < parameter_count(s); other++) {
    if (other == which || !is_input(&s->parameters[other])) {
      continue;
    }
    const ptrdiff_t behind = (ptrdiff_t)s->parameters[which].size;
    for (ptrdiff_t at = 1 - (ptrdiff_t)s->parameters[other].size; at < behind; at++) {
      argument a[MOST_PARAMETERS];
      if (!put_at_distance(s, a, which, other, at)) {
        continue;
      }
      prepare_all(s, a);
      assert_int_not_equal(s->call(a), COREKEY_E_OVERLAP);
    }
  }
}

/* What the call writes out of place, it writes in place. */
static void in_place_gives_the_same(const subject *s, size_t which) {
  for (size_t source = 0; source < parameter_count(s); source++) {
    if (!is_in_place(&s->parameters[which], &s->parameters[source])) {
      continue;
    }
    argument a[MOST_PARAMETERS];
    uint8_t apart[64];
    lay_out(s, a);
    prepare_all(s, a);
    expect_status(s->call(a), COREKEY_OK, at_work, __FILE__, __LINE__);
    memcpy(apart, a[which].at, a[which].len);

    put_at_distance(s, a, which, source, 0);
    prepare_all(s, a);
    expect_status(s->call(a), COREKEY_OK, at_work, __FILE__, __LINE__);
    assert_memory_equal(a[which].at, apart, a[which].len);
    const size_t longest = a[source].len > a[which].len ? a[source].len : a[which].len;
    assert_painted(arena + STAGE - STAGE_ROOM, STAGE_ROOM);
    assert_painted(arena + STAGE + longest, STAGE_ROOM);
  }
}

static const property PROPERTIES[] = {
    {"an output that overlaps another argument is refused and nothing written", is_output,
     an_output_overlaps_nothing},
    {"arguments side by side do not overlap", is_any, neighbours_do_not_overlap},
    {"inputs may overlap each other", is_input, inputs_may_overlap},
    {"in place gives the same bytes", may_be_in_place, in_place_gives_the_same},
};

int main(void) { return run_properties("overlap", PROPERTIES, COUNT(PROPERTIES)); }
