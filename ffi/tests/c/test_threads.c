/* Threads: const contexts used by several at once, and everything else by each
 * on its own. Every thread must see the results that one thread alone sees.
 */
#define _POSIX_C_SOURCE 200809L /* pthread_barrier_t */
#include "support.h"

#include <pthread.h>

#define THREADS 4
#define ROUNDS 100
#define TEXT_LEN 100
#define SEALED_LEN (TEXT_LEN + COREKEY_TAG_LEN)

/* Made before the threads start, and only read by them. */
static corekey_aead_key aead_key;
static corekey_hmac_key hmac_key;
static corekey_prk prk;
static const uint8_t secret[32] = {1, 2, 3};
static const uint8_t nonce[COREKEY_NONCE_LEN] = {4, 5, 6};
static uint8_t text[TEXT_LEN];
static uint8_t expected_sealed[SEALED_LEN];
static uint8_t expected_tag[COREKEY_SHA256_LEN];
static uint8_t expected_okm[TEXT_LEN];
static uint8_t expected_digest[COREKEY_SHA512_LEN];
static corekey_root root;
static corekey_device_key device_key;
static uint8_t expected_derived[COREKEY_KEY_LEN];
static uint8_t expected_message[TEXT_LEN + COREKEY_MESSAGE_OVERHEAD_MAX];
static size_t expected_message_len;

static pthread_barrier_t start;

static corekey_status seal(uint8_t *out, size_t *len) {
  return corekey_aead_seal(&aead_key, nonce, sizeof nonce, secret, sizeof secret, text,
                           sizeof text, out, SEALED_LEN, len);
}

static corekey_status seal_first(corekey_sealer *sealer, uint8_t *out, size_t *len) {
  const corekey_status status =
      corekey_sealer_init(sealer, &device_key, COREKEY_UP, 1, NULL, 0);
  if (status != COREKEY_OK) {
    return status;
  }
  return corekey_seal(sealer, COREKEY_LONG, secret, sizeof secret, text, sizeof text, out,
                      sizeof expected_message, len);
}

static corekey_status derive(const corekey_device_key *key, uint8_t *out) {
  return corekey_device_key_derive(key, COREKEY_FOR_WRAPPING, text, sizeof text, out,
                                   COREKEY_KEY_LEN);
}

static int make_contexts(void **state) {
  corekey_sealer sealer;
  size_t len;
  (void)state;
  paint(text, sizeof text);
  OK(corekey_aead_key_init(&aead_key, COREKEY_AES_256_GCM, secret, sizeof secret));
  OK(corekey_hmac_key_init(&hmac_key, COREKEY_SHA256, secret, sizeof secret));
  OK(corekey_prk_init(&prk, COREKEY_SHA384, text, sizeof text));
  OK(seal(expected_sealed, &len));
  OK(corekey_hmac(&hmac_key, text, sizeof text, expected_tag, sizeof expected_tag));
  OK(corekey_hkdf_expand(&prk, text, sizeof text, expected_okm, sizeof expected_okm));
  OK(corekey_hash(COREKEY_SHA512, text, sizeof text, expected_digest, sizeof expected_digest));
  OK(corekey_root_init(&root, secret, sizeof secret));
  OK(corekey_root_device_key(&device_key, &root, 1, text, 14));
  OK(derive(&device_key, expected_derived));
  OK(seal_first(&sealer, expected_message, &expected_message_len));
  return 0;
}

/* A thread may not use cmocka: it counts what was not as expected. */
typedef struct thread {
  pthread_t handle;
  void (*round)(struct thread *self);
  uint8_t number;
  int wrong;
} thread;

static void ok(thread *self, corekey_status status) { self->wrong += status != COREKEY_OK; }

static void same(thread *self, const void *got, const void *expected, size_t len) {
  self->wrong += memcmp(got, expected, len) != 0;
}

static void *run(void *argument) {
  thread *const self = argument;
  pthread_barrier_wait(&start);
  for (int round = 0; round < ROUNDS; round++) {
    self->round(self);
  }
  return NULL;
}

static void all_threads_agree(void (*round)(thread *self)) {
  thread threads[THREADS];
  assert_int_equal(pthread_barrier_init(&start, NULL, THREADS), 0);
  for (size_t i = 0; i < THREADS; i++) {
    threads[i] = (thread){.round = round, .number = (uint8_t)i};
    assert_int_equal(pthread_create(&threads[i].handle, NULL, run, &threads[i]), 0);
  }
  for (size_t i = 0; i < THREADS; i++) {
    assert_int_equal(pthread_join(threads[i].handle, NULL), 0);
  }
  pthread_barrier_destroy(&start);
  for (size_t i = 0; i < THREADS; i++) {
    assert_int_equal(threads[i].wrong, 0);
  }
}

static void seal_and_open(thread *self) {
  uint8_t sealed[SEALED_LEN] = {0};
  uint8_t opened[TEXT_LEN] = {0};
  size_t len = 0;
  ok(self, seal(sealed, &len));
  same(self, sealed, expected_sealed, sizeof sealed);
  ok(self, corekey_aead_open(&aead_key, nonce, sizeof nonce, secret, sizeof secret, sealed, len,
                             opened, sizeof opened, &len));
  same(self, opened, text, sizeof opened);
}

