/* SPDX-License-Identifier: Apache-2.0 OR MIT
 *
 * Sensors under /proc and /sys. Each kind has one function below; the table at
 * the end lists them. A value is handed on as the kernel shows it or not at
 * all: nothing here has a default.
 */
#define _POSIX_C_SOURCE 200809L

#include "sensors.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Where readings go, and how many went there. */
struct sink {
    take_reading take;
    void *taker;
    unsigned taken;
};

/* The first bytes of a file as a string; false if it is not there. */
static bool read_text(const char *path, char *text, size_t cap)
{
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return false;
    }
    size_t len = fread(text, 1, cap - 1, file);
    bool good = ferror(file) == 0;
    fclose(file);
    text[len] = '\0';
    return good && len > 0;
}

/* snprintf that says whether all of it fitted: half a path or name is none. */
__attribute__((format(printf, 3, 4)))
static bool format(char *text, size_t cap, const char *pattern, ...)
{
    va_list arguments;
    va_start(arguments, pattern);
    int len = vsnprintf(text, cap, pattern, arguments);
    va_end(arguments);
    return len >= 0 && (size_t)len < cap;
}

static bool ends_number(char c)
{
    return c == '\0' || c == ' ' || c == '\n';
}

/* "-12.34" is the value -1234 with 2 decimals. False if text does not start
 * with a number, or with one that does not fit. */
static bool parse_number(const char *text, int64_t *value, uint8_t *decimals)
{
    bool negative = *text == '-';
    const char *digits = negative ? text + 1 : text;
    bool behind_point = false;
    size_t count = 0;
    *value = 0;
    *decimals = 0;
    for (const char *c = digits; !ends_number(*c); c++) {
        if (*c == '.' && !behind_point) {
            behind_point = true;
            continue;
        }
        if (*c < '0' || *c > '9' || *value > (INT64_MAX - 9) / 10) {
            return false;
        }
        if (behind_point && ++*decimals > DECIMALS_MAX) {
            return false;
        }
        *value = *value * 10 + (*c - '0');
        count++;
    }
    if (negative) {
        *value = -*value;
    }
    return count > 0;
}

/* A payload holds printable ASCII without spaces; an interface or a chip may be
 * called anything. */
static bool is_plain(const char *name)
{
    for (const char *c = name; *c != '\0'; c++) {
        if (*c < '!' || *c > '~') {
            return false;
        }
    }
    return *name != '\0';
}

/* Hands on the number that text starts with, in units of 10^-shift; what is
 * no reading is left out. */
static bool give_shifted(struct sink *sink, const char *name, const char *text,
                         uint8_t shift, const char *unit)
{
    struct reading reading = {0};
    if (!is_plain(name) || !format(reading.name, sizeof reading.name, "%s", name) ||
        !format(reading.unit, sizeof reading.unit, "%s", unit) ||
        !parse_number(text, &reading.value, &reading.decimals) ||
        reading.decimals + shift > DECIMALS_MAX) {
        return true;
    }
    reading.decimals = (uint8_t)(reading.decimals + shift);
    sink->taken++;
    return sink->take(sink->taker, &reading);
}

static bool give(struct sink *sink, const char *name, const char *text, const char *unit)
{
    return give_shifted(sink, name, text, 0, unit);
}

static bool read_load(struct sink *sink)
{
    static const char *const names[] = {"load.1min", "load.5min", "load.15min"};
    char text[128];
    if (!read_text("/proc/loadavg", text, sizeof text)) {
        return true;
    }
    const char *next = text;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!give(sink, names[i], next, "")) {
            return false;
        }
        next = strchr(next, ' ');
        if (next == NULL) {
            return true;
        }
        next++;
    }
    return true;
}

static bool read_uptime(struct sink *sink)
{
    char text[128];
    if (!read_text("/proc/uptime", text, sizeof text)) {
        return true;
    }
    return give(sink, "uptime", text, "s");
}

static bool read_memory(struct sink *sink)
{
    static const char *const fields[][2] = {
        {"MemTotal:", "memory.total"},
        {"MemAvailable:", "memory.available"},
    };
    char text[4096];
    if (!read_text("/proc/meminfo", text, sizeof text)) {
        return true;
    }
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const char *found = strstr(text, fields[i][0]);
        if (found == NULL) {
            continue;
        }
        found += strlen(fields[i][0]);
        found += strspn(found, " ");
        if (!give(sink, fields[i][1], found, "KiB")) {
            return false;
        }
    }
    return true;
}

