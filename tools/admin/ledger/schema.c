/* SPDX-License-Identifier: MIT */
/*
 * The tables (spec/ledger.md says what each is for). The rules that must never break are in the schema itself. What a
 * version changed stands in its step and never changes again: a new ledger is made by all of them, an older one goes
 * through those that it lacks, so both come to the same tables in the same way.
 */
#include "database.h"
#include "seal.h"

static const char version_1[] =
    "CREATE TABLE ledger ("
    " one INTEGER PRIMARY KEY CHECK (one = 1),"
    " roles INTEGER NOT NULL CHECK (roles BETWEEN 1 AND 3),"
    " name TEXT NOT NULL, contact TEXT,"
    " epoch INTEGER NOT NULL CHECK (epoch >= 1),"
    " state TEXT NOT NULL CHECK (state IN ('open', 'recovering', 'retired')),"
    " created INTEGER NOT NULL) STRICT;"

    "CREATE TABLE key ("
    " id BLOB PRIMARY KEY CHECK (length(id) = 32),"
    " role TEXT NOT NULL CHECK (role IN ('root', 'issuer', 'machine')),"
    " seen INTEGER NOT NULL,"
    " own INTEGER NOT NULL DEFAULT 0 CHECK (own IN (0, 1)),"
    " public_key BLOB CHECK (public_key IS NULL OR length(public_key) = 32),"
    " passphrase INTEGER NOT NULL DEFAULT 0 CHECK (passphrase IN (0, 1)),"
    " state TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'replaced', 'revoked')),"
    " last_used INTEGER) STRICT, WITHOUT ROWID;"
    "CREATE UNIQUE INDEX key_own ON key (role) WHERE own = 1 AND state = 'active';"
    "CREATE INDEX key_vouching ON key (role) WHERE role <> 'machine';"
    "CREATE TRIGGER key_one_role BEFORE UPDATE OF id, role ON key"
    " BEGIN SELECT RAISE(ABORT, 'a key has one role for life'); END;"

    "CREATE TABLE anchor ("
    " vendor BLOB NOT NULL CHECK (length(vendor) = 32),"
    " root BLOB NOT NULL REFERENCES key (id),"
    " pinned INTEGER NOT NULL,"
    " generation INTEGER NOT NULL DEFAULT 1 CHECK (generation >= 1),"
    " PRIMARY KEY (vendor, root)) STRICT, WITHOUT ROWID;"

    "CREATE TABLE made ("
    " id BLOB PRIMARY KEY CHECK (length(id) = 32),"
    " vendor BLOB NOT NULL, license TEXT NOT NULL, revision INTEGER NOT NULL CHECK (revision >= 1),"
    " made INTEGER NOT NULL, bytes BLOB NOT NULL,"
    " UNIQUE (vendor, license, revision)) STRICT;"
    "CREATE TABLE taken ("
    " id BLOB PRIMARY KEY CHECK (length(id) = 32),"
    " vendor BLOB NOT NULL, license TEXT NOT NULL, revision INTEGER NOT NULL CHECK (revision >= 1),"
    " taken INTEGER NOT NULL, bytes BLOB NOT NULL,"
    " UNIQUE (vendor, license, revision)) STRICT;"

    "CREATE TABLE license ("
    " number INTEGER PRIMARY KEY,"
    " vendor BLOB NOT NULL CHECK (length(vendor) = 32), id TEXT NOT NULL,"
    " issuer BLOB NOT NULL REFERENCES key (id),"
    " entitlement BLOB NOT NULL REFERENCES taken (id),"
    " revision INTEGER NOT NULL,"
    " product TEXT NOT NULL, edition TEXT, licensee TEXT NOT NULL,"
    " seats INTEGER NOT NULL CHECK (seats BETWEEN 1 AND 1000000),"
    " offline_allowed INTEGER NOT NULL CHECK (offline_allowed IN (0, 1)),"
    " not_after INTEGER NOT NULL,"
    " mode TEXT NOT NULL DEFAULT 'online' CHECK (mode IN ('online', 'offline')),"
    /* Counters, so that nothing is ever counted; high_water is the highest seat ever given. */
    " in_use INTEGER NOT NULL DEFAULT 0 CHECK (in_use >= 0),"
    " held INTEGER NOT NULL DEFAULT 0 CHECK (held >= 0),"
    " users INTEGER NOT NULL DEFAULT 0 CHECK (users >= 0),"
    " high_water INTEGER NOT NULL DEFAULT 0,"
    " UNIQUE (vendor, id)) STRICT;"
    "CREATE INDEX license_product ON license (vendor, product);"
    "CREATE TRIGGER license_converts BEFORE UPDATE OF mode ON license"
    " WHEN NEW.mode <> OLD.mode AND (OLD.in_use > 0 OR OLD.held > 0 OR OLD.users > 0)"
    " BEGIN SELECT RAISE(ABORT, 'seats or users stand against the conversion'); END;"

    "CREATE TABLE online_user ("
    " license INTEGER NOT NULL REFERENCES license (number), name TEXT NOT NULL, since INTEGER NOT NULL,"
    " PRIMARY KEY (license, name)) STRICT, WITHOUT ROWID;"
    "CREATE TRIGGER user_fits BEFORE INSERT ON online_user"
    " WHEN NOT EXISTS (SELECT 1 FROM license WHERE number = NEW.license AND mode = 'online' AND users < seats)"
    " BEGIN SELECT RAISE(ABORT, 'no seat'); END;"
    "CREATE TRIGGER user_counts AFTER INSERT ON online_user"
    " BEGIN UPDATE license SET users = users + 1 WHERE number = NEW.license; END;"
    "CREATE TRIGGER user_leaves AFTER DELETE ON online_user"
    " BEGIN UPDATE license SET users = users - 1 WHERE number = OLD.license; END;"

    "CREATE TABLE seat_grant ("
    " number INTEGER PRIMARY KEY,"
    " license INTEGER NOT NULL REFERENCES license (number),"
    " fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 32),"
    " seat INTEGER NOT NULL CHECK (seat >= 1),"
    " epoch INTEGER NOT NULL CHECK (epoch >= 1), serial INTEGER NOT NULL CHECK (serial >= 1),"
    " machine_key BLOB NOT NULL REFERENCES key (id),"
    " user BLOB CHECK (user IS NULL OR length(user) = 32),"
    " entitlement BLOB NOT NULL REFERENCES taken (id),"
    " replaces INTEGER REFERENCES seat_grant (number),"
    " label TEXT, note TEXT,"
    " since INTEGER NOT NULL, lease_until INTEGER NOT NULL,"
    " activated INTEGER, declared INTEGER,"
    " ended INTEGER, how TEXT CHECK (how IN ('freed', 'revoked', 'replaced')), release BLOB, reason TEXT,"
    " CHECK ((ended IS NULL) = (how IS NULL)),"
    " UNIQUE (fingerprint, license)) STRICT;"
    "CREATE UNIQUE INDEX grant_seat ON seat_grant (license, seat) WHERE ended IS NULL;"
    "CREATE UNIQUE INDEX grant_machine ON seat_grant (license, machine_key, coalesce(user, x'')) WHERE ended IS NULL;"
    "CREATE TABLE free_seat ("
    " license INTEGER NOT NULL REFERENCES license (number), seat INTEGER NOT NULL, since INTEGER NOT NULL,"
    " PRIMARY KEY (license, seat)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE grant_system ("
    " license INTEGER NOT NULL, system BLOB NOT NULL, seat_grant INTEGER NOT NULL REFERENCES seat_grant (number),"
    " PRIMARY KEY (license, system, seat_grant)) STRICT, WITHOUT ROWID;"
    "CREATE TRIGGER grant_fits BEFORE INSERT ON seat_grant WHEN NEW.ended IS NULL AND NOT EXISTS"
    " (SELECT 1 FROM license WHERE number = NEW.license AND mode = 'offline' AND NEW.seat <= seats"
    "  AND in_use + held < seats AND NOT EXISTS (SELECT 1 FROM hold WHERE license = NEW.license AND seat = NEW.seat))"
    " BEGIN SELECT RAISE(ABORT, 'no seat'); END;"
    "CREATE TRIGGER grant_begins AFTER INSERT ON seat_grant WHEN NEW.ended IS NULL BEGIN"
    " UPDATE license SET in_use = in_use + 1, high_water = max(high_water, NEW.seat) WHERE number = NEW.license;"
    " DELETE FROM free_seat WHERE license = NEW.license AND seat = NEW.seat; END;"
    "CREATE TRIGGER grant_ends AFTER UPDATE OF ended ON seat_grant WHEN OLD.ended IS NULL AND NEW.ended IS NOT NULL"
    " BEGIN UPDATE license SET in_use = in_use - 1 WHERE number = NEW.license;"
    " INSERT INTO free_seat VALUES (NEW.license, NEW.seat, NEW.ended);"
    " DELETE FROM grant_system WHERE seat_grant = NEW.number; END;"
    "CREATE TRIGGER grant_stays_ended BEFORE UPDATE OF ended ON seat_grant WHEN OLD.ended IS NOT NULL"
    " BEGIN SELECT RAISE(ABORT, 'an ended grant stays ended'); END;"
    "CREATE TRIGGER grant_is_kept BEFORE DELETE ON seat_grant"
    " BEGIN SELECT RAISE(ABORT, 'grants are kept'); END;"

    /* Seats of lost machines that wait for the lost lease to run out, and what the caps count. */
    "CREATE TABLE hold ("
    " license INTEGER NOT NULL REFERENCES license (number), seat INTEGER NOT NULL,"
    " seat_grant INTEGER NOT NULL REFERENCES seat_grant (number), until INTEGER NOT NULL,"
    " PRIMARY KEY (license, seat)) STRICT, WITHOUT ROWID;"
    "CREATE TRIGGER hold_begins AFTER INSERT ON hold BEGIN"
    " UPDATE license SET held = held + 1 WHERE number = NEW.license;"
    " DELETE FROM free_seat WHERE license = NEW.license AND seat = NEW.seat; END;"
    "CREATE TRIGGER hold_ends AFTER DELETE ON hold BEGIN"
    " UPDATE license SET held = held - 1 WHERE number = OLD.license;"
    " INSERT INTO free_seat VALUES (OLD.license, OLD.seat, OLD.until); END;"
    "CREATE TABLE loss ("
    " number INTEGER PRIMARY KEY, license INTEGER NOT NULL REFERENCES license (number),"
    " seat_grant INTEGER NOT NULL REFERENCES seat_grant (number), at INTEGER NOT NULL) STRICT;"
    "CREATE INDEX loss_when ON loss (license, at);"
    "CREATE TABLE transfer ("
    " number INTEGER PRIMARY KEY, license INTEGER NOT NULL REFERENCES license (number),"
    " seat_grant INTEGER NOT NULL REFERENCES seat_grant (number), at INTEGER NOT NULL) STRICT;"
    "CREATE INDEX transfer_when ON transfer (license, at);"

    "CREATE TABLE bundle ("
    " id BLOB PRIMARY KEY CHECK (length(id) = 32), kind TEXT NOT NULL,"
    " license INTEGER NOT NULL REFERENCES license (number),"
    " seat_grant INTEGER NOT NULL REFERENCES seat_grant (number),"
    " serial INTEGER NOT NULL, made INTEGER NOT NULL, delivered INTEGER, bytes BLOB NOT NULL) STRICT;"
    "CREATE INDEX bundle_grant ON bundle (seat_grant, kind, serial);"
    "CREATE INDEX bundle_waiting ON bundle (made) WHERE delivered IS NULL;"
    "CREATE TABLE received ("
    " id BLOB PRIMARY KEY CHECK (length(id) = 32), kind TEXT NOT NULL,"
    " machine_key BLOB NOT NULL, sequence INTEGER NOT NULL, previous BLOB, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX received_machine ON received (machine_key, sequence);"

    "CREATE TABLE chain ("
    " number INTEGER PRIMARY KEY, vendor BLOB NOT NULL, signer BLOB NOT NULL REFERENCES key (id),"
    " position INTEGER NOT NULL, digest BLOB NOT NULL CHECK (length(digest) = 32), last INTEGER NOT NULL,"
    " UNIQUE (vendor, signer)) STRICT;"
    "CREATE TABLE event ("
    " chain INTEGER NOT NULL REFERENCES chain (number), position INTEGER NOT NULL CHECK (position >= 1),"
    " digest BLOB NOT NULL CHECK (length(digest) = 32), at INTEGER NOT NULL, license TEXT, line TEXT NOT NULL,"
    " PRIMARY KEY (chain, position)) STRICT, WITHOUT ROWID;"
    "CREATE TRIGGER event_is_kept BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'the journal only grows'); END;"
    "CREATE TRIGGER event_is_final BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'the journal only grows'); END;"
    /* Erasing a person: salt and text become NULL, and the digest in the chain says nothing any more. */
    "CREATE TABLE name ("
    " digest BLOB PRIMARY KEY CHECK (length(digest) = 32), salt BLOB, text TEXT,"
    " CHECK ((salt IS NULL) = (text IS NULL))) STRICT, WITHOUT ROWID;"
    "CREATE UNIQUE INDEX name_text ON name (text) WHERE text IS NOT NULL;";

