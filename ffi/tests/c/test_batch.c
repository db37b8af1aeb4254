/* Many devices at once: the keys and results of one by one, each item with its
 * own status, and hostile arguments.
 */
#include "device.h"

/* More than the library takes at once, with groups that are full and not. */
#define DEVICES 70

static corekey_root root;
static uint8_t ids[DEVICES][COREKEY_DEVICE_ID_MAX];
static corekey_device devices[DEVICES];
static uint8_t secrets[DEVICES][COREKEY_KEY_LEN];

/* Ids of many lengths, long ones between short ones. */
static int make_devices(void **state) {
  uint8_t secret[COREKEY_KEY_LEN];
  (void)state;
  assert_int_equal(unhex(ROOT, secret), sizeof secret);
  OK(corekey_root_init(&root, secret, sizeof secret));
  for (size_t i = 0; i < DEVICES; i++) {
    const size_t len = i % 5 == 3 ? 1 + i * 53 % COREKEY_DEVICE_ID_MAX : 1 + i * 17 % 38;
    for (size_t j = 0; j < len; j++) {
      ids[i][j] = (uint8_t)(i * 3 + j);
    }
    devices[i] = (corekey_device){ids[i], len, i % 3 == 2 ? VERSION_MAX : i % 3 + 1};
  }
  return 0;
}

static corekey_device_key key_of_device(size_t i) {
  const corekey_device *const device = &devices[i];
  corekey_device_key key;
  OK(corekey_root_device_key(&key, &root, device->version, device->id, device->id_len));
  return key;
}

/* ==========================================================================
 * Keys.
 */

static void the_keys_of_many_devices_are_those_of_each(void **state) {
  (void)state;
  for (size_t count = 0; count <= DEVICES; count++) {
    memset(secrets, 0, sizeof secrets);
    OK(corekey_root_device_secrets(&root, devices, count, secrets[0], count * COREKEY_KEY_LEN));
    for (size_t i = 0; i < count; i++) {
      const corekey_device_key expected = key_of_device(i);
      corekey_device_key key;
      OK(corekey_device_key_init(&key, devices[i].version, devices[i].id, devices[i].id_len,
                                 secrets[i], COREKEY_KEY_LEN));
      assert_true(same_key(&key, &expected));
    }
    assert_zeros(secrets[0] + count * COREKEY_KEY_LEN,
                 sizeof secrets - count * COREKEY_KEY_LEN);
  }
}

static void known_keys_are_derived(void **state) {
  const corekey_device known[] = {{ID, ID_LEN, 1}, {ID, ID_LEN, 2}};
  buffer out;
  (void)state;
  refresh(&out);
  OK(corekey_root_device_secrets(&root, known, 2, out.at, 2 * COREKEY_KEY_LEN));
  assert_hex(out.at, COREKEY_KEY_LEN, KEY_1);
  assert_hex(out.at + COREKEY_KEY_LEN, COREKEY_KEY_LEN, KEY_2);
  assert_only(&out, 2 * COREKEY_KEY_LEN);
}

/* These devices give this status, and nothing is written. */
static void refused_keys(corekey_status expected, const corekey_device *list, size_t count,
                         size_t len) {
  static buffer out;
  refresh(&out);
  EXPECT(expected, corekey_root_device_secrets(&root, list, count, out.at, len));
  assert_untouched(&out);
}

static void no_key_is_derived_if_one_device_cannot_be(void **state) {
  static const size_t lengths[] = {0, COREKEY_DEVICE_ID_MAX + 1, SIZE_MAX};
  corekey_device list[20];
  const size_t len = COUNT(list) * COREKEY_KEY_LEN;
  (void)state;
  memcpy(list, devices, sizeof list);
  for (size_t i = 0; i < COUNT(list); i++) {
    const corekey_device valid = list[i];
    for (size_t l = 0; l < COUNT(lengths); l++) {
      list[i].id_len = lengths[l];
      refused_keys(COREKEY_E_LENGTH, list, COUNT(list), len);
    }
    list[i] = (corekey_device){NULL, 5, 1};
    refused_keys(COREKEY_E_NULL, list, COUNT(list), len);
    list[i] = valid;
    for (size_t v = 0; v < COUNT(NO_VERSIONS); v++) {
      list[i].version = NO_VERSIONS[v];
      refused_keys(COREKEY_E_RANGE, list, COUNT(list), len);
    }
    list[i] = valid;
  }
}

