/* SPDX-License-Identifier: MIT */
/* What home_open and home_close leave to the home's other files. */
#ifndef CARNET_ADMIN_HOME_PARTS_H
#define CARNET_ADMIN_HOME_PARTS_H

#include "home.h"

/* The own keys, by the ledger and by their files; none is opened. */
CARNET_MUST_USE enum carnet_err home_keys_load(struct home *h, struct carnet_diag *diag);
/* Frees those, and closes what was opened of them. */
void home_keys_clear(struct home *h);
/* Anchors and trust information, after the keys and with h->gated there. */
CARNET_MUST_USE enum carnet_err home_trust_load(struct home *h, struct carnet_diag *diag);
/* Frees them; they can be loaded again. */
void home_trust_clear(struct home *h);

#endif
