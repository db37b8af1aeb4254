/* Every function of corekey.h that takes a pointer, as data: its parameters
 * and how to call it. So what the conventions promise for all functions is
 * tested for all functions; see run_properties at the end.
 *
 * The arguments of a call lie in one painted arena. Each parameter has its
 * storage, in which `prepare` puts what makes the call succeed.
 */
#ifndef SUBJECTS_H
#define SUBJECTS_H

#include "support.h"

typedef enum role {
  INPUT,        /* Pointer and length. */
  OUTPUT,       /* Pointer and length or capacity. */
  OUTPUT_TIED,  /* A pointer whose length is that of the input. */
  LENGTH,       /* Pointer to a size_t that the call stores. */
  CONTEXT_NEW,  /* Context to initialise, and its size. */
  CONTEXT_USED, /* Context that the call changes. */
  CONTEXT_READ  /* Context that the call reads. */
} role;

typedef struct parameter {
  const char *name;
  role role;
  size_t size;
  corekey_status if_empty; /* What the call gives for a length of 0. */
  void (*prepare)(void *at);
  const char *in_place; /* The input where this output may start too. */
} parameter;

typedef struct argument {
  uint8_t *at;
  size_t len;
} argument;

#define MOST_PARAMETERS 6
typedef struct subject {
  const char *name;
  corekey_status (*call)(const argument *a);
  parameter parameters[MOST_PARAMETERS];
} subject;

static inline bool is_any(const parameter *p) { return p->name != NULL; }

static inline bool is_context(const parameter *p) {
  return p->role == CONTEXT_NEW || p->role == CONTEXT_USED || p->role == CONTEXT_READ;
}

static inline bool is_output(const parameter *p) {
  return p->role != INPUT && p->role != CONTEXT_READ;
}

static inline bool is_input(const parameter *p) { return !is_output(p); }

static inline bool is_buffer(const parameter *p) {
  return p->role == INPUT || p->role == OUTPUT || p->role == OUTPUT_TIED;
}

static inline bool has_length(const parameter *p) {
  return p->role == INPUT || p->role == OUTPUT;
}

static inline bool is_aligned(const parameter *p) { return is_context(p) || p->role == LENGTH; }

static inline size_t parameter_count(const subject *s) {
  size_t count = 0;
  while (count < MOST_PARAMETERS && s->parameters[count].name != NULL) {
    count++;
  }
  return count;
}

/* ==========================================================================
 * What makes the calls succeed.
 */

static const uint8_t SECRET[32] = "a secret that tests know";
static const uint8_t NONCE[COREKEY_NONCE_LEN] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
static const uint8_t AAD[5] = {9, 8, 7, 6, 5};
static const uint8_t TEXT[24] = "twenty-four bytes of it";

/* An entropy source that works: never the same block twice. */
static inline int32_t counting_entropy(void *user, uint8_t *out, size_t len) {
  static uint8_t counter;
  (void)user;
  counter++;
  for (size_t i = 0; i < len; i++) {
    out[i] = (uint8_t)(i * 7 + counter);
  }
  return 0;
}

static inline void make_hash(void *at) {
  corekey_hash_ctx *ctx = at;
  OK(corekey_hash_init(ctx, COREKEY_SHA256));
}

static inline void make_hmac_key(void *at) {
  corekey_hmac_key *key = at;
  OK(corekey_hmac_key_init(key, COREKEY_SHA256, SECRET, sizeof SECRET));
}

static inline void make_hmac(void *at) {
  corekey_hmac_ctx *ctx = at;
  corekey_hmac_key key;
  make_hmac_key(&key);
  OK(corekey_hmac_init(ctx, &key));
  OK(corekey_hmac_key_clear(&key));
}

static inline void make_prk(void *at) {
  corekey_prk *prk = at;
  OK(corekey_prk_init(prk, COREKEY_SHA256, SECRET, sizeof SECRET));
}

static inline void make_aead_key(void *at) {
  corekey_aead_key *key = at;
  OK(corekey_aead_key_init(key, COREKEY_AES_256_GCM, SECRET, sizeof SECRET));
}

static inline void make_drbg(void *at) {
  corekey_drbg *drbg = at;
  OK(corekey_drbg_init(drbg, counting_entropy, NULL, NULL, 0));
}

