/* The framing: frames in any pieces, pauses in every place, and lengths that no
 * message has.
 */
#include "machine.h"

static void add(machine *m, size_t length, size_t bytes, uint8_t fill) {
  m->input[m->input_len++] = (uint8_t)(length >> 8);
  m->input[m->input_len++] = (uint8_t)length;
  memset(m->input + m->input_len, fill, bytes);
  m->input_len += bytes;
}

static void expect_message(machine *m, struct link *link, size_t len, uint8_t fill) {
  size_t got = 0;
  assert_int_equal(link_receive(link, &m->platform, &got), LINK_MESSAGE);
  assert_int_equal(got, len);
  for (size_t i = 0; i < len; i++) {
    assert_int_equal(link->message[i], fill);
  }
}

static void frames_are_put_together_from_pieces_of_any_size(void **state) {
  (void)state;
  for (size_t chunk = 1; chunk < 1000; chunk++) {
    machine m;
    struct link link = {{0}, 0, {0}, 0};
    size_t len = 0;
    machine_blank(&m);
    m.chunk = chunk;
    add(&m, 1, 1, 7);
    add(&m, LINK_MESSAGE_MAX, LINK_MESSAGE_MAX, 8);
    add(&m, 300, 300, 9);
    expect_message(&m, &link, 1, 7);
    expect_message(&m, &link, LINK_MESSAGE_MAX, 8);
    expect_message(&m, &link, 300, 9);
    assert_int_equal(link_receive(&link, &m.platform, &len), LINK_OFF);
  }
}

static void a_pause_in_any_place_loses_nothing(void **state) {
  (void)state;
  for (size_t pause = 0; pause < 12; pause++) {
    machine m;
    struct link link = {{0}, 0, {0}, 0};
    size_t len = 0;
    machine_blank(&m);
    add(&m, 10, 10, 5);
    m.input_len = pause;
    m.reports_due = 1;
    assert_int_equal(link_receive(&link, &m.platform, &len), LINK_REPORT_DUE);
    m.input_len = 12;
    expect_message(&m, &link, 10, 5);
  }
}

static void frames_that_are_empty_or_too_long_are_skipped(void **state) {
  static const size_t lengths[] = {0, LINK_MESSAGE_MAX + 1, 2 * LINK_MESSAGE_MAX + 1, 3000};
  (void)state;
  for (size_t i = 0; i < COUNT(lengths); i++) {
    for (size_t chunk = 1; chunk < 400; chunk += 7) {
      machine m;
      struct link link = {{0}, 0, {0}, 0};
      machine_blank(&m);
      m.chunk = chunk;
      add(&m, lengths[i], lengths[i], 1);
      add(&m, 20, 20, 2);
      expect_message(&m, &link, 20, 2);
      assert_int_equal(count_events(&m, EVENT_TOO_LONG), lengths[i] > 0 ? 1 : 0);
      assert_true(lengths[i] == 0 || last_number(&m, EVENT_TOO_LONG) == lengths[i]);
    }
  }
}

static void what_is_sent_is_received(void **state) {
  machine m;
  struct link link = {{0}, 0, {0}, 0};
  uint8_t frame[LINK_FRAME_MAX];
  (void)state;
  machine_blank(&m);
  memset(frame + LINK_HEADER_LEN, 3, LINK_MESSAGE_MAX);
  assert_true(link_send(&m.platform, frame, LINK_MESSAGE_MAX));
  memcpy(m.input, m.sent[0].bytes, m.sent[0].len);
  m.input_len = m.sent[0].len;
  expect_message(&m, &link, LINK_MESSAGE_MAX, 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(frames_are_put_together_from_pieces_of_any_size),
      cmocka_unit_test(a_pause_in_any_place_loses_nothing),
      cmocka_unit_test(frames_that_are_empty_or_too_long_are_skipped),
      cmocka_unit_test(what_is_sent_is_received),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
