/* SPDX-License-Identifier: MIT */
/* What can be said of dates without a machine (spec/format.md, section 14). */
#ifndef CARNET_RULES_DATES_H
#define CARNET_RULES_DATES_H

#include "rules/judge.h"

/* O-1: the last moment of a license: the earlier of lease-until and not-after, or CARNET_NEVER. */
int64_t carnet_license_end(const struct carnet_license *l);
/* O-1: CARNET_EXPIRED, with words, when `now` is later. */
CARNET_MUST_USE enum carnet_err carnet_license_end_check(const struct carnet_license *l, int64_t now,
                                                         struct carnet_diag *diag);
/* O-3: the latest date in a bundle that a root or an issuer gave, what it rests on included; INT64_MIN when there is
 * none. */
int64_t carnet_dates_latest(const struct carnet_judged *j);
/* O-2: no date that a root or an issuer gave, what it rests on included, is more than 48 hours after `now`; else
 * CARNET_NOT_YET_VALID. */
CARNET_MUST_USE enum carnet_err carnet_dates_check(const struct carnet_judged *j, int64_t now,
                                                   struct carnet_diag *diag);

#endif
