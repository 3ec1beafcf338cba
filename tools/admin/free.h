/* SPDX-License-Identifier: MIT */
/* A release comes back. */
#ifndef CARNET_ADMIN_FREE_H
#define CARNET_ADMIN_FREE_H

#include "batch.h"

/* Frees the seat of one release, adding the item that says what came of it. Returns only what stops everything. */
CARNET_MUST_USE enum carnet_err free_release(struct batch *b, const struct batch_source *source);

#endif
