/* SPDX-License-Identifier: MIT */
/* Which grants a fingerprint asks to renew. */
#ifndef CARNET_USER_RENEWALS_H
#define CARNET_USER_RENEWALS_H

#include "common/cli.h"
#include "state/state.h"

/*
 * Names in `f` (vendor and user are in it) the grants of this machine's key and user that live here, those of --product
 * alone where it is given, and leaves the user out where no license is fixed to one and none was asked for. Without
 * --renew nothing. CARNET_NO_LICENSE when there is none.
 */
CARNET_MUST_USE enum carnet_err renewals_choose(struct cli *cli, const struct carnet_state *state,
                                                struct carnet_fingerprint *f);

#endif
