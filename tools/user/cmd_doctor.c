/* SPDX-License-Identifier: MIT */
/* doctor: what is licensed here, why or why not, what changed, and which file to carry where next. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/io.h"
#include "doctor.h"
#include "pending.h"
#include "state/health.h"

#define EARLIEST "2020-01-01T00:00:00Z" /* no clock that runs right is before it */

/* One damage may stand in the way of several things; it is told once. */
static bool is_told(const struct doctor *d, enum carnet_err err, const struct carnet_diag *diag)
{
    for (size_t i = 0; i < json_array_size(d->findings); i++) {
        const json_t *told = json_array_get(d->findings, i);
        const char *message = json_string_value(json_object_get(told, "message"));
        const char *outcome = json_string_value(json_object_get(told, "outcome"));
        if (message != NULL && outcome != NULL && strcmp(message, diag->detail) == 0 &&
            strcmp(outcome, carnet_outcome_name(err)) == 0)
            return true;
    }
    return false;
}

void doctor_finding(struct doctor *d, enum carnet_err err, const struct carnet_diag *diag)
{
    if (is_told(d, err, diag))
        return;
    const char *next = diag->next[0] != '\0' ? diag->next : carnet_outcome_next(err);
    cli_data(d->cli, "%s%s%s: %s\n", cli_style(d->cli, err == CARNET_OK ? "warn" : "bad"),
             err == CARNET_OK ? "warning" : carnet_outcome_name(err), cli_style(d->cli, "off"), diag->detail);
    cli_data(d->cli, "    What to do: %s\n", next);
    (void)json_array_append_new(d->findings, json_pack("{s:s,s:o,s:o}", "outcome", carnet_outcome_name(err), "message",
                                                       cli_json_text(diag->detail), "next", cli_json_text(next)));
    if (err != CARNET_OK && carnet_outcome_exit(err) > carnet_outcome_exit(d->worst)) {
        d->worst = err;
        d->worst_diag = *diag;
        d->worst_diag.err = err;
    }
}

static void tell_trouble(void *context, enum carnet_err err, const struct carnet_diag *diag)
{
    doctor_finding(context, err, diag);
}

void doctor_step(struct doctor *d, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    (void)json_array_append_new(d->steps, cli_json_text(text));
}

static void say_license(struct doctor *d, const struct carnet_state_grant *grant, const struct carnet_check *check)
{
    const struct carnet_document *document = grant->reading == NULL ? NULL : carnet_reading_document(grant->reading);
    const struct carnet_license *l = document == NULL ? NULL : carnet_document_license(document);
    const bool over = grant->released || grant->ended;
    const int64_t since = carnet_drift_since(d->state, &grant->vendor, &grant->name, check, d->now);
    char words[96];
    json_t *object = l == NULL ? json_pack("{s:s}", "license", grant->name.license) : user_license_json(l, check);
    if (l != NULL) {
        user_expiry_words(check->expires, d->now, words, sizeof words);
        cli_data(d->cli, "  %s, seat %u of %s: %s%s%s, %s\n", l->product, l->grant.seat, l->grant.license,
                 cli_style(d->cli, check->err == CARNET_OK ? "good" : "bad"), carnet_outcome_name(check->err),
                 cli_style(d->cli, "off"), words);
        if (check->has_match && !over)
            user_match_say(d->cli, cli_data, "      ", check, &l->matching, since);
    }
    if (check->err != CARNET_OK && !over)
        doctor_finding(d, check->err, &check->steps[check->failed]);
    else if (check->err != CARNET_OK)
        cli_data(d->cli, "      %s\n", check->steps[check->failed].detail);
    if (object != NULL) {
        (void)json_object_set_new(object, "outcome", json_string(carnet_outcome_name(check->err)));
        (void)json_object_set_new(object, "checks", user_checks_json(check));
        if (check->has_match && l != NULL)
            (void)json_object_set_new(object, "match", user_match_json(check, &l->matching, since));
    }
    (void)json_array_append_new(d->licenses, object);
    if (check->err == CARNET_OK && check->expires != CARNET_NEVER && check->expires - d->now < 30 * CARNET_DAY)
        doctor_step(d, "%s runs out in %ld days: ask your administrator to renew it.", grant->name.license,
                    user_days_left(check->expires, d->now));
}

