/* Sealing: known messages of docs/vectors, forms, room, the payload inside the
 * output, limits. A full session takes 2^32 messages and is tested in Rust.
 */
#include "device.h"

#define PAYLOAD_LEN 24
static const uint8_t PAYLOAD[PAYLOAD_LEN] = "twenty-four bytes of it";
static const uint8_t SALT[COREKEY_SALT_LEN] = {1, 2, 3, 4, 5, 6, 7, 8};
#define LONG_OVERHEAD 48 /* Of this device in a low boot, without a salt. */
#define COMPACT_OVERHEAD 20

static void start(corekey_sealer *sealer, uint64_t boot) {
  const corekey_device_key key = key_1();
  OK(corekey_sealer_init(sealer, &key, COREKEY_UP, boot, NULL, 0));
}

/* Uses up counters, so that the next message has this one. */
static void skip_to(corekey_sealer *sealer, uint32_t *next, uint32_t counter) {
  uint8_t out[100];
  size_t len;
  for (; *next < counter; (*next)++) {
    OK(corekey_seal(sealer, COREKEY_LONG, NULL, 0, NULL, 0, out, sizeof out, &len));
  }
}

static void messages_are_the_known_ones_and_every_64th_is_long(void **state) {
  static const struct {
    uint32_t counter;
    const char *payload;
    const char *message;
  } cases[] = {
      {0, "",
       "d08343a10103a3044f0173656e736f722d303030303034320641000a42012c50"
       "548ee8f246f5edc451a91a211be539cb"},
      {1, "01", "412c000141899e8740c702514b78c584032746df40"},
      {63, "3f464d", "412c003f3ff3c0600ff46c3b666e1e52e5033c9258273a"},
      {64, "40474e55",
       "d08343a10103a3044f0173656e736f722d303030303034320641400a42012c54"
       "ba46f93e8fdf4eff964c14da189dbe1955b3a00a"},
      {65, "41484f565d", "412c00415f34d2bdf89dc8eabe81f29a02690a548c910a096c"},
  };
  corekey_sealer sealer;
  uint32_t next = 0;
  (void)state;
  start(&sealer, 300);
  for (size_t i = 0; i < COUNT(cases); i++) {
    uint8_t payload[16];
    buffer out;
    size_t len = NO_LENGTH;
    const size_t payload_len = unhex(cases[i].payload, payload);
    skip_to(&sealer, &next, cases[i].counter);
    refresh(&out);
    OK(corekey_seal(&sealer, COREKEY_COMPACT, NULL, 0, payload, payload_len, out.at, BUFFER_LEN,
                    &len));
    next++;
    assert_hex(out.at, len, cases[i].message);
    assert_only(&out, len);
  }
}

static void the_form_asked_for_is_the_form(void **state) {
  corekey_sealer sealer;
  uint8_t out[PAYLOAD_LEN + COREKEY_MESSAGE_OVERHEAD_MAX];
  size_t len;
  (void)state;
  start(&sealer, 1);
  OK(corekey_seal(&sealer, COREKEY_LONG, NULL, 0, PAYLOAD, PAYLOAD_LEN, out, sizeof out, &len));
  assert_int_equal(len, PAYLOAD_LEN + LONG_OVERHEAD);
  OK(corekey_seal(&sealer, COREKEY_LONG, NULL, 0, PAYLOAD, PAYLOAD_LEN, out, sizeof out, &len));
  assert_int_equal(len, PAYLOAD_LEN + LONG_OVERHEAD);
  OK(corekey_seal(&sealer, COREKEY_COMPACT, NULL, 0, PAYLOAD, PAYLOAD_LEN, out, sizeof out, &len));
  assert_int_equal(len, PAYLOAD_LEN + COMPACT_OVERHEAD);
}

static void another_form_is_no_form(void **state) {
  const uint32_t forms[] = {0, 1, 2, 64, 79, COREKEY_FULL_IV, 83, 0x150, 0x10051, UINT32_MAX};
  corekey_sealer sealer;
  corekey_sealer before;
  buffer out;
  size_t len = NO_LENGTH;
  (void)state;
  start(&sealer, 1);
  before = sealer;
  refresh(&out);
  for (size_t i = 0; i < COUNT(forms); i++) {
    EXPECT(COREKEY_E_ALGORITHM, corekey_seal(&sealer, forms[i], NULL, 0, PAYLOAD, PAYLOAD_LEN,
                                             out.at, BUFFER_LEN, &len));
  }
  assert_untouched(&out);
  assert_int_equal(len, NO_LENGTH);
  assert_memory_equal(&sealer, &before, sizeof sealer);
}

