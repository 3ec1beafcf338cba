/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "core/utc.h"
#include "terms.h"

void terms_default(struct carnet_entitlement *e)
{
    e->not_after = CARNET_NEVER;
    e->lease_days = CARNET_NO_LEASE;
    e->activate_within_days = 90;
    e->transfers_per_year = CARNET_NO_CAP;
    e->losses_per_year = CARNET_NO_CAP;
    e->held_after_loss = true;
    e->matching.threshold = CARNET_THRESHOLD_DEFAULT;
    for (unsigned i = 0; i < CARNET_FACT_COUNT; i++)
        e->matching.points[i] = carnet_fact_default_points((enum carnet_fact_name)i);
    e->clock_tolerance_hours = 24;
    e->container = CARNET_CONTAINER_ACCEPTED;
}

static enum carnet_err usage(struct cli *cli, const char *option, const char *takes)
{
    return carnet_fail(cli_diag(cli), CARNET_USAGE, "", "--%s takes %s.", option, takes);
}

static enum carnet_err take_text(struct cli *cli, const char *option, bool is(const char *), bool may_be_empty,
                                 const char *takes, char *out, size_t room)
{
    const char *value = cli_value(cli, option);

    if (!value)
        return CARNET_OK;
    if (!(may_be_empty && !*value) && !is(value))
        return usage(cli, option, takes);
    (void)snprintf(out, room, "%s", value);
    return CARNET_OK;
}

/* One of two words: *out becomes true for the second. */
static enum carnet_err take_word(struct cli *cli, const char *option, const char *no, const char *yes, bool *out)
{
    const char *value = cli_value(cli, option);
    char takes[64];

    if (!value)
        return CARNET_OK;
    if (strcmp(value, no) != 0 && strcmp(value, yes) != 0) {
        (void)snprintf(takes, sizeof takes, "'%s' or '%s'", no, yes);
        return usage(cli, option, takes);
    }
    *out = strcmp(value, yes) == 0;
    return CARNET_OK;
}

/* A number, or the word "none". */
static enum carnet_err take_number(struct cli *cli, const char *option, uint32_t least, uint32_t most, const char *word,
                                   uint32_t word_value, uint32_t *out)
{
    const char *value = cli_value(cli, option);
    uint32_t number = *out;
    enum carnet_err err = CARNET_OK;

    if (value && word && strcmp(value, word) == 0)
        number = word_value;
    else if (value)
        err = cli_number(cli, option, least, most, *out, &number);
    if (!err)
        *out = number;
    return err;
}

static enum carnet_err take_product(struct cli *cli, struct carnet_entitlement *e)
{
    const char *newest = cli_value(cli, "newest-version");
    enum carnet_err err;

    err = take_text(cli, "product", carnet_text_is_id, false, "an id: 1 to 64 letters, digits, '.', '_' or '-'",
                    e->product, sizeof e->product);
    if (!err)
        err =
            take_text(cli, "edition", carnet_text_is_id, true, "an id, or '' for none", e->edition, sizeof e->edition);
    if (!err)
        err = take_text(cli, "licensee", carnet_text_is_text, false, "a name of 1 to 200 printable characters",
                        e->licensee, sizeof e->licensee);
    if (!err)
        err = take_text(cli, "contact", carnet_text_is_text, true, "1 to 200 printable characters, or '' for none",
                        e->contact, sizeof e->contact);
    if (!err && newest && strcmp(newest, "any") == 0)
        e->newest_version[0] = '\0';
    else if (!err)
        err = take_text(cli, "newest-version", carnet_text_is_version, false, "a version such as 4.2, or 'any'",
                        e->newest_version, sizeof e->newest_version);
    if (!err)
        err = take_number(cli, "seats", 1, CARNET_SEATS_MOST, NULL, 0, &e->seats);
    return err;
}

