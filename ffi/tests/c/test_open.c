/* Opening: what the message says of itself, every status in its order and what
 * it leaves of output and state, in place and apart, saved states, downlinks,
 * messages without a key.
 */
#include "device.h"

#define PAYLOAD_LEN 24
#define MESSAGE_MAX (PAYLOAD_LEN + COREKEY_MESSAGE_OVERHEAD_MAX)
static const uint8_t PAYLOAD[PAYLOAD_LEN] = "twenty-four bytes of it";
static const uint8_t SALT[COREKEY_SALT_LEN] = {1, 2, 3, 4, 5, 6, 7, 8};

typedef struct sealed {
  uint8_t at[MESSAGE_MAX];
  size_t len;
} sealed;

static void start(corekey_sealer *sealer, uint64_t boot) {
  const corekey_device_key key = key_1();
  OK(corekey_sealer_init(sealer, &key, COREKEY_UP, boot, NULL, 0));
}

static void meet(corekey_opener *opener) {
  const corekey_device_key key = key_1();
  OK(corekey_opener_init_up(opener, &key, NULL, 0));
}

static sealed seal(corekey_sealer *sealer, uint32_t form) {
  sealed message;
  OK(corekey_seal(sealer, form, NULL, 0, PAYLOAD, PAYLOAD_LEN, message.at, MESSAGE_MAX,
                  &message.len));
  return message;
}

/* The first message, which is long, of a session of the device. */
static sealed message_of(uint64_t boot) {
  corekey_sealer sealer;
  start(&sealer, boot);
  return seal(&sealer, COREKEY_LONG);
}

static corekey_status open_apart(corekey_opener *opener, const sealed *message, uint8_t *out,
                                 size_t *len, corekey_message *info) {
  return corekey_open(opener, NULL, 0, message->at, message->len, out, BUFFER_LEN, len, info);
}

/* Opens apart; whatever comes of it, only the status is of interest. */
static corekey_status verdict(corekey_opener *opener, const sealed *message) {
  uint8_t out[BUFFER_LEN];
  size_t len;
  return open_apart(opener, message, out, &len, NULL);
}

/* The message is not opened, apart and in place: the outputs are zeros and the
 * length 0 if it was found authentic or forged, else as they were; the state
 * stays.
 */
static void assert_not_opened(corekey_opener *opener, const sealed *message,
                              corekey_status expected, bool gives_zeros) {
  uint8_t states[2][COREKEY_OPENER_STATE_LEN];
  PAINTED(corekey_message, info);
  buffer out;
  size_t len = NO_LENGTH;
  /* An opener of downlinks has no state to save. */
  const corekey_status saved = corekey_opener_save(opener, states[0], sizeof states[0]);

  refresh(&out);
  EXPECT(expected, open_apart(opener, message, out.at, &len, &info));
  assert_painted(&info, sizeof info);
  corekey_message parts;
  if (gives_zeros) {
    OK(corekey_inspect(message->at, message->len, &parts));
    assert_int_equal(len, 0);
    assert_zeros(out.at, parts.payload_len);
    assert_only(&out, parts.payload_len);
  } else {
    assert_int_equal(len, NO_LENGTH);
    assert_untouched(&out);
  }

  refresh(&out);
  memcpy(out.at, message->at, message->len);
  len = NO_LENGTH;
  EXPECT(expected, corekey_open(opener, NULL, 0, out.at, message->len, out.at, message->len, &len,
                                &info));
  assert_painted(&info, sizeof info);
  assert_only(&out, message->len);
  if (gives_zeros) {
    assert_int_equal(len, 0);
    assert_zeros(out.at, message->len);
  } else {
    assert_int_equal(len, NO_LENGTH);
    assert_memory_equal(out.at, message->at, message->len);
  }

  EXPECT(saved, corekey_opener_save(opener, states[1], sizeof states[1]));
  if (saved == COREKEY_OK) {
    assert_memory_equal(states[0], states[1], sizeof states[0]);
  }
}

