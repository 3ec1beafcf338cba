/* SPDX-License-Identifier: MIT */
/*
 * The seals of spec/ledger.md, L-12: for each table one number that every change of a row keeps up, so that a byte
 * which changed by itself is found wherever it is, also in columns that nothing else vouches for. They are no defence
 * against somebody who means it: the journal's signed ends are.
 */
#include "seal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/signature.h"

#define HEAD_SIZE 9 /* a letter and a length */

static void put_number(uint64_t value, uint8_t out[8])
{
    for (int i = 7; i >= 0; i--, value >>= 8)
        out[i] = (uint8_t)value;
}

/* L-12: the number of a row. */
static uint64_t row_number(int count, sqlite3_value **columns)
{
    struct carnet_digest digest = {{0}};
    uint64_t number = 0;

    for (int i = 0; i < count; i++) {
        const int type = sqlite3_value_type(columns[i]);
        uint8_t head[HEAD_SIZE], integer[8];
        struct carnet_piece content = {"", 0};
        if (type == SQLITE_INTEGER) {
            put_number((uint64_t)sqlite3_value_int64(columns[i]), integer);
            content = (struct carnet_piece){integer, sizeof integer};
        } else if (type != SQLITE_NULL) {
            const void *bytes = sqlite3_value_blob(columns[i]); /* of a text its UTF-8 */
            const int size = sqlite3_value_bytes(columns[i]);
            content = (struct carnet_piece){bytes != NULL ? bytes : "", size > 0 ? (size_t)size : 0};
        }
        head[0] = type == SQLITE_NULL ? 'n' : type == SQLITE_INTEGER ? 'i' : type == SQLITE_TEXT ? 't' : 'b';
        put_number(content.size, head + 1);
        const struct carnet_piece pieces[] = {{digest.bytes, sizeof digest.bytes}, {head, sizeof head}, content};
        carnet_sha256_pieces(pieces, sizeof pieces / sizeof *pieces, &digest);
    }
    for (size_t i = 0; i < 8; i++)
        number = number << 8 | digest.bytes[i];
    return number;
}

/* seal_with(SEAL, COLUMN...): the seal with that row in it, or without it where it was in it. */
static void seal_with(sqlite3_context *context, int count, sqlite3_value **values)
{
    if (count < 2)
        sqlite3_result_error(context, "seal_with takes a seal and columns", -1);
    else
        sqlite3_result_int64(
            context, (sqlite3_int64)((uint64_t)sqlite3_value_int64(values[0]) ^ row_number(count - 1, values + 1)));
}

/* seal_of(COLUMN...): the seal of all rows. */
static void seal_step(sqlite3_context *context, int count, sqlite3_value **columns)
{
    uint64_t *sum = sqlite3_aggregate_context(context, sizeof *sum);

    if (sum == NULL)
        sqlite3_result_error_nomem(context);
    else if (count < 1)
        sqlite3_result_error(context, "seal_of takes columns", -1);
    else
        *sum ^= row_number(count, columns);
}

static void seal_end(sqlite3_context *context)
{
    const uint64_t *sum = sqlite3_aggregate_context(context, 0);

    sqlite3_result_int64(context, sum != NULL ? (sqlite3_int64)*sum : 0);
}

