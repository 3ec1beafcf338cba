/* SPDX-License-Identifier: MIT */
/*
 * A copy of the ledger, taken while it is in use (SQLite's backup interface), and what becomes of it. The copy of a
 * ledger that goes on is in the state "recovering" from the beginning: wherever it is put, it can't give a seat that
 * the original may have given since.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "database.h"

#define PAGES_AT_ONCE 4096
#define PAUSE_MS 20
#define PAUSES_MOST 500

static enum carnet_err copy_pages(struct ledger *l, sqlite3 *to, struct carnet_diag *diag)
{
    sqlite3_backup *b = sqlite3_backup_init(to, "main", l->db, "main");
    int code = b ? SQLITE_OK : sqlite3_errcode(to), pauses = 0;

    while (b && (code = sqlite3_backup_step(b, PAGES_AT_ONCE)) != SQLITE_DONE) {
        if (code != SQLITE_OK && code != SQLITE_BUSY && code != SQLITE_LOCKED)
            break;
        if (code != SQLITE_OK && ++pauses > PAUSES_MOST)
            break;
        if (code != SQLITE_OK)
            (void)sqlite3_sleep(PAUSE_MS);
    }
    if (b)
        (void)sqlite3_backup_finish(b);
    return code == SQLITE_DONE ? CARNET_OK : database_fail(to, code & 0xff, "copying it", diag);
}

/* Opens the copy as a ledger of its own; it is one file, without a write-ahead log. */
static enum carnet_err open_copy(const char *path, const struct ledger *of, struct ledger **out,
                                 struct carnet_diag *diag)
{
    struct ledger *l = calloc(1, sizeof *l);
    int code;

    if (!l)
        return carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory to copy the ledger.");
    memcpy(l->who, of->who, sizeof l->who);
    code = sqlite3_open_v2(path, &l->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_PRIVATECACHE, NULL);
    if (code == SQLITE_OK)
        code = database_ready(l);
    *out = l;
    return code == SQLITE_OK ? CARNET_OK : database_fail(l->db, code & 0xff, "copying it", diag);
}

static enum carnet_err settle_copy(struct ledger *copy, const struct ledger_carried *carried, size_t count, int64_t now,
                                   struct carnet_diag *diag)
{
    int code = sqlite3_exec(copy->db, "PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL", NULL, NULL, NULL);
    enum carnet_err err =
        code == SQLITE_OK ? ledger_begin(copy, diag) : database_fail(copy->db, code & 0xff, "copying it", diag);

    if (!err)
        err = database_run(copy, diag, "UPDATE ledger SET state = 'recovering' WHERE state = 'open'", "");
    if (!err)
        err = database_run(copy, diag,
                           "INSERT INTO recovery (one, made) VALUES (1, ?) ON CONFLICT (one)"
                           " DO UPDATE SET made = excluded.made, restored = NULL, raised = NULL, seen = 0",
                           "i", now);
    for (size_t i = 0; !err && i < count; i++)
        err = database_run(copy, diag,
                           "INSERT INTO carried VALUES (?, ?) ON CONFLICT (name)"
                           " DO UPDATE SET bytes = excluded.bytes",
                           "tb", carried[i].name, (const void *)carried[i].bytes, carried[i].size);
    return err ? err : ledger_commit(copy, diag);
}

/* On the disk, and read from there again: pages that the cache holds would prove nothing. */
static enum carnet_err settle_disk(const char *path, struct carnet_diag *diag)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    enum carnet_err err = CARNET_OK;

    if (fd < 0 || fsync(fd) < 0)
        err = carnet_fail_errno(diag, errno, "The copy can't be written");
    if (!err)
        (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    if (fd >= 0)
        (void)close(fd);
    return err;
}

/* The ledger's own words end with what became of it, and this is about the copy: there, nothing is kept. */
static enum carnet_err say_of_copy(struct carnet_diag *diag)
{
    const struct carnet_diag said = *diag;
    const char *of_ledger = strstr(said.detail, " Nothing was changed.");