static void devices_and_secrets_that_cannot_be_are_refused(void **state) {
  static uint8_t memory[sizeof devices + 8];
  const corekey_root none = {{0}};
  (void)state;
  refused_keys(COREKEY_E_NULL, NULL, 1, COREKEY_KEY_LEN);
  refused_keys(COREKEY_E_LENGTH, devices, 2, COREKEY_KEY_LEN);
  refused_keys(COREKEY_E_LENGTH, devices, 2, 3 * COREKEY_KEY_LEN);
  refused_keys(COREKEY_E_LENGTH, devices, 0, 1);
  refused_keys(COREKEY_E_LENGTH, devices, SIZE_MAX, COREKEY_KEY_LEN);
  refused_keys(COREKEY_E_LENGTH, devices, SIZE_MAX / sizeof *devices, COREKEY_KEY_LEN);
  refused_keys(COREKEY_E_LENGTH, (const corekey_device *)NOWHERE, 1000, COREKEY_KEY_LEN);
  memcpy(memory + 1, devices, sizeof devices);
  refused_keys(COREKEY_E_ALIGNMENT, (const corekey_device *)(memory + 1), 1, COREKEY_KEY_LEN);
  EXPECT(COREKEY_E_NULL, corekey_root_device_secrets(&root, devices, 1, NULL, COREKEY_KEY_LEN));
  EXPECT(COREKEY_E_NULL, corekey_root_device_secrets(NULL, devices, 1, secrets[0], 32));
  EXPECT(COREKEY_E_STATE, corekey_root_device_secrets(&none, devices, 1, secrets[0], 32));
  OK(corekey_root_device_secrets(&root, NULL, 0, NULL, 0));
}

static void secrets_may_overlap_no_input(void **state) {
  corekey_device list[2] = {devices[0], devices[1]};
  corekey_root copy = root;
  static uint8_t id[100];
  (void)state;
  list[1].id = id + 40;
  list[1].id_len = 10;
  EXPECT(COREKEY_E_OVERLAP, corekey_root_device_secrets(&root, list, 2, id, 64));
  EXPECT(COREKEY_E_OVERLAP, corekey_root_device_secrets(&root, list, 1, (uint8_t *)list + 8, 32));
  EXPECT(COREKEY_E_OVERLAP, corekey_root_device_secrets(&copy, list, 1, (uint8_t *)&copy, 32));
  assert_zeros(id, sizeof id);
  assert_memory_equal(&copy, &root, sizeof root);
}

/* ==========================================================================
 * Messages.
 */

#define PAYLOAD_LEN 24
#define MESSAGE_ROOM (PAYLOAD_LEN + COREKEY_MESSAGE_OVERHEAD_MAX)

static const uint8_t PAYLOAD[PAYLOAD_LEN] = "twenty-four bytes of it";
static uint8_t messages[DEVICES][MESSAGE_ROOM];
static size_t message_lens[DEVICES];
static buffer outs[DEVICES];
static uint8_t states[DEVICES][COREKEY_OPENER_STATE_LEN];
static corekey_item items[DEVICES];

