/* A program as a user writes it, from the header alone: derives a key, wraps
 * and unwraps it, seals and opens a reading with it and messages of a device,
 * prints the key in base64. */

#include <corekey.h>

#include <stdio.h>
#include <string.h>

#define CHECK(call)                                                         \
    do {                                                                    \
        corekey_status status = (call);                                     \
        if (status != COREKEY_OK) {                                         \
            fprintf(stderr, "%s: %s\n", #call, corekey_status_str(status)); \
            return 1;                                                       \
        }                                                                   \
    } while (0)

/* The inputs of RFC 5869, test case 1. */
static int derive(uint8_t key[32])
{
    uint8_t root[22];
    uint8_t salt[13];
    uint8_t info[10];
    size_t i;

    memset(root, 0x0b, sizeof root);
    for (i = 0; i < sizeof salt; i++)
        salt[i] = (uint8_t)i;
    for (i = 0; i < sizeof info; i++)
        info[i] = (uint8_t)(0xf0 + i);
    CHECK(corekey_hkdf(COREKEY_SHA256, salt, sizeof salt, root, sizeof root,
                       info, sizeof info, key, 32));
    return 0;
}

static int wrap(const uint8_t key[32])
{
    uint8_t wrapped[40];
    uint8_t unwrapped[32];
    size_t len;

    CHECK(corekey_key_wrap(COREKEY_AES_KW, key, 32, key, 32, wrapped,
                           sizeof wrapped, &len));
    CHECK(corekey_key_unwrap(COREKEY_AES_KW, key, 32, wrapped, len, unwrapped,
                             sizeof unwrapped, &len));
    CHECK(corekey_equal(key, 32, unwrapped, len));
    return 0;
}

static int seal(const uint8_t secret[32])
{
    static const uint8_t reading[] = "load 0.42";
    uint8_t nonce[COREKEY_NONCE_LEN];
    uint8_t sealed[sizeof reading + COREKEY_TAG_LEN];
    uint8_t opened[sizeof sealed];
    corekey_aead_key key;
    size_t len;

    CHECK(corekey_random(nonce, sizeof nonce));
    CHECK(corekey_aead_key_init(&key, COREKEY_AES_256_GCM, secret, 32));
    CHECK(corekey_aead_seal(&key, nonce, sizeof nonce, NULL, 0, reading,
                            sizeof reading, sealed, sizeof sealed, &len));
    CHECK(corekey_aead_open(&key, nonce, sizeof nonce, NULL, 0, sealed, len,
                            opened, sizeof opened, &len));
    if (len != sizeof reading || memcmp(opened, reading, len) != 0) {
        fputs("the opened reading is another one\n", stderr);
        return 1;
    }
    sealed[0] ^= 1;
    if (corekey_aead_open(&key, nonce, sizeof nonce, NULL, 0, sealed,
                          sizeof sealed, opened, sizeof opened,
                          &len) != COREKEY_E_UNVERIFIED) {
        fputs("a tampered reading was opened\n", stderr);
        return 1;
    }
    CHECK(corekey_aead_key_clear(&key));
    return 0;
}

/* The device seals, the cloud opens; a message that comes again is refused. */
static int send(const uint8_t secret[32])
{
    static const uint8_t id[] = "pump-7";
    static const uint8_t reading[] = "load 0.42";
    uint8_t message[sizeof reading + COREKEY_MESSAGE_OVERHEAD_MAX];
    uint8_t opened[sizeof reading];
    corekey_root root;
    corekey_device_key key;
    corekey_sealer sealer;
    corekey_opener opener;
    corekey_message info;
    size_t len = 0;
    size_t opened_len;
    uint32_t i;

    CHECK(corekey_root_init(&root, secret, 32));
    CHECK(corekey_root_device_key(&key, &root, 1, id, sizeof id - 1));
    CHECK(corekey_sealer_init(&sealer, &key, COREKEY_UP, 1, NULL, 0));
    CHECK(corekey_opener_init_up(&opener, &key, NULL, 0));
    for (i = 0; i < 3; i++) {
        CHECK(corekey_seal(&sealer, COREKEY_COMPACT, NULL, 0, reading,
                           sizeof reading, message, sizeof message, &len));
        CHECK(corekey_open(&opener, NULL, 0, message, len, opened,
                           sizeof opened, &opened_len, &info));
        if (opened_len != sizeof reading || info.counter != i ||
            info.id_len != sizeof id - 1 ||
            memcmp(info.id, id, sizeof id - 1) != 0 ||
            memcmp(opened, reading, opened_len) != 0) {
            fputs("the opened message is another one\n", stderr);
            return 1;
        }
    }
    if (corekey_open(&opener, NULL, 0, message, len, opened, sizeof opened,
                     &opened_len, NULL) != COREKEY_E_REPLAY) {
        fputs("a message was opened twice\n", stderr);
        return 1;
    }
    CHECK(corekey_root_clear(&root));
    CHECK(corekey_device_key_clear(&key));
    CHECK(corekey_sealer_clear(&sealer));
    CHECK(corekey_opener_clear(&opener));
    return 0;
}

int main(void)
{
    uint8_t key[32];
    char text[64];
    size_t len;

    CHECK(corekey_selftest());
    if (derive(key) != 0 || wrap(key) != 0 || seal(key) != 0 || send(key) != 0)
        return 1;
    CHECK(corekey_encode(COREKEY_BASE64, key, sizeof key, text, sizeof text,
                         &len));
    puts(text);
    return 0;
}