/* ==========================================================================
 * Opened.
 */

static void a_long_message_opens_and_tells_of_itself(void **state) {
  const corekey_device_key key = key_1();
  corekey_sealer sealer;
  corekey_opener opener;
  corekey_message info;
  buffer out;
  size_t len = NO_LENGTH;
  (void)state;
  OK(corekey_sealer_init(&sealer, &key, COREKEY_UP, 300, SALT, sizeof SALT));
  meet(&opener);
  seal(&sealer, COREKEY_LONG);
  const sealed message = seal(&sealer, COREKEY_LONG);
  refresh(&out);
  paint(&info, sizeof info);
  OK(open_apart(&opener, &message, out.at, &len, &info));
  assert_int_equal(len, PAYLOAD_LEN);
  assert_memory_equal(out.at, PAYLOAD, PAYLOAD_LEN);
  assert_only(&out, PAYLOAD_LEN);
  assert_int_equal(info.version, 1);
  assert_int_equal(info.boot, 300);
  assert_int_equal(info.counter, 1);
  assert_int_equal(info.form, COREKEY_LONG);
  assert_int_equal(info.payload_len, PAYLOAD_LEN);
  assert_int_equal(info.salt_len, COREKEY_SALT_LEN);
  assert_memory_equal(info.salt, SALT, sizeof SALT);
  assert_int_equal(info.id_len, ID_LEN);
  assert_memory_equal(info.id, ID, sizeof info.id);
  assert_int_equal(info.reserved, 0);
}

/* Full numbers and the id, although only residues were sent. */
static void a_compact_message_opens_and_tells_as_much(void **state) {
  corekey_sealer sealer;
  corekey_opener opener;
  corekey_message info;
  buffer out;
  size_t len = NO_LENGTH;
  (void)state;
  start(&sealer, 300);
  meet(&opener);
  const sealed first = seal(&sealer, COREKEY_LONG);
  const sealed message = seal(&sealer, COREKEY_COMPACT);
  OK(verdict(&opener, &first));
  refresh(&out);
  OK(open_apart(&opener, &message, out.at, &len, &info));
  assert_int_equal(len, PAYLOAD_LEN);
  assert_memory_equal(out.at, PAYLOAD, PAYLOAD_LEN);
  assert_only(&out, PAYLOAD_LEN);
  assert_int_equal(info.version, 1);
  assert_int_equal(info.boot, 300);
  assert_int_equal(info.counter, 1);
  assert_int_equal(info.form, COREKEY_COMPACT);
  assert_int_equal(info.payload_len, PAYLOAD_LEN);
  assert_int_equal(info.salt_len, 0);
  assert_zeros(info.salt, sizeof info.salt);
  assert_int_equal(info.id_len, ID_LEN);
  assert_memory_equal(info.id, ID, sizeof info.id);
}

static void opened_in_place_zeros_follow_the_payload(void **state) {
  const uint32_t forms[] = {COREKEY_LONG, COREKEY_COMPACT};
  corekey_sealer sealer;
  corekey_opener opener;
  (void)state;
  start(&sealer, 1);
  meet(&opener);
  const sealed first = seal(&sealer, COREKEY_LONG);
  OK(verdict(&opener, &first));
  for (size_t f = 0; f < COUNT(forms); f++) {
    /* The capacity may be less than the message, which is written all the same. */
    for (size_t cap = PAYLOAD_LEN; cap < 100; cap += 19) {
      const sealed message = seal(&sealer, forms[f]);
      buffer out;
      size_t len = NO_LENGTH;
      refresh(&out);
      memcpy(out.at, message.at, message.len);
      OK(corekey_open(&opener, NULL, 0, out.at, message.len, out.at, cap, &len, NULL));
      assert_int_equal(len, PAYLOAD_LEN);
      assert_memory_equal(out.at, PAYLOAD, PAYLOAD_LEN);
      assert_zeros(out.at + PAYLOAD_LEN, message.len - PAYLOAD_LEN);
      assert_only(&out, message.len);
    }
  }
}

