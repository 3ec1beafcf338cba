/* SPDX-License-Identifier: MIT */
/* carnet-user sync: what its parts share. The plan and the deed are the same functions, called twice. */
#ifndef CARNET_USER_SYNC_H
#define CARNET_USER_SYNC_H

#include "common/stick/stick.h"
#include "rules/known.h"
#include "state/fingerprint.h"
#include "state/install.h"
#include "user.h"

/* What this side takes from a stick. */
#define SYNC_KINDS \
    (CARNET_KIND_BIT(CARNET_KIND_TRUST) | CARNET_KIND_BIT(CARNET_KIND_LICENSE) | \
     CARNET_KIND_BIT(CARNET_KIND_RECEIPT) | CARNET_KIND_BIT(CARNET_KIND_CLOCK))

/* A product that a license on the stick covers once it is taken. */
struct sync_coming {
    struct carnet_digest vendor;
    char product[CARNET_ID_TEXT_SIZE];
};

struct sync {
    struct cli *cli;
    struct stick *stick;
    struct carnet_state *state;
    struct carnet_machine *machine;
    struct carnet_gated_keys *keys;
    struct carnet_known *known; /* NULL before the first reading, and again after the trust has changed */
    struct carnet_install *install;
    int64_t now;

    struct sync_coming *coming;
    size_t coming_count;
    struct carnet_fingerprint_wish *wishes; /* one a vendor: the fingerprints that will be made */
    size_t wish_count;
    bool approved; /* the site has a policy, and it says what may leave without a look at it */

    /* What will be written, for the room it takes. */
    size_t out_count;
    uint64_t out_bytes;

    size_t refused; /* files for this machine that could not be taken */
    size_t written;
    /* The first of what waits to be carried that can't be read any more. */
    enum carnet_err damaged;
    struct carnet_diag damaged_diag;
};

/* Reads and judges a file and gives it its fate; with `keep` what is right is made durable here, in a state that is
 * open for writing. Fails only where nothing more can be done at all. */
CARNET_MUST_USE enum carnet_err sync_take(struct sync *s, struct stick_file *file, bool keep);

/* Which fingerprints are to be made: for products whose manifest asks, that have no license here, none on the stick,
 * and no fingerprint on its way. What keeps one from being made is in the plan. Shows what will leave. */
CARNET_MUST_USE enum carnet_err sync_wish(struct sync *s);
/* Makes them, in a state that is open for writing. */
CARNET_MUST_USE enum carnet_err sync_make(struct sync *s);

/* Puts what waits for the administrator into the plan; with `write` onto the stick, and notes that it was handed out
 * once the stick has confirmed it. */
CARNET_MUST_USE enum carnet_err sync_give(struct sync *s, bool write);

#endif
