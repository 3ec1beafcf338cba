/* SPDX-License-Identifier: MIT */
/* schema [NAME]: the schemas of the documents (XSD) and of all --json outputs. */
#include "inspect/compiled.h"

#include <stdio.h>
#include <string.h>

#include "inspect/inspect.h"

/* "check.json" is also "check", and "carnet.check/1" as the outputs name it. */
static bool is_called(const struct inspect_file *schema, const char *name)
{
    char id[80], stem[64];
    const size_t size = strcspn(schema->name, ".");
    (void)snprintf(stem, sizeof stem, "%.*s", (int)size, schema->name);
    (void)snprintf(id, sizeof id, "carnet.%s/1", stem);
    return strcmp(schema->name, name) == 0 ||
           (strcmp(schema->name + size, ".json") == 0 && (strcmp(stem, name) == 0 || strcmp(id, name) == 0));
}

/* What a schema is of; NULL when there is no memory. */
static json_t *title_of(const struct inspect_file *schema)
{
    json_t *whole = json_loadb((const char *)schema->bytes, schema->size, 0, NULL);
    json_t *title = whole != NULL ? json_incref(json_object_get(whole, "title"))
                                  : json_string(strncmp(schema->name, "carnet-key", 10) == 0
                                                    ? "key files, in the home and in the state"
                                                    : "the documents in bundles");
    json_decref(whole);
    return title;
}

static enum carnet_err tell_all(struct cli *cli)
{
    json_t *list = json_array();
    int bad = list == NULL;
    for (size_t i = 0; i < inspect_schemas_count; i++) {
        json_t *title = title_of(&inspect_schemas[i]);
        cli_data(cli, "%-20s %s\n", inspect_schemas[i].name, title != NULL ? json_string_value(title) : "");
        bad |= json_array_append_new(list, json_pack("{s:s, s:o}", "name", inspect_schemas[i].name, "title", title));
    }
    if (bad != 0) {
        json_decref(list);
        list = NULL;
    }
    cli_set(cli, "schemas", list);
    return CARNET_OK;
}

enum carnet_err inspect_schema_run(struct cli *cli)
{
    const char *name = cli_argument(cli, 0);
    char shown[80];
    if (name == NULL)
        return tell_all(cli);
    for (size_t i = 0; i < inspect_schemas_count; i++) {
        const struct inspect_file *schema = &inspect_schemas[i];
        if (!is_called(schema, name))
            continue;
        cli_set(cli, "name", json_string(schema->name));
        cli_set(cli, "text", json_stringn((const char *)schema->bytes, schema->size));
        if (!cli_json(cli))
            cli_write(cli, schema->bytes, schema->size); /* asked for, so --quiet does not silence it */
        return CARNET_OK;
    }
    (void)carnet_fail(cli_diag(cli), CARNET_NOT_FOUND, "", "There is no schema '%s'.",
                      carnet_text_escape(name, strlen(name), shown, sizeof shown));
    return carnet_fail_next(cli_diag(cli), "'carnet-inspect schema' lists them.");
}
