/* SPDX-License-Identifier: Apache-2.0 OR MIT
 *
 * corekey.h - the constant-time crypto core that IoT fleets stand on.
 *
 * Generated from ffi/src by `cargo xtask header`; do not edit. It compiles as
 * C99, C11, C17, C++11 and C++20.
 *
 * CONVENTIONS, which hold for every function; a comment gives what differs.
 *
 *   Status     0 is success, errors are negative. Check every status.
 *   Sizes      All lengths are in bytes and above PTRDIFF_MAX refused.
 *   Buffers    A buffer is a pointer and a length. (NULL, 0) is an empty one;
 *              NULL with a length is COREKEY_E_NULL. A buffer must be valid for
 *              its length; inputs may not change during the call.
 *   Outputs    Every check but that of a tag comes before the first write, and
 *              its error writes nothing, except that COREKEY_E_BUFFER_TOO_SMALL
 *              stores the length needed. Ask for it with (NULL, 0).
 *   Overlap    An output, with all of its capacity, may overlap no other argument
 *              unless the comment says so: COREKEY_E_OVERLAP. Inputs may overlap
 *              each other.
 *   Contexts   are complete types in memory of yours: static, on the stack or
 *              in a struct, aligned to 8 bytes. Before its init a context holds
 *              zeros or anything; zeroed storage is "not initialised" and gives
 *              COREKEY_E_STATE. Init it again at any time; an init that fails
 *              leaves it as it was. A context that may be copied may also be
 *              moved; none may outlive the process.
 *   Secrets    Clear a context with its _clear when you are done, which cannot
 *              fail: there is nothing else to free. Nothing is allocated, errno is not
 *              used, and there is no initialiser to call.
 *   Threads    Calls on a const context may run at the same time. A context
 *              that a call changes belongs to one thread at a time. All
 *              functions are re-entrant.
 *   Constant   The code is written so that the time taken depends on lengths,
 *   time       algorithms and statuses, not on keys, texts or where they differ.
 */
#ifndef COREKEY_H
#define COREKEY_H

#include <stddef.h>
#include <stdint.h>

#if defined(__cplusplus) && __cplusplus >= 201703L
#define COREKEY_MUST_CHECK [[nodiscard]]
#elif defined(__GNUC__) || defined(__clang__)
#define COREKEY_MUST_CHECK __attribute__((warn_unused_result))
#else
#define COREKEY_MUST_CHECK
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ==========================================================================
 * Status codes. Every call that can fail returns one; 0 is success, errors
 * are negative, and a code never changes its meaning.
 */

#define COREKEY_OK 0                       /* Success. */
#define COREKEY_E_NULL (-1)                /* A pointer is NULL where that is not allowed. */
#define COREKEY_E_ALIGNMENT (-2)           /* A context or a length pointer is not aligned for its type. */
#define COREKEY_E_LENGTH (-3)              /* A length is outside what the call takes, or exceeds PTRDIFF_MAX. */
#define COREKEY_E_ALGORITHM (-4)           /* The algorithm is unknown, of another kind, or not in this build. */
#define COREKEY_E_OVERLAP (-5)             /* An output overlaps another argument. */
#define COREKEY_E_BUFFER_TOO_SMALL (-6)    /* The output buffer is too small; the length needed was stored. */
#define COREKEY_E_ENCODING (-7)            /* A text is not valid in its encoding. */
#define COREKEY_E_RANGE (-8)               /* A version or boot number is outside its range. */
#define COREKEY_E_STATE (-20)              /* A context is not initialised, was cleared, or is of another type. */
#define COREKEY_E_MOVED (-21)              /* A context that may not be copied is not where it was initialised. */
#define COREKEY_E_CONTEXT_SIZE (-22)       /* Header and library differ: a context has another size. */
#define COREKEY_E_UNVERIFIED (-40)         /* A tag, wrapped key or comparison did not verify. Why is not told. */
#define COREKEY_E_ENTROPY_FAILED (-60)     /* The entropy source failed, or gave a constant or repeated block. */
#define COREKEY_E_MALFORMED (-80)          /* The bytes are no sealed message. */
#define COREKEY_E_OTHER_KEY (-81)          /* The message is of another device or version: open it with that key. */
#define COREKEY_E_NEED_LONG (-82)          /* A compact message without its session: the next long one brings it. */
#define COREKEY_E_FORGED (-83)             /* Not authentic: made under another key, or changed. */
#define COREKEY_E_STALE (-84)              /* Authentic, but of an earlier boot, a copied sealer, or too old. */
#define COREKEY_E_REPLAY (-85)             /* Authentic, but opened before. */
#define COREKEY_E_SESSION_FULL (-86)       /* The session is used up: start the next boot. */
#define COREKEY_E_BAD_STATE (-87)          /* A saved state is damaged or of another format. */
#define COREKEY_E_BAD_OFFER (-88)          /* A rotation offer is damaged or for another key; nothing changed. */
#define COREKEY_E_STATE_LOST (-100)        /* The boot journal is blank or damaged: provision the device anew. */
#define COREKEY_E_STORAGE (-101)           /* The storage of the boot journal failed; seal nothing. */
#define COREKEY_E_SELFTEST (-120)          /* A known answer was wrong: do not use this build on this machine. */
#define COREKEY_E_INTERNAL (-121)          /* A defect in the library. The context of the call was cleared. */

/* 0, or one of the negative COREKEY_E_ codes. */
typedef int32_t corekey_status;

/* ==========================================================================
 * The library itself: version, self-test, wiping, comparing.
 */

#define COREKEY_ABI_VERSION 0              /* Counts breaks of the ABI; the shared library's SONAME ends in it. */

/* The version as text, such as "0.1.0". Never NULL, never freed. */
const char *corekey_version(void);

/* COREKEY_ABI_VERSION of the library; a program compares it with its header's. */
uint32_t corekey_abi_version(void);

/* A sentence for a status, such as a log wants. Never NULL, never freed. */
const char *corekey_status_str(corekey_status status);

/* Runs the known-answer tests of every algorithm in the build.
 * Returns COREKEY_OK or COREKEY_E_SELFTEST. */
COREKEY_MUST_CHECK corekey_status corekey_selftest(void);

/* Compares two byte strings in a time that depends on their lengths only.
 * Returns COREKEY_OK if they are equal, COREKEY_E_UNVERIFIED if not (also if
 * the lengths differ); COREKEY_E_NULL, COREKEY_E_LENGTH. */
COREKEY_MUST_CHECK corekey_status corekey_equal(const void *a, size_t a_len, const void *b,
    size_t b_len);

/* Overwrites memory with zeros, which no compiler removes.
 * Returns COREKEY_OK; COREKEY_E_NULL, COREKEY_E_LENGTH. */
corekey_status corekey_wipe(void *memory, size_t len);

/* ==========================================================================
 * Hashing: SHA-256, SHA-384, SHA-512 (FIPS 180-4).
 */

