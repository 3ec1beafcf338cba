/* SPDX-License-Identifier: MIT */
/* An entitlement in words, and what differs between two. */
#ifndef CARNET_ADMIN_WORDS_H
#define CARNET_ADMIN_WORDS_H

#include "common/cli.h"
#include "document/document.h"

/* Prints the rows that differ (all of `now` when `before` is NULL) and sets the JSON member "changes": one object with
 * "member", "from" and "to" for each. `data`: on standard output, else beside it. Gives how many. */
CARNET_MUST_USE enum carnet_err words_difference(struct cli *cli, const struct carnet_entitlement *before,
                                                 const struct carnet_entitlement *now, bool data, size_t *count);
/* A time as people read it: the day alone, or "never". */
#define WORDS_DAY_SIZE 21
void words_day(int64_t time, char out[WORDS_DAY_SIZE]);

#endif
