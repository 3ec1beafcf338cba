/* SPDX-License-Identifier: MIT */
#include "document/schema_words.h"

#include <stdio.h>
#include <string.h>

#include "core/text.h"
#include "document/prescan.h"

#define LIST_SIZE 300

/* The child `tag` of a schema component whose attribute `name` has that value, or NULL. */
static const struct carnet_xml_node *named(const struct carnet_xml_node *in, const char *tag, const char *name)
{
    const struct carnet_xml_node *n = carnet_xml_child(in, tag);
    while (n != NULL) {
        const char *value = carnet_xml_attribute(n, "name");
        if (value != NULL && strcmp(value, name) == 0)
            return n;
        n = carnet_xml_next(n);
    }
    return NULL;
}

/* Found down the path from the root. */
const struct carnet_xml_node *carnet_schema_type(const struct carnet_xml_node *schema,
                                                 const struct carnet_xml_node *node)
{
    const struct carnet_xml_node *parent = carnet_xml_parent(node), *element;
    if (strcmp(carnet_xml_namespace(node), CARNET_NAMESPACE) != 0)
        return NULL;
    if (parent == NULL)
        return carnet_xml_child(named(schema, "element", carnet_xml_name(node)), "complexType");
    element = named(carnet_xml_child(carnet_schema_type(schema, parent), "sequence"), "element", carnet_xml_name(node));
    const char *type = carnet_xml_attribute(element, "type");
    return type == NULL ? NULL : named(schema, "complexType", type);
}

const char *carnet_schema_documentation(const struct carnet_xml_node *component)
{
    return carnet_xml_text(carnet_xml_child(carnet_xml_child(component, "annotation"), "documentation"));
}

/* The names of all components `tag` in `in`, joined by commas. */
static void list_names(const struct carnet_xml_node *in, const char *tag, char list[LIST_SIZE])
{
    size_t used = 0;
    list[0] = '\0';
    for (const struct carnet_xml_node *n = carnet_xml_child(in, tag); n != NULL && used < LIST_SIZE;
         n = carnet_xml_next(n))
        used += (size_t)snprintf(list + used, LIST_SIZE - used, "%s%s", used > 0 ? ", " : "",
                                 carnet_xml_attribute(n, "name"));
    if (used == 0)
        snprintf(list, LIST_SIZE, "none");
}

static enum carnet_err refuse_value(const struct carnet_xml_node *schema, const struct carnet_xml_node *node,
                                    const char *attribute, struct carnet_diag *diag)
{
    const char *value = carnet_xml_attribute(node, attribute);
    const struct carnet_xml_node *declared = named(carnet_schema_type(schema, node), "attribute", attribute);
    const char *type = carnet_xml_attribute(declared, "type");
    char shown[96];
    carnet_text_escape(value, strlen(value), shown, sizeof(shown));
    return carnet_malformed(diag, "X-9", carnet_xml_line(node), "%s=\"%s\" in <%s> is not allowed; it must be %s",
                            attribute, shown, carnet_xml_name(node),
                            carnet_schema_documentation(named(schema, "simpleType", type == NULL ? "" : type)));
}

static enum carnet_err refuse_attribute(const struct carnet_xml_node *schema, const struct carnet_xml_node *node,
                                        const char *attribute, struct carnet_diag *diag)
{
    const struct carnet_xml_node *type = carnet_schema_type(schema, node);
    char list[LIST_SIZE], shown[64];
    if (attribute != NULL) {
        list_names(type, "attribute", list);
        carnet_text_escape(attribute, strlen(attribute), shown, sizeof(shown));
        return carnet_malformed(diag, "X-9", carnet_xml_line(node),
                                "<%s> has an attribute %s, which is not allowed; its attributes are: %s.",
                                carnet_xml_name(node), shown, list);
    }
    const struct carnet_xml_node *n = carnet_xml_child(type, "attribute");
    while (n != NULL &&
           (carnet_xml_attribute(n, "use") == NULL || carnet_xml_attribute(node, carnet_xml_attribute(n, "name"))))
        n = carnet_xml_next(n);
    return carnet_malformed(diag, "X-9", carnet_xml_line(node), "<%s> lacks its attribute %s: %s",
                            carnet_xml_name(node), n == NULL ? "minor" : carnet_xml_attribute(n, "name"),
                            carnet_schema_documentation(n));
}

static enum carnet_err refuse_element(const struct carnet_xml_node *schema, const struct carnet_xml_node *node,
                                      struct carnet_diag *diag)
{
    const struct carnet_xml_node *parent = carnet_xml_parent(node), *child;
    const struct carnet_xml_node *sequence = carnet_xml_child(carnet_schema_type(schema, node), "sequence");
    char list[LIST_SIZE], shown[64];
    /* The validator names the parent when an element lacks at its end, else the element that it did not expect. */
    for (child = carnet_xml_child(sequence, "element"); child != NULL; child = carnet_xml_next(child)) {
        const char *name = carnet_xml_attribute(child, "name");
        if (carnet_xml_attribute(child, "minOccurs") == NULL && carnet_xml_child(node, name) == NULL) {
            list_names(sequence, "element", list);
            return carnet_malformed(diag, "X-9", carnet_xml_line(node), "<%s> lacks <%s>; it holds, in this order: %s.",
                                    carnet_xml_name(node), name, list);
        }
    }
    list_names(carnet_xml_child(carnet_schema_type(schema, parent), "sequence"), "element", list);
    carnet_text_escape(carnet_xml_name(node), strlen(carnet_xml_name(node)), shown, sizeof(shown));
    if (carnet_xml_child(sequence, "any") != NULL && carnet_xml_any_child(node) == NULL)
        return carnet_malformed(diag, "X-9", carnet_xml_line(node),
                                "<%s> is empty; without content it must be left out.", shown);
    if (parent == NULL)
        return carnet_malformed(diag, "X-9", carnet_xml_line(node), "<%s> does not hold what it must.", shown);
    return carnet_malformed(diag, "X-9", carnet_xml_line(node),
                            "<%s> is not allowed at this place in <%s>, or once too often; it holds, in this order: "
                            "%s.",
                            shown, carnet_xml_name(parent), list);
}

enum carnet_err carnet_schema_refuse(const struct carnet_xml_node *schema, enum carnet_schema_fault fault,
                                     const struct carnet_xml_node *node, const char *attribute, const char *raw,
                                     struct carnet_diag *diag)
{
    char shown[256];
    switch (fault) {
    case CARNET_SCHEMA_VALUE:
        if (attribute != NULL && carnet_xml_attribute(node, attribute) != NULL)
            return refuse_value(schema, node, attribute, diag);
        break;
    case CARNET_SCHEMA_ATTRIBUTE:
        return refuse_attribute(schema, node, attribute, diag);
    case CARNET_SCHEMA_ELEMENT:
        return refuse_element(schema, node, diag);
    case CARNET_SCHEMA_TEXT:
        return carnet_malformed(diag, "X-9", carnet_xml_line(node),
                                "<%s> holds text, which is not allowed: all values are attributes.",
                                carnet_xml_name(node));
    case CARNET_SCHEMA_REPEATED:
        return carnet_malformed(diag, "X-11", carnet_xml_line(node),
                                "<%s> repeats one before it in the same list, which is not allowed.",
                                carnet_xml_name(node));
    case CARNET_SCHEMA_OTHER:
        break;
    }
    carnet_text_escape(raw, strlen(raw), shown, sizeof(shown));
    return carnet_malformed(diag, "X-9", carnet_xml_line(node), "The document is not valid by the schema: %s", shown);
}
