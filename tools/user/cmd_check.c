/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "user.h"

#define SYSTEM_STATE "/var/lib/carnet"
#define STATES_MOST 2

/* One state that is consulted, and the grants in it. */
struct consulted {
    struct carnet_state *state;
    struct carnet_state_grant *grants;
    size_t count;
};

/* The question, the states it is put to, and the best answer. */
struct question {
    struct carnet_ask ask;
    struct carnet_digest vendor;
    struct carnet_machine machine;
    int64_t now;
    struct consulted states[STATES_MOST];
    size_t state_count;
    const struct carnet_state *system; /* the machine's state, when it is among them */
    enum carnet_err failed;            /* why a state could not be consulted */
    struct carnet_diag failure;
    bool found;
    bool other_vendor; /* a license of another vendor names the product */
    struct carnet_check check;
    const struct carnet_license *license;
    struct carnet_state *best; /* the state that it is in */
};

/* A state that can't be consulted does not keep another one from saying yes. */
static void keep_failure(struct question *q, struct cli *cli, enum carnet_err err)
{
    if (q->failed == CARNET_OK) {
        q->failed = err;
        q->failure = *cli_diag(cli);
    }
}

static void consult(struct cli *cli, struct question *q, const char *path)
{
    struct consulted *c = &q->states[q->state_count];
    enum carnet_err err = path == NULL ? user_state_open(cli, false, &c->state)
                                       : carnet_state_open(path, false, &c->state, cli_diag(cli));
    if (err != CARNET_OK) {
        keep_failure(q, cli, err);
        return;
    }
    err = carnet_state_grants(c->state, NULL, &c->grants, &c->count, cli_diag(cli));
    if (err != CARNET_OK) {
        keep_failure(q, cli, err);
        carnet_state_close(c->state);
        *c = (struct consulted){0};
        return;
    }
    if (strcmp(carnet_state_path(c->state), SYSTEM_STATE) == 0)
        q->system = c->state;
    q->state_count++;
}

/* The own state, and the machine's unless one was named. */
static void consult_all(struct cli *cli, struct question *q)
{
    const char *named = cli_value(cli, "state");
    if (named == NULL)
        named = secure_getenv("CARNET_STATE");
    consult(cli, q, NULL);
    if ((named == NULL || named[0] == '\0') && q->system == NULL)
        consult(cli, q, SYSTEM_STATE);
}

/* The vendors that count: those of the machine's state where it trusts any, so that nobody's own state widens them. */
static const struct carnet_anchors *deciding_anchors(const struct question *q)
{
    static const struct carnet_anchors nobody;
    if (q->system != NULL && carnet_state_anchors(q->system)->count > 0)
        return carnet_state_anchors(q->system);
    return q->state_count > 0 ? carnet_state_anchors(q->states[0].state) : &nobody;
}

/* Does the grant's license name the product? A license that can't be read may be the one, so it is taken. */
static bool names_product(const struct carnet_state_grant *grant, const char *product)
{
    const struct carnet_document *document = grant->reading == NULL ? NULL : carnet_reading_document(grant->reading);
    const struct carnet_license *license = document == NULL ? NULL : carnet_document_license(document);
    return license == NULL ? grant->bytes.size > 0 : strcmp(license->product, product) == 0;
}

