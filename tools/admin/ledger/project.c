/* SPDX-License-Identifier: MIT */
/*
 * The ledger as its events alone make it: each is replayed into tables of their own, which are then compared with the
 * ledger's. To teach it a new word is to add a row to `effects`.
 */
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "database.h"

static const char tables[] =
    "CREATE TEMP TABLE IF NOT EXISTS p_license (vendor BLOB, id TEXT, revision INTEGER, entitlement BLOB,"
    " mode TEXT NOT NULL DEFAULT 'online', users INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (id, vendor));"
    "CREATE TEMP TABLE IF NOT EXISTS p_entitlement (side TEXT, vendor BLOB, license TEXT, revision INTEGER, id BLOB,"
    " PRIMARY KEY (license, revision, vendor, side));"
    "CREATE TEMP TABLE IF NOT EXISTS p_grant (vendor BLOB, license TEXT, fingerprint BLOB, seat INTEGER,"
    " epoch INTEGER, serial INTEGER, machine BLOB, entitlement BLOB, activated INTEGER, ended INTEGER, how TEXT,"
    " release BLOB, PRIMARY KEY (fingerprint, license, vendor)) WITHOUT ROWID;"
    "CREATE UNIQUE INDEX IF NOT EXISTS temp.p_living ON p_grant (license, seat, vendor) WHERE ended IS NULL;"
    "CREATE TEMP TABLE IF NOT EXISTS p_hold (vendor BLOB, license TEXT, seat INTEGER, fingerprint BLOB, until INTEGER,"
    " PRIMARY KEY (license, seat, vendor));"
    "CREATE TEMP TABLE IF NOT EXISTS p_counted (what TEXT, vendor BLOB, license TEXT, fingerprint BLOB, at INTEGER);"
    "CREATE TEMP TABLE IF NOT EXISTS p_issued (id BLOB PRIMARY KEY, kind TEXT, vendor BLOB, license TEXT,"
    " fingerprint BLOB, serial INTEGER);"
    "CREATE TEMP TABLE IF NOT EXISTS p_key (id BLOB PRIMARY KEY, role TEXT);"
    "DELETE FROM p_license; DELETE FROM p_entitlement; DELETE FROM p_grant; DELETE FROM p_hold; DELETE FROM p_counted;"
    "DELETE FROM p_issued; DELETE FROM p_key";

/* The members of an event, as the statements below name them. */
enum member {
    LICENSE = 1,
    VENDOR,
    REVISION,
    SEAT,
    SERIAL,
    UNTIL,
    GRANT,
    ENTITLEMENT,
    MACHINE,
    KEY,
    RELEASE,
    BUNDLE,
    NOTE,
    AT,
    EPOCH,
    MEMBERS_END
};
#define OF_GRANT " WHERE fingerprint = ?7 AND license = ?1 AND vendor = ?2"
#define LIVING OF_GRANT " AND seat = ?4 AND ended IS NULL"
#define ENDS(how) "UPDATE p_grant SET ended = ?14, release = ?11, how = '" how "'" LIVING
#define COUNTS(what) "INSERT INTO p_counted SELECT '" what "', ?2, ?1, ?7, ?14"

/* An end that was learned again (L-10) has its receipt with it. */
#define RECEIPT "INSERT INTO p_issued SELECT ?12, 'receipt', ?2, ?1, ?7, ?5 WHERE ?12 IS NOT NULL"

/* What an event changes. The first statement changes exactly one row, or the event does not follow from those before
 * it; the others any number. A word that is not here changes nothing of what is compared. */
