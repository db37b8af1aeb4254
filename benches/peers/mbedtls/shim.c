/* mbedTLS: its GCM module with the key set. Its HMAC hashes the padded key again
 * for each message; two states of SHA-256 that have hashed it, which its API
 * lets one clone, are the same function for less. */
#include <mbedtls/gcm.h>
#include <mbedtls/sha256.h>
#include <mbedtls/version.h>
#include <stdlib.h>
#include <string.h>

#include "peer.h"

const char *shim_release(void) { return MBEDTLS_VERSION_STRING; }

void *shim_aead_new(const uint8_t *key, size_t key_len) {
  mbedtls_gcm_context *ctx = malloc(sizeof *ctx);
  if (ctx == NULL) return NULL;
  mbedtls_gcm_init(ctx);
  shim_aead_rekey(ctx, key, key_len);
  return ctx;
}

void shim_aead_rekey(void *ctx, const uint8_t *key, size_t key_len) {
  mbedtls_gcm_setkey(ctx, MBEDTLS_CIPHER_ID_AES, key, (unsigned)key_len * 8);
}

void shim_aead_free(void *ctx) {
  mbedtls_gcm_free(ctx);
  free(ctx);
}

void shim_aead_seal(void *ctx, const uint8_t *nonce, const uint8_t *aad, size_t aad_len,
                    uint8_t *text, size_t len, uint8_t *tag) {
  mbedtls_gcm_crypt_and_tag(ctx, MBEDTLS_GCM_ENCRYPT, len, nonce, 12, aad, aad_len, text, text, 16,
                            tag);
}

int shim_aead_open(void *ctx, const uint8_t *nonce, const uint8_t *aad, size_t aad_len,
                   uint8_t *text, size_t len, const uint8_t *tag) {
  return mbedtls_gcm_auth_decrypt(ctx, len, nonce, 12, aad, aad_len, tag, 16, text, text) == 0;
}

typedef struct {
  mbedtls_sha256_context inner, outer;
} hmac;

void *shim_hmac_new(const uint8_t *key) {
  hmac *ctx = malloc(sizeof *ctx);
  if (ctx == NULL) return NULL;
  mbedtls_sha256_init(&ctx->inner);
  mbedtls_sha256_init(&ctx->outer);
  shim_hmac_rekey(ctx, key);
  return ctx;
}

void shim_hmac_rekey(void *context, const uint8_t *key) {
  hmac *ctx = context;
  uint8_t inner[64], outer[64];
  memset(inner, 0x36, sizeof inner);
  memset(outer, 0x5c, sizeof outer);
  for (size_t i = 0; i < 32; i++) {
    inner[i] ^= key[i];
    outer[i] ^= key[i];
  }
  mbedtls_sha256_starts(&ctx->inner, 0);
  mbedtls_sha256_update(&ctx->inner, inner, sizeof inner);
  mbedtls_sha256_starts(&ctx->outer, 0);
  mbedtls_sha256_update(&ctx->outer, outer, sizeof outer);
}

void shim_hmac_free(void *context) {
  hmac *ctx = context;
  mbedtls_sha256_free(&ctx->inner);
  mbedtls_sha256_free(&ctx->outer);
  free(ctx);
}

void shim_hmac(void *context, const uint8_t *data, size_t len, uint8_t *tag) {
  const hmac *ctx = context;
  mbedtls_sha256_context copy;
  mbedtls_sha256_init(&copy);
  mbedtls_sha256_clone(&copy, &ctx->inner);
  mbedtls_sha256_update(&copy, data, len);
  mbedtls_sha256_finish(&copy, tag);
  mbedtls_sha256_clone(&copy, &ctx->outer);
  mbedtls_sha256_update(&copy, tag, 32);
  mbedtls_sha256_finish(&copy, tag);
  mbedtls_sha256_free(&copy);
}