static inline void put_secret(void *at) { memcpy(at, SECRET, sizeof SECRET); }
static inline void put_nonce(void *at) { memcpy(at, NONCE, sizeof NONCE); }
static inline void put_aad(void *at) { memcpy(at, AAD, sizeof AAD); }
static inline void put_text(void *at) { memcpy(at, TEXT, sizeof TEXT); }

#define SEALED_LEN (sizeof TEXT + COREKEY_TAG_LEN)

static inline void put_sealed(void *at) {
  corekey_aead_key key;
  size_t len;
  make_aead_key(&key);
  OK(corekey_aead_seal(&key, NONCE, sizeof NONCE, AAD, sizeof AAD, TEXT, sizeof TEXT, at,
                       SEALED_LEN, &len));
  OK(corekey_aead_key_clear(&key));
}

static inline void put_ciphertext(void *at) {
  uint8_t sealed[SEALED_LEN];
  put_sealed(sealed);
  memcpy(at, sealed, sizeof TEXT);
}

static inline void put_aead_tag(void *at) {
  uint8_t sealed[SEALED_LEN];
  put_sealed(sealed);
  memcpy(at, sealed + sizeof TEXT, COREKEY_TAG_LEN);
}

static inline void put_hmac_tag(void *at) {
  corekey_hmac_key key;
  make_hmac_key(&key);
  OK(corekey_hmac(&key, TEXT, sizeof TEXT, at, COREKEY_SHA256_LEN));
  OK(corekey_hmac_key_clear(&key));
}

#define WRAPPED_LEN (sizeof TEXT + 8)

static inline void put_wrapped(void *at) {
  size_t len;
  OK(corekey_key_wrap(COREKEY_AES_KW, SECRET, sizeof SECRET, TEXT, sizeof TEXT, at,
                      WRAPPED_LEN, &len));
}

static inline void put_digits(void *at) { memset(at, '7', 32); }

/* ==========================================================================
 * The functions, in the header's order.
 */

static inline corekey_status call_equal(const argument *a) {
  return corekey_equal(a[0].at, a[0].len, a[1].at, a[1].len);
}

static inline corekey_status call_wipe(const argument *a) {
  return corekey_wipe(a[0].at, a[0].len);
}

static inline corekey_status call_hash(const argument *a) {
  return corekey_hash(COREKEY_SHA256, a[0].at, a[0].len, a[1].at, a[1].len);
}

static inline corekey_status call_hash_init(const argument *a) {
  return corekey_hash_init_sized((void *)a[0].at, a[0].len, COREKEY_SHA256);
}

static inline corekey_status call_hash_update(const argument *a) {
  return corekey_hash_update((void *)a[0].at, a[1].at, a[1].len);
}

static inline corekey_status call_hash_final(const argument *a) {
  return corekey_hash_final((void *)a[0].at, a[1].at, a[1].len);
}

static inline corekey_status call_hmac_key_init(const argument *a) {
  return corekey_hmac_key_init_sized((void *)a[0].at, a[0].len, COREKEY_SHA256, a[1].at,
                                     a[1].len);
}

static inline corekey_status call_hmac(const argument *a) {
  return corekey_hmac((void *)a[0].at, a[1].at, a[1].len, a[2].at, a[2].len);
}

static inline corekey_status call_hmac_verify(const argument *a) {
  return corekey_hmac_verify((void *)a[0].at, a[1].at, a[1].len, a[2].at, a[2].len);
}

static inline corekey_status call_hmac_init(const argument *a) {
  return corekey_hmac_init_sized((void *)a[0].at, a[0].len, (void *)a[1].at);
}

static inline corekey_status call_hmac_update(const argument *a) {
  return corekey_hmac_update((void *)a[0].at, a[1].at, a[1].len);
}

static inline corekey_status call_hmac_final(const argument *a) {
  return corekey_hmac_final((void *)a[0].at, a[1].at, a[1].len);
}

static inline corekey_status call_hkdf_extract(const argument *a) {
  return corekey_hkdf_extract_sized((void *)a[0].at, a[0].len, COREKEY_SHA256, a[1].at,
                                    a[1].len, a[2].at, a[2].len);
}

static inline corekey_status call_prk_init(const argument *a) {
  return corekey_prk_init_sized((void *)a[0].at, a[0].len, COREKEY_SHA256, a[1].at, a[1].len);
}

