/* SPDX-License-Identifier: MIT */
/* What was signed, byte for byte, so that it can be given again; and what machines sent. */
#include <stdlib.h>

#include "bundle/kind.h"
#include "database.h"

enum carnet_err ledger_bundle_add(struct ledger *l, const struct ledger_bundle *b, int64_t now,
                                  struct carnet_diag *diag)
{
    return database_run(
        l, diag, "INSERT INTO bundle (id, kind, license, seat_grant, serial, made, bytes) VALUES (?, ?, ?, ?, ?, ?, ?)",
        "dtiiiib", &b->id, carnet_kind_get(b->kind)->name, b->license, b->grant, (int64_t)b->serial, now,
        (const void *)b->bytes, b->size);
}

enum carnet_err ledger_bundle_of_grant(struct ledger *l, int64_t grant, enum carnet_kind_id kind,
                                       struct carnet_digest *id, struct carnet_buffer *out, struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    bool row = false;
    enum carnet_err err = database_query(
        l, &s, diag, "SELECT id, bytes FROM bundle WHERE seat_grant = ? AND kind = ? ORDER BY serial DESC LIMIT 1",
        "it", grant, carnet_kind_get(kind)->name);

    if (!err)
        err = database_step(l, s, &row, diag);
    if (err)
        return err;
    if (!row)
        return carnet_fail(diag, CARNET_NOT_FOUND, "", "The ledger holds no %s of that grant.",
                           carnet_kind_get(kind)->name);
    err = column_bytes(s, 1, out);
    if (!err)
        column_digest(s, 0, id);
    database_done(s);
    return err ? carnet_fail(diag, err, "", "A bundle could not be taken from the ledger.") : CARNET_OK;
}

enum carnet_err ledger_bundle_of_serial(struct ledger *l, int64_t grant, enum carnet_kind_id kind, uint32_t serial,
                                        struct carnet_buffer *out, struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    bool row = false;
    enum carnet_err err =
        database_query(l, &s, diag, "SELECT bytes FROM bundle WHERE seat_grant = ? AND kind = ? AND serial = ?", "iti",
                       grant, carnet_kind_get(kind)->name, (int64_t)serial);

    if (!err)
        err = database_step(l, s, &row, diag);
    if (err)
        return err;
    if (!row)
        return CARNET_NOT_FOUND;
    err = column_bytes(s, 0, out);
    database_done(s);
    return err ? carnet_fail(diag, err, "", "A bundle could not be taken from the ledger.") : CARNET_OK;
}

enum carnet_err ledger_bundle_newest(struct ledger *l, int64_t grant, enum carnet_kind_id kind,
                                     struct carnet_digest *id, uint64_t *size, struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    bool row = false;
    enum carnet_err err = database_query(l, &s, diag,
                                         "SELECT id, length(bytes) FROM bundle WHERE seat_grant = ? AND kind = ?"
                                         " ORDER BY serial DESC, made DESC LIMIT 1",
                                         "it", grant, carnet_kind_get(kind)->name);

    if (!err)
        err = database_step(l, s, &row, diag);
    if (err)
        return err;
    if (!row)
        return CARNET_NOT_FOUND;
    column_digest(s, 0, id);
    *size = (uint64_t)sqlite3_column_int64(s, 1);
    database_done(s);
    return CARNET_OK;
}

enum carnet_err ledger_bundle_get(struct ledger *l, const struct carnet_digest *id, struct ledger_outgoing *out,
                                  struct carnet_buffer *bytes, struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    const struct carnet_kind *kind;
    char name[CARNET_KIND_NAME_MOST + 1];
    bool row = false;
    enum carnet_err err = database_query(
        l, &s, diag,
        "SELECT b.kind, b.made, length(b.bytes), g.seat, l.id, g.label, b.bytes FROM bundle b"
        " JOIN seat_grant g ON g.number = b.seat_grant JOIN license l ON l.number = b.license WHERE b.id = ?",
        "d", id);

    if (!err)
        err = database_step(l, s, &row, diag);
    if (err)
        return err;
    if (!row)
        return carnet_fail(diag, CARNET_NOT_FOUND, "", "The ledger holds no bundle of that id.");
    column_text(s, 0, name, sizeof name);
    kind = carnet_kind_find(name);
    out->id = *id;
    out->kind = kind ? kind->id : CARNET_KIND_COUNT;
    out->made = sqlite3_column_int64(s, 1);
    out->size = (uint64_t)sqlite3_column_int64(s, 2);
    out->seat = column_count(s, 3);
    column_text(s, 4, out->license, sizeof out->license);
    column_text(s, 5, out->label, sizeof out->label);
    err = !kind ? CARNET_LEDGER_DAMAGED : bytes ? column_bytes(s, 6, bytes) : CARNET_OK;
    database_done(s);
    return err ? carnet_fail(diag, err, "", "A bundle could not be taken from the ledger.") : CARNET_OK;
}