static void a_message_without_a_payload_opens(void **state) {
  corekey_sealer sealer;
  corekey_opener opener;
  sealed message;
  size_t len = NO_LENGTH;
  (void)state;
  start(&sealer, 1);
  meet(&opener);
  OK(corekey_seal(&sealer, COREKEY_LONG, NULL, 0, NULL, 0, message.at, MESSAGE_MAX, &message.len));
  OK(corekey_open(&opener, NULL, 0, message.at, message.len, NULL, 0, &len, NULL));
  assert_int_equal(len, 0);
}

static void the_aad_must_be_the_same_and_has_255_bytes_at_most(void **state) {
  uint8_t aad[256] = {1};
  corekey_sealer sealer;
  corekey_opener opener;
  sealed message;
  buffer out;
  size_t len = NO_LENGTH;
  (void)state;
  start(&sealer, 1);
  meet(&opener);
  OK(corekey_seal(&sealer, COREKEY_LONG, aad, 255, PAYLOAD, PAYLOAD_LEN, message.at, MESSAGE_MAX,
                  &message.len));
  refresh(&out);
  EXPECT(COREKEY_E_LENGTH, corekey_open(&opener, aad, 256, message.at, message.len, out.at,
                                        BUFFER_LEN, &len, NULL));
  assert_untouched(&out);
  assert_int_equal(len, NO_LENGTH);
  EXPECT(COREKEY_E_FORGED, corekey_open(&opener, aad, 254, message.at, message.len, out.at,
                                        BUFFER_LEN, &len, NULL));
  OK(corekey_open(&opener, aad, 255, message.at, message.len, out.at, BUFFER_LEN, &len, NULL));
}

/* ==========================================================================
 * Not opened.
 */

static void what_is_no_message_is_malformed(void **state) {
  corekey_opener opener;
  (void)state;
  meet(&opener);
  const sealed whole = message_of(1);
  for (size_t len = 0; len < whole.len; len++) {
    sealed part = whole;
    part.len = len;
    assert_not_opened(&opener, &part, COREKEY_E_MALFORMED, false);
  }
  sealed longer = whole;
  longer.at[longer.len++] = 0;
  assert_not_opened(&opener, &longer, COREKEY_E_MALFORMED, false);
}

static void too_little_room_tells_what_is_needed(void **state) {
  corekey_opener opener;
  buffer out;
  (void)state;
  meet(&opener);
  const sealed message = message_of(1);
  for (size_t cap = 0; cap < PAYLOAD_LEN; cap++) {
    size_t len = NO_LENGTH;
    refresh(&out);
    EXPECT(COREKEY_E_BUFFER_TOO_SMALL,
           corekey_open(&opener, NULL, 0, message.at, message.len, cap == 0 ? NULL : out.at, cap,
                        &len, NULL));
    assert_int_equal(len, PAYLOAD_LEN);
    assert_untouched(&out);
    if (cap > 0) {
      len = NO_LENGTH;
      memcpy(out.at, message.at, message.len);
      EXPECT(COREKEY_E_BUFFER_TOO_SMALL, corekey_open(&opener, NULL, 0, out.at, message.len,
                                                      out.at, cap, &len, NULL));
      assert_int_equal(len, PAYLOAD_LEN);
      assert_memory_equal(out.at, message.at, message.len);
      assert_only(&out, message.len);
    }
  }
  OK(verdict(&opener, &message));
}

static void a_message_of_another_device_or_version_asks_for_its_key(void **state) {
  const corekey_device_key second = key_2();
  const uint8_t secret[COREKEY_KEY_LEN] = {0};
  corekey_device_key neighbour;
  corekey_sealer sealer;
  corekey_opener opener;
  (void)state;
  meet(&opener);
  OK(corekey_sealer_init(&sealer, &second, COREKEY_UP, 1, NULL, 0));
  for (int i = 0; i < 2; i++) {
    const sealed message = seal(&sealer, COREKEY_COMPACT);
    assert_not_opened(&opener, &message, COREKEY_E_OTHER_KEY, false);
  }
  OK(corekey_device_key_init(&neighbour, 1, ID, ID_LEN + 1, secret, sizeof secret));
  OK(corekey_sealer_init(&sealer, &neighbour, COREKEY_UP, 1, NULL, 0));
  const sealed message = seal(&sealer, COREKEY_LONG);
  assert_not_opened(&opener, &message, COREKEY_E_OTHER_KEY, false);
}

