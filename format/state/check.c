/* SPDX-License-Identifier: MIT */
#include "state/check.h"

#include <string.h>

#include "machine/source.h"
#include "rules/dates.h"

static const char *const step_names[CARNET_CHECK_COUNT] = {
#define CARNET_CHECK_NAME(symbol, name) [CARNET_CHECK_##symbol] = (name),
    CARNET_CHECK_STEPS(CARNET_CHECK_NAME)
#undef CARNET_CHECK_NAME
};

const char *carnet_check_step_name(enum carnet_check_step step)
{
    return step_names[step];
}

enum carnet_err carnet_surroundings_begin(const struct carnet_state *state, const struct carnet_digest *vendor,
                                          int64_t now, uint8_t secret[CARNET_MACHINE_SECRET_SIZE],
                                          struct carnet_surroundings *out, struct carnet_diag *diag)
{
    struct carnet_surroundings s = {.now = now};
    memset(secret, 0, CARNET_MACHINE_SECRET_SIZE);
    enum carnet_err err = carnet_state_machine_id(state, vendor, &s.machine_key, diag);
    s.has_key = err == CARNET_OK;
    if (err == CARNET_OK)
        err = carnet_state_secret(state, vendor, secret, diag);
    else if (err == CARNET_NOT_FOUND)
        err = CARNET_OK; /* without a secret only the facts keyed by the vendor id can be compared */
    if (err == CARNET_OK)
        err = carnet_state_floors(state, vendor, &s.floors, diag);
    if (err == CARNET_OK)
        *out = s;
    return err;
}

enum carnet_err carnet_surroundings_machine(const struct carnet_digest *vendor,
                                            const uint8_t secret[CARNET_MACHINE_SECRET_SIZE],
                                            const struct carnet_machine *machine,
                                            struct carnet_surroundings *surroundings)
{
    surroundings->is_virtual = strcmp(machine->virtual_system, "none") != 0;
    surroundings->is_container = strcmp(machine->container_system, "none") != 0;
    memcpy(surroundings->label, machine->label, sizeof(surroundings->label));
    return carnet_machine_facts(machine, vendor, secret, &surroundings->facts);
}

enum carnet_err carnet_surroundings_user(const struct carnet_digest *vendor,
                                         const uint8_t secret[CARNET_MACHINE_SECRET_SIZE],
                                         struct carnet_surroundings *surroundings, struct carnet_diag *diag)
{
    char user[CARNET_MACHINE_VALUE_SIZE];
    enum carnet_err err = carnet_machine_user(NULL, user, diag);
    return err == CARNET_OK ? carnet_machine_digest("user", user, vendor, secret, &surroundings->user) : err;
}

enum carnet_err carnet_surroundings_read(const struct carnet_state *state, const struct carnet_digest *vendor,
                                         const struct carnet_machine *machine, int64_t now,
                                         struct carnet_surroundings *out, struct carnet_diag *diag)
{
    struct carnet_surroundings s;
    uint8_t secret[CARNET_MACHINE_SECRET_SIZE];
    enum carnet_err err = carnet_surroundings_begin(state, vendor, now, secret, &s, diag);
    if (err == CARNET_OK)
        err = carnet_surroundings_machine(vendor, secret, machine, &s);
    if (err == CARNET_OK)
        err = carnet_surroundings_user(vendor, secret, &s, diag);
    explicit_bzero(secret, sizeof(secret));
    if (err == CARNET_OK)
        *out = s;
    return err;
}

/* T-6, second sentence. */
static void check_vendor(const struct carnet_license *l, const struct carnet_ask *ask, struct carnet_diag *diag)
{
    if (ask->vendor == NULL || carnet_digest_equal(ask->vendor, &l->vendor))
        return;
    char named[CARNET_HEX_SIZE], asked[CARNET_HEX_SIZE];
    carnet_digest_hex(&l->vendor, named);
    carnet_digest_hex(ask->vendor, asked);
    carnet_fail(diag, CARNET_WRONG_VENDOR, "T-6", "The license is from the vendor %s, the product's vendor is %s.",
                named, asked);
}

