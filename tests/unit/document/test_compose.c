/* SPDX-License-Identifier: MIT */
/* What machines sign: composed, and read back to the same struct. */
#include "document_fixture.h"

static void fingerprint_round_trip(const struct carnet_fingerprint *f)
{
    struct carnet_buffer text = {0};
    struct read r;
    assert_int_equal(carnet_fingerprint_compose(f, &text), CARNET_OK);
    read_composed(&r, "fingerprint", &text);
    assert_memory_equal(carnet_document_fingerprint(r.document), f, sizeof(*f));
    read_clear(&r);
    carnet_buffer_clear(&text);
}

static void test_fingerprint(void **state)
{
    (void)state;
    struct carnet_fingerprint f;
    smallest_fingerprint(&f);
    fingerprint_round_trip(&f);
    fullest_fingerprint(&f);
    fingerprint_round_trip(&f);
}

static void release_round_trip(const struct carnet_release *release)
{
    struct carnet_buffer text = {0};
    struct read r;
    assert_int_equal(carnet_release_compose(release, &text), CARNET_OK);
    read_composed(&r, "release", &text);
    assert_memory_equal(carnet_document_release(r.document), release, sizeof(*release));
    assert_ptr_equal(carnet_document_vendor(r.document), &carnet_document_release(r.document)->vendor);
    read_clear(&r);
    carnet_buffer_clear(&text);
}

static void test_release(void **state)
{
    (void)state;
    struct carnet_release r;
    smallest_release(&r);
    release_round_trip(&r);
    fullest_release(&r);
    release_round_trip(&r);
}

