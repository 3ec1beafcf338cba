/* SPDX-License-Identifier: MIT */
/* license due: which machines have to be visited, and by when: their licenses run out. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "common/columns.h"
#include "core/file.h"
#include "home.h"
#include "ics.h"
#include "words.h"

#define WITHIN_DEFAULT 60u

const struct cli_option admin_due_options[] = {
    {"within", 0, "DAYS", false, "how far to look ahead, such as 60d (the default) or 8w"},
    {"ics", 0, "FILE", false, "write a calendar as well (iCalendar); '-' for standard output"},
    {"force", 0, NULL, false, "overwrite the calendar that is there"},
    ADMIN_VENDOR_OPTION,
    {NULL, 0, NULL, false, NULL}};

/* What is due, and the licenses that it is of. */
struct agenda {
    int64_t now;
    struct ledger_license *licenses;
    size_t license_count;
    struct ledger_grant *grants;
    size_t grant_count;
    struct carnet_buffer calendar;
    json_t *list;
    size_t shown;
};

/* "60", "60d" or "8w". */
static enum carnet_err read_within(struct cli *cli, uint32_t *days)
{
    const char *value = cli_value(cli, "within");
    const size_t length = value ? strlen(value) : 0;
    uint32_t number = WITHIN_DEFAULT, unit = 1;
    char digits[16];

    if (value) {
        unit = length > 1 && value[length - 1] == 'w' ? 7 : 1;
        (void)snprintf(digits, sizeof digits, "%.*s",
                       (int)(length - (length > 1 && strchr("dw", value[length - 1]) ? 1 : 0)), value);
        if (length >= sizeof digits || carnet_text_number(digits, 0, CARNET_DAYS_MOST / 7, &number) != CARNET_OK)
            return carnet_fail(cli_diag(cli), CARNET_USAGE, "",
                               "--within takes a number of days or weeks, up to %u, such as 60d or 8w.",
                               CARNET_DAYS_MOST / 7);
    }
    *days = number * unit;
    return CARNET_OK;
}

static const struct ledger_license *license_of(const struct agenda *a, const struct ledger_grant *g)
{
    for (size_t i = 0; i < a->license_count; i++) {
        if (a->licenses[i].number == g->license)
            return &a->licenses[i];
    }
    return NULL;
}

/* When the license itself ends then, only the vendor can make it longer. */
static bool needs_vendor(const struct ledger_license *license, const struct ledger_grant *g)
{
    return g->lease_until >= license->not_after;
}

static void machine_of(const struct ledger_grant *g, char *out, size_t room)
{
    char key[CARNET_HEX_SIZE];

    carnet_digest_hex(&g->machine_key, key);
    (void)snprintf(out, room, "%.*s", *g->label ? CARNET_TEXT_SIZE - 1 : 16, *g->label ? g->label : key);
}

static enum carnet_err add_to_calendar(struct agenda *a, const struct ledger_license *license,
                                       const struct ledger_grant *g)
{
    char uid[CARNET_HEX_SIZE + CARNET_ID_TEXT_SIZE + 24], fingerprint[CARNET_HEX_SIZE], machine[CARNET_TEXT_SIZE];
    char summary[CARNET_TEXT_SIZE + 320], description[CARNET_TEXT_SIZE + 640];
    const struct ics_event event = {.uid = uid, .day = g->lease_until, .summary = summary, .description = description};

    machine_of(g, machine, sizeof machine);
    carnet_digest_hex(&g->fingerprint, fingerprint);
    (void)snprintf(uid, sizeof uid, "%s-%s@carnet.invalid", fingerprint, license->id);
    (void)snprintf(summary, sizeof summary, "%s: license of %s ends (%s, seat %lu)", machine, license->product,
                   license->id, (unsigned long)g->seat);
    (void)snprintf(
        description, sizeof description,
        "License %s for %s, seat %lu, serial %lu.\n%s'carnet-admin renew %s %lu' makes the next one; take it "
        "to the machine and activate it.",
        license->id, license->licensee, (unsigned long)g->seat, (unsigned long)g->serial,
        needs_vendor(license, g) ? "First ask the vendor for a revision that lasts longer, and import it. " : "",
        license->id, (unsigned long)g->seat);
    return ics_add(&a->calendar, &event, a->now);
}

