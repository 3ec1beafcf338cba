/* SPDX-License-Identifier: MIT */
/* The line of a progress bar, for every width; what stands on a terminal is in tests/cli/common.bats. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/progress.h"

/* 10,000 things in two steps each; 2,500 are done, and 10 s ago it were 1,500. */
static struct cli_progress quarter(void)
{
    struct cli_progress p = {.active = true, .what = "assigning", .total = 20000, .done = 5000, .parts = 2};
    p.older.at = 1000;
    p.older.done = 3000;
    return p;
}

static void test_words(void **state)
{
    struct cli_progress p = quarter();
    char line[CLI_PROGRESS_LINE_SIZE];

    (void)state;
    cli_progress_line(&p, 11000, 200, line);
    assert_string_equal(line, "assigning  ##########..............................  2500 of 10000, 100/s, 1:15 left");
    p.older.done = 4995;
    cli_progress_line(&p, 11000, 200, line);
    assert_non_null(strstr(line, "2500 of 10000, 0.2/s, 8:20:00 left"));
    p.older.done = 4999;
    p.total = 200000000;
    cli_progress_line(&p, 11000, 200, line);
    assert_non_null(strstr(line, "/s, days left"));
}

/* No rate is told before there is one, and none is divided by. */
static void test_begin(void **state)
{
    struct cli_progress p = quarter();
    char line[CLI_PROGRESS_LINE_SIZE];

    (void)state;
    cli_progress_line(&p, 1001, 80, line);
    assert_null(strstr(line, "/s"));
    p.older.done = p.done;
    cli_progress_line(&p, 60000, 80, line);
    assert_null(strstr(line, "/s"));
    p.done = p.total;
    cli_progress_line(&p, 60000, 80, line);
    assert_non_null(strstr(line, "10000 of 10000"));
    assert_non_null(strstr(line, "0:00 left"));
    assert_null(strchr(line, '.'));
}

static size_t shown_columns(const char *line)
{
    size_t columns = 0;
    for (; *line != '\0'; line++) {
        if (*line == '\033')
            line += strcspn(line, "m");
        else if (((unsigned char)*line & 0xc0) != 0x80)
            columns++;
    }
    return columns;
}

static void test_widths(void **state)
{
    struct cli_progress p = quarter();
    char line[CLI_PROGRESS_LINE_SIZE];

    (void)state;
    for (unsigned style = 0; style < 4; style++) {
        p.utf8 = (style & 1) != 0;
        p.colour = (style & 2) != 0;
        for (unsigned columns = 0; columns < 300; columns++) {
            cli_progress_line(&p, 11000, columns, line);
            assert_true(shown_columns(line) < columns || columns <= 1);
            assert_int_equal(strchr(line, '\033') != NULL, p.colour && columns > 52);
            if (columns > 80)
                assert_int_equal(shown_columns(line), 84 > columns - 1 ? columns - 1 : 84);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_words), cmocka_unit_test(test_begin),
                                       cmocka_unit_test(test_widths)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
