/* SPDX-License-Identifier: MIT */
/* The ledger as a whole: made, opened and held against damage, changed in transactions. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "database.h"
#include "seal.h"

#define WAIT_MS 10000
/* A ledger up to this size is checked whole at every opening; of a larger one, the schema and the journal's ends. */
#define CHECK_WHOLE_PAGES 1024

int database_ready(struct ledger *l)
{
    int code = sqlite3_db_config(l->db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);

    if (code == SQLITE_OK)
        code = sqlite3_db_config(l->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)NULL);
    return code == SQLITE_OK ? seal_functions(l->db) : code;
}

static enum carnet_err settings(struct ledger *l, struct carnet_diag *diag)
{
    int code = database_ready(l);

    if (code == SQLITE_OK)
        code = sqlite3_busy_timeout(l->db, WAIT_MS);
    if (code == SQLITE_OK)
        code = sqlite3_exec(l->db,
                            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
                            "PRAGMA cell_size_check = ON; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY",
                            NULL, NULL, NULL);
    return code == SQLITE_OK ? CARNET_OK : database_fail(l->db, code & 0xff, "opening it", diag);
}

static enum carnet_err connect(const char *path, const char *who, struct ledger **out, struct carnet_diag *diag)
{
    struct ledger *l = calloc(1, sizeof *l);
    enum carnet_err err;
    int code;

    if (!l)
        return carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory to open the ledger.");
    (void)sqlite3_snprintf((int)sizeof l->who, l->who, "%s", who);
    code = sqlite3_open_v2(path, &l->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_PRIVATECACHE, NULL);
    err = code == SQLITE_OK ? settings(l, diag) : database_fail(l->db, code & 0xff, "opening it", diag);
    if (err)
        ledger_close(l);
    else
        *out = l;
    return err;
}

/* SQLite's own check, of everything. Its first word is "ok" or what is wrong. */
static enum carnet_err check_pages(struct ledger *l, struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    char words[200] = "";
    bool row = false;
    enum carnet_err err = database_query(l, &s, diag, "PRAGMA quick_check(1)", "");

    if (!err)
        err = database_step(l, s, &row, diag);
    if (!err && row) {
        column_text(s, 0, words, sizeof words);
        database_done(s);
    }
    if (!err && strcmp(words, "ok") != 0)
        err = carnet_fail(diag, CARNET_LEDGER_DAMAGED, "", "The ledger does not hold together: %s.", words);
    return err;
}

enum carnet_err ledger_about_read(struct ledger *l, struct carnet_diag *diag)
{
    static const char *const states[] = {"open", "recovering", "retired"};
    sqlite3_stmt *s = NULL;
    char state[16] = "";
    bool row = false;
    enum carnet_err err =
        database_query(l, &s, diag, "SELECT roles, name, contact, epoch, created, state FROM ledger", "");

    if (!err)
        err = database_step(l, s, &row, diag);
    if (err)
        return err;
    if (!row)
        return carnet_fail(diag, CARNET_LEDGER_DAMAGED, "", "The ledger does not say whose it is.");
    l->about.roles = column_count(s, 0);
    column_text(s, 1, l->about.name, sizeof l->about.name);
    column_text(s, 2, l->about.contact, sizeof l->about.contact);
    l->about.epoch = column_count(s, 3);
    l->about.created = sqlite3_column_int64(s, 4);
    column_text(s, 5, state, sizeof state);
    for (unsigned i = 0; i < sizeof states / sizeof *states; i++) {
        if (strcmp(state, states[i]) == 0)
            l->about.state = (enum ledger_state)i;
    }
    database_done(s);
    return CARNET_OK;
}

enum carnet_err ledger_check(struct ledger *l, bool whole, struct carnet_diag *diag)
{
    enum carnet_err err = whole ? check_pages(l, diag) : CARNET_OK;

    if (!err)
        err = ledger_about_read(l, diag);
    return err ? err : ledger_journal_check(l, whole, diag);
}

