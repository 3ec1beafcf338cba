/* SPDX-License-Identifier: MIT */
/* What the parts of 'doctor' share. */
#ifndef CARNET_TOOLS_DOCTOR_H
#define CARNET_TOOLS_DOCTOR_H

#include "user.h"

struct doctor {
    struct cli *cli;
    struct carnet_state *state; /* open for reading */
    struct carnet_machine *machine;
    int64_t now;
    json_t *findings, *licenses, *steps, *pending;
    enum carnet_err worst; /* and what is told of it */
    struct carnet_diag worst_diag;
    bool unread; /* a license, or a vendor, could not be looked at */
    /* How many vendors' local floors stand in the way, and one of them. */
    size_t set_back;
    struct carnet_digest set_back_vendor;
};

/* Something is wrong (a warning where `err` is CARNET_OK): told, and kept as the outcome where it is the worst. */
void doctor_finding(struct doctor *d, enum carnet_err err, const struct carnet_diag *diag);
/* What to do, or which file to carry where, next. */
void doctor_step(struct doctor *d, const char *format, ...) CARNET_PRINTF(2, 3);

/* --clock: writes the clock request. */
CARNET_MUST_USE enum carnet_err doctor_clock(struct doctor *d);
/* --bundle FILE: the archive for support, its contents listed first. `report` is borrowed. */
CARNET_MUST_USE enum carnet_err doctor_bundle(struct doctor *d, const char *file, const json_t *report);

#endif