#define COREKEY_SHA256 1                   /* SHA-256. */
#define COREKEY_SHA384 2                   /* SHA-384. */
#define COREKEY_SHA512 3                   /* SHA-512. */
#define COREKEY_SHA256_LEN 32              /* Bytes of a SHA-256 digest. */
#define COREKEY_SHA384_LEN 48              /* Bytes of a SHA-384 digest. */
#define COREKEY_SHA512_LEN 64              /* Bytes of a SHA-512 digest, the longest. */
#define COREKEY_HASH_CTX_WORDS 32          /* Words of a corekey_hash_ctx. */

/* A message that comes in pieces. May be copied. */
typedef struct corekey_hash_ctx { uint64_t opaque[COREKEY_HASH_CTX_WORDS]; } corekey_hash_ctx;

/* The digest of data.
 * digest_len is exactly the digest's length. digest may not overlap data.
 * Returns COREKEY_OK; COREKEY_E_ALGORITHM, COREKEY_E_NULL, COREKEY_E_LENGTH,
 * COREKEY_E_OVERLAP. */
COREKEY_MUST_CHECK corekey_status corekey_hash(uint32_t alg, const uint8_t *data,
    size_t data_len, uint8_t *digest, size_t digest_len);

/* Starts a message. Call it as corekey_hash_init(ctx, alg).
 * Returns COREKEY_OK; COREKEY_E_NULL, COREKEY_E_ALIGNMENT,
 * COREKEY_E_CONTEXT_SIZE, COREKEY_E_ALGORITHM. */
COREKEY_MUST_CHECK corekey_status corekey_hash_init_sized(corekey_hash_ctx *ctx,
    size_t ctx_size, uint32_t alg);

/* Appends data. data may not overlap ctx.
 * Returns COREKEY_OK; COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH,
 * COREKEY_E_OVERLAP, COREKEY_E_STATE. */
COREKEY_MUST_CHECK corekey_status corekey_hash_update(corekey_hash_ctx *ctx,
    const uint8_t *data, size_t data_len);

/* Writes the digest of all that was appended, and clears ctx.
 * digest_len is exactly the digest's length.
 * Returns COREKEY_OK; COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH,
 * COREKEY_E_OVERLAP, COREKEY_E_STATE; then ctx stays as it was. */
COREKEY_MUST_CHECK corekey_status corekey_hash_final(corekey_hash_ctx *ctx, uint8_t *digest,
    size_t digest_len);
#define corekey_hash_init(ctx, alg) corekey_hash_init_sized((ctx), sizeof *(ctx), (alg))
#define corekey_hash_clear(ctx) corekey_wipe((ctx), sizeof *(ctx))

/* ==========================================================================
 * Message authentication: HMAC (RFC 2104, FIPS 198-1) with COREKEY_SHA256,
 * COREKEY_SHA384 or COREKEY_SHA512. A tag may be cut to its first half or
 * more: tag_len is from half the digest's length up to all of it.
 */

#define COREKEY_HMAC_KEY_WORDS 40          /* Words of a corekey_hmac_key. */
#define COREKEY_HMAC_CTX_WORDS 40          /* Words of a corekey_hmac_ctx. */

/* A key, ready for use. May be copied. */
typedef struct corekey_hmac_key { uint64_t opaque[COREKEY_HMAC_KEY_WORDS]; } corekey_hmac_key;

/* A message that comes in pieces. May be copied. */
typedef struct corekey_hmac_ctx { uint64_t opaque[COREKEY_HMAC_CTX_WORDS]; } corekey_hmac_ctx;

/* Makes a key from secret, which may have any length; RFC 2104 advises at
 * least the digest's. Call it as corekey_hmac_key_init(key, alg, secret, len).
 * Returns COREKEY_OK; COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH,
 * COREKEY_E_OVERLAP, COREKEY_E_CONTEXT_SIZE, COREKEY_E_ALGORITHM. */
COREKEY_MUST_CHECK corekey_status corekey_hmac_key_init_sized(corekey_hmac_key *key,
    size_t key_size, uint32_t alg, const uint8_t *secret, size_t secret_len);

/* The tag of data.
 * Returns COREKEY_OK; COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH,
 * COREKEY_E_OVERLAP, COREKEY_E_STATE. */
COREKEY_MUST_CHECK corekey_status corekey_hmac(const corekey_hmac_key *key, const uint8_t *data,
    size_t data_len, uint8_t *tag, size_t tag_len);

/* Checks the tag of data in constant time.
 * Returns COREKEY_OK, or COREKEY_E_UNVERIFIED if it is not the tag;
 * COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH, COREKEY_E_STATE. */
COREKEY_MUST_CHECK corekey_status corekey_hmac_verify(const corekey_hmac_key *key,
    const uint8_t *data, size_t data_len, const uint8_t *tag, size_t tag_len);

/* Starts a message under a key. Call it as corekey_hmac_init(ctx, key).
 * Returns COREKEY_OK; COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_OVERLAP,
 * COREKEY_E_CONTEXT_SIZE, COREKEY_E_STATE. */
COREKEY_MUST_CHECK corekey_status corekey_hmac_init_sized(corekey_hmac_ctx *ctx,
    size_t ctx_size, const corekey_hmac_key *key);

/* Appends data. data may not overlap ctx.
 * Returns COREKEY_OK; COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH,
 * COREKEY_E_OVERLAP, COREKEY_E_STATE. */
COREKEY_MUST_CHECK corekey_status corekey_hmac_update(corekey_hmac_ctx *ctx,
    const uint8_t *data, size_t data_len);

/* Writes the tag of all that was appended, and clears ctx. To check a tag,
 * pass both to corekey_equal.
 * Returns COREKEY_OK; COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH,
 * COREKEY_E_OVERLAP, COREKEY_E_STATE; then ctx stays as it was. */
COREKEY_MUST_CHECK corekey_status corekey_hmac_final(corekey_hmac_ctx *ctx, uint8_t *tag,
    size_t tag_len);
#define corekey_hmac_key_init(key, alg, secret, secret_len) \
    corekey_hmac_key_init_sized((key), sizeof *(key), (alg), (secret), (secret_len))
#define corekey_hmac_key_clear(key) corekey_wipe((key), sizeof *(key))
#define corekey_hmac_init(ctx, key) corekey_hmac_init_sized((ctx), sizeof *(ctx), (key))
#define corekey_hmac_clear(ctx) corekey_wipe((ctx), sizeof *(ctx))

/* ==========================================================================
 * Key derivation: HKDF (RFC 5869) with COREKEY_SHA256, COREKEY_SHA384 or
 * COREKEY_SHA512. Keep a ready corekey_prk where many keys are derived.
 */

#define COREKEY_PRK_WORDS 40               /* Words of a corekey_prk. */

/* A pseudorandom key, ready to be expanded. May be copied. */
typedef struct corekey_prk { uint64_t opaque[COREKEY_PRK_WORDS]; } corekey_prk;

/* HKDF-Extract (RFC 5869 2.2). An empty salt is a digest of zeros.
 * Call it as corekey_hkdf_extract(prk, alg, salt, salt_len, ikm, ikm_len).
 * Returns COREKEY_OK; COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH,
 * COREKEY_E_OVERLAP, COREKEY_E_CONTEXT_SIZE, COREKEY_E_ALGORITHM. */
COREKEY_MUST_CHECK corekey_status corekey_hkdf_extract_sized(corekey_prk *prk, size_t prk_size,
    uint32_t alg, const uint8_t *salt, size_t salt_len, const uint8_t *ikm, size_t ikm_len);

