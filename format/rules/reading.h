/* SPDX-License-Identifier: MIT */
/* The one sequencer: takes bytes through all stages in the order of spec/format.md, R-1, innermost bundle first. */
#ifndef CARNET_RULES_READING_H
#define CARNET_RULES_READING_H

#include "bundle/armour.h"
#include "rules/judge.h"
#include "rules/known.h"

#define CARNET_EMBEDDING_DEPTH 3u /* */

/* The stages, in order. */
#define CARNET_STAGES(X) \
    X(FORMAT, "format") \
    X(SIGNATURE, "signature") \
    X(KIND, "kind") \
    X(TRUST, "trust") \
    X(DOCUMENT, "document") \
    X(ENTITLEMENT, "entitlement")
enum carnet_stage {
#define CARNET_STAGE_ENUM(symbol, name) CARNET_STAGE_##symbol,
    CARNET_STAGES(CARNET_STAGE_ENUM)
#undef CARNET_STAGE_ENUM
        CARNET_STAGE_COUNT /* all held */
};
const char *carnet_stage_name(enum carnet_stage stage);

struct carnet_read_options {
    const struct carnet_anchors *anchors; /* NULL trusts nobody */
    unsigned expected;                    /* set of kinds, 0 for any */
    struct carnet_gated_keys *keys;       /* NULL for none */
    /* The SHA-256 of a bundle's whole bytes that were read once before under the same schema (carnet_document_schema):
     * where the input is that bundle, the schema is not held again. NULL for none. */
    const struct carnet_digest *validated;
    struct carnet_known *known; /* embedded bundles that held before, by these anchors; NULL for none */
};

/* One file read as far as it holds: every stage's result, and where it stopped. */
struct carnet_reading;

/*
 * Reads a bundle or armour (the text is decoded first). `bytes` is borrowed and must outlive *out. Returns the outcome;
 * *out is made in every case but CARNET_NO_MEMORY and CARNET_CONFIGURATION, so that what did hold can be shown. diag as
 * everywhere; embedded bundles are named in `entry`.
 */
CARNET_MUST_USE enum carnet_err carnet_reading_open(const uint8_t *bytes, size_t size,
                                                    const struct carnet_read_options *options,
                                                    struct carnet_reading **out, struct carnet_diag *diag);
/* Holds it once more: each hold needs a carnet_reading_free of its own. Not for several threads. Returns r. */
struct carnet_reading *carnet_reading_hold(struct carnet_reading *r);
void carnet_reading_free(struct carnet_reading *r);

/* The first stage that failed, or CARNET_STAGE_COUNT. */
enum carnet_stage carnet_reading_failed_stage(const struct carnet_reading *r);
/* What each stage made; NULL from the failed one on. */
const struct carnet_unpacked *carnet_reading_unpacked(const struct carnet_reading *r);
const struct carnet_signed *carnet_reading_signed(const struct carnet_reading *r);
const struct carnet_intact *carnet_reading_intact(const struct carnet_reading *r);
const struct carnet_kind *carnet_reading_kind(const struct carnet_reading *r);
const struct carnet_document *carnet_reading_document(const struct carnet_reading *r);
const struct carnet_judged *carnet_reading_judged(const struct carnet_reading *r);
/* The bundle's own bytes: the input, or what the armour held. */
const uint8_t *carnet_reading_bytes(const struct carnet_reading *r, size_t *size);
/* What armour said beside; NULL when the input was a bundle. */
const struct carnet_armour_notes *carnet_reading_armour(const struct carnet_reading *r);
/* The reading of what it embeds (also when that failed), or NULL. */
const struct carnet_reading *carnet_reading_embedded(const struct carnet_reading *r);

#endif
