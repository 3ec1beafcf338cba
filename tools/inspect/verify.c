/* SPDX-License-Identifier: MIT */
/* verify PATH...: a line a file, a summary, and the worst outcome; with --anomalies also what is odd about them
 * together. */
#include <stdlib.h>
#include <string.h>

#include "inspect/report/model.h"

struct verifying {
    struct survey survey;
    bool together;
    struct report report; /* with --anomalies */
};

/* ---- a line a file ---- */

static void tell_text(const struct survey *s, const char *file, const struct examine_found *f,
                      const struct carnet_diag *diag)
{
    char shown[1024];
    const bool good = f->err == CARNET_OK;
    carnet_text_escape(file, strlen(file), shown, sizeof shown);
    cli_data(s->cli, "%s%-18s%s  %s  %s", cli_style(s->cli, good ? "good" : "bad"), carnet_outcome_name(f->err),
             cli_style(s->cli, "off"), shown, good ? f->summary : diag->detail);
    if (!good && diag->entry[0] != '\0')
        cli_data(s->cli, " [%s]", diag->entry);
    if (!good && diag->clause[0] != '\0')
        cli_data(s->cli, " (%s)", diag->clause);
    cli_data(s->cli, "\n");
}

static int put(json_t *object, const char *key, const char *text)
{
    return text[0] != '\0' ? json_object_set_new(object, key, cli_json_text(text)) : 0;
}

static int put_digest(json_t *object, const char *key, const struct carnet_digest *digest)
{
    char hex[CARNET_HEX_SIZE];
    carnet_digest_hex(digest, hex);
    return json_object_set_new(object, key, json_string(hex));
}

static int put_found(json_t *object, const struct examine_found *f)
{
    const char *status = !f->judged ? "unverified" : f->self_asserted ? "self-asserted" : "verified";
    const struct inspect_later later = {f->machine, f->user, f->time};
    int bad = put(object, "status", status);
    bad |= put(object, "kind", f->kind);
    if (f->has_id)
        bad |= put_digest(object, "id", &f->id);
    if (f->has_signer)
        bad |= put_digest(object, "signer", &f->signer);
    bad |= put(object, "summary", f->summary);
    bad |= json_object_set_new(object, "stages", inspect_stages(f->stage, f->err, &later));
    return bad;
}

static void tell_json(const struct survey *s, const char *file, const struct examine_found *f,
                      const struct carnet_diag *diag)
{
    json_t *object = json_object();
    int bad = put(object, "file", strcmp(file, "-") == 0 ? "standard input" : file);
    bad |= file[0] == '\0' ? json_object_set_new(object, "file", json_string("")) : 0;
    bad |= put(object, "outcome", carnet_outcome_name(f->err));
    bad |= json_object_set_new(object, "exit", json_integer(carnet_outcome_exit(f->err)));
    if (f->err != CARNET_OK) {
        bad |= put(object, "message", diag->detail[0] != '\0' ? diag->detail : carnet_outcome_meaning(f->err));
        bad |= put(object, "next", diag->next[0] != '\0' ? diag->next : carnet_outcome_next(f->err));
        bad |= put(object, "clause", diag->clause);
        bad |= put(object, "entry", diag->entry);
    }
    if (f->looked)
        bad |= put_found(object, f);
    if (bad != 0) {
        json_decref(object);
        object = NULL;
    }
    cli_json_line(s->cli, object);
}

static enum carnet_err tell(void *context, const char *file, const struct examine_found *found,
                            const struct carnet_diag *diag, const struct inspect_facts *facts)
{
    struct verifying *v = context;
    if (cli_json(v->survey.cli))
        tell_json(&v->survey, file, found, diag);
    else
        tell_text(&v->survey, file, found, diag);
    return v->together ? report_take(&v->report, file, found, diag, facts) : CARNET_OK;
}

/* ---- all of them together ---- */

static json_t *files_of(const struct verifying *v, const struct report_anomaly *a)
{
    json_t *files = json_array();
    for (size_t i = 0; files != NULL && i < 2; i++) {
        if (a->files[i] != REPORT_NONE && (i == 0 || a->files[0] != a->files[1]) &&
            json_array_append_new(files, cli_json_text(v->report.files.list[a->files[i]].path)) != 0) {
            json_decref(files);
            return NULL;
        }
    }
    return files;
}

static void tell_anomaly(const struct verifying *v, const struct report_anomaly *a)
{
    char first[32], shown[1024];
    (void)snprintf(first, sizeof first, "anomaly (%s)", report_grade_name(a->grade));
    cli_data(v->survey.cli, "%s%-18s%s  %s  %s", cli_style(v->survey.cli, a->grade == REPORT_SERIOUS ? "bad" : "warn"),
             first, cli_style(v->survey.cli, "off"), a->name, a->text);
    for (size_t i = 0; i < 2; i++) {
        if (a->files[i] == REPORT_NONE || (i > 0 && a->files[0] == a->files[1]))
            continue;
        const char *path = v->report.files.list[a->files[i]].path;
        cli_data(v->survey.cli, " [%s]", carnet_text_escape(path, strlen(path), shown, sizeof shown));
    }
    cli_data(v->survey.cli, "\n");
}

