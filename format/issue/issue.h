/* SPDX-License-Identifier: MIT */
/* libcarnet-issue: composes and signs what root and issuer sign. Linked by carnet-admin alone. */
#ifndef CARNET_ISSUE_ISSUE_H
#define CARNET_ISSUE_ISSUE_H

#include "bundle/seal.h"
#include "document/document.h"

/* Append the XML of the struct to out. On failure out is unchanged. */
CARNET_MUST_USE enum carnet_err carnet_issue_compose_entitlement(const struct carnet_entitlement *e,
                                                                 struct carnet_buffer *out);
CARNET_MUST_USE enum carnet_err carnet_issue_compose_license(const struct carnet_license *l, struct carnet_buffer *out);
CARNET_MUST_USE enum carnet_err carnet_issue_compose_receipt(const struct carnet_receipt *r, struct carnet_buffer *out);
/* Holds W-1 to W-7 as well: a segment whose links do not hold is no journal (CARNET_BUG). */
CARNET_MUST_USE enum carnet_err carnet_issue_compose_journal(const struct carnet_journal *j, struct carnet_buffer *out);
CARNET_MUST_USE enum carnet_err carnet_issue_compose_clock(const struct carnet_clock *c, struct carnet_buffer *out);
CARNET_MUST_USE enum carnet_err carnet_issue_compose_keyrequest(const struct carnet_keyrequest *k,
                                                                struct carnet_buffer *out);
CARNET_MUST_USE enum carnet_err carnet_issue_compose_trust(const struct carnet_trust *t, struct carnet_buffer *out);

/* Appends the signed bundle of a root's or issuer's kind to out, and gives its id. The key's role must be the kind's
 * (CARNET_BUG). */
CARNET_MUST_USE enum carnet_err carnet_issue_seal(const struct carnet_key *key, enum carnet_kind_id kind,
                                                  const uint8_t *document, size_t size,
                                                  const struct carnet_embed *embed, struct carnet_buffer *out,
                                                  struct carnet_digest *id, struct carnet_diag *diag);
/* The same for the kind trust, with its links, in any order (U-2). */
CARNET_MUST_USE enum carnet_err carnet_issue_seal_trust(const struct carnet_key *key, const uint8_t *document,
                                                        size_t size, const struct carnet_embed *links, size_t count,
                                                        struct carnet_buffer *out, struct carnet_digest *id,
                                                        struct carnet_diag *diag);

#endif