#define STATEMENTS 4
static const struct effect {
    const char *what, *statements[STATEMENTS];
} effects[] = {
    {"key-made", {"INSERT INTO p_key VALUES (?10, ?13)"}},
    {"entitle", {"INSERT INTO p_entitlement VALUES ('made', ?2, ?1, ?3, ?8)"}},
    {"import",
     {"INSERT INTO p_entitlement VALUES ('taken', ?2, ?1, ?3, ?8)",
      "INSERT INTO p_license (vendor, id, revision, entitlement) VALUES (?2, ?1, ?3, ?8) ON CONFLICT (id, vendor)"
      " DO UPDATE SET revision = ?3, entitlement = ?8 WHERE ?3 > revision"}},
    {"user-add", {"UPDATE p_license SET users = users + 1 WHERE id = ?1 AND vendor = ?2 AND mode = 'online'"}},
    {"user-remove", {"UPDATE p_license SET users = users - 1 WHERE id = ?1 AND vendor = ?2 AND users > 0"}},
    {"convert",
     {"UPDATE p_license SET mode = ?13 WHERE id = ?1 AND vendor = ?2 AND users = 0"
      " AND NOT EXISTS (SELECT 1 FROM p_grant WHERE license = ?1 AND vendor = ?2 AND ended IS NULL)"}},
    {"assign", {"INSERT INTO p_grant VALUES (?2, ?1, ?7, ?4, ?15, ?5, ?9, ?8, 0, NULL, NULL, NULL)"}},
    {"renew",
     {"UPDATE p_grant SET serial = ?5, epoch = ?15, entitlement = coalesce(?8, entitlement)" LIVING,
      COUNTS("transfer") " WHERE ?13 = 'facts-changed'"}},
    {"free", {ENDS("freed"), RECEIPT}},
    {"replace", {ENDS("replaced"), RECEIPT}},
    {"replace-lost", {ENDS("replaced"), COUNTS("loss")}},
    {"revoke",
     {ENDS("revoked"), COUNTS("loss"), "INSERT INTO p_hold SELECT ?2, ?1, ?4, ?7, ?6 WHERE ?6 IS NOT NULL", RECEIPT}},
    {"unhold", {"DELETE FROM p_hold WHERE license = ?1 AND seat = ?4 AND vendor = ?2"}},
    {"activated", {"UPDATE p_grant SET activated = 1" OF_GRANT}},
    {"relearned",
     /* Of its epoch the event says nothing: it is the license's own. */
     {"INSERT INTO p_grant VALUES (?2, ?1, ?7, ?4, NULL, ?5, ?9, ?8, 0, NULL, NULL, NULL)"
      " ON CONFLICT (fingerprint, license, vendor) DO UPDATE SET serial = ?5, epoch = NULL, entitlement = ?8,"
      " machine = ?9",
      "INSERT OR IGNORE INTO p_issued VALUES (?12, 'license', ?2, ?1, ?7, ?5)",
      "UPDATE p_license SET mode = 'offline' WHERE id = ?1 AND vendor = ?2",
      COUNTS("transfer") " WHERE ?13 = 'facts-changed'"}},
    {"issued", {"INSERT INTO p_issued VALUES (?12, ?13, ?2, ?1, ?7, ?5)"}},
};

static int bind_number(sqlite3_stmt *s, int i, int64_t value, bool present)
{
    return present ? sqlite3_bind_int64(s, i, value) : sqlite3_bind_null(s, i);
}

static int bind_text(sqlite3_stmt *s, int i, const char *text)
{
    return *text ? sqlite3_bind_text(s, i, text, -1, SQLITE_TRANSIENT) : sqlite3_bind_null(s, i);
}

static int bind_digest(sqlite3_stmt *s, int i, const struct carnet_digest *d)
{
    return carnet_digest_is_zero(d) ? sqlite3_bind_null(s, i)
                                    : sqlite3_bind_blob(s, i, d->bytes, CARNET_DIGEST_SIZE, SQLITE_TRANSIENT);
}

static int bind_member(sqlite3_stmt *s, enum member m, const struct ledger_entry *entry)
{
    const struct carnet_event *e = &entry->event;
    const int at = (int)m;

    switch (m) {
    case LICENSE:
        return bind_text(s, at, e->license);
    case VENDOR:
        return bind_digest(s, at, &entry->chain->vendor);
    case REVISION:
        return bind_number(s, at, e->revision, e->revision > 0);
    case SEAT:
        return bind_number(s, at, e->seat, e->seat > 0);
    case SERIAL:
        return bind_number(s, at, e->serial, e->serial > 0);
    case UNTIL:
        return bind_number(s, at, e->until, e->until != CARNET_EVENT_NO_TIME);
    case GRANT:
        return bind_digest(s, at, &e->grant);
    case ENTITLEMENT:
        return bind_digest(s, at, &e->entitlement);
    case MACHINE:
        return bind_digest(s, at, &e->machine);
    case KEY:
        return bind_digest(s, at, &e->key);
    case RELEASE:
        return bind_digest(s, at, &e->release);
    case BUNDLE:
        return bind_digest(s, at, &e->bundle);
    case NOTE:
        return bind_text(s, at, e->note);
    case AT:
        return bind_number(s, at, e->at, true);
    case EPOCH:
        return bind_number(s, at, e->epoch, true);
    case MEMBERS_END:
        break;
    }
    return SQLITE_RANGE;
}