/* The clock is behind a floor: the local one can be lowered, the signed one can't. */
static void say_set_back(struct doctor *d, const struct carnet_digest *vendor, const struct carnet_floors *floors)
{
    char then[CARNET_UTC_SIZE], here[CARNET_UTC_SIZE];
    carnet_utc_format(d->now, here);
    if (floors->signed_floor != INT64_MIN && floors->signed_floor - d->now > CARNET_DAY) {
        carnet_utc_format(floors->signed_floor, then);
        doctor_step(d, "Set this machine's clock to the right time: it says %s, and a signed file is dated %s.", here,
                    then);
        return;
    }
    carnet_utc_format(floors->local_floor, then);
    d->set_back++;
    d->set_back_vendor = *vendor;
    doctor_step(
        d,
        "This machine's clock says %s, and said %s before. If it is right now, run 'carnet-user doctor --clock' "
        "and take the file to your administrator; else set it.",
        here, then);
}

/* What the next trip has to carry. */
static enum carnet_err say_pending(struct doctor *d, const struct carnet_digest *vendor, size_t grant_count,
                                   struct carnet_diag *trouble)
{
    struct carnet_pending *list = NULL;
    size_t count = 0;
    char words[512];
    enum carnet_err err = carnet_state_pending(d->state, vendor, d->now, &list, &count, trouble);
    if (err == CARNET_OK && count == 0 && grant_count == 0)
        doctor_step(d, "Make a fingerprint with 'carnet-user fingerprint --product ID', and take it to your "
                       "administrator.");
    for (size_t i = 0; err == CARNET_OK && i < count; i++) {
        if (user_pending_words(d->state, &list[i], words, sizeof words))
            doctor_step(d, "%s", words);
        else if (list[i].err != CARNET_OK)
            doctor_finding(d, list[i].err, &list[i].diag);
        (void)json_array_append_new(d->pending, user_pending_json(d->state, &list[i]));
    }
    carnet_state_pending_free(list, count);
    return err;
}

static enum carnet_err look_at_vendor(struct doctor *d, const struct carnet_digest *vendor)
{
    struct carnet_surroundings surroundings;
    struct carnet_state_grant *grants = NULL;
    struct carnet_diag trouble = {0};
    size_t count = 0;
    bool set_back = false;
    const struct carnet_ask nothing = {0};
    char grouped[CLI_GROUPED_SIZE];
    struct carnet_check *check = malloc(sizeof *check);
    enum carnet_err err =
        check == NULL ? carnet_fail(cli_diag(d->cli), CARNET_NO_MEMORY, "", "There is not enough memory.") : CARNET_OK;
    if (err != CARNET_OK)
        return err;
    cli_id_grouped(vendor, grouped);
    cli_data(d->cli, "%sVendor%s %s\n", cli_style(d->cli, "bold"), cli_style(d->cli, "off"), grouped);
    err = carnet_surroundings_read(d->state, vendor, d->machine, d->now, &surroundings, &trouble);
    if (err == CARNET_OK)
        err = carnet_state_grants(d->state, vendor, &grants, &count, &trouble);
    /* What was there to be found was told with the state; what came up since was not. */
    if (err != CARNET_OK && err != CARNET_NO_MEMORY && d->worst == CARNET_OK)
        doctor_finding(d, err, &trouble);
    d->unread = d->unread || err != CARNET_OK;
    for (size_t i = 0; err == CARNET_OK && i < count; i++) {
        carnet_check_grant(&grants[i], &surroundings, &nothing, check);
        say_license(d, &grants[i], check);
        d->unread = d->unread || (!grants[i].released && !grants[i].ended && grants[i].err != CARNET_OK);
        set_back = set_back || (!grants[i].released && !grants[i].ended && check->judged[CARNET_CHECK_TIME] &&
                                check->steps[CARNET_CHECK_TIME].err == CARNET_CLOCK_SET_BACK);
    }
    if (err == CARNET_OK && set_back)
        say_set_back(d, vendor, &surroundings.floors);
    if (err == CARNET_OK && (err = say_pending(d, vendor, count, &trouble)) != CARNET_OK && err != CARNET_NO_MEMORY)
        doctor_finding(d, err, &trouble);
    carnet_state_grants_free(grants, count);
    free(check);
    return err == CARNET_NO_MEMORY ? carnet_fail(cli_diag(d->cli), err, "", "There is not enough memory.") : CARNET_OK;
}