enum carnet_err ledger_create(const char *path, const struct ledger_about *about, const char *who, struct ledger **out,
                              struct carnet_diag *diag)
{
    struct ledger *l = NULL;
    enum carnet_err err;
    /* SQLite gives its other files the mode of this one. */
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return errno == EEXIST ? carnet_fail(diag, CARNET_EXISTS, "", "There is a ledger already.")
                               : carnet_fail_errno(diag, errno, "The ledger can't be made");
    (void)close(fd);
    err = connect(path, who, &l, diag);
    if (!err)
        err = ledger_begin(l, diag);
    if (!err)
        err = schema_make(l, diag);
    if (!err)
        err = database_run(l, diag, "INSERT INTO ledger VALUES (1, ?, ?, ?, ?, 'open', ?)", "itTii",
                           (int64_t)about->roles, about->name, about->contact, (int64_t)about->epoch, about->created);
    if (!err)
        err = ledger_commit(l, diag);
    if (!err)
        err = ledger_about_read(l, diag);
    if (err)
        ledger_close(l);
    else
        *out = l;
    return err;
}

enum carnet_err ledger_open(const char *path, const char *who, struct ledger **out, struct carnet_diag *diag)
{
    struct ledger *l = NULL;
    struct stat st;
    int64_t pages = 0;
    enum carnet_err err;

    if (lstat(path, &st) < 0 && errno == ENOENT)
        return carnet_fail(diag, CARNET_CONFIGURATION, "", "There is no ledger here.");
    err = connect(path, who, &l, diag);
    if (!err)
        err = schema_check(l, diag);
    if (!err)
        err = database_number(l, 0, &pages, diag, "PRAGMA page_count", "");
    if (!err)
        err = ledger_check(l, pages <= CHECK_WHOLE_PAGES, diag);
    if (err)
        ledger_close(l);
    else
        *out = l;
    return err;
}

void ledger_close(struct ledger *l)
{
    if (!l)
        return;
    ledger_rollback(l);
    for (size_t i = 0; i < l->statement_count; i++)
        (void)sqlite3_finalize(l->statements[i].statement);
    (void)sqlite3_close(l->db);
    free(l);
}

const struct ledger_about *ledger_about(const struct ledger *l)
{
    return &l->about;
}

enum carnet_err ledger_begin(struct ledger *l, struct carnet_diag *diag)
{
    enum carnet_err err = database_run(l, diag, "BEGIN IMMEDIATE", "");

    l->in_transaction = !err;
    return err;
}

enum carnet_err ledger_commit(struct ledger *l, struct carnet_diag *diag)
{
    enum carnet_err err = database_run(l, diag, "COMMIT", "");

    if (!err) {
        l->in_transaction = false;
        l->changed = true;
    } else if ((sqlite3_errcode(l->db) & 0xff) == SQLITE_IOERR) {
        /* The log may hold the whole of it, and what opens the ledger next would find it there. */
        (void)carnet_fail(diag, err, "",
                          "The disk failed while the change was recorded (%s): it may be recorded or not.",
                          sqlite3_errmsg(l->db));
        (void)carnet_fail_next(diag, "See to the disk, then run the same command again: nothing is done twice.");
    }
    return err;
}

enum carnet_err ledger_checkpoint(struct ledger *l, struct carnet_diag *diag)
{
    int code = l->changed ? sqlite3_wal_checkpoint_v2(l->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL) : SQLITE_OK;

    /* Somebody who reads or writes meanwhile does it at his own end. */
    if (code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED)
        return CARNET_OK;
    return carnet_fail(diag, (code & 0xff) == SQLITE_CORRUPT ? CARNET_LEDGER_DAMAGED : CARNET_IO, "", "%s",
                       sqlite3_errstr(code));
}

void ledger_rollback(struct ledger *l)
{
    if (l->in_transaction && !sqlite3_get_autocommit(l->db))
        (void)sqlite3_exec(l->db, "ROLLBACK", NULL, NULL, NULL);
    l->in_transaction = false;
}

enum carnet_err ledger_item_begin(struct ledger *l, struct carnet_diag *diag)
{
    return database_run(l, diag, "SAVEPOINT item", "");
}

enum carnet_err ledger_item_end(struct ledger *l, bool keep, struct carnet_diag *diag)
{
    enum carnet_err err = keep ? CARNET_OK : database_run(l, diag, "ROLLBACK TO item", "");

    return err ? err : database_run(l, diag, "RELEASE item", "");
}
