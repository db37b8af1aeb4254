/* Overlaps: every output against every other argument of every function, at
 * every distance at which they share a byte; of large contexts at all near
 * their ends and at some between.
 */
#include "subjects.h"

static bool may_be_in_place(const parameter *p) { return p->in_place != NULL; }

static bool is_in_place(const parameter *output, const parameter *source) {
  return output->in_place != NULL && strcmp(output->in_place, source->name) == 0;
}

/* Whether an output may be around this source that lies at a distance from it. */
static bool is_round(const parameter *output, const parameter *source, ptrdiff_t distance) {
  return output->role == OUTPUT_ROUND && is_in_place(output, source) && distance >= 0 &&
         distance + (ptrdiff_t)source->size <= (ptrdiff_t)output->size;
}

/* The next distance to test of those from first to last. */
#define NEAR 72
#define STRIDE 41
static ptrdiff_t next_distance(ptrdiff_t at, ptrdiff_t first, ptrdiff_t last) {
  const bool is_far = at - first > NEAR && last - at > NEAR + STRIDE;
  return at + (is_far ? STRIDE : 1);
}

/* Puts the one argument at this distance from the other; false if it would be
 * misaligned there, which is another test's business.
 */
static bool put_at_distance(const subject *s, argument *a, size_t fixed, size_t moved,
                            ptrdiff_t distance) {
  lay_out(s, a);
  a[fixed].at = arena + STAGE;
  a[moved].at = arena + STAGE + distance;
  return distance % (ptrdiff_t)alignment_of(&s->parameters[moved]) == 0;
}

static void an_output_overlaps_nothing(const subject *s, size_t which) {
  for (size_t other = 0; other < parameter_count(s); other++) {
    if (other == which) {
      continue;
    }
    const bool in_place = is_in_place(&s->parameters[which], &s->parameters[other]);
    const ptrdiff_t first = 1 - (ptrdiff_t)s->parameters[other].size;
    const ptrdiff_t behind = (ptrdiff_t)s->parameters[which].size;
    for (ptrdiff_t at = first; at < behind; at = next_distance(at, first, behind - 1)) {
      argument a[MOST_PARAMETERS];
      if ((in_place && at == 0) || is_round(&s->parameters[which], &s->parameters[other], at) ||
          !put_at_distance(s, a, which, other, at)) {
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
 * be any but this one. Two contexts cannot share bytes and be contexts.
 */
static void inputs_may_overlap(const subject *s, size_t which) {
  for (size_t other = 0; other < parameter_count(s); other++) {
    const bool are_contexts =
        is_context(&s->parameters[which]) && is_context(&s->parameters[other]);
    if (other == which || !is_input(&s->parameters[other]) || are_contexts) {
      continue;
    }
    const ptrdiff_t first = 1 - (ptrdiff_t)s->parameters[other].size;
    const ptrdiff_t behind = (ptrdiff_t)s->parameters[which].size;
    for (ptrdiff_t at = first; at < behind; at = next_distance(at, first, behind - 1)) {
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
    uint8_t apart[BUFFER_LEN];
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
