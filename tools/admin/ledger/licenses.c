/* SPDX-License-Identifier: MIT */
/* Licenses as their newest entitlement says, and the users of those that are online. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "database.h"

#define COLUMNS \
    "number, vendor, id, issuer, entitlement, revision, product, edition, licensee, seats, in_use, held, users," \
    " offline_allowed, mode, not_after, forked"

static const char *const forks[] = {[LEDGER_NOT_FORKED] = "",
                                    [LEDGER_FORK_LICENSE] = "unknown-license",
                                    [LEDGER_FORK_CLONE] = "clone",
                                    [LEDGER_FORK_JOURNAL] = "ledger"};

const char *ledger_fork_word(enum ledger_fork fork)
{
    return forks[fork];
}

/* A word that a later version wrote stops the license as well. */
static enum ledger_fork read_fork(sqlite3_stmt *s, int column)
{
    char word[32];

    if (sqlite3_column_type(s, column) == SQLITE_NULL)
        return LEDGER_NOT_FORKED;
    column_text(s, column, word, sizeof word);
    for (unsigned i = 1; i < sizeof forks / sizeof *forks; i++) {
        if (strcmp(word, forks[i]) == 0)
            return (enum ledger_fork)i;
    }
    return LEDGER_FORK_LICENSE;
}

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
    out->forked = read_fork(s, 16);
}

static enum carnet_err read_list(struct ledger *l, sqlite3_stmt *s, struct ledger_license **out, size_t *count,
                                 struct carnet_diag *diag)
{
    void *list = NULL;
    size_t n = 0;
    bool row = false;
    enum carnet_err err;

