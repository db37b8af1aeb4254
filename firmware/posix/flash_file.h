/* SPDX-License-Identifier: Apache-2.0 OR MIT
 *
 * The device's flash as a file: what the boot journal (docs/rotation.md) needs
 * of a storage. The file holds the device key, so nobody else may read it, and
 * one process at a time may use it.
 *
 * A copy of the file is a clone of the device. Erasing overwrites bytes in the
 * file; what a file system or a disk keeps of them is beyond it.
 */
#ifndef FIRMWARE_FLASH_FILE_H
#define FIRMWARE_FLASH_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include <corekey.h>

#define FLASH_FILE_PAGES 2
#define FLASH_FILE_PAGE_SIZE 4096

struct flash_file {
    int file;
    /* Writes and erases that still take place; the next one is done to half and
     * the process gone, as if the power failed. Negative: the power stays. */
    long power_lasts;
};

/* The exit code of a process whose power failed. */
#define POWER_FAILED 3

/* Opens the flash at path, which is made and blank if it is not there. False,
 * with a sentence on standard error, if that cannot be done. */
bool flash_file_open(struct flash_file *flash, const char *path);

/* The storage that stands on an open flash. */
corekey_storage flash_file_storage(struct flash_file *flash);

void flash_file_close(struct flash_file *flash);

#endif
