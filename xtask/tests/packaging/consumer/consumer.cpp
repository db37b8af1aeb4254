// The same as consumer.c through corekey.hpp, and what that adds: contexts
// that are not copied by accident, moves that wipe, errors that are thrown.

#include <corekey.hpp>

#include <cstdio>
#include <cstring>
#include <type_traits>
#include <utility>

static_assert(!std::is_copy_constructible<corekey::aead_key>::value, "");
static_assert(!std::is_copy_assignable<corekey::aead_key>::value, "");
static_assert(!std::is_move_constructible<corekey::drbg>::value, "");
static_assert(!std::is_move_constructible<corekey::sealer>::value, "");
static_assert(!std::is_move_constructible<corekey::opener>::value, "");

namespace {

// Whether `call` throws `status`.
template <class Call>
bool throws(corekey_status status, Call call) {
    try {
        call();
    } catch (const corekey::error &error) {
        return error.status() == status;
    }
    return false;
}

void derive(std::uint8_t (&key)[32]) {
    std::uint8_t root[22];
    std::uint8_t salt[13];
    std::uint8_t info[10];
    std::memset(root, 0x0b, sizeof root);
    for (std::size_t i = 0; i < sizeof salt; i++)
        salt[i] = static_cast<std::uint8_t>(i);
    for (std::size_t i = 0; i < sizeof info; i++)
        info[i] = static_cast<std::uint8_t>(0xf0 + i);
    const corekey::prk prk(COREKEY_SHA256, salt, sizeof salt, root, sizeof root);
    prk.expand(info, sizeof info, key, sizeof key);
}

bool seals(const std::uint8_t (&secret)[32]) {
    const std::uint8_t reading[] = "load 0.42";
    std::uint8_t nonce[COREKEY_NONCE_LEN];
    std::uint8_t sealed[sizeof reading + COREKEY_TAG_LEN];
    std::uint8_t opened[sizeof reading];
    corekey::random(nonce, sizeof nonce);

    corekey::aead_key first(COREKEY_AES_256_GCM, secret, sizeof secret);
    const corekey::aead_key copy = first.clone();
    const corekey::aead_key key = std::move(first);
    const auto seal = [&](const corekey::aead_key &with) {
        return with.seal(nonce, sizeof nonce, nullptr, 0, reading, sizeof reading, sealed,
                         sizeof sealed);
    };
    const auto open = [&] {
        return copy.open(nonce, sizeof nonce, nullptr, 0, sealed, sizeof sealed, opened,
                         sizeof opened);
    };
    if (seal(key) != sizeof sealed || open() != sizeof reading)
        return false;
    if (std::memcmp(opened, reading, sizeof reading) != 0)
        return false;
    sealed[0] ^= 1;
    return throws(COREKEY_E_UNVERIFIED, open) &&
           throws(COREKEY_E_STATE, [&] { seal(first); });
}

// The device seals, the cloud opens, and that once.
bool sends(const std::uint8_t (&secret)[32]) {
    const std::uint8_t id[] = {'p', 'u', 'm', 'p', '-', '7'};
    const std::uint8_t reading[] = "load 0.42";
    std::uint8_t message[sizeof reading + COREKEY_MESSAGE_OVERHEAD_MAX];
    std::uint8_t opened[sizeof reading];
    const corekey::root root(secret, sizeof secret);
    const corekey::device_key key = root.device_key(1, id, sizeof id);
    corekey::sealer sealer(key, COREKEY_UP, 1);
    corekey::opener opener(key, corekey::first_contact());
    const std::size_t len = sealer.seal(COREKEY_LONG, nullptr, 0, reading, sizeof reading,
                                        message, sizeof message);
    const auto open = [&] {
        return opener.open(nullptr, 0, message, len, opened, sizeof opened);
    };
    return open() == sizeof reading && std::memcmp(opened, reading, sizeof reading) == 0 &&
           throws(COREKEY_E_REPLAY, open);
}

}  // namespace

int main() {
    std::uint8_t key[32];
    char text[64];
    derive(key);
    if (!seals(key) || !sends(key))
        return 1;
    corekey::encode(COREKEY_BASE64, key, sizeof key, text, sizeof text);
    std::puts(text);
    return 0;
}
