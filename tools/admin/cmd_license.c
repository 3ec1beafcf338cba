/* SPDX-License-Identifier: MIT */
/* license list, license show: the licenses and their seats. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "common/columns.h"
#include "home.h"
#include "words.h"

const struct cli_option admin_vendor_options[] = {ADMIN_VENDOR_OPTION, {NULL, 0, NULL, false, NULL}};

/* Whole days until then; -1 when it is past, -2 for never. */
static json_int_t days_left(int64_t until, int64_t now)
{
    return until == CARNET_NEVER ? -2 : until < now ? -1 : (json_int_t)((until - now) / CARNET_DAY);
}

static const char *expiry_words(int64_t not_after, int64_t now, char *out, size_t room)
{
    const json_int_t left = days_left(not_after, now);
    char day[WORDS_DAY_SIZE];

    words_day(not_after, day);
    if (left == -2)
        (void)snprintf(out, room, "never ends");
    else if (left == -1)
        (void)snprintf(out, room, "ended %s", day);
    else
        (void)snprintf(out, room, "until %s, %lld day%s left", day, (long long)left, left == 1 ? "" : "s");
    return out;
}

/* A hold that is over ends with the next assignment; until then it is only said to be over. */
static enum carnet_err leave_out_lapsed(struct home *h, struct ledger_license *license, int64_t now,
                                        struct carnet_diag *diag)
{
    struct ledger_hold *list = NULL;
    size_t count = 0;
    enum carnet_err err = license->held > 0 ? ledger_holds(h->ledger, license->number, &list, &count, diag) : CARNET_OK;

    for (size_t i = 0; !err && i < count && list[i].until < now; i++)
        license->held--;
    free(list);
    return err;
}

static json_t *license_json(const struct ledger_license *license, int64_t now)
{
    const json_int_t left = days_left(license->not_after, now);
    char vendor[CARNET_HEX_SIZE], not_after[CARNET_UTC_SIZE];
    json_t *object;

    carnet_digest_hex(&license->vendor, vendor);
    carnet_utc_format(license->not_after, not_after);
    object = json_pack("{s:s, s:s, s:i, s:s, s:s?, s:s, s:s, s:b, s:I, s:I, s:I, s:I, s:s}", "license", license->id,
                       "vendor", vendor, "revision", (int)license->revision, "product", license->product, "edition",
                       *license->edition ? license->edition : NULL, "licensee", license->licensee, "mode",
                       license->offline ? "offline" : "online", "offline_allowed", (int)license->offline_allowed,
                       "seats", (json_int_t)license->seats, "in_use", (json_int_t)license->in_use, "held",
                       (json_int_t)license->held, "users", (json_int_t)license->users, "not_after", not_after);
    if (object && left != -2)
        (void)json_object_set_new(object, "days_left", json_integer(left < 0 ? 0 : left));
    return object;
}

enum carnet_err admin_license_list(struct cli *cli)
{
    struct home h = {0};
    struct ledger_license *list = NULL;
    size_t count = 0;
    const int64_t now = carnet_utc_now();
    const char *vendor = cli_value(cli, "vendor");
    struct carnet_digest whose;
    json_t *licenses = json_array();
    enum carnet_err err = home_open(cli, &h);

    if (!err && vendor)
        err = ledger_vendor_find(h.ledger, vendor, &whose, cli_diag(cli));
    if (!err)
        err = ledger_licenses(h.ledger, vendor ? &whose : NULL, NULL, &list, &count, cli_diag(cli));
    for (size_t i = 0; !err && i < count; i++)
        err = leave_out_lapsed(&h, &list[i], now, cli_diag(cli));
    for (size_t i = 0; !err && i < count; i++) {
        const struct ledger_license *license = &list[i];
        char expiry[80], held[32] = "";
        if (license->held > 0)
            (void)snprintf(held, sizeof held, ", %lu held", (unsigned long)license->held);
        cli_data(cli, "%s%-20s%s  %-7s  %lu/%lu seats%s  %-20s  %s  %s\n", cli_style(cli, "bold"), license->id,
                 cli_style(cli, "off"), license->offline ? "offline" : "online",
                 (unsigned long)(license->offline ? license->in_use : license->users), (unsigned long)license->seats,
                 held, license->product, license->licensee,
                 expiry_words(license->not_after, now, expiry, sizeof expiry));
        (void)json_array_append_new(licenses, license_json(license, now));
    }
    if (!err && count == 0)
        cli_note(cli, "There is no license here; 'carnet-admin import FILE' takes an entitlement.\n");
    if (!err)
        cli_set(cli, "licenses", json_incref(licenses));
    json_decref(licenses);
    free(list);
    home_close(&h);
    return err;
}

static enum carnet_err show_users(struct cli *cli, struct home *h, const struct ledger_license *license)
{
    struct ledger_user *list = NULL;
    size_t count = 0;
    json_t *users = json_array();
    enum carnet_err err = ledger_users(h->ledger, license->number, &list, &count, cli_diag(cli));

