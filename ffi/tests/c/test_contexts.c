/* The state of contexts: zeroed, garbage, of another type, cleared, copied,
 * moved, initialised again. For every function that takes one.
 */
#include "subjects.h"

static bool is_live_context(const parameter *p) {
  return p->role == CONTEXT_USED || p->role == CONTEXT_READ;
}

static bool is_new_context(const parameter *p) { return p->role == CONTEXT_NEW; }

static bool stays_where_it_is(const parameter *p) {
  static const char *const types[] = {"corekey_drbg", "corekey_sealer", "corekey_opener"};
  size_t i = 0;
  while (i < COUNT(types) && strcmp(p->name, types[i]) != 0) {
    i++;
  }
  return is_live_context(p) && i < COUNT(types);
}

static bool may_be_copied(const parameter *p) {
  return is_live_context(p) && !stays_where_it_is(p);
}

/* Valid arguments, and this context on the stage with paint around it. */
static void set_stage(const subject *s, argument *a, size_t which) {
  lay_out(s, a);
  a[which].at = arena + STAGE;
  prepare_all(s, a);
}

/* How far a copy lies from its original. */
#define APART 2056

static void works(const subject *s, const argument *a) {
  expect_status(s->call(a), COREKEY_OK, at_work, __FILE__, __LINE__);
}

static void zeros_are_not_initialised(const subject *s, size_t which) {
  argument a[MOST_PARAMETERS];
  set_stage(s, a, which);
  memset(a[which].at, 0, a[which].len);
  refused(s, a, COREKEY_E_STATE);
}

static void garbage_is_not_initialised(const subject *s, size_t which) {
  argument a[MOST_PARAMETERS];
  uint64_t random = 1;
  set_stage(s, a, which);
  paint(a[which].at, a[which].len);
  refused(s, a, COREKEY_E_STATE);
  memset(a[which].at, 0xff, a[which].len);
  refused(s, a, COREKEY_E_STATE);
  for (int round = 0; round < 100; round++) {
    for (size_t i = 0; i < a[which].len; i++) {
      random = random * 6364136223846793005u + 1442695040888963407u;
      a[which].at[i] = (uint8_t)(random >> 56);
    }
    refused(s, a, COREKEY_E_STATE);
  }
}

static void another_type_is_not_initialised(const subject *s, size_t which) {
  static const struct {
    const char *name;
    void (*make)(void *at);
  } types[] = {
      {"corekey_hash_ctx", make_hash}, {"corekey_hmac_key", make_hmac_key},
      {"corekey_hmac_ctx", make_hmac}, {"corekey_prk", make_prk},
      {"corekey_aead_key", make_aead_key}, {"corekey_drbg", make_drbg},
      {"corekey_device_key", make_device_key}, {"corekey_root", make_root},
      {"corekey_sealer", make_sealer}, {"corekey_opener", make_opener},
  };
  for (size_t i = 0; i < COUNT(types); i++) {
    argument a[MOST_PARAMETERS];
    if (strcmp(types[i].name, s->parameters[which].name) == 0) {
      continue;
    }
    set_stage(s, a, which);
    types[i].make(a[which].at);
    refused(s, a, COREKEY_E_STATE);
  }
}

static void cleared_is_zeros_and_not_initialised(const subject *s, size_t which) {
  argument a[MOST_PARAMETERS];
  set_stage(s, a, which);
  OK(corekey_wipe(a[which].at, a[which].len));
  assert_zeros(a[which].at, a[which].len);
  refused(s, a, COREKEY_E_STATE);
}

static void cleared_can_be_initialised_again(const subject *s, size_t which) {
  argument a[MOST_PARAMETERS];
  set_stage(s, a, which);
  OK(corekey_wipe(a[which].at, a[which].len));
  s->parameters[which].prepare(a[which].at);
  works(s, a);
}

