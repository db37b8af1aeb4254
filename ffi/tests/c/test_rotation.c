/* Rotation without storage: offers, what a device does with them, and what is
 * none. The journal's part is in test_journal.c.
 */
#include "device.h"

static void an_offer_is_the_known_one_each_time(void **state) {
  const corekey_device_key current = key_1();
  const corekey_device_key next = key_2();
  buffer out;
  (void)state;
  for (int round = 0; round < 2; round++) {
    refresh(&out);
    OK(corekey_rotation_offer(&current, &next, out.at, COREKEY_OFFER_LEN));
    assert_hex(out.at, COREKEY_OFFER_LEN, OFFER_1_TO_2);
    assert_only(&out, COREKEY_OFFER_LEN);
  }
}

static void an_offer_gives_the_next_key(void **state) {
  const corekey_device_key current = key_1();
  const corekey_device_key expected = key_2();
  corekey_device_key next;
  uint8_t offer[COREKEY_OFFER_LEN];
  (void)state;
  unhex(OFFER_1_TO_2, offer);
  OK(corekey_rotation_apply(&next, &current, offer, sizeof offer));
  assert_true(same_key(&next, &expected));
}

/* Its version went along too: it answers an offer to it as one that has it. */
static void an_old_offer_gives_the_present_key(void **state) {
  const corekey_device_key current = key_1();
  corekey_device_key second;
  corekey_device_key again;
  uint8_t offer[COREKEY_OFFER_LEN];
  (void)state;
  unhex(OFFER_1_TO_2, offer);
  OK(corekey_rotation_apply(&second, &current, offer, sizeof offer));
  OK(corekey_rotation_apply(&again, &second, offer, sizeof offer));
  assert_true(same_key(&again, &second));
  offer[7] = 1;
  offer[20] ^= 1;
  OK(corekey_rotation_apply(&again, &second, offer, sizeof offer));
  assert_true(same_key(&again, &second));
}

static void a_changed_offer_is_a_bad_one(void **state) {
  const corekey_device_key current = key_1();
  uint8_t offer[COREKEY_OFFER_LEN];
  PAINTED(corekey_device_key, next);
  (void)state;
  unhex(OFFER_1_TO_2, offer);
  for (size_t i = 0; i < sizeof offer; i++) {
    offer[i] ^= 4;
    EXPECT(COREKEY_E_BAD_OFFER, corekey_rotation_apply(&next, &current, offer, sizeof offer));
    offer[i] ^= 4;
  }
  for (size_t i = 0; i < COUNT(NO_VERSIONS) - 1; i++) {
    const uint64_t version = NO_VERSIONS[i + 1];
    for (size_t byte = 0; byte < 8; byte++) {
      offer[byte] = (uint8_t)(version >> (56 - 8 * byte));
    }
    EXPECT(COREKEY_E_BAD_OFFER, corekey_rotation_apply(&next, &current, offer, sizeof offer));
  }
  assert_painted(&next, sizeof next);
}

static void an_offer_under_another_key_is_a_bad_one(void **state) {
  const corekey_device_key stranger = key_of(1, KEY_2);
  uint8_t offer[COREKEY_OFFER_LEN];
  PAINTED(corekey_device_key, next);
  (void)state;
  unhex(OFFER_1_TO_2, offer);
  EXPECT(COREKEY_E_BAD_OFFER, corekey_rotation_apply(&next, &stranger, offer, sizeof offer));
  assert_painted(&next, sizeof next);
}

static void an_offer_of_another_length_is_a_bad_one(void **state) {
  const corekey_device_key current = key_1();
  uint8_t offer[2 * COREKEY_OFFER_LEN] = {0};
  PAINTED(corekey_device_key, next);
  (void)state;
  unhex(OFFER_1_TO_2, offer);
  for (size_t len = 0; len <= sizeof offer; len++) {
    if (len != COREKEY_OFFER_LEN) {
      EXPECT(COREKEY_E_BAD_OFFER, corekey_rotation_apply(&next, &current, offer, len));
    }
  }
  assert_painted(&next, sizeof next);
}

static void only_a_higher_version_of_the_same_device_is_offered(void **state) {
  const uint8_t secret[COREKEY_KEY_LEN] = {0};
  const corekey_device_key current = key_1();
  const corekey_device_key next = key_2();
  corekey_device_key stranger;
  buffer out;
  (void)state;
  refresh(&out);
  EXPECT(COREKEY_E_BAD_OFFER,
         corekey_rotation_offer(&next, &current, out.at, COREKEY_OFFER_LEN));
  EXPECT(COREKEY_E_BAD_OFFER, corekey_rotation_offer(&next, &next, out.at, COREKEY_OFFER_LEN));
  OK(corekey_device_key_init(&stranger, 3, ID, ID_LEN - 1, secret, sizeof secret));
  EXPECT(COREKEY_E_BAD_OFFER,
         corekey_rotation_offer(&current, &stranger, out.at, COREKEY_OFFER_LEN));
  OK(corekey_device_key_init(&stranger, 3, ID, ID_LEN + 1, secret, sizeof secret));
  EXPECT(COREKEY_E_BAD_OFFER,
         corekey_rotation_offer(&current, &stranger, out.at, COREKEY_OFFER_LEN));
  assert_untouched(&out);
}

static void an_offer_has_48_bytes(void **state) {
  const corekey_device_key current = key_1();
  const corekey_device_key next = key_2();
  buffer out;
  (void)state;
  refresh(&out);
  for (size_t len = 0; len <= 100; len++) {
    if (len != COREKEY_OFFER_LEN) {
      EXPECT(COREKEY_E_LENGTH, corekey_rotation_offer(&current, &next, out.at, len));
    }
  }
  assert_untouched(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_offer_is_the_known_one_each_time),
      cmocka_unit_test(an_offer_gives_the_next_key),
      cmocka_unit_test(an_old_offer_gives_the_present_key),
      cmocka_unit_test(a_changed_offer_is_a_bad_one),
      cmocka_unit_test(an_offer_under_another_key_is_a_bad_one),
      cmocka_unit_test(an_offer_of_another_length_is_a_bad_one),
      cmocka_unit_test(only_a_higher_version_of_the_same_device_is_offered),
      cmocka_unit_test(an_offer_has_48_bytes),
  };
  return cmocka_run_group_tests_name("rotation", tests, NULL, NULL);
}
