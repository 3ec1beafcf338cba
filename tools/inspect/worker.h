/* SPDX-License-Identifier: MIT */
/* A worker: a caged process that looks at batches of files, whose bytes its parent lays into memory that both see. */
#ifndef CARNET_INSPECT_WORKER_H
#define CARNET_INSPECT_WORKER_H

#include <stdatomic.h>
#include <sys/types.h>

#include "inspect/cage.h"
#include "inspect/examine.h"

#define WORKER_BATCH_MOST 16u /* files */
/* What is shared has two halves, so that the parent fills one while the other is looked at. */
#define WORKER_HALVES 2u
#define WORKER_HALF_SIZE CARNET_ARMOUR_MOST

/* What the worker is told: files that lie in one half. It answers for each, in order. */
struct worker_order {
    size_t half, count;
    struct {
        size_t place;    /* of its answer, below WORKER_BATCH_MOST */
        size_t at, size; /* from the beginning of the half */
    } files[WORKER_BATCH_MOST];
};

/* What the worker found in the files of a half. It writes here whatever it likes, so that what is read is copied first
 * and tamed then; an answer is read once `given` says that it is there. */
struct worker_answers {
    atomic_uchar given[WORKER_BATCH_MOST];
    struct examine_found found[WORKER_BATCH_MOST];
    struct inspect_facts facts[WORKER_BATCH_MOST]; /* memory only as far as it is written to */
};

struct worker {
    pid_t pid; /* 0: not running */
    int fd;
    bool silent;                    /* stopped, because it had not answered for so long */
    uint8_t *area;                  /* two halves of files; the worker itself can't write to it */
    struct worker_answers *answers; /* one for each half */
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
/* The answer for a file, and the facts where they are asked for (out->has_facts; else `facts` is left as it is, and may
 * be NULL). False when it is dead, talks nonsense, or has not answered for so long that it is stopped. */
bool worker_answer(struct worker *w, size_t half, size_t place, struct examine_found *out, struct inspect_facts *facts);
/* Buries such a worker, and says what it died of. Its memory stays for the next. True when it was the clock, or
 * somebody else, that ended it: a machine that stands still for a while does that, too, so it says little about the
 * file. */
bool worker_bury(struct worker *w, struct carnet_diag *diag);
/* Ends it. */
void worker_stop(struct worker *w);

#endif
