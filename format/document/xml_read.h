/* SPDX-License-Identifier: MIT */
/* Documents as trees: the one door to the XML parser and the schema (libxml2). Nothing else names that library. */
#ifndef CARNET_DOCUMENT_XML_READ_H
#define CARNET_DOCUMENT_XML_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

#define CARNET_NAMESPACE "urn:carnet:1"
#define CARNET_NAMESPACE_FAMILY "urn:carnet:" /* of all major versions (V-5) */

/* A document that is well-formed, holds X-8 and V-5, and is valid by the schema. Made by carnet_xml_read alone. */
struct carnet_xml;
/* An element of it. Borrowed. */
struct carnet_xml_node;

/* Compiles the schema, once a process (thread-safe, idempotent). Every read does so by itself; called before a program
 * starts threads or workers, it spares them the work. CARNET_NO_MEMORY. */
CARNET_MUST_USE enum carnet_err carnet_xml_start(void);

/*
 * and V-5 of bytes that passed carnet_prescan; `kind` is the name that the root element must have.
 * Never touches the network or another file, prints nothing. *out changes only on success.
 */
CARNET_MUST_USE enum carnet_err carnet_xml_read(const uint8_t *bytes, size_t size, const char *kind,
                                                struct carnet_xml **out, struct carnet_diag *diag);
/* The same without the schema, for bytes that carnet_xml_read has taken before. */
CARNET_MUST_USE enum carnet_err carnet_xml_read_again(const uint8_t *bytes, size_t size, const char *kind,
                                                      struct carnet_xml **out, struct carnet_diag *diag);
void carnet_xml_free(struct carnet_xml *x);
const struct carnet_xml_node *carnet_xml_root(const struct carnet_xml *x);
/* The root of the schema's own tree, once carnet_xml_start has succeeded. */
const struct carnet_xml_node *carnet_xml_schema(void);

/* The first child element of that name and of the node's own namespace, or NULL. A NULL node has none. */
const struct carnet_xml_node *carnet_xml_child(const struct carnet_xml_node *node, const char *name);
/* The next sibling of the node's own name and namespace, or NULL. */
const struct carnet_xml_node *carnet_xml_next(const struct carnet_xml_node *node);
/* The first child element of any name and namespace, or NULL. */
const struct carnet_xml_node *carnet_xml_any_child(const struct carnet_xml_node *node);
/* The next sibling of any name and namespace, or NULL. */
const struct carnet_xml_node *carnet_xml_any_next(const struct carnet_xml_node *node);
/* The element around it, or NULL for the root. */
const struct carnet_xml_node *carnet_xml_parent(const struct carnet_xml_node *node);
/* The value of the attribute of that name and no namespace, or NULL. */
const char *carnet_xml_attribute(const struct carnet_xml_node *node, const char *name);
/* The text at the beginning of an element, "" when there is none. */
const char *carnet_xml_text(const struct carnet_xml_node *node);
const char *carnet_xml_name(const struct carnet_xml_node *node);
/* "" when it is in none. */
const char *carnet_xml_namespace(const struct carnet_xml_node *node);
unsigned long carnet_xml_line(const struct carnet_xml_node *node);

#endif
