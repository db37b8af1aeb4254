/* A machine in RAM for the tests of the device program: sensors that are told
 * what to read, a radio that keeps what is sent and gives what it was handed,
 * flash of ffi/tests/c/flash.h, and a log of events.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include <device_program.h>

#include "device.h"
#include "flash.h"

#define SENT_MAX 64
#define EVENTS_MAX 64
#define INPUT_MAX 4096

typedef struct frame {
  uint8_t bytes[LINK_FRAME_MAX];
  size_t len;
} frame;

typedef struct machine {
  flash flash;
  size_t sensors;
  frame sent[SENT_MAX];
  size_t sent_count;
  bool radio_fails;
  uint8_t input[INPUT_MAX]; /* What comes by radio, in chunks; then power off. */
  size_t input_len, input_at, chunk;
  size_t reports_due; /* How often the time is up before the power is off. */
  bool entropy_fails;
  uint8_t entropy;
  struct {
    enum event event;
    uint64_t number;
    corekey_status status;
  } events[EVENTS_MAX];
  size_t event_count;
  struct platform platform;
} machine;

static inline int32_t machine_entropy(void *user, uint8_t *out, size_t len) {
  machine *const m = user;
  for (size_t i = 0; i < len; i++) {
    out[i] = m->entropy++;
  }
  return m->entropy_fails ? -1 : 0;
}

static inline void machine_read_sensors(void *user, take_reading take, void *taker) {
  const machine *const m = user;
  for (size_t i = 0; i < m->sensors; i++) {
    struct reading reading = {"sensor.0", "degC", -1234, 2};
    reading.name[7] = (char)('0' + i % 10);
    if (!take(taker, &reading)) {
      return;
    }
  }
}

static inline bool machine_send(void *user, const uint8_t *bytes, size_t len) {
  machine *const m = user;
  assert_in_range(len, LINK_HEADER_LEN + 1, LINK_FRAME_MAX);
  if (m->radio_fails) {
    return false;
  }
  assert_in_range(m->sent_count, 0, SENT_MAX - 1);
  memcpy(m->sent[m->sent_count].bytes, bytes, len);
  m->sent[m->sent_count++].len = len;
  return true;
}

static inline int32_t machine_receive(void *user, uint8_t *bytes, size_t cap) {
  machine *const m = user;
  size_t len = m->input_len - m->input_at;
  assert_true(cap > 0);
  if (len == 0) {
    if (m->reports_due == 0) {
      return RECEIVE_OFF;
    }
    m->reports_due--;
    return RECEIVE_REPORT_DUE;
  }
  len = len < cap ? len : cap;
  len = len < m->chunk ? len : m->chunk;
  memcpy(bytes, m->input + m->input_at, len);
  m->input_at += len;
  return (int32_t)len;
}

static inline void machine_log(void *user, enum event event, uint64_t number,
                               corekey_status status) {
  machine *const m = user;
  assert_in_range(m->event_count, 0, EVENTS_MAX - 1);
  m->events[m->event_count].event = event;
  m->events[m->event_count].number = number;
  m->events[m->event_count++].status = status;
}

/* A machine with three sensors, no entropy and blank flash. */
static inline void machine_blank(machine *m) {
  memset(m, 0, sizeof *m);
  flash_blank(&m->flash);
  m->sensors = 3;
  m->chunk = INPUT_MAX;
  m->platform.user = m;
  m->platform.storage = storage_of(&m->flash);
  m->platform.read_sensors = machine_read_sensors;
  m->platform.send = machine_send;
  m->platform.receive = machine_receive;
  m->platform.log = machine_log;
}

/* The same with the first key of the device in its flash. */
static inline void machine_provisioned(machine *m) {
  const corekey_device_key key = key_1();
  machine_blank(m);
  OK(corekey_journal_provision(&m->platform.storage, &key));
  flash_power_on(&m->flash);
}

/* Forgets what was sent and logged. */
static inline void machine_forget(machine *m) { m->sent_count = m->event_count = 0; }

static inline size_t count_events(const machine *m, enum event event) {
  size_t count = 0;
  for (size_t i = 0; i < m->event_count; i++) {
    count += m->events[i].event == event;
  }
  return count;
}

/* The number and status of the last event of a kind, which must be there. */
static inline uint64_t last_number(const machine *m, enum event event) {
  for (size_t i = m->event_count; i > 0; i--) {
    if (m->events[i - 1].event == event) {
      return m->events[i - 1].number;
    }
  }
  fail_msg("no event %d", (int)event);
  return 0;
}

static inline corekey_status last_status(const machine *m, enum event event) {
  for (size_t i = m->event_count; i > 0; i--) {
    if (m->events[i - 1].event == event) {
      return m->events[i - 1].status;
    }
  }
  fail_msg("no event %d", (int)event);
  return COREKEY_OK;
}

#endif
