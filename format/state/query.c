/* SPDX-License-Identifier: MIT */
#include "state/query.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define SYSTEM_STATE "/var/lib/carnet"
#define STATES_MOST 2

/* One state that is consulted, and the grants of the asked vendor in it. */
struct consulted {
    struct carnet_state *state;
    struct carnet_state_grant *grants;
    size_t count;
    struct carnet_surroundings surroundings; /* as its vendor's licenses see the machine */
    struct carnet_diag unread;               /* why these could not be read */
};

struct carnet_query {
    struct consulted states[STATES_MOST];
    size_t count;
    const struct carnet_state *system; /* the machine's state, when it is among them */
    struct carnet_diag unopened;       /* why a state could not be opened */
    struct carnet_machine machine;     /* the last member */
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
    struct carnet_query *q = malloc(sizeof(*q));
    if (q == NULL)
        return carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory to check.");
    /* All but the machine, which is large, and filled by whoever reads it. */
    memset(q, 0, offsetof(struct carnet_query, machine));
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

/* Judges the product's licenses in one state; *best is that state when one of them is the best so far. */
static void look_in(const struct carnet_query *q, const struct consulted *c, const struct carnet_ask *ask,
                    struct carnet_answer *out, const struct consulted **best, const struct carnet_grant_name **name)
{
    for (size_t i = 0; i < c->count; i++) {
        struct carnet_check check;
        if (!names_product(&c->grants[i], ask->product))
            continue;
        struct carnet_state_grant grant = with_every_end(q, &c->grants[i]);
        carnet_check_grant(&grant, &c->surroundings, ask, &check);
        if (out->found && !carnet_check_better(&check, &out->check))
            continue;
        const struct carnet_document *document = grant.reading == NULL ? NULL : carnet_reading_document(grant.reading);
        const struct carnet_judged *judged = grant.reading == NULL ? NULL : carnet_reading_judged(grant.reading);
        out->found = true;
        out->check = check;
        out->license = document == NULL ? NULL : carnet_document_license(document);
        out->entitlement = judged == NULL ? NULL : carnet_judged_entitlement(judged);
        *best = c;
        *name = &c->grants[i].name;
    }
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

/* Judges the licenses that were read, in the surroundings that were read; `whole` when these know all facts. */
static enum carnet_err judge(struct carnet_query *q, const struct carnet_ask *ask, bool whole, int64_t now,
                             const struct carnet_diag *unread, struct carnet_answer *out)
{
    const struct consulted *best = NULL;
    const struct carnet_grant_name *name = NULL;
    memset(out, 0, sizeof(*out));
    out->failure = *unread;
    out->drift = CARNET_NO_DRIFT;
    for (size_t i = 0; i < q->count; i++) {
        if (q->states[i].unread.err != CARNET_OK)
            keep_failure(&out->failure, q->states[i].unread.err, &q->states[i].unread);
        else
            look_in(q, &q->states[i], ask, out, &best, &name);
    }
    if (!out->found) {
        out->err = CARNET_NO_LICENSE;
    } else if (out->check.err != CARNET_OK) {
        out->diag = out->check.steps[out->check.failed];
        out->err = out->check.err;
    } else if (best != NULL && out->license != NULL &&
               carnet_floors_rise(&best->surroundings.floors, out->license->issued, now) &&
               carnet_state_raise(best->state, ask->vendor, out->license->issued, now, &out->floor) == CARNET_OK) {
        out->floor = (struct carnet_diag){0};
    }
    if (best != NULL && whole)
        out->drift = carnet_drift_since(best->state, ask->vendor, name, &out->check, now);
    return out->err;
}

/* ---- the machine, all of it or as much as it takes ---- */

static void read_surroundings(struct carnet_query *q, const struct carnet_ask *ask, int64_t now)
{
    for (size_t i = 0; i < q->count; i++) {
        struct consulted *c = &q->states[i];
        struct carnet_diag diag = {0};
        const enum carnet_err err =
            carnet_surroundings_read(c->state, ask->vendor, &q->machine, now, &c->surroundings, &diag);
        c->unread = (struct carnet_diag){0};
        if (err != CARNET_OK)
            keep_failure(&c->unread, err, &diag);
    }
}

/* The license of a grant that can be judged and is for the product, and its entitlement; NULL for others. */
static const struct carnet_license *judged_license(const struct carnet_state_grant *grant, const char *product,
                                                   const struct carnet_entitlement **entitlement)
{
    const struct carnet_judged *judged = grant->reading == NULL ? NULL : carnet_reading_judged(grant->reading);
    const struct carnet_license *l = judged == NULL ? NULL : carnet_document_license(carnet_judged_document(judged));
    if (l == NULL || strcmp(l->product, product) != 0)
        return NULL;
    *entitlement = carnet_judged_entitlement(judged);
    return l;
}

/* What licenses of the product ask beside the facts. */
struct wants {
    bool any, user, systems;
};
static void add_wants(const struct consulted *c, const char *product, struct wants *wants)
{
    const struct carnet_entitlement *e = NULL;
    for (size_t i = 0; i < c->count; i++) {
        const struct carnet_license *l = judged_license(&c->grants[i], product, &e);
        if (l == NULL)
            continue;
        wants->any = true;
        wants->user = wants->user || l->has_user;
        wants->systems = wants->systems || e->virtual_refused || e->container != CARNET_CONTAINER_ACCEPTED;
    }
}

/* Do the facts that were read so far suffice for one of the licenses? */
static bool suffices(const struct consulted *c, const char *product, const struct wants *wants)
{
    const struct carnet_entitlement *e = NULL;
    struct carnet_match match;
    for (size_t i = 0; i < c->count; i++) {
        const struct carnet_license *l = judged_license(&c->grants[i], product, &e);
        if (l == NULL)
            continue;
        carnet_match(&l->facts, &l->matching, &c->surroundings.facts, &match);
        if (match.matches || carnet_check_pinned(e, wants->systems && c->surroundings.is_container))
            return true;
    }
    return false;
}

/* Reads facts until they are enough for a license, and what else the licenses ask. False where they never are, or
 * something can't be read: then all is read, for the full answer. */
static bool read_enough(struct carnet_query *q, const struct carnet_ask *ask, int64_t now)
{
    uint8_t secrets[STATES_MOST][CARNET_MACHINE_SECRET_SIZE];
    struct wants wants = {0};
    bool enough = false, whole = true;
    for (size_t i = 0; i < q->count && whole; i++) {
        struct consulted *c = &q->states[i];
        add_wants(c, ask->product, &wants);
        c->unread = (struct carnet_diag){0};
        whole = carnet_surroundings_begin(c->state, ask->vendor, now, secrets[i], &c->surroundings, NULL) == CARNET_OK;
    }
    for (unsigned step = 0; whole && wants.any && !enough && step < CARNET_MACHINE_STEPS; step++) {
        carnet_machine_read_step(&q->machine, step);
        if (step == 0 && wants.systems)
            carnet_machine_read_systems(&q->machine);
        for (size_t i = 0; i < q->count && whole; i++) {
            struct consulted *c = &q->states[i];
            whole = carnet_surroundings_machine(ask->vendor, secrets[i], &q->machine, &c->surroundings) == CARNET_OK;
            enough = enough || (whole && suffices(c, ask->product, &wants));
        }
    }
    for (size_t i = 0; i < q->count && whole && enough && wants.user; i++)
        whole = carnet_surroundings_user(ask->vendor, secrets[i], &q->states[i].surroundings, NULL) == CARNET_OK;
    explicit_bzero(secrets, sizeof(secrets));
    return whole && enough;
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
    if (ask->brief && read_enough(q, ask, now) && judge(q, ask, false, now, &unread, out) == CARNET_OK)
        return CARNET_OK;
    out->err = carnet_machine_read(&q->machine, &out->diag);
    if (out->err != CARNET_OK)
        return out->err;
    read_surroundings(q, ask, now);
    if (judge(q, ask, true, now, &unread, out) == CARNET_OK)
        return out->err;
    for (size_t i = 0; i < q->count; i++)
        carnet_inbox_take(q->states[i].state, ask, now, &inbox);
    if (inbox.taken > 0) {
        unread = q->unopened;
        read_grants(q, ask, &unread);
        read_surroundings(q, ask, now);
        (void)judge(q, ask, true, now, &unread, out);
    }
    out->inbox = inbox;
    if (!out->found)
        out->err = answer_none(q, ask, out);
    return out->err;
}
