/* SPDX-License-Identifier: MIT */
/* The next license of a grant that lives. */
#ifndef CARNET_ADMIN_RENEW_H
#define CARNET_ADMIN_RENEW_H

#include "assign.h"

/*
 * Renews it on the newest revision of the license, filling the item. `a` is the fingerprint that asks for it, with new
 * facts; NULL keeps those that the grant has. `full` gives all that is entitled, whatever was left out before. The same
 * bytes are given again when nothing would differ. Returns only what stops everything.
 */
CARNET_MUST_USE enum carnet_err renew_grant(struct batch *b, struct batch_item *item,
                                            const struct ledger_license *license, const struct ledger_grant *grant,
                                            const struct asking *a, bool full);

#endif