/*
 * A ledger that was put back from a copy, what its copy carried, and licenses that showed up without this ledger ever
 * having given them.
 */
static const char version_2[] =
    "CREATE TABLE recovery ("
    " one INTEGER PRIMARY KEY CHECK (one = 1),"
    " made INTEGER NOT NULL,"                                     /* the copy */
    " restored INTEGER,"                                          /* and when it became a home */
    " raised INTEGER,"                                            /* the epoch was raised */
    " seen INTEGER NOT NULL DEFAULT 0 CHECK (seen >= 0)) STRICT;" /* events that bundles speak of and this ledger lacks
                                                                   */
    "CREATE TABLE carried ("
    " name TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT;"
    "ALTER TABLE license ADD COLUMN forked TEXT;";

/* A byte that changed by itself is found wherever it is. */
static const char version_3[] =
    "CREATE TABLE seal (name TEXT PRIMARY KEY, sum INTEGER NOT NULL) STRICT, WITHOUT ROWID;";

/* Which grant a fingerprint renewed, so that an older one which arrives late does not undo a newer one. */
static const char version_4[] = "ALTER TABLE received ADD COLUMN seat_grant INTEGER;";

/* Was the grant given to a container? Of the grants that are there nobody knows: they count as none (M-10). */
static const char version_5[] =
    "ALTER TABLE seat_grant ADD COLUMN container INTEGER NOT NULL DEFAULT 0 CHECK (container IN (0, 1));";