    for (err = database_step(l, s, &row, diag); !err && row; err = database_step(l, s, &row, diag)) {
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

enum carnet_err ledger_licenses(struct ledger *l, const struct carnet_digest *vendor, const char *product,
                                struct ledger_license **out, size_t *count, struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    enum carnet_err err = database_query(l, &s, diag,
                                         "SELECT " COLUMNS " FROM license WHERE (?1 IS NULL OR vendor = ?1)"
                                         " AND (?2 IS NULL OR product = ?2) ORDER BY id, vendor",
                                         "Dt", vendor, product);

    return err ? err : read_list(l, s, out, count, diag);
}

enum carnet_err ledger_licenses_of_fingerprint(struct ledger *l, const struct carnet_digest *vendor,
                                               const struct carnet_digest *fingerprint, struct ledger_license **out,
                                               size_t *count, struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    enum carnet_err err = database_query(l, &s, diag,
                                         "SELECT " COLUMNS " FROM license WHERE vendor = ? AND number IN"
                                         " (SELECT license FROM seat_grant WHERE fingerprint = ?) ORDER BY id",
                                         "dd", vendor, fingerprint);

    return err ? err : read_list(l, s, out, count, diag);
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

#define WHOLE 2

/* How well a license answers to what was typed: WHOLE its very id, 1 a beginning, 0 not. */
static int answers(const struct ledger_license *license, const char *text)
{
    if (strcmp(license->id, text) == 0)
        return WHOLE;
    return *text && (begins(license->id, text) || begins(license->product, text) || begins(license->licensee, text));
}

enum carnet_err ledger_vendor_find(struct ledger *l, const char *text, struct carnet_digest *out,
                                   struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    size_t found = 0;
    bool row = false;
    char shown[100], hex[CARNET_HEX_SIZE];
    struct carnet_digest vendor, last = {{0}};
    enum carnet_err err = database_query(l, &s, diag, "SELECT vendor FROM license UNION SELECT vendor FROM anchor", "");

    for (err = err ? err : database_step(l, s, &row, diag); !err && row; err = database_step(l, s, &row, diag)) {
        column_digest(s, 0, &vendor);
        carnet_digest_hex(&vendor, hex);
        if (!*text || !begins(hex, text))
            continue;
        last = vendor;
        found++;
    }
    if (err)
        return err;
    if (found == 1) {
        *out = last;
        return CARNET_OK;
    }
    (void)carnet_text_escape(text, strlen(text), shown, sizeof shown);
    if (found == 0)
        err = carnet_fail(diag, CARNET_NOT_FOUND, "", "No vendor's id here begins with \"%s\".", shown);
    else
        err = carnet_fail(diag, CARNET_USAGE, "", "The ids of %zu vendors begin with \"%s\".", found, shown);
    (void)carnet_fail_next(diag, "Look at 'carnet-admin trust list', and give as much of the id as tells it apart.");
    return err;
}

/* What answers best to what was typed. */
struct search {
    int how;      /* as `answers` gives it; 0: nothing does */
    size_t found; /* how many do that well */
    bool one_id;  /* all of these have the same id, and differ by the vendor */
    char names[400];
    struct ledger_license last;
};

static void search_add(struct search *s, const struct ledger_license *license)
{
    const size_t used = strlen(s->names);
    char vendor[CARNET_HEX_SIZE];

    carnet_digest_hex(&license->vendor, vendor);
    if (used + strlen(license->id) + 24 < sizeof s->names)
        (void)snprintf(s->names + used, sizeof s->names - used, "%s%s (vendor %.8s)", used > 0 ? ", " : "", license->id,
                       vendor);
    s->one_id = s->found == 0 || (s->one_id && strcmp(s->last.id, license->id) == 0);
    s->last = *license;
    s->found++;
}

static enum carnet_err search(struct ledger *l, const char *text, const char *vendor, struct search *s,
                              struct carnet_diag *diag)
{
    struct ledger_license *list = NULL;
    struct carnet_digest whose;
    size_t count = 0;
    enum carnet_err err = vendor ? ledger_vendor_find(l, vendor, &whose, diag) : CARNET_OK;

    if (!err)
        err = ledger_licenses(l, vendor ? &whose : NULL, NULL, &list, &count, diag);
    for (size_t i = 0; !err && i < count; i++) {
        const int how = answers(&list[i], text);
        if (how > s->how) {
            s->how = how;
            s->found = 0;
            s->names[0] = '\0';
        }
        if (how > 0 && how == s->how)
            search_add(s, &list[i]);
    }
    free(list);
    return err;
}

static enum carnet_err refuse_several(const struct search *s, const char *shown, struct carnet_diag *diag)
{
    (void)carnet_fail(diag, CARNET_USAGE, "", "\"%s\" fits several licenses: %s.", shown, s->names);
    if (s->one_id)
        (void)carnet_fail_next(diag, "Say whose with --vendor and the id, or its beginning, that stands there.");
    else
        (void)carnet_fail_next(diag, "Give the whole license id.");
    return CARNET_USAGE;
}

enum carnet_err ledger_license_find(struct ledger *l, const char *text, const char *vendor, struct ledger_license *out,
                                    struct carnet_diag *diag)
{
    struct search s = {0};
    char shown[160];
    enum carnet_err err = search(l, text, vendor, &s, diag);

    if (err)
        return err;
    if (s.found == 1) {
        *out = s.last;
        return CARNET_OK;
    }
    (void)carnet_text_escape(text, strlen(text), shown, sizeof shown);
    if (s.found > 1)
        return refuse_several(&s, shown, diag);
    (void)carnet_fail(diag, CARNET_NOT_FOUND, "", "No license's id, product or licensee begins with \"%s\".", shown);
    (void)carnet_fail_next(diag, "Look at 'carnet-admin license list'.");
    return CARNET_NOT_FOUND;
}

enum carnet_err ledger_license_named(struct ledger *l, const char *id, const char *vendor, struct ledger_license *out,
                                     struct carnet_diag *diag)
{
    struct search s = {0};
    char shown[160];
    enum carnet_err err = search(l, id, vendor, &s, diag);

    if (err)
        return err;
    if (s.how == WHOLE && s.found == 1) {
        *out = s.last;
        return CARNET_OK;
    }
    (void)carnet_text_escape(id, strlen(id), shown, sizeof shown);
    if (s.how == WHOLE)
        return refuse_several(&s, shown, diag);
    (void)carnet_fail(diag, CARNET_NOT_FOUND, "", "There is no license \"%s\" here.", shown);
    if (s.found == 0)
        (void)carnet_fail_next(diag, "Look at 'carnet-admin license list'.");
    else
        (void)carnet_fail_next(diag, "What changes something takes the whole license id. Did you mean %.300s?",
                               s.names);
    return CARNET_NOT_FOUND;
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
    return database_digest(l, id, diag, "SELECT id FROM taken WHERE vendor = ? AND license = ? AND revision = ?", "dti",
                           vendor, license, (int64_t)revision);
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

/* The address in "Ada Byron <ada@example.org>", or the whole name. */
#define ADDRESS(name) \
    "CASE WHEN " name " LIKE '% <%>' THEN substr(" name ", instr(" name ", ' <') + 2, length(" name ") - instr(" name \
    ", ' <') - 2) ELSE " name " END"

enum carnet_err ledger_user_twin(struct ledger *l, int64_t license, const char *name, char twin[CARNET_TEXT_SIZE],
                                 struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    bool row = false;
    enum carnet_err err = database_query(l, &s, diag,
                                         "SELECT name FROM online_user WHERE license = ?1 AND name <> ?2"
                                         " AND (name = ?2 COLLATE NOCASE OR " ADDRESS("name") " = " ADDRESS(
                                             "?2") " COLLATE NOCASE) ORDER BY name LIMIT 1",
                                         "it", license, name);

    if (!err)
        err = database_step(l, s, &row, diag);
    if (err)
        return err;
    if (!row)
        return CARNET_NOT_FOUND;
    column_text(s, 0, twin, CARNET_TEXT_SIZE);
    database_done(s);
    return CARNET_OK;
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