static void a_compact_message_without_its_session_needs_a_long_one(void **state) {
  corekey_sealer sealer;
  corekey_opener opener;
  (void)state;
  start(&sealer, 1);
  meet(&opener);
  const sealed first = seal(&sealer, COREKEY_LONG);
  const sealed compact = seal(&sealer, COREKEY_COMPACT);
  assert_not_opened(&opener, &compact, COREKEY_E_NEED_LONG, false);
  OK(verdict(&opener, &first));
  OK(verdict(&opener, &compact));
}

/* A changed header may say another key or nothing; but nothing opens. */
static void no_changed_message_opens(void **state) {
  corekey_sealer sealer;
  corekey_opener opener;
  (void)state;
  start(&sealer, 1);
  meet(&opener);
  const sealed messages[] = {seal(&sealer, COREKEY_LONG), seal(&sealer, COREKEY_COMPACT)};
  OK(verdict(&opener, &messages[0]));
  for (size_t m = 0; m < COUNT(messages); m++) {
    for (size_t i = 0; i < messages[m].len; i++) {
      sealed changed = messages[m];
      changed.at[i] ^= 1;
      if (i + COREKEY_TAG_LEN + PAYLOAD_LEN >= changed.len) {
        assert_not_opened(&opener, &changed, COREKEY_E_FORGED, true);
      } else {
        const corekey_status status = verdict(&opener, &changed);
        assert_true(status == COREKEY_E_MALFORMED || status == COREKEY_E_OTHER_KEY ||
                    status == COREKEY_E_NEED_LONG || status == COREKEY_E_FORGED);
      }
    }
  }
  OK(verdict(&opener, &messages[1]));
}

static void a_message_of_the_other_direction_is_forged(void **state) {
  const corekey_device_key key = key_1();
  corekey_sealer sealer;
  corekey_opener opener;
  (void)state;
  meet(&opener);
  OK(corekey_sealer_init(&sealer, &key, COREKEY_DOWN, 1, SALT, sizeof SALT));
  const sealed message = seal(&sealer, COREKEY_LONG);
  assert_not_opened(&opener, &message, COREKEY_E_FORGED, true);
}

static void a_message_opens_once(void **state) {
  corekey_sealer sealer;
  corekey_opener opener;
  (void)state;
  start(&sealer, 1);
  meet(&opener);
  for (int i = 0; i < 70; i++) {
    const sealed message = seal(&sealer, COREKEY_COMPACT);
    OK(verdict(&opener, &message));
    assert_not_opened(&opener, &message, COREKEY_E_REPLAY, true);
  }
}

static void what_is_too_old_is_stale(void **state) {
  sealed messages[66];
  corekey_sealer sealer;
  corekey_opener opener;
  (void)state;
  start(&sealer, 5);
  for (size_t i = 0; i < COUNT(messages); i++) {
    messages[i] = seal(&sealer, COREKEY_LONG);
  }
  meet(&opener);
  OK(verdict(&opener, &messages[65]));
  assert_not_opened(&opener, &messages[0], COREKEY_E_STALE, true);
  assert_not_opened(&opener, &messages[1], COREKEY_E_STALE, true);
  OK(verdict(&opener, &messages[2]));
  assert_not_opened(&opener, &messages[2], COREKEY_E_REPLAY, true);

  /* An earlier boot, and the same boot under a salt: a clone. */
  const sealed earlier = message_of(4);
  assert_not_opened(&opener, &earlier, COREKEY_E_STALE, true);
  const corekey_device_key key = key_1();
  OK(corekey_sealer_init(&sealer, &key, COREKEY_UP, 5, SALT, sizeof SALT));
  const sealed clone = seal(&sealer, COREKEY_LONG);
  assert_not_opened(&opener, &clone, COREKEY_E_STALE, true);
}

