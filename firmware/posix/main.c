/* SPDX-License-Identifier: Apache-2.0 OR MIT
 *
 * The device program on Linux: one process is one device. Standard input and
 * output are its radio (link.h), and nothing but sealed messages goes there;
 * what it has to say to people goes to standard error.
 *
 *   device [-p MILLISECONDS] [-x N] FOLDER DEVICE_ID [KIND...]
 *
 * FOLDER is the device's own: its flash is there, and before the first start the
 * key from the factory. KIND chooses sensors; none means all. The device reports
 * at once and then after each period (-p), until its input ends. With -x its
 * power fails, for tests, in the middle of write number N to its flash.
 *
 * Exits with 0 when its input ended, POWER_FAILED when its power did, and with
 * 1 when it could not start or seal.
 */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "../common/device_program.h"
#include "factory.h"
#include "flash_file.h"
#include "sensors.h"

#define PERIOD_DEFAULT 10000
#define PERIOD_MAX 86400000

/* The machine as the device program sees it. */
struct machine {
    const char *id;
    char *const *kinds;
    long period;    /* Milliseconds between reports. */
    int64_t report; /* When the next one is due, in milliseconds. */
    bool off;       /* The other end of the radio is gone. */
};

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static int32_t draw_entropy(void *user, uint8_t *out, size_t len)
{
    (void)user;
    return corekey_random(out, len) == COREKEY_OK ? 0 : -1;
}

/* Said once, however often the sensors are read. */
static void say_left_out(const char *kind)
{
    static const char *said[8];
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        if (said[i] == kind) {
            return;
        }
        if (said[i] == NULL) {
            said[i] = kind;
            break;
        }
    }
    fprintf(stderr, "device: left out, as this machine shows none: %s\n", kind);
}

static void read_sensors(void *user, take_reading take, void *taker)
{
    const struct machine *machine = user;
    sensors_read(machine->kinds, take, taker, say_left_out);
}

/* A frame is shorter than what a pipe takes in one piece, so that devices that
 * share one do not mix. */
static bool send_bytes(void *user, const uint8_t *bytes, size_t len)
{
    struct machine *machine = user;
    ssize_t sent = 0;
    do {
        sent = write(STDOUT_FILENO, bytes, len);
    } while (sent < 0 && errno == EINTR);
    machine->off = machine->off || (sent < 0 && errno == EPIPE);
    return sent == (ssize_t)len;
}

static int32_t receive_bytes(void *user, uint8_t *bytes, size_t cap)
{
    struct machine *machine = user;
    while (!machine->off) {
        struct pollfd input = {STDIN_FILENO, POLLIN, 0};
        int64_t wait = machine->report - now();
        if (wait <= 0) {
            machine->report = now() + machine->period;
            return RECEIVE_REPORT_DUE;
        }
        if (poll(&input, 1, (int)wait) <= 0) {
            continue;
        }
        ssize_t got = read(STDIN_FILENO, bytes, cap);
        if (got > 0) {
            return (int32_t)got;
        }
        machine->off = got == 0 || errno != EINTR;
    }
    return RECEIVE_OFF;
}

static void log_event(void *user, enum event event, uint64_t number, corekey_status status)
{
    const struct machine *machine = user;
    const char *why = corekey_status_str(status);
    /* Whoever shares a radio hears what is meant for others. */
    if (event == EVENT_REFUSED && status == COREKEY_E_OTHER_KEY) {
        return;
    }
    fprintf(stderr, "device %s: ", machine->id);
    switch (event) {
    case EVENT_KEY:
        fprintf(stderr, "key with check value %08" PRIx64 "\n", number);
        break;
    case EVENT_BOOT:
        fprintf(stderr, "boot %" PRIu64 "\n", number);
        break;
    case EVENT_REPORT:
        fprintf(stderr, "sealed %" PRIu64 " readings\n", number);
        break;
    case EVENT_NOT_SENT:
        fprintf(stderr, "a message could not be sent and is lost\n");
        break;
    case EVENT_TOO_LONG:
        fprintf(stderr, "skipped %" PRIu64 " bytes, which is longer than a message\n", number);
        break;
    case EVENT_REFUSED:
        fprintf(stderr, "refused %" PRId32 ": %s\n", status, why);
        break;
    case EVENT_UNKNOWN:
        fprintf(stderr, "a downlink of a kind that this program does not know: update it\n");
        break;
    case EVENT_OLD_OFFER:
        fprintf(stderr, "an offer that it has taken before\n");
        break;
    case EVENT_ROTATED:
        fprintf(stderr, "took the offer: new key stored, old key erased\n");
        break;
    case EVENT_STOPPED:
        fprintf(stderr, "stopped, nothing is sealed: %s\n", why);
        break;
    }
}

