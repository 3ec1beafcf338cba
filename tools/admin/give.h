/* SPDX-License-Identifier: MIT */
/* What a seat's license says: all that the entitlement gives, or less of it; first in assign, then in each renew. */
#ifndef CARNET_ADMIN_GIVE_H
#define CARNET_ADMIN_GIVE_H

#include "batch.h"

/* The rows of options that give less than the entitlement does. */
#define GIVE_OPTIONS \
    {"feature", 0, "NAME", true, "give this feature, and of the others only those that are named too"}, \
        {"drop-feature", 0, "NAME", true, "leave this feature of the entitlement out"}, \
        {"not-after", 0, "DATE", false, "the last day, before that of the entitlement"}, \
    { \
        "lease", 0, "DAYS", false, "how long the license runs before it must be renewed, fewer days than entitled" \
    }

struct give_terms {
    struct carnet_features features;
    int64_t not_after;
    uint32_t lease_days; /* CARNET_NO_LEASE for none */
};

/* May seats of the license be given or renewed at all? item->err says why not. */
enum carnet_err give_hold_license(struct batch_item *item, const struct ledger_license *license,
                                  const struct carnet_entitlement *e, int64_t now);
/* Does the fingerprint say that it was made in a container? */
bool give_is_container(const struct carnet_fingerprint *f);

/* Does the entitlement take the kind of machine that the fingerprint tells of, under that label (M-7, M-9)? */
enum carnet_err give_hold_machine(struct batch_item *item, const struct ledger_license *license,
                                  const struct carnet_entitlement *e, const struct carnet_fingerprint *f,
                                  const char *label);
/*
 * What the license is to give: the entitlement's, less what `before` (the seat's license as it is, judged; NULL for
 * none) had less of than its own entitlement, less what the options leave out; its lease of so many days where no
 * option says so (0: as entitled). item->err is CARNET_BEYOND_ENTITLEMENT when more is asked for.
 */
enum carnet_err give_settle(struct cli *cli, struct batch_item *item, const struct carnet_entitlement *e,
                            const struct carnet_judged *before, uint32_t lease_days, int64_t now,
                            struct give_terms *out);
/* The last second of a lease that is counted from then. */
int64_t give_lease_until(const struct give_terms *terms, int64_t issued);

/* The last second of a license that is issued then: of its lease, or before (O-1). */
int64_t give_end(const struct give_terms *terms, int64_t issued);

/* A license to be made. */
struct give_license {
    const struct ledger_license *license;
    const struct ledger_grant *grant; /* as it is to be */
    struct carnet_digest entitlement; /* that it rests on */
    const struct give_terms *terms;
    const struct carnet_facts *facts;
    int64_t issued;
};
/* Its document, but for the place in the journal. `e` is that entitlement. */
void give_fill(const struct give_license *g, const struct carnet_entitlement *e, struct carnet_license *out);
/* Judges, signs and keeps it. `at` is its event in the journal. In a transaction. */
CARNET_MUST_USE enum carnet_err give_sign(struct batch *b, const struct give_license *g,
                                          const struct carnet_journal_position *at);

#endif