static void in_place_all_of_the_message_is_output(void **state) {
  corekey_sealer sealer;
  corekey_opener opener;
  (void)state;
  start(&sealer, 5);
  meet(&opener);
  sealed message = seal(&sealer, COREKEY_LONG);
  const sealed before = message;
  size_t len = NO_LENGTH;
  /* The last byte lies behind out_cap, and is zeroed all the same. */
  EXPECT(COREKEY_E_OVERLAP, corekey_open(&opener, message.at + message.len - 1, 1, message.at,
                                         message.len, message.at, message.len - 1, &len, NULL));
  assert_int_equal(len, NO_LENGTH);
  assert_memory_equal(message.at, before.at, message.len);
}

/* ==========================================================================
 * Saved states.
 */

static void a_saved_state_goes_on_where_it_was(void **state) {
  const corekey_device_key key = key_1();
  corekey_sealer sealer;
  corekey_opener opener;
  buffer saved;
  (void)state;
  start(&sealer, 9);
  meet(&opener);
  const sealed first = seal(&sealer, COREKEY_LONG);
  const sealed second = seal(&sealer, COREKEY_COMPACT);
  const sealed third = seal(&sealer, COREKEY_COMPACT);
  OK(verdict(&opener, &first));
  OK(verdict(&opener, &third));
  refresh(&saved);
  OK(corekey_opener_save(&opener, saved.at, COREKEY_OPENER_STATE_LEN));
  assert_only(&saved, COREKEY_OPENER_STATE_LEN);
  OK(corekey_opener_clear(&opener));
  assert_zeros(&opener, sizeof opener);

  OK(corekey_opener_init_up(&opener, &key, saved.at, COREKEY_OPENER_STATE_LEN));
  assert_not_opened(&opener, &first, COREKEY_E_REPLAY, true);
  assert_not_opened(&opener, &third, COREKEY_E_REPLAY, true);
  OK(verdict(&opener, &second));
}

/* What was opened at first contact is fresh: that is why it is only for new keys. */
static void first_contact_takes_any_boot_for_fresh(void **state) {
  corekey_opener opener;
  (void)state;
  meet(&opener);
  const sealed later = message_of(BOOT_MAX);
  const sealed earlier = message_of(0);
  OK(verdict(&opener, &later));
  assert_not_opened(&opener, &earlier, COREKEY_E_STALE, true);
  meet(&opener);
  OK(verdict(&opener, &earlier));
  OK(verdict(&opener, &later));
}

static void a_damaged_state_is_refused(void **state) {
  const corekey_device_key key = key_1();
  uint8_t saved[COREKEY_OPENER_STATE_LEN];
  corekey_opener opener;
  (void)state;
  meet(&opener);
  const sealed message = message_of(9);
  OK(verdict(&opener, &message));
  OK(corekey_opener_save(&opener, saved, sizeof saved));
  paint(&opener, sizeof opener);
  for (size_t bit = 0; bit < 8 * sizeof saved; bit++) {
    saved[bit / 8] ^= (uint8_t)(1 << bit % 8);
    EXPECT(COREKEY_E_BAD_STATE, corekey_opener_init_up(&opener, &key, saved, sizeof saved));
    saved[bit / 8] ^= (uint8_t)(1 << bit % 8);
  }
  memset(saved, 0, sizeof saved);
  EXPECT(COREKEY_E_BAD_STATE, corekey_opener_init_up(&opener, &key, saved, sizeof saved));
  memset(saved, 0xff, sizeof saved);
  EXPECT(COREKEY_E_BAD_STATE, corekey_opener_init_up(&opener, &key, saved, sizeof saved));
  assert_painted(&opener, sizeof opener);
}

