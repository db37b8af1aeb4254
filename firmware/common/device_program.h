/* SPDX-License-Identifier: Apache-2.0 OR MIT
 *
 * The device program: reads sensors, seals the readings, opens what comes back
 * and follows its key's rotation, on any machine that platform.h describes.
 *
 *   device_start    self-test, key and boot number out of the journal
 *   device_run      report, listen, report, ... until the platform says stop
 *   device_stop     wipe the keys
 *
 * A device that cannot count its boot, or has lost its journal, seals nothing:
 * the same boot number twice would be the same nonces twice.
 */
#ifndef FIRMWARE_DEVICE_PROGRAM_H
#define FIRMWARE_DEVICE_PROGRAM_H

#include "link.h"
#include "platform.h"

/* One device. Neither copied nor moved while it runs: sealer and opener would
 * notice. It holds keys, so it ends with device_stop. */
struct device {
    const struct platform *platform; /* The caller's, as is the id. */
    const uint8_t *id;
    size_t id_len;
    corekey_device_key key;
    corekey_sealer sealer; /* Cleared while nothing may be sealed. */
    corekey_opener opener;
    struct link link;
    bool report_due; /* A new boot is to be told, which is also how a rotation is acknowledged. */
};

/* Starts a device after power on: self-test, key, boot number, session.
 * Returns COREKEY_OK; or COREKEY_E_SELFTEST, COREKEY_E_STATE_LOST,
 * COREKEY_E_STORAGE, COREKEY_E_ENTROPY_FAILED, or COREKEY_E_CONTEXT_SIZE if
 * header and library differ. Then it seals nothing and is to be stopped. */
COREKEY_MUST_CHECK corekey_status device_start(struct device *device,
                                               const struct platform *platform,
                                               const uint8_t *id, size_t id_len);

/* Reads, seals and sends each sensor that is there; the first message of a
 * report is long, the others compact. What the radio does not take is lost, and
 * logged. Returns COREKEY_OK; or why nothing more can be sealed. */
COREKEY_MUST_CHECK corekey_status device_report(struct device *device);

/* Opens a downlink of len bytes, in place, and does what it says. A message that
 * is refused is logged and changes nothing. Returns COREKEY_OK; or why nothing
 * more can be sealed. */
COREKEY_MUST_CHECK corekey_status device_hear(struct device *device, uint8_t *message, size_t len);

/* Runs a device that was started until the platform stops it: COREKEY_OK; or
 * until it can seal nothing more: then start it anew, as if by power off and
 * on. */
COREKEY_MUST_CHECK corekey_status device_run(struct device *device);

/* Wipes all that the device holds. */
void device_stop(struct device *device);

#endif
