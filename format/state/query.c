/* SPDX-License-Identifier: MIT */
#include "state/query.h"

#include <stdlib.h>
#include <string.h>

#define SYSTEM_STATE "/var/lib/carnet"
#define STATES_MOST 2

/* One state that is consulted, and the grants of the asked vendor in it. */
struct consulted {
    struct carnet_state *state;
    struct carnet_state_grant *grants;
    size_t count;
};

struct carnet_query {
    struct consulted states[STATES_MOST];
    size_t count;
    const struct carnet_state *system; /* the machine's state, when it is among them */
    struct carnet_diag unopened;       /* why a state could not be opened */
    struct carnet_machine machine;
};

/* A state that can't be consulted does not keep another one from saying yes. The first is told. */
static void keep_failure(struct carnet_diag *kept, enum carnet_err err, const struct carnet_diag *diag)
{
    if (kept->err != CARNET_OK)
        return;
    *kept = *diag;
    kept->err = err;
}

/* `given` as for carnet_state_default. */
static void consult(struct carnet_query *q, const char *given)
{
    struct carnet_diag diag = {0};
    char *path = NULL;
    enum carnet_err err = carnet_state_default(given, &path, &diag);
    if (err == CARNET_OK)
        err = carnet_state_open(path, false, &q->states[q->count].state, &diag);
    if (err != CARNET_OK) {
        keep_failure(&q->unopened, err, &diag);
    } else {
        if (strcmp(path, SYSTEM_STATE) == 0)
            q->system = q->states[q->count].state;
        q->count++;
    }
    free(path);
}

enum carnet_err carnet_query_open(const char *state, struct carnet_query **out, struct carnet_diag *diag)
{
    struct carnet_query *q = calloc(1, sizeof(*q));
    if (q == NULL)
        return carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory to check.");
    const char *named = state != NULL ? state : secure_getenv("CARNET_STATE");
    consult(q, state);
    if ((named == NULL || named[0] == '\0') && q->system == NULL)
        consult(q, SYSTEM_STATE);
    *out = q;
    return CARNET_OK;
}

static void forget(struct carnet_query *q)
{
    for (size_t i = 0; i < q->count; i++) {
        carnet_state_grants_free(q->states[i].grants, q->states[i].count);
        q->states[i].grants = NULL;
        q->states[i].count = 0;
    }
}

void carnet_query_free(struct carnet_query *q)
{
    if (q == NULL)
        return;
    forget(q);
    for (size_t i = 0; i < q->count; i++)
        carnet_state_close(q->states[i].state);
    free(q);
}

const struct carnet_anchors *carnet_query_anchors(const struct carnet_query *q)
{
    static const struct carnet_anchors nobody;
    if (q->system != NULL && carnet_state_anchors(q->system)->count > 0)
        return carnet_state_anchors(q->system);
    return q->count > 0 ? carnet_state_anchors(q->states[0].state) : &nobody;
}

/* Does the grant's license name the product? A license that can't be read may be the one, so it is taken. */
static bool names_product(const struct carnet_state_grant *grant, const char *product)
{
    const struct carnet_document *document = grant->reading == NULL ? NULL : carnet_reading_document(grant->reading);
    const struct carnet_license *license = document == NULL ? NULL : carnet_document_license(document);
    return license == NULL ? grant->bytes.size > 0 : strcmp(license->product, product) == 0;
}

/* A grant that ended in one of the states has ended in all of them: a copy of a state revives nothing. */
static struct carnet_state_grant with_every_end(const struct carnet_query *q, const struct carnet_state_grant *grant)
{
    struct carnet_state_grant whole = *grant;
    for (size_t i = 0; i < q->count; i++) {
        for (size_t k = 0; k < q->states[i].count; k++) {
            const struct carnet_state_grant *other = &q->states[i].grants[k];
            if (strcmp(other->name.license, grant->name.license) != 0 ||
                !carnet_digest_equal(&other->name.fingerprint, &grant->name.fingerprint))
                continue;
            whole.released = whole.released || other->released;
            whole.ended = whole.ended || other->ended;
            if (whole.receipt == NULL)
                whole.receipt = other->receipt;
        }
    }
    return whole;
}

/* Judges the product's licenses in one state; *best is its state when one of them is the best so far. */
static enum carnet_err look_in(const struct carnet_query *q, struct consulted *c, const struct carnet_ask *ask,
                               int64_t now, struct carnet_answer *out, struct carnet_state **best,
                               struct carnet_diag *diag)
{
    struct carnet_surroundings surroundings;
    enum carnet_err err = carnet_surroundings_read(c->state, ask->vendor, &q->machine, now, &surroundings, diag);
    for (size_t i = 0; err == CARNET_OK && i < c->count; i++) {
        struct carnet_check check;
        if (!names_product(&c->grants[i], ask->product))
            continue;
        struct carnet_state_grant grant = with_every_end(q, &c->grants[i]);
        carnet_check_grant(&grant, &surroundings, ask, &check);
        if (out->found && !carnet_check_better(&check, &out->check))
            continue;
        const struct carnet_document *document = grant.reading == NULL ? NULL : carnet_reading_document(grant.reading);
        const struct carnet_judged *judged = grant.reading == NULL ? NULL : carnet_reading_judged(grant.reading);
        out->found = true;
        out->check = check;
        out->license = document == NULL ? NULL : carnet_document_license(document);
        out->entitlement = judged == NULL ? NULL : carnet_judged_entitlement(judged);
        *best = c->state;
    }
    return err;
}

