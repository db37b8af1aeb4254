/* SPDX-License-Identifier: Apache-2.0 OR MIT
 *
 * Reads this machine's own sensors, as Linux shows them under /proc and /sys.
 */
#ifndef FIRMWARE_SENSORS_H
#define FIRMWARE_SENSORS_H

#include <stdbool.h>

#include "../common/platform.h"

#define SENSOR_KINDS "load uptime memory temperature network"

/* Takes note of a kind that this machine does not have. */
typedef void (*left_out_fn)(const char *kind);

/* Whether kind is one of SENSOR_KINDS. */
bool sensors_is_kind(const char *kind);

/* Hands each sensor of the wanted kinds (a list that ends in NULL; an empty one
 * is all) to take. One that is not there, or shows no number, is left out; kinds
 * of which there is none go to left_out. Ends early if take returns false. */
void sensors_read(char *const *wanted, take_reading take, void *taker, left_out_fn left_out);

#endif
