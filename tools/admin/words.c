/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "words.h"

#define ROWS_MOST (24 + CARNET_FEATURES_MOST + CARNET_FACT_COUNT)

struct row {
    char name[CARNET_ID_TEXT_SIZE + 16];
    char value[CARNET_TEXT_SIZE];
};
struct rows {
    size_t count;
    struct row list[ROWS_MOST];
};

static void add_text(struct rows *rows, const char *name, const char *value)
{
    struct row *row;

    if (!*value)
        return;
    row = &rows->list[rows->count++];
    (void)snprintf(row->name, sizeof row->name, "%s", name);
    (void)snprintf(row->value, sizeof row->value, "%s", value);
}

/* `absent` is the value that is said with `word` in place of the number. */
static void add_number(struct rows *rows, const char *name, uint32_t value, uint32_t absent, const char *word)
{
    char text[16];

    (void)snprintf(text, sizeof text, "%lu", (unsigned long)value);
    add_text(rows, name, word && value == absent ? word : text);
}

static void add_terms(const struct carnet_entitlement *e, struct rows *rows)
{
    static const char *const containers[] = {[CARNET_CONTAINER_ACCEPTED] = "accepted",
                                             [CARNET_CONTAINER_REFUSED] = "refused",
                                             [CARNET_CONTAINER_PINNED] = "pinned"};
    char text[48];

    add_number(rows, "lease-days", e->lease_days, CARNET_NO_LEASE, "none");
    add_number(rows, "activate-within-days", e->activate_within_days, 0, NULL);
    add_number(rows, "transfers-per-year", e->transfers_per_year, CARNET_NO_CAP, "none");
    add_number(rows, "losses-per-year", e->losses_per_year, CARNET_NO_CAP, "none");
    add_text(rows, "held-after-loss", e->held_after_loss ? "lease" : "no");
    add_number(rows, "threshold", e->matching.threshold, 0, NULL);
    for (unsigned i = 0; i < CARNET_FACT_COUNT; i++) {
        char name[48];
        (void)snprintf(name, sizeof name, "weight %s", carnet_fact_name((enum carnet_fact_name)i));
        if (e->matching.points[i])
            add_number(rows, name, e->matching.points[i], 0, NULL);
    }
    add_number(rows, "clock-tolerance-hours", e->clock_tolerance_hours, UINT32_MAX, NULL);
    add_text(rows, "virtual", e->virtual_refused ? "refused" : "accepted");
    add_text(rows, "container", containers[e->container]);
    if (e->has_least_trust) {
        (void)snprintf(text, sizeof text, "%lu.%lu", (unsigned long)e->least_trust_generation,
                       (unsigned long)e->least_trust_number);
        add_text(rows, "least-trust", text);
    }
}

static void flatten(const struct carnet_entitlement *e, struct rows *rows)
{
    char text[CARNET_HEX_SIZE], time[CARNET_UTC_SIZE];

    rows->count = 0;
    add_text(rows, "vendor", e->vendor_name);
    add_text(rows, "contact", e->contact);
    add_text(rows, "product", e->product);
    add_text(rows, "edition", e->edition);
    add_text(rows, "newest-version", *e->newest_version ? e->newest_version : "any");
    add_text(rows, "licensee", e->licensee);
    add_number(rows, "seats", e->seats, 0, NULL);
    add_text(rows, "offline", e->offline_allowed ? "allowed" : "denied");
    for (uint32_t i = 0; i < e->features.count; i++) {
        char name[CARNET_ID_TEXT_SIZE + 16];
        (void)snprintf(name, sizeof name, "feature %s", e->features.list[i].name);
        add_text(rows, name, *e->features.list[i].value ? e->features.list[i].value : "yes");
    }
    carnet_utc_format(e->not_after, time);
    add_text(rows, "not-after", time);
    add_terms(e, rows);
    carnet_digest_hex(&e->issuer, text);
    add_text(rows, "issuer", text);
}

static const char *value_of(const struct rows *rows, const char *name)
{
    for (size_t i = 0; rows && i < rows->count; i++) {
        if (strcmp(rows->list[i].name, name) == 0)
            return rows->list[i].value;
    }
    return NULL;
}

static void say(struct cli *cli, bool data, const char *line)
{
    if (data)
        cli_data(cli, "%s", line);
    else
        cli_note(cli, "%s", line);
}

/* `whole`: there is nothing before, and every member is told, not what changed. */
static void tell(struct cli *cli, bool data, json_t *changes, const char *name, const char *from, const char *to,
                 bool whole)
{
    const char *arrow = cli_utf8() ? "\xe2\x86\x92" : "->";
    char line[2 * CARNET_TEXT_SIZE + 160];

    if (whole)
        (void)snprintf(line, sizeof line, "  %-22s %s\n", name, to);
    else
        (void)snprintf(line, sizeof line, "  %-22s %s %s %s\n", name, from ? from : "(none)", arrow,
                       to ? to : "(none)");
    say(cli, data, line);
    (void)json_array_append_new(changes, json_pack("{s:s, s:s?, s:s?}", "member", name, "from", from, "to", to));
}

void words_heading(const struct carnet_entitlement *before, const struct carnet_entitlement *now, uint32_t revision,
                   char out[WORDS_HEADING_SIZE])
{
    if (before)
        (void)snprintf(out, WORDS_HEADING_SIZE, "License %s, revision %lu; against revision %lu:\n", now->license,
                       (unsigned long)revision, (unsigned long)before->revision);
    else
        (void)snprintf(out, WORDS_HEADING_SIZE, "License %s, revision %lu, new here:\n", now->license,
                       (unsigned long)revision);
}

void words_warn_over(struct cli *cli, const char *license, int64_t not_after)
{
    char day[WORDS_DAY_SIZE];

    if (carnet_utc_now() <= not_after)
        return;
    words_day(not_after, day);
    cli_warn(cli, "the license %s is over: its last day was %s, and no machine runs with it.", license, day);
}

enum carnet_err words_difference(struct cli *cli, const char *heading, const struct carnet_entitlement *before,
                                 const struct carnet_entitlement *now, bool data, size_t *count)
{
    struct rows *old = before ? malloc(sizeof *old) : NULL;
    struct rows *new = malloc(sizeof *new);
    json_t *changes = json_array();
    size_t n = 0;
    enum carnet_err err = CARNET_NO_MEMORY;

    if ((before && !old) || !new || !changes)
        goto out;
    if (before)
        flatten(before, old);
    flatten(now, new);
    for (size_t i = 0; i < new->count; i++) {
        const char *from = value_of(old, new->list[i].name);
        if (from && strcmp(from, new->list[i].value) == 0)
            continue;
        if (n == 0)
            say(cli, data, heading);
        tell(cli, data, changes, new->list[i].name, from, new->list[i].value, !before);
        n++;
    }
    for (size_t i = 0; old && i < old->count; i++) {
        if (value_of(new, old->list[i].name))
            continue;
        if (n == 0)
            say(cli, data, heading);
        tell(cli, data, changes, old->list[i].name, old->list[i].value, NULL, false);
        n++;
    }
    cli_set(cli, "changes", json_incref(changes));
    *count = n;
    err = CARNET_OK;
out:
    json_decref(changes);
    free(old);
    free(new);
    return err;
}

void words_day(int64_t time, char out[WORDS_DAY_SIZE])
{
    carnet_utc_format(time, out);
    if (time != CARNET_NEVER)
        out[10] = '\0';
}
