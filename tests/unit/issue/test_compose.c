/* SPDX-License-Identifier: MIT */
/* What root and issuer sign: composed, and read back to the same struct; and what their documents may not say. */
#include "../document/document_fixture.h"

#include "issue/issue.h"

static void smallest_entitlement(struct carnet_entitlement *e)
{
    memset(e, 0, sizeof(*e));
    e->vendor = digest_of(0x11);
    strcpy(e->vendor_name, "Vendor & Sons");
    strcpy(e->license, "A");
    e->revision = 1;
    e->issued = at("2026-01-01T00:00:00Z");
    strcpy(e->product, "cad");
    strcpy(e->licensee, "ACME");
    e->seats = 1;
    e->not_after = CARNET_NEVER;
    e->lease_days = CARNET_NO_LEASE;
    e->activate_within_days = 1;
    e->transfers_per_year = CARNET_NO_CAP;
    e->losses_per_year = CARNET_NO_CAP;
    e->matching.threshold = 1;
    e->matching.points[CARNET_FACT_OS] = 1;
    e->container = CARNET_CONTAINER_ACCEPTED;
    e->issuer = digest_of(0x88);
}

static void fullest_entitlement(struct carnet_entitlement *e)
{
    smallest_entitlement(e);
    long_text(e->vendor_name);
    long_text(e->contact);
    strcpy(e->edition, "Pro_2.0");
    e->revision = CARNET_COUNT_MOST;
    strcpy(e->newest_version, "12.0.999999");
    long_text(e->licensee);
    e->seats = CARNET_SEATS_MOST;
    e->offline_allowed = true;
    all_features(&e->features);
    e->not_after = at("9999-12-31T23:59:59Z");
    e->lease_days = CARNET_DAYS_MOST;
    e->activate_within_days = CARNET_DAYS_MOST;
    e->transfers_per_year = 0;
    e->losses_per_year = CARNET_COUNT_MOST;
    e->held_after_loss = true;
    e->matching.threshold = 100;
    memset(e->matching.points, 100, sizeof(e->matching.points));
    e->clock_tolerance_hours = CARNET_HOURS_MOST;
    e->virtual_refused = true;
    e->container = CARNET_CONTAINER_PINNED;
    e->has_least_trust = true;
    e->least_trust_generation = CARNET_COUNT_MOST;
    e->least_trust_number = CARNET_COUNT_MOST;
}

static void smallest_license(struct carnet_license *l)
{
    memset(l, 0, sizeof(*l));
    l->vendor = digest_of(0x11);
    some_grant(&l->grant);
    l->entitlement = digest_of(0x99);
    l->revision = 1;
    strcpy(l->product, "cad");
    strcpy(l->licensee, "ACME");
    l->machine_key = digest_of(0xAA);
    l->issued = at("2026-01-01T00:00:00Z");
    l->activate_by = at("2026-04-01T00:00:00Z");
    l->lease_until = CARNET_NEVER;
    l->not_after = CARNET_NEVER;
    l->matching.threshold = 60;
    l->matching.points[CARNET_FACT_MACHINE_ID] = 30;
    l->facts.count = 1;
    l->facts.list[0].digest = digest_of(0x33);
    l->journal.position = 1;
    l->journal.digest = digest_of(0xBB);
}

static void fullest_license(struct carnet_license *l)
{
    smallest_license(l);
    strcpy(l->edition, "Pro");
    long_text(l->licensee);
    long_text(l->machine_label);
    l->has_user = true;
    l->user = digest_of(0xCC);
    all_features(&l->features);
    l->lease_until = at("2027-01-01T00:00:00Z");
    l->not_after = at("2028-02-29T12:00:00Z");
    memset(l->matching.points, 1, sizeof(l->matching.points));
    all_facts(&l->facts);
}

static void some_receipt(struct carnet_receipt *r, enum carnet_end end)
{
    memset(r, 0, sizeof(*r));
    r->vendor = digest_of(0x11);
    some_grant(&r->grant);
    r->entitlement = digest_of(0x99);
    r->revision = 1;
    r->machine_key = digest_of(0xAA);
    r->end = end;
    r->at = at("2026-05-01T00:00:00Z");
    if (end == CARNET_END_FREED)
        r->release = digest_of(0xDD);
    if (end == CARNET_END_REVOKED) {
        long_text(r->reason);
        long_text(r->machine_label);
    }
    r->journal.position = 7;
    r->journal.digest = digest_of(0xBB);
}

