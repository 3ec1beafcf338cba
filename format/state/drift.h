/* SPDX-License-Identifier: MIT */
/* Since when a machine has been drifting away from a license, so that it is renewed in time (spec/state.md). */
#ifndef CARNET_STATE_DRIFT_H
#define CARNET_STATE_DRIFT_H

#include "state/check.h"

#define CARNET_NO_DRIFT INT64_MIN

/*
 * What the state knows of it: the time at which a fact that counts was first seen to have changed; CARNET_NO_DRIFT
 * where none has. `check` is of that grant, and of all facts of the machine. A first sight is noted, and the note taken
 * away when all facts are the same again; where the state can't be written, or its lock is held, that is left to the
 * next one who looks, and the time is `now`. A note that is damaged counts as none.
 */
int64_t carnet_drift_since(const struct carnet_state *state, const struct carnet_digest *vendor,
                           const struct carnet_grant_name *grant, const struct carnet_check *check, int64_t now);

#endif
