/* SPDX-License-Identifier: MIT */
/* What the commands share that put a key somewhere: which key, and what it is sealed with there. */
#ifndef CARNET_ADMIN_KEY_PLACE_H
#define CARNET_ADMIN_KEY_PLACE_H

#include "bundle/key_private.h"
#include "home.h"

/* The home's own key of that name; NULL is the only one it has. CARNET_USAGE, CARNET_NOT_FOUND. */
CARNET_MUST_USE enum carnet_err key_place_which(struct cli *cli, const struct home *h, const char *name,
                                                const struct ledger_key **out);
/* The same for one that is in a file of the home: CARNET_CONFIGURATION for one on a token, which never leaves it. */
CARNET_MUST_USE enum carnet_err key_place_in_file(struct cli *cli, const struct home *h, const char *name,
                                                  const struct ledger_key **out);
/* --no-passphrase and a new passphrase exclude each other (CARNET_USAGE). */
CARNET_MUST_USE enum carnet_err key_place_options(struct cli *cli);
/* The new passphrase, in locked memory, or NULL with --no-passphrase. */
CARNET_MUST_USE enum carnet_err key_place_passphrase(struct cli *cli, const char *what_for, char **out);
/* Opens a sealed key that came from elsewhere, asking for its passphrase at most three times on a terminal. The
 * passphrase comes with it unless `passphrase` is NULL. */
CARNET_MUST_USE enum carnet_err key_place_unseal(struct cli *cli, const struct carnet_key_file *file,
                                                 struct carnet_key **out, char **passphrase);
/* A saved key: NAME.key as it is, or its lines. */
CARNET_MUST_USE enum carnet_err key_place_read(struct cli *cli, const char *path, struct carnet_key_file *out);
/* May this key be put into the home? It is the home's own, and its file is not there. */
CARNET_MUST_USE enum carnet_err key_place_free(struct cli *cli, const struct home *h,
                                               const struct carnet_key_info *info, const struct ledger_key **out);
/* Writes what is secret for its owner alone, never over a file that is there. */
CARNET_MUST_USE enum carnet_err key_place_write(struct cli *cli, const char *path, const void *bytes, size_t size);
/* Tells which key it is and whether it has a passphrase now. */
void key_place_tell(struct cli *cli, const struct ledger_key *key, bool passphrase);

#endif
