/* OpenSSL 3: a context for each direction, cipher and key ready; a message sets
 * the nonce only. HMAC through HMAC_CTX, which resets to its key in place:
 * EVP_MAC does the same with more steps around it. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/crypto.h>
#include <stdlib.h>

#include "peer.h"

typedef struct {
  EVP_CIPHER *cipher;
  EVP_CIPHER_CTX *seal;
  EVP_CIPHER_CTX *open;
  const uint8_t *next_key;
} aead;

const char *shim_release(void) { return OpenSSL_version(OPENSSL_VERSION_STRING); }

void *shim_aead_new(const uint8_t *key, size_t key_len) {
  aead *ctx = calloc(1, sizeof *ctx);
  if (ctx == NULL) return NULL;
  ctx->cipher = EVP_CIPHER_fetch(NULL, key_len == 16 ? "AES-128-GCM" : "AES-256-GCM", NULL);
  ctx->seal = EVP_CIPHER_CTX_new();
  ctx->open = EVP_CIPHER_CTX_new();
  if (ctx->cipher == NULL || ctx->seal == NULL || ctx->open == NULL ||
      EVP_EncryptInit_ex2(ctx->seal, ctx->cipher, key, NULL, NULL) != 1 ||
      EVP_DecryptInit_ex2(ctx->open, ctx->cipher, key, NULL, NULL) != 1) {
    shim_aead_free(ctx);
    return NULL;
  }
  return ctx;
}

/* The key is set with the nonce of the message that follows, in its direction. */
void shim_aead_rekey(void *context, const uint8_t *key, size_t key_len) {
  aead *ctx = context;
  (void)key_len;
  ctx->next_key = key;
}

static const uint8_t *take_next_key(aead *ctx) {
  const uint8_t *key = ctx->next_key;
  ctx->next_key = NULL;
  return key;
}

void shim_aead_free(void *context) {
  aead *ctx = context;
  EVP_CIPHER_CTX_free(ctx->seal);
  EVP_CIPHER_CTX_free(ctx->open);
  EVP_CIPHER_free(ctx->cipher);
  free(ctx);
}

void shim_aead_seal(void *context, const uint8_t *nonce, const uint8_t *aad, size_t aad_len,
                    uint8_t *text, size_t len, uint8_t *tag) {
  EVP_CIPHER_CTX *ctx = ((aead *)context)->seal;
  int n;
  EVP_EncryptInit_ex2(ctx, NULL, take_next_key(context), nonce, NULL);
  EVP_EncryptUpdate(ctx, NULL, &n, aad, (int)aad_len);
  EVP_EncryptUpdate(ctx, text, &n, text, (int)len);
  EVP_EncryptFinal_ex(ctx, NULL, &n);
  EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, tag);
}

int shim_aead_open(void *context, const uint8_t *nonce, const uint8_t *aad, size_t aad_len,
                   uint8_t *text, size_t len, const uint8_t *tag) {
  EVP_CIPHER_CTX *ctx = ((aead *)context)->open;
  int n;
  EVP_DecryptInit_ex2(ctx, NULL, take_next_key(context), nonce, NULL);
  EVP_DecryptUpdate(ctx, NULL, &n, aad, (int)aad_len);
  EVP_DecryptUpdate(ctx, text, &n, text, (int)len);
  EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, 16, (void *)tag);
  return EVP_DecryptFinal_ex(ctx, NULL, &n) == 1;
}

void *shim_hmac_new(const uint8_t *key) {
  HMAC_CTX *ctx = HMAC_CTX_new();
  if (ctx != NULL) HMAC_Init_ex(ctx, key, 32, EVP_sha256(), NULL);
  return ctx;
}

void shim_hmac_rekey(void *ctx, const uint8_t *key) {
  HMAC_Init_ex(ctx, key, 32, NULL, NULL);
}

void shim_hmac_free(void *ctx) { HMAC_CTX_free(ctx); }

void shim_hmac(void *ctx, const uint8_t *data, size_t len, uint8_t *tag) {
  unsigned int tag_len;
  HMAC_Init_ex(ctx, NULL, 0, NULL, NULL);
  HMAC_Update(ctx, data, len);
  HMAC_Final(ctx, tag, &tag_len);
}
