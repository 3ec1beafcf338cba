/* SPDX-License-Identifier: MIT */
/* Grants and seats. That there are never more grants than seats is the schema's word; this only asks it. */
#include <stdlib.h>
#include <string.h>

#include "database.h"

#define COLUMNS \
    "g.number, g.license, g.fingerprint, g.seat, g.epoch, g.serial, g.machine_key, g.entitlement, g.user, g.label," \
    " g.since, g.lease_until, g.ended, g.how, g.release, g.replaces, g.note, g.activated," \
    " g.declared, g.container"

static const char *const ends[] = {
    [CARNET_END_FREED] = "freed", [CARNET_END_REVOKED] = "revoked", [CARNET_END_REPLACED] = "replaced"};

static int64_t time_or_none(sqlite3_stmt *s, int column)
{
    return sqlite3_column_type(s, column) == SQLITE_NULL ? LEDGER_LIVES : sqlite3_column_int64(s, column);
}

static void read_grant(sqlite3_stmt *s, struct ledger_grant *out)
{
    char how[16];

    memset(out, 0, sizeof *out);
    out->number = sqlite3_column_int64(s, 0);
    out->license = sqlite3_column_int64(s, 1);
    column_digest(s, 2, &out->fingerprint);
    out->seat = column_count(s, 3);
    out->epoch = column_count(s, 4);
    out->serial = column_count(s, 5);
    column_digest(s, 6, &out->machine_key);
    column_digest(s, 7, &out->entitlement);
    out->has_user = sqlite3_column_type(s, 8) != SQLITE_NULL;
    column_digest(s, 8, &out->user);
    column_text(s, 9, out->label, sizeof out->label);
    out->since = sqlite3_column_int64(s, 10);
    out->lease_until = sqlite3_column_int64(s, 11);
    out->ended = time_or_none(s, 12);
    column_text(s, 13, how, sizeof how);
    for (unsigned i = 0; i < sizeof ends / sizeof *ends; i++) {
        if (strcmp(how, ends[i]) == 0)
            out->how = (enum carnet_end)i;
    }
    out->has_release = sqlite3_column_type(s, 14) != SQLITE_NULL;
    column_digest(s, 14, &out->release);
    out->replaces = sqlite3_column_int64(s, 15); /* NULL is 0 */
    column_text(s, 16, out->note, sizeof out->note);
    out->activated = time_or_none(s, 17);
    out->declared = time_or_none(s, 18);
    out->container = sqlite3_column_int(s, 19) != 0;
}

static enum carnet_err one_grant(struct ledger *l, sqlite3_stmt *s, struct ledger_grant *out, struct carnet_diag *diag)
{
    bool row = false;
    enum carnet_err err = database_step(l, s, &row, diag);

    if (err)
        return err;
    if (!row)
        return CARNET_NOT_FOUND;
    read_grant(s, out);
    database_done(s);
    return CARNET_OK;
}

enum carnet_err ledger_grant_of_fingerprint(struct ledger *l, int64_t license, const struct carnet_digest *fingerprint,
                                            struct ledger_grant *out, struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    enum carnet_err err =
        database_query(l, &s, diag, "SELECT " COLUMNS " FROM seat_grant g WHERE g.license = ? AND g.fingerprint = ?",
                       "id", license, fingerprint);

    return err ? err : one_grant(l, s, out, diag);
}

enum carnet_err ledger_grant_of_machine(struct ledger *l, int64_t license, const struct carnet_digest *machine_key,
                                        const struct carnet_digest *user, struct ledger_grant *out,
                                        struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    enum carnet_err err = database_query(l, &s, diag,
                                         "SELECT " COLUMNS " FROM seat_grant g WHERE g.license = ? AND"
                                         " g.machine_key = ? AND coalesce(g.user, x'') = coalesce(?, x'')"
                                         " AND g.ended IS NULL",
                                         "idD", license, machine_key, user);

    return err ? err : one_grant(l, s, out, diag);
}