static void an_opener_of_downlinks_has_no_state(void **state) {
  const corekey_device_key key = key_1();
  corekey_opener opener;
  buffer out;
  (void)state;
  OK(corekey_opener_init_down(&opener, &key, 9));
  refresh(&out);
  EXPECT(COREKEY_E_STATE, corekey_opener_save(&opener, out.at, COREKEY_OPENER_STATE_LEN));
  assert_untouched(&out);
}

static void a_state_has_64_bytes(void **state) {
  const corekey_device_key key = key_1();
  uint8_t saved[2 * COREKEY_OPENER_STATE_LEN] = {0};
  corekey_opener fresh;
  buffer out;
  PAINTED(corekey_opener, opener);
  (void)state;
  meet(&fresh);
  refresh(&out);
  for (size_t len = 1; len <= sizeof saved; len++) {
    if (len != COREKEY_OPENER_STATE_LEN) {
      EXPECT(COREKEY_E_LENGTH, corekey_opener_init_up(&opener, &key, saved, len));
      EXPECT(COREKEY_E_LENGTH, corekey_opener_save(&fresh, out.at, len));
    }
  }
  assert_painted(&opener, sizeof opener);
  assert_untouched(&out);
}

/* ==========================================================================
 * Downlinks.
 */

static sealed downlink(uint64_t boot, uint8_t salt_byte, corekey_sealer *sealer) {
  const corekey_device_key key = key_1();
  uint8_t salt[COREKEY_SALT_LEN];
  memset(salt, salt_byte, sizeof salt);
  OK(corekey_sealer_init(sealer, &key, COREKEY_DOWN, boot, salt, sizeof salt));
  return seal(sealer, COREKEY_LONG);
}

static void a_device_follows_four_salts_in_a_boot(void **state) {
  const corekey_device_key key = key_1();
  corekey_sealer sealers[4];
  corekey_sealer fifth;
  corekey_opener opener;
  (void)state;
  OK(corekey_opener_init_down(&opener, &key, 9));
  for (uint8_t i = 0; i < 4; i++) {
    const sealed message = downlink(9, i, &sealers[i]);
    OK(verdict(&opener, &message));
    assert_not_opened(&opener, &message, COREKEY_E_REPLAY, true);
  }
  const sealed one_too_many = downlink(9, 4, &fifth);
  assert_not_opened(&opener, &one_too_many, COREKEY_E_SESSION_FULL, true);
  for (uint8_t i = 0; i < 4; i++) {
    const sealed message = seal(&sealers[i], COREKEY_COMPACT);
    OK(verdict(&opener, &message));
  }
}

static void a_downlink_of_another_boot_is_stale(void **state) {
  const uint64_t boots[] = {0, 8, 10, 9 + 256, BOOT_MAX};
  const corekey_device_key key = key_1();
  corekey_sealer sealer;
  corekey_opener opener;
  (void)state;
  OK(corekey_opener_init_down(&opener, &key, 9));
  for (size_t i = 0; i < COUNT(boots); i++) {
    const sealed message = downlink(boots[i], 1, &sealer);
    assert_not_opened(&opener, &message, COREKEY_E_STALE, true);
  }
}

static void an_opener_of_downlinks_has_a_boot_of_48_bits(void **state) {
  const corekey_device_key key = key_1();
  corekey_opener opener;
  (void)state;
  OK(corekey_opener_init_down(&opener, &key, 0));
  OK(corekey_opener_init_down(&opener, &key, BOOT_MAX));
  paint(&opener, sizeof opener);
  for (size_t i = 0; i < COUNT(NO_BOOTS); i++) {
    EXPECT(COREKEY_E_RANGE, corekey_opener_init_down(&opener, &key, NO_BOOTS[i]));
  }
  assert_painted(&opener, sizeof opener);
}

/* ==========================================================================
 * Without a key.
 */

