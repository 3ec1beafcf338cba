/* SPDX-License-Identifier: MIT */
#include "rules/known.h"

#include <stdlib.h>
#include <string.h>

#include "rules/reading.h"

#define BUCKETS 2048u /* a power of two */
#define NOBODY UINT16_MAX

struct entry {
    struct carnet_digest digest;
    struct carnet_reading *reading;
    size_t size;
    uint16_t next; /* of its bucket */
};

struct carnet_known {
    unsigned count, oldest; /* the list is a ring */
    size_t bytes;
    unsigned long hits;
    uint16_t buckets[BUCKETS];
    struct entry list[CARNET_KNOWN_MOST];
};

enum carnet_err carnet_known_new(struct carnet_known **out)
{
    struct carnet_known *known = calloc(1, sizeof(*known));
    if (known == NULL)
        return CARNET_NO_MEMORY;
    memset(known->buckets, 0xFF, sizeof(known->buckets)); /* NOBODY */
    *out = known;
    return CARNET_OK;
}

/* A digest is as good as random, as far as it is honest; otherwise a search takes longer. */
static uint16_t *bucket_of(struct carnet_known *known, const struct carnet_digest *digest)
{
    return &known->buckets[(digest->bytes[0] | (unsigned)digest->bytes[1] << 8) & (BUCKETS - 1)];
}

static void forget_oldest(struct carnet_known *known)
{
    struct entry *e = &known->list[known->oldest];
    uint16_t *link = bucket_of(known, &e->digest);
    while (*link != known->oldest)
        link = &known->list[*link].next;
    *link = e->next;
    carnet_reading_free(e->reading);
    known->bytes -= e->size;
    known->oldest = (known->oldest + 1) % CARNET_KNOWN_MOST;
    known->count--;
}

void carnet_known_free(struct carnet_known *known)
{
    while (known != NULL && known->count > 0)
        forget_oldest(known);
    free(known);
}

unsigned long carnet_known_hits(const struct carnet_known *known)
{
    return known->hits;
}

struct carnet_reading *carnet_known_find(struct carnet_known *known, const struct carnet_digest *digest)
{
    for (uint16_t i = *bucket_of(known, digest); i != NOBODY; i = known->list[i].next) {
        if (carnet_digest_equal(&known->list[i].digest, digest)) {
            known->hits++;
            return known->list[i].reading;
        }
    }
    return NULL;
}

void carnet_known_keep(struct carnet_known *known, const struct carnet_digest *digest, struct carnet_reading *reading)
{
    uint16_t *bucket = bucket_of(known, digest);
    size_t size = 0;
    (void)carnet_reading_bytes(reading, &size);
    while (known->count > 0 && (known->count == CARNET_KNOWN_MOST || known->bytes + size > CARNET_KNOWN_BYTES_MOST))
        forget_oldest(known);
    const unsigned place = (known->oldest + known->count++) % CARNET_KNOWN_MOST;
    known->list[place] = (struct entry){*digest, carnet_reading_hold(reading), size, *bucket};
    *bucket = (uint16_t)place;
    known->bytes += size;
}
