/* SPDX-License-Identifier: MIT */
/* The rule file (spec/rules.md): good ones, each refusal with its line, patterns, and which rule decides. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rule_file.h"

#define ONE "product = cad\nlicense = L-1\n"

static enum carnet_err parse(const char *text, struct rule_file *f, struct carnet_diag *diag)
{
    /* Exactly the bytes, so that a sanitizer sees a step too far. */
    size_t size = strlen(text);
    uint8_t *bytes = malloc(size + (size == 0));
    enum carnet_err err;

    assert_non_null(bytes);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)text[i];
    err = rule_file_parse(bytes, size, f, diag);
    free(bytes);
    return err;
}

/* ---- RU-1 to RU-3 ---- */

static void test_whole(void **state)
{
    struct rule_file f = {0};
    struct carnet_diag diag = {0};

    (void)state;
    assert_int_equal(parse("\xef\xbb\xbf# all of it\r\nmost = 50\r\nanswer-clocks = yes\r\n\r\nproduct = cad\r\n"
                           "license = CAD-2026\r\nvendor = 0123abcd\r\n\tlabel = HALL3-* \r\nmost = 9\r\nout = 40\r\n"
                           "lease = 90\r\nnote = hall 3 = here\r\nproduct=mesh\r\nlicense=M-1",
                           &f, &diag),
                     CARNET_OK);
    assert_int_equal(f.count, 2);
    assert_int_equal(f.most, 50);
    assert_true(f.answers_clocks);
    assert_int_equal(f.list[0].line, 5);
    assert_int_equal(f.list[0].license_line, 6);
    assert_string_equal(f.list[0].license, "CAD-2026");
    assert_string_equal(f.list[0].vendor, "0123abcd");
    assert_string_equal(f.list[0].label, "HALL3-*");
    assert_int_equal(f.list[0].most, 9);
    assert_int_equal(f.list[0].out, 40);
    assert_int_equal(f.list[0].lease_days, 90);
    assert_string_equal(f.list[0].note, "hall 3 = here");
    assert_string_equal(f.list[1].product, "mesh");
    assert_string_equal(f.list[1].label, "*");
    assert_int_equal(f.list[1].most, RULE_NO_LIMIT);
    assert_int_equal(f.list[1].out, RULE_NO_LIMIT);
    assert_int_equal(f.list[1].lease_days, 0);
    assert_string_equal(f.list[1].note, "");
    rule_file_clear(&f);
    assert_null(f.list);
    rule_file_clear(&f);
}

static const struct refusal {
    const char *text;
    unsigned long line;
    const char *detail;
} refusals[] = {
    {"", 0, "It holds no rule."},
    {"# nothing\nmost = 3\n", 0, "It holds no rule."},
    {"product\n", 1, "Line 1 is not of the form 'key = value'."},
    {"product = \xff\n", 1, "Line 1 is not valid UTF-8."},
    {ONE "produkt = x\n", 3,
     "Line 3: 'produkt' is no word of a rule file; these are: product, license, vendor, label, most, out, lease, note, "
     "answer-clocks."},
    {"license = L-1\n", 1, "Line 1 says 'license' before the first rule, which begins with 'product'."},
    {ONE "answer-clocks = no\n", 3, "Line 3 says 'answer-clocks' inside a rule; it stands before the first one."},
    {"most = 1\nmost = 2\n", 2, "Line 2 says 'most' once more."},
    {ONE "license = L-2\n", 3, "Line 3 says 'license' once more in the same rule."},
    {"product = cad\nproduct = mesh\nlicense = M-1\n", 1, "Line 1 begins a rule that names no license."},
    {ONE "product = mesh\n", 3, "Line 3 begins a rule that names no license."},
    {"product = c a d\n", 1, "Line 1: 'c a d' for 'product' is not an id: 1 to 64 letters, digits and . _ -."},
    {"product = cad\nlicense =\n", 2, "Line 2: '' for 'license' is not an id: 1 to 64 letters, digits and . _ -."},
    {"answer-clocks = maybe\n", 1, "Line 1: 'maybe' for 'answer-clocks' is not yes or no."},
    {"most = 0\n", 1, "Line 1: '0' for 'most' is not a number from 1 to 1000000."},
    {ONE "out = 1000001\n", 3, "Line 3: '1000001' for 'out' is not a number from 1 to 1000000."},
    {ONE "most = 1e3\n", 3, "Line 3: '1e3' for 'most' is not a number from 1 to 1000000."},
    {ONE "lease = 36501\n", 3, "Line 3: '36501' for 'lease' is not a number from 1 to 36500."},
    {ONE "label = [A-Z]*\n", 3, "Line 3: '[A-Z]*' for 'label' is not a pattern of characters, * (any) and ? (one)."},
    {ONE "label =\n", 3, "Line 3: '' for 'label' is not 1 to 200 printable characters."},
    {ONE "note = a\xe2\x80\xae"
         "b\n",
     3, "Line 3: 'a\\u{202e}b' for 'note' is not 1 to 200 printable characters."},
    {ONE "vendor = 0123ABCD\n", 3,
     "Line 3: '0123ABCD' for 'vendor' is not what a vendor's id begins with: 8 to 64 of 0-9 a-f."},
    {ONE "vendor = 0123abc\n", 3,
     "Line 3: '0123abc' for 'vendor' is not what a vendor's id begins with: 8 to 64 of 0-9 a-f."},
    {ONE "\n" ONE, 4, "Line 4 begins a rule that is never reached: that of line 1 takes all of it."},
    {ONE "label = hall?-*\nproduct = cad\nlicense = L-2\nlabel = HALL3-PLC*\n", 4,
     "Line 4 begins a rule that is never reached: that of line 1 takes all of it."},
};

