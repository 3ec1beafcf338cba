/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/io.h"
#include "rules/dates.h"
#include "user.h"

/* The license that the state holds of a grant, or NULL: none was activated, or it can't be read any more. */
static const struct carnet_judged *installed_license(const struct carnet_state_grant *known)
{
    return known == NULL || known->reading == NULL ? NULL : carnet_reading_judged(known->reading);
}

/* What the state holds of one grant, or NULL. */
static const struct carnet_state_grant *find_grant(const struct carnet_state_grant *grants, size_t count,
                                                   const struct carnet_grant *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(grants[i].name.license, name->license) == 0 &&
            carnet_digest_equal(&grants[i].name.fingerprint, &name->fingerprint))
            return &grants[i];
    return NULL;
}

/* G-2 to G-4: how the license stands to what is installed. *already is set when it is the installed one itself. */
static enum carnet_err check_order(struct cli *cli, const struct carnet_judged *license,
                                   const struct carnet_state_grant *known, bool *already)
{
    struct carnet_diag *diag = cli_diag(cli);
    const struct carnet_license *l = carnet_document_license(carnet_judged_document(license));
    *already = false;
    const struct carnet_judged *installed = installed_license(known);
    if (installed == NULL)
        return CARNET_OK;
    const struct carnet_license *i = carnet_document_license(carnet_judged_document(installed));
    if (l->grant.epoch == i->grant.epoch && l->grant.serial == i->grant.serial) {
        *already = carnet_digest_equal(carnet_judged_id(license), carnet_judged_id(installed));
        if (*already)
            return CARNET_OK;
        return carnet_fail(
            diag, CARNET_FORKED, "G-3",
            "Another license with the same number (epoch %u, serial %u) of seat %u of %s is installed; it stays.",
            l->grant.epoch, l->grant.serial, i->grant.seat, l->grant.license);
    }
    if (l->grant.epoch < i->grant.epoch || (l->grant.epoch == i->grant.epoch && l->grant.serial < i->grant.serial))
        return carnet_fail(diag, CARNET_SUPERSEDED, "G-2",
                           "A newer license of seat %u of %s is installed (epoch %u, serial %u; this one is %u, %u).",
                           i->grant.seat, l->grant.license, i->grant.epoch, i->grant.serial, l->grant.epoch,
                           l->grant.serial);
    return CARNET_OK;
}

/* O-5: a grant that was never activated has to be so in time. */
static enum carnet_err check_in_time(struct cli *cli, const struct carnet_license *l, int64_t now)
{
    if (now <= l->activate_by)
        return CARNET_OK;
    char by[CARNET_UTC_SIZE];
    carnet_utc_format(l->activate_by, by);
    return carnet_fail(cli_diag(cli), CARNET_TOO_LATE_TO_ACTIVATE, "O-5", "The license had to be activated by %s.", by);
}

/* The part of the check that decides whether a license may be installed: root may install what is fixed to another
 * user. */
static enum carnet_err check_fits(struct cli *cli, const struct carnet_check *check)
{
    for (unsigned i = 0; i < CARNET_CHECK_COUNT; i++) {
        if (!check->judged[i] || check->steps[i].err == CARNET_OK)
            continue;
        if (i == CARNET_CHECK_USER && geteuid() == 0) {
            cli_note(cli, "The license is fixed to another user of this machine; it will work for that user alone.\n");
            continue;
        }
        *cli_diag(cli) = check->steps[i];
        return check->steps[i].err;
    }
    return CARNET_OK;
}

static enum carnet_err activate_license(struct cli *cli, struct carnet_state *state, const struct cli_bundle *bundle,
                                        const struct carnet_state_grant *known)
{
    const struct carnet_judged *judged = carnet_reading_judged(bundle->reading);
    const struct carnet_license *l = carnet_document_license(carnet_judged_document(judged));
    struct carnet_diag *diag = cli_diag(cli);
    struct carnet_machine machine;
    struct carnet_surroundings surroundings;
    struct carnet_check check;
    const struct carnet_ask nothing = {0};
    bool already = false;
    int64_t now = carnet_utc_now();

    enum carnet_err err = carnet_machine_read(&machine, diag);
    if (err == CARNET_OK)
        err = carnet_surroundings_read(state, &l->vendor, &machine, now, &surroundings, diag);
    if (err != CARNET_OK)
        return err;
    carnet_check_license(judged, known, &surroundings, &nothing, &check);
    cli_set(cli, "license", user_license_json(l, &check));
    cli_set(cli, "checks", user_checks_json(&check));
    cli_set(cli, "match", user_match_json(&check.match, &l->matching));
    if (check.steps[CARNET_CHECK_GRANT].err != CARNET_OK) {
        *diag = check.steps[CARNET_CHECK_GRANT];
        return diag->err;
    }
    err = check_order(cli, judged, known, &already);
    if (err == CARNET_OK)
        err = check_fits(cli, &check);
    if (err == CARNET_OK && installed_license(known) == NULL)
        err = check_in_time(cli, l, now);
    if (err != CARNET_OK)
        return err;

    char words[96];
    user_expiry_words(check.expires, now, words, sizeof(words));
    const char *done = already ? "Already activated" : cli_dry_run(cli) ? "Would activate" : "Activated";
    if (!already && !cli_dry_run(cli)) {
        size_t size;
        const uint8_t *bytes = carnet_reading_bytes(bundle->reading, &size);
        err = carnet_state_put(state, judged, bytes, size, diag);
        if (err == CARNET_OK)
            err = carnet_state_raise(state, &l->vendor, carnet_dates_latest(judged),
                                     check.err == CARNET_OK ? now : INT64_MIN, diag);
        if (err != CARNET_OK)
            return err;
    }
    cli_data(cli, "%s: %s, seat %u of %s, %s\n", done, l->product, l->grant.seat, l->grant.license, words);
    return CARNET_OK;
}

