/* SPDX-License-Identifier: MIT */
/* The plan before, and the report after: a table for people, lines of JSON for scripts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/columns.h"
#include "common/stick/private.h"

static char *copy(struct stick *stick, const char *text)
{
    char *copied = text == NULL ? NULL : strdup(text);
    if (text != NULL && copied == NULL)
        stick->cli->no_memory = true;
    return copied;
}

static void add_row(struct stick *stick, bool keeps, const char *kind, const char *label, const char *words)
{
    struct stick_row *rows = realloc(stick->rows, (stick->row_count + 1) * sizeof *rows);
    if (rows == NULL) {
        stick->cli->no_memory = true;
        return;
    }
    stick->rows = rows;
    rows[stick->row_count++] = (struct stick_row){
        .keeps = keeps, .kind = copy(stick, kind), .label = copy(stick, label), .words = copy(stick, words)};
}

void stick_plan_write(struct stick *stick, const char *kind, const char *label, const char *what)
{
    add_row(stick, false, kind, label, what);
}

void stick_plan_keep(struct stick *stick, const char *kind, const char *label, const char *why)
{
    add_row(stick, true, kind, label, why);
}

bool stick_plan_empty(const struct stick *stick)
{
    bool empty = stick_fates(stick, STICK_TAKEN) == 0;
    for (size_t i = 0; i < stick->row_count; i++)
        empty = empty && stick->rows[i].keeps;
    return empty;
}

/* ---- for people ---- */

static void say_row(struct cli *cli, const char *verb, const char *kind, const char *label, const char *words)
{
    char shown_label[256], shown[1024];
    if (label == NULL)
        label = "";
    if (words == NULL)
        words = "";
    carnet_text_escape(label, strlen(label), shown_label, sizeof shown_label);
    carnet_text_escape(words, strlen(words), shown, sizeof shown);
    cli_data(cli, "  %-6s %-12s %-*s  %s\n", verb, kind, cli_width(shown_label, 24), shown_label, shown);
}

/* How many files stay as they are, by the reason. */
static void say_others(struct stick *stick)
{
    static const struct {
        enum stick_fate fate;
        const char *words;
    } listed[] = {{STICK_KNOWN, "taken before"},
                  {STICK_ELSEWHERE, "for another machine or administrator"},
                  {STICK_OTHER_VENDOR, "of a vendor who is not trusted here"}};
    char shown[256];
    for (size_t i = 0; i < sizeof listed / sizeof listed[0]; i++) {
        const size_t count = stick_fates(stick, listed[i].fate);
        if (count > 0)
            cli_data(stick->cli, "  %-6s %zu file%s: %s\n", "leave", count, count == 1 ? "" : "s", listed[i].words);
    }
    for (size_t i = 0; i < stick->reasons; i++) {
        const struct stick_ignored *ignored = &stick->ignored[i];
        const char *path = ignored->example == NULL ? "" : ignored->example;
        carnet_text_escape(path, strlen(path), shown, sizeof shown);
        cli_data(stick->cli, "  %-6s %zu file%s: %s (%s%s)\n", ignored->fate == STICK_IGNORED ? "skip" : "leave",
                 ignored->count, ignored->count == 1 ? "" : "s", ignored->why, shown,
                 ignored->count > 1 ? ", ..." : "");
    }
}

static const char *verb(enum stick_fate fate)
{
    return fate == STICK_TAKEN ? "take" : fate == STICK_REFUSED ? "refuse" : "leave";
}

/* The rest is counted (say_others). */
static bool is_shown(enum stick_fate fate)
{
    return fate == STICK_TAKEN || fate == STICK_REFUSED || fate == STICK_LEFT || fate == STICK_UNDECIDED;
}

static void say_file(struct stick *stick, const struct stick_file *file)
{
    const bool refused = file->fate == STICK_REFUSED;
    char *words = NULL;
    if (asprintf(&words, "%s%s%s%s%s", file->path, file->why == NULL ? "" : ": ",
                 refused ? carnet_outcome_name(file->outcome) : "", refused ? ": " : "",
                 file->why == NULL ? "" : file->why) < 0) {
        stick->cli->no_memory = true;
        return;
    }
    say_row(stick->cli, verb(file->fate), file->kind->name, file->label, words);
    free(words);
}

