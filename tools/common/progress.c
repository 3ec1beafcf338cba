/* SPDX-License-Identifier: MIT */
#include "common/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "common/cli_private.h"

#define EVERY_MS 100       /* not drawn more often than the eye follows */
#define WINDOW_MS 4000     /* the rate is that of the last one or two of these */
#define KNOWN_AFTER_MS 500 /* before that a rate is a guess */
#define BAR_LEAST 8u
#define BAR_MOST 40u

static int64_t monotonic(void)
{
    struct timespec now = {0, 0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static unsigned terminal_columns(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/* ---- the line ---- */

static void add_left(const struct cli_progress *p, double rate, char *text, size_t room)
{
    const size_t used = strlen(text);
    const double left = (double)(p->total - p->done) / rate;
    if (left >= 360000)
        (void)snprintf(text + used, room - used, ", days left");
    else if (left >= 3600)
        (void)snprintf(text + used, room - used, ", %lu:%02lu:%02lu left", (unsigned long)left / 3600,
                       (unsigned long)left / 60 % 60, (unsigned long)left % 60);
    else
        (void)snprintf(text + used, room - used, ", %lu:%02lu left", (unsigned long)left / 60,
                       (unsigned long)left % 60);
}

/* "4312 of 10000, 143/s, 0:40 left" */
static void write_numbers(const struct cli_progress *p, int64_t now, char *text, size_t room)
{
    const int64_t span = now - p->older.at;
    const double rate = span > 0 ? (double)(p->done - p->older.done) * 1000 / (double)span : 0; /* steps a second */
    const double things = rate / p->parts;
    (void)snprintf(text, room, "%zu of %zu", p->done / p->parts, p->total / p->parts);
    if (span < KNOWN_AFTER_MS || p->done == p->older.done)
        return;
    const size_t used = strlen(text);
    (void)snprintf(text + used, room - used, things < 10 ? ", %.1f/s" : ", %.0f/s", things);
    add_left(p, rate, text, room);
}

static void append(char *line, const char *text)
{
    const size_t used = strlen(line);
    (void)snprintf(line + used, CLI_PROGRESS_LINE_SIZE - used, "%s", text);
}

void cli_progress_line(const struct cli_progress *p, int64_t now, unsigned columns, char line[CLI_PROGRESS_LINE_SIZE])
{
    char numbers[120];
    const size_t most = columns > 1 ? columns - 1 : 0; /* columns that may be used */
    write_numbers(p, now, numbers, sizeof numbers);
    const size_t words = strlen(p->what) + strlen(numbers) + 4; /* with "  " on both sides of the bar */
    size_t bar = most > words ? most - words : 0;
    if (bar > BAR_MOST)
        bar = BAR_MOST;
    line[0] = '\0';
    if (bar < BAR_LEAST) {
        append(line, numbers);
        if (most < strlen(line))
            line[most] = '\0';
        return;
    }
    const size_t full = p->total > 0 ? (size_t)((double)p->done / (double)p->total * (double)bar) : bar;
    append(line, p->what);
    append(line, p->colour ? "  \033[32m" : "  ");
    for (size_t i = 0; i < bar; i++)
        append(line, i < full ? (p->utf8 ? "\u2588" : "#") : (p->utf8 ? "\u2591" : "."));
    append(line, p->colour ? "\033[0m  " : "  ");
    append(line, numbers);
}

/* ---- on the terminal ---- */

static void draw(struct cli_progress *p, int64_t now)
{
    char line[CLI_PROGRESS_LINE_SIZE];
    if (now - p->newer.at >= WINDOW_MS) {
        p->older = p->newer;
        p->newer.at = now;
        p->newer.done = p->done;
    }
    cli_progress_line(p, now, terminal_columns(), line);
    (void)fflush(stdout); /* so that what was said before stands above */
    (void)fprintf(stderr, "\r%s\033[K", line);
    p->shown = true;
    p->drawn = now;
}

void cli_progress_begin(struct cli *cli, const char *what, size_t total, unsigned parts)
{
    const char *terminal = getenv("TERM");
    struct cli_progress *p = &cli->progress;
    memset(p, 0, sizeof *p);
    if (cli->quiet || cli->json || total < CLI_PROGRESS_LEAST || terminal == NULL || strcmp(terminal, "dumb") == 0 ||
        isatty(STDERR_FILENO) == 0)
        return;
    p->active = true;
    p->colour = cli->colour_err;
    p->utf8 = cli_utf8();
    p->what = what;
    p->parts = parts;
    p->total = total * parts;
    p->older.at = p->newer.at = monotonic();
    draw(p, p->older.at);
}

void cli_progress_add(struct cli *cli, size_t steps)
{
    struct cli_progress *p = &cli->progress;
    if (!p->active)
        return;
    p->done += steps;
    if (p->done > p->total)
        p->done = p->total;
    const int64_t now = monotonic();
    /* Also where a line was said meanwhile: thousands are, one after the other. */
    if (now - p->drawn >= EVERY_MS || p->done == p->total)
        draw(p, now);
}

void cli_progress_hide(struct cli *cli)
{
    if (!cli->progress.shown)
        return;
    (void)fputs("\r\033[K", stderr);
    (void)fflush(stderr);
    cli->progress.shown = false;
}

void cli_progress_end(struct cli *cli)
{
    cli_progress_hide(cli);
    cli->progress.active = false;
}
