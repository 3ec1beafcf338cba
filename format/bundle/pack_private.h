/* SPDX-License-Identifier: MIT */
/* The one header of an entry, shared by writing and by the reader's comparison (spec/format.md, C-5). */
#ifndef CARNET_BUNDLE_PACK_PRIVATE_H
#define CARNET_BUNDLE_PACK_PRIVATE_H

#include "bundle/pack.h"

#define BLOCK_SIZE 512u
#define TRAILER_SIZE 1024u /* C-4 */

/* Size rounded up to whole blocks; size is at most CARNET_BUNDLE_MOST. */
static inline size_t carnet_pack_padded(size_t size)
{
    return (size + BLOCK_SIZE - 1) / BLOCK_SIZE * BLOCK_SIZE;
}

/* Writes the header of an entry. The name is 1 to 99 bytes, the size below 8 GiB. */
void carnet_pack_header(const char *name, size_t size, uint8_t header[BLOCK_SIZE]);
/* The field of the header at that offset, as the table of C-5 calls it. */
const char *carnet_pack_field(size_t offset);

#endif
