/* Sealing and opening: known answers, in place and not, tampering, what a
 * failed open leaves, lengths, room.
 */
#include "support.h"

/* Test cases 4 and 16 of McGrew and Viega's paper on GCM. */
static const char SECRET[] = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
static const char NONCE[] = "cafebabefacedbaddecaf888";
static const char AAD[] = "feedfacedeadbeeffeedfacedeadbeefabaddad2";
static const char PLAINTEXT[] =
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39";

static const struct {
  uint32_t alg;
  size_t key_len;
  const char *sealed;
} KNOWN[] = {
    {COREKEY_AES_128_GCM, 16,
     "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
     "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"
     "5bc94fbc3221a5db94fae95ae7121a47"},
    {COREKEY_AES_256_GCM, 32,
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
     "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
     "76fc6ece0f4e1768cddf8853bb2d551b"},
};

#define TEXT_LEN 60
#define SEALED_LEN (TEXT_LEN + COREKEY_TAG_LEN)

/* One message and all that belongs to it. */
typedef struct message {
  corekey_aead_key key;
  uint8_t nonce[COREKEY_NONCE_LEN];
  uint8_t aad[20];
  uint8_t text[TEXT_LEN];
  uint8_t sealed[SEALED_LEN];
} message;

static message known(size_t i) {
  message m;
  uint8_t secret[32];
  unhex(SECRET, secret);
  OK(corekey_aead_key_init(&m.key, KNOWN[i].alg, secret, KNOWN[i].key_len));
  unhex(NONCE, m.nonce);
  unhex(AAD, m.aad);
  unhex(PLAINTEXT, m.text);
  unhex(KNOWN[i].sealed, m.sealed);
  return m;
}

static corekey_status seal_known(const message *m, const uint8_t *text, uint8_t *out,
                                 size_t out_cap, size_t *out_len) {
  return corekey_aead_seal(&m->key, m->nonce, sizeof m->nonce, m->aad, sizeof m->aad, text,
                           TEXT_LEN, out, out_cap, out_len);
}

static corekey_status open_known(const message *m, const uint8_t *sealed, uint8_t *out,
                                 size_t out_cap, size_t *out_len) {
  return corekey_aead_open(&m->key, m->nonce, sizeof m->nonce, m->aad, sizeof m->aad, sealed,
                           SEALED_LEN, out, out_cap, out_len);
}

static corekey_status open_detached(const message *m, const uint8_t *ciphertext, uint8_t *out) {
  return corekey_aead_open_detached(&m->key, m->nonce, sizeof m->nonce, m->aad, sizeof m->aad,
                                    ciphertext, TEXT_LEN, m->sealed + TEXT_LEN,
                                    COREKEY_TAG_LEN, out);
}

static void the_known_answers_seal_and_open(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(KNOWN); i++) {
    const message m = known(i);
    buffer out;
    size_t len = NO_LENGTH;
    refresh(&out);
    OK(seal_known(&m, m.text, out.at, SEALED_LEN, &len));
    assert_int_equal(len, SEALED_LEN);
    assert_memory_equal(out.at, m.sealed, SEALED_LEN);
    assert_only(&out, SEALED_LEN);

    refresh(&out);
    OK(open_known(&m, m.sealed, out.at, TEXT_LEN, &len));
    assert_int_equal(len, TEXT_LEN);
    assert_memory_equal(out.at, m.text, TEXT_LEN);
    assert_only(&out, TEXT_LEN);
  }
}

static void the_known_answers_seal_and_open_in_place(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(KNOWN); i++) {
    const message m = known(i);
    buffer b;
    size_t len = NO_LENGTH;
    refresh(&b);
    memcpy(b.at, m.text, TEXT_LEN);
    OK(seal_known(&m, b.at, b.at, SEALED_LEN, &len));
    assert_int_equal(len, SEALED_LEN);
    assert_memory_equal(b.at, m.sealed, SEALED_LEN);
    assert_only(&b, SEALED_LEN);

    OK(open_known(&m, b.at, b.at, TEXT_LEN, &len));
    assert_int_equal(len, TEXT_LEN);
    assert_memory_equal(b.at, m.text, TEXT_LEN);
    assert_memory_equal(b.at + TEXT_LEN, m.sealed + TEXT_LEN, COREKEY_TAG_LEN);
    assert_only(&b, SEALED_LEN);
  }
}

