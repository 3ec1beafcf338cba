/* SPDX-License-Identifier: MIT */
/* A growing byte buffer. */
#ifndef CARNET_CORE_BUFFER_H
#define CARNET_CORE_BUFFER_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

/* Zero-initialised is empty. `bytes` is NULL when `size` is 0 and nothing was reserved; one NUL follows the content
 * otherwise. */
struct carnet_buffer {
    uint8_t *bytes;
    size_t size;
    size_t room;
};

/* CARNET_NO_MEMORY on failure, of each of these; the buffer is then unchanged. */
/* Room for `more` bytes behind the content, and for the NUL. */
CARNET_MUST_USE enum carnet_err carnet_buffer_reserve(struct carnet_buffer *b, size_t more);
CARNET_MUST_USE enum carnet_err carnet_buffer_append(struct carnet_buffer *b, const void *bytes, size_t size);
CARNET_MUST_USE enum carnet_err carnet_buffer_text(struct carnet_buffer *b, const char *text);
CARNET_MUST_USE enum carnet_err carnet_buffer_printf(struct carnet_buffer *b, const char *format, ...)
    CARNET_PRINTF(2, 3);
/* Wipes and frees; the buffer is empty afterwards. Idempotent. */
void carnet_buffer_clear(struct carnet_buffer *b);

#endif