static void entitlement_round_trip(const struct carnet_entitlement *e)
{
    struct carnet_buffer text = {0};
    struct read r;
    assert_int_equal(carnet_issue_compose_entitlement(e, &text), CARNET_OK);
    read_composed(&r, "entitlement", &text);
    assert_memory_equal(carnet_document_entitlement(r.document), e, sizeof(*e));
    assert_ptr_equal(carnet_document_vendor(r.document), &carnet_document_entitlement(r.document)->vendor);
    read_clear(&r);
    carnet_buffer_clear(&text);
}

static void test_entitlement(void **state)
{
    (void)state;
    struct carnet_entitlement e;
    smallest_entitlement(&e);
    entitlement_round_trip(&e);
    e.container = CARNET_CONTAINER_REFUSED;
    entitlement_round_trip(&e);
    fullest_entitlement(&e);
    entitlement_round_trip(&e);
}

static void license_round_trip(const struct carnet_license *l)
{
    struct carnet_buffer text = {0};
    struct read r;
    assert_int_equal(carnet_issue_compose_license(l, &text), CARNET_OK);
    read_composed(&r, "license", &text);
    assert_memory_equal(carnet_document_license(r.document), l, sizeof(*l));
    assert_ptr_equal(carnet_document_vendor(r.document), &carnet_document_license(r.document)->vendor);
    read_clear(&r);
    carnet_buffer_clear(&text);
}

static void test_license(void **state)
{
    (void)state;
    struct carnet_license l;
    smallest_license(&l);
    license_round_trip(&l);
    fullest_license(&l);
    license_round_trip(&l);
}

static void test_receipt(void **state)
{
    (void)state;
    for (int end = CARNET_END_FREED; end <= CARNET_END_REPLACED; end++) {
        struct carnet_receipt receipt;
        struct carnet_buffer text = {0};
        struct read r;
        some_receipt(&receipt, (enum carnet_end)end);
        assert_int_equal(carnet_issue_compose_receipt(&receipt, &text), CARNET_OK);
        read_composed(&r, "receipt", &text);
        assert_memory_equal(carnet_document_receipt(r.document), &receipt, sizeof(receipt));
        assert_ptr_equal(carnet_document_vendor(r.document), &carnet_document_receipt(r.document)->vendor);
        read_clear(&r);
        carnet_buffer_clear(&text);
    }
}

