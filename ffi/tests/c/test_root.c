/* Roots: known answers of docs/vectors, fleets, base64, wrapped keys and what is
 * none.
 */
#include "device.h"

static corekey_root the_root(void) {
  uint8_t secret[COREKEY_KEY_LEN];
  corekey_root root;
  assert_int_equal(unhex(ROOT, secret), sizeof secret);
  OK(corekey_root_init(&root, secret, sizeof secret));
  return root;
}

static const char WRAPPED_1[] =
    "9c60295a3d892c3c9427b4d1690352ebe35660761281b318"
    "5cccb2440f07d2678c24deae4c07b2c5";

static void a_root_has_its_known_id(void **state) {
  const corekey_root root = the_root();
  buffer out;
  (void)state;
  refresh(&out);
  OK(corekey_root_id(&root, out.at, COREKEY_ROOT_ID_LEN));
  assert_hex(out.at, COREKEY_ROOT_ID_LEN, "095d8a3af2c1c8b3");
  assert_only(&out, COREKEY_ROOT_ID_LEN);
}

static void device_keys_are_the_known_ones(void **state) {
  const corekey_root root = the_root();
  corekey_device_key key;
  const corekey_device_key expected[] = {key_1(), key_2()};
  (void)state;
  OK(corekey_root_device_key(&key, &root, 1, ID, ID_LEN));
  assert_true(same_key(&key, &expected[0]));
  OK(corekey_root_device_key(&key, &root, 2, ID, ID_LEN));
  assert_true(same_key(&key, &expected[1]));
}

/* What a factory installs. */
static void the_base64_of_a_device_key_is_the_known_one(void **state) {
  static const char expected[] = "AW36QnIk9KG/92PrOeKSUpLsfbaUD4UR5YMjalLbWE8=";
  const corekey_root root = the_root();
  buffer out;
  size_t len = NO_LENGTH;
  (void)state;
  refresh(&out);
  OK(corekey_device_key_base64(&root, 1, ID, ID_LEN, (char *)out.at, 45, &len));
  assert_int_equal(len, 44);
  assert_string_equal((char *)out.at, expected);
  assert_only(&out, 45);
}

static void too_little_room_for_the_base64_tells_what_is_needed(void **state) {
  const corekey_root root = the_root();
  buffer out;
  (void)state;
  refresh(&out);
  for (size_t cap = 0; cap < 45; cap++) {
    size_t len = NO_LENGTH;
    EXPECT(COREKEY_E_BUFFER_TOO_SMALL,
           corekey_device_key_base64(&root, 1, ID, ID_LEN, (char *)out.at, cap, &len));
    assert_int_equal(len, 45);
  }
  assert_untouched(&out);
}

static void a_fleet_is_a_root_with_a_known_id_and_known_keys(void **state) {
  const corekey_root root = the_root();
  const corekey_device_key expected =
      key_of(1, "842dad147835f121010965b30ec3768b30f4171125417e44b7e60226314d645a");
  corekey_root fleet;
  corekey_device_key key;
  uint8_t id[COREKEY_ROOT_ID_LEN];
  (void)state;
  OK(corekey_root_fleet(&fleet, &root, (const uint8_t *)"f", 1));
  OK(corekey_root_id(&fleet, id, sizeof id));
  assert_hex(id, sizeof id, "79e2badab8edb3a6");
  OK(corekey_root_device_key(&key, &fleet, 1, ID, ID_LEN));
  assert_true(same_key(&key, &expected));
}

static void a_key_wraps_to_the_known_row_and_back(void **state) {
  const corekey_root root = the_root();
  const corekey_device_key key = key_1();
  corekey_device_key unwrapped;
  buffer out;
  (void)state;
  refresh(&out);
  OK(corekey_root_wrap(&root, &key, out.at, COREKEY_WRAPPED_KEY_LEN));
  assert_hex(out.at, COREKEY_WRAPPED_KEY_LEN, WRAPPED_1);
  assert_only(&out, COREKEY_WRAPPED_KEY_LEN);
  OK(corekey_root_unwrap(&unwrapped, &root, 1, ID, ID_LEN, out.at, COREKEY_WRAPPED_KEY_LEN));
  assert_true(same_key(&unwrapped, &key));
}

static void a_row_of_another_device_version_or_root_does_not_unwrap(void **state) {
  const corekey_root root = the_root();
  corekey_root fleet;
  uint8_t wrapped[COREKEY_WRAPPED_KEY_LEN];
  PAINTED(corekey_device_key, key);
  (void)state;
  OK(corekey_root_fleet(&fleet, &root, ID, ID_LEN));
  unhex(WRAPPED_1, wrapped);
  EXPECT(COREKEY_E_UNVERIFIED,
         corekey_root_unwrap(&key, &root, 2, ID, ID_LEN, wrapped, sizeof wrapped));
  EXPECT(COREKEY_E_UNVERIFIED,
         corekey_root_unwrap(&key, &root, 1, ID, ID_LEN - 1, wrapped, sizeof wrapped));
  EXPECT(COREKEY_E_UNVERIFIED,
         corekey_root_unwrap(&key, &fleet, 1, ID, ID_LEN, wrapped, sizeof wrapped));
  for (size_t i = 0; i < sizeof wrapped; i++) {
    wrapped[i] ^= 0x10;
    EXPECT(COREKEY_E_UNVERIFIED,
           corekey_root_unwrap(&key, &root, 1, ID, ID_LEN, wrapped, sizeof wrapped));
    wrapped[i] ^= 0x10;
  }
  assert_painted(&key, sizeof key);
}