/* G-4. A receipt that can't be read any more has ended the grant all the same: damage never revives a license. */
static void check_ended(const struct carnet_license *l, const struct carnet_state_grant *grant,
                        struct carnet_diag *diag)
{
    char at[CARNET_UTC_SIZE];
    const struct carnet_judged *judged = grant->receipt == NULL ? NULL : carnet_reading_judged(grant->receipt);
    const struct carnet_receipt *receipt =
        judged == NULL ? NULL : carnet_document_receipt(carnet_judged_document(judged));
    if (receipt != NULL && receipt->end == CARNET_END_REVOKED) {
        carnet_utc_format(receipt->at, at);
        carnet_fail(diag, CARNET_REVOKED, "G-4", "Seat %u of %s was revoked on %s: %s.", l->grant.seat,
                    l->grant.license, at, receipt->reason);
    } else if (receipt != NULL) {
        carnet_utc_format(receipt->at, at);
        carnet_fail(diag, CARNET_RELEASED, "G-4", "Seat %u of %s was %s on %s.", l->grant.seat, l->grant.license,
                    receipt->end == CARNET_END_FREED ? "released and freed" : "replaced by another grant", at);
    } else if (grant->ended) {
        carnet_fail(diag, CARNET_STATE_DAMAGED, "G-4",
                    "The receipt that ended seat %u of %s is kept here, but can't be read any more.", l->grant.seat,
                    l->grant.license);
        carnet_fail_next(diag, "Activate the receipt file again; to use the product here, make a new fingerprint.");
    } else if (grant->released) {
        carnet_fail(diag, CARNET_RELEASED, "G-4", "Seat %u of %s was released on this machine.", l->grant.seat,
                    l->grant.license);
        carnet_fail_next(diag,
                         "Take the release file to your administrator ('carnet-user release %s' writes it again); to "
                         "use the product here again, make a new fingerprint.",
                         l->grant.license);
    }
}

bool carnet_check_pinned(const struct carnet_entitlement *entitlement, bool is_container)
{
    return is_container && entitlement->container == CARNET_CONTAINER_PINNED;
}

bool carnet_check_label(const struct carnet_license *l, const char *here)
{
    char cleaned[CARNET_TEXT_SIZE + 1];
    return carnet_source_clean(l->machine_label, strlen(l->machine_label), cleaned, sizeof(cleaned)) &&
           strcmp(cleaned, here) == 0;
}

/* M-9. */
static void check_label(const struct carnet_license *l, const struct carnet_surroundings *s, struct carnet_diag *diag)
{
    char pinned[120], here[120];
    (void)carnet_text_escape(l->machine_label, strlen(l->machine_label), pinned, sizeof(pinned));
    (void)carnet_text_escape(s->label, strlen(s->label), here, sizeof(here));
    if (l->machine_label[0] == '\0') {
        carnet_fail(diag, CARNET_WRONG_MACHINE, "M-9",
                    "This is a container, and the license has no label that one could be told by.");
        carnet_fail_next(diag, "Ask your administrator for a license with a label for this container.");
    } else if (!carnet_check_label(l, s->label)) {
        carnet_fail(diag, CARNET_WRONG_MACHINE, "M-9",
                    "The license is for the container with the label '%s'; this one has %s%s%s in " CARNET_MACHINE_LABEL
                    ".",
                    pinned, here[0] == '\0' ? "none" : "'", here, here[0] == '\0' ? "" : "'");
        carnet_fail_next(diag, "Give the container its own label and its own volume.");
    }
}

