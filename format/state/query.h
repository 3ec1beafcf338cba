/* SPDX-License-Identifier: MIT */
/*
 * The question a product asks at every start: is it licensed here? The states that count are consulted, all licenses of
 * the product are held against the machine, the best one decides (spec/format.md, Q-1; spec/state.md). One
 * implementation for carnet-user and for products.
 */
#ifndef CARNET_STATE_QUERY_H
#define CARNET_STATE_QUERY_H

#include "state/drift.h"
#include "state/inbox.h"

/* The states that are consulted: open for reading. */
struct carnet_query;

/*
 * `state` names the one folder to be consulted; NULL stands for $CARNET_STATE, else the caller's own and the machine's
 * (spec/state.md). A state that can't be opened keeps no other from answering; it is told in the answer.
 * CARNET_NO_MEMORY.
 */
CARNET_MUST_USE enum carnet_err carnet_query_open(const char *state, struct carnet_query **out,
                                                  struct carnet_diag *diag);
void carnet_query_free(struct carnet_query *q);
/* The vendors that count: those of the machine's state where it trusts any, so that nobody's own state widens them.
 * Borrowed. */
const struct carnet_anchors *carnet_query_anchors(const struct carnet_query *q);

struct carnet_answer {
    enum carnet_err err;     /* the outcome */
    struct carnet_diag diag; /* why, unless CARNET_OK */
    bool found;              /* a license of the product is here, though it may say no */
    struct carnet_check check;
    const struct carnet_license *license;         /* NULL when it can't be read; borrowed from the query */
    const struct carnet_entitlement *entitlement; /* likewise */
    int64_t drift;              /* since when the machine has drifted (state/drift.h); not told with `brief` */
    struct carnet_diag failure; /* why a state could not be consulted; err is CARNET_OK where all could */
    struct carnet_inbox inbox;  /* what came of the states' inboxes, where they were needed */
    struct carnet_diag floor;   /* why the clock's floor could not be kept; err is CARNET_OK where it was */
};

/* Asks. `ask->product` is required; without a vendor (NULL) no license counts. With `ask->brief` the match
 * of a license that holds may know of some facts alone. Returns the outcome. `out` is valid
 * until the query is freed or asked again. Where no license holds, those that lie in the states' inboxes
 * are installed first. Where one holds, the clock's floors are raised (O-3). */
CARNET_MUST_USE enum carnet_err carnet_query_ask(struct carnet_query *q, const struct carnet_ask *ask, int64_t now,
                                                 struct carnet_answer *out);

#endif