/* A grant that ended in one of the states has ended in all of them: a copy of a state revives nothing. */
static struct carnet_state_grant with_every_end(const struct question *q, const struct carnet_state_grant *grant)
{
    struct carnet_state_grant whole = *grant;
    for (size_t i = 0; i < q->state_count; i++) {
        for (size_t k = 0; k < q->states[i].count; k++) {
            const struct carnet_state_grant *other = &q->states[i].grants[k];
            if (!carnet_digest_equal(&other->vendor, &grant->vendor) ||
                strcmp(other->name.license, grant->name.license) != 0 ||
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

static enum carnet_err look_in(struct cli *cli, struct question *q, struct consulted *c)
{
    struct carnet_surroundings surroundings;
    enum carnet_err err =
        carnet_surroundings_read(c->state, &q->vendor, &q->machine, q->now, &surroundings, cli_diag(cli));
    for (size_t i = 0; err == CARNET_OK && i < c->count; i++) {
        struct carnet_check check;
        if (!names_product(&c->grants[i], q->ask.product))
            continue;
        if (!carnet_digest_equal(&c->grants[i].vendor, &q->vendor)) {
            q->other_vendor = true;
            continue;
        }
        struct carnet_state_grant grant = with_every_end(q, &c->grants[i]);
        carnet_check_grant(&grant, &surroundings, &q->ask, &check);
        if (q->found && !carnet_check_better(&check, &q->check))
            continue;
        const struct carnet_document *document = grant.reading == NULL ? NULL : carnet_reading_document(grant.reading);
        q->found = true;
        q->check = check;
        q->license = document == NULL ? NULL : carnet_document_license(document);
        q->best = c->state;
    }
    return err;
}

static enum carnet_err say_none(struct cli *cli, const struct question *q)
{
    if (q->failed != CARNET_OK) {
        *cli_diag(cli) = q->failure;
        return q->failed;
    }
    if (q->other_vendor)
        return carnet_fail(cli_diag(cli), CARNET_WRONG_VENDOR, "T-6",
                           "There is a license for '%s' on this machine, but from another vendor than the product's.",
                           q->ask.product);
    return carnet_fail(cli_diag(cli), CARNET_NO_LICENSE, "Q-1", "There is no license for '%s' on this machine.",
                       q->ask.product);
}

static enum carnet_err say_best(struct cli *cli, const struct question *q)
{
    char words[96], facts[384];
    const struct carnet_license *l = q->license;
    if (q->failed != CARNET_OK)
        cli_warn(cli, "Not all of this machine's licenses could be looked at: %s", q->failure.detail);
    if (l != NULL)
        cli_set(cli, "license", user_license_json(l, &q->check));
    cli_set(cli, "checks", user_checks_json(&q->check));
    if (q->check.has_match && l != NULL)
        cli_set(cli, "match", user_match_json(&q->check.match, &l->matching));
    if (q->check.err != CARNET_OK || l == NULL) {
        *cli_diag(cli) = q->check.steps[q->check.failed];
        return q->check.err;
    }
    user_expiry_words(q->check.expires, q->now, words, sizeof(words));
    cli_data(cli, "Licensed: %s, seat %u of %s, %s\n", l->product, l->grant.seat, l->grant.license, words);
    carnet_match_words(&q->check.match, &l->matching, facts, sizeof(facts));
    cli_data(cli, "Machine: %s\n", facts);
    if (carnet_state_raise(q->best, &q->vendor, l->issued, q->now, cli_diag(cli)) != CARNET_OK)
        cli_warn(cli, "The license holds, but the clock's floor could not be kept: %s", cli_diag(cli)->detail);
    return CARNET_OK;
}

static enum carnet_err check_words(struct cli *cli, const struct carnet_ask *ask)
{
    if (!carnet_text_is_id(ask->product))
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "",
                           "The product id is not one: 1 to 64 letters, digits, dots, underscores and hyphens.");
    if (ask->version != NULL && !carnet_text_is_version(ask->version))
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "",
                           "The value of --product-version is not a version such as 12.3.1.");
    return CARNET_OK;
}

enum carnet_err user_check(struct cli *cli)
{
    struct question *q = calloc(1, sizeof(*q));
    if (q == NULL)
        return carnet_fail(cli_diag(cli), CARNET_NO_MEMORY, "", "There is not enough memory to check.");
    q->now = carnet_utc_now();
    q->ask = (struct carnet_ask){
        .vendor = &q->vendor,
        .product = cli_argument(cli, 0),
        .feature = cli_value(cli, "feature"),
        .edition = cli_value(cli, "edition"),
        .version = cli_value(cli, "product-version"),
    };
    enum carnet_err err = check_words(cli, &q->ask);
    if (err != CARNET_OK)
        goto out;
    consult_all(cli, q);
    err = user_vendor(cli, deciding_anchors(q), false, q->ask.product, &q->vendor);
    if (err == CARNET_NOT_FOUND) {
        err = say_none(cli, q); /* no vendor is trusted, so no license counts */
        goto out;
    }
    if (err == CARNET_OK)
        err = carnet_machine_read(&q->machine, cli_diag(cli));
    if (err != CARNET_OK)
        goto out;
    for (size_t i = 0; i < q->state_count; i++) {
        enum carnet_err looked = look_in(cli, q, &q->states[i]);
        if (looked != CARNET_OK)
            keep_failure(q, cli, looked);
    }
    err = q->found ? say_best(cli, q) : say_none(cli, q);
out:
    for (size_t i = 0; i < q->state_count; i++) {
        carnet_state_grants_free(q->states[i].grants, q->states[i].count);
        carnet_state_close(q->states[i].state);
    }
    free(q);
    return err;
}