/* Eight bytes are all the alignment that C99 and small stacks give. */
static void eight_bytes_of_alignment_suffice(const subject *s, size_t which) {
  argument a[MOST_PARAMETERS];
  lay_out(s, a);
  a[which].at = arena + STAGE + 8;
  prepare_all(s, a);
  works(s, a);
}

static void the_context_is_all_that_is_written(const subject *s, size_t which) {
  argument a[MOST_PARAMETERS];
  set_stage(s, a, which);
  works(s, a);
  assert_painted(arena + STAGE - STAGE_ROOM, STAGE_ROOM);
  assert_painted(arena + STAGE + a[which].len, STAGE_ROOM);
}

static void a_copy_works_without_its_original(const subject *s, size_t which) {
  argument a[MOST_PARAMETERS];
  set_stage(s, a, which);
  uint8_t *const copy = a[which].at + APART;
  memcpy(copy, a[which].at, a[which].len);
  OK(corekey_wipe(a[which].at, a[which].len));
  a[which].at = copy;
  works(s, a);
}

static void a_copy_is_refused(const subject *s, size_t which) {
  argument a[MOST_PARAMETERS];
  set_stage(s, a, which);
  uint8_t *const original = a[which].at;
  a[which].at += APART;
  memcpy(a[which].at, original, a[which].len);
  refused(s, a, COREKEY_E_MOVED);
  a[which].at = original;
  works(s, a);
}

static void a_move_is_refused(const subject *s, size_t which) {
  argument a[MOST_PARAMETERS];
  set_stage(s, a, which);
  a[which].at += 8;
  memmove(a[which].at, a[which].at - 8, a[which].len);
  refused(s, a, COREKEY_E_MOVED);
  memmove(a[which].at - 8, a[which].at, a[which].len);
  a[which].at -= 8;
  works(s, a);
}

static void any_storage_can_be_initialised(const subject *s, size_t which) {
  const uint8_t contents[] = {0, 0xff, 0x5a};
  for (size_t i = 0; i < COUNT(contents); i++) {
    argument a[MOST_PARAMETERS];
    set_stage(s, a, which);
    memset(a[which].at, contents[i], a[which].len);
    works(s, a);
    works(s, a);
    assert_painted(arena + STAGE - STAGE_ROOM, STAGE_ROOM);
    assert_painted(arena + STAGE + a[which].len, STAGE_ROOM);
  }
}

static void a_failed_init_leaves_the_old_context(const subject *s, size_t which) {
  argument a[MOST_PARAMETERS];
  set_stage(s, a, which);
  works(s, a);
  a[which].len--;
  refused(s, a, COREKEY_E_CONTEXT_SIZE);
}

static const property PROPERTIES[] = {
    {"a zeroed context is refused and nothing written", is_live_context,
     zeros_are_not_initialised},
    {"a context of garbage is refused and nothing written", is_live_context,
     garbage_is_not_initialised},
    {"a context of another type is refused and nothing written", is_live_context,
     another_type_is_not_initialised},
    {"a cleared context is zeros and is refused", is_live_context,
     cleared_is_zeros_and_not_initialised},
    {"a cleared context can be initialised again", is_live_context,
     cleared_can_be_initialised_again},
    {"an alignment of eight bytes suffices", is_context, eight_bytes_of_alignment_suffice},
    {"nothing around the context is written", is_context, the_context_is_all_that_is_written},
    {"a copy works without its original", may_be_copied, a_copy_works_without_its_original},
    {"a copy is refused and its original works on", stays_where_it_is, a_copy_is_refused},
    {"a moved context is refused until it is back", stays_where_it_is, a_move_is_refused},
    {"any storage can be initialised, more than once", is_new_context,
     any_storage_can_be_initialised},
    {"a failed init leaves the old context", is_new_context,
     a_failed_init_leaves_the_old_context},
};

int main(void) { return run_properties("contexts", PROPERTIES, COUNT(PROPERTIES)); }