static void authenticate_and_derive(thread *self) {
  uint8_t tag[COREKEY_SHA256_LEN] = {0};
  uint8_t okm[TEXT_LEN] = {0};
  corekey_hmac_ctx ctx;
  ok(self, corekey_hmac(&hmac_key, text, sizeof text, tag, sizeof tag));
  same(self, tag, expected_tag, sizeof tag);
  ok(self, corekey_hmac_verify(&hmac_key, text, sizeof text, tag, sizeof tag));

  memset(tag, 0, sizeof tag);
  ok(self, corekey_hmac_init(&ctx, &hmac_key));
  ok(self, corekey_hmac_update(&ctx, text, sizeof text));
  ok(self, corekey_hmac_final(&ctx, tag, sizeof tag));
  same(self, tag, expected_tag, sizeof tag);

  ok(self, corekey_hkdf_expand(&prk, text, sizeof text, okm, sizeof okm));
  same(self, okm, expected_okm, sizeof okm);
}

static int32_t entropy(void *user, uint8_t *out, size_t len) {
  uint8_t *const next = user;
  for (size_t i = 0; i < len; i++) {
    out[i] = (uint8_t)(*next * 11 + i * 7);
  }
  (*next)++;
  return 0;
}

static void contexts_of_its_own(thread *self) {
  uint8_t digest[COREKEY_SHA512_LEN] = {0};
  uint8_t output[2][32] = {{0}};
  corekey_hash_ctx hash;
  ok(self, corekey_hash_init(&hash, COREKEY_SHA512));
  ok(self, corekey_hash_update(&hash, text, sizeof text));
  ok(self, corekey_hash_final(&hash, digest, sizeof digest));
  same(self, digest, expected_digest, sizeof digest);

  for (size_t i = 0; i < COUNT(output); i++) {
    corekey_drbg drbg;
    uint8_t seed = self->number;
    ok(self, corekey_drbg_init(&drbg, entropy, &seed, NULL, 0));
    ok(self, corekey_drbg_reseed(&drbg, NULL, 0));
    ok(self, corekey_drbg_generate(&drbg, NULL, 0, output[i], sizeof output[i]));
  }
  same(self, output[0], output[1], sizeof output[0]);
  ok(self, corekey_selftest());
}

static void derive_device_keys(thread *self) {
  corekey_device_key key;
  uint8_t derived[COREKEY_KEY_LEN] = {0};
  ok(self, corekey_root_device_key(&key, &root, 1, text, 14));
  ok(self, derive(&key, derived));
  same(self, derived, expected_derived, sizeof derived);
  memset(derived, 0, sizeof derived);
  ok(self, derive(&device_key, derived));
  same(self, derived, expected_derived, sizeof derived);
}

static void seal_and_open_messages(thread *self) {
  uint8_t message[sizeof expected_message] = {0};
  uint8_t opened[TEXT_LEN] = {0};
  corekey_sealer sealer;
  corekey_opener opener;
  corekey_message info;
  size_t len = 0;
  ok(self, seal_first(&sealer, message, &len));
  same(self, message, expected_message, sizeof message);
  ok(self, corekey_opener_init_up(&opener, &device_key, NULL, 0));
  for (int i = 0; i < 3; i++) {
    ok(self, corekey_open(&opener, i == 0 ? secret : NULL, i == 0 ? sizeof secret : 0, message,
                          len, opened, sizeof opened, &len, &info));
    same(self, opened, text, sizeof opened);
    self->wrong += info.counter != (uint32_t)i;
    ok(self, corekey_seal(&sealer, COREKEY_COMPACT, NULL, 0, text, sizeof text, message,
                          sizeof message, &len));
  }
}

static void const_aead_keys_work_for_several_threads_at_once(void **state) {
  (void)state;
  all_threads_agree(seal_and_open);
}

static void const_hmac_keys_and_prks_work_for_several_threads_at_once(void **state) {
  (void)state;
  all_threads_agree(authenticate_and_derive);
}

static void const_roots_and_device_keys_work_for_several_threads_at_once(void **state) {
  (void)state;
  all_threads_agree(derive_device_keys);
}

static void sealers_and_openers_of_each_thread_do_not_disturb_each_other(void **state) {
  (void)state;
  all_threads_agree(seal_and_open_messages);
}

static void contexts_of_each_thread_do_not_disturb_each_other(void **state) {
  (void)state;
  all_threads_agree(contexts_of_its_own);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(const_aead_keys_work_for_several_threads_at_once),
      cmocka_unit_test(const_hmac_keys_and_prks_work_for_several_threads_at_once),
      cmocka_unit_test(const_roots_and_device_keys_work_for_several_threads_at_once),
      cmocka_unit_test(sealers_and_openers_of_each_thread_do_not_disturb_each_other),
      cmocka_unit_test(contexts_of_each_thread_do_not_disturb_each_other),
  };
  return cmocka_run_group_tests_name("threads", tests, make_contexts, NULL);
}
