/* Every function of corekey.h that takes a pointer, as data: its parameters
 * and how to call it. So what the conventions promise for all functions is
 * tested for all functions; see run_properties at the end.
 *
 * The arguments of a call lie in one painted arena. Each parameter has its
 * storage, in which `prepare` puts what makes the call succeed.
 */
#ifndef SUBJECTS_H
#define SUBJECTS_H

#include "flash.h"
#include "support.h"

typedef enum role {
  INPUT,        /* Pointer and length. */
  OUTPUT,       /* Pointer and length or capacity. */
  OUTPUT_TIED,  /* A pointer whose length is that of the input. */
  OUTPUT_ROUND, /* As OUTPUT; the input that in_place names may lie anywhere in it. */
  LENGTH,       /* Pointer to a size_t that the call stores. */
  RECORD,       /* Pointer to a number or struct that the call stores. */
  RECORD_IF_ANY, /* The same, and may be NULL. */
  STORAGE,      /* Pointer to a corekey_storage. */
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

static inline bool is_needed(const parameter *p) { return p->role != RECORD_IF_ANY; }

static inline bool is_output(const parameter *p) {
  return p->role != INPUT && p->role != CONTEXT_READ && p->role != STORAGE;
}

static inline bool is_input(const parameter *p) {
  return p->role == INPUT || p->role == CONTEXT_READ;
}

static inline bool is_buffer(const parameter *p) {
  return p->role == INPUT || p->role == OUTPUT || p->role == OUTPUT_TIED ||
         p->role == OUTPUT_ROUND;
}

static inline bool has_length(const parameter *p) {
  return is_buffer(p) && p->role != OUTPUT_TIED;
}

static inline bool is_aligned(const parameter *p) { return !is_buffer(p); }

static inline size_t alignment_of(const parameter *p) {
  return is_buffer(p) ? 1 : p->size < 8 ? p->size : 8;
}

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
 * Device keys, messages and the journal.
 */

static const uint8_t DEVICE_ID[3] = {'p', '-', '7'};
static const uint8_t SALT[COREKEY_SALT_LEN] = {1, 2, 3, 4, 5, 6, 7, 8};
#define BOOT 7
#define MESSAGE_LEN (sizeof TEXT + 37)

static inline void make_key_of_version(corekey_device_key *key, uint64_t version) {
  uint8_t secret[COREKEY_KEY_LEN];
  memset(secret, (int)version, sizeof secret);
  OK(corekey_device_key_init(key, version, DEVICE_ID, sizeof DEVICE_ID, secret, sizeof secret));
}

static inline void make_device_key(void *at) { make_key_of_version(at, 1); }
static inline void make_next_key(void *at) { make_key_of_version(at, 2); }

static inline void make_root(void *at) {
  corekey_root *root = at;
  OK(corekey_root_init(root, SECRET, sizeof SECRET));
}

static inline void make_sealer(void *at) {
  corekey_sealer *sealer = at;
  corekey_device_key key;
  make_device_key(&key);
  OK(corekey_sealer_init(sealer, &key, COREKEY_UP, BOOT, NULL, 0));
  OK(corekey_device_key_clear(&key));
}

static inline void make_opener(void *at) {
  corekey_opener *opener = at;
  corekey_device_key key;
  make_device_key(&key);
  OK(corekey_opener_init_up(opener, &key, NULL, 0));
  OK(corekey_device_key_clear(&key));
}

static inline void put_id(void *at) { memcpy(at, DEVICE_ID, sizeof DEVICE_ID); }
static inline void put_salt(void *at) { memcpy(at, SALT, sizeof SALT); }

static inline void put_message(void *at) {
  corekey_sealer sealer;
  size_t len;
  make_sealer(&sealer);
  OK(corekey_seal(&sealer, COREKEY_LONG, AAD, sizeof AAD, TEXT, sizeof TEXT, at, MESSAGE_LEN,
                  &len));
  assert_int_equal(len, MESSAGE_LEN);
  OK(corekey_sealer_clear(&sealer));
}

static inline void put_state(void *at) {
  corekey_opener opener;
  make_opener(&opener);
  OK(corekey_opener_save(&opener, at, COREKEY_OPENER_STATE_LEN));
}

static inline void put_wrapped_key(void *at) {
  corekey_root root;
  corekey_device_key key;
  make_root(&root);
  make_device_key(&key);
  OK(corekey_root_wrap(&root, &key, at, COREKEY_WRAPPED_KEY_LEN));
}

static inline void put_offer(void *at) {
  corekey_device_key current;
  corekey_device_key next;
  make_device_key(&current);
  make_next_key(&next);
  OK(corekey_rotation_offer(&current, &next, at, COREKEY_OFFER_LEN));
}

/* The storage of every call: a flash with the device key in it. */
static inline void make_storage(void *at) {
  static flash provisioned;
  static flash used;
  if (provisioned.noise == 0) {
    corekey_device_key key;
    const corekey_storage storage = storage_of(&provisioned);
    flash_blank(&provisioned);
    make_device_key(&key);
    OK(corekey_journal_provision(&storage, &key));
  }
  used = provisioned;
  const corekey_storage storage = storage_of(&used);
  memcpy(at, &storage, sizeof storage);
}

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

static inline corekey_status call_device_key_init(const argument *a) {
  return corekey_device_key_init_sized((void *)a[0].at, a[0].len, 1, a[1].at, a[1].len, a[2].at,
                                       a[2].len);
}

static inline corekey_status call_device_key_import(const argument *a) {
  return corekey_device_key_import_sized((void *)a[0].at, a[0].len, 1, a[1].at, a[1].len,
                                         a[2].at, a[2].len);
}

static inline corekey_status call_check_value(const argument *a) {
  return corekey_device_key_check_value((void *)a[0].at, a[1].at, a[1].len);
}

static inline corekey_status call_derive(const argument *a) {
  return corekey_device_key_derive((void *)a[0].at, COREKEY_FOR_WRAPPING, a[1].at, a[1].len,
                                   a[2].at, a[2].len);
}

static inline corekey_status call_personalization(const argument *a) {
  return corekey_device_key_personalization((void *)a[0].at, BOOT, a[1].at, a[1].len);
}

static inline corekey_status call_root_init(const argument *a) {
  return corekey_root_init_sized((void *)a[0].at, a[0].len, a[1].at, a[1].len);
}

static inline corekey_status call_root_fleet(const argument *a) {
  return corekey_root_fleet_sized((void *)a[0].at, a[0].len, (void *)a[1].at, a[2].at, a[2].len);
}

static inline corekey_status call_root_id(const argument *a) {
  return corekey_root_id((void *)a[0].at, a[1].at, a[1].len);
}

static inline corekey_status call_root_device_key(const argument *a) {
  return corekey_root_device_key_sized((void *)a[0].at, a[0].len, (void *)a[1].at, 1, a[2].at,
                                       a[2].len);
}

static inline corekey_status call_base64(const argument *a) {
  return corekey_device_key_base64((void *)a[0].at, 1, a[1].at, a[1].len, (char *)a[2].at,
                                   a[2].len, (void *)a[3].at);
}

static inline corekey_status call_root_wrap(const argument *a) {
  return corekey_root_wrap((void *)a[0].at, (void *)a[1].at, a[2].at, a[2].len);
}

static inline corekey_status call_root_unwrap(const argument *a) {
  return corekey_root_unwrap_sized((void *)a[0].at, a[0].len, (void *)a[1].at, 1, a[2].at,
                                   a[2].len, a[3].at, a[3].len);
}

static inline corekey_status call_sealer_init(const argument *a) {
  return corekey_sealer_init_sized((void *)a[0].at, a[0].len, (void *)a[1].at, COREKEY_UP, BOOT,
                                   a[2].at, a[2].len);
}

static inline corekey_status call_seal(const argument *a) {
  return corekey_seal((void *)a[0].at, COREKEY_LONG, a[1].at, a[1].len, a[2].at, a[2].len,
                      a[3].at, a[3].len, (void *)a[4].at);
}

static inline corekey_status call_opener_init_up(const argument *a) {
  return corekey_opener_init_up_sized((void *)a[0].at, a[0].len, (void *)a[1].at, a[2].at,
                                      a[2].len);
}

static inline corekey_status call_opener_init_down(const argument *a) {
  return corekey_opener_init_down_sized((void *)a[0].at, a[0].len, (void *)a[1].at, BOOT);
}

static inline corekey_status call_open(const argument *a) {
  return corekey_open((void *)a[0].at, a[1].at, a[1].len, a[2].at, a[2].len, a[3].at, a[3].len,
                      (void *)a[4].at, (void *)a[5].at);
}

static inline corekey_status call_opener_save(const argument *a) {
  return corekey_opener_save((void *)a[0].at, a[1].at, a[1].len);
}

static inline corekey_status call_inspect(const argument *a) {
  return corekey_inspect(a[0].at, a[0].len, (void *)a[1].at);
}

static inline corekey_status call_rewrite(const argument *a) {
  return corekey_rewrite(COREKEY_COMPACT, a[0].at, a[0].len, a[1].at, a[1].len, (void *)a[2].at);
}

static inline corekey_status call_cose_key(const argument *a) {
  return corekey_cose_key((void *)a[0].at, COREKEY_UP, BOOT, a[1].at, a[1].len, a[2].at,
                          a[2].len);
}

static inline corekey_status call_offer(const argument *a) {
  return corekey_rotation_offer((void *)a[0].at, (void *)a[1].at, a[2].at, a[2].len);
}

static inline corekey_status call_apply(const argument *a) {
  return corekey_rotation_apply_sized((void *)a[0].at, a[0].len, (void *)a[1].at, a[2].at,
                                      a[2].len);
}

static inline corekey_status call_provision(const argument *a) {
  return corekey_journal_provision((void *)a[0].at, (void *)a[1].at);
}

static inline corekey_status call_load(const argument *a) {
  return corekey_journal_load_sized((void *)a[0].at, a[0].len, (void *)a[1].at, a[2].at,
                                    a[2].len);
}

static inline corekey_status call_next_boot(const argument *a) {
  return corekey_journal_next_boot((void *)a[0].at, (void *)a[1].at);
}

static inline corekey_status call_journal_apply(const argument *a) {
  return corekey_journal_apply((void *)a[0].at, (void *)a[1].at, a[2].at, a[2].len,
                               (void *)a[3].at);
}

#define CONTEXT(role, type, make) {#type, role, sizeof(type), COREKEY_OK, make, NULL}
#define READS_KEY CONTEXT(CONTEXT_READ, corekey_device_key, make_device_key)
#define READS_ROOT CONTEXT(CONTEXT_READ, corekey_root, make_root)
#define READS_ID {"id", INPUT, sizeof DEVICE_ID, COREKEY_E_LENGTH, put_id, NULL}
#define USES_STORAGE \
  {"storage", STORAGE, sizeof(corekey_storage), COREKEY_OK, make_storage, NULL}
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
    {"corekey_device_key_init", call_device_key_init,
     {CONTEXT(CONTEXT_NEW, corekey_device_key, NULL),
      READS_ID,
      {"secret", INPUT, 32, COREKEY_E_LENGTH, put_secret, NULL}}},
    {"corekey_device_key_import", call_device_key_import,
     {CONTEXT(CONTEXT_NEW, corekey_device_key, NULL),
      READS_ID,
      {"imported", INPUT, 24, COREKEY_E_LENGTH, put_text, NULL}}},
    {"corekey_device_key_check_value", call_check_value,
     {READS_KEY,
      {"value", OUTPUT, COREKEY_CHECK_VALUE_LEN, COREKEY_E_LENGTH, NULL, NULL}}},
    {"corekey_device_key_derive", call_derive,
     {READS_KEY,
      {"context", INPUT, 24, COREKEY_OK, put_text, NULL},
      {"out", OUTPUT, COREKEY_KEY_LEN, COREKEY_E_LENGTH, NULL, NULL}}},
    {"corekey_device_key_personalization", call_personalization,
     {READS_KEY,
      {"out", OUTPUT, COREKEY_KEY_LEN, COREKEY_E_LENGTH, NULL, NULL}}},
    {"corekey_root_init", call_root_init,
     {CONTEXT(CONTEXT_NEW, corekey_root, NULL),
      {"secret", INPUT, 32, COREKEY_E_LENGTH, put_secret, NULL}}},
    {"corekey_root_fleet", call_root_fleet,
     {CONTEXT(CONTEXT_NEW, corekey_root, NULL), READS_ROOT, READS_ID}},
    {"corekey_root_id", call_root_id,
     {READS_ROOT,
      {"id", OUTPUT, COREKEY_ROOT_ID_LEN, COREKEY_E_LENGTH, NULL, NULL}}},
    {"corekey_root_device_key", call_root_device_key,
     {CONTEXT(CONTEXT_NEW, corekey_device_key, NULL), READS_ROOT, READS_ID}},
    {"corekey_device_key_base64", call_base64,
     {READS_ROOT,
      READS_ID,
      {"text", OUTPUT, 45, COREKEY_E_BUFFER_TOO_SMALL, NULL, NULL},
      OUT_LEN}},
    {"corekey_root_wrap", call_root_wrap,
     {READS_ROOT,
      READS_KEY,
      {"wrapped", OUTPUT, COREKEY_WRAPPED_KEY_LEN, COREKEY_E_LENGTH, NULL, NULL}}},
    {"corekey_root_unwrap", call_root_unwrap,
     {CONTEXT(CONTEXT_NEW, corekey_device_key, NULL),
      READS_ROOT,
      READS_ID,
      {"wrapped", INPUT, COREKEY_WRAPPED_KEY_LEN, COREKEY_E_LENGTH, put_wrapped_key, NULL}}},
    {"corekey_sealer_init", call_sealer_init,
     {CONTEXT(CONTEXT_NEW, corekey_sealer, NULL),
      READS_KEY,
      {"salt", INPUT, sizeof SALT, COREKEY_OK, put_salt, NULL}}},
    {"corekey_seal", call_seal,
     {CONTEXT(CONTEXT_USED, corekey_sealer, make_sealer),
      {"aad", INPUT, sizeof AAD, COREKEY_OK, put_aad, NULL},
      {"payload", INPUT, sizeof TEXT, COREKEY_OK, put_text, NULL},
      {"out", OUTPUT_ROUND, MESSAGE_LEN, COREKEY_E_BUFFER_TOO_SMALL, NULL, "payload"},
      OUT_LEN}},
    {"corekey_opener_init_up", call_opener_init_up,
     {CONTEXT(CONTEXT_NEW, corekey_opener, NULL),
      READS_KEY,
      {"state", INPUT, COREKEY_OPENER_STATE_LEN, COREKEY_OK, put_state, NULL}}},
    {"corekey_opener_init_down", call_opener_init_down,
     {CONTEXT(CONTEXT_NEW, corekey_opener, NULL), READS_KEY}},
    {"corekey_open", call_open,
     {CONTEXT(CONTEXT_USED, corekey_opener, make_opener),
      {"aad", INPUT, sizeof AAD, COREKEY_E_FORGED, put_aad, NULL},
      {"message", INPUT, MESSAGE_LEN, COREKEY_E_MALFORMED, put_message, NULL},
      {"out", OUTPUT, sizeof TEXT, COREKEY_E_BUFFER_TOO_SMALL, NULL, "message"},
      OUT_LEN,
      {"info", RECORD_IF_ANY, sizeof(corekey_message), COREKEY_OK, NULL, NULL}}},
    {"corekey_opener_save", call_opener_save,
     {CONTEXT(CONTEXT_READ, corekey_opener, make_opener),
      {"state", OUTPUT, COREKEY_OPENER_STATE_LEN, COREKEY_E_LENGTH, NULL, NULL}}},
    {"corekey_inspect", call_inspect,
     {{"message", INPUT, MESSAGE_LEN, COREKEY_E_MALFORMED, put_message, NULL},
      {"info", RECORD, sizeof(corekey_message), COREKEY_OK, NULL, NULL}}},
    {"corekey_rewrite", call_rewrite,
     {{"message", INPUT, MESSAGE_LEN, COREKEY_E_MALFORMED, put_message, NULL},
      {"out", OUTPUT, MESSAGE_LEN, COREKEY_E_BUFFER_TOO_SMALL, NULL, NULL},
      OUT_LEN}},
    {"corekey_cose_key", call_cose_key,
     {READS_KEY,
      {"salt", INPUT, sizeof SALT, COREKEY_OK, put_salt, NULL},
      {"out", OUTPUT, COREKEY_COSE_KEY_LEN, COREKEY_E_LENGTH, NULL, NULL}}},
    {"corekey_rotation_offer", call_offer,
     {READS_KEY,
      CONTEXT(CONTEXT_READ, corekey_device_key, make_next_key),
      {"offer", OUTPUT, COREKEY_OFFER_LEN, COREKEY_E_LENGTH, NULL, NULL}}},
    {"corekey_rotation_apply", call_apply,
     {CONTEXT(CONTEXT_NEW, corekey_device_key, NULL),
      READS_KEY,
      {"offer", INPUT, COREKEY_OFFER_LEN, COREKEY_E_BAD_OFFER, put_offer, NULL}}},
    {"corekey_journal_provision", call_provision, {USES_STORAGE, READS_KEY}},
    {"corekey_journal_load", call_load,
     {CONTEXT(CONTEXT_NEW, corekey_device_key, NULL), USES_STORAGE, READS_ID}},
    {"corekey_journal_next_boot", call_next_boot,
     {USES_STORAGE, {"boot", RECORD, sizeof(uint64_t), COREKEY_OK, NULL, NULL}}},
    {"corekey_journal_apply", call_journal_apply,
     {USES_STORAGE,
      CONTEXT(CONTEXT_USED, corekey_device_key, make_device_key),
      {"offer", INPUT, COREKEY_OFFER_LEN, COREKEY_E_BAD_OFFER, put_offer, NULL},
      {"rotated", RECORD, sizeof(uint32_t), COREKEY_OK, NULL, NULL}}},
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
  for (size_t i = 0; expected == COREKEY_E_BUFFER_TOO_SMALL && i < parameter_count(s); i++) {
    if (s->parameters[i].role == LENGTH) {
      memcpy(arena_before + (a[i].at - arena), a[i].at, a[i].len);
    }
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
