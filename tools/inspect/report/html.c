/* SPDX-License-Identifier: MIT */
#include "inspect/report/html.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void html_bytes(struct html *h, const char *markup, size_t size)
{
    if (h->err == CARNET_OK && fwrite(markup, 1, size, h->out) != size)
        h->err = CARNET_IO;
}

void html_raw(struct html *h, const char *markup)
{
    html_bytes(h, markup, strlen(markup));
}

void html_print(struct html *h, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    const int size = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (size < 0 || (size_t)size >= sizeof text)
        h->err = CARNET_BUG; /* no markup is so long */
    else
        html_bytes(h, text, (size_t)size);
}

/* The entity that stands for a character, or NULL. */
static const char *entity(char c)
{
    return c == '&'    ? "&amp;"
           : c == '<'  ? "&lt;"
           : c == '>'  ? "&gt;"
           : c == '"'  ? "&quot;"
           : c == '\'' ? "&#39;"
                       : NULL;
}

void html_text(struct html *h, const char *text)
{
    const size_t size = strlen(text), room = size * 10 + 1; /* \u{10FFFF} is the longest form */
    char small[1024], *large = room > sizeof small ? malloc(room) : NULL, *shown = large != NULL ? large : small;
    if (room > sizeof small && large == NULL) {
        h->err = CARNET_NO_MEMORY;
        return;
    }
    carnet_text_escape(text, size, shown, room);
    for (const char *at = shown; *at != '\0';) {
        const size_t plain = strcspn(at, "&<>\"'");
        html_bytes(h, at, plain);
        at += plain;
        if (*at != '\0')
            html_raw(h, entity(*at++));
    }
    free(large);
}

int html_json(const char *piece, size_t size, void *html)
{
    struct html *h = html;
    const char *const end = piece + size;
    /* These stand in strings alone, where their escapes mean the same. */
    while (piece < end) {
        const char *at = piece;
        while (at < end && *at != '&' && *at != '<' && *at != '>')
            at++;
        html_bytes(h, piece, (size_t)(at - piece));
        if (at < end)
            html_print(h, "\\u%04x", (unsigned)(unsigned char)*at++);
        piece = at;
    }
    return h->err == CARNET_OK ? 0 : -1;
}
