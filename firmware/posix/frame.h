/* SPDX-License-Identifier: Apache-2.0 OR MIT
 *
 * The frames that the demo's device program writes and its receiver
 * (crypto-core/examples/receiver.rs) reads. This comment is the one place that
 * says what they look like; numbers are big-endian.
 *
 *   A frame       bytes
 *     length          4   how many bytes follow, at most FRAME_BODY_MAX
 *     version         1   FRAME_VERSION                               \
 *     run            16   drawn at random when the program starts     |  the
 *     counter         8   of this device in this run, from 0          |  header
 *     id length       1   1 to DEVICE_ID_MAX                          |
 *     device id       n   printable ASCII, no space                   /
 *     sealed          m   the encrypted reading, its tag last
 *
 *   A reading     bytes
 *     value           8   signed: the reading is value / 10^decimals
 *     decimals        1   0 to DECIMALS_MAX
 *     name length     1   1 to SENSOR_NAME_MAX
 *     name            n   printable ASCII, no space
 *     unit            m   the rest: the same, 0 to SENSOR_UNIT_MAX
 *
 *   key    = HKDF-Expand with SHA-256 (RFC 5869 2.3) of the root, 32 bytes,
 *            info = "ckdemo1" NUL ‖ run ‖ device id. The root is 32 random
 *            bytes, so extraction is skipped (RFC 5869 3.3). Only the last part
 *            of info varies in length: no two (run, device id) give one info.
 *   nonce  = 4 zero bytes ‖ counter
 *   sealed = AES-256-GCM of the reading under key and nonce, with the header
 *            as associated data. The length needs no protection: if it is
 *            wrong, the tag is not where it should be.
 *
 * A nonce is never used twice with one key:
 *   - in a run every device has a key of its own (the program refuses the same
 *     id twice) and a counter that only grows, before the frame is written;
 *   - another run draws another `run` and so has other keys. Of 2^32 runs under
 *     one root two draw the same 16 bytes with a chance of 2^-65. Nothing has
 *     to be stored, so a crash or a deleted file cannot bring a nonce back.
 * It would not hold in a virtual machine that is put back to a snapshot taken
 * in the middle of a run.
 *
 * The format knows no replay: a frame that is sent again opens again. It is the
 * demo's only; the messages of the product have their own specification.
 */
#ifndef DEMO_FRAME_H
#define DEMO_FRAME_H

#define FRAME_VERSION 1
#define FRAME_LENGTH_LEN 4
#define FRAME_BODY_MAX 256
#define RUN_LEN 16
#define DEVICE_ID_MAX 32
#define DECIMALS_MAX 9
#define SENSOR_NAME_MAX 47
#define SENSOR_UNIT_MAX 7

#endif
