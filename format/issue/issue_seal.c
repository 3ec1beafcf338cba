/* SPDX-License-Identifier: MIT */
#include "issue/issue.h"

#include <stdlib.h>
#include <string.h>

#include "bundle/key_private.h"

static int by_id(const void *a, const void *b)
{
    const struct carnet_embed *x = a, *y = b;
    return memcmp(x->id.bytes, y->id.bytes, sizeof x->id.bytes);
}

enum carnet_err carnet_issue_seal_trust(const struct carnet_key *key, const uint8_t *document, size_t size,
                                        const struct carnet_embed *links, size_t count, struct carnet_buffer *out,
                                        struct carnet_digest *id, struct carnet_diag *diag)
{
    struct carnet_embed sorted[CARNET_ROOTS_MOST];
    if (count > CARNET_ROOTS_MOST)
        return carnet_fail(diag, CARNET_BUG, "U-2", "More links than roots were to be embedded.");
    for (size_t i = 0; i < count; i++)
        sorted[i] = links[i];
    qsort(sorted, count, sizeof *sorted, by_id);
    return carnet_seal_with(carnet_key_sign, key, carnet_kind_get(CARNET_KIND_TRUST), document, size, sorted, count,
                            out, id, diag);
}

enum carnet_err carnet_issue_seal(const struct carnet_key *key, enum carnet_kind_id kind, const uint8_t *document,
                                  size_t size, const struct carnet_embed *embed, struct carnet_buffer *out,
                                  struct carnet_digest *id, struct carnet_diag *diag)
{
    const struct carnet_kind *row = carnet_kind_get(kind);

    if (row->signer == CARNET_ROLE_MACHINE || kind == CARNET_KIND_TRUST)
        return carnet_fail(diag, CARNET_BUG, "", "A bundle of the kind '%s' is not made here.", row->name);
    return carnet_seal_with(carnet_key_sign, key, row, document, size, embed, embed == NULL ? 0 : 1, out, id, diag);
}
