/* SPDX-License-Identifier: MIT */
/* The vendor's next trust information: what was said last, what comes to it, signed, kept, and written. */
#ifndef CARNET_ADMIN_PUBLISHING_H
#define CARNET_ADMIN_PUBLISHING_H

#include "common/io.h"
#include "home.h"

#define PUBLISHING_DAYS 365 /* it is taken so long, unless --expires or the one before says longer */

/* Zero-initialised is empty. */
struct publishing {
    struct carnet_trust t;
    struct carnet_trust_lists *lists;
    const struct home_trust *before; /* what was published last, or NULL */
    size_t news;                     /* what is revoked now and was not before */
    int64_t expires;                 /* as it is without --expires */
    struct carnet_buffer link;       /* to the next root, where it is announced now */
    struct carnet_digest link_id;
    bool again; /* the one before is given out once more */
    struct carnet_digest id;
    struct carnet_buffer bytes;
};

/* By their bytes (U-5). */
int publishing_order(const struct carnet_digest *a, const struct carnet_digest *b);
/* CARNET_CAP_REACHED. */
enum carnet_err publishing_too_many(struct cli *cli, const char *what);
/* What was said last, with the next number. CARNET_LEDGER_DAMAGED where the ledger lost it, CARNET_RECOVER_FIRST where
 * it may have: it was put back from a copy (L-13). */
CARNET_MUST_USE enum carnet_err publishing_begin(struct cli *cli, struct home *h, struct publishing *p);
void publishing_end(struct publishing *p);
/* Revokes a key; one that is revoked stays so. */
CARNET_MUST_USE enum carnet_err publishing_revoke_key(struct cli *cli, struct publishing *p,
                                                      const struct carnet_digest *key);
/* What stays valid of a key, said once and never anew (CARNET_REVISION_CONFLICT). */
CARNET_MUST_USE enum carnet_err publishing_keep(struct cli *cli, struct publishing *p, const struct carnet_digest *key,
                                                const struct carnet_digest *ids, size_t count);
/* `key`, the present root, says which root follows it. */
CARNET_MUST_USE enum carnet_err publishing_announce(struct cli *cli, const struct home *h, const struct carnet_key *key,
                                                    const struct carnet_digest *next, struct publishing *p);
/* The next root is the present one from this version on. */
void publishing_succeed(struct publishing *p);
/* Signs it with the root of its generation, reads it again as everyone will, and records it. In a transaction. */
CARNET_MUST_USE enum carnet_err publishing_sign(struct home *h, const struct carnet_key *key, struct publishing *p,
                                                int64_t now, struct carnet_diag *diag);
/* The one that was published last is given out once more. */
void publishing_again(struct publishing *p);
/* Was the one that was published last perhaps never written? */
bool publishing_waits(const struct publishing *p);
/* Writes it where OUT says, and notes that. */
CARNET_MUST_USE enum carnet_err publishing_write(struct cli *cli, struct home *h, const struct publishing *p);
void publishing_say(struct cli *cli, const struct publishing *p);

#endif
