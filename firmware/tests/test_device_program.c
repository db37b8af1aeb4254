/* The device program on a machine in RAM: what it seals and what not, which
 * downlinks it obeys, and that it comes out of every power cut and every fault
 * of its flash without using a boot number twice. The bytes of journal, messages
 * and offers have their own tests.
 */
#include "machine.h"

static const uint8_t SALT[COREKEY_SALT_LEN] = {1, 2, 3, 4, 5, 6, 7, 8};

/* Devices are static: they may not move, and are too big for some stacks. */
static struct device device;

static corekey_status start(machine *m) { return device_start(&device, &m->platform, ID, ID_LEN); }

/* What the cloud makes of all that was sent: every message opens under key, in
 * order; returns the boot of the last one. */
static uint64_t opened_by(const machine *m, const corekey_device_key *key) {
  corekey_opener opener;
  corekey_message info;
  uint8_t payload[LINK_MESSAGE_MAX];
  size_t len = 0;
  memset(&info, 0, sizeof info);
  OK(corekey_opener_init_up(&opener, key, NULL, 0));
  for (size_t i = 0; i < m->sent_count; i++) {
    const frame *const sent = &m->sent[i];
    assert_int_equal(sent->bytes[0] << 8 | sent->bytes[1], sent->len - LINK_HEADER_LEN);
    OK(corekey_open(&opener, NULL, 0, sent->bytes + LINK_HEADER_LEN, sent->len - LINK_HEADER_LEN,
                    payload, sizeof payload, &len, &info));
  }
  return info.boot;
}

/* Whether the first message that was sent is of a key. */
static bool is_of(const machine *m, const corekey_device_key *key) {
  corekey_opener opener;
  uint8_t payload[LINK_MESSAGE_MAX];
  size_t len = 0;
  assert_true(m->sent_count > 0);
  OK(corekey_opener_init_up(&opener, key, NULL, 0));
  return corekey_open(&opener, NULL, 0, m->sent[0].bytes + LINK_HEADER_LEN,
                      m->sent[0].len - LINK_HEADER_LEN, payload, sizeof payload, &len,
                      NULL) == COREKEY_OK;
}

/* A downlink for the device in a boot, of a sealer of its own. */
static size_t downlink(const corekey_device_key *key, uint64_t boot, uint8_t first_of_salt,
                       const uint8_t *payload, size_t payload_len,
                       uint8_t message[LINK_MESSAGE_MAX]) {
  corekey_sealer sealer;
  uint8_t salt[COREKEY_SALT_LEN];
  size_t len = 0;
  memcpy(salt, SALT, sizeof salt);
  salt[0] = first_of_salt;
  OK(corekey_sealer_init(&sealer, key, COREKEY_DOWN, boot, salt, sizeof salt));
  OK(corekey_seal(&sealer, COREKEY_LONG, NULL, 0, payload, payload_len, message,
                  LINK_MESSAGE_MAX, &len));
  return len;
}

static void offer_1_to_2(uint8_t payload[1 + COREKEY_OFFER_LEN]) {
  payload[0] = DOWN_OFFER;
  assert_int_equal(unhex(OFFER_1_TO_2, payload + 1), COREKEY_OFFER_LEN);
}

/* The downlink with the offer of version 2. */
static size_t offer_downlink(uint64_t boot, uint8_t message[LINK_MESSAGE_MAX]) {
  const corekey_device_key key = key_1();
  uint8_t payload[1 + COREKEY_OFFER_LEN];
  offer_1_to_2(payload);
  return downlink(&key, boot, 1, payload, sizeof payload, message);
}

static bool device_holds(const char *hex) {
  uint8_t secret[COREKEY_KEY_LEN];
  const uint8_t *const bytes = (const uint8_t *)&device;
  unhex(hex, secret);
  for (size_t at = 0; at + sizeof secret <= sizeof device; at++) {
    if (memcmp(bytes + at, secret, sizeof secret) == 0) {
      return true;
    }
  }
  return false;
}

/* Nothing can be sealed: a report gives an error and sends nothing. */
static void assert_silent(machine *m) {
  const size_t before = m->sent_count;
  EXPECT(COREKEY_E_STATE, device_report(&device));
  assert_int_equal(m->sent_count, before);
}

/* ==========================================================================
 * All goes well.
 */