/* Message number `counter` of each device in its session, and an item for it. */
static void make_messages(uint32_t form, unsigned counter) {
  memset(items, 0xcc, sizeof items);
  for (size_t i = 0; i < DEVICES; i++) {
    const corekey_device_key key = key_of_device(i);
    corekey_sealer sealer;
    OK(corekey_sealer_init(&sealer, &key, COREKEY_UP, i, NULL, 0));
    for (unsigned c = 0; c <= counter; c++) {
      OK(corekey_seal(&sealer, form, NULL, 0, PAYLOAD, sizeof PAYLOAD, messages[i],
                      sizeof messages[i], &message_lens[i]));
    }
    refresh(&outs[i]);
    items[i].message = messages[i];
    items[i].message_len = message_lens[i];
    items[i].aad = NULL;
    items[i].aad_len = 0;
    items[i].known = (corekey_device){NULL, 0, 0};
    items[i].state = NULL;
    items[i].out = outs[i].at;
    items[i].out_cap = PAYLOAD_LEN;
  }
}

/* The sender of each item is known, and was heard before or not. */
static void know_all(void) {
  for (size_t i = 0; i < DEVICES; i++) {
    items[i].known = devices[i];
    items[i].state = states[i];
  }
}

static void hear_nothing_yet(void) {
  for (size_t i = 0; i < DEVICES; i++) {
    const corekey_device_key key = key_of_device(i);
    corekey_opener opener;
    OK(corekey_opener_init_up(&opener, &key, NULL, 0));
    OK(corekey_opener_save(&opener, states[i], sizeof states[i]));
  }
}

static void assert_opened(size_t i, uint32_t form, unsigned counter) {
  const corekey_item *const item = &items[i];
  assert_int_equal(item->status, COREKEY_OK);
  assert_int_equal(item->out_len, PAYLOAD_LEN);
  assert_int_equal(item->reserved, 0);
  assert_memory_equal(outs[i].at, PAYLOAD, PAYLOAD_LEN);
  assert_only(&outs[i], PAYLOAD_LEN);
  assert_true(item->info.version == devices[i].version);
  assert_true(item->info.boot == i);
  assert_int_equal(item->info.counter, counter);
  assert_int_equal(item->info.form, form);
  assert_int_equal(item->info.payload_len, PAYLOAD_LEN);
  assert_int_equal(item->info.salt_len, 0);
  assert_int_equal(item->info.id_len, devices[i].id_len);
  assert_memory_equal(item->info.id, devices[i].id, devices[i].id_len);
}

/* The item has this status and nothing was written to its out. */
static void assert_refused(size_t i, corekey_status status) {
  assert_int_equal(items[i].status, status);
  assert_int_equal(items[i].out_len, 0);
  assert_untouched(&outs[i]);
}

static void messages_of_many_devices_are_opened_and_identified(void **state) {
  (void)state;
  for (size_t count = 0; count <= DEVICES; count += count < 35 ? 1 : 35) {
    make_messages(COREKEY_LONG, 2);
    OK(corekey_root_open_batch(&root, items, count));
    for (size_t i = 0; i < count; i++) {
      assert_opened(i, COREKEY_LONG, 2);
    }
    for (size_t i = count; i < DEVICES; i++) {
      assert_untouched(&outs[i]);
      assert_int_equal(items[i].status, (corekey_status)0xcccccccc);
    }
  }
}

static void compact_messages_of_known_senders_are_opened_once(void **state) {
  (void)state;
  hear_nothing_yet();
  make_messages(COREKEY_COMPACT, 1);
  know_all();
  OK(corekey_root_open_batch(&root, items, DEVICES));
  for (size_t i = 0; i < DEVICES; i++) {
    assert_refused(i, COREKEY_E_NEED_LONG);
  }
  for (unsigned counter = 0; counter < 3; counter++) {
    const uint32_t form = counter == 0 ? COREKEY_LONG : COREKEY_COMPACT;
    make_messages(form, counter);
    know_all();
    OK(corekey_root_open_batch(&root, items, DEVICES));
    for (size_t i = 0; i < DEVICES; i++) {
      assert_opened(i, form, counter);
    }
    OK(corekey_root_open_batch(&root, items, DEVICES));
    for (size_t i = 0; i < DEVICES; i++) {
      assert_int_equal(items[i].status, COREKEY_E_REPLAY);
      assert_int_equal(items[i].out_len, 0);
      assert_zeros(outs[i].at, PAYLOAD_LEN);
    }
  }
}

