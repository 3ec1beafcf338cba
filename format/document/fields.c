/* SPDX-License-Identifier: MIT */
#include "document/fields.h"

#include <string.h>

#include "document/prescan.h"

void carnet_field_refuse(struct carnet_fields *f, const struct carnet_xml_node *node, const char *clause,
                         const char *sentence)
{
    if (f->err == CARNET_OK)
        f->err = carnet_malformed(f->diag, clause, node == NULL ? 0 : carnet_xml_line(node), "%s", sentence);
}

/* The value, or NULL when an earlier one was refused already, or it is absent and was refused for that. */
static const char *take(struct carnet_fields *f, const struct carnet_xml_node *node, const char *name)
{
    const char *value = f->err == CARNET_OK ? carnet_xml_attribute(node, name) : NULL;
    if (value == NULL && f->err == CARNET_OK)
        f->err = carnet_malformed(f->diag, "X-9", node == NULL ? 0 : carnet_xml_line(node),
                                  "The document lacks the attribute %s where it must be.", name);
    return value;
}

static void refuse_value(struct carnet_fields *f, const struct carnet_xml_node *node, const char *name,
                         const char *value)
{
    char shown[96];
    carnet_text_escape(value, strlen(value), shown, sizeof(shown));
    f->err = carnet_malformed(f->diag, "X-9", carnet_xml_line(node), "%s=\"%s\" in <%s> is not allowed.", name, shown,
                              carnet_xml_name(node));
}

void carnet_field_optional(struct carnet_fields *f, const struct carnet_xml_node *node, const char *name, char *out,
                           size_t room)
{
    out[0] = '\0';
    if (carnet_xml_attribute(node, name) != NULL)
        carnet_field_text(f, node, name, out, room);
}

void carnet_field_text(struct carnet_fields *f, const struct carnet_xml_node *node, const char *name, char *out,
                       size_t room)
{
    const char *value = take(f, node, name);
    size_t length = value == NULL ? 0 : strlen(value);
    if (value == NULL)
        return;
    if (length >= room)
        refuse_value(f, node, name, value);
    else
        memcpy(out, value, length + 1);
}

void carnet_field_number(struct carnet_fields *f, const struct carnet_xml_node *node, const char *name, uint32_t least,
                         uint32_t most, uint32_t *out)
{
    const char *value = take(f, node, name);
    if (value != NULL && carnet_text_number(value, least, most, out) != CARNET_OK)
        refuse_value(f, node, name, value);
}

void carnet_field_number_or(struct carnet_fields *f, const struct carnet_xml_node *node, const char *name,
                            uint32_t least, uint32_t most, const char *word, uint32_t meaning, uint32_t *out)
{
    if (carnet_field_is(node, name, word))
        *out = meaning;
    else
        carnet_field_number(f, node, name, least, most, out);
}

void carnet_field_hex(struct carnet_fields *f, const struct carnet_xml_node *node, const char *name, uint8_t *out,
                      size_t size)
{
    const char *value = take(f, node, name);
    if (value != NULL && carnet_unhex(value, out, size) != CARNET_OK)
        refuse_value(f, node, name, value);
}

void carnet_field_digest(struct carnet_fields *f, const struct carnet_xml_node *node, const char *name,
                         struct carnet_digest *out)
{
    carnet_field_hex(f, node, name, out->bytes, sizeof(out->bytes));
}

void carnet_field_time(struct carnet_fields *f, const struct carnet_xml_node *node, const char *name, int64_t *out)
{
    const char *value = take(f, node, name);
    if (value != NULL && carnet_utc_parse(value, out) != CARNET_OK)
        f->err = carnet_malformed(f->diag, "X-10", carnet_xml_line(node),
                                  "%s=\"%s\" in <%s> is no real time: there is no such day.", name, value,
                                  carnet_xml_name(node));
}

void carnet_field_time_or_never(struct carnet_fields *f, const struct carnet_xml_node *node, const char *name,
                                int64_t *out)
{
    if (carnet_field_is(node, name, "never"))
        *out = CARNET_NEVER;
    else
        carnet_field_time(f, node, name, out);
}

bool carnet_field_is(const struct carnet_xml_node *node, const char *name, const char *word)
{
    const char *value = carnet_xml_attribute(node, name);
    return value != NULL && strcmp(value, word) == 0;
}
