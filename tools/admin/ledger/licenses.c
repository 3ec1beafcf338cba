/* SPDX-License-Identifier: MIT */
/* Licenses as their newest entitlement says, and the users of those that are online. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "database.h"

#define COLUMNS \
    "number, vendor, id, issuer, entitlement, revision, product, edition, licensee, seats, in_use, held, users," \
    " offline_allowed, mode, not_after"

static void read_license(sqlite3_stmt *s, struct ledger_license *out)
{
    char mode[16];

    memset(out, 0, sizeof *out);
    out->number = sqlite3_column_int64(s, 0);
    column_digest(s, 1, &out->vendor);
    column_text(s, 2, out->id, sizeof out->id);
    column_digest(s, 3, &out->issuer);
    column_digest(s, 4, &out->entitlement);
    out->revision = column_count(s, 5);
    column_text(s, 6, out->product, sizeof out->product);
    column_text(s, 7, out->edition, sizeof out->edition);
    column_text(s, 8, out->licensee, sizeof out->licensee);
    out->seats = column_count(s, 9);
    out->in_use = column_count(s, 10);
    out->held = column_count(s, 11);
    out->users = column_count(s, 12);
    out->offline_allowed = sqlite3_column_int64(s, 13) != 0;
    column_text(s, 14, mode, sizeof mode);
    out->offline = strcmp(mode, "offline") == 0;
    out->not_after = sqlite3_column_int64(s, 15);
}

enum carnet_err ledger_licenses(struct ledger *l, const struct carnet_digest *vendor, const char *product,
                                struct ledger_license **out, size_t *count, struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    void *list = NULL;
    size_t n = 0;
    bool row = false;
    enum carnet_err err = database_query(l, &s, diag,
                                         "SELECT " COLUMNS " FROM license WHERE (?1 IS NULL OR vendor = ?1)"
                                         " AND (?2 IS NULL OR product = ?2) ORDER BY id, vendor",
                                         "Dt", vendor, product);

    for (err = err ? err : database_step(l, s, &row, diag); !err && row; err = database_step(l, s, &row, diag)) {
        err = database_room(&list, n, sizeof(struct ledger_license));
        if (err)
            break;
        read_license(s, (struct ledger_license *)list + n++);
    }
    if (err) {
        free(list);
        return err;
    }
    *out = list;
    *count = n;
    return CARNET_OK;
}

enum carnet_err ledger_license_get(struct ledger *l, const struct carnet_digest *vendor, const char *id,
                                   struct ledger_license *out, struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    bool row = false;
    enum carnet_err err =
        database_query(l, &s, diag, "SELECT " COLUMNS " FROM license WHERE vendor = ? AND id = ?", "dt", vendor, id);

    if (!err)
        err = database_step(l, s, &row, diag);
    if (err)
        return err;
    if (!row) {
        (void)carnet_fail(diag, CARNET_NOT_FOUND, "", "There is no license %s of that vendor in this ledger.", id);
        (void)carnet_fail_next(diag, "Look at 'carnet-admin license list', and 'import' the vendor's entitlement.");
        return CARNET_NOT_FOUND;
    }
    read_license(s, out);
    database_done(s);
    return CARNET_OK;
}

static bool begins(const char *text, const char *with)
{
    return strncasecmp(text, with, strlen(with)) == 0;
}

/* How well a license answers to what was typed: 2 its very id, 1 a beginning, 0 not. */
static int answers(const struct ledger_license *license, const char *text)
{
    if (strcmp(license->id, text) == 0)
        return 2;
    return *text && (begins(license->id, text) || begins(license->product, text) || begins(license->licensee, text));
}

enum carnet_err ledger_license_find(struct ledger *l, const char *text, struct ledger_license *out,
                                    struct carnet_diag *diag)
{
    struct ledger_license *list = NULL;
    size_t count = 0, found = 0, where = 0;
    int best = 1;
    char names[256] = "", shown[160];
    enum carnet_err err = ledger_licenses(l, NULL, NULL, &list, &count, diag);

