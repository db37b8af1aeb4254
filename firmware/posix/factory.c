/* SPDX-License-Identifier: Apache-2.0 OR MIT
 *
 * Provisions the journal from the factory's file. While that file is there,
 * nothing was ever sealed under its key: it is gone, durably, before the device
 * program starts. So a journal that is lost later is never provisioned with a
 * key that was in use.
 */
#define _POSIX_C_SOURCE 200809L

#include "factory.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "private_file.h"

#define VERSION_LEN 8
#define FACTORY_KEY_LEN (VERSION_LEN + COREKEY_KEY_LEN)

/* Reads a file of exactly FACTORY_KEY_LEN bytes. Without stdio, whose buffer
 * would keep a copy. */
static bool read_key(int file, const char *path, uint8_t bytes[FACTORY_KEY_LEN])
{
    uint8_t more;
    size_t have = 0;
    ssize_t got = 0;
    do {
        got = read(file, bytes + have, FACTORY_KEY_LEN - have);
        have += got > 0 ? (size_t)got : 0;
    } while (have < FACTORY_KEY_LEN && (got > 0 || (got < 0 && errno == EINTR)));
    if (have < FACTORY_KEY_LEN || read(file, &more, 1) != 0) {
        fprintf(stderr, "device: %s is not a key file of %d bytes: let the factory make it anew\n",
                path, FACTORY_KEY_LEN);
        return false;
    }
    return true;
}

static bool provision(int file, const char *path, const corekey_storage *journal, const char *id)
{
    uint8_t bytes[FACTORY_KEY_LEN];
    uint64_t version = 0;
    corekey_device_key key;
    if (!private_file_check(file, path) || !read_key(file, path, bytes)) {
        return false;
    }
    for (size_t i = 0; i < VERSION_LEN; i++) {
        version = version << 8 | bytes[i];
    }
    corekey_status status = corekey_device_key_init(&key, version, (const uint8_t *)id, strlen(id),
                                                    bytes + VERSION_LEN, COREKEY_KEY_LEN);
    corekey_wipe(bytes, sizeof bytes);
    if (status == COREKEY_OK) {
        status = corekey_journal_provision(journal, &key);
        corekey_device_key_clear(&key);
    }
    if (status != COREKEY_OK) {
        fprintf(stderr, "device: cannot install the key %s: %s\n", path,
                corekey_status_str(status));
        return false;
    }
    return true;
}

/* Overwrites and removes the file, and makes sure that it stays removed. */
static bool erase(int file, const char *path)
{
    static const uint8_t zeros[FACTORY_KEY_LEN];
    char folder[PATH_MAX];
    if (strlen(path) >= sizeof folder) {
        errno = ENAMETOOLONG;
        return false;
    }
    strcpy(folder, path);
    if (pwrite(file, zeros, sizeof zeros, 0) != (ssize_t)sizeof zeros || fsync(file) != 0 ||
        unlink(path) != 0) {
        return false;
    }
    int parent = open(dirname(folder), O_RDONLY | O_CLOEXEC);
    if (parent < 0) {
        return false;
    }
    bool synced = fsync(parent) == 0;
    close(parent);
    return synced;
}

bool factory_install(const char *path, const corekey_storage *journal, const char *id)
{
    int file = open(path, O_RDWR | O_CLOEXEC);
    if (file < 0 && errno == ENOENT) {
        return true;
    }
    if (file < 0) {
        fprintf(stderr, "device: cannot open %s: %s\n", path, strerror(errno));
        return false;
    }
    bool installed = provision(file, path, journal, id);
    if (installed && !erase(file, path)) {
        fprintf(stderr, "device: cannot erase %s: %s\n", path, strerror(errno));
        installed = false;
    }
    close(file);
    return installed;
}
