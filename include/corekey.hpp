/* SPDX-License-Identifier: Apache-2.0 OR MIT
 *
 * corekey.hpp - corekey.h for C++11 and later: contexts that wipe themselves
 * and errors that nobody overlooks. Header only; the functions stay those of C.
 *
 *   Errors     Every status but COREKEY_OK is thrown as corekey::error. What
 *              the buffers hold then is what corekey.h says.
 *   Buffers    A pointer and a length, as in C.
 *   Contexts   An object is initialised when its constructor returns, and wiped
 *              by its destructor. Nothing is copied by accident: say .clone().
 *              A move wipes its source, whose calls then throw COREKEY_E_STATE.
 *              drbg, sealer and opener can be neither copied nor moved.
 *   C          .get() is the context for a function of corekey.h.
 */
#ifndef COREKEY_HPP
#define COREKEY_HPP

#include <cstddef>
#include <cstdint>
#include <exception>

#include "corekey.h"

namespace corekey {

/* A call failed; the status says how. */
class error : public std::exception {
 public:
  explicit error(corekey_status status, std::size_t needed = 0) noexcept
      : status_(status), needed_(needed) {}

  corekey_status status() const noexcept { return status_; }

  /* Bytes the output needs; only with COREKEY_E_BUFFER_TOO_SMALL. */
  std::size_t needed() const noexcept { return needed_; }

  const char *what() const noexcept override { return corekey_status_str(status_); }

 private:
  corekey_status status_;
  std::size_t needed_;
};

/* Throws unless status is COREKEY_OK. */
inline void check(corekey_status status) {
  if (status != COREKEY_OK) {
    throw error(status);
  }
}

namespace detail {

/* Returns the length that a call stored, or throws. */
inline std::size_t checked(corekey_status status, std::size_t len) {
  if (status != COREKEY_OK) {
    throw error(status, status == COREKEY_E_BUFFER_TOO_SMALL ? len : 0);
  }
  return len;
}

/* Asks for the constructor that copies. */
struct cloned {};

/* Storage of a context that may be copied and moved. */
template <class C>
class context {
 public:
  context(const context &) = delete;
  context &operator=(const context &) = delete;

  const C *get() const noexcept { return &c_; }
  C *get() noexcept { return &c_; }

 protected:
  context() noexcept : c_() {}
  context(const context &source, cloned) noexcept : c_(source.c_) {}
  context(context &&source) noexcept : c_(source.c_) { source.wipe(); }

  context &operator=(context &&source) noexcept {
    if (this != &source) {
      c_ = source.c_;
      source.wipe();
    }
    return *this;
  }

  ~context() { wipe(); }

 private:
  void wipe() noexcept { corekey_wipe(&c_, sizeof c_); }

  C c_;
};

/* Storage of a context that stays where it is. */
template <class C>
class fixed_context {
 public:
  fixed_context(const fixed_context &) = delete;
  fixed_context &operator=(const fixed_context &) = delete;

  const C *get() const noexcept { return &c_; }
  C *get() noexcept { return &c_; }

 protected:
  fixed_context() noexcept : c_() {}
  ~fixed_context() { corekey_wipe(&c_, sizeof c_); }

 private:
  C c_;
};

}  // namespace detail

/* ==========================================================================
 * The library itself.
 */

/* Throws COREKEY_E_SELFTEST if a known answer is wrong. */
inline void selftest() { check(corekey_selftest()); }

/* Whether two byte strings are equal, in constant time. */
inline bool equal(const void *a, std::size_t a_len, const void *b, std::size_t b_len) {
  const corekey_status status = corekey_equal(a, a_len, b, b_len);
  if (status == COREKEY_E_UNVERIFIED) {
    return false;
  }
  check(status);
  return true;
}

/* Overwrites memory with zeros. */
inline void wipe(void *memory, std::size_t len) { check(corekey_wipe(memory, len)); }

/* ==========================================================================
 * Hashing.
 */

/* A message that comes in pieces. */
class hash : public detail::context<corekey_hash_ctx> {
 public:
  explicit hash(std::uint32_t alg) { check(corekey_hash_init(get(), alg)); }

  hash(hash &&) = default;
  hash &operator=(hash &&) = default;
  hash clone() const { return hash(*this, detail::cloned()); }