static void what_is_no_version_is_refused(void **state) {
  const corekey_root root = the_root();
  uint8_t wrapped[COREKEY_WRAPPED_KEY_LEN];
  PAINTED(corekey_device_key, key);
  buffer out;
  (void)state;
  unhex(WRAPPED_1, wrapped);
  refresh(&out);
  for (size_t i = 0; i < COUNT(NO_VERSIONS); i++) {
    const uint64_t version = NO_VERSIONS[i];
    size_t len = NO_LENGTH;
    EXPECT(COREKEY_E_RANGE, corekey_root_device_key(&key, &root, version, ID, ID_LEN));
    EXPECT(COREKEY_E_RANGE,
           corekey_root_unwrap(&key, &root, version, ID, ID_LEN, wrapped, sizeof wrapped));
    EXPECT(COREKEY_E_RANGE, corekey_device_key_base64(&root, version, ID, ID_LEN, (char *)out.at,
                                                      BUFFER_LEN, &len));
    assert_int_equal(len, NO_LENGTH);
  }
  assert_painted(&key, sizeof key);
  assert_untouched(&out);
}

static void ids_of_devices_and_fleets_have_1_to_128_bytes(void **state) {
  static const size_t lengths[] = {0, COREKEY_DEVICE_ID_MAX + 1, 200};
  const uint8_t id[200] = {0};
  const uint8_t wrapped[COREKEY_WRAPPED_KEY_LEN] = {0};
  const corekey_root root = the_root();
  corekey_root fleet;
  corekey_device_key key;
  buffer out;
  (void)state;
  OK(corekey_root_fleet(&fleet, &root, id, COREKEY_DEVICE_ID_MAX));
  OK(corekey_root_device_key(&key, &root, 1, id, COREKEY_DEVICE_ID_MAX));
  paint(&fleet, sizeof fleet);
  paint(&key, sizeof key);
  refresh(&out);
  for (size_t i = 0; i < COUNT(lengths); i++) {
    size_t len = NO_LENGTH;
    EXPECT(COREKEY_E_LENGTH, corekey_root_fleet(&fleet, &root, id, lengths[i]));
    EXPECT(COREKEY_E_LENGTH, corekey_root_device_key(&key, &root, 1, id, lengths[i]));
    EXPECT(COREKEY_E_LENGTH,
           corekey_root_unwrap(&key, &root, 1, id, lengths[i], wrapped, sizeof wrapped));
    EXPECT(COREKEY_E_LENGTH, corekey_device_key_base64(&root, 1, id, lengths[i], (char *)out.at,
                                                       BUFFER_LEN, &len));
    assert_int_equal(len, NO_LENGTH);
  }
  assert_painted(&fleet, sizeof fleet);
  assert_painted(&key, sizeof key);
  assert_untouched(&out);
}

static void roots_ids_and_rows_have_exactly_their_length(void **state) {
  const uint8_t secret[100] = {0};
  const corekey_root root = the_root();
  const corekey_device_key key = key_1();
  PAINTED(corekey_root, new_root);
  PAINTED(corekey_device_key, new_key);
  buffer out;
  (void)state;
  refresh(&out);
  for (size_t len = 0; len <= sizeof secret; len++) {
    if (len != COREKEY_KEY_LEN) {
      EXPECT(COREKEY_E_LENGTH, corekey_root_init(&new_root, secret, len));
    }
    if (len != COREKEY_ROOT_ID_LEN) {
      EXPECT(COREKEY_E_LENGTH, corekey_root_id(&root, out.at, len));
    }
    if (len != COREKEY_WRAPPED_KEY_LEN) {
      EXPECT(COREKEY_E_LENGTH, corekey_root_wrap(&root, &key, out.at, len));
      EXPECT(COREKEY_E_LENGTH,
             corekey_root_unwrap(&new_key, &root, 1, ID, ID_LEN, secret, len));
    }
  }
  assert_painted(&new_root, sizeof new_root);
  assert_painted(&new_key, sizeof new_key);
  assert_untouched(&out);
}

static void a_cleared_root_is_zeros(void **state) {
  corekey_root root = the_root();
  (void)state;
  OK(corekey_root_clear(&root));
  assert_zeros(&root, sizeof root);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_root_has_its_known_id),
      cmocka_unit_test(device_keys_are_the_known_ones),
      cmocka_unit_test(the_base64_of_a_device_key_is_the_known_one),
      cmocka_unit_test(too_little_room_for_the_base64_tells_what_is_needed),
      cmocka_unit_test(a_fleet_is_a_root_with_a_known_id_and_known_keys),
      cmocka_unit_test(a_key_wraps_to_the_known_row_and_back),
      cmocka_unit_test(a_row_of_another_device_version_or_root_does_not_unwrap),
      cmocka_unit_test(what_is_no_version_is_refused),
      cmocka_unit_test(ids_of_devices_and_fleets_have_1_to_128_bytes),
      cmocka_unit_test(roots_ids_and_rows_have_exactly_their_length),
      cmocka_unit_test(a_cleared_root_is_zeros),
  };
  return cmocka_run_group_tests_name("roots", tests, NULL, NULL);
}
