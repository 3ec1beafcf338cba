/* SPDX-License-Identifier: MIT */
#include "state/install.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rules/dates.h"
#include "state/sign.h"

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

/* G-2 and G-3: how the license stands to the installed one of its grant. */
static enum carnet_err check_order(const struct carnet_judged *license, const struct carnet_judged *installed,
                                   bool *already, struct carnet_diag *diag)
{
    const struct carnet_grant *l = &carnet_document_license(carnet_judged_document(license))->grant;
    const struct carnet_grant *i = &carnet_document_license(carnet_judged_document(installed))->grant;
    if (l->epoch == i->epoch && l->serial == i->serial) {
        *already = carnet_digest_equal(carnet_judged_id(license), carnet_judged_id(installed));
        if (*already)
            return CARNET_OK;
        return carnet_fail(
            diag, CARNET_FORKED, "G-3",
            "Another license with the same number (epoch %u, serial %u) of seat %u of %s is installed; it stays.",
            l->epoch, l->serial, i->seat, l->license);
    }
    if (l->epoch < i->epoch || (l->epoch == i->epoch && l->serial < i->serial))
        return carnet_fail(diag, CARNET_SUPERSEDED, "G-2",
                           "A newer license of seat %u of %s is installed (epoch %u, serial %u; this one is %u, %u).",
                           i->seat, l->license, i->epoch, i->serial, l->epoch, l->serial);
    return CARNET_OK;
}

/* O-5: a grant that was never activated has to be so in time. */
static enum carnet_err check_in_time(const struct carnet_license *l, int64_t now, struct carnet_diag *diag)
{
    if (now <= l->activate_by)
        return CARNET_OK;
    char by[CARNET_UTC_SIZE];
    carnet_utc_format(l->activate_by, by);
    return carnet_fail(diag, CARNET_TOO_LATE_TO_ACTIVATE, "O-5", "The license had to be activated by %s.", by);
}

/* The part of the check that decides whether a license may be installed: root may install what is fixed to another
 * user. */
static enum carnet_err check_fits(struct carnet_install *install, struct carnet_diag *diag)
{
    const struct carnet_check *check = &install->check;
    for (unsigned i = 0; i < CARNET_CHECK_COUNT; i++) {
        if (!check->judged[i] || check->steps[i].err == CARNET_OK)
            continue;
        if (i == CARNET_CHECK_USER && geteuid() == 0) {
            install->for_other_user = true;
            continue;
        }
        if (diag != NULL)
            *diag = check->steps[i];
        return check->steps[i].err;
    }
    return CARNET_OK;
}

static enum carnet_err judge_license(const struct carnet_state *state, const struct carnet_judged *judged,
                                     const struct carnet_state_grant *known, int64_t now,
                                     struct carnet_install *install, struct carnet_diag *diag)
{
    const struct carnet_license *l = carnet_document_license(carnet_judged_document(judged));
    const struct carnet_judged *installed =
        known == NULL || known->reading == NULL ? NULL : carnet_reading_judged(known->reading);
    const struct carnet_ask nothing = {0};
    struct carnet_surroundings surroundings;
    struct carnet_machine *machine = malloc(sizeof(*machine));
    if (machine == NULL)
        return carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory to install a license.");
    enum carnet_err err = carnet_machine_read(machine, diag);
    if (err == CARNET_OK)
        err = carnet_surroundings_read(state, &l->vendor, machine, now, &surroundings, diag);
    free(machine);
    if (err != CARNET_OK)
        return err;
    carnet_check_license(judged, known, &surroundings, &nothing, &install->check);
    install->has_check = true;
    if (install->check.steps[CARNET_CHECK_GRANT].err != CARNET_OK) {
        if (diag != NULL)
            *diag = install->check.steps[CARNET_CHECK_GRANT];
        return install->check.steps[CARNET_CHECK_GRANT].err;
    }
    if (installed != NULL)
        err = check_order(judged, installed, &install->already, diag);
    if (err == CARNET_OK)
        err = check_fits(install, diag);
    if (err == CARNET_OK && installed == NULL)
        err = check_in_time(l, now, diag);
    return err;
}

static enum carnet_err judge_receipt(const struct carnet_state *state, const struct carnet_judged *judged,
                                     const struct carnet_state_grant *known, int64_t now,
                                     struct carnet_install *install, struct carnet_diag *diag)
{
    const struct carnet_receipt *r = carnet_document_receipt(carnet_judged_document(judged));
    struct carnet_digest machine_key;
    enum carnet_err err = carnet_state_machine_id(state, &r->vendor, &machine_key, diag);
    if (err != CARNET_OK && err != CARNET_NOT_FOUND)
        return err;
    if (err == CARNET_NOT_FOUND || !carnet_digest_equal(&machine_key, &r->machine_key))
        return carnet_fail(diag, CARNET_WRONG_MACHINE, "M-6", "The receipt is for another machine (seat %u of %s).",
                           r->grant.seat, r->grant.license);
    /* One that can't be read any more is put again. */
    install->already = known != NULL && known->receipt != NULL && carnet_reading_judged(known->receipt) != NULL;
    return carnet_dates_check(judged, now, diag);
}