#define ROUND_TRIP(kind, value) \
    do { \
        struct carnet_buffer composed = {0}; \
        struct read r; \
        assert_int_equal(carnet_##kind##_compose(&(value), &composed), CARNET_OK); \
        read_composed(&r, #kind, &composed); \
        assert_memory_equal(carnet_document_##kind(r.document), &(value), sizeof(value)); \
        assert_ptr_equal(carnet_document_vendor(r.document), &carnet_document_##kind(r.document)->vendor); \
        read_clear(&r); \
        carnet_buffer_clear(&composed); \
    } while (0)

static void test_activation(void **state)
{
    (void)state;
    struct carnet_activation a;
    struct carnet_buffer text = {0};
    smallest_activation(&a);
    ROUND_TRIP(activation, a);
    fullest_activation(&a);
    ROUND_TRIP(activation, a);
    smallest_activation(&a);
    a.match[CARNET_FACT_OS] = CARNET_FACT_NOT_HELD; /* of no fact at all */
    assert_int_equal(carnet_activation_compose(&a, &text), CARNET_BUG);
    assert_int_equal(text.size, 0);
    carnet_buffer_clear(&text);
}

/* D-1. */
static void test_clockrequest(void **state)
{
    (void)state;
    struct carnet_clockrequest c;
    struct carnet_buffer text = {0};
    smallest_clockrequest(&c);
    ROUND_TRIP(clockrequest, c);
    fullest_clockrequest(&c);
    ROUND_TRIP(clockrequest, c);
    smallest_clockrequest(&c);
    c.local_floor = c.sequence.made;
    assert_int_equal(carnet_clockrequest_compose(&c, &text), CARNET_BUG);
    assert_int_equal(text.size, 0);
    carnet_buffer_clear(&text);
}

static void test_exact_text(void **state)
{
    (void)state;
    struct carnet_release release;
    struct carnet_buffer text = {0};
    smallest_release(&release);
    release.sequence.made = at("2026-01-02T03:04:05Z");
    assert_int_equal(carnet_buffer_text(&text, "before\n"), CARNET_OK);
    assert_int_equal(carnet_release_compose(&release, &text), CARNET_OK);
#define X8(digits) digits digits digits digits digits digits digits digits
#define X32(digits) X8(digits) X8(digits) X8(digits) X8(digits)
    assert_string_equal(
        (const char *)text.bytes,
        "before\n<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<release xmlns=\"urn:carnet:1\" minor=\"0\">\n"
        "  <vendor id=\"" X32(
            "11") "\"/>\n"
                  "  <grant license=\"ACME-2026.7_x\" fingerprint=\"" X32(
                      "22") "\" epoch=\"1\" serial=\"999999999\" seat=\"1000000\"/>\n"
                            "  <license id=\"" X32(
                                "77") "\"/>\n"
                                      "  <declaration how=\"released\" made=\"2026-01-02T03:04:05Z\" sequence=\"1\"/>\n"
                                      "</release>\n");
    carnet_buffer_clear(&text);
}

/* What a struct may not hold is the caller's mistake, and nothing is written. */
static void refuses_fingerprint(const struct carnet_fingerprint *f)
{
    struct carnet_buffer text = {0};
    assert_int_equal(carnet_buffer_text(&text, "kept"), CARNET_OK);
    assert_int_equal(carnet_fingerprint_compose(f, &text), CARNET_BUG);
    assert_int_equal(text.size, 4);
    assert_string_equal((const char *)text.bytes, "kept");
    carnet_buffer_clear(&text);
}

static void test_refusals(void **state)
{
    (void)state;
    struct carnet_fingerprint good, f;
    fullest_fingerprint(&good);
#define REFUSED(change) \
    do { \
        f = good; \
        change; \
        refuses_fingerprint(&f); \
    } while (0)
    REFUSED(f.renew = false);
    REFUSED(f.renew_count = 0);
    REFUSED(f.renew_count = CARNET_RENEWS_MOST + 1);
    REFUSED(f.product_count = CARNET_PRODUCTS_MOST + 1);
    REFUSED(f.facts.count = 0);
    REFUSED(f.facts.count = CARNET_FACTS_MOST + 1);
    REFUSED(f.sequence.sequence = 0);
    REFUSED(f.sequence.sequence = CARNET_COUNT_MOST + 1);
    REFUSED(f.sequence.made = CARNET_NEVER);
    REFUSED(f.sequence.made = at("9999-12-31T23:59:59Z") + 1);
    REFUSED(f.sequence.made = at("0001-01-01T00:00:00Z") - 1);
    REFUSED(f.journal.position = CARNET_COUNT_MOST + 1);
    REFUSED(strcpy(f.label, "two\nlines"));
    REFUSED(strcpy(f.label, " x"));
    REFUSED(f.virtual_system[0] = '\0');
    REFUSED(strcpy(f.virtual_system, "KVM"));
    REFUSED(strcpy(f.products[3].id, "two words"));
    REFUSED(f.products[3].id[0] = '\0');
    REFUSED(strcpy(f.products[0].version, "1..2"));
    REFUSED(strcpy(f.renews[0].license, "<"));
    REFUSED(f.products[3] = f.products[4]);
    REFUSED(f.facts.list[9] = f.facts.list[0]);
    REFUSED(f.renews[3] = f.renews[4]);

    struct carnet_release release;
    struct carnet_buffer text = {0};
    smallest_release(&release);
    release.grant.seat = CARNET_SEATS_MOST + 1;
    assert_int_equal(carnet_release_compose(&release, &text), CARNET_BUG);
    assert_int_equal(text.size, 0);
    smallest_release(&release);
    release.grant.license[0] = '-';
    assert_int_equal(carnet_release_compose(&release, &text), CARNET_BUG);
    smallest_release(&release);
    release.grant.epoch = 0;
    assert_int_equal(carnet_release_compose(&release, &text), CARNET_BUG);
    assert_int_equal(text.size, 0);
    carnet_buffer_clear(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fingerprint),  cmocka_unit_test(test_release),    cmocka_unit_test(test_activation),
        cmocka_unit_test(test_clockrequest), cmocka_unit_test(test_exact_text), cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
