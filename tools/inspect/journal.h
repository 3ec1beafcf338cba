/* SPDX-License-Identifier: MIT */
/* The segments of journals that were given, and what they say of a license or a receipt. */
#ifndef CARNET_INSPECT_JOURNAL_H
#define CARNET_INSPECT_JOURNAL_H

#include "common/cli.h"
#include "inspect/facts.h"
#include "rules/chains.h"
#include "rules/reading.h"

struct inspect_journal;

/* Reads every file of --journal with all checks, in a cage; *out stays NULL when there is none. What lies between the
 * segments is told as a warning, and as the member "journal". The outcome of the first file that is not right;
 * CARNET_FORKED where two tell different histories (W-9). */
CARNET_MUST_USE enum carnet_err inspect_journal_load(struct cli *cli, const struct carnet_anchors *anchors,
                                                     struct inspect_journal **out);

/* An empty one, to be filled by hand: with what verified journals say, then put in order. */
CARNET_MUST_USE enum carnet_err inspect_journal_new(struct inspect_journal **out);
CARNET_MUST_USE enum carnet_err inspect_journal_take(struct inspect_journal *j, const struct inspect_facts *facts);
void inspect_journal_order(struct inspect_journal *j);
void inspect_journal_free(struct inspect_journal *j);
size_t inspect_journal_count(const struct inspect_journal *j);
/* Where they fork, and what is missing between them (W-9). */
const struct carnet_chains *inspect_journal_chains(const struct inspect_journal *j);
/* Is there any segment of that issuer's journal? */
bool inspect_journal_has(const struct inspect_journal *j, const struct carnet_digest *vendor,
                         const struct carnet_digest *signer);

/* A license or a receipt, and the event that it names. */
struct journal_question {
    const char *kind; /* for the message */
    struct carnet_digest vendor, signer, id;
    struct carnet_journal_position at;
};
/* CARNET_NOT_VOUCHED when the segments do not know it, CARNET_FORKED when it names another history. */
CARNET_MUST_USE enum carnet_err inspect_journal_knows(const struct inspect_journal *j, const struct journal_question *q,
                                                      struct carnet_diag *diag);
/* A license or a receipt, or the license that the bundle rests on. Anything else, and a NULL journal, is CARNET_OK. */
CARNET_MUST_USE enum carnet_err inspect_journal_judge(const struct inspect_journal *j,
                                                      const struct carnet_judged *judged, struct carnet_diag *diag);

#endif
