/* SPDX-License-Identifier: MIT */
/* The text of --help, from the program's table: at most 80 columns wide. */
#include <stdio.h>
#include <string.h>

#include "common/cli_private.h"

#define WIDTH 80u
#define COLUMN 30u /* where the right column begins */

/* Appends words, broken at spaces; `at` is the column that is reached, `indent` where further lines begin. */
static enum carnet_err wrap(struct carnet_buffer *out, const char *text, size_t at, size_t indent)
{
    enum carnet_err err = CARNET_OK;
    bool first = true;
    while (*text != '\0' && err == CARNET_OK) {
        const size_t size = strcspn(text, " ");
        if (!first && at + 1 + size > WIDTH) {
            err = carnet_buffer_printf(out, "\n%*s", (int)indent, "");
            at = indent;
        } else if (!first) {
            err = carnet_buffer_text(out, " ");
            at++;
        }
        if (err == CARNET_OK)
            err = carnet_buffer_append(out, text, size);
        at += size;
        text += size;
        text += strspn(text, " ");
        first = false;
    }
    return err != CARNET_OK ? err : carnet_buffer_text(out, "\n");
}

static enum carnet_err row(struct carnet_buffer *out, const char *left, const char *right)
{
    const size_t size = strlen(left) + 2;
    enum carnet_err err = carnet_buffer_printf(out, "  %s", left);
    if (err == CARNET_OK && size + 2 > COLUMN)
        err = carnet_buffer_printf(out, "\n%*s", (int)COLUMN, "");
    else if (err == CARNET_OK)
        err = carnet_buffer_printf(out, "%*s", (int)(COLUMN - size), "");
    return err != CARNET_OK ? err : wrap(out, right, COLUMN, COLUMN);
}

static enum carnet_err option_rows(struct carnet_buffer *out, const struct cli_option *options)
{
    enum carnet_err err = CARNET_OK;
    for (const struct cli_option *o = options; err == CARNET_OK && o != NULL && o->name != NULL; o++) {
        char left[96];
        char letter[5] = "";
        if (o->letter != 0)
            (void)snprintf(letter, sizeof letter, "-%c, ", o->letter);
        (void)snprintf(left, sizeof left, "%s--%s%s%s%s", letter, o->name, o->argument != NULL ? " " : "",
                       o->argument != NULL ? o->argument : "", o->many ? " ..." : "");
        err = row(out, left, o->help);
    }
    return err;
}

/* The options that every command has, in few lines. */
static enum carnet_err global_block(struct carnet_buffer *out, const struct cli *cli)
{
    enum carnet_err err = carnet_buffer_text(out, "\nOptions of every command\n");
    if (err == CARNET_OK)
        err = option_rows(out, cli->program->options);
    if (err == CARNET_OK)
        err = carnet_buffer_text(out, "  --json  -q, --quiet  --no-input  -y, --yes  -n, --dry-run  --color=WHEN\n"
                                      "  -h, --help  --version\n");
    return err;
}

/* "ARGS<tab>what it does" */
static enum carnet_err example(struct carnet_buffer *out, const struct cli_program *program, const char *text)
{
    const size_t size = strcspn(text, "\t");
    enum carnet_err err = carnet_buffer_printf(out, "  %s %.*s\n", program->name, (int)size, text);
    if (err == CARNET_OK && text[size] == '\t') {
        err = carnet_buffer_text(out, "      ");
        if (err == CARNET_OK)
            err = wrap(out, text + size + 1, 6, 6);
    }
    return err;
}

static bool same_group(const struct cli_command *a, const struct cli_command *b)
{
    return strcmp(a->group, b->group) == 0;
}

static bool shown(const struct cli *cli, const struct cli_command *c)
{
    const size_t size = cli->family != NULL ? strlen(cli->family) : 0;
    return size == 0 || (strncmp(c->name, cli->family, size) == 0 && c->name[size] == ' ');
}

/* The first command from there on that is shown; the end of the table when there is none. */
static const struct cli_command *next_shown(const struct cli *cli, const struct cli_command *c)
{
    while (c->name != NULL && !shown(cli, c))
        c++;
    return c;
}

/* The program's help, or that of a family of commands. The examples are one of the first command, and one of the first
 * command in another group, where there is one. */
static enum carnet_err program_help(const struct cli *cli, struct carnet_buffer *out)
{
    const struct cli_program *p = cli->program;
    const struct cli_command *last = NULL;
    enum carnet_err err = carnet_buffer_printf(out, "Usage: %s COMMAND [OPTION]... [ARGUMENT]...\n", p->name);
    if (err == CARNET_OK)
        err = wrap(out, p->summary, 0, 0);
    for (const struct cli_command *c = next_shown(cli, p->commands); err == CARNET_OK && c->name != NULL;
         c = next_shown(cli, c + 1)) {
        char left[128];
        if (last == NULL || !same_group(last, c))
            err = carnet_buffer_printf(out, "\n%s\n", c->group);
        last = c;
        (void)snprintf(left, sizeof left, "%s%s%s", c->name, c->arguments[0] != '\0' ? " " : "", c->arguments);
        if (strlen(left) + 4 > COLUMN) /* the whole is in the command's own help */
            (void)snprintf(left, sizeof left, "%s ...", c->name);
        if (err == CARNET_OK)
            err = row(out, left, c->summary);
    }
    if (err == CARNET_OK)
        err = global_block(out, cli);
    if (err == CARNET_OK)
        err = carnet_buffer_printf(out, "\nExamples ('%s COMMAND --help' has more)\n", p->name);
    const struct cli_command *first = next_shown(cli, p->commands), *second = first;
    while (second->name != NULL && same_group(first, second))
        second = next_shown(cli, second + 1);
    if (second->name == NULL)
        second = next_shown(cli, first + 1);
    if (second->name == NULL)
        second = first;
    if (err == CARNET_OK)
        err = example(out, p, first->examples[0]);
    if (err == CARNET_OK)
        err = example(out, p, second == first ? second->examples[1] : second->examples[0]);
    return err;
}

static enum carnet_err command_help(const struct cli *cli, struct carnet_buffer *out)
{
    const struct cli_command *c = cli->command;
    char usage[256];
    (void)snprintf(usage, sizeof usage, "Usage: %s %s [OPTION]...%s%s%s", cli->program->name, c->name,
                   c->arguments[0] != '\0' ? " " : "", c->arguments, c->output ? " [-o FILE | --to DIR | --text]" : "");
    enum carnet_err err = wrap(out, usage, 0, 4);
    if (err == CARNET_OK)
        err = wrap(out, c->summary, 0, 0);
    if (err == CARNET_OK && (c->options != NULL || c->output || c->passphrase))
        err = carnet_buffer_text(out, "\nOptions\n");
    if (err == CARNET_OK)
        err = option_rows(out, c->options);
    if (err == CARNET_OK && c->output)
        err = option_rows(out, cli_output_options);
    if (err == CARNET_OK && c->passphrase)
        err = option_rows(out, cli_passphrase_options);
    if (err == CARNET_OK)
        err = global_block(out, cli);
    if (err == CARNET_OK)
        err = carnet_buffer_text(out, "\nExamples\n");
    for (const char *const *e = c->examples; err == CARNET_OK && *e != NULL; e++)
        err = example(out, cli->program, *e);
    return err;
}

enum carnet_err cli_help(const struct cli *cli, struct carnet_buffer *out)
{
    return cli->command != NULL ? command_help(cli, out) : program_help(cli, out);
}
