/* SPDX-License-Identifier: MIT */
/* rules/chains: W-9, segments that agree, contradict each other, overlap, and leave gaps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/chains.h"

/* "A:3-7" is part of issuer A's chain; "A:3-7!5" another history of it from position 5 on. */
static void take(struct carnet_chains *chains, const char *text)
{
    struct carnet_digest digests[32] = {0};
    struct carnet_segment s = {.digests = digests};
    const char issuer = text[0];
    char *rest = NULL;
    const uint32_t first = (uint32_t)strtoul(text + 2, &rest, 10), last = (uint32_t)strtoul(rest + 1, &rest, 10);
    const uint32_t other = *rest == '!' ? (uint32_t)strtoul(rest + 1, &rest, 10) : 99;
    assert_true(first > 0 && last >= first && *rest == '\0');
    s.signer.bytes[0] = (uint8_t)issuer;
    s.first = first;
    s.last = last;
    for (uint32_t i = first - 1; i <= last; i++) {
        struct carnet_digest *d = i < first ? &s.previous : &digests[i - first];
        d->bytes[0] = (uint8_t)issuer;
        d->bytes[1] = (uint8_t)i;
        d->bytes[2] = i >= other;
    }
    assert_int_equal(carnet_chains_take(chains, &s), CARNET_OK);
}

static void tell(void *context, const struct carnet_digest *signer, uint32_t first, uint32_t last)
{
    char *text = context;
    (void)snprintf(text + strlen(text), 64, "%s%c:%u-%u", text[0] == '\0' ? "" : " ", signer->bytes[0], first, last);
}

static void the_table_holds(void **state)
{
    (void)state;
    static const struct {
        const char *segments, *gaps;
        uint32_t fork;
    } cases[] = {
        {"A:1-5", "", 0},
        {"A:6-9 A:1-5", "", 0},
        {"A:1-5 A:1-5 A:3-9", "", 0},
        {"A:2-5", "A:1-1", 0},
        {"A:1-3 A:8-9 A:12-14", "A:4-7 A:10-11", 0},
        {"A:1-3 B:3-4 B:1-1", "B:2-2", 0},
        /* histories that differ */
        {"A:1-5 A:1-5!3", "", 3},
        {"A:1-5 A:4-9!4", "", 4},
        {"A:1-5 A:6-9!6", "", 0}, /* nothing else is known of 6 */
        {"A:1-5 A:6-9!5", "", 5}, /* the one before its first is another */
        {"A:1-5!1 A:1-3", "", 1},
        {"A:1-5 B:1-5!1", "", 0}, /* other issuers have other histories */
        {"A:1-3 A:6-9!5", "A:4-5", 0},
        /* a short one between them hides nothing */
        {"A:1-20 A:5-6 A:15-18!16", "", 16},
        {"A:1-20 A:2-3 A:4-5 A:20-25!20", "", 20},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct carnet_chains chains = {0};
        char copy[128], gaps[256] = "";
        (void)snprintf(copy, sizeof(copy), "%s", cases[i].segments);
        for (char *rest = copy, *word = strtok_r(rest, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
            take(&chains, word);
        carnet_chains_order(&chains);
        carnet_chains_gaps(&chains, tell, gaps);
        if (strcmp(gaps, cases[i].gaps) != 0 || carnet_chains_fork(&chains) != cases[i].fork)
            fail_msg("%s: gaps '%s', fork at %u", cases[i].segments, gaps, carnet_chains_fork(&chains));
        carnet_chains_clear(&chains);
    }
}

static void what_is_known(void **state)
{
    (void)state;
    const struct carnet_digest vendor = {{0}}, a = {{'A'}}, b = {{'B'}};
    struct carnet_chains chains = {0};
    bool any = true;
    take(&chains, "A:8-9");
    take(&chains, "A:1-3");
    carnet_chains_order(&chains);
    const struct carnet_digest *found = carnet_chains_find(&chains, &vendor, &a, 9, &any);
    assert_non_null(found);
    assert_int_equal(found->bytes[1], 9);
    assert_true(any);
    assert_null(carnet_chains_find(&chains, &vendor, &a, 5, &any));
    assert_true(any);
    assert_null(carnet_chains_find(&chains, &vendor, &b, 1, &any));
    assert_false(any);
    carnet_chains_clear(&chains);
    assert_int_equal(chains.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_table_holds), cmocka_unit_test(what_is_known)};
    return cmocka_run_group_tests_name("rules/chains", tests, NULL, NULL);
}
