/* SPDX-License-Identifier: MIT */
/* One file's bytes judged, and what is found handed back as plain data: it crosses from a caged process to its parent.
 */
#ifndef CARNET_INSPECT_EXAMINE_H
#define CARNET_INSPECT_EXAMINE_H

#include "inspect/facts.h"
#include "inspect/journal.h"
#include "rules/reading.h"
#include "state/check.h"

#define EXAMINE_SUMMARY_SIZE FACTS_SUMMARY_SIZE

/* What is asked of each file. Made before workers start; they only read it. */
struct examine_terms {
    const struct carnet_anchors *anchors;
    const struct inspect_journal *journal; /* what the licenses and receipts have to be in; NULL for none */
    unsigned expected;                     /* set of kinds, 0 for any */
    int64_t at;
    bool machine;                                   /* is it for this machine? */
    bool subjects;                                  /* tell what each is about, verified or not */
    bool facts;                                     /* tell what each says, and what it rests on */
    const struct carnet_surroundings *surroundings; /* one for each anchor; NULL without `machine` */
};

/* What was found. Outcomes that were not asked for, or not come to, are CARNET_OUTCOME_COUNT. */
struct examine_found {
    enum carnet_err err; /* the first that failed */
    enum carnet_stage stage;
    enum carnet_err machine, user, time;
    /* 0 or 1; no bool, since any byte may come out of a cage. looked: there were bytes to be read. */
    unsigned char looked, judged, self_asserted, has_id, has_signer, has_subject, has_facts;
    char kind[CARNET_KIND_NAME_MOST + 1]; /* "" when it was not found out */
    struct carnet_digest id, signer;
    struct carnet_digest subject; /* of kind, vendor and license, grant or key: what it is about */
    uint64_t order;               /* which of several about one thing is the newest: the highest */
    struct carnet_diag diag;
    char summary[EXAMINE_SUMMARY_SIZE]; /* in few words, escaped; "" unless judged */
};

/* What is reused from file to file. */
struct examiner;
CARNET_MUST_USE enum carnet_err examiner_new(const struct examine_terms *terms, struct examiner **out);
void examiner_free(struct examiner *examiner);
/* Never fails: what went wrong is what is found. */
void examiner_look(struct examiner *examiner, const uint8_t *bytes, size_t size, struct examine_found *out);
/* What the file that was looked at last says; where found.has_facts. */
const struct inspect_facts *examiner_facts(const struct examiner *examiner);
/* Found by somebody who can't be believed: brings every member into its range, and all text into display form. */
void examine_found_tame(struct examine_found *found);

#endif
