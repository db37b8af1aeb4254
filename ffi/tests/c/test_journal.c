/* The boot journal over a flash in RAM: what it does when all goes well, calls
 * that fail, words that go bad, and power that fails in every write and erase.
 */
#include "device.h"
#include "flash.h"

/* A flash with the first key of the device. */
static void provision(flash *f) {
  const corekey_storage storage = storage_of(f);
  const corekey_device_key key = key_1();
  flash_blank(f);
  OK(corekey_journal_provision(&storage, &key));
  flash_power_on(f);
}

static uint64_t next_boot(flash *f) {
  const corekey_storage storage = storage_of(f);
  uint64_t boot = 0;
  OK(corekey_journal_next_boot(&storage, &boot));
  return boot;
}

static corekey_device_key loaded(flash *f) {
  const corekey_storage storage = storage_of(f);
  corekey_device_key key;
  OK(corekey_journal_load(&key, &storage, ID, ID_LEN));
  return key;
}

static void read_offer(uint8_t offer[COREKEY_OFFER_LEN]) {
  assert_int_equal(unhex(OFFER_1_TO_2, offer), COREKEY_OFFER_LEN);
}

/* ==========================================================================
 * All goes well.
 */

static void boots_count_from_1_over_many_pages(void **state) {
  flash f;
  (void)state;
  provision(&f);
  for (uint64_t boot = 1; boot <= 100; boot++) {
    assert_int_equal(next_boot(&f), boot);
  }
  assert_false(f.misused);
}

static void the_key_that_was_provisioned_is_loaded(void **state) {
  const corekey_device_key expected = key_1();
  flash f;
  (void)state;
  provision(&f);
  for (int i = 0; i < 20; i++) {
    next_boot(&f);
    const corekey_device_key key = loaded(&f);
    assert_true(same_key(&key, &expected));
  }
}

static void the_same_key_again_changes_nothing(void **state) {
  const corekey_device_key key = key_1();
  flash f;
  const corekey_storage storage = storage_of(&f);
  (void)state;
  provision(&f);
  assert_int_equal(next_boot(&f), 1);
  const uint32_t before = f.operations;
  OK(corekey_journal_provision(&storage, &key));
  assert_int_equal(f.operations, before);
  assert_int_equal(next_boot(&f), 2);
}

static void a_version_that_is_not_higher_is_not_provisioned(void **state) {
  const corekey_device_key second = key_2();
  const corekey_device_key first = key_1();
  const corekey_device_key another = key_of(2, KEY_1);
  flash f;
  const corekey_storage storage = storage_of(&f);
  (void)state;
  provision(&f);
  OK(corekey_journal_provision(&storage, &second));
  EXPECT(COREKEY_E_RANGE, corekey_journal_provision(&storage, &first));
  EXPECT(COREKEY_E_RANGE, corekey_journal_provision(&storage, &another));
  const corekey_device_key key = loaded(&f);
  assert_true(same_key(&key, &second));
}

static void an_offer_rotates_and_erases_the_old_key(void **state) {
  const corekey_device_key expected = key_2();
  corekey_device_key key = key_1();
  uint8_t offer[COREKEY_OFFER_LEN];
  uint32_t rotated = 99;
  flash f;
  const corekey_storage storage = storage_of(&f);
  (void)state;
  provision(&f);
  read_offer(offer);
  assert_int_equal(next_boot(&f), 1);
  assert_true(flash_holds(&f, KEY_1));
  OK(corekey_journal_apply(&storage, &key, offer, sizeof offer, &rotated));
  assert_int_equal(rotated, 1);
  assert_true(same_key(&key, &expected));
  assert_true(flash_holds(&f, KEY_2));
  assert_false(flash_holds(&f, KEY_1));
  key = loaded(&f);
  assert_true(same_key(&key, &expected));
  assert_int_equal(next_boot(&f), 2);
}

static void an_old_offer_changes_nothing(void **state) {
  corekey_device_key key = key_1();
  corekey_device_key before;
  uint8_t offer[COREKEY_OFFER_LEN];
  uint32_t rotated = 99;
  flash f;
  const corekey_storage storage = storage_of(&f);
  (void)state;
  provision(&f);
  read_offer(offer);
  OK(corekey_journal_apply(&storage, &key, offer, sizeof offer, &rotated));
  before = key;
  const uint32_t operations = f.operations;
  OK(corekey_journal_apply(&storage, &key, offer, sizeof offer, &rotated));
  assert_int_equal(rotated, 0);
  assert_int_equal(f.operations, operations);
  assert_memory_equal(&key, &before, sizeof key);
}

