/* SPDX-License-Identifier: MIT */
#include "document/xml_read.h"

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlerror.h>
#include <libxml/xmlschemas.h>
#include <libxml/xmlversion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "document/document.h"
#include "document/prescan.h"
#include "document/schema.h"
#include "document/schema_words.h"

#if LIBXML_VERSION >= 21200
typedef const xmlError *error_ptr;
#else
typedef xmlErrorPtr error_ptr;
#endif

/* Pedantic: a relative namespace name is complained of with every prefix, and not only as the default. */
#define PARSE_OPTIONS (XML_PARSE_NONET | XML_PARSE_BIG_LINES | XML_PARSE_PEDANTIC)
/* More children of one element than any list of the schema may have; the schema's validator would compare them all.
 * What trust information revokes is longer, and in rising order instead (U-5). */
#define CHILDREN_MOST 300u
#define REVOKED_CHILDREN_MOST CARNET_STILL_VALID_MOST

/* The first thing that parser or validator said. */
struct complaint {
    bool any;
    int code;
    unsigned long line;
    xmlNodePtr node;
    char attribute[64]; /* its name, cut; "" when none is meant */
    char words[256];
};

struct carnet_xml {
    xmlDocPtr doc;
};

/* Written once, under schema_once; read only afterwards. The tree is kept because it documents the types. */
static pthread_once_t schema_once = PTHREAD_ONCE_INIT;
static xmlSchemaPtr schema;
static xmlDocPtr schema_doc;

static void note(struct complaint *c, error_ptr error)
{
    if (c == NULL || c->any)
        return;
    c->any = true;
    c->code = error->code;
    c->line = error->line > 0 ? (unsigned long)error->line : 0;
    c->node = error->node;
    const char *message = error->message == NULL ? "no reason given" : error->message;
    size_t length = strcspn(message, "\n");
    carnet_text_escape(message, length, c->words, sizeof(c->words));
    /* The validator gives the element alone as its node, and names the attribute only in its words. */
    const char *attribute = strstr(message, ", attribute '");
    if (attribute != NULL) {
        attribute += strlen(", attribute '");
        length = strcspn(attribute, "'");
        snprintf(c->attribute, sizeof(c->attribute), "%.*s", (int)length, attribute);
    }
}

static void on_parser_error(void *context, error_ptr error)
{
    note(((xmlParserCtxtPtr)context)->_private, error);
}

static void on_schema_error(void *context, error_ptr error)
{
    note(context, error);
}

static xmlEntityPtr no_entity(void *context, const xmlChar *name)
{
    (void)context;
    (void)name;
    return NULL;
}

static xmlParserInputPtr no_input(void *context, const xmlChar *public_id, const xmlChar *system_id)
{
    (void)context;
    (void)public_id;
    (void)system_id;
    return NULL;
}

static void no_subset(void *context, const xmlChar *name, const xmlChar *public_id, const xmlChar *system_id)
{
    xmlParserCtxtPtr parser = context;
    struct complaint *complaint = parser->_private;
    (void)name;
    (void)public_id;
    (void)system_id;
    if (!complaint->any) {
        complaint->any = true;
        complaint->code = XML_ERR_USER_STOP;
        complaint->line = (unsigned long)xmlSAX2GetLineNumber(context);
        snprintf(complaint->words, sizeof(complaint->words), "it has a document type");
    }
    xmlStopParser(parser);
}

/* Parses without touching anything but these bytes: the hooks of this one context allow no subset and no entity but the
 * five that the language itself has. Returns NULL when it is not well-formed or not silent. */
static xmlDocPtr parse(const uint8_t *bytes, size_t size, struct complaint *complaint)
{
    xmlParserCtxtPtr context = xmlNewParserCtxt();
    if (context == NULL)
        return NULL;
    context->_private = complaint;
    context->sax->serror = on_parser_error;
    context->sax->error = NULL;
    context->sax->warning = NULL;
    context->sax->fatalError = NULL;
    context->sax->internalSubset = no_subset;
    context->sax->externalSubset = no_subset;
    context->sax->resolveEntity = no_input;
    context->sax->getEntity = no_entity;
    context->sax->getParameterEntity = no_entity;
    xmlDocPtr doc = xmlCtxtReadMemory(context, (const char *)bytes, (int)size, NULL, NULL, PARSE_OPTIONS);
    if (doc != NULL && (!context->wellFormed || !context->nsWellFormed || complaint->any)) {
        xmlFreeDoc(doc);
        doc = NULL;
    }
    xmlFreeParserCtxt(context);
    return doc;
}

