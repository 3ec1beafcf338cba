/* SPDX-License-Identifier: MIT */
/* Lost machines: the vendor's caps, and the seats that wait for a lost lease to run out. */
#ifndef CARNET_ADMIN_HOLDS_H
#define CARNET_ADMIN_HOLDS_H

#include "batch.h"

/* One more loss, or one more transfer, within a year: item->err is CARNET_CAP_REACHED when the entitlement does not
 * allow it. `why` begins the sentence and says why it counts as one. Returns only what stops everything. */
CARNET_MUST_USE enum carnet_err caps_hold_loss(struct batch *b, struct batch_item *item,
                                               const struct ledger_license *license, const struct carnet_entitlement *e,
                                               const char *why);
CARNET_MUST_USE enum carnet_err caps_hold_transfer(struct batch *b, struct batch_item *item,
                                                   const struct ledger_license *license,
                                                   const struct carnet_entitlement *e, const char *why);

/* Ends the holds of a license whose time has passed, each with its event. In a transaction. */
CARNET_MUST_USE enum carnet_err holds_lapse(struct home *h, const struct ledger_license *license, int64_t now,
                                            struct carnet_diag *diag);
/* The lowest free seat, after the holds that are over have ended. item->err is CARNET_HELD, with the date, when seats
 * are held and none is free, else CARNET_NO_SEAT. Returns only what stops everything. */
CARNET_MUST_USE enum carnet_err holds_find_seat(struct batch *b, struct batch_item *item,
                                                const struct ledger_license *license, uint32_t *seat);
/* Why nothing can be done with a seat that no machine has: item->err is CARNET_HELD, with the date, or
 * CARNET_NOT_FOUND. Returns only what stops everything. */
CARNET_MUST_USE enum carnet_err holds_refuse_seat(struct batch *b, struct batch_item *item,
                                                  const struct ledger_license *license, uint32_t seat);
/* When the seat of a machine that is lost comes free: LEDGER_LIVES where the entitlement lets it at once, or every
 * license that the grant had has run out. */
CARNET_MUST_USE enum carnet_err holds_after_loss(struct home *h, const struct ledger_grant *g,
                                                 const struct carnet_entitlement *e, int64_t now, int64_t *until,
                                                 struct carnet_diag *diag);
/* "until 2027-01-31T10:00:00Z", or "for good: the lost license never runs out". */
#define HOLDS_WORDS_SIZE 64
void holds_words(int64_t until, char out[HOLDS_WORDS_SIZE]);

#endif