    for (size_t i = 0; !err && i < count; i++) {
        char since[CARNET_UTC_SIZE];
        carnet_utc_format(list[i].since, since);
        cli_data(cli, "  user  %-*s  since %s\n", cli_width(list[i].name, 30), list[i].name, since);
        (void)json_array_append_new(users, json_pack("{s:s, s:s}", "name", list[i].name, "since", since));
    }
    if (!err)
        cli_set(cli, "assigned_users", json_incref(users));
    json_decref(users);
    free(list);
    return err;
}

static const char *state_of(const struct ledger_grant *g)
{
    return g->declared != LEDGER_LIVES ? "declared released" : g->activated != LEDGER_LIVES ? "activated" : "assigned";
}

static void machine_words(const struct ledger_grant *g, char out[CARNET_TEXT_SIZE])
{
    char key[CARNET_HEX_SIZE];

    carnet_digest_hex(&g->machine_key, key);
    (void)snprintf(out, CARNET_TEXT_SIZE, "%.*s", *g->label ? CARNET_TEXT_SIZE - 1 : 16, *g->label ? g->label : key);
}

static void set_time(json_t *object, const char *member, int64_t time)
{
    char text[CARNET_UTC_SIZE];

    if (time == LEDGER_LIVES)
        return;
    carnet_utc_format(time, text);
    (void)json_object_set_new(object, member, json_string(text));
}

static void show_grant(struct cli *cli, const struct ledger_grant *g, json_t *seats)
{
    char key[CARNET_HEX_SIZE], fingerprint[CARNET_HEX_SIZE], since[CARNET_UTC_SIZE], lease[CARNET_UTC_SIZE],
        day[WORDS_DAY_SIZE], machine[CARNET_TEXT_SIZE];
    json_t *seat;

    carnet_digest_hex(&g->machine_key, key);
    carnet_digest_hex(&g->fingerprint, fingerprint);
    carnet_utc_format(g->since, since);
    carnet_utc_format(g->lease_until, lease);
    words_day(g->lease_until, day);
    machine_words(g, machine);
    cli_data(cli, "  seat %-6lu %-9s %-*s  key %.16s  %s  since %s  until %s%s%s\n", (unsigned long)g->seat,
             state_of(g), cli_width(machine, 24), machine, key, g->has_user ? "one user" : "any user", since, day,
             *g->note ? "  -- " : "", g->note);
    seat = json_pack("{s:I, s:s, s:s?, s:s?, s:s, s:b, s:s, s:i, s:i, s:s, s:s}", "seat", (json_int_t)g->seat, "state",
                     state_of(g), "label", *g->label ? g->label : NULL, "note", *g->note ? g->note : NULL, "machine",
                     key, "user_fixed", (int)g->has_user, "fingerprint", fingerprint, "epoch", (int)g->epoch, "serial",
                     (int)g->serial, "since", since, "lease_until", lease);
    set_time(seat, "activated", g->activated);
    set_time(seat, "declared", g->declared);
    (void)json_array_append_new(seats, seat);
}

static void show_hold(struct cli *cli, const struct ledger_hold *hold, const struct ledger_grant *g, int64_t now,
                      json_t *seats)
{
    char key[CARNET_HEX_SIZE], day[WORDS_DAY_SIZE], lost[WORDS_DAY_SIZE], machine[CARNET_TEXT_SIZE];
    const bool over = hold->until < now;
    json_t *seat;

    carnet_digest_hex(&g->machine_key, key);
    words_day(hold->until, day);
    words_day(g->ended, lost);
    machine_words(g, machine);
    cli_data(cli, "  seat %-6lu %-9s %-*s  key %.16s  lost %s  %s %s\n", (unsigned long)hold->seat,
             over ? "freed" : "held", cli_width(machine, 24), machine, key, lost, over ? "since" : "until", day);
    seat = json_pack("{s:I, s:s, s:s?, s:s}", "seat", (json_int_t)hold->seat, "state", over ? "freed" : "held", "label",
                     *g->label ? g->label : NULL, "machine", key);
    set_time(seat, "lost", g->ended);
    set_time(seat, over ? "since" : "held_until", hold->until);
    (void)json_array_append_new(seats, seat);
}

static void show_freed(struct cli *cli, const struct ledger_freed *freed, json_t *seats)
{
    char since[CARNET_UTC_SIZE];

    carnet_utc_format(freed->since, since);
    cli_data(cli, "  seat %-6lu freed     since %s\n", (unsigned long)freed->seat, since);
    (void)json_array_append_new(
        seats, json_pack("{s:I, s:s, s:s}", "seat", (json_int_t)freed->seat, "state", "freed", "since", since));
}

/* Seats that nobody ever had. */
static void show_free(struct cli *cli, uint32_t highest, uint32_t seats)
{
    if (highest >= seats)
        return;
    if (highest + 1 == seats)
        cli_data(cli, "  seat %-6lu free\n", (unsigned long)seats);
    else
        cli_data(cli, "  seats %lu to %lu free\n", (unsigned long)highest + 1, (unsigned long)seats);
    cli_set(cli, "free_from", json_integer((json_int_t)highest + 1));
}