static void test_entitlement_values(void **state)
{
    (void)state;
    struct carnet_entitlement e;
    struct carnet_buffer text = {0};
    smallest_entitlement(&e);
    e.features.count = 1;
    strcpy(e.features.list[0].name, "f");
    assert_int_equal(carnet_issue_compose_entitlement(&e, &text), CARNET_OK);
    static const struct {
        const char *piece, *by, *clause, *part;
        unsigned long line;
    } cases[] = {
        {"points=\"1\"", "points=\"0\"", "E-1", "No fact has points", 13},
        {"points=\"1\"", "points=\"100\"", NULL, NULL, 0},
        {"points=\"1\"", "points=\"101\"", "X-9", "from 0 to 100", 14},
        {"<weight fact=\"os\" points=\"1\"/>", "<weight fact=\"os\" points=\"1\"/><weight fact=\"os\" points=\"2\"/>",
         "X-11", "<weight> repeats", 14},
        {"<feature name=\"f\"/>", "<feature name=\"f\"/><feature name=\"f\" value=\"1\"/>", "X-11", "<feature> repeats",
         9},
        {"<feature name=\"f\"/>", "<feature name=\"f\" value=\"\"/>", "X-9", "value=\"\" in <feature>", 9},
        {"count=\"1\"", "count=\"1000000\"", NULL, NULL, 0},
        {"count=\"1\"", "count=\"1000001\"", "X-9", "from 1 to 1,000,000", 7},
        {"count=\"1\"", "count=\"0\"", "X-9", "from 1 to 1,000,000", 7},
        {"count=\"1\"", "count=\"+1\"", "X-9", "from 1 to 1,000,000", 7},
        {"count=\"1\"", "count=\" 1\"", "X-9", "from 1 to 1,000,000", 7},
        {"offline=\"denied\"", "offline=\"Denied\"", "X-9", "it must be allowed or denied.", 7},
        {"newest-version=\"any\"", "newest-version=\"2.0\"", NULL, NULL, 0},
        {"newest-version=\"any\"", "newest-version=\"02.0\"", "X-9", "1 to 4 numbers", 5},
        {"newest-version=\"any\"", "newest-version=\"1.2.3.4.5\"", "X-9", "1 to 4 numbers", 5},
        {"newest-version=\"any\"", "newest-version=\"\"", "X-9", "1 to 4 numbers", 5},
        {"threshold=\"1\"", "threshold=\"0\"", "X-9", "a percentage from 1 to 100", 13},
        {"threshold=\"1\"", "threshold=\"101\"", "X-9", "a percentage from 1 to 100", 13},
        {"lease-days=\"none\"", "lease-days=\"36500\"", NULL, NULL, 0},
        {"lease-days=\"none\"", "lease-days=\"36501\"", "X-9", "36,500", 11},
        {"lease-days=\"none\"", "lease-days=\"0\"", "X-9", "or none", 11},
        {"activate-within-days=\"1\"", "activate-within-days=\"none\"", "X-9", "a number of days", 11},
        {"transfers-per-year=\"none\"", "transfers-per-year=\"0\"", NULL, NULL, 0},
        {"transfers-per-year=\"none\"", "transfers-per-year=\"1000000000\"", "X-9", "or none for no cap", 12},
        {"held-after-loss=\"no\"", "held-after-loss=\"none\"", "X-9", "or no.", 12},
        {"tolerance-hours=\"0\"", "tolerance-hours=\"8760\"", NULL, NULL, 0},
        {"tolerance-hours=\"0\"", "tolerance-hours=\"8761\"", "X-9", "8,760", 16},
        {"virtual=\"accepted\"", "virtual=\"pinned\"", "X-9", "accepted or refused", 17},
        {"container=\"accepted\"", "container=\"pinned\"", NULL, NULL, 0},
        {"not-after=\"never\"", "not-after=\"2027-02-29T00:00:00Z\"", "X-10", "no such day", 11},
        {"not-after=\"never\"", "not-after=\"none\"", "X-9", "or never", 11},
        {"revision=\"1\"", "revision=\"0\"", "X-9", "from 1 to 999,999,999", 4},
        {"license id=\"A\"", "license id=\".A\"", "X-9", "the first a letter or digit", 4},
        {"</entitlement>", "<trust least-version=\"1.0\"/></entitlement>", NULL, NULL, 0},
        {"</entitlement>", "<trust least-version=\"1\"/></entitlement>", "X-9", "root generation", 19},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        altered("entitlement", &text, cases[i].piece, cases[i].by, cases[i].clause, cases[i].line, cases[i].part);
    carnet_buffer_clear(&text);
}

/* A fact that <matching> does not list has 0 points, as one that lists 0. */
static void test_facts_not_listed(void **state)
{
    (void)state;
    struct carnet_entitlement e;
    struct carnet_buffer text = {0};
    struct read r;
    smallest_entitlement(&e);
    assert_int_equal(carnet_issue_compose_entitlement(&e, &text), CARNET_OK);
    assert_null(strstr((const char *)text.bytes, "adapter"));
    read_composed(&r, "entitlement", &text);
    assert_int_equal(carnet_document_entitlement(r.document)->matching.points[CARNET_FACT_ADAPTER], 0);
    assert_int_equal(carnet_document_entitlement(r.document)->matching.points[CARNET_FACT_OS], 1);
    read_clear(&r);
    carnet_buffer_clear(&text);
}

static void test_clock(void **state)
{
    struct carnet_clock clock;
    struct carnet_buffer text = {0};
    struct read r;
    (void)state;
    memset(&clock, 0, sizeof(clock));
    clock.vendor = digest_of(0x11);
    some_grant(&clock.grant);
    clock.entitlement = digest_of(0x12);
    clock.revision = CARNET_COUNT_MOST;
    clock.machine_key = digest_of(0x13);
    clock.request = digest_of(0x14);
    memset(clock.nonce, 0x5A, sizeof(clock.nonce));
    clock.at = at("9999-12-31T23:59:59Z");
    assert_int_equal(carnet_issue_compose_clock(&clock, &text), CARNET_BUG); /* without a position */
    assert_int_equal(text.size, 0);
    clock.journal.position = 1;
    clock.journal.digest = digest_of(0x15);
    for (int with_label = 0; with_label < 2; with_label++) {
        if (with_label == 1)
            long_text(clock.machine_label);
        assert_int_equal(carnet_issue_compose_clock(&clock, &text), CARNET_OK);
        read_composed(&r, "clock", &text);
        assert_memory_equal(carnet_document_clock(r.document), &clock, sizeof(clock));
        assert_ptr_equal(carnet_document_vendor(r.document), &carnet_document_clock(r.document)->vendor);
        read_clear(&r);
        carnet_buffer_clear(&text);
    }
}

static void test_keyrequest(void **state)
{
    struct carnet_keyrequest k;
    struct carnet_buffer text = {0};
    struct read r;
    (void)state;
    memset(&k, 0, sizeof(k));
    k.vendor = digest_of(0x11);
    k.made = at("0001-01-01T00:00:00Z");
    memset(k.nonce, 0xA5, sizeof(k.nonce));
    assert_int_equal(carnet_issue_compose_keyrequest(&k, &text), CARNET_BUG); /* of nobody */
    assert_int_equal(text.size, 0);
    strcpy(k.name, "A");
    for (int full = 0; full < 2; full++) {
        if (full == 1) {
            long_text(k.name);
            long_text(k.contact);
            strcpy(k.license, "L-1");
            k.offline_wished = k.has_replaced = true;
            k.replaced = digest_of(0x12);
        }
        assert_int_equal(carnet_issue_compose_keyrequest(&k, &text), CARNET_OK);
        read_composed(&r, "keyrequest", &text);
        assert_memory_equal(carnet_document_keyrequest(r.document), &k, sizeof(k));
        assert_ptr_equal(carnet_document_vendor(r.document), &carnet_document_keyrequest(r.document)->vendor);
        read_clear(&r);
        carnet_buffer_clear(&text);
    }
}

static void test_receipt_values(void **state)
{
    (void)state;
    struct carnet_receipt receipt;
    struct carnet_buffer text = {0};
    some_receipt(&receipt, CARNET_END_FREED);
    assert_int_equal(carnet_issue_compose_receipt(&receipt, &text), CARNET_OK);
    altered("receipt", &text, "how=\"freed\"", "how=\"replaced\"", "P-1", 8, "names a release");
    altered("receipt", &text, "how=\"freed\"", "how=\"revoked\" reason=\"lost\"", "P-1", 8, "names a release");
    altered("receipt", &text, "how=\"freed\"", "how=\"freed\" reason=\"moved\"", NULL, 0, NULL);
    altered("receipt", &text, "how=\"freed\"", "how=\"lost\"", "X-9", 7, "freed (a release came), revoked or replaced");
    carnet_buffer_clear(&text);
    some_receipt(&receipt, CARNET_END_REPLACED);
    assert_int_equal(carnet_issue_compose_receipt(&receipt, &text), CARNET_OK);
    altered("receipt", &text, "how=\"replaced\"", "how=\"freed\"", "P-1", 7, "not by which release");
    altered("receipt", &text, "how=\"replaced\"", "how=\"revoked\"", "P-1", 7, "not why");
    carnet_buffer_clear(&text);
}

static void test_license_values(void **state)
{
    (void)state;
    struct carnet_license l;
    struct carnet_buffer text = {0};
    smallest_license(&l);
    assert_int_equal(carnet_issue_compose_license(&l, &text), CARNET_OK);
    altered("license", &text, "lease-until=\"never\"", "lease-until=\"2026-02-30T00:00:00Z\"", "X-10", 10,
            "lease-until");
    altered("license", &text, "points=\"30\"", "points=\"0\"", "E-1", 11, "No fact has points");
    altered("license", &text, "seat=\"1000000\"", "seat=\"1000001\"", "X-9", 4, "from 1 to 1,000,000");
    altered("license", &text, "epoch=\"1\"", "epoch=\"0\"", "X-9", 4, "from 1 to 999,999,999");
    altered("license", &text, "activate-by=\"2026-04-01T00:00:00Z\"", "activate-by=\"never\"", "X-9", 10,
            "activate-by");
    carnet_buffer_clear(&text);
}

static void test_refusals(void **state)
{
    (void)state;
    struct carnet_buffer text = {0};
    assert_int_equal(carnet_buffer_text(&text, "kept"), CARNET_OK);
#define REFUSED(type, make, compose, change) \
    do { \
        struct type x; \
        make; \
        change; \
        assert_int_equal(compose(&x, &text), CARNET_BUG); \
        assert_int_equal(text.size, 4); \
    } while (0)
#define NO_ENTITLEMENT(change) \
    REFUSED(carnet_entitlement, fullest_entitlement(&x), carnet_issue_compose_entitlement, change)
#define NO_LICENSE(change) REFUSED(carnet_license, fullest_license(&x), carnet_issue_compose_license, change)
#define NO_RECEIPT(end, change) REFUSED(carnet_receipt, some_receipt(&x, end), carnet_issue_compose_receipt, change)
    NO_ENTITLEMENT(x.vendor_name[0] = '\0');
    NO_ENTITLEMENT(strcpy(x.contact, "a\xE2\x80\xAE"));
    NO_ENTITLEMENT(x.seats = 0);
    NO_ENTITLEMENT(x.seats = CARNET_SEATS_MOST + 1);
    NO_ENTITLEMENT(x.lease_days = CARNET_DAYS_MOST + 1);
    NO_ENTITLEMENT(x.activate_within_days = 0);
    NO_ENTITLEMENT(x.losses_per_year = CARNET_COUNT_MOST + 1);
    NO_ENTITLEMENT(x.matching.threshold = 0);
    NO_ENTITLEMENT(x.matching.threshold = 101);
    NO_ENTITLEMENT(x.matching.points[0] = 101);
    NO_ENTITLEMENT(memset(x.matching.points, 0, sizeof(x.matching.points)));
    NO_ENTITLEMENT(x.clock_tolerance_hours = CARNET_HOURS_MOST + 1);
    NO_ENTITLEMENT(x.least_trust_number = CARNET_COUNT_MOST + 1);
    NO_ENTITLEMENT(x.features.count = CARNET_FEATURES_MOST + 1);
    NO_ENTITLEMENT(strcpy(x.features.list[0].value, "a b"));
    NO_ENTITLEMENT(x.features.list[5] = x.features.list[4]);
    NO_ENTITLEMENT(x.issued = CARNET_NEVER);
    NO_ENTITLEMENT(strcpy(x.newest_version, "x"));
    NO_LICENSE(x.journal.position = 0);
    NO_LICENSE(x.issued = CARNET_NEVER);
    NO_LICENSE(x.facts.count = 0);
    NO_LICENSE(x.facts.list[9] = x.facts.list[0]);
    NO_LICENSE(x.grant.serial = 0);
    NO_LICENSE(strcpy(x.product, ""));
    NO_RECEIPT(CARNET_END_REVOKED, x.reason[0] = '\0');
    NO_RECEIPT(CARNET_END_FREED, x.journal.position = 0);
    NO_RECEIPT(CARNET_END_REPLACED, x.at = CARNET_NEVER);
    carnet_buffer_clear(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entitlement),      cmocka_unit_test(test_license),
        cmocka_unit_test(test_receipt),          cmocka_unit_test(test_clock),
        cmocka_unit_test(test_keyrequest),       cmocka_unit_test(test_entitlement_values),
        cmocka_unit_test(test_facts_not_listed), cmocka_unit_test(test_receipt_values),
        cmocka_unit_test(test_license_values),   cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