static void a_bad_offer_changes_nothing(void **state) {
  corekey_device_key key = key_1();
  const corekey_device_key before = key;
  uint8_t offer[COREKEY_OFFER_LEN];
  uint32_t rotated = 99;
  flash f;
  const corekey_storage storage = storage_of(&f);
  (void)state;
  provision(&f);
  read_offer(offer);
  for (size_t len = 0; len < sizeof offer; len++) {
    EXPECT(COREKEY_E_BAD_OFFER, corekey_journal_apply(&storage, &key, offer, len, &rotated));
  }
  for (size_t i = 0; i < sizeof offer; i++) {
    offer[i] ^= 4;
    EXPECT(COREKEY_E_BAD_OFFER,
           corekey_journal_apply(&storage, &key, offer, sizeof offer, &rotated));
    offer[i] ^= 4;
  }
  assert_int_equal(rotated, 99);
  assert_int_equal(f.operations, 0);
  assert_memory_equal(&key, &before, sizeof key);
}

/* ==========================================================================
 * What is no journal, no storage or no id.
 */

static void a_blank_or_damaged_storage_has_lost_its_state(void **state) {
  corekey_device_key first = key_1();
  uint8_t offer[COREKEY_OFFER_LEN];
  uint64_t boot = 99;
  uint32_t rotated = 99;
  flash f;
  const corekey_storage storage = storage_of(&f);
  PAINTED(corekey_device_key, key);
  (void)state;
  read_offer(offer);
  for (int garbage = 0; garbage <= 1; garbage++) {
    flash_blank(&f);
    for (size_t i = 0; garbage && i < sizeof f.pages; i++) {
      ((uint8_t *)f.pages)[i] = flash_noise(&f);
    }
    EXPECT(COREKEY_E_STATE_LOST, corekey_journal_load(&key, &storage, ID, ID_LEN));
    EXPECT(COREKEY_E_STATE_LOST, corekey_journal_next_boot(&storage, &boot));
    EXPECT(COREKEY_E_STATE_LOST,
           corekey_journal_apply(&storage, &first, offer, sizeof offer, &rotated));
    assert_int_equal(f.operations, 0);
    assert_painted(&key, sizeof key);
    assert_int_equal(boot, 99);
    assert_int_equal(rotated, 99);

    OK(corekey_journal_provision(&storage, &first));
    assert_int_equal(next_boot(&f), 1);
    assert_false(f.misused);
  }
}

static void a_storage_that_is_too_small_is_refused(void **state) {
  static const uint32_t shapes[][2] = {{0, 192},   {1, 192},   {2, 0},    {2, 16},
                                       {2, 128},   {2, 143},   {2, 150},  {2, 184},
                                       {3, 191},   {3, 193},   {2, 8},    {2, 152}};
  corekey_device_key first = key_1();
  uint8_t offer[COREKEY_OFFER_LEN];
  uint64_t boot = 99;
  uint32_t rotated = 99;
  flash f;
  corekey_storage storage = storage_of(&f);
  PAINTED(corekey_device_key, key);
  (void)state;
  provision(&f);
  read_offer(offer);
  for (size_t i = 0; i < COUNT(shapes); i++) {
    storage.pages = shapes[i][0];
    storage.page_size = shapes[i][1];
    EXPECT(COREKEY_E_LENGTH, corekey_journal_provision(&storage, &first));
    EXPECT(COREKEY_E_LENGTH, corekey_journal_load(&key, &storage, ID, ID_LEN));
    EXPECT(COREKEY_E_LENGTH, corekey_journal_next_boot(&storage, &boot));
    EXPECT(COREKEY_E_LENGTH,
           corekey_journal_apply(&storage, &first, offer, sizeof offer, &rotated));
  }
  assert_int_equal(f.operations, 0);
  assert_false(f.misused);
  assert_painted(&key, sizeof key);
  assert_int_equal(boot, 99);
  assert_int_equal(rotated, 99);

  flash_blank(&f);
  storage.pages = 2;
  storage.page_size = 144;
  OK(corekey_journal_provision(&storage, &first));
  for (uint64_t i = 1; i < 10; i++) {
    OK(corekey_journal_next_boot(&storage, &boot));
    assert_int_equal(boot, i);
  }
}

