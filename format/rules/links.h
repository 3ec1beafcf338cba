/* SPDX-License-Identifier: MIT */
/* The chain of a vendor's roots: links from each to the next, and what trust information says of them (spec/format.md,
 * section 10.1). */
#ifndef CARNET_RULES_LINKS_H
#define CARNET_RULES_LINKS_H

#include "rules/judge.h"

/*
 * The roots that links lead to, from a vendor's first one on. Zero-initialised is empty. `anchors` is what to read with
 * then: the ones it was begun from, each vendor's first root, and the roots that were reached.
 */
struct carnet_links {
    struct carnet_anchor *list;
    struct carnet_anchors anchors;
    struct carnet_digest roots[CARNET_ROOTS_MOST + 1]; /* roots[0] is the vendor id, once a link was taken */
    size_t count;                                      /* of roots; 0 before the first link */
};

CARNET_MUST_USE enum carnet_err carnet_links_begin(const struct carnet_anchors *anchors, struct carnet_links *out,
                                                   struct carnet_diag *diag);
void carnet_links_clear(struct carnet_links *l);
/* Is this the signer of the next link? */
bool carnet_links_awaits(const struct carnet_links *l, const struct carnet_digest *signer);
/* Takes a link that was judged (U-3, U-4). */
CARNET_MUST_USE enum carnet_err carnet_links_take(struct carnet_links *l, const struct carnet_judged *link,
                                                  struct carnet_diag *diag);
/* Of the links that are left over, signed by `signer`: CARNET_FORKED where a link of that root was taken, else
 * CARNET_NOT_VOUCHED, naming the one that is missing (U-2, U-9). */
enum carnet_err carnet_links_gap(const struct carnet_links *l, const struct carnet_digest *signer,
                                 struct carnet_diag *diag);
/* The refusal of a signer that the links do not lead to, in place of T-2's words where there were links. */
enum carnet_err carnet_links_stranger(const struct carnet_links *l, const struct carnet_digest *signer,
                                      struct carnet_diag *diag);
/* Do the links that were taken lead to what the document says? (U-2, U-3) */
CARNET_MUST_USE enum carnet_err carnet_links_hold(const struct carnet_links *l, const struct carnet_judged *judged,
                                                  struct carnet_diag *diag);

/*
 * May this trust information take the place of `known` (NULL for none)? U-7 to U-9: CARNET_NOT_VOUCHED for a link
 * alone, CARNET_TRUST_EXPIRED, CARNET_FORKED, CARNET_ROLLED_BACK. `pinned` is the root that a person pinned for this
 * vendor. *same: it is the one that is known.
 */
CARNET_MUST_USE enum carnet_err carnet_trust_accept(const struct carnet_trust *known,
                                                    const struct carnet_digest *known_id,
                                                    const struct carnet_judged *given, int64_t now, bool *same,
                                                    struct carnet_diag *diag);

#endif