static void say(struct cli *cli, struct agenda *a, const struct ledger_license *license, const struct ledger_grant *g)
{
    const bool over = g->lease_until < a->now;
    const int64_t days = over ? (a->now - g->lease_until) / CARNET_DAY : (g->lease_until - a->now) / CARNET_DAY;
    char machine[CARNET_TEXT_SIZE], day[WORDS_DAY_SIZE], key[CARNET_HEX_SIZE], vendor[CARNET_HEX_SIZE],
        until[CARNET_UTC_SIZE];

    machine_of(g, machine, sizeof machine);
    words_day(g->lease_until, day);
    carnet_digest_hex(&g->machine_key, key);
    carnet_digest_hex(&license->vendor, vendor);
    carnet_utc_format(g->lease_until, until);
    cli_data(cli, "%s%s%s  %-*s  %-20s  seat %-6lu  %s, %lld day%s %s%s\n", cli_style(cli, over ? "bad" : "bold"), day,
             cli_style(cli, "off"), cli_width(machine, 24), machine, license->id, (unsigned long)g->seat,
             license->product, (long long)days, days == 1 ? "" : "s", over ? "ago" : "left",
             needs_vendor(license, g) ? "; the vendor has to make the license longer first" : "");
    (void)json_array_append_new(
        a->list, json_pack("{s:s, s:I, s:s, s:b, s:b, s:s, s:s, s:s, s:s, s:s?, s:s, s:I}", "due", until, "days_left",
                           (json_int_t)(over ? 0 : days), "reason", needs_vendor(license, g) ? "not-after" : "lease",
                           "over", (int)over, "renewable", (int)!needs_vendor(license, g), "license", license->id,
                           "vendor", vendor, "product", license->product, "licensee", license->licensee, "label",
                           *g->label ? g->label : NULL, "machine", key, "seat", (json_int_t)g->seat));
    a->shown++;
}

static enum carnet_err write_calendar(struct cli *cli, const struct agenda *a)
{
    const char *file = cli_value(cli, "ics");
    enum carnet_err err;

    if (strcmp(file, "-") == 0) {
        cli_data(cli, "%s", (const char *)a->calendar.bytes);
        return CARNET_OK;
    }
    if (cli_dry_run(cli))
        return CARNET_OK;
    err = cli_flag(cli, "force")
              ? carnet_file_replace(AT_FDCWD, file, 0644, a->calendar.bytes, a->calendar.size, cli_diag(cli))
              : carnet_file_create(AT_FDCWD, file, 0644, a->calendar.bytes, a->calendar.size, cli_diag(cli));
    if (err) {
        cli_place(cli, file);
        return err;
    }
    cli_note(cli, "The calendar is %s.\n", file);
    cli_set(cli, "ics", cli_json_text(file));
    return CARNET_OK;
}

static enum carnet_err make(struct cli *cli, struct agenda *a, const struct ledger_license *only)
{
    const char *ics = cli_value(cli, "ics");
    const bool alone = ics && strcmp(ics, "-") == 0; /* nothing else may stand in it */
    enum carnet_err err = ics ? ics_begin(&a->calendar) : CARNET_OK;

    for (size_t i = 0; !err && i < a->grant_count; i++) {
        const struct ledger_license *license = license_of(a, &a->grants[i]);
        if (!license || (only && license->number != only->number))
            continue;
        if (!alone)
            say(cli, a, license, &a->grants[i]);
        if (ics)
            err = add_to_calendar(a, license, &a->grants[i]);
    }
    if (!err && ics)
        err = ics_end(&a->calendar);
    return err || !ics ? err : write_calendar(cli, a);
}

enum carnet_err admin_license_due(struct cli *cli)
{
    struct home h = {0};
    struct agenda a = {.now = carnet_utc_now(), .list = json_array()};
    const char *vendor = cli_value(cli, "vendor"), *name = cli_argument(cli, 0);
    struct carnet_digest whose;
    struct ledger_license only;
    uint32_t days = 0;
    enum carnet_err err = read_within(cli, &days);

    if (!err)
        err = home_open(cli, &h);
    if (!err && vendor)
        err = ledger_vendor_find(h.ledger, vendor, &whose, cli_diag(cli));
    if (!err && name)
        err = ledger_license_find(h.ledger, name, vendor, &only, cli_diag(cli));
    if (!err)
        err = ledger_licenses(h.ledger, vendor ? &whose : NULL, NULL, &a.licenses, &a.license_count, cli_diag(cli));
    if (!err)
        err = ledger_grants_due(h.ledger, carnet_utc_add_days(a.now, days), &a.grants, &a.grant_count, cli_diag(cli));
    if (!err)
        err = make(cli, &a, name ? &only : NULL);
    if (!err && a.shown == 0)
        cli_note(cli, "No machine's license ends within %lu days.\n", (unsigned long)days);
    if (!err)
        cli_set(cli, "due", json_incref(a.list));
    json_decref(a.list);
    carnet_buffer_clear(&a.calendar);
    free(a.licenses);
    free(a.grants);
    home_close(&h);
    return err;
}