static inline corekey_status call_hkdf_expand(const argument *a) {
  return corekey_hkdf_expand((void *)a[0].at, a[1].at, a[1].len, a[2].at, a[2].len);
}

static inline corekey_status call_hkdf(const argument *a) {
  return corekey_hkdf(COREKEY_SHA256, a[0].at, a[0].len, a[1].at, a[1].len, a[2].at, a[2].len,
                      a[3].at, a[3].len);
}

static inline corekey_status call_aead_key_init(const argument *a) {
  return corekey_aead_key_init_sized((void *)a[0].at, a[0].len, COREKEY_AES_256_GCM, a[1].at,
                                     a[1].len);
}

static inline corekey_status call_aead_seal(const argument *a) {
  return corekey_aead_seal((void *)a[0].at, a[1].at, a[1].len, a[2].at, a[2].len, a[3].at,
                           a[3].len, a[4].at, a[4].len, (void *)a[5].at);
}

static inline corekey_status call_aead_open(const argument *a) {
  return corekey_aead_open((void *)a[0].at, a[1].at, a[1].len, a[2].at, a[2].len, a[3].at,
                           a[3].len, a[4].at, a[4].len, (void *)a[5].at);
}

static inline corekey_status call_seal_detached(const argument *a) {
  return corekey_aead_seal_detached((void *)a[0].at, a[1].at, a[1].len, a[2].at, a[2].len,
                                    a[3].at, a[3].len, a[4].at, a[5].at, a[5].len);
}

static inline corekey_status call_open_detached(const argument *a) {
  return corekey_aead_open_detached((void *)a[0].at, a[1].at, a[1].len, a[2].at, a[2].len,
                                    a[3].at, a[3].len, a[4].at, a[4].len, a[5].at);
}

static inline corekey_status call_key_wrap(const argument *a) {
  return corekey_key_wrap(COREKEY_AES_KW, a[0].at, a[0].len, a[1].at, a[1].len, a[2].at,
                          a[2].len, (void *)a[3].at);
}

static inline corekey_status call_key_unwrap(const argument *a) {
  return corekey_key_unwrap(COREKEY_AES_KW, a[0].at, a[0].len, a[1].at, a[1].len, a[2].at,
                            a[2].len, (void *)a[3].at);
}

static inline corekey_status call_encode(const argument *a) {
  return corekey_encode(COREKEY_HEX, a[0].at, a[0].len, (char *)a[1].at, a[1].len,
                        (void *)a[2].at);
}

static inline corekey_status call_decode(const argument *a) {
  return corekey_decode(COREKEY_HEX, (const char *)a[0].at, a[0].len, a[1].at, a[1].len,
                        (void *)a[2].at);
}

static inline corekey_status call_drbg_init(const argument *a) {
  return corekey_drbg_init_sized((void *)a[0].at, a[0].len, counting_entropy, NULL, a[1].at,
                                 a[1].len);
}

static inline corekey_status call_drbg_reseed(const argument *a) {
  return corekey_drbg_reseed((void *)a[0].at, a[1].at, a[1].len);
}

static inline corekey_status call_drbg_generate(const argument *a) {
  return corekey_drbg_generate((void *)a[0].at, a[1].at, a[1].len, a[2].at, a[2].len);
}

static inline corekey_status call_random(const argument *a) {
  return corekey_random(a[0].at, a[0].len);
}

#define CONTEXT(role, type, make) {#type, role, sizeof(type), COREKEY_OK, make, NULL}
#define OUT_LEN {"out_len", LENGTH, sizeof(size_t), COREKEY_OK, NULL, NULL}

