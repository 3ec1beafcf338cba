/* SPDX-License-Identifier: MIT */
/* The way out: document → checksum lines → signature → archive, for what machines sign. */
#ifndef CARNET_BUNDLE_SEAL_H
#define CARNET_BUNDLE_SEAL_H

#include "bundle/key.h"
#include "bundle/pack.h"

/* A bundle to embed: its whole bytes and its id. Borrowed. */
struct carnet_embed {
    const uint8_t *bytes;
    size_t size;
    struct carnet_digest id;
};

/* How a sealer signs checksum lines of a kind. */
typedef enum carnet_err carnet_sign_fn(const struct carnet_key *key, const struct carnet_kind *kind,
                                       const uint8_t *sums, size_t size, uint8_t signature[CARNET_SIGNATURE_SIZE],
                                       struct carnet_diag *diag);

/* Appends the bundle of a machine kind to out, and gives its id. CARNET_BUG for other kinds. `embed` may be NULL. On
 * failure out is unchanged. */
CARNET_MUST_USE enum carnet_err carnet_machine_seal(const struct carnet_key *key, enum carnet_kind_id kind,
                                                    const uint8_t *document, size_t size,
                                                    const struct carnet_embed *embed, struct carnet_buffer *out,
                                                    struct carnet_digest *id, struct carnet_diag *diag);
/* The common part, for both sealers: builds the entries and calls `sign`. It signs nothing itself. `embed` is
 * `embed_count` bundles, in rising order of their ids. */
CARNET_MUST_USE enum carnet_err carnet_seal_with(carnet_sign_fn *sign, const struct carnet_key *key,
                                                 const struct carnet_kind *kind, const uint8_t *document, size_t size,
                                                 const struct carnet_embed *embed, size_t embed_count,
                                                 struct carnet_buffer *out, struct carnet_digest *id,
                                                 struct carnet_diag *diag);

#endif
