/* SPDX-License-Identifier: MIT */
/* "explain OUTCOME", the same in the three programs. */
#ifndef CARNET_TOOLS_EXPLAIN_H
#define CARNET_TOOLS_EXPLAIN_H

#include "common/cli.h"

enum carnet_err cli_explain_run(struct cli *cli);

#endif
