/* Residue: after a call, no part of a secret is left on the dead stack or, on
 * x86-64, in vector registers, from where other code can spill it.
 *
 * Each call runs in a thread whose stack is ours and painted, and that stack is
 * searched when the thread has ended, for every eight bytes in a row of:
 * secret inputs and outputs; the words of these in the other byte order, as the
 * hashes hold them; the padded keys of HMAC; the key stream; and all that a
 * context holds, which are key schedules and midstates as this build has them.
 *
 * Not searched: general registers, and what can be computed from none of these.
 * AddressSanitizer and valgrind change the stack, so under them only the
 * search itself is tested.
 */
#define _POSIX_C_SOURCE 200809L /* pthread_attr_setstack */
#include "flash.h"
#include "support.h"

#include <pthread.h>

#if defined(__has_include) && __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define RUNNING_ON_VALGRIND 0
#endif

#if defined(__SANITIZE_ADDRESS__)
#define STACK_IS_ITS_OWN false
#else
#define STACK_IS_ITS_OWN (!RUNNING_ON_VALGRIND)
#endif

/* ==========================================================================
 * The search.
 */

#define STACK_LEN (256 * 1024)
#define SEARCHED_LEN (STACK_LEN - DISTANCE)
#define DISTANCE (16 * 1024) /* The top is the thread library's. */
#define WINDOW 8

static _Alignas(4096) uint8_t stack[STACK_LEN];

/* Windows to look for, in a table by their hash: 0 is a free place. */
#define WINDOWS (1 << 17)
static uint64_t windows[WINDOWS];
static size_t window_count;

static uint64_t window_at(const uint8_t *at) {
  uint64_t window;
  memcpy(&window, at, sizeof window);
  return window;
}

static size_t place_of(uint64_t window) {
  size_t place = (size_t)((window * 0x9e3779b97f4a7c15u) >> 47);
  while (windows[place] != 0 && windows[place] != window) {
    place = (place + 1) % WINDOWS;
  }
  return place;
}

/* Lengths, flags and addresses have zeros; a secret with so many is rare. */
static bool is_telling(const uint8_t *at) {
  int zeros = 0;
  for (size_t i = 0; i < WINDOW; i++) {
    zeros += at[i] == 0;
  }
  return zeros < 2;
}

static void forget_windows(void) {
  memset(windows, 0, sizeof windows);
  window_count = 0;
}

static void seek(const uint8_t *bytes, size_t len) {
  for (size_t i = 0; i + WINDOW <= len; i++) {
    const size_t place = place_of(window_at(bytes + i));
    if (is_telling(bytes + i) && windows[place] == 0) {
      windows[place] = window_at(bytes + i);
      window_count++;
      assert_true(window_count < WINDOWS / 2);
    }
  }
}

/* A secret in all the forms it takes in memory. */
static void seek_secret(const void *secret, size_t len) {
  const uint8_t masks[] = {0, 0x36, 0x5c};
  const size_t words[] = {1, 4, 8};
  uint8_t form[BUFFER_LEN];
  const uint8_t *const bytes = secret;
  assert_true(len <= sizeof form);
  for (size_t m = 0; m < COUNT(masks); m++) {
    for (size_t w = 0; w < COUNT(words); w++) {
      for (size_t i = 0; i < len; i++) {
        const size_t swapped = i / words[w] * words[w] + words[w] - 1 - i % words[w];
        form[i] = swapped < len ? bytes[swapped] ^ masks[m] : 0;
      }
      seek(form, len);
    }
  }
}

static bool is_sought(const uint8_t *at) {
  const uint64_t window = window_at(at);
  return window != 0 && windows[place_of(window)] == window;
}

static bool is_painted(const uint8_t *at) {
  size_t i = 0;
  while (i < WINDOW && at[i] == paint_at(at + i)) {
    i++;
  }
  return i == WINDOW;
}

/* Windows found in the stack; where the last is. Paint does not count: unused
 * bytes of a context may hold some.
 */
static size_t search(size_t *last) {
  size_t found = 0;
  for (size_t i = 0; i + WINDOW <= SEARCHED_LEN; i++) {
    if (is_sought(stack + i) && !is_painted(stack + i)) {
      *last = i;
      found++;
    }
  }
  return found;
}

/* ==========================================================================
 * Vector registers, all that the CPU has, as XSAVE lays them out.
 */

static _Alignas(64) uint8_t registers[16 * 1024];

#if defined(__x86_64__)
#define STATES 0xe6 /* SSE, AVX, opmasks, ZMM: Intel SDM vol. 1, 13.1 */
#define ALL_VECTORS                                                                          \
  "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",   \
      "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"

/* A thread starts with the registers of the one that made it. */
static void clear_registers(void) {
  const uint32_t mxcsr = 0x1f80; /* As after a reset. */
  memset(registers, 0, sizeof registers);
  memcpy(registers + 24, &mxcsr, sizeof mxcsr);
  __asm__ volatile("xrstor64 %0"
                   :
                   : "m"(registers), "a"(STATES), "d"(0)
                   : "memory", ALL_VECTORS);
}

