/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "database.h"

enum carnet_err database_fail(sqlite3 *db, int code, const char *doing, struct carnet_diag *diag)
{
    const char *words = db ? sqlite3_errmsg(db) : sqlite3_errstr(code);

    if (code == SQLITE_BUSY || code == SQLITE_LOCKED) {
        char holder[DATABASE_HOLDER_SIZE] = "another process";
        (void)database_holder(db, holder);
        (void)carnet_fail(diag, CARNET_BUSY, "", "The ledger has been held for ten seconds by %s (%s).", holder, doing);
        return carnet_fail_next(diag, "Wait until it has ended, then run this again.");
    }
    if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_SCHEMA ||
        (code == SQLITE_ERROR && strcmp(words, "unsupported file format") == 0))
        return carnet_fail(diag, CARNET_LEDGER_DAMAGED, "", "The ledger does not hold together while %s: %s.", doing,
                           words);
    if (code == SQLITE_NOMEM)
        return carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory for %s.", doing);
    if (code == SQLITE_READONLY || code == SQLITE_PERM || code == SQLITE_CANTOPEN || code == SQLITE_AUTH) {
        (void)carnet_fail(diag, CARNET_PERMISSION, "", "The ledger can't be opened or written while %s: %s.", doing,
                          words);
        return carnet_fail_next(diag,
                                "Look who owns the home and its files, and whether its disk is read-only ('findmnt "
                                "-T HOME'): even looking at a ledger needs to write beside it.");
    }
    if (code == SQLITE_FULL || code == SQLITE_IOERR)
        return carnet_fail(diag, CARNET_IO, "", "The disk refused while %s: %s. Nothing was changed.", doing, words);
    if (code == SQLITE_CONSTRAINT && strcmp(words, "no seat") == 0)
        return carnet_fail(diag, CARNET_NO_SEAT, "G-5", "The ledger itself refuses a grant beyond the seats.");
    return carnet_fail(diag, CARNET_BUG, "", "The ledger refused %s: %s.", doing, words);
}

enum carnet_err database_fail_prepare(sqlite3 *db, int code, const char *doing, struct carnet_diag *diag)
{
    return database_fail(db, code == SQLITE_ERROR ? SQLITE_SCHEMA : code & 0xff, doing, diag);
}

/* The kept statement of that literal, prepared when new. */
static enum carnet_err prepared(struct ledger *l, const char *sql, sqlite3_stmt **out, struct carnet_diag *diag)
{
    int code;

    for (size_t i = 0; i < l->statement_count; i++) {
        if (l->statements[i].sql == sql) {
            *out = l->statements[i].statement;
            return CARNET_OK;
        }
    }
    if (l->statement_count == LEDGER_STATEMENTS_MOST)
        return carnet_fail(diag, CARNET_BUG, "", "The ledger has more kinds of questions than it has room for.");
    code = sqlite3_prepare_v3(l->db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL);
    if (code != SQLITE_OK)
        return database_fail_prepare(l->db, code, "reading it", diag);
    l->statements[l->statement_count].sql = sql;
    l->statements[l->statement_count].statement = *out;
    l->statement_count++;
    return CARNET_OK;
}

static int bind_digest(sqlite3_stmt *s, int i, const struct carnet_digest *d)
{
    return d ? sqlite3_bind_blob(s, i, d->bytes, CARNET_DIGEST_SIZE, SQLITE_TRANSIENT) : sqlite3_bind_null(s, i);
}

static enum carnet_err bind_all(struct ledger *l, sqlite3_stmt *s, const char *types, va_list values,
                                struct carnet_diag *diag)
{
    int code = SQLITE_OK;

    for (int i = 1; *types && code == SQLITE_OK; types++, i++) {
        if (*types == 'i') {
            code = sqlite3_bind_int64(s, i, va_arg(values, int64_t));
        } else if (*types == 't' || *types == 'T') {
            const char *text = va_arg(values, const char *);
            if (*types == 'T' && text && !*text)
                text = NULL;
            code = sqlite3_bind_text(s, i, text, -1, SQLITE_TRANSIENT);
        } else if (*types == 'd' || *types == 'D') {
            const struct carnet_digest *d = va_arg(values, const struct carnet_digest *);
            assert(d || *types == 'D');
            code = bind_digest(s, i, d);
        } else {
            const void *bytes = va_arg(values, const void *);
            assert(*types == 'b');
            code = sqlite3_bind_blob64(s, i, bytes, va_arg(values, size_t), SQLITE_TRANSIENT);
        }
    }
    return code == SQLITE_OK ? CARNET_OK : database_fail(l->db, code & 0xff, "preparing a change", diag);
}

static enum carnet_err query(struct ledger *l, sqlite3_stmt **out, struct carnet_diag *diag, const char *sql,
                             const char *types, va_list values)
{
    sqlite3_stmt *s = NULL;
    enum carnet_err err = prepared(l, sql, &s, diag);

    if (err)
        return err;
    (void)sqlite3_reset(s);
    (void)sqlite3_clear_bindings(s);
    err = bind_all(l, s, types, values, diag);
    if (!err)
        *out = s;
    return err;
}

