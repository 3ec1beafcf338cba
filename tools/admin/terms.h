/* SPDX-License-Identifier: MIT */
/* The options of 'entitle' that say what is entitled. */
#ifndef CARNET_ADMIN_TERMS_H
#define CARNET_ADMIN_TERMS_H

#include "common/cli.h"
#include "document/document.h"

/* What a new license says where nothing is given. */
void terms_default(struct carnet_entitlement *e);
/* Applies what the command line gives; the rest stays. CARNET_USAGE with a message, CARNET_NOT_FOUND for a feature to
 * drop that is not there. */
CARNET_MUST_USE enum carnet_err terms_apply(struct cli *cli, struct carnet_entitlement *e);

#endif