static void look_at_clock(struct doctor *d)
{
    struct carnet_diag diag = {0};
    int64_t earliest = 0;
    char here[CARNET_UTC_SIZE];
    if (carnet_utc_parse(EARLIEST, &earliest) != CARNET_OK || d->now >= earliest)
        return;
    carnet_utc_format(d->now, here);
    (void)carnet_fail(&diag, CARNET_CLOCK_SET_BACK, "", "This machine's clock says %s, which can't be right.", here);
    (void)carnet_fail_next(&diag, "Set the clock; if it falls back at every start, its battery is empty.");
    doctor_finding(d, CARNET_CLOCK_SET_BACK, &diag);
}

static enum carnet_err look(struct doctor *d)
{
    char path[256];
    const char *where = carnet_state_path(d->state);
    cli_data(d->cli, "State: %s\n", carnet_text_escape(where, strlen(where), path, sizeof path));
    cli_set(d->cli, "state", cli_json_text(where));
    enum carnet_err err = carnet_state_health(d->state, tell_trouble, d, cli_diag(d->cli));
    look_at_clock(d);
    const struct carnet_anchors *anchors = carnet_state_anchors(d->state);
    for (size_t i = 0; err == CARNET_OK && i < anchors->count; i++)
        err = look_at_vendor(d, &anchors->list[i].vendor);
    if (anchors->count == 0)
        doctor_step(d, "Trust your vendor first: 'carnet-user trust add root.pem'.");
    if (json_array_size(d->steps) > 0)
        cli_data(d->cli, "%sNext%s\n", cli_style(d->cli, "bold"), cli_style(d->cli, "off"));
    for (size_t i = 0; i < json_array_size(d->steps); i++)
        cli_data(d->cli, "  %s\n", json_string_value(json_array_get(d->steps, i)));
    return err;
}

/* The report that goes into the archive: the same that --json gives. */
static enum carnet_err write_bundle(struct doctor *d, const char *file)
{
    json_t *report = json_pack("{s:s,s:o,s:O,s:O,s:O,s:O}", "schema", "carnet.doctor/1", "state",
                               cli_json_text(carnet_state_path(d->state)), "findings", d->findings, "licenses",
                               d->licenses, "steps", d->steps, "pending", d->pending);
    enum carnet_err err = report == NULL ? carnet_fail(cli_diag(d->cli), CARNET_NO_MEMORY, "", "No memory is left.")
                                         : doctor_bundle(d, file, report);
    json_decref(report);
    return err;
}

enum carnet_err user_doctor(struct cli *cli)
{
    struct doctor d = {.cli = cli,
                       .machine = malloc(sizeof(*d.machine)),
                       .now = carnet_utc_now(),
                       .findings = json_array(),
                       .licenses = json_array(),
                       .steps = json_array(),
                       .pending = json_array()};
    const char *bundle = cli_value(cli, "bundle");
    enum carnet_err err = d.machine == NULL ? carnet_fail(cli_diag(cli), CARNET_NO_MEMORY, "", "No memory is left.")
                                            : user_state_open(cli, false, &d.state);
    if (err == CARNET_OK)
        err = carnet_machine_read(d.machine, cli_diag(cli));
    if (err == CARNET_OK)
        err = look(&d);
    /* Of what can't be read nobody knows whether a floor stands in its way. */
    if (err == CARNET_OK && cli_flag(cli, "clock") && (d.set_back > 0 || !d.unread))
        err = doctor_clock(&d);
    else if (err == CARNET_OK && bundle != NULL)
        err = write_bundle(&d, bundle);
    else if (err == CARNET_OK && d.worst != CARNET_OK) {
        err = d.worst;
        *cli_diag(cli) = d.worst_diag;
    } else if (err == CARNET_OK) {
        cli_data(cli, "Nothing is wrong.\n");
    }
    cli_set(cli, "findings", d.findings);
    cli_set(cli, "licenses", d.licenses);
    cli_set(cli, "steps", d.steps);
    cli_set(cli, "pending", d.pending);
    carnet_state_close(d.state);
    free(d.machine);
    return err;
}
