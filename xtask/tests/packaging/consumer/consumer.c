/* A program as a user writes it, from the header alone: derives a key, wraps
 * and unwraps it, seals and opens a message, prints the key in base64. */

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

int main(void)
{
    uint8_t key[32];
    char text[64];
    size_t len;

    CHECK(corekey_selftest());
    if (derive(key) != 0 || wrap(key) != 0 || seal(key) != 0)
        return 1;
    CHECK(corekey_encode(COREKEY_BASE64, key, sizeof key, text, sizeof text,
                         &len));
    puts(text);
    return 0;
}
