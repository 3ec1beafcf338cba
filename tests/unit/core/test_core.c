/* SPDX-License-Identifier: MIT */
/* core: outcomes, digests, times, text, buffers. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/buffer.h"
#include "core/digest.h"
#include "core/text.h"
#include "core/utc.h"

/* Design table: names and codes are stable for ever, so they are written out a second time here. */
static void outcomes_are_stable(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int code;
    } table[] = {
        {"ok", 0},
        {"differs", 1},
        {"no-license", 10},
        {"expired", 11},
        {"not-yet-valid", 12},
        {"wrong-machine", 13},
        {"wrong-user", 14},
        {"not-covered", 15},
        {"released", 16},
        {"revoked", 17},
        {"superseded", 18},
        {"clock-set-back", 19},
        {"too-late-to-activate", 20},
        {"virtual-refused", 21},
        {"malformed", 30},
        {"altered", 31},
        {"untrusted-key", 32},
        {"wrong-kind", 33},
        {"newer-format", 34},
        {"not-vouched", 35},
        {"wrong-vendor", 36},
        {"rolled-back", 37},
        {"trust-expired", 38},
        {"beyond-entitlement", 39},
        {"no-seat", 40},
        {"already-assigned", 41},
        {"conversion-not-allowed", 42},
        {"users-assigned", 43},
        {"seats-in-use", 44},
        {"wrong-mode", 45},
        {"not-found", 46},
        {"cap-reached", 47},
        {"held", 48},
        {"fingerprint-spent", 49},
        {"revision-conflict", 50},
        {"retired", 51},
        {"recover-first", 52},
        {"forked", 53},
        {"partly-done", 54},
        {"needs-answer", 55},
        {"policy-forbids", 56},
        {"usage", 64},
        {"no-input", 66},
        {"bug", 70},
        {"no-memory", 71},
        {"exists", 73},
        {"io-error", 74},
        {"busy", 75},
        {"permission", 77},
        {"configuration", 78},
        {"no-stick", 80},
        {"several-sticks", 81},
        {"stick-full", 82},
        {"stick-read-only", 83},
        {"stick-failed", 84},
        {"wrong-passphrase", 90},
        {"memory-not-locked", 91},
        {"ledger-damaged", 92},
        {"state-damaged", 93},
        {"interrupted", 130},
    };
    assert_int_equal(sizeof(table) / sizeof(table[0]), CARNET_OUTCOME_COUNT);
    for (size_t i = 0; i < CARNET_OUTCOME_COUNT; i++) {
        enum carnet_err err = CARNET_BUG;
        assert_int_equal(carnet_outcome_find(table[i].name, &err), CARNET_OK);
        assert_int_equal(carnet_outcome_exit(err), table[i].code);
        assert_string_equal(carnet_outcome_name(err), table[i].name);
        const char *meaning = carnet_outcome_meaning(err), *next = carnet_outcome_next(err);
        assert_int_equal(meaning[strlen(meaning) - 1], '.');
        assert_int_equal(next[strlen(next) - 1], '.');
    }
    enum carnet_err err = CARNET_BUG;
    assert_int_equal(carnet_outcome_find("none-such", &err), CARNET_NOT_FOUND);
    assert_int_equal(err, CARNET_BUG);
}

static void failures_fill_the_diagnosis(void **state)
{
    (void)state;
    struct carnet_diag diag = {.line = 7};
    assert_int_equal(carnet_fail(&diag, CARNET_ALTERED, "H-2", "The entry %s is wrong.", "license.xml"),
                     CARNET_ALTERED);
    assert_string_equal(diag.detail, "The entry license.xml is wrong.");
    assert_string_equal(diag.clause, "H-2");
    assert_int_equal(diag.line, 0);
    assert_int_equal(carnet_fail_next(&diag, "Do %d things.", 2), CARNET_ALTERED);
    assert_string_equal(diag.next, "Do 2 things.");
    assert_int_equal(carnet_fail_errno(&diag, EACCES, "x can't be opened"), CARNET_PERMISSION);
    assert_string_equal(diag.detail, "x can't be opened: Permission denied.");
    assert_int_equal(carnet_fail_errno(NULL, ENOENT, "x"), CARNET_NO_INPUT);
    assert_int_equal(carnet_fail_errno(NULL, EIO, "x"), CARNET_IO);
    assert_int_equal(carnet_fail(NULL, CARNET_MALFORMED, "", "nobody listens"), CARNET_MALFORMED);

    char wide[2000];
    memset(wide, 'a', sizeof(wide) - 1);
    wide[sizeof(wide) - 1] = '\0';
    carnet_fail(&diag, CARNET_MALFORMED, "", "%s", wide);
    assert_int_equal(strlen(diag.detail), sizeof(diag.detail) - 1);
    assert_string_equal(diag.detail + strlen(diag.detail) - 3, "...");
}