/* Takes a key that is uniformly random already, so that extraction is skipped
 * (RFC 5869 3.3). secret_len is the digest's length or more.
 * Call it as corekey_prk_init(prk, alg, secret, secret_len).
 * Returns as corekey_hkdf_extract_sized. */
COREKEY_MUST_CHECK corekey_status corekey_prk_init_sized(corekey_prk *prk, size_t prk_size,
    uint32_t alg, const uint8_t *secret, size_t secret_len);

/* HKDF-Expand (RFC 5869 2.3). okm_len is 1 to 255 digests. okm may not
 * overlap info or prk.
 * Returns COREKEY_OK; COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH,
 * COREKEY_E_OVERLAP, COREKEY_E_STATE. */
COREKEY_MUST_CHECK corekey_status corekey_hkdf_expand(const corekey_prk *prk,
    const uint8_t *info, size_t info_len, uint8_t *okm, size_t okm_len);

/* Extract and expand in one call (RFC 5869 2). okm_len is 1 to 255 digests.
 * okm may not overlap the inputs.
 * Returns COREKEY_OK; COREKEY_E_ALGORITHM, COREKEY_E_NULL, COREKEY_E_LENGTH,
 * COREKEY_E_OVERLAP. */
COREKEY_MUST_CHECK corekey_status corekey_hkdf(uint32_t alg, const uint8_t *salt,
    size_t salt_len, const uint8_t *ikm, size_t ikm_len, const uint8_t *info, size_t info_len,
    uint8_t *okm, size_t okm_len);
#define corekey_hkdf_extract(prk, alg, salt, salt_len, ikm, ikm_len) \
    corekey_hkdf_extract_sized((prk), sizeof *(prk), (alg), (salt), (salt_len), (ikm), (ikm_len))
#define corekey_prk_init(prk, alg, secret, secret_len) \
    corekey_prk_init_sized((prk), sizeof *(prk), (alg), (secret), (secret_len))
#define corekey_prk_clear(prk) corekey_wipe((prk), sizeof *(prk))

/* ==========================================================================
 * Sealing and opening: AES-128-GCM and AES-256-GCM (NIST SP 800-38D).
 * Nonces are COREKEY_NONCE_LEN bytes and must never be used twice with one
 * key; tags are COREKEY_TAG_LEN bytes; a message is at most 2^36 - 32 bytes.
 * If an open fails, the bytes that the plaintext would have had are zeros; in
 * place, the message is gone. Look at the output only after the call: bytes of a
 * long message may stand there before they are verified.
 * In place means that output and input start at the same address; any other
 * overlap is refused.
 */

#define COREKEY_AES_128_GCM 16             /* AES-128-GCM, 16-byte keys. */
#define COREKEY_AES_256_GCM 17             /* AES-256-GCM, 32-byte keys. */
#define COREKEY_AES_128_GCM_KEY_LEN 16     /* Bytes of an AES-128-GCM key. */
#define COREKEY_AES_256_GCM_KEY_LEN 32     /* Bytes of an AES-256-GCM key. */
#define COREKEY_NONCE_LEN 12               /* Bytes of a nonce. */
#define COREKEY_TAG_LEN 16                 /* Bytes of a tag. */
#define COREKEY_AEAD_KEY_WORDS 128         /* Words of a corekey_aead_key. */

/* A key with its schedule. May be copied. */
typedef struct corekey_aead_key { uint64_t opaque[COREKEY_AEAD_KEY_WORDS]; } corekey_aead_key;

/* Makes a key from secret, whose length is exactly that of the algorithm.
 * Call it as corekey_aead_key_init(key, alg, secret, secret_len).
 * Returns COREKEY_OK; COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH,
 * COREKEY_E_OVERLAP, COREKEY_E_CONTEXT_SIZE, COREKEY_E_ALGORITHM. */
COREKEY_MUST_CHECK corekey_status corekey_aead_key_init_sized(corekey_aead_key *key,
    size_t key_size, uint32_t alg, const uint8_t *secret, size_t secret_len);

/* Encrypts plaintext to out and puts the tag behind it: plaintext_len +
 * COREKEY_TAG_LEN bytes, the number stored in *out_len. In place is allowed.
 * Returns COREKEY_OK; COREKEY_E_BUFFER_TOO_SMALL with *out_len = bytes needed;
 * COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH, COREKEY_E_OVERLAP,
 * COREKEY_E_STATE. */
COREKEY_MUST_CHECK corekey_status corekey_aead_seal(const corekey_aead_key *key,
    const uint8_t *nonce, size_t nonce_len, const uint8_t *aad, size_t aad_len,
    const uint8_t *plaintext, size_t plaintext_len, uint8_t *out, size_t out_cap,
    size_t *out_len);

/* Opens what corekey_aead_seal made: sealed_len - COREKEY_TAG_LEN bytes, the
 * number stored in *out_len. In place is allowed.
 * Returns COREKEY_OK; COREKEY_E_UNVERIFIED with *out_len = 0 and out zeroed;
 * COREKEY_E_BUFFER_TOO_SMALL with *out_len = bytes needed; COREKEY_E_LENGTH
 * (also if sealed is shorter than a tag), COREKEY_E_NULL,
 * COREKEY_E_ALIGNMENT, COREKEY_E_OVERLAP, COREKEY_E_STATE. */
COREKEY_MUST_CHECK corekey_status corekey_aead_open(const corekey_aead_key *key,
    const uint8_t *nonce, size_t nonce_len, const uint8_t *aad, size_t aad_len,
    const uint8_t *sealed, size_t sealed_len, uint8_t *out, size_t out_cap, size_t *out_len);

/* Encrypts len bytes of plaintext to as many of ciphertext, and the tag to
 * tag; tag_len is COREKEY_TAG_LEN. In place is allowed.
 * Returns COREKEY_OK; COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH,
 * COREKEY_E_OVERLAP, COREKEY_E_STATE. */
COREKEY_MUST_CHECK corekey_status corekey_aead_seal_detached(const corekey_aead_key *key,
    const uint8_t *nonce, size_t nonce_len, const uint8_t *aad, size_t aad_len,
    const uint8_t *plaintext, size_t len, uint8_t *ciphertext, uint8_t *tag, size_t tag_len);

/* Opens len bytes of ciphertext to as many of plaintext; tag_len is
 * COREKEY_TAG_LEN. In place is allowed.
 * Returns COREKEY_OK; COREKEY_E_UNVERIFIED with plaintext zeroed;
 * COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH, COREKEY_E_OVERLAP,
 * COREKEY_E_STATE. */
COREKEY_MUST_CHECK corekey_status corekey_aead_open_detached(const corekey_aead_key *key,
    const uint8_t *nonce, size_t nonce_len, const uint8_t *aad, size_t aad_len,
    const uint8_t *ciphertext, size_t len, const uint8_t *tag, size_t tag_len,
    uint8_t *plaintext);
#define corekey_aead_key_init(key, alg, secret, secret_len) \
    corekey_aead_key_init_sized((key), sizeof *(key), (alg), (secret), (secret_len))
