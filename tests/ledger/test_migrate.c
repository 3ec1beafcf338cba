/* SPDX-License-Identifier: MIT */
/* A ledger of an older version is brought up to date at opening (L-1): whole or not at all, and comes to the tables of
 * a new one. */
#include <fcntl.h>
#include <sqlite3.h>

#include "ledger/database.h"
#include "scratch.h"

static char *read_text(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = calloc(1, 1 << 20);

    assert_non_null(file);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
    assert_int_equal(fclose(file), 0);
    return text;
}

/* The old ledger as a file of its own. */
static void old_begin(struct scratch *s)
{
    char *sql = read_text(CARNET_SOURCE_DIR "/tests/ledger/version-1.sql");
    sqlite3 *db = NULL;

    memset(s, 0, sizeof *s);
    strcpy(s->folder, "/tmp/carnet-ledger-XXXXXX");
    assert_non_null(mkdtemp(s->folder));
    (void)snprintf(s->file, sizeof s->file, "%s/%s", s->folder, LEDGER_FILE);
    assert_int_equal(sqlite3_open(s->file, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    free(sql);
}

/* All that the file says of its tables, and its version. */
static void schema_of(const char *file, char *out, size_t room)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *s = NULL;
    size_t used = 0;

    assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db,
                           "SELECT type || ' ' || name || ' ' || sql FROM sqlite_schema WHERE sql IS NOT NULL"
                           " UNION ALL SELECT 'version ' || user_version FROM pragma_user_version ORDER BY 1",
                           -1, &s, NULL),
        SQLITE_OK);
    while (sqlite3_step(s) == SQLITE_ROW) {
        const int size = snprintf(out + used, room - used, "%s\n", (const char *)sqlite3_column_text(s, 0));
        assert_true(size > 0 && (size_t)size < room - used);
        used += (size_t)size;
    }
    assert_int_equal(sqlite3_finalize(s), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void test_brought_up(void **state)
{
    static char old_schema[1 << 16], new_schema[1 << 16];
    struct scratch s, fresh;
    struct ledger_license *list = NULL;
    struct ledger_grant *grants = NULL;
    size_t count = 0;

    (void)state;
    old_begin(&s);
    assert_int_equal(ledger_open(s.file, "name:ada", &s.l, &s.diag), CARNET_OK);
    assert_int_equal(ledger_licenses(s.l, NULL, NULL, &list, &count, &s.diag), CARNET_OK);
    assert_int_equal(count, 1);
    assert_string_equal(list[0].id, "L-1");
    assert_true(list[0].offline);
    assert_int_equal(list[0].in_use, 1);
    assert_int_equal(ledger_grants(s.l, list[0].number, &grants, &count, &s.diag), CARNET_OK);
    assert_int_equal(count, 1);
    assert_int_equal(grants[0].seat, 1);
    assert_int_equal(ledger_journal_check(s.l, true, &s.diag), CARNET_OK);
    free(grants);
    free(list);
    scratch_begin(&fresh, 1);
    schema_of(s.file, old_schema, sizeof old_schema);
    schema_of(fresh.file, new_schema, sizeof new_schema);
    assert_string_equal(old_schema, new_schema);
    scratch_end(&fresh);
    scratch_end(&s);
}

/* Something in the way of the last step: the ledger stays of the version that it was, in every byte that counts. */
static void test_never_half(void **state)
{
    static char before[1 << 16], after[1 << 16];
    struct scratch s;
    sqlite3 *db = NULL;

    (void)state;
    old_begin(&s);
    assert_int_equal(sqlite3_open(s.file, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "ALTER TABLE license ADD COLUMN forked TEXT", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    schema_of(s.file, before, sizeof before);
    assert_int_not_equal(ledger_open(s.file, "name:ada", &s.l, &s.diag), CARNET_OK);
    assert_null(s.l);
    schema_of(s.file, after, sizeof after);
    assert_string_equal(before, after);
    assert_non_null(strstr(after, "version 1\n"));
    scratch_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_brought_up),
        cmocka_unit_test(test_never_half),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
