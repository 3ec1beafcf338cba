/* SPDX-License-Identifier: MIT */
/* Keys with their one role for life (T-5), own ones with what became of them, and the anchors. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "database.h"

static bool role_of(const char *name, enum carnet_role *out)
{
    static const enum carnet_role roles[] = {CARNET_ROLE_ROOT, CARNET_ROLE_ISSUER, CARNET_ROLE_MACHINE};

    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        if (strcmp(name, carnet_role_name(roles[i])) == 0) {
            *out = roles[i];
            return true;
        }
    }
    return false;
}

enum carnet_err ledger_key_see(struct ledger *l, const struct carnet_digest *id, enum carnet_role role, int64_t now,
                               struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    char known[16] = "", hex[CARNET_HEX_SIZE];
    bool row = false;
    enum carnet_err err = database_query(l, &s, diag, "SELECT role FROM key WHERE id = ?", "d", id);

    if (!err)
        err = database_step(l, s, &row, diag);
    if (err)
        return err;
    if (!row)
        return database_run(l, diag, "INSERT INTO key (id, role, seen) VALUES (?, ?, ?)", "dti", id,
                            carnet_role_name(role), now);
    column_text(s, 0, known, sizeof known);
    database_done(s);
    if (strcmp(known, carnet_role_name(role)) == 0)
        return CARNET_OK;
    carnet_digest_hex(id, hex);
    (void)carnet_fail(diag, CARNET_UNTRUSTED_KEY, "T-5",
                      "The key %s is known here as %s key, and can't be %s key as well: a key has one role for life.",
                      hex,
                      strcmp(known, "issuer") == 0 ? "an issuer"
                      : strcmp(known, "root") == 0 ? "a root"
                                                   : "a machine",
                      role == CARNET_ROLE_ISSUER ? "an issuer"
                      : role == CARNET_ROLE_ROOT ? "a root"
                                                 : "a machine");
    (void)carnet_fail_next(diag, "Ask whoever made the file to use a key of its own for this.");
    return CARNET_UNTRUSTED_KEY;
}

static const char *const states[] = {[LEDGER_KEY_ACTIVE] = "active",
                                     [LEDGER_KEY_NEXT] = "next",
                                     [LEDGER_KEY_REPLACED] = "replaced",
                                     [LEDGER_KEY_REVOKED] = "revoked"};

const char *ledger_key_state_word(enum ledger_key_state state)
{
    return states[state];
}

/* It may be known already, from trust information that announces it. */
enum carnet_err ledger_key_add_own(struct ledger *l, const struct ledger_key *key, struct carnet_diag *diag)
{
    const bool plain = !*key->file || strcmp(key->file, carnet_role_name(key->role)) == 0;

    return database_run(
        l, diag,
        "INSERT INTO key (id, role, seen, own, public_key, passphrase, file) VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET seen = excluded.seen, own = excluded.own, public_key = "
        "excluded.public_key, passphrase = excluded.passphrase, file = excluded.file",
        "dtiibiT", &key->id, carnet_role_name(key->role), key->created, (int64_t)(key->state != LEDGER_KEY_NEXT),
        (const void *)key->public_key, sizeof key->public_key, (int64_t)key->passphrase, plain ? "" : key->file);
}

/* A key that is announced is not the home's own yet: it signs nothing. */
enum carnet_err ledger_key_turn(struct ledger *l, const struct carnet_digest *id, enum ledger_key_state state,
                                struct carnet_diag *diag)
{
    return database_run(l, diag, "UPDATE key SET own = 1, state = ? WHERE id = ?", "td", states[state], id);
}

#define KEY_COLUMNS "SELECT id, public_key, seen, last_used, passphrase, file, own, state, role FROM key"

static enum carnet_err column_key(sqlite3_stmt *s, struct ledger_key *out, struct carnet_diag *diag)
{
    const void *public_key = sqlite3_column_blob(s, 1);
    char role[16], state[16];

    memset(out, 0, sizeof *out);
    column_digest(s, 0, &out->id);
    if (public_key)
        memcpy(out->public_key, public_key, sizeof out->public_key);
    out->created = sqlite3_column_int64(s, 2);
    out->last_used = sqlite3_column_type(s, 3) == SQLITE_NULL ? INT64_MIN : sqlite3_column_int64(s, 3);
    out->passphrase = sqlite3_column_int64(s, 4) != 0;
    column_text(s, 7, state, sizeof state);
    column_text(s, 8, role, sizeof role);
    if (!role_of(role, &out->role))
        return carnet_fail(diag, CARNET_LEDGER_DAMAGED, "", "The ledger gives a key an unknown role.");
    column_text(s, 5, out->file, sizeof out->file);
    if (!*out->file)
        (void)snprintf(out->file, sizeof out->file, "%s", carnet_role_name(out->role));
    out->state = sqlite3_column_int64(s, 6) == 0                   ? LEDGER_KEY_NEXT
                 : strcmp(state, states[LEDGER_KEY_ACTIVE]) == 0   ? LEDGER_KEY_ACTIVE
                 : strcmp(state, states[LEDGER_KEY_REPLACED]) == 0 ? LEDGER_KEY_REPLACED
                                                                   : LEDGER_KEY_REVOKED;
    return CARNET_OK;
}

