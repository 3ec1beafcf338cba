/* SPDX-License-Identifier: MIT */
/* From the stick into the state: trust, licenses, receipts and clocks. */
#include <stdlib.h>
#include <string.h>

#include "state/sign.h"
#include "sync.h"

/* The machine that a bundle is for; NULL where it is for all. */
static const struct carnet_digest *addressee(const struct carnet_document *d)
{
    if (carnet_document_license(d) != NULL)
        return &carnet_document_license(d)->machine_key;
    if (carnet_document_receipt(d) != NULL)
        return &carnet_document_receipt(d)->machine_key;
    return carnet_document_clock(d) != NULL ? &carnet_document_clock(d)->machine_key : NULL;
}

static const struct carnet_grant *grant_of(const struct carnet_document *d)
{
    if (carnet_document_license(d) != NULL)
        return &carnet_document_license(d)->grant;
    if (carnet_document_receipt(d) != NULL)
        return &carnet_document_receipt(d)->grant;
    return carnet_document_clock(d) != NULL ? &carnet_document_clock(d)->grant : NULL;
}

/* The same label that its name on the stick was made of. */
static void name_file(struct sync *s, struct stick_file *file, const struct carnet_judged *judged)
{
    const struct carnet_document *d = carnet_judged_document(judged);
    const struct carnet_grant *grant = grant_of(d);
    char label[CARNET_TEXT_SIZE + CARNET_ID_TEXT_SIZE] = "";
    const char *given = carnet_document_license(d) != NULL   ? carnet_document_license(d)->machine_label
                        : carnet_document_receipt(d) != NULL ? carnet_document_receipt(d)->machine_label
                        : carnet_document_clock(d) != NULL   ? carnet_document_clock(d)->machine_label
                                                             : "";
    if (given[0] != '\0')
        (void)snprintf(label, sizeof label, "%s", given);
    else if (grant != NULL)
        (void)snprintf(label, sizeof label, "%s-%u", grant->license, grant->seat);
    stick_name(s->stick, file, carnet_judged_id(judged), label);
}

static void remember_coming(struct sync *s, const struct carnet_license *l)
{
    struct sync_coming *coming = l == NULL ? NULL : realloc(s->coming, (s->coming_count + 1) * sizeof *coming);
    if (coming == NULL)
        return;
    s->coming = coming;
    coming[s->coming_count].vendor = l->vendor;
    memcpy(coming[s->coming_count++].product, l->product, sizeof l->product);
}

/* Nothing that lies on a stick can mend these. */
static bool is_ours(enum carnet_err err)
{
    return err == CARNET_NO_MEMORY || err == CARNET_IO || err == CARNET_PERMISSION || err == CARNET_BUSY ||
           err == CARNET_CONFIGURATION || err == CARNET_BUG;
}

/* What is older than what is known here, or of a grant that is over here, was taken before in all that matters. */
static bool is_over(const struct sync *s, enum carnet_err err)
{
    return err == CARNET_SUPERSEDED || err == CARNET_ROLLED_BACK ||
           (s->install->has_check && s->install->check.judged[CARNET_CHECK_GRANT] &&
            s->install->check.steps[CARNET_CHECK_GRANT].err != CARNET_OK);
}

/* The fate of what is for this machine. */
static enum carnet_err settle(struct sync *s, struct stick_file *file, enum carnet_err err, bool already)
{
    const struct carnet_diag diag = *cli_diag(s->cli);
    if (err != CARNET_OK && is_ours(err))
        return err;
    if (err == CARNET_OK && !already) {
        stick_decide(s->stick, file, STICK_TAKEN, CARNET_OK, NULL);
    } else if (err == CARNET_OK) {
        stick_decide(s->stick, file, STICK_KNOWN, CARNET_OK, NULL);
    } else if (is_over(s, err)) {
        stick_decide(s->stick, file, STICK_KNOWN, CARNET_OK, "%s", diag.detail);
    } else {
        stick_refuse(s->stick, file, err, &diag);
        s->refused++;
    }
    *cli_diag(s->cli) = (struct carnet_diag){0};
    return CARNET_OK;
}

static enum carnet_err take_trust(struct sync *s, struct stick_file *file, const struct carnet_reading *reading,
                                  bool keep)
{
    bool same = false;
    size_t size;
    const uint8_t *bytes = carnet_reading_bytes(reading, &size);
    const enum carnet_err err = carnet_state_trust(s->state, carnet_reading_judged(reading), bytes, size, s->now, keep,
                                                   &same, cli_diag(s->cli));
    s->install->has_check = false;
    if (err == CARNET_OK && !same && keep) {
        carnet_known_free(s->known); /* it held by the trust of before */
        s->known = NULL;
    }
    return settle(s, file, err, same);
}