/* The refused calls use no counter: what follows is the first message. */
static void too_little_room_tells_what_is_needed(void **state) {
  const size_t needed = PAYLOAD_LEN + LONG_OVERHEAD;
  corekey_sealer sealer;
  uint8_t first[PAYLOAD_LEN + LONG_OVERHEAD];
  buffer out;
  size_t len;
  (void)state;
  start(&sealer, 1);
  OK(corekey_seal(&sealer, COREKEY_LONG, NULL, 0, PAYLOAD, PAYLOAD_LEN, first, sizeof first, &len));
  start(&sealer, 1);
  refresh(&out);
  for (size_t cap = 0; cap < needed; cap++) {
    len = NO_LENGTH;
    EXPECT(COREKEY_E_BUFFER_TOO_SMALL,
           corekey_seal(&sealer, COREKEY_LONG, NULL, 0, PAYLOAD, PAYLOAD_LEN,
                        cap == 0 ? NULL : out.at, cap, &len));
    assert_int_equal(len, needed);
  }
  assert_untouched(&out);
  OK(corekey_seal(&sealer, COREKEY_LONG, NULL, 0, PAYLOAD, PAYLOAD_LEN, out.at, needed, &len));
  assert_memory_equal(out.at, first, needed);
  assert_only(&out, needed);
}

/* The next message of a fresh sealer, after `skipped` others, with the payload
 * at an offset of the output.
 */
static corekey_status seal_inside(uint32_t form, uint32_t skipped, buffer *out, size_t offset,
                                  size_t cap, size_t *len) {
  corekey_sealer sealer;
  uint32_t next = 0;
  start(&sealer, 1);
  skip_to(&sealer, &next, skipped);
  refresh(out);
  memcpy(out->at + offset, PAYLOAD, PAYLOAD_LEN);
  return corekey_seal(&sealer, form, NULL, 0, out->at + offset, PAYLOAD_LEN, out->at, cap, len);
}

static void a_payload_inside_the_output_gives_the_same_message(void **state) {
  const uint32_t forms[] = {COREKEY_LONG, COREKEY_COMPACT};
  (void)state;
  for (size_t f = 0; f < COUNT(forms); f++) {
    corekey_sealer sealer;
    uint8_t expected[100];
    uint32_t next = 0;
    size_t needed;
    start(&sealer, 1);
    skip_to(&sealer, &next, 1);
    OK(corekey_seal(&sealer, forms[f], NULL, 0, PAYLOAD, PAYLOAD_LEN, expected, sizeof expected,
                    &needed));
    for (size_t offset = 0; offset <= 120; offset++) {
      buffer out;
      size_t len = NO_LENGTH;
      const size_t end = offset + PAYLOAD_LEN;
      const size_t cap = end > needed ? end : needed;
      OK(seal_inside(forms[f], 1, &out, offset, cap, &len));
      assert_int_equal(len, needed);
      assert_memory_equal(out.at, expected, needed);
      /* What of the payload lay behind the message is zeros. */
      const size_t behind = offset > needed ? offset : needed;
      assert_painted(out.at + needed, behind - needed);
      assert_zeros(out.at + behind, cap - behind);
      assert_painted(out.at + cap, BUFFER_LEN - cap);
      assert_painted(out.before, sizeof out.before);
    }
  }
}

static void a_payload_inside_too_small_an_output_stays(void **state) {
  (void)state;
  for (size_t cap = PAYLOAD_LEN; cap < PAYLOAD_LEN + LONG_OVERHEAD; cap++) {
    const size_t offset = cap - PAYLOAD_LEN;
    buffer out;
    size_t len = NO_LENGTH;
    EXPECT(COREKEY_E_BUFFER_TOO_SMALL, seal_inside(COREKEY_LONG, 0, &out, offset, cap, &len));
    assert_int_equal(len, PAYLOAD_LEN + LONG_OVERHEAD);
    assert_memory_equal(out.at + offset, PAYLOAD, PAYLOAD_LEN);
    assert_painted(out.at, offset);
    assert_painted(out.at + cap, BUFFER_LEN - cap);
  }
}

/* Of what sticks out nothing is read or written. */
static void a_payload_that_sticks_out_of_the_output_is_refused(void **state) {
  const size_t cap = 200;
  (void)state;
  for (size_t offset = cap - PAYLOAD_LEN + 1; offset < cap; offset++) {
    buffer out;
    size_t len = NO_LENGTH;
    EXPECT(COREKEY_E_OVERLAP, seal_inside(COREKEY_LONG, 0, &out, offset, cap, &len));
    assert_int_equal(len, NO_LENGTH);
    assert_painted(out.at, offset);
    assert_memory_equal(out.at + offset, PAYLOAD, PAYLOAD_LEN);
  }
}

