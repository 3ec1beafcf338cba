/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state/query.h"
#include "user.h"

/* How many days before its end a license is warned of. */
#define WARN_DAYS 30
/* And how many per cent of matching points above the threshold. */
#define DRIFT_MARGIN 15

/* The codes that monitoring plugins end with. */
enum monitoring { MONITORING_OK, MONITORING_WARNING, MONITORING_CRITICAL, MONITORING_UNKNOWN };

static void say_inbox(struct cli *cli, const struct carnet_inbox *inbox)
{
    if (inbox->taken > 0)
        cli_note(cli, "Activated from the inbox: %u.\n", inbox->taken);
    if (inbox->left > 0)
        cli_warn(cli, "The file %s in the inbox was not taken: %s", inbox->name, inbox->diag.detail);
}

/* Does the license end within so many days? Not one that has ended. */
static bool ends_soon(const struct carnet_answer *answer, int64_t now, uint32_t days)
{
    int64_t end = answer->check.expires;
    return end != CARNET_NEVER && end >= now && end - now < (int64_t)days * CARNET_DAY;
}

/* Little more may change until this is another machine: time to renew, which binds the license to it as it is now. */
static bool drifts_soon(const struct carnet_answer *answer)
{
    const struct carnet_match *match = &answer->check.match;
    return !answer->check.pinned && match->percent < 100 && match->percent < match->threshold + DRIFT_MARGIN;
}

/* Could it not be found out, in contrast to a no? */
static bool is_unknown(enum carnet_err err)
{
    return carnet_outcome_exit(err) >= 40 && err != CARNET_STATE_DAMAGED;
}

/* One line: state, words, and figures as 'name=value;warn;critical'. */
static void say_monitoring(struct cli *cli, const struct carnet_answer *answer, enum carnet_err err, int64_t now,
                           uint32_t days)
{
    static const char *const names[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
    const struct carnet_license *l = answer == NULL ? NULL : answer->license;
    enum monitoring state = err == CARNET_OK  ? MONITORING_OK
                            : is_unknown(err) ? MONITORING_UNKNOWN
                                              : MONITORING_CRITICAL;
    char words[640], left[64] = "";
    if (err != CARNET_OK || l == NULL) {
        snprintf(words, sizeof(words), "%s: %s", carnet_outcome_name(err), cli_diag(cli)->detail);
    } else {
        char end[96], changed[96] = "", time[CARNET_UTC_SIZE];
        bool drifts = drifts_soon(answer);
        user_expiry_words(answer->check.expires, now, end, sizeof(end));
        if (drifts || ends_soon(answer, now, days))
            state = MONITORING_WARNING;
        if (answer->drift != CARNET_NO_DRIFT) {
            carnet_utc_format(answer->drift, time);
            snprintf(changed, sizeof(changed), ", the machine has changed%s since %s", drifts ? " nearly too much" : "",
                     time);
        }
        snprintf(words, sizeof(words), "%s, seat %u of %s, %s%s", l->product, l->grant.seat, l->grant.license, end,
                 changed);
    }
    for (char *c = words; *c != '\0'; c++)
        if (*c == '|')
            *c = '/'; /* it parts the words from the figures */
    if (l != NULL && answer->check.expires != CARNET_NEVER)
        snprintf(left, sizeof(left), " days=%ld;%u:;0:", user_days_left(answer->check.expires, now), days);
    cli_data(cli, "CARNET %s - %s", names[state], words);
    if (l != NULL && answer->check.has_match)
        cli_data(cli, " |%s match=%u%%;%u:;%u:;0;100", left, answer->check.match.percent,
                 answer->check.match.threshold + DRIFT_MARGIN, answer->check.match.threshold);
    cli_data(cli, "\n");
    cli_exit(cli, (int)state);
}

static void set_members(struct cli *cli, const struct carnet_answer *answer)
{
    const struct carnet_license *l = answer->license;
    if (l != NULL)
        cli_set(cli, "license", user_license_json(l, &answer->check));
    cli_set(cli, "checks", user_checks_json(&answer->check));
    if (answer->check.has_match && l != NULL)
        cli_set(cli, "match", user_match_json(&answer->check, &l->matching, answer->drift));
}

static void say(struct cli *cli, const struct carnet_answer *answer, int64_t now, uint32_t days)
{
    char words[96], facts[384];
    const struct carnet_license *l = answer->license;
    say_inbox(cli, &answer->inbox);
    if (!answer->found)
        return;
    if (answer->failure.err != CARNET_OK)
        cli_warn(cli, "Not all of this machine's licenses could be looked at: %s", answer->failure.detail);
    if (cli_json(cli))
        set_members(cli, answer);
    if (l != NULL && answer->check.has_match &&
        (answer->err == CARNET_WRONG_MACHINE || (answer->err != CARNET_OK && cli_flag(cli, "explain"))))
        user_match_say(cli, cli_flag(cli, "explain") ? cli_data : cli_note, "", &answer->check, &l->matching,
                       answer->drift);
    if (answer->err != CARNET_OK || l == NULL)
        return;
    user_expiry_words(answer->check.expires, now, words, sizeof(words));
    cli_data(cli, "Licensed: %s, seat %u of %s, %s\n", l->product, l->grant.seat, l->grant.license, words);
    if (cli_flag(cli, "explain")) {
        user_match_say(cli, cli_data, "  ", &answer->check, &l->matching, answer->drift);
    } else {
        carnet_match_words(&answer->check.match, &l->matching, facts, sizeof(facts));
        cli_data(cli, "Machine: %s\n", facts);
    }
    if (ends_soon(answer, now, days))
        cli_warn(cli, "The license ends in %ld days: ask your administrator to renew it.",
                 user_days_left(answer->check.expires, now));
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
    if (cli_flag(cli, "monitoring") && (cli_json(cli) || cli_quiet(cli)))
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "",
                           "--monitoring prints one line; it goes neither with --json nor with --quiet.");
    return CARNET_OK;
}