static void keep_registers(void) {
  __asm__ volatile("xsave64 %0" : "+m"(registers) : "a"(STATES), "d"(0) : "memory");
}
#else
static void clear_registers(void) {}
static void keep_registers(void) {}
#endif

static size_t search_registers(void) {
  size_t found = 0;
  for (size_t i = 0; i + WINDOW <= sizeof registers; i++) {
    found += is_sought(registers + i);
  }
  return found;
}

/* ==========================================================================
 * Calls on a painted stack.
 */

/* Keeps what ends a thread, which writes there too, away from what a call left. */
static void *run(void *call) {
  volatile uint8_t distance[DISTANCE];
  distance[0] = 0;
  clear_registers();
  (*(void (**)(void))call)();
  keep_registers();
  return distance[0] == 0 ? NULL : call;
}

static void on_painted_stack(void (*call)(void)) {
  pthread_attr_t attributes;
  pthread_t thread;
  paint(stack, sizeof stack);
  assert_int_equal(pthread_attr_init(&attributes), 0);
  assert_int_equal(pthread_attr_setstack(&attributes, stack, sizeof stack), 0);
  assert_int_equal(pthread_create(&thread, &attributes, run, &call), 0);
  assert_int_equal(pthread_join(thread, NULL), 0);
  assert_int_equal(pthread_attr_destroy(&attributes), 0);
}

/* Everything is static, so that only the library puts it on the stack. */
static uint8_t key[32];
static uint8_t text[96];
static uint8_t nonce[COREKEY_NONCE_LEN];
static uint8_t aad[20];
static uint8_t sealed[sizeof text + COREKEY_TAG_LEN];
static uint8_t wrapped[sizeof text + 16];
static uint8_t out[512];
static uint8_t tag[COREKEY_SHA512_LEN];
static size_t out_len;
static uint32_t alg;
static corekey_status status;
static corekey_aead_key aead_key;
static corekey_hash_ctx hash;
static corekey_hmac_key hmac_key;
static corekey_hmac_ctx hmac;
static corekey_prk prk;
static corekey_drbg drbg;
static corekey_root root;
static corekey_device_key device_key;
static corekey_device_key next_key;
static corekey_sealer sealer;
static corekey_opener opener;
static corekey_message info;
static flash journal;
static corekey_storage storage;
static uint64_t boot;
static uint32_t rotated;
static uint32_t form;
static uint8_t message[sizeof text + COREKEY_MESSAGE_OVERHEAD_MAX];
static size_t message_len;
static uint8_t offer[COREKEY_OFFER_LEN];

/* Pseudo-random and without zeros, so that every run seeks the same. */
static void fill(uint8_t *at, size_t len) {
  static uint64_t state = 1;
  for (size_t i = 0; i < len; i++) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    at[i] = (uint8_t)(1 + (state >> 33) % 255);
  }
}

static void fill_all(void) {
  fill(key, sizeof key);
  fill(text, sizeof text);
  fill(nonce, sizeof nonce);
  fill(aad, sizeof aad);
  forget_windows();
  seek_secret(key, sizeof key);
  seek_secret(text, sizeof text);
}

/* What a context holds behind its two words of header. */
#define SEEK_CONTEXT(context) seek_secret((const uint8_t *)&(context) + 16, sizeof(context) - 16)

/* Runs the call with fresh secrets; seek_more adds what came out of it. */
static void leaves_nothing_but(corekey_status expected, void (*before)(void), void (*call)(void),
                               void (*seek_more)(void)) {
  for (int round = 0; round < 4; round++) {
    size_t last = 0;
    fill_all();
    before();
    on_painted_stack(call);
    assert_int_equal(status, expected);
    seek_more();
    const size_t found = search(&last);
    if (found != 0) {
      fail_msg("%zu windows of secrets, one %zu bytes down the stack", found,
               SEARCHED_LEN - last);
    }
    const size_t in_registers = search_registers();
    if (in_registers != 0) {
      fail_msg("%zu windows of secrets in vector registers", in_registers);
    }
  }
}

static void leaves_nothing(void (*before)(void), void (*call)(void), void (*seek_more)(void)) {
  leaves_nothing_but(COREKEY_OK, before, call, seek_more);
}

static void nothing(void) {}
static void seek_out(void) { seek_secret(out, sizeof out); }

/* ==========================================================================
 * The search finds what is there.
 */

static void a_planted_copy_is_found_at_every_place(void **state) {
  const size_t places[] = {0, 1, 4097, STACK_LEN / 2 + 3, SEARCHED_LEN - WINDOW};
  size_t last = 0;
  (void)state;
  fill_all();
  paint(stack, sizeof stack);
  assert_int_equal(search(&last), 0);
  for (size_t i = 0; i < COUNT(places); i++) {
    for (size_t part = 0; part + WINDOW <= sizeof key; part++) {
      paint(stack, sizeof stack);
      memcpy(stack + places[i], key + part, WINDOW);
      assert_int_equal(search(&last), 1);
      assert_int_equal(last, places[i]);
    }
  }
}