static void the_known_answers_seal_and_open_detached(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(KNOWN); i++) {
    const message m = known(i);
    for (int in_place = 0; in_place <= 1; in_place++) {
      buffer b;
      buffer tag;
      refresh(&b);
      refresh(&tag);
      memcpy(b.at, m.text, in_place ? TEXT_LEN : 0);
      OK(corekey_aead_seal_detached(&m.key, m.nonce, sizeof m.nonce, m.aad, sizeof m.aad,
                                    in_place ? b.at : m.text, TEXT_LEN, b.at, tag.at,
                                    COREKEY_TAG_LEN));
      assert_memory_equal(b.at, m.sealed, TEXT_LEN);
      assert_memory_equal(tag.at, m.sealed + TEXT_LEN, COREKEY_TAG_LEN);
      assert_only(&b, TEXT_LEN);
      assert_only(&tag, COREKEY_TAG_LEN);

      refresh(&b);
      memcpy(b.at, m.sealed, in_place ? TEXT_LEN : 0);
      OK(open_detached(&m, in_place ? b.at : m.sealed, b.at));
      assert_memory_equal(b.at, m.text, TEXT_LEN);
      assert_only(&b, TEXT_LEN);
    }
  }
}

static void every_length_opens_to_what_was_sealed(void **state) {
  const message m = known(1);
  uint8_t text[300];
  (void)state;
  paint(text, sizeof text);
  for (size_t text_len = 0; text_len <= sizeof text; text_len++) {
    buffer sealed;
    buffer opened;
    size_t len = NO_LENGTH;
    refresh(&sealed);
    refresh(&opened);
    OK(corekey_aead_seal(&m.key, m.nonce, sizeof m.nonce, text, text_len % 37, text, text_len,
                         sealed.at, sizeof sealed.at, &len));
    assert_int_equal(len, text_len + COREKEY_TAG_LEN);
    assert_only(&sealed, len);
    OK(corekey_aead_open(&m.key, m.nonce, sizeof m.nonce, text, text_len % 37, sealed.at, len,
                         opened.at, sizeof opened.at, &len));
    assert_int_equal(len, text_len);
    assert_memory_equal(opened.at, text, text_len);
    assert_only(&opened, text_len);
  }
}

/* The message of m, changed, is opened in all ways: each refuses it and leaves
 * zeros where the plaintext would be, and everything around as it was.
 */
static void does_not_open(const message *m) {
  buffer b;
  size_t len = NO_LENGTH;
  refresh(&b);
  EXPECT(COREKEY_E_UNVERIFIED, open_known(m, m->sealed, b.at, TEXT_LEN + 9, &len));
  assert_int_equal(len, 0);
  assert_zeros(b.at, TEXT_LEN);
  assert_only(&b, TEXT_LEN);

  len = NO_LENGTH;
  refresh(&b);
  memcpy(b.at, m->sealed, SEALED_LEN);
  EXPECT(COREKEY_E_UNVERIFIED, open_known(m, b.at, b.at, SEALED_LEN, &len));
  assert_int_equal(len, 0);
  assert_zeros(b.at, TEXT_LEN);
  assert_memory_equal(b.at + TEXT_LEN, m->sealed + TEXT_LEN, COREKEY_TAG_LEN);
  assert_only(&b, SEALED_LEN);

  refresh(&b);
  EXPECT(COREKEY_E_UNVERIFIED, open_detached(m, m->sealed, b.at));
  assert_zeros(b.at, TEXT_LEN);
  assert_only(&b, TEXT_LEN);

  refresh(&b);
  memcpy(b.at, m->sealed, TEXT_LEN);
  EXPECT(COREKEY_E_UNVERIFIED, open_detached(m, b.at, b.at));
  assert_zeros(b.at, TEXT_LEN);
  assert_only(&b, TEXT_LEN);
}

static void flips_do_not_open(message *m, uint8_t *bytes, size_t len) {
  for (size_t bit = 0; bit < 8 * len; bit++) {
    bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    does_not_open(m);
    bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
  }
}

static void a_changed_message_does_not_open(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(KNOWN); i++) {
    message m = known(i);
    flips_do_not_open(&m, m.sealed, TEXT_LEN);
  }
}