    for (size_t i = 0; !err && i < count; i++) {
        int how = answers(&list[i], text);
        if (how < best)
            continue;
        if (how > best)
            found = 0;
        best = how;
        where = i;
        if (found++ == 0)
            names[0] = '\0';
        const size_t used = strlen(names);
        if (used + strlen(list[i].id) + 3 < sizeof names)
            (void)snprintf(names + used, sizeof names - used, "%s%s", used > 0 ? ", " : "", list[i].id);
    }
    if (!err && found == 1)
        *out = list[where];
    free(list);
    if (err || found == 1)
        return err;
    (void)carnet_text_escape(text, strlen(text), shown, sizeof shown);
    if (found == 0) {
        (void)carnet_fail(diag, CARNET_NOT_FOUND, "", "No license's id, product or licensee begins with \"%s\".",
                          shown);
        (void)carnet_fail_next(diag, "Look at 'carnet-admin license list'.");
        return CARNET_NOT_FOUND;
    }
    (void)carnet_fail(diag, CARNET_USAGE, "", "\"%s\" fits several licenses: %s.", shown, names);
    (void)carnet_fail_next(diag, "Give the whole license id.");
    return CARNET_USAGE;
}

enum carnet_err ledger_license_convert(struct ledger *l, int64_t license, bool offline, struct carnet_diag *diag)
{
    return database_run(l, diag, "UPDATE license SET mode = ? WHERE number = ?", "ti", offline ? "offline" : "online",
                        license);
}

/* ---- entitlements ---- */

static enum carnet_err one_bundle(struct ledger *l, sqlite3_stmt *s, struct carnet_digest *id,
                                  struct carnet_buffer *out, struct carnet_diag *diag)
{
    bool row = false;
    enum carnet_err err = database_step(l, s, &row, diag);

    if (err)
        return err;
    if (!row)
        return CARNET_NOT_FOUND;
    err = column_bytes(s, 1, out);
    if (!err && id)
        column_digest(s, 0, id);
    database_done(s);
    return err ? carnet_fail(diag, err, "", "A bundle could not be taken from the ledger.") : CARNET_OK;
}

enum carnet_err ledger_made_newest(struct ledger *l, const struct carnet_digest *vendor, const char *license,
                                   struct carnet_digest *id, struct carnet_buffer *out, struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    enum carnet_err err = database_query(
        l, &s, diag, "SELECT id, bytes FROM made WHERE vendor = ? AND license = ? ORDER BY revision DESC LIMIT 1", "dt",
        vendor, license);

    return err ? err : one_bundle(l, s, id, out, diag);
}

enum carnet_err ledger_made_add(struct ledger *l, const struct carnet_entitlement *e, const struct carnet_digest *id,
                                const uint8_t *bytes, size_t size, int64_t now, struct carnet_diag *diag)
{
    return database_run(l, diag,
                        "INSERT INTO made (id, vendor, license, revision, made, bytes) VALUES (?, ?, ?, ?, ?, ?)",
                        "ddtiib", id, &e->vendor, e->license, (int64_t)e->revision, now, (const void *)bytes, size);
}

enum carnet_err ledger_taken_revision(struct ledger *l, const struct carnet_digest *vendor, const char *license,
                                      uint32_t revision, struct carnet_digest *id, struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    bool row = false;
    enum carnet_err err =
        database_query(l, &s, diag, "SELECT id FROM taken WHERE vendor = ? AND license = ? AND revision = ?", "dti",
                       vendor, license, (int64_t)revision);

    if (!err)
        err = database_step(l, s, &row, diag);
    if (err)
        return err;
    if (!row)
        return CARNET_NOT_FOUND;
    column_digest(s, 0, id);
    database_done(s);
    return CARNET_OK;
}