static void a_report_is_one_long_message_and_compact_ones_that_open(void **state) {
  const corekey_device_key key = key_1();
  machine m;
  (void)state;
  machine_provisioned(&m);
  OK(start(&m));
  OK(device_report(&device));
  OK(device_report(&device));
  assert_int_equal(m.sent_count, 6);
  assert_int_equal(opened_by(&m, &key), 1);
  for (size_t i = 0; i < m.sent_count; i++) {
    assert_int_equal(m.sent[i].bytes[LINK_HEADER_LEN] == 0xd0, i % 3 == 0);
  }
  assert_int_equal(last_number(&m, EVENT_REPORT), 3);
  assert_int_equal(last_number(&m, EVENT_KEY), 0xa0f41a40); /* CHECK_VALUE_1 */
}

static void a_reading_is_laid_out_as_payload_h_says(void **state) {
  static const uint8_t expected[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfb, 0x2e, 2, 8, 's',
                                     'e',  'n',  's',  'o',  'r',  '.',  '0',  'd',  'e', 'g', 'C'};
  const struct reading reading = {"sensor.0", "degC", -1234, 2};
  uint8_t payload[READING_LEN_MAX];
  (void)state;
  assert_int_equal(reading_write(&reading, payload), sizeof expected);
  assert_memory_equal(payload, expected, sizeof expected);
}

static void the_longest_reading_of_the_longest_id_fits(void **state) {
  static uint8_t id[COREKEY_DEVICE_ID_MAX];
  static uint8_t secret[COREKEY_KEY_LEN] = {1};
  corekey_device_key key;
  struct reading reading;
  uint8_t payload[READING_LEN_MAX];
  uint8_t message[LINK_MESSAGE_MAX];
  corekey_sealer sealer;
  size_t len = 0;
  (void)state;
  memset(&reading, 0, sizeof reading);
  memset(reading.name, 'n', SENSOR_NAME_MAX);
  memset(reading.unit, 'u', SENSOR_UNIT_MAX);
  assert_int_equal(reading_write(&reading, payload), READING_LEN_MAX);
  OK(corekey_device_key_init(&key, VERSION_MAX, id, sizeof id, secret, sizeof secret));
  OK(corekey_sealer_init(&sealer, &key, COREKEY_UP, BOOT_MAX, SALT, sizeof SALT));
  OK(corekey_seal(&sealer, COREKEY_LONG, NULL, 0, payload, sizeof payload, message,
                  sizeof message, &len));
}

static void each_start_is_the_next_boot(void **state) {
  const corekey_device_key key = key_1();
  machine m;
  (void)state;
  machine_provisioned(&m);
  for (uint64_t boot = 1; boot <= 20; boot++) {
    OK(start(&m));
    OK(device_report(&device));
    device_stop(&device);
    assert_int_equal(opened_by(&m, &key), boot);
    if (m.sent_count == 60) {
      break;
    }
  }
  assert_int_equal(m.sent_count, 60);
}

static void a_stopped_device_holds_nothing(void **state) {
  machine m;
  (void)state;
  machine_provisioned(&m);
  OK(start(&m));
  assert_true(device_holds(KEY_1));
  device_stop(&device);
  assert_zeros(&device, sizeof device);
}

static void with_entropy_each_session_has_its_own_salt(void **state) {
  corekey_message info[2];
  machine m;
  (void)state;
  machine_provisioned(&m);
  m.platform.entropy = machine_entropy;
  for (size_t i = 0; i < 2; i++) {
    machine_forget(&m);
    OK(start(&m));
    OK(device_report(&device));
    OK(corekey_inspect(m.sent[0].bytes + LINK_HEADER_LEN, m.sent[0].len - LINK_HEADER_LEN,
                       &info[i]));
    assert_int_equal(info[i].salt_len, COREKEY_SALT_LEN);
  }
  assert_memory_not_equal(info[0].salt, info[1].salt, COREKEY_SALT_LEN);
}

static void a_device_reports_at_once_and_whenever_it_is_due(void **state) {
  machine m;
  (void)state;
  machine_provisioned(&m);
  m.reports_due = 4;
  OK(start(&m));
  OK(device_run(&device));
  assert_int_equal(count_events(&m, EVENT_REPORT), 5);
}

