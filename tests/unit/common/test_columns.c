/* SPDX-License-Identifier: MIT */
/* Columns on a terminal: narrow, wide, combining; a table's column is filled whatever stands in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/columns.h"

static void test_columns(void **state)
{
    (void)state;
    assert_int_equal(cli_columns(""), 0);
    assert_int_equal(cli_columns("HALL3-PLC1"), 10);
    assert_int_equal(cli_columns("Prüfstand"), 9);
    assert_int_equal(cli_columns("Pru\u0308fstand"), 9);
    assert_int_equal(cli_columns("三号车间"), 8);
    assert_int_equal(cli_columns("ｶﾀﾅ"), 3);  /* halfwidth */
    assert_int_equal(cli_columns("ＡＢ"), 4); /* fullwidth */
    assert_int_equal(cli_columns("한글"), 4);
    assert_int_equal(cli_columns("Κοπή"), 4);
    assert_int_equal(cli_columns("𠀀"), 2);
    /* A byte that is none of UTF-8 ends nothing, and nothing is read behind the end. */
    assert_int_equal(cli_columns("a\x80z"), 3);
    assert_int_equal(cli_columns("\xf0\x9f"), 1);
}

static void test_width(void **state)
{
    static const char *const names[] = {"HALL3", "Prüfstand", "三号车间", "Pru\u0308f", ""};
    char line[100];
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        (void)snprintf(line, sizeof line, "%-*s|", cli_width(names[i], 12), names[i]);
        assert_int_equal(cli_columns(line), 13);
    }
    /* Too long: it is shown whole. */
    (void)snprintf(line, sizeof line, "%-*s|", cli_width("三号车间", 6), "三号车间");
    assert_string_equal(line, "三号车间|");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_columns), cmocka_unit_test(test_width)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
