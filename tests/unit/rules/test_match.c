/* SPDX-License-Identifier: MIT */
/* rules/match: M-3, M-4, M-5 and M-8, as a table of what a machine has and what the license holds. */
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
        {"exactly the threshold", "system-uuid=a board-serial=b disk=c", "system-uuid=a board-serial=b", true, 30, 50,
         0, 60},
        {"just below", "system-uuid=a board-serial=b disk=c cpu=d", "system-uuid=a board-serial=b", false, 30, 55, 0,
         54},
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

/* M-8: what is copied with a disk is not enough, unless the license holds nothing else that can be read. */
static void a_copied_image_is_no_machine(void **state)
{
    (void)state;
    static const struct {
        const char *held, *machine;
        bool disk_in_image, matches;
    } table[] = {
        {"machine-id=a disk=b adapter=c host=d os=e", "machine-id=a disk=b adapter=x host=d os=e", true, false},
        {"machine-id=a disk=b adapter=c host=d os=e", "machine-id=a disk=b adapter=x host=d os=e", false, true},
        {"machine-id=a disk=b adapter=c host=d os=e", "machine-id=a disk=b host=d os=e", true, false},
        {"machine-id=a disk=b adapter=c host=d os=e", "machine-id=a disk=b adapter=? host=d os=e", true, true},
        {"machine-id=a disk=b host=d os=e", "machine-id=a disk=b host=d os=e", true, true},
        {"machine-id=a disk=b system-uuid=c adapter=d", "machine-id=a disk=b system-uuid=c adapter=x", true, true},
        {"machine-id=a disk=b board-serial=c adapter=d", "machine-id=a disk=b board-serial=c adapter=x", true, true},
        {"machine-id=a disk=b tpm=c adapter=d", "machine-id=a disk=b tpm=c adapter=x", true, true},
        {"machine-id=a disk=b cpu=c tpm=d", "machine-id=a disk=b cpu=c", true, false},
    };
    struct carnet_matching matching = {.threshold = CARNET_THRESHOLD_DEFAULT};
    for (unsigned i = 0; i < CARNET_FACT_COUNT; i++)
        matching.points[i] = carnet_fact_default_points((enum carnet_fact_name)i);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct carnet_facts held = {0};
        struct carnet_machine_facts machine = {.disk_in_image = table[i].disk_in_image};
        enum carnet_fact_presence ignored[CARNET_FACT_COUNT];
        struct carnet_match match;
        char words[384];
        parse(table[i].held, &held, ignored);
        parse(table[i].machine, &machine.facts, machine.presence);
        carnet_match(&held, &matching, &machine, &match);
        if (match.matches != table[i].matches)
            print_error("row: %s, %s\n", table[i].held, table[i].machine);
        assert_int_equal(match.matches, table[i].matches);
        assert_int_equal(match.image_only, !table[i].matches);
        carnet_match_words(&match, &matching, words, sizeof(words));
        assert_int_equal(strstr(words, "no part of the machine itself is the same") != NULL, !table[i].matches);
    }
    /* A fact without points asks for nothing. */
    struct carnet_facts held = {0};
    struct carnet_machine_facts machine = {.disk_in_image = true};
    enum carnet_fact_presence ignored[CARNET_FACT_COUNT];
    struct carnet_match match;
    matching.points[CARNET_FACT_ADAPTER] = 0;
    parse("machine-id=a adapter=b", &held, ignored);
    parse("machine-id=a adapter=x", &machine.facts, machine.presence);
    carnet_match(&held, &matching, &machine, &match);
    assert_true(match.matches);
    assert_false(match.drifts);
}

/* How much may be lost before it fails: exactly so much, and not a point more. */
static void what_is_spare_is_spare(void **state)
{
    (void)state;
    for (unsigned threshold = 1; threshold <= 100; threshold++) {
        for (uint32_t lost = 0; lost <= 30; lost++) {
            struct carnet_facts held = {0};
            struct carnet_machine_facts machine = {0};
            enum carnet_fact_presence ignored[CARNET_FACT_COUNT];
            struct carnet_matching matching = {.threshold = (uint8_t)threshold};
            struct carnet_match whole, less;
            matching.points[CARNET_FACT_BOARD_SERIAL] = (uint8_t)(31 - lost);
            matching.points[CARNET_FACT_CPU] = (uint8_t)lost;
            parse("board-serial=a cpu=b", &held, ignored);
            parse("board-serial=a cpu=b", &machine.facts, machine.presence);
            carnet_match(&held, &matching, &machine, &whole);
            assert_true(whole.matches);
            machine.facts.list[1].digest.bytes[0] = 'x';
            carnet_match(&held, &matching, &machine, &less);
            assert_int_equal(less.matches, lost <= whole.spare);
            assert_int_equal(less.drifts, lost > 0);
            assert_int_equal(less.spare, less.matches ? whole.spare - lost : 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_holds),         cmocka_unit_test(facts_without_points_carry_nothing),
        cmocka_unit_test(words_tell_fact_by_fact), cmocka_unit_test(a_copied_image_is_no_machine),
        cmocka_unit_test(what_is_spare_is_spare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