static void a_changed_tag_does_not_open(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(KNOWN); i++) {
    message m = known(i);
    flips_do_not_open(&m, m.sealed + TEXT_LEN, COREKEY_TAG_LEN);
  }
}

static void a_changed_nonce_does_not_open(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(KNOWN); i++) {
    message m = known(i);
    flips_do_not_open(&m, m.nonce, sizeof m.nonce);
  }
}

static void changed_associated_data_do_not_open(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(KNOWN); i++) {
    message m = known(i);
    flips_do_not_open(&m, m.aad, sizeof m.aad);
  }
}

static void another_key_does_not_open(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(KNOWN); i++) {
    message m = known(i);
    uint8_t secret[32];
    for (size_t bit = 0; bit < 8 * KNOWN[i].key_len; bit++) {
      unhex(SECRET, secret);
      secret[bit / 8] ^= (uint8_t)(1 << bit % 8);
      OK(corekey_aead_key_init(&m.key, KNOWN[i].alg, secret, KNOWN[i].key_len));
      does_not_open(&m);
    }
  }
}

static void a_shortened_message_does_not_open(void **state) {
  const message m = known(1);
  (void)state;
  for (size_t sealed_len = 0; sealed_len < SEALED_LEN; sealed_len++) {
    buffer out;
    size_t len = NO_LENGTH;
    refresh(&out);
    const corekey_status status =
        corekey_aead_open(&m.key, m.nonce, sizeof m.nonce, m.aad, sizeof m.aad, m.sealed,
                          sealed_len, out.at, SEALED_LEN, &len);
    if (sealed_len < COREKEY_TAG_LEN) {
      assert_int_equal(status, COREKEY_E_LENGTH);
      assert_int_equal(len, NO_LENGTH);
      assert_untouched(&out);
    } else {
      assert_int_equal(status, COREKEY_E_UNVERIFIED);
      assert_int_equal(len, 0);
      assert_zeros(out.at, sealed_len - COREKEY_TAG_LEN);
      assert_only(&out, sealed_len - COREKEY_TAG_LEN);
    }
  }
}

static void too_little_room_tells_how_much_is_needed(void **state) {
  const message m = known(1);
  buffer out;
  size_t len;
  (void)state;
  refresh(&out);
  for (size_t room = 0; room < SEALED_LEN; room++) {
    len = NO_LENGTH;
    EXPECT(COREKEY_E_BUFFER_TOO_SMALL, seal_known(&m, m.text, out.at, room, &len));
    assert_int_equal(len, SEALED_LEN);
  }
  for (size_t room = 0; room < TEXT_LEN; room++) {
    len = NO_LENGTH;
    EXPECT(COREKEY_E_BUFFER_TOO_SMALL, open_known(&m, m.sealed, out.at, room, &len));
    assert_int_equal(len, TEXT_LEN);
  }
  assert_untouched(&out);
  EXPECT(COREKEY_E_BUFFER_TOO_SMALL, seal_known(&m, m.text, NULL, 0, &len));
  assert_int_equal(len, SEALED_LEN);
  EXPECT(COREKEY_E_BUFFER_TOO_SMALL, open_known(&m, m.sealed, NULL, 0, &len));
  assert_int_equal(len, TEXT_LEN);
}

static void too_little_room_in_place_leaves_the_message(void **state) {
  const message m = known(1);
  buffer b;
  size_t len;
  (void)state;
  refresh(&b);
  memcpy(b.at, m.text, TEXT_LEN);
  for (size_t room = 1; room < SEALED_LEN; room++) {
    len = NO_LENGTH;
    EXPECT(COREKEY_E_BUFFER_TOO_SMALL, seal_known(&m, b.at, b.at, room, &len));
    assert_int_equal(len, SEALED_LEN);
    assert_memory_equal(b.at, m.text, TEXT_LEN);
    assert_only(&b, TEXT_LEN);
  }
  memcpy(b.at, m.sealed, SEALED_LEN);
  for (size_t room = 1; room < TEXT_LEN; room++) {
    len = NO_LENGTH;
    EXPECT(COREKEY_E_BUFFER_TOO_SMALL, open_known(&m, b.at, b.at, room, &len));
    assert_int_equal(len, TEXT_LEN);
    assert_memory_equal(b.at, m.sealed, SEALED_LEN);
    assert_only(&b, SEALED_LEN);
  }
}