  void update(const std::uint8_t *data, std::size_t len) {
    check(corekey_hash_update(get(), data, len));
  }

  /* Writes the digest; the object is then as if moved from. */
  void finish(std::uint8_t *digest, std::size_t digest_len) {
    check(corekey_hash_final(get(), digest, digest_len));
  }

 private:
  hash(const hash &source, detail::cloned how) : context(source, how) {}
};

/* The digest of data. */
inline void digest(std::uint32_t alg, const std::uint8_t *data, std::size_t len,
                   std::uint8_t *out, std::size_t out_len) {
  check(corekey_hash(alg, data, len, out, out_len));
}

/* ==========================================================================
 * Message authentication.
 */

/* A key for HMAC. */
class hmac_key : public detail::context<corekey_hmac_key> {
 public:
  hmac_key(std::uint32_t alg, const std::uint8_t *secret, std::size_t secret_len) {
    check(corekey_hmac_key_init(get(), alg, secret, secret_len));
  }

  hmac_key(hmac_key &&) = default;
  hmac_key &operator=(hmac_key &&) = default;
  hmac_key clone() const { return hmac_key(*this, detail::cloned()); }

  /* Writes the tag of data. */
  void sign(const std::uint8_t *data, std::size_t len, std::uint8_t *tag,
            std::size_t tag_len) const {
    check(corekey_hmac(get(), data, len, tag, tag_len));
  }

  /* Throws COREKEY_E_UNVERIFIED unless tag is the tag of data. */
  void verify(const std::uint8_t *data, std::size_t len, const std::uint8_t *tag,
              std::size_t tag_len) const {
    check(corekey_hmac_verify(get(), data, len, tag, tag_len));
  }

 private:
  hmac_key(const hmac_key &source, detail::cloned how) : context(source, how) {}
};

/* A message that comes in pieces. */
class hmac : public detail::context<corekey_hmac_ctx> {
 public:
  explicit hmac(const hmac_key &key) { check(corekey_hmac_init(get(), key.get())); }

  hmac(hmac &&) = default;
  hmac &operator=(hmac &&) = default;
  hmac clone() const { return hmac(*this, detail::cloned()); }

  void update(const std::uint8_t *data, std::size_t len) {
    check(corekey_hmac_update(get(), data, len));
  }

  /* Writes the tag; the object is then as if moved from. */
  void finish(std::uint8_t *tag, std::size_t tag_len) {
    check(corekey_hmac_final(get(), tag, tag_len));
  }

 private:
  hmac(const hmac &source, detail::cloned how) : context(source, how) {}
};

/* ==========================================================================
 * Key derivation.
 */

/* A pseudorandom key for HKDF. */
class prk : public detail::context<corekey_prk> {
 public:
  /* From a secret that is uniformly random. */
  prk(std::uint32_t alg, const std::uint8_t *secret, std::size_t secret_len) {
    check(corekey_prk_init(get(), alg, secret, secret_len));
  }

  /* From any secret, by HKDF-Extract. */
  prk(std::uint32_t alg, const std::uint8_t *salt, std::size_t salt_len,
      const std::uint8_t *ikm, std::size_t ikm_len) {
    check(corekey_hkdf_extract(get(), alg, salt, salt_len, ikm, ikm_len));
  }

  prk(prk &&) = default;
  prk &operator=(prk &&) = default;
  prk clone() const { return prk(*this, detail::cloned()); }

  void expand(const std::uint8_t *info, std::size_t info_len, std::uint8_t *okm,
              std::size_t okm_len) const {
    check(corekey_hkdf_expand(get(), info, info_len, okm, okm_len));
  }

 private:
  prk(const prk &source, detail::cloned how) : context(source, how) {}
};

/* Extract and expand in one call. */
inline void hkdf(std::uint32_t alg, const std::uint8_t *salt, std::size_t salt_len,
                 const std::uint8_t *ikm, std::size_t ikm_len, const std::uint8_t *info,
                 std::size_t info_len, std::uint8_t *okm, std::size_t okm_len) {
  check(corekey_hkdf(alg, salt, salt_len, ikm, ikm_len, info, info_len, okm, okm_len));
}

/* ==========================================================================
 * Sealing and opening.
 */

/* A key for AES-GCM. */
class aead_key : public detail::context<corekey_aead_key> {
 public:
  aead_key(std::uint32_t alg, const std::uint8_t *secret, std::size_t secret_len) {
    check(corekey_aead_key_init(get(), alg, secret, secret_len));
  }

