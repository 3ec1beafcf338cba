/* SPDX-License-Identifier: MIT */
/* The key that an administrator asks a vendor to name. */
#ifndef CARNET_ADMIN_KEY_REQUEST_H
#define CARNET_ADMIN_KEY_REQUEST_H

#include "home.h"

/* The issuer key that FILE gives: a PEM, or a key request for this home's vendor and that license, whose id a person
 * confirms unless the key is known as an issuer's. *out changes only on CARNET_OK. */
CARNET_MUST_USE enum carnet_err key_request_take(struct cli *cli, const struct home *h, const char *file,
                                                 const char *license, struct carnet_digest *out);

#endif