#define corekey_aead_key_clear(key) corekey_wipe((key), sizeof *(key))

/* ==========================================================================
 * Wrapping keys under a key (a KEK) of 16 or 32 bytes: AES-KW (RFC 3394) for
 * keys of a multiple of 8 bytes from 16; AES-KWP (RFC 5649) for keys from 1.
 */

#define COREKEY_AES_KW 32                  /* AES-KW. */
#define COREKEY_AES_KWP 33                 /* AES-KWP. */

/* Wraps key: its length, rounded up to 8, and 8 bytes more, the number stored
 * in *out_len. out may not overlap the inputs.
 * Returns COREKEY_OK; COREKEY_E_BUFFER_TOO_SMALL with *out_len = bytes needed;
 * COREKEY_E_ALGORITHM, COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH,
 * COREKEY_E_OVERLAP. */
COREKEY_MUST_CHECK corekey_status corekey_key_wrap(uint32_t alg, const uint8_t *kek,
    size_t kek_len, const uint8_t *key, size_t key_len, uint8_t *out, size_t out_cap,
    size_t *out_len);

/* Unwraps a key; its length is stored in *out_len. out needs wrapped_len - 8
 * bytes, and what AES-KWP leaves of them behind the key is zeros. out may not
 * overlap the inputs.
 * Returns COREKEY_OK; COREKEY_E_UNVERIFIED with *out_len = 0 and those bytes
 * zeroed; COREKEY_E_BUFFER_TOO_SMALL with *out_len = bytes needed;
 * COREKEY_E_ALGORITHM, COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH,
 * COREKEY_E_OVERLAP. */
COREKEY_MUST_CHECK corekey_status corekey_key_unwrap(uint32_t alg, const uint8_t *kek,
    size_t kek_len, const uint8_t *wrapped, size_t wrapped_len, uint8_t *out, size_t out_cap,
    size_t *out_len);

/* ==========================================================================
 * Secrets as text (RFC 4648), in a time that depends on lengths and validity
 * only: hex, written in lower case and read in either; base64 with padding;
 * base64 for URLs without.
 */

#define COREKEY_HEX 48                     /* Base16 (RFC 4648 section 8). */
#define COREKEY_BASE64 49                  /* Base64 (section 4). */
#define COREKEY_BASE64URL 50               /* Base64 for URLs and file names (section 5). */

/* Writes data as text that ends in a NUL. text_cap counts the NUL; *text_len,
 * the number of characters, does not. text may not overlap data.
 * Returns COREKEY_OK; COREKEY_E_BUFFER_TOO_SMALL with *text_len = bytes needed
 * with the NUL; COREKEY_E_ALGORITHM, COREKEY_E_NULL, COREKEY_E_ALIGNMENT,
 * COREKEY_E_LENGTH, COREKEY_E_OVERLAP. */
COREKEY_MUST_CHECK corekey_status corekey_encode(uint32_t encoding, const uint8_t *data,
    size_t data_len, char *text, size_t text_cap, size_t *text_len);

/* Reads text_len characters of text (no NUL). Only the one canonical text of
 * some data is valid: no white space, no stray bits. out may not overlap text.
 * Returns COREKEY_OK; COREKEY_E_ENCODING if text is not valid;
 * COREKEY_E_BUFFER_TOO_SMALL with *out_len = bytes needed;
 * COREKEY_E_ALGORITHM, COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH,
 * COREKEY_E_OVERLAP. */
COREKEY_MUST_CHECK corekey_status corekey_decode(uint32_t encoding, const char *text,
    size_t text_len, uint8_t *out, size_t out_cap, size_t *out_len);

/* ==========================================================================
 * Random bytes where there is an operating system. Needs no set-up, and is
 * right after fork() and in a restored snapshot.
 */

/* Fills out with random bytes of the operating system's generator.
 * Returns COREKEY_OK; COREKEY_E_ENTROPY_FAILED with out zeroed;
 * COREKEY_E_NULL, COREKEY_E_LENGTH. */
COREKEY_MUST_CHECK corekey_status corekey_random(uint8_t *out, size_t out_len);

/* ==========================================================================
 * Random bytes where there is none: HMAC-DRBG with SHA-256 (NIST SP 800-90A)
 * over an entropy source of the caller's. After fork(), or in a restored
 * snapshot, initialise anew: two copies of the state give the same bytes.
 */

#define COREKEY_ENTROPY_LEN 48             /* Bytes that the entropy source is asked for at a time. */
#define COREKEY_DRBG_MAX_LEN 65536         /* The longest output of one corekey_drbg_generate in bytes. */
#define COREKEY_DRBG_WORDS 24              /* Words of a corekey_drbg. */

/* A generator. May NOT be copied or moved: a copy answers COREKEY_E_MOVED. */
typedef struct corekey_drbg { uint64_t opaque[COREKEY_DRBG_WORDS]; } corekey_drbg;

/* An entropy source: fills out with len bytes (COREKEY_ENTROPY_LEN) that hold
 * 256 bits of min-entropy or more, and returns 0; or returns another value,
 * and nothing is generated. A constant block, or the one before again, counts
 * as failed. user is what corekey_drbg_init was given. It may not call
 * corekey on the same generator, longjmp or throw. */
typedef int32_t (*corekey_entropy_fn)(void *user, uint8_t *out, size_t len);

/* Seeds a generator. The personalization may be empty; if it is secret, the
 * output stays unpredictable even if the source is broken. Call it as
 * corekey_drbg_init(drbg, entropy, user, personalization, len).
 * Returns COREKEY_OK; COREKEY_E_ENTROPY_FAILED; COREKEY_E_NULL (also for
 * entropy), COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH, COREKEY_E_OVERLAP,
 * COREKEY_E_CONTEXT_SIZE. */
COREKEY_MUST_CHECK corekey_status corekey_drbg_init_sized(corekey_drbg *drbg, size_t drbg_size,
    corekey_entropy_fn entropy, void *user, const uint8_t *personalization,
    size_t personalization_len);

/* Mixes a new block of entropy and additional, which may be empty, into the
 * state; on an error the generator stays as it was.
 * Returns COREKEY_OK; COREKEY_E_ENTROPY_FAILED; COREKEY_E_NULL,
 * COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH, COREKEY_E_OVERLAP, COREKEY_E_STATE,
 * COREKEY_E_MOVED. */
COREKEY_MUST_CHECK corekey_status corekey_drbg_reseed(corekey_drbg *drbg,
    const uint8_t *additional, size_t additional_len);

/* Fills out with up to COREKEY_DRBG_MAX_LEN random bytes. additional may be
 * empty. Reseeds by itself after 65536 calls.
 * Returns COREKEY_OK; COREKEY_E_ENTROPY_FAILED if a reseed was due and failed;
 * COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH, COREKEY_E_OVERLAP,
 * COREKEY_E_STATE, COREKEY_E_MOVED. */
COREKEY_MUST_CHECK corekey_status corekey_drbg_generate(corekey_drbg *drbg,
    const uint8_t *additional, size_t additional_len, uint8_t *out, size_t out_len);
#define corekey_drbg_init(drbg, entropy, user, personalization, personalization_len) \
    corekey_drbg_init_sized((drbg), sizeof *(drbg), (entropy), (user), (personalization), \
                            (personalization_len))