/* What spoils an item, and its status then. */
static void spoil(size_t i, corekey_status *expected) {
  static const uint8_t long_aad[256];
  corekey_item *const item = &items[i];
  switch (i % 10) {
    case 1: messages[i][message_lens[i] - 1] ^= 1; *expected = COREKEY_E_FORGED; break;
    case 2: item->message_len = 10; *expected = COREKEY_E_MALFORMED; break;
    case 3: item->message = NULL; *expected = COREKEY_E_NULL; break;
    case 4: item->message_len = SIZE_MAX; *expected = COREKEY_E_LENGTH; break;
    case 5: item->out_cap = 5; *expected = COREKEY_E_BUFFER_TOO_SMALL; break;
    case 6: item->aad = long_aad; item->aad_len = 256; *expected = COREKEY_E_LENGTH; break;
    case 7: item->out = NULL; *expected = COREKEY_E_NULL; break;
    case 8: item->aad = NULL; item->aad_len = 1; *expected = COREKEY_E_NULL; break;
    default: *expected = COREKEY_OK;
  }
}

static void an_item_that_is_refused_does_not_touch_the_others(void **state) {
  corekey_status expected[DEVICES];
  (void)state;
  make_messages(COREKEY_LONG, 0);
  for (size_t i = 0; i < DEVICES; i++) {
    spoil(i, &expected[i]);
  }
  OK(corekey_root_open_batch(&root, items, DEVICES));
  for (size_t i = 0; i < DEVICES; i++) {
    switch (expected[i]) {
      case COREKEY_OK: assert_opened(i, COREKEY_LONG, 0); break;
      case COREKEY_E_FORGED:
        assert_int_equal(items[i].status, COREKEY_E_FORGED);
        assert_int_equal(items[i].out_len, 0);
        assert_zeros(outs[i].at, PAYLOAD_LEN);
        assert_only(&outs[i], PAYLOAD_LEN);
        break;
      case COREKEY_E_BUFFER_TOO_SMALL:
        assert_int_equal(items[i].status, COREKEY_E_BUFFER_TOO_SMALL);
        assert_int_equal(items[i].out_len, PAYLOAD_LEN);
        assert_untouched(&outs[i]);
        break;
      default: assert_refused(i, expected[i]);
    }
  }
}

static void known_senders_that_cannot_be_are_refused(void **state) {
  (void)state;
  hear_nothing_yet();
  make_messages(COREKEY_LONG, 0);
  know_all();
  items[0].known.id_len = 0;
  items[1].known.id_len = COREKEY_DEVICE_ID_MAX + 1;
  items[2].known.id = NULL;
  items[3].known.version = 0;
  items[4].known.version = VERSION_MAX + 1;
  items[5].known.version ^= 64;
  items[6].known.id = ids[7];
  states[7][0] ^= 1;
  OK(corekey_root_open_batch(&root, items, 10));
  assert_refused(0, COREKEY_E_LENGTH);
  assert_refused(1, COREKEY_E_LENGTH);
  assert_refused(2, COREKEY_E_NULL);
  assert_refused(3, COREKEY_E_RANGE);
  assert_refused(4, COREKEY_E_RANGE);
  assert_refused(5, COREKEY_E_OTHER_KEY);
  assert_refused(6, COREKEY_E_OTHER_KEY);
  assert_refused(7, COREKEY_E_BAD_STATE);
  assert_opened(8, COREKEY_LONG, 0);
  assert_opened(9, COREKEY_LONG, 0);
}

