/* SPDX-License-Identifier: MIT */
/*
 * A new home, whole or not at all. All of it is made in a folder of its own inside the home and then moved up, the
 * ledger last: a home is whole when its ledger is there. Keys are made useful by a ledger, so those of an interrupted
 * making were never used as long as its ledger still lies in that folder: only then does the next one take them away.
 * Keys without that proof may be a vendor's only ones and are never touched.
 */
#ifndef CARNET_ADMIN_MAKING_H
#define CARNET_ADMIN_MAKING_H

#include "home.h"

struct making {
    char path[HOME_PATH_SIZE];
    int folder, inner; /* of the home; and the one inside it, where the files are made */
    bool was_there;    /* the folder of the home */
    size_t above;      /* how much of the path was there */
    bool unfinished;   /* an earlier one did not come to its end */
};
#define MAKING_NONE ((struct making){.folder = -1, .inner = -1})

/* Makes the ledger (at that path) and the key files (in m->inner). */
typedef enum carnet_err making_fill_fn(struct cli *cli, const struct making *m, const char *ledger, void *context);

/* May a home be made at --home? CARNET_EXISTS, CARNET_LEDGER_DAMAGED, CARNET_BUSY. Nothing is made. */
CARNET_MUST_USE enum carnet_err making_begin(struct cli *cli, struct making *m);
/* Makes it. On failure what was made is taken away. */
CARNET_MUST_USE enum carnet_err making_home(struct cli *cli, struct making *m, making_fill_fn *fill, void *context);
void making_end(struct making *m);

#endif