static void what_the_radio_does_not_take_is_lost_and_its_number_not_used_again(void **state) {
  const corekey_device_key key = key_1();
  machine m;
  (void)state;
  machine_provisioned(&m);
  m.radio_fails = true;
  OK(start(&m));
  OK(device_report(&device));
  assert_int_equal(count_events(&m, EVENT_NOT_SENT), 3);
  m.radio_fails = false;
  OK(device_report(&device));
  corekey_message info;
  OK(corekey_inspect(m.sent[0].bytes + LINK_HEADER_LEN, m.sent[0].len - LINK_HEADER_LEN, &info));
  assert_int_equal(info.counter, 3);
  opened_by(&m, &key);
}

static void a_machine_without_sensors_sends_nothing_and_goes_on(void **state) {
  machine m;
  (void)state;
  machine_provisioned(&m);
  m.sensors = 0;
  m.reports_due = 2;
  OK(start(&m));
  OK(device_run(&device));
  assert_int_equal(m.sent_count, 0);
}

/* ==========================================================================
 * Nothing is sealed.
 */

static void nothing_is_sealed_without_a_journal(void **state) {
  machine m;
  (void)state;
  machine_blank(&m);
  EXPECT(COREKEY_E_STATE_LOST, start(&m));
  assert_int_equal(last_status(&m, EVENT_STOPPED), COREKEY_E_STATE_LOST);
  assert_silent(&m);
}

static void nothing_is_sealed_after_the_journal_was_damaged(void **state) {
  machine m;
  (void)state;
  machine_provisioned(&m);
  OK(start(&m));
  device_stop(&device);
  memset(m.flash.pages, 0, sizeof m.flash.pages);
  EXPECT(COREKEY_E_STATE_LOST, start(&m));
  assert_silent(&m);
}

static void nothing_is_sealed_if_the_boot_cannot_be_written(void **state) {
  (void)state;
  for (uint32_t failing = 0; failing < 2; failing++) {
    machine m;
    machine_provisioned(&m);
    m.flash.operation_fails = failing;
    EXPECT(COREKEY_E_STORAGE, start(&m));
    assert_silent(&m);
    flash_power_on(&m.flash);
    OK(start(&m));
    OK(device_report(&device));
  }
}

static int32_t write_nothing(void *user, uint32_t page, uint32_t offset, const uint8_t *word) {
  (void)user, (void)page, (void)offset, (void)word;
  return 0;
}

static void nothing_is_sealed_if_the_flash_says_done_and_is_not(void **state) {
  machine m;
  (void)state;
  machine_provisioned(&m);
  m.platform.storage.write = write_nothing;
  EXPECT(COREKEY_E_STORAGE, start(&m));
  assert_silent(&m);
}

static void nothing_is_sealed_if_the_flash_cannot_be_read(void **state) {
  machine m;
  (void)state;
  machine_provisioned(&m);
  m.flash.off = true;
  EXPECT(COREKEY_E_STORAGE, start(&m));
  assert_silent(&m);
}

static void nothing_is_sealed_if_the_salt_cannot_be_drawn(void **state) {
  machine m;
  (void)state;
  machine_provisioned(&m);
  m.platform.entropy = machine_entropy;
  m.entropy_fails = true;
  EXPECT(COREKEY_E_ENTROPY_FAILED, start(&m));
  assert_silent(&m);
}

static void a_device_that_runs_stops_when_it_cannot_count_its_next_boot(void **state) {
  uint8_t message[LINK_MESSAGE_MAX];
  machine m;
  (void)state;
  machine_provisioned(&m);
  OK(start(&m));
  size_t len = offer_downlink(1, message);
  m.flash.off = true;
  EXPECT(COREKEY_E_STORAGE, device_hear(&device, message, len));
  assert_silent(&m);
}

static void the_same_when_a_fifth_salt_asks_for_a_boot(void **state) {
  static const uint8_t kind = 0;
  const corekey_device_key key = key_1();
  uint8_t message[LINK_MESSAGE_MAX];
  machine m;
  (void)state;
  machine_provisioned(&m);
  OK(start(&m));
  for (uint8_t salt = 0; salt < 4; salt++) {
    OK(device_hear(&device, message, downlink(&key, 1, salt, &kind, 1, message)));
  }
  m.flash.off = true;
  size_t len = downlink(&key, 1, 4, &kind, 1, message);
  EXPECT(COREKEY_E_STORAGE, device_hear(&device, message, len));
  assert_silent(&m);
}