static enum carnet_err take_environment(struct cli *cli, struct carnet_entitlement *e)
{
    static const char *const words[] = {[CARNET_CONTAINER_ACCEPTED] = "accepted",
                                        [CARNET_CONTAINER_REFUSED] = "refused",
                                        [CARNET_CONTAINER_PINNED] = "pinned"};
    const char *value = cli_value(cli, "container");
    bool found = !value;
    enum carnet_err err = take_word(cli, "virtual", "accepted", "refused", &e->virtual_refused);

    for (unsigned i = 0; value && i < sizeof words / sizeof *words; i++) {
        if (strcmp(value, words[i]) == 0) {
            e->container = (enum carnet_container_rule)i;
            found = true;
        }
    }
    return err || found ? err : usage(cli, "container", "'accepted', 'refused' or 'pinned'");
}

static enum carnet_err take_validity(struct cli *cli, struct carnet_entitlement *e)
{
    const char *not_after = cli_value(cli, "not-after");
    bool no_hold = !e->held_after_loss;
    enum carnet_err err = take_word(cli, "offline", "denied", "allowed", &e->offline_allowed);

    if (!err && not_after && carnet_utc_parse_date(not_after, &e->not_after) != CARNET_OK)
        err = usage(cli, "not-after", "a date such as 2027-12-31, or 'never'");
    if (!err)
        err = take_number(cli, "lease-days", 1, 36500, "none", CARNET_NO_LEASE, &e->lease_days);
    if (!err)
        err = take_number(cli, "activate-within", 1, 36500, NULL, 0, &e->activate_within_days);
    if (!err)
        err = take_number(cli, "transfer-cap", 0, CARNET_COUNT_MOST, "none", CARNET_NO_CAP, &e->transfers_per_year);
    if (!err)
        err = take_number(cli, "loss-cap", 0, CARNET_COUNT_MOST, "none", CARNET_NO_CAP, &e->losses_per_year);
    if (!err)
        err = take_word(cli, "hold-after-loss", "lease", "no", &no_hold);
    if (!err)
        err = take_number(cli, "clock-tolerance", 0, 8760, NULL, 0, &e->clock_tolerance_hours);
    e->held_after_loss = !no_hold;
    return err;
}

/* G.N, or none. */
static enum carnet_err take_least_trust(struct cli *cli, struct carnet_entitlement *e)
{
    const char *value = cli_value(cli, "least-trust"), *dot = value ? strchr(value, '.') : NULL;
    uint32_t generation = 0, number = 0;
    char first[16];

    if (!value)
        return CARNET_OK;
    if (strcmp(value, "none") != 0) {
        (void)snprintf(first, sizeof first, "%.*s", dot ? (int)(dot - value) : 0, value);
        if (!dot || dot - value >= (ptrdiff_t)sizeof first ||
            carnet_text_number(first, 0, CARNET_COUNT_MOST, &generation) != CARNET_OK ||
            carnet_text_number(dot + 1, 0, CARNET_COUNT_MOST, &number) != CARNET_OK)
            return usage(cli, "least-trust", "a version of trust information such as 1.3, or 'none'");
    }
    e->has_least_trust = dot != NULL;
    e->least_trust_generation = generation;
    e->least_trust_number = number;
    return CARNET_OK;
}

static enum carnet_err take_matching(struct cli *cli, struct carnet_entitlement *e)
{
    static const char takes[] = "FACT=POINTS, with 0 to 100 points; facts are machine-id, system-uuid, tpm, "
                                "board-serial, disk, adapter, cpu, host, os";
    uint32_t threshold = e->matching.threshold, points, sum = 0;
    enum carnet_err err = take_number(cli, "threshold", 1, 100, NULL, 0, &threshold);

