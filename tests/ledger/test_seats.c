/* SPDX-License-Identifier: MIT */
/* Never more grants than seats, and the lowest free one first. */
#include "scratch.h"

static void go_offline(struct scratch *s)
{
    assert_int_equal(ledger_license_convert(s->l, s->license.number, true, &s->diag), CARNET_OK);
}

static void reload(struct scratch *s)
{
    assert_int_equal(ledger_license_get(s->l, &s->vendor, "L-1", &s->license, &s->diag), CARNET_OK);
}

static void test_lowest_first(void **state)
{
    struct scratch s;
    struct ledger_grant g[6];

    (void)state;
    scratch_begin(&s, 5);
    go_offline(&s);
    for (uint32_t i = 1; i <= 5; i++)
        assert_int_equal(give(&s, i, &g[i]), i);
    assert_int_equal(give(&s, 6, NULL), 0);
    assert_int_equal(ledger_grant_end(s.l, &g[4], CARNET_END_FREED, NULL, 2000, &s.diag), CARNET_OK);
    assert_int_equal(ledger_grant_end(s.l, &g[2], CARNET_END_FREED, NULL, 2000, &s.diag), CARNET_OK);
    reload(&s);
    assert_int_equal(s.license.in_use, 3);
    assert_int_equal(give(&s, 7, NULL), 2);
    assert_int_equal(give(&s, 8, NULL), 4);
    assert_int_equal(give(&s, 9, NULL), 0);
    scratch_end(&s);
}

/* The schema refuses by itself what the code would never ask for. */
static void test_schema_refuses(void **state)
{
    struct scratch s;
    struct ledger_grant g;
    const struct carnet_facts none = {.count = 0};

    (void)state;
    scratch_begin(&s, 2);
    go_offline(&s);
    assert_int_equal(give(&s, 1, &g), 1);
    g.fingerprint = digest_of(77);
    g.has_user = true;
    g.user = digest_of(78);
    assert_int_equal(ledger_grant_add(s.l, &g, &none, &s.diag), CARNET_BUG); /* the same seat twice */
    g.seat = 3;
    assert_int_equal(ledger_grant_add(s.l, &g, &none, &s.diag), CARNET_NO_SEAT); /* beyond the seats */
    g.seat = 2;
    g.has_user = false;
    assert_int_equal(ledger_grant_add(s.l, &g, &none, &s.diag), CARNET_BUG); /* G-6: the same machine and user */
    assert_int_equal(ledger_license_convert(s.l, s.license.number, false, &s.diag), CARNET_BUG); /* a seat is out */
    reload(&s);
    assert_int_equal(s.license.in_use, 1);
    assert_true(s.license.offline);
    scratch_end(&s);
}

/* A revision below what is in use is taken, and nothing is given before it fits. */
static void test_fewer_seats(void **state)
{
    struct scratch s;
    struct ledger_grant g[6];

    (void)state;
    scratch_begin(&s, 5);
    go_offline(&s);
    for (uint32_t i = 1; i <= 5; i++)
        assert_int_equal(give(&s, i, &g[i]), i);
    entitle(&s, 2, 3);
    assert_int_equal(s.license.in_use, 5);
    assert_int_equal(ledger_grant_end(s.l, &g[1], CARNET_END_FREED, NULL, 2000, &s.diag), CARNET_OK);
    assert_int_equal(give(&s, 11, NULL), 0); /* four are out of three */
    assert_int_equal(ledger_grant_end(s.l, &g[5], CARNET_END_FREED, NULL, 2000, &s.diag), CARNET_OK);
    assert_int_equal(give(&s, 12, NULL), 0); /* three of three */
    assert_int_equal(ledger_grant_end(s.l, &g[2], CARNET_END_FREED, NULL, 2000, &s.diag), CARNET_OK);
    assert_int_equal(give(&s, 13, NULL), 1); /* and not seat 5, which is there no more */
    entitle(&s, 3, 6);
    assert_int_equal(give(&s, 14, NULL), 2);
    assert_int_equal(give(&s, 15, NULL), 5);
    assert_int_equal(give(&s, 16, NULL), 6);
    assert_int_equal(give(&s, 17, NULL), 0);
    scratch_end(&s);
}

