/* SPDX-License-Identifier: MIT */
/* What a command says, and the one refusal or JSON document at the end. */
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cli_private.h"
#include "core/text.h"

/* ASCII alone: characters that steer a terminal or can't be seen are then shown by number. */
#define DUMP_FLAGS (JSON_COMPACT | JSON_ENSURE_ASCII)

static void keep_errno(struct cli *cli)
{
    if (cli->write_errno == 0)
        cli->write_errno = errno != 0 ? errno : EIO;
}

void cli_write(struct cli *cli, const void *bytes, size_t size)
{
    errno = 0;
    if (fwrite(bytes, 1, size, stdout) != size)
        keep_errno(cli);
}

void cli_data(struct cli *cli, const char *format, ...)
{
    va_list args;
    if (cli->json || cli->quiet)
        return;
    cli_progress_hide(cli);
    va_start(args, format);
    errno = 0;
    if (vfprintf(stdout, format, args) < 0)
        keep_errno(cli);
    va_end(args);
}

void cli_note(struct cli *cli, const char *format, ...)
{
    va_list args;
    if (cli->json || cli->quiet)
        return;
    cli_progress_hide(cli);
    va_start(args, format);
    (void)fflush(stdout); /* on a terminal both come in the order in which they were said */
    (void)vfprintf(stderr, format, args);
    va_end(args);
}

void cli_warn(struct cli *cli, const char *format, ...)
{
    char *text = NULL;
    va_list args;
    if (cli->quiet && !cli->json)
        return;
    va_start(args, format);
    const int size = vasprintf(&text, format, args);
    va_end(args);
    if (size < 0) {
        cli->no_memory = true;
        return;
    }
    if (cli->json) {
        if (cli->warnings == NULL)
            cli->warnings = json_array();
        if (cli->warnings == NULL || json_array_append_new(cli->warnings, cli_json_text(text)) != 0)
            cli->no_memory = true;
    } else {
        cli_progress_hide(cli);
        (void)fflush(stdout);
        (void)fprintf(stderr, "%s: %swarning%s: %s%s", cli->program->name, cli->colour_err ? "\033[33m" : "",
                      cli->colour_err ? "\033[0m" : "", text, size > 0 && text[size - 1] == '\n' ? "" : "\n");
    }
    free(text);
}

json_t *cli_json_text(const char *text)
{
    json_t *string = json_string(text);
    if (string == NULL) {
        const size_t size = strlen(text);
        const size_t room = size * 10 + 1; /* \u{10FFFF} is the longest form */
        char *escaped = malloc(room);
        if (escaped != NULL)
            string = json_string(carnet_text_escape(text, size, escaped, room));
        free(escaped);
    }
    return string;
}

void cli_set(struct cli *cli, const char *member, json_t *value)
{
    if (json_object_set_new(cli->members, member, value) != 0)
        cli->no_memory = true;
}

/* An object; `more` (NULL for none) writes members after its own. */
static void dump_line(struct cli *cli, const json_t *value, cli_members_fn *more, void *context)
{
    char *text = json_dumps(value, DUMP_FLAGS);
    if (text == NULL) {
        cli->no_memory = true;
        return;
    }
    /* A line is whole or not there, whenever the process is interrupted. */
    cli_hold_signals();
    cli_write(cli, text, strlen(text) - 1);
    if (more != NULL && more(context, stdout) != 0)
        cli->no_memory = true;
    cli_write(cli, "}\n", 2);
    if (fflush(stdout) != 0)
        keep_errno(cli);
    cli_free_signals();
    free(text);
}

void cli_json_line(struct cli *cli, json_t *value)
{
    json_t *line = json_object();
    if (line == NULL || value == NULL || json_object_set_new(line, "schema", json_string(cli->command->schema)) != 0 ||
        json_object_update(line, value) != 0)
        cli->no_memory = true;
    else if (cli->json)
        dump_line(cli, line, NULL, NULL);
    json_decref(line);
    json_decref(value);
}

void cli_place(struct cli *cli, const char *file)
{
    free(cli->file);
    cli->file = NULL;
    if (file != NULL) {
        cli->file = strdup(strcmp(file, "-") == 0 ? "standard input" : file);
        if (cli->file == NULL)
            cli->no_memory = true;
    }
}

