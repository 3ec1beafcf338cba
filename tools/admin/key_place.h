/* SPDX-License-Identifier: MIT */
/* What the commands share that put a key somewhere: which key, and what it is sealed with there. */
#ifndef CARNET_ADMIN_KEY_PLACE_H
#define CARNET_ADMIN_KEY_PLACE_H

#include "home.h"

/* The home's own key of that name; NULL is the only one it has. CARNET_USAGE, CARNET_NOT_FOUND. */
CARNET_MUST_USE enum carnet_err key_place_which(struct cli *cli, const struct home *h, const char *name,
                                                const struct ledger_key **out);
/* --no-passphrase and a new passphrase exclude each other (CARNET_USAGE). */
CARNET_MUST_USE enum carnet_err key_place_options(struct cli *cli);
/* The new passphrase, in locked memory, or NULL with --no-passphrase. */
CARNET_MUST_USE enum carnet_err key_place_passphrase(struct cli *cli, const char *what_for, char **out);
/* Tells which key it is and whether it has a passphrase now. */
void key_place_tell(struct cli *cli, const struct ledger_key *key, bool passphrase);

#endif
