/* SPDX-License-Identifier: MIT */
/* The one encoding of the container: writing (spec/format.md, section 3). */
#ifndef CARNET_BUNDLE_PACK_H
#define CARNET_BUNDLE_PACK_H

#include <stddef.h>
#include <stdint.h>

#include "core/buffer.h"
#include "core/digest.h"
#include "core/error.h"

#define CARNET_BUNDLE_MOST ((size_t)1024 * 1024)  /* C-1 */
#define CARNET_DOCUMENT_MOST ((size_t)256 * 1024) /* C-8 */
#define CARNET_SUMS_MOST ((size_t)16 * 1024)      /* C-8 */
#define CARNET_EMBEDDED_MOST 64u                  /* C-3 */
#define CARNET_EMBEDDED_NAME_SIZE 72              /* 64 hex digits, ".carnet" and NUL */

/* Fixed places of the entries (C-2). */
enum carnet_entry_place {
    CARNET_ENTRY_MIMETYPE,
    CARNET_ENTRY_SUMS,
    CARNET_ENTRY_SIGNATURE,
    CARNET_ENTRY_SIGNER,
    CARNET_ENTRY_DOCUMENT,
    CARNET_ENTRY_EMBEDDED, /* the first one, if any */
};
#define CARNET_ENTRIES_MOST (CARNET_ENTRY_EMBEDDED + CARNET_EMBEDDED_MOST)

/* An entry of a bundle. Name and bytes are borrowed. */
struct carnet_entry {
    const char *name;
    const uint8_t *bytes;
    size_t size;
};

/* Appends the archive of these entries, in this order, to out. Names are at most 99 bytes. CARNET_MALFORMED when it
 * would be larger than 1 MiB. On failure out is unchanged. */
CARNET_MUST_USE enum carnet_err carnet_pack(const struct carnet_entry *entries, size_t count, struct carnet_buffer *out,
                                            struct carnet_diag *diag);
/* Appends the checksum lines (H-1) of these entries but SHA256SUMS and SHA256SUMS.sig; on failure out is unchanged. */
CARNET_MUST_USE enum carnet_err carnet_sums_write(const struct carnet_entry *entries, size_t count,
                                                  struct carnet_buffer *out);
/* The name of an embedded bundle (I-4). */
void carnet_embedded_name(const struct carnet_digest *id, char name[CARNET_EMBEDDED_NAME_SIZE]);

#endif