static void every_callback_is_needed(void **state) {
  corekey_device_key first = key_1();
  uint8_t offer[COREKEY_OFFER_LEN];
  uint64_t boot = 99;
  uint32_t rotated = 99;
  flash f;
  PAINTED(corekey_device_key, key);
  (void)state;
  provision(&f);
  read_offer(offer);
  for (int which = 0; which < 3; which++) {
    corekey_storage storage = storage_of(&f);
    storage.read = which == 0 ? NULL : storage.read;
    storage.write = which == 1 ? NULL : storage.write;
    storage.erase = which == 2 ? NULL : storage.erase;
    EXPECT(COREKEY_E_NULL, corekey_journal_provision(&storage, &first));
    EXPECT(COREKEY_E_NULL, corekey_journal_load(&key, &storage, ID, ID_LEN));
    EXPECT(COREKEY_E_NULL, corekey_journal_next_boot(&storage, &boot));
    EXPECT(COREKEY_E_NULL,
           corekey_journal_apply(&storage, &first, offer, sizeof offer, &rotated));
  }
  assert_int_equal(f.reads + f.operations, 0);
  assert_painted(&key, sizeof key);
  assert_int_equal(boot, 99);
  assert_int_equal(rotated, 99);
}

static void an_id_has_1_to_128_bytes(void **state) {
  const uint8_t id[200] = {0};
  const size_t lengths[] = {0, COREKEY_DEVICE_ID_MAX + 1, sizeof id};
  flash f;
  const corekey_storage storage = storage_of(&f);
  corekey_device_key key;
  (void)state;
  provision(&f);
  OK(corekey_journal_load(&key, &storage, id, COREKEY_DEVICE_ID_MAX));
  paint(&key, sizeof key);
  for (size_t i = 0; i < COUNT(lengths); i++) {
    EXPECT(COREKEY_E_LENGTH, corekey_journal_load(&key, &storage, id, lengths[i]));
  }
  assert_painted(&key, sizeof key);
}

/* CRC-32 of IEEE 802.3, as the page headers have it. */
static uint32_t crc32(const uint8_t *bytes, size_t len) {
  uint32_t crc = UINT32_MAX;
  for (size_t i = 0; i < 8 * len; i++) {
    const uint32_t bit = (crc ^ (uint32_t)(bytes[i / 8] >> i % 8)) & 1;
    crc = (crc >> 1) ^ (bit != 0 ? 0xedb88320 : 0);
  }
  return ~crc;
}

static void used_up_boot_numbers_are_out_of_range(void **state) {
  flash f;
  const corekey_storage storage = storage_of(&f);
  uint64_t boot = 99;
  (void)state;
  provision(&f);
  for (size_t copy = 0; copy < 128; copy += 64) {
    uint8_t *const header = &f.pages[0][copy];
    memset(header + 16, 0xff, 6);
    const uint32_t crc = crc32(header, 60);
    for (size_t i = 0; i < 4; i++) {
      header[60 + i] = (uint8_t)(crc >> (24 - 8 * i));
    }
  }
  EXPECT(COREKEY_E_RANGE, corekey_journal_next_boot(&storage, &boot));
  assert_int_equal(boot, 99);
  assert_int_equal(f.operations, 0);
}

/* ==========================================================================
 * Calls that fail while the power is on.
 */

/* Each read and each operation of a call fails once: the call says so, writes
 * nothing to its outputs, and works when it is made again.
 */
static void a_boot_that_could_not_be_counted_is_not_given_out(void **state) {
  (void)state;
  for (int reads = 0; reads <= 1; reads++) {
    corekey_status status = COREKEY_E_STORAGE;
    for (uint32_t at = 0; status != COREKEY_OK; at++) {
      flash f;
      const corekey_storage storage = storage_of(&f);
      uint64_t boot = 99;
      provision(&f);
      /* The fourth slot is the last: this boot needs the next page. */
      for (uint64_t i = 1; i <= 3; i++) {
        assert_int_equal(next_boot(&f), i);
      }
      flash_power_on(&f);
      *(reads ? &f.read_fails : &f.operation_fails) = at;
      status = corekey_journal_next_boot(&storage, &boot);
      if (status != COREKEY_OK) {
        EXPECT(COREKEY_E_STORAGE, status);
        assert_int_equal(boot, 99);
        flash_power_on(&f);
        assert_in_range(next_boot(&f), 4, 5);
      }
      assert_false(f.misused);
    }
  }
}