/* Runs one statement of an effect. *follows is false where the rules of the tables refuse it. */
static enum carnet_err run(struct ledger *l, const char *sql, const struct ledger_entry *entry, bool *follows,
                           struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    int code = SQLITE_OK;
    enum carnet_err err = database_query(l, &s, diag, sql, "");

    if (err)
        return err;
    for (int i = 1; code == SQLITE_OK && i <= sqlite3_bind_parameter_count(s); i++)
        code = bind_member(s, (enum member)i, entry);
    if (code == SQLITE_OK)
        code = sqlite3_step(s);
    if (code != SQLITE_DONE && (code & 0xff) != SQLITE_CONSTRAINT)
        err = database_fail(l->db, code & 0xff, "replaying the journal", diag);
    else
        *follows = code == SQLITE_DONE;
    database_done(s);
    return err;
}

struct replay {
    struct ledger *l;
    struct ledger_audit *a;
};

static enum carnet_err replay(void *context, const struct ledger_entry *entry, struct carnet_diag *diag)
{
    struct replay *r = context;
    const struct effect *effect = NULL;
    bool follows = true;
    enum carnet_err err;

    r->a->events++;
    for (size_t i = 0; i < sizeof effects / sizeof *effects; i++) {
        if (strcmp(effects[i].what, entry->event.what) == 0)
            effect = &effects[i];
    }
    if (!effect)
        return CARNET_OK;
    err = run(r->l, effect->statements[0], entry, &follows, diag);
    follows = follows && sqlite3_changes(r->l->db) == 1;
    for (size_t i = 1; !err && follows && i < STATEMENTS && effect->statements[i]; i++)
        err = run(r->l, effect->statements[i], entry, &follows, diag);
    if (!err && !follows)
        audit_tell(r->a, "The event at position %lu does not follow from those before it: %.200s",
                   (unsigned long)entry->event.position, entry->line);
    return err;
}

/* ---- the comparison: each question gives a sentence for each difference ---- */

#define G "(SELECT g.*, l.vendor, l.id AS of FROM seat_grant g JOIN license l ON l.number = g.license)"
#define SAYS(what) \
    "CASE WHEN t.found IS NULL THEN ' is in the journal and not in the ledger' WHEN p.found IS NULL THEN" \
    " ' is in the ledger and not in the journal' ELSE ' is not what the journal says: ' || " what " END"

