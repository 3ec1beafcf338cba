/* SPDX-License-Identifier: MIT */
/* The key that follows another: made, or found again where an earlier command was cut off. */
#ifndef CARNET_ADMIN_KEY_NEXT_H
#define CARNET_ADMIN_KEY_NEXT_H

#include "home.h"

/*
 * A key that follows the home's active one of that role, which home_signer has opened: sealed as that one is, its file
 * in the home, durable. *key is freed by the caller, and *out not in the ledger yet. Where a key file of that role is
 * in the home that the ledger does not know, it is taken: an earlier command made it and did not come to record it, or
 * the ledger is an older copy, and then it may have been announced. `wanted`, or NULL: the id that was announced; no
 * other key may follow then. CARNET_CONFIGURATION where it is missing, or several are there.
 */
CARNET_MUST_USE enum carnet_err key_next_make(struct cli *cli, struct home *h, enum carnet_role role,
                                              const struct carnet_digest *wanted, struct ledger_key *out,
                                              struct carnet_key **key);

/* Is there a key file of that role and id in the home that its ledger does not know? Nothing is opened. */
CARNET_MUST_USE enum carnet_err key_next_find(struct cli *cli, const struct home *h, enum carnet_role role,
                                              const struct carnet_digest *id, bool *found, struct ledger_key *out);

#endif