#define corekey_drbg_clear(drbg) corekey_wipe((drbg), sizeof *(drbg))

/* ==========================================================================
 * Device keys: the key of one version of one device, 32 bytes that a factory
 * installed or a root derived. Ids are 1 to COREKEY_DEVICE_ID_MAX bytes,
 * compared byte for byte; versions are 1 to 2^53 - 1, and none is ever used
 * twice for a device. Specified in docs/derivation.md.
 */

#define COREKEY_KEY_LEN 32                 /* Bytes of a device key, and of what it derives. */
#define COREKEY_DEVICE_ID_MAX 128          /* The longest device id in bytes. */
#define COREKEY_CHECK_VALUE_LEN 4          /* Bytes of a key check value. */
#define COREKEY_FOR_WRAPPING 64            /* An application wraps keys with it. */
#define COREKEY_FOR_AUTHENTICATION 65      /* An application authenticates with it. */
#define COREKEY_DEVICE_KEY_WORDS 64        /* Words of a corekey_device_key. */

/* A device key with its id and version. May be copied. */
typedef struct corekey_device_key { uint64_t opaque[COREKEY_DEVICE_KEY_WORDS]; } corekey_device_key;

/* Takes a key of COREKEY_KEY_LEN bytes.
 * Call it as corekey_device_key_init(key, version, id, id_len, secret, len).
 * Returns COREKEY_OK; COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH,
 * COREKEY_E_RANGE, COREKEY_E_OVERLAP, COREKEY_E_CONTEXT_SIZE. */
COREKEY_MUST_CHECK corekey_status corekey_device_key_init_sized(corekey_device_key *key,
    size_t key_size, uint64_t version, const uint8_t *id, size_t id_len, const uint8_t *secret,
    size_t secret_len);

/* Takes a key made elsewhere, of 16 to 64 bytes; both sides import it alike,
 * for this id and version.
 * Call it as corekey_device_key_import(key, version, id, id_len, imported, len).
 * Returns as corekey_device_key_init_sized. */
COREKEY_MUST_CHECK corekey_status corekey_device_key_import_sized(corekey_device_key *key,
    size_t key_size, uint64_t version, const uint8_t *id, size_t id_len,
    const uint8_t *imported, size_t imported_len);

/* The key check value: public, tells a mistyped key from a right one.
 * len is COREKEY_CHECK_VALUE_LEN.
 * Returns COREKEY_OK; COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH,
 * COREKEY_E_OVERLAP, COREKEY_E_STATE. */
COREKEY_MUST_CHECK corekey_status corekey_device_key_check_value(const corekey_device_key *key,
    uint8_t *value, size_t len);

/* A key of COREKEY_KEY_LEN bytes for the application: purpose is
 * COREKEY_FOR_WRAPPING or COREKEY_FOR_AUTHENTICATION, and context (at most 128
 * bytes) tells its uses apart.
 * Returns COREKEY_OK; COREKEY_E_ALGORITHM for another purpose; COREKEY_E_NULL,
 * COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH, COREKEY_E_OVERLAP, COREKEY_E_STATE. */
COREKEY_MUST_CHECK corekey_status corekey_device_key_derive(const corekey_device_key *key,
    uint32_t purpose, const uint8_t *context, size_t context_len, uint8_t *out, size_t out_len);

/* The secret personalization (COREKEY_KEY_LEN bytes) for the device's
 * corekey_drbg in one boot.
 * Returns COREKEY_OK; COREKEY_E_RANGE, COREKEY_E_NULL, COREKEY_E_ALIGNMENT,
 * COREKEY_E_LENGTH, COREKEY_E_OVERLAP, COREKEY_E_STATE. */
COREKEY_MUST_CHECK corekey_status corekey_device_key_personalization(const corekey_device_key *key,
    uint64_t boot, uint8_t *out, size_t out_len);
#define corekey_device_key_init(key, version, id, id_len, secret, secret_len) \
    corekey_device_key_init_sized((key), sizeof *(key), (version), (id), (id_len), (secret), \
                                  (secret_len))
#define corekey_device_key_import(key, version, id, id_len, imported, imported_len) \
    corekey_device_key_import_sized((key), sizeof *(key), (version), (id), (id_len), (imported), \
                                    (imported_len))
#define corekey_device_key_clear(key) corekey_wipe((key), sizeof *(key))

/* ==========================================================================
 * Roots: the secret that all device keys of a fleet come from. For hosts and
 * factories; archives for firmware do not hold these calls. Specified in
 * docs/derivation.md.
 */

#define COREKEY_ROOT_ID_LEN 8              /* Bytes of a root's public id. */
#define COREKEY_WRAPPED_KEY_LEN 40         /* Bytes of a wrapped device key in a table row. */
#define COREKEY_ROOT_WORDS 40              /* Words of a corekey_root. */

/* A root secret, ready to derive. May be copied. */
typedef struct corekey_root { uint64_t opaque[COREKEY_ROOT_WORDS]; } corekey_root;

/* Takes a root of COREKEY_KEY_LEN uniformly random bytes.
 * Call it as corekey_root_init(root, secret, secret_len).
 * Returns COREKEY_OK; COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH,
 * COREKEY_E_OVERLAP, COREKEY_E_CONTEXT_SIZE. */
COREKEY_MUST_CHECK corekey_status corekey_root_init_sized(corekey_root *root, size_t root_size,
    const uint8_t *secret, size_t secret_len);

/* The root of a fleet, whose id is 1 to 128 bytes; a root like any other.
 * Call it as corekey_root_fleet(fleet, root, fleet_id, fleet_id_len).
 * Returns as corekey_root_init_sized; COREKEY_E_STATE if root is none. */
COREKEY_MUST_CHECK corekey_status corekey_root_fleet_sized(corekey_root *fleet,
    size_t fleet_size, const corekey_root *root, const uint8_t *fleet_id, size_t fleet_id_len);

/* The public id of a root, which every stored row names. len is
 * COREKEY_ROOT_ID_LEN.
 * Returns COREKEY_OK; COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH,
 * COREKEY_E_OVERLAP, COREKEY_E_STATE. */
COREKEY_MUST_CHECK corekey_status corekey_root_id(const corekey_root *root, uint8_t *id,
    size_t len);

/* Derives the key of a device.
 * Call it as corekey_root_device_key(key, root, version, id, id_len).
 * Returns COREKEY_OK; COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH,
 * COREKEY_E_RANGE, COREKEY_E_OVERLAP, COREKEY_E_CONTEXT_SIZE, COREKEY_E_STATE. */
COREKEY_MUST_CHECK corekey_status corekey_root_device_key_sized(corekey_device_key *key,
    size_t key_size, const corekey_root *root, uint64_t version, const uint8_t *id,
    size_t id_len);

/* The key of a device as base64 (44 characters and a NUL): what a factory
 * installs. The secure stand-in for base64(SHA-256(device id)), which anyone
 * who knows the id can compute.
 * Returns COREKEY_OK; COREKEY_E_BUFFER_TOO_SMALL with *text_len = bytes needed
 * with the NUL; COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH,
 * COREKEY_E_RANGE, COREKEY_E_OVERLAP, COREKEY_E_STATE. */
