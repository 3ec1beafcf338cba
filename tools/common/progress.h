/* SPDX-License-Identifier: MIT */
/*
 * How far a command with many things to do has come: one line at the foot of the terminal, drawn over again and again.
 * There is none where standard error is no terminal, where TERM says that it can't erase a line ("dumb"), with --quiet
 * or --json, or for a few things only: a log or a pipe never sees it. What the command says meanwhile stands above.
 */
#ifndef CARNET_TOOLS_PROGRESS_H
#define CARNET_TOOLS_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cli.h"

/* Fewer things than this need no bar. */
#define CLI_PROGRESS_LEAST 20

/* Begins one: `what` is a word such as "assigning" (ASCII, borrowed), `total` how many things. Each is done in `parts`
 * steps (at least 1), so that the bar moves between things too. */
void cli_progress_begin(struct cli *cli, const char *what, size_t total, unsigned parts);
/* So many steps more are done. Nothing without a bar. */
void cli_progress_add(struct cli *cli, size_t steps);
/* Erases it. Nothing without a bar; cli_main does it at the latest. */
void cli_progress_end(struct cli *cli);

/* ---- for tests: what the line says ---- */
struct cli_progress {
    bool active, shown, colour, utf8;
    const char *what;
    size_t total, done; /* in steps */
    unsigned parts;
    int64_t drawn; /* when; times are monotonic, in milliseconds */
    /* Where it stood some seconds ago: the rate is that of late, not that of a first passphrase. */
    struct {
        int64_t at;
        size_t done;
    } older, newer;
};
#define CLI_PROGRESS_LINE_SIZE 512
/* The line for a terminal of that many columns, without control characters but those of colour; it never fills the last
 * column, where some terminals break the line. */
void cli_progress_line(const struct cli_progress *p, int64_t now, unsigned columns, char line[CLI_PROGRESS_LINE_SIZE]);

#endif
