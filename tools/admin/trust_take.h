/* SPDX-License-Identifier: MIT */
/* The administrator takes a vendor's trust information: from then on it holds for all that is read here. */
#ifndef CARNET_ADMIN_TRUST_TAKE_H
#define CARNET_ADMIN_TRUST_TAKE_H

#include "common/io.h"
#include "home.h"

/* What was read is held against what is known (U-7 to U-9) and kept, in a transaction of its own, undone in a dry run.
 * `pins` is the vendor whose first root becomes an anchor with it, or NULL. *same: it was known. */
CARNET_MUST_USE enum carnet_err trust_take(struct cli *cli, struct home *h, const struct carnet_reading *reading,
                                           const struct carnet_digest *pins, bool *same);
/* Says which version, and what its coming changes here. */
void trust_take_tell(struct cli *cli, const struct home *h, const struct carnet_trust *t, bool same);

#endif
