/* SPDX-License-Identifier: MIT */
/* Keys as lines, and shares (spec/keyfile.md, Y-13 to Y-19). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bundle/key_private.h"
#include "core/file.h"
#include "issue/key_text.h"

#include <fcntl.h>

/* The indented block of the specification that begins with that line. */
static char *block(const char *title)
{
    struct carnet_buffer page = {0};
    char start[64], *from, *out, *to;

    assert_int_equal(carnet_file_read(AT_FDCWD, CARNET_SOURCE_DIR "/spec/keyfile.md", 1 << 20, false, &page, NULL),
                     CARNET_OK);
    snprintf(start, sizeof start, "\n    %s\n", title);
    from = strstr((char *)page.bytes, start);
    assert_non_null(from);
    out = to = calloc(1, 4096);
    for (char *line = from + 1; strncmp(line, "    ", 4) == 0; line = strchr(line, '\n') + 1) {
        size_t size = (size_t)(strchr(line, '\n') + 1 - (line + 4));
        memcpy(to, line + 4, size);
        to += size;
    }
    carnet_buffer_clear(&page);
    return out;
}

static void refused(const struct carnet_diag *diag, enum carnet_err err, enum carnet_err wanted, const char *clause,
                    const char *words)
{
    assert_int_equal(err, wanted);
    assert_string_equal(diag->clause, clause);
    if (strstr(diag->detail, words) == NULL)
        fail_msg("'%s' is not in '%s'", words, diag->detail);
}

static void worked_example(void **state)
{
    char *text = block("carnet-key 1 saved");
    struct carnet_key_file file;
    struct carnet_buffer again = {0};
    struct carnet_key *key = NULL;
    struct carnet_diag diag = {0};

    (void)state;
    if (carnet_key_text_read((uint8_t *)text, strlen(text), &file, &diag) != CARNET_OK)
        fail_msg("%s", diag.detail);
    assert_int_equal(carnet_key_text_write(&file, &again), CARNET_OK);
    assert_string_equal((char *)again.bytes, text);
    assert_int_equal(carnet_key_unseal(&file, "correct horse", &key, NULL), CARNET_OK);
    assert_int_equal(key->seed[0], 0x9d);
    carnet_key_free(key);
    carnet_buffer_clear(&again);
    free(text);
}