static void inspect_tells_what_is_there(void **state) {
  corekey_sealer sealer;
  corekey_message info;
  (void)state;
  start(&sealer, 300);
  const sealed first = seal(&sealer, COREKEY_LONG);
  const sealed second = seal(&sealer, COREKEY_COMPACT);

  paint(&info, sizeof info);
  OK(corekey_inspect(first.at, first.len, &info));
  assert_int_equal(info.form, COREKEY_LONG);
  assert_int_equal(info.version, 1);
  assert_int_equal(info.boot, 300);
  assert_int_equal(info.counter, 0);
  assert_int_equal(info.payload_len, PAYLOAD_LEN);
  assert_int_equal(info.salt_len, 0);
  assert_int_equal(info.id_len, ID_LEN);
  assert_memory_equal(info.id, ID, sizeof info.id);
  assert_int_equal(info.reserved, 0);

  paint(&info, sizeof info);
  OK(corekey_inspect(second.at, second.len, &info));
  assert_int_equal(info.form, COREKEY_COMPACT);
  assert_int_equal(info.version, 1);
  assert_int_equal(info.boot, 300 % 256);
  assert_int_equal(info.counter, 1);
  assert_int_equal(info.payload_len, PAYLOAD_LEN);
  assert_int_equal(info.salt_len, 0);
  assert_int_equal(info.id_len, 0);
  assert_zeros(info.id, sizeof info.id);
}

static void inspect_refuses_what_is_no_message(void **state) {
  PAINTED(corekey_message, info);
  (void)state;
  const sealed whole = message_of(1);
  for (size_t len = 0; len < whole.len; len++) {
    EXPECT(COREKEY_E_MALFORMED, corekey_inspect(whole.at, len, &info));
  }
  assert_painted(&info, sizeof info);
}

static void rewritten_messages_are_the_known_ones(void **state) {
  static const char payload_of_it[] = "32312e3520432c2034382025";
  static const char compact[] =
      "41ff0001f360c6239c99b58c7d7efc054c0f78c88efb96d2482d9dfb5b241b24";
  static const char full_iv[] =
      "d08343a10103a3044f0173656e736f722d30303030303432054c636b31000000000000000001"
      "0a41ff581cf360c6239c99b58c7d7efc054c0f78c88efb96d2482d9dfb5b241b24";
  corekey_sealer sealer;
  uint8_t payload[12];
  sealed message;
  buffer out;
  size_t len = NO_LENGTH;
  (void)state;
  start(&sealer, 255);
  seal(&sealer, COREKEY_LONG);
  OK(corekey_seal(&sealer, COREKEY_LONG, NULL, 0, payload, unhex(payload_of_it, payload),
                  message.at, MESSAGE_MAX, &message.len));
  refresh(&out);
  OK(corekey_rewrite(COREKEY_COMPACT, message.at, message.len, out.at, BUFFER_LEN, &len));
  assert_hex(out.at, len, compact);
  assert_only(&out, len);
  refresh(&out);
  OK(corekey_rewrite(COREKEY_FULL_IV, message.at, message.len, out.at, BUFFER_LEN, &len));
  assert_hex(out.at, len, full_iv);
  assert_only(&out, len);
}

static void a_rewritten_message_opens_in_the_place_of_the_other(void **state) {
  corekey_sealer sealer;
  corekey_opener opener;
  sealed compact;
  (void)state;
  start(&sealer, 1);
  meet(&opener);
  const sealed first = seal(&sealer, COREKEY_LONG);
  const sealed second = seal(&sealer, COREKEY_LONG);
  OK(corekey_rewrite(COREKEY_COMPACT, second.at, second.len, compact.at, MESSAGE_MAX,
                     &compact.len));
  OK(verdict(&opener, &first));
  OK(verdict(&opener, &compact));
  assert_not_opened(&opener, &second, COREKEY_E_REPLAY, true);
}

