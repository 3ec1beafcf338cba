/* SPDX-License-Identifier: MIT */
/* cli_main, and what a command sees of its command line. */
#include "common/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cli_private.h"
#include "core/text.h"

static enum carnet_err choose_colours(struct cli *cli)
{
    const char *when = cli_value(cli, "color");
    if (when != NULL && strcmp(when, "auto") != 0 && strcmp(when, "always") != 0 && strcmp(when, "never") != 0) {
        (void)carnet_fail(&cli->diag, CARNET_USAGE, "", "--color takes auto, always or never.");
        return CARNET_USAGE;
    }
    const bool always = when != NULL && strcmp(when, "always") == 0;
    const bool never = when != NULL && strcmp(when, "never") == 0;
    const char *no_colour = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    const bool plain = (no_colour != NULL && no_colour[0] != '\0') || terminal == NULL || strcmp(terminal, "dumb") == 0;
    cli->colour_out = always || (!never && !plain && isatty(STDOUT_FILENO));
    cli->colour_err = always || (!never && !plain && isatty(STDERR_FILENO));
    return CARNET_OK;
}

static enum carnet_err tell_version(struct cli *cli)
{
    cli_data(cli, "%s %s\n", cli->program->name, CARNET_VERSION);
    cli_set(cli, "program", json_string(cli->program->name));
    cli_set(cli, "version", json_string(CARNET_VERSION));
    return CARNET_OK;
}

static enum carnet_err tell_help(struct cli *cli)
{
    struct carnet_buffer text = {0};
    enum carnet_err err = cli_help(cli, &text);
    if (err == CARNET_OK && cli->json)
        err = cli_help_json(cli, (const char *)text.bytes);
    else if (err == CARNET_OK)
        cli_write(cli, text.bytes, text.size); /* asked for, so --quiet does not silence it */
    carnet_buffer_clear(&text);
    return err;
}

int cli_main(const struct cli_program *program, int argc, char **argv)
{
    struct cli cli = {.program = program};
    int code;
    enum carnet_err err;

    cli_process_start();
    err = cli_parse(&cli, argc, argv);
    if (err == CARNET_OK)
        err = choose_colours(&cli);
    cli_process_catch(&cli);
    if (err == CARNET_OK) {
        if (cli.version)
            err = tell_version(&cli);
        else if (cli.help)
            err = tell_help(&cli);
        else
            err = cli.command->run(&cli);
    }
    code = cli_finish(&cli, err);
    json_decref(cli.members);
    json_decref(cli.warnings);
    free(cli.given);
    free(cli.arguments);
    free(cli.file);
    return code;
}

struct carnet_diag *cli_diag(struct cli *cli)
{
    return &cli->diag;
}

size_t cli_count(const struct cli *cli)
{
    return cli->argument_count;
}

const char *cli_argument(const struct cli *cli, size_t i)
{
    return i < cli->argument_count ? cli->arguments[i] : NULL;
}

bool cli_flag(const struct cli *cli, const char *option)
{
    for (size_t i = 0; i < cli->given_count; i++) {
        if (strcmp(cli->given[i].option->name, option) == 0)
            return true;
    }
    return false;
}

const char *cli_value_at(const struct cli *cli, const char *option, size_t i)
{
    for (size_t at = 0; at < cli->given_count; at++) {
        if (strcmp(cli->given[at].option->name, option) == 0 && i-- == 0)
            return cli->given[at].value;
    }
    return NULL;
}

size_t cli_values(const struct cli *cli, const char *option)
{
    size_t count = 0;
    for (size_t at = 0; at < cli->given_count; at++)
        count += strcmp(cli->given[at].option->name, option) == 0;
    return count;
}

const char *cli_value(const struct cli *cli, const char *option)
{
    const size_t count = cli_values(cli, option);
    return count > 0 ? cli_value_at(cli, option, count - 1) : NULL;
}

bool cli_json(const struct cli *cli)
{
    return cli->json;
}

bool cli_quiet(const struct cli *cli)
{
    return cli->quiet;
}

bool cli_dry_run(const struct cli *cli)
{
    return cli_flag(cli, "dry-run");
}

enum carnet_err cli_number(struct cli *cli, const char *option, uint32_t least, uint32_t most, uint32_t absent,
                           uint32_t *out)
{
    const char *value = cli_value(cli, option);
    if (value == NULL) {
        *out = absent;
        return CARNET_OK;
    }
    if (carnet_text_number(value, least, most, out) != CARNET_OK) {
        char shown[80];
        carnet_text_escape(value, strlen(value), shown, sizeof shown);
        return carnet_fail(&cli->diag, CARNET_USAGE, "", "--%s takes a whole number from %u to %u, not '%s'.", option,
                           (unsigned)least, (unsigned)most, shown);
    }
    return CARNET_OK;
}