static void compile_schema(void)
{
    struct complaint complaint = {0};
    xmlInitParser();
    schema_doc = parse(carnet_schema, carnet_schema_size, &complaint);
    if (schema_doc == NULL)
        return;
    xmlSchemaParserCtxtPtr context = xmlSchemaNewDocParserCtxt(schema_doc);
    if (context == NULL)
        return;
    xmlSchemaSetParserStructuredErrors(context, on_schema_error, &complaint);
    schema = xmlSchemaParse(context);
    xmlSchemaFreeParserCtxt(context);
}

enum carnet_err carnet_xml_start(void)
{
    pthread_once(&schema_once, compile_schema);
    return schema == NULL ? CARNET_NO_MEMORY : CARNET_OK;
}

static const struct carnet_xml_node *wrap(const xmlNode *node)
{
    return (const struct carnet_xml_node *)(const void *)node;
}

static const xmlNode *unwrap(const struct carnet_xml_node *node)
{
    return (const xmlNode *)(const void *)node;
}

static const xmlNode *element_from(const xmlNode *node)
{
    while (node != NULL && node->type != XML_ELEMENT_NODE)
        node = node->next;
    return node;
}

static const char *namespace_of(const xmlNode *node)
{
    return node->ns == NULL || node->ns->href == NULL ? "" : (const char *)node->ns->href;
}

static bool is_carnet(const xmlNode *node)
{
    return strcmp(namespace_of(node), CARNET_NAMESPACE) == 0;
}

#define NAME_SHOWN 96
static const char *name_of(const xmlNode *node, char out[NAME_SHOWN])
{
    return carnet_text_escape((const char *)node->name, strlen((const char *)node->name), out, NAME_SHOWN);
}

/* What the schema can't say, or its validator would act upon. */
static enum carnet_err check_element(const xmlNode *node, bool in_foreign, struct carnet_diag *diag)
{
    char shown[NAME_SHOWN];
    unsigned long line = (unsigned long)xmlGetLineNo(node);
    if (strncmp(namespace_of(node), CARNET_NAMESPACE_FAMILY, strlen(CARNET_NAMESPACE_FAMILY)) == 0 &&
        (in_foreign || !is_carnet(node)))
        return carnet_malformed(diag, "V-5", line,
                                in_foreign ? "<%s>, an element of carnet, stands inside a foreign one."
                                           : "<%s> is of another version of carnet than the document.",
                                name_of(node, shown));
    /* xsi:type, xsi:nil and xsi:schemaLocation steer a validator; xml:lang, xml:id and the like any reader of XML. */
    for (const xmlAttr *a = node->properties; a != NULL; a = a->next) {
        if (a->ns != NULL && is_carnet(node))
            return carnet_malformed(diag, "X-9", line,
                                    "<%s> has an attribute with a prefix, which is not allowed on an element of "
                                    "carnet.",
                                    name_of(node, shown));
        if (a->ns != NULL && xmlStrEqual(a->ns->href, XML_XML_NAMESPACE))
            return carnet_malformed(diag, "X-7", line,
                                    "<%s> has an attribute with the prefix xml, which is not allowed anywhere.",
                                    name_of(node, shown));
    }
    return CARNET_OK;
}

/* Depth is at most 16, so the recursion is bounded. */
static enum carnet_err check_tree(const xmlNode *node, bool in_foreign, struct carnet_diag *diag)
{
    enum carnet_err err = check_element(node, in_foreign, diag);
    bool foreign = !is_carnet(node);
    unsigned carnet_children = 0;
    const bool revoked =
        !foreign && (strcmp((const char *)node->name, "key") == 0 || strcmp((const char *)node->name, "revoked") == 0);
    const unsigned most = revoked ? REVOKED_CHILDREN_MOST : CHILDREN_MOST;
    for (const xmlNode *n = element_from(node->children); err == CARNET_OK && n != NULL; n = element_from(n->next)) {
        err = check_tree(n, foreign, diag);
        if (err == CARNET_OK && is_carnet(n) && ++carnet_children > most)
            err = carnet_malformed(diag, "X-9", (unsigned long)xmlGetLineNo(n),
                                   "<%s> holds more elements than any list may have.", (const char *)node->name);
    }
    return err;
}

