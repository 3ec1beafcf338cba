/* SPDX-License-Identifier: MIT */
/* Is memory really kept out of swap? */
#ifndef CARNET_BUNDLE_LOCKED_H
#define CARNET_BUNDLE_LOCKED_H

#include "core/error.h"

/* Proves, by what the kernel says of the mapping that holds `memory`, that it is locked, and locks it when it is not
 * (after a fork, or when the limit was raised meanwhile). CARNET_MEMORY_NOT_LOCKED otherwise. */
CARNET_MUST_USE enum carnet_err carnet_memory_lock(const void *memory, struct carnet_diag *diag);

#endif
