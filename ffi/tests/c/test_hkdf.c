/* Key derivation: known answers, lengths, one call against two. */
#include "support.h"

/* RFC 5869 A.1 and A.3; with SHA-384 and SHA-512 the same inputs, computed
 * with Python's hmac and cryptography.
 */
static const char SALT[] = "000102030405060708090a0b0c";
static const char INFO[] = "f0f1f2f3f4f5f6f7f8f9";
#define IKM_LEN 22
#define OKM_LEN 42

static const struct {
  uint32_t alg;
  size_t digest_len;
  const char *prk;
  const char *okm;
  const char *okm_without_salt_and_info;
} KNOWN[] = {
    {COREKEY_SHA256, COREKEY_SHA256_LEN,
     "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
     "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
     "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
    {COREKEY_SHA384, COREKEY_SHA384_LEN,
     "704b39990779ce1dc548052c7dc39f303570dd13fb39f7acc564680bef80e8de"
     "c70ee9a7e1f3e293ef68eceb072a5ade",
     "9b5097a86038b805309076a44b3a9f38063e25b516dcbf369f394cfab43685f748b6457763e4f0204fc5",
     "c8c96e710f89b0d7990bca68bcdec8cf854062e54c73a7abc743fade9b242daacc1cea5670415b52849c"},
    {COREKEY_SHA512, COREKEY_SHA512_LEN,
     "665799823737ded04a88e47e54a5890bb2c3d247c7a4254a8e61350723590a26"
     "c36238127d8661b88cf80ef802d57e2f7cebcf1e00e083848be19929c61b4237",
     "832390086cda71fb47625bb5ceb168e4c8e26a1a16ed34d9fc7fe92c1481579338da362cb8d9f925d7cb",
     "f5fa02b18298a72a8c23898a8703472c6eb179dc204c03425c970e3b164bf90fff22d04836d0e2343bac"},
};

/* 255 digests of SHA-512 and one byte more. */
static uint8_t long_okm[255 * COREKEY_SHA512_LEN + 1];

typedef struct inputs {
  uint8_t salt[16];
  size_t salt_len;
  uint8_t ikm[IKM_LEN];
  uint8_t info[16];
  size_t info_len;
} inputs;

static inputs rfc_inputs(void) {
  inputs in;
  in.salt_len = unhex(SALT, in.salt);
  in.info_len = unhex(INFO, in.info);
  memset(in.ikm, 0x0b, sizeof in.ikm);
  return in;
}

static void the_known_answers_come_out_of_one_call(void **state) {
  const inputs in = rfc_inputs();
  (void)state;
  for (size_t i = 0; i < COUNT(KNOWN); i++) {
    buffer out;
    refresh(&out);
    OK(corekey_hkdf(KNOWN[i].alg, in.salt, in.salt_len, in.ikm, IKM_LEN, in.info, in.info_len,
                    out.at, OKM_LEN));
    assert_hex(out.at, OKM_LEN, KNOWN[i].okm);
    assert_only(&out, OKM_LEN);
    OK(corekey_hkdf(KNOWN[i].alg, NULL, 0, in.ikm, IKM_LEN, NULL, 0, out.at, OKM_LEN));
    assert_hex(out.at, OKM_LEN, KNOWN[i].okm_without_salt_and_info);
  }
}

static void the_known_answers_come_out_of_extract_and_expand(void **state) {
  const inputs in = rfc_inputs();
  (void)state;
  for (size_t i = 0; i < COUNT(KNOWN); i++) {
    corekey_prk prk;
    buffer out;
    refresh(&out);
    OK(corekey_hkdf_extract(&prk, KNOWN[i].alg, in.salt, in.salt_len, in.ikm, IKM_LEN));
    OK(corekey_hkdf_expand(&prk, in.info, in.info_len, out.at, OKM_LEN));
    assert_hex(out.at, OKM_LEN, KNOWN[i].okm);
    assert_only(&out, OKM_LEN);
    OK(corekey_hkdf_extract(&prk, KNOWN[i].alg, NULL, 0, in.ikm, IKM_LEN));
    OK(corekey_hkdf_expand(&prk, NULL, 0, out.at, OKM_LEN));
    assert_hex(out.at, OKM_LEN, KNOWN[i].okm_without_salt_and_info);
  }
}

static void the_known_answers_come_out_of_a_ready_prk(void **state) {
  const inputs in = rfc_inputs();
  (void)state;
  for (size_t i = 0; i < COUNT(KNOWN); i++) {
    corekey_prk prk;
    uint8_t secret[COREKEY_SHA512_LEN];
    uint8_t okm[OKM_LEN];
    const size_t len = unhex(KNOWN[i].prk, secret);
    OK(corekey_prk_init(&prk, KNOWN[i].alg, secret, len));
    OK(corekey_hkdf_expand(&prk, in.info, in.info_len, okm, sizeof okm));
    assert_hex(okm, sizeof okm, KNOWN[i].okm);
  }
}

static void one_to_255_digests_are_derived_and_no_more(void **state) {
  const inputs in = rfc_inputs();
  (void)state;
  for (size_t i = 0; i < COUNT(KNOWN); i++) {
    const size_t most = 255 * KNOWN[i].digest_len;
    corekey_prk prk;
    uint8_t one;
    OK(corekey_hkdf_extract(&prk, KNOWN[i].alg, in.salt, in.salt_len, in.ikm, IKM_LEN));
    OK(corekey_hkdf_expand(&prk, in.info, in.info_len, &one, 1));

    paint(long_okm, sizeof long_okm);
    EXPECT(COREKEY_E_LENGTH, corekey_hkdf_expand(&prk, in.info, in.info_len, long_okm, 0));
    EXPECT(COREKEY_E_LENGTH,
           corekey_hkdf_expand(&prk, in.info, in.info_len, long_okm, most + 1));
    EXPECT(COREKEY_E_LENGTH, corekey_hkdf(KNOWN[i].alg, in.salt, in.salt_len, in.ikm, IKM_LEN,
                                          in.info, in.info_len, long_okm, most + 1));
    EXPECT(COREKEY_E_LENGTH, corekey_hkdf(KNOWN[i].alg, in.salt, in.salt_len, in.ikm, IKM_LEN,
                                          in.info, in.info_len, long_okm, 0));
    assert_painted(long_okm, sizeof long_okm);

    OK(corekey_hkdf_expand(&prk, in.info, in.info_len, long_okm, most));
    assert_hex(long_okm, OKM_LEN, KNOWN[i].okm);
    assert_int_equal(long_okm[0], one);
    assert_painted(long_okm + most, sizeof long_okm - most);
  }
}

static void shorter_outputs_are_beginnings_of_longer_ones(void **state) {
  const inputs in = rfc_inputs();
  corekey_prk prk;
  (void)state;
  OK(corekey_hkdf_extract(&prk, COREKEY_SHA256, in.salt, in.salt_len, in.ikm, IKM_LEN));
  OK(corekey_hkdf_expand(&prk, in.info, in.info_len, long_okm, 200));
  for (size_t len = 1; len <= 200; len++) {
    buffer out;
    refresh(&out);
    OK(corekey_hkdf_expand(&prk, in.info, in.info_len, out.at, len));
    assert_memory_equal(out.at, long_okm, len);
    assert_only(&out, len);
  }
}

static void a_prk_shorter_than_its_digest_is_refused(void **state) {
  uint8_t secret[COREKEY_SHA512_LEN + 1] = {1};
  buffer storage;
  corekey_prk *const prk = (void *)storage.at;
  (void)state;
  for (size_t i = 0; i < COUNT(KNOWN); i++) {
    refresh(&storage);
    for (size_t len = 0; len < KNOWN[i].digest_len; len++) {
      EXPECT(COREKEY_E_LENGTH, corekey_prk_init(prk, KNOWN[i].alg, secret, len));
    }
    assert_untouched(&storage);
    OK(corekey_prk_init(prk, KNOWN[i].alg, secret, KNOWN[i].digest_len));
    OK(corekey_prk_init(prk, KNOWN[i].alg, secret, KNOWN[i].digest_len + 1));
    assert_only(&storage, sizeof *prk);
  }
}

static void other_algorithms_are_refused(void **state) {
  const inputs in = rfc_inputs();
  const uint8_t secret[COREKEY_SHA512_LEN] = {0};
  uint32_t wrong[ALGORITHMS];
  const size_t count = wrong_algorithms(COREKEY_SHA256, COREKEY_SHA512, wrong);
  buffer storage;
  corekey_prk *const prk = (void *)storage.at;
  buffer out;
  (void)state;
  refresh(&storage);
  refresh(&out);
  for (size_t i = 0; i < count; i++) {
    EXPECT(COREKEY_E_ALGORITHM,
           corekey_hkdf_extract(prk, wrong[i], in.salt, in.salt_len, in.ikm, IKM_LEN));
    EXPECT(COREKEY_E_ALGORITHM, corekey_prk_init(prk, wrong[i], secret, sizeof secret));
    EXPECT(COREKEY_E_ALGORITHM, corekey_hkdf(wrong[i], in.salt, in.salt_len, in.ikm, IKM_LEN,
                                             in.info, in.info_len, out.at, OKM_LEN));
  }
  assert_untouched(&storage);
  assert_untouched(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_known_answers_come_out_of_one_call),
      cmocka_unit_test(the_known_answers_come_out_of_extract_and_expand),
      cmocka_unit_test(the_known_answers_come_out_of_a_ready_prk),
      cmocka_unit_test(one_to_255_digests_are_derived_and_no_more),
      cmocka_unit_test(shorter_outputs_are_beginnings_of_longer_ones),
      cmocka_unit_test(a_prk_shorter_than_its_digest_is_refused),
      cmocka_unit_test(other_algorithms_are_refused),
  };
  return cmocka_run_group_tests_name("hkdf", tests, NULL, NULL);
}
