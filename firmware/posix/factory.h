/* SPDX-License-Identifier: Apache-2.0 OR MIT
 *
 * The key that the factory installed: a file that is moved into the journal at
 * the device's first start and then erased.
 *
 *   version    8 bytes, big-endian
 *   key       32 bytes
 */
#ifndef FIRMWARE_FACTORY_H
#define FIRMWARE_FACTORY_H

#include <stdbool.h>

#include <corekey.h>

/* Moves the key at path into the journal. True also if there is none, which is
 * so at every start but the first; false, with a sentence on standard error, if
 * there is one that cannot be moved. */
bool factory_install(const char *path, const corekey_storage *journal, const char *id);

#endif
