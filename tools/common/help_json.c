/* SPDX-License-Identifier: MIT */
/* --help with --json: the text, and the tables that the text is made of, for manuals, completions and scripts. */
#include <string.h>

#include "common/cli_private.h"

/* Adds the options to the list; false when memory is short. */
static bool add_options(json_t *list, const struct cli_option *options)
{
    for (const struct cli_option *o = options; o != NULL && o->name != NULL; o++) {
        const char letter[2] = {o->letter, '\0'};
        json_t *one =
            json_pack("{s:s, s:s*, s:s*, s:b, s:s}", "name", o->name, "letter", o->letter != 0 ? letter : NULL,
                      "argument", o->argument, "many", o->many, "help", o->help);
        if (json_array_append_new(list, one) != 0)
            return false;
    }
    return true;
}

static json_t *options_of(const struct cli_command *c)
{
    json_t *list = json_array();
    if (list != NULL && add_options(list, c->options) && (!c->output || add_options(list, cli_output_options)) &&
        (!c->passphrase || add_options(list, cli_passphrase_options)))
        return list;
    json_decref(list);
    return NULL;
}

static json_t *examples_of(const struct cli_command *c)
{
    json_t *list = json_array();
    for (const char *const *e = c->examples; list != NULL && *e != NULL; e++) {
        const size_t size = strcspn(*e, "\t");
        json_t *one = json_pack("{s:s%, s:s}", "arguments", *e, size, "does", (*e)[size] == '\t' ? *e + size + 1 : "");
        if (json_array_append_new(list, one) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *commands_of(const struct cli_program *p)
{
    json_t *list = json_array();
    for (const struct cli_command *c = p->commands; list != NULL && c->name != NULL; c++) {
        json_t *one = json_pack("{s:s, s:s, s:s, s:b, s:s, s:s, s:o, s:o}", "name", c->name, "group", c->group,
                                "arguments", c->arguments, "output", c->output, "summary", c->summary, "schema",
                                c->schema, "options", options_of(c), "examples", examples_of(c));
        if (json_array_append_new(list, one) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

enum carnet_err cli_help_json(struct cli *cli, const char *text)
{
    const struct cli_program *p = cli->program;
    json_t *global = json_array();
    if (global != NULL && !(add_options(global, p->options) && add_options(global, cli_global_options))) {
        json_decref(global);
        global = NULL;
    }
    cli_set(cli, "text", json_string(text));
    cli_set(cli, "program", json_string(p->name));
    cli_set(cli, "summary", json_string(p->summary));
    cli_set(cli, "first", json_string(p->first));
    cli_set(cli, "options", global);
    cli_set(cli, "commands", commands_of(p));
    return CARNET_OK;
}
