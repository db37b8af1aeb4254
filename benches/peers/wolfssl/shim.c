/* wolfSSL: an Aes with its key set. An Hmac is ready for the next message once
 * it has given the tag of the last: it keeps its key as two hash states. */
#include <wolfssl/wolfcrypt/settings.h>
#include <wolfssl/wolfcrypt/aes.h>
#include <wolfssl/wolfcrypt/hmac.h>
#include <wolfssl/version.h>
#include <stdlib.h>

#include "peer.h"

const char *shim_release(void) { return LIBWOLFSSL_VERSION_STRING; }

void *shim_aead_new(const uint8_t *key, size_t key_len) {
  Aes *ctx = aligned_alloc(64, (sizeof *ctx + 63) / 64 * 64);
  if (ctx == NULL) return NULL;
  wc_AesInit(ctx, NULL, INVALID_DEVID);
  shim_aead_rekey(ctx, key, key_len);
  return ctx;
}

void shim_aead_rekey(void *ctx, const uint8_t *key, size_t key_len) {
  wc_AesGcmSetKey(ctx, key, (word32)key_len);
}

void shim_aead_free(void *ctx) {
  wc_AesFree(ctx);
  free(ctx);
}

void shim_aead_seal(void *ctx, const uint8_t *nonce, const uint8_t *aad, size_t aad_len,
                    uint8_t *text, size_t len, uint8_t *tag) {
  wc_AesGcmEncrypt(ctx, text, text, (word32)len, nonce, 12, tag, 16, aad, (word32)aad_len);
}

int shim_aead_open(void *ctx, const uint8_t *nonce, const uint8_t *aad, size_t aad_len,
                   uint8_t *text, size_t len, const uint8_t *tag) {
  return wc_AesGcmDecrypt(ctx, text, text, (word32)len, nonce, 12, tag, 16, aad,
                          (word32)aad_len) == 0;
}

void *shim_hmac_new(const uint8_t *key) {
  Hmac *ctx = malloc(sizeof *ctx);
  if (ctx == NULL) return NULL;
  wc_HmacInit(ctx, NULL, INVALID_DEVID);
  shim_hmac_rekey(ctx, key);
  return ctx;
}

void shim_hmac_rekey(void *ctx, const uint8_t *key) { wc_HmacSetKey(ctx, WC_SHA256, key, 32); }

void shim_hmac_free(void *ctx) {
  wc_HmacFree(ctx);
  free(ctx);
}

void shim_hmac(void *ctx, const uint8_t *data, size_t len, uint8_t *tag) {
  wc_HmacUpdate(ctx, data, (word32)len);
  wc_HmacFinal(ctx, tag);
}