static void planted_forms_of_a_secret_are_found(void **state) {
  uint8_t forms[3][WINDOW];
  size_t last;
  (void)state;
  fill_all();
  for (size_t i = 0; i < WINDOW; i++) {
    forms[0][i] = key[WINDOW - 1 - i];
    forms[1][i] = key[i] ^ 0x36;
    forms[2][i] = key[(i / 4 * 4) + 3 - i % 4] ^ 0x5c;
  }
  for (size_t i = 0; i < COUNT(forms); i++) {
    paint(stack, sizeof stack);
    memcpy(stack + 1000, forms[i], WINDOW);
    assert_int_equal(search(&last), 1);
  }
}

/* A function such as the library must not have. */
static void call_that_leaks(void) {
  volatile uint8_t copy[sizeof key];
  for (size_t i = 0; i < sizeof key; i++) {
    copy[i] = key[i];
  }
  status = copy[0] == key[0] ? COREKEY_OK : COREKEY_E_INTERNAL;
}

static void a_call_that_leaves_a_copy_is_caught(void **state) {
  size_t last;
  (void)state;
  fill_all();
  on_painted_stack(call_that_leaks);
  assert_true(search(&last) >= sizeof key - WINDOW + 1);
}

/* ==========================================================================
 * The library.
 */

static void call_hash(void) {
  status = corekey_hash(alg, text, sizeof text, tag, alg == COREKEY_SHA256 ? 32 : 64);
}

static void call_hash_in_pieces(void) {
  status = corekey_hash_update(&hash, text, 70);
  if (status == COREKEY_OK) {
    status = corekey_hash_update(&hash, text + 70, sizeof text - 70);
  }
}

static void start_hash(void) { OK(corekey_hash_init(&hash, alg)); }
static void seek_hash(void) { SEEK_CONTEXT(hash); }

static void hashing_leaves_nothing(void **state) {
  (void)state;
  for (alg = COREKEY_SHA256; alg <= COREKEY_SHA512; alg += 2) {
    leaves_nothing(nothing, call_hash, nothing);
    leaves_nothing(start_hash, call_hash_in_pieces, seek_hash);
  }
}

static void call_hmac_key_init(void) {
  status = corekey_hmac_key_init(&hmac_key, alg, key, sizeof key);
}

static void call_hmac(void) {
  status = corekey_hmac(&hmac_key, text, sizeof text, tag, 32);
}

static void call_hmac_verify(void) {
  status = corekey_hmac_verify(&hmac_key, text, sizeof text, tag, 32);
}

static void call_hmac_in_pieces(void) {
  status = corekey_hmac_init(&hmac, &hmac_key);
  if (status == COREKEY_OK) {
    status = corekey_hmac_update(&hmac, text, sizeof text);
  }
}

static void call_hmac_final(void) { status = corekey_hmac_final(&hmac, tag, 32); }

static void make_hmac_key(void) {
  OK(corekey_hmac_key_init(&hmac_key, alg, key, sizeof key));
  OK(corekey_hmac(&hmac_key, text, sizeof text, tag, 32));
}

static void start_hmac(void) {
  make_hmac_key();
  OK(corekey_hmac_init(&hmac, &hmac_key));
  OK(corekey_hmac_update(&hmac, text, sizeof text));
  SEEK_CONTEXT(hmac);
}

static void spoil_tag(void) {
  make_hmac_key();
  tag[0] ^= 1;
}

/* A tag that did not verify is not told either: the right one is a secret. */
static void seek_right_tag(void) {
  tag[0] ^= 1;
  seek_secret(tag, 32);
  SEEK_CONTEXT(hmac_key);
}

static void seek_hmac_key(void) { SEEK_CONTEXT(hmac_key); }

static void seek_hmac(void) {
  SEEK_CONTEXT(hmac_key);
  SEEK_CONTEXT(hmac);
}

static void hmac_leaves_nothing(void **state) {
  (void)state;
  for (alg = COREKEY_SHA256; alg <= COREKEY_SHA512; alg += 2) {
    leaves_nothing(nothing, call_hmac_key_init, seek_hmac_key);
    leaves_nothing(make_hmac_key, call_hmac, seek_hmac_key);
    leaves_nothing(make_hmac_key, call_hmac_verify, seek_hmac_key);
    leaves_nothing_but(COREKEY_E_UNVERIFIED, spoil_tag, call_hmac_verify, seek_right_tag);
    leaves_nothing(make_hmac_key, call_hmac_in_pieces, seek_hmac);
    leaves_nothing(start_hmac, call_hmac_final, seek_hmac_key);
  }
}

static void call_hkdf_extract(void) {
  status = corekey_hkdf_extract(&prk, alg, aad, sizeof aad, key, sizeof key);
}

static void call_prk_init(void) { status = corekey_prk_init(&prk, alg, text, sizeof text); }

static void call_hkdf_expand(void) {
  status = corekey_hkdf_expand(&prk, aad, sizeof aad, out, sizeof out);
}

static void call_hkdf(void) {
  status = corekey_hkdf(alg, aad, sizeof aad, key, sizeof key, aad, sizeof aad, out, sizeof out);
}

