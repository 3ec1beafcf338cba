/* SPDX-License-Identifier: MIT */
/* What each field of a document means, in the words of the schema. */
#include <stdio.h>
#include <string.h>

#include "bundle/unpack.h"
#include "document/document.h"
#include "document/prescan.h"
#include "document/schema_words.h"

#define PATH_SIZE 256

struct telling {
    carnet_meaning_fn *tell;
    void *context;
    const struct carnet_xml_node *schema;
};

static bool same_name(const struct carnet_xml_node *a, const struct carnet_xml_node *b)
{
    return b != NULL && strcmp(carnet_xml_name(a), carnet_xml_name(b)) == 0;
}

/* A root's type has no name, and its words are those of the element that it stands in. */
static const char *element_words(const struct carnet_xml_node *type)
{
    const char *words = carnet_schema_documentation(type);
    return words[0] != '\0' ? words : carnet_schema_documentation(carnet_xml_parent(type));
}

/* Its own words, else those of its type. */
static const char *attribute_words(const struct telling *t, const struct carnet_xml_node *attribute)
{
    const char *words = carnet_schema_documentation(attribute), *type = carnet_xml_attribute(attribute, "type");
    const struct carnet_xml_node *n = carnet_xml_child(t->schema, "simpleType");
    for (; words[0] == '\0' && type != NULL && n != NULL; n = carnet_xml_next(n)) {
        const char *name = carnet_xml_attribute(n, "name");
        if (name != NULL && strcmp(name, type) == 0)
            words = carnet_schema_documentation(n);
    }
    return words;
}

static void tell_element(const struct telling *t, const struct carnet_xml_node *node, const char *above, bool again)
{
    const struct carnet_xml_node *type = carnet_schema_type(t->schema, node), *before = NULL;
    char path[PATH_SIZE];
    if (type == NULL) /* of another namespace: the schema says nothing */
        return;
    (void)snprintf(path, sizeof(path), "%s%s%s", above, above[0] != '\0' ? "/" : "", carnet_xml_name(node));
    t->tell(t->context, path, NULL, NULL, element_words(type), again);
    for (const struct carnet_xml_node *a = carnet_xml_child(type, "attribute"); a != NULL; a = carnet_xml_next(a)) {
        const char *name = carnet_xml_attribute(a, "name");
        const char *value = name != NULL ? carnet_xml_attribute(node, name) : NULL;
        if (value != NULL)
            t->tell(t->context, path, name, value, attribute_words(t, a), again);
    }
    for (const struct carnet_xml_node *n = carnet_xml_any_child(node); n != NULL; n = carnet_xml_any_next(n)) {
        tell_element(t, n, path, again || same_name(n, before));
        before = n;
    }
}

enum carnet_err carnet_document_meanings(const struct carnet_unpacked *u, carnet_meaning_fn *tell, void *context,
                                         struct carnet_diag *diag)
{
    const struct carnet_entry *entry = carnet_unpacked_entry(u, CARNET_ENTRY_DOCUMENT);
    struct telling t = {.tell = tell, .context = context};
    struct carnet_xml *x = NULL;
    enum carnet_err err = carnet_xml_start();
    if (err != CARNET_OK)
        return carnet_fail(diag, err, "", "The schema could not be compiled.");
    err = carnet_prescan(entry->bytes, entry->size, diag);
    if (err == CARNET_OK)
        err = carnet_xml_read_again(entry->bytes, entry->size, carnet_unpacked_kind_name(u), &x, diag);
    if (err != CARNET_OK)
        return err;
    t.schema = carnet_xml_schema();
    tell_element(&t, carnet_xml_root(x), "", false);
    carnet_xml_free(x);
    return CARNET_OK;
}