  aead_key(aead_key &&) = default;
  aead_key &operator=(aead_key &&) = default;
  aead_key clone() const { return aead_key(*this, detail::cloned()); }

  /* Returns the bytes written: ciphertext and tag. */
  std::size_t seal(const std::uint8_t *nonce, std::size_t nonce_len, const std::uint8_t *aad,
                   std::size_t aad_len, const std::uint8_t *plaintext,
                   std::size_t plaintext_len, std::uint8_t *out, std::size_t out_cap) const {
    std::size_t len = 0;
    const corekey_status status = corekey_aead_seal(
        get(), nonce, nonce_len, aad, aad_len, plaintext, plaintext_len, out, out_cap, &len);
    return detail::checked(status, len);
  }

  /* Returns the bytes written; throws COREKEY_E_UNVERIFIED if any byte differs. */
  std::size_t open(const std::uint8_t *nonce, std::size_t nonce_len, const std::uint8_t *aad,
                   std::size_t aad_len, const std::uint8_t *sealed, std::size_t sealed_len,
                   std::uint8_t *out, std::size_t out_cap) const {
    std::size_t len = 0;
    const corekey_status status = corekey_aead_open(
        get(), nonce, nonce_len, aad, aad_len, sealed, sealed_len, out, out_cap, &len);
    return detail::checked(status, len);
  }

  void seal_detached(const std::uint8_t *nonce, std::size_t nonce_len, const std::uint8_t *aad,
                     std::size_t aad_len, const std::uint8_t *plaintext, std::size_t len,
                     std::uint8_t *ciphertext, std::uint8_t *tag, std::size_t tag_len) const {
    check(corekey_aead_seal_detached(get(), nonce, nonce_len, aad, aad_len, plaintext, len,
                                     ciphertext, tag, tag_len));
  }

  void open_detached(const std::uint8_t *nonce, std::size_t nonce_len, const std::uint8_t *aad,
                     std::size_t aad_len, const std::uint8_t *ciphertext, std::size_t len,
                     const std::uint8_t *tag, std::size_t tag_len,
                     std::uint8_t *plaintext) const {
    check(corekey_aead_open_detached(get(), nonce, nonce_len, aad, aad_len, ciphertext, len,
                                     tag, tag_len, plaintext));
  }

 private:
  aead_key(const aead_key &source, detail::cloned how) : context(source, how) {}
};

/* ==========================================================================
 * Wrapping keys.
 */

/* Returns the bytes written. */
inline std::size_t key_wrap(std::uint32_t alg, const std::uint8_t *kek, std::size_t kek_len,
                            const std::uint8_t *key, std::size_t key_len, std::uint8_t *out,
                            std::size_t out_cap) {
  std::size_t len = 0;
  const corekey_status status =
      corekey_key_wrap(alg, kek, kek_len, key, key_len, out, out_cap, &len);
  return detail::checked(status, len);
}

/* Returns the key's length; throws COREKEY_E_UNVERIFIED if any byte differs. */
inline std::size_t key_unwrap(std::uint32_t alg, const std::uint8_t *kek, std::size_t kek_len,
                              const std::uint8_t *wrapped, std::size_t wrapped_len,
                              std::uint8_t *out, std::size_t out_cap) {
  std::size_t len = 0;
  const corekey_status status =
      corekey_key_unwrap(alg, kek, kek_len, wrapped, wrapped_len, out, out_cap, &len);
  return detail::checked(status, len);
}

/* ==========================================================================
 * Secrets as text.
 */

/* Returns the characters written, the NUL behind them not counted. */
inline std::size_t encode(std::uint32_t encoding, const std::uint8_t *data,
                          std::size_t data_len, char *text, std::size_t text_cap) {
  std::size_t len = 0;
  const corekey_status status =
      corekey_encode(encoding, data, data_len, text, text_cap, &len);
  return detail::checked(status, len);
}

/* Returns the bytes written; throws COREKEY_E_ENCODING if text is not valid. */
inline std::size_t decode(std::uint32_t encoding, const char *text, std::size_t text_len,
                          std::uint8_t *out, std::size_t out_cap) {
  std::size_t len = 0;
  const corekey_status status =
      corekey_decode(encoding, text, text_len, out, out_cap, &len);
  return detail::checked(status, len);
}

/* ==========================================================================
 * Random bytes.
 */

/* A generator over an entropy source, which may not throw. Stays where it is. */
class drbg : public detail::fixed_context<corekey_drbg> {
 public:
  drbg(corekey_entropy_fn entropy, void *user, const std::uint8_t *personalization = nullptr,
       std::size_t personalization_len = 0) {
    check(corekey_drbg_init(get(), entropy, user, personalization, personalization_len));
  }

