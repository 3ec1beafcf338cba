/* SPDX-License-Identifier: MIT */
/* A worker: a caged process that looks at batches of files, whose bytes its parent lays into memory that both see. */
#ifndef CARNET_INSPECT_WORKER_H
#define CARNET_INSPECT_WORKER_H

#include <sys/types.h>

#include "inspect/cage.h"
#include "inspect/examine.h"

#define WORKER_BATCH_MOST 16u /* files */
/* The shared memory has two halves, so that the parent fills one while the other is looked at. */
#define WORKER_HALF_SIZE CARNET_ARMOUR_MOST

/* What the worker is told: files that lie in one half. It answers for each, in order. */
struct worker_order {
    size_t count;
    struct {
        size_t at, size; /* from the beginning of the shared memory */
    } files[WORKER_BATCH_MOST];
};

struct worker {
    pid_t pid; /* 0: not running */
    int fd;
    uint8_t *area; /* two halves; the worker itself can't write to it */
    struct cage_walls walls;
};

struct worker_setting {
    const struct examine_terms *terms;
    bool no_cage;
};

/* Starts it, and waits until it is in its cage. `w` is zero-initialised, or one that has ended. */
CARNET_MUST_USE enum carnet_err worker_start(struct worker *w, const struct worker_setting *setting,
                                             struct carnet_diag *diag);
/* False when it is dead. */
bool worker_order(const struct worker *w, const struct worker_order *order);
/* The next answer, and the facts where they are asked for (out->has_facts; else `facts` is left as it is, and may be
 * NULL). False when it is dead, talks nonsense, or has not answered for so long that it is killed. */
bool worker_answer(const struct worker *w, struct examine_found *out, struct inspect_facts *facts);
/* Buries a dead worker, and says what it died of. Its memory stays for the next. */
void worker_bury(struct worker *w, struct carnet_diag *diag);
/* Ends it. */
void worker_stop(struct worker *w);

#endif