static enum carnet_err check_root(const xmlNode *root, const char *kind, struct carnet_diag *diag)
{
    unsigned long line = (unsigned long)xmlGetLineNo(root);
    const char *name = (const char *)root->name, *space = namespace_of(root);
    char shown[96];
    if (!is_carnet(root)) {
        carnet_text_escape(space, strlen(space), shown, sizeof(shown));
        return carnet_malformed(diag, "X-8", line, "The root element is in the namespace \"%s\" and not in %s.", shown,
                                CARNET_NAMESPACE);
    }
    if (strcmp(name, kind) != 0) {
        carnet_text_escape(name, strlen(name), shown, sizeof(shown));
        return carnet_malformed(diag, "X-8", line, "The root element is <%s>, but the bundle says it is of kind %s.",
                                shown, kind);
    }
    return CARNET_OK;
}

static enum carnet_schema_fault fault_of(int code)
{
    switch (code) {
    case XML_SCHEMAV_CVC_PATTERN_VALID:
    case XML_SCHEMAV_CVC_ENUMERATION_VALID:
    case XML_SCHEMAV_CVC_LENGTH_VALID:
    case XML_SCHEMAV_CVC_MAXLENGTH_VALID:
    case XML_SCHEMAV_CVC_DATATYPE_VALID_1_2_1:
        return CARNET_SCHEMA_VALUE;
    case XML_SCHEMAV_CVC_COMPLEX_TYPE_3_2_1:
    case XML_SCHEMAV_CVC_COMPLEX_TYPE_3_2_2:
    case XML_SCHEMAV_CVC_COMPLEX_TYPE_4:
        return CARNET_SCHEMA_ATTRIBUTE;
    case XML_SCHEMAV_ELEMENT_CONTENT:
    case XML_SCHEMAV_CVC_COMPLEX_TYPE_2_4:
        return CARNET_SCHEMA_ELEMENT;
    case XML_SCHEMAV_CVC_COMPLEX_TYPE_2_1:
    case XML_SCHEMAV_CVC_COMPLEX_TYPE_2_3:
        return CARNET_SCHEMA_TEXT;
    case XML_SCHEMAV_CVC_IDC:
        return CARNET_SCHEMA_REPEATED;
    default:
        return CARNET_SCHEMA_OTHER;
    }
}

static enum carnet_err validate(xmlDocPtr doc, struct carnet_diag *diag)
{
    struct complaint complaint = {0};
    enum carnet_err err = carnet_xml_start();
    if (err != CARNET_OK)
        return carnet_fail(diag, err, "", "The schema could not be compiled.");
    xmlSchemaValidCtxtPtr context = xmlSchemaNewValidCtxt(schema);
    if (context == NULL)
        return carnet_fail(diag, CARNET_NO_MEMORY, "", "There is no memory to check the document.");
    xmlSchemaSetValidStructuredErrors(context, on_schema_error, &complaint);
    int result = xmlSchemaValidateDoc(context, doc);
    xmlSchemaFreeValidCtxt(context);
    if (result == 0 && !complaint.any)
        return CARNET_OK;
    if (result < 0)
        return carnet_fail(diag, CARNET_NO_MEMORY, "", "There is no memory to check the document.");
    const xmlNode *element = complaint.node;
    if (element != NULL && element->type == XML_ATTRIBUTE_NODE)
        element = element->parent;
    if (element == NULL || element->type != XML_ELEMENT_NODE)
        element = xmlDocGetRootElement(doc);
    return carnet_schema_refuse(carnet_xml_schema(), fault_of(complaint.code), wrap(element),
                                complaint.attribute[0] == '\0' ? NULL : complaint.attribute, complaint.words, diag);
}

