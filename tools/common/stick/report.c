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

static void line_file(struct stick *stick, const struct stick_file *file)
{
    json_t *line = json_pack("{s:o, s:s, s:s}", "source", cli_json_text(file->path), "kind", file->kind->name, "fate",
                             stick_fate_name(file->fate));
    int failed = line == NULL;
    if (failed == 0 && file->label != NULL && file->label[0] != '\0')
        failed |= json_object_set_new(line, "label", cli_json_text(file->label));
    if (failed == 0 && file->outcome != CARNET_OK) {
        failed |= json_object_set_new(line, "outcome", json_string(carnet_outcome_name(file->outcome)));
        failed |= json_object_set_new(line, "exit", json_integer(carnet_outcome_exit(file->outcome)));
    }
    if (failed == 0 && file->why != NULL)
        failed |= json_object_set_new(line, "why", cli_json_text(file->why));
    if (failed == 0 && file->moved)
        failed |= json_object_set_new(line, "moved", json_true());
    if (failed != 0)
        stick->cli->no_memory = true;
    cli_json_line(stick->cli, line);
}

static void line_row(struct stick *stick, const struct stick_row *row)
{
    cli_json_line(stick->cli,
                  json_pack("{s:s, s:s, s:o*, s:o*}", "kind", row->kind, "fate", row->keeps ? "kept" : "written",
                            "label", row->label == NULL ? NULL : cli_json_text(row->label), "why",
                            row->words == NULL ? NULL : cli_json_text(row->words)));
}

static void line_put(struct stick *stick, const struct stick_put *put)
{
    const char *folder = stick_folder_names[put->folder];
    char *path = NULL;
    if (asprintf(&path, "carnet/%s%s%s", folder, folder[0] == '\0' ? "" : "/", put->name) < 0) {
        stick->cli->no_memory = true;
        return;
    }
    cli_json_line(stick->cli, json_pack("{s:s, s:s, s:s, s:s}", "kind", put->kind->name, "fate", "written", "label",
                                        put->label, "file", path));
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