enum carnet_err ledger_grant_of_system(struct ledger *l, int64_t license, const struct carnet_digest *system,
                                       struct ledger_grant *out, struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    enum carnet_err err = database_query(l, &s, diag,
                                         "SELECT " COLUMNS " FROM grant_system JOIN seat_grant g"
                                         " ON g.number = grant_system.seat_grant WHERE grant_system.license = ?"
                                         " AND grant_system.system = ? ORDER BY g.seat LIMIT 1",
                                         "id", license, system);

    return err ? err : one_grant(l, s, out, diag);
}

enum carnet_err ledger_grant_get(struct ledger *l, int64_t number, struct ledger_grant *out, struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    enum carnet_err err =
        database_query(l, &s, diag, "SELECT " COLUMNS " FROM seat_grant g WHERE g.number = ?", "i", number);

    return err ? err : one_grant(l, s, out, diag);
}

enum carnet_err ledger_grant_on_seat(struct ledger *l, int64_t license, uint32_t seat, struct ledger_grant *out,
                                     struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    enum carnet_err err = database_query(
        l, &s, diag, "SELECT " COLUMNS " FROM seat_grant g WHERE g.license = ? AND g.seat = ? AND g.ended IS NULL",
        "ii", license, (int64_t)seat);

    return err ? err : one_grant(l, s, out, diag);
}

enum carnet_err ledger_grant_last_on_seat(struct ledger *l, int64_t license, uint32_t seat, struct ledger_grant *out,
                                          struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    enum carnet_err err = database_query(
        l, &s, diag,
        "SELECT " COLUMNS " FROM seat_grant g WHERE g.license = ? AND g.seat = ? ORDER BY g.number DESC LIMIT 1", "ii",
        license, (int64_t)seat);

    return err ? err : one_grant(l, s, out, diag);
}

static enum carnet_err read_grants(struct ledger *l, sqlite3_stmt *s, struct ledger_grant **out, size_t *count,
                                   struct carnet_diag *diag)
{
    void *list = NULL;
    size_t n = 0;
    bool row = false;
    enum carnet_err err;

    for (err = database_step(l, s, &row, diag); !err && row; err = database_step(l, s, &row, diag)) {
        err = database_room(&list, n, sizeof(struct ledger_grant));
        if (err)
            break;
        read_grant(s, (struct ledger_grant *)list + n++);
    }
    if (err) {
        free(list);
        return err;
    }
    *out = list;
    *count = n;
    return CARNET_OK;
}

enum carnet_err ledger_grants(struct ledger *l, int64_t license, struct ledger_grant **out, size_t *count,
                              struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    enum carnet_err err = database_query(
        l, &s, diag, "SELECT " COLUMNS " FROM seat_grant g WHERE g.license = ? AND g.ended IS NULL ORDER BY g.seat",
        "i", license);

    return err ? err : read_grants(l, s, out, count, diag);
}

enum carnet_err ledger_grants_due(struct ledger *l, int64_t by, struct ledger_grant **out, size_t *count,
                                  struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    enum carnet_err err = database_query(l, &s, diag,
                                         "SELECT " COLUMNS " FROM seat_grant g WHERE g.ended IS NULL"
                                         " AND g.lease_until <= ? ORDER BY g.lease_until, g.license, g.seat",
                                         "i", by);

    return err ? err : read_grants(l, s, out, count, diag);
}

enum carnet_err ledger_seat_lowest(struct ledger *l, int64_t license, uint32_t *seat, struct carnet_diag *diag)
{
    int64_t lowest = 0;
    /* A seat that came back, else the one above all that were ever given; both within what the license has now. */
    enum carnet_err err = database_number(
        l, 0, &lowest, diag,
        "SELECT coalesce((SELECT min(f.seat) FROM free_seat f WHERE f.license = ?1 AND f.seat <= license.seats),"
        " CASE WHEN high_water < seats THEN high_water + 1 END) FROM license"
        " WHERE number = ?1 AND in_use + held < seats",
        "i", license);

    if (err)
        return err;
    if (lowest < 1)
        return carnet_fail(diag, CARNET_NO_SEAT, "G-5", "All seats of the license are taken.");
    *seat = (uint32_t)lowest;
    return CARNET_OK;
}

