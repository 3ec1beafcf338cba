/* SPDX-License-Identifier: MIT */
/* Whom the home trusts: the pinned roots, and each vendor's newest trust information. */
#include <stdlib.h>
#include <string.h>

#include "home_parts.h"

static enum carnet_err load_anchors(struct home *h, struct carnet_diag *diag)
{
    struct ledger_anchor *list = NULL;
    size_t count = 0;
    enum carnet_err err = ledger_anchors(h->ledger, &list, &count, diag);

    if (!err && count > 0) {
        h->anchor_list = calloc(count, sizeof *h->anchor_list);
        if (!h->anchor_list)
            err = carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory.");
    }
    for (size_t i = 0; !err && i < count; i++) {
        h->anchor_list[i].vendor = list[i].vendor;
        h->anchor_list[i].root = list[i].root;
        if (h->has_root && carnet_digest_equal(&h->root.id, &list[i].root))
            h->vendor = list[i].vendor;
    }
    free(list);
    if (!err)
        err = ledger_keys_known(h->ledger, &h->known_list, &h->anchors.known_count, diag);
    if (err)
        return err;
    h->anchors.list = h->anchor_list;
    h->anchors.count = count;
    h->anchors.known = h->known_list;
    return CARNET_OK;
}

/* T-2: a trust bundle is read from the vendor's first root on, whatever else is known. */
static enum carnet_err load_trust(struct home *h, const struct carnet_digest *vendor, struct home_trust *t,
                                  struct carnet_diag *diag)
{
    static struct carnet_trust_lists nothing;
    const struct carnet_anchor first = {.vendor = *vendor, .root = *vendor};
    const struct carnet_anchors anchors = {.list = &first, .count = 1};
    const struct carnet_read_options options = {
        .anchors = &anchors, .expected = CARNET_KIND_BIT(CARNET_KIND_TRUST), .keys = h->gated};
    enum carnet_err err = ledger_trust_get(h->ledger, vendor, &t->id, &t->waits, &t->bytes, diag);

    if (!err)
        err = carnet_reading_open(t->bytes.bytes, t->bytes.size, &options, &t->reading, diag);
    if (err && err != CARNET_NO_MEMORY && err != CARNET_CONFIGURATION) {
        (void)carnet_fail(diag, CARNET_LEDGER_DAMAGED, "", "The trust information in the ledger does not hold.");
        return carnet_fail_next(diag, "Put the ledger back from your newest copy.");
    }
    if (err)
        return err;
    t->kept = *carnet_document_trust(carnet_reading_document(t->reading));
    t->kept.lists = &nothing;
    return CARNET_OK;
}

static enum carnet_err load_trusts(struct home *h, struct carnet_diag *diag)
{
    struct carnet_digest *vendors = NULL;
    size_t count = 0;
    enum carnet_err err = ledger_trust_vendors(h->ledger, &vendors, &count, diag);

    if (!err && count > 0) {
        h->trust = calloc(count, sizeof *h->trust);
        h->trust_list = calloc(count, sizeof(const struct carnet_trust *));
        h->kept_list = calloc(count, sizeof(const struct carnet_trust *));
        if (!h->trust || !h->trust_list || !h->kept_list)
            err = carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory.");
    }
    for (size_t i = 0; !err && i < count; i++) {
        h->trust_count = i + 1;
        err = load_trust(h, &vendors[i], &h->trust[i], diag);
        if (!err) {
            h->trust_list[i] = carnet_document_trust(carnet_reading_document(h->trust[i].reading));
            h->kept_list[i] = &h->trust[i].kept;
        }
    }
    free(vendors);
    if (err)
        return err;
    h->anchors.trust = h->trust_list;
    h->anchors.trust_count = h->trust_count;
    h->kept = h->anchors;
    h->kept.trust = h->kept_list;
    return CARNET_OK;
}

void home_trust_clear(struct home *h)
{
    for (size_t i = 0; i < h->trust_count; i++) {
        carnet_reading_free(h->trust[i].reading);
        carnet_buffer_clear(&h->trust[i].bytes);
    }
    free(h->trust);
    free(h->trust_list);
    free(h->kept_list);
    free(h->anchor_list);
    free(h->known_list);
    h->trust = NULL;
    h->trust_list = h->kept_list = NULL;
    h->trust_count = 0;
    h->anchor_list = NULL;
    h->known_list = NULL;
    h->anchors = h->kept = (struct carnet_anchors){.count = 0};
}

enum carnet_err home_trust_load(struct home *h, struct carnet_diag *diag)
{
    const enum carnet_err err = load_anchors(h, diag);

    return err ? err : load_trusts(h, diag);
}

enum carnet_err home_trust_again(struct home *h, struct carnet_diag *diag)
{
    home_trust_clear(h);
    return home_trust_load(h, diag);
}

struct carnet_read_options home_reading(const struct home *h, unsigned expected)
{
    return (struct carnet_read_options){.anchors = &h->anchors, .expected = expected, .keys = h->gated};
}

struct carnet_read_options home_reading_kept(const struct home *h, unsigned expected)
{
    return (struct carnet_read_options){.anchors = &h->kept, .expected = expected, .keys = h->gated};
}

bool home_knows_vendor(const struct home *h, const struct carnet_digest *vendor)
{
    for (size_t i = 0; i < h->anchors.count; i++) {
        if (carnet_digest_equal(&h->anchors.list[i].vendor, vendor))
            return true;
    }
    return false;
}
