/* SPDX-License-Identifier: MIT */
#include "inspect/report/html.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void html_bytes(struct html *h, const char *markup, size_t size)
{
    if (h->err == CARNET_OK && size > 0)
        h->err = carnet_buffer_append(h->out, markup, size);
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

void html_json(struct html *h, const json_t *data)
{
    char *text = json_dumps(data, JSON_COMPACT | JSON_ENSURE_ASCII);
    if (text == NULL) {
        h->err = CARNET_NO_MEMORY;
        return;
    }
    /* These stand in strings alone, where their escapes mean the same. */
    for (const char *at = text; *at != '\0';) {
        const size_t plain = strcspn(at, "&<>");
        html_bytes(h, at, plain);
        at += plain;
        if (*at != '\0')
            html_print(h, "\\u%04x", (unsigned)(unsigned char)*at++);
    }
    free(text);
}
