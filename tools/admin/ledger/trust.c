/* SPDX-License-Identifier: MIT */
/* The newest trust information of each vendor: taken from a file, or signed here. */

#include "database.h"

enum carnet_err ledger_trust_get(struct ledger *l, const struct carnet_digest *vendor, struct carnet_digest *id,
                                 bool *waits, struct carnet_buffer *out, struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    bool row = false;
    enum carnet_err err =
        database_query(l, &s, diag, "SELECT id, delivered, bytes FROM trust WHERE vendor = ?", "d", vendor);

    if (!err)
        err = database_step(l, s, &row, diag);
    if (err)
        return err;
    if (!row)
        return CARNET_NOT_FOUND;
    err = column_bytes(s, 2, out);
    if (!err) {
        column_digest(s, 0, id);
        *waits = sqlite3_column_type(s, 1) == SQLITE_NULL;
    }
    database_done(s);
    return err ? carnet_fail(diag, err, "", "The trust information could not be taken from the ledger.") : CARNET_OK;
}

enum carnet_err ledger_trust_put(struct ledger *l, const struct carnet_digest *vendor, const struct carnet_digest *id,
                                 const uint8_t *bytes, size_t size, int64_t now, bool waits, struct carnet_diag *diag)
{
    enum carnet_err err = database_run(l, diag, "DELETE FROM trust WHERE vendor = ?", "d", vendor);

    if (!err)
        err = database_run(l, diag, "INSERT INTO trust VALUES (?, ?, ?, NULL, ?)", "ddib", vendor, id, now,
                           (const void *)bytes, size);
    if (!err && !waits)
        err = ledger_trust_delivered(l, id, now, diag);
    return err;
}

enum carnet_err ledger_trust_delivered(struct ledger *l, const struct carnet_digest *id, int64_t now,
                                       struct carnet_diag *diag)
{
    return database_run(l, diag, "UPDATE trust SET delivered = ? WHERE id = ? AND delivered IS NULL", "id", now, id);
}

enum carnet_err ledger_trust_vendors(struct ledger *l, struct carnet_digest **out, size_t *count,
                                     struct carnet_diag *diag)
{
    return database_digests(l, out, count, diag, "SELECT vendor FROM trust ORDER BY vendor", "");
}
