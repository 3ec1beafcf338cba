/* SPDX-License-Identifier: MIT */
/* One seat for one fingerprint. */
#ifndef CARNET_ADMIN_ASSIGN_H
#define CARNET_ADMIN_ASSIGN_H

#include "batch.h"

/* What the administrator says of the seat. Zero-initialised says nothing. */
struct assign_wishes {
    const char *label;    /* in place of the fingerprint's, or NULL */
    const char *note;     /* his own, or NULL */
    uint32_t replace;     /* the seat whose grant ends for this one, or 0 */
    uint32_t lease_days;  /* 0: what the options say, else as entitled */
    bool clone_confirmed; /* a machine with the system UUID of another is another one */
};

/* The fingerprint that asks. */
struct asking {
    const struct batch_source *source;
    const struct carnet_fingerprint *fingerprint;
    struct carnet_digest id, machine_key;
    struct assign_wishes wishes;
};
/* That of a fingerprint which was read. */
struct asking asking_of(const struct batch_source *source);

/* Gives it a seat of that license, adding the item that says what came of it. With a seat to replace, the seat of
 * another grant, which ends. Returns only what stops everything. */
CARNET_MUST_USE enum carnet_err assign_seat(struct batch *b, const struct asking *a,
                                            const struct ledger_license *license);

#endif
