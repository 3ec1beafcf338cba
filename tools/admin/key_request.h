/* SPDX-License-Identifier: MIT */
/* The key that an administrator asks a vendor to name. */
#ifndef CARNET_ADMIN_KEY_REQUEST_H
#define CARNET_ADMIN_KEY_REQUEST_H

#include "home.h"

/* Asks a vendor to name the active issuer key, and says which key of this home it follows; the file is written where
 * OUT says. */
CARNET_MUST_USE enum carnet_err key_request_write(struct cli *cli, struct home *h);
struct key_request_issuer {
    struct carnet_digest key;
    bool has_replaced;
    struct carnet_digest replaced; /* the key that it says it follows */
};
/* The issuer key that FILE gives: a PEM, or a key request for this home's vendor and that license, whose id a person
 * confirms unless the key is known as an issuer's. *out changes only on CARNET_OK. */
CARNET_MUST_USE enum carnet_err key_request_take(struct cli *cli, const struct home *h, const char *file,
                                                 const char *license, struct key_request_issuer *out);

#endif