enum carnet_err ledger_taken_bytes(struct ledger *l, const struct carnet_digest *id, struct carnet_buffer *out,
                                   struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    enum carnet_err err = database_query(l, &s, diag, "SELECT id, bytes FROM taken WHERE id = ?", "d", id);

    if (!err)
        err = one_bundle(l, s, NULL, out, diag);
    if (err == CARNET_NOT_FOUND)
        return carnet_fail(diag, CARNET_LEDGER_DAMAGED, "", "An entitlement is missing from the ledger.");
    return err;
}

enum carnet_err ledger_taken_add(struct ledger *l, const struct carnet_entitlement *e, const struct carnet_digest *id,
                                 const uint8_t *bytes, size_t size, int64_t now, struct carnet_diag *diag)
{
    enum carnet_err err = database_run(
        l, diag, "INSERT INTO taken (id, vendor, license, revision, taken, bytes) VALUES (?, ?, ?, ?, ?, ?)", "ddtiib",
        id, &e->vendor, e->license, (int64_t)e->revision, now, (const void *)bytes, size);

    if (err)
        return err;
    return database_run(l, diag,
                        "INSERT INTO license (vendor, id, issuer, entitlement, revision, product, edition, licensee,"
                        " seats, offline_allowed, not_after) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                        " ON CONFLICT (vendor, id) DO UPDATE SET issuer = excluded.issuer,"
                        " entitlement = excluded.entitlement, revision = excluded.revision,"
                        " product = excluded.product, edition = excluded.edition, licensee = excluded.licensee,"
                        " seats = excluded.seats, offline_allowed = excluded.offline_allowed,"
                        " not_after = excluded.not_after",
                        "dtdditTtiii", &e->vendor, e->license, &e->issuer, id, (int64_t)e->revision, e->product,
                        e->edition, e->licensee, (int64_t)e->seats, (int64_t)e->offline_allowed, e->not_after);
}

/* ---- users ---- */

enum carnet_err ledger_user_add(struct ledger *l, int64_t license, const char *name, int64_t now, bool *known,
                                struct carnet_diag *diag)
{
    int64_t there = 0;
    enum carnet_err err = database_number(
        l, 0, &there, diag, "SELECT 1 FROM online_user WHERE license = ? AND name = ?", "it", license, name);

    if (!err && !there)
        err = database_run(l, diag, "INSERT INTO online_user VALUES (?, ?, ?)", "iti", license, name, now);
    if (!err)
        *known = there != 0;
    return err;
}

enum carnet_err ledger_user_remove(struct ledger *l, int64_t license, const char *name, struct carnet_diag *diag)
{
    char shown[160];
    enum carnet_err err =
        database_run(l, diag, "DELETE FROM online_user WHERE license = ? AND name = ?", "it", license, name);

    if (err || sqlite3_changes(l->db) > 0)
        return err;
    (void)carnet_text_escape(name, strlen(name), shown, sizeof shown);
    (void)carnet_fail(diag, CARNET_NOT_FOUND, "", "There is no user \"%s\" of that license.", shown);
    (void)carnet_fail_next(diag, "Look at 'carnet-admin license show'.");
    return CARNET_NOT_FOUND;
}

enum carnet_err ledger_users(struct ledger *l, int64_t license, struct ledger_user **out, size_t *count,
                             struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    void *list = NULL;
    size_t n = 0;
    bool row = false;
    enum carnet_err err = database_query(
        l, &s, diag, "SELECT name, since FROM online_user WHERE license = ? ORDER BY name", "i", license);

    for (err = err ? err : database_step(l, s, &row, diag); !err && row; err = database_step(l, s, &row, diag)) {
        struct ledger_user *user;
        err = database_room(&list, n, sizeof *user);
        if (err)
            break;
        user = (struct ledger_user *)list + n++;
        column_text(s, 0, user->name, sizeof user->name);
        user->since = sqlite3_column_int64(s, 1);
    }
    if (err) {
        free(list);
        return err;
    }
    *out = list;
    *count = n;
    return CARNET_OK;
}
