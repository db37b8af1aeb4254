// corekey.hpp from a user's side: every class and function does its work, what
// may not be copied does not compile, and objects wipe themselves.
//
// Built as C++11 and as C++20. Needs no test framework: cmocka leaves a failed
// test by longjmp, which skips destructors.

#include <cstdio>
#include <cstring>
#include <initializer_list>
#include <new>
#include <type_traits>
#include <utility>

#include <corekey.hpp>

namespace {

struct failure {
  const char *what;
  int line;
};

void require(bool holds, const char *what, int line) {
  if (!holds) {
    throw failure{what, line};
  }
}

#define REQUIRE(condition) require((condition), #condition, __LINE__)

template <class Call>
corekey_status thrown_by(Call call) {
  try {
    call();
  } catch (const corekey::error &error) {
    return error.status();
  }
  return COREKEY_OK;
}

template <std::size_t N>
struct bytes {
  std::uint8_t at[N];
  std::size_t size() const { return N; }
  bool operator==(const bytes &other) const { return std::memcmp(at, other.at, N) == 0; }
};

bool all_zeros(const void *memory, std::size_t len) {
  const unsigned char *const at = static_cast<const unsigned char *>(memory);
  for (std::size_t i = 0; i < len; i++) {
    if (at[i] != 0) {
      return false;
    }
  }
  return true;
}

const bytes<32> SECRET = {{1, 2, 3, 4}};
const bytes<12> NONCE = {{5, 6, 7}};
const bytes<5> AAD = {{8, 9}};
const std::size_t TEXT_LEN = 7;
const bytes<TEXT_LEN> TEXT = {{'s', 'e', 'v', 'e', 'n', '!', '!'}};
const bytes<3> ABC = {{'a', 'b', 'c'}};

// FIPS 180-4: SHA-256 of "abc".
const bytes<32> DIGEST_OF_ABC = {{0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
                                  0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
                                  0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad}};

template <class T>
constexpr bool moves_but_does_not_copy() {
  return std::is_nothrow_move_constructible<T>::value &&
         std::is_nothrow_move_assignable<T>::value && !std::is_copy_constructible<T>::value &&
         !std::is_copy_assignable<T>::value;
}

template <class T>
constexpr bool stays() {
  return !std::is_copy_constructible<T>::value && !std::is_copy_assignable<T>::value &&
         !std::is_move_constructible<T>::value && !std::is_move_assignable<T>::value;
}

static_assert(moves_but_does_not_copy<corekey::hash>(), "");
static_assert(moves_but_does_not_copy<corekey::hmac_key>(), "");
static_assert(moves_but_does_not_copy<corekey::hmac>(), "");
static_assert(moves_but_does_not_copy<corekey::prk>(), "");
static_assert(moves_but_does_not_copy<corekey::aead_key>(), "");
static_assert(moves_but_does_not_copy<corekey::device_key>(), "");
static_assert(moves_but_does_not_copy<corekey::root>(), "");
static_assert(stays<corekey::drbg>(), "");
static_assert(stays<corekey::sealer>(), "");
static_assert(stays<corekey::opener>(), "");
static_assert(!std::is_default_constructible<corekey::device_key>::value, "");
static_assert(!std::is_default_constructible<corekey::root>::value, "");
static_assert(sizeof(corekey::device_key) == sizeof(corekey_device_key), "nothing is added");
static_assert(sizeof(corekey::root) == sizeof(corekey_root), "nothing is added");
static_assert(sizeof(corekey::sealer) == sizeof(corekey_sealer), "nothing is added");
static_assert(sizeof(corekey::opener) == sizeof(corekey_opener), "nothing is added");
static_assert(sizeof(corekey::hash) == sizeof(corekey_hash_ctx), "nothing is added");
static_assert(sizeof(corekey::aead_key) == sizeof(corekey_aead_key), "nothing is added");
static_assert(sizeof(corekey::drbg) == sizeof(corekey_drbg), "nothing is added");

corekey::aead_key make_aead_key() {
  return corekey::aead_key(COREKEY_AES_256_GCM, SECRET.at, SECRET.size());
}

bytes<23> sealed_by(const corekey::aead_key &key) {
  bytes<23> sealed = {{0}};
  REQUIRE(key.seal(NONCE.at, NONCE.size(), AAD.at, AAD.size(), TEXT.at, TEXT.size(), sealed.at,
                   sealed.size()) == sealed.size());
  return sealed;
}

bytes<7> opened_by(const corekey::aead_key &key, const bytes<23> &sealed) {
  bytes<7> opened = {{0}};
  REQUIRE(key.open(NONCE.at, NONCE.size(), AAD.at, AAD.size(), sealed.at, sealed.size(),
                   opened.at, opened.size()) == opened.size());
  return opened;
}

void seals_and_opens() {
  const corekey::aead_key key = make_aead_key();
  REQUIRE(opened_by(key, sealed_by(key)) == TEXT);
}

void seals_and_opens_detached() {
  const corekey::aead_key key = make_aead_key();
  bytes<7> buffer = TEXT;
  bytes<16> tag = {{0}};
  key.seal_detached(NONCE.at, NONCE.size(), AAD.at, AAD.size(), buffer.at, buffer.size(),
                    buffer.at, tag.at, tag.size());
  REQUIRE(!(buffer == TEXT));
  key.open_detached(NONCE.at, NONCE.size(), AAD.at, AAD.size(), buffer.at, buffer.size(), tag.at,
                    tag.size(), buffer.at);
  REQUIRE(buffer == TEXT);
  tag.at[0] ^= 1;
  REQUIRE(thrown_by([&] {
            key.open_detached(NONCE.at, NONCE.size(), AAD.at, AAD.size(), buffer.at,
                              buffer.size(), tag.at, tag.size(), buffer.at);
          }) == COREKEY_E_UNVERIFIED);
  REQUIRE(all_zeros(buffer.at, buffer.size()));
}

void a_tampered_message_throws_and_leaves_zeros() {
  const corekey::aead_key key = make_aead_key();
  bytes<23> sealed = sealed_by(key);
  bytes<7> opened = TEXT;
  sealed.at[0] ^= 1;
  REQUIRE(thrown_by([&] {
            key.open(NONCE.at, NONCE.size(), AAD.at, AAD.size(), sealed.at, sealed.size(),
                     opened.at, opened.size());
          }) == COREKEY_E_UNVERIFIED);
  REQUIRE(all_zeros(opened.at, opened.size()));
}

void too_little_room_throws_what_is_needed() {
  const corekey::aead_key key = make_aead_key();
  std::size_t needed = 0;
  try {
    key.seal(NONCE.at, NONCE.size(), AAD.at, AAD.size(), TEXT.at, TEXT.size(), nullptr, 0);
  } catch (const corekey::error &error) {
    REQUIRE(error.status() == COREKEY_E_BUFFER_TOO_SMALL);
    needed = error.needed();
  }
  REQUIRE(needed == TEXT.size() + COREKEY_TAG_LEN);
}

void an_error_is_a_std_exception_with_the_status_as_text() {
  try {
    corekey::hash nothing(12345);
    REQUIRE(false);
  } catch (const std::exception &error) {
    REQUIRE(std::strcmp(error.what(), corekey_status_str(COREKEY_E_ALGORITHM)) == 0);
  }
  REQUIRE(corekey::error(COREKEY_E_NULL).needed() == 0);
}

void hashes_at_once_and_in_pieces() {
  bytes<32> digest = {{0}};
  corekey::digest(COREKEY_SHA256, ABC.at, ABC.size(), digest.at, digest.size());
  REQUIRE(digest == DIGEST_OF_ABC);

  corekey::hash hash(COREKEY_SHA256);
  hash.update(ABC.at, 1);
  corekey::hash clone = hash.clone();
  hash.update(ABC.at + 1, 2);
  hash.finish(digest.at, digest.size());
  REQUIRE(digest == DIGEST_OF_ABC);
  REQUIRE(thrown_by([&] { hash.update(ABC.at, 1); }) == COREKEY_E_STATE);

  digest = bytes<32>{{0}};
  clone.update(ABC.at + 1, 2);
  clone.finish(digest.at, digest.size());
  REQUIRE(digest == DIGEST_OF_ABC);
}

void signs_and_verifies_at_once_and_in_pieces() {
  const corekey::hmac_key key(COREKEY_SHA256, SECRET.at, SECRET.size());
  bytes<32> whole = {{0}};
  bytes<32> pieces = {{0}};
  key.sign(TEXT.at, TEXT.size(), whole.at, whole.size());
  corekey::hmac hmac(key);
  hmac.update(TEXT.at, 3);
  corekey::hmac clone = hmac.clone();
  hmac.update(TEXT.at + 3, 4);
  hmac.finish(pieces.at, pieces.size());
  REQUIRE(pieces == whole);
  clone.update(TEXT.at + 3, 4);
  clone.finish(pieces.at, pieces.size());
  REQUIRE(pieces == whole);

  key.clone().verify(TEXT.at, TEXT.size(), whole.at, 16);
  whole.at[15] ^= 1;
  REQUIRE(thrown_by([&] { key.verify(TEXT.at, TEXT.size(), whole.at, 16); }) ==
          COREKEY_E_UNVERIFIED);
  REQUIRE(thrown_by([&] { key.verify(TEXT.at, TEXT.size(), whole.at, 15); }) ==
          COREKEY_E_LENGTH);
}

void derives_in_one_step_in_two_and_from_a_ready_prk() {
  bytes<42> at_once = {{0}};
  bytes<42> in_two = {{0}};
  corekey::hkdf(COREKEY_SHA256, AAD.at, AAD.size(), SECRET.at, SECRET.size(), TEXT.at,
                TEXT.size(), at_once.at, at_once.size());
  const corekey::prk extracted(COREKEY_SHA256, AAD.at, AAD.size(), SECRET.at, SECRET.size());
  extracted.clone().expand(TEXT.at, TEXT.size(), in_two.at, in_two.size());
  REQUIRE(in_two == at_once);

  // HKDF-Extract is HMAC with the salt as key (RFC 5869 2.2).
  bytes<32> raw = {{0}};
  corekey::hmac_key(COREKEY_SHA256, AAD.at, AAD.size())
      .sign(SECRET.at, SECRET.size(), raw.at, raw.size());
  const corekey::prk ready(COREKEY_SHA256, raw.at, raw.size());
  ready.expand(TEXT.at, TEXT.size(), in_two.at, in_two.size());
  REQUIRE(in_two == at_once);
}

void wraps_and_unwraps() {
  bytes<16> wrapped = {{0}};
  bytes<8> unwrapped = {{0}};
  REQUIRE(corekey::key_wrap(COREKEY_AES_KWP, SECRET.at, SECRET.size(), TEXT.at, TEXT.size(),
                            wrapped.at, wrapped.size()) == wrapped.size());
  REQUIRE(corekey::key_unwrap(COREKEY_AES_KWP, SECRET.at, SECRET.size(), wrapped.at,
                              wrapped.size(), unwrapped.at, unwrapped.size()) == TEXT.size());
  REQUIRE(std::memcmp(unwrapped.at, TEXT.at, TEXT.size()) == 0);
  wrapped.at[3] ^= 1;
  REQUIRE(thrown_by([&] {
            corekey::key_unwrap(COREKEY_AES_KWP, SECRET.at, SECRET.size(), wrapped.at,
                                wrapped.size(), unwrapped.at, unwrapped.size());
          }) == COREKEY_E_UNVERIFIED);
}

void encodes_and_decodes() {
  char text[16];
  bytes<7> data = {{0}};
  REQUIRE(corekey::encode(COREKEY_BASE64, TEXT.at, TEXT.size(), text, sizeof text) == 12);
  REQUIRE(std::strcmp(text, "c2V2ZW4hIQ==") == 0);
  REQUIRE(corekey::decode(COREKEY_BASE64, text, 12, data.at, data.size()) == data.size());
  REQUIRE(data == TEXT);
  REQUIRE(thrown_by([&] { corekey::decode(COREKEY_HEX, "zz", 2, data.at, data.size()); }) ==
          COREKEY_E_ENCODING);
}

std::int32_t entropy(void *user, std::uint8_t *out, std::size_t len) {
  std::uint8_t *const next = static_cast<std::uint8_t *>(user);
  for (std::size_t i = 0; i < len; i++) {
    out[i] = static_cast<std::uint8_t>(*next + i);
  }
  *next = static_cast<std::uint8_t>(*next + 100);
  return 0;
}

void generates_and_reseeds() {
  std::uint8_t next = 0;
  bytes<32> first = {{0}};
  bytes<32> second = {{0}};
  corekey::drbg drbg(entropy, &next, TEXT.at, TEXT.size());
  drbg.generate(first.at, first.size());
  drbg.reseed();
  drbg.generate(second.at, second.size(), AAD.at, AAD.size());
  REQUIRE(!(first == second));
  REQUIRE(next == 200);

  corekey_drbg copy = *drbg.get();
  REQUIRE(corekey_drbg_generate(&copy, nullptr, 0, first.at, first.size()) == COREKEY_E_MOVED);
}

std::int32_t no_entropy(void *, std::uint8_t *, std::size_t) { return 1; }

void a_failing_source_makes_no_generator() {
  REQUIRE(thrown_by([] { corekey::drbg drbg(no_entropy, nullptr); }) ==
          COREKEY_E_ENTROPY_FAILED);
  REQUIRE(thrown_by([] { corekey::drbg drbg(nullptr, nullptr); }) == COREKEY_E_NULL);
}

void the_free_functions_work() {
  bytes<16> a = {{0}};
  bytes<16> b = {{0}};
  corekey::selftest();
  REQUIRE(corekey::equal(a.at, a.size(), b.at, b.size()));
  corekey::random(a.at, a.size());
  REQUIRE(!corekey::equal(a.at, a.size(), b.at, b.size()));
  REQUIRE(!corekey::equal(b.at, 16, b.at, 15));
  REQUIRE(thrown_by([] { (void)corekey::equal(nullptr, 1, nullptr, 1); }) == COREKEY_E_NULL);
  corekey::wipe(a.at, a.size());
  REQUIRE(a == b);
  REQUIRE(thrown_by([] { corekey::wipe(nullptr, 1); }) == COREKEY_E_NULL);
}

// The device and its keys of docs/vectors.
const char ID[] = "sensor-0000042";
const std::size_t ID_LEN = sizeof ID - 1;
const std::uint8_t *const ID_AT = reinterpret_cast<const std::uint8_t *>(ID);
const bytes<4> CHECK_VALUE = {{0xa0, 0xf4, 0x1a, 0x40}};

corekey::root make_root() {
  bytes<32> secret;
  for (std::size_t i = 0; i < secret.size(); i++) {
    secret.at[i] = static_cast<std::uint8_t>(i);
  }
  return corekey::root(secret.at, secret.size());
}

corekey::device_key make_device_key() { return make_root().device_key(1, ID_AT, ID_LEN); }

bytes<4> check_value_of(const corekey::device_key &key) {
  bytes<4> value = {{0}};
  key.check_value(value.at, value.size());
  return value;
}

void a_root_derives_wraps_and_unwraps_device_keys() {
  const corekey::root root = make_root();
  bytes<8> id = {{0}};
  bytes<40> wrapped = {{0}};
  char text[45];
  root.id(id.at, id.size());
  REQUIRE(id == (bytes<8>{{0x09, 0x5d, 0x8a, 0x3a, 0xf2, 0xc1, 0xc8, 0xb3}}));
  const corekey::device_key key = root.clone().device_key(1, ID_AT, ID_LEN);
  REQUIRE(check_value_of(key) == CHECK_VALUE);
  REQUIRE(root.device_key_base64(1, ID_AT, ID_LEN, text, sizeof text) == 44);
  REQUIRE(std::strcmp(text, "AW36QnIk9KG/92PrOeKSUpLsfbaUD4UR5YMjalLbWE8=") == 0);

  root.wrap(key, wrapped.at, wrapped.size());
  const corekey::device_key unwrapped =
      root.unwrap(1, ID_AT, ID_LEN, wrapped.at, wrapped.size());
  REQUIRE(check_value_of(unwrapped) == CHECK_VALUE);
  const corekey_device device = {ID_AT, ID_LEN, 1};
  bytes<32> secret = {{0}};
  root.device_secrets(&device, 1, secret.at, secret.size());
  const corekey::device_key derived(1, ID_AT, ID_LEN, secret.at, secret.size());
  REQUIRE(check_value_of(derived) == CHECK_VALUE);
  REQUIRE(thrown_by([&] { root.device_secrets(&device, 1, secret.at, 31); }) ==
          COREKEY_E_LENGTH);
  corekey_item item = corekey_item();
  root.open_batch(&item, 1);
  REQUIRE(item.status == COREKEY_E_MALFORMED);
  REQUIRE(thrown_by([&] { root.open_batch(nullptr, 1); }) == COREKEY_E_NULL);
  const corekey::root fleet = root.fleet(ID_AT, 1);
  REQUIRE(thrown_by([&] { fleet.unwrap(1, ID_AT, ID_LEN, wrapped.at, wrapped.size()); }) ==
          COREKEY_E_UNVERIFIED);
  REQUIRE(thrown_by([&] { root.device_key(0, ID_AT, ID_LEN); }) == COREKEY_E_RANGE);
  REQUIRE(thrown_by([&] { root.fleet(nullptr, 0); }) == COREKEY_E_LENGTH);
}

void a_device_key_derives() {
  const corekey::device_key key = make_device_key();
  bytes<32> wrapping = {{0}};
  bytes<32> authentication = {{0}};
  bytes<32> personalization = {{0}};
  key.derive(COREKEY_FOR_WRAPPING, AAD.at, AAD.size(), wrapping.at, wrapping.size());
  key.clone().derive(COREKEY_FOR_AUTHENTICATION, AAD.at, AAD.size(), authentication.at,
                     authentication.size());
  key.personalization(1, personalization.at, personalization.size());
  REQUIRE(!(wrapping == authentication));
  REQUIRE(!(wrapping == personalization));
  REQUIRE(thrown_by([&] { key.derive(1, nullptr, 0, wrapping.at, wrapping.size()); }) ==
          COREKEY_E_ALGORITHM);

  const corekey::device_key imported =
      corekey::device_key::import_key(1, ID_AT, ID_LEN, SECRET.at, 16);
  REQUIRE(!(check_value_of(imported) == CHECK_VALUE));
  REQUIRE(thrown_by([] { corekey::device_key::import_key(1, ID_AT, ID_LEN, SECRET.at, 15); }) ==
          COREKEY_E_LENGTH);
  REQUIRE(thrown_by([] { corekey::device_key(1, ID_AT, ID_LEN, SECRET.at, 31); }) ==
          COREKEY_E_LENGTH);
}

void messages_are_sealed_and_opened() {
  const corekey::device_key key = make_device_key();
  corekey::sealer sealer(key, COREKEY_UP, 300);
  corekey::opener opener(key, corekey::first_contact());
  bytes<TEXT_LEN + COREKEY_MESSAGE_OVERHEAD_MAX> message = {{0}};
  bytes<TEXT_LEN> opened = {{0}};
  bytes<COREKEY_OPENER_STATE_LEN> state = {{0}};
  corekey_message info;
  std::size_t len = 0;
  for (std::uint32_t i = 0; i < 3; i++) {
    len = sealer.seal(COREKEY_COMPACT, AAD.at, AAD.size(), TEXT.at, TEXT.size(), message.at,
                      message.size());
    REQUIRE(opener.open(AAD.at, AAD.size(), message.at, len, opened.at, opened.size(), &info) ==
            TEXT.size());
    REQUIRE(opened == TEXT);
    REQUIRE(info.boot == 300 && info.counter == i);
    REQUIRE(info.form == (i == 0 ? COREKEY_LONG : COREKEY_COMPACT));
  }
  REQUIRE(corekey::inspect(message.at, len).boot == 300 % 256);
  REQUIRE(thrown_by([&] { corekey::inspect(message.at, 3); }) == COREKEY_E_MALFORMED);
  const auto open_again = [&](corekey::opener &with) {
    return thrown_by([&] {
      with.open(AAD.at, AAD.size(), message.at, len, opened.at, opened.size());
    });
  };
  REQUIRE(open_again(opener) == COREKEY_E_REPLAY);
  opener.save(state.at, state.size());
  corekey::opener resumed(key, state.at, state.size());
  REQUIRE(open_again(resumed) == COREKEY_E_REPLAY);
  state.at[0] ^= 1;
  REQUIRE(thrown_by([&] { corekey::opener damaged(key, state.at, state.size()); }) ==
          COREKEY_E_BAD_STATE);
}

// An opener of a lost state is no opener at first contact.
void an_empty_state_is_not_first_contact() {
  const corekey::device_key key = make_device_key();
  REQUIRE(thrown_by([&] { corekey::opener lost(key, nullptr, 0); }) == COREKEY_E_LENGTH);
}

void downlinks_are_sealed_and_opened() {
  const corekey::device_key key = make_device_key();
  const bytes<8> salt = {{1}};
  corekey::sealer sealer(key, COREKEY_DOWN, 7, salt.at, salt.size());
  corekey::opener opener(key, std::uint64_t{7});
  corekey::opener of_another_boot(key, std::uint64_t{8});
  bytes<TEXT_LEN + COREKEY_MESSAGE_OVERHEAD_MAX> message = {{0}};
  bytes<TEXT_LEN> opened = {{0}};
  const std::size_t len = sealer.seal(COREKEY_LONG, nullptr, 0, TEXT.at, TEXT.size(), message.at,
                                      message.size());
  REQUIRE(thrown_by([&] {
            of_another_boot.open(nullptr, 0, message.at, len, opened.at, opened.size());
          }) == COREKEY_E_STALE);
  opener.open(nullptr, 0, message.at, len, opened.at, opened.size());
  REQUIRE(opened == TEXT);
  REQUIRE(thrown_by([&] { corekey::sealer unsalted(key, COREKEY_DOWN, 7); }) ==
          COREKEY_E_LENGTH);
}

void too_little_room_for_a_message_throws_what_is_needed() {
  const corekey::device_key key = make_device_key();
  corekey::sealer sealer(key, COREKEY_UP, 1);
  std::size_t needed = 0;
  try {
    sealer.seal(COREKEY_LONG, nullptr, 0, TEXT.at, TEXT.size(), nullptr, 0);
  } catch (const corekey::error &error) {
    REQUIRE(error.status() == COREKEY_E_BUFFER_TOO_SMALL);
    needed = error.needed();
  }
  REQUIRE(needed == TEXT.size() + 47);
}

void a_moved_device_key_is_wiped() {
  corekey::device_key source = make_device_key();
  corekey::device_key target = std::move(source);
  REQUIRE(check_value_of(target) == CHECK_VALUE);
  REQUIRE(all_zeros(source.get(), sizeof *source.get()));
  REQUIRE(thrown_by([&] { check_value_of(source); }) == COREKEY_E_STATE);
}

void a_move_takes_the_key_along_and_wipes_the_source() {
  corekey::aead_key source = make_aead_key();
  const bytes<23> sealed = sealed_by(source);
  corekey::aead_key target = std::move(source);
  REQUIRE(opened_by(target, sealed) == TEXT);
  REQUIRE(all_zeros(source.get(), sizeof *source.get()));
  REQUIRE(thrown_by([&] { sealed_by(source); }) == COREKEY_E_STATE);

  source = std::move(target);
  REQUIRE(opened_by(source, sealed) == TEXT);
  REQUIRE(all_zeros(target.get(), sizeof *target.get()));

  corekey::aead_key &itself = source;
  source = std::move(itself);
  REQUIRE(opened_by(source, sealed) == TEXT);
}

void a_clone_outlives_its_original() {
  corekey::aead_key *const original = new corekey::aead_key(make_aead_key());
  const bytes<23> sealed = sealed_by(*original);
  const corekey::aead_key clone = original->clone();
  delete original;
  REQUIRE(opened_by(clone, sealed) == TEXT);
}

template <class T, class... Arguments>
bool is_wiped_by_its_destructor(Arguments... arguments) {
  alignas(T) unsigned char storage[sizeof(T)];
  T *const object = new (storage) T(arguments...);
  const bool held_something = !all_zeros(storage, sizeof storage);
  object->~T();
  return held_something && all_zeros(storage, sizeof storage);
}

void sealers_and_openers_wipe() {
  const corekey::device_key key = make_device_key();
  alignas(corekey::sealer) unsigned char of_sealer[sizeof(corekey::sealer)];
  alignas(corekey::opener) unsigned char of_opener[sizeof(corekey::opener)];
  corekey::sealer *const sealer = new (of_sealer) corekey::sealer(key, COREKEY_UP, 1);
  corekey::opener *const opener =
      new (of_opener) corekey::opener(key, corekey::first_contact());
  REQUIRE(!all_zeros(of_sealer, sizeof of_sealer) && !all_zeros(of_opener, sizeof of_opener));
  sealer->~sealer();
  opener->~opener();
  REQUIRE(all_zeros(of_sealer, sizeof of_sealer) && all_zeros(of_opener, sizeof of_opener));
}

void destructors_wipe() {
  const corekey::hmac_key key(COREKEY_SHA256, SECRET.at, SECRET.size());
  std::uint8_t next = 0;
  REQUIRE(is_wiped_by_its_destructor<corekey::hash>(std::uint32_t{COREKEY_SHA512}));
  REQUIRE(is_wiped_by_its_destructor<corekey::hmac_key>(std::uint32_t{COREKEY_SHA256}, SECRET.at,
                                                        SECRET.size()));
  REQUIRE(is_wiped_by_its_destructor<corekey::prk>(std::uint32_t{COREKEY_SHA256}, SECRET.at,
                                                   SECRET.size()));
  REQUIRE(is_wiped_by_its_destructor<corekey::aead_key>(std::uint32_t{COREKEY_AES_256_GCM},
                                                        SECRET.at, SECRET.size()));
  REQUIRE(is_wiped_by_its_destructor<corekey::drbg>(entropy, &next));

  REQUIRE(is_wiped_by_its_destructor<corekey::device_key>(std::uint64_t{1}, ID_AT, ID_LEN,
                                                          SECRET.at, SECRET.size()));
  REQUIRE(is_wiped_by_its_destructor<corekey::root>(SECRET.at, SECRET.size()));
  sealers_and_openers_wipe();

  alignas(corekey::hmac) unsigned char storage[sizeof(corekey::hmac)];
  corekey::hmac *const hmac = new (storage) corekey::hmac(key);
  hmac->~hmac();
  REQUIRE(all_zeros(storage, sizeof storage));
}

struct test {
  const char *name;
  void (*run)();
};

#define TEST(function) test{#function, function}

}  // namespace

