/* SPDX-License-Identifier: MIT */
/*
 * The cage: a process that reads strangers' files takes itself into it, and has then no file system, no network, no
 * other process and no new program; memory and computing time are bounded. Whatever it tries beyond, it is killed.
 */
#ifndef CARNET_INSPECT_CAGE_H
#define CARNET_INSPECT_CAGE_H

#include <stdbool.h>

#include "core/error.h"

#define CAGE_SECONDS_MOST 10                        /* of computing, for one file */
#define CAGE_MEMORY_MOST ((size_t)48 * 1024 * 1024) /* of data */

/* The walls there are. The system-call filter (seccomp) is the one that counts, and without it there is no cage;
 * Landlock stands behind it where the kernel has it. */
struct cage_walls {
    bool filter, landlock;
};

/* All that the caged process needs is open by now: it goes on with the descriptor `fd` for reading and writing, and
 * with none else. CARNET_CONFIGURATION where the kernel offers no cage. */
CARNET_MUST_USE enum carnet_err cage_enter(int fd, struct cage_walls *walls, struct carnet_diag *diag);
/* The same bounds and the same single descriptor, and no walls. */
void cage_bound(int fd);
/* Begins the time of the next file. */
void cage_clock_start(void);
/* Says why a caged process is dead, from its wait status. */
void cage_obituary(int status, struct carnet_diag *diag);

#endif