enum carnet_err ledger_keys_own(struct ledger *l, struct ledger_key **out, size_t *count, struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    void *list = NULL;
    size_t n = 0;
    bool row = false;
    enum carnet_err err = database_query(l, &s, diag,
                                         KEY_COLUMNS " WHERE public_key IS NOT NULL AND role <> 'machine'"
                                                     " ORDER BY role DESC, state <> 'active', own DESC, seen DESC,"
                                                     " coalesce((SELECT max(number) FROM chain WHERE signer = key.id),"
                                                     " 9223372036854775807) DESC, id",
                                         "");

    for (err = err ? err : database_step(l, s, &row, diag); !err && row; err = database_step(l, s, &row, diag)) {
        err = database_room(&list, n, sizeof **out);
        if (!err)
            err = column_key(s, (struct ledger_key *)list + n++, diag);
        if (err) {
            database_done(s);
            break;
        }
    }
    if (err) {
        free(list);
        return err;
    }
    *out = list;
    *count = n;
    return CARNET_OK;
}

enum carnet_err ledger_key_own(struct ledger *l, enum carnet_role role, struct ledger_key *out,
                               struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    bool row = false;
    enum carnet_err err = database_query(l, &s, diag, KEY_COLUMNS " WHERE role = ? AND own = 1 AND state = 'active'",
                                         "t", carnet_role_name(role));

    if (!err)
        err = database_step(l, s, &row, diag);
    if (err)
        return err;
    if (!row) {
        const char *name = carnet_role_name(role);
        (void)carnet_fail(diag, CARNET_NOT_FOUND, "", "This home has no %s key.", name);
        (void)carnet_fail_next(diag, "A home made with 'init --role %s' has one.",
                               role == CARNET_ROLE_ROOT ? "vendor" : "admin");
        return CARNET_NOT_FOUND;
    }
    err = column_key(s, out, diag);
    database_done(s);
    return err;
}

enum carnet_err ledger_key_used(struct ledger *l, const struct carnet_digest *id, int64_t now, struct carnet_diag *diag)
{
    return database_run(l, diag, "UPDATE key SET last_used = ? WHERE id = ?", "id", now, id);
}

enum carnet_err ledger_issuer_named(struct ledger *l, const struct carnet_digest *issuer, bool *out,
                                    struct carnet_diag *diag)
{
    int64_t there = 0;
    enum carnet_err err =
        database_number(l, 0, &there, diag, "SELECT 1 FROM license WHERE issuer = ? LIMIT 1", "d", issuer);

    if (!err)
        *out = there != 0;
    return err;
}

enum carnet_err ledger_published(struct ledger *l, const struct carnet_digest *root, uint32_t *out,
                                 struct carnet_diag *diag)
{
    int64_t count = 0;
    enum carnet_err err = database_number(l, 0, &count, diag,
                                          "SELECT count(*) FROM event WHERE line LIKE '% publish by=%'"
                                          " AND chain IN (SELECT number FROM chain WHERE signer = ?)",
                                          "d", root);

    if (!err)
        *out = (uint32_t)count;
    return err;
}

enum carnet_err ledger_keys_known(struct ledger *l, struct carnet_known_key **out, size_t *count,
                                  struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    void *list = NULL;
    size_t n = 0;
    bool row = false;
    enum carnet_err err = database_query(l, &s, diag, "SELECT id, role FROM key WHERE role <> 'machine'", "");

    for (err = err ? err : database_step(l, s, &row, diag); !err && row; err = database_step(l, s, &row, diag)) {
        char role[16];
        struct carnet_known_key key;
        column_digest(s, 0, &key.id);
        column_text(s, 1, role, sizeof role);
        if (!role_of(role, &key.role)) {
            err = carnet_fail(diag, CARNET_LEDGER_DAMAGED, "", "The ledger gives a key an unknown role.");
            break;
        }
        err = database_room(&list, n, sizeof key);
        if (err)
            break;
        ((struct carnet_known_key *)list)[n++] = key;
    }
    if (err) {
        free(list);
        return err;
    }
    *out = list;
    *count = n;
    return CARNET_OK;
}

enum carnet_err ledger_anchor_add(struct ledger *l, const struct ledger_anchor *anchor, bool *known,
                                  struct carnet_diag *diag)
{
    int64_t there = 0;
    enum carnet_err err = database_number(l, 0, &there, diag, "SELECT 1 FROM anchor WHERE vendor = ? AND root = ?",
                                          "dd", &anchor->vendor, &anchor->root);

    if (!err && !there)
        err = ledger_key_see(l, &anchor->root, CARNET_ROLE_ROOT, anchor->pinned, diag);
    if (!err && !there)
        err = database_run(l, diag, "INSERT INTO anchor (vendor, root, pinned, generation) VALUES (?, ?, ?, ?)", "ddii",
                           &anchor->vendor, &anchor->root, anchor->pinned,
                           (int64_t)(anchor->generation > 0 ? anchor->generation : 1));
    if (!err)
        *known = there != 0;
    return err;
}

enum carnet_err ledger_anchors(struct ledger *l, struct ledger_anchor **out, size_t *count, struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    void *list = NULL;
    size_t n = 0;
    bool row = false;
    enum carnet_err err = database_query(
        l, &s, diag, "SELECT vendor, root, pinned, generation FROM anchor ORDER BY pinned, vendor, generation, root",
        "");

    for (err = err ? err : database_step(l, s, &row, diag); !err && row; err = database_step(l, s, &row, diag)) {
        struct ledger_anchor *a;
        err = database_room(&list, n, sizeof *a);
        if (err)
            break;
        a = (struct ledger_anchor *)list + n++;
        column_digest(s, 0, &a->vendor);
        column_digest(s, 1, &a->root);
        a->pinned = sqlite3_column_int64(s, 2);
        a->generation = column_count(s, 3);
    }
    if (err) {
        free(list);
        return err;
    }
    *out = list;
    *count = n;
    return CARNET_OK;
}