/* The PRK itself is HMAC(salt, secret); the contexts hold its midstates. */
static void make_prk(void) {
  corekey_hmac_key extractor;
  uint8_t raw[COREKEY_SHA256_LEN];
  OK(corekey_hkdf_extract(&prk, alg, aad, sizeof aad, key, sizeof key));
  SEEK_CONTEXT(prk);
  OK(corekey_hmac_key_init(&extractor, alg, aad, sizeof aad));
  OK(corekey_hmac(&extractor, key, sizeof key, raw, sizeof raw));
  seek_secret(raw, sizeof raw);
}

static void seek_prk(void) { SEEK_CONTEXT(prk); }

static void hkdf_leaves_nothing(void **state) {
  (void)state;
  for (alg = COREKEY_SHA256; alg <= COREKEY_SHA512; alg += 2) {
    leaves_nothing(make_prk, call_hkdf_extract, seek_prk);
    leaves_nothing(nothing, call_prk_init, seek_prk);
    leaves_nothing(make_prk, call_hkdf_expand, seek_out);
    leaves_nothing(make_prk, call_hkdf, seek_out);
  }
}

static size_t aead_key_len(void) { return alg == COREKEY_AES_128_GCM ? 16 : 32; }

static void call_aead_key_init(void) {
  status = corekey_aead_key_init(&aead_key, alg, key, aead_key_len());
}

static void call_seal(void) {
  status = corekey_aead_seal(&aead_key, nonce, sizeof nonce, aad, sizeof aad, text, sizeof text,
                             out, sizeof out, &out_len);
}

static void call_open(void) {
  status = corekey_aead_open(&aead_key, nonce, sizeof nonce, aad, sizeof aad, sealed,
                             sizeof sealed, out, sizeof out, &out_len);
}

static void call_seal_in_place(void) {
  status = corekey_aead_seal_detached(&aead_key, nonce, sizeof nonce, aad, sizeof aad, out,
                                      sizeof text, out, tag, COREKEY_TAG_LEN);
}

static void call_open_in_place(void) {
  status = corekey_aead_open_detached(&aead_key, nonce, sizeof nonce, aad, sizeof aad, out,
                                      sizeof text, sealed + sizeof text, COREKEY_TAG_LEN, out);
}

static void make_aead_key(void) {
  OK(corekey_aead_key_init(&aead_key, alg, key, aead_key_len()));
  SEEK_CONTEXT(aead_key);
}

/* Seals, and seeks the key stream, which is text and ciphertext added. */
static void make_sealed(void) {
  uint8_t stream[sizeof text];
  make_aead_key();
  OK(corekey_aead_seal(&aead_key, nonce, sizeof nonce, aad, sizeof aad, text, sizeof text,
                       sealed, sizeof sealed, &out_len));
  for (size_t i = 0; i < sizeof text; i++) {
    stream[i] = text[i] ^ sealed[i];
  }
  seek_secret(stream, sizeof stream);
  memcpy(out, sealed, sizeof sealed);
}

static void make_text_in_place(void) {
  make_sealed();
  memcpy(out, text, sizeof text);
}

static void make_spoilt_message(void) {
  make_sealed();
  sealed[3] ^= 1;
}

/* The right tag of the spoilt message would be a forgery's first half. */
static void make_spoilt_tag(void) {
  make_sealed();
  seek_secret(sealed + sizeof text, COREKEY_TAG_LEN);
  sealed[sizeof sealed - COREKEY_TAG_LEN] ^= 1;
}

static void seek_aead_key(void) { SEEK_CONTEXT(aead_key); }

static void aead_leaves_nothing(void **state) {
  (void)state;
  for (alg = COREKEY_AES_128_GCM; alg <= COREKEY_AES_256_GCM; alg++) {
    leaves_nothing(nothing, call_aead_key_init, seek_aead_key);
    leaves_nothing(make_sealed, call_seal, nothing);
    leaves_nothing(make_sealed, call_open, nothing);
    leaves_nothing(make_text_in_place, call_seal_in_place, nothing);
    leaves_nothing(make_sealed, call_open_in_place, nothing);
    leaves_nothing_but(COREKEY_E_UNVERIFIED, make_spoilt_message, call_open, nothing);
    leaves_nothing_but(COREKEY_E_UNVERIFIED, make_spoilt_tag, call_open, nothing);
  }
}

static void call_key_wrap(void) {
  status = corekey_key_wrap(alg, key, sizeof key, text, sizeof text, out, sizeof out, &out_len);
}

static void call_key_unwrap(void) {
  status = corekey_key_unwrap(alg, key, sizeof key, wrapped, out_len, out, sizeof out, &out_len);
}

/* The schedule of the KEK is that of the same key for AES-GCM. */
static void make_wrapped(void) {
  OK(corekey_key_wrap(alg, key, sizeof key, text, sizeof text, wrapped, sizeof wrapped,
                      &out_len));
  OK(corekey_aead_key_init(&aead_key, COREKEY_AES_256_GCM, key, sizeof key));
  SEEK_CONTEXT(aead_key);
}

