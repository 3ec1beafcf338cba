/* SPDX-License-Identifier: MIT */
/* What diff's two ways of comparing share. */
#ifndef CARNET_INSPECT_DIFF_H
#define CARNET_INSPECT_DIFF_H

#include "common/io.h"
#include "inspect/inspect.h"

/* Two files whose bytes are loaded. */
struct diff_pair {
    const char *files[2];
    struct cli_bundle bundles[2];
};
void diff_pair_clear(struct diff_pair *pair);
/* Reads and compares them, in a cage that the caller has made. CARNET_DIFFERS where they do. With `line`, as one line
 * of many; else as the whole of the command. */
CARNET_MUST_USE enum carnet_err diff_pair(struct cli *cli, const struct carnet_anchors *anchors, struct diff_pair *pair,
                                          bool line);
/* Two folders: bundles are paired by what they are about, wherever they lie. */
CARNET_MUST_USE enum carnet_err diff_trees(struct cli *cli, const struct inspect_trust *trust);

#endif