static void an_aad_has_255_bytes_at_most(void **state) {
  uint8_t aad[300] = {0};
  corekey_sealer sealer;
  buffer out;
  size_t len;
  (void)state;
  start(&sealer, 1);
  OK(corekey_seal(&sealer, COREKEY_LONG, aad, 255, NULL, 0, out.at, BUFFER_LEN, &len));
  refresh(&out);
  len = NO_LENGTH;
  for (size_t aad_len = 256; aad_len <= sizeof aad; aad_len++) {
    EXPECT(COREKEY_E_LENGTH, corekey_seal(&sealer, COREKEY_LONG, aad, aad_len, NULL, 0, out.at,
                                          BUFFER_LEN, &len));
  }
  assert_untouched(&out);
  assert_int_equal(len, NO_LENGTH);
}

static void a_payload_has_16_mib_at_most(void **state) {
  const size_t most = (size_t)16 << 20;
  corekey_sealer sealer;
  uint8_t out[1];
  size_t len = NO_LENGTH;
  (void)state;
  start(&sealer, 1);
  EXPECT(COREKEY_E_BUFFER_TOO_SMALL,
         corekey_seal(&sealer, COREKEY_LONG, NULL, 0, NOWHERE, most, out, sizeof out, &len));
  assert_int_equal(len, most + LONG_OVERHEAD + 3);
  len = NO_LENGTH;
  EXPECT(COREKEY_E_LENGTH,
         corekey_seal(&sealer, COREKEY_LONG, NULL, 0, NOWHERE, most + 1, out, sizeof out, &len));
  EXPECT(COREKEY_E_LENGTH, corekey_seal(&sealer, COREKEY_COMPACT, NULL, 0, NOWHERE,
                                        (size_t)1 << 40, out, sizeof out, &len));
  assert_int_equal(len, NO_LENGTH);
}

/* Counters of four bytes take 3 more, a full IV 11 more. */
static void the_overhead_is_never_above_its_maximum(void **state) {
  const uint8_t id[COREKEY_DEVICE_ID_MAX] = {0};
  const uint8_t secret[COREKEY_KEY_LEN] = {0};
  corekey_device_key key;
  corekey_sealer sealer;
  size_t len = 0;
  (void)state;
  OK(corekey_device_key_init(&key, VERSION_MAX, id, sizeof id, secret, sizeof secret));
  OK(corekey_sealer_init(&sealer, &key, COREKEY_UP, BOOT_MAX, SALT, sizeof SALT));
  EXPECT(COREKEY_E_BUFFER_TOO_SMALL, corekey_seal(&sealer, COREKEY_LONG, NULL, 0, NOWHERE,
                                                  (size_t)16 << 20, NULL, 0, &len));
  assert_int_equal(len - ((size_t)16 << 20), 187);
  assert_true(187 + 11 <= COREKEY_MESSAGE_OVERHEAD_MAX);
}

static void another_direction_is_none(void **state) {
  const uint32_t directions[] = {2, 3, 80, 0x100, 0x10001, UINT32_MAX};
  const corekey_device_key key = key_1();
  PAINTED(corekey_sealer, sealer);
  (void)state;
  for (size_t i = 0; i < COUNT(directions); i++) {
    EXPECT(COREKEY_E_ALGORITHM,
           corekey_sealer_init(&sealer, &key, directions[i], 1, SALT, sizeof SALT));
  }
  assert_painted(&sealer, sizeof sealer);
}

static void boot_numbers_have_48_bits(void **state) {
  const corekey_device_key key = key_1();
  corekey_sealer sealer;
  (void)state;
  OK(corekey_sealer_init(&sealer, &key, COREKEY_UP, 0, NULL, 0));
  OK(corekey_sealer_init(&sealer, &key, COREKEY_UP, BOOT_MAX, NULL, 0));
  paint(&sealer, sizeof sealer);
  for (size_t i = 0; i < COUNT(NO_BOOTS); i++) {
    EXPECT(COREKEY_E_RANGE, corekey_sealer_init(&sealer, &key, COREKEY_UP, NO_BOOTS[i], NULL, 0));
    EXPECT(COREKEY_E_RANGE, corekey_sealer_init(&sealer, &key, COREKEY_DOWN, NO_BOOTS[i], SALT,
                                                sizeof SALT));
  }
  assert_painted(&sealer, sizeof sealer);
}

