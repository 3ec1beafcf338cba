/* SPDX-License-Identifier: MIT */
/* Which files a command's arguments name. */
#ifndef CARNET_ADMIN_PATHS_H
#define CARNET_ADMIN_PATHS_H

#include "bundle/kind.h"
#include "common/cli.h"

/* Zero-initialised is empty. */
struct paths {
    char **list;
    bool *from_folder;
    size_t count, room;
};

/* The files that the arguments from `first` on name; of a folder, or of a stick's carnet/to-admin, all that lie in it,
 * in the order of their names, those first that say they are of the kind `before` (NULL: none). */
CARNET_MUST_USE enum carnet_err paths_find(struct cli *cli, size_t first, const struct carnet_kind *before,
                                           struct paths *out);
void paths_clear(struct paths *p);

#endif
