/* SPDX-License-Identifier: MIT */
/* Reading the journal as it is kept, and everything that `journal verify` looks at but the replay. */
#include "audit.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/signature.h"
#include "database.h"
#include "seal.h"

#define SALT_SIZE 16

/* ---- reading ---- */

enum carnet_err ledger_chains(struct ledger *l, struct ledger_chain **out, size_t *count, struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    void *list = NULL;
    size_t n = 0;
    bool row = false;
    enum carnet_err err = database_query(
        l, &s, diag, "SELECT number, vendor, signer, position, digest, last FROM chain ORDER BY number", "");

    for (err = err ? err : database_step(l, s, &row, diag); !err && row; err = database_step(l, s, &row, diag)) {
        struct ledger_chain *chain;
        err = database_room(&list, n, sizeof *chain);
        if (err)
            break;
        chain = (struct ledger_chain *)list + n++;
        chain->number = sqlite3_column_int64(s, 0);
        column_digest(s, 1, &chain->vendor);
        column_digest(s, 2, &chain->signer);
        chain->head.position = column_count(s, 3);
        column_digest(s, 4, &chain->head.digest);
        chain->last = sqlite3_column_int64(s, 5);
    }
    if (err) {
        free(list);
        return err;
    }
    *out = list;
    *count = n;
    return CARNET_OK;
}

enum carnet_err ledger_events(struct ledger *l, const struct ledger_chain *chain, uint32_t after,
                              enum carnet_err (*each)(void *context, const struct ledger_entry *entry,
                                                      struct carnet_diag *diag),
                              void *context, struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    bool row = false;
    enum carnet_err err = database_query(
        l, &s, diag, "SELECT position, digest, line FROM event WHERE chain = ? AND position > ? ORDER BY position",
        "ii", chain->number, (int64_t)after);

    for (err = err ? err : database_step(l, s, &row, diag); !err && row; err = database_step(l, s, &row, diag)) {
        struct ledger_entry entry = {.chain = chain, .line = (const char *)sqlite3_column_text(s, 2)};
        column_digest(s, 1, &entry.digest);
        if (!entry.line || carnet_event_parse(entry.line, strlen(entry.line), &entry.event))
            err = carnet_fail(diag, CARNET_LEDGER_DAMAGED, "W-3", "The journal's line at position %lu is none.",
                              (unsigned long)column_count(s, 0));
        else
            err = each(context, &entry, diag);
        if (err) {
            database_done(s);
            break;
        }
    }
    return err;
}

enum carnet_err ledger_name(struct ledger *l, const struct carnet_digest *digest, char out[CARNET_TEXT_SIZE],
                            struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    bool row = false;
    enum carnet_err err = database_query(l, &s, diag, "SELECT text FROM name WHERE digest = ?", "d", digest);

    if (!err)
        err = database_step(l, s, &row, diag);
    if (err)
        return err;
    out[0] = '\0';
    if (row) {
        column_text(s, 0, out, CARNET_TEXT_SIZE);
        database_done(s);
    }
    return CARNET_OK;
}

enum carnet_err ledger_name_erase(struct ledger *l, const char *name, uint32_t *erased, struct carnet_diag *diag)
{
    uint32_t n = 0;
    enum carnet_err err = database_run(l, diag, "UPDATE name SET salt = NULL, text = NULL WHERE text = ?", "t", name);

    if (!err) {
        n = (uint32_t)sqlite3_changes(l->db);
        err = database_run(l, diag, "UPDATE seat_grant SET label = NULL WHERE label = ?", "t", name);
    }
    if (!err)
        *erased = n + (uint32_t)sqlite3_changes(l->db);
    return err;
}

enum carnet_err ledger_erase_traces(struct ledger *l, struct carnet_diag *diag)
{
    const int code = sqlite3_wal_checkpoint_v2(l->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);

    return code == SQLITE_OK ? CARNET_OK : database_fail(l->db, code & 0xff, "emptying its log", diag);
}

enum carnet_err ledger_taken_for_issuer(struct ledger *l, const struct carnet_digest *vendor,
                                        const struct carnet_digest *issuer, struct carnet_digest *id,
                                        struct carnet_diag *diag)
{
    return database_digest(l, id, diag,
                           "SELECT t.id FROM license JOIN taken t ON t.id = license.entitlement"
                           " WHERE license.vendor = ? AND license.issuer = ?"
                           " ORDER BY t.taken DESC, t.id LIMIT 1",
                           "dd", vendor, issuer);
}

enum carnet_err ledger_taken_of(struct ledger *l, const struct carnet_digest *vendor, struct carnet_digest **out,
                                size_t *count, struct carnet_diag *diag)
{
    return database_digests(l, out, count, diag,
                            "SELECT id FROM taken WHERE vendor = ? ORDER BY taken DESC, revision DESC, id", "d",
                            vendor);
}

/* ---- verifying ---- */

void audit_tell(struct ledger_audit *a, const char *format, ...)
{
    char words[600];
    va_list values;

    va_start(values, format);
    (void)vsnprintf(words, sizeof words, format, values);
    va_end(values);
    a->found++;
    a->tell(a->context, words);
}

