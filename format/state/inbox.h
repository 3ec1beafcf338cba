/* SPDX-License-Identifier: MIT */
/* Licenses that lie in the state's inbox/ wait for the first check that needs them (spec/state.md). */
#ifndef CARNET_STATE_INBOX_H
#define CARNET_STATE_INBOX_H

#include "state/check.h"

#define CARNET_INBOX_MOST 64u /* files that are looked at */

struct carnet_inbox {
    unsigned taken;          /* licenses that were installed; their files are gone from the inbox */
    unsigned left;           /* files that stay: not right, or not to be installed here */
    char name[160];          /* the first of these, escaped */
    struct carnet_diag diag; /* and why it stays */
};

/*
 * Installs the licenses of ask->vendor for ask->product from the inbox of a state that is open for reading, adding to
 * *inbox. They are verified and judged like any other. A license of another product or vendor is left for who asks for
 * that one, without a word. Where the state can't be written nothing is taken.
 */
void carnet_inbox_take(const struct carnet_state *state, const struct carnet_ask *ask, int64_t now,
                       struct carnet_inbox *inbox);

#endif