int seal_functions(sqlite3 *db)
{
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    int code = sqlite3_create_function_v2(db, "seal_with", -1, flags, NULL, seal_with, NULL, NULL, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_create_function_v2(db, "seal_of", -1, flags, NULL, NULL, seal_step, seal_end, NULL);
    return code;
}

/* Every table but `seal`, with its columns after OLD., after NEW., and by themselves. */
static const char tables[] =
    "SELECT t.name, group_concat('OLD.' || c.name, ', '), group_concat('NEW.' || c.name, ', '), group_concat(c.name, "
    "', ')"
    " FROM (SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'seal' AND name NOT LIKE 'sqlite\\_%'"
    " ESCAPE '\\' ORDER BY name) t JOIN pragma_table_info(t.name) c GROUP BY t.name ORDER BY t.name";

/* Makes the triggers of one table anew, and its seal. */
static int seal_table(sqlite3 *db, sqlite3_stmt *table)
{
    const unsigned char *name = sqlite3_column_text(table, 0), *old = sqlite3_column_text(table, 1),
                        *new = sqlite3_column_text(table, 2), *columns = sqlite3_column_text(table, 3);
    int code = SQLITE_NOMEM;
    char *sql =
        sqlite3_mprintf("DROP TRIGGER IF EXISTS seal_%s_insert; DROP TRIGGER IF EXISTS seal_%s_update;"
                        "DROP TRIGGER IF EXISTS seal_%s_delete;"
                        "CREATE TRIGGER seal_%s_insert AFTER INSERT ON %s"
                        " BEGIN UPDATE seal SET sum = seal_with(sum, %s) WHERE name = '%s'; END;"
                        "CREATE TRIGGER seal_%s_update AFTER UPDATE ON %s"
                        " BEGIN UPDATE seal SET sum = seal_with(seal_with(sum, %s), %s) WHERE name = '%s'; END;"
                        "CREATE TRIGGER seal_%s_delete AFTER DELETE ON %s"
                        " BEGIN UPDATE seal SET sum = seal_with(sum, %s) WHERE name = '%s'; END;"
                        "DELETE FROM seal WHERE name = '%s'; INSERT INTO seal SELECT '%s', seal_of(%s) FROM %s;",
                        name, name, name, name, name, new, name, name, name, old, new, name, name, name, old, name,
                        name, name, columns, name);

    if (sql != NULL)
        code = sqlite3_exec(db, sql, NULL, NULL, NULL);
    sqlite3_free(sql);
    return code;
}

int seal_make(sqlite3 *db)
{
    sqlite3_stmt *s = NULL;
    int code = sqlite3_prepare_v2(db, tables, -1, &s, NULL), row;

    /* The list is whole before anything changes: it is sorted. */
    while (code == SQLITE_OK && (row = sqlite3_step(s)) != SQLITE_DONE)
        code = row == SQLITE_ROW ? seal_table(db, s) : row;
    (void)sqlite3_finalize(s);
    return code;
}

/* ---- looking ---- */

static int number_of(sqlite3 *db, const char *sql, sqlite3_int64 *out)
{
    sqlite3_stmt *s = NULL;
    int code = sqlite3_prepare_v2(db, sql, -1, &s, NULL);

    if (code == SQLITE_OK) {
        code = sqlite3_step(s);
        if (code == SQLITE_ROW)
            *out = sqlite3_column_int64(s, 0);
        code = code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
    }
    (void)sqlite3_finalize(s);
    return code;
}

/* Tables, indexes and triggers are those that this version makes. */
static enum carnet_err check_schema(struct ledger *l, struct ledger_audit *a, struct carnet_diag *diag)
{
    static const char sum[] = "SELECT seal_of(type, name, tbl_name, sql) FROM sqlite_schema";
    struct ledger fresh = {.db = NULL};
    sqlite3_int64 here = 0, made = 0;
    enum carnet_err err = CARNET_OK;
    int code = sqlite3_open(":memory:", &fresh.db);

    if (code == SQLITE_OK)
        code = seal_functions(fresh.db);
    if (code == SQLITE_OK)
        err = schema_make(&fresh, diag);
    if (code == SQLITE_OK && !err)
        code = number_of(fresh.db, sum, &made);
    (void)sqlite3_close(fresh.db);
    if (code == SQLITE_OK && !err)
        code = number_of(l->db, sum, &here);
    if (code != SQLITE_OK)
        return database_fail_prepare(l->db, code, "looking at its tables", diag);
    if (!err && here != made)
        audit_tell(a, "The tables and their rules are not those of this version of the ledger (L-1).");
    return err;
}

static int check_table(sqlite3 *db, sqlite3_stmt *table, struct ledger_audit *a)
{
    const unsigned char *name = sqlite3_column_text(table, 0), *columns = sqlite3_column_text(table, 3);
    sqlite3_int64 differs = 1;
    int code = SQLITE_NOMEM;
    char *sql = sqlite3_mprintf("SELECT (SELECT seal_of(%s) FROM %s) IS NOT (SELECT sum FROM seal WHERE name = '%s')",
                                columns, name, name);

    if (sql != NULL)
        code = number_of(db, sql, &differs);
    sqlite3_free(sql);
    if (code == SQLITE_OK && differs)
        audit_tell(a, "The table '%s' is not as it was written: a row of it changed by itself (L-12).", name);
    return code;
}

enum carnet_err seal_check(struct ledger *l, struct ledger_audit *a, struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    enum carnet_err err = check_schema(l, a, diag);
    int code, row;

    if (err)
        return err;
    code = sqlite3_prepare_v2(l->db, tables, -1, &s, NULL);
    while (code == SQLITE_OK && (row = sqlite3_step(s)) != SQLITE_DONE)
        code = row == SQLITE_ROW ? check_table(l->db, s, a) : row;
    (void)sqlite3_finalize(s);
    return code == SQLITE_OK ? CARNET_OK : database_fail_prepare(l->db, code, "looking at its seals", diag);
}
