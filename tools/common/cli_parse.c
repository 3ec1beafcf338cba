/* SPDX-License-Identifier: MIT */
/*
 * The command line, against the tables of the program. Not getopt_long or argp: both take abbreviations of long
 * options (a script that uses one breaks when an option is added), and their messages are not ours.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cli_private.h"
#include "core/text.h"

const struct cli_option cli_global_options[] = {
    {"json", 0, NULL, false, "print one JSON document"},
    {"quiet", 'q', NULL, false, "print refusals only"},
    {"no-input", 0, NULL, false, "never ask"},
    {"yes", 'y', NULL, false, "answer yes to the question that would be asked"},
    {"dry-run", 'n', NULL, false, "change nothing, say what would be done"},
    {"color", 0, "WHEN", false, "auto, always or never"},
    {"help", 'h', NULL, false, "print this help"},
    {"version", 0, NULL, false, "print the version"},
    {NULL, 0, NULL, false, NULL},
};
const struct cli_option cli_output_options[] = {
    {"output", 'o', "FILE", false, "write to FILE"},
    {"to", 0, "DIR", false, "write to the stick or folder DIR, under carnet/"},
    {"text", 0, NULL, false, "print as text to paste, on standard output"},
    {"force", 0, NULL, false, "replace FILE when it is there"},
    {NULL, 0, NULL, false, NULL},
};
const struct cli_option cli_passphrase_options[] = {
    {"passphrase-file", 0, "FILE", false, "the passphrase is FILE's first line"},
    {"passphrase-fd", 0, "N", false, "the same, from descriptor N"},
    {NULL, 0, NULL, false, NULL},
};

/* ---- suggestions ---- */

#define TYPED_MOST 40u

