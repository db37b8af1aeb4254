/* Device keys: known answers of docs/vectors, ranges, lengths and purposes. What
 * holds for the arguments of every function is tested elsewhere.
 */
#include "device.h"

static void a_key_gives_its_known_check_value(void **state) {
  const corekey_device_key key = key_1();
  buffer out;
  (void)state;
  refresh(&out);
  OK(corekey_device_key_check_value(&key, out.at, COREKEY_CHECK_VALUE_LEN));
  assert_hex(out.at, COREKEY_CHECK_VALUE_LEN, CHECK_VALUE_1);
  assert_only(&out, COREKEY_CHECK_VALUE_LEN);
}

static void imported_keys_give_their_known_check_values(void **state) {
  static const struct {
    const char *imported;
    const char *check_value;
  } cases[] = {
      {"01080f161d242b323940474e555c636a", "2dff1fd5"},
      {"020910171e252c333a41484f565d646b727980878e959ca3aab1b8bfc6cdd4", "c7f4c807"},
      {"030a11181f262d343b424950575e656c737a81888f969da4abb2b9c0c7ced5dc", "9152a2b6"},
      {"050c131a21282f363d444b525960676e757c838a91989fa6adb4bbc2c9d0d7dee5ecf3fa01080f161d242b323940474e555c636a71787f868d949ba2a9b0b7be",
       "2679744f"},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(cases); i++) {
    uint8_t imported[64];
    uint8_t value[COREKEY_CHECK_VALUE_LEN];
    corekey_device_key key;
    const size_t len = unhex(cases[i].imported, imported);
    OK(corekey_device_key_import(&key, 1, ID, ID_LEN, imported, len));
    OK(corekey_device_key_check_value(&key, value, sizeof value));
    assert_hex(value, sizeof value, cases[i].check_value);
  }
}

static void keys_for_applications_are_the_known_ones(void **state) {
  static const struct {
    const char *context;
    const char *wrapping;
    const char *authentication;
  } cases[] = {
      {"", "73ef1ad1bd4ab4e02766b9752a7c7d9c8fe5bc6806fb08cc24ac6779ab4fb870",
       "7c18e26a6848bcb947a8038bb311b070832d16ae0c57acb4fd140cc02eda94f9"},
      {"73746f72616765", "5ded2e752ea4e58df51a36ae8dcf653b587716a3fbc982fcf64c1a49d28348ae",
       "d846bd1a5b2ae70423b337b9a93c6c740ced6c84a23680deafa8e6ec1c6e6876"},
  };
  const corekey_device_key key = key_1();
  (void)state;
  for (size_t i = 0; i < COUNT(cases); i++) {
    uint8_t context[128];
    buffer out;
    const size_t len = unhex(cases[i].context, context);
    refresh(&out);
    OK(corekey_device_key_derive(&key, COREKEY_FOR_WRAPPING, context, len, out.at, 32));
    assert_hex(out.at, 32, cases[i].wrapping);
    assert_only(&out, 32);
    OK(corekey_device_key_derive(&key, COREKEY_FOR_AUTHENTICATION, context, len, out.at, 32));
    assert_hex(out.at, 32, cases[i].authentication);
    assert_only(&out, 32);
  }
}

static void another_purpose_is_no_purpose(void **state) {
  const uint32_t purposes[] = {0, 1, 63, 66, 80, 0x140, 0x10040, 0x80000041, UINT32_MAX};
  const corekey_device_key key = key_1();
  buffer out;
  (void)state;
  refresh(&out);
  for (size_t i = 0; i < COUNT(purposes); i++) {
    EXPECT(COREKEY_E_ALGORITHM,
           corekey_device_key_derive(&key, purposes[i], NULL, 0, out.at, COREKEY_KEY_LEN));
  }
  assert_untouched(&out);
}

static void a_context_has_128_bytes_at_most(void **state) {
  const uint8_t context[256] = {0};
  const corekey_device_key key = key_1();
  buffer out;
  (void)state;
  for (uint32_t purpose = COREKEY_FOR_WRAPPING; purpose <= COREKEY_FOR_AUTHENTICATION; purpose++) {
    OK(corekey_device_key_derive(&key, purpose, context, 128, out.at, COREKEY_KEY_LEN));
    refresh(&out);
    for (size_t len = 129; len <= sizeof context; len++) {
      EXPECT(COREKEY_E_LENGTH,
             corekey_device_key_derive(&key, purpose, context, len, out.at, COREKEY_KEY_LEN));
    }
    assert_untouched(&out);
  }
}

static void outputs_have_exactly_their_length(void **state) {
  const corekey_device_key key = key_1();
  buffer out;
  (void)state;
  refresh(&out);
  for (size_t len = 0; len <= 100; len++) {
    if (len != COREKEY_CHECK_VALUE_LEN) {
      EXPECT(COREKEY_E_LENGTH, corekey_device_key_check_value(&key, out.at, len));
    }
    if (len != COREKEY_KEY_LEN) {
      EXPECT(COREKEY_E_LENGTH,
             corekey_device_key_derive(&key, COREKEY_FOR_WRAPPING, NULL, 0, out.at, len));
      EXPECT(COREKEY_E_LENGTH, corekey_device_key_personalization(&key, 1, out.at, len));
    }
  }
  assert_untouched(&out);
}