COREKEY_MUST_CHECK corekey_status corekey_device_key_base64(const corekey_root *root,
    uint64_t version, const uint8_t *id, size_t id_len, char *text, size_t text_cap,
    size_t *text_len);

/* Wraps a device key for storage under the root's table key: the encryptedKey
 * of its row. len is COREKEY_WRAPPED_KEY_LEN.
 * Returns COREKEY_OK; COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH,
 * COREKEY_E_OVERLAP, COREKEY_E_STATE. */
COREKEY_MUST_CHECK corekey_status corekey_root_wrap(const corekey_root *root,
    const corekey_device_key *key, uint8_t *wrapped, size_t len);

/* Unwraps the device key in a row.
 * Call it as corekey_root_unwrap(key, root, version, id, id_len, wrapped, len).
 * Returns COREKEY_OK; COREKEY_E_UNVERIFIED if it is not that of this id,
 * version and root; COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH,
 * COREKEY_E_RANGE, COREKEY_E_OVERLAP, COREKEY_E_CONTEXT_SIZE, COREKEY_E_STATE;
 * then key stays as it was. */
COREKEY_MUST_CHECK corekey_status corekey_root_unwrap_sized(corekey_device_key *key,
    size_t key_size, const corekey_root *root, uint64_t version, const uint8_t *id,
    size_t id_len, const uint8_t *wrapped, size_t wrapped_len);
#define corekey_root_init(root, secret, secret_len) \
    corekey_root_init_sized((root), sizeof *(root), (secret), (secret_len))
#define corekey_root_fleet(fleet, root, fleet_id, fleet_id_len) \
    corekey_root_fleet_sized((fleet), sizeof *(fleet), (root), (fleet_id), (fleet_id_len))
#define corekey_root_device_key(key, root, version, id, id_len) \
    corekey_root_device_key_sized((key), sizeof *(key), (root), (version), (id), (id_len))
#define corekey_root_unwrap(key, root, version, id, id_len, wrapped, wrapped_len) \
    corekey_root_unwrap_sized((key), sizeof *(key), (root), (version), (id), (id_len), (wrapped), \
                              (wrapped_len))
#define corekey_root_clear(root) corekey_wipe((root), sizeof *(root))

/* ==========================================================================
 * Sealed messages between devices (up) and cloud (down): long ones are
 * COSE_Encrypt0, compact ones 20 bytes over the payload. A payload has up to
 * 16 MiB, external AAD up to 255 bytes. Specified in docs/message.md.
 */

#define COREKEY_UP 0                       /* Device to cloud. */
#define COREKEY_DOWN 1                     /* Cloud to device. */
#define COREKEY_LONG 80                    /* A COSE_Encrypt0. */
#define COREKEY_COMPACT 81                 /* 20 bytes over the payload, where the opener knows the session. */
#define COREKEY_FULL_IV 82                 /* A long message with its full IV, for COSE tools without Partial IV. */
#define COREKEY_SALT_LEN 8                 /* Bytes of a salt. */
#define COREKEY_MESSAGE_OVERHEAD_MAX 200   /* The most bytes of a message over its payload. */
#define COREKEY_OPENER_STATE_LEN 64        /* Bytes of the saved state of an opener. */
#define COREKEY_COSE_KEY_LEN 54            /* Bytes of an exported COSE_Key. */
#define COREKEY_SEALER_WORDS 144           /* Words of a corekey_sealer. */
#define COREKEY_OPENER_WORDS 208           /* Words of a corekey_opener. */

/* Seals one session. May NOT be copied or moved: a copy, which would use the
 * same nonces again, answers COREKEY_E_MOVED. */
typedef struct corekey_sealer { uint64_t opaque[COREKEY_SEALER_WORDS]; } corekey_sealer;

/* Opens the messages of one device key. May NOT be copied or moved. */
typedef struct corekey_opener { uint64_t opaque[COREKEY_OPENER_WORDS]; } corekey_opener;

/* What a message says of itself; authentic only if corekey_open gave it. */
typedef struct corekey_message {
  uint64_t version;      /* Version of the device key; compact and inspected: mod 64. */
  uint64_t boot;         /* Boot number; compact and inspected: mod 256. */
  uint32_t counter;      /* Number in its session; compact and inspected: mod 65536. */
  uint32_t form;         /* COREKEY_LONG or COREKEY_COMPACT. */
  uint32_t payload_len;  /* Bytes of the payload. */
  uint32_t salt_len;     /* 0 or COREKEY_SALT_LEN. */
  uint32_t id_len;       /* Bytes of the id; compact and inspected: 0. */
  uint32_t reserved;     /* 0. */
  uint8_t salt[8];       /* The salt. */
  uint8_t id[128];       /* The device id. */
} corekey_message;

/* Starts a session. Up: boot is a number that this key never had before (from
 * corekey_journal_next_boot), and salt is empty or 8 fresh random bytes; a host
 * without a journal takes Unix milliseconds and must have a salt. Down: boot is
 * the device's, from its last opened message, and salt is 8 fresh random bytes.
 * Call it as corekey_sealer_init(sealer, key, direction, boot, salt, salt_len).
 * Returns COREKEY_OK; COREKEY_E_ALGORITHM for another direction,
 * COREKEY_E_RANGE, COREKEY_E_LENGTH, COREKEY_E_NULL, COREKEY_E_ALIGNMENT,
 * COREKEY_E_OVERLAP, COREKEY_E_CONTEXT_SIZE, COREKEY_E_STATE. */
COREKEY_MUST_CHECK corekey_status corekey_sealer_init_sized(corekey_sealer *sealer,
    size_t sealer_size, const corekey_device_key *key, uint32_t direction, uint64_t boot,
    const uint8_t *salt, size_t salt_len);

/* Seals payload: at most payload_len + COREKEY_MESSAGE_OVERHEAD_MAX bytes, the
 * number stored in *out_len. form is COREKEY_LONG or COREKEY_COMPACT; every
 * 64th message is long all the same. payload may lie anywhere inside out: then
 * it is moved to its place.
 * Returns COREKEY_OK; COREKEY_E_BUFFER_TOO_SMALL with *out_len = bytes needed;
 * COREKEY_E_SESSION_FULL; COREKEY_E_ALGORITHM for another form;
 * COREKEY_E_LENGTH, COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_OVERLAP,
 * COREKEY_E_STATE, COREKEY_E_MOVED. */
COREKEY_MUST_CHECK corekey_status corekey_seal(corekey_sealer *sealer, uint32_t form,
    const uint8_t *aad, size_t aad_len, const uint8_t *payload, size_t payload_len,
    uint8_t *out, size_t out_cap, size_t *out_len);

/* Starts an opener of uplinks with a state that corekey_opener_save gave
 * (state_len is COREKEY_OPENER_STATE_LEN); or, with (NULL, 0), at the first
 * contact with a key that was never used: it then takes the first authentic
 * message for fresh, so never do that after a loss of state.
 * Call it as corekey_opener_init_up(opener, key, state, state_len).
 * Returns COREKEY_OK; COREKEY_E_BAD_STATE; COREKEY_E_LENGTH, COREKEY_E_NULL,
 * COREKEY_E_ALIGNMENT, COREKEY_E_OVERLAP, COREKEY_E_CONTEXT_SIZE,
 * COREKEY_E_STATE. */