/* ==========================================================================
 * Downlinks.
 */

/* A downlink that must change nothing: neither flash nor session, and the
 * reason is told. */
static void assert_refused(machine *m, uint8_t *message, size_t len, corekey_status expected) {
  const flash before = m->flash;
  machine_forget(m);
  OK(device_hear(&device, message, len));
  assert_int_equal(last_status(m, EVENT_REFUSED), expected);
  assert_int_equal(m->event_count, 1);
  assert_memory_equal(before.pages, m->flash.pages, sizeof before.pages);
  assert_false(device.report_due);
  assert_zeros(message, len);
  OK(device_report(&device));
  const corekey_device_key key = key_1();
  assert_int_equal(opened_by(m, &key), 1);
}

static void started_and_reported(machine *m) {
  machine_provisioned(m);
  OK(start(m));
  OK(device_report(&device));
}

static void an_offer_is_taken_and_the_old_key_is_nowhere_any_more(void **state) {
  const corekey_device_key old = key_1(), new = key_2();
  uint8_t message[LINK_MESSAGE_MAX];
  machine m;
  (void)state;
  started_and_reported(&m);
  assert_true(flash_holds(&m.flash, KEY_1) && device_holds(KEY_1));
  machine_forget(&m);
  OK(device_hear(&device, message, offer_downlink(1, message)));
  assert_int_equal(count_events(&m, EVENT_ROTATED), 1);
  assert_int_equal(last_number(&m, EVENT_BOOT), 2);
  assert_true(device.report_due);
  assert_false(flash_holds(&m.flash, KEY_1) || device_holds(KEY_1));
  assert_true(flash_holds(&m.flash, KEY_2) && device_holds(KEY_2));

  OK(device_report(&device));
  assert_false(is_of(&m, &old));
  assert_int_equal(opened_by(&m, &new), 2);
  machine_forget(&m);
  OK(start(&m));
  OK(device_report(&device));
  assert_int_equal(opened_by(&m, &new), 3);
}

static void an_offer_by_radio_is_acknowledged_before_the_next_report_is_due(void **state) {
  const corekey_device_key new = key_2();
  machine m;
  (void)state;
  machine_provisioned(&m);
  size_t len = offer_downlink(1, m.input + LINK_HEADER_LEN);
  m.input[0] = (uint8_t)(len >> 8);
  m.input[1] = (uint8_t)len;
  m.input_len = LINK_HEADER_LEN + len;
  m.chunk = 10;
  OK(start(&m));
  OK(device_run(&device));
  assert_int_equal(count_events(&m, EVENT_REPORT), 2);
  memmove(m.sent, m.sent + 3, 3 * sizeof *m.sent);
  m.sent_count = 3;
  assert_int_equal(opened_by(&m, &new), 2);
}

static void an_old_offer_in_a_new_message_is_ignored(void **state) {
  const corekey_device_key new = key_2();
  uint8_t payload[1 + COREKEY_OFFER_LEN], message[LINK_MESSAGE_MAX];
  machine m;
  (void)state;
  started_and_reported(&m);
  OK(device_hear(&device, message, offer_downlink(1, message)));
  OK(device_report(&device));
  machine_forget(&m);
  offer_1_to_2(payload);
  OK(device_hear(&device, message, downlink(&new, 2, 1, payload, sizeof payload, message)));
  assert_int_equal(count_events(&m, EVENT_OLD_OFFER), 1);
  OK(device_report(&device));
  assert_int_equal(opened_by(&m, &new), 2);
}

static void a_replayed_offer_is_refused(void **state) {
  uint8_t message[LINK_MESSAGE_MAX], again[LINK_MESSAGE_MAX];
  machine m;
  (void)state;
  started_and_reported(&m);
  size_t len = offer_downlink(1, message);
  memcpy(again, message, len);
  OK(device_hear(&device, message, len));
  machine_forget(&m);
  OK(device_hear(&device, again, len));
  /* The device has another key by now. */
  assert_int_equal(last_status(&m, EVENT_REFUSED), COREKEY_E_OTHER_KEY);
}