static const char *end_word(enum carnet_end end)
{
    return end == CARNET_END_REVOKED ? "revoked" : end == CARNET_END_REPLACED ? "replaced" : "freed";
}

static enum carnet_err accept_receipt(struct cli *cli, struct carnet_state *state, const struct cli_bundle *bundle,
                                      const struct carnet_state_grant *known)
{
    const struct carnet_judged *judged = carnet_reading_judged(bundle->reading);
    const struct carnet_receipt *r = carnet_document_receipt(carnet_judged_document(judged));
    struct carnet_diag *diag = cli_diag(cli);
    struct carnet_digest machine_key;
    enum carnet_err err = carnet_state_machine_id(state, &r->vendor, &machine_key, diag);
    if (err != CARNET_OK && err != CARNET_NOT_FOUND)
        return err;
    if (err == CARNET_NOT_FOUND || !carnet_digest_equal(&machine_key, &r->machine_key))
        return carnet_fail(diag, CARNET_WRONG_MACHINE, "M-6", "The receipt is for another machine (seat %u of %s).",
                           r->grant.seat, r->grant.license);
    int64_t now = carnet_utc_now();
    err = carnet_dates_check(judged, now, diag);
    if (err != CARNET_OK)
        return err;
    char fingerprint[CARNET_HEX_SIZE];
    carnet_digest_hex(&r->grant.fingerprint, fingerprint);
    cli_set(cli, "receipt",
            json_pack("{s:s,s:s,s:i,s:s}", "license", r->grant.license, "fingerprint", fingerprint, "seat",
                      (int)r->grant.seat, "end", end_word(r->end)));
    /* One that can't be read any more is put again. */
    bool already = known != NULL && known->receipt != NULL && carnet_reading_judged(known->receipt) != NULL;
    if (!already && !cli_dry_run(cli)) {
        size_t size;
        const uint8_t *bytes = carnet_reading_bytes(bundle->reading, &size);
        err = carnet_state_put(state, judged, bytes, size, diag);
        if (err == CARNET_OK)
            err = carnet_state_raise(state, &r->vendor, carnet_dates_latest(judged), INT64_MIN, diag);
        if (err != CARNET_OK)
            return err;
    }
    cli_data(cli, "%s: seat %u of %s is %s\n",
             already            ? "Already known"
             : cli_dry_run(cli) ? "Would note"
                                : "Noted",
             r->grant.seat, r->grant.license, end_word(r->end));
    return CARNET_OK;
}

enum carnet_err user_activate(struct cli *cli)
{
    struct carnet_state *state = NULL;
    struct carnet_gated_keys *keys = NULL;
    struct cli_bundle bundle = {0};
    struct carnet_state_grant *grants = NULL;
    size_t count = 0;

    enum carnet_err err = user_state_open(cli, false, &state);
    if (err == CARNET_OK)
        err = carnet_gated_keys_new(&keys);
    if (err != CARNET_OK)
        goto out;
    struct carnet_read_options options = {
        .anchors = carnet_state_anchors(state),
        .expected = CARNET_KIND_BIT(CARNET_KIND_LICENSE) | CARNET_KIND_BIT(CARNET_KIND_RECEIPT),
        .keys = keys,
    };
    err = cli_bundle_read(cli, cli_argument(cli, 0), &options, &bundle);
    if (err != CARNET_OK)
        goto out;
    /* Judged without a lock; the state is opened for writing, and read again, only for what will be taken. */
    if (!cli_dry_run(cli)) {
        carnet_state_close(state);
        state = NULL;
        err = user_state_open(cli, true, &state);
        if (err != CARNET_OK)
            goto out;
    }
    const struct carnet_judged *judged = carnet_reading_judged(bundle.reading);
    const struct carnet_document *document = carnet_judged_document(judged);
    err = carnet_state_grants(state, carnet_document_vendor(document), &grants, &count, cli_diag(cli));
    if (err != CARNET_OK)
        goto out;
    const struct carnet_license *license = carnet_document_license(document);
    if (license != NULL)
        err = activate_license(cli, state, &bundle, find_grant(grants, count, &license->grant));
    else
        err = accept_receipt(cli, state, &bundle, find_grant(grants, count, &carnet_document_receipt(document)->grant));
out:
    carnet_state_grants_free(grants, count);
    cli_bundle_clear(&bundle);
    carnet_gated_keys_free(keys);
    carnet_state_close(state);
    return err;
}