bool cli_utf8(void)
{
    static enum { NOT_ASKED, NO, YES } answer;
    /* Only who asks needs the locale, and reading it is a good part of a short program's time. In a locale that is not
     * there, C's rules are good enough. It is read once: who is in a cage later reads no file. */
    if (answer == NOT_ASKED) {
        (void)setlocale(LC_CTYPE, "");
        answer = strcmp(nl_langinfo(CODESET), "UTF-8") == 0 ? YES : NO;
    }
    return answer == YES;
}

const char *cli_style(const struct cli *cli, const char *style)
{
    static const struct {
        const char *name, *code;
    } styles[] = {{"bold", "\033[1m"}, {"dim", "\033[2m"},   {"good", "\033[32m"},
                  {"bad", "\033[31m"}, {"warn", "\033[33m"}, {"off", "\033[0m"}};
    for (size_t i = 0; cli->colour_out && i < sizeof styles / sizeof styles[0]; i++) {
        if (strcmp(styles[i].name, style) == 0)
            return styles[i].code;
    }
    return "";
}

/* ---- the end ---- */

static const char *schema_of(const struct cli *cli, enum carnet_err err)
{
    if (cli->version && err == CARNET_OK)
        return "carnet.version/1";
    if (cli->help && err == CARNET_OK)
        return "carnet.help/1";
    return cli->command != NULL ? cli->command->schema : "carnet.refusal/1";
}

static int set_text(json_t *object, const char *key, const char *text)
{
    return text != NULL && text[0] != '\0' ? json_object_set_new(object, key, cli_json_text(text)) : 0;
}

/* The members that say why and where, of a document or of one line. */
static int set_reason(json_t *object, const char *message, const char *next, const char *file,
                      const struct carnet_diag *d)
{
    int failed = set_text(object, "message", message);
    failed |= set_text(object, "next", next);
    failed |= set_text(object, "clause", d->clause);
    failed |= set_text(object, "file", file);
    failed |= set_text(object, "entry", d->entry);
    if (d->line > 0)
        failed |= json_object_set_new(object, "line", json_integer((json_int_t)d->line));
    return failed;
}

static const char *message_of(const struct cli *cli, enum carnet_err err)
{
    return cli->diag.detail[0] != '\0' ? cli->diag.detail : carnet_outcome_meaning(err);
}

static const char *next_of(const struct cli *cli, enum carnet_err err)
{
    return cli->diag.next[0] != '\0' ? cli->diag.next : carnet_outcome_next(err);
}

/* The members that every document has, then those of a refusal, then the command's own as it set them. */
static void print_document(struct cli *cli, enum carnet_err err, cli_members_fn *more, void *context)
{
    const char *message = message_of(cli, err), *next = next_of(cli, err);
    json_t *document = json_object();
    int failed = document == NULL;
    failed |= json_object_set_new(document, "schema", json_string(schema_of(cli, err)));
    failed |= json_object_set_new(document, "outcome", json_string(carnet_outcome_name(err)));
    failed |= json_object_set_new(document, "exit", json_integer(carnet_outcome_exit(err)));
    if (err != CARNET_OK) {
        failed |= set_reason(document, message, next, cli->file, &cli->diag);
    }
    if (cli->command != NULL && cli_dry_run(cli))
        failed |= json_object_set_new(document, "dry-run", json_true());
    if (cli->warnings != NULL)
        failed |= json_object_set(document, "warnings", cli->warnings);
    failed |= json_object_update_missing(document, cli->members);
    if (failed == 0)
        dump_line(cli, document, more, context);
    else
        cli->no_memory = true;
    json_decref(document);
}

#define PLACE_SIZE 768

/* " [FILE, entry E, line N, CLAUSE]", or nothing. */
static void place_words(const char *file, const struct carnet_diag *d, char place[PLACE_SIZE])
{
    char shown[512] = "";
    size_t used = 0;
    if (file != NULL) {
        carnet_text_escape(file, strlen(file), shown, sizeof shown);
        used += (size_t)snprintf(place + used, PLACE_SIZE - used, ", %s", shown);
    }
    if (d->entry[0] != '\0')
        used += (size_t)snprintf(place + used, PLACE_SIZE - used, ", entry %s", d->entry);
    if (d->line > 0)
        used += (size_t)snprintf(place + used, PLACE_SIZE - used, ", line %lu", d->line);
    if (d->clause[0] != '\0')
        used += (size_t)snprintf(place + used, PLACE_SIZE - used, ", %s", d->clause);
    if (used == 0) {
        place[0] = '\0';
        return;
    }
    memcpy(place, " [", 2);
    (void)snprintf(place + used, PLACE_SIZE - used, "]");
}