/* M-5 to M-9. */
static void check_machine(const struct carnet_license *l, const struct carnet_entitlement *e,
                          const struct carnet_surroundings *s, struct carnet_check *out, struct carnet_diag *diag)
{
    char words[384] = "";
    struct carnet_match *match = &out->match;
    carnet_match(&l->facts, &l->matching, &s->facts, match);
    out->pinned = carnet_check_pinned(e, s->is_container);
    const bool is_key = s->has_key && carnet_digest_equal(&l->machine_key, &s->machine_key);
    if (!is_key || !match->matches)
        carnet_match_words(match, &l->matching, words, sizeof(words));
    if (!s->has_key)
        carnet_fail(
            diag, CARNET_WRONG_MACHINE, "M-6",
            "The license is for another machine: this one has never made a fingerprint for this vendor. Facts: %s.",
            words);
    else if (!is_key)
        carnet_fail(diag, CARNET_WRONG_MACHINE, "M-6", "The license is for a machine with another key. Facts: %s.",
                    words);
    else if (out->pinned)
        check_label(l, s, diag);
    else if (match->image_only && match->matched >= match->needed)
        carnet_fail(diag, CARNET_WRONG_MACHINE, "M-8",
                    "This is another machine with a copy of the licensed one's disk. Facts: %s.", words);
    else if (!match->matches)
        carnet_fail(diag, CARNET_WRONG_MACHINE, "M-5",
                    "This machine has changed too much, or is another one. Facts: %s.", words);
    if (diag->err == CARNET_OK && s->is_virtual && e->virtual_refused)
        carnet_fail(diag, CARNET_VIRTUAL_REFUSED, "M-7",
                    "This is a virtual machine, which the license does not allow.");
    else if (diag->err == CARNET_OK && s->is_container && e->container == CARNET_CONTAINER_REFUSED)
        carnet_fail(diag, CARNET_VIRTUAL_REFUSED, "M-7", "This is a container, which the license does not allow.");
}

/* O-1 to O-4. */
static void check_time(const struct carnet_judged *license, const struct carnet_surroundings *s,
                       struct carnet_diag *diag)
{
    const struct carnet_license *l = carnet_document_license(carnet_judged_document(license));
    const struct carnet_entitlement *e = carnet_judged_entitlement(license);
    const struct carnet_floors *f = &s->floors;
    int64_t floor = f->signed_floor > f->local_floor ? f->signed_floor : f->local_floor;
    int64_t tolerance = (int64_t)e->clock_tolerance_hours * CARNET_HOUR;
    if (floor != INT64_MIN && s->now < floor - tolerance) {
        char then[CARNET_UTC_SIZE], here[CARNET_UTC_SIZE];
        carnet_utc_format(floor, then);
        carnet_utc_format(s->now, here);
        carnet_fail(diag, CARNET_CLOCK_SET_BACK, "O-4",
                    "This machine's clock says %s, but it was %s already (%u hours of difference are allowed).", here,
                    then, e->clock_tolerance_hours);
        return;
    }
    enum carnet_err err = carnet_dates_check(license, s->now, diag);
    if (err == CARNET_OK)
        err = carnet_license_end_check(l, s->now, diag);
    (void)err; /* the diagnosis holds it */
}

/* */
static void check_feature(const struct carnet_license *l, const struct carnet_entitlement *e,
                          const struct carnet_ask *ask, struct carnet_diag *diag)
{
    if (ask->product != NULL && strcmp(ask->product, l->product) != 0) {
        carnet_fail(diag, CARNET_NOT_COVERED, "Q-1", "The license is for the product '%s'.", l->product);
        return;
    }
    if (ask->edition != NULL && strcmp(ask->edition, l->edition) != 0) {
        carnet_fail(diag, CARNET_NOT_COVERED, "Q-1", "The license is for the edition '%s'.",
                    l->edition[0] == '\0' ? "none" : l->edition);
        return;
    }
    if (ask->version != NULL && e->newest_version[0] != '\0' &&
        carnet_version_compare(ask->version, e->newest_version) > 0) {
        carnet_fail(diag, CARNET_NOT_COVERED, "Q-1", "The license covers product versions up to %s.",
                    e->newest_version);
        return;
    }
    if (ask->feature == NULL)
        return;
    for (uint32_t i = 0; i < l->features.count; i++)
        if (strcmp(l->features.list[i].name, ask->feature) == 0)
            return;
    char feature[128];
    carnet_fail(diag, CARNET_NOT_COVERED, "Q-1", "The license does not hold the feature '%s'.",
                carnet_text_escape(ask->feature, strlen(ask->feature), feature, sizeof(feature)));
}

