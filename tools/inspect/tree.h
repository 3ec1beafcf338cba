/* SPDX-License-Identifier: MIT */
/* Walks what an auditor names: files, and folders with all that is in them, in the order of the names. */
#ifndef CARNET_INSPECT_TREE_H
#define CARNET_INSPECT_TREE_H

#include <stdbool.h>

#include "core/error.h"

#define TREE_DEPTH_MOST 64u /* folders inside each other; a descriptor is open for each */

struct tree_visitor {
    /* A file: `path` is for people, `name` relative to `folder` is what to open. `named`: given by name, so that it is
     * looked at whatever it is. */
    enum carnet_err (*file)(void *context, const char *path, int folder, const char *name, bool named);
    /* A folder that can't be gone into. */
    enum carnet_err (*trouble)(void *context, const char *path, const struct carnet_diag *why);
    /* Something that is never looked into: a link, a device, a socket, a FIFO. */
    void (*other)(void *context);
    void *context;
};

/* Links are followed only where they are given by name. Fails where a visitor does, or with CARNET_NO_MEMORY. */
CARNET_MUST_USE enum carnet_err tree_walk(const struct tree_visitor *visitor, const char *path);

#endif