static void make_spoilt_wrapped(void) {
  make_wrapped();
  wrapped[0] ^= 1;
}

static void key_wrap_leaves_nothing(void **state) {
  (void)state;
  for (alg = COREKEY_AES_KW; alg <= COREKEY_AES_KWP; alg++) {
    leaves_nothing(make_wrapped, call_key_wrap, nothing);
    leaves_nothing(make_wrapped, call_key_unwrap, nothing);
    leaves_nothing_but(COREKEY_E_UNVERIFIED, make_spoilt_wrapped, call_key_unwrap, nothing);
  }
}

static void call_encode(void) {
  status = corekey_encode(alg, text, sizeof text, (char *)out, sizeof out, &out_len);
}

static void call_decode(void) {
  status = corekey_decode(alg, (char *)sealed, out_len, out, sizeof out, &out_len);
}

/* Half of the text is enough for one that fits in what stands for it. */
static void make_encoded(void) {
  OK(corekey_encode(alg, text, sizeof text / 2, (char *)sealed, sizeof sealed, &out_len));
  seek_secret(sealed, out_len);
}

static void make_spoilt_encoded(void) {
  make_encoded();
  sealed[out_len - 1] = '!';
}

static void seek_encoded(void) { seek_secret(out, out_len); }

static void encodings_leave_nothing(void **state) {
  (void)state;
  for (alg = COREKEY_HEX; alg <= COREKEY_BASE64URL; alg++) {
    leaves_nothing(nothing, call_encode, seek_encoded);
    leaves_nothing(make_encoded, call_decode, nothing);
    leaves_nothing_but(COREKEY_E_ENCODING, make_spoilt_encoded, call_decode, nothing);
  }
}

/* Entropy is the key and some of the text. */
static int32_t entropy(void *user, uint8_t *block, size_t len) {
  (void)user;
  memcpy(block, text, len);
  return 0;
}

static void call_drbg_init(void) {
  status = corekey_drbg_init(&drbg, entropy, NULL, key, sizeof key);
}

static void call_drbg_reseed(void) { status = corekey_drbg_reseed(&drbg, key, sizeof key); }

static void call_drbg_generate(void) {
  status = corekey_drbg_generate(&drbg, key, sizeof key, out, sizeof out);
}

/* Reseeding wants another block than the one before. */
static void make_drbg(void) {
  OK(corekey_drbg_init(&drbg, entropy, NULL, NULL, 0));
  SEEK_CONTEXT(drbg);
  fill(text, sizeof text);
  seek_secret(text, sizeof text);
}

static void seek_drbg(void) { SEEK_CONTEXT(drbg); }

static void seek_drbg_and_out(void) {
  SEEK_CONTEXT(drbg);
  seek_out();
}

static void the_drbg_leaves_nothing(void **state) {
  (void)state;
  leaves_nothing(nothing, call_drbg_init, seek_drbg);
  leaves_nothing(make_drbg, call_drbg_reseed, seek_drbg);
  leaves_nothing(make_drbg, call_drbg_generate, seek_drbg_and_out);
}

/* ==========================================================================
 * Roots, device keys, messages, the journal. Ids, versions and boots are public
 * and lie in contexts too, so what is sought of these is the secrets alone:
 * `key` is root or device key, `text` the payload.
 */

static const uint8_t id[] = "residue-device";

static void derive_all(const corekey_device_key *from) {
  uint8_t derived[COREKEY_COSE_KEY_LEN];
  OK(corekey_device_key_derive(from, COREKEY_FOR_WRAPPING, aad, sizeof aad, derived, 32));
  seek_secret(derived, 32);
  OK(corekey_device_key_derive(from, COREKEY_FOR_AUTHENTICATION, aad, sizeof aad, derived, 32));
  seek_secret(derived, 32);
  OK(corekey_device_key_personalization(from, 7, derived, 32));
  seek_secret(derived, 32);
  OK(corekey_cose_key(from, COREKEY_UP, 7, NULL, 0, derived, sizeof derived));
  seek_secret(derived + sizeof derived - 32, 32);
}

/* The midstates of HMAC under a key, and its schedule for AES. */
static void seek_key(const uint8_t *secret) {
  corekey_hmac_key midstates;
  corekey_aead_key schedule;
  OK(corekey_hmac_key_init(&midstates, COREKEY_SHA256, secret, 32));
  SEEK_CONTEXT(midstates);
  OK(corekey_aead_key_init(&schedule, COREKEY_AES_256_GCM, secret, 32));
  SEEK_CONTEXT(schedule);
  seek_secret(secret, 32);
}

/* What one step of docs/derivation.md gives; returned for a step from there. */
static void seek_step(const uint8_t *from, const char *label, uint8_t version, bool with_id,
                      uint8_t derived[32]) {
  uint8_t step[8 + 8 + sizeof id + 1] = {0};
  corekey_hmac_key hmac_of_it;
  size_t len = 8;
  memcpy(step, label, 8);
  if (version != 0) {
    step[15] = version;
    len = 16;
  }
  if (with_id) {
    memcpy(step + len, id, sizeof id);
    len += sizeof id;
  }
  step[len++] = 1;
  OK(corekey_hmac_key_init(&hmac_of_it, COREKEY_SHA256, from, 32));
  OK(corekey_hmac(&hmac_of_it, step, len, derived, 32));
  seek_key(derived);
}