static const subject SUBJECTS[] = {
    {"corekey_equal", call_equal,
     {{"a", INPUT, 24, COREKEY_E_UNVERIFIED, put_text, NULL},
      {"b", INPUT, 24, COREKEY_E_UNVERIFIED, put_text, NULL}}},
    {"corekey_wipe", call_wipe, {{"memory", OUTPUT, 24, COREKEY_OK, NULL, NULL}}},
    {"corekey_hash", call_hash,
     {{"data", INPUT, 24, COREKEY_OK, put_text, NULL},
      {"digest", OUTPUT, COREKEY_SHA256_LEN, COREKEY_E_LENGTH, NULL, NULL}}},
    {"corekey_hash_init", call_hash_init, {CONTEXT(CONTEXT_NEW, corekey_hash_ctx, NULL)}},
    {"corekey_hash_update", call_hash_update,
     {CONTEXT(CONTEXT_USED, corekey_hash_ctx, make_hash),
      {"data", INPUT, 24, COREKEY_OK, put_text, NULL}}},
    {"corekey_hash_final", call_hash_final,
     {CONTEXT(CONTEXT_USED, corekey_hash_ctx, make_hash),
      {"digest", OUTPUT, COREKEY_SHA256_LEN, COREKEY_E_LENGTH, NULL, NULL}}},
    {"corekey_hmac_key_init", call_hmac_key_init,
     {CONTEXT(CONTEXT_NEW, corekey_hmac_key, NULL),
      {"secret", INPUT, 32, COREKEY_OK, put_secret, NULL}}},
    {"corekey_hmac", call_hmac,
     {CONTEXT(CONTEXT_READ, corekey_hmac_key, make_hmac_key),
      {"data", INPUT, 24, COREKEY_OK, put_text, NULL},
      {"tag", OUTPUT, COREKEY_SHA256_LEN, COREKEY_E_LENGTH, NULL, NULL}}},
    {"corekey_hmac_verify", call_hmac_verify,
     {CONTEXT(CONTEXT_READ, corekey_hmac_key, make_hmac_key),
      {"data", INPUT, 24, COREKEY_E_UNVERIFIED, put_text, NULL},
      {"tag", INPUT, COREKEY_SHA256_LEN, COREKEY_E_LENGTH, put_hmac_tag, NULL}}},
    {"corekey_hmac_init", call_hmac_init,
     {CONTEXT(CONTEXT_NEW, corekey_hmac_ctx, NULL),
      CONTEXT(CONTEXT_READ, corekey_hmac_key, make_hmac_key)}},
    {"corekey_hmac_update", call_hmac_update,
     {CONTEXT(CONTEXT_USED, corekey_hmac_ctx, make_hmac),
      {"data", INPUT, 24, COREKEY_OK, put_text, NULL}}},
    {"corekey_hmac_final", call_hmac_final,
     {CONTEXT(CONTEXT_USED, corekey_hmac_ctx, make_hmac),
      {"tag", OUTPUT, COREKEY_SHA256_LEN, COREKEY_E_LENGTH, NULL, NULL}}},
    {"corekey_hkdf_extract", call_hkdf_extract,
     {CONTEXT(CONTEXT_NEW, corekey_prk, NULL),
      {"salt", INPUT, 24, COREKEY_OK, put_text, NULL},
      {"ikm", INPUT, 32, COREKEY_OK, put_secret, NULL}}},
    {"corekey_prk_init", call_prk_init,
     {CONTEXT(CONTEXT_NEW, corekey_prk, NULL),
      {"secret", INPUT, 32, COREKEY_E_LENGTH, put_secret, NULL}}},
    {"corekey_hkdf_expand", call_hkdf_expand,
     {CONTEXT(CONTEXT_READ, corekey_prk, make_prk),
      {"info", INPUT, 24, COREKEY_OK, put_text, NULL},
      {"okm", OUTPUT, 40, COREKEY_E_LENGTH, NULL, NULL}}},
    {"corekey_hkdf", call_hkdf,
     {{"salt", INPUT, 24, COREKEY_OK, put_text, NULL},
      {"ikm", INPUT, 32, COREKEY_OK, put_secret, NULL},
      {"info", INPUT, 24, COREKEY_OK, put_text, NULL},
      {"okm", OUTPUT, 40, COREKEY_E_LENGTH, NULL, NULL}}},
    {"corekey_aead_key_init", call_aead_key_init,
     {CONTEXT(CONTEXT_NEW, corekey_aead_key, NULL),
      {"secret", INPUT, 32, COREKEY_E_LENGTH, put_secret, NULL}}},
    {"corekey_aead_seal", call_aead_seal,
     {CONTEXT(CONTEXT_READ, corekey_aead_key, make_aead_key),
      {"nonce", INPUT, COREKEY_NONCE_LEN, COREKEY_E_LENGTH, put_nonce, NULL},
      {"aad", INPUT, sizeof AAD, COREKEY_OK, put_aad, NULL},
      {"plaintext", INPUT, sizeof TEXT, COREKEY_OK, put_text, NULL},
      {"out", OUTPUT, SEALED_LEN, COREKEY_E_BUFFER_TOO_SMALL, NULL, "plaintext"},
      OUT_LEN}},
    {"corekey_aead_open", call_aead_open,
     {CONTEXT(CONTEXT_READ, corekey_aead_key, make_aead_key),
      {"nonce", INPUT, COREKEY_NONCE_LEN, COREKEY_E_LENGTH, put_nonce, NULL},
      {"aad", INPUT, sizeof AAD, COREKEY_E_UNVERIFIED, put_aad, NULL},
      {"sealed", INPUT, SEALED_LEN, COREKEY_E_LENGTH, put_sealed, NULL},
      {"out", OUTPUT, sizeof TEXT, COREKEY_E_BUFFER_TOO_SMALL, NULL, "sealed"},
      OUT_LEN}},
    {"corekey_aead_seal_detached", call_seal_detached,
     {CONTEXT(CONTEXT_READ, corekey_aead_key, make_aead_key),
      {"nonce", INPUT, COREKEY_NONCE_LEN, COREKEY_E_LENGTH, put_nonce, NULL},
      {"aad", INPUT, sizeof AAD, COREKEY_OK, put_aad, NULL},
      {"plaintext", INPUT, sizeof TEXT, COREKEY_OK, put_text, NULL},
      {"ciphertext", OUTPUT_TIED, sizeof TEXT, COREKEY_OK, NULL, "plaintext"},
      {"tag", OUTPUT, COREKEY_TAG_LEN, COREKEY_E_LENGTH, NULL, NULL}}},
    {"corekey_aead_open_detached", call_open_detached,
     {CONTEXT(CONTEXT_READ, corekey_aead_key, make_aead_key),
      {"nonce", INPUT, COREKEY_NONCE_LEN, COREKEY_E_LENGTH, put_nonce, NULL},
      {"aad", INPUT, sizeof AAD, COREKEY_E_UNVERIFIED, put_aad, NULL},
      {"ciphertext", INPUT, sizeof TEXT, COREKEY_E_UNVERIFIED, put_ciphertext, NULL},
      {"tag", INPUT, COREKEY_TAG_LEN, COREKEY_E_LENGTH, put_aead_tag, NULL},
      {"plaintext", OUTPUT_TIED, sizeof TEXT, COREKEY_OK, NULL, "ciphertext"}}},
    {"corekey_key_wrap", call_key_wrap,
     {{"kek", INPUT, 32, COREKEY_E_LENGTH, put_secret, NULL},
      {"key", INPUT, sizeof TEXT, COREKEY_E_LENGTH, put_text, NULL},
      {"out", OUTPUT, WRAPPED_LEN, COREKEY_E_BUFFER_TOO_SMALL, NULL, NULL},
      OUT_LEN}},
    {"corekey_key_unwrap", call_key_unwrap,
     {{"kek", INPUT, 32, COREKEY_E_LENGTH, put_secret, NULL},
      {"wrapped", INPUT, WRAPPED_LEN, COREKEY_E_LENGTH, put_wrapped, NULL},
      {"out", OUTPUT, sizeof TEXT, COREKEY_E_BUFFER_TOO_SMALL, NULL, NULL},
      OUT_LEN}},
    {"corekey_encode", call_encode,
     {{"data", INPUT, sizeof TEXT, COREKEY_OK, put_text, NULL},
      {"text", OUTPUT, 2 * sizeof TEXT + 1, COREKEY_E_BUFFER_TOO_SMALL, NULL, NULL},
      OUT_LEN}},
    {"corekey_decode", call_decode,
     {{"text", INPUT, 32, COREKEY_OK, put_digits, NULL},
      {"out", OUTPUT, 16, COREKEY_E_BUFFER_TOO_SMALL, NULL, NULL},
      OUT_LEN}},
    {"corekey_drbg_init", call_drbg_init,
     {CONTEXT(CONTEXT_NEW, corekey_drbg, NULL),
      {"personalization", INPUT, 24, COREKEY_OK, put_text, NULL}}},
    {"corekey_drbg_reseed", call_drbg_reseed,
     {CONTEXT(CONTEXT_USED, corekey_drbg, make_drbg),
      {"additional", INPUT, 24, COREKEY_OK, put_text, NULL}}},
    {"corekey_drbg_generate", call_drbg_generate,
     {CONTEXT(CONTEXT_USED, corekey_drbg, make_drbg),
      {"additional", INPUT, 24, COREKEY_OK, put_text, NULL},
      {"out", OUTPUT, 40, COREKEY_OK, NULL, NULL}}},
    {"corekey_random", call_random, {{"out", OUTPUT, 24, COREKEY_OK, NULL, NULL}}},
};