enum carnet_err database_query(struct ledger *l, sqlite3_stmt **out, struct carnet_diag *diag, const char *sql,
                               const char *types, ...)
{
    va_list values;
    enum carnet_err err;

    va_start(values, types);
    err = query(l, out, diag, sql, types, values);
    va_end(values);
    return err;
}

enum carnet_err database_step(struct ledger *l, sqlite3_stmt *s, bool *row, struct carnet_diag *diag)
{
    int code = sqlite3_step(s);
    enum carnet_err err = CARNET_OK;

    if (code == SQLITE_ROW) {
        *row = true;
        return CARNET_OK;
    }
    /* The words of the failure are those of the step: reset comes after. */
    if (code != SQLITE_DONE)
        err = database_fail(l->db, code & 0xff, "reading or changing it", diag);
    else
        *row = false;
    database_done(s);
    return err;
}

void database_done(sqlite3_stmt *s)
{
    (void)sqlite3_reset(s);
    (void)sqlite3_clear_bindings(s);
}

enum carnet_err database_run(struct ledger *l, struct carnet_diag *diag, const char *sql, const char *types, ...)
{
    va_list values;
    sqlite3_stmt *s = NULL;
    bool row = false;
    enum carnet_err err;

    va_start(values, types);
    err = query(l, &s, diag, sql, types, values);
    va_end(values);
    if (!err)
        err = database_step(l, s, &row, diag);
    if (!err && row)
        database_done(s);
    return err;
}

enum carnet_err database_number(struct ledger *l, int64_t absent, int64_t *out, struct carnet_diag *diag,
                                const char *sql, const char *types, ...)
{
    va_list values;
    sqlite3_stmt *s = NULL;
    bool row = false;
    enum carnet_err err;

    va_start(values, types);
    err = query(l, &s, diag, sql, types, values);
    va_end(values);
    if (!err)
        err = database_step(l, s, &row, diag);
    if (err)
        return err;
    *out = row && sqlite3_column_type(s, 0) == SQLITE_INTEGER ? sqlite3_column_int64(s, 0) : absent;
    if (row)
        database_done(s);
    return CARNET_OK;
}

enum carnet_err database_digests(struct ledger *l, struct carnet_digest **out, size_t *count, struct carnet_diag *diag,
                                 const char *sql, const char *types, ...)
{
    va_list values;
    sqlite3_stmt *s = NULL;
    void *list = NULL;
    size_t n = 0;
    bool row = false;
    enum carnet_err err;

    va_start(values, types);
    err = query(l, &s, diag, sql, types, values);
    va_end(values);
    for (err = err ? err : database_step(l, s, &row, diag); !err && row; err = database_step(l, s, &row, diag)) {
        err = database_room(&list, n, sizeof **out);
        if (err)
            break;
        column_digest(s, 0, (struct carnet_digest *)list + n++);
    }
    if (err) {
        free(list);
        return err;
    }
    *out = list;
    *count = n;
    return CARNET_OK;
}

enum carnet_err database_digest(struct ledger *l, struct carnet_digest *out, struct carnet_diag *diag, const char *sql,
                                const char *types, ...)
{
    va_list values;
    sqlite3_stmt *s = NULL;
    bool row = false;
    enum carnet_err err;

    va_start(values, types);
    err = query(l, &s, diag, sql, types, values);
    va_end(values);
    if (!err)
        err = database_step(l, s, &row, diag);
    if (err)
        return err;
    if (!row)
        return CARNET_NOT_FOUND;
    column_digest(s, 0, out);
    database_done(s);
    return CARNET_OK;
}

void column_digest(sqlite3_stmt *s, int column, struct carnet_digest *out)
{
    const void *bytes = sqlite3_column_blob(s, column);

    memset(out, 0, sizeof *out);
    if (bytes && sqlite3_column_bytes(s, column) == CARNET_DIGEST_SIZE)
        memcpy(out->bytes, bytes, CARNET_DIGEST_SIZE);
}

void column_text(sqlite3_stmt *s, int column, char *out, size_t room)
{
    const unsigned char *text = sqlite3_column_text(s, column);

    (void)sqlite3_snprintf((int)room, out, "%s", text ? (const char *)text : "");
}

uint32_t column_count(sqlite3_stmt *s, int column)
{
    sqlite3_int64 n = sqlite3_column_int64(s, column);

    return n < 0 ? 0 : n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

enum carnet_err column_bytes(sqlite3_stmt *s, int column, struct carnet_buffer *out)
{
    const void *bytes = sqlite3_column_blob(s, column);
    int size = sqlite3_column_bytes(s, column);

    return bytes && size > 0 ? carnet_buffer_append(out, bytes, (size_t)size) : CARNET_LEDGER_DAMAGED;
}

enum carnet_err database_room(void **list, size_t count, size_t size)
{
    void *grown;

    /* Full exactly at 0 and at the powers of two from 16 on. */
    if (count != 0 && (count < 16 || (count & (count - 1)) != 0))
        return CARNET_OK;
    grown = reallocarray(*list, count ? count * 2 : 16, size);
    if (!grown)
        return CARNET_NO_MEMORY;
    *list = grown;
    return CARNET_OK;
}