  void reseed(const std::uint8_t *additional = nullptr, std::size_t additional_len = 0) {
    check(corekey_drbg_reseed(get(), additional, additional_len));
  }

  void generate(std::uint8_t *out, std::size_t out_len,
                const std::uint8_t *additional = nullptr, std::size_t additional_len = 0) {
    check(corekey_drbg_generate(get(), additional, additional_len, out, out_len));
  }
};

/* Random bytes of the operating system. */
inline void random(std::uint8_t *out, std::size_t out_len) {
  check(corekey_random(out, out_len));
}

/* ==========================================================================
 * Device keys and roots. Rotation and the boot journal take .get().
 */

class root;

/* The key of one version of one device. */
class device_key : public detail::context<corekey_device_key> {
 public:
  /* A key of COREKEY_KEY_LEN bytes. */
  device_key(std::uint64_t version, const std::uint8_t *id, std::size_t id_len,
             const std::uint8_t *secret, std::size_t secret_len) {
    check(corekey_device_key_init(get(), version, id, id_len, secret, secret_len));
  }

  /* A key made elsewhere, of 16 to 64 bytes. */
  static device_key import_key(std::uint64_t version, const std::uint8_t *id,
                               std::size_t id_len, const std::uint8_t *imported,
                               std::size_t imported_len) {
    device_key key;
    check(corekey_device_key_import(key.get(), version, id, id_len, imported, imported_len));
    return key;
  }

  device_key(device_key &&) = default;
  device_key &operator=(device_key &&) = default;
  device_key clone() const { return device_key(*this, detail::cloned()); }

  /* Writes the public key check value. */
  void check_value(std::uint8_t *value, std::size_t len) const {
    check(corekey_device_key_check_value(get(), value, len));
  }

  /* Writes a key for the application. */
  void derive(std::uint32_t purpose, const std::uint8_t *context, std::size_t context_len,
              std::uint8_t *out, std::size_t out_len) const {
    check(corekey_device_key_derive(get(), purpose, context, context_len, out, out_len));
  }

  /* Writes the secret personalization for a drbg in one boot. */
  void personalization(std::uint64_t boot, std::uint8_t *out, std::size_t out_len) const {
    check(corekey_device_key_personalization(get(), boot, out, out_len));
  }

 private:
  friend class root;
  device_key() = default;
  device_key(const device_key &source, detail::cloned how) : context(source, how) {}
};

/* The secret that all device keys of a fleet come from; not on firmware. */
class root : public detail::context<corekey_root> {
 public:
  root(const std::uint8_t *secret, std::size_t secret_len) {
    check(corekey_root_init(get(), secret, secret_len));
  }

  root(root &&) = default;
  root &operator=(root &&) = default;
  root clone() const { return root(*this, detail::cloned()); }

  /* The root of a fleet. */
  root fleet(const std::uint8_t *fleet_id, std::size_t fleet_id_len) const {
    root made;
    check(corekey_root_fleet(made.get(), get(), fleet_id, fleet_id_len));
    return made;
  }

  /* Writes the public id. */
  void id(std::uint8_t *out, std::size_t out_len) const {
    check(corekey_root_id(get(), out, out_len));
  }

  /* The key of a device. */
  corekey::device_key device_key(std::uint64_t version, const std::uint8_t *id,
                                 std::size_t id_len) const {
    corekey::device_key key;
    check(corekey_root_device_key(key.get(), get(), version, id, id_len));
    return key;
  }

  /* Writes the keys of many devices, one behind the other. */
  void device_secrets(const corekey_device *devices, std::size_t count, std::uint8_t *secrets,
                      std::size_t secrets_len) const {
    check(corekey_root_device_secrets(get(), devices, count, secrets, secrets_len));
  }