/* In one group: each overlap of what is written, with its own item and another. */
static void what_is_written_overlaps_nothing(void **state) {
  static uint8_t memory[3 * MESSAGE_ROOM];
  (void)state;
  hear_nothing_yet();
  for (int what = 0; what < 9; what++) {
    make_messages(COREKEY_LONG, 0);
    know_all();
    memset(memory, 0, sizeof memory);
    switch (what) {
      case 0: items[3].out = messages[3]; break;
      case 1: items[3].out = (uint8_t *)states[3] + 8; break;
      case 2: items[3].out = ids[3]; break;
      case 3: items[3].out = (uint8_t *)&items[9].info; break;
      case 4: items[3].out = (uint8_t *)&root; break;
      case 5: items[3].out = messages[2] + 5; break;
      case 6: items[3].out = items[2].out + PAYLOAD_LEN - 1; break;
      case 7: items[3].state = states[2]; break;
      default: items[3].aad = states[3]; items[3].aad_len = 4; break;
    }
    OK(corekey_root_open_batch(&root, items, 12));
    assert_refused(3, COREKEY_E_OVERLAP);
    for (size_t i = 0; i < 12; i++) {
      if (i != 3) {
        assert_int_equal(items[i].status, COREKEY_OK);
        assert_memory_equal(outs[i].at, PAYLOAD, PAYLOAD_LEN);
      }
    }
    hear_nothing_yet();
  }
}

static void items_may_share_what_is_only_read(void **state) {
  (void)state;
  make_messages(COREKEY_LONG, 0);
  items[1].message = items[0].message;
  items[1].message_len = items[0].message_len;
  OK(corekey_root_open_batch(&root, items, 2));
  for (size_t i = 0; i < 2; i++) {
    assert_int_equal(items[i].status, COREKEY_OK);
    assert_int_equal(items[i].info.id_len, devices[0].id_len);
    assert_memory_equal(outs[i].at, PAYLOAD, PAYLOAD_LEN);
  }
}

static void lists_of_items_that_cannot_be_are_refused(void **state) {
  static union {
    corekey_root root;
    corekey_item item;
    uint8_t bytes[sizeof(corekey_item) + 8];
  } memory;
  const corekey_root none = {{0}};
  (void)state;
  make_messages(COREKEY_LONG, 0);
  EXPECT(COREKEY_E_NULL, corekey_root_open_batch(&root, NULL, 1));
  EXPECT(COREKEY_E_LENGTH, corekey_root_open_batch(&root, items, SIZE_MAX));
  EXPECT(COREKEY_E_LENGTH, corekey_root_open_batch(&root, items, SIZE_MAX / sizeof *items));
  EXPECT(COREKEY_E_ALIGNMENT, corekey_root_open_batch(&root, (corekey_item *)(memory.bytes + 4), 1));
  EXPECT(COREKEY_E_NULL, corekey_root_open_batch(NULL, items, 1));
  EXPECT(COREKEY_E_STATE, corekey_root_open_batch(&none, items, 1));
  memory.root = root;
  EXPECT(COREKEY_E_OVERLAP, corekey_root_open_batch(&memory.root, &memory.item, 1));
  assert_memory_equal(&memory.root, &root, sizeof root);
  OK(corekey_root_open_batch(&root, NULL, 0));
  assert_untouched(&outs[0]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_keys_of_many_devices_are_those_of_each),
      cmocka_unit_test(known_keys_are_derived),
      cmocka_unit_test(no_key_is_derived_if_one_device_cannot_be),
      cmocka_unit_test(devices_and_secrets_that_cannot_be_are_refused),
      cmocka_unit_test(secrets_may_overlap_no_input),
      cmocka_unit_test(messages_of_many_devices_are_opened_and_identified),
      cmocka_unit_test(compact_messages_of_known_senders_are_opened_once),
      cmocka_unit_test(an_item_that_is_refused_does_not_touch_the_others),
      cmocka_unit_test(known_senders_that_cannot_be_are_refused),
      cmocka_unit_test(what_is_written_overlaps_nothing),
      cmocka_unit_test(items_may_share_what_is_only_read),
      cmocka_unit_test(lists_of_items_that_cannot_be_are_refused),
  };
  return cmocka_run_group_tests_name("many devices", tests, make_devices, NULL);
}
