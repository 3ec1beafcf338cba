/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/io.h"
#include "pending.h"
#include "state/install.h"
#include "state/sign.h"
#include "user.h"

/* What is being installed, and how it went. */
struct activation {
    const struct carnet_judged *judged;
    const struct carnet_reading *reading;
    enum carnet_err err;
    const struct carnet_install *install;
};

static void say_license(struct cli *cli, const struct activation *a, int64_t now)
{
    const struct carnet_license *l = carnet_document_license(carnet_judged_document(a->judged));
    const struct carnet_check *check = &a->install->check;
    char words[96];
    if (!a->install->has_check)
        return;
    cli_set(cli, "license", user_license_json(l, check));
    cli_set(cli, "checks", user_checks_json(check));
    cli_set(cli, "match", user_match_json(check, &l->matching, CARNET_NO_DRIFT));
    if (a->install->for_other_user)
        cli_note(cli, "The license is fixed to another user of this machine; it will work for that user alone.\n");
    if (a->err == CARNET_WRONG_MACHINE)
        user_match_say(cli, cli_note, "", check, &l->matching, CARNET_NO_DRIFT);
    if (a->err != CARNET_OK)
        return;
    user_expiry_words(check->expires, now, words, sizeof(words));
    cli_note(cli, "%s: %s, seat %u of %s, %s\n",
             a->install->already ? "Already activated"
             : cli_dry_run(cli)  ? "Would activate"
                                 : "Activated",
             l->product, l->grant.seat, l->grant.license, words);
    user_match_say(cli, cli_note, "  ", check, &l->matching, CARNET_NO_DRIFT);
}

static const char *end_word(enum carnet_end end)
{
    return end == CARNET_END_REVOKED ? "revoked" : end == CARNET_END_REPLACED ? "replaced" : "freed";
}

static void say_receipt(struct cli *cli, const struct activation *a)
{
    const struct carnet_receipt *r = carnet_document_receipt(carnet_judged_document(a->judged));
    char fingerprint[CARNET_HEX_SIZE];
    if (a->err != CARNET_OK)
        return;
    carnet_digest_hex(&r->grant.fingerprint, fingerprint);
    cli_set(cli, "receipt",
            json_pack("{s:s,s:s,s:i,s:s}", "license", r->grant.license, "fingerprint", fingerprint, "seat",
                      (int)r->grant.seat, "end", end_word(r->end)));
    cli_data(cli, "%s: seat %u of %s is %s\n",
             a->install->already ? "Already known"
             : cli_dry_run(cli)  ? "Would note"
                                 : "Noted",
             r->grant.seat, r->grant.license, end_word(r->end));
}

static void say_clock(struct cli *cli, const struct activation *a, int64_t now)
{
    const struct carnet_clock *c = carnet_document_clock(carnet_judged_document(a->judged));
    const struct carnet_floors *floors = &a->install->floors;
    char before[CARNET_UTC_SIZE], after[CARNET_UTC_SIZE], here[CARNET_UTC_SIZE], request[CARNET_HEX_SIZE];
    if (a->err != CARNET_OK)
        return;
    const bool lowers = c->at < floors->local_floor;
    carnet_utc_format(lowers ? floors->local_floor : now, before);
    carnet_utc_format(c->at, after);
    carnet_digest_hex(&c->request, request);
    cli_set(cli, "clock", json_pack("{s:s,s:s,s:b}", "request", request, "at", after, "lowered", (int)lowers));
    if (!lowers) {
        cli_data(cli, "%s: the clock of this machine had caught up by itself\n",
                 cli_dry_run(cli) ? "Would change nothing" : "Nothing had to be lowered");
        return;
    }
    cli_data(cli, "%s: the latest time seen here goes back from %s to %s\n",
             cli_dry_run(cli) ? "Would put right" : "Put right", before, after);
    if (now < c->at - CARNET_DAY) {
        carnet_utc_format(now, here);
        cli_warn(cli, "This machine's clock says %s, which is before the administrator's: set it to the right time.",
                 here);
    }
}

/* ---- the way back ---- */

static bool has_out(const struct cli *cli)
{
    return cli_value(cli, "output") != NULL || cli_value(cli, "to") != NULL || cli_flag(cli, "text");
}

/* Tells the administrator that the license arrived. It is kept in the state before it is written, and the license works
 * without it: where no place was named and the folder can't be written, that is a warning. */
