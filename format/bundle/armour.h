/* SPDX-License-Identifier: MIT */
/* The text form of a bundle (spec/format.md, section 17). */
#ifndef CARNET_BUNDLE_ARMOUR_H
#define CARNET_BUNDLE_ARMOUR_H

#include <stdbool.h>

#include "bundle/kind.h"
#include "core/buffer.h"

/* Input that may be armour is at most this large. */
#define CARNET_ARMOUR_MOST ((size_t)4 * 1024 * 1024)

/* Appends the armour of a bundle of that kind to out. On failure out is unchanged. */
CARNET_MUST_USE enum carnet_err carnet_armour_write(const char *kind_name, const uint8_t *bundle, size_t size,
                                                    struct carnet_buffer *out);

/* What reading said beside the bundle. */
struct carnet_armour_notes {
    char kind_name[CARNET_KIND_NAME_MOST + 1]; /* the label, lower case: to be held against the bundle's kind */
    unsigned long ignored_before;              /* non-blank lines before the block */
    unsigned long ignored_after;               /* and after it */
};

/* Is this a bundle itself? */
bool carnet_armour_is_bundle(const uint8_t *bytes, size_t size);
/* Decodes the one block in the text, appending the bundle to out; CARNET_MALFORMED with its clause. A-5's kind is left
 * to the caller (carnet_reading_open holds it). On failure out and notes are unchanged. */
CARNET_MUST_USE enum carnet_err carnet_armour_read(const uint8_t *text, size_t size, struct carnet_buffer *out,
                                                   struct carnet_armour_notes *notes, struct carnet_diag *diag);
/* Reads fd line by line up to and with the END line of the first block (so that a paste needs no end of file) or to the
 * end of file, at most CARNET_ARMOUR_MOST bytes; a bundle is read whole. Appends raw bytes to out. */
CARNET_MUST_USE enum carnet_err carnet_armour_read_fd(int fd, struct carnet_buffer *out, struct carnet_diag *diag);

#endif