/* Optimal string alignment: insertions, deletions, replacements and swaps of neighbours count one each. */
static size_t distance(const char *a, const char *b)
{
    const size_t m = strlen(a), n = strlen(b);
    size_t rows[3][TYPED_MOST + 1];
    size_t *before = rows[0], *last = rows[1], *now = rows[2];
    if (m > TYPED_MOST || n > TYPED_MOST)
        return SIZE_MAX;
    for (size_t j = 0; j <= n; j++) {
        before[j] = j;
        last[j] = j;
    }
    for (size_t i = 1; i <= m; i++) {
        now[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t best = last[j - 1] + (a[i - 1] != b[j - 1]);
            if (last[j] + 1 < best)
                best = last[j] + 1;
            if (now[j - 1] + 1 < best)
                best = now[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            now[j] = best;
        }
        size_t *free_row = before;
        before = last;
        last = now;
        now = free_row;
    }
    return last[n];
}

const char *cli_nearest(const char *typed, const char *(*name_at)(const void *list, size_t i), const void *list)
{
    const char *best = NULL;
    size_t best_distance = SIZE_MAX;
    const char *name;
    for (size_t i = 0; (name = name_at(list, i)) != NULL; i++) {
        const size_t d = distance(typed, name);
        const size_t length = strlen(name);
        const size_t most = length < 4 ? 1 : length < 9 ? 2 : 3;
        if (d <= most && d < best_distance) {
            best = name;
            best_distance = d;
        }
    }
    return best;
}

static const char *command_at(const void *list, size_t i)
{
    return ((const struct cli_command *)list)[i].name;
}

/* The options that are known at this point of the command line, one table after the other. */
static const struct cli_option *known_option(const struct cli *cli, size_t i)
{
    const struct cli_option *tables[5] = {cli_global_options, cli->program->options, NULL, NULL, NULL};
    if (cli->command != NULL) {
        tables[2] = cli->command->options;
        tables[3] = cli->command->output ? cli_output_options : NULL;
        tables[4] = cli->command->passphrase ? cli_passphrase_options : NULL;
    }
    for (size_t t = 0; t < 5; t++) {
        for (const struct cli_option *o = tables[t]; o != NULL && o->name != NULL; o++) {
            if (i-- == 0)
                return o;
        }
    }
    return NULL;
}

static const char *option_at(const void *list, size_t i)
{
    const struct cli_option *option = known_option(list, i);
    return option != NULL ? option->name : NULL;
}

/* ---- options ---- */

static enum carnet_err unknown_option(struct cli *cli, const char *dashes, const char *name)
{
    char shown[64];
    carnet_text_escape(name, strlen(name), shown, sizeof shown);
    const char *near = strlen(dashes) == 2 ? cli_nearest(name, option_at, cli) : NULL;
    const char *of = cli->command != NULL ? cli->command->name : "";
    const char *space = cli->command != NULL ? " " : "";
    if (cli->command == NULL)
        (void)carnet_fail(&cli->diag, CARNET_USAGE, "", "There is no option %s%s that may stand before the command.",
                          dashes, shown);
    else
        (void)carnet_fail(&cli->diag, CARNET_USAGE, "", "The command '%s' has no option %s%s.", of, dashes, shown);
    if (near != NULL)
        (void)carnet_fail_next(&cli->diag, "Did you mean --%s? See '%s%s%s --help'.", near, cli->program->name, space,
                               of);
    else
        (void)carnet_fail_next(&cli->diag, "See '%s%s%s --help'.", cli->program->name, space, of);
    return CARNET_USAGE;
}

static const struct cli_option *find_long(const struct cli *cli, const char *name, size_t size)
{
    const struct cli_option *option;
    for (size_t i = 0; (option = known_option(cli, i)) != NULL; i++) {
        if (strlen(option->name) == size && memcmp(option->name, name, size) == 0)
            return option;
    }
    return NULL;
}

static const struct cli_option *find_letter(const struct cli *cli, char letter)
{
    const struct cli_option *option;
    for (size_t i = 0; (option = known_option(cli, i)) != NULL; i++) {
        if (option->letter != 0 && option->letter == letter)
            return option;
    }
    return NULL;
}

static enum carnet_err take(struct cli *cli, const struct cli_option *option, const char *value)
{
    if (option->argument != NULL && value == NULL)
        return carnet_fail(&cli->diag, CARNET_USAGE, "", "--%s needs a value: --%s %s.", option->name, option->name,
                           option->argument);
    if (option->argument != NULL && !option->many && cli_flag(cli, option->name))
        return carnet_fail(&cli->diag, CARNET_USAGE, "", "--%s may be given once only.", option->name);
    cli->given[cli->given_count++] = (struct cli_given){option, value};
    return CARNET_OK;
}

/* Takes argv[*at], an option with its values, and moves *at to the last word it used. */
static enum carnet_err take_option(struct cli *cli, char **argv, int *at)
{
    const char *word = argv[*at];
    if (word[1] == '-') {
        const char *name = word + 2;
        const size_t size = strcspn(name, "=");
        const char *value = name[size] == '=' ? name + size + 1 : NULL;
        const struct cli_option *option = find_long(cli, name, size);
        if (option == NULL) {
            char cut[TYPED_MOST + 1];
            (void)snprintf(cut, sizeof cut, "%.*s", size > TYPED_MOST ? (int)TYPED_MOST : (int)size, name);
            return unknown_option(cli, "--", cut);
        }
        if (option->argument == NULL && value != NULL)
            return carnet_fail(&cli->diag, CARNET_USAGE, "", "--%s takes no value.", option->name);
        if (option->argument != NULL && value == NULL && argv[*at + 1] != NULL)
            value = argv[++*at];
        return take(cli, option, value);
    }
    for (const char *letter = word + 1; *letter != '\0'; letter++) {
        const struct cli_option *option = find_letter(cli, *letter);
        enum carnet_err err;
        if (option == NULL) {
            const char name[2] = {*letter, '\0'};
            return unknown_option(cli, "-", name);
        }
        if (option->argument != NULL) {
            const char *value = letter[1] != '\0' ? letter + 1 : NULL;
            if (value == NULL && argv[*at + 1] != NULL)
                value = argv[++*at];
            return take(cli, option, value);
        }
        err = take(cli, option, NULL);
        if (err != CARNET_OK)
            return err;
    }
    return CARNET_OK;
}

/* ---- commands ---- */

static bool begins_family(const struct cli_program *program, const char *word)
{
    const size_t size = strlen(word);
    for (const struct cli_command *c = program->commands; c->name != NULL; c++) {
        if (strncmp(c->name, word, size) == 0 && c->name[size] == ' ')
            return true;
    }
    return false;
}

static const struct cli_command *find_command(const struct cli_program *program, const char *name)
{
    for (const struct cli_command *c = program->commands; c->name != NULL; c++) {
        if (strcmp(c->name, name) == 0)
            return c;
    }
    return NULL;
}

static enum carnet_err unknown_command(struct cli *cli, const char *typed, const char *following)
{
    char shown[80], both[2 * TYPED_MOST + 2];
    const char *near = NULL;
    carnet_text_escape(typed, strlen(typed), shown, sizeof shown);
    (void)carnet_fail(&cli->diag, CARNET_USAGE, "", "There is no command '%s'.", shown);
    if (following != NULL && strlen(typed) <= TYPED_MOST && strlen(following) <= TYPED_MOST) {
        (void)snprintf(both, sizeof both, "%s %s", typed, following);
        near = cli_nearest(both, command_at, cli->program->commands);
    }
    if (near == NULL)
        near = cli_nearest(typed, command_at, cli->program->commands);
    if (near != NULL)
        (void)carnet_fail_next(&cli->diag, "Did you mean '%s %s'? See '%s --help'.", cli->program->name, near,
                               cli->program->name);
    else
        (void)carnet_fail_next(&cli->diag, "See '%s --help' for the commands there are.", cli->program->name);
    return CARNET_USAGE;
}

/* "trust" and no more: names what may follow. */
static enum carnet_err half_a_command(struct cli *cli)
{
    char list[256] = "";
    size_t used = 0;
    const size_t size = strlen(cli->family);
    for (const struct cli_command *c = cli->program->commands; c->name != NULL; c++) {
        if (strncmp(c->name, cli->family, size) == 0 && c->name[size] == ' ' && used < sizeof list) {
            const int n = snprintf(list + used, sizeof list - used, "%s'%s %s'", used > 0 ? ", " : "",
                                   cli->program->name, c->name);
            used += n > 0 ? (size_t)n : 0;
        }
    }
    (void)carnet_fail(&cli->diag, CARNET_USAGE, "", "'%s' needs a second word.", cli->family);
    return carnet_fail_next(&cli->diag, "Use one of: %s.", list);
}

/* Takes a word without a dash. `following` is the next one, for suggestions, or NULL. */
static enum carnet_err take_word(struct cli *cli, const char *word, const char *following)
{
    if (cli->command != NULL) {
        cli->arguments[cli->argument_count++] = word;
        return CARNET_OK;
    }
    if (cli->family == NULL) {
        cli->command = find_command(cli->program, word);
        if (cli->command != NULL)
            return CARNET_OK;
        if (!begins_family(cli->program, word))
            return unknown_command(cli, word, following);
        cli->family = word;
        return CARNET_OK;
    }
    char both[2 * TYPED_MOST + 2];
    if (strlen(word) <= TYPED_MOST) {
        (void)snprintf(both, sizeof both, "%.*s %s", (int)TYPED_MOST, cli->family, word);
        cli->command = find_command(cli->program, both);
        if (cli->command == NULL)
            return unknown_command(cli, both, NULL);
        return CARNET_OK;
    }
    return unknown_command(cli, word, NULL);
}

/* ---- the whole ---- */

static enum carnet_err check_counts(struct cli *cli)
{
    const struct cli_command *c = cli->command;
    if (cli->argument_count >= c->least && (c->most == UINT_MAX || cli->argument_count <= c->most))
        return CARNET_OK;
    if (cli->argument_count < c->least)
        (void)carnet_fail(&cli->diag, CARNET_USAGE, "", "'%s' needs more arguments: %s %s %s.", c->name,
                          cli->program->name, c->name, c->arguments);
    else {
        char shown[120];
        const char *extra = cli->arguments[c->most];
        carnet_text_escape(extra, strlen(extra), shown, sizeof shown);
        (void)carnet_fail(&cli->diag, CARNET_USAGE, "", "'%s' has no use for the argument '%s'.", c->name, shown);
    }
    return carnet_fail_next(&cli->diag, "See '%s %s --help'.", cli->program->name, c->name);
}

static enum carnet_err check_output(struct cli *cli)
{
    const int ways = cli_flag(cli, "output") + cli_flag(cli, "to") + cli_flag(cli, "text");
    if (!cli->command->output)
        return CARNET_OK;
    if (ways > 1)
        return carnet_fail(&cli->diag, CARNET_USAGE, "", "Give one of -o FILE, --to DIR and --text, not several.");
    if (cli_flag(cli, "output") && strcmp(cli_value(cli, "output"), "-") == 0) {
        (void)carnet_fail(&cli->diag, CARNET_USAGE, "", "-o needs the name of a file.");
        return carnet_fail_next(&cli->diag, "Use --text to print it as text on standard output.");
    }
    return CARNET_OK;
}

static bool asks_for_json(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--json") == 0)
            return true;
    }
    return false;
}