static void seek_schedule(const corekey_device_key *from) {
  uint8_t cose_key[COREKEY_COSE_KEY_LEN];
  OK(corekey_cose_key(from, COREKEY_UP, 7, NULL, 0, cose_key, sizeof cose_key));
  seek_key(cose_key + sizeof cose_key - 32);
}

static void make_device_key(void) {
  OK(corekey_device_key_init(&device_key, 1, id, sizeof id, key, sizeof key));
  seek_key(key);
  derive_all(&device_key);
}

static void call_device_key_init(void) {
  status = corekey_device_key_init(&device_key, 1, id, sizeof id, key, sizeof key);
}

static void call_device_key_import(void) {
  status = corekey_device_key_import(&device_key, 1, id, sizeof id, text, 64);
}

static void seek_imported(void) {
  static const uint8_t label[8] = "ck1 imp";
  uint8_t imported[32];
  OK(corekey_hmac_key_init(&hmac_key, COREKEY_SHA256, label, sizeof label));
  OK(corekey_hmac(&hmac_key, text, 64, imported, sizeof imported));
  seek_key(imported);
  derive_all(&device_key);
}

static void call_derive(void) {
  status = corekey_device_key_derive(&device_key, alg, aad, sizeof aad, out, 32);
}

static void call_check_value(void) {
  status = corekey_device_key_check_value(&device_key, out, COREKEY_CHECK_VALUE_LEN);
}

static void call_personalization(void) {
  status = corekey_device_key_personalization(&device_key, 7, out, 32);
}

static void call_cose_key(void) {
  status = corekey_cose_key(&device_key, COREKEY_UP, 7, NULL, 0, out, COREKEY_COSE_KEY_LEN);
}

static void device_keys_leave_nothing(void **state) {
  (void)state;
  leaves_nothing(make_device_key, call_device_key_init, nothing);
  leaves_nothing(nothing, call_device_key_import, seek_imported);
  leaves_nothing(make_device_key, call_check_value, nothing);
  for (alg = COREKEY_FOR_WRAPPING; alg <= COREKEY_FOR_AUTHENTICATION; alg++) {
    leaves_nothing(make_device_key, call_derive, nothing);
  }
  leaves_nothing(make_device_key, call_personalization, nothing);
  leaves_nothing(make_device_key, call_cose_key, nothing);
}

static void make_root(void) {
  uint8_t base64[45];
  OK(corekey_root_init(&root, key, sizeof key));
  seek_key(key);
  OK(corekey_root_device_key(&device_key, &root, 1, id, sizeof id));
  derive_all(&device_key);
  OK(corekey_device_key_base64(&root, 1, id, sizeof id, (char *)base64, sizeof base64, &out_len));
  seek_secret(base64, out_len);
  OK(corekey_decode(COREKEY_BASE64, (const char *)base64, out_len, tag, sizeof tag, &out_len));
  seek_key(tag);
  uint8_t step[32];
  seek_step(key, "ck1 flt", 0, true, step);
  seek_step(key, "ck1 tab", 0, false, step);
  seek_step(step, "ck1 row", 1, true, step);
  OK(corekey_root_wrap(&root, &device_key, wrapped, COREKEY_WRAPPED_KEY_LEN));
}

static void make_spoilt_row(void) {
  make_root();
  wrapped[5] ^= 1;
}

static void call_root_init(void) { status = corekey_root_init(&root, key, sizeof key); }

static void call_root_fleet(void) {
  static corekey_root fleet;
  status = corekey_root_fleet(&fleet, &root, id, sizeof id);
}

static void call_root_device_key(void) {
  status = corekey_root_device_key(&device_key, &root, 1, id, sizeof id);
}

static void call_base64(void) {
  status =
      corekey_device_key_base64(&root, 1, id, sizeof id, (char *)out, sizeof out, &out_len);
}

static void call_root_wrap(void) {
  status = corekey_root_wrap(&root, &device_key, out, COREKEY_WRAPPED_KEY_LEN);
}

static void call_root_unwrap(void) {
  status = corekey_root_unwrap(&device_key, &root, 1, id, sizeof id, wrapped,
                               COREKEY_WRAPPED_KEY_LEN);
}

static void roots_leave_nothing(void **state) {
  (void)state;
  leaves_nothing(make_root, call_root_init, nothing);
  leaves_nothing(make_root, call_root_fleet, nothing);
  leaves_nothing(make_root, call_root_device_key, nothing);
  leaves_nothing(make_root, call_base64, nothing);
  leaves_nothing(make_root, call_root_wrap, nothing);
  leaves_nothing(make_root, call_root_unwrap, nothing);
  leaves_nothing_but(COREKEY_E_UNVERIFIED, make_spoilt_row, call_root_unwrap, nothing);
}

