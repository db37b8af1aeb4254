/* A flash in RAM for the boot journal: words that are written once between two
 * erases, calls that fail, words that cannot be read, and power that fails in
 * the middle of a write or an erase.
 */
#ifndef FLASH_H
#define FLASH_H

#include "support.h"

#define FLASH_PAGES 3
#define FLASH_PAGE_SIZE 192
#define FLASH_WORDS (FLASH_PAGE_SIZE / COREKEY_STORAGE_WORD_LEN)
#define NEVER UINT32_MAX

/* What a power cut leaves of the word or page that it hits. */
typedef enum tear { TEAR_UNTOUCHED, TEAR_DONE, TEAR_NOISE, TEAR_HALF, TEAR_UNREADABLE, TEARS } tear;

typedef struct flash {
  uint8_t pages[FLASH_PAGES][FLASH_PAGE_SIZE];
  bool unreadable[FLASH_PAGES][FLASH_WORDS];
  uint32_t reads, operations;           /* Counted; writes and erases together. */
  uint32_t read_fails, operation_fails; /* The number of the call that fails. */
  uint32_t cut;                         /* The operation in which the power fails. */
  tear tear;
  bool off;
  bool misused; /* A word was written twice, or a call was out of range. */
  uint64_t noise;
} flash;

static inline void flash_blank(flash *f) {
  memset(f, 0, sizeof *f);
  memset(f->pages, 0xff, sizeof f->pages);
  f->read_fails = f->operation_fails = f->cut = NEVER;
  f->noise = 1;
}

/* The next start: counts begin anew and nothing fails. */
static inline void flash_power_on(flash *f) {
  f->off = false;
  f->reads = f->operations = 0;
  f->read_fails = f->operation_fails = f->cut = NEVER;
}

static inline uint8_t flash_noise(flash *f) {
  f->noise = f->noise * 6364136223846793005u + 1442695040888963407u;
  return (uint8_t)(f->noise >> 56);
}

static inline int32_t flash_read(void *user, uint32_t page, uint32_t offset, uint8_t *out,
                                 size_t len) {
  flash *const f = user;
  if (page >= FLASH_PAGES || len > FLASH_PAGE_SIZE || offset > FLASH_PAGE_SIZE - len) {
    f->misused = true;
    return -1;
  }
  if (f->off || f->reads++ == f->read_fails) {
    return -1;
  }
  for (size_t word = offset / 8; word * 8 < offset + len; word++) {
    if (f->unreadable[page][word]) {
      memset(out, 0xa5, len);
      return COREKEY_STORAGE_UNREADABLE;
    }
  }
  memcpy(out, &f->pages[page][offset], len);
  return 0;
}

/* Whether the operation that begins takes place; if not, whether it is torn. */
static inline bool flash_begins(flash *f, bool *torn) {
  const uint32_t number = f->operations;
  *torn = false;
  if (f->off) {
    return false;
  }
  f->operations++;
  if (number == f->cut) {
    f->off = *torn = true;
  }
  return number != f->cut && number != f->operation_fails;
}

static inline void flash_tear(flash *f, uint32_t page, size_t word, const uint8_t *to) {
  uint8_t *const at = &f->pages[page][word * 8];
  switch (f->tear) {
    case TEAR_DONE:
      memcpy(at, to, 8);
      f->unreadable[page][word] = false;
      break;
    case TEAR_NOISE:
      for (size_t i = 0; i < 8; i++) {
        at[i] = flash_noise(f);
      }
      break;
    case TEAR_HALF:
      memcpy(at, to, 4);
      break;
    case TEAR_UNREADABLE:
      f->unreadable[page][word] = true;
      break;
    default:
      break;
  }
}

static inline int32_t flash_write(void *user, uint32_t page, uint32_t offset,
                                  const uint8_t *word) {
  static const uint8_t erased[8] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  flash *const f = user;
  bool torn;
  if (page >= FLASH_PAGES || offset % 8 != 0 || offset > FLASH_PAGE_SIZE - 8 ||
      (!f->off && memcmp(&f->pages[page][offset], erased, 8) != 0)) {
    f->misused = true;
    return -1;
  }
  if (flash_begins(f, &torn)) {
    memcpy(&f->pages[page][offset], word, 8);
    return 0;
  }
  if (torn) {
    flash_tear(f, page, offset / 8, word);
  }
  return -1;
}

static inline int32_t flash_erase(void *user, uint32_t page) {
  static const uint8_t erased[8] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  flash *const f = user;
  bool torn;
  if (page >= FLASH_PAGES) {
    f->misused = true;
    return -1;
  }
  if (flash_begins(f, &torn)) {
    memset(f->pages[page], 0xff, FLASH_PAGE_SIZE);
    memset(f->unreadable[page], 0, sizeof f->unreadable[page]);
    return 0;
  }
  for (size_t word = 0; torn && word < FLASH_WORDS; word++) {
    if (f->tear != TEAR_HALF || word < FLASH_WORDS / 2) {
      flash_tear(f, page, word, erased);
    }
  }
  return -1;
}

/* Whether any eight bytes of a secret are there. */
static inline bool flash_holds(const flash *f, const char *hex) {
  uint8_t secret[COREKEY_KEY_LEN];
  unhex(hex, secret);
  for (size_t page = 0; page < FLASH_PAGES; page++) {
    for (size_t at = 0; at + 8 <= FLASH_PAGE_SIZE; at++) {
      for (size_t part = 0; part + 8 <= sizeof secret; part += 8) {
        if (memcmp(&f->pages[page][at], secret + part, 8) == 0) {
          return true;
        }
      }
    }
  }
  return false;
}

static inline corekey_storage storage_of(flash *f) {
  const corekey_storage storage = {f,          FLASH_PAGES, FLASH_PAGE_SIZE,
                                   flash_read, flash_write, flash_erase};
  return storage;
}

#endif