static enum carnet_err no_command(struct cli *cli)
{
    (void)carnet_fail(&cli->diag, CARNET_USAGE, "", "No command was given. %s: %s.", cli->program->name,
                      cli->program->summary);
    return carnet_fail_next(&cli->diag, "%s See '%s --help'.", cli->program->first, cli->program->name);
}

static enum carnet_err parse(struct cli *cli, int argc, char **argv)
{
    bool options_ended = false;
    for (int i = 1; i < argc; i++) {
        enum carnet_err err;
        if (!options_ended && strcmp(argv[i], "--") == 0) {
            options_ended = true;
            continue;
        }
        if (!options_ended && argv[i][0] == '-' && argv[i][1] != '\0')
            err = take_option(cli, argv, &i);
        else
            err = take_word(cli, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
        if (err != CARNET_OK)
            return err;
    }
    cli->json = cli_flag(cli, "json");
    cli->quiet = cli_flag(cli, "quiet");
    cli->help = cli_flag(cli, "help");
    cli->version = cli_flag(cli, "version");
    if (cli->help || cli->version)
        return CARNET_OK;
    if (cli->command == NULL)
        return cli->family != NULL ? half_a_command(cli) : no_command(cli);
    const enum carnet_err err = check_counts(cli);
    return err != CARNET_OK ? err : check_output(cli);
}

enum carnet_err cli_parse(struct cli *cli, int argc, char **argv)
{
    const size_t most = argc > 0 ? (size_t)argc : 1;
    size_t letters = 0; /* "-yn" gives two options in one word */
    for (int i = 1; i < argc; i++)
        letters += strlen(argv[i]) + 1;
    cli->given = calloc(letters + 1, sizeof *cli->given);
    cli->arguments = calloc(most, sizeof *cli->arguments);
    cli->members = json_object();
    if (cli->given == NULL || cli->arguments == NULL || cli->members == NULL)
        return CARNET_NO_MEMORY;
    const enum carnet_err err = parse(cli, argc, argv);
    if (err != CARNET_OK)
        cli->json = asks_for_json(argc, argv);
    return err;
}
