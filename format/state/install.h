/* SPDX-License-Identifier: MIT */
/* What comes back on the stick is installed: a license of this machine, the receipt that ends one, or the clock that
 * lowers its local floor. */
#ifndef CARNET_STATE_INSTALL_H
#define CARNET_STATE_INSTALL_H

#include "state/check.h"

struct carnet_install {
    bool already;        /* the same one is installed: there is nothing to do */
    bool for_other_user; /* root installs what is fixed to another user; it works for that user alone */
    bool has_check;      /* of a license; also filled where it is refused */
    struct carnet_check check;
    /* Of a clock: which request it answers, and the floors as they are before. */
    uint32_t answers;
    struct carnet_floors floors;
};

/*
 * May the license, receipt or clock be installed here (G-2 to G-4, M-5 to M-7, O-1 to O-5, D-2, D-3)? Changes nothing.
 * CARNET_OK, or why not: what carnet_check_license says, CARNET_SUPERSEDED, CARNET_FORKED, CARNET_TOO_LATE_TO_ACTIVATE;
 * of a clock CARNET_NOT_FOUND, CARNET_ROLLED_BACK. CARNET_BUG for other kinds.
 */
CARNET_MUST_USE enum carnet_err carnet_install_judge(const struct carnet_state *state,
                                                     const struct carnet_judged *judged, int64_t now,
                                                     struct carnet_install *out, struct carnet_diag *diag);
/* Keeps what was judged so, under the lock of a state that was judged while it was open for writing, and raises the
 * floors (O-3). With `already` nothing is written. */
CARNET_MUST_USE enum carnet_err carnet_install_keep(struct carnet_state *state, const struct carnet_reading *reading,
                                                    const struct carnet_install *install, int64_t now,
                                                    struct carnet_diag *diag);
/* Signs the activation of a license that was kept so, and puts it into sent/, from where 'carnet-user activate' of the
 * same file hands it out (and gives the same bytes). The license works without it, so nothing is said where that fails.
 */
void carnet_install_tell(struct carnet_state *state, const struct carnet_reading *reading,
                         const struct carnet_install *install);

#endif