/* Every row of a pragma that lists faults; `ok` is its word for none. */
static enum carnet_err pragma(struct ledger *l, const char *sql, const char *ok, struct ledger_audit *a,
                              struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    char words[300];
    bool row = false;
    enum carnet_err err = database_query(l, &s, diag, sql, "");

    for (err = err ? err : database_step(l, s, &row, diag); !err && row; err = database_step(l, s, &row, diag)) {
        column_text(s, 0, words, sizeof words);
        if (strcmp(words, ok) != 0)
            audit_tell(a, "The file does not hold together: %s.", words);
    }
    return err;
}

struct links {
    struct ledger_audit *a;
    struct carnet_digest digest; /* of the link before */
    uint32_t position;           /* of the link before */
    int64_t at;
    uint32_t epoch;
};

static enum carnet_err check_link(void *context, const struct ledger_entry *entry, struct carnet_diag *diag)
{
    struct links *k = context;
    const struct carnet_event *e = &entry->event;
    const unsigned long position = e->position;

    (void)diag;
    carnet_event_link(&k->digest, entry->line, strlen(entry->line), &k->digest);
    if (e->position != k->position + 1)
        audit_tell(k->a, "The journal has position %lu where %lu has to be (W-4).", position,
                   (unsigned long)k->position + 1);
    if (e->at < k->at || e->epoch < k->epoch)
        audit_tell(k->a, "The event at position %lu is before the one before it (W-5).", position);
    if (!carnet_digest_equal(&k->digest, &entry->digest))
        audit_tell(k->a, "The journal does not link at position %lu (W-2).", position);
    k->digest = entry->digest;
    k->position = e->position;
    k->at = e->at;
    k->epoch = e->epoch;
    return CARNET_OK;
}

static enum carnet_err check_links(struct ledger *l, struct ledger_audit *a, struct carnet_diag *diag)
{
    struct ledger_chain *chains = NULL;
    size_t count = 0;
    enum carnet_err err = ledger_chains(l, &chains, &count, diag);

    for (size_t i = 0; !err && i < count; i++) {
        const struct ledger_chain *c = &chains[i];
        struct links k = {.a = a, .at = INT64_MIN};
        carnet_event_origin(&c->vendor, &c->signer, &k.digest);
        err = ledger_events(l, c, 0, check_link, &k, diag);
        if (!err && (k.position != c->head.position || !carnet_digest_equal(&k.digest, &c->head.digest)))
            audit_tell(a, "The journal ends at position %lu, and its chain says %lu (L-3).", (unsigned long)k.position,
                       (unsigned long)c->head.position);
        if (!err && k.at != c->last)
            audit_tell(a, "The journal's last event is of another time than its chain says (L-6).");
    }
    free(chains);
    return err;
}

/* L-5. */
static enum carnet_err check_names(struct ledger *l, struct ledger_audit *a, struct carnet_diag *diag)
{
    static const char prefix[] = "carnet:1:name:";
    sqlite3_stmt *s = NULL;
    bool row = false;
    enum carnet_err err = database_query(l, &s, diag, "SELECT digest, salt, text FROM name", "");

    for (err = err ? err : database_step(l, s, &row, diag); !err && row; err = database_step(l, s, &row, diag)) {
        const void *salt = sqlite3_column_blob(s, 1);
        const char *text = (const char *)sqlite3_column_text(s, 2);
        struct carnet_digest kept, made;
        char hex[CARNET_HEX_SIZE];
        a->names++;
        if (!text)
            continue; /* erased */
        const struct carnet_piece pieces[] = {
            {prefix, sizeof prefix - 1}, {salt, (size_t)sqlite3_column_bytes(s, 1)}, {text, strlen(text)}};
        column_digest(s, 0, &kept);
        carnet_sha256_pieces(pieces, sizeof pieces / sizeof *pieces, &made);
        carnet_digest_hex(&kept, hex);
        if (sqlite3_column_bytes(s, 1) != SALT_SIZE || !carnet_digest_equal(&kept, &made))
            audit_tell(a, "The name with the digest %.16s... is not the one that was recorded (L-5).", hex);
    }
    return err;
}

enum carnet_err ledger_verify(struct ledger *l, struct ledger_audit *a, struct carnet_diag *diag)
{
    /* One state of the ledger, whoever else is at work. */
    enum carnet_err err = database_run(l, diag, "BEGIN", "");

    l->in_transaction = !err;
    if (!err && a->checks & LEDGER_CHECK_PAGES)
        err = pragma(l, "PRAGMA integrity_check", "ok", a, diag);
    if (!err && a->checks & LEDGER_CHECK_PAGES)
        err = pragma(l, "PRAGMA foreign_key_check", "", a, diag);
    if (!err && a->checks & LEDGER_CHECK_SEALS)
        err = seal_check(l, a, diag);
    if (!err && a->checks & LEDGER_CHECK_LINKS)
        err = check_links(l, a, diag);
    if (!err && a->checks & LEDGER_CHECK_NAMES)
        err = check_names(l, a, diag);
    if (!err && a->checks & LEDGER_CHECK_EVENTS)
        err = project_compare(l, a, diag);
    if (!err && a->checks & LEDGER_CHECK_BUNDLES)
        err = audit_bundles(l, a, diag);
    ledger_rollback(l);
    return err;
}