static const char *const questions[] = {
    "SELECT 'License ' || coalesce(t.id, p.id) || " SAYS(
        "printf('revision %d, %s, %d users, and by the journal revision %d, %s, %d users', t.revision, t.mode, t.users,"
        " p.revision, p.mode, p.users)") " FROM (SELECT *, 1 AS found FROM license) t FULL JOIN (SELECT *, 1 AS found "
                                         "FROM p_license) p ON p.id = t.id"
                                         " AND p.vendor = t.vendor WHERE t.revision IS NOT p.revision OR t.entitlement "
                                         "IS NOT p.entitlement"
                                         " OR t.mode IS NOT p.mode OR t.users IS NOT p.users",

    "SELECT printf('The grant of seat %d of %s', coalesce(t.seat, p.seat), coalesce(t.of, p.license)) || " SAYS(
        "printf('seat %d, epoch %d, serial %d, %s, and by the journal seat %d, epoch %d, serial %d, %s; or its machine,"
        " its entitlement or its release differ', t.seat, t.epoch, t.serial, coalesce(t.how, 'living'), p.seat,"
        " p.epoch, p.serial, coalesce(p.how, 'living'))") " FROM (SELECT *, 1 AS found FROM " G
                                                          ") t FULL JOIN (SELECT *, 1 AS found FROM p_grant) p"
                                                          " ON p.fingerprint = t.fingerprint AND p.license = t.of AND "
                                                          "p.vendor = t.vendor"
                                                          " WHERE t.seat IS NOT p.seat OR (p.epoch IS NOT NULL AND "
                                                          "t.epoch <> p.epoch) OR "
                                                          "t.serial IS NOT p.serial"
                                                          " OR t.machine_key IS NOT p.machine OR t.entitlement IS NOT "
                                                          "p.entitlement OR t.ended IS NOT p.ended"
                                                          " OR t.how IS NOT p.how OR t.release IS NOT p.release OR "
                                                          "(t.activated IS NOT NULL) <> p.activated",

    "SELECT printf('Seat %d of %s, held', coalesce(t.seat, p.seat), coalesce(t.of, p.license)) || " SAYS(
        "'it is held until another time, or for another grant'") " FROM (SELECT h.*, g.fingerprint, g.of, g.vendor, 1 "
                                                                 "AS found FROM hold h JOIN " G
                                                                 " g ON g.number = h.seat_grant"
                                                                 ") t FULL JOIN (SELECT *, 1 AS found FROM p_hold) p "
                                                                 "ON p.license = t.of AND p.seat = t.seat"
                                                                 " AND p.vendor = t.vendor WHERE t.until IS NOT "
                                                                 "p.until OR t.fingerprint IS NOT p.fingerprint",

    "SELECT printf('A %s of %s, counted', coalesce(t.what, p.what), coalesce(t.of, p.license)) || " SAYS(
        "'how often'") " FROM (SELECT what, of, vendor, fingerprint, at, count(*) AS n, 1 AS found FROM (SELECT 'loss' "
                       "AS what, g.of,"
                       " g.vendor, g.fingerprint, x.at FROM loss x JOIN " G
                       " g ON g.number = x.seat_grant UNION ALL SELECT 'transfer',"
                       " g.of, g.vendor, g.fingerprint, x.at FROM transfer x JOIN " G " g ON g.number = x.seat_grant)"
                       " GROUP BY 1, 2, 3, 4, 5) t FULL JOIN (SELECT *, count(*) AS n, 1 AS found FROM p_counted GROUP "
                       "BY 1, 2, 3, 4, 5) p"
                       " ON p.what = t.what AND p.license = t.of AND p.vendor = t.vendor AND p.fingerprint = "
                       "t.fingerprint"
                       " AND p.at = t.at WHERE t.n IS NOT p.n",

    "SELECT printf('Revision %d of %s, %s,', coalesce(t.revision, p.revision), coalesce(t.license, p.license),"
    " coalesce(t.side, p.side)) || " SAYS(
        "'it is another file'") " FROM (SELECT 'made' AS side, vendor, license, revision, id, 1 AS found FROM made "
                                "UNION ALL SELECT 'taken',"
                                " vendor, license, revision, id, 1 FROM taken) t FULL JOIN (SELECT *, 1 AS found FROM "
                                "p_entitlement) p"
                                " ON p.side = t.side AND p.vendor = t.vendor AND p.license = t.license AND p.revision "
                                "= t.revision"
                                " WHERE t.id IS NOT p.id",

    "SELECT printf('The %s %s of the outbox', coalesce(t.kind, p.kind), substr(lower(hex(coalesce(t.id, p.id))), 1, 16)"
    ") || " SAYS(
        "'its kind, grant or serial differ'") " FROM (SELECT b.id, b.kind, b.serial, g.of, g.vendor, "
                                              "g.fingerprint, 1 AS found FROM bundle b JOIN " G " g"
                                              " ON g.number = b.seat_grant) t FULL JOIN (SELECT *, 1 AS found "
                                              "FROM p_issued) p ON p.id = t.id"
                                              " WHERE coalesce(t.kind, p.kind) IN ('license', 'receipt') AND (t.kind "
                                              "IS NOT p.kind"
                                              " OR t.serial IS NOT p.serial OR t.fingerprint IS NOT p.fingerprint"
                                              " OR t.of IS NOT p.license OR t.vendor IS NOT p.vendor)",

    /* An administrator's key is older than the first vendor, and so than the first chain: no event says that it was
     * made, and each chain that it signs begins with its name. */
    "SELECT printf('The %s key %s of this home', coalesce(t.role, p.role), substr(lower(hex(coalesce(t.id, p.id))), 1,"
    " 16)) || " SAYS("'it has another role'") " FROM (SELECT *, 1 AS found FROM key WHERE own = 1) t FULL JOIN (SELECT "
                                              "*, 1 AS found FROM p_key) p"
                                              " ON p.id = t.id WHERE t.role IS NOT p.role AND NOT (p.found IS NULL AND "
                                              "t.role = 'issuer' AND NOT EXISTS (SELECT 1"
                                              " FROM key WHERE own = 1 AND role = 'root'))",

    /* The counters, against the rows that they count. */
    "SELECT printf('The counters of license %s are not those of its seats and users.', id) FROM license l"
    " WHERE in_use <> (SELECT count(*) FROM seat_grant WHERE license = l.number AND ended IS NULL)"
    " OR held <> (SELECT count(*) FROM hold WHERE license = l.number)"
    " OR users <> (SELECT count(*) FROM online_user WHERE license = l.number)"
    " OR high_water <> (SELECT coalesce(max(seat), 0) FROM seat_grant WHERE license = l.number)",

    "SELECT printf('Seat %d of license number %d is %s.', coalesce(t.seat, p.seat), coalesce(t.license, p.license),"
    " CASE WHEN p.seat IS NULL THEN 'listed as free and is not' ELSE 'free and not listed' END) FROM free_seat t"
    " FULL JOIN (SELECT license, seat FROM seat_grant EXCEPT SELECT license, seat FROM seat_grant WHERE ended IS NULL"
    " EXCEPT SELECT license, seat FROM hold"
    /* After a recovery, seats below one that was learned again are free, though no grant is known that had them. */
    " UNION SELECT f.license, f.seat FROM free_seat f JOIN license l ON l.number = f.license WHERE f.seat <= "
    "l.high_water"
    " AND NOT EXISTS (SELECT 1 FROM seat_grant g WHERE g.license = f.license AND g.seat = f.seat)"
    " AND NOT EXISTS (SELECT 1 FROM hold h WHERE h.license = f.license AND h.seat = f.seat)"
    ") p ON p.license = t.license AND p.seat = t.seat"
    " WHERE t.seat IS NULL OR p.seat IS NULL",
};

