/* SPDX-License-Identifier: Apache-2.0 OR MIT
 *
 * What is inside the sealed messages between the device program and its
 * receiver (crypto-core/examples/receiver). This comment is the one place that
 * says what it looks like; numbers are big-endian. The messages themselves are
 * specified in docs/message.md.
 *
 *   Up: a reading     bytes
 *     value              8   signed: the reading is value / 10^decimals
 *     decimals           1   0 to DECIMALS_MAX
 *     name length        1   1 to SENSOR_NAME_MAX
 *     name               n   printable ASCII, no space
 *     unit               m   the rest: the same, 0 to SENSOR_UNIT_MAX
 *
 *   Down              bytes
 *     kind               1   DOWN_OFFER
 *     offer             48   of the device's next key (docs/rotation.md)
 */
#ifndef FIRMWARE_PAYLOAD_H
#define FIRMWARE_PAYLOAD_H

#include <stddef.h>
#include <stdint.h>

#define DECIMALS_MAX 9
#define SENSOR_NAME_MAX 47
#define SENSOR_UNIT_MAX 7
#define READING_LEN_MAX (8 + 1 + 1 + SENSOR_NAME_MAX + SENSOR_UNIT_MAX)

#define DOWN_OFFER 1

/* One reading: value / 10^decimals. No floating point, so nothing is rounded
 * and no locale changes it. */
struct reading {
    char name[SENSOR_NAME_MAX + 1];
    char unit[SENSOR_UNIT_MAX + 1];
    int64_t value;
    uint8_t decimals;
};

/* Writes the payload of a reading and returns its length. */
size_t reading_write(const struct reading *reading, uint8_t payload[READING_LEN_MAX]);

#endif
