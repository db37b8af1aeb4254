/* SPDX-License-Identifier: Apache-2.0 OR MIT
 *
 * Reads this machine's own sensors, as Linux shows them under /proc and /sys.
 */
#ifndef DEMO_SENSORS_H
#define DEMO_SENSORS_H

#include <stdbool.h>
#include <stdint.h>

#include "frame.h"

/* One reading: value / 10^decimals. No floating point, so nothing is rounded
 * and no locale changes it. */
struct reading {
    char name[SENSOR_NAME_MAX + 1];
    char unit[SENSOR_UNIT_MAX + 1];
    int64_t value;
    uint8_t decimals;
};

/* Takes one reading; false stops. */
typedef bool (*take_reading)(void *user, const struct reading *reading);

/* Hands every sensor that this machine has to take. One that is not there, or
 * shows no number, is left out; kinds of which there is none are named on
 * standard error. Returns false if take did. */
bool sensors_read(take_reading take, void *user);

#endif
