/* SPDX-License-Identifier: MIT */
/* Says in the user's words what the schema allows, from the schema's own documentation. */
#ifndef CARNET_DOCUMENT_SCHEMA_WORDS_H
#define CARNET_DOCUMENT_SCHEMA_WORDS_H

#include "document/xml_read.h"

/* What the schema's validator found. */
enum carnet_schema_fault {
    CARNET_SCHEMA_VALUE,     /* of an attribute */
    CARNET_SCHEMA_ATTRIBUTE, /* not allowed, or one lacks */
    CARNET_SCHEMA_ELEMENT,   /* not allowed here, or one lacks */
    CARNET_SCHEMA_TEXT,      /* between elements */
    CARNET_SCHEMA_REPEATED,  /* */
    CARNET_SCHEMA_OTHER
};

/*
 * Refuses with X-9 (X-11 when repeated): `schema` is the root of the schema's own tree, `node` the element at fault,
 * `attribute` the attribute at fault or NULL, `raw` the validator's words for what fits none of the above.
 */
enum carnet_err carnet_schema_refuse(const struct carnet_xml_node *schema, enum carnet_schema_fault fault,
                                     const struct carnet_xml_node *node, const char *attribute, const char *raw,
                                     struct carnet_diag *diag);

/* The complexType of a carnet element, or NULL when the schema has none there. */
const struct carnet_xml_node *carnet_schema_type(const struct carnet_xml_node *schema,
                                                 const struct carnet_xml_node *node);
/* What the schema says that a component means, "" when it says nothing. */
const char *carnet_schema_documentation(const struct carnet_xml_node *component);

#endif