COREKEY_MUST_CHECK corekey_status corekey_opener_init_up_sized(corekey_opener *opener,
    size_t opener_size, const corekey_device_key *key, const uint8_t *state, size_t state_len);

/* Starts an opener of downlinks for a device in its current boot.
 * Call it as corekey_opener_init_down(opener, key, boot).
 * Returns COREKEY_OK; COREKEY_E_RANGE, COREKEY_E_NULL, COREKEY_E_ALIGNMENT,
 * COREKEY_E_OVERLAP, COREKEY_E_CONTEXT_SIZE, COREKEY_E_STATE. */
COREKEY_MUST_CHECK corekey_status corekey_opener_init_down_sized(corekey_opener *opener,
    size_t opener_size, const corekey_device_key *key, uint64_t boot);

/* Opens message to out; the payload's length is stored in *out_len, and what
 * the message says in *info, which may be NULL. out may start where message
 * does: then zeros follow the payload up to the message's end.
 * Returns COREKEY_OK. Of a message that is not opened, in this order:
 * COREKEY_E_MALFORMED; COREKEY_E_BUFFER_TOO_SMALL with *out_len = bytes needed;
 * COREKEY_E_OTHER_KEY; COREKEY_E_NEED_LONG; then, with *out_len = 0 and out
 * zeroed (in place: all of message), COREKEY_E_FORGED, COREKEY_E_STALE,
 * COREKEY_E_REPLAY, COREKEY_E_SESSION_FULL (down: a fifth salt; start the next
 * boot). Else COREKEY_E_LENGTH, COREKEY_E_NULL, COREKEY_E_ALIGNMENT,
 * COREKEY_E_OVERLAP, COREKEY_E_STATE, COREKEY_E_MOVED. */
COREKEY_MUST_CHECK corekey_status corekey_open(corekey_opener *opener, const uint8_t *aad,
    size_t aad_len, const uint8_t *message, size_t message_len, uint8_t *out, size_t out_cap,
    size_t *out_len, corekey_message *info);

/* Writes the state of an opener of uplinks to state (state_len is
 * COREKEY_OPENER_STATE_LEN). Save it before you act on what was opened. It is
 * no secret, but whoever puts an older one back can replay.
 * Returns COREKEY_OK; COREKEY_E_STATE also for an opener of downlinks, which
 * has none; COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH,
 * COREKEY_E_OVERLAP, COREKEY_E_MOVED. */
COREKEY_MUST_CHECK corekey_status corekey_opener_save(const corekey_opener *opener,
    uint8_t *state, size_t state_len);

/* Tells what a message says of itself, without a key; nothing of it is
 * authentic.
 * Returns COREKEY_OK; COREKEY_E_MALFORMED; COREKEY_E_NULL,
 * COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH, COREKEY_E_OVERLAP. */
COREKEY_MUST_CHECK corekey_status corekey_inspect(const uint8_t *message, size_t message_len,
    corekey_message *info);

/* Writes a long message in another form: COREKEY_COMPACT, or COREKEY_FULL_IV
 * (label 5, the full IV, in place of label 6), without a key.
 * Returns COREKEY_OK; COREKEY_E_MALFORMED if message is not a long one;
 * COREKEY_E_BUFFER_TOO_SMALL with *out_len = bytes needed;
 * COREKEY_E_ALGORITHM for another form; COREKEY_E_NULL, COREKEY_E_ALIGNMENT,
 * COREKEY_E_LENGTH, COREKEY_E_OVERLAP. */
COREKEY_MUST_CHECK corekey_status corekey_rewrite(uint32_t form, const uint8_t *message,
    size_t message_len, uint8_t *out, size_t out_cap, size_t *out_len);

/* Exports the message key of a session as a COSE_Key with Base IV, for tests
 * with generic tools: whoever has it opens and seals that session. out_len is
 * COREKEY_COSE_KEY_LEN.
 * Returns COREKEY_OK; COREKEY_E_ALGORITHM for another direction;
 * COREKEY_E_RANGE, COREKEY_E_LENGTH, COREKEY_E_NULL, COREKEY_E_ALIGNMENT,
 * COREKEY_E_OVERLAP, COREKEY_E_STATE. */
COREKEY_MUST_CHECK corekey_status corekey_cose_key(const corekey_device_key *key,
    uint32_t direction, uint64_t boot, const uint8_t *salt, size_t salt_len, uint8_t *out,
    size_t out_len);
#define corekey_sealer_init(sealer, key, direction, boot, salt, salt_len) \
    corekey_sealer_init_sized((sealer), sizeof *(sealer), (key), (direction), (boot), (salt), \
                              (salt_len))
#define corekey_sealer_clear(sealer) corekey_wipe((sealer), sizeof *(sealer))
#define corekey_opener_init_up(opener, key, state, state_len) \
    corekey_opener_init_up_sized((opener), sizeof *(opener), (key), (state), (state_len))
#define corekey_opener_init_down(opener, key, boot) \
    corekey_opener_init_down_sized((opener), sizeof *(opener), (key), (boot))
#define corekey_opener_clear(opener) corekey_wipe((opener), sizeof *(opener))

/* ==========================================================================
 * Many devices at once, for services that hold their root: the same results as
 * one by one, sooner.
 */

/* A device and the version of its key. */
typedef struct corekey_device {
  const uint8_t *id;     /* The id. */
  size_t id_len;         /* Bytes of the id. */
  uint64_t version;      /* Version. */
} corekey_device;

/* A message for corekey_root_open_batch, and what became of it. */
typedef struct corekey_item {
  const uint8_t *message; /* The message. */
  size_t message_len;    /* Bytes of it. */
  const uint8_t *aad;    /* External AAD. */
  size_t aad_len;        /* Bytes of it. */
  struct corekey_device known; /* The sender, if state is not NULL. */
  uint8_t *state;        /* NULL, or the sender's COREKEY_OPENER_STATE_LEN bytes. */
  uint8_t *out;          /* Where the payload goes. */
  size_t out_cap;        /* Room there. */
  size_t out_len;        /* Stored: as by corekey_open. */
  int32_t status;        /* Stored: as by corekey_open. */
  uint32_t reserved;     /* 0. */
  corekey_message info;  /* Stored if status is COREKEY_OK. */
} corekey_item;

/* Derives the keys of count devices, COREKEY_KEY_LEN bytes each, one behind the
 * other to secrets.
 * Returns COREKEY_OK; COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH,
 * COREKEY_E_RANGE, COREKEY_E_OVERLAP, COREKEY_E_STATE. */
COREKEY_MUST_CHECK corekey_status corekey_root_device_secrets(const corekey_root *root,
    const corekey_device *devices, size_t count, uint8_t *secrets, size_t secrets_len);

