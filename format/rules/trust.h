/* SPDX-License-Identifier: MIT */
/* Stage 4 of reading: is this signer trusted for this kind? (spec/format.md, section 10) */
#ifndef CARNET_RULES_TRUST_H
#define CARNET_RULES_TRUST_H

#include "bundle/intact.h"

struct carnet_judged; /* rules/judge.h */
struct carnet_trust;  /* document/document.h */

/* A vendor's root key that a person told us to trust. */
struct carnet_anchor {
    struct carnet_digest vendor; /* vendor id */
    struct carnet_digest root;   /* id of a root key; equal to the vendor id until a rotation */
};
/* A key whose role is known from elsewhere (T-5). */
struct carnet_known_key {
    struct carnet_digest id;
    enum carnet_role role;
};
/* What a reader trusts. Borrowed arrays; zero-initialised trusts nobody. */
struct carnet_anchors {
    const struct carnet_anchor *list;
    size_t count;
    const struct carnet_known_key *known;
    size_t known_count;
    /* The newest trust information of each vendor of whom there is some (section 10.1). */
    const struct carnet_trust *const *trust;
    size_t trust_count;
};

/* An intact bundle of a known kind whose signer is trusted for it, or self-asserted. Made by carnet_trust_decide alone.
 */
struct carnet_trusted;

/*
 * T-2 to T-5. `embedded` is what the kind demands, judged already, or NULL. All borrowed; must outlive *out.
 * CARNET_UNTRUSTED_KEY, its words telling apart a stranger's key, a key of the wrong role, and no anchor at all.
 */
CARNET_MUST_USE enum carnet_err carnet_trust_decide(const struct carnet_intact *intact, const struct carnet_kind *kind,
                                                    const struct carnet_anchors *anchors,
                                                    const struct carnet_judged *embedded, struct carnet_trusted **out,
                                                    struct carnet_diag *diag);
/* T-5 for one key that is used as `role`: CARNET_UNTRUSTED_KEY when an anchor or a known key has it in another.
 * `anchors` may be NULL. */
CARNET_MUST_USE enum carnet_err carnet_trust_one_role(const struct carnet_digest *key, enum carnet_role role,
                                                      const struct carnet_anchors *anchors, struct carnet_diag *diag);
/* The trust information of that vendor, or NULL. `anchors` may be NULL. */
const struct carnet_trust *carnet_trust_of(const struct carnet_anchors *anchors, const struct carnet_digest *vendor);
void carnet_trusted_free(struct carnet_trusted *t);
const struct carnet_intact *carnet_trusted_intact(const struct carnet_trusted *t);
const struct carnet_kind *carnet_trusted_kind(const struct carnet_trusted *t);
const struct carnet_judged *carnet_trusted_embedded(const struct carnet_trusted *t);
/* The vendor whose anchor the chain ends at; NULL for a self-asserted kind. */
const struct carnet_digest *carnet_trusted_vendor(const struct carnet_trusted *t);

#endif
