/* SPDX-License-Identifier: MIT */
/* Seats of lost machines wait; renewals keep the seat; losses are counted by their age. */
#include "scratch.h"

static void go_offline(struct scratch *s)
{
    assert_int_equal(ledger_license_convert(s->l, s->license.number, true, &s->diag), CARNET_OK);
}

static void reload(struct scratch *s)
{
    assert_int_equal(ledger_license_get(s->l, &s->vendor, "L-1", &s->license, &s->diag), CARNET_OK);
}

static void test_held_seat_waits(void **state)
{
    struct scratch s;
    struct ledger_grant g[3];
    struct ledger_hold hold, *list = NULL;
    size_t count = 0;

    (void)state;
    scratch_begin(&s, 2);
    go_offline(&s);
    assert_int_equal(give(&s, 1, &g[1]), 1);
    assert_int_equal(give(&s, 2, &g[2]), 2);
    assert_int_equal(ledger_grant_end(s.l, &g[1], CARNET_END_REVOKED, NULL, 2000, &s.diag), CARNET_OK);
    assert_int_equal(ledger_hold_add(s.l, &g[1], 5000, &s.diag), CARNET_OK);
    reload(&s);
    assert_int_equal(s.license.in_use, 1);
    assert_int_equal(s.license.held, 1);
    assert_int_equal(give(&s, 3, NULL), 0);
    assert_int_equal(ledger_hold_on_seat(s.l, s.license.number, 2, &hold, &s.diag), CARNET_NOT_FOUND);
    assert_int_equal(ledger_hold_on_seat(s.l, s.license.number, 1, &hold, &s.diag), CARNET_OK);
    assert_int_equal(hold.grant, g[1].number);
    assert_int_equal(hold.until, 5000);
    assert_int_equal(ledger_grant_end(s.l, &g[2], CARNET_END_REVOKED, NULL, 2000, &s.diag), CARNET_OK);
    assert_int_equal(ledger_hold_add(s.l, &g[2], 4000, &s.diag), CARNET_OK);
    assert_int_equal(ledger_holds(s.l, s.license.number, &list, &count, &s.diag), CARNET_OK);
    assert_int_equal(count, 2);
    assert_int_equal(list[0].seat, 2); /* the earliest to end first */
    free(list);
    /* No conversion while a seat is held. */
    assert_int_equal(ledger_license_convert(s.l, s.license.number, false, &s.diag), CARNET_BUG);
    assert_int_equal(ledger_hold_end(s.l, s.license.number, 2, &s.diag), CARNET_OK);
    reload(&s);
    assert_int_equal(s.license.held, 1);
    assert_int_equal(give(&s, 4, NULL), 2);
    assert_int_equal(give(&s, 5, NULL), 0);
    scratch_end(&s);
}

static void test_renewed_in_place(void **state)
{
    struct scratch s;
    struct ledger_grant g, found, *due = NULL;
    struct carnet_facts facts = {.count = 1, .list[0] = {CARNET_FACT_SYSTEM_UUID, digest_of(7)}};
    const struct carnet_digest system = digest_of(7);
    size_t count = 0;

    (void)state;
    scratch_begin(&s, 2);
    go_offline(&s);
    assert_int_equal(give(&s, 1, &g), 1);
    assert_int_equal(ledger_grants_due(s.l, 9000, &due, &count, &s.diag), CARNET_OK);
    assert_int_equal(count, 0);
    free(due);
    entitle(&s, 2, 3);
    g.serial = 2;
    g.entitlement = s.license.entitlement;
    g.lease_until = 8000;
    assert_int_equal(ledger_grant_renew(s.l, &g, &facts, &s.diag), CARNET_OK);
    reload(&s);
    assert_int_equal(s.license.in_use, 1);
    assert_int_equal(ledger_grant_on_seat(s.l, s.license.number, 1, &found, &s.diag), CARNET_OK);
    assert_int_equal(found.number, g.number);
    assert_int_equal(found.serial, 2);
    assert_int_equal(found.lease_until, 8000);
    assert_true(carnet_digest_equal(&found.entitlement, &s.license.entitlement));
    assert_int_equal(ledger_grant_of_system(s.l, s.license.number, &system, &found, &s.diag), CARNET_OK);
    assert_int_equal(found.number, g.number);
    assert_int_equal(ledger_grants_due(s.l, 8000, &due, &count, &s.diag), CARNET_OK);
    assert_int_equal(count, 1);
    free(due);
    /* What it was known by before is another machine's now, if anyone's. */
    facts.list[0].digest = digest_of(8);
    assert_int_equal(ledger_grant_renew(s.l, &g, &facts, &s.diag), CARNET_OK);
    assert_int_equal(ledger_grant_of_system(s.l, s.license.number, &system, &found, &s.diag), CARNET_NOT_FOUND);
    assert_int_equal(ledger_grant_end(s.l, &g, CARNET_END_FREED, NULL, 9000, &s.diag), CARNET_OK);
    assert_int_equal(ledger_grant_last_on_seat(s.l, s.license.number, 1, &found, &s.diag), CARNET_OK);
    assert_int_equal(found.ended, 9000);
    assert_int_equal(ledger_grant_last_on_seat(s.l, s.license.number, 2, &found, &s.diag), CARNET_NOT_FOUND);
    scratch_end(&s);
}

static void test_counted_by_age(void **state)
{
    struct scratch s;
    struct ledger_grant g;
    int64_t at = 0;

    (void)state;
    scratch_begin(&s, 2);
    go_offline(&s);
    assert_int_equal(give(&s, 1, &g), 1);
    assert_int_equal(ledger_loss_nth(s.l, s.license.number, 1, &at, &s.diag), CARNET_OK);
    assert_true(at == INT64_MIN);
    for (int64_t when = 100; when <= 300; when += 100) {
        assert_int_equal(ledger_loss_add(s.l, &g, when, &s.diag), CARNET_OK);
        assert_int_equal(ledger_transfer_add(s.l, &g, when + 1, &s.diag), CARNET_OK);
    }
    assert_int_equal(ledger_loss_nth(s.l, s.license.number, 1, &at, &s.diag), CARNET_OK);
    assert_int_equal(at, 300);
    assert_int_equal(ledger_loss_nth(s.l, s.license.number, 3, &at, &s.diag), CARNET_OK);
    assert_int_equal(at, 100);
    assert_int_equal(ledger_transfer_nth(s.l, s.license.number, 2, &at, &s.diag), CARNET_OK);
    assert_int_equal(at, 201);
    assert_int_equal(ledger_transfer_nth(s.l, s.license.number, 4, &at, &s.diag), CARNET_OK);
    assert_true(at == INT64_MIN);
    scratch_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_held_seat_waits), cmocka_unit_test(test_renewed_in_place),
                                       cmocka_unit_test(test_counted_by_age)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
