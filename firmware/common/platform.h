/* SPDX-License-Identifier: Apache-2.0 OR MIT
 *
 * What the device program needs of the machine it runs on. A port fills in a
 * struct platform; firmware/posix is one. Everything else in firmware/common
 * is plain C99 over corekey.h: no heap, no stdio, no operating system.
 */
#ifndef FIRMWARE_PLATFORM_H
#define FIRMWARE_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <corekey.h>

#include "payload.h"

/* Takes one reading; false stops. */
typedef bool (*take_reading)(void *taker, const struct reading *reading);

/* What platform.receive returns if there are no bytes. */
#define RECEIVE_REPORT_DUE 0
#define RECEIVE_OFF (-1)

/* What the device program has to say. number and status are as told here, else
 * 0. Nothing of it is secret. */
enum event {
    EVENT_KEY,         /* It has a key; number is the key check value, of 32 bits. */
    EVENT_BOOT,        /* It counted a boot; number is the boot number. */
    EVENT_REPORT,      /* It sent its readings; number is how many. */
    EVENT_NOT_SENT,    /* The radio did not take a message; it is lost. */
    EVENT_TOO_LONG,    /* What came by radio is longer than any message; number is its length. */
    EVENT_REFUSED,     /* A downlink or an offer was refused; status says why. */
    EVENT_UNKNOWN,     /* A downlink is authentic but of a kind that this program does not know. */
    EVENT_OLD_OFFER,   /* An offer was a repetition; nothing changed. */
    EVENT_ROTATED,     /* It took an offer: the new key is durable, the old one erased. */
    EVENT_STOPPED      /* It can seal nothing more; status says why. */
};

struct platform {
    void *user; /* Handed to each function. */

    /* Flash for the boot journal, as corekey.h specifies it. Its functions get
     * a user of their own. */
    corekey_storage storage;

    /* A source of entropy as corekey_drbg_init wants it, or NULL. A machine that
     * can be cloned or put back to a snapshot, such as any host, must have one:
     * from it each session gets a salt. On a device whose journal is in its own
     * flash the boot number is enough, and nothing is drawn. */
    corekey_entropy_fn entropy;

    /* Hands each sensor that is there to take, which gets taker; ends early if
     * take returns false. */
    void (*read_sensors)(void *user, take_reading take, void *taker);

    /* Sends all of the bytes, and returns whether it could. Each call is one
     * whole frame (link.h). */
    bool (*send)(void *user, const uint8_t *bytes, size_t len);

    /* Waits for bytes and returns how many of at most cap it stored; or
     * RECEIVE_REPORT_DUE when it is time to read the sensors again, or
     * RECEIVE_OFF when the device is to stop. */
    int32_t (*receive)(void *user, uint8_t *bytes, size_t cap);

    /* Takes note of an event. */
    void (*log)(void *user, enum event event, uint64_t number, corekey_status status);
};

#endif
