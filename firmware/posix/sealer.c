/* SPDX-License-Identifier: Apache-2.0 OR MIT
 *
 * Derives a device's key and seals its readings. The layout of a frame, and
 * why no nonce is used twice, is in frame.h.
 */
#include "sealer.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define DEVICE_KEY_LEN 32
#define LABEL "ckdemo1" /* with its NUL: it ends the label */
#define INFO_MAX (sizeof LABEL + RUN_LEN + DEVICE_ID_MAX)
#define HEADER_MAX (1 + RUN_LEN + 8 + 1 + DEVICE_ID_MAX)
#define READING_MAX (8 + 1 + 1 + SENSOR_NAME_MAX + SENSOR_UNIT_MAX)

static_assert(HEADER_MAX + READING_MAX + COREKEY_TAG_LEN <= FRAME_BODY_MAX,
              "the longest frame fits");

bool succeeded(corekey_status status, const char *what)
{
    if (status == COREKEY_OK) {
        return true;
    }
    fprintf(stderr, "device: %s: %s\n", what, corekey_status_str(status));
    return false;
}

/* Appends to a buffer that the caller knows to be long enough. */
static uint8_t *put(uint8_t *to, const void *bytes, size_t len)
{
    memcpy(to, bytes, len);
    return to + len;
}

/* Appends a number of len bytes, most significant first. */
static uint8_t *put_number(uint8_t *to, uint64_t number, size_t len)
{
    for (size_t i = len; i > 0; i--) {
        to[i - 1] = (uint8_t)(number & 0xFF);
        number >>= 8;
    }
    return to + len;
}

/* What tells this key from every other of the root. The receiver has the same
 * function, key_info. */
static size_t key_info(const uint8_t *run, const char *id, uint8_t info[INFO_MAX])
{
    uint8_t *end = put(info, LABEL, sizeof LABEL);
    end = put(end, run, RUN_LEN);
    end = put(end, id, strlen(id));
    return (size_t)(end - info);
}

bool sealer_init(struct sealer *sealer, const corekey_prk *root, const uint8_t *run,
                 const char *id)
{
    uint8_t info[INFO_MAX];
    uint8_t secret[DEVICE_KEY_LEN];
    size_t info_len = key_info(run, id, info);

    sealer->id = id;
    sealer->run = run;
    sealer->counter = 0;
    bool made = succeeded(corekey_hkdf_expand(root, info, info_len, secret, sizeof secret),
                          "cannot derive a device key") &&
                succeeded(corekey_aead_key_init(&sealer->key, COREKEY_AES_256_GCM, secret,
                                                sizeof secret),
                          "cannot make a device key");
    return succeeded(corekey_wipe(secret, sizeof secret), "cannot wipe a device key") && made;
}

static size_t put_reading(uint8_t *start, const struct reading *reading)
{
    size_t name_len = strlen(reading->name);
    uint8_t *end = put_number(start, (uint64_t)reading->value, 8);
    end = put_number(end, reading->decimals, 1);
    end = put_number(end, name_len, 1);
    end = put(end, reading->name, name_len);
    end = put(end, reading->unit, strlen(reading->unit));
    return (size_t)(end - start);
}

bool sealer_seal(struct sealer *sealer, const struct reading *reading, uint8_t *frame,
                 size_t *frame_len)
{
    /* The last number is never used, so that the counter cannot wrap. */
    if (sealer->counter == UINT64_MAX) {
        fprintf(stderr, "device: %s has used all its counters: start a new run\n", sealer->id);
        return false;
    }
    uint64_t counter = sealer->counter++;

    uint8_t nonce[COREKEY_NONCE_LEN] = {0};
    put_number(nonce + COREKEY_NONCE_LEN - 8, counter, 8);

    size_t id_len = strlen(sealer->id);
    uint8_t *header = frame + FRAME_LENGTH_LEN;
    uint8_t *end = put_number(header, FRAME_VERSION, 1);
    end = put(end, sealer->run, RUN_LEN);
    end = put_number(end, counter, 8);
    end = put_number(end, id_len, 1);
    end = put(end, sealer->id, id_len);
    size_t header_len = (size_t)(end - header);

    /* Sealed where it stands: the plain reading is gone afterwards. */
    size_t reading_len = put_reading(end, reading);
    size_t sealed_len = 0;
    if (!succeeded(corekey_aead_seal(&sealer->key, nonce, sizeof nonce, header, header_len, end,
                                     reading_len, end, FRAME_BODY_MAX - header_len, &sealed_len),
                   "cannot seal a reading")) {
        return false;
    }
    put_number(frame, header_len + sealed_len, FRAME_LENGTH_LEN);
    *frame_len = FRAME_LENGTH_LEN + header_len + sealed_len;
    return true;
}

bool sealer_clear(struct sealer *sealer)
{
    return succeeded(corekey_aead_key_clear(&sealer->key), "cannot wipe a device key");
}
