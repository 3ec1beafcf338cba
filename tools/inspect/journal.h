/* SPDX-License-Identifier: MIT */
/* The segments of journals that --journal gave, and what they say of a license or a receipt. */
#ifndef CARNET_INSPECT_JOURNAL_H
#define CARNET_INSPECT_JOURNAL_H

#include "common/cli.h"
#include "rules/reading.h"

struct inspect_journal;

/* Reads every file of --journal with all checks; *out stays NULL when there is none. What lies between the segments is
 * told as a warning, and as the member "journal". The outcome of the first file that is not right; CARNET_FORKED where
 * two tell different histories (W-9). */
CARNET_MUST_USE enum carnet_err inspect_journal_load(struct cli *cli, const struct carnet_read_options *options,
                                                     struct inspect_journal **out);
void inspect_journal_free(struct inspect_journal *j);
/* A license or a receipt, or the license that the bundle rests on: CARNET_NOT_VOUCHED when the segments do not know it,
 * CARNET_FORKED when it names another history. Anything else, and a NULL journal, is CARNET_OK. */
CARNET_MUST_USE enum carnet_err inspect_journal_judge(const struct inspect_journal *j,
                                                      const struct carnet_judged *judged, struct carnet_diag *diag);

#endif
