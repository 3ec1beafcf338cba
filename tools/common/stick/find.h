/* SPDX-License-Identifier: MIT */
/* Which mounted file systems are sticks? (spec/stick.md, N-7, N-8) */
#ifndef CARNET_TOOLS_STICK_FIND_H
#define CARNET_TOOLS_STICK_FIND_H

#include <stddef.h>

#include "core/error.h"

#define STICK_PLACES_MOST 64u

struct stick_place {
    char *path;      /* where it is mounted, below carnet_machine_root() */
    char device[64]; /* "sdb1" */
    char type[32];   /* "vfat" */
};

/* Lists them in the order of the mount table, each device once. Freed with stick_places_free. */
CARNET_MUST_USE enum carnet_err stick_places(struct stick_place **out, size_t *count, struct carnet_diag *diag);
void stick_places_free(struct stick_place *places, size_t count);

#endif