static void a_failed_load_leaves_the_key(void **state) {
  flash f;
  const corekey_storage storage = storage_of(&f);
  (void)state;
  provision(&f);
  for (uint32_t at = 0; at < 3; at++) {
    PAINTED(corekey_device_key, key);
    flash_power_on(&f);
    f.read_fails = at;
    EXPECT(COREKEY_E_STORAGE, corekey_journal_load(&key, &storage, ID, ID_LEN));
    assert_painted(&key, sizeof key);
  }
}

static void a_failed_rotation_leaves_the_key_and_can_be_repeated(void **state) {
  const corekey_device_key expected = key_2();
  uint8_t offer[COREKEY_OFFER_LEN];
  (void)state;
  read_offer(offer);
  for (int reads = 0; reads <= 1; reads++) {
    corekey_status status = COREKEY_E_STORAGE;
    for (uint32_t at = 0; status != COREKEY_OK; at++) {
      flash f;
      const corekey_storage storage = storage_of(&f);
      corekey_device_key key = key_1();
      const corekey_device_key before = key;
      uint32_t rotated = 99;
      provision(&f);
      *(reads ? &f.read_fails : &f.operation_fails) = at;
      status = corekey_journal_apply(&storage, &key, offer, sizeof offer, &rotated);
      if (status != COREKEY_OK) {
        EXPECT(COREKEY_E_STORAGE, status);
        assert_int_equal(rotated, 99);
        assert_memory_equal(&key, &before, sizeof key);
        flash_power_on(&f);
        OK(corekey_journal_apply(&storage, &key, offer, sizeof offer, &rotated));
        key = loaded(&f);
        assert_true(same_key(&key, &expected));
        assert_false(flash_holds(&f, KEY_1));
      }
      assert_false(f.misused);
    }
  }
}

static void a_storage_that_does_not_answer_is_not_provisioned(void **state) {
  const corekey_device_key key = key_1();
  flash f;
  const corekey_storage storage = storage_of(&f);
  (void)state;
  flash_blank(&f);
  f.off = true;
  EXPECT(COREKEY_E_STORAGE, corekey_journal_provision(&storage, &key));
  flash_power_on(&f);
  f.operation_fails = 0;
  EXPECT(COREKEY_E_STORAGE, corekey_journal_provision(&storage, &key));
}

/* What a driver reports: one word at a time goes bad, and no boot comes again. */
static void any_one_unreadable_word_loses_neither_key_nor_boots(void **state) {
  const corekey_device_key expected = key_1();
  (void)state;
  for (size_t word = 0; word < FLASH_WORDS; word++) {
    flash f;
    provision(&f);
    assert_int_equal(next_boot(&f), 1);
    assert_int_equal(next_boot(&f), 2);
    f.unreadable[0][word] = true;
    const corekey_device_key key = loaded(&f);
    assert_true(same_key(&key, &expected));
    const uint64_t boot = next_boot(&f);
    assert_in_range(boot, 3, 4);
    assert_int_equal(next_boot(&f), boot + 1);
    assert_false(f.misused);
  }
}

static void nothing_readable_is_a_loss(void **state) {
  flash f;
  const corekey_storage storage = storage_of(&f);
  uint64_t boot = 99;
  (void)state;
  provision(&f);
  memset(f.unreadable, true, sizeof f.unreadable);
  EXPECT(COREKEY_E_STATE_LOST, corekey_journal_next_boot(&storage, &boot));
  assert_int_equal(boot, 99);
}

/* ==========================================================================
 * The power fails.
 */

/* The life of a device: boots over several pages, a rotation between them. It
 * ends when the power does; what was given out by then is what counts.
 */
typedef struct life {
  uint64_t last_boot; /* The highest number given out. */
  bool rotated;       /* The rotation was reported done. */
} life;

