/* SPDX-License-Identifier: Apache-2.0 OR MIT
 *
 * The demo's device program: reads this machine's sensors, seals every reading
 * as one of several devices and writes the frames (frame.h) to standard output.
 *
 *   device ROOT_FILE DEVICE_ID...
 *
 * The root secret comes from a file, never from an argument or the environment,
 * which other users of the machine can see. A real device would hold its own
 * key only; this program plays several, so it holds the root. Exits with 0 if
 * every reading was sealed and written.
 */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <corekey.h>

#include "sealer.h"
#include "sensors.h"

#define ROOT_LEN 32
#define DEVICES_MAX 16

/* All that a run holds; its keys are wiped in one place, at the end of main. */
struct program {
    corekey_prk root;
    uint8_t run[RUN_LEN];
    struct sealer sealers[DEVICES_MAX];
    size_t devices;
    size_t readings;
};

/* The library that was linked is the one the header belongs to, and computes
 * right on this machine. */
static bool check_library(void)
{
    if (corekey_abi_version() != COREKEY_ABI_VERSION) {
        fprintf(stderr,
                "device: the library has ABI %" PRIu32 ", its header here %d: compile this "
                "program with the library's own header\n",
                corekey_abi_version(), COREKEY_ABI_VERSION);
        return false;
    }
    if (!succeeded(corekey_selftest(), "self-test")) {
        return false;
    }
    fprintf(stderr, "device: CoreKey %s, ABI %" PRIu32 ", self-test passed\n", corekey_version(),
            corekey_abi_version());
    return true;
}

/* Fills secret from an open file of exactly its length. Without stdio, whose
 * buffer would keep a copy. */
static bool fill_from(int file, const char *path, uint8_t secret[ROOT_LEN])
{
    struct stat facts;
    if (fstat(file, &facts) != 0) {
        fprintf(stderr, "device: cannot look at %s: %s\n", path, strerror(errno));
        return false;
    }
    if (!S_ISREG(facts.st_mode) || facts.st_size != ROOT_LEN) {
        fprintf(stderr,
                "device: %s is not a file of %d bytes: make one with "
                "(umask 077; head -c %d /dev/urandom > FILE)\n",
                path, ROOT_LEN, ROOT_LEN);
        return false;
    }
    if ((facts.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        fprintf(stderr, "device: %s is open to other users: chmod 600 it, or make a new one\n",
                path);
        return false;
    }
    size_t have = 0;
    while (have < ROOT_LEN) {
        ssize_t got = read(file, secret + have, ROOT_LEN - have);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            fprintf(stderr, "device: cannot read %s: %s\n", path,
                    got < 0 ? strerror(errno) : "it became shorter");
            return false;
        }
        have += (size_t)got;
    }
    return true;
}

static bool read_root(const char *path, corekey_prk *root)
{
    uint8_t secret[ROOT_LEN];
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        fprintf(stderr, "device: cannot open the root secret %s: %s\n", path, strerror(errno));
        return false;
    }
    bool good = fill_from(file, path, secret) &&
                succeeded(corekey_prk_init(root, COREKEY_SHA256, secret, sizeof secret),
                          "cannot take the root secret");
    close(file);
    /* From here on only the HMAC state in root is needed. */
    return succeeded(corekey_wipe(secret, sizeof secret), "cannot wipe the root secret") && good;
}

static bool check_id(const char *id)
{
    size_t len = strlen(id);
    bool plain = len > 0 && len <= DEVICE_ID_MAX;
    for (const char *c = id; *c != '\0'; c++) {
        plain = plain && *c >= '!' && *c <= '~';
    }
    if (!plain) {
        fprintf(stderr, "device: an id is 1 to %d printable ASCII characters without spaces\n",
                DEVICE_ID_MAX);
    }
    return plain;
}

/* One sealer for each id. The same id twice would be two counters under one
 * key, and every nonce used twice. */
static bool make_sealers(struct program *program, char **ids, int count)
{
    for (int i = 0; i < count; i++) {
        if (!check_id(ids[i])) {
            return false;
        }
        for (int j = 0; j < i; j++) {
            if (strcmp(ids[i], ids[j]) == 0) {
                fprintf(stderr, "device: %s is named twice: name every device once\n", ids[i]);
                return false;
            }
        }
        if (!sealer_init(&program->sealers[i], &program->root, program->run, ids[i])) {
            return false;
        }
        program->devices++;
    }
    return true;
}

/* Seals one reading as the next device, in turn, and writes the frame. */
static bool take(void *user, const struct reading *reading)
{
    struct program *program = user;
    struct sealer *sealer = &program->sealers[program->readings % program->devices];
    uint8_t frame[FRAME_LENGTH_LEN + FRAME_BODY_MAX];
    size_t frame_len = 0;
    if (!sealer_seal(sealer, reading, frame, &frame_len)) {
        return false;
    }
    if (fwrite(frame, 1, frame_len, stdout) != frame_len) {
        fprintf(stderr, "device: cannot write a frame: %s\n", strerror(errno));
        return false;
    }
    program->readings++;
    return true;
}

static bool seal_all(struct program *program, int argc, char **argv)
{
    if (argc < 3 || argc > 2 + DEVICES_MAX) {
        fprintf(stderr, "usage: device ROOT_FILE DEVICE_ID... (at most %d) | receiver ROOT_FILE\n",
                DEVICES_MAX);
        return false;
    }
    if (!check_library() || !read_root(argv[1], &program->root) ||
        !succeeded(corekey_random(program->run, RUN_LEN), "cannot draw a number for this run") ||
        !make_sealers(program, argv + 2, argc - 2) || !sensors_read(take, program)) {
        return false;
    }
    if (fflush(stdout) != 0) {
        fprintf(stderr, "device: cannot write a frame: %s\n", strerror(errno));
        return false;
    }
    fprintf(stderr, "device: sealed %zu readings as %zu devices\n", program->readings,
            program->devices);
    return true;
}

int main(int argc, char **argv)
{
    /* Zeroed: a context that was never initialised answers COREKEY_E_STATE. */
    static struct program program;

    /* A receiver that ends early is an error of fwrite, not a sudden end that
     * would leave the keys unwiped. */
    signal(SIGPIPE, SIG_IGN);
    bool good = seal_all(&program, argc, argv);

    for (size_t i = 0; i < DEVICES_MAX; i++) {
        good = sealer_clear(&program.sealers[i]) && good;
    }
    good = succeeded(corekey_prk_clear(&program.root), "cannot wipe the root") && good;
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
