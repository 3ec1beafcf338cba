/* SPDX-License-Identifier: MIT */
/* Reading tests/vectors/. */
#ifndef CARNET_TESTS_BUNDLE_VECTORS_H
#define CARNET_TESTS_BUNDLE_VECTORS_H

#include "fixture.h"

#define VECTOR_FIELDS 6
#define VECTOR_BYTES 2048

/* A line of hex, or "-" for nothing; the number of bytes. */
static inline size_t vector_bytes(const char *field, uint8_t out[VECTOR_BYTES])
{
    if (strcmp(field, "-") == 0)
        return 0;
    assert_true(strlen(field) % 2 == 0 && strlen(field) / 2 <= VECTOR_BYTES);
    assert_int_equal(carnet_unhex(field, out, strlen(field) / 2), CARNET_OK);
    return strlen(field) / 2;
}

/* Calls `check` for each vector of a file, with its fields; the number of vectors. */
static inline size_t vectors_read(const char *name, size_t fields, void (*check)(char *field[VECTOR_FIELDS]))
{
    char path[512];
    char *line = NULL;
    size_t room = 0, count = 0;
    FILE *file;

    snprintf(path, sizeof path, CARNET_SOURCE_DIR "/tests/vectors/%s", name);
    file = fopen(path, "r");
    assert_non_null(file);
    while (getline(&line, &room, file) > 0) {
        char *field[VECTOR_FIELDS] = {NULL};
        char *rest = NULL;
        size_t got = 0;

        if (line[0] == '#')
            continue;
        for (char *f = strtok_r(line, " \n", &rest); f != NULL && got < VECTOR_FIELDS; f = strtok_r(NULL, " \n", &rest))
            field[got++] = f;
        assert_int_equal(got, fields);
        check(field);
        count++;
    }
    free(line);
    fclose(file);
    return count;
}

#endif
