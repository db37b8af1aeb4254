/* SPDX-License-Identifier: Apache-2.0 OR MIT
 *
 * Writes payloads; payload.h says what they look like.
 */
#include "payload.h"

#include <string.h>

/* A string without its NUL; returns where it ends. */
static uint8_t *put_text(uint8_t *to, const char *text, size_t len)
{
    memcpy(to, text, len);
    return to + len;
}

size_t reading_write(const struct reading *reading, uint8_t payload[READING_LEN_MAX])
{
    uint64_t value = (uint64_t)reading->value;
    size_t name_len = strlen(reading->name);

    for (size_t i = 8; i > 0; i--) {
        payload[i - 1] = (uint8_t)(value & 0xFF);
        value >>= 8;
    }
    payload[8] = reading->decimals;
    payload[9] = (uint8_t)name_len;
    uint8_t *end = put_text(payload + 10, reading->name, name_len);
    end = put_text(end, reading->unit, strlen(reading->unit));
    return (size_t)(end - payload);
}
