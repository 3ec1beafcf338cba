/* SPDX-License-Identifier: MIT */
/* Segments of journals put together: which events are known, and whether they tell one history (W-9). */
#ifndef CARNET_RULES_CHAINS_H
#define CARNET_RULES_CHAINS_H

#include <stdbool.h>
#include <stddef.h>

#include "document/document.h"
#include "document/event.h"

/* Told the events of a segment in order, each with the digest that links it. What it returns other than CARNET_OK ends
 * the walk and is its result. */
typedef enum carnet_err carnet_event_fn(void *context, const struct carnet_event *event,
                                        const struct carnet_digest *link);
/* `journal` was read with its checks (W-2 to W-7). CARNET_MALFORMED where a line is none. */
CARNET_MUST_USE enum carnet_err carnet_journal_walk(const struct carnet_journal *journal, carnet_event_fn *tell,
                                                    void *context);

/* Part of one issuer's chain. */
struct carnet_segment {
    struct carnet_digest vendor, signer;
    struct carnet_digest previous; /* of the event before the first */
    uint32_t first, last;
    struct carnet_digest *digests; /* of each event */
};

/* Zero-initialised is empty. The list is by vendor, signer and place, once it is in order. */
struct carnet_chains {
    struct carnet_segment *list;
    size_t count;
};
/* Copies it with its digests; `first` is at least 1. CARNET_NO_MEMORY. */
CARNET_MUST_USE enum carnet_err carnet_chains_take(struct carnet_chains *chains, const struct carnet_segment *segment);
/* After the last one, and before what follows. */
void carnet_chains_order(struct carnet_chains *chains);
void carnet_chains_clear(struct carnet_chains *chains);

/* A position at which two segments of a chain differ, or 0. */
uint32_t carnet_chains_fork(const struct carnet_chains *chains);
/* Tells the events between the segments of each chain, and before its first. */
typedef void carnet_gap_fn(void *context, const struct carnet_digest *signer, uint32_t first, uint32_t last);
void carnet_chains_gaps(const struct carnet_chains *chains, carnet_gap_fn *tell, void *context);
/* The digest at that position of an issuer's chain, or NULL where no segment has it. *any: is there a segment of his?
 */
const struct carnet_digest *carnet_chains_find(const struct carnet_chains *chains, const struct carnet_digest *vendor,
                                               const struct carnet_digest *signer, uint32_t position, bool *any);

#endif