static void personalizations_are_the_known_ones(void **state) {
  static const struct {
    uint64_t boot;
    const char *personalization;
  } cases[] = {
      {0, "85809f8c9e7af45eaf40d1b7607613aa3798e507d05679c7914e2f28a05832e6"},
      {1, "57223eff0dc251c5f4cfb4ae75ef79f15eb2fcf3bf40e7398e834c4a354f9c94"},
      {BOOT_MAX, "10852d548fff34d9195dfa05687dd5ed1231a315de30033a01531f3d0b7747ae"},
  };
  const corekey_device_key key = key_1();
  buffer out;
  (void)state;
  for (size_t i = 0; i < COUNT(cases); i++) {
    refresh(&out);
    OK(corekey_device_key_personalization(&key, cases[i].boot, out.at, COREKEY_KEY_LEN));
    assert_hex(out.at, COREKEY_KEY_LEN, cases[i].personalization);
    assert_only(&out, COREKEY_KEY_LEN);
  }
}

static void what_is_no_boot_number_has_no_personalization(void **state) {
  const corekey_device_key key = key_1();
  buffer out;
  (void)state;
  refresh(&out);
  for (size_t i = 0; i < COUNT(NO_BOOTS); i++) {
    EXPECT(COREKEY_E_RANGE,
           corekey_device_key_personalization(&key, NO_BOOTS[i], out.at, COREKEY_KEY_LEN));
  }
  assert_untouched(&out);
}

static void versions_go_from_1_to_below_2_to_the_53(void **state) {
  const uint8_t secret[COREKEY_KEY_LEN] = {0};
  PAINTED(corekey_device_key, key);
  (void)state;
  for (size_t i = 0; i < COUNT(NO_VERSIONS); i++) {
    EXPECT(COREKEY_E_RANGE,
           corekey_device_key_init(&key, NO_VERSIONS[i], ID, ID_LEN, secret, sizeof secret));
    EXPECT(COREKEY_E_RANGE,
           corekey_device_key_import(&key, NO_VERSIONS[i], ID, ID_LEN, secret, sizeof secret));
  }
  assert_painted(&key, sizeof key);
  OK(corekey_device_key_init(&key, 1, ID, ID_LEN, secret, sizeof secret));
  OK(corekey_device_key_init(&key, VERSION_MAX, ID, ID_LEN, secret, sizeof secret));
  OK(corekey_device_key_import(&key, VERSION_MAX, ID, ID_LEN, secret, sizeof secret));
}

static void ids_have_1_to_128_bytes(void **state) {
  const uint8_t secret[COREKEY_KEY_LEN] = {0};
  const uint8_t zeros[300] = {0};
  corekey_device_key key;
  (void)state;
  for (size_t len = 1; len <= COREKEY_DEVICE_ID_MAX; len++) {
    OK(corekey_device_key_init(&key, 1, zeros, len, secret, sizeof secret));
    OK(corekey_device_key_import(&key, 1, zeros, len, secret, sizeof secret));
  }
  paint(&key, sizeof key);
  EXPECT(COREKEY_E_LENGTH, corekey_device_key_init(&key, 1, NULL, 0, secret, sizeof secret));
  for (size_t len = COREKEY_DEVICE_ID_MAX + 1; len <= sizeof zeros; len++) {
    EXPECT(COREKEY_E_LENGTH, corekey_device_key_init(&key, 1, zeros, len, secret, sizeof secret));
    EXPECT(COREKEY_E_LENGTH,
           corekey_device_key_import(&key, 1, zeros, len, secret, sizeof secret));
  }
  assert_painted(&key, sizeof key);
}

static void keys_have_32_bytes_and_imported_ones_16_to_64(void **state) {
  const uint8_t secret[200] = {0};
  PAINTED(corekey_device_key, key);
  (void)state;
  for (size_t len = 0; len <= sizeof secret; len++) {
    if (len != COREKEY_KEY_LEN) {
      EXPECT(COREKEY_E_LENGTH, corekey_device_key_init(&key, 1, ID, ID_LEN, secret, len));
    }
    if (len < 16 || len > 64) {
      EXPECT(COREKEY_E_LENGTH, corekey_device_key_import(&key, 1, ID, ID_LEN, secret, len));
    }
  }
  assert_painted(&key, sizeof key);
  for (size_t len = 16; len <= 64; len++) {
    OK(corekey_device_key_import(&key, 1, ID, ID_LEN, secret, len));
  }
}

static void a_cleared_key_is_zeros(void **state) {
  corekey_device_key key = key_1();
  (void)state;
  OK(corekey_device_key_clear(&key));
  assert_zeros(&key, sizeof key);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_key_gives_its_known_check_value),
      cmocka_unit_test(imported_keys_give_their_known_check_values),
      cmocka_unit_test(keys_for_applications_are_the_known_ones),
      cmocka_unit_test(another_purpose_is_no_purpose),
      cmocka_unit_test(a_context_has_128_bytes_at_most),
      cmocka_unit_test(outputs_have_exactly_their_length),
      cmocka_unit_test(personalizations_are_the_known_ones),
      cmocka_unit_test(what_is_no_boot_number_has_no_personalization),
      cmocka_unit_test(versions_go_from_1_to_below_2_to_the_53),
      cmocka_unit_test(ids_have_1_to_128_bytes),
      cmocka_unit_test(keys_have_32_bytes_and_imported_ones_16_to_64),
      cmocka_unit_test(a_cleared_key_is_zeros),
  };
  return cmocka_run_group_tests_name("device keys", tests, NULL, NULL);
}
