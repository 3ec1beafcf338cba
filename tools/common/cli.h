/* SPDX-License-Identifier: MIT */
/*
 * The command line that the three programs share. A program is one static table of commands; the table makes dispatch,
 * usage, --help and completion. Global options may stand before or after the command.
 */
#ifndef CARNET_TOOLS_CLI_H
#define CARNET_TOOLS_CLI_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/error.h"

struct cli;

struct cli_option {
    const char *name;     /* "vendor": --vendor; NULL ends the list */
    char letter;          /* 'o': -o, or 0 */
    const char *argument; /* "ID": takes one; NULL: a flag */
    bool many;            /* may be given more than once */
    const char *help;     /* one line, no full stop */
};

struct cli_command {
    const char *name;                 /* "check", or two words: "trust add" */
    const char *group;                /* heading in the program's --help */
    const char *arguments;            /* "FILE [OUT]", for usage; "" when none */
    unsigned least, most;             /* number of arguments without a dash; UINT_MAX for any */
    bool output;                      /* takes OUT: -o FILE, --to DIR, --text, --force */
    bool passphrase;                  /* takes --passphrase-file, --passphrase-fd */
    const char *summary;              /* one line: what it does, no full stop */
    const char *schema;               /* "carnet.check/1": of its --json */
    const struct cli_option *options; /* its own, or NULL */
    const char *const *examples;      /* NULL-terminated, at least two, each "ARGS<tab>what it does" */
    enum carnet_err (*run)(struct cli *cli);
};

struct cli_program {
    const char *name;                   /* "carnet-user" */
    const char *summary;                /* one line */
    const char *first;                  /* what to do first: shown when it is called with no arguments */
    const struct cli_option *options;   /* options of every command (--state, --home), or NULL */
    const struct cli_command *commands; /* ended by a NULL name */
};

/* Runs the program and returns its exit code. Prints the refusal or the JSON document once. */
int cli_main(const struct cli_program *program, int argc, char **argv);

/* ---- what a command sees ---- */
struct carnet_diag *cli_diag(struct cli *cli);             /* to be filled by what refuses; printed once by cli_main */
size_t cli_count(const struct cli *cli);                   /* arguments without a dash */
const char *cli_argument(const struct cli *cli, size_t i); /* NULL when there are fewer */
bool cli_flag(const struct cli *cli, const char *option);
const char *cli_value(const struct cli *cli, const char *option); /* the (last) value, or NULL */
size_t cli_values(const struct cli *cli, const char *option);     /* how many values */
const char *cli_value_at(const struct cli *cli, const char *option, size_t i);
bool cli_json(const struct cli *cli);
bool cli_quiet(const struct cli *cli);
bool cli_dry_run(const struct cli *cli);
/* A number from an option, or `absent` when it was not given; CARNET_USAGE with a message. */
CARNET_MUST_USE enum carnet_err cli_number(struct cli *cli, const char *option, uint32_t least, uint32_t most,
                                           uint32_t absent, uint32_t *out);

/* ---- what a command says ---- */
/* Data: standard output, left out with --json or --quiet. */
void cli_data(struct cli *cli, const char *format, ...) CARNET_PRINTF(2, 3);
/* Bytes as they are: standard output, also with --json or --quiet; the first error is kept. */
void cli_write(struct cli *cli, const void *bytes, size_t size);
/* Everything else: standard error, left out with --json or --quiet. */
void cli_note(struct cli *cli, const char *format, ...) CARNET_PRINTF(2, 3);
/* A warning: standard error, left out with --quiet; with --json it goes into the member "warnings". */
void cli_warn(struct cli *cli, const char *format, ...) CARNET_PRINTF(2, 3);
/* Sets a member of the one JSON document (which has schema, outcome, exit, and on failure message, next, clause and
 * where by itself). Steals the reference; a NULL value is CARNET_NO_MEMORY and told by cli_main. */
void cli_set(struct cli *cli, const char *member, json_t *value);
/* A JSON string of any bytes: those that are not UTF-8 are escaped. */
json_t *cli_json_text(const char *text);
/* Prints one JSON line at once (for many items), with the command's schema in it; then there is a last line with the
 * summary. */
void cli_json_line(struct cli *cli, json_t *value);
/* With --json: prints the one document now instead of at the end, for what would take too much memory as a json_t.
 * `more` writes further members to `out`, each as ,"NAME":VALUE in ASCII; nonzero when it could not. */
typedef int cli_members_fn(void *context, FILE *out);
void cli_json_document(struct cli *cli, enum carnet_err err, cli_members_fn *more, void *context);
/* One file of many was refused, and the command goes on: a line that says where and why and one that says what to do,
 * on standard error; with --json a line with the members source, outcome, exit, message, next and the place, and those
 * of `more` (stolen; NULL for none). Where the diagnosis is of another outcome than `err`, the table's words count. */
void cli_refuse_one(struct cli *cli, const char *source, enum carnet_err err, const struct carnet_diag *diag,
                    json_t *more);
/* The file that the diagnosis is about ("-" is standard input); NULL for none. Copied. cli_file_read and
 * cli_bundle_read do it by themselves. */
void cli_place(struct cli *cli, const char *file);
/* The program ends with this code instead of the outcome's, and leaves a refusal unsaid: the command has said all that
 * such a caller reads. What can't be written to standard output is still told, with its own code. */
void cli_exit(struct cli *cli, int code);
/* Between these two an interruption waits, so that a change that needs several steps is made whole. They nest. */
void cli_hold_signals(void);
void cli_free_signals(void);
/* Can the terminal show box-drawing characters? */
bool cli_utf8(void);
/* Styles for text, empty when there is no colour: "bold", "dim", "good", "bad", "warn", "off". */
const char *cli_style(const struct cli *cli, const char *style);

/* Is the question answered with yes? -y answers it. Asks on the terminal (/dev/tty), saying the effect first.
 * CARNET_NEEDS_ANSWER without a terminal or with --no-input; CARNET_INTERRUPTED when the answer is no ("nothing was
 * changed"). */
CARNET_MUST_USE enum carnet_err cli_confirm(struct cli *cli, const char *effect, ...) CARNET_PRINTF(2, 3);
/* Asks for one line on the terminal. Same outcomes. -y does not answer it. */
CARNET_MUST_USE enum carnet_err cli_ask(struct cli *cli, const char *question, char *answer, size_t room);
/* The passphrase, into locked memory (carnet_secret_free by the caller): from --passphrase-fd, --passphrase-file, else
 * asked for on the terminal (twice when `twice`). */
CARNET_MUST_USE enum carnet_err cli_passphrase(struct cli *cli, const char *what_for, bool twice, char **out);
/* The same for a passphrase that takes the place of another: --new-passphrase-fd, --new-passphrase-file (rows of the
 * command: CLI_NEW_PASSPHRASE_OPTIONS), else asked for twice. */
#define CLI_NEW_PASSPHRASE_OPTIONS \
    {"new-passphrase-file", 0, "FILE", false, "the new passphrase is FILE's first line"}, \
    { \
        "new-passphrase-fd", 0, "N", false, "the same, from descriptor N" \
    }
CARNET_MUST_USE enum carnet_err cli_new_passphrase(struct cli *cli, const char *what_for, char **out);
/* The PIN of a token where a passphrase is something else: --pin-fd, --pin-file (rows of the command), else asked for.
 */
CARNET_MUST_USE enum carnet_err cli_pin(struct cli *cli, const char *what_for, char **out);

#endif