/* Is there a license for the product, but from another vendor? Only said, so what can't be read is passed over. */
static bool other_vendor_has(const struct carnet_query *q, const struct carnet_ask *ask)
{
    bool has = false;
    for (size_t i = 0; i < q->count && !has; i++) {
        struct carnet_state_grant *grants = NULL;
        size_t count = 0;
        if (carnet_state_grants(q->states[i].state, NULL, &grants, &count, NULL) != CARNET_OK)
            continue;
        for (size_t k = 0; k < count; k++)
            has = has ||
                  (!carnet_digest_equal(&grants[k].vendor, ask->vendor) && names_product(&grants[k], ask->product));
        carnet_state_grants_free(grants, count);
    }
    return has;
}

static enum carnet_err answer_none(const struct carnet_query *q, const struct carnet_ask *ask,
                                   struct carnet_answer *out)
{
    if (out->failure.err != CARNET_OK) {
        out->diag = out->failure;
        return out->failure.err;
    }
    if (ask->vendor != NULL && other_vendor_has(q, ask))
        return carnet_fail(&out->diag, CARNET_WRONG_VENDOR, "T-6",
                           "There is a license for '%s' on this machine, but from another vendor than the product's.",
                           ask->product);
    return carnet_fail(&out->diag, CARNET_NO_LICENSE, "Q-1", "There is no license for '%s' on this machine.",
                       ask->product);
}

/* Every state's grants are read before any is judged: an end in one counts in all. */
static void read_grants(struct carnet_query *q, const struct carnet_ask *ask, struct carnet_diag *failure)
{
    forget(q);
    for (size_t i = 0; i < q->count; i++) {
        struct consulted *c = &q->states[i];
        struct carnet_diag diag = {0};
        enum carnet_err err = carnet_state_grants(c->state, ask->vendor, &c->grants, &c->count, &diag);
        if (err != CARNET_OK)
            keep_failure(failure, err, &diag);
    }
}

/* Judges the licenses that were read, with the machine that was read. */
static enum carnet_err judge(struct carnet_query *q, const struct carnet_ask *ask, int64_t now,
                             const struct carnet_diag *unread, struct carnet_answer *out)
{
    struct carnet_state *best = NULL;
    memset(out, 0, sizeof(*out));
    out->failure = *unread;
    for (size_t i = 0; i < q->count; i++) {
        struct carnet_diag diag = {0};
        enum carnet_err err = look_in(q, &q->states[i], ask, now, out, &best, &diag);
        if (err != CARNET_OK)
            keep_failure(&out->failure, err, &diag);
    }
    if (!out->found) {
        out->err = CARNET_NO_LICENSE;
    } else if (out->check.err != CARNET_OK) {
        out->diag = out->check.steps[out->check.failed];
        out->err = out->check.err;
    } else if (out->license != NULL &&
               carnet_state_raise(best, ask->vendor, out->license->issued, now, &out->floor) == CARNET_OK) {
        out->floor = (struct carnet_diag){0};
    }
    return out->err;
}

enum carnet_err carnet_query_ask(struct carnet_query *q, const struct carnet_ask *ask, int64_t now,
                                 struct carnet_answer *out)
{
    struct carnet_inbox inbox = {0};
    struct carnet_diag unread = q->unopened;
    memset(out, 0, sizeof(*out));
    out->failure = unread;
    if (ask->vendor == NULL) {
        out->err = answer_none(q, ask, out);
        return out->err;
    }
    read_grants(q, ask, &unread);
    if (ask->brief && carnet_machine_read_brief(&q->machine, NULL) == CARNET_OK &&
        judge(q, ask, now, &unread, out) == CARNET_OK)
        return CARNET_OK;
    out->err = carnet_machine_read(&q->machine, &out->diag);
    if (out->err != CARNET_OK || judge(q, ask, now, &unread, out) == CARNET_OK)
        return out->err;
    for (size_t i = 0; i < q->count; i++)
        carnet_inbox_take(q->states[i].state, ask, now, &inbox);
    if (inbox.taken > 0) {
        unread = q->unopened;
        read_grants(q, ask, &unread);
        (void)judge(q, ask, now, &unread, out);
    }
    out->inbox = inbox;
    if (!out->found)
        out->err = answer_none(q, ask, out);
    return out->err;
}