static void a_replayed_downlink_is_refused(void **state) {
  static const uint8_t unknown[] = {200};
  const corekey_device_key key = key_1();
  uint8_t message[LINK_MESSAGE_MAX], again[LINK_MESSAGE_MAX];
  machine m;
  (void)state;
  started_and_reported(&m);
  size_t len = downlink(&key, 1, 1, unknown, sizeof unknown, message);
  memcpy(again, message, len);
  OK(device_hear(&device, message, len));
  assert_int_equal(count_events(&m, EVENT_UNKNOWN), 1);
  assert_refused(&m, again, len, COREKEY_E_REPLAY);
}

static void a_downlink_of_an_earlier_boot_is_refused(void **state) {
  uint8_t message[LINK_MESSAGE_MAX];
  machine m;
  (void)state;
  started_and_reported(&m);
  size_t len = offer_downlink(0, message);
  assert_refused(&m, message, len, COREKEY_E_STALE);
}

static void a_downlink_for_another_device_is_refused(void **state) {
  static const uint8_t other[] = "pump-7", secret[COREKEY_KEY_LEN] = {9};
  uint8_t payload[1 + COREKEY_OFFER_LEN], message[LINK_MESSAGE_MAX];
  corekey_device_key key;
  machine m;
  (void)state;
  started_and_reported(&m);
  offer_1_to_2(payload);
  OK(corekey_device_key_init(&key, 1, other, sizeof other, secret, sizeof secret));
  size_t len = downlink(&key, 1, 1, payload, sizeof payload, message);
  assert_refused(&m, message, len, COREKEY_E_OTHER_KEY);
}

static void a_downlink_under_a_foreign_key_is_refused(void **state) {
  static const uint8_t secret[COREKEY_KEY_LEN] = {9};
  uint8_t payload[1 + COREKEY_OFFER_LEN], message[LINK_MESSAGE_MAX];
  corekey_device_key key;
  machine m;
  (void)state;
  started_and_reported(&m);
  offer_1_to_2(payload);
  OK(corekey_device_key_init(&key, 1, ID, ID_LEN, secret, sizeof secret));
  size_t len = downlink(&key, 1, 1, payload, sizeof payload, message);
  assert_refused(&m, message, len, COREKEY_E_FORGED);
}

