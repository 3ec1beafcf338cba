/* SPDX-License-Identifier: MIT */
/*
 * Embedded bundles that held, remembered through a run: thousands of licenses rest on one entitlement, which is then
 * read, verified and judged once. The key is the SHA-256 of a bundle's whole bytes and never its id: bundles of one id
 * may have different signatures, one genuine and one forged.
 */
#ifndef CARNET_RULES_KNOWN_H
#define CARNET_RULES_KNOWN_H

#include "core/digest.h"
#include "core/error.h"

#define CARNET_KNOWN_MOST 1024u /* so many are remembered; a new one takes the oldest one's place */
#define CARNET_KNOWN_BUNDLE_MOST ((size_t)64 * 1024) /* larger ones are not */
/* All their bytes; what was read of each takes some 12 KiB more. */
#define CARNET_KNOWN_BYTES_MOST ((size_t)8 * 1024 * 1024)

struct carnet_reading;

/* Only bundles that passed all stages are in it. It belongs to one set of trusted roots and to one thread; readings
 * that use it may outlive it. */
struct carnet_known;

CARNET_MUST_USE enum carnet_err carnet_known_new(struct carnet_known **out);
void carnet_known_free(struct carnet_known *known);
/* How many readings were spared. */
unsigned long carnet_known_hits(const struct carnet_known *known);

/* For the sequencer (rules/reading.c): what is remembered under that digest, borrowed; NULL for nothing. */
struct carnet_reading *carnet_known_find(struct carnet_known *known, const struct carnet_digest *digest);
/* Remembers it, holding it. */
void carnet_known_keep(struct carnet_known *known, const struct carnet_digest *digest, struct carnet_reading *reading);

#endif
