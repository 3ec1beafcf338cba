/* SPDX-License-Identifier: MIT */
/* Lines of the journal's events, and the digests that link them (W-1 to W-3). */
#include "document_fixture.h"

#include "document/event.h"

#define HEAD "12 2026-02-28T23:59:59Z 3 assign by=" DIGEST_A

static void accepted(const char *line, struct carnet_event *out)
{
    memset(out, 0xA5, sizeof(*out));
    assert_int_equal(carnet_event_parse(line, strlen(line), out), CARNET_OK);
}

static void refused(const char *line)
{
    struct carnet_event e, before;
    memset(&e, 0xA5, sizeof(e));
    before = e;
    assert_int_equal(carnet_event_parse(line, strlen(line), &e), CARNET_MALFORMED);
    assert_memory_equal(&e, &before, sizeof(e)); /* unchanged */
}

static void test_members(void **state)
{
    (void)state;
    struct carnet_event e;
    struct carnet_digest a;
    assert_int_equal(carnet_digest_parse(DIGEST_A, &a), CARNET_OK);
    accepted(HEAD, &e);
    assert_int_equal(e.position, 12);
    assert_int_equal(e.at, at("2026-02-28T23:59:59Z"));
    assert_int_equal(e.epoch, 3);
    assert_string_equal(e.what, "assign");
    assert_true(carnet_digest_equal(&e.by, &a));
    assert_string_equal(e.license, "");
    assert_string_equal(e.note, "");
    assert_int_equal(e.revision + e.seat + e.serial, 0);
    assert_int_equal(e.until, CARNET_EVENT_NO_TIME);
    assert_true(carnet_digest_is_zero(&e.grant) && carnet_digest_is_zero(&e.name));
    accepted(HEAD " license=L.1 revision=2 seat=1000000 serial=999999999 until=2027-01-01T00:00:00Z grant=" DIGEST_B
                  " entitlement=" DIGEST_B " machine=" DIGEST_B " key=" DIGEST_B " release=" DIGEST_B
                  " bundle=" DIGEST_B " name=" DIGEST_B " note=a-2",
             &e);
    assert_string_equal(e.license, "L.1");
    assert_int_equal(e.revision, 2);
    assert_int_equal(e.seat, 1000000);
    assert_int_equal(e.serial, 999999999);
    assert_int_equal(e.until, at("2027-01-01T00:00:00Z"));
    const struct carnet_digest *all[] = {&e.grant, &e.entitlement, &e.machine, &e.key, &e.release, &e.bundle, &e.name};
    assert_int_equal(carnet_digest_parse(DIGEST_B, &a), CARNET_OK);
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        assert_true(carnet_digest_equal(all[i], &a));
    assert_string_equal(e.note, "a-2");
    accepted(HEAD " until=never note=n", &e);
    assert_int_equal(e.until, CARNET_NEVER);
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "",
        "12",
        "12 2026-02-28T23:59:59Z 3 assign",
        "0 2026-02-28T23:59:59Z 3 assign by=" DIGEST,
        "01 2026-02-28T23:59:59Z 3 assign by=" DIGEST,
        "1000000000 2026-02-28T23:59:59Z 3 assign by=" DIGEST,
        "12 2026-02-29T23:59:59Z 3 assign by=" DIGEST,
        "12 never 3 assign by=" DIGEST,
        "12 2026-02-28T23:59:59Z 0 assign by=" DIGEST,
        "12 2026-02-28T23:59:59Z 3 Assign by=" DIGEST,
        "12 2026-02-28T23:59:59Z 3 assign2 by=" DIGEST,
        "12 2026-02-28T23:59:59Z 3 -assign by=" DIGEST,
        "12 2026-02-28T23:59:59Z 3 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa by=" DIGEST,
        "12 2026-02-28T23:59:59Z 3  by=" DIGEST,
        " " HEAD,
        HEAD " ",
        HEAD "  note=a",
        HEAD "\n",
        HEAD " license=",
        HEAD " license=-",
        HEAD " seat=0",
        HEAD " seat=1000001",
        HEAD " seat=1 seat=1",
        HEAD " serial=1 seat=1",
        HEAD " until=2027-01-01",
        HEAD " grant=aa",
        HEAD " note=A",
        HEAD " note=2",
        HEAD " note=a note=b",
        HEAD " person=" DIGEST,
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        refused(lines[i]);
    struct carnet_event e;
    char longest[CARNET_EVENT_LINE_SIZE + 1], id[CARNET_ID_TEXT_SIZE] = {0}, word[CARNET_WORD_SIZE] = {0};
    memset(id, 'L', sizeof(id) - 1);
    memset(word, 'w', sizeof(word) - 1);
    const int size = snprintf(longest, sizeof(longest),
                              "999999999 9999-12-31T23:59:59Z 999999999 %s by=" DIGEST
                              " license=%s revision=999999999 seat=1000000 serial=999999999 until=9999-12-31T23:59:59Z"
                              " grant=" DIGEST " entitlement=" DIGEST " machine=" DIGEST " key=" DIGEST
                              " release=" DIGEST " bundle=" DIGEST " name=" DIGEST " note=%s",
                              word, id, word);
    assert_int_equal(size, CARNET_EVENT_LINE_SIZE - 1);
    accepted(longest, &e);
    strcat(longest, "w");
    refused(longest);
    assert_int_equal(carnet_event_parse(HEAD "\0note=a", sizeof(HEAD "\0note=a") - 1, &e), CARNET_MALFORMED);
}

/* Reckoned with sha256sum: printf 'carnet:1:journal:' and 32 bytes of 11, 32 of 22; then that and "line". */
static void test_links(void **state)
{
    (void)state;
    const struct carnet_digest vendor = digest_of(0x11), signer = digest_of(0x22);
    struct carnet_digest link;
    char hex[CARNET_HEX_SIZE];
    carnet_event_origin(&vendor, &signer, &link);
    carnet_digest_hex(&link, hex);
    assert_string_equal(hex, "7c0b109768a5bf452c3fed50e1cc911722f4249a80c934211cbe8cd0e202e53e");
    carnet_event_link(&link, "line", 4, &link);
    carnet_digest_hex(&link, hex);
    assert_string_equal(hex, "2cdd506f9fb11f2bb602456e49ba3c166ee604e389c0884091016394bd2889e8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_links),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