static void say_files(struct stick *stick)
{
    for (size_t i = 0; i < stick->count; i++)
        if (is_shown(stick->files[i].fate))
            say_file(stick, &stick->files[i]);
}

void stick_plan_show(struct stick *stick)
{
    struct cli *cli = stick->cli;
    char shown[512];
    if (cli_json(cli) || cli_quiet(cli))
        return;
    cli_data(cli, "Stick: %s\n", carnet_text_escape(stick->path, strlen(stick->path), shown, sizeof shown));
    say_files(stick);
    for (size_t i = 0; i < stick->row_count; i++)
        say_row(cli, stick->rows[i].keeps ? "keep" : "write", stick->rows[i].kind, stick->rows[i].label,
                stick->rows[i].words);
    say_others(stick);
}

/* ---- for scripts ---- */

/* What each line has. */
static json_t *begin(const char *fate, const char *kind, enum carnet_err outcome)
{
    return json_pack("{s:s, s:i, s:s*, s:s}", "outcome", carnet_outcome_name(outcome), "exit",
                     carnet_outcome_exit(outcome), "kind", kind, "fate", fate);
}

static void set_text(struct stick *stick, json_t *line, const char *member, const char *text)
{
    if (text != NULL && text[0] != '\0' && json_object_set_new(line, member, cli_json_text(text)) != 0)
        stick->cli->no_memory = true;
}

static void line_file(struct stick *stick, const struct stick_file *file)
{
    const enum carnet_err outcome = file->fate == STICK_REFUSED ? file->outcome : CARNET_OK;
    json_t *line = begin(stick_fate_name(file->fate), file->kind->name, outcome);
    set_text(stick, line, "source", file->path);
    set_text(stick, line, "label", file->label);
    set_text(stick, line, outcome == CARNET_OK ? "why" : "message", file->why);
    if (outcome != CARNET_OK)
        set_text(stick, line, "next", carnet_outcome_next(outcome));
    if (file->moved)
        (void)json_object_set_new(line, "moved", json_true());
    cli_json_line(stick->cli, line);
}

void stick_line_ignored(struct stick *stick, const char *path, enum stick_fate fate, const char *why,
                        const struct carnet_kind *kind)
{
    json_t *line = begin(stick_fate_name(fate), kind == NULL ? NULL : kind->name, CARNET_OK);
    set_text(stick, line, "source", path);
    set_text(stick, line, "why", why);
    cli_json_line(stick->cli, line);
}

static void line_row(struct stick *stick, const struct stick_row *row)
{
    json_t *line = begin(row->keeps ? "kept" : "written", row->kind, CARNET_OK);
    set_text(stick, line, "label", row->label);
    set_text(stick, line, "why", row->words);
    cli_json_line(stick->cli, line);
}

static void line_put(struct stick *stick, const struct stick_put *put)
{
    const char *folder = stick_folder_names[put->folder];
    char *path = NULL;
    if (asprintf(&path, "carnet/%s%s%s", folder, folder[0] == '\0' ? "" : "/", put->name) < 0) {
        stick->cli->no_memory = true;
        return;
    }
    json_t *line = begin("written", put->kind->name, CARNET_OK);
    set_text(stick, line, "label", put->label);
    set_text(stick, line, "file", path);
    cli_json_line(stick->cli, line);
    free(path);
}

void stick_report(struct stick *stick)
{
    struct cli *cli = stick->cli;
    if (!cli_json(cli)) {
        say_files(stick);
        return;
    }
    for (size_t i = 0; i < stick->count; i++)
        line_file(stick, &stick->files[i]);
    for (size_t i = 0; i < stick->row_count; i++)
        if (stick->rows[i].keeps || cli_dry_run(cli))
            line_row(stick, &stick->rows[i]);
    for (size_t i = 0; !cli_dry_run(cli) && i < stick->put_count; i++)
        line_put(stick, &stick->puts[i]);
}
