/* SPDX-License-Identifier: MIT */
/* Files: read whole, bounded and once; written durably or not at all. */
#ifndef CARNET_CORE_FILE_H
#define CARNET_CORE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/buffer.h"
#include "core/error.h"

/*
 * Reads the whole regular file `path` (relative to dirfd, AT_FDCWD for none) into out, which must be empty. At most
 * `most` bytes: a larger file is CARNET_MALFORMED, found out without reading it whole. Not a regular file (folder,
 * FIFO, device, socket) is CARNET_NO_INPUT; it is never opened in a way that could hang. Links are followed unless
 * no_links.
 */
CARNET_MUST_USE enum carnet_err carnet_file_read(int dirfd, const char *path, size_t most, bool no_links,
                                                 struct carnet_buffer *out, struct carnet_diag *diag);
/* Reads standard input or any descriptor to its end, at most `most` bytes (CARNET_MALFORMED beyond). */
CARNET_MUST_USE enum carnet_err carnet_file_read_fd(int fd, size_t most, struct carnet_buffer *out,
                                                    struct carnet_diag *diag);

/*
 * Writes a new file durably on a local disk: a temporary name beside it, write, fsync, rename that never replaces,
 * fsync of the folder. CARNET_EXISTS when the name is taken (nothing is changed then).
 */
CARNET_MUST_USE enum carnet_err carnet_file_create(int dirfd, const char *name, mode_t mode, const void *bytes,
                                                   size_t size, struct carnet_diag *diag);
/* The same, replacing an old file of that name in one step (local disks only, never on a stick: spec/format.md, N). */
CARNET_MUST_USE enum carnet_err carnet_file_replace(int dirfd, const char *name, mode_t mode, const void *bytes,
                                                    size_t size, struct carnet_diag *diag);
/* A name in the folder of `name` that nobody else uses, for a file that some other library writes; the caller frees.
 * NULL where there is no memory. */
char *carnet_file_beside(const char *name);
/*
 * Gives the finished file `temporary` (its content is on the disk) its name: rename, which never replaces a file unless
 * `replace`, and fsync of the folder. On CARNET_EXISTS, or where the name can't be given, the temporary file is gone
 * and nothing else is changed.
 */
CARNET_MUST_USE enum carnet_err carnet_file_settle(int dirfd, const char *temporary, const char *name, bool replace,
                                                   struct carnet_diag *diag);
/*
 * Writes a new file on removable media: only under a name that is not there (CARNET_EXISTS otherwise), write, fsync,
 * fsync of the folder, then read back past the page cache and compare: CARNET_STICK_FAILED when the device gives other
 * bytes. ENOSPC is CARNET_STICK_FULL, EROFS CARNET_STICK_READ_ONLY. On failure what was written is removed.
 */
CARNET_MUST_USE enum carnet_err carnet_file_deliver(int dirfd, const char *name, const void *bytes, size_t size,
                                                    struct carnet_diag *diag);
/* Reads a file as the device itself gives it, past the page cache; `out` is empty before, and gets one byte more than
 * `most` where the file is longer. */
CARNET_MUST_USE enum carnet_err carnet_file_read_device(int dirfd, const char *name, size_t most,
                                                        struct carnet_buffer *out, struct carnet_diag *diag);
/* Makes the folder and those above it (mode for each new one), durably. Present ones are left as they are. */
CARNET_MUST_USE enum carnet_err carnet_folder_make(const char *path, mode_t mode, struct carnet_diag *diag);
/* Opens a folder for *at() calls; the caller closes. */
CARNET_MUST_USE enum carnet_err carnet_folder_open(const char *path, int *fd, struct carnet_diag *diag);
/* Opens (making it with mode when absent) a lock file and locks it; waits at most `seconds`, then CARNET_BUSY. The
 * caller closes. */
CARNET_MUST_USE enum carnet_err carnet_file_lock(int dirfd, const char *name, mode_t mode, bool exclusive,
                                                 unsigned seconds, int *fd, struct carnet_diag *diag);

#endif
