/* SPDX-License-Identifier: MIT */
/* Stage 3 of reading: the digests hold, and the bundle has an id (spec/format.md, sections 4, 6 and 8). */
#ifndef CARNET_BUNDLE_INTACT_H
#define CARNET_BUNDLE_INTACT_H

#include "bundle/kind.h"
#include "bundle/signature.h"

/* A signed bundle whose every entry has its digest. Made by carnet_digests_check alone. */
struct carnet_intact;

/* H-1 (CARNET_MALFORMED) and H-2 (CARNET_ALTERED, naming the entry). `s` is borrowed and must outlive *out. */
CARNET_MUST_USE enum carnet_err carnet_digests_check(const struct carnet_signed *s, struct carnet_intact **out,
                                                     struct carnet_diag *diag);
void carnet_intact_free(struct carnet_intact *i);
const struct carnet_signed *carnet_intact_signed(const struct carnet_intact *i);
const struct carnet_digest *carnet_intact_id(const struct carnet_intact *i); /* I-1 */
/* The SHA-256 of an entry that has a checksum line, by its place in the archive. */
const struct carnet_digest *carnet_intact_digest(const struct carnet_intact *i, size_t place);

/*
 * Kind and major version: CARNET_NEWER_FORMAT (V-1), then CARNET_WRONG_KIND when the kind is not in the set `expected`
 * (CARNET_KIND_BIT, R-4). *out is a row of the table.
 */
CARNET_MUST_USE enum carnet_err carnet_kind_check(const struct carnet_intact *i, unsigned expected,
                                                  const struct carnet_kind **out, struct carnet_diag *diag);

#endif
