/* SPDX-License-Identifier: MIT */
/* A machine's clock request, and the clock that answers it (spec/format.md, D-5). */
#ifndef CARNET_ADMIN_ANSWER_H
#define CARNET_ADMIN_ANSWER_H

#include "came_back.h"

/* Zero-initialised; bytes are cleared by the caller. */
struct answering {
    struct came_back came;
    const struct carnet_clockrequest *request;
    struct carnet_digest id; /* of the answer */
    struct carnet_buffer bytes;
    int64_t now;
    bool again; /* it was answered before, by those bytes */
};

/* Judges the request, and finds its answer where it has one. Sets a->again. CARNET_FORKED: see came_back_find. In a
 * transaction. */
CARNET_MUST_USE enum carnet_err answer_look(struct home *h, const struct carnet_judged *judged, struct answering *a,
                                            struct carnet_diag *diag);
/* Answers it; `key` NULL leaves the answer itself out (a plan). In the same transaction. */
CARNET_MUST_USE enum carnet_err answer_make(struct cli *cli, struct home *h, const struct carnet_key *key,
                                            struct answering *a);

#endif
