/* SPDX-License-Identifier: MIT */
/*
 * Reading what the machine says of itself: everything below carnet_machine_root(), bounded, regular files alone. What
 * comes of it is a presence (M-4): PRESENT, MISSING (not there, or no value), UNREADABLE (the caller may not).
 */
#ifndef CARNET_MACHINE_SOURCE_H
#define CARNET_MACHINE_SOURCE_H

#include <stdio.h>

#include "machine/machine.h"

#define CARNET_SOURCE_PATH_SIZE 1024
/* So many entries of a folder are looked at, at most. */
#define CARNET_SOURCE_ENTRIES_MOST 16384u

/* Opens a regular file for reading; -1 and *presence when it can't be. FIFOs, devices and folders are MISSING. */
int carnet_source_open(const char *path, enum carnet_fact_presence *presence);
/* Opens a character device to be asked and answered; -1 and *presence likewise. One that another holds is UNREADABLE.
 */
int carnet_source_open_device(const char *path, enum carnet_fact_presence *presence);
/* Reads at most `room` bytes from its beginning; *size tells how many. */
enum carnet_fact_presence carnet_source_read(const char *path, void *bytes, size_t room, size_t *size);
/* Reads a file that holds one value: valid UTF-8 without control characters, white space at the ends removed and in
 * between made single spaces. A file that is empty, binary, or larger than `room` - 1 is MISSING. */
enum carnet_fact_presence carnet_source_text(const char *path, char *out, size_t room);
/* The same clean-up for text at hand; false when there is no value in it. `out` may be `text`. */
bool carnet_source_clean(const char *text, size_t size, char *out, size_t room);
bool carnet_source_exists(const char *path);
/* Where a link leads, as a path without dots; a path that is no link is given back. */
enum carnet_fact_presence carnet_source_resolve(const char *path, char out[CARNET_SOURCE_PATH_SIZE]);

/* Called for each entry but those that begin with a dot; false ends the walk. */
typedef bool carnet_source_visit(void *context, const char *folder, const char *name);
enum carnet_fact_presence carnet_source_each(const char *folder, carnet_source_visit *visit, void *context);

/* The part after the last slash. */
const char *carnet_source_base(const char *path);
/* Joins with a slash; false when it does not fit. */
bool carnet_source_join(char out[CARNET_SOURCE_PATH_SIZE], const char *folder, const char *name);

#endif
