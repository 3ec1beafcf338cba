/* SPDX-License-Identifier: MIT */
/* What a ledger that was put back from a copy learns again from the bundles that are out. */
#include <string.h>

#include "database.h"

enum carnet_err ledger_recovery_get(struct ledger *l, struct ledger_recovery *out, struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    bool row = false;
    enum carnet_err err = database_query(l, &s, diag, "SELECT made, restored, raised, seen FROM recovery", "");

    if (!err)
        err = database_step(l, s, &row, diag);
    if (err)
        return err;
    if (!row)
        return CARNET_NOT_FOUND;
    out->made = sqlite3_column_int64(s, 0);
    out->restored = sqlite3_column_type(s, 1) == SQLITE_NULL ? out->made : sqlite3_column_int64(s, 1);
    out->raised = sqlite3_column_type(s, 2) != SQLITE_NULL;
    out->seen = column_count(s, 3);
    database_done(s);
    return CARNET_OK;
}

enum carnet_err ledger_recovery_begin(struct ledger *l, int64_t now, struct carnet_diag *diag)
{
    enum carnet_err err = database_run(l, diag, "UPDATE ledger SET state = 'recovering', epoch = epoch + 1", "");

    if (!err)
        err = database_run(l, diag,
                           "INSERT INTO recovery (one, made, restored, raised) VALUES (1, ?1, ?1, ?1)"
                           " ON CONFLICT (one) DO UPDATE SET raised = ?1",
                           "i", now);
    return err ? err : ledger_about_read(l, diag);
}

enum carnet_err ledger_recovery_end(struct ledger *l, int64_t now, struct carnet_diag *diag)
{
    enum carnet_err err = database_run(l, diag, "UPDATE ledger SET state = 'open'", "");

    if (!err)
        err = database_run(l, diag, "DELETE FROM recovery", "");
    if (!err)
        err = database_run(l, diag, "UPDATE license SET forked = NULL", "");
    /* Seats below one that was learned again, and that nobody has, were never seen here: they are free. */
    if (!err)
        err = database_run(
            l, diag,
            "WITH RECURSIVE up_to (license, seat, top) AS (SELECT number, 1, high_water FROM license"
            " WHERE high_water > 0 UNION ALL SELECT license, seat + 1, top FROM up_to WHERE seat < top)"
            " INSERT OR IGNORE INTO free_seat SELECT license, seat, ? FROM up_to u WHERE NOT EXISTS (SELECT 1"
            " FROM seat_grant g WHERE g.license = u.license AND g.seat = u.seat AND g.ended IS NULL)"
            " AND NOT EXISTS (SELECT 1 FROM hold h WHERE h.license = u.license AND h.seat = u.seat)",
            "i", now);
    return err ? err : ledger_about_read(l, diag);
}

enum carnet_err ledger_recovery_saw(struct ledger *l, uint32_t position, struct carnet_diag *diag)
{
    return database_run(l, diag, "UPDATE recovery SET seen = max(seen, ?)", "i", (int64_t)position);
}

enum carnet_err ledger_taken_keep(struct ledger *l, const struct carnet_entitlement *e, const struct carnet_digest *id,
                                  const uint8_t *bytes, size_t size, int64_t now, struct carnet_diag *diag)
{
    return database_run(l, diag,
                        "INSERT INTO taken (id, vendor, license, revision, taken, bytes) VALUES (?, ?, ?, ?, ?, ?)"
                        " ON CONFLICT (id) DO NOTHING",
                        "ddtiib", id, &e->vendor, e->license, (int64_t)e->revision, now, (const void *)bytes, size);
}

enum carnet_err ledger_license_relearn_mode(struct ledger *l, int64_t license, struct carnet_diag *diag)
{
    return database_run(l, diag, "UPDATE license SET mode = 'offline' WHERE number = ? AND mode = 'online'", "i",
                        license);
}

enum carnet_err ledger_license_forked(struct ledger *l, int64_t license, enum ledger_fork fork,
                                      struct carnet_diag *diag)
{
    return database_run(l, diag, "UPDATE license SET forked = ? WHERE number = ? AND forked IS NULL", "ti",
                        ledger_fork_word(fork), license);
}