/* D-2, but for the machine's key: the clock request that the clock answers, as this machine made it. */
static enum carnet_err find_answered(const struct carnet_state *state, const struct carnet_clock *c, uint32_t *sequence,
                                     struct carnet_diag *diag)
{
    struct carnet_buffer bytes = {0};
    struct carnet_reading *reading = NULL;
    const struct carnet_read_options options = {
        .anchors = carnet_state_anchors(state),
        .expected = CARNET_KIND_BIT(CARNET_KIND_CLOCKREQUEST),
    };
    enum carnet_err err = carnet_state_sent_request(state, &c->vendor, &c->request, &bytes, diag);
    if (err == CARNET_NOT_FOUND)
        err = carnet_fail(diag, err, "D-2", "The clock answers a request that is not in this machine's state.");
    if (err == CARNET_OK)
        err = carnet_reading_open(bytes.bytes, bytes.size, &options, &reading, diag);
    if (err == CARNET_OK) {
        const struct carnet_clockrequest *q = carnet_document_clockrequest(carnet_reading_document(reading));
        if (memcmp(q->nonce, c->nonce, sizeof(q->nonce)) != 0 || strcmp(q->grant.license, c->grant.license) != 0 ||
            !carnet_digest_equal(&q->grant.fingerprint, &c->grant.fingerprint))
            err = carnet_fail(diag, CARNET_NOT_FOUND, "D-2",
                              "The clock names a request of this machine, but not what that request said.");
        else
            *sequence = q->sequence.sequence;
    }
    carnet_reading_free(reading);
    carnet_buffer_clear(&bytes);
    return err;
}

static enum carnet_err judge_clock(const struct carnet_state *state, const struct carnet_judged *judged, int64_t now,
                                   struct carnet_install *install, struct carnet_diag *diag)
{
    const struct carnet_clock *c = carnet_document_clock(carnet_judged_document(judged));
    struct carnet_digest machine_key;
    enum carnet_err err = carnet_state_machine_id(state, &c->vendor, &machine_key, diag);
    if (err != CARNET_OK && err != CARNET_NOT_FOUND)
        return err;
    if (err == CARNET_NOT_FOUND || !carnet_digest_equal(&machine_key, &c->machine_key))
        return carnet_fail(diag, CARNET_WRONG_MACHINE, "D-2", "The clock is for another machine (seat %u of %s).",
                           c->grant.seat, c->grant.license);
    err = find_answered(state, c, &install->answers, diag);
    if (err == CARNET_OK)
        err = carnet_state_floors(state, &c->vendor, &install->floors, diag);
    if (err != CARNET_OK)
        return err;
    if (install->answers <= install->floors.answered) {
        carnet_fail(diag, CARNET_ROLLED_BACK, "D-3",
                    install->answers == install->floors.answered
                        ? "This clock, or another answer to the same request, was taken already; each counts once."
                        : "A clock that answers a later request was taken already.");
        return carnet_fail_next(
            diag, "If the clock is still said to be set back, make a new request with 'carnet-user doctor --clock'.");
    }
    return carnet_dates_check(judged, now, diag);
}

enum carnet_err carnet_install_judge(const struct carnet_state *state, const struct carnet_judged *judged, int64_t now,
                                     struct carnet_install *out, struct carnet_diag *diag)
{
    const struct carnet_document *document = carnet_judged_document(judged);
    const struct carnet_license *l = carnet_document_license(document);
    const struct carnet_receipt *r = carnet_document_receipt(document);
    struct carnet_state_grant *grants = NULL;
    size_t count = 0;
    memset(out, 0, sizeof(*out));
    if (carnet_document_clock(document) != NULL)
        return judge_clock(state, judged, now, out, diag);
    if (l == NULL && r == NULL)
        return carnet_fail(diag, CARNET_BUG, "", "A %s can't be installed.", carnet_document_kind(document)->name);
    enum carnet_err err = carnet_state_grants(state, carnet_document_vendor(document), &grants, &count, diag);
    if (err != CARNET_OK)
        return err;
    const struct carnet_state_grant *known = find_grant(grants, count, l != NULL ? &l->grant : &r->grant);
    err = l != NULL ? judge_license(state, judged, known, now, out, diag)
                    : judge_receipt(state, judged, known, now, out, diag);
    carnet_state_grants_free(grants, count);
    return err;
}

enum carnet_err carnet_install_keep(struct carnet_state *state, const struct carnet_reading *reading,
                                    const struct carnet_install *install, int64_t now, struct carnet_diag *diag)
{
    const struct carnet_judged *judged = carnet_reading_judged(reading);
    const struct carnet_digest *vendor = carnet_document_vendor(carnet_judged_document(judged));
    size_t size;
    const uint8_t *bytes = carnet_reading_bytes(reading, &size);
    const struct carnet_clock *c = carnet_document_clock(carnet_judged_document(judged));
    if (install->already) /* what a run that was cut off did not come to */
        return carnet_state_revalidate(state, judged, bytes, size, diag);
    if (c != NULL)
        return carnet_state_lower(state, vendor, install->answers, c->at, carnet_dates_latest(judged), diag);
    enum carnet_err err = carnet_state_put(state, judged, bytes, size, diag);
    if (err != CARNET_OK)
        return err;
    /* The local clock counts where a license has proved to hold. */
    bool holds = install->has_check && install->check.err == CARNET_OK;
    return carnet_state_raise(state, vendor, carnet_dates_latest(judged), holds ? now : INT64_MIN, diag);
}

void carnet_install_tell(struct carnet_state *state, const struct carnet_reading *reading,
                         const struct carnet_install *install)
{
    const struct carnet_judged *judged = carnet_reading_judged(reading);
    struct carnet_buffer bundle = {0};
    struct carnet_digest id;
    size_t size;
    const uint8_t *bytes = carnet_reading_bytes(reading, &size);
    if (carnet_document_license(carnet_judged_document(judged)) == NULL)
        return;
    enum carnet_err err = carnet_sign_activation(state, judged, bytes, size, &install->check.match, &bundle, &id, NULL);
    (void)err;
    carnet_buffer_clear(&bundle);
}