/* Keys that follow others have files of their own, and the newest trust information of each vendor is kept. */
static const char version_6[] = "ALTER TABLE key ADD COLUMN file TEXT;" /* without an ending; NULL: the role's name */
                                "CREATE TABLE trust ("
                                " vendor BLOB PRIMARY KEY CHECK (length(vendor) = 32),"
                                " id BLOB NOT NULL CHECK (length(id) = 32), taken INTEGER NOT NULL, delivered INTEGER,"
                                " bytes BLOB NOT NULL) STRICT, WITHOUT ROWID;";

static const char *const steps[] = {version_1, version_2, version_3, version_4, version_5, version_6};
_Static_assert(sizeof steps / sizeof *steps == LEDGER_SCHEMA_VERSION, "a step for each version");

/* From that version to the newest. In a transaction. */
static enum carnet_err climb(struct ledger *l, int64_t version, struct carnet_diag *diag)
{
    char pragma[96];
    int code = SQLITE_OK;

    for (size_t i = (size_t)version; code == SQLITE_OK && i < LEDGER_SCHEMA_VERSION; i++)
        code = sqlite3_exec(l->db, steps[i], NULL, NULL, NULL);
    /* After all of them, whichever they were: the seals follow from the tables. */
    if (code == SQLITE_OK)
        code = seal_make(l->db);
    (void)sqlite3_snprintf((int)sizeof pragma, pragma, "PRAGMA application_id = %d; PRAGMA user_version = %d",
                           LEDGER_APPLICATION_ID, LEDGER_SCHEMA_VERSION);
    if (code == SQLITE_OK)
        code = sqlite3_exec(l->db, pragma, NULL, NULL, NULL);
    return code == SQLITE_OK
               ? CARNET_OK
               : database_fail(l->db, code & 0xff, version > 0 ? "bringing it up to date" : "making it", diag);
}