enum carnet_err ledger_bundles_waiting(struct ledger *l, struct carnet_digest **out, size_t *count,
                                       struct carnet_diag *diag)
{
    return database_digests(l, out, count, diag,
                            "SELECT b.id FROM bundle b JOIN seat_grant g ON g.number = b.seat_grant"
                            " WHERE b.delivered IS NULL AND CASE b.kind WHEN 'receipt' THEN g.ended IS NOT NULL"
                            " WHEN 'license' THEN g.ended IS NULL AND b.serial = g.serial"
                            " ELSE g.ended IS NULL END ORDER BY b.made, b.id",
                            "");
}

enum carnet_err ledger_bundle_known(struct ledger *l, int64_t grant, const struct carnet_digest *id, bool *out,
                                    struct carnet_diag *diag)
{
    int64_t there = 0;
    enum carnet_err err =
        database_number(l, 0, &there, diag, "SELECT 1 FROM bundle WHERE id = ? AND seat_grant = ?", "di", id, grant);

    if (!err)
        *out = there != 0;
    return err;
}

enum carnet_err ledger_bundle_delivered(struct ledger *l, const struct carnet_digest *id, int64_t now,
                                        struct carnet_diag *diag)
{
    return database_run(l, diag, "UPDATE bundle SET delivered = ? WHERE id = ? AND delivered IS NULL", "id", now, id);
}

enum carnet_err ledger_received_add(struct ledger *l, const struct ledger_received *r, int64_t now,
                                    struct carnet_diag *diag)
{
    return database_run(l, diag,
                        "INSERT INTO received (id, kind, machine_key, sequence, previous, at, seat_grant)"
                        " VALUES (?, ?, ?, ?, ?, ?, nullif(?, 0)) ON CONFLICT (id) DO NOTHING",
                        "dtdiDii", &r->id, carnet_kind_get(r->kind)->name, &r->machine_key,
                        (int64_t)r->sequence.sequence, r->sequence.sequence > 1 ? &r->sequence.previous : NULL, now,
                        r->grant ? r->grant->number : (int64_t)0);
}

enum carnet_err ledger_received_latest(struct ledger *l, const struct ledger_grant *grant, uint32_t *sequence,
                                       struct carnet_diag *diag)
{
    int64_t latest = 0;
    enum carnet_err err = database_number(l, 0, &latest, diag,
                                          "SELECT max(sequence) FROM received WHERE machine_key = ?"
                                          " AND seat_grant = ? AND kind = 'fingerprint'",
                                          "di", &grant->machine_key, grant->number);

    *sequence = (uint32_t)latest;
    return err;
}

enum carnet_err ledger_received_look(struct ledger *l, const struct ledger_received *r, bool *known, bool *twin,
                                     struct carnet_diag *diag)
{
    int64_t here = 0, other = 0;
    enum carnet_err err = database_number(l, 0, &here, diag, "SELECT 1 FROM received WHERE id = ?", "d", &r->id);

    if (!err)
        err = database_number(l, 0, &other, diag,
                              "SELECT 1 FROM received WHERE machine_key = ? AND sequence = ? AND id <> ? LIMIT 1",
                              "did", &r->machine_key, (int64_t)r->sequence.sequence, &r->id);
    if (!err) {
        *known = here != 0;
        *twin = other != 0;
    }
    return err;
}

enum carnet_err ledger_clock_answer(struct ledger *l, int64_t grant, const struct carnet_digest *request,
                                    struct carnet_digest *id, struct carnet_buffer *out, struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    bool row = false;
    char hex[CARNET_HEX_SIZE];
    enum carnet_err err;

    /* The document stands in the bundle as it is, and the id of its request at one place in it. */
    carnet_digest_hex(request, hex);
    err = database_query(l, &s, diag,
                         "SELECT id, bytes FROM bundle WHERE seat_grant = ? AND kind = 'clock'"
                         " AND instr(bytes, CAST('<answer request=\"' || ? || '\"' AS BLOB)) > 0",
                         "it", grant, hex);
    if (!err)
        err = database_step(l, s, &row, diag);
    if (err)
        return err;
    if (!row)
        return carnet_fail(diag, CARNET_NOT_FOUND, "", "The clock request has no answer yet.");
    err = column_bytes(s, 1, out);
    if (!err)
        column_digest(s, 0, id);
    database_done(s);
    return err ? carnet_fail(diag, err, "", "A bundle could not be taken from the ledger.") : CARNET_OK;
}