static void hex_is_strict(void **state)
{
    (void)state;
    struct carnet_digest digest, same;
    char hex[CARNET_HEX_SIZE];
    const char *good = "3126711e11ef574692935381d2cd2bbab5dd113c4010f91fd7c4dd7b12bf431a";
    assert_int_equal(carnet_digest_parse(good, &digest), CARNET_OK);
    carnet_digest_hex(&digest, hex);
    assert_string_equal(hex, good);
    same = digest;
    static const char *const bad[] = {
        "",
        "3126711e11ef574692935381d2cd2bbab5dd113c4010f91fd7c4dd7b12bf431",
        "3126711e11ef574692935381d2cd2bbab5dd113c4010f91fd7c4dd7b12bf431a0",
        "3126711E11ef574692935381d2cd2bbab5dd113c4010f91fd7c4dd7b12bf431a",
        "3126711e11ef574692935381d2cd2bbab5dd113c4010f91fd7c4dd7b12bf431g",
        " 126711e11ef574692935381d2cd2bbab5dd113c4010f91fd7c4dd7b12bf431a",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(carnet_digest_parse(bad[i], &digest), CARNET_MALFORMED);
        assert_true(carnet_digest_equal(&digest, &same));
    }
    assert_false(carnet_digest_is_zero(&digest));
    assert_true(carnet_digest_is_zero(&(struct carnet_digest){0}));
}

/* */
static void times_are_real(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t time;
    } good[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-11-24T04:13:14Z", 1795493594},
        {"2000-02-29T23:59:59Z", 951868799},
        {"2099-12-31T00:00:00Z", 4102358400},
        {"1969-12-31T23:59:59Z", -1},
        {"0001-01-01T00:00:00Z", -62135596800},
        {"9999-12-31T23:59:59Z", 253402300799},
    };
    static const char *const bad[] = {
        "0000-03-01T00:00:00Z",
        "2023-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:60Z",
        "2026-01-01 00:00:00Z",
        "2026-01-01T00:00:00",
        "2026-01-01T00:00:00z",
        "2026-1-01T00:00:00Z",
        "never",
        "2026-01-01T00:00:00+00:00",
        "",
    };
    char text[CARNET_UTC_SIZE];
    int64_t time = 42;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(carnet_utc_parse(good[i].text, &time), CARNET_OK);
        assert_int_equal(time, good[i].time);
        carnet_utc_format(time, text);
        assert_string_equal(text, good[i].text);
    }
    time = 42;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(carnet_utc_parse(bad[i], &time), CARNET_MALFORMED);
        assert_int_equal(time, 42);
    }
    assert_int_equal(carnet_utc_parse_or_never("never", &time), CARNET_OK);
    assert_int_equal(time, CARNET_NEVER);
    assert_int_equal(carnet_utc_parse_date("2026-11-24", &time), CARNET_OK);
    carnet_utc_format(time, text);
    assert_string_equal(text, "2026-11-24T23:59:59Z");
    assert_int_equal(carnet_utc_parse_date("2026-11-31", &time), CARNET_USAGE);
    assert_int_equal(carnet_utc_add_days(0, 2), 172800);
    assert_int_equal(carnet_utc_add_days(CARNET_NEVER, 2), CARNET_NEVER);
    assert_int_equal(carnet_utc_add_days(253402300799, 1), CARNET_NEVER);
}

static void every_day_of_four_centuries_comes_back(void **state)
{
    (void)state;
    char text[CARNET_UTC_SIZE];
    for (int64_t day = -40000; day < 120000; day++) {
        int64_t time = day * CARNET_DAY + 12345, back = 0;
        carnet_utc_format(time, text);
        assert_int_equal(carnet_utc_parse(text, &back), CARNET_OK);
        assert_int_equal(back, time);
    }
}

