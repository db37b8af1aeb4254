/* SPDX-License-Identifier: Apache-2.0 OR MIT
 *
 * The framing of link.h. A frame may come in any pieces and with any pauses.
 */
#include "link.h"

bool link_send(const struct platform *platform, uint8_t frame[LINK_FRAME_MAX], size_t len)
{
    frame[0] = (uint8_t)(len >> 8);
    frame[1] = (uint8_t)(len & 0xFF);
    return platform->send(platform->user, frame, LINK_HEADER_LEN + len);
}

/* Waits for more of the header or, if that is complete, of the message. What is
 * too long for a message is received over its own end, which skips it. */
static int32_t receive_more(struct link *link, const struct platform *platform, size_t expected)
{
    if (link->header_len < LINK_HEADER_LEN) {
        int32_t got = platform->receive(platform->user, link->header + link->header_len,
                                        LINK_HEADER_LEN - link->header_len);
        link->header_len += got > 0 ? (size_t)got : 0;
        return got;
    }
    size_t missing = expected - link->message_len;
    size_t at = expected <= LINK_MESSAGE_MAX ? link->message_len : 0;
    size_t room = LINK_MESSAGE_MAX - at;
    int32_t got = platform->receive(platform->user, link->message + at,
                                    missing < room ? missing : room);
    link->message_len += got > 0 ? (size_t)got : 0;
    return got;
}

enum link_result link_receive(struct link *link, const struct platform *platform, size_t *len)
{
    for (;;) {
        size_t expected = (size_t)link->header[0] << 8 | link->header[1];
        if (link->header_len == LINK_HEADER_LEN && link->message_len == expected) {
            link->header_len = 0;
            link->message_len = 0;
            if (expected > LINK_MESSAGE_MAX) {
                platform->log(platform->user, EVENT_TOO_LONG, expected, COREKEY_OK);
            } else if (expected > 0) {
                *len = expected;
                return LINK_MESSAGE;
            }
            continue;
        }
        int32_t got = receive_more(link, platform, expected);
        if (got == RECEIVE_REPORT_DUE) {
            return LINK_REPORT_DUE;
        }
        if (got < 0) {
            return LINK_OFF;
        }
    }
}
