/* SPDX-License-Identifier: MIT */
/*
 * What a site allows to leave its machines (spec/policy.md): /etc/carnet/policy, below carnet_machine_root(). Whatever
 * writes facts asks here first.
 */
#ifndef CARNET_MACHINE_POLICY_H
#define CARNET_MACHINE_POLICY_H

#include "document/document.h"

#define CARNET_POLICY_FILE "/etc/carnet/policy"
#define CARNET_POLICY_WHO_SIZE 1024

struct carnet_policy {
    bool is_set;                         /* the file is there; otherwise everything is allowed */
    bool fact_leaves[CARNET_FACT_COUNT]; /* facts that may leave the machine */
    bool user_leaves;                    /* so may the digest of the user */
    char makers[CARNET_POLICY_WHO_SIZE]; /* "everyone", or logins and @groups with commas between them */
    bool sync_writes;                    /* sync may make fingerprints by itself */
};

/* Reads and checks the policy. CARNET_CONFIGURATION with the file and the line, CARNET_PERMISSION when it is there and
 * can't be read: then nothing may leave. */
CARNET_MUST_USE enum carnet_err carnet_policy_read(struct carnet_policy *out, struct carnet_diag *diag);
/* May the user who runs this make fingerprints? Root may. CARNET_POLICY_FORBIDS with words. */
CARNET_MUST_USE enum carnet_err carnet_policy_may_make(const struct carnet_policy *policy, struct carnet_diag *diag);
/* May sync make fingerprints by itself? CARNET_POLICY_FORBIDS with words. */
CARNET_MUST_USE enum carnet_err carnet_policy_may_sync(const struct carnet_policy *policy, struct carnet_diag *diag);
/* Takes out what may not leave. CARNET_POLICY_FORBIDS when no fact remains. */
CARNET_MUST_USE enum carnet_err carnet_policy_apply(const struct carnet_policy *policy, struct carnet_fingerprint *f,
                                                    struct carnet_diag *diag);

#endif