static void print_refusal(const struct cli *cli, enum carnet_err err, const char *message, const char *next)
{
    char place[PLACE_SIZE];
    place_words(cli->file, &cli->diag, place);
    (void)fflush(stdout);
    (void)fprintf(stderr, "%s: %s%s%s: %s%s\nWhat to do: %s\n", cli->program->name, cli->colour_err ? "\033[31m" : "",
                  carnet_outcome_name(err), cli->colour_err ? "\033[0m" : "", message, place, next);
}

void cli_refuse_one(struct cli *cli, const char *source, enum carnet_err err, const struct carnet_diag *diag,
                    json_t *more)
{
    const struct carnet_diag of_another = {.err = err}, *d = diag->err == err ? diag : &of_another;
    const char *message = d->detail[0] != '\0' ? d->detail : carnet_outcome_meaning(err);
    const char *next = d->next[0] != '\0' ? d->next : carnet_outcome_next(err);
    char place[PLACE_SIZE], shown[512];
    json_t *line = json_pack("{s:o, s:s, s:i}", "source", cli_json_text(source), "outcome", carnet_outcome_name(err),
                             "exit", carnet_outcome_exit(err));
    if (line == NULL || set_reason(line, message, next, NULL, d) != 0 ||
        (more != NULL && json_object_update(line, more) != 0))
        cli->no_memory = true;
    json_decref(more);
    cli_json_line(cli, line);
    if (cli->json)
        return;
    cli_progress_hide(cli);
    place_words(NULL, d, place);
    carnet_text_escape(source, strlen(source), shown, sizeof shown);
    (void)fflush(stdout);
    (void)fprintf(stderr, "%s: %s: %s%s\n  What to do: %s\n", strcmp(source, "-") == 0 ? "standard input" : shown,
                  carnet_outcome_name(err), message, place, next);
}

/* An earlier diagnosis, of something that the command got over, must not be told with another outcome. */
static void settle_diag(struct cli *cli, enum carnet_err err)
{
    if (err != CARNET_OK && cli->diag.err != err) {
        cli_place(cli, NULL);
        (void)carnet_fail(&cli->diag, err, "", "%s", carnet_outcome_meaning(err));
    }
}

void cli_exit(struct cli *cli, int code)
{
    cli->has_exit = true;
    cli->exit = code;
}

void cli_json_document(struct cli *cli, enum carnet_err err, cli_members_fn *more, void *context)
{
    if (!cli->json || cli->no_memory)
        return;
    settle_diag(cli, err);
    print_document(cli, err, more, context);
    cli->told = true;
}

int cli_finish(struct cli *cli, enum carnet_err err)
{
    cli_progress_end(cli);
    if (err == CARNET_OK && cli->no_memory)
        err = CARNET_NO_MEMORY;
    settle_diag(cli, err);
    if (cli->json && !cli->told)
        print_document(cli, err, NULL, NULL);
    errno = 0;
    if (fflush(stdout) != 0 || ferror(stdout) != 0 || close(STDOUT_FILENO) != 0)
        keep_errno(cli);
    if (cli->write_errno != 0 && err == CARNET_OK) {
        cli_place(cli, "standard output");
        err = CARNET_IO;
        (void)carnet_fail(&cli->diag, err, "", "The result can't be written: %s.", strerror(cli->write_errno));
        print_refusal(cli, err, cli->diag.detail, carnet_outcome_next(err));
    } else if (cli->has_exit && cli->write_errno == 0) {
        return cli->exit;
    } else if (err != CARNET_OK && (!cli->json || cli->write_errno != 0)) {
        print_refusal(cli, err, message_of(cli, err), next_of(cli, err));
    }
    return carnet_outcome_exit(err);
}
