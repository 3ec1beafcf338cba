/* SPDX-License-Identifier: MIT */
/* What the fuzz harnesses share. Each is one parser; what must hold of its result beside not crashing is `hold`. */
#ifndef CARNET_FUZZ_H
#define CARNET_FUZZ_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "core/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the run when it does not hold: a finding, with its words. */
static inline void hold(bool condition, const char *words)
{
    if (condition)
        return;
    (void)fprintf(stderr, "fuzz: does not hold: %s\n", words);
    abort();
}

/* A refusal has its clause or not, but always words. */
static inline void hold_refused(enum carnet_err err, const struct carnet_diag *diag)
{
    hold(err == CARNET_OK || diag->detail[0] != '\0', "a refusal has no words");
    hold(err != CARNET_BUG, "a file made the program think that it has a bug");
}

static inline bool same(const struct carnet_buffer *a, const uint8_t *bytes, size_t size)
{
    return a->size == size && (size == 0 || memcmp(a->bytes, bytes, size) == 0);
}

#endif
