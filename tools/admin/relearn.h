/* SPDX-License-Identifier: MIT */
/* What a ledger that was put back learns from one license that is out. */
#ifndef CARNET_ADMIN_RELEARN_H
#define CARNET_ADMIN_RELEARN_H

#include "home.h"

/* A license, and what it came in. */
struct relearn_found {
    const struct carnet_license *license;
    const struct carnet_entitlement *entitlement;
    const struct carnet_digest *id; /* of the license */
    const struct carnet_reading *entitlement_reading, *reading;
};
enum relearn_fate { RELEARN_KNOWN, RELEARN_NEW, RELEARN_NEWER, RELEARN_ENDED };
const char *relearn_word(enum relearn_fate fate);

/*
 * Brings the ledger to where it knows the license: its entitlement, its grant, its newest serial, its bytes. Where the
 * ledger has another grant on the seat, the one whose license was issued later holds it; an earlier one ends with a
 * receipt, for which the issuer's key is asked for. CARNET_UNTRUSTED_KEY when another issuer signed it. One
 * transaction.
 */
CARNET_MUST_USE enum carnet_err relearn(struct cli *cli, struct home *h, const struct relearn_found *f,
                                        enum relearn_fate *fate);

#endif
