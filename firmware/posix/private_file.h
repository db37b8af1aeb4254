/* SPDX-License-Identifier: Apache-2.0 OR MIT
 *
 * Files that hold keys: regular ones that nobody but their owner can open.
 */
#ifndef FIRMWARE_PRIVATE_FILE_H
#define FIRMWARE_PRIVATE_FILE_H

#include <stdbool.h>

/* Whether an open file is one; if not, a sentence on standard error. */
bool private_file_check(int file, const char *path);

#endif
