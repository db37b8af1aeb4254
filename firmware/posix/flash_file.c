/* SPDX-License-Identifier: Apache-2.0 OR MIT
 *
 * The flash of flash_file.h: pages in a file, written through to the disk.
 */
#define _POSIX_C_SOURCE 200809L

#include "flash_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "private_file.h"

#define FLASH_LEN ((off_t)FLASH_FILE_PAGES * FLASH_FILE_PAGE_SIZE)

static off_t position(uint32_t page, uint32_t offset)
{
    return (off_t)page * FLASH_FILE_PAGE_SIZE + (off_t)offset;
}

/* Writes and makes it durable. A power cut that is asked for comes half-way. */
static bool put(struct flash_file *flash, off_t at, const uint8_t *bytes, size_t len)
{
    bool cut = flash->power_lasts == 0;
    if (flash->power_lasts > 0) {
        flash->power_lasts--;
    }
    len = cut ? len / 2 : len;
    for (size_t done = 0; done < len;) {
        ssize_t count = pwrite(flash->file, bytes + done, len - done, at + (off_t)done);
        if (count < 0 && errno != EINTR) {
            return false;
        }
        done += count > 0 ? (size_t)count : 0;
    }
    if (fdatasync(flash->file) != 0) {
        return false;
    }
    if (cut) {
        _exit(POWER_FAILED);
    }
    return true;
}

static int32_t read_flash(void *user, uint32_t page, uint32_t offset, uint8_t *out, size_t len)
{
    struct flash_file *flash = user;
    for (size_t done = 0; done < len;) {
        ssize_t count =
            pread(flash->file, out + done, len - done, position(page, offset) + (off_t)done);
        if (count == 0 || (count < 0 && errno != EINTR)) {
            return -1;
        }
        done += count > 0 ? (size_t)count : 0;
    }
    return 0;
}

static int32_t write_flash(void *user, uint32_t page, uint32_t offset, const uint8_t *word)
{
    return put(user, position(page, offset), word, COREKEY_STORAGE_WORD_LEN) ? 0 : -1;
}

static int32_t erase_flash(void *user, uint32_t page)
{
    uint8_t erased[FLASH_FILE_PAGE_SIZE];
    memset(erased, 0xFF, sizeof erased);
    return put(user, position(page, 0), erased, sizeof erased) ? 0 : -1;
}

/* One process at a time: two would count the same boot. */
static bool lock(int file, const char *path)
{
    struct flock whole = {0};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    if (fcntl(file, F_SETLK, &whole) == 0) {
        return true;
    }
    if (errno == EACCES || errno == EAGAIN) {
        fprintf(stderr, "device: another process uses %s: one device, one process\n", path);
    } else {
        fprintf(stderr, "device: cannot lock %s: %s\n", path, strerror(errno));
    }
    return false;
}

/* A new file is as long as the flash and blank. One of another length was cut
 * off, and has lost the newest page as likely as any other. */
static bool make_blank(struct flash_file *flash, const char *path)
{
    struct stat facts;
    if (fstat(flash->file, &facts) != 0) {
        fprintf(stderr, "device: cannot look at %s: %s\n", path, strerror(errno));
        return false;
    }
    if (facts.st_size == FLASH_LEN) {
        return true;
    }
    if (facts.st_size != 0) {
        fprintf(stderr, "device: %s is not a flash of %ld bytes: it was cut off; provision the "
                        "device anew\n", path, (long)FLASH_LEN);
        return false;
    }
    for (uint32_t page = 0; page < FLASH_FILE_PAGES; page++) {
        if (erase_flash(flash, page) != 0) {
            fprintf(stderr, "device: cannot write %s: %s\n", path, strerror(errno));
            return false;
        }
    }
    return true;
}

bool flash_file_open(struct flash_file *flash, const char *path)
{
    flash->power_lasts = -1;
    flash->file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (flash->file < 0) {
        fprintf(stderr, "device: cannot open %s: %s\n", path, strerror(errno));
        return false;
    }
    if (private_file_check(flash->file, path) && lock(flash->file, path) &&
        make_blank(flash, path)) {
        return true;
    }
    flash_file_close(flash);
    return false;
}

corekey_storage flash_file_storage(struct flash_file *flash)
{
    const corekey_storage storage = {flash,      FLASH_FILE_PAGES, FLASH_FILE_PAGE_SIZE,
                                     read_flash, write_flash,      erase_flash};
    return storage;
}

void flash_file_close(struct flash_file *flash)
{
    close(flash->file);
}
