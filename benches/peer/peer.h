/* What shim.c of a C peer defines; peer/src/c.rs makes a peer of it. */
#ifndef COREKEY_BENCH_PEER_H
#define COREKEY_BENCH_PEER_H

#include <stddef.h>
#include <stdint.h>

/* The library's version as it says it itself; never freed. */
const char *shim_release(void);

/* AES-GCM with keys of 16 or 32 bytes, nonces of 12, tags of 16, in place.
 * shim_aead_new gives NULL if library or CPU lacks it. _open: 1 if it verified. */
void *shim_aead_new(const uint8_t *key, size_t key_len);
void shim_aead_rekey(void *ctx, const uint8_t *key, size_t key_len);
void shim_aead_free(void *ctx);
void shim_aead_seal(void *ctx, const uint8_t *nonce, const uint8_t *aad, size_t aad_len,
                    uint8_t *text, size_t len, uint8_t *tag);
int shim_aead_open(void *ctx, const uint8_t *nonce, const uint8_t *aad, size_t aad_len,
                   uint8_t *text, size_t len, const uint8_t *tag);

/* HMAC-SHA-256 with keys of 32 bytes. */
void *shim_hmac_new(const uint8_t *key);
void shim_hmac_rekey(void *ctx, const uint8_t *key);
void shim_hmac_free(void *ctx);
void shim_hmac(void *ctx, const uint8_t *data, size_t len, uint8_t *tag);

#endif