static void a_downlink_with_any_bit_flipped_or_cut_short_is_refused(void **state) {
  uint8_t message[LINK_MESSAGE_MAX], changed[LINK_MESSAGE_MAX];
  machine m;
  (void)state;
  started_and_reported(&m);
  size_t len = offer_downlink(1, message);
  for (size_t i = 0; i < 8 * len + len; i++) {
    size_t changed_len = i < 8 * len ? len : i - 8 * len;
    memcpy(changed, message, len);
    if (i < 8 * len) {
      changed[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    const flash before = m.flash;
    machine_forget(&m);
    if (changed_len > 0) {
      OK(device_hear(&device, changed, changed_len));
      assert_int_equal(count_events(&m, EVENT_REFUSED), 1);
      assert_int_equal(m.event_count, 1);
    }
    assert_memory_equal(before.pages, m.flash.pages, sizeof before.pages);
  }
  OK(device_hear(&device, message, len));
  assert_int_equal(count_events(&m, EVENT_ROTATED), 1);
}

static void an_authentic_downlink_with_a_bad_offer_changes_nothing(void **state) {
  const corekey_device_key key = key_1();
  (void)state;
  for (size_t i = 0; i < 3; i++) {
    uint8_t payload[1 + COREKEY_OFFER_LEN + 1] = {0}, message[LINK_MESSAGE_MAX];
    size_t payload_len = 1 + COREKEY_OFFER_LEN;
    machine m;
    started_and_reported(&m);
    offer_1_to_2(payload);
    switch (i) {
      case 0: /* Of another key, or changed. */
        payload[30] ^= 1;
        break;
      case 1: /* Truncated. */
        payload_len--;
        break;
      default: /* Too long. */
        payload_len++;
    }
    size_t len = downlink(&key, 1, 1, payload, payload_len, message);
    assert_refused(&m, message, len, COREKEY_E_BAD_OFFER);
  }
}

static void a_downlink_that_says_nothing_known_changes_nothing(void **state) {
  static const uint8_t kinds[] = {0, 2, 255};
  const corekey_device_key key = key_1();
  uint8_t message[LINK_MESSAGE_MAX];
  machine m;
  (void)state;
  started_and_reported(&m);
  const flash before = m.flash;
  OK(device_hear(&device, message, downlink(&key, 1, 1, NULL, 0, message)));
  for (size_t i = 0; i < COUNT(kinds); i++) {
    OK(device_hear(&device, message, downlink(&key, 1, (uint8_t)(2 + i), &kinds[i], 1, message)));
  }
  assert_int_equal(count_events(&m, EVENT_UNKNOWN), 1 + COUNT(kinds));
  assert_memory_equal(before.pages, m.flash.pages, sizeof before.pages);
}

static void a_fifth_salt_brings_the_next_boot(void **state) {
  static const uint8_t kind = 0;
  const corekey_device_key key = key_1();
  uint8_t message[LINK_MESSAGE_MAX];
  machine m;
  (void)state;
  started_and_reported(&m);
  for (uint8_t salt = 0; salt < 5; salt++) {
    machine_forget(&m);
    OK(device_hear(&device, message, downlink(&key, 1, salt, &kind, 1, message)));
    assert_int_equal(count_events(&m, EVENT_BOOT), salt == 4);
  }
  assert_int_equal(last_status(&m, EVENT_REFUSED), COREKEY_E_SESSION_FULL);
  assert_true(device.report_due);
  OK(device_report(&device));
  assert_int_equal(opened_by(&m, &key), 2);
}

/* ==========================================================================
 * The power fails.
 */

/* What was heard of a device, over all its starts. */
typedef struct history {
  uint64_t highest[2]; /* Of versions 1 and 2. */
  size_t version;      /* The latest: 0 or 1. */
} history;

/* Hears a report: it is of a key that the device may have, under a boot number
 * that was never used with it. */
static void hear(const machine *m, history *heard) {
  const corekey_device_key keys[] = {key_1(), key_2()};
  const size_t version = is_of(m, &keys[1]) ? 1 : 0;
  const uint64_t boot = opened_by(m, &keys[version]);
  assert_true(version >= heard->version);
  assert_true(boot > heard->highest[version]);
  heard->version = version;
  heard->highest[version] = boot;
  assert_false(m->flash.misused);
}

/* Starts the device as after power on, and hears what it reports. */
static void restart(machine *m, history *heard) {
  flash_power_on(&m->flash);
  machine_forget(m);
  OK(start(m));
  OK(device_report(&device));
  hear(m, heard);
}

static corekey_status hear_offer(machine *m, const history *heard) {
  (void)m;
  uint8_t message[LINK_MESSAGE_MAX];
  return device_hear(&device, message, offer_downlink(heard->highest[0], message));
}

/* The server repeats its offer until the device has taken it. */
static void rotate_to_the_end(machine *m, history *heard) {
  if (heard->version == 0) {
    OK(hear_offer(m, heard));
    restart(m, heard);
  }
  assert_int_equal(heard->version, 1);
  assert_false(flash_holds(&m->flash, KEY_1));
}

/* A device that has booted so often and is on. Operations of its flash count
 * from here. */
static void prepare(machine *m, history *heard, uint32_t boots) {
  memset(heard, 0, sizeof *heard);
  machine_provisioned(m);
  for (uint32_t i = 0; i < boots; i++) {
    restart(m, heard);
  }
  flash_power_on(&m->flash);
  machine_forget(m);
}

/* Whether the power was cut; if so, nothing can be sealed. */
static bool was_cut(machine *m, corekey_status status) {
  assert_int_equal(status, m->flash.off ? COREKEY_E_STORAGE : COREKEY_OK);
  if (m->flash.off) {
    assert_silent(m);
  }
  return m->flash.off;
}

/* What cuts of the power came to. */
typedef struct cuts {
  size_t count, new_key; /* After how many the device had its new key. */
} cuts;

/* Cuts the power in each operation of an act, in each way that leaves the word,
 * after each number of boots; the device then starts again and is rotated. */
static cuts cut_everywhere(corekey_status (*act)(machine *m, const history *heard)) {
  cuts done = {0, 0};
  for (int tear = 0; tear < TEARS; tear++) {
    for (uint32_t boots = 1; boots < 6; boots++) {
      bool cut_off = true;
      for (uint32_t cut = 0; cut_off; cut++) {
        machine m;
        history heard;
        prepare(&m, &heard, boots);
        m.flash.cut = cut;
        m.flash.tear = (enum tear)tear;
        cut_off = was_cut(&m, act(&m, &heard));
        restart(&m, &heard);
        done.count += cut_off;
        done.new_key += cut_off && heard.version == 1;
        rotate_to_the_end(&m, &heard);
      }
    }
  }
  return done;
}

static corekey_status start_again(machine *m, const history *heard) {
  (void)heard;
  return start(m);
}

static void the_power_may_fail_in_every_write_of_a_boot(void **state) {
  (void)state;
  const cuts done = cut_everywhere(start_again);
  assert_true(done.count > 0 && done.new_key == 0);
}

static void the_power_may_fail_in_every_write_of_a_rotation(void **state) {
  (void)state;
  const cuts done = cut_everywhere(hear_offer);
  assert_true(done.new_key > 0 && done.new_key < done.count);
}

/* One operation fails and the next succeed: the device goes on under the key
 * that the flash holds, or seals nothing. */
static void the_flash_may_fail_in_every_write_of_a_rotation(void **state) {
  bool failed = true;
  (void)state;
  for (uint32_t failing = 0; failed; failing++) {
    machine m;
    history heard;
    prepare(&m, &heard, 1);
    m.flash.operation_fails = failing;
    const corekey_status status = hear_offer(&m, &heard);
    failed = m.flash.operations > failing;
    if (status == COREKEY_OK) {
      OK(device_report(&device));
      hear(&m, &heard);
      assert_int_equal(flash_holds(&m.flash, KEY_1), heard.version == 0);
    } else {
      assert_silent(&m);
    }
    restart(&m, &heard);
    rotate_to_the_end(&m, &heard);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_report_is_one_long_message_and_compact_ones_that_open),
      cmocka_unit_test(a_reading_is_laid_out_as_payload_h_says),
      cmocka_unit_test(the_longest_reading_of_the_longest_id_fits),
      cmocka_unit_test(each_start_is_the_next_boot),
      cmocka_unit_test(a_stopped_device_holds_nothing),
      cmocka_unit_test(with_entropy_each_session_has_its_own_salt),
      cmocka_unit_test(a_device_reports_at_once_and_whenever_it_is_due),
      cmocka_unit_test(what_the_radio_does_not_take_is_lost_and_its_number_not_used_again),
      cmocka_unit_test(a_machine_without_sensors_sends_nothing_and_goes_on),
      cmocka_unit_test(nothing_is_sealed_without_a_journal),
      cmocka_unit_test(nothing_is_sealed_after_the_journal_was_damaged),
      cmocka_unit_test(nothing_is_sealed_if_the_boot_cannot_be_written),
      cmocka_unit_test(nothing_is_sealed_if_the_flash_says_done_and_is_not),
      cmocka_unit_test(nothing_is_sealed_if_the_flash_cannot_be_read),
      cmocka_unit_test(nothing_is_sealed_if_the_salt_cannot_be_drawn),
      cmocka_unit_test(a_device_that_runs_stops_when_it_cannot_count_its_next_boot),
      cmocka_unit_test(the_same_when_a_fifth_salt_asks_for_a_boot),
      cmocka_unit_test(an_offer_is_taken_and_the_old_key_is_nowhere_any_more),
      cmocka_unit_test(an_offer_by_radio_is_acknowledged_before_the_next_report_is_due),
      cmocka_unit_test(an_old_offer_in_a_new_message_is_ignored),
      cmocka_unit_test(a_replayed_offer_is_refused),
      cmocka_unit_test(a_replayed_downlink_is_refused),
      cmocka_unit_test(a_downlink_of_an_earlier_boot_is_refused),
      cmocka_unit_test(a_downlink_for_another_device_is_refused),
      cmocka_unit_test(a_downlink_under_a_foreign_key_is_refused),
      cmocka_unit_test(a_downlink_with_any_bit_flipped_or_cut_short_is_refused),
      cmocka_unit_test(an_authentic_downlink_with_a_bad_offer_changes_nothing),
      cmocka_unit_test(a_downlink_that_says_nothing_known_changes_nothing),
      cmocka_unit_test(a_fifth_salt_brings_the_next_boot),
      cmocka_unit_test(the_power_may_fail_in_every_write_of_a_boot),
      cmocka_unit_test(the_power_may_fail_in_every_write_of_a_rotation),
      cmocka_unit_test(the_flash_may_fail_in_every_write_of_a_rotation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
