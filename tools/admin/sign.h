/* SPDX-License-Identifier: MIT */
/* Documents become bundles here, and no bundle leaves that would not be let in. */
#ifndef CARNET_ADMIN_SIGN_H
#define CARNET_ADMIN_SIGN_H

#include "home.h"
#include "issue/issue.h"

/* Seals the document and takes the new bundle through the whole walk in, with the home's anchors. Appends to out. */
CARNET_MUST_USE enum carnet_err sign_bundle(const struct home *h, const struct carnet_key *key,
                                            enum carnet_kind_id kind, const struct carnet_buffer *document,
                                            const struct carnet_embed *embed, struct carnet_buffer *out,
                                            struct carnet_digest *id, struct carnet_diag *diag);
/* Signs a license or receipt of a grant and puts it into the outbox; then the journal says which bundle it was. In a
 * transaction of the ledger. */
struct sign_grant {
    const struct ledger_license *license;
    const struct ledger_grant *grant;
    const struct carnet_buffer *document;
    const struct carnet_embed *entitlement;
    enum carnet_kind_id kind;
    int64_t now;
};
CARNET_MUST_USE enum carnet_err sign_for_grant(struct home *h, const struct sign_grant *s, struct carnet_digest *id,
                                               struct carnet_diag *diag);
/* The entitlement to embed in what is signed for that license now: the one preferred, unless it names an issuer key
 * from before; then the license's newest. */
CARNET_MUST_USE enum carnet_err sign_vouching(struct home *h, const struct ledger_license *license,
                                              const struct carnet_digest *preferred,
                                              const struct carnet_entitlement **e, struct carnet_embed *embed,
                                              struct carnet_diag *diag);
/* Ends a grant: the journal's event, the ledger, and the receipt in the outbox. In a transaction. */
struct sign_ending {
    const char *what; /* the event */
    const struct ledger_license *license;
    const struct ledger_grant *grant;
    enum carnet_end how;
    const struct carnet_digest *release; /* what freed it, else NULL */
    const char *reason;                  /* for the machine, "" for none */
    const char *name;                    /* who declared it, and why; else NULL */
    int64_t until;                       /* the seat is held until then (LEDGER_LIVES: not at all) */
    int64_t now;
};
/* `key` NULL leaves the receipt out (a dry run). */
CARNET_MUST_USE enum carnet_err sign_end(struct home *h, const struct carnet_key *key, const struct sign_ending *ending,
                                         struct carnet_diag *diag);

#endif