enum carnet_err schema_make(struct ledger *l, struct carnet_diag *diag)
{
    return climb(l, 0, diag);
}

/* Whoever comes second finds it done. */
static enum carnet_err update(struct ledger *l, struct carnet_diag *diag)
{
    int64_t version = 0;
    enum carnet_err err = ledger_begin(l, diag);

    if (!err)
        err = database_number(l, 0, &version, diag, "PRAGMA user_version", "");
    if (!err && version < LEDGER_SCHEMA_VERSION)
        err = climb(l, version, diag);
    if (!err)
        err = ledger_commit(l, diag);
    ledger_rollback(l);
    return err;
}

static enum carnet_err look(struct ledger *l, int64_t *out, struct carnet_diag *diag)
{
    int64_t application, version;
    enum carnet_err err = database_number(l, 0, &application, diag, "PRAGMA application_id", "");

    if (!err)
        err = database_number(l, 0, &version, diag, "PRAGMA user_version", "");
    if (err)
        return err;
    if (application != LEDGER_APPLICATION_ID || version < 1)
        return carnet_fail(diag, CARNET_LEDGER_DAMAGED, "", "The file is a database, but no carnet ledger.");
    if (version > LEDGER_SCHEMA_VERSION) {
        (void)carnet_fail(diag, CARNET_CONFIGURATION, "",
                          "The ledger was written by a newer carnet (its version is %lld, this program knows %d).",
                          (long long)version, LEDGER_SCHEMA_VERSION);
        (void)carnet_fail_next(diag, "Update carnet on this machine.");
        return CARNET_CONFIGURATION;
    }
    *out = version;
    return CARNET_OK;
}

enum carnet_err schema_look(struct ledger *l, struct carnet_diag *diag)
{
    int64_t version = 0;

    return look(l, &version, diag);
}

enum carnet_err schema_check(struct ledger *l, struct carnet_diag *diag)
{
    int64_t version = 0;
    enum carnet_err err = look(l, &version, diag);

    return err || version == LEDGER_SCHEMA_VERSION ? err : update(l, diag);
}