/* Opens count uplinks, each of the device that it names and that its tag then
 * proves. With a state, an item must be of the device known, may be compact and
 * must be fresh; state is replaced then (the first comes from corekey_opener_save
 * of a new opener). Without, YOU must look for replays: info has session and
 * counter. out and state may overlap nothing of this and other items.
 * Returns COREKEY_OK when every item has its status, which is that of
 * corekey_open, COREKEY_E_RANGE or COREKEY_E_BAD_STATE; COREKEY_E_NULL,
 * COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH, COREKEY_E_OVERLAP (root and items),
 * COREKEY_E_STATE; then no item was touched. */
COREKEY_MUST_CHECK corekey_status corekey_root_open_batch(const corekey_root *root,
    corekey_item *items, size_t count);

/* ==========================================================================
 * Rotation: a device moves to its next key, and the old one is erased. An
 * offer is COREKEY_OFFER_LEN bytes, made under the key that the device has; it
 * may be sent, lost and repeated in any way. Specified in docs/rotation.md.
 */

#define COREKEY_OFFER_LEN 48               /* Bytes of an offer. */

/* The offer of next, a key of a higher version of the same device, under
 * current. Deterministic: offers that race are the same bytes. len is
 * COREKEY_OFFER_LEN.
 * Returns COREKEY_OK; COREKEY_E_BAD_OFFER if next is of another device or of
 * no higher version; COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH,
 * COREKEY_E_OVERLAP, COREKEY_E_STATE. */
COREKEY_MUST_CHECK corekey_status corekey_rotation_offer(const corekey_device_key *current,
    const corekey_device_key *next, uint8_t *offer, size_t len);

/* Takes an offer, without storage: next becomes the key to use from now on,
 * which is a copy of current if the offer is an old one. A device with a boot
 * journal calls corekey_journal_apply. next and current may not overlap.
 * Call it as corekey_rotation_apply(next, current, offer, len).
 * Returns COREKEY_OK; COREKEY_E_BAD_OFFER; COREKEY_E_NULL,
 * COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH, COREKEY_E_OVERLAP,
 * COREKEY_E_CONTEXT_SIZE, COREKEY_E_STATE; then next stays as it was. */
COREKEY_MUST_CHECK corekey_status corekey_rotation_apply_sized(corekey_device_key *next,
    size_t next_size, const corekey_device_key *current, const uint8_t *offer, size_t len);
#define corekey_rotation_apply(next, current, offer, len) \
    corekey_rotation_apply_sized((next), sizeof *(next), (current), (offer), (len))

/* ==========================================================================
 * The boot journal: flash of the caller's that holds a device's key and counts
 * its boots, so that no nonce is used twice whatever happens to the power. Two
 * pages or more. Specified in docs/rotation.md. None of these calls keeps a
 * state: each reads the journal anew, and one at a time may run on a storage.
 */

#define COREKEY_STORAGE_WORD_LEN 8         /* Bytes that are written at a time. */
#define COREKEY_STORAGE_UNREADABLE 1       /* A read function returns it for bytes that are lost for good (ECC error). */

/* Reads len bytes at offset of a page. Returns 0; COREKEY_STORAGE_UNREADABLE,
 * and they count as damaged; or another value if the storage does not answer. */
typedef int32_t (*corekey_storage_read_fn)(void *user,
                                           uint32_t page,
                                           uint32_t offset,
                                           uint8_t *out,
                                           size_t len);

/* Writes COREKEY_STORAGE_WORD_LEN bytes at offset, a multiple of that, which
 * were erased. Returns 0 when that is durable, or another value. */
typedef int32_t (*corekey_storage_write_fn)(void *user,
                                            uint32_t page,
                                            uint32_t offset,
                                            const uint8_t *word);

/* Erases a page: all its bytes read 0xFF. Returns 0 when that is durable, or
 * another value. */
typedef int32_t (*corekey_storage_erase_fn)(void *user, uint32_t page);

/* The caller's flash. Its functions may not call corekey, longjmp or throw. */
typedef struct corekey_storage {
  void *user;            /* Handed to each function. */
  uint32_t pages;        /* Number of pages, 2 or more. */
  uint32_t page_size;    /* Bytes of a page, a multiple of 16, 144 or more. */
  corekey_storage_read_fn read; /* All three are needed. */
  corekey_storage_write_fn write; /* As its type says. */
  corekey_storage_erase_fn erase; /* As its type says. */
} corekey_storage;

/* Puts a device's first key into a blank or lost storage, in a factory or after
 * COREKEY_E_STATE_LOST; a version under which the device may have sealed is
 * never provisioned again. A storage that has this key already stays as it is;
 * one that has a lower version is rotated.
 * Returns COREKEY_OK; COREKEY_E_RANGE for a version that is not above that of
 * the storage, or if its numbers are used up; COREKEY_E_STORAGE;
 * COREKEY_E_LENGTH for a storage that is too small; COREKEY_E_NULL,
 * COREKEY_E_ALIGNMENT, COREKEY_E_STATE. */
COREKEY_MUST_CHECK corekey_status corekey_journal_provision(const corekey_storage *storage,
    const corekey_device_key *key);

/* Takes the device's key out of the journal, and finishes a rotation that a
 * power cut interrupted. To be called first after a start.
 * Call it as corekey_journal_load(key, storage, id, id_len).
 * Returns COREKEY_OK; COREKEY_E_STATE_LOST; COREKEY_E_STORAGE; COREKEY_E_NULL,
 * COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH, COREKEY_E_OVERLAP,
 * COREKEY_E_CONTEXT_SIZE; then key stays as it was. */
COREKEY_MUST_CHECK corekey_status corekey_journal_load_sized(corekey_device_key *key,
    size_t key_size, const corekey_storage *storage, const uint8_t *id, size_t id_len);

/* Counts a boot: to be called once after a start, before the first seal, and
 * again when a session is full. *boot goes to corekey_sealer_init and
 * corekey_opener_init_down. On an error seal nothing.
 * Returns COREKEY_OK; COREKEY_E_STATE_LOST; COREKEY_E_STORAGE; COREKEY_E_RANGE
 * when the numbers are used up; COREKEY_E_NULL, COREKEY_E_ALIGNMENT,
 * COREKEY_E_LENGTH, COREKEY_E_OVERLAP. */
COREKEY_MUST_CHECK corekey_status corekey_journal_next_boot(const corekey_storage *storage,
    uint64_t *boot);

/* Takes an offer for the device whose key is in the journal: makes the new key
 * durable, erases the old one there, and puts the new one into key, which holds
 * the old one. Then clear every other copy of that, count a boot and start a
 * new sealer. An old offer changes nothing; *rotated tells: 1 or 0.
 * Returns COREKEY_OK; COREKEY_E_BAD_OFFER; COREKEY_E_STATE_LOST;
 * COREKEY_E_STORAGE; COREKEY_E_RANGE (numbers used up); COREKEY_E_NULL,
 * COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH, COREKEY_E_OVERLAP, COREKEY_E_STATE. */
COREKEY_MUST_CHECK corekey_status corekey_journal_apply(const corekey_storage *storage,
    corekey_device_key *key, const uint8_t *offer, size_t len, uint32_t *rotated);
#define corekey_journal_load(key, storage, id, id_len) \
    corekey_journal_load_sized((key), sizeof *(key), (storage), (id), (id_len))

#ifdef __cplusplus
}
#endif

#endif /* COREKEY_H */