enum carnet_err user_check(struct cli *cli)
{
    struct carnet_query *query = NULL;
    struct carnet_answer *answer = malloc(sizeof(*answer));
    struct carnet_digest vendor;
    uint32_t days = WARN_DAYS;
    bool asked = false, monitoring = cli_flag(cli, "monitoring");
    int64_t now = carnet_utc_now();
    struct carnet_ask ask = {
        .vendor = &vendor,
        .product = cli_argument(cli, 0),
        .feature = cli_value(cli, "feature"),
        .edition = cli_value(cli, "edition"),
        .version = cli_value(cli, "product-version"),
        .brief = cli_quiet(cli) && !cli_json(cli),
    };
    enum carnet_err err = answer == NULL
                              ? carnet_fail(cli_diag(cli), CARNET_NO_MEMORY, "", "There is not enough memory to check.")
                              : check_words(cli, &ask);
    if (err == CARNET_OK)
        err = cli_number(cli, "warn", 0, CARNET_DAYS_MOST, WARN_DAYS, &days);
    if (err != CARNET_OK)
        monitoring = false; /* a call that is wrong is told as such */
    if (err == CARNET_OK)
        err = carnet_query_open(cli_value(cli, "state"), &query, cli_diag(cli));
    if (err == CARNET_OK)
        err = user_vendor(cli, carnet_query_anchors(query), false, ask.product, &vendor);
    if (err == CARNET_NOT_FOUND) {
        ask.vendor = NULL; /* no vendor is trusted, so no license counts */
        err = CARNET_OK;
    }
    if (err == CARNET_OK) {
        asked = true;
        err = carnet_query_ask(query, &ask, now, answer);
        *cli_diag(cli) = answer->diag;
        if (!monitoring)
            say(cli, answer, now, days);
    }
    if (monitoring)
        say_monitoring(cli, asked ? answer : NULL, err, now, days);
    carnet_query_free(query);
    free(answer);
    return err;
}