static int put_anomaly(const struct verifying *v, const struct report_anomaly *a, json_t *list)
{
    json_t *object = json_pack("{s:s, s:s, s:o, s:o}", "grade", report_grade_name(a->grade), "name", a->name, "text",
                               cli_json_text(a->text), "files", files_of(v, a));
    int bad = object == NULL;
    if (a->err != CARNET_OK)
        bad |= put(object, "outcome", carnet_outcome_name(a->err));
    bad |= put(object, "license", a->license);
    if (a->seat != 0)
        bad |= json_object_set_new(object, "seat", json_integer((json_int_t)a->seat));
    if (bad != 0) {
        json_decref(object);
        return -1;
    }
    return json_array_append_new(list, object);
}

/* An anomaly counts like the outcome of the file that shows it. */
static enum carnet_err tell_anomalies(struct verifying *v)
{
    json_t *list = json_array();
    enum carnet_err err = report_order(&v->report);
    int bad = list == NULL;
    if (err == CARNET_OK)
        err = report_find_anomalies(&v->report);
    for (size_t i = 0; i < v->report.anomalies.count && err == CARNET_OK; i++) {
        const struct report_anomaly *a = &v->report.anomalies.list[i];
        struct carnet_diag diag = {0};
        bad |= put_anomaly(v, a, list);
        tell_anomaly(v, a);
        if (a->err != CARNET_OK) {
            (void)carnet_fail(&diag, a->err, "", "%s", a->text);
            err = survey_keep_worst(
                &v->survey, a->files[0] != REPORT_NONE ? v->report.files.list[a->files[0]].path : "", a->err, &diag);
        }
    }
    if (bad != 0) {
        json_decref(list);
        list = NULL;
    }
    cli_set(v->survey.cli, "anomalies", list);
    return err;
}

static void tell_summary(const struct verifying *v)
{
    const struct survey *s = &v->survey;
    const char *separator = ": ";
    char counts[REPORT_COUNTS_SIZE];
    cli_data(s->cli, "%lu file%s", s->files, s->files == 1 ? "" : "s");
    for (size_t i = 0; i < CARNET_OUTCOME_COUNT; i++) {
        if (s->counts[i] == 0)
            continue;
        cli_data(s->cli, "%s%lu %s", separator, s->counts[i], carnet_outcome_name((enum carnet_err)i));
        if (i == CARNET_OK && s->self_asserted > 0)
            cli_data(s->cli, " (%lu self-asserted)", s->self_asserted);
        separator = ", ";
    }
    cli_data(s->cli, "; %lu other%s not looked into%s%s\n", s->others, s->others == 1 ? "" : "s",
             v->together ? "; anomalies: " : "", v->together ? report_counts(&v->report, counts) : "");
    cli_set(s->cli, "summary",
            json_pack("{s:I, s:I, s:I, s:s, s:o}", "files", (json_int_t)s->files, "others", (json_int_t)s->others,
                      "self-asserted", (json_int_t)s->self_asserted, "cage", survey_cage(s), "outcomes",
                      survey_counts(s)));
}

/* ---- the command line ---- */

static enum carnet_err take_kinds(struct cli *cli, unsigned *out)
{
    unsigned kinds = 0;
    for (size_t i = 0; i < cli_values(cli, "require-kind"); i++) {
        const char *name = cli_value_at(cli, "require-kind", i);
        const struct carnet_kind *kind = carnet_kind_find(name);
        char shown[80];
        if (kind == NULL)
            return carnet_fail(cli_diag(cli), CARNET_USAGE, "", "There is no kind '%s'; a license is one, for example.",
                               carnet_text_escape(name, strlen(name), shown, sizeof shown));
        kinds |= CARNET_KIND_BIT(kind->id);
    }
    *out = kinds;
    return CARNET_OK;
}

enum carnet_err inspect_verify_run(struct cli *cli)
{
    struct verifying v = {.survey = {.tell = tell, .doing = "verifying"}, .together = cli_flag(cli, "anomalies")};
    struct survey *s = &v.survey;
    struct carnet_surroundings *surroundings = NULL;
    struct inspect_journal *journal = NULL;
    s->context = &v;
    enum carnet_err err = survey_begin(cli, s);
    s->terms.machine = cli_flag(cli, "machine");
    s->terms.facts = v.together;
    v.report.survey = s;
    v.report.at = s->terms.at;
    if (err == CARNET_OK)
        err = take_kinds(cli, &s->terms.expected);
    if (err == CARNET_OK && s->terms.machine)
        err = inspect_surroundings(cli, &s->trust, s->terms.at, &surroundings);
    if (err == CARNET_OK)
        err = inspect_journal_load(cli, &s->trust.anchors, &journal);
    s->terms.surroundings = surroundings;
    s->terms.journal = journal;
    if (err == CARNET_OK)
        err = survey_run(s, NULL);
    if (err == CARNET_OK && v.together)
        err = tell_anomalies(&v);
    if (err == CARNET_OK) {
        tell_summary(&v);
        err = survey_settle(s);
    }
    report_clear(&v.report);
    survey_end(s);
    inspect_journal_free(journal);
    free(surroundings);
    return err;
}