/* A message of the form, and what its key and key stream are. */
static void make_message(void) {
  make_device_key();
  seek_schedule(&device_key);
  OK(corekey_sealer_init(&sealer, &device_key, COREKEY_UP, 7, NULL, 0));
  OK(corekey_opener_init_up(&opener, &device_key, NULL, 0));
  if (form == COREKEY_COMPACT) {
    OK(corekey_seal(&sealer, COREKEY_LONG, NULL, 0, NULL, 0, message, sizeof message, &out_len));
    OK(corekey_open(&opener, NULL, 0, message, out_len, out, sizeof out, &out_len, NULL));
  }
  OK(corekey_seal(&sealer, form, aad, sizeof aad, text, sizeof text, message, sizeof message,
                  &message_len));
  uint8_t stream[sizeof text];
  for (size_t i = 0; i < sizeof text; i++) {
    stream[i] = text[i] ^ message[message_len - COREKEY_TAG_LEN - sizeof text + i];
  }
  seek_secret(stream, sizeof stream);
}

/* A sealer that is to seal the same message. */
static void make_sealer(void) {
  make_message();
  OK(corekey_sealer_init(&sealer, &device_key, COREKEY_UP, 7, NULL, 0));
  if (form == COREKEY_COMPACT) {
    OK(corekey_seal(&sealer, COREKEY_LONG, NULL, 0, NULL, 0, out, sizeof out, &out_len));
  }
}

static void make_text_in_output(void) {
  make_sealer();
  memcpy(out + 100, text, sizeof text);
}

static void make_message_in_place(void) {
  make_message();
  memcpy(out, message, message_len);
}

static void make_forged(void) {
  make_message();
  message[message_len - 1] ^= 1;
  memcpy(out, message, message_len);
}

static void make_replay(void) {
  make_message();
  OK(corekey_open(&opener, aad, sizeof aad, message, message_len, out, sizeof out, &out_len,
                  NULL));
  memcpy(out, message, message_len);
}

static void call_sealer_init(void) {
  status = corekey_sealer_init(&sealer, &device_key, COREKEY_UP, 7, NULL, 0);
}

static void call_opener_init_up(void) {
  status = corekey_opener_init_up(&opener, &device_key, NULL, 0);
}

static void call_opener_init_down(void) {
  status = corekey_opener_init_down(&opener, &device_key, 7);
}

static void call_seal_message(void) {
  status = corekey_seal(&sealer, form, aad, sizeof aad, text, sizeof text, out, sizeof out,
                        &out_len);
}

static void call_seal_inside(void) {
  status = corekey_seal(&sealer, form, aad, sizeof aad, out + 100, sizeof text, out, sizeof out,
                        &out_len);
}

static void call_open_message(void) {
  status = corekey_open(&opener, aad, sizeof aad, message, message_len, out, sizeof out, &out_len,
                        &info);
}

static void call_open_message_in_place(void) {
  status = corekey_open(&opener, aad, sizeof aad, out, message_len, out, message_len, &out_len,
                        &info);
}

static void call_opener_save(void) {
  status = corekey_opener_save(&opener, out, COREKEY_OPENER_STATE_LEN);
}

/* The same message from sixteen devices, or from few, whose root is the key. */
#define MANY 16
static corekey_device many[MANY];
static uint8_t many_secrets[MANY * COREKEY_KEY_LEN];
static corekey_item items[MANY];
static size_t item_count;

static void make_items(void) {
  make_root();
  OK(corekey_sealer_init(&sealer, &device_key, COREKEY_UP, 7, NULL, 0));
  OK(corekey_seal(&sealer, COREKEY_LONG, NULL, 0, text, sizeof text, message, sizeof message,
                  &message_len));
  seek_schedule(&device_key);
  for (size_t i = 0; i < MANY; i++) {
    static uint8_t outs[MANY][sizeof text];
    many[i] = (corekey_device){id, sizeof id, 1};
    items[i] = (corekey_item){.message = message,
                              .message_len = message_len,
                              .out = outs[i],
                              .out_cap = sizeof outs[i]};
  }
}

static void call_device_secrets(void) {
  status = corekey_root_device_secrets(&root, many, item_count, many_secrets,
                                       item_count * COREKEY_KEY_LEN);
}

static void call_open_batch(void) { status = corekey_root_open_batch(&root, items, item_count); }

static void many_devices_leave_nothing(void **state) {
  (void)state;
  for (item_count = 1; item_count <= MANY; item_count += MANY - 1) {
    leaves_nothing(make_items, call_device_secrets, nothing);
    leaves_nothing(make_items, call_open_batch, nothing);
    assert_int_equal(items[0].status, COREKEY_OK);
  }
}

