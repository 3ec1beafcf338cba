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

/* ---- two histories (L-11) ---- */
/* The refusal of a bundle of that kind. */
enum carnet_err came_back_never_gave(const char *kind, struct carnet_diag *diag);
/* A license whose grant this ledger does not have: did its issuer sign it in the ledger's own epoch? */
bool came_back_contradicts(const struct home *h, const struct carnet_judged *license);
struct came_back_fork {
    const struct ledger_license *license;
    const struct carnet_license *held;
    const struct carnet_digest *machine, *bundle, *release; /* the release may be NULL */
    enum ledger_fork how;
};
/* Records it, and gives no seat of the license until 'recover'. In a transaction. */
CARNET_MUST_USE enum carnet_err came_back_stop(struct home *h, const struct came_back_fork *fork, int64_t now,
                                               struct carnet_diag *diag);

/* ---- activations and clock requests ---- */
/* Finds the license and the grant (D-5, G-5): CARNET_NOT_FOUND where this ledger has none such, CARNET_UNTRUSTED_KEY
 * where another machine key signed, CARNET_FORKED where this ledger never gave the license out. In a transaction. */
CARNET_MUST_USE enum carnet_err came_back_find(struct home *h, const struct carnet_judged *judged,
                                               struct came_back *out, struct carnet_diag *diag);
/* What follows where it found that this ledger never gave the license: that is recorded, in the transaction at hand,
 * which is committed unless it is a dry run. CARNET_FORKED, with its words as they were, or why it could not be
 * recorded. */
CARNET_MUST_USE enum carnet_err came_back_refuse(struct cli *cli, struct home *h, const struct came_back *c,
                                                 const struct carnet_judged *judged, int64_t now);
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