static enum carnet_err write_activation(struct cli *cli, struct carnet_state *state, const struct activation *a)
{
    struct carnet_buffer bytes = {0};
    struct carnet_digest id;
    json_t *told = json_object();
    size_t size;
    const uint8_t *license = carnet_reading_bytes(a->reading, &size);
    enum carnet_err err = told == NULL ? carnet_fail(cli_diag(cli), CARNET_NO_MEMORY, "", "No memory is left.")
                                       : carnet_sign_activation(state, a->judged, license, size,
                                                                &a->install->check.match, &bytes, &id, cli_diag(cli));
    if (err == CARNET_OK)
        err = user_hand_out(cli, state, &bytes, told);
    if (err == CARNET_OK) {
        cli_set(cli, "activation", json_incref(told));
        cli_note(cli, "Take that file back to your administrator: it says that the license arrived.\n");
    } else if (has_out(cli)) {
        carnet_fail_next(cli_diag(cli), "The license is activated and works. Run the same command again to have its "
                                        "activation written for your administrator.");
    } else {
        cli_warn(cli, "The license is activated, but its activation for the administrator was not written: %s",
                 cli_diag(cli)->detail);
        *cli_diag(cli) = (struct carnet_diag){0};
        cli_place(cli, NULL);
        err = CARNET_OK;
    }
    json_decref(told);
    carnet_buffer_clear(&bytes);
    return err;
}

/* May it be the id of an installed license? A file of that name comes first. */
static bool names_license(const char *what)
{
    return carnet_text_is_id(what) && strcmp(what, "-") != 0 && access(what, F_OK) != 0;
}

/* The one living license of that id, as it is installed; NULL where there is none. */
static enum carnet_err find_installed(struct cli *cli, const char *what, const struct carnet_state_grant *grants,
                                      size_t count, const struct carnet_state_grant **out)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(grants[i].name.license, what) != 0 || grants[i].released || grants[i].ended ||
            grants[i].reading == NULL || carnet_reading_judged(grants[i].reading) == NULL)
            continue;
        if (*out != NULL) {
            carnet_fail(cli_diag(cli), CARNET_USAGE, "", "Several licenses on this machine have the id '%s'.", what);
            return carnet_fail_next(cli_diag(cli), "Give the license file; --vendor tells vendors apart.");
        }
        *out = &grants[i];
    }
    return CARNET_OK;
}

/* The activation that was signed before is handed out as it is, even where the license does not hold just now. */
static enum carnet_err hand_out_signed(struct cli *cli, const struct carnet_state *state,
                                       const struct carnet_state_grant *grant, bool *found)
{
    struct carnet_pending *list = NULL;
    size_t count = 0;
    enum carnet_err err = carnet_state_pending(state, &grant->vendor, carnet_utc_now(), &list, &count, cli_diag(cli));
    for (size_t i = 0; err == CARNET_OK && i < count; i++) {
        if (list[i].kind != CARNET_KIND_ACTIVATION || list[i].err != CARNET_OK ||
            strcmp(list[i].grant.license, grant->name.license) != 0 ||
            !carnet_digest_equal(&list[i].grant.fingerprint, &grant->name.fingerprint))
            continue;
        *found = true;
        if (!cli_dry_run(cli)) {
            json_t *told = json_object();
            err = user_hand_out(cli, state, &list[i].bytes, told);
            cli_set(cli, "activation", told);
        }
    }
    carnet_state_pending_free(list, count);
    return err;
}

/* LICENSE: it is installed, and its activation is written (again), whatever became of the file it came in. */
static enum carnet_err activate_grant(struct cli *cli, const struct carnet_state_grant *grant, int64_t now,
                                      struct carnet_state **state)
{
    struct carnet_install *install = malloc(sizeof *install);
    struct activation a = {
        .judged = carnet_reading_judged(grant->reading), .reading = grant->reading, .install = install};
    bool found = false;
    enum carnet_err err = install == NULL
                              ? carnet_fail(cli_diag(cli), CARNET_NO_MEMORY, "", "There is not enough memory.")
                              : cli_output_check(cli);
    if (err != CARNET_OK)
        goto out;
    a.err = carnet_install_judge(*state, a.judged, now, install, cli_diag(cli));
    say_license(cli, &a, now);
    const struct carnet_diag why_not = *cli_diag(cli);
    *cli_diag(cli) = (struct carnet_diag){0};
    err = hand_out_signed(cli, *state, grant, &found);
    if (err != CARNET_OK || found)
        goto out;
    *cli_diag(cli) = why_not;
    err = a.err;
    if (err == CARNET_OK && !cli_dry_run(cli)) {
        carnet_state_close(*state);
        *state = NULL;
        err = user_state_open(cli, true, state);
        if (err == CARNET_OK)
            err = write_activation(cli, *state, &a);
    }
out:
    free(install);
    return err;
}

