/* SPDX-License-Identifier: MIT */
/*
 * Keys on PKCS#11 tokens (spec/keyfile.md, Y-20 to Y-22), through p11-kit, which is loaded when the first one is
 * opened: a program runs without it as long as no key is on a token.
 */
#ifndef CARNET_ISSUE_TOKEN_H
#define CARNET_ISSUE_TOKEN_H

#include "bundle/key.h"

/*
 * Opens the key that the URI names. `pin` is in locked memory. With `known` it has to be that key
 * (CARNET_UNTRUSTED_KEY); without, it is a new one of that role, made now. CARNET_CONFIGURATION without p11-kit, for a
 * URI that several tokens or keys match, and for a token that can't sign; CARNET_NO_INPUT for a token and
 * CARNET_NOT_FOUND for a key that is not there; CARNET_WRONG_PASSPHRASE; CARNET_PERMISSION when the token is locked.
 */
CARNET_MUST_USE enum carnet_err carnet_token_open(const char *uri, const char *pin, const struct carnet_key_info *known,
                                                  enum carnet_role role, int64_t now, struct carnet_key **out,
                                                  struct carnet_diag *diag);

#endif
