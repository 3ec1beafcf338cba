/* SPDX-License-Identifier: MIT */
/* Stage 1 of reading: bytes become entries (spec/format.md, section 3). Nothing of what they hold is believed. */
#ifndef CARNET_BUNDLE_UNPACK_H
#define CARNET_BUNDLE_UNPACK_H

#include "bundle/pack.h"

/* A well-formed container. Made by carnet_unpack alone. */
struct carnet_unpacked;

/*
 * Unpacks and holds C-1 to C-5, C-7's form and C-8: packs again what was unpacked and compares the whole file.
 * `bytes` is borrowed and must outlive *out. CARNET_MALFORMED with the clause and what is wrong in the user's words
 * (empty, truncated, trailing bytes, not a bundle at all, reordered, extra, duplicate, ...). *out changes only on
 * success.
 */
CARNET_MUST_USE enum carnet_err carnet_unpack(const uint8_t *bytes, size_t size, struct carnet_unpacked **out,
                                              struct carnet_diag *diag);
void carnet_unpacked_free(struct carnet_unpacked *u);

/* Number of entries, at least CARNET_ENTRY_EMBEDDED. */
size_t carnet_unpacked_count(const struct carnet_unpacked *u);
/* Entry i < count. Borrowed. The document's name is "KIND.xml". */
const struct carnet_entry *carnet_unpacked_entry(const struct carnet_unpacked *u, size_t i);
/* KIND of the document's name and the mimetype (they agree, C-7), and the mimetype's major version. */
const char *carnet_unpacked_kind_name(const struct carnet_unpacked *u);
unsigned carnet_unpacked_major(const struct carnet_unpacked *u);

#endif
