/* SPDX-License-Identifier: MIT */
#include "document/prescan.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "bundle/pack.h"
#include "core/text.h"

enum carnet_err carnet_malformed(struct carnet_diag *diag, const char *clause, unsigned long line, const char *format,
                                 ...)
{
    char words[sizeof(diag->detail)];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof(words), format, args);
    va_end(args);
    enum carnet_err err = carnet_fail(diag, CARNET_MALFORMED, clause, "%s", words);
    if (diag != NULL)
        diag->line = line;
    return err;
}

struct scan {
    const uint8_t *bytes;
    size_t size;
    unsigned long line;
    unsigned depth;
    bool root_ended;
    struct carnet_diag *diag;
};

static bool begins_with(const struct scan *s, size_t at, const char *text)
{
    size_t length = strlen(text);
    return s->size - at >= length && memcmp(s->bytes + at, text, length) == 0;
}

static enum carnet_err check_prolog(const struct scan *s)
{
    if (begins_with(s, 0, "\xEF\xBB\xBF"))
        return carnet_malformed(s->diag, "X-1", 1, "The document begins with a byte order mark, which is not allowed.");
    if (!begins_with(s, 0, CARNET_PROLOG))
        return carnet_malformed(s->diag, "X-1", 1,
                                "The first line of the document is not exactly "
                                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>.");
    return CARNET_OK;
}

/* A byte of a sequence never is LF, so each line can be judged by itself, and the bad one be named. */
static enum carnet_err check_utf8(const struct scan *s)
{
    unsigned long line = 1;
    for (size_t at = 0; at < s->size; line++) {
        const uint8_t *end = memchr(s->bytes + at, '\n', s->size - at);
        size_t length = end == NULL ? s->size - at : (size_t)(end - (s->bytes + at));
        if (!carnet_utf8_valid(s->bytes + at, length))
            return carnet_malformed(s->diag, "X-1", line, "The document is not valid UTF-8.");
        at += length + (end == NULL ? 0 : 1);
    }
    return CARNET_OK;
}

static enum carnet_err check_character(const struct scan *s, size_t at)
{
    static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&apos;"};
    uint8_t c = s->bytes[at];
    if ((c < 0x20 && c != '\n') || c == 0x7F)
        return carnet_malformed(s->diag, "X-2", s->line,
                                "The document holds the control character 0x%02x; only LF is allowed.", c);
    if (c != '&')
        return CARNET_OK;
    for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++)
        if (begins_with(s, at, entities[i]))
            return CARNET_OK;
    if (begins_with(s, at, "&#"))
        return carnet_malformed(s->diag, "X-4", s->line,
                                "The document holds a character reference by number, which is not allowed.");
    return carnet_malformed(s->diag, "X-4", s->line,
                            "An & does not begin one of &amp; &lt; &gt; &quot; &apos;, the only ones allowed.");
}

/* Takes one tag, from its < to its >. */
static enum carnet_err check_tag(struct scan *s, size_t *at)
{
    size_t begin = *at, end = begin + 1;
    enum carnet_err err;
    if (begins_with(s, begin, "<?"))
        return carnet_malformed(s->diag, "X-1", s->line,
                                "The document holds a processing instruction (<?), which is not allowed.");
    if (begins_with(s, begin, "<!"))
        return carnet_malformed(s->diag, "X-3", s->line,
                                "The document holds <!, that is a document type, a comment or a CDATA section, none of "
                                "which is allowed.");
    for (; end < s->size && s->bytes[end] != '>'; end++) {
        if (s->bytes[end] == '<')
            return carnet_malformed(s->diag, "X-5", s->line, "A < stands inside a tag; it is written &lt; there.");
        if (s->bytes[end] == '\n')
            return carnet_malformed(s->diag, "X-5", s->line, "A tag does not end in the line it begins in.");
        if (end - begin + 2 > CARNET_TAG_MOST)
            return carnet_malformed(s->diag, "X-5", s->line, "A tag is longer than %u bytes.", CARNET_TAG_MOST);
        err = check_character(s, end);
        if (err != CARNET_OK)
            return err;
    }
    if (end == s->size)
        return carnet_malformed(s->diag, "X-5", s->line, "The document ends inside a tag.");
    bool closing = s->bytes[begin + 1] == '/', empty = s->bytes[end - 1] == '/';
    if (closing && s->depth == 0)
        return carnet_malformed(s->diag, "X-7", s->line, "A closing tag has no element to close.");
    if (!closing && s->depth == CARNET_DEPTH_MOST)
        return carnet_malformed(s->diag, "X-6", s->line, "Elements are nested deeper than %u.", CARNET_DEPTH_MOST);
    if (closing)
        s->depth--;
    else if (!empty)
        s->depth++;
    s->root_ended = s->depth == 0;
    *at = end + 1;
    return CARNET_OK;
}

enum carnet_err carnet_prescan(const uint8_t *bytes, size_t size, struct carnet_diag *diag)
{
    struct scan s = {.bytes = bytes, .size = size, .line = 2, .diag = diag};
    enum carnet_err err;
    if (size > CARNET_DOCUMENT_MOST)
        return carnet_malformed(diag, "C-8", 0, "The document is larger than %zu KiB.", CARNET_DOCUMENT_MOST / 1024);
    err = check_prolog(&s);
    if (err == CARNET_OK)
        err = check_utf8(&s);
    for (size_t at = strlen(CARNET_PROLOG); err == CARNET_OK && at < size;) {
        uint8_t c = bytes[at];
        if (s.root_ended && c != '\n') {
            err = carnet_malformed(diag, "X-7", s.line, "Something other than LF follows the root element.");
        } else if (c == '<') {
            err = check_tag(&s, &at);
        } else if (c == '>') {
            err = carnet_malformed(diag, "X-5", s.line, "A > stands outside a tag; it is written &gt; there.");
        } else {
            err = check_character(&s, at++);
            s.line += c == '\n';
        }
    }
    return err;
}
