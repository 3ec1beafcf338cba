/* SPDX-License-Identifier: MIT */
/* Seats of lost machines that wait for a lease to run out, and what the vendor's caps count. */
#include <stdlib.h>
#include <string.h>

#include "database.h"

#define COLUMNS "seat, seat_grant, until"

static void read_hold(sqlite3_stmt *s, struct ledger_hold *out)
{
    out->seat = column_count(s, 0);
    out->grant = sqlite3_column_int64(s, 1);
    out->until = sqlite3_column_int64(s, 2);
}

enum carnet_err ledger_hold_add(struct ledger *l, const struct ledger_grant *g, int64_t until, struct carnet_diag *diag)
{
    return database_run(l, diag, "INSERT INTO hold (license, seat, seat_grant, until) VALUES (?, ?, ?, ?)", "iiii",
                        g->license, (int64_t)g->seat, g->number, until);
}

enum carnet_err ledger_hold_on_seat(struct ledger *l, int64_t license, uint32_t seat, struct ledger_hold *out,
                                    struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    bool row = false;
    enum carnet_err err = database_query(l, &s, diag, "SELECT " COLUMNS " FROM hold WHERE license = ? AND seat = ?",
                                         "ii", license, (int64_t)seat);

    if (!err)
        err = database_step(l, s, &row, diag);
    if (err)
        return err;
    if (!row)
        return CARNET_NOT_FOUND;
    read_hold(s, out);
    database_done(s);
    return CARNET_OK;
}

enum carnet_err ledger_holds(struct ledger *l, int64_t license, struct ledger_hold **out, size_t *count,
                             struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    void *list = NULL;
    size_t n = 0;
    bool row = false;
    enum carnet_err err = database_query(
        l, &s, diag, "SELECT " COLUMNS " FROM hold WHERE license = ? ORDER BY until, seat", "i", license);

    for (err = err ? err : database_step(l, s, &row, diag); !err && row; err = database_step(l, s, &row, diag)) {
        err = database_room(&list, n, sizeof(struct ledger_hold));
        if (err)
            break;
        read_hold(s, (struct ledger_hold *)list + n++);
    }
    if (err) {
        free(list);
        return err;
    }
    *out = list;
    *count = n;
    return CARNET_OK;
}

enum carnet_err ledger_hold_end(struct ledger *l, int64_t license, uint32_t seat, struct carnet_diag *diag)
{
    return database_run(l, diag, "DELETE FROM hold WHERE license = ? AND seat = ?", "ii", license, (int64_t)seat);
}

enum carnet_err ledger_loss_add(struct ledger *l, const struct ledger_grant *g, int64_t now, struct carnet_diag *diag)
{
    return database_run(l, diag, "INSERT INTO loss (license, seat_grant, at) VALUES (?, ?, ?)", "iii", g->license,
                        g->number, now);
}

enum carnet_err ledger_transfer_add(struct ledger *l, const struct ledger_grant *g, int64_t now,
                                    struct carnet_diag *diag)
{
    return database_run(l, diag, "INSERT INTO transfer (license, seat_grant, at) VALUES (?, ?, ?)", "iii", g->license,
                        g->number, now);
}

enum carnet_err ledger_loss_nth(struct ledger *l, int64_t license, uint32_t nth, int64_t *at, struct carnet_diag *diag)
{
    return database_number(l, INT64_MIN, at, diag,
                           "SELECT at FROM loss WHERE license = ? ORDER BY at DESC LIMIT 1 OFFSET ?", "ii", license,
                           (int64_t)nth - 1);
}

enum carnet_err ledger_transfer_nth(struct ledger *l, int64_t license, uint32_t nth, int64_t *at,
                                    struct carnet_diag *diag)
{
    return database_number(l, INT64_MIN, at, diag,
                           "SELECT at FROM transfer WHERE license = ? ORDER BY at DESC LIMIT 1 OFFSET ?", "ii", license,
                           (int64_t)nth - 1);
}