/* Calls visit with the name of every entry of a folder. A folder that is not
 * there has none. */
static bool each_entry(const char *folder, bool (*visit)(struct sink *, const char *),
                       struct sink *sink)
{
    DIR *open = opendir(folder);
    if (open == NULL) {
        return true;
    }
    bool going = true;
    for (struct dirent *entry; going && (entry = readdir(open)) != NULL;) {
        if (entry->d_name[0] != '.') {
            going = visit(sink, entry->d_name);
        }
    }
    closedir(open);
    return going;
}

/* The kernel counts thousandths of a degree: "42500" is 42.500 degrees. */
static bool give_temperature(struct sink *sink, const char *name, const char *path)
{
    char text[64];
    return !read_text(path, text, sizeof text) || give_shifted(sink, name, text, 3, "degC");
}

/* /sys/class/thermal: a processor's or board's zones, each with a type. */
static bool read_zone(struct sink *sink, const char *zone)
{
    char path[320], type[32], name[64];
    if (strncmp(zone, "thermal_zone", 12) != 0 ||
        !format(path, sizeof path, "/sys/class/thermal/%s/type", zone) ||
        !read_text(path, type, sizeof type)) {
        return true;
    }
    type[strcspn(type, "\n")] = '\0';
    if (!format(name, sizeof name, "temperature.%s", type) ||
        !format(path, sizeof path, "/sys/class/thermal/%s/temp", zone)) {
        return true;
    }
    return give_temperature(sink, name, path);
}

/* /sys/class/hwmon: chips, each with up to a few temperature inputs. */
static bool read_chip(struct sink *sink, const char *chip)
{
    char path[320], type[32], name[64];
    if (!format(path, sizeof path, "/sys/class/hwmon/%s/name", chip) ||
        !read_text(path, type, sizeof type)) {
        return true;
    }
    type[strcspn(type, "\n")] = '\0';
    for (unsigned input = 1; input <= 16; input++) {
        if (format(name, sizeof name, "temperature.%s.%u", type, input) &&
            format(path, sizeof path, "/sys/class/hwmon/%s/temp%u_input", chip, input) &&
            !give_temperature(sink, name, path)) {
            return false;
        }
    }
    return true;
}

static bool read_temperatures(struct sink *sink)
{
    return each_entry("/sys/class/thermal", read_zone, sink) &&
           each_entry("/sys/class/hwmon", read_chip, sink);
}

static bool read_interface(struct sink *sink, const char *interface)
{
    static const char *const counters[] = {"rx_bytes", "tx_bytes"};
    char path[320], text[64], name[64];
    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++) {
        if (format(path, sizeof path, "/sys/class/net/%s/statistics/%s", interface,
                   counters[i]) &&
            format(name, sizeof name, "net.%s.%s", interface, counters[i]) &&
            read_text(path, text, sizeof text) && !give(sink, name, text, "B")) {
            return false;
        }
    }
    return true;
}

static bool read_network(struct sink *sink)
{
    return each_entry("/sys/class/net", read_interface, sink);
}

static const struct {
    const char *kind;
    bool (*read)(struct sink *sink);
} kinds[] = {
    {"load", read_load},
    {"uptime", read_uptime},
    {"memory", read_memory},
    {"temperature", read_temperatures},
    {"network", read_network},
};

bool sensors_is_kind(const char *kind)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kind, kinds[i].kind) == 0) {
            return true;
        }
    }
    return false;
}

/* All kinds if none is named. */
static bool is_wanted(const char *kind, char *const *wanted)
{
    if (*wanted == NULL) {
        return true;
    }
    for (; *wanted != NULL; wanted++) {
        if (strcmp(kind, *wanted) == 0) {
            return true;
        }
    }
    return false;
}

void sensors_read(char *const *wanted, take_reading take, void *taker, left_out_fn left_out)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct sink sink = {take, taker, 0};
        if (!is_wanted(kinds[i].kind, wanted)) {
            continue;
        }
        if (!kinds[i].read(&sink)) {
            return;
        }
        if (sink.taken == 0) {
            left_out(kinds[i].kind);
        }
    }
}