  /* Opens the messages of many devices: each item has its own status. */
  void open_batch(corekey_item *items, std::size_t count) const {
    check(corekey_root_open_batch(get(), items, count));
  }

  /* Returns the characters written, the NUL behind them not counted. */
  std::size_t device_key_base64(std::uint64_t version, const std::uint8_t *id,
                                std::size_t id_len, char *text, std::size_t text_cap) const {
    std::size_t len = 0;
    const corekey_status status =
        corekey_device_key_base64(get(), version, id, id_len, text, text_cap, &len);
    return detail::checked(status, len);
  }

  /* Writes a device key as it is stored. */
  void wrap(const corekey::device_key &key, std::uint8_t *wrapped, std::size_t len) const {
    check(corekey_root_wrap(get(), key.get(), wrapped, len));
  }

  /* Throws COREKEY_E_UNVERIFIED unless it is the key of this id and version. */
  corekey::device_key unwrap(std::uint64_t version, const std::uint8_t *id, std::size_t id_len,
                             const std::uint8_t *wrapped, std::size_t wrapped_len) const {
    corekey::device_key key;
    check(corekey_root_unwrap(key.get(), get(), version, id, id_len, wrapped, wrapped_len));
    return key;
  }

 private:
  root() = default;
  root(const root &source, detail::cloned how) : context(source, how) {}
};

/* ==========================================================================
 * Sealed messages.
 */

/* Seals one session. Stays where it is: a copy would use its nonces again. */
class sealer : public detail::fixed_context<corekey_sealer> {
 public:
  sealer(const device_key &key, std::uint32_t direction, std::uint64_t boot,
         const std::uint8_t *salt = nullptr, std::size_t salt_len = 0) {
    check(corekey_sealer_init(get(), key.get(), direction, boot, salt, salt_len));
  }

  /* Returns the bytes of the message. */
  std::size_t seal(std::uint32_t form, const std::uint8_t *aad, std::size_t aad_len,
                   const std::uint8_t *payload, std::size_t payload_len, std::uint8_t *out,
                   std::size_t out_cap) {
    std::size_t len = 0;
    const corekey_status status =
        corekey_seal(get(), form, aad, aad_len, payload, payload_len, out, out_cap, &len);
    return detail::checked(status, len);
  }
};

/* Asks for an opener of uplinks of a key that was never used. */
struct first_contact {};

/* Opens the messages of one device key. Stays where it is. */
class opener : public detail::fixed_context<corekey_opener> {
 public:
  /* Of uplinks, at the first contact. */
  opener(const device_key &key, first_contact) {
    check(corekey_opener_init_up(get(), key.get(), nullptr, 0));
  }

  /* Of uplinks, with the state that save() wrote. */
  opener(const device_key &key, const std::uint8_t *state, std::size_t state_len) {
    if (state_len == 0) {
      throw error(COREKEY_E_LENGTH);
    }
    check(corekey_opener_init_up(get(), key.get(), state, state_len));
  }

  /* Of downlinks, for a device in its current boot. */
  opener(const device_key &key, std::uint64_t boot) {
    check(corekey_opener_init_down(get(), key.get(), boot));
  }

  /* Returns the bytes of the payload; throws what corekey_open says of a
   * message that is not opened. */
  std::size_t open(const std::uint8_t *aad, std::size_t aad_len, const std::uint8_t *message,
                   std::size_t message_len, std::uint8_t *out, std::size_t out_cap,
                   corekey_message *info = nullptr) {
    std::size_t len = 0;
    const corekey_status status =
        corekey_open(get(), aad, aad_len, message, message_len, out, out_cap, &len, info);
    return detail::checked(status, len);
  }

  /* Writes the state of an opener of uplinks. */
  void save(std::uint8_t *state, std::size_t state_len) const {
    check(corekey_opener_save(get(), state, state_len));
  }
};

/* What a message says of itself; nothing of it is authentic. */
inline corekey_message inspect(const std::uint8_t *message, std::size_t message_len) {
  corekey_message info;
  check(corekey_inspect(message, message_len, &info));
  return info;
}

}  // namespace corekey

#endif /* COREKEY_HPP */
