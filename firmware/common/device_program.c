/* SPDX-License-Identifier: Apache-2.0 OR MIT
 *
 * The device program. Relies on corekey.h for all that is cryptographic and on
 * platform.h for the machine; docs/rotation.md says what a device must do on an
 * offer, and why a boot is counted before anything is sealed.
 */
#include "device_program.h"

#define PAYLOAD_DOWN_LEN (1 + COREKEY_OFFER_LEN)

/* A message is sealed where it stands in its frame, so no plain reading is left
 * behind in memory. The longest one fits. */
typedef char longest_message_fits
    [READING_LEN_MAX + COREKEY_MESSAGE_OVERHEAD_MAX <= LINK_MESSAGE_MAX &&
             PAYLOAD_DOWN_LEN + COREKEY_MESSAGE_OVERHEAD_MAX <= LINK_MESSAGE_MAX
         ? 1
         : -1];

static void tell(const struct device *device, enum event event, uint64_t number,
                 corekey_status status)
{
    device->platform->log(device->platform->user, event, number, status);
}

/* From here on nothing is sealed and nothing is opened. */
static void end_session(struct device *device)
{
    corekey_sealer_clear(&device->sealer);
    corekey_opener_clear(&device->opener);
}

/* The key that the journal holds. Finishes a rotation that a power cut
 * interrupted. */
static corekey_status load_key(struct device *device)
{
    uint8_t value[COREKEY_CHECK_VALUE_LEN];
    uint64_t number = 0;
    corekey_status status = corekey_journal_load(&device->key, &device->platform->storage,
                                                 device->id, device->id_len);
    if (status == COREKEY_OK) {
        status = corekey_device_key_check_value(&device->key, value, sizeof value);
    }
    if (status != COREKEY_OK) {
        return status;
    }
    for (size_t i = 0; i < sizeof value; i++) {
        number = number << 8 | value[i];
    }
    tell(device, EVENT_KEY, number, COREKEY_OK);
    return COREKEY_OK;
}

/* A salt for this boot, where the platform has entropy. */
static corekey_status draw_salt(const struct device *device, uint64_t boot,
                                uint8_t salt[COREKEY_SALT_LEN])
{
    uint8_t personalization[COREKEY_KEY_LEN];
    corekey_drbg drbg;
    corekey_status status = corekey_device_key_personalization(
        &device->key, boot, personalization, sizeof personalization);
    if (status == COREKEY_OK) {
        status = corekey_drbg_init(&drbg, device->platform->entropy, device->platform->user,
                                   personalization, sizeof personalization);
    }
    corekey_wipe(personalization, sizeof personalization);
    if (status != COREKEY_OK) {
        return status;
    }
    status = corekey_drbg_generate(&drbg, NULL, 0, salt, COREKEY_SALT_LEN);
    corekey_drbg_clear(&drbg);
    return status;
}

/* Counts a boot and begins its session. The number is durable before the first
 * key is derived from it; on any error nothing can be sealed. */
static corekey_status next_session(struct device *device)
{
    uint64_t boot = 0;
    uint8_t salt[COREKEY_SALT_LEN];
    size_t salt_len = 0;

    corekey_status status = corekey_journal_next_boot(&device->platform->storage, &boot);
    if (status == COREKEY_OK && device->platform->entropy != NULL) {
        salt_len = sizeof salt;
        status = draw_salt(device, boot, salt);
    }
    if (status == COREKEY_OK) {
        status = corekey_sealer_init(&device->sealer, &device->key, COREKEY_UP, boot,
                                     salt_len > 0 ? salt : NULL, salt_len);
    }
    if (status == COREKEY_OK) {
        status = corekey_opener_init_down(&device->opener, &device->key, boot);
    }
    if (status != COREKEY_OK) {
        end_session(device);
        return status;
    }
    device->report_due = true;
    tell(device, EVENT_BOOT, boot, COREKEY_OK);
    return COREKEY_OK;
}

corekey_status device_start(struct device *device, const struct platform *platform,
                            const uint8_t *id, size_t id_len)
{
    corekey_wipe(device, sizeof *device);
    device->platform = platform;
    device->id = id;
    device->id_len = id_len;

    corekey_status status = COREKEY_E_CONTEXT_SIZE;
    if (corekey_abi_version() == COREKEY_ABI_VERSION) {
        status = corekey_selftest();
    }
    if (status == COREKEY_OK) {
        status = load_key(device);
    }
    if (status == COREKEY_OK) {
        status = next_session(device);
    }
    if (status != COREKEY_OK) {
        tell(device, EVENT_STOPPED, 0, status);
    }
    return status;
}