    return of_ledger ? carnet_fail(diag, said.err, "", "The copy can't be written. %.*s",
                                   (int)(of_ledger - said.detail), said.detail)
                     : said.err;
}

enum carnet_err ledger_backup(struct ledger *l, const char *path, const struct ledger_carried *carried, size_t count,
                              int64_t now, struct carnet_diag *diag)
{
    struct ledger *copy = NULL;
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    enum carnet_err err;

    if (fd < 0)
        return errno == EEXIST ? carnet_fail(diag, CARNET_EXISTS, "", "There is a file of that name already.")
                               : carnet_fail_errno(diag, errno, "The copy can't be made");
    (void)close(fd);
    err = open_copy(path, l, &copy, diag);
    if (!err)
        err = copy_pages(l, copy->db, diag);
    if (!err)
        err = settle_copy(copy, carried, count, now, diag);
    ledger_close(copy);
    copy = NULL;
    if (!err)
        err = settle_disk(path, diag);
    if (!err)
        err = ledger_open_copy(path, l->who, &copy, diag);
    ledger_close(copy);
    if (err)
        (void)unlink(path);
    return err == CARNET_IO ? say_of_copy(diag) : err;
}

enum carnet_err ledger_open_copy(const char *path, const char *who, struct ledger **out, struct carnet_diag *diag)
{
    struct ledger *l = calloc(1, sizeof *l);
    int64_t there = 0;
    enum carnet_err err;
    int code;

    if (!l)
        return carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory to open the copy.");
    (void)sqlite3_snprintf((int)sizeof l->who, l->who, "%s", who);
    code = sqlite3_open_v2(path, &l->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_PRIVATECACHE, NULL);
    if (code == SQLITE_OK)
        code = database_ready(l);
    err = code == SQLITE_OK ? schema_look(l, diag) : database_fail(l->db, code & 0xff, "opening it", diag);
    if (!err)
        err = ledger_check(l, true, diag);
    if (!err)
        err = database_number(l, 0, &there, diag, "SELECT 1 FROM sqlite_schema WHERE name = 'recovery'", "");
    if (!err && there)
        err = database_number(l, 0, &there, diag, "SELECT 1 FROM recovery", "");
    if (!err && !there)
        err = carnet_fail(diag, CARNET_MALFORMED, "",
                          "The file is a ledger, but not one that 'carnet-admin backup' or 'retire' wrote.");
    if (err)
        ledger_close(l);
    else
        *out = l;
    return err;
}

enum carnet_err ledger_carried_bytes(struct ledger *l, const char *name, struct carnet_buffer *out,
                                     struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    bool row = false;
    enum carnet_err err = database_query(l, &s, diag, "SELECT bytes FROM carried WHERE name = ?", "t", name);

    if (!err)
        err = database_step(l, s, &row, diag);
    if (err)
        return err;
    if (!row)
        return CARNET_NOT_FOUND;
    err = column_bytes(s, 0, out);
    database_done(s);
    return err;
}

enum carnet_err ledger_settle(struct ledger *l, int64_t now, struct carnet_diag *diag)
{
    const bool moved = l->about.state == LEDGER_RETIRED;
    enum carnet_err err = database_run(l, diag, "DELETE FROM carried", "");

    if (!err)
        err = database_run(l, diag, "UPDATE recovery SET restored = ?", "i", now);
    if (!err && moved)
        err = database_run(l, diag, "UPDATE ledger SET state = 'open', epoch = epoch + 1", "");
    if (!err && moved)
        err = database_run(l, diag, "DELETE FROM recovery", "");
    return err ? err : ledger_about_read(l, diag);
}

enum carnet_err ledger_retire(struct ledger *l, struct carnet_diag *diag)
{
    enum carnet_err err = database_run(l, diag, "UPDATE ledger SET state = 'retired'", "");

    return err ? err : ledger_about_read(l, diag);
}
