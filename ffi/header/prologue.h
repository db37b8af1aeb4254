/* SPDX-License-Identifier: Apache-2.0 OR MIT
 *
 * corekey.h - the constant-time crypto core that IoT fleets stand on.
 *
 * Generated from ffi/src by `cargo xtask header`; do not edit. It compiles as
 * C99, C11, C17, C++11 and C++20.
 *
 * CONVENTIONS, which hold for every function; a comment gives what differs.
 *
 *   Status     0 is success, errors are negative. Check every status.
 *   Errors     "Errors:" in a comment names those of its call. Not named are
 *              those of misuse, which any call has that takes what they are
 *              about: COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_OVERLAP,
 *              COREKEY_E_LENGTH (a length that the comment rules out),
 *              COREKEY_E_ALGORITHM (a number that is none of the constants for
 *              this parameter, or that this build leaves out), COREKEY_E_STATE,
 *              COREKEY_E_MOVED, COREKEY_E_CONTEXT_SIZE (in an init).
 *   Sizes      All lengths are in bytes and above PTRDIFF_MAX refused.
 *   Buffers    A buffer is a pointer and a length. (NULL, 0) is an empty one;
 *              NULL with a length is COREKEY_E_NULL. A buffer must be valid for
 *              its length; inputs may not change during the call.
 *   Outputs    Every check but that of a tag comes before the first write, and
 *              its error writes nothing and leaves contexts as they were, except
 *              that COREKEY_E_BUFFER_TOO_SMALL stores the length needed in
 *              *out_len (*text_len). Ask for it with (NULL, 0).
 *   Overlap    An output, with all of its capacity, and a context that a call
 *              changes may overlap no other argument unless the comment says so.
 *              Inputs may overlap each other.
 *   Contexts   are complete types in memory of yours: static, on the stack or
 *              in a struct, aligned to 8 bytes. A function X_sized is called as
 *              X, a macro that fills in the size. Before its init a context holds
 *              zeros or anything; zeroed storage is "not initialised" and gives
 *              COREKEY_E_STATE. Init it again at any time. A context that may be
 *              copied may also be moved; none may outlive the process.
 *   Secrets    Clear a context with its _clear when you are done, which cannot
 *              fail: there is nothing else to free. Nothing is allocated, errno
 *              is not used, and there is no initialiser to call.
 *   Threads    Calls on a const context may run at the same time. A context
 *              that a call changes belongs to one thread at a time. All
 *              functions are re-entrant.
 *   Constant   The code is written so that the time taken depends on lengths,
 *   time       algorithms and statuses, not on keys, texts or where they differ.
 */
#ifndef COREKEY_H
#define COREKEY_H

#include <stddef.h>
#include <stdint.h>

#if defined(__cplusplus) && __cplusplus >= 201703L
#define COREKEY_MUST_CHECK [[nodiscard]]
#elif defined(__GNUC__) || defined(__clang__)
#define COREKEY_MUST_CHECK __attribute__((warn_unused_result))
#else
#define COREKEY_MUST_CHECK
#endif

#ifdef __cplusplus
extern "C" {
#endif