static enum carnet_err ask(struct ledger *l, const char *question, struct ledger_audit *a, struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    char words[500];
    bool row = false;
    enum carnet_err err = database_query(l, &s, diag, question, "");

    for (err = err ? err : database_step(l, s, &row, diag); !err && row; err = database_step(l, s, &row, diag)) {
        column_text(s, 0, words, sizeof words);
        audit_tell(a, "%s", words);
    }
    return err;
}

enum carnet_err project_compare(struct ledger *l, struct ledger_audit *a, struct carnet_diag *diag)
{
    struct ledger_chain *chains = NULL;
    struct replay r = {.l = l, .a = a};
    size_t count = 0;
    int64_t grants = 0;
    const int code = sqlite3_exec(l->db, tables, NULL, NULL, NULL);
    enum carnet_err err = code == SQLITE_OK ? ledger_chains(l, &chains, &count, diag)
                                            : database_fail(l->db, code & 0xff, "replaying the journal", diag);

    for (size_t i = 0; !err && i < count; i++)
        err = ledger_events(l, &chains[i], 0, replay, &r, diag);
    for (size_t i = 0; !err && i < sizeof questions / sizeof *questions; i++)
        err = ask(l, questions[i], a, diag);
    if (!err)
        err = database_number(l, 0, &grants, diag, "SELECT count(*) FROM seat_grant", "");
    a->chains = (uint32_t)count;
    a->grants = (uint32_t)grants;
    free(chains);
    return err;
}
