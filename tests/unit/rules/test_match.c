/* SPDX-License-Identifier: MIT */
/* rules/match: M-3, M-4 and M-5, as a table of what a machine has and what the license holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rules/match.h"

/* A fact and its value, as a letter: "machine-id=a adapter=b adapter=c"; "?" is unreadable. */
static void parse(const char *text, struct carnet_facts *facts, enum carnet_fact_presence *presence)
{
    char copy[512];
    snprintf(copy, sizeof(copy), "%s", text);
    for (char *rest = copy, *word = strtok_r(rest, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        enum carnet_fact_name name;
        char *value = strchr(word, '=');
        assert_non_null(value);
        *value++ = '\0';
        assert_int_equal(carnet_fact_find(word, &name), CARNET_OK);
        if (*value == '?') {
            presence[name] = CARNET_FACT_UNREADABLE;
            continue;
        }
        if (presence != NULL)
            presence[name] = CARNET_FACT_PRESENT;
        facts->list[facts->count].name = name;
        facts->list[facts->count].digest.bytes[0] = (uint8_t)*value;
        facts->count++;
    }
}

static void the_table_holds(void **state)
{
    (void)state;
    static const struct {
        const char *what, *held, *machine;
        bool matches;
        uint32_t matched, held_points, unreadable, percent;
    } table[] = {
        /* default points: machine-id 30, system-uuid 20, tpm 20, board-serial 10, disk 20, adapter 15, cpu 5, host 5,
           os 5 */
        {"the same machine", "machine-id=a disk=b adapter=c cpu=d host=e os=f",
         "machine-id=a disk=b adapter=c cpu=d host=e os=f", true, 80, 80, 0, 100},
        {"host renamed", "machine-id=a disk=b adapter=c cpu=d host=e os=f",
         "machine-id=a disk=b adapter=c cpu=d host=x os=f", true, 75, 80, 0, 93},
        {"new disk", "machine-id=a disk=b adapter=c cpu=d host=e os=f",
         "machine-id=a disk=x adapter=c cpu=d host=e os=f", true, 60, 80, 0, 75},
        {"any of several adapters", "machine-id=a adapter=b adapter=c", "machine-id=a adapter=c adapter=d", true, 45,
         45, 0, 100},
        {"dock adds an adapter", "machine-id=a adapter=b", "machine-id=a adapter=b adapter=d", true, 45, 45, 0, 100},
        {"a clone: new disk and adapter", "machine-id=a disk=b adapter=c cpu=d host=e os=f",
         "machine-id=a disk=x adapter=y cpu=d host=e os=f", false, 45, 80, 0, 56},
        {"reinstalled: only the hardware is the same", "machine-id=a disk=b adapter=c cpu=d host=e os=f",
         "machine-id=x disk=b adapter=c cpu=d host=y os=f", false, 45, 80, 0, 56},
        {"another machine of the same make", "machine-id=a disk=b adapter=c cpu=d host=e os=f",
         "machine-id=x disk=y adapter=z cpu=d host=w os=f", false, 10, 80, 0, 12},
        {"exactly the threshold", "machine-id=a disk=b", "machine-id=a", true, 30, 50, 0, 60},
        {"just below", "machine-id=a disk=b cpu=c", "machine-id=a", false, 30, 55, 0, 54},
        {"nothing in common", "machine-id=a", "machine-id=b", false, 0, 30, 0, 0},
        {"the fact is gone", "machine-id=a", "", false, 0, 30, 0, 0},
        {"unreadable counts in neither sum", "machine-id=a system-uuid=b disk=c", "machine-id=a system-uuid=? disk=c",
         true, 50, 70, 20, 100},
        {"unreadable is not changed", "machine-id=a system-uuid=b board-serial=c",
         "machine-id=a system-uuid=? board-serial=?", true, 30, 60, 30, 100},
        {"more than half unreadable", "host=a system-uuid=b board-serial=c", "host=a system-uuid=? board-serial=?",
         false, 5, 35, 30, 100},
        {"everything unreadable", "system-uuid=b", "system-uuid=?", false, 0, 20, 20, 0},
        {"a new fact of the machine is not held", "machine-id=a", "machine-id=a tpm=b", true, 30, 30, 0, 100},
        {"few facts, as on a virtual machine", "machine-id=a cpu=b", "machine-id=a cpu=x", true, 30, 35, 0, 85},
        {"one digest under another name is no match", "host=a", "os=a", false, 0, 5, 0, 0},
    };
    struct carnet_matching matching = {.threshold = CARNET_THRESHOLD_DEFAULT};
    for (unsigned i = 0; i < CARNET_FACT_COUNT; i++)
        matching.points[i] = carnet_fact_default_points((enum carnet_fact_name)i);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct carnet_facts held = {0};
        struct carnet_machine_facts machine = {0};
        enum carnet_fact_presence ignored[CARNET_FACT_COUNT];
        struct carnet_match match;
        parse(table[i].held, &held, ignored);
        parse(table[i].machine, &machine.facts, machine.presence);
        carnet_match(&held, &matching, &machine, &match);
        if (match.matches != table[i].matches)
            print_error("row: %s\n", table[i].what);
        assert_int_equal(match.matches, table[i].matches);
        assert_int_equal(match.matched, table[i].matched);
        assert_int_equal(match.held, table[i].held_points);
        assert_int_equal(match.unreadable, table[i].unreadable);
        assert_int_equal(match.percent, table[i].percent);
    }
}

static void facts_without_points_carry_nothing(void **state)
{
    (void)state;
    struct carnet_facts held = {0};
    struct carnet_machine_facts machine = {0};
    enum carnet_fact_presence ignored[CARNET_FACT_COUNT];
    struct carnet_matching matching = {.threshold = 1};
    struct carnet_match match;
    parse("cpu=a", &held, ignored);
    parse("cpu=a", &machine.facts, machine.presence);
    carnet_match(&held, &matching, &machine, &match);
    assert_false(match.matches); /* Q > 0 */
    matching.points[CARNET_FACT_CPU] = 1;
    carnet_match(&held, &matching, &machine, &match);
    assert_true(match.matches);
}

static void words_tell_fact_by_fact(void **state)
{
    (void)state;
    struct carnet_facts held = {0};
    struct carnet_machine_facts machine = {0};
    enum carnet_fact_presence ignored[CARNET_FACT_COUNT];
    struct carnet_matching matching = {.threshold = 60};
    struct carnet_match match;
    char words[384];
    for (unsigned i = 0; i < CARNET_FACT_COUNT; i++)
        matching.points[i] = carnet_fact_default_points((enum carnet_fact_name)i);
    parse("machine-id=a system-uuid=b disk=c adapter=d host=e", &held, ignored);
    parse("machine-id=a system-uuid=? disk=x host=e", &machine.facts, machine.presence);
    carnet_match(&held, &matching, &machine, &match);
    carnet_match_words(&match, &matching, words, sizeof(words));
    assert_string_equal(words,
                        "matching: machine-id (30), host (5); changed: disk (20); missing: adapter (15); unreadable: "
                        "system-uuid (20); 35 of 70 points, 50 %; 60 % needed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_holds),
        cmocka_unit_test(facts_without_points_carry_nothing),
        cmocka_unit_test(words_tell_fact_by_fact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
