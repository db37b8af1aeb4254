/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#define _POSIX_C_SOURCE 200809L

#include "private_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

bool private_file_check(int file, const char *path)
{
    struct stat facts;
    if (fstat(file, &facts) != 0) {
        fprintf(stderr, "device: cannot look at %s: %s\n", path, strerror(errno));
        return false;
    }
    if (!S_ISREG(facts.st_mode)) {
        fprintf(stderr, "device: %s is not a file\n", path);
        return false;
    }
    if ((facts.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        fprintf(stderr, "device: %s is open to other users: chmod 600 it, if nobody else has read "
                        "it; else provision the device anew\n", path);
        return false;
    }
    return true;
}
