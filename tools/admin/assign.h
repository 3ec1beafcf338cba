/* SPDX-License-Identifier: MIT */
/* One seat for one fingerprint. */
#ifndef CARNET_ADMIN_ASSIGN_H
#define CARNET_ADMIN_ASSIGN_H

#include "batch.h"

/* The fingerprint that asks. */
struct asking {
    const struct batch_source *source;
    const struct carnet_fingerprint *fingerprint;
    struct carnet_digest id, machine_key;
};

/* Gives it a seat of that license, adding the item that says what came of it. With --replace, the seat of another
 * grant, which ends. Returns only what stops everything. */
CARNET_MUST_USE enum carnet_err assign_seat(struct batch *b, const struct asking *a,
                                            const struct ledger_license *license);

#endif
