/* SPDX-License-Identifier: MIT */
/* Every bundle that the ledger keeps, taken through the whole walk in, and held against what the tables say of it. */
#include <string.h>

#include "audit.h"
#include "database.h"

/* A grant's row, held against its newest license; a label may have been erased. */
static bool license_agrees(sqlite3_stmt *s, const struct carnet_license *l)
{
    struct carnet_digest machine, entitlement, fingerprint, user;
    char label[CARNET_TEXT_SIZE];

    column_digest(s, 3, &fingerprint);
    column_digest(s, 7, &machine);
    column_digest(s, 8, &entitlement);
    column_digest(s, 9, &user);
    column_text(s, 10, label, sizeof label);
    return carnet_digest_equal(&l->grant.fingerprint, &fingerprint) && l->grant.seat == column_count(s, 4) &&
           l->grant.epoch == column_count(s, 5) && l->grant.serial == column_count(s, 6) &&
           carnet_digest_equal(&l->machine_key, &machine) && carnet_digest_equal(&l->entitlement, &entitlement) &&
           l->has_user == (sqlite3_column_type(s, 9) != SQLITE_NULL) &&
           (!l->has_user || carnet_digest_equal(&l->user, &user)) &&
           (!*label || strcmp(label, l->machine_label) == 0) && l->lease_until == sqlite3_column_int64(s, 11);
}

/* A license's row, held against its entitlement. */
static bool entitlement_agrees(sqlite3_stmt *s, const struct carnet_entitlement *e)
{
    struct carnet_digest issuer;
    char product[CARNET_ID_TEXT_SIZE], edition[CARNET_ID_TEXT_SIZE], licensee[CARNET_TEXT_SIZE];

    column_digest(s, 3, &issuer);
    column_text(s, 4, product, sizeof product);
    column_text(s, 5, edition, sizeof edition);
    column_text(s, 6, licensee, sizeof licensee);
    return carnet_digest_equal(&e->issuer, &issuer) && strcmp(e->product, product) == 0 &&
           strcmp(e->edition, edition) == 0 && strcmp(e->licensee, licensee) == 0 && e->seats == column_count(s, 7) &&
           e->offline_allowed == (sqlite3_column_int64(s, 8) != 0) && e->not_after == sqlite3_column_int64(s, 9);
}

/* The bundle in column 2, with the id in column 0 and the kind in column 1, through all stages. NULL when it does not
 * hold, which is told. */
static enum carnet_err read_bundle(sqlite3_stmt *s, struct ledger_audit *a, struct carnet_reading **out,
                                   struct carnet_diag *diag)
{
    const void *bytes = sqlite3_column_blob(s, 2);
    const int size = sqlite3_column_bytes(s, 2);
    struct carnet_read_options options = *a->reading;
    struct carnet_reading *reading = NULL;
    struct carnet_diag found = {0};
    struct carnet_digest id;
    char hex[CARNET_HEX_SIZE], kind[CARNET_KIND_NAME_MOST + 1];
    enum carnet_err err;

    options.expected = 0;
    err = carnet_reading_open(bytes ? bytes : "", (size_t)size, &options, &reading, &found);

    a->bundles++;
    column_digest(s, 0, &id);
    column_text(s, 1, kind, sizeof kind);
    carnet_digest_hex(&id, hex);
    if (err == CARNET_NO_MEMORY || err == CARNET_CONFIGURATION)
        return carnet_fail(diag, err, "", "%s", found.detail);
    if (err)
        audit_tell(a, "The %s %.16s... does not hold (%s): %.300s", kind, hex, carnet_outcome_name(err), found.detail);
    else if (!carnet_digest_equal(carnet_intact_id(carnet_reading_intact(reading)), &id) ||
             strcmp(carnet_reading_kind(reading)->name, kind) != 0)
        audit_tell(a, "The %s %.16s... is another bundle than the ledger says.", kind, hex);
    else {
        *out = reading;
        return CARNET_OK;
    }
    carnet_reading_free(reading);
    return CARNET_OK;
}

static enum carnet_err each_bundle(struct ledger *l, struct ledger_audit *a, const char *sql,
                                   bool (*agrees)(sqlite3_stmt *s, const struct carnet_document *d),
                                   struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    bool row = false;
    enum carnet_err err = database_query(l, &s, diag, sql, "");

    for (err = err ? err : database_step(l, s, &row, diag); !err && row; err = database_step(l, s, &row, diag)) {
        struct carnet_reading *reading = NULL;
        struct carnet_digest id;
        char hex[CARNET_HEX_SIZE];
        err = read_bundle(s, a, &reading, diag);
        column_digest(s, 0, &id);
        carnet_digest_hex(&id, hex);
        if (!err && reading && !agrees(s, carnet_reading_document(reading)))
            audit_tell(a, "The ledger says otherwise than the %s %.16s..., which it rests on.",
                       carnet_reading_kind(reading)->name, hex);
        carnet_reading_free(reading);
        if (err) {
            database_done(s);
            break;
        }
    }
    return err;
}

static bool outbox_agrees(sqlite3_stmt *s, const struct carnet_document *d)
{
    const struct carnet_license *license = carnet_document_license(d);

    /* Column 12: is it the newest license of its grant? */
    return !license || sqlite3_column_int64(s, 12) == 0 || license_agrees(s, license);
}

static bool taken_agrees(sqlite3_stmt *s, const struct carnet_document *d)
{
    /* Column 3 is NULL where a newer revision was taken. */
    return sqlite3_column_type(s, 3) == SQLITE_NULL || entitlement_agrees(s, carnet_document_entitlement(d));
}

static bool made_agrees(sqlite3_stmt *s, const struct carnet_document *d)
{
    char license[CARNET_ID_TEXT_SIZE];

    column_text(s, 3, license, sizeof license);
    return strcmp(carnet_document_entitlement(d)->license, license) == 0 &&
           carnet_document_entitlement(d)->revision == column_count(s, 4);
}

enum carnet_err audit_bundles(struct ledger *l, struct ledger_audit *a, struct carnet_diag *diag)
{
    enum carnet_err err =
        each_bundle(l, a,
                    "SELECT b.id, b.kind, b.bytes, g.fingerprint, g.seat, g.epoch, g.serial, g.machine_key,"
                    " g.entitlement, g.user, g.label, g.lease_until, b.kind = 'license' AND b.serial = g.serial"
                    " FROM bundle b JOIN seat_grant g ON g.number = b.seat_grant",
                    outbox_agrees, diag);

    if (!err)
        err = each_bundle(l, a,
                          "SELECT t.id, 'entitlement', t.bytes, l.issuer, l.product, l.edition, l.licensee, l.seats,"
                          " l.offline_allowed, l.not_after FROM taken t LEFT JOIN license l ON l.entitlement = t.id",
                          taken_agrees, diag);
    if (!err)
        err = each_bundle(l, a, "SELECT id, 'entitlement', bytes, license, revision FROM made", made_agrees, diag);
    return err;
}