/* What the ledger has of a license's seats, and each seat once, by its number. */
struct seat_map {
    struct ledger_grant *grants;
    struct ledger_hold *holds;
    struct ledger_freed *freed;
    size_t grant_count, hold_count, freed_count;
    uint32_t highest;
    struct seat_row {
        uint32_t seat;
        const struct ledger_grant *grant; /* or one of the others */
        const struct ledger_hold *hold;
        const struct ledger_freed *freed;
    } * rows;
    size_t count;
};

static int by_seat(const void *a, const void *b)
{
    const struct seat_row *one = a, *other = b;

    return (one->seat > other->seat) - (one->seat < other->seat);
}

static enum carnet_err seat_map_read(struct cli *cli, struct home *h, const struct ledger_license *license,
                                     struct seat_map *m)
{
    const int64_t of = license->number;
    struct carnet_diag *diag = cli_diag(cli);
    enum carnet_err err = ledger_grants(h->ledger, of, &m->grants, &m->grant_count, diag);

    if (!err)
        err = ledger_holds(h->ledger, of, &m->holds, &m->hold_count, diag);
    if (!err)
        err = ledger_seats_freed(h->ledger, of, &m->freed, &m->freed_count, &m->highest, diag);
    if (err)
        return err;
    m->rows = calloc(m->grant_count + m->hold_count + m->freed_count + 1, sizeof *m->rows);
    if (!m->rows)
        return CARNET_NO_MEMORY;
    for (size_t i = 0; i < m->grant_count; i++)
        m->rows[m->count++] = (struct seat_row){.seat = m->grants[i].seat, .grant = &m->grants[i]};
    for (size_t i = 0; i < m->hold_count; i++)
        m->rows[m->count++] = (struct seat_row){.seat = m->holds[i].seat, .hold = &m->holds[i]};
    for (size_t i = 0; i < m->freed_count; i++)
        m->rows[m->count++] = (struct seat_row){.seat = m->freed[i].seat, .freed = &m->freed[i]};
    qsort(m->rows, m->count, sizeof *m->rows, by_seat);
    return CARNET_OK;
}

static void seat_map_clear(struct seat_map *m)
{
    free(m->grants);
    free(m->holds);
    free(m->freed);
    free(m->rows);
}

static enum carnet_err show_seat(struct cli *cli, struct home *h, const struct seat_row *row, int64_t now,
                                 json_t *seats)
{
    struct ledger_grant lost;
    enum carnet_err err;

    if (row->grant)
        show_grant(cli, row->grant, seats);
    else if (row->freed)
        show_freed(cli, row->freed, seats);
    if (!row->hold)
        return CARNET_OK;
    err = ledger_grant_get(h->ledger, row->hold->grant, &lost, cli_diag(cli));
    if (!err)
        show_hold(cli, row->hold, &lost, now, seats);
    return err;
}

static enum carnet_err show_seats(struct cli *cli, struct home *h, const struct ledger_license *license, int64_t now)
{
    struct seat_map m = {.count = 0};
    json_t *seats = json_array();
    enum carnet_err err = seat_map_read(cli, h, license, &m);

    for (size_t i = 0; !err && i < m.count; i++)
        err = show_seat(cli, h, &m.rows[i], now, seats);
    if (!err) {
        show_free(cli, m.highest, license->seats);
        cli_set(cli, "seat_map", json_incref(seats));
    }
    json_decref(seats);
    seat_map_clear(&m);
    return err;
}

enum carnet_err admin_license_show(struct cli *cli)
{
    struct home h = {0};
    struct ledger_license license;
    const int64_t now = carnet_utc_now();
    char expiry[80];
    enum carnet_err err = home_open(cli, &h);

    if (!err)
        err = ledger_license_find(h.ledger, cli_argument(cli, 0), cli_value(cli, "vendor"), &license, cli_diag(cli));
    if (!err)
        err = leave_out_lapsed(&h, &license, now, cli_diag(cli));
    if (!err) {
        cli_data(cli, "%s%s%s  revision %lu\n", cli_style(cli, "bold"), license.id, cli_style(cli, "off"),
                 (unsigned long)license.revision);
        cli_data(cli, "  %s%s%s for %s\n", license.product, *license.edition ? ", edition " : "", license.edition,
                 license.licensee);
        cli_data(cli, "  %s; offline use %s; %s\n", license.offline ? "offline" : "online",
                 license.offline_allowed ? "allowed" : "not allowed",
                 expiry_words(license.not_after, now, expiry, sizeof expiry));
        cli_data(cli, "  %lu of %lu seats %s", (unsigned long)(license.offline ? license.in_use : license.users),
                 (unsigned long)license.seats, license.offline ? "out on machines" : "have users");
        if (license.held > 0)
            cli_data(cli, ", %lu held for lost ones", (unsigned long)license.held);
        cli_data(cli, "\n");
        cli_set(cli, "license", license_json(&license, now));
        err = license.offline ? show_seats(cli, &h, &license, now) : show_users(cli, &h, &license);
    }
    home_close(&h);
    return err;
}
