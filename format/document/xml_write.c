/* SPDX-License-Identifier: MIT */
#include "document/xml_write.h"

#include <assert.h>
#include <string.h>

#include "core/text.h"
#include "core/utc.h"
#include "document/document.h"
#include "document/prescan.h"
#include "document/xml_read.h"

static void text(struct carnet_xml_writer *w, const char *words)
{
    if (w->err == CARNET_OK)
        w->err = carnet_buffer_text(&w->text, words);
}

static void escaped(struct carnet_xml_writer *w, const char *value)
{
    static const char special[] = "&<>\"'";
    static const char *const names[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&apos;"};
    while (w->err == CARNET_OK && *value != '\0') {
        size_t plain = strcspn(value, special);
        w->err = carnet_buffer_append(&w->text, value, plain);
        value += plain;
        if (*value != '\0')
            text(w, names[strchr(special, *value++) - special]);
    }
}

static void indent(struct carnet_xml_writer *w)
{
    for (unsigned i = 0; i < w->depth; i++)
        text(w, "  ");
}

void carnet_xml_require(struct carnet_xml_writer *w, bool holds)
{
    if (w->err == CARNET_OK && !holds)
        w->err = CARNET_BUG;
}

void carnet_xml_open(struct carnet_xml_writer *w, const char *name)
{
    assert(w->depth < CARNET_XML_WRITER_DEPTH);
    if (w->in_tag)
        text(w, ">\n");
    indent(w);
    text(w, "<");
    text(w, name);
    w->open[w->depth++] = name;
    w->in_tag = true;
}

void carnet_xml_close(struct carnet_xml_writer *w)
{
    assert(w->depth > 0);
    const char *name = w->open[--w->depth];
    if (w->in_tag) {
        text(w, "/>\n");
    } else {
        indent(w);
        text(w, "</");
        text(w, name);
        text(w, ">\n");
    }
    w->in_tag = false;
}

void carnet_xml_begin(struct carnet_xml_writer *w, const char *root)
{
    text(w, CARNET_PROLOG);
    carnet_xml_open(w, root);
    carnet_xml_put(w, "xmlns", CARNET_NAMESPACE);
    carnet_xml_put_number(w, "minor", 0, CARNET_MINOR_MOST, CARNET_FORMAT_MINOR);
}

enum carnet_err carnet_xml_finish(struct carnet_xml_writer *w, struct carnet_buffer *out)
{
    carnet_xml_close(w);
    assert(w->depth == 0);
    enum carnet_err err = w->err;
    if (err == CARNET_OK)
        err = carnet_buffer_append(out, w->text.bytes, w->text.size);
    carnet_buffer_clear(&w->text);
    return err;
}

void carnet_xml_put(struct carnet_xml_writer *w, const char *name, const char *value)
{
    assert(w->in_tag);
    text(w, " ");
    text(w, name);
    text(w, "=\"");
    escaped(w, value);
    text(w, "\"");
}

void carnet_xml_put_id(struct carnet_xml_writer *w, const char *name, const char *value)
{
    carnet_xml_require(w, carnet_text_is_id(value));
    carnet_xml_put(w, name, value);
}

void carnet_xml_put_text(struct carnet_xml_writer *w, const char *name, const char *value)
{
    carnet_xml_require(w, carnet_text_is_text(value));
    carnet_xml_put(w, name, value);
}

void carnet_xml_put_system(struct carnet_xml_writer *w, const char *name, const char *value)
{
    size_t length = strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789-");
    carnet_xml_require(w, length > 0 && length < CARNET_SYSTEM_SIZE && value[length] == '\0');
    carnet_xml_put(w, name, value);
}

void carnet_xml_put_hex(struct carnet_xml_writer *w, const char *name, const uint8_t *bytes, size_t size)
{
    char hex[CARNET_HEX_SIZE];
    assert(2 * size < sizeof(hex));
    carnet_hex(bytes, size, hex);
    carnet_xml_put(w, name, hex);
}

void carnet_xml_put_digest(struct carnet_xml_writer *w, const char *name, const struct carnet_digest *value)
{
    carnet_xml_put_hex(w, name, value->bytes, sizeof(value->bytes));
}

void carnet_xml_put_number(struct carnet_xml_writer *w, const char *name, uint32_t least, uint32_t most, uint32_t value)
{
    carnet_xml_require(w, value >= least && value <= most);
    if (w->err == CARNET_OK)
        w->err = carnet_buffer_printf(&w->text, " %s=\"%u\"", name, value);
}

void carnet_xml_put_time(struct carnet_xml_writer *w, const char *name, int64_t value)
{
    carnet_xml_require(w, value != CARNET_NEVER);
    carnet_xml_put_time_or_never(w, name, value);
}

void carnet_xml_put_time_or_never(struct carnet_xml_writer *w, const char *name, int64_t value)
{
    char words[CARNET_UTC_SIZE];
    int64_t again = 0;
    carnet_utc_format(value, words);
    /* The form has no years beyond 9999; another time would be written as one that is not meant. */
    carnet_xml_require(w, carnet_utc_parse_or_never(words, &again) == CARNET_OK && again == value);
    carnet_xml_put(w, name, words);
}

void carnet_xml_put_optional_id(struct carnet_xml_writer *w, const char *name, const char *value)
{
    if (value[0] != '\0')
        carnet_xml_put_id(w, name, value);
}

void carnet_xml_put_optional_text(struct carnet_xml_writer *w, const char *name, const char *value)
{
    if (value[0] != '\0')
        carnet_xml_put_text(w, name, value);
}

void carnet_xml_put_optional_version(struct carnet_xml_writer *w, const char *name, const char *value)
{
    if (value[0] == '\0')
        return;
    carnet_xml_require(w, carnet_text_is_version(value));
    carnet_xml_put(w, name, value);
}
