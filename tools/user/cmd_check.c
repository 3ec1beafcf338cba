/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "state/query.h"
#include "user.h"

static void say(struct cli *cli, const struct carnet_answer *answer, int64_t now)
{
    char words[96], facts[384];
    const struct carnet_license *l = answer->license;
    *cli_diag(cli) = answer->diag;
    if (!answer->found)
        return;
    if (answer->failure.err != CARNET_OK)
        cli_warn(cli, "Not all of this machine's licenses could be looked at: %s", answer->failure.detail);
    if (l != NULL)
        cli_set(cli, "license", user_license_json(l, &answer->check));
    cli_set(cli, "checks", user_checks_json(&answer->check));
    if (answer->check.has_match && l != NULL)
        cli_set(cli, "match", user_match_json(&answer->check.match, &l->matching));
    if (answer->err != CARNET_OK || l == NULL)
        return;
    user_expiry_words(answer->check.expires, now, words, sizeof(words));
    cli_data(cli, "Licensed: %s, seat %u of %s, %s\n", l->product, l->grant.seat, l->grant.license, words);
    carnet_match_words(&answer->check.match, &l->matching, facts, sizeof(facts));
    cli_data(cli, "Machine: %s\n", facts);
    if (answer->floor.err != CARNET_OK)
        cli_warn(cli, "The license holds, but the clock's floor could not be kept: %s", answer->floor.detail);
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
    struct carnet_query *query = NULL;
    struct carnet_answer *answer = malloc(sizeof(*answer));
    struct carnet_digest vendor;
    int64_t now = carnet_utc_now();
    struct carnet_ask ask = {
        .vendor = &vendor,
        .product = cli_argument(cli, 0),
        .feature = cli_value(cli, "feature"),
        .edition = cli_value(cli, "edition"),
        .version = cli_value(cli, "product-version"),
    };
    enum carnet_err err = answer == NULL
                              ? carnet_fail(cli_diag(cli), CARNET_NO_MEMORY, "", "There is not enough memory to check.")
                              : check_words(cli, &ask);
    if (err == CARNET_OK)
        err = carnet_query_open(cli_value(cli, "state"), &query, cli_diag(cli));
    if (err == CARNET_OK)
        err = user_vendor(cli, carnet_query_anchors(query), false, ask.product, &vendor);
    if (err == CARNET_NOT_FOUND) {
        ask.vendor = NULL; /* no vendor is trusted, so no license counts */
        err = CARNET_OK;
    }
    if (err == CARNET_OK) {
        err = carnet_query_ask(query, &ask, now, answer);
        say(cli, answer, now);
    }
    carnet_query_free(query);
    free(answer);
    return err;
}
