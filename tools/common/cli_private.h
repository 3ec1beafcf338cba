/* SPDX-License-Identifier: MIT */
/* What the files of tools/common share among themselves. */
#ifndef CARNET_TOOLS_CLI_PRIVATE_H
#define CARNET_TOOLS_CLI_PRIVATE_H

#include "common/cli.h"
#include "common/progress.h"
#include "core/buffer.h"

/* An option as it was given. */
struct cli_given {
    const struct cli_option *option;
    const char *value; /* NULL for a flag */
};

struct cli {
    const struct cli_program *program;
    const struct cli_command *command; /* NULL until it is known */
    const char *family;                /* "trust" of "trust --help", where that is no command by itself */
    struct cli_given *given;
    size_t given_count;
    const char **arguments;
    size_t argument_count;
    bool json, quiet, help, version, colour_out, colour_err;

    struct carnet_diag diag;
    char *file;       /* the file that the diagnosis is about, or NULL */
    json_t *members;  /* of the JSON document */
    json_t *warnings; /* NULL when there are none */
    bool no_memory;   /* a member could not be made */
    bool told;        /* the document is printed already */
    int write_errno;  /* the first failure to write standard output */
    unsigned outputs; /* bundles written so far */
    bool has_exit;    /* `exit` is the program's code */
    int exit;
    struct cli_progress progress;
};

/* The four tables of options that are not a command's own; each ends with a NULL name. */
extern const struct cli_option cli_global_options[];
extern const struct cli_option cli_output_options[];
extern const struct cli_option cli_passphrase_options[];

/* Fills cli from argv. CARNET_USAGE with a message. */
CARNET_MUST_USE enum carnet_err cli_parse(struct cli *cli, int argc, char **argv);
/* The name in the list that is nearest to what was typed, or NULL when none is near. `name_at` gives NULL at the end.
 */
const char *cli_nearest(const char *typed, const char *(*name_at)(const void *list, size_t i), const void *list);

/* Appends the text of --help to out. */
CARNET_MUST_USE enum carnet_err cli_help(const struct cli *cli, struct carnet_buffer *out);

/* The same as members of the JSON document, with the tables that it comes from: manuals and completions are made of
 * them. */
CARNET_MUST_USE enum carnet_err cli_help_json(struct cli *cli, const char *text);

/* Prints the refusal or the JSON document, closes standard output and returns the exit code. */
int cli_finish(struct cli *cli, enum carnet_err err);

/* Erases the bar until the next step, so that something can be said in its place. */
void cli_progress_hide(struct cli *cli);

/* Core dumps off, standard descriptors open, umask, locale, SIGPIPE ignored. */
void cli_process_start(void);
/* From now on an interruption says so, in words or as the JSON document, and ends the process by the same signal. */
void cli_process_catch(const struct cli *cli);

#endif