/* The program's own arguments. */
struct arguments {
    long period;
    long power_lasts;
    const char *folder;
    const char *id;
    char *const *kinds;
};

static bool parse_number(const char *text, long least, long most, long *number)
{
    char *end = NULL;
    errno = 0;
    *number = strtol(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && *number >= least && *number <= most;
}

static bool parse_arguments(int argc, char **argv, struct arguments *arguments)
{
    long write_number = 0;
    bool good = true;
    arguments->period = PERIOD_DEFAULT;
    arguments->power_lasts = -1;
    for (int option; good && (option = getopt(argc, argv, "p:x:")) != -1;) {
        switch (option) {
        case 'p':
            good = parse_number(optarg, 1, PERIOD_MAX, &arguments->period);
            break;
        case 'x':
            good = parse_number(optarg, 1, LONG_MAX, &write_number);
            arguments->power_lasts = write_number - 1;
            break;
        default:
            good = false;
        }
    }
    good = good && argc - optind >= 2 && strlen(argv[optind + 1]) >= 1 &&
           strlen(argv[optind + 1]) <= COREKEY_DEVICE_ID_MAX;
    if (good) {
        arguments->folder = argv[optind];
        arguments->id = argv[optind + 1];
        arguments->kinds = argv + optind + 2;
        for (char *const *kind = arguments->kinds; *kind != NULL; kind++) {
            good = good && sensors_is_kind(*kind);
        }
    }
    if (!good) {
        fprintf(stderr, "usage: device [-p MILLISECONDS] [-x N] FOLDER DEVICE_ID [KIND...]\n"
                        "an id has 1 to %d bytes; kinds are " SENSOR_KINDS "\n",
                COREKEY_DEVICE_ID_MAX);
    }
    return good;
}

static bool join(char path[PATH_MAX], const char *folder, const char *name)
{
    int len = snprintf(path, PATH_MAX, "%s/%s", folder, name);
    if (len < 0 || len >= PATH_MAX) {
        fprintf(stderr, "device: the path of %s is too long\n", name);
        return false;
    }
    return true;
}

/* Runs the device on an open flash. */
static bool run(struct flash_file *flash, const char *key_path, const struct arguments *arguments)
{
    static struct device device;
    struct machine machine = {arguments->id, arguments->kinds, arguments->period,
                              now() + arguments->period, false};
    struct platform platform = {&machine,     flash_file_storage(flash), draw_entropy,
                                read_sensors, send_bytes,                receive_bytes,
                                log_event};

    if (!factory_install(key_path, &platform.storage, arguments->id)) {
        return false;
    }
    flash->power_lasts = arguments->power_lasts;
    corekey_status status = device_start(&device, &platform, (const uint8_t *)arguments->id,
                                         strlen(arguments->id));
    if (status == COREKEY_OK) {
        status = device_run(&device);
    }
    device_stop(&device);
    return status == COREKEY_OK;
}

int main(int argc, char **argv)
{
    struct arguments arguments;
    struct flash_file flash;
    char key_path[PATH_MAX], flash_path[PATH_MAX];
    struct rlimit no_core = {0, 0};

    if (!parse_arguments(argc, argv, &arguments) ||
        !join(key_path, arguments.folder, "factory.key") ||
        !join(flash_path, arguments.folder, "flash")) {
        return EXIT_FAILURE;
    }
    /* A receiver that is gone is an error of write, not a sudden end that leaves
     * keys unwiped; and no core file is to hold them. */
    signal(SIGPIPE, SIG_IGN);
    if (setrlimit(RLIMIT_CORE, &no_core) != 0) {
        fprintf(stderr, "device: cannot forbid core files: %s\n", strerror(errno));
    }
    if (!flash_file_open(&flash, flash_path)) {
        return EXIT_FAILURE;
    }
    bool good = run(&flash, key_path, &arguments);
    flash_file_close(&flash);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
