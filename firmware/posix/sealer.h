/* SPDX-License-Identifier: Apache-2.0 OR MIT
 *
 * One device's side of the frames in frame.h: its key and its counter. Relies
 * on corekey.h.
 */
#ifndef DEMO_SEALER_H
#define DEMO_SEALER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <corekey.h>

#include "frame.h"
#include "sensors.h"

/* A device in one run of the program. Not to be copied: a copy would use the
 * same nonces again. */
struct sealer {
    const char *id; /* the caller's; stays where it is */
    const uint8_t *run; /* RUN_LEN bytes, the same */
    uint64_t counter; /* of the next frame */
    corekey_aead_key key;
};

/* Says what went wrong on standard error; true if nothing did. */
bool succeeded(corekey_status status, const char *what);

/* Derives the device's key of this run from the root. */
bool sealer_init(struct sealer *sealer, const corekey_prk *root, const uint8_t *run,
                 const char *id);

/* Seals a reading and writes its whole frame, at most FRAME_LENGTH_LEN +
 * FRAME_BODY_MAX bytes, their number to *frame_len. */
bool sealer_seal(struct sealer *sealer, const struct reading *reading, uint8_t *frame,
                 size_t *frame_len);

/* Wipes the key. */
bool sealer_clear(struct sealer *sealer);

#endif