    e->matching.threshold = (uint8_t)threshold;
    for (size_t i = 0; !err && i < cli_values(cli, "weight"); i++) {
        const char *value = cli_value_at(cli, "weight", i), *equals = strchr(value, '=');
        char name[32];
        enum carnet_fact_name fact;
        if (!equals || equals - value >= (ptrdiff_t)sizeof name)
            return usage(cli, "weight", takes);
        (void)snprintf(name, sizeof name, "%.*s", (int)(equals - value), value);
        if (carnet_fact_find(name, &fact) != CARNET_OK || carnet_text_number(equals + 1, 0, 100, &points) != CARNET_OK)
            return usage(cli, "weight", takes);
        e->matching.points[fact] = (uint8_t)points;
    }
    for (unsigned i = 0; i < CARNET_FACT_COUNT; i++)
        sum += e->matching.points[i];
    if (!err && sum == 0)
        err = carnet_fail(cli_diag(cli), CARNET_USAGE, "E-1", "At least one fact needs a weight above 0.");
    return err;
}

static uint32_t feature_at(const struct carnet_features *features, const char *name)
{
    uint32_t i = 0;

    while (i < features->count && strcmp(features->list[i].name, name) != 0)
        i++;
    return i;
}

static enum carnet_err refuse_drop(struct cli *cli, const struct carnet_features *features, const char *name)
{
    char shown[100], names[300] = "";

    for (uint32_t i = 0; i < features->count && strlen(names) < sizeof names / 2; i++) {
        const size_t used = strlen(names);
        (void)snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", features->list[i].name);
    }
    (void)carnet_text_escape(name, strlen(name), shown, sizeof shown);
    (void)carnet_fail(cli_diag(cli), CARNET_NOT_FOUND, "", "The license has no feature %s to drop.", shown);
    if (features->count == 0)
        (void)carnet_fail_next(cli_diag(cli), "Leave --drop-feature out: the license has no features.");
    else
        (void)carnet_fail_next(cli_diag(cli), "Drop one that it has: %s.", names);
    return CARNET_NOT_FOUND;
}

static enum carnet_err take_features(struct cli *cli, struct carnet_features *features)
{
    for (size_t i = 0; i < cli_values(cli, "drop-feature"); i++) {
        const char *name = cli_value_at(cli, "drop-feature", i);
        const uint32_t at = feature_at(features, name);
        if (at == features->count)
            return refuse_drop(cli, features, name);
        features->count--;
        memmove(&features->list[at], &features->list[at + 1], (features->count - at) * sizeof *features->list);
    }
    for (size_t i = 0; i < cli_values(cli, "feature"); i++) {
        const char *value = cli_value_at(cli, "feature", i), *equals = strchr(value, '=');
        const size_t length = equals ? (size_t)(equals - value) : strlen(value);
        struct carnet_feature feature = {0};
        uint32_t at;
        if (length < sizeof feature.name)
            memcpy(feature.name, value, length);
        if (equals && strlen(equals + 1) < sizeof feature.value)
            (void)snprintf(feature.value, sizeof feature.value, "%s", equals + 1);
        if (!carnet_text_is_id(feature.name) || (equals && !carnet_text_is_feature_value(feature.value)))
            return usage(cli, "feature", "NAME or NAME=VALUE, each 1 to 64 letters, digits or '.', '_', '-'");
        at = feature_at(features, feature.name);
        if (at == CARNET_FEATURES_MOST)
            return carnet_fail(cli_diag(cli), CARNET_USAGE, "", "A license has at most %u features.",
                               CARNET_FEATURES_MOST);
        features->list[at] = feature;
        if (at == features->count)
            features->count++;
    }
    return CARNET_OK;
}

enum carnet_err terms_apply(struct cli *cli, struct carnet_entitlement *e)
{
    enum carnet_err err = take_product(cli, e);

    if (!err)
        err = take_environment(cli, e);
    if (!err)
        err = take_validity(cli, e);
    if (!err)
        err = take_least_trust(cli, e);
    if (!err)
        err = take_matching(cli, e);
    return err ? err : take_features(cli, &e->features);
}
