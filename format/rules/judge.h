/* SPDX-License-Identifier: MIT */
/* Stage 6 of reading: does the document say no more than what it rests on allows? (spec/format.md, section 11) */
#ifndef CARNET_RULES_JUDGE_H
#define CARNET_RULES_JUDGE_H

#include "document/document.h"
#include "rules/trust.h"

/* A document that a reader may act on. Made by carnet_judge alone. */
struct carnet_judged;

/* T-5 for the keys that the document names, T-6, J-1 to J-13 and W-8. `anchors` may be NULL. `d` is borrowed and must
 * outlive *out. CARNET_WRONG_VENDOR, CARNET_BEYOND_ENTITLEMENT, CARNET_MALFORMED. */
CARNET_MUST_USE enum carnet_err carnet_judge(const struct carnet_document *d, const struct carnet_anchors *anchors,
                                             struct carnet_judged **out, struct carnet_diag *diag);
void carnet_judged_free(struct carnet_judged *j);
const struct carnet_document *carnet_judged_document(const struct carnet_judged *j);
const struct carnet_intact *carnet_judged_intact(const struct carnet_judged *j);
const struct carnet_digest *carnet_judged_id(const struct carnet_judged *j);     /* the bundle's id */
const struct carnet_digest *carnet_judged_signer(const struct carnet_judged *j); /* the signer's key id */
/* What it rests on, or NULL. A release's is its license, whose own is the entitlement. */
const struct carnet_judged *carnet_judged_embedded(const struct carnet_judged *j);
/* The innermost entitlement, or NULL for a fingerprint. */
const struct carnet_entitlement *carnet_judged_entitlement(const struct carnet_judged *j);

/* The rules alone, for who issues: would this license be within that entitlement (J-2 to J-10)? */
CARNET_MUST_USE enum carnet_err carnet_judge_license(const struct carnet_license *l, const struct carnet_entitlement *e,
                                                     struct carnet_diag *diag);

#endif
