/* SPDX-License-Identifier: MIT */
/* What this machine signed and its administrator has not answered yet: what the next trip has to carry (spec/state.md).
 */
#ifndef CARNET_STATE_PENDING_H
#define CARNET_STATE_PENDING_H

#include "state/state.h"

#define CARNET_NOT_HANDED INT64_MIN
#define CARNET_PENDING_NAME_SIZE 384
#define CARNET_SENT_LABEL_SIZE (CARNET_TEXT_SIZE + CARNET_ID_TEXT_SIZE)

struct carnet_pending {
    struct carnet_digest vendor;
    enum carnet_kind_id kind;            /* fingerprint, activation, release, clockrequest */
    uint32_t sequence;                   /* its number among all that the machine signed for the vendor */
    char name[CARNET_PENDING_NAME_SIZE]; /* of its file, within the state's folder */
    int64_t handed;                      /* when it was last written out; CARNET_NOT_HANDED */
    struct carnet_grant_name grant;      /* not of a fingerprint; of a release and an activation also where `err` */
    /* CARNET_STATE_DAMAGED: the file can't be read any more, and nothing of what follows is there. */
    enum carnet_err err;
    struct carnet_diag diag;
    struct carnet_digest id;
    struct carnet_buffer bytes; /* the bundle, exactly as it was signed */
    /* What it says. NULL where its license is not trusted any more. */
    struct carnet_reading *reading;
    const struct carnet_license *license;         /* that of its grant; NULL for a fingerprint */
    const struct carnet_fingerprint *fingerprint; /* NULL for the others */
};

/*
 * All of it, of all vendors (or one, when `vendor` is not NULL), by vendor and then in the order in which it was
 * signed:
 *
 *   fingerprint   until a license or a receipt answers it (one that renews: until all its grants have a newer license
 *                 with its facts, or have ended), or a later one asks for the same or more
 *   activation    that of the installed license of a grant that lives
 *   release       until the receipt comes
 *   clockrequest  the last one, until a clock answers it, or the clock has passed the local floor by itself
 *
 * Nothing answers an activation: once `handed`, it has to be carried again only where the stick was lost.
 */
CARNET_MUST_USE enum carnet_err carnet_state_pending(const struct carnet_state *state,
                                                     const struct carnet_digest *vendor, int64_t now,
                                                     struct carnet_pending **out, size_t *count,
                                                     struct carnet_diag *diag);
void carnet_state_pending_free(struct carnet_pending *list, size_t count);

/* Notes that a bundle which this machine signed was written out; `reading` is of it. Best effort, like every note. */
void carnet_state_handed(const struct carnet_state *state, const struct carnet_reading *reading, int64_t now);

/* The label in the name of the file that leaves: the machine's, else what it is about. "" for other kinds. */
void carnet_sent_label(const struct carnet_reading *reading, char out[CARNET_SENT_LABEL_SIZE]);

#endif
