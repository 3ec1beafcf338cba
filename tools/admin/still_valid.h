/* SPDX-License-Identifier: MIT */
/* What a key signed that is still wanted when the key is revoked. */
#ifndef CARNET_ADMIN_STILL_VALID_H
#define CARNET_ADMIN_STILL_VALID_H

#include "home.h"

struct still_valid {
    struct carnet_digest *ids;
    size_t count;
};

/*
 * Of a root: the entitlements of this ledger that it signed. Of an issuer key: the licenses of living grants, by this
 * ledger and by the files of --journal. And what --valid names: an id, or a file with an id on each line. `out` is
 * cleared by still_valid_clear.
 */
CARNET_MUST_USE enum carnet_err still_valid_find(struct cli *cli, struct home *h, const struct carnet_digest *key,
                                                 enum carnet_role role, struct still_valid *out);
void still_valid_clear(struct still_valid *s);

#endif