static enum carnet_err read_xml(const uint8_t *bytes, size_t size, const char *kind, bool by_schema,
                                struct carnet_xml **out, struct carnet_diag *diag)
{
    struct complaint complaint = {0};
    struct carnet_xml *x = calloc(1, sizeof(*x));
    enum carnet_err err = CARNET_NO_MEMORY;
    if (x == NULL)
        goto out;
    x->doc = parse(bytes, size, &complaint);
    if (x->doc == NULL && complaint.any && complaint.code != XML_ERR_NO_MEMORY) {
        err =
            carnet_malformed(diag, "X-7", complaint.line, "The document is not well-formed XML: %s.", complaint.words);
        goto out;
    }
    if (x->doc == NULL) {
        err = carnet_fail(diag, CARNET_NO_MEMORY, "", "There is no memory to read the document.");
        goto out;
    }
    const xmlNode *root = xmlDocGetRootElement(x->doc);
    err = check_root(root, kind, diag);
    if (err == CARNET_OK)
        err = check_tree(root, false, diag);
    if (err == CARNET_OK && by_schema)
        err = validate(x->doc, diag);
    if (err != CARNET_OK)
        goto out;
    *out = x;
    x = NULL;
out:
    carnet_xml_free(x);
    return err;
}

enum carnet_err carnet_xml_read(const uint8_t *bytes, size_t size, const char *kind, struct carnet_xml **out,
                                struct carnet_diag *diag)
{
    return read_xml(bytes, size, kind, true, out, diag);
}

enum carnet_err carnet_xml_read_again(const uint8_t *bytes, size_t size, const char *kind, struct carnet_xml **out,
                                      struct carnet_diag *diag)
{
    return read_xml(bytes, size, kind, false, out, diag);
}

void carnet_xml_free(struct carnet_xml *x)
{
    if (x == NULL)
        return;
    xmlFreeDoc(x->doc);
    free(x);
}

const struct carnet_xml_node *carnet_xml_schema(void)
{
    return wrap(xmlDocGetRootElement(schema_doc));
}

const struct carnet_xml_node *carnet_xml_root(const struct carnet_xml *x)
{
    return wrap(xmlDocGetRootElement(x->doc));
}

static const xmlNode *same(const xmlNode *from, const char *name, const xmlNode *space)
{
    const xmlNode *n = element_from(from);
    while (n != NULL && (strcmp((const char *)n->name, name) != 0 || strcmp(namespace_of(n), namespace_of(space)) != 0))
        n = element_from(n->next);
    return n;
}

const struct carnet_xml_node *carnet_xml_child(const struct carnet_xml_node *node, const char *name)
{
    return node == NULL ? NULL : wrap(same(unwrap(node)->children, name, unwrap(node)));
}

const struct carnet_xml_node *carnet_xml_next(const struct carnet_xml_node *node)
{
    return wrap(same(unwrap(node)->next, (const char *)unwrap(node)->name, unwrap(node)));
}

const struct carnet_xml_node *carnet_xml_any_child(const struct carnet_xml_node *node)
{
    return node == NULL ? NULL : wrap(element_from(unwrap(node)->children));
}

const struct carnet_xml_node *carnet_xml_any_next(const struct carnet_xml_node *node)
{
    return wrap(element_from(unwrap(node)->next));
}

const struct carnet_xml_node *carnet_xml_parent(const struct carnet_xml_node *node)
{
    const xmlNode *parent = unwrap(node)->parent;
    return parent == NULL || parent->type != XML_ELEMENT_NODE ? NULL : wrap(parent);
}

const char *carnet_xml_attribute(const struct carnet_xml_node *node, const char *name)
{
    const xmlAttr *a = node == NULL ? NULL : unwrap(node)->properties;
    while (a != NULL && (a->ns != NULL || strcmp((const char *)a->name, name) != 0))
        a = a->next;
    if (a == NULL)
        return NULL;
    /* The five named entities of X-4 are resolved by the parser itself, so that a value is one piece of text. */
    return a->children == NULL ? "" : (const char *)a->children->content;
}

const char *carnet_xml_text(const struct carnet_xml_node *node)
{
    const xmlNode *n = node == NULL ? NULL : unwrap(node)->children;
    return n == NULL || n->type != XML_TEXT_NODE ? "" : (const char *)n->content;
}

const char *carnet_xml_name(const struct carnet_xml_node *node)
{
    return (const char *)unwrap(node)->name;
}

const char *carnet_xml_namespace(const struct carnet_xml_node *node)
{
    return namespace_of(unwrap(node));
}

unsigned long carnet_xml_line(const struct carnet_xml_node *node)
{
    long line = xmlGetLineNo(unwrap(node));
    return line > 0 ? (unsigned long)line : 0;
}
