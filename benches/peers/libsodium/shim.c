/* libsodium: AES-256-GCM with the key's part done beforehand (only where the CPU
 * has AES-NI), HMAC by copies of a state that has its key. */
#include <sodium.h>
#include <stdlib.h>

#include "peer.h"

const char *shim_release(void) { return sodium_version_string(); }

void *shim_aead_new(const uint8_t *key, size_t key_len) {
  crypto_aead_aes256gcm_state *ctx;
  if (key_len != 32 || sodium_init() < 0 || !crypto_aead_aes256gcm_is_available()) return NULL;
  ctx = aligned_alloc(64, (sizeof *ctx + 63) / 64 * 64);
  if (ctx != NULL) crypto_aead_aes256gcm_beforenm(ctx, key);
  return ctx;
}

void shim_aead_rekey(void *ctx, const uint8_t *key, size_t key_len) {
  (void)key_len;
  crypto_aead_aes256gcm_beforenm(ctx, key);
}

void shim_aead_free(void *ctx) { free(ctx); }

void shim_aead_seal(void *ctx, const uint8_t *nonce, const uint8_t *aad, size_t aad_len,
                    uint8_t *text, size_t len, uint8_t *tag) {
  crypto_aead_aes256gcm_encrypt_detached_afternm(text, tag, NULL, text, len, aad, aad_len, NULL,
                                                 nonce, ctx);
}

int shim_aead_open(void *ctx, const uint8_t *nonce, const uint8_t *aad, size_t aad_len,
                   uint8_t *text, size_t len, const uint8_t *tag) {
  return crypto_aead_aes256gcm_decrypt_detached_afternm(text, NULL, text, len, tag, aad, aad_len,
                                                        nonce, ctx) == 0;
}

void *shim_hmac_new(const uint8_t *key) {
  crypto_auth_hmacsha256_state *ctx;
  if (sodium_init() < 0) return NULL;
  ctx = malloc(sizeof *ctx);
  if (ctx != NULL) crypto_auth_hmacsha256_init(ctx, key, 32);
  return ctx;
}

void shim_hmac_rekey(void *ctx, const uint8_t *key) { crypto_auth_hmacsha256_init(ctx, key, 32); }

void shim_hmac_free(void *ctx) { free(ctx); }

void shim_hmac(void *ctx, const uint8_t *data, size_t len, uint8_t *tag) {
  crypto_auth_hmacsha256_state copy = *(const crypto_auth_hmacsha256_state *)ctx;
  crypto_auth_hmacsha256_update(&copy, data, len);
  crypto_auth_hmacsha256_final(&copy, tag);
}