static void text_is_told_from_tricks(void **state)
{
    (void)state;
    static const char *const good[] = {"Hall 3 GmbH", "größer", "漢字", "مرحبا", "हिन्दी", "a", "Zoë & Søn <x> \"y\""};
    static const char *const bad[] = {
        "",
        " a",
        "a ",
        "a\tb",
        "a\nb",
        "a\x1b[31m",
        "a\xe2\x80\xae"
        "b",
        "a\xe2\x80\x8b"
        "b",
        "a\xc2\xa0"
        "b",
        "\xff",
        "\xc0\x80",
        "\xed\xa0\x80",
        "a\xef\xbb\xbf",
        "\xf4\x90\x80\x80",
        "a\xe2\x81\xa6"
        "b",
        "\xee\x80\x80",
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(carnet_text_is_text(good[i]));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(carnet_text_is_text(bad[i]));
    char longest[202];
    memset(longest, 'a', 201);
    longest[200] = '\0';
    assert_true(carnet_text_is_text(longest));
    longest[200] = 'a';
    longest[201] = '\0';
    assert_false(carnet_text_is_text(longest));
}

static void ids_versions_and_numbers_are_strict(void **state)
{
    (void)state;
    assert_true(carnet_text_is_id("CAD-2026.1_x"));
    assert_true(carnet_text_is_id("0"));
    assert_false(carnet_text_is_id(""));
    assert_false(carnet_text_is_id(".hidden"));
    assert_false(carnet_text_is_id("-option"));
    assert_false(carnet_text_is_id("a/b"));
    assert_false(carnet_text_is_id("a b"));
    assert_false(carnet_text_is_id("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
    assert_true(carnet_text_is_feature_value("1.5:x+y-z"));
    assert_false(carnet_text_is_feature_value("a b"));
    static const char *const good[] = {"0", "1.2.3.4", "999999", "10.0"};
    static const char *const bad[] = {"", "1.", ".1", "1..2", "01", "1.02", "1.2.3.4.5", "1000000", "1a", "v1"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(carnet_text_is_version(good[i]));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(carnet_text_is_version(bad[i]));
    assert_true(carnet_version_compare("1.2", "1.10") < 0);
    assert_true(carnet_version_compare("1.2", "1.2.0") == 0);
    assert_true(carnet_version_compare("2", "1.9.9") > 0);
    uint32_t number = 5;
    assert_int_equal(carnet_text_number("25", 1, 25, &number), CARNET_OK);
    assert_int_equal(number, 25);
    static const char *const no_number[] = {"",   "26", "0",          "025",         "-1", "+1",
                                            " 1", "1 ", "4294967296", "99999999999", "0x1"};
    for (size_t i = 0; i < sizeof(no_number) / sizeof(no_number[0]); i++)
        assert_int_equal(carnet_text_number(no_number[i], 1, 25, &number), CARNET_USAGE);
    assert_int_equal(number, 25);
}

static void display_is_harmless(void **state)
{
    (void)state;
    char out[64];
    const char hostile[] = "a\x1b]0;x\a\xe2\x80\xae"
                           "b\xff";
    assert_string_equal(carnet_text_escape(hostile, sizeof(hostile) - 1, out, sizeof(out)),
                        "a\\x1b]0;x\\x07\\u{202e}b\\xff");
    assert_string_equal(carnet_text_escape("größer", 8, out, sizeof(out)), "größer");
    assert_string_equal(carnet_text_escape("abcdefghij", 10, out, 8), "abcd...");
    assert_string_equal(carnet_text_escape("\0x", 2, out, sizeof(out)), "\\x00x");
    for (size_t room = 1; room < 12; room++)
        assert_true(strlen(carnet_text_escape("größergrößer", 16, out, room)) < room);
}

/* N-1 */
static void labels_fit_any_stick(void **state)
{
    (void)state;
    static const struct {
        const char *text, *label;
    } table[] = {
        {"HALL3-PLC2", "hall3-plc2"},
        {"Hall 3 / Süd", "hall-3-s-d"},
        {"漢字", "x"},
        {"con", "x-con"},
        {"COM1", "x-com1"},
        {"--", "x"},
        {"a--b", "a-b"},
        {"../../etc", "etc"},
        {"lpt10", "lpt10"},
        {"abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrstuvwx"},
        {"abcdefghijklmnopqrstuvw-xyz", "abcdefghijklmnopqrstuvw"},
    };
    char label[CARNET_LABEL_SIZE];
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        carnet_text_label(table[i].text, label);
        assert_string_equal(label, table[i].label);
    }
}

static void buffers_grow(void **state)
{
    (void)state;
    struct carnet_buffer b = {0};
    for (unsigned i = 0; i < 10000; i++)
        assert_int_equal(carnet_buffer_printf(&b, "%04u\n", i), CARNET_OK);
    assert_int_equal(b.size, 50000);
    assert_memory_equal(b.bytes + 49995, "9999\n", 6);
    assert_int_equal(carnet_buffer_append(&b, "", SIZE_MAX - 10), CARNET_NO_MEMORY);
    assert_int_equal(b.size, 50000);
    carnet_buffer_clear(&b);
    carnet_buffer_clear(&b);
    assert_null(b.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outcomes_are_stable),
        cmocka_unit_test(failures_fill_the_diagnosis),
        cmocka_unit_test(hex_is_strict),
        cmocka_unit_test(times_are_real),
        cmocka_unit_test(every_day_of_four_centuries_comes_back),
        cmocka_unit_test(text_is_told_from_tricks),
        cmocka_unit_test(ids_versions_and_numbers_are_strict),
        cmocka_unit_test(display_is_harmless),
        cmocka_unit_test(labels_fit_any_stick),
        cmocka_unit_test(buffers_grow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