static void a_salt_has_8_bytes_or_none_and_downlinks_need_one(void **state) {
  const uint8_t salt[32] = {0};
  const corekey_device_key key = key_1();
  corekey_sealer sealer;
  (void)state;
  OK(corekey_sealer_init(&sealer, &key, COREKEY_UP, 1, salt, COREKEY_SALT_LEN));
  OK(corekey_sealer_init(&sealer, &key, COREKEY_DOWN, 1, salt, COREKEY_SALT_LEN));
  paint(&sealer, sizeof sealer);
  EXPECT(COREKEY_E_LENGTH, corekey_sealer_init(&sealer, &key, COREKEY_DOWN, 1, NULL, 0));
  for (size_t len = 1; len <= sizeof salt; len++) {
    if (len != COREKEY_SALT_LEN) {
      EXPECT(COREKEY_E_LENGTH, corekey_sealer_init(&sealer, &key, COREKEY_UP, 1, salt, len));
      EXPECT(COREKEY_E_LENGTH, corekey_sealer_init(&sealer, &key, COREKEY_DOWN, 1, salt, len));
    }
  }
  assert_painted(&sealer, sizeof sealer);
}

/* Two of them with one state would use a nonce twice. */
static void a_copied_sealer_seals_nothing(void **state) {
  corekey_sealer sealer;
  corekey_sealer copy;
  buffer out;
  size_t len = NO_LENGTH;
  (void)state;
  start(&sealer, 1);
  copy = sealer;
  refresh(&out);
  EXPECT(COREKEY_E_MOVED, corekey_seal(&copy, COREKEY_LONG, NULL, 0, PAYLOAD, PAYLOAD_LEN, out.at,
                                       BUFFER_LEN, &len));
  assert_untouched(&out);
  assert_int_equal(len, NO_LENGTH);
  OK(corekey_sealer_clear(&sealer));
  assert_zeros(&sealer, sizeof sealer);
}

static void the_cose_key_of_a_session_is_the_known_one(void **state) {
  static const char expected[] =
      "a401040303054c636b310000000000000000002058204ff5fb0220b4a299cbae0f99612200aa"
      "d11fca968fa5acdcd2b3d490e73c1373";
  const corekey_device_key key = key_1();
  buffer out;
  (void)state;
  refresh(&out);
  OK(corekey_cose_key(&key, COREKEY_UP, 255, NULL, 0, out.at, COREKEY_COSE_KEY_LEN));
  assert_hex(out.at, COREKEY_COSE_KEY_LEN, expected);
  assert_only(&out, COREKEY_COSE_KEY_LEN);
}

static void what_is_no_session_has_no_cose_key(void **state) {
  const corekey_device_key key = key_1();
  buffer out;
  (void)state;
  refresh(&out);
  for (uint32_t direction = 2; direction < 4; direction++) {
    EXPECT(COREKEY_E_ALGORITHM,
           corekey_cose_key(&key, direction, 1, NULL, 0, out.at, COREKEY_COSE_KEY_LEN));
  }
  for (size_t i = 0; i < COUNT(NO_BOOTS); i++) {
    EXPECT(COREKEY_E_RANGE, corekey_cose_key(&key, COREKEY_UP, NO_BOOTS[i], NULL, 0, out.at,
                                             COREKEY_COSE_KEY_LEN));
  }
  for (size_t len = 1; len < COREKEY_SALT_LEN; len++) {
    EXPECT(COREKEY_E_LENGTH,
           corekey_cose_key(&key, COREKEY_UP, 1, SALT, len, out.at, COREKEY_COSE_KEY_LEN));
  }
  for (size_t len = 0; len <= 100; len++) {
    if (len != COREKEY_COSE_KEY_LEN) {
      EXPECT(COREKEY_E_LENGTH, corekey_cose_key(&key, COREKEY_UP, 1, NULL, 0, out.at, len));
    }
  }
  assert_untouched(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(messages_are_the_known_ones_and_every_64th_is_long),
      cmocka_unit_test(the_form_asked_for_is_the_form),
      cmocka_unit_test(another_form_is_no_form),
      cmocka_unit_test(too_little_room_tells_what_is_needed),
      cmocka_unit_test(a_payload_inside_the_output_gives_the_same_message),
      cmocka_unit_test(a_payload_inside_too_small_an_output_stays),
      cmocka_unit_test(a_payload_that_sticks_out_of_the_output_is_refused),
      cmocka_unit_test(an_aad_has_255_bytes_at_most),
      cmocka_unit_test(a_payload_has_16_mib_at_most),
      cmocka_unit_test(the_overhead_is_never_above_its_maximum),
      cmocka_unit_test(another_direction_is_none),
      cmocka_unit_test(boot_numbers_have_48_bits),
      cmocka_unit_test(a_salt_has_8_bytes_or_none_and_downlinks_need_one),
      cmocka_unit_test(a_copied_sealer_seals_nothing),
      cmocka_unit_test(the_cose_key_of_a_session_is_the_known_one),
      cmocka_unit_test(what_is_no_session_has_no_cose_key),
  };
  return cmocka_run_group_tests_name("sealing", tests, NULL, NULL);
}