static enum carnet_err activate_installed(struct cli *cli, int64_t now, bool *done)
{
    struct carnet_state *state = NULL;
    struct carnet_state_grant *grants = NULL;
    const struct carnet_state_grant *grant = NULL;
    struct carnet_digest vendor;
    const bool given = cli_value(cli, "vendor") != NULL;
    size_t count = 0;
    enum carnet_err err = user_state_open(cli, false, &state);
    if (err == CARNET_OK && given)
        err = user_vendor(cli, carnet_state_anchors(state), true, NULL, &vendor);
    if (err == CARNET_OK)
        err = carnet_state_grants(state, given ? &vendor : NULL, &grants, &count, cli_diag(cli));
    if (err == CARNET_OK)
        err = find_installed(cli, cli_argument(cli, 0), grants, count, &grant);
    *done = err != CARNET_OK || grant != NULL;
    if (grant != NULL)
        err = activate_grant(cli, grant, now, &state);
    carnet_state_grants_free(grants, count);
    carnet_state_close(state);
    return err;
}

static void say(struct cli *cli, const struct activation *a, int64_t now)
{
    const struct carnet_document *document = carnet_judged_document(a->judged);
    if (carnet_document_license(document) != NULL)
        say_license(cli, a, now);
    else if (carnet_document_clock(document) != NULL)
        say_clock(cli, a, now);
    else
        say_receipt(cli, a);
    if (a->err == CARNET_OK && has_out(cli) && carnet_document_license(document) == NULL)
        cli_note(cli, "Nothing goes back to the administrator for a %s.\n", carnet_document_kind(document)->name);
}

enum carnet_err user_activate(struct cli *cli)
{
    struct carnet_state *state = NULL;
    struct carnet_gated_keys *keys = NULL;
    struct cli_bundle bundle = {0};
    struct carnet_install *install = malloc(sizeof(*install));
    int64_t now = carnet_utc_now();
    bool done = false;

    enum carnet_err err = install == NULL
                              ? carnet_fail(cli_diag(cli), CARNET_NO_MEMORY, "", "There is not enough memory.")
                          : names_license(cli_argument(cli, 0)) ? activate_installed(cli, now, &done)
                                                                : CARNET_OK;
    if (done)
        goto out;
    if (err == CARNET_OK)
        err = user_state_open(cli, false, &state);
    if (err == CARNET_OK)
        err = carnet_gated_keys_new(&keys);
    if (err != CARNET_OK)
        goto out;
    struct carnet_read_options options = {
        .anchors = carnet_state_anchors(state),
        .expected = CARNET_KIND_BIT(CARNET_KIND_LICENSE) | CARNET_KIND_BIT(CARNET_KIND_RECEIPT) |
                    CARNET_KIND_BIT(CARNET_KIND_CLOCK),
        .keys = keys,
    };
    err = cli_bundle_read(cli, cli_argument(cli, 0), &options, &bundle);
    if (err != CARNET_OK)
        goto out;
    const struct carnet_judged *judged = carnet_reading_judged(bundle.reading);
    const bool is_license = carnet_document_license(carnet_judged_document(judged)) != NULL;
    if (is_license && has_out(cli) && (err = cli_output_check(cli)) != CARNET_OK)
        goto out;
    /* Judged without a lock; the state is opened for writing, and read again, only for what will be taken. */
    if (!cli_dry_run(cli)) {
        carnet_state_close(state);
        state = NULL;
        err = user_state_open(cli, true, &state);
        if (err != CARNET_OK)
            goto out;
    }
    err = carnet_install_judge(state, judged, now, install, cli_diag(cli));
    if (err == CARNET_OK && !cli_dry_run(cli))
        err = carnet_install_keep(state, bundle.reading, install, now, cli_diag(cli));
    const struct activation a = {.judged = judged, .reading = bundle.reading, .err = err, .install = install};
    say(cli, &a, now);
    if (err == CARNET_OK && is_license && !cli_dry_run(cli))
        err = write_activation(cli, state, &a);
out:
    cli_bundle_clear(&bundle);
    carnet_gated_keys_free(keys);
    carnet_state_close(state);
    free(install);
    return err;
}