static void sum_up(struct carnet_check *c)
{
    c->failed = CARNET_CHECK_COUNT;
    c->err = CARNET_OK;
    for (unsigned i = 0; i < CARNET_CHECK_COUNT; i++) {
        if (c->judged[i] && c->steps[i].err != CARNET_OK) {
            c->failed = (enum carnet_check_step)i;
            c->err = c->steps[i].err;
            return;
        }
    }
}

void carnet_check_license(const struct carnet_judged *license, const struct carnet_state_grant *grant,
                          const struct carnet_surroundings *surroundings, const struct carnet_ask *ask,
                          struct carnet_check *out)
{
    const struct carnet_license *l = carnet_document_license(carnet_judged_document(license));
    const struct carnet_entitlement *e = carnet_judged_entitlement(license);
    memset(out, 0, sizeof(*out));
    for (unsigned i = 0; i < CARNET_CHECK_COUNT; i++)
        out->judged[i] = true;
    out->has_match = true;
    out->expires = carnet_license_end(l);
    check_vendor(l, ask, &out->steps[CARNET_CHECK_VENDOR]);
    if (grant != NULL)
        check_ended(l, grant, &out->steps[CARNET_CHECK_GRANT]);
    check_machine(l, e, surroundings, out, &out->steps[CARNET_CHECK_MACHINE]);
    if (l->has_user && !carnet_digest_equal(&l->user, &surroundings->user))
        carnet_fail(&out->steps[CARNET_CHECK_USER], CARNET_WRONG_USER, "M-6",
                    "The license is fixed to another user of this machine.");
    check_time(license, surroundings, &out->steps[CARNET_CHECK_TIME]);
    check_feature(l, e, ask, &out->steps[CARNET_CHECK_FEATURE]);
    sum_up(out);
}

/* Where the walk stopped, as a step. */
static enum carnet_check_step step_of(enum carnet_stage stage, enum carnet_err err)
{
    if (err == CARNET_WRONG_VENDOR)
        return CARNET_CHECK_VENDOR;
    switch (stage) {
    case CARNET_STAGE_SIGNATURE:
        return CARNET_CHECK_SIGNATURE;
    case CARNET_STAGE_KIND:
        return CARNET_CHECK_KIND;
    case CARNET_STAGE_TRUST:
        return CARNET_CHECK_TRUST;
    case CARNET_STAGE_ENTITLEMENT:
        return CARNET_CHECK_ENTITLEMENT;
    case CARNET_STAGE_FORMAT:
    case CARNET_STAGE_DOCUMENT: /* its form is wrong, though its signer is trusted */
    case CARNET_STAGE_COUNT:
        return CARNET_CHECK_FORMAT;
    }
    return CARNET_CHECK_FORMAT;
}

void carnet_check_grant(const struct carnet_state_grant *grant, const struct carnet_surroundings *surroundings,
                        const struct carnet_ask *ask, struct carnet_check *out)
{
    const struct carnet_judged *license = grant->reading == NULL ? NULL : carnet_reading_judged(grant->reading);
    if (license != NULL) {
        carnet_check_license(license, grant, surroundings, ask, out);
        return;
    }
    memset(out, 0, sizeof(*out));
    enum carnet_check_step step =
        step_of(grant->reading == NULL ? CARNET_STAGE_FORMAT : carnet_reading_failed_stage(grant->reading), grant->err);
    for (unsigned i = 0; i <= (unsigned)step; i++)
        out->judged[i] = true;
    out->steps[step] = grant->diag;
    out->steps[step].err = grant->err == CARNET_OK ? CARNET_NO_LICENSE : grant->err;
    sum_up(out);
}

bool carnet_check_better(const struct carnet_check *a, const struct carnet_check *b)
{
    if (a->failed != b->failed)
        return a->failed > b->failed;
    return a->expires > b->expires;
}
