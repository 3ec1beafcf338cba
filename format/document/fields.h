/* SPDX-License-Identifier: MIT */
/*
 * Values of a document, taken one after the other. After the first that does not hold the others are not read, and
 * `err` and the diagnosis stay those of the first. The schema has judged the form already; here values get their
 * meaning.
 */
#ifndef CARNET_DOCUMENT_FIELDS_H
#define CARNET_DOCUMENT_FIELDS_H

#include "document/document.h"
#include "document/xml_read.h"

struct carnet_fields {
    enum carnet_err err;
    struct carnet_diag *diag;
};

/* Refuses, unless something was refused before: CARNET_MALFORMED at the node's line. */
void carnet_field_refuse(struct carnet_fields *f, const struct carnet_xml_node *node, const char *clause,
                         const char *sentence);
/* An attribute that must be there. */
void carnet_field_text(struct carnet_fields *f, const struct carnet_xml_node *node, const char *name, char *out,
                       size_t room);
/* One that may be absent: out is then "". */
void carnet_field_optional(struct carnet_fields *f, const struct carnet_xml_node *node, const char *name, char *out,
                           size_t room);
void carnet_field_number(struct carnet_fields *f, const struct carnet_xml_node *node, const char *name, uint32_t least,
                         uint32_t most, uint32_t *out);
/* A number, or `word`, which stands for `meaning`. */
void carnet_field_number_or(struct carnet_fields *f, const struct carnet_xml_node *node, const char *name,
                            uint32_t least, uint32_t most, const char *word, uint32_t meaning, uint32_t *out);
void carnet_field_hex(struct carnet_fields *f, const struct carnet_xml_node *node, const char *name, uint8_t *out,
                      size_t size);
void carnet_field_digest(struct carnet_fields *f, const struct carnet_xml_node *node, const char *name,
                         struct carnet_digest *out);
/* */
void carnet_field_time(struct carnet_fields *f, const struct carnet_xml_node *node, const char *name, int64_t *out);
void carnet_field_time_or_never(struct carnet_fields *f, const struct carnet_xml_node *node, const char *name,
                                int64_t *out);
/* Is the attribute exactly this word? */
bool carnet_field_is(const struct carnet_xml_node *node, const char *name, const char *word);

#endif