static void live(flash *f, life *l, int boots) {
  const corekey_storage storage = storage_of(f);
  corekey_device_key key;
  uint8_t offer[COREKEY_OFFER_LEN];
  uint32_t rotated = 0;
  read_offer(offer);
  for (int i = 0; i < boots; i++) {
    uint64_t boot = 0;
    corekey_status status = corekey_journal_next_boot(&storage, &boot);
    if (status == COREKEY_OK) {
      assert_true(boot > l->last_boot);
      l->last_boot = boot;
    }
    if (status == COREKEY_OK && i == boots / 2) {
      status = corekey_journal_load(&key, &storage, ID, ID_LEN);
      if (status == COREKEY_OK) {
        status = corekey_journal_apply(&storage, &key, offer, sizeof offer, &rotated);
      }
      l->rotated = l->rotated || status == COREKEY_OK;
    }
    if (status != COREKEY_OK) {
      EXPECT(COREKEY_E_STORAGE, status);
      assert_true(f->off);
      return;
    }
  }
}

static void after_any_power_cut_no_boot_comes_again_and_no_key_is_lost(void **state) {
  const corekey_device_key first = key_1();
  const corekey_device_key second = key_2();
  flash whole;
  life uncut = {0};
  (void)state;
  provision(&whole);
  live(&whole, &uncut, 12);
  assert_true(uncut.rotated);
  const uint32_t operations = whole.operations;
  assert_true(operations > 40);
  for (int kind = 0; kind < TEARS; kind++) {
    for (uint32_t cut = 0; cut < operations; cut++) {
      flash f;
      life l = {0};
      provision(&f);
      f.cut = cut;
      f.tear = (tear)kind;
      f.noise = cut + 1;
      live(&f, &l, 12);
      assert_true(f.off);
      flash_power_on(&f);
      corekey_device_key key = loaded(&f);
      assert_true(same_key(&key, &second) || (!l.rotated && same_key(&key, &first)));
      assert_false(same_key(&key, &second) && flash_holds(&f, KEY_1));
      live(&f, &l, 12);
      key = loaded(&f);
      assert_true(same_key(&key, &second));
      assert_false(flash_holds(&f, KEY_1));
      assert_false(f.misused);
    }
  }
}

/* After a cut the storage is blank, lost or done; a retry brings it to its end. */
static void provisioning_can_be_cut_and_made_again(void **state) {
  const corekey_device_key key = key_1();
  flash whole;
  (void)state;
  flash_blank(&whole);
  const corekey_storage uncut = storage_of(&whole);
  OK(corekey_journal_provision(&uncut, &key));
  for (int kind = 0; kind < TEARS; kind++) {
    for (uint32_t cut = 0; cut < whole.operations; cut++) {
      flash f;
      const corekey_storage storage = storage_of(&f);
      flash_blank(&f);
      f.cut = cut;
      f.tear = (tear)kind;
      EXPECT(COREKEY_E_STORAGE, corekey_journal_provision(&storage, &key));
      flash_power_on(&f);
      OK(corekey_journal_provision(&storage, &key));
      const corekey_device_key found = loaded(&f);
      assert_true(same_key(&found, &key));
      assert_in_range(next_boot(&f), 1, 2);
      assert_false(f.misused);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(boots_count_from_1_over_many_pages),
      cmocka_unit_test(the_key_that_was_provisioned_is_loaded),
      cmocka_unit_test(the_same_key_again_changes_nothing),
      cmocka_unit_test(a_version_that_is_not_higher_is_not_provisioned),
      cmocka_unit_test(an_offer_rotates_and_erases_the_old_key),
      cmocka_unit_test(an_old_offer_changes_nothing),
      cmocka_unit_test(a_bad_offer_changes_nothing),
      cmocka_unit_test(a_blank_or_damaged_storage_has_lost_its_state),
      cmocka_unit_test(a_storage_that_is_too_small_is_refused),
      cmocka_unit_test(every_callback_is_needed),
      cmocka_unit_test(an_id_has_1_to_128_bytes),
      cmocka_unit_test(used_up_boot_numbers_are_out_of_range),
      cmocka_unit_test(a_boot_that_could_not_be_counted_is_not_given_out),
      cmocka_unit_test(a_failed_load_leaves_the_key),
      cmocka_unit_test(a_failed_rotation_leaves_the_key_and_can_be_repeated),
      cmocka_unit_test(a_storage_that_does_not_answer_is_not_provisioned),
      cmocka_unit_test(any_one_unreadable_word_loses_neither_key_nor_boots),
      cmocka_unit_test(nothing_readable_is_a_loss),
      cmocka_unit_test(after_any_power_cut_no_boot_comes_again_and_no_key_is_lost),
      cmocka_unit_test(provisioning_can_be_cut_and_made_again),
  };
  return cmocka_run_group_tests_name("boot journal", tests, NULL, NULL);
}
