/* SPDX-License-Identifier: MIT */
/* Reading trust information and links (spec/format.md, section 9.11). */
#include <stdlib.h>
#include <string.h>

#include "document/parts.h"

/* U-5. The first of a list has none before it. */
static void check_order(struct carnet_fields *f, const struct carnet_xml_node *node, bool first, int order)
{
    if (!first && order <= 0)
        carnet_field_refuse(f, node, "U-5", "The entries of a list of trust information do not rise.");
}

static int compare(const struct carnet_digest *a, const struct carnet_digest *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

/* U-3 and U-4, as far as the document tells. */
static void read_roots(struct carnet_fields *f, const struct carnet_xml_node *roots, struct carnet_trust *out)
{
    uint32_t count = 0;
    for (const struct carnet_xml_node *n = carnet_xml_child(roots, "root"); f->err == CARNET_OK && n != NULL;
         n = carnet_xml_next(n)) {
        uint32_t generation = 0;
        carnet_field_number(f, n, "generation", 1, CARNET_ROOTS_MOST, &generation);
        if (generation != count + 1)
            carnet_field_refuse(f, n, "U-3",
                                "The roots are not those of the generations from 1 on, one after the other.");
        if (f->err != CARNET_OK)
            return;
        carnet_field_digest(f, n, "key", &out->roots[count]);
        for (uint32_t i = 0; f->err == CARNET_OK && i < count; i++)
            if (carnet_digest_equal(&out->roots[i], &out->roots[count]))
                carnet_field_refuse(f, n, "U-4", "A root follows itself.");
        count++;
    }
    if (count != out->generation)
        carnet_field_refuse(f, roots, "U-3", "The last root is not the one of the version's generation.");
    else if (!carnet_digest_equal(&out->roots[0], &out->vendor))
        carnet_field_refuse(f, roots, "U-3", "The first root is not the key that the vendor id is of.");
}

static void read_next(struct carnet_fields *f, const struct carnet_xml_node *next, struct carnet_trust *out)
{
    out->has_next = next != NULL;
    if (next == NULL)
        return;
    carnet_field_digest(f, next, "key", &out->next);
    for (uint32_t i = 0; f->err == CARNET_OK && i < out->generation; i++)
        if (carnet_digest_equal(&out->roots[i], &out->next))
            carnet_field_refuse(f, next, "U-4", "The next root was a root before.");
}

static void read_valid(struct carnet_fields *f, const struct carnet_xml_node *key, struct carnet_revoked_key *out,
                       struct carnet_trust_lists *lists)
{
    out->first = lists->valid_count;
    for (const struct carnet_xml_node *n = carnet_xml_child(key, "valid"); f->err == CARNET_OK && n != NULL;
         n = carnet_xml_next(n)) {
        if (lists->valid_count == CARNET_STILL_VALID_MOST) {
            carnet_field_refuse(f, n, "U-5", "More than 2,000 bundles are named as still valid.");
            return;
        }
        struct carnet_digest *id = &lists->valid[lists->valid_count];
        carnet_field_digest(f, n, "id", id);
        check_order(f, n, out->count == 0, out->count == 0 ? 1 : compare(id, id - 1));
        lists->valid_count++;
        out->count++;
    }
}

/* U-6: what signs this, and what follows it, is not revoked by it. */
static void read_keys(struct carnet_fields *f, const struct carnet_xml_node *keys, const struct carnet_trust *t,
                      struct carnet_trust_lists *lists)
{
    for (const struct carnet_xml_node *n = carnet_xml_child(keys, "key");
         f->err == CARNET_OK && n != NULL && lists->key_count < CARNET_REVOKED_KEYS_MOST; n = carnet_xml_next(n)) {
        struct carnet_revoked_key *key = &lists->keys[lists->key_count];
        carnet_field_digest(f, n, "id", &key->key);
        check_order(f, n, lists->key_count == 0, lists->key_count == 0 ? 1 : compare(&key->key, &(key - 1)->key));
        if (f->err == CARNET_OK && (carnet_digest_equal(&key->key, &t->roots[t->generation - 1]) ||
                                    (t->has_next && carnet_digest_equal(&key->key, &t->next))))
            carnet_field_refuse(f, n, "U-6", "Trust information revokes the root that signs it, or the next one.");
        read_valid(f, n, key, lists);
        lists->key_count++;
    }
}

static void read_grants(struct carnet_fields *f, const struct carnet_xml_node *grants, struct carnet_trust_lists *lists)
{
    for (const struct carnet_xml_node *n = carnet_xml_child(grants, "grant");
         f->err == CARNET_OK && n != NULL && lists->grant_count < CARNET_REVOKED_GRANTS_MOST; n = carnet_xml_next(n)) {
        struct carnet_grant_name *grant = &lists->grants[lists->grant_count];
        const bool first = lists->grant_count == 0;
        carnet_field_text(f, n, "license", grant->license, sizeof(grant->license));
        carnet_field_digest(f, n, "fingerprint", &grant->fingerprint);
        int order = first ? 1 : strcmp(grant->license, (grant - 1)->license);
        if (order == 0)
            order = compare(&grant->fingerprint, &(grant - 1)->fingerprint);
        check_order(f, n, first, order);
        lists->grant_count++;
    }
}

static void read_revisions(struct carnet_fields *f, const struct carnet_xml_node *revisions,
                           struct carnet_trust_lists *lists)
{
    for (const struct carnet_xml_node *n = carnet_xml_child(revisions, "least");
         f->err == CARNET_OK && n != NULL && lists->revision_count < CARNET_REVISIONS_MOST; n = carnet_xml_next(n)) {
        struct carnet_least_revision *least = &lists->revisions[lists->revision_count];
        const bool first = lists->revision_count == 0;
        carnet_field_text(f, n, "license", least->license, sizeof(least->license));
        carnet_field_number(f, n, "revision", 1, CARNET_COUNT_MOST, &least->least);
        check_order(f, n, first, first ? 1 : strcmp(least->license, (least - 1)->license));
        lists->revision_count++;
    }
}

void carnet_trust_read(struct carnet_fields *f, const struct carnet_xml_node *root, struct carnet_trust *out)
{
    const struct carnet_xml_node *link = carnet_xml_child(root, "link"), *version = carnet_xml_child(root, "version"),
                                 *revoked = carnet_xml_child(root, "revoked");
    carnet_part_vendor(f, root, &out->vendor);
    if (link != NULL) {
        out->is_link = out->has_next = true;
        carnet_field_number(f, link, "generation", 1, CARNET_ROOTS_MOST - 1, &out->generation);
        carnet_field_digest(f, link, "next", &out->next);
        return;
    }
    carnet_field_number(f, version, "generation", 1, CARNET_ROOTS_MOST, &out->generation);
    carnet_field_number(f, version, "number", 1, CARNET_COUNT_MOST, &out->number);
    carnet_field_time(f, version, "created", &out->created);
    carnet_field_time_or_never(f, version, "expires", &out->expires);
    if (f->err == CARNET_OK && out->expires < out->created)
        carnet_field_refuse(f, version, "U-3", "The trust information had expired before it was made.");
    read_roots(f, carnet_xml_child(root, "roots"), out);
    read_next(f, carnet_xml_child(root, "next"), out);
    if (f->err != CARNET_OK)
        return;
    out->lists = calloc(1, sizeof(*out->lists));
    if (out->lists == NULL) {
        f->err = carnet_fail(f->diag, CARNET_NO_MEMORY, "", "There is no memory to read the trust information.");
        return;
    }
    read_keys(f, revoked, out, out->lists);
    read_grants(f, revoked, out->lists);
    read_revisions(f, revoked, out->lists);
}
