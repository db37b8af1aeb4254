/* SPDX-License-Identifier: Apache-2.0 OR MIT
 *
 * A program with a mistake, for the demo: it copies a sealer, as C makes it easy
 * to do. The copy would use the same nonces again, so the library must refuse
 * it. Prints what the library says; exits with 0 if the copy was refused and the
 * original still seals.
 */
#include <stdio.h>
#include <string.h>

#include <corekey.h>

int main(void)
{
    static const uint8_t id[] = {'p', 'u', 'm', 'p'}, text[] = {'h', 'i'};
    uint8_t secret[COREKEY_KEY_LEN], salt[COREKEY_SALT_LEN];
    uint8_t message[sizeof text + COREKEY_MESSAGE_OVERHEAD_MAX];
    size_t len = 0;
    corekey_device_key key;
    corekey_sealer sealer, copy;

    if (corekey_random(secret, sizeof secret) != COREKEY_OK ||
        corekey_random(salt, sizeof salt) != COREKEY_OK ||
        corekey_device_key_init(&key, 1, id, sizeof id, secret, sizeof secret) != COREKEY_OK ||
        corekey_sealer_init(&sealer, &key, COREKEY_UP, 1, salt, sizeof salt) != COREKEY_OK) {
        return 1;
    }
    memcpy(&copy, &sealer, sizeof copy);
    corekey_status copied = corekey_seal(&copy, COREKEY_LONG, NULL, 0, text, sizeof text, message,
                                         sizeof message, &len);
    corekey_status original = corekey_seal(&sealer, COREKEY_LONG, NULL, 0, text, sizeof text,
                                           message, sizeof message, &len);
    printf("%s\n", corekey_status_str(copied));

    corekey_sealer_clear(&copy);
    corekey_sealer_clear(&sealer);
    corekey_device_key_clear(&key);
    corekey_wipe(secret, sizeof secret);
    return copied == COREKEY_E_MOVED && original == COREKEY_OK ? 0 : 1;
}