int main() {
  int passed = 0;
  int failed = 0;
  for (const test &t : {
           TEST(seals_and_opens),
           TEST(seals_and_opens_detached),
           TEST(a_tampered_message_throws_and_leaves_zeros),
           TEST(too_little_room_throws_what_is_needed),
           TEST(an_error_is_a_std_exception_with_the_status_as_text),
           TEST(hashes_at_once_and_in_pieces),
           TEST(signs_and_verifies_at_once_and_in_pieces),
           TEST(derives_in_one_step_in_two_and_from_a_ready_prk),
           TEST(wraps_and_unwraps),
           TEST(encodes_and_decodes),
           TEST(generates_and_reseeds),
           TEST(a_failing_source_makes_no_generator),
           TEST(the_free_functions_work),
           TEST(a_root_derives_wraps_and_unwraps_device_keys),
           TEST(a_device_key_derives),
           TEST(messages_are_sealed_and_opened),
           TEST(an_empty_state_is_not_first_contact),
           TEST(downlinks_are_sealed_and_opened),
           TEST(too_little_room_for_a_message_throws_what_is_needed),
           TEST(a_moved_device_key_is_wiped),
           TEST(a_move_takes_the_key_along_and_wipes_the_source),
           TEST(a_clone_outlives_its_original),
           TEST(destructors_wipe),
       }) {
    try {
      t.run();
      passed++;
    } catch (const failure &f) {
      std::printf("FAILED %s: line %d: %s\n", t.name, f.line, f.what);
      failed++;
    } catch (const corekey::error &error) {
      std::printf("FAILED %s: %s\n", t.name, error.what());
      failed++;
    }
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
