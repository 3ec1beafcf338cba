/* SPDX-License-Identifier: MIT */
/* What a ledger that was put back learns from one license or receipt that is out. */
#ifndef CARNET_ADMIN_RELEARN_H
#define CARNET_ADMIN_RELEARN_H

#include "home.h"

/* A license or a receipt, and what it rests on. */
struct relearn_found {
    const struct carnet_license *license; /* or NULL */
    const struct carnet_receipt *receipt; /* or NULL */
    const struct carnet_entitlement *entitlement;
    const struct carnet_digest *id; /* of the license or receipt */
    const struct carnet_reading *entitlement_reading, *reading;
};
enum relearn_fate { RELEARN_KNOWN, RELEARN_NEW, RELEARN_NEWER, RELEARN_ENDED, RELEARN_ENDS };
const char *relearn_word(enum relearn_fate fate);

const struct carnet_grant *relearn_grant(const struct relearn_found *f);
const char *relearn_label(const struct relearn_found *f);

/*
 * Brings the ledger to where it knows the license: its entitlement, its grant, its newest serial, its bytes. Where the
 * ledger has another grant on the seat, the one whose license was issued later holds it; an earlier one ends with a
 * receipt, for which the issuer's key is asked for. A receipt ends its grant as it did before; CARNET_NOT_VOUCHED when
 * the ledger does not know the grant (the license comes first). CARNET_UNTRUSTED_KEY when another issuer signed it.
 * What the caps count is counted again, from now on. One transaction; of a dry run, the caller's.
 */
CARNET_MUST_USE enum carnet_err relearn(struct cli *cli, struct home *h, const struct relearn_found *f,
                                        enum relearn_fate *fate);

#endif
