/* SPDX-License-Identifier: MIT */
/* An entitlement in words, and what differs between two. */
#ifndef CARNET_ADMIN_WORDS_H
#define CARNET_ADMIN_WORDS_H

#include "common/cli.h"
#include "document/document.h"

/* Prints `heading` and the rows that differ (all of `now` when `before` is NULL; nothing at all when none does) and
 * sets the JSON member "changes": one object with "member", "from" and "to" for each. `data`: on standard output, else
 * beside it. Gives how many. */
CARNET_MUST_USE enum carnet_err words_difference(struct cli *cli, const char *heading,
                                                 const struct carnet_entitlement *before,
                                                 const struct carnet_entitlement *now, bool data, size_t *count);
/* A heading: of the license, "revision N; against revision M", or alone where there is none before (NULL). */
#define WORDS_HEADING_SIZE 160
void words_heading(const struct carnet_entitlement *before, const struct carnet_entitlement *now, uint32_t revision,
                   char out[WORDS_HEADING_SIZE]);
/* Warns of a license that is over before it is used. */
void words_warn_over(struct cli *cli, const char *license, int64_t not_after);
/* A time as people read it: the day alone, or "never". */
#define WORDS_DAY_SIZE 21
void words_day(int64_t time, char out[WORDS_DAY_SIZE]);

#endif
