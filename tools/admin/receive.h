/* SPDX-License-Identifier: MIT */
/* What comes in and needs no signature of this home: entitlements, and what machines say of their licenses. All in a
 * transaction of the ledger. */
#ifndef CARNET_ADMIN_RECEIVE_H
#define CARNET_ADMIN_RECEIVE_H

#include "came_back.h"

enum receive_fate { RECEIVE_TAKEN, RECEIVE_KNOWN, RECEIVE_OLDER };

/* Is the entitlement for this home? CARNET_UNTRUSTED_KEY with words. */
CARNET_MUST_USE enum carnet_err receive_hold_issuer(struct cli *cli, const struct home *h,
                                                    const struct carnet_entitlement *e);
/* Takes an entitlement: a new license, or a newer revision. `show`: its differences are shown, on standard output. What
 * follows from it is warned of. */
CARNET_MUST_USE enum carnet_err receive_entitlement(struct cli *cli, struct home *h,
                                                    const struct carnet_reading *reading, int64_t now, bool show,
                                                    enum receive_fate *fate);

/* It was activated, or given up. The second is only noted: 'free' ends the grant, and signs. */
struct receive_saying {
    enum carnet_kind_id kind;
    const struct carnet_sequence *sequence;
    const struct carnet_journal_position *journal;
    uint32_t serial;
    const struct carnet_activation *activation; /* NULL for a release */
};
struct receive_saying receive_saying_of(const struct carnet_document *d);
/* Marks the seat, once for each bundle: *known when it was marked before. CARNET_FORKED: see came_back_find. */
CARNET_MUST_USE enum carnet_err receive_saying(struct cli *cli, struct home *h, const struct carnet_judged *judged,
                                               const struct receive_saying *s, int64_t now, struct came_back *c,
                                               bool *known);

#endif