enum carnet_err ledger_seats_freed(struct ledger *l, int64_t license, struct ledger_freed **out, size_t *count,
                                   uint32_t *highest, struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    void *list = NULL;
    size_t n = 0;
    int64_t top = 0;
    bool row = false;
    enum carnet_err err =
        database_number(l, 0, &top, diag, "SELECT high_water FROM license WHERE number = ?", "i", license);

    if (!err)
        err = database_query(l, &s, diag, "SELECT seat, since FROM free_seat WHERE license = ? ORDER BY seat", "i",
                             license);
    for (err = err ? err : database_step(l, s, &row, diag); !err && row; err = database_step(l, s, &row, diag)) {
        struct ledger_freed *freed;
        err = database_room(&list, n, sizeof *freed);
        if (err)
            break;
        freed = (struct ledger_freed *)list + n++;
        freed->seat = column_count(s, 0);
        freed->since = sqlite3_column_int64(s, 1);
    }
    if (err) {
        free(list);
        return err;
    }
    *out = list;
    *count = n;
    *highest = (uint32_t)top;
    return CARNET_OK;
}

static enum carnet_err add_systems(struct ledger *l, const struct ledger_grant *g, const struct carnet_facts *facts,
                                   struct carnet_diag *diag)
{
    enum carnet_err err = CARNET_OK;

    for (uint32_t i = 0; !err && i < facts->count; i++) {
        if (facts->list[i].name == CARNET_FACT_SYSTEM_UUID)
            err = database_run(l, diag, "INSERT INTO grant_system VALUES (?, ?, ?)", "idi", g->license,
                               &facts->list[i].digest, g->number);
    }
    return err;
}

enum carnet_err ledger_grant_add(struct ledger *l, struct ledger_grant *g, const struct carnet_facts *facts,
                                 struct carnet_diag *diag)
{
    enum carnet_err err = database_run(
        l, diag,
        "INSERT INTO seat_grant (license, fingerprint, seat, epoch, serial, machine_key, user, entitlement, label,"
        " note, since, lease_until, replaces, container) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, nullif(?, 0), ?)",
        "idiiidDdTTiiii", g->license, &g->fingerprint, (int64_t)g->seat, (int64_t)g->epoch, (int64_t)g->serial,
        &g->machine_key, g->has_user ? &g->user : NULL, &g->entitlement, g->label, g->note, g->since, g->lease_until,
        g->replaces, (int64_t)g->container);

    if (err)
        return err;
    g->number = sqlite3_last_insert_rowid(l->db);
    return add_systems(l, g, facts, diag);
}

enum carnet_err ledger_grant_end(struct ledger *l, const struct ledger_grant *g, enum carnet_end how,
                                 const struct carnet_digest *release, int64_t now, struct carnet_diag *diag)
{
    return database_run(l, diag, "UPDATE seat_grant SET ended = ?, how = ?, release = ? WHERE number = ?", "itDi", now,
                        ends[how], release, g->number);
}

enum carnet_err ledger_grant_renew(struct ledger *l, const struct ledger_grant *g, const struct carnet_facts *facts,
                                   struct carnet_diag *diag)
{
    enum carnet_err err = database_run(
        l, diag,
        "UPDATE seat_grant SET epoch = ?, serial = ?, entitlement = ?, lease_until = ?, container = ? WHERE number = ?",
        "iidiii", (int64_t)g->epoch, (int64_t)g->serial, &g->entitlement, g->lease_until, (int64_t)g->container,
        g->number);

    if (!err && facts)
        err = database_run(l, diag, "DELETE FROM grant_system WHERE license = ? AND seat_grant = ?", "ii", g->license,
                           g->number);
    return err || !facts ? err : add_systems(l, g, facts, diag);
}

enum carnet_err ledger_grant_declared(struct ledger *l, const struct ledger_grant *g, int64_t now,
                                      struct carnet_diag *diag)
{
    return database_run(l, diag, "UPDATE seat_grant SET declared = ? WHERE number = ? AND declared IS NULL", "ii", now,
                        g->number);
}

enum carnet_err ledger_grant_activated(struct ledger *l, const struct ledger_grant *g, int64_t now,
                                       struct carnet_diag *diag)
{
    return database_run(l, diag, "UPDATE seat_grant SET activated = ? WHERE number = ? AND activated IS NULL", "ii",
                        now, g->number);
}
