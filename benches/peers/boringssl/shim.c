/* BoringSSL: EVP_AEAD, its own API for this, on a context that has its key; HMAC
 * on a context that resets to its key in place. */
#include <openssl/aead.h>
#include <openssl/hmac.h>
#include <stdlib.h>

#include "peer.h"

typedef struct {
  EVP_AEAD_CTX ctx;
} aead;

/* It counts no releases; this is the level of its API. */
#define TEXT2(x) #x
#define TEXT(x) TEXT2(x)
const char *shim_release(void) {
  return "of API version " TEXT(BORINGSSL_API_VERSION) ", in boring-sys";
}

static int init(aead *made, const uint8_t *key, size_t key_len) {
  const EVP_AEAD *kind = key_len == 16 ? EVP_aead_aes_128_gcm() : EVP_aead_aes_256_gcm();
  return EVP_AEAD_CTX_init(&made->ctx, kind, key, key_len, 16, NULL);
}

void *shim_aead_new(const uint8_t *key, size_t key_len) {
  aead *made = calloc(1, sizeof *made);
  if (made != NULL && !init(made, key, key_len)) {
    free(made);
    return NULL;
  }
  return made;
}

void shim_aead_rekey(void *context, const uint8_t *key, size_t key_len) {
  aead *ctx = context;
  EVP_AEAD_CTX_cleanup(&ctx->ctx);
  init(ctx, key, key_len);
}

void shim_aead_free(void *context) {
  EVP_AEAD_CTX_cleanup(&((aead *)context)->ctx);
  free(context);
}

void shim_aead_seal(void *context, const uint8_t *nonce, const uint8_t *aad, size_t aad_len,
                    uint8_t *text, size_t len, uint8_t *tag) {
  size_t tag_len;
  EVP_AEAD_CTX_seal_scatter(context, text, tag, &tag_len, 16, nonce, 12, text, len, NULL, 0, aad,
                            aad_len);
}

int shim_aead_open(void *context, const uint8_t *nonce, const uint8_t *aad, size_t aad_len,
                   uint8_t *text, size_t len, const uint8_t *tag) {
  return EVP_AEAD_CTX_open_gather(context, text, nonce, 12, text, len, tag, 16, aad, aad_len);
}

void *shim_hmac_new(const uint8_t *key) {
  HMAC_CTX *ctx = HMAC_CTX_new();
  if (ctx != NULL) HMAC_Init_ex(ctx, key, 32, EVP_sha256(), NULL);
  return ctx;
}

void shim_hmac_rekey(void *ctx, const uint8_t *key) {
  HMAC_Init_ex(ctx, key, 32, EVP_sha256(), NULL);
}

void shim_hmac_free(void *ctx) { HMAC_CTX_free(ctx); }

void shim_hmac(void *ctx, const uint8_t *data, size_t len, uint8_t *tag) {
  unsigned int tag_len;
  HMAC_Init_ex(ctx, NULL, 0, NULL, NULL);
  HMAC_Update(ctx, data, len);
  HMAC_Final(ctx, tag, &tag_len);
}
