/* SPDX-License-Identifier: MIT */
/* Files given to workers in batches; what is found is told in the order in which they were given. */
#ifndef CARNET_INSPECT_POOL_H
#define CARNET_INSPECT_POOL_H

#include "inspect/worker.h"

#define POOL_JOBS_MOST 64u

/* Told once for each file; `facts` are NULL where there are none. What it returns other than CARNET_OK ends the run. */
typedef enum carnet_err pool_tell_fn(void *context, const char *file, const struct examine_found *found,
                                     const struct inspect_facts *facts);

struct pool;
/* `setting` is borrowed. Workers start when there is work for them. */
CARNET_MUST_USE enum carnet_err pool_new(unsigned jobs, const struct worker_setting *setting, pool_tell_fn *tell,
                                         void *context, struct pool **out);
/* A file's bytes, at most CARNET_ARMOUR_MOST of them; both are copied. Fails where the run can't go on. */
CARNET_MUST_USE enum carnet_err pool_look(struct pool *pool, const char *file, const uint8_t *bytes, size_t size,
                                          struct carnet_diag *diag);
/* A file whose bytes could not be had: it is told in its turn. */
CARNET_MUST_USE enum carnet_err pool_pass(struct pool *pool, const char *file, const struct carnet_diag *why,
                                          struct carnet_diag *diag);
/* Waits for what is still being looked at, and tells it. */
CARNET_MUST_USE enum carnet_err pool_finish(struct pool *pool, struct carnet_diag *diag);
/* The walls around the workers; false before the first has started. */
struct cage_walls pool_walls(const struct pool *pool);
void pool_free(struct pool *pool);

#endif
