/* SPDX-License-Identifier: MIT */
/* Opening: what is no ledger, a newer one, a damaged one, one that others hold; and a key's one role. */
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "scratch.h"

static void meddle(struct scratch *s, const char *sql)
{
    sqlite3 *db = NULL;

    ledger_close(s->l);
    s->l = NULL;
    assert_int_equal(sqlite3_open(s->file, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static enum carnet_err reopen(struct scratch *s)
{
    ledger_close(s->l);
    s->l = NULL;
    return ledger_open(s->file, "name:ada", &s->l, &s->diag);
}

static void test_files(void **state)
{
    static const char *const names[] = {"", "-wal", "-shm"};
    struct scratch s;
    struct stat st;

    (void)state;
    scratch_begin(&s, 5);
    for (size_t i = 0; i < 3; i++) {
        char file[128];
        (void)snprintf(file, sizeof file, "%s%s", s.file, names[i]);
        assert_int_equal(stat(file, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
    scratch_end(&s);
}

static void test_exists(void **state)
{
    const struct ledger_about about = {.roles = LEDGER_ADMIN, .name = "x", .epoch = 1};
    struct scratch s;
    struct ledger *other = NULL;

    (void)state;
    scratch_begin(&s, 5);
    assert_int_equal(ledger_create(s.file, &about, "name:ada", &other, &s.diag), CARNET_EXISTS);
    assert_null(other);
    scratch_end(&s);
}

static void test_newer(void **state)
{
    struct scratch s;

    (void)state;
    scratch_begin(&s, 5);
    meddle(&s, "PRAGMA user_version = 999");
    assert_int_equal(reopen(&s), CARNET_CONFIGURATION);
    assert_non_null(strstr(s.diag.detail, "a newer carnet"));
    meddle(&s, "PRAGMA user_version = 1; PRAGMA application_id = 1");
    assert_int_equal(reopen(&s), CARNET_LEDGER_DAMAGED);
    scratch_end(&s);
}

static void test_damaged(void **state)
{
    struct scratch s;
    int fd;

    (void)state;
    scratch_begin(&s, 5);
    ledger_close(s.l);
    s.l = NULL;
    /* A page in the middle, overwritten. */
    fd = open(s.file, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, "damage damage damage", 20, 4096 * 3), 20);
    assert_int_equal(close(fd), 0);
    assert_int_equal(reopen(&s), CARNET_LEDGER_DAMAGED);
    /* No database at all. */
    fd = open(s.file, O_WRONLY | O_TRUNC | O_CLOEXEC);
    assert_int_equal(write(fd, "this is a text and no ledger", 28), 28);
    assert_int_equal(close(fd), 0);
    assert_int_equal(reopen(&s), CARNET_LEDGER_DAMAGED);
    assert_int_equal(unlink(s.file), 0);
    assert_int_equal(reopen(&s), CARNET_CONFIGURATION);
    assert_null(s.l);
    scratch_end(&s);
}

/* Two at once: the second waits, and sees what the first did. */
static void test_two_connections(void **state)
{
    struct scratch s;
    struct ledger *other = NULL;
    struct ledger_license seen;

    (void)state;
    scratch_begin(&s, 5);
    assert_int_equal(ledger_license_convert(s.l, s.license.number, true, &s.diag), CARNET_OK);
    assert_int_equal(ledger_open(s.file, "name:ben", &other, &s.diag), CARNET_OK);
    assert_int_equal(ledger_begin(s.l, &s.diag), CARNET_OK);
    assert_int_equal(give(&s, 1, NULL), 1);
    assert_int_equal(ledger_license_get(other, &s.vendor, "L-1", &seen, &s.diag), CARNET_OK);
    assert_int_equal(seen.in_use, 0);
    assert_int_equal(ledger_commit(s.l, &s.diag), CARNET_OK);
    assert_int_equal(ledger_license_get(other, &s.vendor, "L-1", &seen, &s.diag), CARNET_OK);
    assert_int_equal(seen.in_use, 1);
    ledger_close(other);
    scratch_end(&s);
}

/* T-5. */
static void test_roles(void **state)
{
    const struct carnet_digest key = digest_of(50);
    struct scratch s;
    struct carnet_known_key *known = NULL;
    size_t count = 0;

    (void)state;
    scratch_begin(&s, 5);
    assert_int_equal(ledger_key_see(s.l, &key, CARNET_ROLE_ROOT, 1000, &s.diag), CARNET_OK);
    assert_int_equal(ledger_key_see(s.l, &key, CARNET_ROLE_ROOT, 1001, &s.diag), CARNET_OK);
    assert_int_equal(ledger_key_see(s.l, &key, CARNET_ROLE_MACHINE, 1001, &s.diag), CARNET_UNTRUSTED_KEY);
    assert_string_equal(s.diag.clause, "T-5");
    assert_int_equal(ledger_key_see(s.l, &s.issuer, CARNET_ROLE_ROOT, 1001, &s.diag), CARNET_UNTRUSTED_KEY);
    assert_int_equal(ledger_keys_known(s.l, &known, &count, &s.diag), CARNET_OK);
    assert_int_equal(count, 2);
    free(known);
    scratch_end(&s);
}

static void test_find(void **state)
{
    static const char *const words[] = {"L-1", "l-", "CAD", "city hosp"};
    struct scratch s;
    struct ledger_license found;

    (void)state;
    scratch_begin(&s, 5);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        assert_int_equal(ledger_license_find(s.l, words[i], NULL, &found, &s.diag), CARNET_OK);
        assert_string_equal(found.id, "L-1");
    }
    assert_int_equal(ledger_license_named(s.l, "L-1", NULL, &found, &s.diag), CARNET_OK);
    for (size_t i = 1; i < sizeof words / sizeof *words; i++)
        assert_int_equal(ledger_license_named(s.l, words[i], NULL, &found, &s.diag), CARNET_NOT_FOUND);
    assert_non_null(strstr(s.diag.next, "Did you mean L-1 (vendor 01000000)?"));
    assert_int_equal(ledger_license_find(s.l, "L-1", "01", &found, &s.diag), CARNET_OK);
    assert_int_equal(ledger_license_find(s.l, "L-1", "02", &found, &s.diag), CARNET_NOT_FOUND);
    assert_string_equal(s.diag.detail, "No vendor's id here begins with \"02\".");
    assert_int_equal(ledger_vendor_find(s.l, "", &s.issuer, &s.diag), CARNET_NOT_FOUND);
    assert_int_equal(ledger_license_find(s.l, "L-2", NULL, &found, &s.diag), CARNET_NOT_FOUND);
    assert_int_equal(ledger_license_find(s.l, "", NULL, &found, &s.diag), CARNET_NOT_FOUND);
    scratch_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),   cmocka_unit_test(test_exists),          cmocka_unit_test(test_newer),
        cmocka_unit_test(test_damaged), cmocka_unit_test(test_two_connections), cmocka_unit_test(test_roles),
        cmocka_unit_test(test_find),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
