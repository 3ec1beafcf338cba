/* SPDX-License-Identifier: MIT */
/* What is wrong with the state itself: where it lies, who may read it, what is damaged (spec/state.md). */
#ifndef CARNET_STATE_HEALTH_H
#define CARNET_STATE_HEALTH_H

#include "state/state.h"

/* Told once for each trouble: `err` is CARNET_OK for a warning; the diagnosis says what, where, and what to do. */
typedef void carnet_trouble_fn(void *context, enum carnet_err err, const struct carnet_diag *diag);

/* Looks at a state that could be opened. Reads everything, and changes nothing. CARNET_NO_MEMORY. */
CARNET_MUST_USE enum carnet_err carnet_state_health(const struct carnet_state *state, carnet_trouble_fn *tell,
                                                    void *context, struct carnet_diag *diag);
/* The name of a file system that forgets ("tmpfs"), by the magic number of statfs(2); NULL for others. */
const char *carnet_state_forgetful(unsigned long magic);

#endif