/* A report while it is made. */
struct report {
    struct device *device;
    uint64_t sent;
    corekey_status status;
};

/* Seals one reading and sends it. */
static bool report_reading(void *taker, const struct reading *reading)
{
    struct report *report = taker;
    struct device *device = report->device;
    uint8_t frame[LINK_FRAME_MAX];
    uint8_t *message = frame + LINK_HEADER_LEN;
    size_t len = reading_write(reading, message);
    uint32_t form = report->sent == 0 ? COREKEY_LONG : COREKEY_COMPACT;

    report->status = corekey_seal(&device->sealer, form, NULL, 0, message, len, message,
                                  LINK_MESSAGE_MAX, &len);
    if (report->status == COREKEY_E_SESSION_FULL) {
        report->status = next_session(device);
        if (report->status == COREKEY_OK) {
            report->status = corekey_seal(&device->sealer, form, NULL, 0, message, len, message,
                                          LINK_MESSAGE_MAX, &len);
        }
    }
    if (report->status != COREKEY_OK) {
        corekey_wipe(frame, sizeof frame);
        return false;
    }
    report->sent++;
    if (!link_send(device->platform, frame, len)) {
        tell(device, EVENT_NOT_SENT, 0, COREKEY_OK);
    }
    return true;
}

corekey_status device_report(struct device *device)
{
    struct report report = {device, 0, COREKEY_OK};
    device->report_due = false;
    device->platform->read_sensors(device->platform->user, report_reading, &report);
    if (report.status != COREKEY_OK) {
        tell(device, EVENT_STOPPED, 0, report.status);
        return report.status;
    }
    tell(device, EVENT_REPORT, report.sent, COREKEY_OK);
    return COREKEY_OK;
}

/* Takes the offer of the next key: makes that durable, erases the old one in
 * every copy and starts the next boot under it. */
static corekey_status take_offer(struct device *device, const uint8_t *offer, size_t len)
{
    uint32_t rotated = 0;
    corekey_status status =
        corekey_journal_apply(&device->platform->storage, &device->key, offer, len, &rotated);
    if (status == COREKEY_E_BAD_OFFER) {
        tell(device, EVENT_REFUSED, 0, status);
        return COREKEY_OK;
    }
    if (status == COREKEY_OK && rotated == 0) {
        tell(device, EVENT_OLD_OFFER, 0, COREKEY_OK);
        return COREKEY_OK;
    }
    if (status == COREKEY_OK) {
        tell(device, EVENT_ROTATED, 0, COREKEY_OK);
    } else {
        tell(device, EVENT_REFUSED, 0, status);
    }
    /* If the storage failed it may hold the old key or the new one: it knows. */
    end_session(device);
    status = load_key(device);
    return status == COREKEY_OK ? next_session(device) : status;
}

/* Does what an authentic downlink says. */
static corekey_status obey(struct device *device, const uint8_t *payload, size_t len)
{
    if (len == 0 || payload[0] != DOWN_OFFER) {
        tell(device, EVENT_UNKNOWN, 0, COREKEY_OK);
        return COREKEY_OK;
    }
    return take_offer(device, payload + 1, len - 1);
}

corekey_status device_hear(struct device *device, uint8_t *message, size_t len)
{
    size_t payload_len = 0;
    corekey_status status = corekey_open(&device->opener, NULL, 0, message, len, message, len,
                                         &payload_len, NULL);
    if (status == COREKEY_OK) {
        status = obey(device, message, payload_len);
    } else if (status == COREKEY_E_SESSION_FULL) {
        /* A fifth server or restart of one: only a new boot makes room. */
        tell(device, EVENT_REFUSED, 0, status);
        status = next_session(device);
    } else {
        tell(device, EVENT_REFUSED, 0, status);
        status = COREKEY_OK;
    }
    corekey_wipe(message, len);
    if (status != COREKEY_OK) {
        tell(device, EVENT_STOPPED, 0, status);
    }
    return status;
}

corekey_status device_run(struct device *device)
{
    for (;;) {
        size_t len = 0;
        corekey_status status = COREKEY_OK;
        enum link_result result = LINK_REPORT_DUE;
        if (!device->report_due) {
            result = link_receive(&device->link, device->platform, &len);
        }
        switch (result) {
        case LINK_MESSAGE:
            status = device_hear(device, device->link.message, len);
            break;
        case LINK_REPORT_DUE:
            status = device_report(device);
            break;
        case LINK_OFF:
            return COREKEY_OK;
        }
        if (status != COREKEY_OK) {
            return status;
        }
    }
}

void device_stop(struct device *device)
{
    corekey_wipe(device, sizeof *device);
}
