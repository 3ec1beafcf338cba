/* SPDX-License-Identifier: MIT */
/* A journal segment: composed, read back to the same struct, and refused where it does not link (W-1 to W-7). */
#include "../document/document_fixture.h"

#include "document/event.h"
#include "issue/issue.h"

#define BY " by=" DIGEST_A
static char lines[] = "1 2026-01-01T00:00:00Z 1 open" BY " key=" DIGEST_B "\n"
                      "2 2026-01-01T00:00:00Z 1 import" BY " license=A revision=1\n"
                      "3 2026-01-02T00:00:00Z 2 a-new-word" BY " until=never\n";

/* The digests of the lines, after `previous`. */
static struct carnet_digest linked(const struct carnet_digest *previous, const char *text)
{
    struct carnet_digest link = *previous;
    while (*text != '\0') {
        const size_t size = strcspn(text, "\n");
        carnet_event_link(&link, text, size, &link);
        text += size + (text[size] == '\n');
    }
    return link;
}

static void some_journal(struct carnet_journal *j)
{
    memset(j, 0, sizeof(*j));
    j->vendor = digest_of(0x11);
    j->signer = digest_of(0x22);
    j->entitlement = digest_of(0x99);
    j->revision = 4;
    j->first = 1;
    j->last = j->count = 3;
    carnet_event_origin(&j->vendor, &j->signer, &j->previous);
    j->digest = linked(&j->previous, lines);
    j->at = at("2026-01-02T00:00:00Z");
    j->lines = lines;
}

static void round_trip(const struct carnet_journal *j)
{
    struct carnet_buffer text = {0};
    struct carnet_journal found;
    struct read r;
    assert_int_equal(carnet_issue_compose_journal(j, &text), CARNET_OK);
    read_composed(&r, "journal", &text);
    found = *carnet_document_journal(r.document);
    assert_string_equal(found.lines, j->lines);
    found.lines = j->lines;
    assert_memory_equal(&found, j, sizeof(found));
    assert_ptr_equal(carnet_document_vendor(r.document), &carnet_document_journal(r.document)->vendor);
    assert_null(carnet_document_receipt(r.document));
    read_clear(&r);
    carnet_buffer_clear(&text);
}

static void test_round_trip(void **state)
{
    (void)state;
    struct carnet_journal j;
    some_journal(&j);
    round_trip(&j);
    /* A later segment. */
    j.lines = strchr(lines, '\n') + 1;
    j.first = 2;
    j.count = 2;
    j.previous = digest_of(0x77);
    j.digest = linked(&j.previous, j.lines);
    round_trip(&j);
    /* As many as there may be, at the end of all positions. */
    struct carnet_buffer many = {0};
    for (uint32_t i = 0; i < CARNET_EVENTS_MOST; i++)
        assert_int_equal(carnet_buffer_printf(&many, "%u 2026-01-02T00:00:00Z 2 tick" BY "\n",
                                              CARNET_COUNT_MOST - CARNET_EVENTS_MOST + 1 + i),
                         CARNET_OK);
    j.first = CARNET_COUNT_MOST - CARNET_EVENTS_MOST + 1;
    j.last = CARNET_COUNT_MOST;
    j.count = CARNET_EVENTS_MOST;
    j.lines = (char *)many.bytes;
    j.digest = linked(&j.previous, j.lines);
    round_trip(&j);
    carnet_buffer_clear(&many);
}

static void test_not_composed(void **state)
{
    (void)state;
    struct carnet_buffer text = {0};
    assert_int_equal(carnet_buffer_text(&text, "kept"), CARNET_OK);
#define REFUSED(change) \
    do { \
        struct carnet_journal x; \
        some_journal(&x); \
        change; \
        assert_int_equal(carnet_issue_compose_journal(&x, &text), CARNET_BUG); \
        assert_int_equal(text.size, 4); \
    } while (0)
    REFUSED(x.digest = digest_of(0x66));
    REFUSED(x.previous = digest_of(0x66));
    REFUSED((x.previous = digest_of(0x66), x.digest = linked(&x.previous, lines))); /* W-6 */
    REFUSED(x.vendor = digest_of(0x66));
    REFUSED(x.first = 2);
    REFUSED(x.last = 4);
    REFUSED(x.at = 0);
    REFUSED(x.revision = 0);
    REFUSED((x.count = 0, x.last = 0));
    REFUSED((x.count = 2, x.last = 2));
    REFUSED((x.count = 4, x.last = 4));
    REFUSED(x.count = CARNET_EVENTS_MOST + 1);
    /* Linked, but not what events may be. */
    static char earlier[] = "1 2026-01-02T00:00:00Z 1 open" BY "\n2 2026-01-01T00:00:00Z 1 tick" BY "\n";
    static char epoch[] = "1 2026-01-02T00:00:00Z 2 open" BY "\n2 2026-01-02T00:00:00Z 1 tick" BY "\n";
    static char position[] = "1 2026-01-02T00:00:00Z 1 open" BY "\n3 2026-01-02T00:00:00Z 1 tick" BY "\n";
    static char form[] = "1 2026-01-02T00:00:00Z 1 open" BY "\n2 2026-01-02T00:00:00Z 1 tick\n";
    static char open[] = "1 2026-01-02T00:00:00Z 1 open" BY "\n2 2026-01-02T00:00:00Z 1 tick" BY;
    char *const wrong[] = {earlier, epoch, position, form, open};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        REFUSED((x.lines = wrong[i], x.count = x.last = 2, x.digest = linked(&x.previous, wrong[i]),
                 x.at = at(i == 0 ? "2026-01-01T00:00:00Z" : "2026-01-02T00:00:00Z")));
    carnet_buffer_clear(&text);
}

static void test_values(void **state)
{
    (void)state;
    struct carnet_journal j;
    struct carnet_buffer text = {0};
    some_journal(&j);
    assert_int_equal(carnet_issue_compose_journal(&j, &text), CARNET_OK);
    altered("journal", &text, "revision=1", "revision=2", "W-7", 5, "do not link");
    altered("journal", &text, "3 2026-01-02", "4 2026-01-02", "W-4", 9, "position 4 where 3 has to be");
    altered("journal", &text, "first=\"1\"", "first=\"2\"", "W-4", 7, "position 1 where 2 has to be");
    altered("journal", &text, "last=\"3\"", "last=\"2\"", "W-4", 5, "another position");
    altered("journal", &text, "2 2026-01-01T00", "2 2025-12-31T00", "W-5", 8, "earlier");
    altered("journal", &text, "Z 2 a-new-word", "Z 1 a-new-word", "W-7", 5, "do not link");
    altered("journal", &text, "2026-01-02T00", "2026-02-30T00", "X-10", 9, "not real");
    altered("journal", &text, " until=never", " never=until", "X-9", 9, "must be the line of an event");
    altered("journal", &text, "vendor id=\"1", "vendor id=\"2", "W-6", 5, "does not begin");
    carnet_buffer_clear(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_not_composed),
        cmocka_unit_test(test_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