static void only_long_messages_are_rewritten(void **state) {
  const uint32_t forms[] = {COREKEY_COMPACT, COREKEY_FULL_IV};
  const uint32_t no_forms[] = {0, 1, COREKEY_LONG, 79, 83, 0x151, UINT32_MAX};
  corekey_sealer sealer;
  buffer out;
  size_t len = NO_LENGTH;
  (void)state;
  start(&sealer, 1);
  const sealed message = seal(&sealer, COREKEY_LONG);
  const sealed compact = seal(&sealer, COREKEY_COMPACT);
  refresh(&out);
  for (size_t i = 0; i < COUNT(forms); i++) {
    EXPECT(COREKEY_E_MALFORMED,
           corekey_rewrite(forms[i], compact.at, compact.len, out.at, BUFFER_LEN, &len));
    EXPECT(COREKEY_E_MALFORMED,
           corekey_rewrite(forms[i], message.at, message.len - 1, out.at, BUFFER_LEN, &len));
  }
  for (size_t i = 0; i < COUNT(no_forms); i++) {
    EXPECT(COREKEY_E_ALGORITHM,
           corekey_rewrite(no_forms[i], message.at, message.len, out.at, BUFFER_LEN, &len));
  }
  assert_int_equal(len, NO_LENGTH);
  assert_untouched(&out);
}

static void too_little_room_to_rewrite_tells_what_is_needed(void **state) {
  static const struct {
    uint32_t form;
    size_t needed;
  } cases[] = {{COREKEY_COMPACT, PAYLOAD_LEN + 20}, {COREKEY_FULL_IV, PAYLOAD_LEN + 48 + 11}};
  buffer out;
  (void)state;
  const sealed message = message_of(1);
  refresh(&out);
  for (size_t i = 0; i < COUNT(cases); i++) {
    for (size_t cap = 0; cap < cases[i].needed; cap++) {
      size_t len = NO_LENGTH;
      EXPECT(COREKEY_E_BUFFER_TOO_SMALL,
             corekey_rewrite(cases[i].form, message.at, message.len, out.at, cap, &len));
      assert_int_equal(len, cases[i].needed);
    }
  }
  assert_untouched(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_long_message_opens_and_tells_of_itself),
      cmocka_unit_test(a_compact_message_opens_and_tells_as_much),
      cmocka_unit_test(opened_in_place_zeros_follow_the_payload),
      cmocka_unit_test(a_message_without_a_payload_opens),
      cmocka_unit_test(the_aad_must_be_the_same_and_has_255_bytes_at_most),
      cmocka_unit_test(what_is_no_message_is_malformed),
      cmocka_unit_test(too_little_room_tells_what_is_needed),
      cmocka_unit_test(a_message_of_another_device_or_version_asks_for_its_key),
      cmocka_unit_test(a_compact_message_without_its_session_needs_a_long_one),
      cmocka_unit_test(no_changed_message_opens),
      cmocka_unit_test(a_message_of_the_other_direction_is_forged),
      cmocka_unit_test(a_message_opens_once),
      cmocka_unit_test(what_is_too_old_is_stale),
      cmocka_unit_test(a_saved_state_goes_on_where_it_was),
      cmocka_unit_test(first_contact_takes_any_boot_for_fresh),
      cmocka_unit_test(a_damaged_state_is_refused),
      cmocka_unit_test(in_place_all_of_the_message_is_output),
      cmocka_unit_test(an_opener_of_downlinks_has_no_state),
      cmocka_unit_test(a_state_has_64_bytes),
      cmocka_unit_test(a_device_follows_four_salts_in_a_boot),
      cmocka_unit_test(a_downlink_of_another_boot_is_stale),
      cmocka_unit_test(an_opener_of_downlinks_has_a_boot_of_48_bits),
      cmocka_unit_test(inspect_tells_what_is_there),
      cmocka_unit_test(inspect_refuses_what_is_no_message),
      cmocka_unit_test(rewritten_messages_are_the_known_ones),
      cmocka_unit_test(a_rewritten_message_opens_in_the_place_of_the_other),
      cmocka_unit_test(only_long_messages_are_rewritten),
      cmocka_unit_test(too_little_room_to_rewrite_tells_what_is_needed),
  };
  return cmocka_run_group_tests_name("opening", tests, NULL, NULL);
}