/* ==========================================================================
 * The arena.
 */

#define ARENA_LEN 16384
#define STAGE 8192     /* Where a test puts the arguments it plays with. */
#define STAGE_ROOM 2048 /* Free bytes on both sides of it, at least. */

static _Alignas(16) uint8_t arena[ARENA_LEN];
static uint8_t arena_before[ARENA_LEN];

/* The function and argument under test, for messages. */
static char at_work[80];

/* Lays out valid arguments one behind the other. */
static inline void lay_out(const subject *s, argument *a) {
  uint8_t *next = arena + 64;
  for (size_t i = 0; i < parameter_count(s); i++) {
    a[i] = (argument){next, s->parameters[i].size};
    next += (s->parameters[i].size + 64) / 16 * 16 + 16;
  }
  assert_true(next < arena + STAGE - STAGE_ROOM);
}

/* Paints the arena and prepares every argument where it is now; contexts last,
 * since a test may let other inputs overlap them.
 */
static inline void prepare_all(const subject *s, const argument *a) {
  paint(arena, sizeof arena);
  for (int contexts = 0; contexts <= 1; contexts++) {
    for (size_t i = 0; i < parameter_count(s); i++) {
      const parameter *p = &s->parameters[i];
      if (p->prepare != NULL && is_context(p) == (contexts == 1)) {
        p->prepare(a[i].at);
      }
    }
  }
}