static void messages_leave_nothing(void **state) {
  (void)state;
  for (form = COREKEY_LONG; form <= COREKEY_COMPACT; form++) {
    leaves_nothing(make_message, call_sealer_init, nothing);
    leaves_nothing(make_message, call_opener_init_up, nothing);
    leaves_nothing(make_message, call_opener_init_down, nothing);
    leaves_nothing(make_message, call_opener_save, nothing);
    leaves_nothing(make_sealer, call_seal_message, nothing);
    leaves_nothing(make_text_in_output, call_seal_inside, nothing);
    leaves_nothing(make_message, call_open_message, nothing);
    leaves_nothing(make_message_in_place, call_open_message_in_place, nothing);
    leaves_nothing_but(COREKEY_E_FORGED, make_forged, call_open_message, nothing);
    leaves_nothing_but(COREKEY_E_FORGED, make_forged, call_open_message_in_place, nothing);
    leaves_nothing_but(COREKEY_E_REPLAY, make_replay, call_open_message, nothing);
    leaves_nothing_but(COREKEY_E_REPLAY, make_replay, call_open_message_in_place, nothing);
  }
}

/* Two keys of the device, an offer of the second, and the first in a journal. */
static void make_journal(void) {
  make_device_key();
  OK(corekey_device_key_init(&next_key, 2, id, sizeof id, text, 32));
  seek_key(text);
  uint8_t rotation_key[32];
  seek_step(key, "ck1 rot", 2, false, rotation_key);
  OK(corekey_rotation_offer(&device_key, &next_key, offer, sizeof offer));
  storage = storage_of(&journal);
  flash_blank(&journal);
  OK(corekey_journal_provision(&storage, &device_key));
}

static void make_blank(void) {
  make_journal();
  flash_blank(&journal);
}

static void make_last_slot(void) {
  make_journal();
  for (int i = 0; i < 3; i++) {
    OK(corekey_journal_next_boot(&storage, &boot));
  }
}

static void make_bad_offer(void) {
  make_journal();
  offer[20] ^= 1;
}

static void call_offer(void) {
  status = corekey_rotation_offer(&device_key, &next_key, out, COREKEY_OFFER_LEN);
}

static void call_apply(void) {
  status = corekey_rotation_apply(&next_key, &device_key, offer, sizeof offer);
}

static void call_provision(void) { status = corekey_journal_provision(&storage, &device_key); }

static void call_load(void) {
  status = corekey_journal_load(&next_key, &storage, id, sizeof id);
}

static void call_next_boot(void) { status = corekey_journal_next_boot(&storage, &boot); }

static void call_journal_apply(void) {
  status = corekey_journal_apply(&storage, &device_key, offer, sizeof offer, &rotated);
}

static void rotation_and_journal_leave_nothing(void **state) {
  (void)state;
  leaves_nothing(make_journal, call_offer, nothing);
  leaves_nothing(make_journal, call_apply, nothing);
  leaves_nothing_but(COREKEY_E_BAD_OFFER, make_bad_offer, call_apply, nothing);
  leaves_nothing(make_blank, call_provision, nothing);
  leaves_nothing(make_journal, call_provision, nothing);
  leaves_nothing(make_journal, call_load, nothing);
  leaves_nothing(make_journal, call_next_boot, nothing);
  leaves_nothing(make_last_slot, call_next_boot, nothing);
  leaves_nothing(make_journal, call_journal_apply, nothing);
  leaves_nothing_but(COREKEY_E_BAD_OFFER, make_bad_offer, call_journal_apply, nothing);
}

static void call_random(void) { status = corekey_random(out, sizeof out); }
static void call_equal(void) { status = corekey_equal(text, sizeof text, out, sizeof text); }
static void copy_text(void) { memcpy(out, text, sizeof text); }

static void random_and_equal_leave_nothing(void **state) {
  (void)state;
  leaves_nothing(nothing, call_random, seek_out);
  leaves_nothing(copy_text, call_equal, nothing);
}

int main(void) {
  const struct CMUnitTest of_the_search[] = {
      cmocka_unit_test(a_planted_copy_is_found_at_every_place),
      cmocka_unit_test(planted_forms_of_a_secret_are_found),
  };
  const struct CMUnitTest of_the_library[] = {
      cmocka_unit_test(a_call_that_leaves_a_copy_is_caught),
      cmocka_unit_test(hashing_leaves_nothing),
      cmocka_unit_test(hmac_leaves_nothing),
      cmocka_unit_test(hkdf_leaves_nothing),
      cmocka_unit_test(aead_leaves_nothing),
      cmocka_unit_test(key_wrap_leaves_nothing),
      cmocka_unit_test(encodings_leave_nothing),
      cmocka_unit_test(the_drbg_leaves_nothing),
      cmocka_unit_test(random_and_equal_leave_nothing),
      cmocka_unit_test(device_keys_leave_nothing),
      cmocka_unit_test(roots_leave_nothing),
      cmocka_unit_test(messages_leave_nothing),
      cmocka_unit_test(many_devices_leave_nothing),
      cmocka_unit_test(rotation_and_journal_leave_nothing),
  };
  const int failed = cmocka_run_group_tests_name("residue search", of_the_search, NULL, NULL);
  if (failed != 0 || !STACK_IS_ITS_OWN) {
    return failed;
  }
  return cmocka_run_group_tests_name("residue", of_the_library, NULL, NULL);
}