/* A million seats are a number, not a table. */
static void test_million(void **state)
{
    struct scratch s;
    struct ledger_freed *freed = NULL;
    size_t count = 0;
    uint32_t highest = 0;

    (void)state;
    scratch_begin(&s, CARNET_SEATS_MOST);
    go_offline(&s);
    assert_int_equal(give(&s, 1, NULL), 1);
    assert_int_equal(give(&s, 2, NULL), 2);
    assert_int_equal(ledger_seats_freed(s.l, s.license.number, &freed, &count, &highest, &s.diag), CARNET_OK);
    assert_int_equal(count, 0);
    assert_int_equal(highest, 2);
    free(freed);
    scratch_end(&s);
}

static void test_users(void **state)
{
    struct scratch s;
    bool known = true;

    (void)state;
    scratch_begin(&s, 2);
    assert_int_equal(ledger_user_add(s.l, s.license.number, "ada", 1000, &known, &s.diag), CARNET_OK);
    assert_false(known);
    assert_int_equal(ledger_user_add(s.l, s.license.number, "ada", 1000, &known, &s.diag), CARNET_OK);
    assert_true(known);
    assert_int_equal(ledger_user_add(s.l, s.license.number, "ben", 1000, &known, &s.diag), CARNET_OK);
    assert_int_equal(ledger_user_add(s.l, s.license.number, "cy", 1000, &known, &s.diag), CARNET_NO_SEAT);
    reload(&s);
    assert_int_equal(s.license.users, 2);
    assert_int_equal(ledger_license_convert(s.l, s.license.number, true, &s.diag), CARNET_BUG);
    assert_int_equal(ledger_user_remove(s.l, s.license.number, "cy", &s.diag), CARNET_NOT_FOUND);
    assert_string_equal(s.diag.detail, "There is no user \"cy\" of that license.");
    assert_int_equal(ledger_user_remove(s.l, s.license.number, "ada", &s.diag), CARNET_OK);
    assert_int_equal(ledger_user_remove(s.l, s.license.number, "ben", &s.diag), CARNET_OK);
    go_offline(&s);
    assert_int_equal(ledger_user_add(s.l, s.license.number, "ada", 1000, &known, &s.diag), CARNET_NO_SEAT);
    scratch_end(&s);
}

/* One item of a transaction can be undone alone; what was not committed did not happen. */
static void test_items(void **state)
{
    struct scratch s;

    (void)state;
    scratch_begin(&s, 5);
    go_offline(&s);
    assert_int_equal(ledger_begin(s.l, &s.diag), CARNET_OK);
    assert_int_equal(ledger_item_begin(s.l, &s.diag), CARNET_OK);
    assert_int_equal(give(&s, 1, NULL), 1);
    assert_int_equal(ledger_item_end(s.l, true, &s.diag), CARNET_OK);
    assert_int_equal(ledger_item_begin(s.l, &s.diag), CARNET_OK);
    assert_int_equal(give(&s, 2, NULL), 2);
    assert_int_equal(ledger_item_end(s.l, false, &s.diag), CARNET_OK);
    assert_int_equal(give(&s, 3, NULL), 2);
    assert_int_equal(ledger_commit(s.l, &s.diag), CARNET_OK);
    assert_int_equal(ledger_begin(s.l, &s.diag), CARNET_OK);
    assert_int_equal(give(&s, 4, NULL), 3);
    ledger_close(s.l);
    assert_int_equal(ledger_open(s.file, "name:ada", &s.l, &s.diag), CARNET_OK);
    reload(&s);
    assert_int_equal(s.license.in_use, 2);
    scratch_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lowest_first), cmocka_unit_test(test_schema_refuses), cmocka_unit_test(test_fewer_seats),
        cmocka_unit_test(test_million),      cmocka_unit_test(test_users),          cmocka_unit_test(test_items),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
