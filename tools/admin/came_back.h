/* SPDX-License-Identifier: MIT */
/* What a machine sent that rests on a license which this ledger gave out. */
#ifndef CARNET_ADMIN_CAME_BACK_H
#define CARNET_ADMIN_CAME_BACK_H

#include "common/io.h"
#include "home.h"

struct came_back {
    struct carnet_digest id, signer;   /* of the bundle */
    const struct carnet_license *held; /* the license that it embeds */
    struct ledger_license license;
    struct ledger_grant grant;
};

/* Finds the license and the grant (D-5, G-5): CARNET_NOT_FOUND where this ledger has none such, CARNET_UNTRUSTED_KEY
 * where another machine key signed, CARNET_FORKED where this ledger never gave the license out. In a transaction. */
CARNET_MUST_USE enum carnet_err came_back_find(struct home *h, const struct carnet_judged *judged,
                                               struct came_back *out, struct carnet_diag *diag);
/*
 * Remembers the bundle; *known when it was here before, and then nothing else is done. Tells, and puts into the journal
 * (`forked`), where two bundles of one machine key have one number (`clone`), or the machine has seen a position that
 * the journal lacks (`ledger`). In a transaction.
 */
CARNET_MUST_USE enum carnet_err came_back_remember(struct cli *cli, struct home *h, const struct came_back *c,
                                                   enum carnet_kind_id kind, const struct carnet_sequence *sequence,
                                                   const struct carnet_journal_position *seen, int64_t now,
                                                   bool *known);

#endif