/* The shares that the specification prints, from the coefficients that it names. */
static void worked_shares(void **state)
{
    uint8_t seed[CARNET_SEED_SIZE], coefficients[2 * CARNET_SHAMIR_SIZE];
    char *text = block("carnet-key 1 share"), again[CARNET_KEY_SHARE_TEXT];
    struct carnet_key_share share;
    uint8_t value[CARNET_SHAMIR_SIZE];

    (void)state;
    assert_int_equal(
        carnet_unhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", seed, sizeof seed), CARNET_OK);
    for (size_t i = 0; i < sizeof coefficients; i++)
        coefficients[i] = (uint8_t)i;
    assert_int_equal(carnet_key_share_read((uint8_t *)text, strlen(text), &share, NULL), CARNET_OK);
    assert_int_equal(share.index, 5);
    assert_int_equal(share.threshold, 3);
    carnet_shamir_value(seed, coefficients, 2, share.index, value);
    assert_memory_equal(value, share.value, sizeof value);
    carnet_key_share_write(&share, again);
    assert_string_equal(again, text);
    free(text);
}

/* Each character changed to each other one of the alphabet: the line is named. */
static void every_typo_is_named(void **state)
{
    static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    char *text = block("carnet-key 1 saved");
    unsigned line = 0, count = 0, passed = 0;

    (void)state;
    for (char *at = text; *at; at++) {
        char kept = *at, words[48];

        if (at == text || at[-1] == '\n')
            line = *at == ' ' ? (unsigned)(at[1] - '0') : 0;
        if (line == 0 || strchr(alphabet, kept) == NULL || at[-1] == '\n' || (at[-2] == '\n'))
            continue;
        for (const char *c = alphabet; *c; c++) {
            struct carnet_key_file file;
            struct carnet_diag diag = {0};
            enum carnet_err err;

            if (*c == kept)
                continue;
            *at = *c;
            err = carnet_key_text_read((uint8_t *)text, strlen(text), &file, &diag);
            count++;
            /* One in a million passes its line, and none the digest over all. */
            snprintf(words, sizeof words, "Line %u has a typing mistake", line);
            assert_int_equal(err, CARNET_MALFORMED);
            passed += strstr(diag.detail, words) == NULL;
        }
        *at = kept;
    }
    assert_int_equal(count, 9 * 28 * 31);
    assert_true(passed <= 1);
    free(text);
}

static void forgives_how_it_is_typed(void **state)
{
    char *text = block("carnet-key 1 saved"), typed[4096];
    struct carnet_key_file file, same;
    size_t size = 0;

    (void)state;
    assert_int_equal(carnet_key_text_read((uint8_t *)text, strlen(text), &file, NULL), CARNET_OK);
    for (char *c = text; *c; c++) {
        if (c > text + 20 && *c >= 'A' && *c <= 'Z')
            typed[size++] = (char)(*c - 'A' + 'a');
        else if (c > text + 20 && *c == '0' && c[1] != '\n' && c[-1] != '#')
            typed[size++] = *c;
        else if (*c == '\n') {
            memcpy(typed + size, " \r\n\n", 4);
            size += 4;
        } else
            typed[size++] = *c;
    }
    assert_int_equal(carnet_key_text_read((uint8_t *)typed, size, &same, NULL), CARNET_OK);
    assert_memory_equal(same.ciphertext, file.ciphertext, sizeof file.ciphertext);
    free(text);
}

static void lines_missing_and_more(void **state)
{
    char *text = block("carnet-key 1 saved"), changed[4096], *third, *fourth;
    struct carnet_key_file file;
    struct carnet_key_share share;
    struct carnet_diag diag = {0};

    (void)state;
    third = strstr(text, "\n 3") + 1;
    fourth = strchr(third, '\n') + 1;
    snprintf(changed, sizeof changed, "%.*s%s", (int)(third - text), text, fourth);
    refused(&diag, carnet_key_text_read((uint8_t *)changed, strlen(changed), &file, &diag), CARNET_MALFORMED, "Y-15",
            "Line 3 is missing");
    snprintf(changed, sizeof changed, "%.*s", (int)(fourth - text), text);
    refused(&diag, carnet_key_text_read((uint8_t *)changed, strlen(changed), &file, &diag), CARNET_MALFORMED, "Y-15",
            "ends before line 4 of 9");
    snprintf(changed, sizeof changed, "%s%.*s", text, (int)(fourth - third), third);
    refused(&diag, carnet_key_text_read((uint8_t *)changed, strlen(changed), &file, &diag), CARNET_MALFORMED, "Y-15",
            "more after line 9");
    snprintf(changed, sizeof changed, "%.*s 3  ABCD\n%s", (int)(third - text), text, fourth);
    refused(&diag, carnet_key_text_read((uint8_t *)changed, strlen(changed), &file, &diag), CARNET_MALFORMED, "Y-15",
            "Line 3 is shorter");
    snprintf(changed, sizeof changed, "%.*s!\n%s", (int)(fourth - 1 - text), text, fourth);
    refused(&diag, carnet_key_text_read((uint8_t *)changed, strlen(changed), &file, &diag), CARNET_MALFORMED, "Y-15",
            "Line 3 holds a character");
    snprintf(changed, sizeof changed, "%.*s0\n%s", (int)(fourth - 1 - text), text, fourth);
    refused(&diag, carnet_key_text_read((uint8_t *)changed, strlen(changed), &file, &diag), CARNET_MALFORMED, "Y-15",
            "Line 3 is longer");
    refused(&diag, carnet_key_text_read((const uint8_t *)"hello\n", 6, &file, &diag), CARNET_MALFORMED, "Y-14",
            "does not begin");
    refused(&diag, carnet_key_text_read((const uint8_t *)"carnet-key 2 x\n", 15, &file, &diag), CARNET_CONFIGURATION,
            "Y-14", "newer carnet");
    refused(&diag, carnet_key_text_read((const uint8_t *)"carnet-key 1 what\n", 18, &file, &diag), CARNET_MALFORMED,
            "Y-14", "neither");
    refused(&diag, carnet_key_share_read((uint8_t *)text, strlen(text), &share, &diag), CARNET_WRONG_KIND, "Y-14",
            "whole key");
    memset(changed, 0, sizeof changed);
    free(text);
}

#define SHARES 5

static void fill(struct carnet_key_share *shares, uint8_t count, uint8_t threshold, struct carnet_key **key)
{
    assert_int_equal(carnet_key_generate(CARNET_ROLE_ROOT, 1700000000, key, NULL), CARNET_OK);
    assert_int_equal(carnet_key_split(*key, count, threshold, shares, NULL), CARNET_OK);
}

/* Every choice of shares, of every threshold: the key, or too few. */
static void any_k_of_n(void **state)
{
    (void)state;
    for (uint8_t threshold = 2; threshold <= SHARES; threshold++) {
        struct carnet_key_share shares[SHARES];
        struct carnet_key *key = NULL;

        fill(shares, SHARES, threshold, &key);
        for (unsigned chosen = 1; chosen < 1U << SHARES; chosen++) {
            struct carnet_key_share some[SHARES];
            struct carnet_key *joined = NULL;
            struct carnet_diag diag = {0};
            size_t count = 0;
            enum carnet_err err;

            for (unsigned i = SHARES; i-- > 0;) {
                if (chosen >> i & 1U) {
                    assert_int_equal(carnet_key_share_fits(some, count, &shares[i], NULL), CARNET_OK);
                    some[count++] = shares[i];
                }
            }
            err = carnet_key_join(some, count, &joined, &diag);
            if (count < threshold) {
                refused(&diag, err, CARNET_NO_INPUT, "Y-19", "shares are needed");
                assert_null(joined);
            } else {
                assert_int_equal(err, CARNET_OK);
                assert_memory_equal(joined->seed, key->seed, CARNET_SEED_SIZE);
                carnet_key_free(joined);
            }
        }
        carnet_key_free(key);
    }
}

static void shares_that_do_not_fit(void **state)
{
    struct carnet_key_share a[3], again[3], b[3], bad[2];
    struct carnet_key *key = NULL, *other = NULL, *joined = NULL;
    struct carnet_diag diag = {0};

    (void)state;
    fill(a, 3, 2, &key);
    fill(b, 3, 2, &other);
    assert_int_equal(carnet_key_split(key, 3, 2, again, NULL), CARNET_OK);
    refused(&diag, carnet_key_share_fits(a, 1, &a[0], &diag), CARNET_USAGE, "Y-19", "Share 1 was given twice");
    refused(&diag, carnet_key_share_fits(a, 1, &b[1], &diag), CARNET_UNTRUSTED_KEY, "Y-19", "another key");
    refused(&diag, carnet_key_share_fits(a, 1, &again[1], &diag), CARNET_UNTRUSTED_KEY, "Y-19", "another time");
    /* Forged so that its text holds: the key tells it. */
    bad[0] = a[0];
    bad[1] = a[1];
    bad[1].value[7] ^= 1;
    refused(&diag, carnet_key_join(bad, 2, &joined, &diag), CARNET_ALTERED, "Y-19", "not the key that they name");
    assert_null(joined);
    refused(&diag, carnet_key_split(key, 1, 1, a, &diag), CARNET_USAGE, "Y-17", "2 to 16");
    refused(&diag, carnet_key_split(key, 3, 1, a, &diag), CARNET_USAGE, "Y-17", "2 to 16");
    refused(&diag, carnet_key_split(key, 3, 4, a, &diag), CARNET_USAGE, "Y-17", "2 to 16");
    carnet_key_free(key);
    carnet_key_free(other);
}

/* Fewer shares than are needed fit every secret: here each byte that a share may have is as good as another. */
static void too_few_say_nothing(void **state)
{
    bool seen[256] = {false};
    uint8_t secret[CARNET_SHAMIR_SIZE] = {7}, value[CARNET_SHAMIR_SIZE], coefficients[CARNET_SHAMIR_SIZE] = {0};

    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        coefficients[0] = (uint8_t)c;
        carnet_shamir_value(secret, coefficients, 1, 3, value);
        assert_false(seen[value[0]]);
        seen[value[0]] = true;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(worked_example),         cmocka_unit_test(worked_shares),
        cmocka_unit_test(every_typo_is_named),    cmocka_unit_test(forgives_how_it_is_typed),
        cmocka_unit_test(lines_missing_and_more), cmocka_unit_test(any_k_of_n),
        cmocka_unit_test(shares_that_do_not_fit), cmocka_unit_test(too_few_say_nothing),
    };

    return cmocka_run_group_tests_name("key_text", tests, NULL, NULL);
}
