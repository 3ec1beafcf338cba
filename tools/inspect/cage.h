/* SPDX-License-Identifier: MIT */
/*
 * The cage: a process that reads strangers' files takes itself into it, and has then no file system, no network, no
 * other process and no new program; memory and computing time are bounded. Whatever it tries beyond, it is killed.
 */
#ifndef CARNET_INSPECT_CAGE_H
#define CARNET_INSPECT_CAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

#define CAGE_SECONDS_MOST 10                        /* of computing, for one file */
#define CAGE_MEMORY_MOST ((size_t)48 * 1024 * 1024) /* of data */

/* The walls there are. The system-call filter (seccomp) is the one that counts, and without it there is no cage;
 * Landlock stands behind it where the kernel has it. */
struct cage_walls {
    bool filter, landlock;
};

/* All that the caged process needs is open by now: it goes on with the descriptor `fd` for reading and writing, and
 * with none else; with -1 it writes to standard output and standard error alone. CARNET_CONFIGURATION where the kernel
 * offers no cage. */
CARNET_MUST_USE enum carnet_err cage_enter(int fd, struct cage_walls *walls, struct carnet_diag *diag);
/* The same bounds and the same single descriptor, and no walls. */
void cage_bound(int fd);
/* Makes once, before the cage, what would need a file inside it, and what every file needs. */
CARNET_MUST_USE enum carnet_err cage_prepare(struct carnet_diag *diag);
/* A child that can still speak on standard output and standard error, in a cage when `caged`: *child is true in it. The
 * parent waits, and gets its exit code; CARNET_BUG where it dies otherwise. */
CARNET_MUST_USE enum carnet_err cage_child(bool caged, bool *child, int *code, struct carnet_diag *diag);
/*
 * Takes the rest of a command into a cage, in which it can still speak on standard output and standard error: CARNET_OK
 * in a caged child. The parent waits for it and ends with its exit code; where the child dies otherwise, it goes on
 * with CARNET_BUG. Under a sanitizer, which has to look at more when a process ends, nothing is done.
 */
CARNET_MUST_USE enum carnet_err cage_rest(struct carnet_diag *diag);
#ifdef CARNET_TEST_SYSROOT
/* A test build alone: a file that begins with "carnet-test-try WHAT" does what a conquered parser might try. */
void cage_try(const uint8_t *bytes, size_t size);
#endif
/* Begins the time of the next file. */
void cage_clock_start(void);
/* Says why a caged process is dead, from its wait status. True when it was the clock, or somebody from outside. */
bool cage_obituary(int status, struct carnet_diag *diag);
#define CAGE_ADVICE "Open the file with nothing else, keep it, and report this."

#endif
