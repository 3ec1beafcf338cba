/* SPDX-License-Identifier: MIT */
#include "rules/chains.h"

#include <stdlib.h>
#include <string.h>

enum carnet_err carnet_journal_walk(const struct carnet_journal *journal, carnet_event_fn *tell, void *context)
{
    struct carnet_digest link = journal->previous;
    const char *line = journal->lines;
    enum carnet_err err = CARNET_OK;
    for (uint32_t i = 0; i < journal->count && err == CARNET_OK; i++) {
        const size_t size = strcspn(line, "\n");
        struct carnet_event event;
        err = carnet_event_parse(line, size, &event);
        carnet_event_link(&link, line, size, &link);
        if (err == CARNET_OK)
            err = tell(context, &event, &link);
        line += size + (line[size] == '\n');
    }
    return err;
}

/* ---- segments ---- */

static int by_place(const void *a, const void *b)
{
    const struct carnet_segment *x = a, *y = b;
    int order = memcmp(&x->vendor, &y->vendor, sizeof(x->vendor));
    if (order == 0)
        order = memcmp(&x->signer, &y->signer, sizeof(x->signer));
    if (order == 0)
        order = x->first < y->first ? -1 : x->first > y->first;
    return order != 0 ? order : x->last < y->last ? -1 : x->last > y->last;
}

static bool same_chain(const struct carnet_segment *a, const struct carnet_segment *b)
{
    return carnet_digest_equal(&a->vendor, &b->vendor) && carnet_digest_equal(&a->signer, &b->signer);
}

enum carnet_err carnet_chains_take(struct carnet_chains *chains, const struct carnet_segment *segment)
{
    const size_t size = (size_t)(segment->last - segment->first) + 1;
    struct carnet_digest *digests = calloc(size, sizeof(*digests));
    struct carnet_segment *grown = reallocarray(chains->list, chains->count + 1, sizeof(*grown));
    if (grown != NULL)
        chains->list = grown;
    if (grown == NULL || digests == NULL) {
        free(digests);
        return CARNET_NO_MEMORY;
    }
    memcpy(digests, segment->digests, size * sizeof(*digests));
    grown[chains->count] = *segment;
    grown[chains->count++].digests = digests;
    return CARNET_OK;
}

void carnet_chains_order(struct carnet_chains *chains)
{
    if (chains->count > 0)
        qsort(chains->list, chains->count, sizeof(*chains->list), by_place);
}

void carnet_chains_clear(struct carnet_chains *chains)
{
    for (size_t i = 0; i < chains->count; i++)
        free(chains->list[i].digests);
    free(chains->list);
    *chains = (struct carnet_chains){0};
}

/* ---- together ---- */

/* The digest at a position of a segment, or of the event before it. */
static const struct carnet_digest *digest_at(const struct carnet_segment *s, uint32_t position)
{
    return position < s->first ? &s->previous : &s->digests[position - s->first];
}

/* Where they touch or overlap; `a` begins no later than `b`. */
static uint32_t difference(const struct carnet_segment *a, const struct carnet_segment *b)
{
    const uint32_t end = a->last < b->last ? a->last : b->last;
    if (b->first - 1 > a->last)
        return 0;
    for (uint32_t position = b->first - 1; position <= end; position++) {
        if (!carnet_digest_equal(digest_at(a, position), digest_at(b, position)))
            return position > 0 ? position : 1;
    }
    return 0;
}

/* Each is held against the one before it that reaches furthest: that one has every position that the others before have
 * and this one may have, and agrees with them. */
uint32_t carnet_chains_fork(const struct carnet_chains *chains)
{
    const struct carnet_segment *furthest = NULL;
    for (size_t i = 0; i < chains->count; i++) {
        const struct carnet_segment *s = &chains->list[i];
        const bool same = furthest != NULL && same_chain(furthest, s);
        const uint32_t position = same ? difference(furthest, s) : 0;
        if (position > 0)
            return position;
        if (!same || s->last > furthest->last)
            furthest = s;
    }
    return 0;
}

void carnet_chains_gaps(const struct carnet_chains *chains, carnet_gap_fn *tell, void *context)
{
    uint32_t next = 1;
    for (size_t i = 0; i < chains->count; i++) {
        const struct carnet_segment *s = &chains->list[i];
        if (i == 0 || !same_chain(s, &chains->list[i - 1]))
            next = 1;
        if (s->first > next)
            tell(context, &s->signer, next, s->first - 1);
        if (s->last + 1 > next)
            next = s->last + 1;
    }
}

const struct carnet_digest *carnet_chains_find(const struct carnet_chains *chains, const struct carnet_digest *vendor,
                                               const struct carnet_digest *signer, uint32_t position, bool *any)
{
    const struct carnet_segment chain = {.vendor = *vendor, .signer = *signer};
    const struct carnet_digest *found = NULL;
    *any = false;
    for (size_t i = 0; i < chains->count && found == NULL; i++) {
        const struct carnet_segment *s = &chains->list[i];
        if (!same_chain(s, &chain))
            continue;
        *any = true;
        if (position >= s->first && position <= s->last)
            found = &s->digests[position - s->first];
    }
    return found;
}
