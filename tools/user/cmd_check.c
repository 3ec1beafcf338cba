/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "user.h"

#define SYSTEM_STATE "/var/lib/carnet"
#define STATES_MOST 2

/* The states that are consulted: the own one, and the machine's unless one was named. */
struct consulted {
    struct carnet_state *states[STATES_MOST];
    size_t count;
};

static enum carnet_err consult(struct cli *cli, struct consulted *out)
{
    struct carnet_state *own = NULL;
    enum carnet_err err = user_state_open(cli, false, &own);
    if (err != CARNET_OK)
        return err;
    out->states[out->count++] = own;
    if (cli_value(cli, "state") != NULL || getenv("CARNET_STATE") != NULL ||
        strcmp(carnet_state_path(own), SYSTEM_STATE) == 0)
        return CARNET_OK;
    err = carnet_state_open(SYSTEM_STATE, false, &out->states[out->count], cli_diag(cli));
    if (err == CARNET_OK)
        out->count++;
    return err;
}

/* The best license of one state for what is asked. */
struct best {
    bool found;
    bool other_vendor; /* a license of another vendor names the product */
    struct carnet_check check;
    struct carnet_license license;
    bool has_license;
    struct carnet_state *state;
};

static void consider(struct best *best, struct carnet_state *state, const struct carnet_state_grant *grant,
                     const struct carnet_check *check)
{
    if (best->found && !carnet_check_better(check, &best->check))
        return;
    const struct carnet_document *document = grant->reading == NULL ? NULL : carnet_reading_document(grant->reading);
    best->found = true;
    best->check = *check;
    best->state = state;
    best->has_license = document != NULL && carnet_document_license(document) != NULL;
    if (best->has_license)
        best->license = *carnet_document_license(document);
}

/* Does the grant's license name the product? A license that can't be read may be the one, so it is taken. */
static bool names_product(const struct carnet_state_grant *grant, const char *product)
{
    const struct carnet_document *document = grant->reading == NULL ? NULL : carnet_reading_document(grant->reading);
    const struct carnet_license *license = document == NULL ? NULL : carnet_document_license(document);
    return license == NULL ? grant->bytes.size > 0 : strcmp(license->product, product) == 0;
}

static enum carnet_err look_in(struct cli *cli, struct carnet_state *state, const struct carnet_machine *machine,
                               const struct carnet_ask *ask, int64_t now, struct best *best)
{
    struct carnet_state_grant *grants = NULL;
    size_t count = 0;
    struct carnet_surroundings surroundings;
    enum carnet_err err = carnet_surroundings_read(state, ask->vendor, machine, now, &surroundings, cli_diag(cli));
    if (err == CARNET_OK)
        err = carnet_state_grants(state, NULL, &grants, &count, cli_diag(cli));
    for (size_t i = 0; err == CARNET_OK && i < count; i++) {
        if (!names_product(&grants[i], ask->product))
            continue;
        if (!carnet_digest_equal(&grants[i].vendor, ask->vendor)) {
            best->other_vendor = true;
            continue;
        }
        struct carnet_check check;
        carnet_check_grant(&grants[i], &surroundings, ask, &check);
        consider(best, state, &grants[i], &check);
    }
    carnet_state_grants_free(grants, count);
    return err;
}

static enum carnet_err say_none(struct cli *cli, const struct best *best, const char *product)
{
    if (best->other_vendor)
        return carnet_fail(cli_diag(cli), CARNET_WRONG_VENDOR, "T-6",
                           "There is a license for '%s' on this machine, but from another vendor than the product's.",
                           product);
    return carnet_fail(cli_diag(cli), CARNET_NO_LICENSE, "Q-1", "There is no license for '%s' on this machine.",
                       product);
}

static void say_best(struct cli *cli, const struct best *best, int64_t now)
{
    char words[96];
    const struct carnet_license *l = &best->license;
    if (best->has_license)
        cli_set(cli, "license", user_license_json(l, &best->check));
    cli_set(cli, "checks", user_checks_json(&best->check));
    if (best->check.has_match && best->has_license)
        cli_set(cli, "match", user_match_json(&best->check.match, &l->matching));
    if (best->check.err != CARNET_OK)
        return;
    user_expiry_words(best->check.expires, now, words, sizeof(words));
    cli_data(cli, "Licensed: %s, seat %u of %s, %s\n", l->product, l->grant.seat, l->grant.license, words);
    char facts[384];
    carnet_match_words(&best->check.match, &l->matching, facts, sizeof(facts));
    cli_data(cli, "Machine: %s\n", facts);
}

enum carnet_err user_check(struct cli *cli)
{
    struct consulted consulted = {.count = 0};
    struct carnet_digest vendor;
    struct carnet_machine machine;
    struct best *best = calloc(1, sizeof(*best));
    int64_t now = carnet_utc_now();
    const char *product = cli_argument(cli, 0);
    struct carnet_ask ask = {
        .vendor = &vendor,
        .product = product,
        .feature = cli_value(cli, "feature"),
        .edition = cli_value(cli, "edition"),
        .version = cli_value(cli, "product-version"),
    };
    enum carnet_err err;

    if (best == NULL)
        return carnet_fail(cli_diag(cli), CARNET_NO_MEMORY, "", "There is not enough memory to check.");
    if (!carnet_text_is_id(product)) {
        err = carnet_fail(cli_diag(cli), CARNET_USAGE, "",
                          "The product id is not one: 1 to 64 letters, digits, dots, underscores "
                          "and hyphens.");
        goto out;
    }
    if (ask.version != NULL && !carnet_text_is_version(ask.version)) {
        err = carnet_fail(cli_diag(cli), CARNET_USAGE, "",
                          "The value of --product-version is not a version such as 12.3.1.");
        goto out;
    }
    err = consult(cli, &consulted);
    if (err == CARNET_OK)
        err = carnet_machine_read(&machine, cli_diag(cli));
    for (size_t i = 0; err == CARNET_OK && i < consulted.count; i++) {
        err = user_vendor(cli, consulted.states[i], product, &vendor);
        if (err == CARNET_OK)
            err = look_in(cli, consulted.states[i], &machine, &ask, now, best);
        else if (err == CARNET_NOT_FOUND)
            err = CARNET_OK; /* no vendor is trusted in that state, so no license counts there */
    }
    if (err != CARNET_OK)
        goto out;
    if (!best->found) {
        err = say_none(cli, best, product);
        goto out;
    }
    say_best(cli, best, now);
    err = best->check.err;
    if (err != CARNET_OK)
        *cli_diag(cli) = best->check.steps[best->check.failed];
    else if (carnet_state_raise(best->state, &best->license.vendor, best->license.issued, now, cli_diag(cli)) !=
             CARNET_OK)
        cli_warn(cli, "The license holds, but the clock's floor could not be kept: %s", cli_diag(cli)->detail);
out:
    for (size_t i = 0; i < consulted.count; i++)
        carnet_state_close(consulted.states[i]);
    free(best);
    return err;
}