static void an_empty_message_needs_no_room_to_open(void **state) {
  const message m = known(0);
  uint8_t tag[COREKEY_TAG_LEN];
  size_t len = NO_LENGTH;
  (void)state;
  OK(corekey_aead_seal(&m.key, m.nonce, sizeof m.nonce, NULL, 0, NULL, 0, tag, sizeof tag,
                       &len));
  assert_int_equal(len, COREKEY_TAG_LEN);
  OK(corekey_aead_open(&m.key, m.nonce, sizeof m.nonce, NULL, 0, tag, sizeof tag, NULL, 0,
                       &len));
  assert_int_equal(len, 0);
  OK(corekey_aead_open_detached(&m.key, m.nonce, sizeof m.nonce, NULL, 0, NULL, 0, tag,
                                sizeof tag, NULL));
  tag[0] ^= 1;
  len = NO_LENGTH;
  EXPECT(COREKEY_E_UNVERIFIED, corekey_aead_open(&m.key, m.nonce, sizeof m.nonce, NULL, 0, tag,
                                                 sizeof tag, NULL, 0, &len));
  assert_int_equal(len, 0);
}

static void other_nonce_lengths_are_refused(void **state) {
  const message m = known(1);
  const uint8_t nonce[64] = {0};
  buffer out;
  buffer tag;
  size_t len = NO_LENGTH;
  (void)state;
  refresh(&out);
  refresh(&tag);
  for (size_t n = 0; n <= sizeof nonce; n++) {
    if (n == COREKEY_NONCE_LEN) {
      continue;
    }
    EXPECT(COREKEY_E_LENGTH, corekey_aead_seal(&m.key, nonce, n, NULL, 0, m.text, TEXT_LEN,
                                               out.at, SEALED_LEN, &len));
    EXPECT(COREKEY_E_LENGTH, corekey_aead_open(&m.key, nonce, n, NULL, 0, m.sealed, SEALED_LEN,
                                               out.at, SEALED_LEN, &len));
    EXPECT(COREKEY_E_LENGTH,
           corekey_aead_seal_detached(&m.key, nonce, n, NULL, 0, m.text, TEXT_LEN, out.at,
                                      tag.at, COREKEY_TAG_LEN));
    EXPECT(COREKEY_E_LENGTH,
           corekey_aead_open_detached(&m.key, nonce, n, NULL, 0, m.sealed, TEXT_LEN,
                                      m.sealed + TEXT_LEN, COREKEY_TAG_LEN, out.at));
  }
  assert_int_equal(len, NO_LENGTH);
  assert_untouched(&out);
  assert_untouched(&tag);
}

static void other_tag_lengths_are_refused(void **state) {
  const message m = known(1);
  buffer out;
  buffer tag;
  (void)state;
  refresh(&out);
  refresh(&tag);
  for (size_t n = 0; n <= 64; n++) {
    if (n == COREKEY_TAG_LEN) {
      continue;
    }
    EXPECT(COREKEY_E_LENGTH,
           corekey_aead_seal_detached(&m.key, m.nonce, sizeof m.nonce, NULL, 0, m.text,
                                      TEXT_LEN, out.at, tag.at, n));
    EXPECT(COREKEY_E_LENGTH,
           corekey_aead_open_detached(&m.key, m.nonce, sizeof m.nonce, NULL, 0, m.sealed,
                                      TEXT_LEN, tag.at, n, out.at));
  }
  assert_untouched(&out);
  assert_untouched(&tag);
}

static void other_key_lengths_are_refused(void **state) {
  const uint8_t secret[65] = {0};
  buffer storage;
  corekey_aead_key *const key = (void *)storage.at;
  (void)state;
  refresh(&storage);
  for (size_t i = 0; i < COUNT(KNOWN); i++) {
    for (size_t n = 0; n <= sizeof secret; n++) {
      if (n != KNOWN[i].key_len) {
        EXPECT(COREKEY_E_LENGTH, corekey_aead_key_init(key, KNOWN[i].alg, secret, n));
      }
    }
  }
  assert_untouched(&storage);
}

