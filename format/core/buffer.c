/* SPDX-License-Identifier: MIT */
#include "core/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Makes room for `more` bytes and a NUL. The old block is wiped, since it may have held a secret's neighbour. */
enum carnet_err carnet_buffer_reserve(struct carnet_buffer *b, size_t more)
{
    if (more >= SIZE_MAX - b->size)
        return CARNET_NO_MEMORY;
    size_t need = b->size + more + 1;
    if (need <= b->room)
        return CARNET_OK;
    size_t room = b->room < 128 ? 256 : b->room;
    while (room < need)
        room = room > SIZE_MAX / 2 ? need : room * 2;
    uint8_t *bytes = malloc(room);
    if (bytes == NULL)
        return CARNET_NO_MEMORY;
    if (b->bytes != NULL) {
        memcpy(bytes, b->bytes, b->size + 1);
        explicit_bzero(b->bytes, b->room);
        free(b->bytes);
    }
    b->bytes = bytes;
    b->room = room;
    return CARNET_OK;
}

enum carnet_err carnet_buffer_append(struct carnet_buffer *b, const void *bytes, size_t size)
{
    enum carnet_err err = carnet_buffer_reserve(b, size);
    if (err != CARNET_OK)
        return err;
    if (size > 0)
        memcpy(b->bytes + b->size, bytes, size);
    b->size += size;
    b->bytes[b->size] = '\0';
    return CARNET_OK;
}

enum carnet_err carnet_buffer_text(struct carnet_buffer *b, const char *text)
{
    return carnet_buffer_append(b, text, strlen(text));
}

enum carnet_err carnet_buffer_printf(struct carnet_buffer *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    enum carnet_err err = length < 0 ? CARNET_BUG : carnet_buffer_reserve(b, (size_t)length);
    if (err == CARNET_OK) {
        vsnprintf((char *)b->bytes + b->size, (size_t)length + 1, format, again);
        b->size += (size_t)length;
    }
    va_end(again);
    return err;
}

void carnet_buffer_clear(struct carnet_buffer *b)
{
    if (b->bytes != NULL) {
        explicit_bzero(b->bytes, b->room);
        free(b->bytes);
    }
    *b = (struct carnet_buffer){0};
}