static void test_refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        struct rule_file f = {0};
        struct carnet_diag diag = {0};
        assert_int_equal(parse(refusals[i].text, &f, &diag), CARNET_CONFIGURATION);
        assert_string_equal(diag.detail, refusals[i].detail);
        assert_int_equal(diag.line, refusals[i].line);
        assert_true(*diag.next);
        assert_null(f.list);
        assert_int_equal(parse(refusals[i].text, &f, NULL), CARNET_CONFIGURATION);
    }
}

static void test_limits(void **state)
{
    struct rule_file f = {0};
    struct carnet_diag diag = {0};
    char *text = calloc(RULES_MOST + 1, 64);
    size_t used = 0;

    (void)state;
    assert_non_null(text);
    for (unsigned i = 0; i < RULES_MOST; i++)
        used += (size_t)sprintf(text + used, "product = p%u\nlicense = L\n", i);
    assert_int_equal(parse(text, &f, &diag), CARNET_OK);
    assert_int_equal(f.count, RULES_MOST);
    rule_file_clear(&f);
    (void)sprintf(text + used, "product = one-more\nlicense = L\n");
    assert_int_equal(parse(text, &f, &diag), CARNET_CONFIGURATION);
    assert_string_equal(diag.detail, "Line 401 begins the 201st rule, and 200 are the most.");
    assert_null(f.list);
    free(text);
}

/* ---- RU-5 ---- */

static const struct fit {
    const char *pattern, *label;
    bool fits;
} fits[] = {
    {"*", "", true},
    {"*", "anything", true},
    {"?", "", false},
    {"HALL3-*", "hall3-plc1", true},
    {"HALL3-*", "HALL3-", true},
    {"HALL3-*", "HALL31-PLC", false},
    {"HALL3-*", "XHALL3-PLC", false},
    {"LAB-??", "lab-12", true},
    {"LAB-??", "lab-1", false},
    {"LAB-??", "lab-123", false},
    {"?", "\xc3\xbc", true},
    {"\xc3\x9c*", "\xc3\xbc", false}, /* the letters A to Z alone */
    {"*-PLC*", "a-b-plc-plc", true},
    {"*-PLC", "a-plc-plcx", false},
    {"a*b*c", "aXbXbYc", true},
    {"a*b*c", "aXcXb", false},
    {"***", "x", true},
    {"", "", true},
    {"", "x", false},
};

static void test_patterns(void **state)
{
    char label[801], pattern[200];

    (void)state;
    for (size_t i = 0; i < sizeof fits / sizeof *fits; i++)
        assert_int_equal(rule_label_fits(fits[i].pattern, fits[i].label), fits[i].fits);
    /* Not in the age of the universe, if each asterisk were tried at each place. */
    memset(label, 'a', 800);
    label[800] = '\0';
    for (size_t i = 0; i < 198; i++)
        pattern[i] = i % 2 ? 'a' : '*';
    pattern[198] = 'b';
    pattern[199] = '\0';
    assert_false(rule_label_fits(pattern, label));
}

/* ---- RU-6, RU-7 ---- */

static void test_first_decides(void **state)
{
    struct rule_file f = {0};
    struct carnet_diag diag = {0};
    const char *other = "ffff000000000000000000000000000000000000000000000000000000000000";

    (void)state;
    assert_int_equal(parse("product = cad\nlicense = A\nlabel = A?\n"
                           "product = cad\nlicense = B\nlabel = A*\n"
                           "product = cad\nlicense = C\nvendor = ffff0000\n"
                           "product = cad\nlicense = D\n",
                           &f, &diag),
                     CARNET_OK);
    assert_string_equal(rule_file_find(&f, other, "cad", "a1")->license, "A");
    assert_string_equal(rule_file_find(&f, other, "cad", "a12")->license, "B");
    assert_string_equal(rule_file_find(&f, other, "cad", "")->license, "C");
    assert_string_equal(rule_file_find(&f, "0000", "cad", "b")->license, "D");
    assert_null(rule_file_find(&f, other, "mesh", "a1"));
    rule_file_clear(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_whole), cmocka_unit_test(test_refusals),
                                       cmocka_unit_test(test_limits), cmocka_unit_test(test_patterns),
                                       cmocka_unit_test(test_first_decides)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
