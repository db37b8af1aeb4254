/* SPDX-License-Identifier: Apache-2.0 OR MIT
 *
 * The one framing between a device and what carries its messages: a pipe on
 * Linux, a serial line on a board. Both ways, a stream is
 *
 *   length     2 bytes, big-endian: 1 to LINK_MESSAGE_MAX
 *   message    length bytes: a sealed message (docs/message.md)
 *
 * again and again, and nothing else. The framing protects nothing and needs no
 * protection: a message that is changed, cut or put together wrongly does not
 * verify. A frame that is empty or too long is skipped.
 */
#ifndef FIRMWARE_LINK_H
#define FIRMWARE_LINK_H

#include "platform.h"

#define LINK_HEADER_LEN 2
#define LINK_MESSAGE_MAX 384
#define LINK_FRAME_MAX (LINK_HEADER_LEN + LINK_MESSAGE_MAX)

/* The frame that is being received. All zeros is the start of a stream. */
struct link {
    uint8_t header[LINK_HEADER_LEN];
    size_t header_len; /* Bytes of the header that are there. */
    uint8_t message[LINK_MESSAGE_MAX];
    size_t message_len; /* Bytes of the message that are there or were skipped. */
};

enum link_result { LINK_MESSAGE, LINK_REPORT_DUE, LINK_OFF };

/* Sends the message of len bytes, 1 to LINK_MESSAGE_MAX, that stands at
 * frame + LINK_HEADER_LEN, and returns whether the platform took it. */
bool link_send(const struct platform *platform, uint8_t frame[LINK_FRAME_MAX], size_t len);

/* Waits for a whole message. On LINK_MESSAGE it is in link->message, its length
 * in *len, until the next call. */
enum link_result link_receive(struct link *link, const struct platform *platform, size_t *len);

#endif