static void other_algorithms_are_refused(void **state) {
  const uint8_t secret[32] = {0};
  uint32_t wrong[ALGORITHMS];
  const size_t count = wrong_algorithms(COREKEY_AES_128_GCM, COREKEY_AES_256_GCM, wrong);
  buffer storage;
  corekey_aead_key *const key = (void *)storage.at;
  (void)state;
  refresh(&storage);
  for (size_t i = 0; i < count; i++) {
    EXPECT(COREKEY_E_ALGORITHM, corekey_aead_key_init(key, wrong[i], secret, 16));
    EXPECT(COREKEY_E_ALGORITHM, corekey_aead_key_init(key, wrong[i], secret, 32));
  }
  assert_untouched(&storage);
}

static void a_message_over_the_limit_is_refused(void **state) {
  const size_t limit = ((size_t)1 << 36) - 32;
  const size_t room = limit + 2 * COREKEY_TAG_LEN;
  const message m = known(1);
  size_t len = NO_LENGTH;
  buffer small;
  (void)state;
  refresh(&small);
  EXPECT(COREKEY_E_LENGTH, corekey_aead_seal(&m.key, m.nonce, sizeof m.nonce, NULL, 0, NOWHERE,
                                             limit + 1, NOWHERE, room, &len));
  EXPECT(COREKEY_E_LENGTH, corekey_aead_seal(&m.key, m.nonce, sizeof m.nonce, NULL, 0, NOWHERE,
                                             limit + 1, small.at, BUFFER_LEN, &len));
  EXPECT(COREKEY_E_LENGTH,
         corekey_aead_seal_detached(&m.key, m.nonce, sizeof m.nonce, NULL, 0, NOWHERE, limit + 1,
                                    NOWHERE, small.at, COREKEY_TAG_LEN));
  EXPECT(COREKEY_E_LENGTH,
         corekey_aead_open(&m.key, m.nonce, sizeof m.nonce, NULL, 0, NOWHERE,
                           limit + 1 + COREKEY_TAG_LEN, NOWHERE, room, &len));
  EXPECT(COREKEY_E_LENGTH,
         corekey_aead_open(&m.key, m.nonce, sizeof m.nonce, NULL, 0, NOWHERE,
                           limit + 1 + COREKEY_TAG_LEN, small.at, BUFFER_LEN, &len));
  EXPECT(COREKEY_E_LENGTH,
         corekey_aead_open_detached(&m.key, m.nonce, sizeof m.nonce, NULL, 0, NOWHERE, limit + 1,
                                    small.at, COREKEY_TAG_LEN, NOWHERE));
  assert_int_equal(len, NO_LENGTH);
  assert_untouched(&small);
  EXPECT(COREKEY_E_BUFFER_TOO_SMALL,
         corekey_aead_seal(&m.key, m.nonce, sizeof m.nonce, NULL, 0, NOWHERE, limit, small.at,
                           BUFFER_LEN, &len));
  assert_int_equal(len, limit + COREKEY_TAG_LEN);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_known_answers_seal_and_open),
      cmocka_unit_test(the_known_answers_seal_and_open_in_place),
      cmocka_unit_test(the_known_answers_seal_and_open_detached),
      cmocka_unit_test(every_length_opens_to_what_was_sealed),
      cmocka_unit_test(a_changed_message_does_not_open),
      cmocka_unit_test(a_changed_tag_does_not_open),
      cmocka_unit_test(a_changed_nonce_does_not_open),
      cmocka_unit_test(changed_associated_data_do_not_open),
      cmocka_unit_test(another_key_does_not_open),
      cmocka_unit_test(a_shortened_message_does_not_open),
      cmocka_unit_test(too_little_room_tells_how_much_is_needed),
      cmocka_unit_test(too_little_room_in_place_leaves_the_message),
      cmocka_unit_test(an_empty_message_needs_no_room_to_open),
      cmocka_unit_test(other_nonce_lengths_are_refused),
      cmocka_unit_test(other_tag_lengths_are_refused),
      cmocka_unit_test(other_key_lengths_are_refused),
      cmocka_unit_test(other_algorithms_are_refused),
      cmocka_unit_test(a_message_over_the_limit_is_refused),
  };
  return cmocka_run_group_tests_name("aead", tests, NULL, NULL);
}
