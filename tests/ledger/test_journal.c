/* SPDX-License-Identifier: MIT */
/* The journal: its canonical form by hand, its links, and what damage to it is told. */
#include <sqlite3.h>

#include "bundle/signature.h"
#include "ledger/seal.h"
#include "scratch.h"

static void add(struct scratch *s, int64_t now, const char *what, const char *name)
{
    const struct ledger_event event = {.what = what, .license = "L-1", .seat = 3, .name = name};

    assert_int_equal(ledger_event_add(s->l, &s->vendor, &s->issuer, now, &event, NULL, &s->diag), CARNET_OK);
}

/* Changes the file behind the ledger's back. */
static void meddle(struct scratch *s, const char *sql)
{
    sqlite3 *db = NULL;

    ledger_close(s->l);
    s->l = NULL;
    assert_int_equal(sqlite3_open(s->file, &db), SQLITE_OK);
    assert_int_equal(seal_functions(db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void query_text(struct scratch *s, const char *sql, char *out, size_t room)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;

    assert_int_equal(sqlite3_open(s->file, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    (void)snprintf(out, room, "%s", (const char *)sqlite3_column_text(statement, 0));
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* L-2 to L-5, computed here once more from the bytes that an auditor would see. */
static void test_canonical(void **state)
{
    struct scratch s;
    char line[512], by[80], want[512];
    struct carnet_journal_position head;
    struct carnet_digest digest;
    const struct carnet_piece origin[] = {{"carnet:1:journal:", 17}, {s.vendor.bytes, 32}, {s.issuer.bytes, 32}};

    (void)state;
    scratch_begin(&s, 5);
    add(&s, 86400, "assign", NULL);
    query_text(&s, "SELECT lower(hex(digest)) FROM name WHERE text = 'name:ada'", by, sizeof by);
    query_text(&s, "SELECT line FROM event WHERE position = 2", line, sizeof line);
    (void)snprintf(want, sizeof want, "2 1970-01-02T00:00:00Z 1 assign by=%s license=L-1 seat=3", by);
    assert_string_equal(line, want);

    carnet_sha256_pieces(origin, 3, &digest);
    for (int position = 1; position <= 2; position++) {
        char sql[80];
        const struct carnet_piece link[] = {{digest.bytes, 32}, {line, 0}};
        struct carnet_piece pieces[2] = {link[0], link[1]};
        (void)snprintf(sql, sizeof sql, "SELECT line FROM event WHERE position = %d", position);
        query_text(&s, sql, line, sizeof line);
        pieces[1].size = strlen(line);
        carnet_sha256_pieces(pieces, 2, &digest);
    }
    assert_int_equal(ledger_journal_head(s.l, &s.vendor, &s.issuer, &head, &s.diag), CARNET_OK);
    assert_int_equal(head.position, 2);
    assert_true(carnet_digest_equal(&head.digest, &digest));
    scratch_end(&s);
}

/* A name is nowhere in the chain, and the same name has the same digest until it is erased. */
static void test_names(void **state)
{
    struct scratch s;
    char text[256];

    (void)state;
    scratch_begin(&s, 5);
    add(&s, 1000, "user-add", "Grace Hopper");
    add(&s, 1001, "user-remove", "Grace Hopper");
    query_text(&s, "SELECT count(*) FROM event WHERE line LIKE '%Hopper%'", text, sizeof text);
    assert_string_equal(text, "0");
    query_text(&s, "SELECT count(DISTINCT substr(line, instr(line, ' name='))) FROM event WHERE line LIKE '%user-%'",
               text, sizeof text);
    assert_string_equal(text, "1");
    meddle(&s, "UPDATE name SET salt = NULL, text = NULL WHERE text = 'Grace Hopper'");
    assert_int_equal(ledger_open(s.file, "name:ada", &s.l, &s.diag), CARNET_OK);
    add(&s, 1002, "user-add", "Grace Hopper");
    query_text(&s, "SELECT count(DISTINCT substr(line, instr(line, ' name='))) FROM event WHERE line LIKE '%user-%'",
               text, sizeof text);
    assert_string_equal(text, "2");
    scratch_end(&s);
}

static void test_clock(void **state)
{
    struct scratch s;
    const struct ledger_event event = {.what = "assign"};
    struct carnet_journal_position at = {.position = 4711};

    (void)state;
    scratch_begin(&s, 5);
    add(&s, 2000, "assign", NULL);
    assert_int_equal(ledger_event_add(s.l, &s.vendor, &s.issuer, 1999, &event, &at, &s.diag), CARNET_CONFIGURATION);
    assert_string_equal(s.diag.clause, "L-6");
    assert_int_equal(at.position, 4711);
    add(&s, 2000, "assign", NULL);
    scratch_end(&s);
}

/* Each with: is it told at once of a ledger of more than 4 MiB, too, where only the ends of the chains are looked at?
 */
static const struct harm {
    const char *sql;
    bool at_the_end;
} harms[] = {
    {"DROP TRIGGER event_is_final; UPDATE event SET line = replace(line, 'seat=3', 'seat=4') WHERE position = 3",
     false},
    {"DROP TRIGGER event_is_final; UPDATE event SET line = replace(line, 'seat=3', 'seat=4') WHERE position = 5", true},
    {"DROP TRIGGER event_is_final; UPDATE event SET digest = zeroblob(32) WHERE position = 4", true},
    {"DROP TRIGGER event_is_kept; DELETE FROM event WHERE position = 2", false},
    {"DROP TRIGGER event_is_kept; DELETE FROM event WHERE position = 5", true},
    {"DROP TRIGGER event_is_final; UPDATE event SET position = 9 WHERE position = 3;"
     "UPDATE event SET position = 3 WHERE position = 4; UPDATE event SET position = 4 WHERE position = 9",
     true},
    {"UPDATE chain SET position = 4", true},
    {"UPDATE chain SET digest = zeroblob(32)", true},
    {"UPDATE chain SET vendor = zeroblob(32)", false},
};

static void test_damage(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof harms / sizeof *harms; i++) {
        struct scratch s;
        scratch_begin(&s, 5);
        for (int64_t t = 1; t <= 4; t++)
            add(&s, 1000 + t, "assign", NULL);
        meddle(&s, harms[i].sql);
        assert_int_equal(ledger_open(s.file, "name:ada", &s.l, &s.diag), CARNET_LEDGER_DAMAGED);
        assert_string_equal(s.diag.clause, "L-3");
        scratch_end(&s);
    }
}

static void test_damage_of_a_large_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof harms / sizeof *harms; i++) {
        struct scratch s;
        scratch_begin(&s, 5);
        for (int64_t t = 1; t <= 4; t++)
            add(&s, 1000 + t, "assign", NULL);
        meddle(&s, "CREATE TABLE weight (bytes BLOB); INSERT INTO weight VALUES (zeroblob(5 << 20))");
        assert_int_equal(ledger_open(s.file, "name:ada", &s.l, &s.diag), CARNET_OK);
        meddle(&s, harms[i].sql);
        assert_int_equal(ledger_open(s.file, "name:ada", &s.l, &s.diag),
                         harms[i].at_the_end ? CARNET_LEDGER_DAMAGED : CARNET_OK);
        if (!harms[i].at_the_end)
            assert_int_equal(ledger_journal_check(s.l, true, &s.diag), CARNET_LEDGER_DAMAGED);
        assert_string_equal(s.diag.clause, "L-3");
        scratch_end(&s);
    }
}

/* The journal only grows: not even by mistake. */
static void test_only_grows(void **state)
{
    struct scratch s;
    sqlite3 *db = NULL;

    (void)state;
    scratch_begin(&s, 5);
    add(&s, 1000, "assign", NULL);
    assert_int_equal(sqlite3_open(s.file, &db), SQLITE_OK);
    assert_int_equal(seal_functions(db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "DELETE FROM event", NULL, NULL, NULL), SQLITE_CONSTRAINT);
    assert_int_equal(sqlite3_exec(db, "UPDATE event SET at = 1", NULL, NULL, NULL), SQLITE_CONSTRAINT);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    scratch_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_canonical),
                                       cmocka_unit_test(test_names),
                                       cmocka_unit_test(test_clock),
                                       cmocka_unit_test(test_damage),
                                       cmocka_unit_test(test_damage_of_a_large_one),
                                       cmocka_unit_test(test_only_grows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
