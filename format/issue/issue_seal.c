/* SPDX-License-Identifier: MIT */
#include "issue/issue.h"

#include <stdlib.h>
#include <string.h>

#include "bundle/key_private.h"

/* The kind is told by the first checksum line; carnet_key_sign holds it, and the key's role, against the row. */
static enum carnet_err sign_entitlement(const struct carnet_key *key, const uint8_t *sums, size_t size,
                                        uint8_t signature[CARNET_SIGNATURE_SIZE], struct carnet_diag *diag)
{
    return carnet_key_sign(key, carnet_kind_get(CARNET_KIND_ENTITLEMENT), sums, size, signature, diag);
}

static enum carnet_err sign_license(const struct carnet_key *key, const uint8_t *sums, size_t size,
                                    uint8_t signature[CARNET_SIGNATURE_SIZE], struct carnet_diag *diag)
{
    return carnet_key_sign(key, carnet_kind_get(CARNET_KIND_LICENSE), sums, size, signature, diag);
}

static enum carnet_err sign_receipt(const struct carnet_key *key, const uint8_t *sums, size_t size,
                                    uint8_t signature[CARNET_SIGNATURE_SIZE], struct carnet_diag *diag)
{
    return carnet_key_sign(key, carnet_kind_get(CARNET_KIND_RECEIPT), sums, size, signature, diag);
}

static enum carnet_err sign_journal(const struct carnet_key *key, const uint8_t *sums, size_t size,
                                    uint8_t signature[CARNET_SIGNATURE_SIZE], struct carnet_diag *diag)
{
    return carnet_key_sign(key, carnet_kind_get(CARNET_KIND_JOURNAL), sums, size, signature, diag);
}

static enum carnet_err sign_clock(const struct carnet_key *key, const uint8_t *sums, size_t size,
                                  uint8_t signature[CARNET_SIGNATURE_SIZE], struct carnet_diag *diag)
{
    return carnet_key_sign(key, carnet_kind_get(CARNET_KIND_CLOCK), sums, size, signature, diag);
}

static enum carnet_err sign_keyrequest(const struct carnet_key *key, const uint8_t *sums, size_t size,
                                       uint8_t signature[CARNET_SIGNATURE_SIZE], struct carnet_diag *diag)
{
    return carnet_key_sign(key, carnet_kind_get(CARNET_KIND_KEYREQUEST), sums, size, signature, diag);
}

static enum carnet_err sign_trust(const struct carnet_key *key, const uint8_t *sums, size_t size,
                                  uint8_t signature[CARNET_SIGNATURE_SIZE], struct carnet_diag *diag)
{
    return carnet_key_sign(key, carnet_kind_get(CARNET_KIND_TRUST), sums, size, signature, diag);
}

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
    return carnet_seal_with(sign_trust, key, carnet_kind_get(CARNET_KIND_TRUST), document, size, sorted, count, out, id,
                            diag);
}

enum carnet_err carnet_issue_seal(const struct carnet_key *key, enum carnet_kind_id kind, const uint8_t *document,
                                  size_t size, const struct carnet_embed *embed, struct carnet_buffer *out,
                                  struct carnet_digest *id, struct carnet_diag *diag)
{
    static carnet_sign_fn *const signers[CARNET_KIND_COUNT] = {
        [CARNET_KIND_ENTITLEMENT] = sign_entitlement,
        [CARNET_KIND_LICENSE] = sign_license,
        [CARNET_KIND_RECEIPT] = sign_receipt,
        [CARNET_KIND_JOURNAL] = sign_journal,
        [CARNET_KIND_CLOCK] = sign_clock,
        [CARNET_KIND_KEYREQUEST] = sign_keyrequest,
    };
    const struct carnet_kind *row = carnet_kind_get(kind);

    if (signers[kind] == NULL)
        return carnet_fail(diag, CARNET_BUG, "", "A bundle of the kind '%s' is not made here.", row->name);
    return carnet_seal_with(signers[kind], key, row, document, size, embed, embed == NULL ? 0 : 1, out, id, diag);
}
