/* SPDX-License-Identifier: MIT */
#include "rules/known.h"

#include <stdlib.h>

#include "rules/reading.h"

struct carnet_known {
    unsigned count, oldest;
    unsigned long hits;
    struct {
        struct carnet_digest digest;
        struct carnet_reading *reading;
    } list[CARNET_KNOWN_MOST];
};

enum carnet_err carnet_known_new(struct carnet_known **out)
{
    struct carnet_known *known = calloc(1, sizeof(*known));
    if (known == NULL)
        return CARNET_NO_MEMORY;
    *out = known;
    return CARNET_OK;
}

void carnet_known_free(struct carnet_known *known)
{
    for (unsigned i = 0; known != NULL && i < known->count; i++)
        carnet_reading_free(known->list[i].reading);
    free(known);
}

unsigned long carnet_known_hits(const struct carnet_known *known)
{
    return known->hits;
}

struct carnet_reading *carnet_known_find(struct carnet_known *known, const struct carnet_digest *digest)
{
    for (unsigned i = 0; i < known->count; i++) {
        if (carnet_digest_equal(&known->list[i].digest, digest)) {
            known->hits++;
            return known->list[i].reading;
        }
    }
    return NULL;
}

void carnet_known_keep(struct carnet_known *known, const struct carnet_digest *digest, struct carnet_reading *reading)
{
    unsigned place = known->count;
    if (known->count < CARNET_KNOWN_MOST) {
        known->count++;
    } else {
        place = known->oldest;
        known->oldest = (known->oldest + 1) % CARNET_KNOWN_MOST;
        carnet_reading_free(known->list[place].reading);
    }
    known->list[place].digest = *digest;
    known->list[place].reading = carnet_reading_hold(reading);
}