/* The license works without it, and the next sync signs it where it finds the license again. */
static void sign_activation(struct sync *s, struct stick_file *file, const struct carnet_reading *reading)
{
    const struct carnet_judged *judged = carnet_reading_judged(reading);
    struct carnet_buffer bundle = {0};
    struct carnet_digest id;
    struct carnet_diag diag = {0};
    size_t size;
    const uint8_t *bytes = carnet_reading_bytes(reading, &size);
    if (carnet_document_license(carnet_judged_document(judged)) != NULL &&
        carnet_sign_activation(s->state, judged, bytes, size, &s->install->check.match, &bundle, &id, &diag) !=
            CARNET_OK) {
        cli_warn(s->cli, "The license is activated, but its activation for the administrator was not written: %s",
                 diag.detail);
        file->stays = true;
    }
    carnet_buffer_clear(&bundle);
}

static enum carnet_err take_own(struct sync *s, struct stick_file *file, const struct carnet_reading *reading,
                                bool keep)
{
    const struct carnet_judged *judged = carnet_reading_judged(reading);
    const struct carnet_license *l = carnet_document_license(carnet_judged_document(judged));
    enum carnet_err err = carnet_install_judge(s->state, judged, s->now, s->install, cli_diag(s->cli));
    if (err == CARNET_OK && keep) {
        err = carnet_install_keep(s->state, reading, s->install, s->now, cli_diag(s->cli));
        if (err == CARNET_OK)
            sign_activation(s, file, reading);
    } else if (err == CARNET_OK && !s->install->already) {
        remember_coming(s, l);
    }
    return settle(s, file, err, s->install->already);
}

static enum carnet_err take_judged(struct sync *s, struct stick_file *file, const struct carnet_reading *reading,
                                   bool keep)
{
    const struct carnet_document *d = carnet_reading_document(reading);
    const struct carnet_digest *machine = addressee(d);
    struct carnet_digest own;
    name_file(s, file, carnet_reading_judged(reading));
    if (machine == NULL)
        return take_trust(s, file, reading, keep);
    const enum carnet_err err = carnet_state_machine_id(s->state, carnet_document_vendor(d), &own, NULL);
    if (err == CARNET_NOT_FOUND || (err == CARNET_OK && !carnet_digest_equal(&own, machine))) {
        stick_decide(s->stick, file, STICK_ELSEWHERE, CARNET_OK, NULL);
        return CARNET_OK;
    }
    return take_own(s, file, reading, keep);
}

/* A copy has the fate of what it is a copy of. */
static bool take_copy(struct sync *s, struct stick_file *file)
{
    const struct stick_file *twin = stick_twin(s->stick, file);
    if (twin == NULL)
        return false;
    stick_name(s->stick, file, &twin->id, twin->label);
    if (twin->fate == STICK_TAKEN || twin->fate == STICK_KNOWN)
        stick_decide(s->stick, file, STICK_KNOWN, CARNET_OK, "the same as another file");
    else
        stick_decide(s->stick, file, twin->fate, twin->outcome, twin->why == NULL ? NULL : "%s", twin->why);
    file->stays = twin->stays;
    return true;
}

enum carnet_err sync_take(struct sync *s, struct stick_file *file, bool keep)
{
    struct carnet_buffer bytes = {0};
    struct carnet_reading *reading = NULL;
    struct carnet_diag diag = {0};
    enum carnet_err err = s->known == NULL ? carnet_known_new(&s->known) : CARNET_OK;
    if (err != CARNET_OK)
        return carnet_fail(cli_diag(s->cli), err, "", "There is not enough memory to read the stick.");
    const struct carnet_read_options options = {
        .anchors = carnet_state_anchors(s->state), .expected = SYNC_KINDS, .keys = s->keys, .known = s->known};
    err = stick_read(s->stick, file, &bytes, &diag);
    if (err == CARNET_OK && take_copy(s, file)) {
        carnet_buffer_clear(&bytes);
        return CARNET_OK;
    }
    if (err == CARNET_OK)
        err = carnet_reading_open(bytes.bytes, bytes.size, &options, &reading, &diag);
    if (err == CARNET_OK) {
        err = take_judged(s, file, reading, keep);
    } else if (err == CARNET_NO_MEMORY || err == CARNET_CONFIGURATION) {
        *cli_diag(s->cli) = diag;
    } else {
        stick_refuse(s->stick, file, err, &diag);
        err = CARNET_OK;
    }
    carnet_reading_free(reading);
    carnet_buffer_clear(&bytes);
    return err;
}