/* Calls, which gives this status, and if that is an error, writes nothing; a
 * buffer that is too small lets it store the length needed.
 */
static inline void refused(const subject *s, const argument *a, corekey_status expected) {
  memcpy(arena_before, arena, sizeof arena);
  expect_status(s->call(a), expected, at_work, __FILE__, __LINE__);
  if (expected == COREKEY_E_BUFFER_TOO_SMALL) {
    const argument *out_len = &a[parameter_count(s) - 1];
    memcpy(arena_before + (out_len->at - arena), out_len->at, out_len->len);
  }
  assert_memory_equal(arena, arena_before, sizeof arena);
}

/* ==========================================================================
 * One test for each property of each function that it concerns.
 */

typedef struct property {
  const char *promise;
  bool (*concerns)(const parameter *p);
  void (*holds)(const subject *s, size_t which);
} property;

typedef struct claim {
  const subject *subject;
  const property *property;
  char name[120];
} claim;

static inline void test_claim(void **state) {
  const claim *c = *state;
  for (size_t i = 0; i < parameter_count(c->subject); i++) {
    const parameter *p = &c->subject->parameters[i];
    if (c->property->concerns(p)) {
      snprintf(at_work, sizeof at_work, "%s, argument %s", c->subject->name, p->name);
      c->property->holds(c->subject, i);
    }
  }
}

static inline bool concerns_any(const property *p, const subject *s) {
  for (size_t i = 0; i < parameter_count(s); i++) {
    if (p->concerns(&s->parameters[i])) {
      return true;
    }
  }
  return false;
}

static inline int run_properties(const char *group, const property *properties, size_t count) {
  static claim claims[16 * COUNT(SUBJECTS)];
  static struct CMUnitTest tests[COUNT(claims)];
  size_t used = 0;
  for (size_t p = 0; p < count; p++) {
    for (size_t s = 0; s < COUNT(SUBJECTS) && used < COUNT(claims); s++) {
      if (!concerns_any(&properties[p], &SUBJECTS[s])) {
        continue;
      }
      claim *c = &claims[used];
      c->subject = &SUBJECTS[s];
      c->property = &properties[p];
      snprintf(c->name, sizeof c->name, "%s: %s", SUBJECTS[s].name, properties[p].promise);
      tests[used] = (struct CMUnitTest){c->name, test_claim, NULL, NULL, c};
      used++;
    }
  }
  return _cmocka_run_group_tests(group, tests, used, NULL, NULL);
}

#endif
